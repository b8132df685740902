#include "crypto/agreement.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/status.h"
#include "crypto/openssl_handles.h"

namespace penc {
namespace {

constexpr size_t kKey = 32;

using DeriveContext = std::unique_ptr<EVP_PKEY_CTX, openssl::Freer<EVP_PKEY_CTX_free>>;

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

openssl::Key PrivateKey(const Secret& secret) {
  openssl::Key key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.bytes().data(), secret.size()));
  PENC_CHECK(key != nullptr);
  return key;
}

absl::Status NotAKey() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"ce n'est pas une clé X25519 utilisable: demandez une nouvelle clé à cette organisation",
               "this is not a usable X25519 key: ask that organisation for a new one"});
}

}  // namespace

AgreementKey AgreementKey::Generate(RandomSource& random) {
  return AgreementKey(Secret::Random(random, kKey));
}

absl::StatusOr<AgreementKey> AgreementKey::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kKey) return NotAKey();
  return AgreementKey(Secret(bytes));
}

std::string AgreementKey::public_key() const {
  const openssl::Key key = PrivateKey(secret_);
  std::string bytes(kKey, 0);
  size_t size = bytes.size();
  PENC_CHECK(EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<uint8_t*>(bytes.data()), &size) == 1 &&
             size == kKey);
  return bytes;
}

absl::StatusOr<Secret> AgreementKey::Agree(absl::string_view peer) const {
  if (peer.size() != kKey) return NotAKey();
  const openssl::Key own = PrivateKey(secret_);
  const openssl::Key other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, Bytes(peer), peer.size()));
  const DeriveContext context(EVP_PKEY_CTX_new(own.get(), nullptr));
  PENC_CHECK(other != nullptr && context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
             EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1);
  Secret agreed = Secret::Zeros(kKey);
  size_t size = kKey;
  // The library itself fails on an all-zero result; looked at again, because all of a round's secrecy hangs
  // on it.
  const bool derived =
      EVP_PKEY_derive(context.get(), agreed.mutable_bytes().data(), &size) == 1 && size == kKey;
  const uint8_t zero[kKey] = {};
  if (!derived || CRYPTO_memcmp(agreed.bytes().data(), zero, kKey) == 0) return NotAKey();
  return agreed;
}

}  // namespace penc
