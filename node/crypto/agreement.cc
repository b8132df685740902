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

absl::Status NotAKey() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"ce n'est pas une clé X25519 utilisable: demandez une nouvelle clé à cette organisation",
               "this is not a usable X25519 key: ask that organisation for a new one"});
}

}  // namespace

AgreementKey::AgreementKey(Secret secret)
    : secret_(std::move(secret)),
      key_(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret_.bytes().data(), secret_.size()),
           EVP_PKEY_free) {
  PENC_CHECK(key_ != nullptr);
}

AgreementKey AgreementKey::Generate(RandomSource& random) {
  return AgreementKey(Secret::Random(random, kKey));
}

absl::StatusOr<AgreementKey> AgreementKey::FromBytes(absl::string_view bytes) {
  if (bytes.size() != kKey) return NotAKey();
  return AgreementKey(Secret(bytes));
}

std::string AgreementKey::public_key() const {
  std::string bytes(kKey, 0);
  size_t size = bytes.size();
  PENC_CHECK(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<uint8_t*>(bytes.data()), &size) == 1 &&
             size == kKey);
  return bytes;
}

absl::StatusOr<Secret> AgreementKey::Agree(absl::string_view peer) const {
  if (peer.size() != kKey) return NotAKey();
  const openssl::Key other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, Bytes(peer), peer.size()));
  const DeriveContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
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

bool UsableAgreementKey(absl::string_view public_key) {
  if (public_key.size() != kKey) return false;
  // The bit that RFC 7748 ignores, away.
  std::string point(public_key);
  point.back() = static_cast<char>(point.back() & 0x7f);
  // With p = 2^255 - 19: p - 1, p (0), p + 1 (1) are 0x7fff…ff above their first byte, 0 and 1 zero above it;
  // two points of order 8 have no such form.
  const absl::string_view above = absl::string_view(point).substr(1);
  const auto lowest = static_cast<uint8_t>(point[0]);
  if (lowest <= 1 && above == std::string(kKey - 1, '\0')) return false;
  if (0xec <= lowest && lowest <= 0xee && above == std::string(kKey - 2, '\xff') + '\x7f') return false;
  static constexpr char kOrderEight[2][kKey + 1] = {
      "\xe0\xeb\x7a\x7c\x3b\x41\xb8\xae\x16\x56\xe3\xfa\xf1\x9f\xc4\x6a"
      "\xda\x09\x8d\xeb\x9c\x32\xb1\xfd\x86\x62\x05\x16\x5f\x49\xb8\x00",
      "\x5f\x9c\x95\xbc\xa3\x50\x8c\x24\xb1\xd0\xb1\x55\x9c\x83\xef\x5b"
      "\x04\x44\x5c\xc4\x58\x1c\x8e\x86\xd8\x22\x4e\xdd\xd0\x9f\x11\x57"};
  return point != absl::string_view(kOrderEight[0], kKey) && point != absl::string_view(kOrderEight[1], kKey);
}

}  // namespace penc
