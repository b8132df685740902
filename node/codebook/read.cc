#include "codebook/read.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/decimal.h"
#include "base/yaml.h"
#include "codebook/canonical.h"
#include "codebook/names.h"
#include "codebook/period.h"
#include "codebook/read_checks.h"
#include "codebook/read_linkage.h"
#include "codebook/read_lists.h"
#include "penc/storage/v1/codebook.pb.h"

namespace penc {
namespace {

// A stored value is a uint32 with 0 for NULL; half of its range is left free, so that sums of two never
// overflow.
constexpr int64_t kMaxValues = (int64_t{1} << 31) - 2;
constexpr int64_t kMaxAmount = 1000000000000;  // in steps
constexpr uint32_t kMaxCap = 65535;
constexpr uint32_t kMostWords = 4096, kUsualWords = 256;  // that an answer names, of an open list
constexpr int kMaxTables = 64;
constexpr int kMaxColumns = 256;

constexpr int64_t kFirstYear = 1900, kLastYear = 2199;  // of dates without from and to

// Words that questions use for something else.
constexpr const char* kReserved[] = {"entered", "person", "person_ref"};

ColumnType TypeOf(storage::v1::ColumnType type) {
  switch (type) {
    case storage::v1::COLUMN_TYPE_CODES:
      return ColumnType::kCodes;
    case storage::v1::COLUMN_TYPE_INTEGER:
      return ColumnType::kInteger;
    case storage::v1::COLUMN_TYPE_NUMBER:
      return ColumnType::kNumber;
    case storage::v1::COLUMN_TYPE_DAY:
      return ColumnType::kDay;
    case storage::v1::COLUMN_TYPE_WEEK:
      return ColumnType::kWeek;
    case storage::v1::COLUMN_TYPE_MONTH:
      return ColumnType::kMonth;
    case storage::v1::COLUMN_TYPE_QUARTER:
      return ColumnType::kQuarter;
    case storage::v1::COLUMN_TYPE_YEAR:
      return ColumnType::kYear;
    case storage::v1::COLUMN_TYPE_TEXT:
      return ColumnType::kText;
    default:
      return ColumnType::kCode;  // code and place
  }
}

Sensitivity SensitivityOf(storage::v1::Sensitivity sensitivity) {
  switch (sensitivity) {
    case storage::v1::SENSITIVITY_PUBLIC:
      return Sensitivity::kPublic;
    case storage::v1::SENSITIVITY_ORDINARY:
      return Sensitivity::kOrdinary;
    case storage::v1::SENSITIVITY_NEVER:
      return Sensitivity::kNever;
    default:
      return Sensitivity::kSensitive;  // silence is the careful reading
  }
}

Closing ClosingOf(storage::v1::Closing closing) {
  switch (closing) {
    case storage::v1::CLOSING_MONTH:
      return Closing::kMonth;
    case storage::v1::CLOSING_YEAR:
      return Closing::kYear;
    default:
      return Closing::kQuarter;
  }
}

class BookReader {
 public:
  BookReader(const storage::v1::Codebook& file, const YamlLines& lines) : file_(file), lines_(lines) {}

  absl::StatusOr<Codebook> Read() {
    RETURN_IF_ERROR(ReadHead());
    ASSIGN_OR_RETURN(book_.code_lists, ReadCodeLists(file_, lines_));
    if (file_.tables().empty() || file_.tables_size() > kMaxTables) {
      return lines_.Error("tables", {absl::StrCat("un lexique a de 1 à ", kMaxTables, " tables"),
                                     absl::StrCat("a codebook has 1 to ", kMaxTables, " tables")});
    }
    for (const auto& table : file_.tables()) RETURN_IF_ERROR(ReadTable(table));
    if (file_.has_consent()) RETURN_IF_ERROR(ReadConsent(file_.consent()));
    RETURN_IF_ERROR(ReadLinkage(file_, lines_, book_));
    RETURN_IF_ERROR(ReadChecks(file_, lines_, book_));
    book_.hash = HashOf(book_);
    return std::move(book_);
  }

