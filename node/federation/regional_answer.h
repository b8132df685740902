// From the record of an opened round to the answer that people read, with everything checked on the way: the
// same function at the partner that asked, at an office that took part, and at anybody who was handed a file.
// The same record always gives the same answer, byte for byte. Pure; works without a network.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "penc/v1/answer.pb.h"
#include "penc/v1/node_service.pb.h"
#include "penc/v1/round.pb.h"
#include "question/plan.h"

namespace penc {

// How a verifier knows the network: by the fingerprint of its root keys (a network's card, RootsFingerprint),
// or by rosters that it has pinned, as SHA-256 of their bytes. Either is enough. With neither the record is
// only held against its own roster: whoever has seen the network's card must compare `roots` of the answer.
struct RosterTrust {
  std::string roots;
  std::vector<std::string> rosters;
};

struct RegionalAnswer {
  v1::Answer answer;
  // What was checked, in order, a sentence each.
  std::vector<Text> checked;
  std::string roots;      // RootsFingerprint of the record's roster
  bool anchored = false;  // it is one that the verifier knows
};

// DATA_LOSS, saying what does not hold and whose it is; RESOURCE_EXHAUSTED never. Deadlines are not looked at
// again: the record says what was, whenever it is read.
absl::StatusOr<RegionalAnswer> AnswerOf(const v1::RoundRecord& record, const RosterTrust& trust);

// The round of a record, its roster and descriptor checked alone: for lists. Cheap beside AnswerOf.
absl::StatusOr<Round> RoundOf(const v1::RoundRecord& record);

// What a round would give where so many organisations answer, before anybody spends: margins of its exact
// law, price at the codebook's reference promise. `plan` is the descriptor's (CheckDescriptor).
v1::ExplainResponse ExplainRound(const v1::Descriptor& terms, Plan plan, const Codebook& codebook,
                                 uint32_t answered);

}  // namespace penc
