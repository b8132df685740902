#include "question/bind.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/status.h"
#include "question/predicate.h"
#include "question/rollup.h"
#include "question/sql.h"
#include "question/sql_words.h"

namespace penc {
namespace {

constexpr char kRefusal[] = "penc/refusal";
constexpr char kAbout[] = "penc/about";
constexpr size_t kMostKeys = 8;
constexpr int kMostMeasures = 8;
constexpr int kMostQuestions = 64;
constexpr uint32_t kMostWeight = 1000;
constexpr size_t kLongestName = 128;
constexpr uint64_t kUsuallyExpected = 10000, kMostExpected = 3000000;
// Squares of amounts, times a person's rows, are summed in 64 bits.
constexpr int64_t kWidestSquared = int64_t{1} << 22;

// Through a view: the constructor from a string is not found by every compiler in the shared library.
absl::Cord CordOf(absl::string_view text) { return absl::Cord(text); }

absl::Status Unknown(v1::Refusal refusal, absl::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(name, known);
  const bool table = refusal == v1::REFUSAL_UNKNOWN_TABLE;
  const std::string list = absl::StrJoin(known, ", ");
  absl::Status status =
      Fail(absl::StatusCode::kNotFound,
           {absl::StrCat(table ? "table inconnue: " : "colonne inconnue: ", name,
                         nearest.empty() ? absl::StrCat("; connues: ", list)
                                         : absl::StrCat("; vouliez-vous dire ", nearest, "?")),
            absl::StrCat(table ? "unknown table: " : "unknown column: ", name,
                         nearest.empty() ? absl::StrCat("; known: ", list)
                                         : absl::StrCat("; did you mean ", nearest, "?"))});
  status.SetPayload(kRefusal, CordOf(absl::StrCat(static_cast<int>(refusal))));
  status.SetPayload(kAbout, CordOf(name.substr(0, 100)));
  return status;
}

absl::Status Bad(absl::string_view fr, absl::string_view en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::string(fr), std::string(en)});
}

absl::Status OpenList(const std::string& column) {
  absl::Status status =
      Bad(absl::StrCat(column,
                       ": ce sont les mots de l'organisation même, on peut seulement grouper par eux, "
                       "par une liste de ce genre à la fois; écrivez GROUP BY ",
                       column),
          absl::StrCat(column,
                       ": these are the organisation's own words, a question may only group by them, "
                       "by one list of this kind at a time; write GROUP BY ",
                       column));
  status.SetPayload(kRefusal, CordOf(absl::StrCat(static_cast<int>(v1::REFUSAL_OPEN_LIST))));
  status.SetPayload(kAbout, CordOf(column));
  return status;
}

class QuestionBinder {
 public:
  QuestionBinder(const Codebook& codebook, uint32_t table) : codebook_(codebook), table_(table) {}

  absl::StatusOr<ColumnRef> Resolve(absl::string_view name) const {
    if (name.size() > kLongestName) return Bad("nom de colonne trop long", "a column's name is too long");
    absl::string_view column = name, qualifier;
    if (const size_t dot = name.find('.'); dot != absl::string_view::npos) {
      qualifier = name.substr(0, dot);
      column = name.substr(dot + 1);
    }
    if (column == "person" || column == "person_ref" || column == "network_person")
      return Bad("aucune question ne peut nommer une personne", "no question can name a person");
    if (column == "entered") {
      return Bad("entered désigne des cohortes: seulement dans WHERE, joint par AND, et dans GROUP BY",
                 "entered names cohorts: only in WHERE, joined by AND, and in GROUP BY");
    }
    std::vector<std::string> known;
    std::vector<ColumnRef> found;
    // The question's own table first; then the person's columns, which every event has.
    for (uint32_t t : Visible()) {
      const Table& table = codebook_.tables[t];
      if (!qualifier.empty() && table.name != qualifier) continue;
      for (const Column& c : table.columns) {
        if (c.sensitivity != Sensitivity::kNever)
          known.push_back(t == table_ ? c.name : absl::StrCat(table.name, ".", c.name));
      }
      const auto at = table.Find(column);
      // A column that is never askable does not exist for a question.
      if (!at.has_value() || table.columns[*at].sensitivity == Sensitivity::kNever) continue;
      if (t == table_) return ColumnRef{t, *at};
      found.push_back({t, *at});
    }
    if (found.size() == 1) return found[0];
    if (found.size() > 1) {
      return Bad(absl::StrCat("«", name, "» existe dans plusieurs tables: écrivez person.", name),
                 absl::StrCat("\"", name, "\" is in several tables: write person.", name));
    }
    return Unknown(v1::REFUSAL_UNKNOWN_COLUMN, name, known);
  }

