// Commands about a network: its secretariat (create, invite, card, roster, hub) and its members (join, epoch,
// roster).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/names.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/hub_report.h"
#include "cli/stop_signal.h"
#include "federation/network_card.h"
#include "federation/roster_text.h"
#include "hub/administer.h"
#include "hub/draft.h"
#include "hub/folder.h"
#include "office/card.h"
#include "office/keys.h"
#include "office/layout.h"
#include "rpc/hub_admin_client.h"
#include "rpc/hub_client.h"
#include "rpc/hub_server.h"

namespace penc::cli {
namespace {

// One command on a hub's folder: through the socket of the running hub, else on the folder itself. Same code
// behind both (hub/administer.h).
absl::StatusOr<v1::HubResult> RunOnHub(const std::string& dir, const v1::HubCommand& command,
                                       const Outside& outside) {
  ASSIGN_OR_RETURN(absl::optional<rpc::HubAdminClient> running, rpc::HubAdminClient::Find(dir));
  if (running.has_value()) return running->Run(command);
  ASSIGN_OR_RETURN(const std::unique_ptr<HubFolder> folder, HubFolder::Open(dir, outside.clock));
  return Administer(*folder, command, outside.clock, outside.random);
}

ExitCode PrintCard(const std::string& dir, const v1::HubCommand& command, const Outside& outside,
                   Output& output) {
  const absl::StatusOr<v1::HubResult> result = RunOnHub(dir, command, outside);
  if (!result.ok()) return output.Fail(result.status());
  output.Data(result->card().text());
  return kAnswered;
}

void AddCreate(CLI::App& network, Invocation& invocation) {
  struct Options {
    std::string dir;
    NetworkOptions network;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = network.add_subcommand("create", "make a network: its hub's folder and its root keys");
  app->add_option("DIR", options->dir, "a folder that does not exist yet, or is empty")->required();
  app->add_option("--name", options->network.network, "the network's name, as everybody sees it")->required();
  app->add_option("--address", options->network.address, "host:port where members reach the hub")->required();
  app->add_option("--listen", options->network.listen,
                  "host:port where the hub listens (default: the address, or its port)");
  app->add_option("--roots", options->network.roots, "how many root keys there are (default 3)");
  app->add_option("--threshold", options->network.threshold, "how many of them sign a roster (default 2)");
  app->add_option("--closing", options->network.closing,
                  "the edition calendar: month, quarter (default) or year")
      ->check(CLI::IsMember({"month", "quarter", "year"}).description(""));
  app->add_option("--presumed-dishonest", options->network.presumed_dishonest,
                  "organisations presumed dishonest in rounds of all (default: by the rule)");
  app->add_flag("--practice", options->network.practice,
                "an exercise: only offices with invented records, marked in every answer");
  app->footer("Example:\n  penc network create hub --name MIGRAFRIQUE --address hub.example.org:7410");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const NetworkOptions& network = options->network;
      const absl::Status made =
          HubFolder::Create(options->dir, network, invocation.outside.clock, invocation.outside.random);
      if (!made.ok()) return output.Fail(made);
      output.Say(
          {absl::StrCat("le réseau «", network.network, "» est prêt dans ", options->dir,
                        ". Ses clés racines, ci-dessous, signent les listes des membres (", network.threshold,
                        " sur ", network.roots,
                        "): déplacez chacune sur la clé USB d'une personne différente et n'en laissez "
                        "aucune ici. Ensuite: penc hub, penc network invite"),
           absl::StrCat("network \"", network.network, "\" is ready in ", options->dir,
                        ". Its root keys, below, sign rosters (", network.threshold, " of ", network.roots,
                        "): move each to the USB stick of a different person and leave none here. Next: "
                        "penc hub, penc network invite")});
      for (uint32_t number = 1; number <= network.roots; ++number)
        output.Data(HubLayout(options->dir).root(number));
      return kAnswered;
    };
  });
}

