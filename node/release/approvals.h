// Questions of which a person of the office decides, and what was decided: durable, each change and its
// journal leaf one synced write (FORMAT.md). An approval pays for nothing and opens nothing by itself: it is
// an input of Decide (policy/decide.h), and everything else is decided again when the asker asks again.
//
//   waits -> approved | refused            (and between these, as long as nothing has come of it)
//
// What is decided is a Subject, all of it: another price, purpose, edition, round or policy is another
// question. What is over (its time, or the rules that it was asked under) is as if it had never been asked,
// and goes with the next change. Thread-safe; changes follow each other.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "codebook/period.h"
#include "ledger/ledger.h"
#include "penc/storage/v1/approval.pb.h"
#include "policy/decide.h"

namespace penc {

class Committer;
class Database;

// Exactly what a person decides of.
struct Subject {
  SlotKey slot;  // what would be charged: plan and edition, or the round and its attempt
  std::string plan_id;
  std::string asker;  // fingerprint of the key
  std::string purpose;
  std::string policy_hash;
};

// What rows are held against: those that were asked under other rules are over.
struct InForce {
  std::string policy_hash, codebook_hash;
  absl::optional<Edition> edition;
  absl::Time now;
};

class Approvals {
 public:
  using Row = storage::v1::ApprovalRow;

  // DATA_LOSS where a row cannot be read. References outlive it.
  static absl::StatusOr<std::unique_ptr<Approvals>> Open(const Database& db, Committer& committer);

  // What was asked and decided of exactly this, where it is not over.
  absl::optional<Row> Find(const Subject& subject, absl::Time now) const;

  // Puts a question before a person, once: until when it waits. Nothing where `most` of this asker wait
  // already. `row` has everything but number, state and times; `until` may be no more than the end of
  // collecting of its round. `question`, `edition`: for the journal.
  absl::StatusOr<absl::optional<absl::Time>> Ask(Row row, absl::Time until, uint32_t most,
                                                 const InForce& in_force, const std::string& question,
                                                 const std::string& edition);

  // What a person says of one that is not over; `approved_for`: how long an approval outside of rounds holds.
  // NOT_FOUND with where to look, INVALID_ARGUMENT for a refusal without a reason, or a reason or name that
  // is too long or not one line. What has come of it already, the caller knows.
  absl::StatusOr<Row> Decide(uint64_t number, bool approve, const std::string& because, const std::string& by,
                             absl::Duration approved_for, const InForce& in_force);

  // Those that are not over, by number.
  std::vector<Row> All(const InForce& in_force) const;

  // Whether a person is still to decide of this round.
  bool Waits(absl::string_view qid, const InForce& in_force) const;

  // Called after a question was put before a person, on the thread that asked it; set it before others ask.
  void OnAsked(std::function<void()> told) { told_ = std::move(told); }

 private:
  Approvals(const Database& db, Committer& committer) : db_(db), committer_(committer) {}
  absl::Status Load();

  const Database& db_;
  Committer& committer_;
  std::function<void()> told_;
  std::mutex changing_;       // held over a whole change, so that rows_ is what is durable
  mutable std::mutex mutex_;  // guards what follows
  uint64_t last_number_ = 0;
  std::map<uint64_t, Row> rows_;
};

// For Decide; nothing while nobody has decided.
absl::optional<Verdict> VerdictOf(const Approvals::Row& row);

}  // namespace penc
