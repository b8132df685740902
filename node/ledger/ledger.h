// The privacy ledger: what was charged to which cohort and to which asker, and which answer each charge paid
// for. RESERVE is the charge (one synced write, then nothing can be forgotten); COMMIT attaches the answer. A
// charge found without its answer stays spent; the same question in the same edition completes it at no new
// cost, at most three times, then GIVEN_UP. Thread-safe; all writes go through the office's Committer.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "codebook/period.h"
#include "penc/v1/refusal.pb.h"
#include "privacy/cost.h"
#include "privacy/filter.h"
#include "privacy/promise.h"

namespace penc {

class Database;
class Committer;

using SlotKey = std::string;  // 32 bytes: SHA-256 of (plan id, edition) locally, of (qid, attempt) regionally

struct Charge {
  SlotKey slot;
  std::string plan_id;
  std::string question;  // canonical text, for the journal
  std::string purpose;
  std::string asker;             // key fingerprint
  uint64_t share_ppm = 1000000;  // of each cohort's budget that this asker may use (its grant)
  std::vector<Edition> cohorts;  // touched
  // What the release costs at an order: each cohort is charged at the order of its own promise. Pure; called
  // on the committer's thread, so the usual order should be worked out before.
  std::function<Cost(Order)> cost;
};

struct Slot {
  enum class State { kReserved, kCommitted, kRefused };
  State state = State::kRefused;
  SlotKey key;
  v1::Refusal refusal = v1::REFUSAL_UNSPECIFIED;
  std::vector<Edition> exhausted;  // cohorts named by BUDGET_EXHAUSTED or SHARE_EXHAUSTED
  std::string answer;              // kCommitted: the stored bytes
  bool charged_now = false;  // this call wrote the charge (false: an earlier one is completed or resent)
};

struct CohortBalance {
  Edition cohort;
  Promise promise;
  Spent spent;
  std::vector<std::pair<std::string, Spent>> by_asker;
};

class Ledger {
 public:
  // DATA_LOSS where a row cannot be read. References outlive it.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(Database& db, Committer& committer, Closing closing);
  virtual ~Ledger() = default;

  // Decides and charges in one synced write. IN_PROGRESS while another call holds the slot.
  virtual absl::StatusOr<Slot> Reserve(const Charge& charge) = 0;
  // Waits until no call holds the slot, `most` at the longest; whether that came.
  virtual bool AwaitRelease(const SlotKey& slot, absl::Duration most) = 0;
  // Attaches the answer (and its journal leaf) in one synced write. On failure the slot returns to "charged,
  // open".
  virtual absl::Status Commit(const Slot& slot, const std::string& answer) = 0;
  // Lets go of a reserved slot without an answer (an internal error): spent stays spent.
  virtual void Abandon(const Slot& slot) = 0;

  virtual std::vector<CohortBalance> Balances() const = 0;
  // Opens the budget of a newly closed cohort under the promise in force. Idempotent: a cohort that has a
  // budget keeps it.
  virtual absl::Status OpenCohort(Edition cohort, const Promise& promise) = 0;
  // After a restore: every cohort's remaining budget is gone, and no charge that the backup holds without its
  // answer is ever completed (it may have been answered since).
  virtual absl::Status ForfeitAll() = 0;
};

}  // namespace penc