void AddInvite(CLI::App& network, Invocation& invocation) {
  struct Options {
    std::string dir, name, partner;
    uint32_t hours = 72;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      network.add_subcommand("invite", "invite an office, or let a partner in; prints the card to give");
  app->add_option("DIR", options->dir, "the hub's folder")->required();
  CLI::Option* name =
      app->add_option("--name", options->name, "the office that is invited; its card has a code");
  app->add_option("--hours", options->hours, "how long the code is good (default 72)");
  app->add_option("--partner", options->partner, "a partner's .pub file; its card has no code")
      ->excludes(name);
  app->footer("Example:\n  penc network invite hub --name \"ALCRER\" > alcrer.network");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      v1::HubCommand command;
      if (options->partner.empty() && options->name.empty()) {
        return output.Fail(
            Fail(absl::StatusCode::kInvalidArgument, {"donnez --name ORGANISATION ou --partner FICHIER.pub",
                                                      "give --name OFFICE or --partner FILE.pub"}));
      }
      if (options->partner.empty()) {
        command.mutable_invite()->set_name(options->name);
        command.mutable_invite()->set_hours(options->hours);
        const ExitCode printed = PrintCard(options->dir, command, invocation.outside, output);
        if (printed == kAnswered) {
          output.Say(
              {absl::StrCat("le code sert une fois, pendant ", options->hours,
                            " heures: donnez cette carte à «", options->name,
                            "» par une voie que personne ne peut changer ni lire"),
               absl::StrCat("the code is good once, for ", options->hours, " hours: give this card to \"",
                            options->name, "\" by a way that nobody can alter or read")});
        }
        return printed;
      }
      const absl::StatusOr<std::string> text = ReadFile(options->partner, 64 << 10);
      if (!text.ok()) return output.Fail(text.status());
      const absl::StatusOr<storage::v1::PartnerKey> read = ReadPartnerKey(options->partner, *text);
      if (!read.ok()) return output.Fail(read.status());
      const absl::StatusOr<VerifyKey> key = PublicKeyOf(options->partner, *read);
      if (!key.ok()) return output.Fail(key.status());
      command.mutable_add_partner()->set_name(read->partner());
      command.mutable_add_partner()->set_key(key->bytes());
      return PrintCard(options->dir, command, invocation.outside, output);
    };
  });
}

void AddNetworkCard(CLI::App& network, Invocation& invocation) {
  auto dir = std::make_shared<std::string>();
  CLI::App* app =
      network.add_subcommand("card", "what a partner needs to reach the hub: address, keys; no code");
  app->add_option("DIR", *dir, "the hub's folder")->required();
  app->footer("Example:\n  penc network card hub > migrafrique.network");
  app->callback([dir, &invocation] {
    invocation.run = [dir, &invocation](Output& output) {
      v1::HubCommand command;
      command.mutable_card();
      return PrintCard(*dir, command, invocation.outside, output);
    };
  });
}

// ---- members

// The folder's own keys, beside a node that may be running.
absl::StatusOr<Identity> IdentityOfOffice(const std::string& dir, const std::string& name,
                                          const Outside& outside, Output& output) {
  const Layout layout(dir);
  const Environment environment = EnvironmentOf(outside, output);
  ASSIGN_OR_RETURN(const std::unique_ptr<OfficeKeys> keys, OfficeKeys::Open(layout, environment));
  return LoadIdentity(keys->identity().Copy(), layout.tls_certificate(), name, outside.clock.Now());
}

void SayWhereTheNetworkStands(const v1::NetworkRosterResult& network, const Outside& outside,
                              Output& output) {
  if (network.has_roster()) {
    if (const absl::StatusOr<CheckedRoster> roster = ReadRosterShape(network.roster()); roster.ok())
      output.Data(output.Pick(RosterText(*roster, outside.clock.Now())));
  }
  if (!network.member()) {
    output.Say({absl::StrCat("l'organisation attend d'être inscrite dans la liste des membres du réseau «",
                             network.network(), "» (penc network roster, au secrétariat)"),
                absl::StrCat("the office waits to be put into the roster of the network \"",
                             network.network(), "\" (penc network roster, at the secretariat)")});
  }
  if (network.unsent()) {
    output.Say({"ses nouvelles clés partiront au prochain contact avec le relais",
                "its new keys leave at the next contact with the hub"});
  }
}