 private:
  absl::Status ReadHead() {
    std::string name = file_.codebook();
    std::replace(name.begin(), name.end(), '-', '_');
    if (!IsName(name)) {
      return lines_.Error("codebook",
                          {"le nom s'écrit en minuscules, chiffres, - et _; exemple: codebook: migration",
                           "the name is small letters, digits, - and _; example: codebook: migration"});
    }
    if (file_.version() == 0) {
      return lines_.Error("version", {"les versions commencent à 1; exemple: version: 1",
                                      "versions start at 1; example: version: 1"});
    }
    book_.name = file_.codebook();
    book_.version = file_.version();
    book_.closing = ClosingOf(file_.closing());
    if (!file_.has_reference_promise()) return absl::OkStatus();
    const auto& promise = file_.reference_promise();
    if (!promise.keys_delta().empty()) {
      return lines_.Error("reference_promise.keys_delta",
                          {"c'est chaque organisation qui réserve un delta, dans sa politique",
                           "it is each organisation that sets a delta aside, in its policy"});
    }
    const auto epsilon = ParseDecimal(promise.epsilon());
    if (!epsilon.ok() || epsilon->num <= 0) {
      return lines_.Error("reference_promise.epsilon",
                          {"attendu un nombre décimal au-dessus de 0; exemple: epsilon: 8",
                           "expected a decimal above 0; example: epsilon: 8"});
    }
    const auto delta = ParseDecimal(promise.delta());
    if (!delta.ok() || delta->num < 0 || delta->num >= delta->den) {
      return lines_.Error("reference_promise.delta",
                          {"attendu un nombre décimal de 0 à moins de 1; exemple: delta: 1e-6",
                           "expected a decimal from 0 to below 1; example: delta: 1e-6"});
    }
    book_.reference_promise = {promise.epsilon(), promise.delta()};
    return absl::OkStatus();
  }

  absl::Status ReadConsent(const storage::v1::ConsentColumn& written) {
    const std::pair<std::string, std::string> name =
        absl::StrSplit(written.column(), absl::MaxSplits('.', 1));
    const auto table = book_.FindTable(name.first);
    const auto column = table.has_value() ? book_.tables[*table].Find(name.second) : absl::nullopt;
    if (!column.has_value() || book_.tables[*table].unit != Unit::kPerson ||
        book_.tables[*table].columns[*column].type != ColumnType::kCode) {
      return lines_.Error("consent.column",
                          {"attendu une colonne d'un seul code dans une table «unit: person»; exemple: "
                           "column: person.consent_stats",
                           "expected a column of one code in a table with \"unit: person\"; example: "
                           "column: person.consent_stats"});
    }
    const CodeList& list = *book_.list_of(book_.tables[*table].columns[*column]);
    Consent consent{{*table, *column}, {}};
    for (const std::string& code : written.keep()) {
      const auto found = list.Find(code);
      if (!found.has_value()) {
        return lines_.Error("consent.keep",
                            {absl::StrCat("la liste ", list.name, " n'a pas de code «", code, "»"),
                             absl::StrCat("the list ", list.name, " has no code \"", code, "\"")});
      }
      consent.keep.push_back(1 + *found);
    }
    if (consent.keep.empty()) {
      return lines_.Error("consent.keep", {"dites quelles réponses valent accord; exemple: keep: [1]",
                                           "say which answers are consent; example: keep: [1]"});
    }
    std::sort(consent.keep.begin(), consent.keep.end());
    consent.keep.erase(std::unique(consent.keep.begin(), consent.keep.end()), consent.keep.end());
    book_.consent = std::move(consent);
    return absl::OkStatus();
  }

  absl::Status ReadTable(const storage::v1::Table& written) {
    const std::string path = absl::StrCat("tables.", written.name());
    if (!IsName(written.name())) {
      return lines_.Error(path,
                          {"un nom de table s'écrit en minuscules, chiffres et _; exemple: status_event",
                           "a table's name is small letters, digits and _; example: status_event"});
    }
    Table table;
    table.name = written.name();
    table.label = LabelOr(written.labels().fr(), written.labels().en(), written.name());
    table.unit = written.unit() == storage::v1::UNIT_PERSON ? Unit::kPerson : Unit::kEvent;
    RETURN_IF_ERROR(ReadCaps(path, written, &table));
    if (written.columns().empty() || written.columns_size() > kMaxColumns) {
      return lines_.Error(absl::StrCat(path, ".columns"),
                          {absl::StrCat("une table a de 1 à ", kMaxColumns, " colonnes"),
                           absl::StrCat("a table has 1 to ", kMaxColumns, " columns")});
    }
    for (const auto& column : written.columns()) RETURN_IF_ERROR(ReadColumn(path, column, &table));
    book_.tables.push_back(std::move(table));
    return absl::OkStatus();
  }

