#include "cli/view_words.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/render.h"
#include "cli/words.h"

namespace penc::cli {
namespace {

std::string InternalTableText(const v1::InternalTable& table, const Words& w) {
  std::vector<std::string> heading;
  heading.reserve(table.axes_size() + table.columns_size());
  for (const v1::Axis& axis : table.axes()) heading.push_back(axis.name());
  for (const v1::InternalColumn& column : table.columns()) heading.push_back(column.name());
  TextTable text(std::move(heading));
  for (const v1::InternalRow& row : table.rows()) {
    std::vector<std::string> cells;
    cells.reserve(row.key_size() + row.values_size());
    for (int i = 0; i < row.key_size(); ++i)
      cells.push_back(CategoryText(table.axes(i).categories(row.key(i)), w.lang()));
    for (int i = 0; i < row.values_size(); ++i) {
      cells.push_back(row.values(i).none()
                          ? std::string(w("(aucune valeur)", "(no value)"))
                          : Number(row.values(i).value(), w.lang(), DecimalsOf(table.columns(i).measure())));
    }
    text.Add(std::move(cells));
  }
  return absl::StrCat(table.title(), table.title().empty() ? "" : "\n",
                      table.rows().empty() ? w("aucune ligne\n", "no row\n") : text.Text());
}

// "demo, édition 2026-Q3 et ce qui est en attente, lexique migration@2".
std::string Of(const v1::InternalResult& result, const Words& w) {
  return absl::StrCat(
      result.office(),
      result.practice() ? w(" (exercice: dossiers inventés)", " (practice: invented records)") : "",
      result.edition().empty() ? "" : absl::StrCat(w(", édition ", ", edition "), result.edition()),
      result.staged() ? w(", avec ce qui est en attente", ", with what is staged") : "",
      w(", lexique ", ", codebook "), result.codebook());
}

// "12 %" of a share, rounded down: complete is complete.
std::string Share(uint64_t part, uint64_t whole, const Words& w) {
  if (whole == 0) return "";
  return absl::StrCat(part * 100 / whole, w(" %", "%"));
}

// "1 204 (1 180)": the number before stands beside it where there is one.
std::string NowAndBefore(uint64_t now, uint64_t before, bool compared, const Words& w) {
  return compared ? absl::StrCat(w.Count(now), " (", w.Count(before), ")") : w.Count(now);
}

void AppendFinding(const v1::QualityFinding& finding, const Words& w, std::string& out) {
  absl::StrAppend(&out, "- ", w.Of(finding.says()), " (", w.Count(finding.rows()), w(" sur ", " of "),
                  w.Count(finding.of_rows()), ")\n");
  std::vector<std::string> places;
  places.reserve(finding.places_size() + 1);
  for (const v1::QualityPlace& place : finding.places()) {
    places.push_back(absl::StrCat(OneLine(place.file_name()), w(" (lot ", " (batch "), place.batch(),
                                  "): ", w.Count(place.rows())));
  }
  if (finding.more_places() > 0)
    places.push_back(
        absl::StrCat(w("et ", "and "), finding.more_places(), w(" autres lots", " more batches")));
  if (!places.empty()) absl::StrAppend(&out, w("  où: ", "  where: "), absl::StrJoin(places, "; "), "\n");
  absl::StrAppend(&out, "  → ", w.Of(finding.next()), "\n");
}

}  // namespace

std::string ReportInternal(const v1::InternalResult& result, Lang lang) {
  const Words w(lang);
  const std::string marking = absl::StrCat("*** ", w.Of(result.marking()), " ***\n");
  std::string out = absl::StrCat(marking, Of(result, w), "\n");
  for (const v1::InternalTable& table : result.tables())
    absl::StrAppend(&out, "\n", InternalTableText(table, w));
  if (result.persons_without_consent() > 0) {
    absl::StrAppend(
        &out, "\n",
        w.Counted(
            result.persons_without_consent(),
            {" personne n'a pas donné son accord, ou rien ne le dit: elle n'est pas comptée ici non plus\n",
             " personnes n'ont pas donné leur accord, ou rien ne le dit: elles ne sont pas comptées ici "
             "non plus\n"},
            {" person has not given consent, or nothing says so, and is not counted here either\n",
             " persons have not given their consent, or nothing says so: they are not counted here "
             "either\n"}));
  }
  return absl::StrCat(out, "\n", marking);
}

std::string InternalCsv(const v1::InternalResult& result, Lang lang) {
  const Words w(lang);
  const bool fr = lang == Lang::kFrench;
  const char delimiter = fr ? ';' : ',';
  const std::string glue(1, delimiter);
  std::string out = absl::StrCat(fr ? "\xEF\xBB\xBF" : "", CsvCell(w.Of(result.marking()), delimiter), "\n",
                                 CsvCell(Of(result, w), delimiter), "\n");
  for (int t = 0; t < result.tables_size(); ++t) {
    const v1::InternalTable& table = result.tables(t);
    std::vector<std::string> line = {"table"};
    for (const v1::Axis& axis : table.axes()) {
      line.push_back(CsvCell(axis.name(), delimiter));
      line.push_back(CsvCell(axis.name() + "_label", delimiter));
    }
    for (const v1::InternalColumn& column : table.columns())
      line.push_back(CsvCell(column.name(), delimiter));
    absl::StrAppend(&out, "\n", absl::StrJoin(line, glue), "\n");
    for (const v1::InternalRow& row : table.rows()) {
      line = {CsvCell(table.title().empty() ? absl::StrCat(t + 1) : table.title(), delimiter)};
      for (int i = 0; i < row.key_size(); ++i) {
        const v1::Category& category = table.axes(i).categories(row.key(i));
        line.push_back(CsvCell(category.code(), delimiter));
        line.push_back(CsvCell(CategoryText(category, lang), delimiter));
      }
      for (const v1::InternalValue& value : row.values())
        line.push_back(value.none() ? "" : CsvNumber(value.value(), lang));
      absl::StrAppend(&out, absl::StrJoin(line, glue), "\n");
    }
  }
  return out;
}

std::string ReportQuality(const v1::QualityResult& result, Lang lang) {
  const Words w(lang);
  const bool compared = !result.compared_with().empty();
  std::string out = absl::StrCat(
      result.office(),
      result.practice() ? w(" (exercice: dossiers inventés)", " (practice: invented records)") : "", ": ",
      w.Counted(result.persons(), {" personne", " personnes"}, {" person", " persons"}),
      result.staged()
          ? w(", comme un arrêté les laisserait maintenant", ", as a closing now would leave them")
          : "",
      compared ? absl::StrCat(w("; entre parenthèses: ", "; in brackets: "), result.compared_with()) : "",
      "\n\n");
  if (result.findings().empty()) {
    out += w("rien à corriger n'a été trouvé\n", "nothing to mend was found\n");
  } else {
    out += w("à corriger, le plus important d'abord:\n", "to mend, what matters most first:\n");
    for (const v1::QualityFinding& finding : result.findings()) AppendFinding(finding, w, out);
  }
  for (const v1::QualityTable& table : result.tables()) {
    if (table.rows() == 0 && table.rows_before() == 0) continue;
    absl::StrAppend(
        &out, "\n", w.Of(table.label()), " (", table.name(),
        "): ", NowAndBefore(table.rows(), table.rows_before(), compared, w), w(" lignes, ", " rows, "),
        NowAndBefore(table.persons(), table.persons_before(), compared, w), w(" personnes\n", " persons\n"));
    std::vector<std::string> heading = {w("colonne", "column"), w("renseignée", "stated")};
    if (compared) heading.push_back(w("avant", "before"));
    TextTable text(std::move(heading));
    for (const v1::QualityColumn& column : table.columns()) {
      std::vector<std::string> line = {absl::StrCat(w.Of(column.label()), " (", column.name(), ")"),
                                       Share(column.filled(), table.rows(), w)};
      if (compared) line.push_back(Share(column.filled_before(), table.rows_before(), w));
      text.Add(std::move(line));
    }
    out += text.Text();
  }
  return out;
}

}  // namespace penc::cli
