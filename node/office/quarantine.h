// The folder of rows that imports set aside: plain files of personal data, that live no longer than the batch
// they are of. Erasing a person from them: quarantine_erasing.h. Call everything here under office.writing().
#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "ingest/row_cut.h"
#include "office/office.h"
#include "penc/storage/v1/office.pb.h"

namespace penc {

class Staging;  // journal/committer.h

// Notes of a new file, before it has its name: which of its columns hold the reference (none: its rows have
// none), and whose import writes it. `content`: where it lies until then.
absl::Status NoteQuarantine(Office& office, const std::string& path, const std::string& content,
                            const std::vector<std::string>& person, uint64_t batch);

// Every file in the folder, by its name there; links are not followed.
std::vector<std::string> QuarantineFiles(const Office& office);
std::string PathInQuarantine(const Office& office, const std::string& name);
// SHA-256 of what it is now.
absl::StatusOr<std::string> HashInQuarantine(const Office& office, const std::string& name);

// What is noted of a file; format 0 where nothing is.
absl::StatusOr<storage::v1::QuarantineRow> NoteOf(Office& office, const std::string& name);

// Leaves the file without these rows, or removes it where it holds nothing else; the old bytes are written
// over. `note` becomes what is noted of it, where its format is not 0. `also`: is written with that, before
// the file changes, and is told the file's hash to come (empty: removed).
absl::Status TakeOut(Office& office, const std::string& name, const RowChoice& choice,
                     storage::v1::QuarantineRow note,
                     const std::function<void(Staging&, const std::string& after)>& also);

struct Tidying {
  // Last days before this one are over, in days since 1970; absent: nobody believes the clock.
  absl::optional<int64_t> today;
  uint64_t undone = 0;   // this batch was undone just now: what becomes of its file is told
  bool opening = false;  // no import can be under way: rows of one that never came in go, too
};
// Removes files, and rows of files that nobody noted, whose batch was undone or may be kept no longer, and
// rows that were brought back by a batch that is closed. Files that somebody edited stay at an undo. What was
// cut off is done by the next call. For people: what went, and what is left to them.
std::vector<Text> TidyQuarantine(Office& office, const Tidying& tidying);

// Rows (SetAsideKey) that a batch brought back are noted of the files where they wait, but for `but`, which
// the batch wrote itself. `person`: as for NoteQuarantine, of files that were not noted. For people: how much
// of each file is done.
absl::StatusOr<std::vector<Text>> NoteBroughtBack(Office& office, uint64_t batch,
                                                  const std::set<std::string>& rows,
                                                  const std::vector<std::string>& person,
                                                  const std::string& but);

}  // namespace penc
