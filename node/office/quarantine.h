// The folder of rows that imports set aside: plain files of personal data, which an erasure searches, too.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/person_rows.h"
#include "office/office.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc {

// Notes which columns of a new file hold the reference; none: its rows have no reference.
absl::Status NoteQuarantine(Office& office, const std::string& path, const std::vector<std::string>& person);

// What the files hold of a person; one entry a file that holds something or could not be read. Nothing is changed.
std::vector<v1::QuarantineErased> FindInQuarantine(Office& office, PersonMatch& match);

// Takes it out, file by file, each as it was or without the person.
absl::StatusOr<std::vector<v1::QuarantineErased>> EraseFromQuarantine(Office& office, PersonMatch& match);

}  // namespace penc
