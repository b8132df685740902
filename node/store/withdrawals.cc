#include "store/withdrawals.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace penc {
namespace {

RowId IdOf(const std::string& bytes) {
  RowId id = kNoId;
  if (bytes.size() == id.size()) std::memcpy(id.data(), bytes.data(), id.size());
  return id;
}

}  // namespace

Withdrawals::Withdrawals(const storage::v1::Manifest& manifest) {
  for (const storage::v1::StoredBatch& batch : manifest.batches()) {
    for (const storage::v1::Withdrawn& entry : batch.withdrawn()) {
      Batches& entries = !entry.identity().empty() ? by_row_
                         : entry.unidentified()    ? unidentified_
                                                   : by_person_;
      uint64_t& from =
          entries[{batch.table(), IdOf(entry.identity().empty() ? entry.person() : entry.identity())}];
      from = std::max(from, batch.id());
    }
  }
}

bool Withdrawals::Touches(uint32_t table) const {
  const auto of_table = [table](const auto& entry) { return entry.first.first == table; };
  return std::any_of(by_row_.begin(), by_row_.end(), of_table) ||
         std::any_of(by_person_.begin(), by_person_.end(), of_table) ||
         std::any_of(unidentified_.begin(), unidentified_.end(), of_table);
}

bool Withdrawals::Before(const Batches& entries, uint32_t table, const RowId& id, uint64_t batch) {
  const auto found = entries.find({table, id});
  return found != entries.end() && batch < found->second;
}

bool Withdrawals::Takes(uint32_t table, const PersonKey& person, const RowId& identity,
                        uint64_t batch) const {
  return Before(by_person_, table, person, batch) ||
         (identity == kNoId ? Before(unidentified_, table, person, batch)
                            : Before(by_row_, table, identity, batch));
}

}  // namespace penc
