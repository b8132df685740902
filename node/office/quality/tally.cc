#include "office/quality/tally.h"

#include "absl/strings/str_cat.h"

namespace penc::quality {
namespace {

constexpr uint64_t kGapPercent = 10;   // missing in so many rows, a column is worth a look
constexpr uint64_t kWorsePoints = 10;  // fewer percentage points than before
constexpr uint64_t kFewestFresh = 20;  // rows, below which a share says nothing

uint64_t Percent(uint64_t part, uint64_t of) { return of == 0 ? 0 : (100 * part + of / 2) / of; }

Finding GapOf(const Codebook& codebook, const ColumnRef& ref, const Tally::Table& table) {
  const Tally::Column& column = table.columns[ref.column];
  const Text name = Named(codebook, ref, ref.table);
  Finding finding;
  finding.kind = v1::QualityFinding::KIND_GAP;
  finding.table = ref.table;
  finding.columns = {ref};
  finding.rows = column.missing;
  finding.of_rows = table.rows;
  if (column.filled == 0) {
    finding.says = {absl::StrCat(name.fr, " n'est jamais renseigné"),
                    absl::StrCat(name.en, " is never stated")};
    finding.next = {
        "si cette organisation le recueille, la correspondance (mapping) du fichier l'oublie: vérifiez-la",
        "if this organisation collects it, the file's mapping leaves it out: check it"};
    return finding;
  }
  finding.says = {absl::StrCat(name.fr, " n'est pas renseigné"), absl::StrCat(name.en, " is not stated")};
  finding.next = {absl::StrCat("filtrez ", name.fr, " sur vide; complétez ce qui est connu"),
                  absl::StrCat("filter ", name.en, " for empty cells; fill in what is known")};
  return finding;
}

}  // namespace

Tally::Tally(const Codebook& codebook) {
  for (const penc::Table& table : codebook.tables)
    tables_.emplace_back().columns.resize(table.columns.size());
}

void Tally::Add(const RecordStore::PersonRows& person, const std::vector<bool>* in) {
  bool here = false;
  for (size_t t = 0; t < tables_.size(); ++t) {
    Table& table = tables_[t];
    const TableRows& rows = person.tables[t];
    bool any = false;
    for (size_t row = 0; row < rows.rows(); ++row) {
      const uint64_t batch = rows.batch[row];
      if (in != nullptr && (batch >= in->size() || !(*in)[batch])) continue;
      any = true;
      ++table.rows;
      for (size_t c = 0; c < table.columns.size(); ++c) {
        if (rows.columns[c][row] != kNull) {
          ++table.columns[c].filled;
        } else {
          table.columns[c].missing.Add(batch);
        }
      }
    }
    table.persons += any ? 1 : 0;
    here = here || any;
  }
  persons_ += here ? 1 : 0;
}

void ReportGaps(const Codebook& codebook, const Tally& now, const Tally& before, const Tally& fresh,
                std::vector<Finding>& findings) {
  for (uint32_t t = 0; t < codebook.tables.size(); ++t) {
    const Tally::Table &all = now.tables()[t], &old = before.tables()[t], &added = fresh.tables()[t];
    for (uint32_t c = 0; c < codebook.tables[t].columns.size(); ++c) {
      const ColumnRef ref{t, c};
      if (all.rows > 0 && all.columns[c].missing.total() * 100 >= all.rows * kGapPercent)
        findings.push_back(GapOf(codebook, ref, all));
      const uint64_t then = Percent(old.columns[c].filled, old.rows),
                     now_percent = Percent(added.columns[c].filled, added.rows);
      if (old.rows == 0 || added.rows < kFewestFresh || now_percent + kWorsePoints > then) continue;
      const Text name = Named(codebook, ref, t);
      Finding& worse = findings.emplace_back();
      worse.kind = v1::QualityFinding::KIND_WORSE;
      worse.table = t;
      worse.columns = {ref};
      worse.says = {absl::StrCat(name.fr, " est renseigné dans ", now_percent, " % des nouvelles lignes, ",
                                 then, " % des précédentes"),
                    absl::StrCat(name.en, " is stated in ", now_percent, "% of the new rows, ", then,
                                 "% of those before")};
      worse.next = {"comparez le formulaire et la correspondance (mapping) de ces fichiers aux précédents",
                    "compare form and mapping of these files with those before"};
      worse.rows = added.columns[c].missing;
      worse.of_rows = added.rows;
    }
  }
}

}  // namespace penc::quality
