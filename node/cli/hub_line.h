// A partner's line to a network: its folder, what it keeps of the network, and the hub. Rounds are found and
// opened here; against HubLink, so that tests do without sockets.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "cli/app.h"
#include "cli/round_words.h"
#include "federation/hub_link.h"
#include "federation/regional_answer.h"
#include "federation/round.h"
#include "rpc/partner.h"
#include "rpc/partner_network.h"

namespace penc::cli {

// An opened round with its remarks, verified and kept.
struct TakenAnswer {
  RegionalAnswer regional;
  std::vector<Text> remarks;  // of what came from the hub (recipient.h)
};

// Instead of a round's id.
inline constexpr char kLast[] = "last";

class HubLine {
 public:
  // Over gRPC.
  static absl::StatusOr<HubLine> Open(const std::string& partner_folder, const std::string& network,
                                      const Outside& outside);
  HubLine(rpc::Partner partner, rpc::PartnerNetwork network, std::unique_ptr<HubLink> hub,
          const Outside& outside)
      : partner_(std::make_unique<rpc::Partner>(std::move(partner))),
        network_(std::move(network)),
        hub_(std::move(hub)),
        outside_(outside) {}

  const rpc::Partner& partner() const { return *partner_; }
  // As people named them.
  const std::string& folder() const { return partner_->folder(); }
  const std::string& network_name() const { return network_.name(); }
  rpc::PartnerNetwork& network() { return network_; }
  HubLink& hub() { return *hub_; }

  // Pins what the hub has of newer rosters; the latest one. FAILED_PRECONDITION where there is none.
  absl::StatusOr<const CheckedRoster*> BringRosters();
  // What questions of this network are asked with.
  absl::StatusOr<std::string> CodebookText() const;

  // Every round that is here or at the hub, newest first; answers of earlier rounds that the hub has
  // forgotten last.
  absl::StatusOr<std::vector<ListedRound>> Rounds();
  // The one whose id begins with `prefix`, of those at the hub and here. NOT_FOUND, INVALID_ARGUMENT
  // (several).
  absl::StatusOr<ListedRound> Find(const std::string& prefix);

  // The round of a descriptor, under the pinned roster that it names.
  absl::StatusOr<Round> RoundOf(const v1::SignedDescriptor& terms);
  const CheckedRoster* RosterOf(const Round& round) const {
    return network_.rosters().Find(round.descriptor.roster_sha256());
  }

  // Of a round that has opened: kept here, or fetched, verified and kept. DATA_LOSS where it does not hold.
  absl::StatusOr<TakenAnswer> Take(const ListedRound& round);
  absl::StatusOr<RegionalAnswer> TakeKept(const std::string& id) const;

 private:
  absl::StatusOr<ListedRound> Kept(const std::string& id) const;

  std::unique_ptr<rpc::Partner> partner_;  // the hub's client refers to its identity
  rpc::PartnerNetwork network_;
  std::unique_ptr<HubLink> hub_;
  const Outside& outside_;
};

}  // namespace penc::cli