  // Of what is compared or added up: words of an open list are not.
  absl::StatusOr<ColumnRef> ResolveValue(absl::string_view name) const {
    ASSIGN_OR_RETURN(const ColumnRef ref, Resolve(name));
    if (ColumnAt(ref).type == ColumnType::kText) return OpenList(ColumnAt(ref).name);
    return ref;
  }

  absl::StatusOr<Grain> BindGrain(const v1::Grain& g) const {
    if (g.column() == "entered") return BindEntered(g.level());
    Grain grain;
    ASSIGN_OR_RETURN(grain.column, Resolve(g.column()));
    const Column& column = codebook_.tables[grain.column.table].columns[grain.column.column];
    const CodeList* list = codebook_.list_of(column);
    switch (g.level()) {
      case v1::Grain::LEVEL_UNSPECIFIED:
        if (column.is_date()) grain.level = LevelOf(column.type);
        return grain;
      case v1::Grain::LEVEL_FOLD:
        if (column.type == ColumnType::kCode && list->fold.has_value()) {
          grain.level = GrainLevel::kFold;
          return grain;
        }
        return Bad(
            absl::StrCat("fold(", column.name, "): le lexique n'a pas de liste courte pour cette colonne"),
            absl::StrCat("fold(", column.name, "): the codebook has no shorter list for this column"));
      case v1::Grain::LEVEL_MAIN:
        if (column.type == ColumnType::kCodes && !list->main_order.empty()) {
          grain.level = GrainLevel::kMain;
          return grain;
        }
        return Bad(absl::StrCat("main_of(", column.name, "): le lexique n'a pas d'ordre pour cette colonne"),
                   absl::StrCat("main_of(", column.name, "): the codebook has no order for this column"));
      case v1::Grain::LEVEL_PARENT:
        if (column.type == ColumnType::kCode && !list->parent_list.empty()) {
          grain.level = GrainLevel::kParent;
          return grain;
        }
        // country(nationality): already a list of countries.
        if (column.type == ColumnType::kCode && list->name == "country") return grain;
        return Bad(absl::StrCat("country(", column.name, "): ce n'est pas un lieu"),
                   absl::StrCat("country(", column.name, "): this is not a place"));
      case v1::Grain::LEVEL_BAND:
        if (!column.bands.empty()) {
          grain.level = GrainLevel::kBand;
          return grain;
        }
        return Bad(absl::StrCat("band(", column.name, "): le lexique n'a pas de tranches pour cette colonne"),
                   absl::StrCat("band(", column.name, "): the codebook has no bands for this column"));
      default: {
        const auto wanted =
            static_cast<GrainLevel>(static_cast<int>(GrainLevel::kDay) + (g.level() - v1::Grain::LEVEL_DAY));
        if (!v1::Grain::Level_IsValid(g.level()) || !column.is_date() || wanted < LevelOf(column.type) ||
            (column.type == ColumnType::kWeek && wanted != GrainLevel::kWeek) ||
            (wanted == GrainLevel::kWeek && column.type > ColumnType::kWeek)) {
          return Bad(
              absl::StrCat(
                  column.name,
                  ": ce découpage n'existe pas pour cette colonne (plus fin qu'elle, ou pas une date)"),
              absl::StrCat(column.name,
                           ": there is no such grain of this column (finer than it, or not a date)"));
        }
        grain.level = wanted;
        return grain;
      }
    }
  }

  // The cohort as the network closes, or a coarser period.
  absl::StatusOr<Grain> BindEntered(v1::Grain::Level level) const {
    const bool quarter = level == v1::Grain::LEVEL_QUARTER, year = level == v1::Grain::LEVEL_YEAR;
    if (level == v1::Grain::LEVEL_UNSPECIFIED ||
        (level == v1::Grain::LEVEL_MONTH && codebook_.closing == Closing::kMonth) ||
        (quarter && codebook_.closing == Closing::kQuarter) || (year && codebook_.closing == Closing::kYear))
      return Grain{kNoColumn, GrainLevel::kEntered};
    if (year) return Grain{kNoColumn, GrainLevel::kEnteredYear};
    if (quarter && codebook_.closing == Closing::kMonth) return Grain{kNoColumn, GrainLevel::kEnteredQuarter};
    return Bad("GROUP BY entered: écrivez entered, ou une période plus longue qu'une édition: year(entered)",
               "GROUP BY entered: write entered, or a period longer than an edition: year(entered)");
  }

