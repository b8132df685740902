// All that the office keeps of one person, for that person: rows in words, the files they came from, how long they may be
// kept, and which questions may have counted them.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc {

// The journal says that a sheet was made, before it is: not for whom. INVALID_ARGUMENT where the reference is empty.
absl::StatusOr<v1::PersonSheetResult> MakePersonSheet(Office& office, const v1::PersonSheetCommand& command);

}  // namespace penc
