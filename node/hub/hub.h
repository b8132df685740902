// The hub's folder as one object: rosters, rounds, sealed mail. It reads no vector and no answer. Every
// change is durable before the caller hears of it, so a hub that was killed goes on where it stopped; losing
// it loses no privacy and no charge. Thread-safe.
//
// Requests of locked nodes are kept in memory only: who waits asks again.
//
// What it keeps (RocksDB, base/database.h): `office`: who it knows (register.h), statements of witnesses "w"
// + office's key + steward; `ledger`: rounds "h" + qid (storage.v1.HubRoundRow without contributions),
// contributions "k" + qid + office (storage.v1.HubContribution); `records`: chunks, boxes and openings under
// qid. Integers are 4 bytes, big-endian. Vectors are never in memory as a whole.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/clock.h"
#include "base/database.h"
#include "crypto/signature.h"
#include "federation/hub_round.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "hub/knocks.h"
#include "hub/register.h"
#include "penc/v1/hub_service.pb.h"

namespace rocksdb {
class WriteBatch;
}

namespace penc {

class Hub {
 public:
  // What its database keeps in memory before it goes into files: vectors pass through once.
  static constexpr size_t kWriteBytes = 8 << 20;

  struct Limits {
    size_t open_rounds = 32;        // a further one waits: RESOURCE_EXHAUSTED
    size_t rounds_per_partner = 8;  // open ones
  };

  // References outlive it.
  static absl::StatusOr<std::unique_ptr<Hub>> Open(Database& db, const SigningKey& key, const Clock& clock,
                                                   const Limits& limits);

  // ---- who is known. Invitations and partners: people(). What changes rosters goes through here, so that
  // those who wait hear of it.
  Register& people() { return *people_; }
  const Register& people() const { return *people_; }
  absl::Status AddRoster(const v1::SignedRoster& roster);
  absl::StatusOr<std::vector<v1::SignedRoster>> RostersAfter(uint64_t version) const {
    return people_->After(version);
  }
  uint64_t roster_version() const { return people_->version(); }
  absl::Status AddPartner(absl::string_view key, absl::string_view name) {
    return people_->AddPartner(key, name);
  }
  absl::StatusOr<HubCaller> Identify(const VerifyKey& key) const { return people_->Identify(key); }
  bool Knows(absl::string_view fingerprint) const { return people_->Knows(fingerprint); }

  // ---- rounds
  // A partner's round, whose descriptor is its own. The same bytes again give the same qid.
  absl::StatusOr<std::string> Submit(const HubCaller& caller, const v1::SignedDescriptor& terms);
  // Newest first; of all of them as many as 16 MiB hold.
  std::vector<v1::RoundSummary> Rounds(const HubCaller& caller, absl::string_view qid) const;

  // A round piece by piece, in the order of FetchRoundResponse. Between pieces it holds nothing but a list of
  // what is still to come. The hub outlives it.
  class RoundReader {
   public:
    // Nothing at the end. FAILED_PRECONDITION where the round's contents were deleted meanwhile.
    absl::StatusOr<absl::optional<v1::FetchRoundResponse>> Next();

   private:
    friend class Hub;
    struct Step {
      v1::FetchRoundResponse::PieceCase piece;
      uint32_t whose = 0;  // office or steward
      uint32_t kind = 0;   // openings
      uint32_t index = 0;
      bool last = false;
    };
    const Hub* hub_;
    std::string qid_;
    std::vector<Step> steps_;
    size_t at_ = 0;
  };
  // FAILED_PRECONDITION before the round is open or void and after its contents were deleted, NOT_FOUND to
  // those whom it does not concern.
  absl::StatusOr<RoundReader> Fetch(const HubCaller& caller, absl::string_view qid) const;
  // The same to its end; `take` returns false to stop.
  absl::Status Fetch(const HubCaller& caller, absl::string_view qid,
                     const std::function<bool(v1::FetchRoundResponse&&)>& take) const;

  // ---- what members do
  // Everything that may be work for the caller, with the mark to wait from. Rounds whose contents were
  // deleted are left out where `after` is not 0: who has been here since they ended has heard of them.
  v1::WaitForWorkResponse News(const HubCaller& caller, uint64_t after) const;
  // Mark of the last change that may be work for the caller; another one than it has: there is something new.
  // Marks of different runs of a hub differ.
  uint64_t MarkFor(const HubCaller& caller) const;
  // Called after every change that may be work for somebody, from the thread that made it; must be short and
  // must not call back.
  void OnChange(std::function<void()> changed);

