#include "base/status.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace penc {
namespace {
constexpr char kFrench[] = "penc/fr";
}

absl::Status Fail(absl::StatusCode code, Text text) {
  absl::Status status(code, text.en);
  status.SetPayload(kFrench, absl::Cord(text.fr));
  return status;
}

Text Explain(const absl::Status& status) {
  std::string en(status.message());
  auto french = status.GetPayload(kFrench);
  return {french.has_value() ? std::string(*french) : en, en};
}

absl::Status At(absl::string_view where, const absl::Status& status) {
  if (status.ok()) return status;
  Text text = Explain(status);
  return Fail(status.code(), {absl::StrCat(where, ": ", text.fr), absl::StrCat(where, ": ", text.en)});
}

namespace internal {
void CheckFailed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "penc stopped: broken invariant at %s:%d: %s\n", file, line, what);
  std::abort();
}
}  // namespace internal
}  // namespace penc
