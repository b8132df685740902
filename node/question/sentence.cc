#include "question/sentence.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/decimal.h"
#include "codebook/period.h"
#include "question/predicate.h"

namespace penc {
namespace {

Text Cat(const Text& a, const Text& b) { return {absl::StrCat(a.fr, b.fr), absl::StrCat(a.en, b.en)}; }

Text Join(const std::vector<Text>& parts, const Text& between) {
  Text out;
  for (size_t i = 0; i < parts.size(); ++i) out = Cat(i == 0 ? out : Cat(out, between), parts[i]);
  return out;
}

// "a, b or c".
Text Either(const std::vector<Text>& parts, const Text& last = {" ou ", " or "}) {
  if (parts.size() < 2) return Join(parts, {});
  return Cat(Cat(Join({parts.begin(), parts.end() - 1}, {", ", ", "}), last), parts.back());
}

// In the middle of a sentence: "Tranche d'âge" reads "tranche d'âge"; "ONG" stays.
std::string Inside(std::string label) {
  if (label.size() > 1 && absl::ascii_isupper(label[0]) && !absl::ascii_isupper(label[1]))
    label[0] = absl::ascii_tolower(label[0]);
  return label;
}
Text Inside(const Text& label) { return {Inside(label.fr), Inside(label.en)}; }

Text Quoted(const Text& label) {
  return {absl::StrCat("«", label.fr, "»"), absl::StrCat("\"", label.en, "\"")};
}

const Column& ColumnOf(const Codebook& codebook, const ColumnRef& ref) {
  return codebook.tables[ref.table].columns[ref.column];
}

Text PeriodWords(ColumnType type, int64_t value) {
  const std::string text = FormatPeriod(type, value);
  if (type != ColumnType::kQuarter) return {text, text};
  const std::string year = text.substr(0, 4), quarter = text.substr(6);
  return {absl::StrCat(quarter == "1" ? "1er" : quarter + "e", " trimestre ", year),
          absl::StrCat("quarter ", quarter, " of ", year)};
}

// A range of dates in the coarsest period whose boundaries it has.
Text RangeWords(ColumnType type, int64_t first, int64_t last) {
  for (ColumnType coarse : {ColumnType::kYear, ColumnType::kQuarter, ColumnType::kMonth}) {
    if (coarse <= type || type == ColumnType::kWeek) continue;
    const int64_t a = Coarsen(type, first, coarse), b = Coarsen(type, last, coarse);
    if (Coarsen(type, first - 1, coarse) == a || Coarsen(type, last + 1, coarse) == b) continue;
    return RangeWords(coarse, a, b);
  }
  const Text from = PeriodWords(type, first), to = PeriodWords(type, last);
  if (first == last)
    return type == ColumnType::kQuarter ? Text{absl::StrCat("au ", from.fr), absl::StrCat("in ", from.en)}
           : type == ColumnType::kDay   ? Text{absl::StrCat("le ", from.fr), absl::StrCat("on ", from.en)}
                                        : Text{absl::StrCat("en ", from.fr), absl::StrCat("in ", from.en)};
  if (type == ColumnType::kQuarter)
    return {absl::StrCat("du ", from.fr, " au ", to.fr), absl::StrCat("from ", from.en, " to ", to.en)};
  return {absl::StrCat("de ", from.fr, " à ", to.fr), absl::StrCat("from ", from.en, " to ", to.en)};
}

class Speaker {
 public:
  Speaker(const Question& question, const Codebook& codebook) : question_(question), codebook_(codebook) {}

  Text Whole() const {
    std::vector<Text> parts = {Measures()};
    if (!question_.by.empty()) {
      std::vector<Text> keys;
      for (const Grain& grain : question_.by) keys.push_back(Key(grain));
      const Text by = Cat({"par ", "by "}, Either(keys, {" et ", " and "}));
      parts.push_back(question_.rolled > 0 ? Cat(by, Totals(keys)) : by);
    }
    for (const Predicate& one : TopLevel()) parts.push_back(Clause(one));
    if (question_.cohorts.from.has_value() || question_.cohorts.to.has_value()) parts.push_back(Cohorts());
    return Cat(Join(parts, {", ", ", "}), {" ?", "?"});
  }