  absl::Status ReadCaps(const std::string& path, const storage::v1::Table& written, Table* table) {
    if (!written.has_caps()) {
      if (table->unit == Unit::kPerson) return absl::OkStatus();
      return lines_.Error(
          path, {"il manque «caps»: ce qu'une personne compte au plus; exemple: caps: {cells: 4, rows: 15}",
                 "\"caps\" is missing: what one person counts for at most; example: caps: {cells: 4, "
                 "rows: 15}"});
    }
    const auto& caps = written.caps();
    for (const auto& [name, value] :
         {std::make_pair("cells", caps.cells()), std::make_pair("rows", caps.rows())}) {
      if (value >= 1 && value <= kMaxCap) continue;
      return lines_.Error(absl::StrCat(path, ".caps.", name), {absl::StrCat("attendu de 1 à ", kMaxCap),
                                                               absl::StrCat("expected 1 to ", kMaxCap)});
    }
    if (table->unit == Unit::kPerson && caps.rows() != 1) {
      return lines_.Error(absl::StrCat(path, ".caps.rows"),
                          {"une table «unit: person» a une ligne par personne: rows: 1",
                           "a table with \"unit: person\" has one row per person: rows: 1"});
    }
    table->caps = {caps.cells(), caps.rows()};
    return absl::OkStatus();
  }

  absl::Status ReadColumn(const std::string& table_path, const storage::v1::Column& written, Table* table) {
    const std::string path = absl::StrCat(table_path, ".columns.", written.name());
    const bool reserved =
        std::find(std::begin(kReserved), std::end(kReserved), written.name()) != std::end(kReserved);
    if (!IsName(written.name()) || reserved) {
      return lines_.Error(
          path, {"un nom de colonne s'écrit en minuscules, chiffres et _, et n'est ni entered, ni person, "
                 "ni person_ref; exemple: age_band",
                 "a column's name is small letters, digits and _, and none of entered, person, "
                 "person_ref; example: age_band"});
    }
    Column column;
    column.name = written.name();
    column.label = LabelOr(written.fr(), written.en(), written.name());
    column.type = TypeOf(written.type());
    column.sensitivity = SensitivityOf(written.sensitivity());
    column.hxl = written.hxl();
    column.future = written.future();
    column.constant = table->unit == Unit::kPerson || written.constant();
    if (table->unit == Unit::kPerson && lines_.Has(absl::StrCat(path, ".constant")) && !written.constant()) {
      return lines_.Error(absl::StrCat(path, ".constant"),
                          {"dans une table «unit: person» toute colonne est constante; ôtez cette ligne",
                           "in a table with \"unit: person\" every column is constant; remove this"});
    }
    RETURN_IF_ERROR(CheckKeys(path, column, written));
    if (column.is_date()) {
      RETURN_IF_ERROR(ReadDates(path, written, &column));
    } else if (column.is_amount()) {
      RETURN_IF_ERROR(ReadRange(path, written, &column));
    } else if (column.type == ColumnType::kText) {
      RETURN_IF_ERROR(ReadText(path, written, &column));
    } else {
      RETURN_IF_ERROR(ReadCodes(path, written, &column));
    }
    table->columns.push_back(std::move(column));
    return absl::OkStatus();
  }

  // Each type has keys of its own; one of another type is a misunderstanding that would otherwise pass in
  // silence.
  absl::Status CheckKeys(const std::string& path, const Column& column, const storage::v1::Column& written) {
    const bool text = column.type == ColumnType::kText;
    const bool coded = !column.is_date() && !column.is_amount() && !text;
    const struct {
      const char* key;
      bool allowed;
    } keys[] = {{"codes", coded},
                {"max", column.type == ColumnType::kCodes || text},
                {"open", text},
                {"range", column.is_amount()},
                {"step", column.type == ColumnType::kNumber},
                {"bands", column.is_amount()},
                {"from", column.is_date()},
                {"to", column.is_date()},
                {"future", column.is_date()}};
    for (const auto& [key, allowed] : keys) {
      const std::string here = absl::StrCat(path, ".", key);
      if (allowed || !lines_.Has(here)) continue;
      return lines_.Error(
          here, {absl::StrCat("«", key, "» ne va pas avec ce type de colonne; ôtez-le ou changez le type"),
                 absl::StrCat("\"", key,
                              "\" does not go with this column type; remove it or change the "
                              "type")});
    }
    return absl::OkStatus();
  }

