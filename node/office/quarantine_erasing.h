// One person out of the rows that imports set aside. What is to be taken out is written down before the
// records forget the person, as places in files: so whatever a crash cuts off is finished without the
// reference, which nobody has any more. Call what changes something under office.writing().
#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "ingest/person_rows.h"
#include "office/office.h"
#include "penc/storage/v1/office.pb.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc {

struct FoundInQuarantine {
  std::vector<v1::QuarantineErased> files;  // one a file that holds something or could not be read
  storage::v1::ErasingRows rows;
};
// What the files hold of a person. Nothing is changed.
FoundInQuarantine FindInQuarantine(Office& office, PersonMatch& match);

// Writes it down in place of what was before; nothing where no file is concerned.
absl::Status NoteErasing(Office& office, const storage::v1::ErasingRows& rows);

// Takes out what was written down, file by file, each as it was or without the person, and forgets it. For
// people: files that changed meanwhile, and with `unread` those that could not be read.
absl::StatusOr<std::vector<Text>> EraseNoted(Office& office, bool unread);

}  // namespace penc