  absl::StatusOr<Measure> BindMeasure(const v1::Measure& m) const {
    Measure measure;
    measure.name = m.name();
    if (measure.name.size() > 63 || FirstForbidden(measure.name)) {
      return Bad("titre de colonne: au plus 63 octets, sans guillemets ni retour à la ligne",
                 "column title: at most 63 bytes, no quotes or line breaks");
    }
    switch (m.kind()) {
      case v1::Measure::KIND_PERSONS:
        measure.kind = MeasureKind::kPersons;
        if (measure.name.empty()) measure.name = "persons";
        return measure;
      case v1::Measure::KIND_ROWS:
        measure.kind = MeasureKind::kRows;
        if (measure.name.empty()) measure.name = "rows";
        return measure;
      case v1::Measure::KIND_SUM:
      case v1::Measure::KIND_MEAN: {
        measure.kind = m.kind() == v1::Measure::KIND_SUM ? MeasureKind::kSum : MeasureKind::kMean;
        ASSIGN_OR_RETURN(const ColumnRef ref, ResolveValue(m.column()));
        const Column& column = codebook_.tables[ref.table].columns[ref.column];
        if (!column.is_amount()) {
          return Bad(absl::StrCat(column.name, ": une somme ou une moyenne demande un nombre"),
                     absl::StrCat(column.name, ": a sum or a mean needs a number"));
        }
        measure.column = ref;
        if (measure.name.empty())
          measure.name = absl::StrCat(measure.kind == MeasureKind::kSum ? "sum_" : "avg_", column.name);
        return measure;
      }
      case v1::Measure::KIND_QUANTILE:
        return BindQuantile(m, std::move(measure));
      case v1::Measure::KIND_VARIANCE:
      case v1::Measure::KIND_DEVIATION:
        return BindSpread(m, std::move(measure));
      case v1::Measure::KIND_SHARE:
      case v1::Measure::KIND_DIFFERENCE:
        return BindGroups(m, std::move(measure));
      case v1::Measure::KIND_DISTINCT:
      case v1::Measure::KIND_SHARED:
        return BindDistinct(m, std::move(measure));
      default:
        return Bad("il manque ce qu'on compte", "what to count is missing");
    }
  }

 private:
  absl::StatusOr<Measure> BindQuantile(const v1::Measure& m, Measure measure) const {
    measure.kind = MeasureKind::kQuantile;
    measure.quantile_ppm = m.quantile_ppm();
    ASSIGN_OR_RETURN(measure.column, ResolveValue(m.column()));
    const Column& column = ColumnAt(*measure.column);
    if (!column.is_amount()) {
      return Bad(absl::StrCat(column.name, ": une médiane demande un nombre"),
                 absl::StrCat(column.name, ": a median needs a number"));
    }
    if (m.quantile_ppm() == 0 || m.quantile_ppm() >= 1000000) {
      return Bad("percentile_cont: donnez une part entre 0 et 1, sans eux; la médiane est 0.5",
                 "percentile_cont: give a share between 0 and 1, without them; the median is 0.5");
    }
    if (measure.name.empty()) {
      measure.name = m.quantile_ppm() == 500000
                         ? absl::StrCat("median_", column.name)
                         : absl::StrCat("p", FormatDecimal(OfSteps(m.quantile_ppm(), {1, 10000}).value()),
                                        "_", column.name);
    }
    return measure;
  }

  absl::StatusOr<Measure> BindSpread(const v1::Measure& m, Measure measure) const {
    const bool variance = m.kind() == v1::Measure::KIND_VARIANCE;
    measure.kind = variance ? MeasureKind::kVariance : MeasureKind::kDeviation;
    ASSIGN_OR_RETURN(measure.column, ResolveValue(m.column()));
    const Column& column = ColumnAt(*measure.column);
    if (!column.is_amount() || column.hi - column.lo > kWidestSquared) {
      return Bad(
          absl::StrCat(column.name, ": une variance demande un nombre d'au plus ", kWidestSquared, " pas"),
          absl::StrCat(column.name, ": a variance needs a number of at most ", kWidestSquared, " steps"));
    }
    if (measure.name.empty()) measure.name = absl::StrCat(variance ? "variance_" : "stddev_", column.name);
    return measure;
  }

