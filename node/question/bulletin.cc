#include "question/bulletin.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "base/yaml.h"
#include "codebook/period.h"
#include "penc/storage/v1/bulletin.pb.h"
#include "question/sql.h"

namespace penc {
namespace {

constexpr int kMostQuestions = 64;
constexpr size_t kLongestTitle = 200;
constexpr int kMostBack = 1000;  // periods

// Last day of an edition, by its label; nothing where it is not a period.
absl::optional<int64_t> LastDayOf(absl::string_view edition) {
  for (const ColumnType type : {ColumnType::kMonth, ColumnType::kQuarter, ColumnType::kYear}) {
    const absl::StatusOr<int64_t> period = ParsePeriod(type, edition);
    if (period.ok()) return FirstDay(type, *period + 1) - 1;
  }
  return absl::nullopt;
}

absl::optional<ColumnType> UnitOf(char letter) {
  switch (letter) {
    case 'M':
      return ColumnType::kMonth;
    case 'Q':
      return ColumnType::kQuarter;
    case 'Y':
      return ColumnType::kYear;
    default:
      return absl::nullopt;
  }
}

// Writes out every $Q-3. `last_day`: of the edition.
absl::StatusOr<std::string> WithPeriods(absl::string_view sql, absl::optional<int64_t> last_day,
                                        const YamlLines& lines, const std::string& path) {
  std::string out;
  size_t at = 0;
  for (size_t dollar; (dollar = sql.find('$', at)) != absl::string_view::npos;) {
    out.append(sql.data() + at, dollar - at);
    at = dollar + 1;
    const absl::optional<ColumnType> unit = at < sql.size() ? UnitOf(sql[at]) : absl::nullopt;
    if (!unit.has_value()) {
      return lines.Error(path, {"après $ on attend Q, M ou Y, par exemple '$Q-3'",
                                "after $ there must be Q, M or Y, for example '$Q-3'"});
    }
    ++at;
    int back = 0;
    if (at + 1 < sql.size() && sql[at] == '-' && absl::ascii_isdigit(sql[at + 1])) {
      size_t end = at + 1;
      while (end < sql.size() && absl::ascii_isdigit(sql[end])) ++end;
      if (!absl::SimpleAtoi(sql.substr(at + 1, end - at - 1), &back) || back > kMostBack)
        return lines.Error(path, {"au plus 1000 périodes en arrière", "at most 1000 periods back"});
      at = end;
    }
    if (!last_day.has_value()) {
      return lines.Error(path,
                         {"cette question compte ses périodes depuis une édition: écrivez par exemple "
                          "edition: 2026-Q3 en tête du fichier",
                          "this question counts its periods from an edition: write for example edition: "
                          "2026-Q3 at the head of the file"});
    }
    absl::StrAppend(&out, FormatPeriod(*unit, PeriodOfDay(*unit, *last_day) - back));
  }
  out.append(sql.data() + at, sql.size() - at);
  return out;
}

}  // namespace

absl::StatusOr<v1::Bulletin> ReadBulletin(absl::string_view file, absl::string_view text,
                                          absl::string_view edition) {
  storage::v1::Bulletin read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  if (read.questions_size() < 1 || read.questions_size() > kMostQuestions)
    return lines.Error("questions", {"de 1 à 64 questions", "1 to 64 questions"});
  const std::string from(edition.empty() ? absl::string_view(read.edition()) : edition);
  const absl::optional<int64_t> last_day = LastDayOf(from);
  if (!from.empty() && !last_day.has_value()) {
    return lines.Error("edition",
                       {absl::StrCat("«", from, "» n'est pas une édition; écrivez par exemple 2026-Q3"),
                        absl::StrCat("\"", from, "\" is not an edition; write for example 2026-Q3")});
  }
  v1::Bulletin bulletin;
  bulletin.set_name(read.bulletin());
  for (int i = 0; i < read.questions_size(); ++i) {
    const storage::v1::BulletinQuestion& question = read.questions(i);
    const std::string path = absl::StrCat("questions[", i, "]");
    if (question.title().size() > kLongestTitle)
      return lines.Error(path + ".title", {"au plus 200 octets", "at most 200 bytes"});
    ASSIGN_OR_RETURN(const std::string sql, WithPeriods(question.sql(), last_day, lines, path + ".sql"));
    if (const absl::Status parsed = ParseSql(sql).status(); !parsed.ok())
      return lines.Error(path + ".sql", Explain(parsed));
    v1::Question* out = bulletin.add_questions();
    out->set_title(question.title());
    out->set_sql(sql);
    out->set_weight(question.weight());
  }
  return bulletin;
}

absl::StatusOr<std::string> BulletinEdition(absl::string_view file, absl::string_view text) {
  storage::v1::Bulletin read;
  RETURN_IF_ERROR(ReadYaml(file, text, &read));
  return read.edition();
}

absl::StatusOr<std::vector<absl::optional<uint64_t>>> BulletinMargins(absl::string_view file,
                                                                      absl::string_view text) {
  storage::v1::Bulletin read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  std::vector<absl::optional<uint64_t>> margins(read.questions_size());
  for (int i = 0; i < read.questions_size(); ++i) {
    const std::string path = absl::StrCat("questions[", i, "].margin");
    if (!lines.Has(path)) continue;
    margins[i] = read.questions(i).margin();
    if (*margins[i] == 0) return lines.Error(path, {"donnez au moins 1", "give at least 1"});
  }
  return margins;
}

}  // namespace penc
