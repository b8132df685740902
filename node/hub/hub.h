// The hub's folder as one object: rosters, rounds, sealed mail. It reads no vector and no answer. Every
// change is durable before the caller hears of it, so a hub that was killed goes on where it stopped; losing
// it loses no privacy and no charge. Thread-safe.
//
// What it keeps (RocksDB, base/database.h): `office`: rosters "r" + version, partners "p" + key; `ledger`:
// rounds "h" + qid (storage.v1.HubRoundRow); `records`: chunks, boxes and openings under qid.
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
#include "base/clock.h"
#include "base/database.h"
#include "crypto/signature.h"
#include "federation/hub_round.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "penc/v1/hub_service.pb.h"

namespace rocksdb {
class WriteBatch;
}

namespace penc {

// Who calls, as the roster or the list of partners knows the key of the connection.
struct HubCaller {
  enum class Kind { kMember, kPartner };
  Kind kind = Kind::kMember;
  uint32_t member = 0;  // kMember: index into the roster's members
  std::string key;      // 32 bytes
};

class Hub {
 public:
  struct Limits {
    size_t open_rounds = 32;        // a further one waits: RESOURCE_EXHAUSTED
    size_t rounds_per_partner = 8;  // open ones
  };

  // References outlive it.
  static absl::StatusOr<std::unique_ptr<Hub>> Open(Database& db, const SigningKey& key, const Clock& clock,
                                                   const Limits& limits);

  // ---- rosters and callers
  absl::Status AddRoster(
      const v1::SignedRoster& roster);  // the first one, or the next one; the same again is fine
  std::vector<v1::SignedRoster> RostersAfter(uint64_t version) const;
  uint64_t roster_version() const;
  absl::Status AddPartner(absl::string_view key, absl::string_view name);
  // PERMISSION_DENIED for a key that the network does not know.
  absl::StatusOr<HubCaller> Identify(const VerifyKey& key) const;
  bool Knows(absl::string_view fingerprint) const;

  // ---- rounds
  // A partner's round, whose descriptor is its own. The same bytes again give the same qid.
  absl::StatusOr<std::string> Submit(const HubCaller& caller, const v1::SignedDescriptor& terms);
  std::vector<v1::RoundSummary> Rounds(const HubCaller& caller, absl::string_view qid) const;
  // Pieces in the order of FetchRoundResponse; `take` returns false to stop. FAILED_PRECONDITION before the
  // round is open or void, NOT_FOUND to those whom it does not concern.
  absl::Status Fetch(const HubCaller& caller, absl::string_view qid,
                     const std::function<bool(v1::FetchRoundResponse&&)>& take) const;

  // ---- what members do
  std::vector<v1::Work> WorkFor(const HubCaller& caller) const;
  // Rises with every change that may be work for somebody.
  uint64_t mark() const;
  // Called after every change, from the thread that made it; must be short.
  void OnChange(std::function<void()> changed);

  absl::StatusOr<std::vector<uint32_t>> PutContribution(const HubCaller& caller,
                                                        const v1::SignedHeader& header,
                                                        const std::vector<std::string>& boxes);
  // The receipt with the last missing chunk, empty before.
  absl::StatusOr<std::string> PutChunk(const HubCaller& caller, absl::string_view qid,
                                       const v1::VectorChunk& chunk);
  absl::Status PutAbstention(const HubCaller& caller, const v1::SignedAbstention& abstention);
  absl::Status FetchBoxes(const HubCaller& caller, absl::string_view qid,
                          const std::function<bool(v1::FetchBoxesResponse&&)>& take) const;
  absl::Status PutVote(const HubCaller& caller, const v1::Vote& vote);
  absl::Status PutPromise(const HubCaller& caller, const v1::Promise& promise);
  absl::Status PutOpening(const HubCaller& caller, absl::string_view qid, const v1::SealedPiece& piece);

  // Deadlines; call it every second or so. Vectors and mail go when their round has expired: what recipients
  // have not fetched by then is gone, and nobody can open it later.
  void Tick();

 private:
  // A round with its state; the state refers to the round.
  struct Kept {
    Kept(Round r, const SigningKey& key, storage::v1::HubRoundRow row)
        : round(std::move(r)), state(round, key, std::move(row)) {}
    const Round round;
    HubRound state;
  };
  using Also = std::function<void(rocksdb::WriteBatch&)>;

  Hub(Database& db, const SigningKey& key, const Clock& clock, const Limits& limits)
      : db_(db), key_(key), clock_(clock), limits_(limits) {}

  absl::Status Load();
  const CheckedRoster* RosterOf(uint64_t version) const;
  absl::StatusOr<Kept*> FindFor(const HubCaller& caller, absl::string_view qid) const;
  // Where the caller is the member that it speaks for.
  absl::StatusOr<Kept*> FindForMember(const HubCaller& caller, absl::string_view qid, uint32_t member) const;
  absl::Status Save(Kept& kept, const Also& also);
  bool Belongs(const Kept& kept, uint32_t office) const;
  void Changed();

  Database& db_;
  const SigningKey& key_;
  const Clock& clock_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::vector<CheckedRoster> rosters_;
  std::map<std::string, std::string> partners_;                       // key -> name
  std::map<std::string, std::unique_ptr<Kept>, std::less<>> rounds_;  // by qid
  uint64_t mark_ = 1;
  std::function<void()> changed_;
};

}  // namespace penc
