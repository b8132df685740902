// What a steward says to the recipients of a round and to nobody else, the hub included: bytes sealed once
// for several X25519 keys. Layout: round.proto, SealedMail. Pure functions.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/random.h"
#include "crypto/agreement.h"
#include "penc/v1/round.pb.h"

namespace penc {

// What a mail belongs to: it opens nowhere else.
struct MailContext {
  std::string qid;  // 32 bytes
  uint32_t attempt = 1;
  uint32_t steward = 0;  // who sends; index into the roster's members
};

// INVALID_ARGUMENT where a reader's key is none or of small order. Whoever takes up a roster or a descriptor
// refuses such keys (UsableAgreementKey), so that no reader can hold up a round.
absl::StatusOr<v1::SealedMail> SealMail(const MailContext& context, absl::string_view content,
                                        const std::vector<std::string>& readers, RandomSource& random);

// NOT_FOUND where the mail is not for this reader; DATA_LOSS where any byte of it was altered or it belongs
// to another context; INVALID_ARGUMENT where the sender's key is none.
absl::StatusOr<Secret> OpenMail(const MailContext& context, const v1::SealedMail& mail,
                                const AgreementKey& reader);

}  // namespace penc