// From the first roster that the invitation vouches for, as many as a message holds: the office's own node
// fetches the rest. Where it vouches for none, one that the office refuses.
void AddVouchedFor(const std::vector<v1::SignedRoster>& rosters, const std::string& roots,
                   v1::NetworkJoinedCommand& joined) {
  constexpr size_t kMost = 900 << 10;
  auto at = std::find_if(rosters.begin(), rosters.end(), [&](const v1::SignedRoster& roster) {
    return ReadPinnedRoster(roster, roots).ok();
  });
  if (at == rosters.end()) at = rosters.begin();
  for (size_t bytes = 0; at != rosters.end() && (bytes += at->ByteSizeLong()) <= kMost; ++at)
    *joined.add_rosters() = *at;
}

void AddJoin(CLI::App& network, Invocation& invocation) {
  struct Options {
    std::string dir, invitation;
    bool steward = false;
    uint32_t days = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = network.add_subcommand("join", "an invited office joins a network");
  app->add_option("DIR", options->dir, "the office's folder")->required();
  app->add_option("INVITATION", options->invitation, "what `penc network invite` printed")->required();
  app->add_flag("--steward", options->steward, "offer to help open rounds: makes epoch keys");
  app->add_option("--days", options->days, "how long epoch keys live, 7 to 30 (default 20)");
  app->footer("Example:\n  penc network join office alcrer.network --steward");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const Outside& outside = invocation.outside;
      const auto join = [&]() -> absl::StatusOr<v1::NetworkRosterResult> {
        ASSIGN_OR_RETURN(const std::string text, ReadFile(options->invitation, 64 << 10));
        ASSIGN_OR_RETURN(const storage::v1::NetworkCard card, ReadNetworkCard(options->invitation, text));
        if (card.code().empty()) {
          return Fail(
              absl::StatusCode::kInvalidArgument,
              {absl::StrCat(options->invitation,
                            " n'a pas de code: demandez une invitation au secrétariat du réseau (penc "
                            "network invite)"),
               absl::StrCat(options->invitation,
                            " has no code: ask the network's secretariat for an invitation (penc network "
                            "invite)")});
        }
        v1::AdminCommand command;
        v1::NetworkMemberCommand& speak = *command.mutable_network_member();
        speak.set_network(card.network());
        speak.set_roots(card.roots());
        speak.set_practice(card.practice());
        speak.set_epoch(options->steward);
        speak.set_days(options->days);
        ASSIGN_OR_RETURN(const v1::AdminResult said,
                         RunOnDirectory(options->dir, command, nullptr, outside, output));
        ASSIGN_OR_RETURN(const Identity identity,
                         IdentityOfOffice(options->dir, said.network_member().office(), outside, output));
        v1::PutMemberRequest member;
        member.set_member(said.network_member().member());
        member.set_signature(said.network_member().signature());
        rpc::HubClient hub(identity, {card.network(), card.address(), card.key()}, outside.clock);
        ASSIGN_OR_RETURN(const std::vector<v1::SignedRoster> rosters, hub.JoinNetwork(card.code(), member));
        v1::NetworkJoinedCommand& joined = *command.mutable_network_joined();
        joined.set_network(card.network());
        joined.set_hub_address(card.address());
        joined.set_hub_key(card.key());
        joined.set_roots(card.roots());
        joined.set_steward(options->steward);
        AddVouchedFor(rosters, card.roots(), joined);
        ASSIGN_OR_RETURN(const v1::AdminResult kept,
                         RunOnDirectory(options->dir, command, nullptr, outside, output));
        return kept.network_joined();
      };
      const absl::StatusOr<v1::NetworkRosterResult> joined = join();
      if (!joined.ok()) return output.Fail(joined.status());
      output.Say({absl::StrCat("le réseau «", joined->network(), "» a reçu les clés de l'organisation"),
                  absl::StrCat("the network \"", joined->network(), "\" has received the office's keys")});
      SayWhereTheNetworkStands(*joined, outside, output);
      return kAnswered;
    };
  });
}

