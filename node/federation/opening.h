// A recipient's part: adds the contributions itself, takes away masks and the noise that may go, and checks
// every signature, root, commitment and proof on the way, so that whoever lied can be named. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "federation/round.h"
#include "federation/steward.h"

namespace penc {

// What FetchRound gives, mail opened.
struct RoundParts {
  v1::Certificate certificate;
  std::vector<v1::SignedHeader> headers;  // of the certified set, in its order
  std::vector<std::string> vectors;       // their masked vectors, in the same order
  std::vector<OpeningWithSum> openings;   // releases and reveals, in any order
};

// The opening in it, where its steward signed it for this round and this set (`set_sha256`: of the certified
// proposal), a release with the mask sum that it states. Nothing otherwise; then it is no evidence against
// the steward whose name it bears: anybody can write such a thing.
absl::optional<v1::Opening> ParseOpening(const Round& round, const std::string& set_sha256,
                                         const OpeningWithSum& given);

struct OpenedRound {
  std::vector<uint32_t> answered;  // offices, ascending
  std::vector<int64_t> noisy;      // cells: true sums plus the remaining noise
  // Steps between levels whose noise was taken away; fewer than RemovableSteps where an office's seed did not
  // fit its commitment: that noise stays, and the answer states the larger law.
  uint32_t removed = 0;
  // Lies that did not keep the round from opening, in both languages.
  std::vector<Text> remarks;
};

// FAILED_PRECONDITION naming whom: something is missing, or somebody lied in a way that leaves the sum wrong.
// Of two openings by one steward for one purpose the first counts.
absl::StatusOr<OpenedRound> OpenRound(const Round& round, const RoundParts& parts);

}  // namespace penc
