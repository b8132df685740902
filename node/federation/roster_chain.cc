#include "federation/roster_chain.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {

absl::Status RosterChain::Add(const std::vector<v1::SignedRoster>& rosters) {
  for (const v1::SignedRoster& roster : rosters) RETURN_IF_ERROR(AddOne(roster));
  if (!versions_.empty() || rosters.empty()) return absl::OkStatus();
  return Fail(absl::StatusCode::kPermissionDenied,
              {"aucune liste des membres n'est signée par les clés racines de la carte du réseau: rien n'est "
               "accepté; demandez une carte récente au secrétariat, de vive voix",
               "no roster is signed by the root keys of the network's card: nothing is accepted; ask the "
               "secretariat by voice for a recent card"});
}

absl::Status RosterChain::AddOne(const v1::SignedRoster& roster) {
  if (versions_.empty()) {
    absl::StatusOr<CheckedRoster> first = ReadPinnedRoster(roster, roots_);
    // Root keys may have been others before the card was made.
    if (absl::IsPermissionDenied(first.status())) return absl::OkStatus();
    RETURN_IF_ERROR(first.status());
    versions_.push_back(*std::move(first));
    return absl::OkStatus();
  }
  v1::Roster parsed;
  const bool read = parsed.ParseFromString(roster.roster());
  const uint64_t first = versions_.front().roster.version();
  if (read && parsed.version() < first) return absl::OkStatus();  // from before this chain
  if (read && parsed.version() <= version()) {
    if (versions_[parsed.version() - first].bytes() == roster.roster()) return absl::OkStatus();
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat("deux listes différentes portent la version ", parsed.version(),
                              "; le relais en montre une autre que celle d'avant: demandez aux membres"),
                 absl::StrCat("two different rosters bear version ", parsed.version(),
                              "; the hub shows another one than before: ask the members")});
  }
  ASSIGN_OR_RETURN(CheckedRoster next, ReadNextRoster(versions_.back(), roster));
  versions_.push_back(std::move(next));
  return absl::OkStatus();
}

const CheckedRoster* RosterChain::Find(absl::string_view sha256) const {
  for (const CheckedRoster& version : versions_) {
    if (Sha256(version.bytes()) == sha256) return &version;
  }
  return nullptr;
}

}  // namespace penc
