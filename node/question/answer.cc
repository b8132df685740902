#include "question/answer.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "privacy/law.h"
#include "question/measures/measure.h"
#include "question/rollup.h"
#include "question/rollup_estimate.h"

namespace penc {
namespace {

const char* const kCounts[] = {"persons", "rows", "amounts"};

v1::Label ToLabel(const Text& text) {
  v1::Label label;
  label.set_fr(text.fr);
  label.set_en(text.en);
  return label;
}

v1::Value ToValue(const Value& value) {
  v1::Value out;
  switch (value.shown) {
    case Value::Shown::kYes:
      out.set_shown(v1::Value::SHOWN_YES);
      out.set_value(value.value);
      out.set_low(value.low);
      out.set_high(value.high);
      break;
    case Value::Shown::kTooFew:
      out.set_shown(v1::Value::SHOWN_TOO_FEW);
      break;
    case Value::Shown::kMarginTooWide:
      out.set_shown(v1::Value::SHOWN_MARGIN_TOO_WIDE);
      break;
  }
  return out;
}

void FillBlock(const Block& block, const Measure& measure, const Codebook& codebook, const Release& release,
               v1::Block& out) {
  for (uint64_t i = 0; i < block.cells; ++i) out.add_noisy(release.noisy[block.first + i]);
  *out.mutable_noise() = ToNoise(block.noise);
  out.set_l0(block.per_person.l0);
  out.set_linf(block.per_person.linf);
  out.set_l1(block.per_person.l1);
  out.set_counts(block.counting.mark ? "marks" : kCounts[static_cast<int>(block.counting.kind)]);
  if (block.counting.kind == Counting::Kind::kAmounts) {
    const Column& column = *AskedMeasure(codebook, measure).column;
    // A unit is grid steps; means and variances count half steps from the middle of the range.
    const bool centred = measure.kind != MeasureKind::kSum;
    out.set_unit_num(block.counting.grid * column.step_num);
    out.set_unit_den(column.step_den * (centred ? 2 : 1));
    out.set_centre_num(centred ? (column.lo + column.hi) * column.step_num : 0);
    out.set_centre_den(centred ? 2 * column.step_den : 1);
    out.set_square_bound(block.counting.square_bound);
  }
  if (block.counting.fan > 1) out.set_fan(block.counting.fan);
  out.set_rolled(block.counting.level);
  out.set_part_width(block.counting.part_width);
  out.set_column(block.measure);
}

// How the words of a question's open list are chosen, where it has one.
absl::optional<v1::KeySelection> SelectionIn(const Plan& plan, uint32_t question) {
  for (const KeyStep& step : plan.selections) {
    if (step.question != question) continue;
    const absl::StatusOr<KeySelector> selector = KeySelector::Make(step.law);
    PENC_CHECK(selector.ok());
    v1::KeySelection out;
    out.set_axis(step.axis);
    out.set_mechanism("truncated geometric");
    out.set_epsilon_1024(step.law.epsilon_1024);
    out.set_delta(step.law.delta);
    out.set_keys(step.law.keys);
    out.set_persons_half(selector->PersonsFor(500'000));
    out.set_persons_most(selector->PersonsFor(950'000));
    out.set_most(step.most);
    out.set_cut(step.cut);
    return out;
  }
  return absl::nullopt;
}

// As the language writes it: 1 358 and 24,5; 1,358 and 24.5.
std::string Number(double value, bool fr) {
  const bool exact = std::fabs(value) < 100 && std::floor(value) != value;
  std::string text = absl::StrFormat("%.*f", exact ? 1 : 0, value);
  const size_t point = text.find('.');
  if (fr && point != std::string::npos) text[point] = ',';
  const int first = text[0] == '-' ? 1 : 0;
  for (int at = static_cast<int>(std::min(point, text.size())) - 3; at > first; at -= 3)
    text.insert(at, fr ? "\u202f" : ",");
  return text;
}

// What stands after a number of a measure, by its name.
Text Counted(absl::string_view measure) {
  if (measure == "persons" || measure == "difference") return {" personnes suivies", " people followed"};
  if (measure == "rows") return {" lignes", " rows"};
  if (measure == "share") return {" %", "%"};
  if (measure == "distinct") return {" personnes différentes", " different people"};
  if (measure == "shared")
    return {" personnes connues de plusieurs organisations", " people known to several organisations"};
  return {};
}

// «environ 140 personnes suivies (entre 130 et 150)», of the largest cell that is shown.
v1::Label Reading(const v1::Table& table) {
  const v1::Row* best = nullptr;
  for (const v1::Row& row : table.rows()) {
    if (row.values(0).shown() != v1::Value::SHOWN_YES) continue;
    if (best == nullptr || row.values(0).value() > best->values(0).value()) best = &row;
  }
  v1::Label label;
  if (best == nullptr) return label;
  std::vector<std::string> fr, en;
  for (int a = 0; a < best->key_size(); ++a) {
    const v1::Category& category = table.axes(a).categories(best->key(a));
    if (category.total()) continue;
    fr.push_back(category.label().fr());
    en.push_back(category.label().en());
  }
  const v1::Value& value = best->values(0);
  const Text what = Counted(table.columns(0).measure());
  if (fr.empty() && best->key_size() > 0) {
    fr.emplace_back("en tout");
    en.emplace_back("in all");
  }
  const std::string where_fr = fr.empty() ? "" : absl::StrCat(absl::StrJoin(fr, ", "), ": ");
  const std::string where_en = en.empty() ? "" : absl::StrCat(absl::StrJoin(en, ", "), ": ");
  label.set_fr(absl::StrCat(where_fr, "environ ", Number(value.value(), true), what.fr, " (entre ",
                            Number(value.low(), true), " et ", Number(value.high(), true), ")"));
  label.set_en(absl::StrCat(where_en, "about ", Number(value.value(), false), what.en, " (between ",
                            Number(value.low(), false), " and ", Number(value.high(), false), ")"));
  return label;
}

v1::Axis ToAxis(const std::string& name, const std::vector<Category>& categories, bool rolled) {
  v1::Axis out;
  out.set_name(name);
  for (const Category& category : categories) {
    v1::Category* c = out.add_categories();
    c->set_code(category.code);
    *c->mutable_label() = ToLabel(category.label);
    c->set_not_stated(category.null);
  }
  if (!rolled) return out;
  v1::Category* all = out.add_categories();
  all->set_code("(total)");
  *all->mutable_label() = ToLabel({"total", "total"});
  all->set_total(true);
  return out;
}

void ExplainLevels(const Plan& plan, const PlannedQuestion& planned, const Codebook& codebook,
                   v1::ExplainedQuestion& out) {
  const Rollup& rollup = planned.domain.rollup;
  for (const RollupLevel& level : rollup.levels) {
    v1::ExplainedLevel* one = out.add_levels();
    for (uint32_t k = 0; k < level.keys; ++k) one->add_keys(rollup.keys[k].name);
    one->set_cells(level.cells);
  }
  for (uint32_t m = 0; m < planned.question.measures.size(); ++m) {
    const std::vector<double> margins = MarginsOfLevels(plan, planned, m, codebook);
    for (size_t l = 0; l < margins.size(); ++l)
      out.mutable_levels(static_cast<int>(l))->add_margins(margins[l]);
    out.add_margins(margins[0]);
  }
  out.set_cells(CellsOfAllLevels(rollup));
}

}  // namespace

std::vector<v1::Axis> ToAxes(const PlannedQuestion& planned) {
  std::vector<v1::Axis> axes;
  const std::vector<RollupKey>& keys = planned.domain.rollup.keys;
  for (size_t k = 0; k < keys.size(); ++k)
    axes.push_back(ToAxis(keys[k].name, keys[k].categories, k + planned.question.rolled >= keys.size()));
  if (!keys.empty()) return axes;
  for (const Axis& axis : planned.domain.axes) axes.push_back(ToAxis(axis.name, axis.categories, false));
  return axes;
}

v1::Noise ToNoise(const Mechanism& mechanism) {
  v1::Noise noise;
  noise.set_family(mechanism.family == Family::kSkellam ? v1::Noise::FAMILY_SKELLAM
                                                        : v1::Noise::FAMILY_DISCRETE_LAPLACE);
  noise.set_parameter_num(mechanism.parameter.num);
  noise.set_parameter_den(mechanism.parameter.den);
  if (!(mechanism.rate == Ratio{1, 1})) {
    noise.set_rate_num(static_cast<uint32_t>(mechanism.rate.num));  // numbers of organisations
    noise.set_rate_den(static_cast<uint32_t>(mechanism.rate.den));
  }
  return noise;
}

absl::optional<Mechanism> FromNoise(const v1::Noise& noise) {
  Mechanism mechanism;
  mechanism.family =
      noise.family() == v1::Noise::FAMILY_SKELLAM ? Family::kSkellam : Family::kDiscreteLaplace;
  mechanism.parameter = {noise.parameter_num(), noise.parameter_den()};
  if (noise.rate_num() != 0 || noise.rate_den() != 0) mechanism.rate = {noise.rate_num(), noise.rate_den()};
  const Ratio &parameter = mechanism.parameter, &rate = mechanism.rate;
  if (noise.family() == v1::Noise::FAMILY_UNSPECIFIED || parameter.num == 0 || parameter.den == 0 ||
      rate.num == 0 || rate.den == 0)
    return absl::nullopt;
  // Laws of which a computation would take a machine's memory, or leave the range of its numbers.
  const double value = static_cast<double>(parameter.num) / static_cast<double>(parameter.den);
  const double times = static_cast<double>(rate.num) / static_cast<double>(rate.den);
  const bool skellam = mechanism.family == Family::kSkellam;
  if (times < 1e-3 || times > 4096 || value < 1e-12 || value > (skellam ? 1e24 : 128)) return absl::nullopt;
  return mechanism;
}

std::vector<v1::Table> ToTables(const Plan& plan, const Codebook& codebook, const Release& release,
                                const Display& display) {
  const std::vector<EstimatedTable> estimated = Estimate(plan, codebook, release, display);
  std::vector<v1::Table> tables;
  for (size_t q = 0; q < plan.questions.size(); ++q) {
    const PlannedQuestion& planned = plan.questions[q];
    v1::Table table;
    table.set_title(planned.question.title);
    table.set_question(CanonicalText(planned.question, codebook));
    for (v1::Axis& axis : ToAxes(planned)) *table.add_axes() = std::move(axis);
    const bool rolled_up = planned.question.rolled > 0;
    for (uint32_t m = 0; m < planned.question.measures.size(); ++m) {
      const Measure& measure = planned.question.measures[m];
      const MeasureDefinition& definition = DefinitionOf(measure.kind);
      v1::Column* column = table.add_columns();
      column->set_name(measure.name);
      column->set_measure(definition.name());
      *column->mutable_unit() = ToLabel(definition.unit(codebook));
      if (rolled_up) continue;  // its margin is another at every level
      column->set_margin(
          definition.Margin(AskedMeasure(codebook, measure), BlocksOf(plan, planned, m, release.noisy)));
    }
    for (uint32_t b : planned.blocks) {
      FillBlock(plan.blocks[b], planned.question.measures[plan.blocks[b].measure], codebook, release,
                *table.add_blocks());
    }
    for (const EstimatedRow& row : estimated[q].rows) {
      v1::Row* out = table.add_rows();
      for (uint32_t key : row.key) out->add_key(key);
      for (const Value& value : row.values) *out->add_values() = ToValue(value);
    }
    table.set_hidden_rows(estimated[q].hidden);
    table.set_cap_cells(planned.caps.cells);
    table.set_cap_rows(planned.caps.rows);
    *table.mutable_reading() = Reading(table);
    if (auto selection = SelectionIn(plan, static_cast<uint32_t>(q)); selection.has_value())
      *table.mutable_selection() = *std::move(selection);
    tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<v1::ExplainedQuestion> ExplainPlan(const Plan& plan, const Codebook& codebook) {
  std::vector<v1::ExplainedQuestion> explained;
  for (const PlannedQuestion& planned : plan.questions) {
    v1::ExplainedQuestion question;
    question.set_title(planned.question.title);
    question.set_question(CanonicalText(planned.question, codebook));
    question.set_cells(planned.domain.cells);
    question.set_cap_cells(planned.caps.cells);
    question.set_cap_rows(planned.caps.rows);
    const bool rolled_up = planned.question.rolled > 0;
    if (rolled_up) ExplainLevels(plan, planned, codebook, question);
    for (uint32_t m = 0; m < planned.question.measures.size() && !rolled_up; ++m) {
      const Measure& measure = planned.question.measures[m];
      question.add_margins(
          DefinitionOf(measure.kind).Margin(AskedMeasure(codebook, measure), BlocksOf(plan, planned, m, {})));
    }
    for (uint32_t b : planned.blocks) *question.add_noise() = ToNoise(plan.blocks[b].noise);
    if (auto selection = SelectionIn(plan, static_cast<uint32_t>(explained.size())); selection.has_value())
      *question.mutable_selection() = *std::move(selection);
    explained.push_back(std::move(question));
  }
  return explained;
}

}  // namespace penc
