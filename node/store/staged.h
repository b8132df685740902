// Staged rows on the disk: runs of blocks, each run sorted by person, every block sealed under its table's
// key. Internal to the store. FORMAT.md, "Staged blocks".
#pragma once
#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/database.h"
#include "base/random.h"
#include "crypto/aead.h"
#include "store/rows.h"

namespace penc {

// Writes the runs of one batch as rows come: one run is sorted, sealed and written on a thread of its own
// while the next one gathers, so that at most two are in memory. Not thread-safe; what it is given outlives
// it.
class RunWriter {
 public:
  // `from`: for each stored column, which column of the blocks it is; -1: NULL.
  RunWriter(Database& db, RandomSource& random, const Secret& key, uint64_t batch, std::vector<int> from,
            uint32_t run_rows, uint32_t block_rows)
      : db_(db),
        random_(random),
        aead_(key),
        batch_(batch),
        from_(std::move(from)),
        run_rows_(run_rows),
        block_rows_(block_rows) {}

  ~RunWriter();

  // Rows in file order; `block.identity` and `block.content` have a value for each row or are empty. The
  // error of a run may come with a later call.
  absl::Status Add(RowBlock block);
  // When it returns, everything is written.
  absl::Status Flush();
  // Until nothing is being written; what has gathered since stays.
  absl::Status Wait();
  // After Flush or Wait.
  uint32_t blocks() const { return blocks_; }
  const std::vector<uint32_t>& runs() const { return runs_; }  // the first block of each

 private:
  absl::Status StartRun();
  absl::Status WriteRun(const std::vector<RowBlock>& pending, size_t rows);

  Database& db_;
  RandomSource& random_;
  Aead aead_;
  const uint64_t batch_;
  const std::vector<int> from_;
  const uint32_t run_rows_, block_rows_;
  std::vector<RowBlock> pending_;
  size_t pending_rows_ = 0;
  std::future<absl::Status> writing_;
  // The writing thread's, while there is one.
  uint32_t blocks_ = 0;
  std::vector<uint32_t> runs_;
};

// DATA_LOSS where it is not there or was altered.
absl::StatusOr<StagedBlock> ReadBlock(const Database& db, Aead& aead, uint64_t batch, uint32_t block,
                                      size_t columns);
std::string SealBlock(Aead& aead, RandomSource& random, uint64_t batch, uint32_t block,
                      const StagedBlock& rows);

}  // namespace penc
