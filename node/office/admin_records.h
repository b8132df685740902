// Commands about records: import, close, batches, undo, status. See admin.h.
#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "ingest/byte_source.h"
#include "office/admin.h"
#include "office/office.h"
#include "penc/v1/admin.pb.h"

namespace penc {

absl::StatusOr<v1::ImportResult> Import(Office& office, const v1::ImportCommand& command, ByteSource* upload,
                                        const Progress& progress, const Cancelled& cancelled,
                                        std::vector<Text>& notices);
absl::StatusOr<v1::CloseResult> Close(Office& office, const v1::CloseCommand& command,
                                      const Progress& progress, std::vector<Text>& notices);
v1::BatchesResult ListBatches(Office& office);
absl::StatusOr<v1::UndoResult> Undo(Office& office, const v1::UndoCommand& command,
                                    std::vector<Text>& notices);
absl::StatusOr<v1::StatusResult> ShowStatus(Office& office);

}  // namespace penc
