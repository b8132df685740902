// Commands of a partner: its key, the offices that it trusts, its questions.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/decimal.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/bulletin_file.h"
#include "cli/directory.h"
#include "cli/hub_line.h"
#include "cli/regional_ask.h"
#include "cli/render.h"
#include "cli/report.h"
#include "codebook/read.h"
#include "federation/record_file.h"
#include "question/bulletin.h"
#include "question/bulletin_weights.h"
#include "rpc/client.h"
#include "rpc/partner.h"

namespace penc::cli {
namespace {

// How long `penc ask --wait` pauses: somebody may just be looking, or be at home.
constexpr absl::Duration kFirstLook = absl::Seconds(2), kLongestLook = absl::Minutes(1);

// --node NAME --as P: an opened connection.
struct Connection {
  std::string node, partner;
  std::unique_ptr<rpc::Partner> opened;
  std::unique_ptr<rpc::NodeClient> client;

  void Add(CLI::App* app, bool only = true) {
    app->add_option("--node", node, "an office that you trust, by name")->required(only);
    app->add_option("--as", partner, "your partner folder")->required();
  }
  absl::Status Open(const Outside& outside) {
    ASSIGN_OR_RETURN(rpc::Partner found, rpc::Partner::Open(partner, outside.clock.Now()));
    opened = std::make_unique<rpc::Partner>(std::move(found));
    ASSIGN_OR_RETURN(storage::v1::Card card, opened->Office(node));
    client = std::make_unique<rpc::NodeClient>(opened->identity(), std::move(card), outside.clock);
    return absl::OkStatus();
  }
};

struct AskOptions {
  Connection connection;
  std::string purpose, bulletin, edition, sql;
  absl::optional<std::string> budget, epsilon;  // an empty one is a slip of the hand, not the default
  absl::optional<uint64_t> margin;
  bool explain = false, json = false, csv = false, details = false;
  // A network is asked instead of an office.
  std::string hub, within, region, again;
  bool no_wait = false;
  bool wait = false;
};

absl::StatusOr<v1::Price> PriceOf(const AskOptions& options) {
  v1::Price price;
  const int given = options.budget.has_value() + options.epsilon.has_value() + options.margin.has_value();
  if (given > 1)
    return Fail(absl::StatusCode::kInvalidArgument, {"donnez un seul de --budget, --epsilon, --margin",
                                                     "give only one of --budget, --epsilon, --margin"});
  if (options.margin.has_value()) {
    if (*options.margin == 0)
      return Fail(absl::StatusCode::kInvalidArgument, {"--margin: donnez un nombre entier d'au moins 1",
                                                       "--margin: give a whole number of at least 1"});
    price.set_margin(*options.margin);
  } else if (options.epsilon.has_value()) {
    const absl::StatusOr<Decimal> epsilon = ParseDecimal(*options.epsilon);
    const __int128 scaled = epsilon.ok() ? static_cast<__int128>(epsilon->num) * 1024 / epsilon->den : 0;
    if (scaled < 1 || scaled > 64 * 1024)
      return Fail(absl::StatusCode::kInvalidArgument,
                  {"--epsilon: donnez un nombre de 0.001 à 64", "--epsilon: give a number from 0.001 to 64"});
    price.set_epsilon_1024(static_cast<uint32_t>(scaled));
  } else {
    ASSIGN_OR_RETURN(const uint32_t share, ParseShare(options.budget.value_or("2%")));
    price.set_share_ppm(share);
  }
  return price;
}

absl::StatusOr<v1::Bulletin> BulletinOf(const AskOptions& options) {
  // A network's edition is the one that is asked, too.
  const bool of_network = !options.hub.empty() && options.bulletin.empty();
  if (!options.bulletin.empty() && !options.margin.has_value()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(options.bulletin));
    RETURN_IF_ERROR(CheckMarginsAreWeights(options.bulletin, text));
  }
  return QuestionsOf(options.sql, options.bulletin, of_network ? "" : options.edition);
}

// What belongs to one of the two, and is given with the other.
absl::Status CheckWhom(const AskOptions& options) {
  const auto bad = [](const char* fr, const char* en) {
    return Fail(absl::StatusCode::kInvalidArgument, {fr, en});
  };
  if (options.json && options.csv)
    return bad("donnez un seul de --json, --csv", "give only one of --json, --csv");
  if (options.connection.node.empty() == options.hub.empty())
    return bad("donnez --node ORGANISATION ou --hub RÉSEAU, l'un des deux",
               "give --node OFFICE or --hub NETWORK, one of the two");
  if (options.hub.empty() &&
      !(options.within.empty() && options.region.empty() && options.again.empty() && !options.no_wait))
    return bad("--within, --region, --again, --no-wait vont avec --hub",
               "--within, --region, --again, --no-wait go with --hub");
  if (options.wait && (!options.hub.empty() || options.explain))
    return bad("--wait va avec --node, et pas avec --explain",
               "--wait goes with --node, and not with --explain");
  if (options.again.empty()) {
    return options.purpose.empty() ? bad("donnez --purpose: un des buts que les organisations vous accordent",
                                         "give --purpose: one of the purposes that offices grant you")
                                   : absl::OkStatus();
  }
  const bool anew = !(options.sql.empty() && options.bulletin.empty() && options.purpose.empty() &&
                      !options.budget.has_value() && !options.epsilon.has_value() &&
                      !options.margin.has_value() && options.edition.empty() && options.region.empty());
  return anew ? bad("--again repose la même question au même prix: n'en donnez pas d'autre",
                    "--again asks the same question at the same price: give no other")
              : absl::OkStatus();
}

// The edition decides what a bulletin's $Q means, and a network's calendar what is an edition.
absl::Status ReadQuestion(AskOptions& options, HubLine& line, absl::Time now, RegionalWish& wish) {
  if (options.edition.empty() && !options.bulletin.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(options.bulletin));
    ASSIGN_OR_RETURN(options.edition, BulletinEdition(options.bulletin, text));
  }
  ASSIGN_OR_RETURN(options.edition, EditionFor(line, options.edition, now));
  wish.edition = options.edition;
  ASSIGN_OR_RETURN(wish.bulletin, BulletinOf(options));
  return absl::OkStatus();
}

