// Whom the hub knows: rosters, partners, and members that wait for the next roster because they joined by an
// invitation or renewed their keys. Every change is durable before the caller hears of it. Thread-safe.
//
// Space `office`: rosters "r" + version (8 bytes, big-endian), partners "p" + key, invitations "i" + SHA-256
// of the code, waiting members "j" + key (storage/v1/hub.proto).
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/database.h"
#include "base/random.h"
#include "crypto/signature.h"
#include "federation/roster.h"
#include "penc/storage/v1/hub.pb.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

// Who calls, as the roster, the list of partners or the waiting list knows the key of the connection.
struct HubCaller {
  enum class Kind {
    kMember,
    kPartner,
    kWaiting,  // joined, in no roster yet: may fetch rosters and put itself right, nothing else
  };
  Kind kind = Kind::kMember;
  uint32_t member = 0;  // kMember: index into the roster's members
  std::string key;      // 32 bytes
};

// A code to be read aloud: 80 bits in four groups, without letters that look or sound alike.
std::string MakeInvitationCode(RandomSource& random);

class Register {
 public:
  // References outlive it. DATA_LOSS where what is stored does not verify.
  static absl::StatusOr<std::unique_ptr<Register>> Open(Database& db, const VerifyKey& hub_key,
                                                        const Clock& clock);

  // ---- rosters
  // The first one, or the next one; the same again is fine. Whoever waited and is in it waits no longer.
  absl::Status AddRoster(const v1::SignedRoster& roster);
  std::shared_ptr<const CheckedRoster> latest() const;  // null: none yet
  uint64_t version() const;                             // 0: none yet
  absl::StatusOr<CheckedRoster> OfVersion(uint64_t version) const;
  // Those after `version`, oldest first, as many as about 1 MiB holds, at least one where there is one.
  absl::StatusOr<std::vector<v1::SignedRoster>> After(uint64_t version) const;

  // ---- callers
  absl::Status AddPartner(absl::string_view key, absl::string_view name);
  std::map<std::string, std::string> Partners() const;  // key -> name
  // PERMISSION_DENIED for a key that the network does not know.
  absl::StatusOr<HubCaller> Identify(const VerifyKey& key) const;
  bool Knows(absl::string_view fingerprint) const;

  // ---- members to be
  // Only the code's hash is kept.
  absl::Status Invite(absl::string_view name, absl::string_view code, absl::Time until);
  std::vector<storage::v1::HubInvitation> Invitations() const;
  // An invited office gives its keys; again with the same key is fine and replaces what waits. The code is
  // good for one key. PERMISSION_DENIED (unknown, used, ended, not signed by `key`), ALREADY_EXISTS (the name
  // is another's), INVALID_ARGUMENT (malformed).
  absl::Status Join(const VerifyKey& key, absl::string_view code, const v1::PutMemberRequest& member);
  // A member, or one that waits, says anew what it is.
  absl::Status Renew(const HubCaller& caller, const v1::PutMemberRequest& member);
  std::vector<storage::v1::HubWaiting> Waiting() const;  // in order of joining
  absl::Status Dismiss(absl::string_view key);           // it waits no longer

 private:
  Register(Database& db, const VerifyKey& hub_key, const Clock& clock)
      : db_(db), hub_key_(hub_key), clock_(clock) {}
  absl::Status Load();
  absl::StatusOr<absl::optional<v1::SignedRoster>> Stored(uint64_t version) const;
  absl::Status CheckMember(const v1::Member& member) const;
  absl::Status StartWaiting(const v1::Member& member, storage::v1::HubWaiting waiting,
                            const storage::v1::HubInvitation* used);
  void LearnFingerprints();

  Database& db_;
  const VerifyKey hub_key_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const CheckedRoster> latest_;
  std::map<std::string, std::string> partners_;             // key -> name
  std::map<std::string, storage::v1::HubWaiting> waiting_;  // by key
  std::set<std::string, std::less<>> fingerprints_;         // of all who may call
};

}  // namespace penc