void AddEpoch(CLI::App& network, Invocation& invocation) {
  struct Options {
    std::string dir;
    uint32_t days = 0;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = network.add_subcommand("epoch", "a steward's next epoch keys, sent to the hub");
  app->add_option("DIR", options->dir, "the office's folder")->required();
  app->add_option("--days", options->days, "how long epoch keys live, 7 to 30 (default 20)");
  app->footer("Example:\n  penc network epoch office");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const Outside& outside = invocation.outside;
      v1::AdminCommand command;
      command.mutable_network_member()->set_epoch(true);
      command.mutable_network_member()->set_days(options->days);
      const absl::StatusOr<v1::AdminResult> made =
          RunOnDirectory(options->dir, command, nullptr, outside, output);
      if (!made.ok()) return output.Fail(made.status());
      const v1::NetworkMemberResult& said = made->network_member();
      const auto send = [&]() -> absl::Status {
        ASSIGN_OR_RETURN(const Identity identity,
                         IdentityOfOffice(options->dir, said.office(), outside, output));
        v1::PutMemberRequest member;
        member.set_member(said.member());
        member.set_signature(said.signature());
        rpc::HubClient hub(identity, {said.network(), said.hub_address(), said.hub_key()}, outside.clock);
        RETURN_IF_ERROR(hub.PutMember(member));
        command.mutable_network_sent()->set_member(said.member());
        return RunOnDirectory(options->dir, command, nullptr, outside, output).status();
      };
      const absl::Status sent = send();
      if (sent.ok()) {
        output.Say(
            {"les nouvelles clés d'époque sont au relais; elles servent dès la prochaine liste des membres "
             "signée",
             "the new epoch keys are at the hub; they serve from the next signed roster on"});
        return kAnswered;
      }
      if (ExitCodeOf(sent) != kUnreachable) return output.Fail(sent);
      output.Fail(sent);
      output.Say({"les nouvelles clés sont faites; elles partiront au prochain contact (penc serve)",
                  "the new keys are made; they leave at the next contact (penc serve)"});
      return kWaiting;
    };
  });
}

// ---- rosters

struct RosterOptions {
  std::string dir;
  bool compose = false, put = false, json = false;
  std::vector<std::string> keys, regions;
  v1::HubComposeCommand wish;
};

// Where a draft is kept: in a hub's folder, in any folder, or the file itself.
std::string DraftPath(const std::string& dir) {
  std::error_code error;
  return std::filesystem::is_regular_file(dir, error) ? dir : HubLayout(dir).draft();
}

absl::Status ParseRegions(RosterOptions& options) {
  for (const std::string& text : options.regions) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Fail(absl::StatusCode::kInvalidArgument,
                  {"--region: écrivez NOM=membre,membre,...", "--region: write NAME=member,member,..."});
    }
    v1::HubRegion& region = *options.wish.add_regions();
    region.set_name(text.substr(0, equals));
    for (absl::string_view member : absl::StrSplit(text.substr(equals + 1), ',', absl::SkipWhitespace()))
      region.add_members(std::string(absl::StripAsciiWhitespace(member)));
  }
  return absl::OkStatus();
}

absl::StatusOr<CheckedRoster> ReadDraft(const std::string& path) {
  if (!FileExists(path)) {
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat(path, ": aucun projet de liste; penc network roster DIR --compose"),
                 absl::StrCat(path, ": no draft; penc network roster DIR --compose")});
  }
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return ReadRosterFile(path, bytes);
}

// The mode is not looked at: sticks have none.
absl::Status SignWith(const std::string& key_file, CheckedRoster& draft) {
  ASSIGN_OR_RETURN(const std::string pem, ReadFile(key_file, 1 << 16));
  const absl::StatusOr<SigningKey> key = SigningKey::FromPem(pem);
  const auto& roots = draft.roster.root_keys();
  if (!key.ok() || std::find(roots.begin(), roots.end(), key->verify_key().bytes()) == roots.end()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(key_file, " n'est pas une clé racine de ce réseau"),
                 absl::StrCat(key_file, " is not a root key of this network")});
  }
  SignRoster(*key, draft.signed_roster);
  return absl::OkStatus();
}