 private:
  // Of ROLLUP: over which keys there are totals.
  Text Totals(const std::vector<Text>& keys) const {
    if (question_.rolled == keys.size()) return {" avec les totaux", " with totals"};
    const std::vector<Text> over(keys.end() - static_cast<std::ptrdiff_t>(question_.rolled), keys.end());
    return Cat({" avec les totaux sur ", " with totals over "}, Either(over, {" et ", " and "}));
  }

  std::vector<Predicate> TopLevel() const {
    if (question_.where.kind == Predicate::Kind::kTrue) return {};
    if (question_.where.kind == Predicate::Kind::kAnd) return question_.where.children;
    return {question_.where};
  }

  Text Measures() const {
    const Text& table = codebook_.tables[question_.table].label;
    std::vector<Text> parts;
    for (const Measure& measure : question_.measures) {
      const Text of =
          measure.column.has_value() ? Quoted(ColumnOf(codebook_, *measure.column).label) : Text{};
      switch (measure.kind) {
        case MeasureKind::kPersons:
          parts.push_back({"combien de personnes", "how many people"});
          break;
        case MeasureKind::kRows:
          parts.push_back({"combien d'enregistrements", "how many records"});
          break;
        case MeasureKind::kSum:
          parts.push_back(Cat({"quel total de ", "what total of "}, of));
          break;
        case MeasureKind::kMean:
          parts.push_back(Cat({"quelle moyenne de ", "what mean of "}, of));
          break;
        case MeasureKind::kQuantile:
          parts.push_back(Cat(QuantileWords(measure.quantile_ppm), of));
          break;
        case MeasureKind::kVariance:
          parts.push_back(Cat({"quelle variance de ", "what variance of "}, of));
          break;
        case MeasureKind::kDeviation:
          parts.push_back(Cat({"quel écart-type de ", "what standard deviation of "}, of));
          break;
        case MeasureKind::kShare:
          parts.push_back(
              Cat({"quelle part de personnes: ", "what share of people: "}, Clause(measure.groups[0])));
          break;
        case MeasureKind::kDifference:
          parts.push_back(
              Join({Cat({"combien de personnes: ", "how many people: "}, Clause(measure.groups[0])),
                    Clause(measure.groups[1])},
                   {", moins combien: ", ", less how many: "}));
          break;
        case MeasureKind::kDistinct:
          parts.push_back({"combien de personnes différentes, toutes organisations ensemble",
                           "how many different people, all organisations together"});
          break;
        case MeasureKind::kShared:
          parts.push_back({"combien de personnes connues d'au moins deux organisations",
                           "how many people known to at least two organisations"});
          break;
      }
    }
    Text says = Either(parts, {" et ", " and "});
    says.fr[0] = absl::ascii_toupper(says.fr[0]);
    says.en[0] = absl::ascii_toupper(says.en[0]);
    return Cat(says, {absl::StrCat(" (", table.fr, ")"), absl::StrCat(" (", table.en, ")")});
  }

  static Text QuantileWords(uint32_t ppm) {
    if (ppm == 500000) return {"quelle médiane de ", "what median of "};
    const std::string percent = FormatDecimal(OfSteps(ppm, {1, 10000}).value());
    return {absl::StrCat("quelle valeur de ", "«", percent, " % au plus» de "),
            absl::StrCat("what ", percent, "% quantile of ")};
  }

  Text Named(const ColumnRef& ref) const { return Inside(ColumnOf(codebook_, ref).label); }

