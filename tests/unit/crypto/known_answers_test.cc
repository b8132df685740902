// Published test vectors, and what must fail.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/escaping.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "crypto/secure_random.h"
#include "crypto/signature.h"
#include "crypto/tls_identity.h"

namespace penc {
namespace {

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }
std::string Bytes(absl::string_view hex) { return absl::HexStringToBytes(hex); }

TEST(Hash, AgreesWithFips180AndRfc4231AndRfc5869) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256({"a", "bc"}), Sha256("abc"));
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      Hex(HmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(Hex(HkdfSha256(Bytes("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                           Bytes("000102030405060708090a0b0c"), Bytes("f0f1f2f3f4f5f6f7f8f9"), 42)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(Hash, APreparedKeyGivesTheSameMac) {
  for (const char* key : {"Jefe", "", "a key"}) {
    HmacKey prepared(key);
    std::array<uint8_t, 32> mac;
    prepared.Mac("one", mac);
    prepared.Mac("what do ya want for nothing?", mac);
    EXPECT_EQ(std::string(mac.begin(), mac.end()), HmacSha256(key, "what do ya want for nothing?"));
  }
}

TEST(Signature, AgreesWithRfc8032) {
  const SigningKey key =
      *SigningKey::FromSeed(Bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  EXPECT_EQ(Hex(key.verify_key().bytes()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const std::string signature = key.Sign(Bytes("72"));
  EXPECT_EQ(Hex(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(key.verify_key().Verify(Bytes("72"), signature));
  EXPECT_FALSE(key.verify_key().Verify(Bytes("73"), signature));
  EXPECT_FALSE(key.verify_key().Verify(Bytes("72"), signature.substr(1)));
  EXPECT_EQ(SigningKey::FromPem(key.ToPem())->verify_key(), key.verify_key());
  EXPECT_FALSE(SigningKey::FromPem("not a key").ok());
}

TEST(SeededExpander, IsChaCha20AsInRfc8439) {
  // Section A.1, test vectors 1 and 2: the zero key, blocks 0 and 1.
  const std::string zero(32, 0);
  SeededExpander stream(absl::MakeSpan(reinterpret_cast<const uint8_t*>(zero.data()), 32));
  std::string out(128, 0);
  stream.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(out.data()), 5));  // in pieces
  stream.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(out.data()) + 5, 123));
  EXPECT_EQ(Hex(out.substr(0, 32)), "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7");
  EXPECT_EQ(Hex(out.substr(64, 32)), "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed");
}

TEST(SecureRandom, NeverRepeats) {
  SecureRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(16, 0);
    random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()));
    EXPECT_TRUE(seen.insert(bytes).second);
  }
}

TEST(SealOnce, AgreesWithTheTestCasesOfGcm) {
  // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13, 14 and 16.
  const Secret zero = Secret::Zeros(44);
  EXPECT_EQ(Hex(SealOnce(zero, "", "")), "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(Hex(SealOnce(zero, "", std::string(16, 0))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
  const Secret key{absl::string_view(
      Bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308cafebabefacedbaddecaf888"))};
  const std::string plain = Bytes(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aed"
      "f5aa"
      "0de657ba637b39");
  const std::string associated = Bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string box = SealOnce(key, associated, plain);
  EXPECT_EQ(
      Hex(box),
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f6"
      "1e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  EXPECT_EQ(OpenOnce(key, associated, box)->view(), plain);
}

TEST(SealOnce, OpensOnlyWhatWasSealedUnderTheSameKeyAndName) {
  SecureRandom random;
  const Secret key = Secret::Random(random, 44), other = Secret::Random(random, 44);
  for (const std::string& plain : {std::string(), std::string("x"), std::string(1000, 'p')}) {
    const std::string box = SealOnce(key, "here", plain);
    EXPECT_EQ(box.size(), plain.size() + 16);
    EXPECT_EQ(OpenOnce(key, "here", box)->view(), plain);
    EXPECT_EQ(OpenOnce(key, "there", box).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_FALSE(OpenOnce(other, "here", box).ok());
    EXPECT_FALSE(OpenOnce(key, "here", box.substr(1)).ok());
    EXPECT_FALSE(OpenOnce(key, "here", box.substr(0, 15)).ok());
    EXPECT_FALSE(OpenOnce(key, "here", "").ok());
    for (size_t at = 0; at < box.size(); ++at) {
      std::string altered = box;
      altered[at] = static_cast<char>(altered[at] ^ 0x10);
      EXPECT_FALSE(OpenOnce(key, "here", altered).ok()) << at;
    }
  }
}

TEST(Aead, OpensOnlyWhatWasSealedUnderTheSameKeyAndName) {
  SecureRandom random;
  const Secret key = Secret::Random(random, 32), other = Secret::Random(random, 32);
  Aead aead(key);
  for (const std::string& plain : {std::string(), std::string("row"), std::string(100000, 'x')}) {
    const std::string box = aead.Seal(random, "here", plain);
    EXPECT_EQ(box.size(), plain.size() + Aead::kOverhead);
    EXPECT_EQ(*aead.Open("here", box), plain);
    EXPECT_NE(aead.Seal(random, "here", plain), box);
    EXPECT_EQ(aead.Open("there", box).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(Aead(other).Open("here", box).status().code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(aead.Open("here", box.substr(0, box.size() - 1)).status().code(), absl::StatusCode::kDataLoss);
    for (size_t at : {size_t{0}, size_t{13}, box.size() - 1}) {
      if (at >= box.size()) continue;
      std::string altered = box;
      altered[at] = static_cast<char>(altered[at] ^ 1);
      EXPECT_EQ(aead.Open("here", altered).status().code(), absl::StatusCode::kDataLoss) << at;
    }
  }
}

TEST(Certificate, WrapsAKeyWithItsDates) {
  SecureRandom random;
  const SigningKey key = SigningKey::Generate(random);
  const absl::Time from = absl::FromUnixSeconds(1790000000), to = from + absl::Hours(24 * 365);
  const auto parsed = ParseCertificate(MakeCertificate(key, "Association «Été»", from, to));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->key, key.verify_key());
  EXPECT_EQ(parsed->not_before, from);
  EXPECT_EQ(parsed->not_after, to);
  EXPECT_FALSE(ParseCertificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").ok());
}

TEST(KeyFile, WrappedKeysAreBoundToTheirPurpose) {
  SecureRandom random;
  const Secret under = Secret::Random(random, 32), key = Secret::Random(random, 32);
  const std::string wrapped = WrapKey(under, "table a", key, random);
  EXPECT_EQ(UnwrapKey(under, "table a", wrapped)->view(), key.view());
  EXPECT_FALSE(UnwrapKey(under, "table b", wrapped).ok());
  EXPECT_NE(DeriveKey(under, "a").view(), DeriveKey(under, "b").view());
}

}  // namespace
}  // namespace penc
