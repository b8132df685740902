#include "store/person_rows.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/aead.h"
#include "store/counted.h"
#include "store/segment_view.h"
#include "store/staged.h"
#include "store/stored_words.h"
#include "store/withdrawals.h"

namespace penc {
namespace {

// The person's rows of one table in a segment.
absl::Status AddClosed(const SegmentView& segment, uint32_t table, const PersonKey& person, uint32_t at,
                       const Withdrawals& withdrawals, PersonRecord& record) {
  if (segment.rows(table) == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto counts, segment.RowCounts(table));
  size_t first = 0;
  for (uint32_t p = 0; p < at; ++p) first += counts->at(p);
  if (counts->at(at) == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const SegmentView::RowOrigins origins, segment.Origins(table));
  const size_t begin = record.rows.size();
  for (size_t row = first; row < first + counts->at(at); ++row) {
    PersonRow& out = record.rows.emplace_back();
    out.table = table;
    out.batch = origins.batch[row];
    out.withdrawn = withdrawals.Takes(static_cast<uint32_t>(segment.NumberOf(table)), person,
                                      origins.identity[row], out.batch);
  }
  const size_t columns = segment.codebook().tables[table].columns.size();
  for (uint32_t c = 0; c < columns; ++c) {
    ASSIGN_OR_RETURN(const auto values, segment.Values({table, c}));
    for (size_t r = begin; r < record.rows.size(); ++r)
      record.rows[r].values.push_back(values->at(first + r - begin));
  }
  return absl::OkStatus();
}

absl::Status AddStaged(const Database& db, const Snapshot& snapshot, const storage::v1::StoredBatch& batch,
                       const PersonKey& person, const Withdrawals& withdrawals, PersonRecord& record) {
  const Generation& generation = *snapshot.generation;
  const storage::v1::StoredTable& stored = generation.manifest().tables(static_cast<int>(batch.table()));
  const auto table = snapshot.codebook->FindTable(stored.name());
  if (!table.has_value()) return absl::OkStatus();
  Aead aead(generation.key_of(batch.table()));
  for (uint32_t b = 0; b < batch.blocks(); ++b) {
    ASSIGN_OR_RETURN(const StagedBlock block, ReadBlock(db, aead, batch.id(), b, stored.columns_size()));
    for (size_t r = 0; r < block.persons.size(); ++r) {
      if (block.persons[r] != person) continue;
      PersonRow& out = record.rows.emplace_back();
      out.table = *table;
      out.batch = batch.id();
      out.staged = true;
      out.withdrawn = withdrawals.Takes(batch.table(), person, block.rows.identity[r], batch.id());
      for (const Column& column : snapshot.codebook->tables[*table].columns) {
        const int number = generation.ColumnNumber(static_cast<int>(batch.table()), column.name);
        out.values.push_back(number < 0 ? kNull : block.rows.columns[number][r]);
      }
    }
  }
  return absl::OkStatus();
}

void AddWords(const Snapshot& snapshot, PersonRecord& record) {
  const Codebook& codebook = *snapshot.codebook;
  std::map<std::pair<uint32_t, uint32_t>, std::map<StoredValue, std::string>> known;
  for (const PersonRow& row : record.rows) {
    const Table& table = codebook.tables[row.table];
    for (uint32_t c = 0; c < table.columns.size(); ++c) {
      if (table.columns[c].type != ColumnType::kText || row.values[c] == kNull) continue;
      const auto [all, fresh] = known.try_emplace({row.table, c});
      if (fresh) {
        const int t = snapshot.generation->TableNumber(table.name);
        const int number = snapshot.generation->ColumnNumber(t, table.columns[c].name);
        for (Word& word : WordsIn(snapshot.generation->manifest().tables(t), static_cast<uint32_t>(number)))
          all->second[word.id] = std::move(word.text);
      }
      const auto word = all->second.find(row.values[c]);
      if (word != all->second.end()) record.words[{row.table, c}][row.values[c]] = word->second;
    }
  }
}

}  // namespace

absl::StatusOr<PersonRecord> ReadPersonRows(const Database& db, const Snapshot& snapshot,
                                            const PersonKey& person) {
  const storage::v1::Manifest& manifest = snapshot.generation->manifest();
  const Withdrawals withdrawals(manifest);
  PersonRecord record;
  for (int s = 0; s < manifest.segments_size(); ++s) {
    const ClosedSegment segment(snapshot, s);
    ASSIGN_OR_RETURN(const std::vector<PersonKey> persons,
                     snapshot.generation->ReadPersons(manifest.segments(s).id(), segment.persons()));
    const auto found = std::lower_bound(persons.begin(), persons.end(), person);
    if (found == persons.end() || *found != person) continue;
    const auto at = static_cast<uint32_t>(found - persons.begin());
    ASSIGN_OR_RETURN(const auto cohorts, segment.CohortOffsets());
    record.entered = manifest.editions(0) + cohorts->at(at);
    if (snapshot.codebook->consent.has_value()) {
      ASSIGN_OR_RETURN(const std::vector<uint8_t> consenting, PersonsConsenting(segment, withdrawals));
      record.consents = consenting[at] != 0;
    }
    for (uint32_t t = 0; t < snapshot.codebook->tables.size(); ++t)
      RETURN_IF_ERROR(AddClosed(segment, t, person, at, withdrawals, record));
  }
  for (const storage::v1::StoredBatch& batch : manifest.batches()) {
    if (!batch.closed() && !batch.undone())
      RETURN_IF_ERROR(AddStaged(db, snapshot, batch, person, withdrawals, record));
  }
  AddWords(snapshot, record);
  return record;
}

}  // namespace penc
