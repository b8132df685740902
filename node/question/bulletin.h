// Bulletins from YAML files: several questions planned, charged and answered as one. Pure.
//
//   bulletin: trend
//   edition: 2026-Q3
//   questions:
//     - title: Par trimestre / By quarter
//       sql: >-
//         SELECT quarter(reg_month), count(DISTINCT person) FROM person
//         WHERE reg_month BETWEEN '$Q-3' AND '$Q' GROUP BY quarter(reg_month)
//       margin: 20
//       weight: 3
//
// A file that is used again and again names its periods relative to an edition: $Q is the quarter that holds
// the edition's last day, $Q-3 three quarters before; likewise $Y and $M. With edition 2026-Q3, '$Q-3' AND
// '$Q' read '2025-Q4' AND '2026-Q3', $Y-1 reads 2025, $M reads 2026-09. What is asked, signed and journaled
// holds the periods themselves.
//
// A wanted margin is a wish of whoever writes the file: what is asked holds the weights that it was turned
// into (bulletin_weights.h).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "penc/v1/question.pb.h"

namespace penc {

// `edition` ("2026-Q3", "2026-09", "2026") takes the place of the file's own. INVALID_ARGUMENT with file,
// line and path for a mistake in the file or in the SQL, or where a relative period stands and there is no
// edition.
absl::StatusOr<v1::Bulletin> ReadBulletin(absl::string_view file, absl::string_view text,
                                          absl::string_view edition = "");

// The edition that the file itself names; empty where it names none. INVALID_ARGUMENT as above.
absl::StatusOr<std::string> BulletinEdition(absl::string_view file, absl::string_view text);

// The margins that its questions state, one entry a question. INVALID_ARGUMENT as above, or for a margin of
// 0.
absl::StatusOr<std::vector<absl::optional<uint64_t>>> BulletinMargins(absl::string_view file,
                                                                      absl::string_view text);

}  // namespace penc