ExitCode AskNetwork(AskOptions& options, const Outside& outside, Output& output) {
  RegionalWish wish;
  const absl::StatusOr<v1::Price> price = PriceOf(options);
  if (!price.ok()) return output.Fail(price.status());
  wish.price = *price;
  wish.purpose = options.purpose;
  wish.region = options.region;
  wish.within = options.within;
  wish.again = options.again;
  absl::StatusOr<HubLine> line = HubLine::Open(options.connection.partner, options.hub, outside);
  if (!line.ok()) return output.Fail(line.status());
  const Pause pause = PauseUntilCtrlC();
  const bool wait = !options.no_wait && !options.explain;
  if (const absl::Status reached = ReachHub(*line, wait, pause, output); !reached.ok())
    return output.Fail(reached);
  if (options.again.empty()) {
    const absl::Status read = ReadQuestion(options, *line, outside.clock.Now(), wish);
    if (!read.ok()) return output.Fail(read);
  }
  if (options.explain) return ExplainRegional(*line, wish, options.json, outside, output);
  return AskRegional(*line, wish, {options.json, options.csv, options.details}, !options.no_wait, pause,
                     outside, output);
}

bool Waits(const v1::RefusalDetail& refusal) {
  return refusal.reason() == v1::REFUSAL_NEEDS_APPROVAL || refusal.reason() == v1::REFUSAL_IN_PROGRESS;
}

// The answer, or where --wait is given what it has become by the time that it waits no more. Asking again
// adds nothing: the question is known.
absl::StatusOr<v1::Answer> AskOffice(rpc::NodeClient& client, const v1::Bulletin& bulletin,
                                     const v1::Price& price, const AskOptions& options, Output& output) {
  absl::StatusOr<v1::Answer> answer = client.Ask(bulletin, options.purpose, price);
  if (!options.wait || !answer.ok() || !Waits(answer->refusal())) return answer;
  output.Say(ReportRefusal(answer->refusal()));
  const Pause pause = PauseUntilCtrlC();
  for (absl::Duration next = kFirstLook; pause(next); next = std::min(next * 2, kLongestLook)) {
    output.Progress(
        {"en attente d'une décision (Ctrl-C: plus tard)", "waiting for a decision (Ctrl-C: later)"});
    absl::StatusOr<v1::Answer> again = client.Ask(bulletin, options.purpose, price);
    // A line that fails for a while is no answer.
    if (!again.ok() && !absl::IsUnavailable(again.status()) && !absl::IsDeadlineExceeded(again.status()))
      return again;
    if (!again.ok()) continue;
    answer = std::move(again);
    if (!Waits(answer->refusal())) break;
  }
  return answer;
}

