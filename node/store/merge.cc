#include "store/merge.h"

#include <rocksdb/write_batch.h>

#include "base/status.h"
#include "crypto/aead.h"
#include "store/gathered.h"
#include "store/pack.h"

namespace penc {
namespace {

class SegmentWriter {
 public:
  SegmentWriter(Database& db, RandomSource& random, const Generation& keys, const MergePlan& plan,
                storage::v1::Manifest& manifest, const std::vector<size_t>& columns)
      : db_(db), random_(random), plan_(plan), manifest_(manifest), gathered_(columns) {
    for (size_t t = 0; t < columns.size(); ++t)
      aeads_.push_back(std::make_unique<Aead>(keys.key_of(static_cast<uint32_t>(t))));
    persons_aead_ = std::make_unique<Aead>(keys.key_of(kPersonsTable));
  }

  absl::Status Add(const PersonKey& person, Edition cohort, const std::vector<TableRows>& rows) {
    if (!gathered_.persons.empty() && gathered_.SizeWith(rows) > plan_.segment_rows) RETURN_IF_ERROR(Flush());
    gathered_.Add(person, static_cast<uint32_t>(cohort - manifest_.editions(0)), rows);
    for (const TableRows& table : rows) written_ += table.rows();
    return absl::OkStatus();
  }

  absl::Status Flush() {
    const std::vector<PersonKey>& persons = gathered_.persons;
    if (persons.empty()) return absl::OkStatus();
    storage::v1::StoredSegment* info = manifest_.add_segments();
    info->set_id(next_++);
    info->set_persons(static_cast<uint32_t>(persons.size()));
    rocksdb::WriteBatch batch;
    Put(batch, info->id(), kPersonsTable, kKeyColumn,
        {reinterpret_cast<const char*>(persons.data()), persons.size() * sizeof(PersonKey)});
    Put(batch, info->id(), kPersonsTable, kCohortColumn, Pack(gathered_.cohorts));
    for (uint32_t t = 0; t < gathered_.tables.size(); ++t) {
      const TableRows& table = gathered_.tables[t];
      info->add_rows(static_cast<uint32_t>(table.rows()));
      info->add_columns(static_cast<uint32_t>(table.columns.size()));
      if (table.rows() == 0) continue;
      Put(batch, info->id(), t, kCountColumn, Pack(gathered_.counts[t]));
      Put(batch, info->id(), t, kBatchColumn,
          Pack(std::vector<uint32_t>(table.batch.begin(), table.batch.end())));
      Put(batch, info->id(), t, kIdentityColumn, EncodeIds(table.identity));
      Put(batch, info->id(), t, kContentColumn, EncodeIds(table.content));
      for (uint32_t c = 0; c < table.columns.size(); ++c)
        Put(batch, info->id(), t, c, Pack(table.columns[c]));
    }
    gathered_.Clear();
    RETURN_IF_ERROR(db_.Write(batch, /*sync=*/false));
    if (plan_.progress) plan_.progress(written_);
    return absl::OkStatus();
  }

 private:
  void Put(rocksdb::WriteBatch& batch, uint32_t segment, uint32_t table, uint32_t column,
           absl::string_view bytes) {
    const std::string key = ChunkKey(plan_.target, segment, table, column);
    Aead& aead = table == kPersonsTable ? *persons_aead_ : *aeads_[table];
    db_.Put(batch, Space::kRecords, key, aead.Seal(random_, ChunkName(key), bytes));
  }

  Database& db_;
  RandomSource& random_;
  const MergePlan& plan_;
  storage::v1::Manifest& manifest_;
  std::vector<std::unique_ptr<Aead>> aeads_;
  std::unique_ptr<Aead> persons_aead_;
  uint32_t next_ = 0;
  uint64_t written_ = 0;
  Gathered gathered_;
};

}  // namespace

absl::StatusOr<absl::optional<uint64_t>> WriteGeneration(Database& db, RandomSource& random,
                                                         const Generation& old, const MergePlan& plan,
                                                         storage::v1::Manifest& manifest) {
  manifest.clear_segments();
  SegmentWriter writer(db, random, old, plan, manifest, ColumnCounts(manifest));
  absl::optional<uint64_t> erased;
  RETURN_IF_ERROR(VisitPersons(
      db, old, manifest, plan,
      [&](const PersonKey& person, absl::optional<Edition> cohort, const std::vector<TableRows>& rows) {
        if (person != plan.erased) return writer.Add(person, cohort.value_or(plan.cohort), rows);
        erased = 0;
        for (const TableRows& table : rows) *erased += table.rows();
        return absl::OkStatus();
      }));
  RETURN_IF_ERROR(writer.Flush());
  manifest.set_generation(plan.target);
  manifest.set_next_generation(plan.target + 1);
  return erased;
}

}  // namespace penc
