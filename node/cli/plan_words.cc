#include "cli/plan_words.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/decimal.h"
#include "cli/render.h"
#include "cli/words.h"
#include "question/advice.h"
#include "question/answer.h"
#include "question/distinct_estimate.h"
#include "question/release.h"

namespace penc::cli {
namespace {

std::string Margin(double margin, Lang lang) {
  return margin > 0 ? absl::StrCat("±", Number(std::ceil(margin), lang))
                    : std::string(Words(lang)("selon la réponse", "by the answer"));
}

// "marge comme maintenant (±31)", "margin ±12 instead of ±31".
std::string MarginsOf(const Alternative& alternative, const v1::ExplainedQuestion& now, Lang lang) {
  const Words w(lang);
  std::vector<std::string> words;
  for (int m = 0; m < now.margins_size(); ++m) {
    const std::string is = Margin(now.margins(m), lang);
    if (now.margins(m) == 0) {
      words.push_back(absl::StrCat(w("marge ", "margin "), is));
    } else if (alternative.same[m]) {
      words.push_back(absl::StrCat(w("marge comme maintenant (", "margin as now ("), is, ")"));
    } else {
      words.push_back(absl::StrCat(w("marge ", "margin "), Margin(alternative.margins[m], lang),
                                   w(" au lieu de ", " instead of "), is));
    }
  }
  return absl::StrJoin(words, ", ");
}

// Of a longer period: the same words for every table of which they are true.
std::string MarginsOfWindow(const Alternative& alternative, const v1::ExplainedQuestion& now, Lang lang) {
  const Words w(lang);
  if (std::any_of(now.margins().begin(), now.margins().end(), [](double margin) { return margin == 0; }))
    return w("une marge qui dépend de la réponse diminue", "a margin that depends on the answer narrows");
  return std::all_of(alternative.same.begin(), alternative.same.end(), [](bool same) { return same; })
             ? w("marge comme maintenant", "margin as now")
             : MarginsOf(alternative, now, lang);
}

std::string CellsOf(uint64_t cells, uint64_t now, const Words& w) {
  const std::string count =
      absl::StrCat(w.Count(cells), cells == 1 ? w(" case", " cell") : w(" cases", " cells"));
  return cells == now ? absl::StrCat(count, w(" comme maintenant", " as now"))
                      : absl::StrCat(count, w(" au lieu de ", " instead of "), w.Count(now));
}

// "4400 (±8 %)": different people expected, with the half of the margin that their buckets and the noise then
// give. It hardly depends on how many organisations there are.
std::string DistinctOf(const Plan& plan, uint32_t q, double persons, Lang lang) {
  constexpr uint32_t kOrganisations = 8;
  const Block& block = plan.blocks[plan.questions[q].blocks[0]];
  const auto bits = static_cast<uint32_t>(std::log2(block.counting.fan));
  const absl::optional<double> margin = ExpectedDistinctMargin(persons, bits, kOrganisations, block.noise);
  return absl::StrCat(Number(persons, lang, 1), " (",
                      margin.has_value() ? absl::StrCat("±", Number(100 * *margin / persons, lang), " %")
                                         : std::string(Words(lang)("trop pour les personnes attendues",
                                                                   "too many for the persons expected")),
                      ")");
}

}  // namespace

std::string PlanTable(const Plan& plan, absl::Span<const absl::optional<uint64_t>> wanted,
                      const std::vector<uint64_t>& sizes, const Codebook& codebook, Lang lang) {
  const Words w(lang);
  const bool any_wanted =
      std::any_of(wanted.begin(), wanted.end(), [](const auto& m) { return m.has_value(); });
  std::vector<std::string> heading = {w("n°", "no."), "question", w("cases", "cells"), w("marge", "margin")};
  if (any_wanted) heading.emplace_back(w("voulue", "wanted"));
  heading.emplace_back(w("montré dès", "shown from"));
  heading.emplace_back(w("lignes fantômes", "phantom rows"));
  for (uint64_t size : sizes)
    heading.push_back(absl::StrCat(w.Count(size), w(" pers./case moyenne", " people/average cell")));
  TextTable table(heading);
  const std::vector<v1::ExplainedQuestion> questions = ExplainPlan(plan, codebook);
  for (uint32_t q = 0; q < questions.size(); ++q) {
    const v1::ExplainedQuestion& question = questions[q];
    const double margin = question.margins_size() > 0 ? question.margins(0) : 0;
    std::vector<std::string> row = {absl::StrCat(q + 1),
                                    question.title().empty() ? question.question() : question.title(),
                                    w.Count(question.cells()), Margins(question, lang)};
    if (any_wanted)
      row.push_back(wanted[q].has_value() ? Margin(static_cast<double>(*wanted[q]), lang) : std::string("-"));
    const Phantoms phantoms = ExpectedPhantoms(plan, q, codebook, Display());
    row.push_back(phantoms.shown_from > 0 ? Number(phantoms.shown_from, lang) : "-");
    row.push_back(phantoms.shown_from > 0 ? Number(phantoms.expected, lang, 2) : "-");
    for (uint64_t size : sizes) {
      const uint64_t cells = question.levels().empty() ? question.cells() : question.levels(0).cells();
      const double cell = static_cast<double>(size) / static_cast<double>(cells);
      if (plan.questions[q].question.measures[0].kind == MeasureKind::kDistinct) {
        row.push_back(DistinctOf(plan, q, cell, lang));
        continue;
      }
      row.push_back(margin > 0
                        ? absl::StrCat(Number(cell, lang, 1), " (±", Number(100 * margin / cell, lang), " %)")
                        : Number(cell, lang, 1));
    }
    table.Add(std::move(row));
  }
  return table.Text();
}

std::string SelectionsOf(const Plan& plan, const Codebook& codebook, Lang lang) {
  const Words w(lang);
  std::string out;
  const std::vector<v1::ExplainedQuestion> questions = ExplainPlan(plan, codebook);
  for (const KeyStep& step : plan.selections) {
    const v1::KeySelection& selection = questions[step.question].selection();
    const std::string& column = plan.questions[step.question].domain.axes[step.axis].name;
    absl::StrAppend(&out, "  ", step.question + 1, ". ", SelectionWords(column, selection, lang), "     ",
                    w("le choix coûte ε = ", "the choice costs ε = "),
                    absl::StrFormat("%.3g", static_cast<double>(selection.epsilon_1024()) / 1024),
                    ", δ = ", absl::StrFormat("%.3g", static_cast<double>(selection.delta()) / 1e18),
                    w(" du delta que l'organisation réserve (promise: keys_delta)\n",
                      " of the delta that the organisation sets aside (promise: keys_delta)\n"));
  }
  return out;
}

std::string PlanAdvice(const Plan& plan, const Codebook& codebook, Lang lang) {
  const Words w(lang);
  const std::vector<v1::ExplainedQuestion> questions = ExplainPlan(plan, codebook);
  std::string out;
  std::map<std::string, std::vector<std::string>> windows;  // one line for all tables of which it is true
  for (uint32_t q = 0; q < questions.size(); ++q) {
    for (const Alternative& alternative : AlternativesTo(plan, q, codebook)) {
      const std::string cells = CellsOf(alternative.cells, questions[q].cells(), w);
      if (alternative.kind == Alternative::Kind::kGrain) {
        absl::StrAppend(&out, "  ", q + 1, ". ", alternative.change, ": ", cells, ", ",
                        MarginsOf(alternative, questions[q], lang), "\n");
        continue;
      }
      const int decimals = alternative.longer == std::floor(alternative.longer) ? 0 : 1;
      const std::string times = Number(alternative.longer, lang, decimals);
      windows[absl::StrCat(
                  w("période ", "a period "), times, w(" fois plus longue (depuis ", " times as long (from "),
                  alternative.change, "): ", MarginsOfWindow(alternative, questions[q], lang),
                  w(", nombres environ ", ", counts about "), times,
                  w(" fois plus grands si les mois se ressemblent", " times as large if months are alike"))]
          .push_back(absl::StrCat(q + 1));
    }
  }
  for (const auto& [words, tables] : windows)
    absl::StrAppend(&out, "  ", absl::StrJoin(tables, ", "), ". ", words, "\n");
  if (out.empty()) return "";
  return absl::StrCat(w("ce que changerait, au même prix (planifié pour de bon, sans regarder de dossier):\n",
                        "what would change, at the same price (planned for real, no record is looked at):\n"),
                      out);
}

std::string ExactShare(uint64_t ppm) {
  return FormatDecimal(OfSteps(static_cast<int64_t>(ppm), {1, 10000}).value_or(Decimal{})) + "%";
}

std::string AllocationWords(const Allocation& allocation, Lang lang) {
  const Words w(lang);
  std::string out = absl::StrCat(w("poids: ", "weights: "), absl::StrJoin(allocation.weights, ", "), "\n");
  if (allocation.kind == Allocation::Kind::kScaled) {
    absl::StrAppend(&out, w("les marges voulues coûteraient ", "the wanted margins would cost "),
                    ExactShare(allocation.stated_ppm),
                    w(": toutes sont élargies, au plus ", ": all are wider, at most "),
                    Number(allocation.factor, lang, 3), w(" fois\n", " times\n"));
  }
  return out;
}

v1::RefusalDetail BeyondTheBudget(const Allocation& allocation) {
  const std::string cost = ExactShare(allocation.stated_ppm);
  v1::RefusalDetail refusal;
  refusal.set_reason(v1::REFUSAL_BUDGET_EXHAUSTED);
  refusal.mutable_says()->set_fr(absl::StrCat("Les marges voulues coûteraient ", cost,
                                              " du crédit de confidentialité: aucun crédit ne les paie."));
  refusal.mutable_says()->set_en(
      absl::StrCat("The wanted margins would cost ", cost, " of the privacy budget: no budget pays them."));
  refusal.mutable_next()->set_fr(
      absl::StrCat("Le crédit entier paie des marges ", Number(allocation.factor, Lang::kFrench, 3),
                   " fois plus larges (le tableau): élargissez-les, ou changez une question comme proposé."));
  refusal.mutable_next()->set_en(
      absl::StrCat("The whole budget pays margins ", Number(allocation.factor, Lang::kEnglish, 3),
                   " times as wide (the table): widen them, or change a question as proposed."));
  return refusal;
}

}  // namespace penc::cli
