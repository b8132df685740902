// One import on its way into the store. Internal to the store.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "store/disk_store.h"
#include "store/import_check.h"
#include "store/repeats.h"
#include "store/rows.h"
#include "store/staged.h"
#include "store/stored_words.h"
#include "store/withdrawals.h"

namespace penc {

// Rows of one import: staged as they come, judged beside what is there when all are in.
class StoreImport final : public RecordStore::Import {
 public:
  // `looks`: for BeginLook.
  StoreImport(DiskStore& store, storage::v1::StoredBatch batch, std::shared_ptr<const Codebook> codebook,
              uint32_t table, bool looks);
  ~StoreImport() override;
  absl::Status Add(RowBlock block) override;
  absl::StatusOr<StoredValue> WordOf(size_t column, const Word& word) override;
  void SetFileHash(const std::string& file_hash) override { batch_.set_file_hash(file_hash); }
  void SetKeepUntil(int64_t day) override { batch_.set_keep_until_day(day); }
  void SetAgain() override { repeats_.reset(); }
  absl::StatusOr<StagedCounts> Commit() override;
  absl::StatusOr<RepeatedRows> Look() override;
  uint64_t batch() const override { return batch_.id(); }

 private:
  absl::Status CheckValues(const RowBlock& block) const;
  // Whether a row as it is stored lets its person be counted.
  bool Consents(const RowBlock& block, size_t row) const;
  static void DropRefused(RowBlock& block);
  // By the columns' stored numbers.
  std::vector<uint64_t> FingerprintsOf(const RowBlock& block) const;
  // Rows that are there already, to check_ and repeats_.
  absl::Status Learn();
  // Rows of a table in a segment or a block, in the order of persons.
  struct There {
    const std::vector<PersonKey>& persons;
    const TableRows& rows;
    bool overtaken;  // a staged file takes the place of the whole table
  };
  void LearnRows(const There& there, const Withdrawals& withdrawals);
  // Whether a row that is there could be one of the file's again.
  bool Repeatable(const RowId& id) const { return repeats_ != nullptr && (!identified_ || id == kNoId); }
  absl::StatusOr<TableRows> ReadSegment(const Generation& generation,
                                        const storage::v1::StoredSegment& segment,
                                        std::vector<PersonKey>* persons) const;
  // Blocks without the rows that are not to be stored.
  absl::StatusOr<StagedCounts> Judge();
  // New words of rows that stay, into `table`.
  absl::Status KeepWords(storage::v1::StoredTable& table) const;

  DiskStore& store_;
  storage::v1::StoredBatch batch_;
  const std::shared_ptr<const Codebook> codebook_;
  const Table& table_;
  std::vector<StoredValue> largest_;         // by column
  std::vector<size_t> constant_;             // stored columns in which a person has one value
  absl::optional<uint32_t> consent_column_;  // of the codebook's table; where this table has it
  std::vector<int> from_;                    // by stored column: the codebook's; -1: none
  const bool looks_;
  std::unique_ptr<RunWriter> writer_;  // null: only looks
  std::unique_ptr<ImportCheck> check_;
  std::unique_ptr<Repeats> repeats_;  // null: nothing is compared
  bool identified_ = false;           // the file's rows have identities
  uint64_t rows_ = 0;
  WordNumbers words_;
};

}  // namespace penc