  Text Key(const Grain& grain) const {
    if (grain.of_cohorts()) return CohortKey(grain.level);
    const Column& column = ColumnOf(codebook_, grain.column);
    const Text name = Named(grain.column);
    const auto as = [&](const char* fr, const char* en) -> Text {
      return {absl::StrCat(name.fr, " (", fr, ")"), absl::StrCat(name.en, " (", en, ")")};
    };
    const auto own = static_cast<int>(grain.level) - static_cast<int>(GrainLevel::kDay) ==
                     static_cast<int>(column.type) - static_cast<int>(ColumnType::kDay);
    switch (grain.level) {
      case GrainLevel::kValue:
        return name;
      case GrainLevel::kFold:
        return as("liste courte", "short list");
      case GrainLevel::kMain:
        return as("la principale", "the main one");
      case GrainLevel::kParent:
        return as("le pays", "the country");
      case GrainLevel::kDay:
        return own ? name : as("par jour", "by day");
      case GrainLevel::kWeek:
        return own ? name : as("par semaine", "by week");
      case GrainLevel::kMonth:
        return own ? name : as("par mois", "by month");
      case GrainLevel::kQuarter:
        return own ? name : as("par trimestre", "by quarter");
      case GrainLevel::kYear:
        return own ? name : as("par année", "by year");
      case GrainLevel::kBand:
        return as("par tranche", "by band");
      case GrainLevel::kEntered:
      case GrainLevel::kEnteredQuarter:
      case GrainLevel::kEnteredYear:
        break;  // said above
    }
    return name;
  }

  static Text CohortKey(GrainLevel level) {
    const Text name = {"édition du premier comptage", "edition first counted in"};
    if (level == GrainLevel::kEnteredQuarter) return Cat(name, {" (par trimestre)", " (by quarter)"});
    if (level == GrainLevel::kEnteredYear) return Cat(name, {" (par année)", " (by year)"});
    return name;
  }

  Text Cohorts() const {
    const auto label = [&](const absl::optional<Edition>& edition) {
      return EditionLabel(codebook_.closing, *edition);
    };
    if (!question_.cohorts.from.has_value())
      return {absl::StrCat("personnes comptées pour la première fois jusqu'à ", label(question_.cohorts.to)),
              absl::StrCat("people first counted until ", label(question_.cohorts.to))};
    if (!question_.cohorts.to.has_value())
      return {absl::StrCat("personnes comptées pour la première fois depuis ", label(question_.cohorts.from)),
              absl::StrCat("people first counted since ", label(question_.cohorts.from))};
    return {absl::StrCat("personnes comptées pour la première fois de ", label(question_.cohorts.from), " à ",
                         label(question_.cohorts.to)),
            absl::StrCat("people first counted from ", label(question_.cohorts.from), " to ",
                         label(question_.cohorts.to))};
  }

  Text Clause(const Predicate& p) const {
    switch (p.kind) {
      case Predicate::Kind::kTrue:
        return {};
      case Predicate::Kind::kAnd:
      case Predicate::Kind::kOr: {
        std::vector<Text> parts;
        for (const Predicate& child : p.children) parts.push_back(Clause(child));
        const bool both = p.kind == Predicate::Kind::kAnd;
        return Cat(Cat({"(", "("}, Join(parts, both ? Text{" et ", " and "} : Text{" ou ", " or "})),
                   {")", ")"});
      }
      case Predicate::Kind::kIn:
        return In(p);
      default: {
        const CodeList& list = *codebook_.list_of(ColumnOf(codebook_, p.column));
        std::vector<Text> codes;
        for (uint32_t bit = 0; bit < list.codes.size(); ++bit) {
          if (p.mask >> bit & 1) codes.push_back(Quoted(list.codes[bit].label));
        }
        return Cat(
            Named(p.column),
            Cat(p.kind == Predicate::Kind::kHasAny ? Text{": ", ": "} : Text{": aucun de ", ": none of "},
                Either(codes)));
      }
    }
  }

  // The only column of dates of the question's table needs no name.
  bool OnlyDate(const ColumnRef& ref) const {
    const std::vector<Column>& columns = codebook_.tables[question_.table].columns;
    return ref.table == question_.table &&
           std::count_if(columns.begin(), columns.end(), [](const Column& c) { return c.is_date(); }) == 1;
  }

