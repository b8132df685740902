// Commands of a partner: its key, the offices that it trusts, its questions.
#include <CLI/CLI.hpp>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/decimal.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/directory.h"
#include "cli/render.h"
#include "cli/report.h"
#include "question/bulletin.h"
#include "rpc/client.h"
#include "rpc/partner.h"

namespace penc::cli {
namespace {

// --node NAME --as P: an opened connection.
struct Connection {
  std::string node, partner;
  std::unique_ptr<rpc::Partner> opened;
  std::unique_ptr<rpc::NodeClient> client;

  void Add(CLI::App* app) {
    app->add_option("--node", node, "an office that you trust, by name")->required();
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
  if (options.bulletin.empty() == options.sql.empty())
    return Fail(absl::StatusCode::kInvalidArgument,
                {"donnez une question SQL ou --bulletin FICHIER", "give an SQL question or --bulletin FILE"});
  if (!options.bulletin.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(options.bulletin));
    return ReadBulletin(options.bulletin, text, options.edition);
  }
  if (!options.edition.empty())
    return Fail(absl::StatusCode::kInvalidArgument,
                {"--edition va avec --bulletin: dans une question SQL, écrivez les périodes elles-mêmes",
                 "--edition goes with --bulletin: in an SQL question, write the periods themselves"});
  v1::Bulletin bulletin;
  bulletin.add_questions()->set_sql(options.sql);
  return bulletin;
}

ExitCode Ask(AskOptions& options, const Outside& outside, Output& output) {
  if (options.json && options.csv)
    return output.Fail(Fail(absl::StatusCode::kInvalidArgument,
                            {"donnez un seul de --json, --csv", "give only one of --json, --csv"}));
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
    return explained->has_refusal() ? kRefused : kAnswered;
  }
  const absl::StatusOr<v1::Answer> answer =
      options.connection.client->Ask(*bulletin, options.purpose, *price);
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
  return answer->refusal().reason() == v1::REFUSAL_NEEDS_APPROVAL ||
                 answer->refusal().reason() == v1::REFUSAL_IN_PROGRESS
             ? kWaiting
             : kRefused;
}

}  // namespace

void AddPartner(CLI::App& parent, Invocation& invocation) {
  struct Options {
    std::string dir, name, card;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = parent.add_subcommand("partner", "a partner's key and the offices that it trusts");
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
  CLI::App* trust = app->add_subcommand("trust", "trust an office's card");
  trust->add_option("P", options->dir, "your partner folder")->required();
  trust->add_option("OFFICE.card", options->card, "what the office's `penc card` printed")->required();
  trust->footer("Example:\n  penc partner trust analyst alcrer.card");
  trust->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) -> ExitCode {
      const absl::StatusOr<rpc::Partner> partner =
          rpc::Partner::Open(options->dir, invocation.outside.clock.Now());
      if (!partner.ok()) return output.Fail(partner.status());
      const absl::StatusOr<std::string> name = partner->Trust(options->card);
      if (!name.ok()) return output.Fail(name.status());
      output.Say({absl::StrCat("carte reçue; posez vos questions avec --node ", *name),
                  absl::StrCat("card kept; ask with --node ", *name)});
      return kAnswered;
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
  CLI::App* app =
      parent.add_subcommand("ask", "ask an office; charged at most once per question and edition");
  options->connection.Add(app);
  app->add_option("--purpose", options->purpose, "one of the purposes of your grant")->required();
  app->add_option_function<std::string>(
      "--budget", [options](const std::string& b) { options->budget = b; },
      "price as a share of the budget (default 2%)");
  app->add_option_function<std::string>(
      "--epsilon", [options](const std::string& e) { options->epsilon = e; },
      "price as discrete Laplace's epsilon, for experts");
  app->add_option_function<uint64_t>(
      "--margin", [options](uint64_t margin) { options->margin = margin; },
      "wanted 95% margin, in units of the answer");
  app->add_option("--bulletin", options->bulletin, "several questions in a YAML file, one price");
  app->add_option("--edition", options->edition,
                  "the edition that the bulletin counts its periods from ($Q, $Y, $M), in place of its own");
  app->add_flag("--explain", options->explain,
                "only say whether it would be answered, at what price and margin");
  app->add_flag("--details", options->details, "mechanism, scale, epsilon");
  app->add_flag("--json", options->json, "print penc.v1.Answer as JSON");
  app->add_flag("--csv", options->csv, "print CSV (with --lang fr: for a French Excel)");
  app->add_option("SQL", options->sql, "the question");
  app->footer(
      "Example:\n  penc ask --node alcrer --as analyst --purpose plaidoyer \\\n    \"SELECT sex, "
      "count(DISTINCT person) FROM person GROUP BY sex\"");
  app->callback([options, &invocation] {
    invocation.run = [options, &invocation](Output& output) {
      return Ask(*options, invocation.outside, output);
    };
  });
}

}  // namespace penc::cli
