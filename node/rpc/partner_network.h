// What a partner keeps of one network: how to reach its hub, the rosters that it has pinned, the codebook,
// the rounds that it opened and their answers.
//
//   P/networks/NAME.network         the network's card, as it was handed over
//   P/networks/NAME.rosters         "penc rosters 1\n" and a penc.v1.GetRostersResponse; checked anew each
//   time P/networks/NAME.codebook.yaml   where it is not the one that penc carries with it
//   P/rounds/NAME/ID.round          own rounds (storage.v1.PartnerRound)
//   P/rounds/NAME/ID.penc           their answers (federation/record_file.h)
//
// A value that writes through; one at a time for one folder.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "federation/regional_answer.h"
#include "federation/roster_chain.h"
#include "penc/storage/v1/partner.pb.h"
#include "penc/storage/v1/region.pb.h"

namespace penc::rpc {

class PartnerNetwork {
 public:
  // Keeps the card; returns the name to use with --hub. FAILED_PRECONDITION where another hub or other root
  // keys are trusted under that name: a person has to ask. `dir`: the partner's folder.
  static absl::StatusOr<std::string> Trust(const std::string& dir, const storage::v1::NetworkCard& card);
  // By the name that Trust gave, or the network's own. NOT_FOUND lists the known ones. DATA_LOSS where pinned
  // rosters no longer follow from the card.
  static absl::StatusOr<PartnerNetwork> Open(const std::string& dir, const std::string& name);
  static std::vector<std::string> Names(const std::string& dir);

  const std::string& name() const { return name_; }
  // Where the hub is and by which key it is known: as the latest roster says, else the card.
  std::string hub_address() const;
  std::string hub_key() const;  // fingerprint

  // ---- rosters
  const RosterChain& rosters() const { return chain_; }
  // As a hub gives them; those that follow are pinned, even where a later one is bad (roster_chain.h).
  absl::Status PinRosters(const std::vector<v1::SignedRoster>& rosters);
  RosterTrust trust() const;

  // ---- the codebook; nothing: the one that penc carries with it
  absl::StatusOr<absl::optional<std::string>> CodebookText() const;
  absl::Status KeepCodebook(absl::string_view text) const;

  // ---- own rounds
  absl::Status KeepRound(const storage::v1::PartnerRound& round) const;
  absl::StatusOr<storage::v1::PartnerRound> Round(const std::string& id) const;
  // Ids of all rounds that are here: opened here, or answered here.
  std::vector<std::string> RoundIds() const;
  // Folder of their answers.
  std::string rounds() const;

 private:
  PartnerNetwork(std::string dir, std::string name, storage::v1::NetworkCard card)
      : dir_(std::move(dir)), name_(std::move(name)), card_(std::move(card)), chain_(card_.roots()) {}
  std::string Path(absl::string_view extension) const;

  std::string dir_, name_;
  storage::v1::NetworkCard card_;
  RosterChain chain_;
};

}  // namespace penc::rpc
