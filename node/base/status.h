// Errors of penc: operating failures are absl::Status that carry one sentence in French and one in English;
// broken invariants stop the process (in a privacy system stopping beats answering); a refusal is an answer,
// not an error.
//
//   ASSIGN_OR_RETURN(Codebook book, ReadCodebook(path));
//   RETURN_IF_ERROR(store.Close());
//   return Fail(absl::StatusCode::kInvalidArgument, {"fichier vide: donnez un CSV", "empty file: give a
//   CSV"});
//
// A message says what happened, where, and what to do next. It never holds a record value, an exact count or
// noise.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc {

// The same sentence twice, French first.
struct Text {
  std::string fr;
  std::string en;
};

// A status whose message() is the English sentence; the French one travels as a payload.
absl::Status Fail(absl::StatusCode code, Text text);
// Both sentences of a status; a status that was not made by Fail says the same in both.
Text Explain(const absl::Status& status);
// The same error, preceded by where it happened ("policy.yaml line 4"), in both languages.
absl::Status At(absl::string_view where, const absl::Status& status);

namespace internal {
[[noreturn]] void CheckFailed(const char* file, int line, const char* what);
inline const absl::Status& AsStatus(const absl::Status& s) { return s; }
template <typename T>
const absl::Status& AsStatus(const absl::StatusOr<T>& s) {
  return s.status();
}
}  // namespace internal
}  // namespace penc

#define PENC_CONCAT_INNER(a, b) a##b
#define PENC_CONCAT(a, b) PENC_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expr)                           \
  do {                                                  \
    if (auto penc_status = (expr); !penc_status.ok()) { \
      return ::penc::internal::AsStatus(penc_status);   \
    }                                                   \
  } while (false)

// NOLINTBEGIN(bugprone-macro-parentheses): lhs may be a declaration
#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_INNER(PENC_CONCAT(penc_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_INNER(tmp, lhs, expr) \
  auto tmp = (expr);                           \
  if (!tmp.ok()) return tmp.status();          \
  lhs = *std::move(tmp)
// NOLINTEND(bugprone-macro-parentheses)

// Always on. Prints the expression (never values) and aborts.
#define PENC_CHECK(condition) \
  ((condition) ? (void)0 : ::penc::internal::CheckFailed(__FILE__, __LINE__, #condition))
