#include "federation/share_finisher.h"

#include "base/big_endian.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/contribution.h"
#include "federation/descriptor.h"
#include "penc/storage/v1/region.pb.h"
#include "policy/words.h"

namespace penc {
namespace {

absl::optional<v1::RefusalDetail> Declined(v1::Refusal reason, const std::string& about) {
  return InWords(reason, about);
}

}  // namespace

SlotKey RoundSlot(const Round& round) {
  return Sha256({"penc round slot v1\n", round.qid, BigEndian32(round.attempt())});
}

absl::optional<v1::RefusalDetail> ShareFinisher::Check(const Plan& plan) const {
  const v1::Descriptor& terms = setting_.round.descriptor;
  if (terms.codebook_sha256() != setting_.codebook.hash)
    return Declined(v1::REFUSAL_OTHER_CODEBOOK, terms.codebook());
  const absl::StatusOr<Plan> computed = CheckDescriptor(setting_.round, setting_.roster, setting_.codebook);
  if (!computed.ok() || computed->id != plan.id) return Declined(v1::REFUSAL_NOT_AS_COMPUTED, "");
  const v1::Refusal below = BelowFloors(setting_.round, setting_.floors);
  if (below != v1::REFUSAL_UNSPECIFIED) return Declined(below, "");
  return absl::nullopt;
}

absl::StatusOr<absl::optional<v1::RefusalDetail>> ShareFinisher::CheckEdition(
    const Plan& plan, absl::optional<Edition> edition, const std::vector<Edition>& cohorts) const {
  const std::string& asked = setting_.round.descriptor.edition();
  if (!edition.has_value() || EditionLabel(setting_.codebook.closing, *edition) != asked)
    return Declined(v1::REFUSAL_OTHER_EDITION, asked);
  return absl::optional<v1::RefusalDetail>();
}

SlotKey ShareFinisher::KeyOf(const Plan& plan, Edition edition) const { return RoundSlot(setting_.round); }

absl::StatusOr<std::string> ShareFinisher::Finish(const Plan& plan, Edition edition,
                                                  const std::vector<Edition>& cohorts, ExactVector&& exact) {
  ASSIGN_OR_RETURN(v1::ChargeLogHead head, setting_.charge_log());
  ASSIGN_OR_RETURN(OfficeContribution made,
                   ContributionMaker::Make({setting_.round, setting_.office, setting_.key,
                                            setting_.floors.members, std::move(head)},
                                           std::move(exact), setting_.random));
  storage::v1::ContributionFile file;
  file.set_format(1);
  *file.mutable_header() = std::move(made.header);
  for (std::string& box : made.boxes) *file.add_boxes() = std::move(box);
  file.set_vector(std::move(made.vector));
  const std::string bytes = file.SerializeAsString();
  RETURN_IF_ERROR(setting_.keep(bytes));
  return Sha256(bytes);
}

}  // namespace penc
