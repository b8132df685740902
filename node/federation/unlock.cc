#include "federation/unlock.h"

#include <strings.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/shamir.h"
#include "federation/mail.h"
#include "federation/parameters.h"

namespace penc {
namespace {

using storage::v1::ShareHolder;
using storage::v1::StewardSlot;

constexpr size_t kKey = 32, kSignature = 64;
constexpr size_t kLongestRequest = 64 << 10, kLongestAnswer = 4 << 10;

std::string DoorText(absl::string_view door) { return absl::StrCat("penc door v1\n", door); }
std::string RequestText(absl::string_view request) { return absl::StrCat("penc unlock v1\n", request); }
std::string AnswerText(absl::string_view answer) { return absl::StrCat("penc unlock answer v1\n", answer); }
std::string ShareHash(absl::string_view share) { return Sha256({"penc key share v1\n", share}); }

// A share lies sealed for one member's door and one steward; an answer is sealed for one request.
MailContext ShareContext(absl::string_view member, absl::string_view door, absl::string_view steward) {
  return {Sha256({"penc key share v1\n", member, door, steward}), 0, 0};
}
MailContext AnswerContext(absl::string_view request_sha256, absl::string_view steward) {
  return {Sha256({"penc unlock answer v1\n", request_sha256, steward}), 0, 0};
}

absl::Status Malformed() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"ce n'est pas une demande de clé", "this is not a request for a key"});
}

// Refuses what is no Ed25519 key as a signature that does not hold.
bool Signed(absl::string_view key, absl::string_view text, absl::string_view signature) {
  const absl::StatusOr<VerifyKey> verify = VerifyKey::FromBytes(key);
  return verify.ok() && verify->Verify(text, signature);
}

}  // namespace

// ---- sharing

absl::StatusOr<ShareTerms> ShareTermsFor(const CheckedRoster& roster, absl::string_view member) {
  const absl::optional<uint32_t> self = roster.MemberOf(member);
  if (!self.has_value()) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"cette organisation n'est pas dans la liste des membres: aucun témoin ne peut garder sa clé",
                 "this office is not in the roster: no steward can hold its key"});
  }
  const v1::Roster& members = roster.roster;
  ASSIGN_OR_RETURN(const Committee committee,
                   CommitteeFor(static_cast<uint32_t>(members.members_size() - members.left_size()),
                                members.presumed_dishonest()));
  ShareTerms terms;
  terms.threshold = committee.colluding + 1;
  for (uint32_t i = 0; i < static_cast<uint32_t>(members.members_size()); ++i) {
    const bool left = std::count(members.left().begin(), members.left().end(), i) > 0;
    if (i != *self && !left && members.members(static_cast<int>(i)).has_epoch()) terms.holders.push_back(i);
  }
  if (terms.holders.size() > kMostHolders) {
    // Whoever they are, they are others for each member: no steward holds everybody's.
    std::vector<std::pair<std::string, uint32_t>> order;
    for (uint32_t i : terms.holders)
      order.emplace_back(Sha256({"penc key holder v1\n", member, members.members(static_cast<int>(i)).key()}),
                         i);
    std::sort(order.begin(), order.end());
    terms.holders.clear();
    for (size_t i = 0; i < kMostHolders; ++i) terms.holders.push_back(order[i].second);
    std::sort(terms.holders.begin(), terms.holders.end());
  }
  if (terms.holders.size() > terms.threshold) return terms;
  return Fail(absl::StatusCode::kFailedPrecondition,
              {absl::StrCat("il faut au moins ", terms.threshold + 1,
                            " autres témoins dans le réseau pour qu'ils gardent cette clé; il y en a ",
                            terms.holders.size()),
               absl::StrCat("at least ", terms.threshold + 1,
                            " other stewards are needed in the network to hold this key; there are ",
                            terms.holders.size())});
}

