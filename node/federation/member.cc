#include "federation/member.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/agreement.h"

namespace penc {
namespace {

constexpr size_t kLongestName = 100;

std::string Signable(absl::string_view member) { return absl::StrCat("penc join v1\n", member); }

absl::Status Bad(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kInvalidArgument, {fr, en});
}

absl::Status CheckShape(const v1::Member& member) {
  const bool shown =
      std::none_of(member.name().begin(), member.name().end(), [](char c) { return absl::ascii_iscntrl(c); });
  if (member.name().empty() || member.name().size() > kLongestName || !shown) {
    return Bad("le nom d'un membre a 1 à 100 octets, sur une ligne",
               "a member's name has 1 to 100 bytes, on one line");
  }
  if (member.key().size() != 32 || !UsableAgreementKey(member.mail_key()))
    return Bad("un membre sans clés utilisables", "a member without usable keys");
  if (!member.has_epoch()) return absl::OkStatus();
  if (member.epoch().epoch() == 0 || !UsableAgreementKey(member.epoch().mask_key()) ||
      !VerifyKey::FromBytes(member.epoch().vote_key()).ok() || member.epoch().until_unix_micros() <= 0)
    return Bad("clés d'époque mal formées", "malformed epoch keys");
  return absl::OkStatus();
}

}  // namespace

v1::PutMemberRequest SignMember(const SigningKey& key, v1::Member member) {
  member.set_key(key.verify_key().bytes());
  v1::PutMemberRequest signed_member;
  signed_member.set_member(member.SerializeAsString());
  signed_member.set_signature(key.Sign(Signable(signed_member.member())));
  return signed_member;
}

absl::StatusOr<v1::Member> ReadMember(const v1::PutMemberRequest& signed_member) {
  v1::Member member;
  if (!member.ParseFromString(signed_member.member())) return Bad("membre illisible", "unreadable member");
  RETURN_IF_ERROR(CheckShape(member));
  ASSIGN_OR_RETURN(const VerifyKey key, VerifyKey::FromBytes(member.key()));
  if (!key.Verify(Signable(signed_member.member()), signed_member.signature())) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {"la signature n'est pas celle de ce membre", "the signature is not this member's"});
  }
  return member;
}

}  // namespace penc
