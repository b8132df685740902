// Who the network is: a chain of signed rosters, as in The Update Framework's root. A version is accepted
// only as the next one of the version before, signed by the thresholds of both versions' root keys; the first
// is trusted because a person handed it over. Pure.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "base/random.h"
#include "crypto/signature.h"
#include "penc/v1/roster.pb.h"

namespace penc {

// A roster that was checked, with its bytes as they were signed.
struct CheckedRoster {
  v1::SignedRoster signed_roster;
  v1::Roster roster;
  const std::string& bytes() const { return signed_roster.roster(); }

  // Index of the member with this key who has not left.
  absl::optional<uint32_t> MemberOf(absl::string_view key) const;
};

// INVALID_ARGUMENT with what is wrong: shape (names, keys and indexes unique, thresholds possible, regions of
// at least five), signatures.
absl::StatusOr<CheckedRoster> ReadFirstRoster(const v1::SignedRoster& roster);
// A version that is trusted because its root keys are the pinned ones (RootsFingerprint): where an office
// begins that joined later. PERMISSION_DENIED where it has other root keys.
absl::StatusOr<CheckedRoster> ReadPinnedRoster(const v1::SignedRoster& roster, absl::string_view roots);
// Also: version + 1, the same network, the hash of `before`, no index that gets another member, epochs that
// do not go back. Two different rosters of one version: ALREADY_EXISTS where `next` has before's own version.
absl::StatusOr<CheckedRoster> ReadNextRoster(const CheckedRoster& before, const v1::SignedRoster& next);

// A roster of any version without those before it. It says of itself who signs it: only who compares its
// RootsFingerprint with one that was handed over knows that it is the network's.
absl::StatusOr<CheckedRoster> ReadRosterAlone(const v1::SignedRoster& roster);
// A draft as it is carried from one root key to the next: its shape only.
absl::StatusOr<CheckedRoster> ReadRosterShape(const v1::SignedRoster& roster);

// The next version as the last one stands, to be changed by whoever composes it.
v1::Roster NextDraft(const CheckedRoster& before);
// A draft becomes the document that people sign: a fresh salt, its shape checked, no signature yet. To be
// done once all keys in it are known: stewards are ordered by the document's hash, and with a salt that comes
// last no member can look for keys that favour it. INVALID_ARGUMENT with what is wrong.
absl::StatusOr<CheckedRoster> ComposeRoster(v1::Roster draft, RandomSource& random);

// Those of the root keys in `keys` that have signed, each once.
std::vector<std::string> SignersOf(const v1::Roster& keys, const v1::SignedRoster& roster);

// What an invitation pins: "SHA256:" of the root keys and their threshold, whatever their order. It changes
// with the root keys only; whoever trusts the first roster by it follows the chain from there.
std::string RootsFingerprint(const v1::Roster& roster);

// Adds a signature of one of the root keys; replaces an earlier one of the same key.
void SignRoster(const SigningKey& root, v1::SignedRoster& roster);

}  // namespace penc
