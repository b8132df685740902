// Questions in SQL, read by PostgreSQL's own parser into the typed, unbound Select. The subset is in
// README.md beside this file; whatever is outside it is refused with its position and with what would be
// accepted. Thread-safe.
#pragma once
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "penc/v1/question.pb.h"

namespace penc {

inline constexpr size_t kLongestSql = 16 << 10;

// INVALID_ARGUMENT "line 1, column 18: ...".
absl::StatusOr<v1::Select> ParseSql(absl::string_view sql);

}  // namespace penc
