// Rows that a later word on consent took out and that are still stored: they are counted no more, and gone at
// the next closing. Internal to the store.
#pragma once
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "penc/storage/v1/records.pb.h"
#include "store/rows.h"

namespace penc {

class Withdrawals {
 public:
  // The entries of all batches that wait for a closing.
  explicit Withdrawals(const storage::v1::Manifest& manifest);

  bool empty() const { return by_row_.empty() && by_person_.empty() && unidentified_.empty(); }
  // `table`: its number in stored keys, as everywhere here.
  bool Touches(uint32_t table) const;
  // Whether a row that `batch` brought is taken out.
  bool Takes(uint32_t table, const PersonKey& person, const RowId& identity, uint64_t batch) const;

 private:
  using Batches = absl::flat_hash_map<std::pair<uint32_t, RowId>, uint64_t>;
  static bool Before(const Batches& entries, uint32_t table, const RowId& id, uint64_t batch);

  // By table and key: rows of batches before this one go.
  Batches by_row_, by_person_;
  Batches unidentified_;  // by person: those rows that have no identity
};

}  // namespace penc