  Text In(const Predicate& p) const {
    const Column& column = ColumnOf(codebook_, p.column);
    const StoredValue last = LastStored(codebook_, p.column);
    if (p.values.empty()) return {"sur rien", "of nothing"};
    ValueSet values = p.values;
    const bool null = values.front().first == kNull;
    if (null) values = Intersection(values, {{1, last}});
    if (values.empty()) return Cat(Named(p.column), {": non renseigné", ": not stated"});
    const bool all = values.size() == 1 && values[0].first == 1 && values[0].last == last;
    if (all && !null) return Cat(Named(p.column), {": renseigné", ": stated"});
    if (column.is_date()) return Dates(p.column, column, values, last, null);
    std::vector<Text> parts;
    bool except = false;
    // Of several codes at once only "stated" and "not stated" are sets of values; the rest are masks.
    PENC_CHECK(column.type != ColumnType::kCodes);
    const CodeList* list = codebook_.list_of(column);
    if (list == nullptr) {
      for (const Interval& one : values) parts.push_back(Amounts(column, one, last));
    } else {
      uint64_t held = 0;
      for (const Interval& one : values) held += one.last - one.first + 1;
      except = held * 2 > last && last > 2;
      for (const Interval& one : except ? Intersection(Complement(values, last), {{1, last}}) : values) {
        for (StoredValue v = one.first; v <= one.last; ++v) parts.push_back(Quoted(list->codes[v - 1].label));
      }
    }
    if (null) parts.push_back({"non renseigné", "not stated"});
    if (except && null) {
      const Text unstated = parts.back();
      parts.pop_back();
      return Cat(Cat(Cat(Named(p.column), {": tout sauf ", ": all but "}), Either(parts, {" et ", " and "})),
                 {absl::StrCat(", y compris ", unstated.fr), absl::StrCat(", ", unstated.en, " included")});
    }
    return Cat(Cat(Named(p.column), except ? Text{": tout sauf ", ": all but "} : Text{": ", ": "}),
               except ? Either(parts, {" et ", " and "}) : Either(parts));
  }

  Text Amounts(const Column& column, const Interval& one, StoredValue last) const {
    const auto amount = [&](StoredValue v) {
      const double value = static_cast<double>(column.lo + static_cast<int64_t>(v) - 1) *
                           static_cast<double>(column.step_num) / static_cast<double>(column.step_den);
      return absl::StrCat(value);
    };
    const std::string a = amount(one.first), b = amount(one.last);
    if (one.first == one.last) return {a, a};
    if (one.first == 1) return {absl::StrCat("au plus ", b), absl::StrCat("at most ", b)};
    if (one.last == last) return {absl::StrCat("au moins ", a), absl::StrCat("at least ", a)};
    return {absl::StrCat("de ", a, " à ", b), absl::StrCat("from ", a, " to ", b)};
  }

  Text Dates(const ColumnRef& ref, const Column& column, const ValueSet& values, StoredValue last,
             bool null) const {
    std::vector<Text> parts;
    for (const Interval& one : values) {
      const int64_t from = column.lo + static_cast<int64_t>(one.first) - 1,
                    to = column.lo + static_cast<int64_t>(one.last) - 1;
      if (one.first == 1 && one.last != last) {
        parts.push_back(Cat({"jusqu'à ", "until "}, PeriodWords(column.type, to)));
      } else if (one.last == last && one.first != 1) {
        parts.push_back(Cat({"depuis ", "since "}, PeriodWords(column.type, from)));
      } else {
        parts.push_back(RangeWords(column.type, from, to));
      }
    }
    if (null) parts.push_back({"sans date", "without a date"});
    const Text when = Either(parts);
    return OnlyDate(ref) ? when : Cat(Cat(Named(ref), {" ", " "}), when);
  }

  const Question& question_;
  const Codebook& codebook_;
};

}  // namespace

Text Sentence(const Question& question, const Codebook& codebook) {
  return Speaker(question, codebook).Whole();
}

}  // namespace penc
