// The questions that the journal tells of: who asked, what for, what became of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "journal/journal.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {

struct JournaledQuestion {
  enum class End {
    kAnswered,  // by this office alone
    kRegional,  // charged for a regional round, and not given back
    kRefused,
    kNothing  // charged; nothing left, or it was given back
  };
  End end = End::kNothing;
  int64_t time_unix_micros = 0;  // of the answer, else of the charge or the refusal
  std::string purpose;
  std::string asker;                               // fingerprint
  std::string question;                            // canonical text
  std::vector<std::string> cohorts;                // whom it counted, "2026-Q3"; none where it was refused
  bool regional = false;                           // a round asked
  uint32_t refusal = 0;                            // number of v1::Refusal, where it was refused
  std::vector<storage::v1::CohortCharge> charges;  // where it was charged, at each cohort's own promise
  std::string edition;  // the latest that was closed when it was asked; may be empty
};

// In the order of the journal. Somebody else who got a stored answer is a question of its own.
absl::StatusOr<std::vector<JournaledQuestion>> QuestionsInJournal(const Journal& journal);

}  // namespace penc
