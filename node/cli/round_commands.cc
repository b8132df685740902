// Regional rounds that were asked: listed, read, checked offline. Of a partner (--hub NAME --as P) or of an
// office (DIR), which reads the rounds that it took part in.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "cli/app.h"
#include "cli/difference_command.h"
#include "cli/directory.h"
#include "cli/hub_line.h"
#include "cli/regional_ask.h"
#include "cli/registry_entry.h"
#include "cli/render.h"
#include "cli/round_words.h"
#include "federation/network_card.h"
#include "federation/record_file.h"
#include "office/layout.h"

namespace penc::cli {
namespace {

// Whose rounds: exactly one of the two.
struct Whose {
  std::string dir, hub, partner;

  void Add(CLI::App* app) {
    app->add_option("--hub", hub, "a network that you trust, by name");
    app->add_option("--as", partner, "your partner folder");
  }
  bool of_office() const { return !dir.empty(); }
  bool given() const { return !dir.empty() || !hub.empty() || !partner.empty(); }
  absl::Status Check() const {
    if (of_office() ? hub.empty() && partner.empty() : !hub.empty() && !partner.empty())
      return absl::OkStatus();
    return Fail(absl::StatusCode::kInvalidArgument,
                {"donnez --hub RÉSEAU --as DOSSIER (partenaire), ou le dossier d'une organisation",
                 "give --hub NETWORK --as FOLDER (a partner), or an office's folder"});
  }
};

absl::Status OneFormat(const Shown& shown) {
  return shown.json && shown.csv ? Fail(absl::StatusCode::kInvalidArgument,
                                        {"donnez un seul de --json, --csv", "give only one of --json, --csv"})
                                 : absl::OkStatus();
}

ExitCode Rounds(const Whose& whose, bool json, const Outside& outside, Output& output) {
  if (const absl::Status good = whose.Check(); !good.ok()) return output.Fail(good);
  if (whose.of_office()) {
    v1::AdminCommand command;
    command.mutable_rounds();
    return RunAndReport(whose.dir, command, nullptr, json, outside, output);
  }
  absl::StatusOr<HubLine> line = HubLine::Open(whose.partner, whose.hub, outside);
  if (!line.ok()) return output.Fail(line.status());
  if (const auto roster = line->BringRosters(); !roster.ok()) return output.Fail(roster.status());
  const absl::StatusOr<std::vector<ListedRound>> rounds = line->Rounds();
  if (!rounds.ok()) return output.Fail(rounds.status());
  if (json) {
    v1::ListRoundsResponse list;
    for (const ListedRound& round : *rounds) *list.add_rounds() = round.summary;
    output.Data(Json(list));
  } else {
    output.Data(ReportListed(*rounds, outside.clock.Now(), output.lang()));
  }
  return kAnswered;
}

struct AnswerOptions {
  Whose whose;
  std::string id, save;
  Shown shown;
};

// A copy of the record, for whoever wants to check it.
absl::Status Save(const v1::RoundRecord& record, const std::string& path, Output& output) {
  RETURN_IF_ERROR(WriteFileAtomically(path, WriteRecord(record)));
  output.Say({absl::StrCat("gardée dans ", path, "; à vérifier partout: penc answer verify ", path),
              absl::StrCat("saved to ", path, "; to be checked anywhere: penc answer verify ", path)});
  return absl::OkStatus();
}

// The id of the record whose round ends last, if there is one.
std::vector<std::string> Newest(const std::string& folder) {
  std::vector<std::string> newest;
  int64_t end = 0;
  for (const std::string& id : IdsIn(folder)) {
    const absl::StatusOr<v1::RoundRecord> record = LoadRecord(RecordPath(folder, absl::HexStringToBytes(id)));
    v1::Descriptor terms;
    if (!record.ok() || !terms.ParseFromString(record->terms().body())) continue;
    if (newest.empty() || terms.collect_until_unix_micros() > end) newest = {id};
    end = std::max<int64_t>(end, terms.collect_until_unix_micros());
  }
  return newest;
}

struct VerifyOptions {
  std::string file, network;
  bool json = false, registry = false;
};

// An office's own folder: its node has fetched the record under a roster that it has pinned, and nobody
// writes there who could not write its database. Everything else is checked here.
ExitCode OfficeAnswer(const AnswerOptions& options, Output& output) {
  const std::string folder = Layout(options.whose.dir).answers();
  const std::vector<std::string> ids = options.id == kLast ? Newest(folder) : IdsIn(folder);
  const absl::StatusOr<std::string> id =
      FindId(ids, options.id == kLast && !ids.empty() ? ids[0] : options.id);
  if (!id.ok()) return output.Fail(id.status());
  const absl::StatusOr<v1::RoundRecord> record = LoadRecord(RecordPath(folder, absl::HexStringToBytes(*id)));
  if (!record.ok()) return output.Fail(record.status());
  const absl::StatusOr<RegionalAnswer> answer = AnswerOf(*record, {});
  if (!answer.ok()) return output.Fail(answer.status());
  if (!options.save.empty()) {
    if (const absl::Status saved = Save(*record, options.save, output); !saved.ok())
      return output.Fail(saved);
  }
  return ShowAnswer(*answer, {}, options.shown, output);
}

ExitCode PartnerAnswer(const AnswerOptions& options, const Outside& outside, Output& output) {
  absl::StatusOr<HubLine> line = HubLine::Open(options.whose.partner, options.whose.hub, outside);
  if (!line.ok()) return output.Fail(line.status());
  // What is answered here needs no hub.
  absl::StatusOr<ListedRound> round = line->Find(options.id);
  if (!round.ok()) return output.Fail(round.status());
  if (!round->answered) {
    if (const auto roster = line->BringRosters(); !roster.ok()) return output.Fail(roster.status());
  }
  const std::string id = round->id;
  const ExitCode code =
      AwaitAnswer(*line, *std::move(round), options.shown, /*wait=*/false, nullptr, outside, output);
  if (code != kAnswered || options.save.empty()) return code;
  const absl::StatusOr<v1::RoundRecord> record =
      LoadRecord(RecordPath(line->network().rounds(), absl::HexStringToBytes(id)));
  if (!record.ok()) return output.Fail(record.status());
  const absl::Status saved = Save(*record, options.save, output);
  return saved.ok() ? kAnswered : output.Fail(saved);
}

ExitCode Verify(const VerifyOptions& options, bool json, Output& output) {
  RosterTrust trust;
  if (!options.network.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(options.network, 64 << 10);
    if (!text.ok()) return output.Fail(text.status());
    const absl::StatusOr<storage::v1::NetworkCard> card = ReadNetworkCard(options.network, *text);
    if (!card.ok()) return output.Fail(card.status());
    trust.roots = card->roots();
  }
  const absl::StatusOr<v1::RoundRecord> record = LoadRecord(options.file);
  if (!record.ok()) return output.Fail(record.status());
  const absl::StatusOr<RegionalAnswer> answer = AnswerOf(*record, trust);
  if (!answer.ok()) return output.Fail(answer.status());
  for (const Text& one : answer->checked)
    output.Say({absl::StrCat("vérifié: ", one.fr), absl::StrCat("verified: ", one.en)});
  if (!answer->anchored) {
    output.Say(
        {absl::StrCat("non vérifié: que ce soit bien le réseau «", answer->answer.regional().network(),
                      "». Comparez ses clés racines à sa carte (--network FICHIER.network): ", answer->roots),
         absl::StrCat("not verified: that this is the network \"", answer->answer.regional().network(),
                      "\". Compare its root keys with its card (--network FILE.network): ", answer->roots)});
  }
  if (options.registry) {
    output.Data(RegistryEntry(answer->answer));
    return kAnswered;
  }
  output.Data(json ? Json(answer->answer) : RenderAnswer(answer->answer, output.lang(), false));
  return kAnswered;
}

}  // namespace

void AddRounds(CLI::App& parent, Invocation& invocation) {
  struct Options {
    Whose whose;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand("rounds", "list regional rounds: where they stand, who has answered");
  options->whose.Add(app);
  app->add_option("DIR", options->whose.dir, "an office's folder: the rounds that it took part in");
  app->add_flag("--json", options->json, "print protobuf JSON");
  app->footer("Example:\n  penc rounds --hub migrafrique --as analyst");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) {
      return Rounds(options->whose, options->json, invocation.outside, output);
    };
  });
}

