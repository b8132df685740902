#include "crypto/signature.h"

#include <openssl/pem.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/openssl_handles.h"

namespace penc {
namespace {

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

openssl::Key PrivateKey(const Secret& seed) {
  openssl::Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.bytes().data(), seed.size()));
  PENC_CHECK(key != nullptr);
  return key;
}

absl::Status NotAKey() {
  return Fail(absl::StatusCode::kInvalidArgument, {"ce n'est pas une clé Ed25519: vérifiez le fichier",
                                                   "this is not an Ed25519 key: check the file"});
}

}  // namespace

absl::StatusOr<VerifyKey> VerifyKey::FromBytes(absl::string_view bytes) {
  VerifyKey key;
  if (bytes.size() != key.bytes_.size()) return NotAKey();
  std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
  return key;
}

bool VerifyKey::Verify(absl::string_view message, absl::string_view signature) const {
  openssl::Key key(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const uint8_t*>(bytes_.data()), bytes_.size()));
  openssl::DigestContext context(EVP_MD_CTX_new());
  return key != nullptr && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

std::string VerifyKey::Fingerprint() const {
  // SubjectPublicKeyInfo of an Ed25519 key is a fixed prefix and the 32 bytes (RFC 8410).
  static constexpr char kPrefix[] = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";
  const std::string digest = Sha256(
      {absl::string_view(kPrefix, sizeof(kPrefix) - 1), absl::string_view(bytes_.data(), bytes_.size())});
  std::string text = absl::Base64Escape(digest);
  text.erase(text.find_last_not_of('=') + 1);
  return absl::StrCat("SHA256:", text);
}

SigningKey SigningKey::Generate(RandomSource& random) { return SigningKey(Secret::Random(random, 32)); }

absl::StatusOr<SigningKey> SigningKey::FromSeed(absl::string_view seed) {
  if (seed.size() != 32) return NotAKey();
  return SigningKey(Secret(seed));
}

absl::StatusOr<SigningKey> SigningKey::FromPem(absl::string_view pem) {
  openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  openssl::Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  uint8_t seed[32];
  size_t size = sizeof(seed);
  if (key == nullptr || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(key.get(), seed, &size) != 1 || size != sizeof(seed)) {
    return NotAKey();
  }
  SigningKey signing{Secret(absl::MakeSpan(seed))};
  OPENSSL_cleanse(seed, sizeof(seed));
  return signing;
}

std::string SigningKey::Sign(absl::string_view message) const {
  openssl::Key key = PrivateKey(seed_);
  openssl::DigestContext context(EVP_MD_CTX_new());
  std::string signature(64, 0);
  size_t size = signature.size();
  PENC_CHECK(context != nullptr &&
             EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
             EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size,
                            Bytes(message), message.size()) == 1 &&
             size == signature.size());
  return signature;
}

VerifyKey SigningKey::verify_key() const {
  openssl::Key key = PrivateKey(seed_);
  char bytes[32];
  size_t size = sizeof(bytes);
  PENC_CHECK(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<uint8_t*>(bytes), &size) == 1 &&
             size == sizeof(bytes));
  return *VerifyKey::FromBytes(absl::string_view(bytes, size));
}

std::string SigningKey::ToPem() const {
  openssl::Key key = PrivateKey(seed_);
  openssl::Bio bio(BIO_new(BIO_s_secmem()));
  PENC_CHECK(bio != nullptr &&
             PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, size);
}

}  // namespace penc
