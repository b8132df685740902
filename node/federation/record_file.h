// Files of opened rounds, NAME.penc: what an office keeps in DIR/answers, a partner in P/rounds, and what
// people pass on to whoever wants to check an answer.
//
//   "penc round record 1\n" ‖ SHA-256 of what follows (32 bytes) ‖ a serialised penc.v1.RoundRecord
//
// The hash finds damage; who lied is found by the record's own proofs (regional_answer.h).
#pragma once
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "penc/v1/round.pb.h"

namespace penc {

// Of a whole file; a round of 18 offices and the longest vector of wide words has a quarter of it.
inline constexpr uint64_t kLongestRecord = uint64_t{1} << 30;
inline constexpr uint64_t kLongestCodebook = 4 << 20;  // as YAML files are

std::string WriteRecord(const v1::RoundRecord& record);
// DATA_LOSS where it is no such file, of another format, damaged, or written otherwise than WriteRecord
// writes (then it would say something that nobody looks at). `file` is only named in errors.
absl::StatusOr<v1::RoundRecord> ReadRecord(absl::string_view file, absl::string_view bytes);

// Hex of the round's qid: how people and files call a round. Its first twelve characters are enough for a
// person.
std::string RoundId(absl::string_view qid);
inline constexpr size_t kShownId = 12;

// FOLDER/ID.penc.
std::string RecordPath(const std::string& folder, absl::string_view qid);
// Writes the record under its own id; the folder is made where it is missing. RESOURCE_EXHAUSTED on a full
// disk.
absl::Status SaveRecord(const std::string& folder, const v1::RoundRecord& record);
absl::StatusOr<v1::RoundRecord> LoadRecord(const std::string& path);

// Ids of the files FOLDER/ID`extension`, sorted; others are left aside.
std::vector<std::string> IdsIn(const std::string& folder, absl::string_view extension = ".penc");
// The one id in `ids` that begins with `prefix`. NOT_FOUND, or INVALID_ARGUMENT where several do.
absl::StatusOr<std::string> FindId(const std::vector<std::string>& ids, absl::string_view prefix);

}  // namespace penc