  absl::StatusOr<Measure> BindGroups(const v1::Measure& m, Measure measure) const {
    const bool share = m.kind() == v1::Measure::KIND_SHARE;
    measure.kind = share ? MeasureKind::kShare : MeasureKind::kDifference;
    if (m.groups_size() != (share ? 1 : 2)) {
      return Bad("attendu: share(condition) ou difference(condition, condition)",
                 "expected: share(condition) or difference(condition, condition)");
    }
    for (const v1::Condition& condition : m.groups()) {
      ASSIGN_OR_RETURN(Predicate group, BindCondition(condition, codebook_, [&](absl::string_view name) {
                         return ResolveValue(name);
                       }));
      if (IsNever(group) || group.kind == Predicate::Kind::kTrue) {
        return Bad("ce groupe est toujours vide, ou toujours tout le monde: changez sa condition",
                   "this group is always empty, or always everybody: change its condition");
      }
      measure.groups.push_back(std::move(group));
    }
    if (measure.name.empty()) measure.name = share ? "share" : "difference";
    return measure;
  }

  absl::StatusOr<Measure> BindDistinct(const v1::Measure& m, Measure measure) const {
    if (!codebook_.linkage.has_value()) {
      return Bad(
          "ce réseau ne reconnaît pas une personne d'une organisation à l'autre (le lexique n'a pas de "
          "linkage): demandez count(DISTINCT person), des personnes suivies, non uniques",
          "this network does not recognise a person from one organisation to another (the codebook has "
          "no linkage): ask count(DISTINCT person), people followed, not unique");
    }
    measure.kind = m.kind() == v1::Measure::KIND_DISTINCT ? MeasureKind::kDistinct : MeasureKind::kShared;
    measure.expected_persons = m.expected_persons() == 0 ? kUsuallyExpected : m.expected_persons();
    if (measure.expected_persons > kMostExpected) {
      return Bad(absl::StrCat("personnes attendues: au plus ", kMostExpected),
                 absl::StrCat("persons expected: at most ", kMostExpected));
    }
    if (measure.name.empty())
      measure.name = measure.kind == MeasureKind::kDistinct ? "distinct_persons" : "shared_persons";
    return measure;
  }

  const Column& ColumnAt(const ColumnRef& ref) const {
    return codebook_.tables[ref.table].columns[ref.column];
  }

  static bool FirstForbidden(absl::string_view name) {
    return std::any_of(name.begin(), name.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 32 || c == '"'; });
  }
  static GrainLevel LevelOf(ColumnType type) {
    return static_cast<GrainLevel>(static_cast<int>(GrainLevel::kDay) + static_cast<int>(type) -
                                   static_cast<int>(ColumnType::kDay));
  }
  std::vector<uint32_t> Visible() const {
    std::vector<uint32_t> tables = {table_};
    for (uint32_t t = 0; t < codebook_.tables.size(); ++t) {
      if (t != table_ && codebook_.tables[t].unit == Unit::kPerson) tables.push_back(t);
    }
    return tables;
  }

  const Codebook& codebook_;
  uint32_t table_;
};

bool NamesEntered(const v1::Condition& c) {
  return c.column() == "entered" || std::any_of(c.children().begin(), c.children().end(), NamesEntered);
}