// Composes, signs, puts into force, as far as it goes.
ExitCode WorkOnDraft(RosterOptions& options, const Outside& outside, Output& output) {
  const std::string path = DraftPath(options.dir);
  const bool hub = HubFolder::IsOne(options.dir);
  absl::optional<CheckedRoster> draft;
  bool in_force = false;
  const auto work = [&]() -> absl::Status {
    if (options.compose) {
      RETURN_IF_ERROR(ParseRegions(options));
      v1::HubCommand command;
      *command.mutable_compose() = options.wish;
      ASSIGN_OR_RETURN(const v1::HubResult composed, RunOnHub(options.dir, command, outside));
      ASSIGN_OR_RETURN(draft, ReadRosterShape(composed.compose().draft()));
    } else {
      ASSIGN_OR_RETURN(draft, ReadDraft(path));
    }
    for (const std::string& key : options.keys) RETURN_IF_ERROR(SignWith(key, *draft));
    RETURN_IF_ERROR(WriteFileAtomically(path, WriteRosterFile(draft->signed_roster), 0600));
    if (!hub || !MissingSignatures(*draft).fr.empty()) return absl::OkStatus();
    v1::HubCommand command;
    *command.mutable_put_roster()->mutable_roster() = draft->signed_roster;
    RETURN_IF_ERROR(RunOnHub(options.dir, command, outside).status());
    in_force = true;
    std::remove(path.c_str());
    return absl::OkStatus();
  };
  if (const absl::Status done = work(); !done.ok()) return output.Fail(done);
  output.Data(output.Pick(RosterText(*draft, outside.clock.Now())));
  if (const Text missing = MissingForRounds(*draft, outside.clock.Now()); !missing.fr.empty())
    output.Say(missing);
  if (in_force) {
    output.Say(
        {absl::StrCat("la version ", draft->roster.version(), " est en vigueur; les membres la reçoivent"),
         absl::StrCat("version ", draft->roster.version(), " is in force; members receive it")});
    return kAnswered;
  }
  const Text missing = MissingSignatures(*draft);
  if (missing.fr.empty()) {
    output.Say(
        {absl::StrCat(path,
                      " a assez de signatures: rapportez-le au dossier du relais sous le nom draft.roster, "
                      "puis penc network roster DIR --put"),
         absl::StrCat(path,
                      " has enough signatures: bring it back to the hub's folder as draft.roster, then penc "
                      "network roster DIR --put")});
    return kAnswered;
  }
  output.Say({absl::StrCat("projet dans ", path, ": ", missing.fr,
                           ". Lisez-le à haute voix, puis penc network roster ", options.dir,
                           " --sign CLÉ (ou portez le fichier chez qui a la clé)"),
              absl::StrCat("draft in ", path, ": ", missing.en, ". Read it aloud, then penc network roster ",
                           options.dir, " --sign KEY (or carry the file to whoever has the key)")});
  return kWaiting;
}

ExitCode ShowHub(const RosterOptions& options, const Outside& outside, Output& output) {
  v1::HubCommand command;
  command.mutable_show();
  const absl::StatusOr<v1::HubResult> shown = RunOnHub(options.dir, command, outside);
  if (!shown.ok()) return output.Fail(shown.status());
  if (options.json) {
    output.Data(Json(shown->show()));
    return kAnswered;
  }
  output.Data(output.Pick(ReportHub(shown->show(), outside.clock.Now())));
  const std::string path = DraftPath(options.dir);
  if (!FileExists(path)) return kAnswered;
  const absl::StatusOr<CheckedRoster> draft = ReadDraft(path);
  if (!draft.ok()) return output.Fail(draft.status());
  const Text missing = MissingSignatures(*draft);
  output.Say(
      {absl::StrCat("un projet de la version ", draft->roster.version(), " attend dans ", path, ": ",
                    missing.fr),
       absl::StrCat("a draft of version ", draft->roster.version(), " waits in ", path, ": ", missing.en)});
  return kAnswered;
}

ExitCode ShowOffice(const RosterOptions& options, const Outside& outside, Output& output) {
  v1::AdminCommand command;
  command.mutable_network_roster();
  const absl::StatusOr<v1::AdminResult> result =
      RunOnDirectory(options.dir, command, nullptr, outside, output);
  if (!result.ok()) return output.Fail(result.status());
  if (options.json) {
    output.Data(Json(result->network_roster()));
  } else {
    SayWhereTheNetworkStands(result->network_roster(), outside, output);
  }
  return result->network_roster().member() ? kAnswered : kWaiting;
}

