// The hub's part in one round: it collects what is signed and sealed, proposes a set, gathers votes, and
// hands out openings. It decides nothing that touches privacy, and everything that it says can be checked.
// Pure: an event and a time in, a changed row out; the caller makes the row durable before it answers.
//
//   COLLECTING -> PROPOSED -> CERTIFIED -> OPENED
//        \------------\-----------\---> VOID (enough promises) | DEAD (out of time, nothing certain)
//
// Not thread-safe.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/signature.h"
#include "federation/round.h"
#include "penc/storage/v1/region.pb.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

class HubRound {
 public:
  // A round that was just submitted: its descriptor was checked.
  static storage::v1::HubRoundRow Begin(const Round& round, absl::Time now);

  // References outlive it.
  HubRound(const Round& round, const SigningKey& hub_key, storage::v1::HubRoundRow row);

  const storage::v1::HubRoundRow& row() const { return row_; }
  // The row without its contributions, serialised: each of those is kept on its own, for they are many and
  // change one at a time.
  std::string RowAlone();
  const storage::v1::HubContribution* ContributionOf(uint32_t office) const { return Of(office); }
  v1::RoundState state() const { return static_cast<v1::RoundState>(row_.state()); }
  bool over() const;

  // ---- from offices. FAILED_PRECONDITION where it comes too late, PERMISSION_DENIED where a signature is
  // not the office's, ALREADY_EXISTS where the office has sent something else before (kept as evidence).

  // Boxes: as many as stewards, each with the hash that the header states; the caller stores them.
  absl::StatusOr<std::vector<uint32_t>> AddHeader(const v1::SignedHeader& header,
                                                  const std::vector<std::string>& boxes, absl::Time now);
  // A chunk was stored. True: all are there; the caller checks them against the vector's root and says so
  // with Complete, or with Incomplete where they do not belong together (they are asked for again).
  absl::StatusOr<bool> AddChunk(uint32_t office, uint32_t index, size_t bytes, absl::Time now);
  std::string Complete(uint32_t office);  // the receipt
  void Incomplete(uint32_t office);
  absl::Status AddAbstention(const v1::SignedAbstention& abstention, absl::Time now);

  // ---- from stewards
  absl::Status AddVote(const v1::Vote& vote, absl::Time now);
  absl::Status AddPromise(const v1::Promise& promise, absl::Time now);
  // A sealed piece; pieces come in order. True: the caller stores it; false: it is there. Who begins again
  // (piece 0 of an opening that is not complete) seals anew, so what was there before goes. `kind`: 0 a
  // release, 1 + s a reveal of steward s.
  absl::StatusOr<bool> AddOpening(uint32_t steward, uint32_t kind, uint32_t index, bool last, absl::Time now);

  // What time alone brings about: proposing, asking for reveals and promises, the end. True: the row changed.
  bool Tick(absl::Time now);

  // Vectors and mail were deleted, and so are headers that are evidence against nobody.
  void SetEmptied();

  // What `member` may have to do; nothing where the round does not concern it.
  absl::optional<v1::Work> WorkFor(uint32_t member) const;
  v1::RoundSummary Summary() const;
  absl::optional<v1::VoidCertificate> VoidProof() const;

 private:
  storage::v1::HubContribution* Of(uint32_t office);
  const storage::v1::HubContribution* Of(uint32_t office) const;
  bool Abstained(uint32_t office) const;  // for good
  // It waited for a person; now it speaks.
  void ForgetWaiting(uint32_t office);
  bool Released(uint32_t steward, uint32_t kind) const;
  std::vector<uint32_t> MissingChunks(const storage::v1::HubContribution& contribution) const;
  void Propose();
  void Certify();
  void OpenWhereComplete();
  bool VoidPossible() const;
  void Set(v1::RoundState state) { row_.set_state(state); }

  const Round& round_;
  const SigningKey& hub_key_;
  storage::v1::HubRoundRow row_;
};

}  // namespace penc