// One comparison of `entered` narrows the cohorts.
absl::Status Narrow(const v1::Condition& c, Closing closing, Cohorts& cohorts) {
  std::vector<Edition> editions;
  for (const v1::Literal& literal : c.values()) {
    const std::string text = literal.has_text() ? literal.text() : absl::StrCat(literal.integer());
    ASSIGN_OR_RETURN(const Edition edition, ParseEdition(closing, text));
    editions.push_back(edition);
  }
  const auto from = [&](Edition e) {
    cohorts.from = cohorts.from.has_value() ? std::max(*cohorts.from, e) : e;
  };
  const auto to = [&](Edition e) { cohorts.to = cohorts.to.has_value() ? std::min(*cohorts.to, e) : e; };
  const bool complete = c.operator_() == v1::Condition::OPERATOR_IN        ? !editions.empty()
                        : c.operator_() == v1::Condition::OPERATOR_BETWEEN ? editions.size() == 2
                                                                           : editions.size() == 1;
  switch (complete ? c.operator_() : v1::Condition::OPERATOR_UNSPECIFIED) {
    case v1::Condition::OPERATOR_IN:
      std::sort(editions.begin(), editions.end());
      for (size_t i = 1; i < editions.size(); ++i) {
        if (editions[i] - editions[i - 1] > 1)
          return Bad("entered IN: sans trou; posez une question par suite de cohortes",
                     "entered IN: without a gap; ask one question for each run of cohorts");
      }
      from(editions.front());
      to(editions.back());
      return absl::OkStatus();
    case v1::Condition::OPERATOR_EQUAL:
      from(editions[0]);
      to(editions[0]);
      return absl::OkStatus();
    case v1::Condition::OPERATOR_BETWEEN:
      from(editions[0]);
      to(editions[1]);
      return absl::OkStatus();
    case v1::Condition::OPERATOR_GREATER_OR_EQUAL:
      from(editions[0]);
      return absl::OkStatus();
    case v1::Condition::OPERATOR_GREATER:
      from(editions[0] + 1);
      return absl::OkStatus();
    case v1::Condition::OPERATOR_LESS_OR_EQUAL:
      to(editions[0]);
      return absl::OkStatus();
    case v1::Condition::OPERATOR_LESS:
      to(editions[0] - 1);
      return absl::OkStatus();
    default:
      return Bad("entered: écrivez = '2026-Q3', >= , <= ou BETWEEN '2025-Q4' AND '2026-Q3'",
                 "entered: write = '2026-Q3', >= , <= or BETWEEN '2025-Q4' AND '2026-Q3'");
  }
}

// Takes the top-level AND conjuncts on `entered` out of a condition; nothing is left where that was all.
absl::StatusOr<absl::optional<v1::Condition>> TakeCohorts(const v1::Condition& where, Closing closing,
                                                          Cohorts& cohorts) {
  if (!NamesEntered(where)) return absl::make_optional(where);
  if (where.column() == "entered") {
    RETURN_IF_ERROR(Narrow(where, closing, cohorts));
    return absl::optional<v1::Condition>();
  }
  if (where.operator_() == v1::Condition::OPERATOR_AND) {
    v1::Condition rest;
    rest.set_operator_(v1::Condition::OPERATOR_AND);
    for (const v1::Condition& child : where.children()) {
      ASSIGN_OR_RETURN(absl::optional<v1::Condition> left, TakeCohorts(child, closing, cohorts));
      if (left.has_value()) *rest.add_children() = *std::move(left);
    }
    if (rest.children_size() == 0) return absl::optional<v1::Condition>();
    return absl::make_optional(std::move(rest));
  }
  return Bad("entered désigne des cohortes: joignez-le par AND, pas sous OR ni NOT",
             "entered names cohorts: join it by AND, not under OR or NOT");
}

absl::Status CheckCohorts(const Cohorts& cohorts) {
  if (!cohorts.from.has_value() || !cohorts.to.has_value() || *cohorts.from <= *cohorts.to)
    return absl::OkStatus();
  return Bad("entered: la période est vide (la première cohorte vient après la dernière)",
             "entered: the range is empty (the first cohort comes after the last)");
}

}  // namespace

v1::Refusal RefusalOf(const absl::Status& status, std::string* about) {
  const auto number = status.GetPayload(kRefusal);
  int value = 0;
  if (!number.has_value() || !absl::SimpleAtoi(std::string(*number), &value)) return v1::REFUSAL_UNSPECIFIED;
  if (const auto name = status.GetPayload(kAbout); name.has_value()) *about = std::string(*name);
  return static_cast<v1::Refusal>(value);
}

namespace {
// A key that is no column of the codebook is none either.
bool Open(const Codebook& codebook, const Grain& grain) {
  const ColumnRef& ref = grain.column;
  return ref.table < codebook.tables.size() && ref.column < codebook.tables[ref.table].columns.size() &&
         codebook.tables[ref.table].columns[ref.column].type == ColumnType::kText;
}
}  // namespace

