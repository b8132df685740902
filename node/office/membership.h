// The network that an office belongs to: its membership, the rosters that it has pinned, and a steward's
// epoch keys.
//
//   ASSIGN_OR_RETURN(auto membership, network.Load());             // nothing: the office is in no network
//   ASSIGN_OR_RETURN(auto newer, hub.RostersAfter(network.roster_version()));
//   RETURN_IF_ERROR(network.PinRosters(newer));
//   std::shared_ptr<const CheckedRoster> roster = network.LatestRoster();   // null: none yet
//
// Space `office`: "network" (storage.v1.Membership), "network/unsent" (a renewal that the hub has not got
// yet), "roster/" + version, 8 bytes big-endian (a v1.SignedRoster, verbatim). Files: epoch/NUMBER.keys,
// sealed; they are in no backup, so that what was sealed to them stays closed once they are deleted.
//
// A roster is accepted only as the next one of the chain that begins at a version whose root keys are those
// of the invitation. The highest version seen counts; nothing brings an older one back.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/database.h"
#include "crypto/agreement.h"
#include "crypto/signature.h"
#include "federation/descriptor.h"
#include "federation/roster.h"
#include "federation/steward.h"
#include "journal/committer.h"
#include "office/keys.h"
#include "office/layout.h"
#include "penc/storage/v1/region.pb.h"
#include "penc/v1/hub_service.pb.h"
#include "policy/policy.h"

namespace penc {

// How long epoch keys live: 7 to 30 days.
inline constexpr int kEpochDays = 20;

// Thread-safe. References outlive it.
class OfficeNetwork {
 public:
  // DATA_LOSS where what is stored cannot be read.
  static absl::StatusOr<std::unique_ptr<OfficeNetwork>> Open(const Layout& layout, const Database& db,
                                                             Committer& committer, const OfficeKeys& keys);

  // ---- membership
  absl::StatusOr<absl::optional<storage::v1::Membership>> Load() const;
  // FAILED_PRECONDITION where the office is in another network already.
  absl::Status Save(const storage::v1::Membership& membership);

  // ---- rosters
  // Rosters in order of their versions, as a hub gives them. What is pinned already is compared.
  // ALREADY_EXISTS where one version has two contents: somebody signed both. PERMISSION_DENIED where none has
  // the invitation's root keys; INVALID_ARGUMENT where one does not follow. Those before the bad one stay
  // pinned.
  absl::Status PinRosters(const std::vector<v1::SignedRoster>& rosters);
  std::shared_ptr<const CheckedRoster> LatestRoster() const;
  uint64_t roster_version() const;  // 0: none
  // NOT_FOUND where that version was never pinned here.
  absl::StatusOr<CheckedRoster> RosterOfVersion(uint64_t version) const;
  // Where the hub is now: as the latest roster says, else as the invitation does.
  struct Hub {
    std::string network, address;
    std::string key;  // fingerprint
  };
  absl::StatusOr<absl::optional<Hub>> FindHub() const;

  // ---- keys
  // The next epoch's keys in a file of their own; their public part. Numbers go on from the files, and from
  // `key`'s place in the latest roster.
  absl::StatusOr<v1::EpochKeys> CreateEpoch(const VerifyKey& key, absl::Time until, RandomSource& random);
  std::vector<uint64_t> Epochs() const;  // whose files are there, ascending
  absl::StatusOr<v1::EpochKeys> PublicEpoch(uint64_t epoch) const;
  // The secrets of the keys that a roster names. NOT_FOUND where they were deleted or never were here (a
  // restored office), FAILED_PRECONDITION where the file has other keys.
  absl::StatusOr<EpochSecrets> LoadEpoch(const v1::EpochKeys& named) const;
  // Overwritten, then removed. OK where it is gone already.
  absl::Status DeleteEpoch(uint64_t epoch);

  // ---- what the office says of itself
  // Signed for JoinNetwork and PutMember: key, mail key, name, the newest epoch where there is one, floors.
  absl::StatusOr<v1::PutMemberRequest> OwnMember(const SigningKey& key, const std::string& name,
                                                 const RegionalFloors& floors) const;
  // A renewal that the hub has not got yet: whoever reaches the hub sends it (HubLink::PutMember), then says
  // so.
  absl::Status KeepUnsent(const v1::PutMemberRequest& member);
  absl::StatusOr<absl::optional<v1::PutMemberRequest>> Unsent() const;
  // Forgets it, unless another one took its place meanwhile.
  absl::Status MarkSent(const v1::PutMemberRequest& member);

 private:
  OfficeNetwork(const Layout& layout, const Database& db, Committer& committer, const OfficeKeys& keys)
      : layout_(layout), db_(db), committer_(committer), keys_(keys) {}
  std::string EpochPath(uint64_t epoch) const;
  absl::StatusOr<storage::v1::EpochFile> ReadEpoch(uint64_t epoch) const;

  const Layout& layout_;
  const Database& db_;
  Committer& committer_;
  const OfficeKeys& keys_;
  std::mutex pinning_;  // held by whoever pins, so that chains follow each other
  std::mutex renewing_;
  mutable std::mutex mutex_;
  std::shared_ptr<const CheckedRoster> latest_;
};

}  // namespace penc
