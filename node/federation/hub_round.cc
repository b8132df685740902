#include "federation/hub_round.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

using storage::v1::HubContribution;
using storage::v1::HubOpening;
using storage::v1::HubRoundRow;

constexpr uint32_t kMostOtherPieces = 128;

absl::Time At(int64_t unix_micros) { return absl::FromUnixMicros(unix_micros); }

absl::Status TooLate() {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"la collecte de cette ronde est terminée", "this round no longer collects"});
}
absl::Status NotSigned() {
  return Fail(absl::StatusCode::kPermissionDenied,
              {"la signature n'est pas celle d'un participant de cette ronde",
               "the signature is not that of a participant in this round"});
}
absl::Status Bad(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kInvalidArgument, {fr, en});
}

// Of one that was checked when it came.
v1::Abstention Content(const v1::SignedAbstention& abstention) {
  v1::Abstention content;
  PENC_CHECK(content.ParseFromString(abstention.abstention()));
  return content;
}

// The largest set in which every header's minimum is met: who asks for more than there are is left out.
void KeepSatisfied(std::vector<v1::ContributionHeader>& headers) {
  for (;;) {
    const size_t before = headers.size();
    headers.erase(std::remove_if(headers.begin(), headers.end(),
                                 [before](const v1::ContributionHeader& h) { return h.minimum() > before; }),
                  headers.end());
    if (headers.size() == before) return;
  }
}

}  // namespace

HubRoundRow HubRound::Begin(const Round& round, absl::Time now) {
  HubRoundRow row;
  row.set_format(1);
  *row.mutable_terms() = round.signed_descriptor;
  row.set_roster_version(round.descriptor.roster_version());
  row.set_submitted_unix_micros(absl::ToUnixMicros(now));
  row.set_state(v1::ROUND_STATE_COLLECTING);
  return row;
}

HubRound::HubRound(const Round& round, const SigningKey& hub_key, HubRoundRow row)
    : round_(round), hub_key_(hub_key), row_(std::move(row)) {}

bool HubRound::over() const {
  return state() == v1::ROUND_STATE_OPENED || state() == v1::ROUND_STATE_VOID ||
         state() == v1::ROUND_STATE_DEAD;
}

std::string HubRound::RowAlone() {
  google::protobuf::RepeatedPtrField<HubContribution> aside;
  row_.mutable_contributions()->Swap(&aside);
  std::string row = row_.SerializeAsString();
  row_.mutable_contributions()->Swap(&aside);
  return row;
}

void HubRound::SetEmptied() {
  row_.set_emptied(true);
  for (HubContribution& contribution : *row_.mutable_contributions()) {
    if (contribution.contradicting_header().empty()) contribution.clear_header();
  }
}

absl::StatusOr<std::vector<uint32_t>> HubRound::AddHeader(const v1::SignedHeader& header,
                                                          const std::vector<std::string>& boxes,
                                                          absl::Time now) {
  const absl::optional<v1::ContributionHeader> parsed = ParseHeader(round_, header);
  if (!parsed.has_value()) return NotSigned();
  if (row_.emptied()) return TooLate();
  const std::string bytes = header.SerializeAsString();
  if (HubContribution* known = Of(parsed->office()); known != nullptr) {
    v1::SignedHeader before;
    PENC_CHECK(before.ParseFromString(known->header()));
    if (before.header() == header.header()) return MissingChunks(*known);
    if (known->contradicting_header().empty()) known->set_contradicting_header(bytes);
    return Fail(
        absl::StatusCode::kAlreadyExists,
        {"cette organisation a déjà envoyé une autre contribution; les deux sont gardées comme preuve",
         "this organisation has sent another contribution before; both are kept as evidence"});
  }
  if (state() != v1::ROUND_STATE_COLLECTING || row_.ending()) return TooLate();
  if (Abstained(parsed->office()))
    return Bad("cette organisation s'est déjà abstenue", "this organisation has abstained already");
  for (size_t k = 0; k < round_.stewards(); ++k) {
    if (boxes.size() != round_.stewards() || Sha256(boxes[k]) != parsed->box_sha256(static_cast<int>(k))) {
      return Bad("une boîte scellée n'est pas celle que l'en-tête annonce",
                 "a sealed box is not the one that the header states");
    }
  }
  ForgetWaiting(parsed->office());
  HubContribution& added = *row_.add_contributions();
  added.set_office(parsed->office());
  added.set_header(bytes);
  return MissingChunks(added);
}

