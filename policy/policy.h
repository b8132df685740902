// Disclosure policies and grants: what an office allows, to whom, for what. Plain values; read from YAML by
// policy/read.h, which checks every name against the codebook.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "privacy/promise.h"
#include "question/question.h"
#include "question/release.h"

namespace penc {

enum class Rule { kDeny, kAsk, kAllow };

struct ColumnRule {
  Rule rule = Rule::kDeny;
  absl::optional<GrainLevel>
      finest;  // dates: nothing finer than this may be a grouping key or a range boundary
};

enum class Openness { kNobody, kGranted };

// What a regional round must be like, else this office stays away from it.
struct RegionalFloors {
  uint32_t members = 5;             // fewest organisations of a total
  uint32_t presumed_dishonest = 2;  // offices that may collude, stewards counted
  uint32_t stewards_colluding = 2;
};

// Questions on columns that say `ask`.
struct ApprovalLimits {
  uint32_t days = 14;     // how long a question waits for a person, and an approval for the asker
  uint32_t waiting = 20;  // most questions of one partner that wait at the same time
};

struct Policy {
  std::string name;
  absl::Time valid_until;
  PromiseText promise_text;
  Promise promise;
  Openness local = Openness::kNobody;
  Openness regional = Openness::kGranted;
  std::map<std::string, ColumnRule> columns;  // "person.sex"; silence denies
  uint32_t max_group_by = 3;
  uint64_t max_cells = 65536;
  RegionalFloors floors;
  Display display;
  ApprovalLimits approvals;
  uint32_t publication_delay_days = 30;  // of the list of past questions that anybody may read
  std::string text;                      // the YAML as applied, kept verbatim
  std::string hash;                      // SHA-256 of text, 32 bytes
};

struct Grant {
  std::string name;
  std::string key;  // "SHA256:..." fingerprint of the partner's key
  std::vector<std::string> purposes;
  std::vector<std::string> tables;
  uint32_t share_ppm = 0;  // of each cohort's budget
  absl::Time until;        // end of the day, UTC
};

}  // namespace penc