absl::StatusOr<StewardSlot> ShareNodeKey(const Secret& node_key, const CheckedRoster& roster,
                                         const SigningKey& member, RandomSource& random) {
  PENC_CHECK(node_key.size() == kKey);
  const std::string own = member.verify_key().bytes();
  ASSIGN_OR_RETURN(const ShareTerms terms, ShareTermsFor(roster, own));
  ASSIGN_OR_RETURN(const VerifyKey hub, VerifyKey::FromBytes(roster.roster.hub_key()));
  const SigningKey door = SigningKey::Generate(random);
  const std::string door_key = door.verify_key().bytes();
  StewardSlot slot;
  slot.set_network(roster.roster.network());
  slot.set_hub_address(roster.roster.hub_address());
  slot.set_hub_key(hub.Fingerprint());
  slot.set_roster_version(roster.roster.version());
  slot.set_member(own);
  slot.set_door(std::string(door.seed().view()));
  slot.set_door_signature(member.Sign(DoorText(door_key)));
  slot.set_threshold(terms.threshold);
  const std::vector<Secret> shares =
      SplitSecret(node_key, terms.threshold, static_cast<uint32_t>(terms.holders.size()), random);
  for (uint32_t i = 0; i < shares.size(); ++i) {
    const v1::Member& steward = roster.roster.members(static_cast<int>(terms.holders[i]));
    v1::KeyShare share;
    share.set_format(1);
    share.set_member(own);
    share.set_door(door_key);
    share.set_index(i);
    share.set_share(std::string(shares[i].view()));
    std::string plain = share.SerializeAsString();
    ShareHolder& holder = *slot.add_holders();
    holder.set_name(steward.name());
    holder.set_key(steward.key());
    holder.set_mail_key(steward.mail_key());
    holder.set_share_sha256(ShareHash(share.share()));
    absl::StatusOr<v1::SealedMail> sealed =
        SealMail(ShareContext(own, door_key, steward.key()), plain, {steward.mail_key()}, random);
    explicit_bzero(plain.data(), plain.size());
    explicit_bzero(share.mutable_share()->data(), share.share().size());
    RETURN_IF_ERROR(sealed.status());
    *holder.mutable_sealed() = *std::move(sealed);
  }
  return slot;
}

bool WouldShareOtherwise(const StewardSlot& slot, const CheckedRoster& roster) {
  const absl::StatusOr<ShareTerms> terms = ShareTermsFor(roster, slot.member());
  const absl::StatusOr<VerifyKey> hub = VerifyKey::FromBytes(roster.roster.hub_key());
  if (!terms.ok() || !hub.ok()) return false;
  if (terms->threshold != slot.threshold() ||
      terms->holders.size() != static_cast<size_t>(slot.holders_size()) ||
      roster.roster.hub_address() != slot.hub_address() || hub->Fingerprint() != slot.hub_key())
    return true;
  for (size_t i = 0; i < terms->holders.size(); ++i) {
    const v1::Member& steward = roster.roster.members(static_cast<int>(terms->holders[i]));
    const ShareHolder& holder = slot.holders(static_cast<int>(i));
    if (holder.key() != steward.key() || holder.mail_key() != steward.mail_key()) return true;
  }
  return false;
}

// ---- asking

absl::StatusOr<Knock> MakeKnock(const StewardSlot& slot, absl::Time now, RandomSource& random) {
  ASSIGN_OR_RETURN(const SigningKey door, SigningKey::FromSeed(slot.door()));
  Knock knock{v1::SignedUnlockRequest(), AgreementKey::Generate(random)};
  v1::UnlockRequest request;
  request.set_format(1);
  request.set_member(slot.member());
  request.set_door(door.verify_key().bytes());
  request.set_door_signature(slot.door_signature());
  request.set_fresh_key(knock.fresh.public_key());
  request.set_asked_unix_micros(absl::ToUnixMicros(now));
  for (const ShareHolder& holder : slot.holders()) {
    v1::SealedShare& share = *request.add_shares();
    share.set_steward(holder.key());
    *share.mutable_sealed() = holder.sealed();
  }
  knock.request.set_request(request.SerializeAsString());
  knock.request.set_signature(door.Sign(RequestText(knock.request.request())));
  return knock;
}

absl::StatusOr<v1::UnlockRequest> ReadKnock(const v1::SignedUnlockRequest& signed_request) {
  v1::UnlockRequest request;
  if (signed_request.request().size() > kLongestRequest || signed_request.signature().size() > kSignature ||
      !request.ParseFromString(signed_request.request()) || request.format() != 1 ||
      request.member().size() != kKey || request.door().size() != kKey || request.shares().empty() ||
      request.shares_size() > static_cast<int>(kMostHolders) || !UsableAgreementKey(request.fresh_key()))
    return Malformed();
  if (!Signed(request.member(), DoorText(request.door()), request.door_signature()) ||
      !Signed(request.door(), RequestText(signed_request.request()), signed_request.signature())) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {"cette demande de clé n'est pas signée par le membre qu'elle nomme",
                 "this request for a key is not signed by the member that it names"});
  }
  return request;
}

// ---- answering