absl::StatusOr<Question> Bind(const v1::Question& asked, const Codebook& codebook) {
  v1::Select select;
  if (asked.has_sql()) {
    ASSIGN_OR_RETURN(select, ParseSql(asked.sql()));
  } else if (asked.has_select()) {
    select = asked.select();
  } else {
    return Bad("question vide: donnez du SQL", "empty question: give SQL");
  }
  Question question;
  question.title = asked.title();
  question.weight = asked.weight() == 0 ? 1 : asked.weight();
  if (question.title.size() > 200 ||
      std::any_of(question.title.begin(), question.title.end(), absl::ascii_iscntrl)) {
    return Bad("titre: au plus 200 octets, sur une ligne", "title: at most 200 bytes, on one line");
  }
  if (question.weight > kMostWeight) return Bad("poids: au plus 1000", "weight: at most 1000");
  if (select.table().size() > kLongestName)
    return Bad("nom de table trop long", "a table's name is too long");
  const auto table = codebook.FindTable(select.table());
  if (!table.has_value()) {
    std::vector<std::string> known;
    for (const Table& t : codebook.tables) known.push_back(t.name);
    return Unknown(v1::REFUSAL_UNKNOWN_TABLE, select.table(), known);
  }
  question.table = *table;
  if (select.measures_size() < 1 || select.measures_size() > kMostMeasures) {
    return Bad("de 1 à 8 mesures par question", "1 to 8 measures a question");
  }
  const QuestionBinder binder(codebook, *table);
  for (const v1::Measure& measure : select.measures()) {
    ASSIGN_OR_RETURN(Measure bound, binder.BindMeasure(measure));
    question.measures.push_back(std::move(bound));
  }
  if (static_cast<size_t>(select.by_size()) > kMostKeys)
    return Bad("au plus 8 critères de regroupement", "at most 8 grouping columns");
  for (const v1::Grain& grain : select.by()) {
    ASSIGN_OR_RETURN(const Grain bound, binder.BindGrain(grain));
    for (const Grain& earlier : question.by) {
      if (Open(codebook, earlier) && Open(codebook, bound)) return OpenList(grain.column());
      if (earlier.column == bound.column && earlier.level == bound.level && select.rolled() == 0)
        return Bad(absl::StrCat("GROUP BY ", grain.column(), ": ce critère y est deux fois"),
                   absl::StrCat("GROUP BY ", grain.column(), ": this key stands there twice"));
    }
    question.by.push_back(bound);
  }
  question.rolled = select.rolled();
  RETURN_IF_ERROR(CheckRollup(question, codebook));
  if (select.has_where()) {
    ASSIGN_OR_RETURN(const auto rest, TakeCohorts(select.where(), codebook.closing, question.cohorts));
    RETURN_IF_ERROR(CheckCohorts(question.cohorts));
    if (rest.has_value()) {
      ASSIGN_OR_RETURN(question.where, BindCondition(*rest, codebook, [&](absl::string_view name) {
                         return binder.ResolveValue(name);
                       }));
      if (IsNever(question.where)) {
        return Bad("WHERE n'est jamais vrai: des conditions se contredisent, ou sortent du lexique",
                   "WHERE can never be true: conditions contradict one another, or lie outside the codebook");
      }
    }
  }
  return question;
}

absl::StatusOr<std::vector<Question>> BindAll(const v1::Bulletin& bulletin, const Codebook& codebook) {
  if (bulletin.questions_size() < 1 || bulletin.questions_size() > kMostQuestions) {
    return Bad("un bulletin a de 1 à 64 questions", "a bulletin has 1 to 64 questions");
  }
  std::vector<Question> questions;
  for (int i = 0; i < bulletin.questions_size(); ++i) {
    absl::StatusOr<Question> question = Bind(bulletin.questions(i), codebook);
    if (!question.ok()) {
      if (bulletin.questions_size() == 1) return question.status();
      std::string about;
      const v1::Refusal refusal = RefusalOf(question.status(), &about);
      absl::Status status = At(absl::StrCat("question ", i + 1), question.status());
      if (refusal != v1::REFUSAL_UNSPECIFIED) {
        status.SetPayload(kRefusal, CordOf(absl::StrCat(static_cast<int>(refusal))));
        status.SetPayload(kAbout, CordOf(about));
      }
      return status;
    }
    questions.push_back(*std::move(question));
  }
  return questions;
}