ExitCode Ask(AskOptions& options, const Outside& outside, Output& output) {
  if (const absl::Status good = CheckWhom(options); !good.ok()) return output.Fail(good);
  if (!options.hub.empty()) return AskNetwork(options, outside, output);
  const absl::StatusOr<v1::Price> price = PriceOf(options);
  if (!price.ok()) return output.Fail(price.status());
  const absl::StatusOr<v1::Bulletin> bulletin = BulletinOf(options);
  if (!bulletin.ok()) return output.Fail(bulletin.status());
  if (const absl::Status opened = options.connection.Open(outside); !opened.ok()) return output.Fail(opened);
  if (options.explain) {
    v1::ExplainRequest request;
    *request.mutable_bulletin() = *bulletin;
    request.set_purpose(options.purpose);
    *request.mutable_price() = *price;
    const absl::StatusOr<v1::ExplainResponse> explained = options.connection.client->Explain(request);
    if (!explained.ok()) return output.Fail(explained.status());
    output.Data(options.json ? Json(*explained) : ReportExplain(*explained, output.lang()));
    if (!explained->has_refusal()) return kAnswered;
    return Waits(explained->refusal()) ? kWaiting : kRefused;
  }
  const absl::StatusOr<v1::Answer> answer =
      AskOffice(*options.connection.client, *bulletin, *price, options, output);
  if (!answer.ok()) return output.Fail(answer.status());
  if (options.json) {
    output.Data(Json(*answer));
  } else if (answer->has_refusal()) {
    // Not where a file of numbers is expected.
    output.Say(ReportRefusal(answer->refusal()));
  } else {
    output.Data(options.csv ? RenderCsv(*answer, output.lang())
                            : RenderAnswer(*answer, output.lang(), options.details));
  }
  if (!answer->has_refusal()) return kAnswered;
  return Waits(answer->refusal()) ? kWaiting : kRefused;
}

ExitCode Trust(const rpc::Partner& partner, const std::string& file, const std::string& codebook,
               Output& output) {
  std::string text;
  if (!codebook.empty()) {
    absl::StatusOr<std::string> read = ReadFile(codebook, kLongestCodebook);
    if (!read.ok()) return output.Fail(read.status());
    if (const absl::Status good = ReadCodebook(codebook, *read).status(); !good.ok())
      return output.Fail(good);
    text = *std::move(read);
  }
  const absl::StatusOr<rpc::Partner::Trusted> trusted = partner.Trust(file);
  if (!trusted.ok()) return output.Fail(trusted.status());
  if (!trusted->network) {
    if (!codebook.empty())
      return output.Fail(Fail(absl::StatusCode::kInvalidArgument,
                              {"carte reçue; --codebook ne va qu'avec la carte d'un réseau",
                               "card kept; --codebook goes with a network's card only"}));
    output.Say({absl::StrCat("carte reçue; posez vos questions avec --node ", trusted->name),
                absl::StrCat("card kept; ask with --node ", trusted->name)});
    return kAnswered;
  }
  const absl::StatusOr<rpc::PartnerNetwork> network = partner.Network(trusted->name);
  if (!network.ok()) return output.Fail(network.status());
  if (!text.empty()) {
    if (const absl::Status kept = network->KeepCodebook(text); !kept.ok()) return output.Fail(kept);
  }
  output.Say({absl::StrCat("carte du réseau reçue; posez vos questions avec --hub ", trusted->name),
              absl::StrCat("network's card kept; ask with --hub ", trusted->name)});
  return kAnswered;
}

}  // namespace

void AddPartner(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string dir, name, card, codebook;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      parent.add_subcommand("partner", "a partner's keys, and the offices and networks that it trusts");
  app->require_subcommand(1);
  app->footer("Example:\n  penc partner init analyst --name iom-dakar");
  CLI::App* init = app->add_subcommand("init", "make a key; prints the .pub file to send to offices");
  init->add_option("P", options->dir, "a folder that does not exist yet")->required();
  init->add_option("--name", options->name, "your name, as offices see it")->required();
  init->footer("Example:\n  penc partner init analyst --name iom-dakar");
  init->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<std::string> key = rpc::Partner::Create(
          options->dir, options->name, invocation.outside.clock.Now(), invocation.outside.random);
      if (!key.ok()) return output.Fail(key.status());
      output.Say({"clé créée. Envoyez ce fichier aux organisations; elles décident (penc grant):",
                  "key made. Send this file to the offices; they decide (penc grant):"});
      output.Data(*key);
      return kAnswered;
    };
  });
  CLI::App* trust = app->add_subcommand("trust", "trust an office's card, or a network's");
  trust->add_option("P", options->dir, "your partner folder")->required();
  trust->add_option("FILE", options->card, "an office's NAME.card, or a network's NAME.network")->required();
  trust->add_option("--codebook", options->codebook,
                    "network: its vocabulary, YAML (default: the migration codebook)");
  trust->footer("Example:\n  penc partner trust analyst alcrer.card");
  trust->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<rpc::Partner> partner =
          rpc::Partner::Open(options->dir, invocation.outside.clock.Now());
      if (!partner.ok()) return output.Fail(partner.status());
      return Trust(*partner, options->card, options->codebook, output);
    };
  });
}