v1::UnlockAnswer AnswerKnock(const v1::SignedUnlockRequest& signed_request, const v1::UnlockRequest& request,
                             const CheckedRoster* roster, absl::Time now, absl::string_view steward,
                             const AgreementKey& mail, RandomSource& random) {
  v1::UnlockAnswer answer;
  answer.set_format(1);
  answer.set_request_sha256(Sha256(signed_request.request()));
  answer.set_steward(std::string(steward));
  if (roster != nullptr) answer.set_roster_version(roster->roster.version());
  const auto refuse = [&](v1::UnlockRefusal reason) {
    answer.set_refusal(reason);
    return answer;
  };
  if (roster == nullptr || absl::ToUnixMicros(now) >= roster->roster.expires_unix_micros())
    return refuse(v1::UNLOCK_REFUSAL_ROSTER_EXPIRED);
  if (!roster->MemberOf(request.member()).has_value()) return refuse(v1::UNLOCK_REFUSAL_NOT_A_MEMBER);
  const auto mine = std::find_if(request.shares().begin(), request.shares().end(),
                                 [&](const v1::SealedShare& share) { return share.steward() == steward; });
  if (mine == request.shares().end()) return refuse(v1::UNLOCK_REFUSAL_NOT_MINE);
  const absl::StatusOr<Secret> plain =
      OpenMail(ShareContext(request.member(), request.door(), steward), mine->sealed(), mail);
  v1::KeyShare share;
  // What the request says of itself is not enough: the share itself names who may have it.
  if (!plain.ok() || !share.ParseFromArray(plain->view().data(), static_cast<int>(plain->size())) ||
      share.format() != 1 || share.member() != request.member() || share.door() != request.door() ||
      share.share().size() != kKey)
    return refuse(v1::UNLOCK_REFUSAL_NOT_MINE);
  absl::StatusOr<v1::SealedMail> sealed =
      SealMail(AnswerContext(answer.request_sha256(), steward), share.share(), {request.fresh_key()}, random);
  explicit_bzero(share.mutable_share()->data(), share.share().size());
  PENC_CHECK(sealed.ok());  // the fresh key was looked at when the request was read
  *answer.mutable_sealed() = *std::move(sealed);
  return answer;
}

v1::SignedUnlockAnswer SignAnswer(const v1::UnlockAnswer& answer, const SigningKey& steward) {
  v1::SignedUnlockAnswer out;
  out.set_answer(answer.SerializeAsString());
  out.set_signature(steward.Sign(AnswerText(out.answer())));
  return out;
}

absl::optional<v1::UnlockAnswer> ReadAnswer(const v1::SignedUnlockAnswer& signed_answer) {
  v1::UnlockAnswer answer;
  if (signed_answer.answer().size() > kLongestAnswer || signed_answer.signature().size() > kSignature ||
      !answer.ParseFromString(signed_answer.answer()) || answer.format() != 1 ||
      !Signed(answer.steward(), AnswerText(signed_answer.answer()), signed_answer.signature()))
    return absl::nullopt;
  return answer;
}

// ---- opening

Unlocking::Unlocking(const StewardSlot& slot, const Knock& knock)
    : slot_(slot), knock_(knock), request_sha256_(Sha256(knock.request.request())) {}

void Unlocking::Take(const v1::SignedUnlockAnswer& signed_answer) {
  const absl::optional<v1::UnlockAnswer> answer = ReadAnswer(signed_answer);
  if (!answer.has_value() || answer->request_sha256() != request_sha256_) return;
  for (int i = 0; i < slot_.holders_size(); ++i) {
    const ShareHolder& holder = slot_.holders(i);
    if (holder.key() != answer->steward()) continue;
    if (!answer->has_sealed()) {
      refusals_[holder.key()] = answer->refusal();
      return;
    }
    absl::StatusOr<Secret> share =
        OpenMail(AnswerContext(request_sha256_, holder.key()), answer->sealed(), knock_.fresh);
    if (share.ok() && ShareHash(share->view()) == holder.share_sha256()) {
      shares_.insert_or_assign(static_cast<uint32_t>(i), *std::move(share));
      refusals_.erase(holder.key());
    }
    return;
  }
}

uint32_t Unlocking::refused(v1::UnlockRefusal reason) const {
  return static_cast<uint32_t>(std::count_if(refusals_.begin(), refusals_.end(),
                                             [&](const auto& one) { return one.second == reason; }));
}

bool Unlocking::hopeless() const {
  return static_cast<uint32_t>(slot_.holders_size()) - refusals_.size() < slot_.threshold();
}

absl::optional<Secret> Unlocking::key() const {
  if (returned() < slot_.threshold()) return absl::nullopt;
  std::vector<std::pair<uint32_t, absl::string_view>> shares;
  for (const auto& [index, share] : shares_) shares.emplace_back(index, share.view());
  absl::StatusOr<Secret> key = JoinShares(slot_.threshold(), shares);
  if (!key.ok()) return absl::nullopt;
  return *std::move(key);
}

}  // namespace penc