  absl::Status ReadCodes(const std::string& path, const storage::v1::Column& written, Column* column) {
    const std::string here = absl::StrCat(path, ".codes");
    if (written.codes().empty()) {
      return lines_.Error(path, {"il manque «codes»: le nom de la liste; exemple: codes: sex",
                                 "\"codes\" is missing: the name of the list; example: codes: sex"});
    }
    std::vector<std::string> names;
    for (uint32_t i = 0; i < book_.code_lists.size(); ++i) {
      names.push_back(book_.code_lists[i].name);
      if (names.back() == written.codes()) column->code_list = i;
    }
    if (column->code_list < 0) {
      const Text hint = NearestHint(written.codes(), names);
      return lines_.Error(here, {absl::StrCat("aucune liste «", written.codes(), "» sous codes", hint.fr),
                                 absl::StrCat("no list \"", written.codes(), "\" under codes", hint.en)});
    }
    const CodeList& list = book_.code_lists[column->code_list];
    if (written.type() == storage::v1::COLUMN_TYPE_PLACE && list.parent_list.empty()) {
      return lines_.Error(here, {absl::StrCat("une colonne «place» demande une liste avec «parent»; ",
                                              list.name, " n'en a pas: écrivez type: code"),
                                 absl::StrCat("a \"place\" column needs a list with \"parent\"; ", list.name,
                                              " has none: write type: code")});
    }
    return column->type == ColumnType::kCodes ? ReadSeveral(path, written, list, column) : absl::OkStatus();
  }

  absl::Status ReadText(const std::string& path, const storage::v1::Column& written, Column* column) {
    if (!written.open()) {
      return lines_.Error(
          path, {"il manque «open»: personne ne déclare ces mots d'avance; exemple: {type: text, open: true}",
                 "\"open\" is missing: nobody declares these words beforehand; example: {type: text, open: "
                 "true}"});
    }
    column->max_codes = lines_.Has(absl::StrCat(path, ".max")) ? written.max() : kUsualWords;
    if (column->max_codes < 1 || column->max_codes > kMostWords) {
      return lines_.Error(absl::StrCat(path, ".max"),
                          {absl::StrCat("attendu de 1 à ", kMostWords,
                                        ": combien de mots une réponse nomme au plus; exemple: max: 256"),
                           absl::StrCat("expected 1 to ", kMostWords,
                                        ": how many words an answer names at most; example: max: 256")});
    }
    column->lo = 1;
    column->hi = kMaxValues;
    return absl::OkStatus();
  }

  absl::Status ReadSeveral(const std::string& path, const storage::v1::Column& written, const CodeList& list,
                           Column* column) {
    if (list.codes.size() > kMaxMaskCodes) {
      return lines_.Error(absl::StrCat(path, ".codes"),
                          {absl::StrCat("une colonne «codes» a au plus ", kMaxMaskCodes, " codes; ",
                                        list.name, " en a ", list.codes.size()),
                           absl::StrCat("a \"codes\" column has at most ", kMaxMaskCodes, " codes; ",
                                        list.name, " has ", list.codes.size())});
    }
    for (const Code& code : list.codes) {
      if (IsSeparable(code.code)) continue;
      return lines_.Error(
          absl::StrCat(path, ".codes"),
          {absl::StrCat("dans une colonne «codes», un code n'a ni espace, ni , ; |: «", code.code, "»"),
           absl::StrCat("in a \"codes\" column a code has no space and no , ; |: \"", code.code, "\"")});
    }
    if (written.max() < 1 || written.max() > list.codes.size()) {
      return lines_.Error(
          absl::StrCat(path, ".max"),
          {absl::StrCat("attendu de 1 à ", list.codes.size(),
                        ": combien de codes à la fois; exemple: max: 3"),
           absl::StrCat("expected 1 to ", list.codes.size(), ": how many codes at once; example: max: 3")});
    }
    column->max_codes = written.max();
    return absl::OkStatus();
  }