absl::StatusOr<bool> HubRound::AddChunk(uint32_t office, uint32_t index, size_t bytes, absl::Time now) {
  HubContribution* contribution = Of(office);
  if (contribution == nullptr) return Bad("l'en-tête d'abord", "the header comes first");
  if (row_.emptied()) return TooLate();
  const uint64_t rest =
      VectorBytes(round_) - std::min<uint64_t>(VectorBytes(round_), uint64_t{index} * kChunkBytes);
  if (index >= ChunksOf(round_) || bytes != std::min<uint64_t>(rest, kChunkBytes))
    return Bad("morceau hors du vecteur", "a chunk outside the vector");
  if (contribution->complete()) return true;
  if (state() != v1::ROUND_STATE_COLLECTING) return TooLate();
  auto& chunks = *contribution->mutable_chunks();
  const auto at = std::lower_bound(chunks.begin(), chunks.end(), index);
  if (at == chunks.end() || *at != index) {
    const auto place = at - chunks.begin();
    chunks.Add(index);
    std::rotate(chunks.begin() + place, chunks.end() - 1, chunks.end());
  }
  return static_cast<uint32_t>(chunks.size()) == ChunksOf(round_);
}

std::string HubRound::Complete(uint32_t office) {
  HubContribution* contribution = Of(office);
  PENC_CHECK(contribution != nullptr);
  contribution->set_complete(true);
  v1::SignedHeader header;
  PENC_CHECK(header.ParseFromString(contribution->header()));
  return hub_key_.Sign(SignedReceiptText(round_, office, Sha256(header.header())));
}

void HubRound::Incomplete(uint32_t office) {
  HubContribution* contribution = Of(office);
  PENC_CHECK(contribution != nullptr && !contribution->complete());
  contribution->clear_chunks();
}

absl::Status HubRound::AddAbstention(const v1::SignedAbstention& abstention, absl::Time now) {
  const absl::optional<v1::Abstention> parsed = ParseAbstention(round_, abstention);
  if (!parsed.has_value()) return NotSigned();
  if (Abstained(parsed->office())) return absl::OkStatus();
  if (state() != v1::ROUND_STATE_COLLECTING || row_.ending()) return TooLate();
  if (Of(parsed->office()) != nullptr)
    return Bad("cette organisation a déjà contribué", "this organisation has contributed already");
  ForgetWaiting(parsed->office());
  *row_.add_abstentions() = abstention;
  return absl::OkStatus();
}

absl::Status HubRound::AddVote(const v1::Vote& vote, absl::Time now) {
  if (!VerifyVote(round_, vote)) return NotSigned();
  for (const v1::Vote& known : row_.votes()) {
    if (known.steward() != vote.steward()) continue;
    if (known.proposal_sha256() == vote.proposal_sha256()) return absl::OkStatus();
    return Fail(absl::StatusCode::kAlreadyExists, {"ce témoin a déjà voté autrement dans cette ronde",
                                                   "this steward has voted otherwise in this round"});
  }
  if (!row_.has_proposal() || vote.proposal_sha256() != Sha256(row_.proposal().proposal()))
    return Bad("ce vote porte sur une autre proposition", "this vote is for another proposal");
  // Promises are being asked for: a certificate now would be one that too few may still release.
  if (row_.ending()) return TooLate();
  *row_.add_votes() = vote;
  Certify();
  return absl::OkStatus();
}

absl::Status HubRound::AddPromise(const v1::Promise& promise, absl::Time now) {
  if (!VerifyPromise(round_, promise)) return NotSigned();
  for (const v1::Promise& known : row_.promises()) {
    if (known.steward() == promise.steward()) return absl::OkStatus();
  }
  *row_.add_promises() = promise;
  std::sort(row_.mutable_promises()->begin(), row_.mutable_promises()->end(),
            [](const v1::Promise& a, const v1::Promise& b) { return a.steward() < b.steward(); });
  if (static_cast<uint32_t>(row_.promises_size()) >= round_.quorum() && state() != v1::ROUND_STATE_OPENED)
    Set(v1::ROUND_STATE_VOID);
  return absl::OkStatus();
}

absl::StatusOr<bool> HubRound::AddOpening(uint32_t steward, uint32_t kind, uint32_t index, bool last,
                                          absl::Time now) {
  if (!round_.PlaceOf(steward).has_value()) return NotSigned();
  if ((state() != v1::ROUND_STATE_CERTIFIED && state() != v1::ROUND_STATE_OPENED) || row_.emptied())
    return TooLate();
  // A mask sum is as long as a vector; shares and readers take at most some megabytes besides.
  if (index >= ChunksOf(round_) + kMostOtherPieces)
    return Bad("cette ouverture est trop longue", "this opening is too long");
  HubOpening* opening = nullptr;
  for (HubOpening& known : *row_.mutable_openings()) {
    if (known.steward() == steward && known.kind() == kind) opening = &known;
  }
  if (opening == nullptr) {
    const auto& absent = row_.absent();
    if (kind > 0 && std::find(absent.begin(), absent.end(), kind - 1) == absent.end())
      return Bad("ce témoin n'est pas déclaré absent", "this steward is not declared absent");
    opening = row_.add_openings();
    opening->set_steward(steward);
    opening->set_kind(kind);
  }
  if (opening->complete()) return false;
  if (index == 0) opening->set_pieces(0);
  if (index < opening->pieces()) return false;
  if (index > opening->pieces())
    return Bad("un morceau manque avant celui-ci", "a piece is missing before this one");
  opening->set_pieces(index + 1);
  opening->set_complete(last);
  OpenWhereComplete();
  return true;
}

