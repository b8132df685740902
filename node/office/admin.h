// Every command of an office's own people, on an open office: the command line calls it directly, or the
// running node calls it for the command line (rpc/admin_service.h). One function, so that both do the same.
#pragma once
#include <functional>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "ingest/read_budget.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

// May be called from the command's thread only, any number of times; may be empty.
using Progress = std::function<void(const v1::AdminProgress&)>;

// `upload`: the bytes that an import reads; null for commands without a file. `cancelled`: a command that
// waits for another one, or reads a file, ends soon after it is true. Thread-safe. Codes: INVALID_ARGUMENT
// (usage, content of files), NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, RESOURCE_EXHAUSTED (disk full, a
// workbook beyond measure), DATA_LOSS (damaged), CANCELLED. An error changed nothing.
absl::StatusOr<v1::AdminResult> Administer(Office& office, const v1::AdminCommand& command,
                                           ByteSource* upload, const Progress& progress,
                                           const Cancelled& cancelled = nullptr);

}  // namespace penc
