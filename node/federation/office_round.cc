#include "federation/office_round.h"

#include <algorithm>

#include "crypto/hash.h"

namespace penc {
namespace {

using storage::v1::OfficeRoundRow;

bool Expired(const Round& round, absl::Time now) {
  return now >= absl::FromUnixMicros(round.descriptor.expires_unix_micros());
}

bool Collects(const Round& round, const v1::Work& work, absl::Time now) {
  return work.round().state() == v1::ROUND_STATE_COLLECTING &&
         now < absl::FromUnixMicros(round.descriptor.collect_until_unix_micros());
}

// `waiting`: that it waits, and not for good.
bool HubKnowsAbstention(const Round& round, uint32_t office, bool waiting, const v1::Work& work) {
  const auto& all = work.round().abstained();
  return std::any_of(all.begin(), all.end(), [&](const v1::SignedAbstention& one) {
    const absl::optional<v1::Abstention> abstention = ParseAbstention(round, one);
    return abstention.has_value() && abstention->office() == office && abstention->waiting() == waiting;
  });
}

}  // namespace

OfficeStep NextStep(const Round& round, uint32_t office, const OfficeRoundRow* row, bool undecided,
                    const v1::Work& work, absl::Time now) {
  if (!round.Asks(office)) return OfficeStep::kNothing;
  const bool collects = Collects(round, work, now);
  if (row == nullptr) {
    if (work.header_received()) return OfficeStep::kLost;
    return collects ? OfficeStep::kContribute : OfficeStep::kNothing;
  }
  switch (row->state()) {
    case OfficeRoundRow::STATE_ABSTAINED:
      if (collects && !HubKnowsAbstention(round, office, false, work)) return OfficeStep::kSend;
      // It may have been charged before it was declined.
      if (const auto settled = row->ended_by().empty() ? Settle(round, office, work, now) : absl::nullopt)
        return settled->state == OfficeRoundRow::STATE_REFUNDED ? OfficeStep::kSettle : OfficeStep::kNothing;
      return OfficeStep::kNothing;
    case OfficeRoundRow::STATE_SEEN:
      if (row->waiting()) {
        if (work.header_received()) return OfficeStep::kLost;
        if (!collects) return OfficeStep::kTooLate;
        if (!undecided) return OfficeStep::kContribute;
        return HubKnowsAbstention(round, office, true, work) ? OfficeStep::kNothing : OfficeStep::kSend;
      }
      if (Settle(round, office, work, now).has_value()) return OfficeStep::kSettle;
      // Nothing may have left before the commit, so the hub cannot have it.
      if (work.header_received()) return OfficeStep::kLost;
      return collects ? OfficeStep::kContribute : OfficeStep::kNothing;
    case OfficeRoundRow::STATE_BUILT:
    case OfficeRoundRow::STATE_ACKED:
      if (Settle(round, office, work, now).has_value()) return OfficeStep::kSettle;
      return collects && (!work.header_received() || work.missing_chunks_size() > 0) ? OfficeStep::kSend
                                                                                     : OfficeStep::kNothing;
    default:
      return OfficeStep::kNothing;
  }
}

absl::optional<Settlement> Settle(const Round& round, uint32_t office, const v1::Work& work, absl::Time now) {
  if (work.has_certificate() && VerifyCertificate(round, work.certificate())) {
    const std::string& bytes = work.certificate().proposal().proposal();
    const absl::optional<v1::Proposal> set = ParseProposal(round, work.certificate().proposal());
    if (set.has_value()) {
      const auto& offices = set->offices();
      const bool included = std::any_of(offices.begin(), offices.end(),
                                        [office](const auto& one) { return one.office() == office; });
      return Settlement{included ? OfficeRoundRow::STATE_SPENT : OfficeRoundRow::STATE_REFUNDED,
                        Sha256(bytes)};
    }
  }
  if (work.has_void_() && VerifyVoid(round, work.void_()))
    return Settlement{OfficeRoundRow::STATE_REFUNDED, Sha256(work.void_().SerializeAsString())};
  if (Expired(round, now)) return Settlement{OfficeRoundRow::STATE_SPENT, ""};
  return absl::nullopt;
}

}  // namespace penc