bool HubRound::Tick(absl::Time now) {
  const auto standing = [this] {
    return std::tuple(row_.state(), row_.ending(), row_.absent_size(), row_.has_proposal());
  };
  const auto before = standing();
  const v1::Descriptor& terms = round_.descriptor;
  if (state() == v1::ROUND_STATE_COLLECTING && !row_.ending()) {
    // Nobody contributes and abstains. Who waits for a person is waited for.
    const auto complete = std::count_if(row_.contributions().begin(), row_.contributions().end(),
                                        [](const HubContribution& c) { return c.complete(); });
    const auto abstained =
        std::count_if(row_.abstentions().begin(), row_.abstentions().end(),
                      [](const v1::SignedAbstention& one) { return !Content(one).waiting(); });
    const bool all = static_cast<size_t>(complete + abstained) == round_.asked.size();
    if (all || now >= At(terms.collect_until_unix_micros())) Propose();
  }
  if (state() == v1::ROUND_STATE_PROPOSED && now >= At(terms.vote_until_unix_micros())) row_.set_ending(true);
  if (state() == v1::ROUND_STATE_CERTIFIED && now >= At(terms.release_until_unix_micros()) &&
      row_.absent().empty()) {
    std::vector<uint32_t> absent;
    for (uint32_t steward : terms.stewards()) {
      if (!Released(steward, 0)) absent.push_back(steward);
    }
    if (absent.size() <= terms.absent()) {
      for (uint32_t steward : absent) row_.add_absent(steward);
      OpenWhereComplete();
    }
  }
  if (state() == v1::ROUND_STATE_CERTIFIED && now >= At(terms.reveal_until_unix_micros()) && VoidPossible())
    row_.set_ending(true);
  if (!over() && now >= At(terms.expires_unix_micros())) Set(v1::ROUND_STATE_DEAD);
  return standing() != before;
}

void HubRound::Propose() {
  std::vector<v1::ContributionHeader> headers;
  std::map<uint32_t, std::string> hashes;
  for (const HubContribution& contribution : row_.contributions()) {
    if (!contribution.complete() || !contribution.contradicting_header().empty()) continue;
    v1::SignedHeader header;
    v1::ContributionHeader parsed;
    PENC_CHECK(header.ParseFromString(contribution.header()) && parsed.ParseFromString(header.header()));
    hashes[parsed.office()] = Sha256(header.header());
    headers.push_back(std::move(parsed));
  }
  KeepSatisfied(headers);
  if (headers.size() < round_.fewest()) {
    row_.set_ending(true);  // too few: stewards are asked to promise that it never opens
    return;
  }
  std::sort(headers.begin(), headers.end(),
            [](const auto& a, const auto& b) { return a.office() < b.office(); });
  v1::Proposal proposal;
  proposal.set_qid(round_.qid);
  proposal.set_attempt(round_.attempt());
  for (const v1::ContributionHeader& header : headers) {
    v1::Proposal::Included& included = *proposal.add_offices();
    included.set_office(header.office());
    included.set_header_sha256(hashes.at(header.office()));
  }
  v1::SignedProposal& made = *row_.mutable_proposal();
  made.set_proposal(proposal.SerializeAsString());
  made.set_signature(hub_key_.Sign(absl::StrCat("penc proposal v1\n", made.proposal())));
  Set(v1::ROUND_STATE_PROPOSED);
}

void HubRound::Certify() {
  if (state() != v1::ROUND_STATE_PROPOSED || static_cast<uint32_t>(row_.votes_size()) < round_.quorum())
    return;
  v1::Certificate& certificate = *row_.mutable_certificate();
  *certificate.mutable_proposal() = row_.proposal();
  *certificate.mutable_votes() = row_.votes();
  std::sort(certificate.mutable_votes()->begin(), certificate.mutable_votes()->end(),
            [](const v1::Vote& a, const v1::Vote& b) { return a.steward() < b.steward(); });
  Set(v1::ROUND_STATE_CERTIFIED);
}

