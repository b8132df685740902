// The questions that the journal tells of: who asked, what for, what became of it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "journal/journal.h"

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
  std::string asker;                 // fingerprint
  std::string question;              // canonical text
  std::vector<std::string> cohorts;  // whom it counted, "2026-Q3"; none where it was refused
};

// In the order of the journal. Somebody else who got a stored answer is a question of its own.
absl::StatusOr<std::vector<JournaledQuestion>> QuestionsInJournal(const Journal& journal);

}  // namespace penc
