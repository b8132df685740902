// What to mend in an office's records before they are asked: rows that contradict themselves or the
// codebook's rules, what is there twice, what is not stated, and what changed since the last edition. For the
// office's own people only: the report holds exact counts and leaves through AdminResult, on the office's own
// socket, and through nothing else.
//
// Neither local references nor row numbers are stored, so findings name the files (batches) that rows came
// in, how many, and how to find them there.
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin_view.pb.h"

namespace penc {

// Of all rows as a closing now would leave them. Journaled first. The caller holds Office::writing().
absl::StatusOr<v1::QualityResult> LookAtQuality(Office& office);

}  // namespace penc