void AddAnswer(CLI::App& parent, Invocation& invocation) {
  auto options = std::make_shared<AnswerOptions>();
  CLI::App* app = parent.add_subcommand("answer", "read the answer of a regional round; check one offline");
  options->whose.Add(app);
  app->add_option("ID", options->id,
                  "the round, as `penc rounds` shows it; its first characters will do, or last");
  app->add_option("DIR", options->whose.dir, "an office's folder: a round that it took part in");
  app->add_option("--save", options->save, "also write the record to a file that anybody can check");
  app->add_flag("--details", options->shown.details, "mechanism, scale, epsilon");
  app->add_flag("--json", options->shown.json, "print penc.v1.Answer as JSON");
  app->add_flag("--csv", options->shown.csv, "print CSV (with --lang fr: for a French Excel)");
  app->footer("Example:\n  penc answer last --hub migrafrique --as analyst --save trend.penc");
  auto verify = std::make_shared<VerifyOptions>();
  CLI::App* check =
      app->add_subcommand("verify", "check an answer's file: who signed what, the sum, the noise");
  check->add_option("FILE", verify->file, "what `penc answer --save` wrote (NAME.penc)")->required();
  check->add_option("--network", verify->network, "the network's card: whose answer it must be");
  check->add_flag("--json", verify->json, "print penc.v1.Answer as JSON");
  check->add_flag("--registry", verify->registry,
                  "print an entry for a public register: who, what, promise, noise; no number of the answer");
  check->footer("Example:\n  penc answer verify trend.penc --network migrafrique.network");
  // What `answer` alone takes is taken by it, wherever it stands.
  const auto strays = [options](bool csv) {
    return !options->id.empty() || options->whose.given() || !options->save.empty() || csv ||
           options->shown.details;
  };
  check->callback([verify, options, strays, &invocation] {
    invocation.run = [verify, options, strays](Output& output) {
      if (strays(options->shown.csv))
        return output.Fail(Fail(absl::StatusCode::kInvalidArgument,
                                {"penc answer verify FICHIER [--network FICHIER] [--json]: rien d'autre",
                                 "penc answer verify FILE [--network FILE] [--json]: nothing else"}));
      return Verify(*verify, verify->json || options->shown.json, output);
    };
  });
  auto difference = std::make_shared<DifferenceOptions>();
  AddDifference(*app, difference)->callback([difference, options, strays, &invocation] {
    invocation.run = [difference, options, strays](Output& output) {
      if (strays(false))
        return output.Fail(Fail(
            absl::StatusCode::kInvalidArgument,
            {"penc answer difference FICHIER [AUTRE] [--tables 2,1] [--by CLÉ] [--json|--csv]: rien d'autre",
             "penc answer difference FILE [OTHER] [--tables 2,1] [--by KEY] [--json|--csv]: nothing else"}));
      difference->json = difference->json || options->shown.json;
      difference->csv = difference->csv || options->shown.csv;
      return ShowDifference(*difference, output);
    };
  });
  app->callback([app, options, &invocation] {
    if (!app->get_subcommands().empty()) return;
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      absl::Status good = options->id.empty() ? Fail(absl::StatusCode::kInvalidArgument,
                                                     {"donnez la ronde: «penc rounds» les montre",
                                                      "give the round: `penc rounds` lists them"})
                                              : options->whose.Check();
      if (good.ok()) good = OneFormat(options->shown);
      if (!good.ok()) return output.Fail(good);
      return options->whose.of_office() ? OfficeAnswer(*options, output)
                                        : PartnerAnswer(*options, invocation.outside, output);
    };
  });
}

}  // namespace penc::cli