// Who has released promises nothing any more. Where too few are left for VOID, only opening can end the
// round: whoever comes back is to release, and not to promise.
bool HubRound::VoidPossible() const {
  const auto& stewards = round_.descriptor.stewards();
  const auto released =
      std::count_if(stewards.begin(), stewards.end(), [this](uint32_t k) { return Released(k, 0); });
  return round_.stewards() - static_cast<uint32_t>(released) >= round_.quorum();
}

// Every steward has released, or for each absent one enough of those who have released have revealed.
void HubRound::OpenWhereComplete() {
  if (state() != v1::ROUND_STATE_CERTIFIED) return;
  for (uint32_t steward : round_.descriptor.stewards()) {
    if (Released(steward, 0)) continue;
    uint32_t shares = 0;
    for (uint32_t other : round_.descriptor.stewards())
      shares += Released(other, 0) && Released(other, 1 + steward);
    if (shares < round_.quorum()) return;
  }
  Set(v1::ROUND_STATE_OPENED);
}

absl::optional<v1::Work> HubRound::WorkFor(uint32_t member) const {
  const bool steward = round_.PlaceOf(member).has_value();
  if (!round_.Asks(member) && !steward) return absl::nullopt;
  v1::Work work;
  *work.mutable_round() = Summary();
  if (const HubContribution* contribution = Of(member); contribution != nullptr) {
    work.set_header_received(true);
    for (uint32_t index : MissingChunks(*contribution)) work.add_missing_chunks(index);
  }
  if (row_.has_proposal()) *work.mutable_proposal() = row_.proposal();
  if (row_.has_certificate()) *work.mutable_certificate() = row_.certificate();
  *work.mutable_reveal() = row_.absent();
  work.set_promise_wanted(row_.ending() && steward && !over());
  if (auto proof = VoidProof(); proof.has_value()) *work.mutable_void_() = *std::move(proof);
  return work;
}

v1::RoundSummary HubRound::Summary() const {
  v1::RoundSummary summary;
  summary.set_qid(round_.qid);
  *summary.mutable_terms() = row_.terms();
  summary.set_state(state());
  summary.set_submitted_unix_micros(row_.submitted_unix_micros());
  for (const HubContribution& contribution : row_.contributions()) {
    if (contribution.complete()) summary.add_contributed(contribution.office());
  }
  for (const v1::SignedAbstention& abstention : row_.abstentions()) {
    *summary.add_abstained() = abstention;
  }
  for (const v1::Vote& vote : row_.votes()) summary.add_voted(vote.steward());
  for (const HubOpening& opening : row_.openings()) {
    if (opening.kind() == 0 && opening.complete()) summary.add_released(opening.steward());
  }
  for (const v1::Promise& promise : row_.promises()) summary.add_promised(promise.steward());
  return summary;
}

absl::optional<v1::VoidCertificate> HubRound::VoidProof() const {
  if (state() != v1::ROUND_STATE_VOID) return absl::nullopt;
  v1::VoidCertificate proof;
  *proof.mutable_promises() = row_.promises();
  return proof;
}

const HubContribution* HubRound::Of(uint32_t office) const {
  for (const HubContribution& contribution : row_.contributions()) {
    if (contribution.office() == office) return &contribution;
  }
  return nullptr;
}
HubContribution* HubRound::Of(uint32_t office) {
  return const_cast<HubContribution*>(std::as_const(*this).Of(office));
}

bool HubRound::Abstained(uint32_t office) const {
  return std::any_of(row_.abstentions().begin(), row_.abstentions().end(),
                     [office](const v1::SignedAbstention& one) {
                       return Content(one).office() == office && !Content(one).waiting();
                     });
}

void HubRound::ForgetWaiting(uint32_t office) {
  auto& all = *row_.mutable_abstentions();
  all.erase(std::remove_if(all.begin(), all.end(),
                           [office](const v1::SignedAbstention& one) {
                             return Content(one).office() == office && Content(one).waiting();
                           }),
            all.end());
}

bool HubRound::Released(uint32_t steward, uint32_t kind) const {
  return std::any_of(row_.openings().begin(), row_.openings().end(), [&](const HubOpening& opening) {
    return opening.steward() == steward && opening.kind() == kind && opening.complete();
  });
}

std::vector<uint32_t> HubRound::MissingChunks(const HubContribution& contribution) const {
  std::vector<uint32_t> missing;
  if (contribution.complete()) return missing;
  for (uint32_t index = 0; index < ChunksOf(round_); ++index) {
    if (!std::binary_search(contribution.chunks().begin(), contribution.chunks().end(), index))
      missing.push_back(index);
  }
  return missing;
}

}  // namespace penc
