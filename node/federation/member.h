// What a member says of itself, signed by its key: how it joins a network and renews its epoch keys. The
// administrator puts it into the next roster. Pure.
#pragma once
#include "absl/status/statusor.h"
#include "crypto/signature.h"
#include "penc/v1/hub_service.pb.h"
#include "penc/v1/roster.pb.h"

namespace penc {

// `member.key` becomes that of `key`.
v1::PutMemberRequest SignMember(const SigningKey& key, v1::Member member);

// The member, whose signature and shape (keys usable, name shown as it is) were checked. INVALID_ARGUMENT
// with what is wrong; PERMISSION_DENIED where the signature is not its key's.
absl::StatusOr<v1::Member> ReadMember(const v1::PutMemberRequest& signed_member);

}  // namespace penc
