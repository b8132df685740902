#include "office/signing.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "crypto/secure_random.h"

namespace penc {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

class Signing : public ::testing::Test {
 protected:
  v1::AskBody Body() {
    v1::AskBody body;
    body.set_purpose("plaidoyer");
    body.set_node("SHA256:node");
    body.set_expires_unix_micros(absl::ToUnixMicros(kNow + absl::Hours(1)));
    return body;
  }
  absl::Status Check(const v1::AskBody& body, const SigningKey& signer) {
    std::string bytes = body.SerializeAsString();
    v1::AskBody parsed;
    return CheckAsk(key_.verify_key(), bytes, SignAsk(signer, bytes), "SHA256:node", kNow, &parsed);
  }

  SecureRandom random_;
  SigningKey key_ = SigningKey::Generate(random_);
  SigningKey other_ = SigningKey::Generate(random_);
};

TEST_F(Signing, TakesWhatTheConnectionsKeySigned) { EXPECT_TRUE(Check(Body(), key_).ok()); }

TEST_F(Signing, RefusesEverythingElse) {
  EXPECT_EQ(Check(Body(), other_).code(), absl::StatusCode::kUnauthenticated);
  v1::AskBody elsewhere = Body(), late = Body(), early = Body();
  elsewhere.set_node("SHA256:other");
  late.set_expires_unix_micros(absl::ToUnixMicros(kNow - absl::Seconds(1)));
  early.set_expires_unix_micros(absl::ToUnixMicros(kNow + absl::Hours(24) + absl::Seconds(1)));
  for (const v1::AskBody& body : {elsewhere, late, early}) {
    EXPECT_EQ(Check(body, key_).code(), absl::StatusCode::kInvalidArgument) << body.DebugString();
  }
  // A signature over the body alone must not serve for another protocol, nor the other way round.
  std::string bytes = Body().SerializeAsString();
  v1::AskBody parsed;
  EXPECT_EQ(CheckAsk(key_.verify_key(), bytes, key_.Sign(bytes), "SHA256:node", kNow, &parsed).code(),
            absl::StatusCode::kUnauthenticated);
  std::string large(kMaxAskBytes + 1, 'x');
  EXPECT_EQ(CheckAsk(key_.verify_key(), large, SignAsk(key_, large), "SHA256:node", kNow, &parsed).code(),
            absl::StatusCode::kInvalidArgument);
  std::string noise(100, '\xff');
  EXPECT_EQ(CheckAsk(key_.verify_key(), noise, SignAsk(key_, noise), "SHA256:node", kNow, &parsed).code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penc