namespace {
std::string CallOf(const Measure& m, const std::string& column, const Codebook& codebook, uint32_t table) {
  switch (m.kind) {
    case MeasureKind::kPersons:
      return "count(DISTINCT person)";
    case MeasureKind::kRows:
      return "count(*)";
    case MeasureKind::kSum:
      return absl::StrCat("sum(", column, ")");
    case MeasureKind::kMean:
      return absl::StrCat("avg(", column, ")");
    case MeasureKind::kQuantile:
      return absl::StrCat("percentile_cont(", FormatDecimal(OfSteps(m.quantile_ppm, {1, 1000000}).value()),
                          ") WITHIN GROUP (ORDER BY ", column, ")");
    case MeasureKind::kVariance:
      return absl::StrCat("variance(", column, ")");
    case MeasureKind::kDeviation:
      return absl::StrCat("stddev(", column, ")");
    case MeasureKind::kShare:
      return absl::StrCat("share(", ToSql(m.groups[0], codebook, table), ")");
    case MeasureKind::kDifference:
      return absl::StrCat("difference(", ToSql(m.groups[0], codebook, table), ", ",
                          ToSql(m.groups[1], codebook, table), ")");
    case MeasureKind::kDistinct:
      return absl::StrCat("approx_count_distinct(network_person, ", m.expected_persons, ")");
    case MeasureKind::kShared:
      return absl::StrCat("approx_count_shared(network_person, ", m.expected_persons, ")");
  }
  return "";
}
}  // namespace

std::string KeyText(const Grain& grain, const Question& q, const Codebook& codebook) {
  if (grain.of_cohorts()) {
    return grain.level == GrainLevel::kEntered          ? "entered"
           : grain.level == GrainLevel::kEnteredQuarter ? "quarter(entered)"
                                                        : "year(entered)";
  }
  const std::string name = ColumnName(codebook, grain.column, q.table);
  const Column& column = codebook.tables[grain.column.table].columns[grain.column.column];
  static constexpr const char* kFunctions[] = {"",     "fold",  "main_of", "country", "day",
                                               "week", "month", "quarter", "year",    "band"};
  const bool own_unit =
      grain.level == GrainLevel::kValue ||
      (column.is_date() && static_cast<int>(grain.level) - static_cast<int>(GrainLevel::kDay) ==
                               static_cast<int>(column.type) - static_cast<int>(ColumnType::kDay));
  return own_unit ? name : absl::StrCat(kFunctions[static_cast<int>(grain.level)], "(", name, ")");
}

std::string CanonicalText(const Question& q, const Codebook& codebook) {
  std::vector<std::string> keys, measures;
  for (const Grain& grain : q.by) keys.push_back(KeyText(grain, q, codebook));
  for (const Measure& m : q.measures) {
    const std::string column = m.column.has_value() ? ColumnName(codebook, *m.column, q.table) : "";
    measures.push_back(absl::StrCat(CallOf(m, column, codebook, q.table), " AS \"", m.name, "\""));
  }
  std::vector<std::string> selected = keys;
  selected.insert(selected.end(), measures.begin(), measures.end());
  std::string text = absl::StrCat("SELECT ", absl::StrJoin(selected, ", "), " FROM ",
                                  SqlName(codebook.tables[q.table].name));
  std::vector<std::string> conditions;
  if (q.where.kind != Predicate::Kind::kTrue) conditions.push_back(ToSql(q.where, codebook, q.table));
  if (q.cohorts.from.has_value())
    conditions.push_back(absl::StrCat("entered >= '", EditionLabel(codebook.closing, *q.cohorts.from), "'"));
  if (q.cohorts.to.has_value())
    conditions.push_back(absl::StrCat("entered <= '", EditionLabel(codebook.closing, *q.cohorts.to), "'"));
  if (!conditions.empty()) absl::StrAppend(&text, " WHERE ", absl::StrJoin(conditions, " AND "));
  if (keys.empty()) return text;
  if (q.rolled > 0) {
    std::string& first = keys[keys.size() - q.rolled];
    first = absl::StrCat("ROLLUP(", first);
    keys.back() += ")";
  }
  absl::StrAppend(&text, " GROUP BY ", absl::StrJoin(keys, ", "));
  return text;
}

}  // namespace penc