  absl::StatusOr<std::vector<uint32_t>> PutContribution(const HubCaller& caller,
                                                        const v1::SignedHeader& header,
                                                        const std::vector<std::string>& boxes);
  // The receipt with the last missing chunk, empty before.
  absl::StatusOr<std::string> PutChunk(const HubCaller& caller, absl::string_view qid,
                                       const v1::VectorChunk& chunk);
  absl::Status PutAbstention(const HubCaller& caller, const v1::SignedAbstention& abstention);

  // Headers of the proposed offices, each with the caller's box, one by one; as RoundReader.
  class BoxReader {
   public:
    absl::StatusOr<absl::optional<v1::FetchBoxesResponse>> Next();

   private:
    friend class Hub;
    const Hub* hub_;
    std::string qid_;
    uint32_t place_ = 0;
    std::vector<uint32_t> offices_;
    size_t at_ = 0;
  };
  absl::StatusOr<BoxReader> FetchBoxes(const HubCaller& caller, absl::string_view qid) const;
  absl::Status FetchBoxes(const HubCaller& caller, absl::string_view qid,
                          const std::function<bool(v1::FetchBoxesResponse&&)>& take) const;

  // With the vote what the steward witnesses: kept where the signature is the steward's and the office is a
  // member; INVALID_ARGUMENT, and no vote, where one is not.
  absl::Status PutVote(const HubCaller& caller, const v1::PutVoteRequest& vote);
  absl::Status PutPromise(const HubCaller& caller, const v1::Promise& promise);
  absl::Status PutOpening(const HubCaller& caller, absl::string_view qid, const v1::SealedPiece& piece);

  // ---- nodes that are locked (federation/unlock.md); `door` is the key that called
  absl::StatusOr<v1::RequestUnlockResponse> RequestUnlock(absl::string_view door,
                                                          const v1::SignedUnlockRequest& request);
  absl::Status PutUnlockAnswer(const HubCaller& caller, const v1::SignedUnlockAnswer& answer);

  // Deadlines; call it every second or so. Vectors and mail go when their round has expired: what recipients
  // have not fetched by then is gone, and nobody can open it later.
  void Tick();

 private:
  // A round with its state; the state refers to the round.
  struct Kept {
    explicit Kept(Round r) : round(std::move(r)) {}
    const Round round;
    absl::optional<HubRound>
        state;          // nothing: a write failed and it could not be read back; read at next use
    uint64_t news = 0;  // mark of the last change that may be work for somebody
  };
  using Also = std::function<void(rocksdb::WriteBatch&)>;
  enum class Sync { kNow, kLater };

  Hub(Database& db, const SigningKey& key, const Clock& clock, const Limits& limits)
      : db_(db), key_(key), clock_(clock), limits_(limits) {}

  absl::Status Load();
  absl::Status ReadState(Kept& kept) const;
  static bool Concerns(const Kept& kept, const HubCaller& caller);
  absl::StatusOr<Kept*> FindFor(const HubCaller& caller, absl::string_view qid) const;
  // Where the caller is the member that it speaks for.
  absl::StatusOr<Kept*> FindForMember(const HubCaller& caller, absl::string_view qid, uint32_t member) const;
  // The row, and the contributions of `offices`. What could not be made durable is forgotten.
  absl::Status Save(Kept& kept, const std::vector<uint32_t>& offices, Sync sync, const Also& also);
  bool Belongs(const Kept& kept, uint32_t office) const;
  absl::Status ReadPiece(const std::string& qid, const RoundReader::Step& step,
                         v1::FetchRoundResponse* piece) const;
  absl::StatusOr<v1::SignedHeader> HeaderOf(const Kept& kept, uint32_t office) const;
  uint64_t MarkLocked(const HubCaller& caller) const;
  void Notify();

  Database& db_;
  const SigningKey& key_;
  const Clock& clock_;
  const Limits limits_;
  std::unique_ptr<Register> people_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Kept>, std::less<>> rounds_;  // by qid
  uint64_t mark_ = 1;
  uint64_t roster_news_ = 1;
  std::map<std::string, uint64_t, std::less<>> witness_news_;  // by the office's key
  Knocks knocks_;
  std::map<std::string, uint64_t, std::less<>> knock_news_;  // by the steward's key
  std::function<void()> changed_;
};

}  // namespace penc
