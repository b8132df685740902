// Erasing a person: records first, in one durable step, then the quarantine folder, then the database's old files, then
// the look that shows that nothing is left. A crash after the first step is finished at the next opening.
#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "office/admin.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"
#include "store/record_store.h"

namespace penc {

// The key of a reference as a person types it. INVALID_ARGUMENT where it is empty.
absl::StatusOr<PersonKey> KeyOfReference(Office& office, const google::protobuf::RepeatedPtrField<std::string>& parts);

// Call it under office.writing().
absl::StatusOr<v1::EraseResult> Erase(Office& office, const v1::EraseCommand& command, const Progress& progress);

// What a crash cut off; files that could not be read are told.
absl::Status FinishErasing(Office& office);

}  // namespace penc
