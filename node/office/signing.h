// What an asker signs: "penc ask v1\n" and the bytes of the AskBody, by the key of its TLS certificate.
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "crypto/signature.h"
#include "penc/v1/question.pb.h"

namespace penc {

inline constexpr size_t kMaxAskBytes = 64 << 10;

std::string SignAsk(const SigningKey& key, absl::string_view body);

// Checks size, signature, that it is meant for `node` (fingerprint) and expires within 24 hours of `now`;
// only then is the body parsed into `parsed`. INVALID_ARGUMENT, or UNAUTHENTICATED for the signature.
absl::Status CheckAsk(const VerifyKey& asker, absl::string_view body, absl::string_view signature,
                      absl::string_view node, absl::Time now, v1::AskBody* parsed);

}  // namespace penc
