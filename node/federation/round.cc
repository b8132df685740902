#include "federation/round.h"

#include "absl/strings/str_cat.h"
#include "crypto/hash.h"
#include "crypto/signature.h"

namespace penc {
namespace {

constexpr size_t kHash = 32;

std::string BigEndian32(uint32_t value) {
  std::string out(4, '\0');
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (24 - 8 * i) & 0xff);
  return out;
}

bool Signed(const std::string& key, const std::string& text, const std::string& signature) {
  const absl::StatusOr<VerifyKey> known = VerifyKey::FromBytes(key);
  return known.ok() && known->Verify(text, signature);
}

const v1::EpochKeys* EpochOf(const Round& round, uint32_t steward) {
  if (!round.PlaceOf(steward).has_value() || static_cast<int>(steward) >= round.roster.members_size())
    return nullptr;
  const v1::Member& member = round.roster.members(static_cast<int>(steward));
  return member.has_epoch() ? &member.epoch() : nullptr;
}

template <typename Hashes>
bool AllHashes(const Hashes& hashes, size_t count) {
  return static_cast<size_t>(hashes.size()) == count &&
         std::all_of(hashes.begin(), hashes.end(), [](const std::string& h) { return h.size() == kHash; });
}

}  // namespace

std::string VoteText(const Round& round, const std::string& proposal_sha256) {
  return absl::StrCat("penc vote v1\n", round.qid, BigEndian32(round.attempt()), proposal_sha256);
}

std::string PromiseText(const Round& round) {
  return absl::StrCat("penc promise v1\n", round.qid, BigEndian32(round.attempt()));
}

std::string ReceiptText(const Round& round, uint32_t office, const std::string& header_sha256) {
  return absl::StrCat("penc receipt v1\n", round.qid, BigEndian32(round.attempt()), BigEndian32(office),
                      header_sha256);
}

bool VerifyProposal(const Round& round, const v1::SignedProposal& proposal) {
  return Signed(round.roster.hub_key(), absl::StrCat("penc proposal v1\n", proposal.proposal()),
                proposal.signature());
}

bool VerifyVote(const Round& round, const v1::Vote& vote) {
  const v1::EpochKeys* keys = EpochOf(round, vote.steward());
  return keys != nullptr && vote.qid() == round.qid && vote.attempt() == round.attempt() &&
         vote.proposal_sha256().size() == kHash &&
         Signed(keys->vote_key(), VoteText(round, vote.proposal_sha256()), vote.signature());
}

bool VerifyPromise(const Round& round, const v1::Promise& promise) {
  const v1::EpochKeys* keys = EpochOf(round, promise.steward());
  return keys != nullptr && promise.qid() == round.qid && promise.attempt() == round.attempt() &&
         Signed(keys->vote_key(), PromiseText(round), promise.signature());
}

bool VerifyCertificate(const Round& round, const v1::Certificate& certificate) {
  if (!VerifyProposal(round, certificate.proposal()) ||
      !ParseProposal(round, certificate.proposal()).has_value())
    return false;
  const std::string wanted = Sha256(certificate.proposal().proposal());
  int64_t last = -1;
  for (const v1::Vote& vote : certificate.votes()) {
    if (vote.steward() <= last || vote.proposal_sha256() != wanted || !VerifyVote(round, vote)) return false;
    last = vote.steward();
  }
  return static_cast<uint32_t>(certificate.votes_size()) >= round.quorum();
}

bool VerifyVoid(const Round& round, const v1::VoidCertificate& certificate) {
  int64_t last = -1;
  for (const v1::Promise& promise : certificate.promises()) {
    if (promise.steward() <= last || !VerifyPromise(round, promise)) return false;
    last = promise.steward();
  }
  return static_cast<uint32_t>(certificate.promises_size()) >= round.quorum();
}

absl::optional<v1::Proposal> ParseProposal(const Round& round, const v1::SignedProposal& proposal) {
  v1::Proposal parsed;
  if (!parsed.ParseFromString(proposal.proposal()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || static_cast<uint32_t>(parsed.offices_size()) < round.fewest()) {
    return absl::nullopt;
  }
  int64_t last = -1;
  for (const v1::Proposal::Included& included : parsed.offices()) {
    if (included.office() <= last || !round.Asks(included.office()) ||
        included.header_sha256().size() != kHash)
      return absl::nullopt;
    last = included.office();
  }
  return parsed;
}

absl::optional<v1::ContributionHeader> ParseHeader(const Round& round, const v1::SignedHeader& header) {
  v1::ContributionHeader parsed;
  if (!parsed.ParseFromString(header.header()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || !round.Asks(parsed.office())) {
    return absl::nullopt;
  }
  const v1::Member& member = round.roster.members(static_cast<int>(parsed.office()));
  if (!Signed(member.key(), absl::StrCat("penc contribution v1\n", header.header()), header.signature()))
    return absl::nullopt;
  const size_t steps = round.descriptor.levels_size() - 1;
  const bool fits =
      parsed.share_key().size() == 32 && parsed.vector_bytes() == VectorBytes(round) &&
      parsed.vector_root().size() == kHash && AllHashes(parsed.mask_commitments(), round.stewards()) &&
      AllHashes(parsed.level_commitments(), steps) && AllHashes(parsed.box_roots(), round.stewards()) &&
      AllHashes(parsed.box_sha256(), round.stewards());
  if (!fits) return absl::nullopt;
  return parsed;
}

absl::optional<v1::Abstention> ParseAbstention(const Round& round, const v1::SignedAbstention& abstention) {
  v1::Abstention parsed;
  if (!parsed.ParseFromString(abstention.abstention()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || !round.Asks(parsed.office())) {
    return absl::nullopt;
  }
  const v1::Member& member = round.roster.members(static_cast<int>(parsed.office()));
  if (!Signed(member.key(), absl::StrCat("penc abstention v1\n", abstention.abstention()),
              abstention.signature()))
    return absl::nullopt;
  return parsed;
}

}  // namespace penc