void AddDescribe(CLI::App& parent, Invocation& invocation) {
  struct Options {
    Connection connection;
    bool json = false, budget = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand(
      "describe", "what may be asked of an office: tables, columns, purposes, editions");
  options->connection.Add(app);
  app->add_flag("--json", options->json, "print protobuf JSON");
  app->add_flag("--budget", options->budget, "what is left of your share");
  app->footer("Example:\n  penc describe --node alcrer --as analyst");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      if (const absl::Status opened = options->connection.Open(invocation.outside); !opened.ok())
        return output.Fail(opened);
      if (options->budget) {
        const absl::StatusOr<v1::GetBudgetResponse> budget = options->connection.client->GetBudget();
        if (!budget.ok()) return output.Fail(budget.status());
        output.Data(options->json ? Json(*budget) : ReportShare(*budget, output.lang()));
        return kAnswered;
      }
      const absl::StatusOr<v1::DescribeResponse> described = options->connection.client->Describe();
      if (!described.ok()) return output.Fail(described.status());
      output.Data(options->json ? Json(*described) : ReportDescribe(*described, output.lang()));
      return kAnswered;
    };
  });
}

void AddAsk(CLI::App& parent, Invocation& invocation) {
  auto options = std::make_shared<AskOptions>();
  CLI::App* app = parent.add_subcommand(
      "ask",
      "ask an office, or a whole network; charged at most once per question and edition, or per round");
  options->connection.Add(app, /*only=*/false);
  app->add_option("--hub", options->hub,
                  "a network that you trust, by name: all its offices answer in one round");
  app->add_option("--purpose", options->purpose, "one of the purposes of your grant");
  app->add_option_function<std::string>(
      "--budget", [options](const std::string& b) { options->budget = b; },
      "price as a share of the budget (default 2%)");
  app->add_option_function<std::string>(
      "--epsilon", [options](const std::string& e) { options->epsilon = e; },
      "price as discrete Laplace's epsilon, for experts");
  app->add_option_function<uint64_t>(
      "--margin", [options](uint64_t margin) { options->margin = margin; },
      "wanted 95% margin of every number, in units of its column");
  app->add_option("--bulletin", options->bulletin, "several questions in a YAML file, one price");
  app->add_option(
      "--edition", options->edition,
      "the edition that the bulletin counts its periods from ($Q, $Y, $M), in place of its own; of a "
      "network: the one asked (default: that of today)");
  app->add_option("--within", options->within,
                  "network: how long offices may take, 10s to 11d (default 72h)");
  app->add_option("--region", options->region, "network: only this region of it");
  app->add_option("--again", options->again, "network: ask once more what a void round asked");
  app->add_flag("--no-wait", options->no_wait, "network: submit and leave; read it later with `penc answer`");
  app->add_flag("--wait", options->wait, "an office: wait until a person there has decided (Ctrl-C: later)");
  app->add_flag("--explain", options->explain,
                "only say whether it would be answered, at what price and margin");
  app->add_flag("--details", options->details, "mechanism, scale, epsilon");
  app->add_flag("--json", options->json, "print penc.v1.Answer as JSON");
  app->add_flag("--csv", options->csv, "print CSV (with --lang fr: for a French Excel)");
  app->add_option("SQL", options->sql, "the question");
  app->footer(
      "Examples:\n  penc ask --node alcrer --as analyst --purpose plaidoyer \\\n    \"SELECT sex, "
      "count(DISTINCT person) FROM person GROUP BY sex\"\n  penc ask --hub migrafrique --as analyst "
      "--purpose "
      "plaidoyer --budget 60% --bulletin bulletin.yaml");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) {
      return Ask(*options, invocation.outside, output);
    };
  });
}

}  // namespace penc::cli