void AddRoster(CLI::App& network, Invocation& invocation) {
  auto options = std::make_shared<RosterOptions>();
  options->wish.set_expires_days(365);
  v1::HubComposeCommand* wish = &options->wish;
  CLI::App* app = network.add_subcommand(
      "roster", "who the network is; for its hub: compose the next version, sign it, put it into force");
  app->add_option("DIR", options->dir, "an office's folder, a hub's, or one with a draft to sign")
      ->required();
  app->add_flag("--compose", options->compose, "draft the next version with everybody who waits");
  app->add_option("--sign", options->keys, "sign the draft with a root key; may be repeated")
      ->allow_extra_args(false);
  app->add_flag("--put", options->put, "put a draft that was signed elsewhere into force");
  app->add_option_function<uint32_t>(
      "--expires-days", [wish](uint32_t days) { wish->set_expires_days(days); },
      "how long the version is good (default 365)");
  app->add_option_function<std::vector<std::string>>(
         "--remove",
         [wish](const std::vector<std::string>& names) {
           wish->mutable_remove()->Assign(names.begin(), names.end());
         },
         "a member that leaves, or who waits and is not taken in; may be repeated")
      ->allow_extra_args(false);
  app->add_option("--region", options->regions,
                  "NAME=member,member,...: a part of the network that may be asked alone; may be repeated")
      ->allow_extra_args(false);
  app->add_option_function<std::string>(
      "--address", [wish](const std::string& address) { wish->set_address(address); },
      "host:port where members reach the hub from now on");
  app->add_flag("--json", options->json, "print protobuf JSON");
  app->footer("Example:\n  penc network roster hub --compose --sign /media/usb/root-1.key");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) {
      if (options->compose || options->put || !options->keys.empty())
        return WorkOnDraft(*options, invocation.outside, output);
      if (HubFolder::IsOne(options->dir)) return ShowHub(*options, invocation.outside, output);
      if (FileExists(DraftPath(options->dir)) && !FileExists(Layout(options->dir).config())) {
        const absl::StatusOr<CheckedRoster> draft = ReadDraft(DraftPath(options->dir));
        if (!draft.ok()) return output.Fail(draft.status());
        output.Data(output.Pick(RosterText(*draft, invocation.outside.clock.Now())));
        return kAnswered;
      }
      return ShowOffice(*options, invocation.outside, output);
    };
  });
}

}  // namespace

void AddNetwork(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand(
      "network", "a network of organisations: make one, invite, join, say who is in it");
  app->require_subcommand(1);
  app->footer("Example:\n  penc network create hub --name MIGRAFRIQUE --address hub.example.org:7410");
  AddCreate(*app, invocation);
  AddInvite(*app, invocation);
  AddNetworkCard(*app, invocation);
  AddJoin(*app, invocation);
  AddRoster(*app, invocation);
  AddEpoch(*app, invocation);
  AddNetworkKey(*app, invocation);
}

void AddHub(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string dir, listen;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      parent.add_subcommand("hub", "run a network's hub until Ctrl-C; it reads no vector and no answer");
  app->add_option("DIR", options->dir, "the hub's folder")->required();
  app->add_option("--listen", options->listen, "host:port (default: the hub's own)");
  app->footer("Example:\n  penc hub hub --listen 127.0.0.1:7410");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      CatchStopSignals();
      rpc::PrepareProcessForHub();
      const absl::StatusOr<std::unique_ptr<HubFolder>> folder =
          HubFolder::Open(options->dir, invocation.outside.clock);
      if (!folder.ok()) return output.Fail(folder.status());
      rpc::HubServerOptions server_options;
      server_options.listen = options->listen.empty() ? (*folder)->config().listen() : options->listen;
      if (const absl::Status address = CheckAddress(server_options.listen); !address.ok())
        return output.Fail(At("--listen", address));
      server_options.certificate_trouble = [&output](const absl::Status& why) { output.Say(Explain(why)); };
      const absl::StatusOr<std::unique_ptr<rpc::HubServer>> server = rpc::HubServer::Start(
          **folder, invocation.outside.clock, invocation.outside.random, server_options);
      if (!server.ok()) return output.Fail(server.status());
      const std::string& name = (*folder)->config().network();
      output.Say({absl::StrCat("le relais de «", name, "» répond sur ", server_options.listen,
                               " (Ctrl-C pour arrêter)"),
                  absl::StrCat("the hub of \"", name, "\" answers on ", server_options.listen,
                               " (Ctrl-C stops it)")});
      WaitForStopSignal();
      output.Say({"arrêt: les transferts en cours se terminent", "stopping: open transfers are finished"});
      (*server)->Stop(absl::Seconds(10));
      return kAnswered;
    };
  });
}

}  // namespace penc::cli
