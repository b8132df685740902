#include "federation/sealed_opening.h"

#include "base/status.h"
#include "federation/mail.h"

namespace penc {

std::string SealedContent(const OpeningWithSum& opening) {
  v1::ReadOpening content;
  *content.mutable_opening() = opening.opening;
  content.set_mask_sum(opening.mask_sum);
  return content.SerializeAsString();
}

absl::optional<OpeningWithSum> ParseSealedContent(absl::string_view content) {
  v1::ReadOpening read;
  if (!read.ParseFromArray(content.data(), static_cast<int>(content.size())) || !read.has_opening())
    return absl::nullopt;
  OpeningWithSum opening;
  opening.opening = std::move(*read.mutable_opening());
  opening.mask_sum = std::move(*read.mutable_mask_sum());
  return opening;
}

std::vector<std::string> RecipientsOf(const Round& round) {
  std::vector<std::string> keys = {round.descriptor.partner_mail_key()};
  for (uint32_t office : round.asked) {
    // A roster has no key twice; the partner may be a member.
    const std::string& key = round.roster.members(static_cast<int>(office)).mail_key();
    if (key != keys.front()) keys.push_back(key);
  }
  return keys;
}

absl::StatusOr<std::string> SealOpening(const Round& round, uint32_t steward, const OpeningWithSum& opening,
                                        RandomSource& random) {
  ASSIGN_OR_RETURN(const v1::SealedMail mail, SealMail({round.qid, round.attempt(), steward},
                                                       SealedContent(opening), RecipientsOf(round), random));
  return mail.SerializeAsString();
}

uint32_t OpeningKind(const v1::Opening& opening) {
  return opening.reveal() ? 1 + opening.absent_steward() : 0;
}

uint64_t LongestSealedOpening(const Round& round, uint32_t kind) {
  // A share with its proof of at most nine nodes stays below 512 bytes, a reader's entry below 128.
  const auto offices = static_cast<uint64_t>(round.asked.size());
  const auto steps = static_cast<uint64_t>(round.descriptor.levels_size());
  return (kind == 0 ? VectorBytes(round) + offices * steps * 512 : offices * 512) +
         static_cast<uint64_t>(round.roster.members_size() + 1) * 128 + 4096;
}

}  // namespace penc
