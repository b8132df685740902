// Two offices with real folders that lived the same life, but for everything of some persons: each of these
// is in one of them, in all tables, and was never in the other. Everybody of them has cells that nobody else
// is in, so that one answer is as many experiments as there are such persons.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "crypto/signature.h"
#include "ledger/ledger.h"
#include "office/office.h"
#include "penc/v1/question.pb.h"
#include "question/plan.h"
#include "tests/support/replayed.h"
#include "tests/support/small_office.h"

namespace penc::audit {

// Tables, of person number p (and of some people who are in both offices, in the last category of each):
//   person  one row, `home` p, `kind` a. People of both offices: kind b
//   spread  four rows, at places 4 p to 4 p + 3: as many cells as the cap allows
//   heavy   twice as many rows as the cap allows, all at place p, `hours` and `grade` at the top of
//           their ranges
// Half of the rows of events came in a second edition.
class Twins {
 public:
  // Nothing may be open in `dir`, which is gone at the end. All randomness follows from the seed. Of the
  // numbers below `persons`, those for whom `real` says so are persons; empty: all.
  Twins(const std::string& dir, uint32_t persons, uint64_t seed,
        const std::function<bool(uint32_t person)>& real = nullptr);
  ~Twins();
  Twins(const Twins&) = delete;
  Twins& operator=(const Twins&) = delete;

  // As they were when they were made: nothing asked, nothing spent.
  void Renew();

  uint32_t persons() const { return persons_; }
  // Of each of them: in which of 2^20 buckets the network knows the person.
  std::vector<size_t> Buckets() const;
  Office& with() { return *with_; }
  Office& without() { return *without_; }
  const SigningKey& asker() const { return asker_; }

  // As a question of the asker's arrives, signature apart.
  v1::AskBody Body(Office& office, const std::string& sql, const v1::Price& price) const;
  // Lets somebody ask.
  void Grant(Office& office, const VerifyKey& asker);
  // What is public of a question.
  Plan PlanOf(const std::string& sql, const v1::Price& price);
  // Of the cohort that has spent most.
  static Spent SpentBy(Office& office);
  absl::StatusOr<v1::AdminResult> Run(Office& office, const v1::AdminCommand& command,
                                      const std::string& upload = "");

 private:
  Environment environment() { return {clock_, random_, steps_}; }
  using Real = std::function<bool(uint32_t person)>;
  void Found(const std::string& dir, const Real& real);
  std::string Rows(const std::string& table, int half, const Real& real) const;
  std::unique_ptr<Office> Open(const std::string& dir);

  const std::string dir_;
  const uint32_t persons_;
  SetClock clock_;
  Replayed random_;
  NoSteps steps_;
  const SigningKey asker_;
  std::unique_ptr<Office> with_, without_;
};

}  // namespace penc::audit
