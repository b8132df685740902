// A node's key in shares with stewards of its network, and how it comes back when the node starts. Why each
// step is there, and against whom: unlock.md. Pure apart from the keys and the random source.
//
//   office     ASSIGN_OR_RETURN(slot, ShareNodeKey(key, roster, identity, random));    // lies in its folder
//   locked     Knock knock = MakeKnock(slot, now, random);                             // asks through the
//   hub steward    answer = AnswerKnock(request, roster, now, identity, mail, random);     // looks at the
//   roster locked     waiting.Take(answer); ... waiting.key()                                 // enough of
//   them
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/random.h"
#include "crypto/agreement.h"
#include "crypto/secret.h"
#include "crypto/signature.h"
#include "federation/roster.h"
#include "penc/storage/v1/keys.pb.h"
#include "penc/v1/unlock.pb.h"

namespace penc {

// ---- sharing

inline constexpr uint32_t kMostHolders = 31;

struct ShareTerms {
  std::vector<uint32_t> holders;  // indexes into the roster's members
  uint32_t threshold = 0;
};
// One more than the stewards that are presumed to collude; every other steward holds a share, at most 31 of
// them, chosen by their keys. FAILED_PRECONDITION where the member is not in the roster, or where too few
// others are stewards for one of them to be away.
absl::StatusOr<ShareTerms> ShareTermsFor(const CheckedRoster& roster, absl::string_view member);

// Shares `node_key` (32 bytes) under the roster; makes the key to knock with. Errors as above.
absl::StatusOr<storage::v1::StewardSlot> ShareNodeKey(const Secret& node_key, const CheckedRoster& roster,
                                                      const SigningKey& member, RandomSource& random);
// Would sharing anew under this roster give other holders, other mail keys, another threshold or another way
// to the hub? False where it could not be shared under it at all.
bool WouldShareOtherwise(const storage::v1::StewardSlot& slot, const CheckedRoster& roster);

// ---- asking

// One attempt: what is sent, and the secret half of what answers are sealed to.
struct Knock {
  v1::SignedUnlockRequest request;
  AgreementKey fresh;
};
absl::StatusOr<Knock> MakeKnock(const storage::v1::StewardSlot& slot, absl::Time now, RandomSource& random);

// The request, where its shape is one and both signatures hold. INVALID_ARGUMENT; PERMISSION_DENIED where a
// signature does not.
absl::StatusOr<v1::UnlockRequest> ReadKnock(const v1::SignedUnlockRequest& request);

// ---- answering

// What the steward with these keys says; `request` was read before. `roster`: the newest that it has pinned
// (null: none). Where a share goes back the caller makes that durable before the answer leaves.
v1::UnlockAnswer AnswerKnock(const v1::SignedUnlockRequest& signed_request, const v1::UnlockRequest& request,
                             const CheckedRoster* roster, absl::Time now, absl::string_view steward,
                             const AgreementKey& mail, RandomSource& random);
v1::SignedUnlockAnswer SignAnswer(const v1::UnlockAnswer& answer, const SigningKey& steward);
// The answer, where its signature is that of the steward that it names; nothing otherwise.
absl::optional<v1::UnlockAnswer> ReadAnswer(const v1::SignedUnlockAnswer& answer);

// ---- opening

// The answers to one knock as they come. `slot` and `knock` outlive it.
class Unlocking {
 public:
  Unlocking(const storage::v1::StewardSlot& slot, const Knock& knock);

  // Answers of strangers, to other requests, and shares that are not the committed ones count for nothing.
  void Take(const v1::SignedUnlockAnswer& answer);

  uint32_t returned() const { return static_cast<uint32_t>(shares_.size()); }
  uint32_t wanted() const { return slot_.threshold(); }
  // Holders that refused for this reason.
  uint32_t refused(v1::UnlockRefusal reason) const;
  // So many have refused that the rest is not enough.
  bool hopeless() const;
  // Once enough have come back. DATA_LOSS cannot be: every share was compared with what was committed to.
  absl::optional<Secret> key() const;

 private:
  const storage::v1::StewardSlot& slot_;
  const Knock& knock_;
  const std::string request_sha256_;
  std::map<uint32_t, Secret> shares_;  // by number
  std::map<std::string, v1::UnlockRefusal> refusals_;
};

}  // namespace penc
