// X25519: published vectors, and keys that must be refused.
#include "crypto/agreement.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "crypto/secure_random.h"
#include "tests/support/seed.h"

namespace penc {
namespace {

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }
std::string Bytes(absl::string_view hex) { return absl::HexStringToBytes(hex); }
AgreementKey Key(absl::string_view hex) { return *AgreementKey::FromBytes(Bytes(hex)); }

TEST(Agreement, AgreesWithRfc7748) {
  // Section 5.2.
  EXPECT_EQ(Hex(Key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
                    .Agree(Bytes("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
                    ->view()),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  // Section 6.1.
  const AgreementKey alice = Key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const AgreementKey bob = Key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(Hex(alice.public_key()), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(Hex(bob.public_key()), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(Hex(alice.Agree(bob.public_key())->view()), shared);
  EXPECT_EQ(Hex(bob.Agree(alice.public_key())->view()), shared);
}

TEST(Agreement, AThousandRoundsOfRfc7748GiveItsValue) {
  std::string k = Bytes("0900000000000000000000000000000000000000000000000000000000000000"), u = k;
  for (int i = 0; i < 1000; ++i) {
    std::string next(AgreementKey::FromBytes(k)->Agree(u)->view());
    u = k;
    k = next;
  }
  EXPECT_EQ(Hex(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST(Agreement, PointsOfSmallOrderAreRefused) {
  SecureRandom random;
  const AgreementKey key = AgreementKey::Generate(random);
  // 0, 1, two points of order 8, p - 1, p, p + 1; and each with the bit that RFC 7748 ignores.
  for (const char* hex : {"0000000000000000000000000000000000000000000000000000000000000000",
                          "0100000000000000000000000000000000000000000000000000000000000000",
                          "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                          "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                          "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                          "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    std::string point = Bytes(hex);
    EXPECT_EQ(key.Agree(point).status().code(), absl::StatusCode::kInvalidArgument) << hex;
    EXPECT_FALSE(UsableAgreementKey(point)) << hex;
    point[31] = static_cast<char>(static_cast<uint8_t>(point[31]) | 0x80);
    EXPECT_EQ(key.Agree(point).status().code(), absl::StatusCode::kInvalidArgument) << hex << " high bit";
    EXPECT_FALSE(UsableAgreementKey(point)) << hex << " high bit";
  }
}

TEST(Agreement, AKeyIsUsableExactlyWhereAgreeingWorks) {
  PrintedRandom random;
  const AgreementKey key = AgreementKey::Generate(random);
  const auto agrees = [&](const std::string& point) { return key.Agree(point).ok(); };
  for (int i = 0; i < 200; ++i) {
    const std::string point = AgreementKey::Generate(random).public_key();
    EXPECT_TRUE(UsableAgreementKey(point) && agrees(point)) << Hex(point);
  }
  // Points beside those of small order, and every one that RFC 7748 takes for a small number.
  for (int lowest = 0; lowest < 256; ++lowest) {
    for (const char above : {'\0', '\xff'}) {
      std::string point(32, above);
      point[0] = static_cast<char>(lowest);
      EXPECT_EQ(UsableAgreementKey(point), agrees(point)) << Hex(point);
      point[31] = static_cast<char>(point[31] ^ '\x80');
      EXPECT_EQ(UsableAgreementKey(point), agrees(point)) << Hex(point);
    }
  }
  EXPECT_FALSE(UsableAgreementKey(""));
  EXPECT_FALSE(UsableAgreementKey(std::string(33, 'k')));
}

TEST(Agreement, AKeyOfAnotherLengthIsRefused) {
  SecureRandom random;
  const AgreementKey key = AgreementKey::Generate(random);
  for (size_t size : {0, 1, 31, 33, 64}) {
    EXPECT_FALSE(key.Agree(std::string(size, 'k')).ok()) << size;
    EXPECT_FALSE(AgreementKey::FromBytes(std::string(size, 'k')).ok()) << size;
  }
  EXPECT_NE(key.public_key(), AgreementKey::Generate(random).public_key());
  EXPECT_EQ(AgreementKey::FromBytes(key.bytes().view())->public_key(), key.public_key());
}

}  // namespace
}  // namespace penc
