// Which rows of a file other batches brought already, the same person with the same values: a table of events
// whose rows have no identity would count them twice. Told by fingerprints in memory, of which nothing is
// kept; beyond some hundred thousand rows by a sample of them. Internal to the store.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "store/record_store.h"

namespace penc {

// One for each row. `columns`: by their stored numbers, null where all is NULL.
std::vector<uint64_t> Fingerprints(const std::vector<PersonKey>& persons,
                                   const std::vector<const std::vector<StoredValue>*>& columns);

// First the rows of the file, then what is there.
class Repeats {
 public:
  // `most`: fingerprints that are held.
  explicit Repeats(size_t most = 1 << 18) : most_(most) {}

  void Add(uint64_t fingerprint);
  // One of the file's rows is no new one.
  void Take(uint64_t fingerprint);
  void Learn(uint64_t fingerprint, uint64_t batch);
  RepeatedRows Found() const;

 private:
  struct Rows {
    uint32_t all = 0, fresh = 0;  // of the file
    uint32_t stored = 0;          // by other batches
    uint64_t batch = 0;           // the last of them
  };
  bool Passes(uint64_t fingerprint) const { return (fingerprint & left_out_) == 0; }

  const size_t most_;
  uint64_t left_out_ = 0;  // fingerprints with one of these bits
  absl::flat_hash_map<uint64_t, Rows> rows_;
  std::map<uint64_t, uint64_t> stored_;  // rows of the sample, by batch
};

}  // namespace penc
