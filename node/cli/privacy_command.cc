// What the accounting charges beside what is lost: checked on the spot, with no office and no record.
#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/app.h"
#include "cli/render.h"
#include "cli/words.h"
#include "privacy/law.h"
#include "privacy/truth.h"

namespace penc::cli {
namespace {

constexpr const char* kEpsilons[] = {"0.5", "1", "2", "4", "8"};
constexpr const char* kDelta = "1e-6";
constexpr uint32_t kReleases[] = {1, 10, 100, 1000};

struct Row {
  const char* epsilon;
  Mix mix;
  uint32_t releases;
  Spending spending;
  Truth truth;

  bool Holds() const { return truth.exact <= truth.promised; }
};

std::vector<Row> AllRows(Output& output) {
  std::vector<Row> rows;
  for (const char* epsilon : kEpsilons) {
    const Promise promise = *ParsePromise(epsilon, kDelta);
    for (const Mix mix : kMixes) {
      for (const uint32_t releases : kReleases) {
        output.Progress({absl::StrCat("calcule la ligne ", rows.size() + 1),
                         absl::StrCat("working out row ", rows.size() + 1)});
        Spending spending = SpendAll(promise, mix, releases);
        const Truth truth = TruthOf(promise, spending);
        rows.push_back({epsilon, mix, releases, std::move(spending), truth});
      }
    }
  }
  return rows;
}

std::string NameOf(Mix mix, const Words& w) {
  switch (mix) {
    case Mix::kLaplace:
      return w("Laplace discret", "discrete Laplace");
    case Mix::kSkellam:
      return "Skellam";
    case Mix::kBoth:
      return w("les deux ensemble", "both together");
    case Mix::kWide:
      return w("les deux, 4 cases de 3", "both, 4 cells of 3");
  }
  return "";
}

// "4.9", or "4.9 and 6.5" for two blocks.
std::string Deviations(const Spending& spending, const Words& w) {
  return absl::StrJoin(spending.blocks, w(" et ", " and "), [&w](std::string* out, const Releases& block) {
    const double deviation = std::sqrt(Variance(block.mechanism));
    absl::StrAppend(out, Number(deviation, w.lang(), deviation < 10 ? 2 : 0));
  });
}

std::string Table(const std::vector<Row>& rows, const Words& w) {
  TextTable table({w("ε promis", "ε promised"), w("bruit", "noise"), w("publications", "releases"),
                   w("écart type du bruit", "standard deviation of the noise"), w("décide", "decided by"),
                   w("ε perdu, au plus", "ε lost, at most"), w("décompté en trop", "charged too much")});
  for (const Row& row : rows) {
    // What is lost is shown rounded up, what is charged too much rounded down.
    table.Add({Number(row.truth.promised, w.lang(), row.truth.promised < 1 ? 1 : 0), NameOf(row.mix, w),
               w.Count(row.releases), Deviations(row.spending, w),
               row.spending.by_pure ? w("ε pur", "pure ε") : "Rényi",
               Number(std::ceil(row.truth.exact * 1e4) / 1e4, w.lang(), 4),
               absl::StrCat(Number(std::floor(row.truth.Overcharge() * 1e3) / 10, w.lang(), 1),
                            w("\u202f%", "%"))});
  }
  return table.Text();
}

std::string Csv(const std::vector<Row>& rows, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const std::string glue(1, fr ? ';' : ',');
  std::string out = absl::StrCat(
      fr ? "\xEF\xBB\xBF" : "",
      absl::StrJoin({"epsilon_promised", "delta", "laplace_sd", "skellam_sd", "cells", "per_cell", "releases",
                     "decided_by", "epsilon_lost_at_most", "charged_too_much"},
                    glue),
      "\n");
  for (const Row& row : rows) {
    std::string laplace, skellam;
    for (const Releases& block : row.spending.blocks)
      (block.mechanism.family == Family::kDiscreteLaplace ? laplace : skellam) =
          CsvNumber(std::sqrt(Variance(block.mechanism)), lang);
    const Contribution& person = row.spending.blocks[0].person;
    absl::StrAppend(
        &out,
        absl::StrJoin({CsvNumber(row.truth.promised, lang), std::string(kDelta), laplace, skellam,
                       absl::StrCat(person.l0), absl::StrCat(person.linf), absl::StrCat(row.releases),
                       std::string(row.spending.by_pure ? "pure" : "renyi"), CsvNumber(row.truth.exact, lang),
                       CsvNumber(row.truth.Overcharge(), lang)},
                      glue),
        "\n");
  }
  return out;
}

ExitCode ShowTable(bool csv, Output& output) {
  const Words w(output.lang());
  const std::vector<Row> rows = AllRows(output);
  size_t below = 0;
  for (const Row& row : rows)
    if (!row.Holds()) ++below;
  if (csv) {
    output.Data(Csv(rows, output.lang()));
  } else {
    output.Data(absl::StrCat(
        w("Ce que le filtre décompte, à côté de ce qui est vraiment perdu, à δ = 10⁻⁶. Chaque "
          "ligne dépense tout le crédit d'une\npersonne en N publications égales, les moins "
          "bruitées que le filtre laisse passer. La perte exacte est celle de ce\nmélange fixe, "
          "arrondie vers le haut; elle ne décide de rien.\n\n",
          "What the filter charges, beside what is really lost, at δ = 10⁻⁶. Each row spends a "
          "person's whole budget in N equal\nreleases, the least noisy that the filter lets "
          "pass. The exact loss is that of this fixed mix, rounded up; it decides\nnothing.\n\n"),
        Table(rows, w), "\n"));
  }
  if (below > 0) {
    output.Say({absl::StrCat("FAUX: ", below, " lignes sur ", rows.size(),
                             " ont perdu plus que ce qui est promis: n'ouvrez aucun crédit et prévenez les "
                             "auteurs"),
                absl::StrCat("WRONG: ", below, " rows of ", rows.size(),
                             " lost more than was promised: open no budget and tell the authors")});
    return kFailed;
  }
  output.Say({absl::StrCat(rows.size(), " lignes: le filtre n'a jamais décompté moins que ce qui est perdu"),
              absl::StrCat(rows.size(), " rows: the filter never charged less than was lost")});
  return kAnswered;
}

}  // namespace

void AddPrivacy(CLI::App& parent, Invocation& invocation) {
  CLI::App* app = parent.add_subcommand("privacy", "what the promise is worth, worked out on the spot");
  app->require_subcommand(1);
  app->footer("Example:\n  penc privacy table --csv > table.csv");
  CLI::App* table = app->add_subcommand(
      "table", "what the budget's filter charges beside the exact loss, for fixed mixes; touches no record");
  auto csv = std::make_shared<bool>(false);
  table->add_flag("--csv", *csv, "print CSV (with --lang fr: for a French Excel)");
  table->footer("Example:\n  penc privacy table --csv > table.csv");
  table->callback(
      [csv, &invocation] { invocation.run = [csv](Output& output) { return ShowTable(*csv, output); }; });
}

}  // namespace penc::cli
