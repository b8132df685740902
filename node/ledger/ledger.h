// The privacy ledger: what was charged to which cohort and to which asker, and which answer each charge paid
// for. RESERVE is the charge (one synced write, then nothing can be forgotten); COMMIT attaches the answer. A
// charge found without its answer stays spent; the same question in the same edition completes it at no new
// cost, at most three times, then GIVEN_UP. Every first charge is also an entry of the charge log, whose
// heads stewards witness (FORMAT.md, "The charge log"). Thread-safe; all writes go through the office's
// Committer.
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
#include "penc/v1/round.pb.h"
#include "privacy/cost.h"
#include "privacy/filter.h"
#include "privacy/promise.h"

namespace penc {

class Database;
class Committer;

using SlotKey = std::string;  // 32 bytes: SHA-256 of (plan id, edition) locally, of (qid, attempt) regionally

enum class ChargeKind {
  kLocal,     // an answer of this office alone
  kRegional,  // its share of a round: may be given back, and is not bounded by W
};

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
  ChargeKind kind = ChargeKind::kLocal;
};

struct Slot {
  enum class State { kReserved, kCommitted, kRefused };
  State state = State::kRefused;
  SlotKey key;
  v1::Refusal refusal = v1::REFUSAL_UNSPECIFIED;
  std::vector<Edition> exhausted;  // cohorts named by BUDGET_, SHARE_, KEYS_EXHAUSTED or UNWITNESSED
  std::string answer;              // kCommitted: the stored bytes
  bool charged_now = false;  // this call wrote the charge (false: an earlier one is completed or resent)
};

struct CohortBalance {
  Edition cohort;
  Promise promise;
  Spent spent;
  std::vector<std::pair<std::string, Spent>> by_asker;
  Spent gross;        // everything ever charged, refunds not taken off: never falls
  Spent refunded;     // given back, for life: rests on the secrecy of the stewards' keys
  Spent unwitnessed;  // local charges since the last witnessed head
};

// Where the charge log stands; the last entries may still be on their way to the disk.
struct LogPosition {
  uint64_t generation = 0;
  uint64_t size = 0;
  std::string root;  // 32 bytes
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
  // open". FAILED_PRECONDITION where Adopt or ForfeitAll gave it up meanwhile: the answer may not leave.
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

  // Gives a regional charge back, once: off the cohorts and the shares that paid for it, except where pure
  // spending is infinite (it stays so) or the charge lies before a ForfeitAll or an Adopt (the sums since are
  // bounds, not sums of it). The slot is never reserved again (GIVEN_UP). Only for a round that can never
  // open with this office in it: the caller has verified the VOID certificate, or the certificate of a set
  // without this office. Idempotent. NOT_FOUND without such a slot, INVALID_ARGUMENT for a local one,
  // FAILED_PRECONDITION while a call holds it.
  virtual absl::Status Refund(const SlotKey& slot) = 0;

  // Where the charge log stands, to be put into a signed header: the most charged cohort's spending, and
  // proofs that the log extends up to 16 heads that were given before. Remembered, in a synced write, before
  // it is returned. Nobody accepts a head of size 0: charge first.
  virtual absl::StatusOr<v1::ChargeLogHead> LogHead() = 0;
  virtual LogPosition Position() const = 0;

  // While true, a local charge is refused with UNWITNESSED where the local charges since the last witnessed
  // head would come to more than W in a cohort (unwitnessed.h). False when opened.
  virtual void HoldToWitnesses(bool member) = 0;
  // Enough stewards say that they last saw this head. True: it is part of this log, or of what this log took
  // over, and what is unwitnessed is counted from there; a head before the last known one changes nothing.
  // False: this log is behind it, or on another chain: nothing may be answered until Adopt.
  virtual absl::StatusOr<bool> SetWitnessed(uint64_t generation, uint64_t size, absl::string_view root) = 0;
  // Takes over a head that stewards saw and this log does not have: every cohort's spending becomes at least
  // the head's, and W, and what this copy charged locally on top (TakenOver); open charges are given up; a
  // new generation of the charge log begins, W is used up until a head of it is witnessed. A cohort that
  // opens later starts there too, up to the first closing of the present calendar period or a later one,
  // where that had not been closed: it may hold people of a closing that was lost. The caller has answered
  // nothing since it knew, and every round that the office could have contributed to is over. Idempotent per
  // head. INVALID_ARGUMENT for what is no head.
  virtual absl::Status Adopt(const v1::AdoptedHead& head) = 0;
};

}  // namespace penc
