// Words of columns of text, in the manifest: numbered as they come, and gone with the last row that holds
// them. Internal to the store. FORMAT.md, "Words".
#pragma once
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/database.h"
#include "penc/storage/v1/records.pb.h"
#include "question/words.h"
#include "store/generation.h"

namespace penc {

// Of a table's column by its stored number, by `same`.
WordList WordsIn(const storage::v1::StoredTable& table, uint32_t column);

// Numbers words for one import. Not thread-safe.
class WordNumbers {
 public:
  explicit WordNumbers(const storage::v1::StoredTable& table);
  // The word's number, a new one where it is new. INVALID_ARGUMENT where the column has too many: it is free
  // text. `column`: stored number.
  absl::StatusOr<StoredValue> Of(uint32_t column, const Word& word);
  // Those that Of numbered.
  bool fresh() const { return !fresh_.empty(); }
  // Keeps those of them that are in `held` (column, number).
  void AddTo(storage::v1::StoredTable& table, const std::set<std::pair<uint32_t, StoredValue>>& held) const;
  // The columns that have new words.
  std::set<uint32_t> columns() const;

 private:
  std::map<std::pair<uint32_t, std::string>, StoredValue> numbers_;  // by column and `same`
  std::map<uint32_t, size_t> sizes_;                                 // by column
  std::vector<storage::v1::StoredWord> fresh_;
  uint32_t next_;
};

// Takes out of `next` the words that none of its rows holds any more. `next_rows`: its segments, readable;
// `blocks`: staged blocks that will be replaced, by key.
absl::Status PruneWords(const Database& db, const Generation& next_rows,
                        const std::map<std::string, std::string>& blocks, storage::v1::Manifest& next);

}  // namespace penc
