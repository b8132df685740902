// The versions of a network's roster that somebody has seen, from one that is trusted on: what a partner
// pins. A plain value.
//
//   RosterChain chain(card.roots());
//   RETURN_IF_ERROR(chain.Add(hub_rosters));      // as a hub gives them
//   const CheckedRoster* now = chain.latest();    // null: none yet
#pragma once
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "federation/roster.h"

namespace penc {

class RosterChain {
 public:
  // `roots`: RootsFingerprint of the version that it begins with, handed over by a person.
  explicit RosterChain(std::string roots) : roots_(std::move(roots)) {}

  // In the order of their versions; what is known already is compared. ALREADY_EXISTS where one version has
  // two contents (somebody signed both), PERMISSION_DENIED where none has the trusted root keys,
  // INVALID_ARGUMENT where one does not follow. Those before the bad one stay.
  absl::Status Add(const std::vector<v1::SignedRoster>& rosters);

  const CheckedRoster* latest() const { return versions_.empty() ? nullptr : &versions_.back(); }
  uint64_t version() const { return versions_.empty() ? 0 : versions_.back().roster.version(); }
  // The one whose bytes have this SHA-256; null: never seen.
  const CheckedRoster* Find(absl::string_view sha256) const;
  const std::vector<CheckedRoster>& versions() const { return versions_; }

 private:
  absl::Status AddOne(const v1::SignedRoster& roster);

  std::string roots_;
  std::vector<CheckedRoster> versions_;
};

}  // namespace penc