  absl::Status ReadRange(const std::string& path, const storage::v1::Column& written, Column* column) {
    const std::string here = absl::StrCat(path, ".range");
    const Text expected = {"attendu [le plus petit, le plus grand]; exemple: range: [0, 168]",
                           "expected [lowest, highest]; example: range: [0, 168]"};
    Decimal step{1, 1};
    if (!written.step().empty()) {
      const auto parsed = ParseDecimal(written.step());
      if (!parsed.ok() || parsed->num <= 0) {
        return lines_.Error(absl::StrCat(path, ".step"),
                            {"attendu un nombre au-dessus de 0; exemple: step: 0.5",
                             "expected a number above 0; example: step: 0.5"});
      }
      step = *parsed;
    }
    if (written.range_size() != 2) return lines_.Error(here, expected);
    int64_t ends[2];
    for (int i = 0; i < 2; ++i) {
      const auto parsed = ParseDecimal(written.range(i));
      if (!parsed.ok()) return lines_.Error(here, expected);
      const auto steps = InSteps(*parsed, step);
      if (!steps.has_value() || *steps > kMaxAmount || *steps < -kMaxAmount) {
        return lines_.Error(here, {absl::StrCat("«", written.range(i), "» n'est pas un multiple du pas ",
                                                FormatDecimal(step), " (ou en compte plus de 10^12)"),
                                   absl::StrCat("\"", written.range(i), "\" is not a multiple of the step ",
                                                FormatDecimal(step), " (or has more than 10^12 of them)")});
      }
      ends[i] = *steps;
    }
    column->lo = ends[0];
    column->hi = ends[1];
    column->step_num = step.num;
    column->step_den = step.den;
    RETURN_IF_ERROR(CheckSize(here, *column));
    return ReadBands(absl::StrCat(path, ".bands"), written, step, column);
  }

  absl::Status ReadBands(const std::string& here, const storage::v1::Column& written, Decimal step,
                         Column* column) {
    for (const std::string& begins : written.bands()) {
      const auto parsed = ParseDecimal(begins);
      const auto steps = parsed.ok() ? InSteps(*parsed, step) : absl::nullopt;
      if (!steps.has_value() || *steps < column->lo || *steps > column->hi) {
        return lines_.Error(here, {absl::StrCat("«", begins,
                                                "» n'est pas une valeur de cette colonne; exemple: "
                                                "bands: [0, 100000, 500000]"),
                                   absl::StrCat("\"", begins,
                                                "\" is not a value of this column; example: "
                                                "bands: [0, 100000, 500000]")});
      }
      if (!column->bands.empty() && *steps <= column->bands.back()) {
        return lines_.Error(
            here, {absl::StrCat("la tranche qui commence à ", begins,
                                " chevauche celle d'avant; écrivez les débuts en ordre croissant"),
                   absl::StrCat("the band that begins at ", begins,
                                " overlaps the one before; write the beginnings in ascending order")});
      }
      column->bands.push_back(*steps);
    }
    if (!column->bands.empty() && column->bands.front() != column->lo) {
      return lines_.Error(here, {"la première tranche commence à la plus petite valeur de «range»",
                                 "the first band begins at the lowest value of \"range\""});
    }
    return absl::OkStatus();
  }

  absl::Status ReadDates(const std::string& path, const storage::v1::Column& written, Column* column) {
    if (written.from().empty() != written.to().empty()) {
      return lines_.Error(path, {"«from» et «to» vont ensemble; écrivez les deux ou aucun",
                                 "\"from\" and \"to\" go together; write both or neither"});
    }
    if (written.from().empty()) {
      column->lo = PeriodOfDay(column->type, FirstDay(ColumnType::kYear, kFirstYear));
      column->hi = PeriodOfDay(column->type, FirstDay(ColumnType::kYear, kLastYear + 1) - 1);
      return absl::OkStatus();
    }
    for (const auto& [name, text, end] : {std::make_tuple("from", written.from(), &column->lo),
                                          std::make_tuple("to", written.to(), &column->hi)}) {
      const auto period = ParsePeriod(column->type, text);
      if (!period.ok()) return lines_.Error(absl::StrCat(path, ".", name), Explain(period.status()));
      *end = *period;
    }
    return CheckSize(absl::StrCat(path, ".to"), *column);
  }

  absl::Status CheckSize(const std::string& path, const Column& column) {
    if (column.hi < column.lo) {
      return lines_.Error(path, {"la fin est avant le début", "the end is before the beginning"});
    }
    if (column.hi - column.lo + 1 > kMaxValues) {
      return lines_.Error(path, {absl::StrCat("plus de ", kMaxValues, " valeurs; prenez un pas plus grand"),
                                 absl::StrCat("more than ", kMaxValues, " values; take a larger step")});
    }
    return absl::OkStatus();
  }

  const storage::v1::Codebook& file_;
  const YamlLines& lines_;
  Codebook book_;
};

}  // namespace

absl::StatusOr<Codebook> ReadCodebook(absl::string_view file, absl::string_view text) {
  storage::v1::Codebook written;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &written, &lines));
  return BookReader(written, lines).Read();
}

}  // namespace penc
