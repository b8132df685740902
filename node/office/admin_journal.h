// Commands about the journal. See admin.h.
#pragma once
#include "absl/status/statusor.h"
#include "office/admin.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

absl::StatusOr<v1::JournalVerifyResult> VerifyJournalHere(Office& office, const Progress& progress);
absl::StatusOr<v1::JournalShowResult> ShowJournal(Office& office, const v1::JournalShowCommand& command);

}  // namespace penc
