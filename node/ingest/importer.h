// A file into the store: read, mapped, checked, pseudonymised, staged: all rows or none. Rows that cannot be
// understood go to a quarantine file; counts add up: read = stored + duplicate + replaced + conflicting +
// quarantined + dropped.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/steps.h"
#include "codebook/codebook.h"
#include "crypto/secret.h"
#include "ingest/byte_source.h"
#include "ingest/mapping.h"
#include "ingest/read_budget.h"
#include "store/record_store.h"

namespace penc {

struct ImportOptions {
  std::string file_name;  // base name, for batches
  uint32_t table = 0;
  const Mapping* mapping = nullptr;  // null: the file's headings are the codebook's
  std::string sheet;                 // of a workbook; empty: the mapping's, else the only one that has rows
  // The first bytes are the parents' file, which the mapping joins; 0: none.
  uint64_t parent_bytes = 0;
  std::string parent_name;
  bool dry_run = false;
  bool replace = false;
  bool again = false;  // rows that are there already are events of their own
  absl::Time now;
  absl::optional<int64_t> keep_until_day;  // noted with the batch
  std::string quarantine_file;  // where rows to correct go (.xlsx, 0600); written only where there are some
  // Before rows set aside get that name, so that nobody has them unknown: the name, where they lie until
  // then, and the batch. Empty: nobody wants to know.
  std::function<absl::Status(const std::string& path, const std::string& temporary, uint64_t batch)>
      before_quarantine;
  // Of rows that come back from a quarantine file: the last day of the batch that they were set aside from.
  // The import keeps none of them longer. Empty: no such day counts.
  std::function<absl::optional<int64_t>(uint64_t batch)> last_day_of;
  std::function<void(uint64_t rows)> progress;
  Cancelled cancelled;                  // then nothing is stored: CANCELLED
  const Secret* network_key = nullptr;  // where the mapping has network_person; a dry run does without
};

struct ImportProblem {
  uint64_t first_row = 0;  // as Excel shows it; 0: the file as a whole
  std::string letters;     // of the column, as Excel shows it
  std::string column;
  Text what;
  uint64_t rows = 0;
};

struct ImportReport {
  uint64_t batch = 0;
  uint64_t read = 0, quarantined = 0, dropped = 0;
  StagedCounts staged;
  std::vector<ImportProblem> problems;
  std::string quarantine_file;  // empty: none written
  std::string sheet;            // empty: a file without sheets
  // SetAsideKey of rows that came in again and were kept, or set aside anew, or dropped.
  std::set<std::string> brought_back;
};

// INVALID_ARGUMENT (the file or the mapping), ALREADY_EXISTS (this file is in, or many of its rows),
// RESOURCE_EXHAUSTED (disk, or a workbook beyond measure), CANCELLED: nothing is stored.
absl::StatusOr<ImportReport> ImportFile(ByteSource& file, const Codebook& codebook, RecordStore& store,
                                        const Secret& node_key, Steps& steps, const ImportOptions& options);

}  // namespace penc
