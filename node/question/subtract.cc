#include "question/subtract.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "privacy/law.h"
#include "question/answer.h"
#include "question/sql.h"

namespace penc {
namespace {

constexpr int kMostRows = 1 << 20;

absl::Status Bad(absl::string_view fr, absl::string_view en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::string(fr), std::string(en)});
}

// Numbers of a message are used as places below: they must be such.
absl::Status CheckTable(const v1::Table& table) {
  const auto broken = [] {
    return Bad("ce tableau n'est pas entier: un fichier abîmé, ou d'autre chose",
               "this table is not whole: a damaged file, or one of something else");
  };
  if (table.rows_size() == 0 || table.rows_size() > kMostRows || table.columns_size() == 0) return broken();
  for (const v1::Row& row : table.rows()) {
    if (row.key_size() != table.axes_size() || row.values_size() != table.columns_size()) return broken();
    for (int a = 0; a < row.key_size(); ++a) {
      if (row.key(a) >= static_cast<uint32_t>(table.axes(a).categories_size())) return broken();
    }
    for (const v1::Value& value : row.values()) {
      if (!std::isfinite(value.value()) || !std::isfinite(value.low()) || !std::isfinite(value.high()))
        return broken();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<const v1::Table*> Find(const TableOf& of) {
  if (of.answer.has_refusal()) {
    return Bad("cette réponse est un refus: elle n'a pas de nombres",
               "this answer is a refusal: it has no numbers");
  }
  if (of.table < 0 || of.table >= of.answer.tables_size()) {
    return Bad(
        absl::StrCat("il n'y a pas de tableau ", of.table + 1, ": cette réponse en a ",
                     of.answer.tables_size()),
        absl::StrCat("there is no table ", of.table + 1, ": this answer has ", of.answer.tables_size()));
  }
  const v1::Table* table = &of.answer.tables(of.table);
  RETURN_IF_ERROR(CheckTable(*table));
  return table;
}

// What is counted, over what, apart from titles and conditions.
absl::StatusOr<v1::Select> ShapeOf(const v1::Table& table) {
  ASSIGN_OR_RETURN(v1::Select select, ParseSql(table.question()));
  select.clear_where();
  for (v1::Measure& measure : *select.mutable_measures()) measure.clear_name();
  return select;
}

absl::Status CheckAlike(const v1::Table& first, const v1::Table& second) {
  bool keys = first.axes_size() == second.axes_size() && first.rows_size() == second.rows_size();
  for (int a = 0; keys && a < first.axes_size(); ++a) {
    const auto &one = first.axes(a), &other = second.axes(a);
    keys = one.name() == other.name() && one.categories_size() == other.categories_size();
    for (int c = 0; keys && c < one.categories_size(); ++c)
      keys = one.categories(c).code() == other.categories(c).code() &&
             one.categories(c).not_stated() == other.categories(c).not_stated();
  }
  for (int r = 0; keys && r < first.rows_size(); ++r)
    keys = std::equal(first.rows(r).key().begin(), first.rows(r).key().end(), second.rows(r).key().begin(),
                      second.rows(r).key().end());
  ASSIGN_OR_RETURN(v1::Select one, ShapeOf(first));
  ASSIGN_OR_RETURN(v1::Select other, ShapeOf(second));
  const auto by = [](v1::Select& select) {
    std::string text;
    for (const v1::Grain& grain : select.by()) absl::StrAppend(&text, grain.SerializeAsString(), ";");
    select.clear_by();
    return text;
  };
  const bool same_keys = by(one) == by(other) && keys;
  const bool same_measures =
      one.SerializeAsString() == other.SerializeAsString() && first.columns_size() == second.columns_size();
  const bool same_caps = first.cap_cells() == second.cap_cells() && first.cap_rows() == second.cap_rows();
  if (same_measures && !same_keys) {
    return Bad(
        "les deux tableaux n'ont pas les mêmes cases: posez deux questions de même GROUP BY, sur les mêmes "
        "périodes et les mêmes codes; seules les conditions, entered et l'édition peuvent différer",
        "the two tables do not have the same cells: ask two questions of one GROUP BY, over the same periods "
        "and codes; only conditions, entered and the edition may differ");
  }
  if (!same_measures || !same_caps) {
    return Bad(
        "les deux tableaux ne comptent pas la même chose: mêmes mesures, même table (FROM) et mêmes plafonds "
        "par personne dans les deux questions",
        "the two tables do not count the same: the same measures, the same table (FROM) and the same caps "
        "per person in both questions");
  }
  return absl::OkStatus();
}

// The integers of a column that are counts or sums, with what one is worth.
struct Counted {
  std::vector<double> at;  // by row, without noise's sign cut off
  double unit = 1;
  Mechanism noise;
};

// Nothing where the column is not such, or its integers are not those that the table shows.
absl::optional<Counted> CountedOf(const v1::Table& table, int column) {
  const std::string& measure = table.columns(column).measure();
  const bool difference = measure == "difference", sum = measure == "sum";
  if (!difference && !sum && measure != "persons" && measure != "rows") return absl::nullopt;
  const v1::Block* block = nullptr;
  for (const v1::Block& one : table.blocks()) {
    if (one.column() != static_cast<uint32_t>(column)) continue;
    if (block != nullptr) return absl::nullopt;
    block = &one;
  }
  const int fan = difference ? 2 : 1;
  if (block == nullptr || std::max<uint32_t>(1, block->fan()) != static_cast<uint32_t>(fan) ||
      block->noisy_size() != table.rows_size() * fan)
    return absl::nullopt;
  const absl::optional<Mechanism> noise = FromNoise(block->noise());
  if (!noise.has_value()) return absl::nullopt;
  Counted counted;
  counted.noise = *noise;
  // Two noises of one law, one less the other, are that law twice.
  if (difference) counted.noise.rate.num *= 2;
  if (sum) {
    if (block->unit_num() <= 0 || block->unit_den() <= 0) return absl::nullopt;
    counted.unit = static_cast<double>(block->unit_num()) / static_cast<double>(block->unit_den());
  }
  for (int r = 0; r < table.rows_size(); ++r) {
    const double noisy =
        difference ? static_cast<double>(block->noisy(2 * r)) - static_cast<double>(block->noisy(2 * r + 1))
                   : static_cast<double>(block->noisy(r));
    const double value = noisy * counted.unit;
    const v1::Value& shown = table.rows(r).values(column);
    const double off =
        std::min(std::fabs(shown.value() - value), std::fabs(shown.value() - std::max(0., value)));
    if (shown.shown() == v1::Value::SHOWN_YES && off > 1e-9 * std::max(1., std::fabs(value)))
      return absl::nullopt;
    counted.at.push_back(value);
  }
  return counted;
}

// Half the margin of a difference of counts, the same in all cells.
struct Margin {
  double half = 0;
  bool exact = false;
};

Margin MarginOf(const Counted& first, const Counted& second) {
  if (first.unit == second.unit) {
    const DifferenceReach reach = HalfWidthOfDifference(first.noise, second.noise, 0.95);
    return {static_cast<double>(reach.half_width) * first.unit, reach.exact};
  }
  return {static_cast<double>(HalfWidth(first.noise, 0.975)) * first.unit +
              static_cast<double>(HalfWidth(second.noise, 0.975)) * second.unit,
          false};
}

v1::Value Hidden(const v1::Value& first, const v1::Value& second) {
  v1::Value value;
  const bool few = first.shown() == v1::Value::SHOWN_TOO_FEW || second.shown() == v1::Value::SHOWN_TOO_FEW;
  value.set_shown(few ? v1::Value::SHOWN_TOO_FEW : v1::Value::SHOWN_MARGIN_TOO_WIDE);
  return value;
}

v1::Value ShownAs(double value, double low, double high) {
  v1::Value out;
  out.set_shown(v1::Value::SHOWN_YES);
  out.set_value(value);
  out.set_low(low);
  out.set_high(high);
  return out;
}

// Which row is taken from which, and the key that the result has.
struct Pair {
  int first = 0, second = 0;
  std::vector<uint32_t> key;
};

void FillRows(const v1::Table& first, const v1::Table& second, const std::vector<Pair>& pairs,
              v1::TableDifference& out) {
  v1::Table& table = *out.mutable_table();
  for (const Pair& pair : pairs) {
    v1::Row* row = table.add_rows();
    row->mutable_key()->Add(pair.key.begin(), pair.key.end());
  }
  for (int c = 0; c < first.columns_size(); ++c) {
    v1::Column* column = table.add_columns();
    column->set_name(first.columns(c).name());
    column->set_measure(first.columns(c).measure());
    column->mutable_unit()->set_fr(absl::StrCat("différence de: ", first.columns(c).unit().fr()));
    column->mutable_unit()->set_en(absl::StrCat("difference of: ", first.columns(c).unit().en()));
    const absl::optional<Counted> one = CountedOf(first, c), other = CountedOf(second, c);
    const bool counted = one.has_value() && other.has_value();
    const Margin margin = counted ? MarginOf(*one, *other) : Margin();
    column->set_margin(margin.half);
    out.add_exact(margin.exact);
    for (size_t i = 0; i < pairs.size(); ++i) {
      const v1::Value &a = first.rows(pairs[i].first).values(c), &b = second.rows(pairs[i].second).values(c);
      const bool shown_a = a.shown() == v1::Value::SHOWN_YES, shown_b = b.shown() == v1::Value::SHOWN_YES;
      v1::Value* to = table.mutable_rows(static_cast<int>(i))->add_values();
      if (counted && (shown_a || shown_b)) {
        // A count too small to be shown beside one that is not: its integer was released all the same.
        const double value = one->at[pairs[i].first] - other->at[pairs[i].second];
        *to = ShownAs(value, value - margin.half, value + margin.half);
      } else if (!counted && shown_a && shown_b) {
        *to = ShownAs(a.value() - b.value(), a.low() - b.high(), a.high() - b.low());
      } else {
        *to = Hidden(a, b);
      }
    }
  }
  for (const v1::Row& row : table.rows()) {
    const bool any = std::any_of(row.values().begin(), row.values().end(),
                                 [](const v1::Value& v) { return v.shown() == v1::Value::SHOWN_YES; });
    table.set_hidden_rows(table.hidden_rows() + (any ? 0 : 1));
  }
}

// Neither "not stated" nor a total comes after anything.
bool IsInSequence(const v1::Category& category) {
  return !category.not_stated() && category.code() != "(total)";
}

v1::TableDifference::Source SourceOf(const v1::Answer& answer, const v1::Table& table) {
  v1::TableDifference::Source source;
  source.set_question_id(answer.question_id());
  source.set_question(table.question());
  source.set_title(table.title());
  source.set_edition(answer.edition());
  source.set_answered(answer.answered());
  source.set_asked(answer.asked());
  *source.mutable_organisations() = answer.organisations();
  source.set_round_id(answer.regional().round_id());
  *source.mutable_citation() = answer.citation();
  return source;
}

bool SameOrganisations(const v1::Answer& first, const v1::Answer& second) {
  const auto names = [](const v1::Answer& answer) {
    std::vector<std::string> sorted(answer.organisations().begin(), answer.organisations().end());
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  };
  return names(first) == names(second);
}

// The same stored numbers: an office gives one answer to a question in an edition, a network one in a round.
bool SameRelease(const v1::Answer& first, const v1::Answer& second) {
  return first.question_id() == second.question_id() && first.edition() == second.edition() &&
         first.regional().round_id() == second.regional().round_id() && SameOrganisations(first, second);
}

}  // namespace

absl::StatusOr<v1::TableDifference> Subtract(const TableOf& first, const TableOf& second) {
  ASSIGN_OR_RETURN(const v1::Table* const a, Find(first));
  ASSIGN_OR_RETURN(const v1::Table* const b, Find(second));
  if (first.answer.codebook() != second.answer.codebook()) {
    return Bad(absl::StrCat("les deux réponses n'ont pas le même lexique (", first.answer.codebook(), ", ",
                            second.answer.codebook(), "): reposez la plus ancienne des deux questions"),
               absl::StrCat("the two answers have different codebooks (", first.answer.codebook(), ", ",
                            second.answer.codebook(), "): ask the older of the two questions again"));
  }
  if (SameRelease(first.answer, second.answer) && first.table == second.table) {
    return Bad("c'est deux fois le même tableau: nommez-en un autre, ou une réponse d'une autre édition",
               "this is the same table twice: name another one, or an answer of another edition");
  }
  RETURN_IF_ERROR(CheckAlike(*a, *b));
  v1::TableDifference out;
  *out.mutable_table()->mutable_axes() = a->axes();
  std::vector<Pair> pairs;
  pairs.reserve(a->rows_size());
  for (int r = 0; r < a->rows_size(); ++r)
    pairs.push_back({r, r, {a->rows(r).key().begin(), a->rows(r).key().end()}});
  FillRows(*a, *b, pairs, out);
  *out.mutable_first() = SourceOf(first.answer, *a);
  *out.mutable_second() = SourceOf(second.answer, *b);
  out.set_codebook(first.answer.codebook());
  out.set_other_organisations(!SameOrganisations(first.answer, second.answer));
  out.set_practice(first.answer.practice() || second.answer.practice());
  return out;
}

absl::StatusOr<v1::TableDifference> SubtractAlong(const TableOf& of, absl::string_view key) {
  ASSIGN_OR_RETURN(const v1::Table* const table, Find(of));
  int along = -1;
  std::vector<std::string> names;
  for (int a = 0; a < table->axes_size(); ++a) {
    names.push_back(table->axes(a).name());
    if (along < 0 && names.back() == key) along = a;
  }
  if (along < 0) {
    return Bad(absl::StrCat("--by ", key, ": ce tableau n'a pas cette clé; les siennes: ",
                            names.empty() ? "aucune" : absl::StrJoin(names, ", ")),
               absl::StrCat("--by ", key, ": this table has no such key; it has: ",
                            names.empty() ? "none" : absl::StrJoin(names, ", ")));
  }
  v1::TableDifference out;
  *out.mutable_table()->mutable_axes() = table->axes();
  v1::Axis* const axis = out.mutable_table()->mutable_axes(along);
  axis->clear_categories();
  const v1::Axis& was = table->axes(along);
  std::map<uint32_t, uint32_t> place;  // of a category that has one before it, among those kept
  for (int c = 1; c < was.categories_size(); ++c) {
    const v1::Category &now = was.categories(c), &before = was.categories(c - 1);
    if (!IsInSequence(now) || !IsInSequence(before)) continue;
    place[static_cast<uint32_t>(c)] = static_cast<uint32_t>(axis->categories_size());
    v1::Category* category = axis->add_categories();
    category->set_code(now.code());
    category->mutable_label()->set_fr(absl::StrCat(now.label().fr(), " moins ", before.label().fr()));
    category->mutable_label()->set_en(absl::StrCat(now.label().en(), " less ", before.label().en()));
  }
  if (place.empty()) {
    return Bad(absl::StrCat("--by ", key, ": il faut au moins deux valeurs de cette clé"),
               absl::StrCat("--by ", key, ": at least two values of this key are needed"));
  }
  std::map<std::vector<uint32_t>, int> row_of;
  for (int r = 0; r < table->rows_size(); ++r)
    row_of[{table->rows(r).key().begin(), table->rows(r).key().end()}] = r;
  std::vector<Pair> pairs;
  for (const auto& [at, row] : row_of) {
    const auto kept = place.find(at[along]);
    if (kept == place.end()) continue;
    std::vector<uint32_t> before = at;
    --before[along];
    const auto other = row_of.find(before);
    if (other == row_of.end()) continue;
    Pair pair{row, other->second, at};
    pair.key[along] = kept->second;
    pairs.push_back(std::move(pair));
  }
  FillRows(*table, *table, pairs, out);
  *out.mutable_first() = SourceOf(of.answer, *table);
  out.set_along(std::string(key));
  out.set_codebook(of.answer.codebook());
  out.set_practice(of.answer.practice());
  return out;
}

}  // namespace penc
