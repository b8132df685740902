#include "crypto/aead.h"

#include <openssl/evp.h>

#include "base/status.h"
#include "crypto/openssl_handles.h"

namespace penc {
namespace {

constexpr size_t kKey = 32;
constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, openssl::Freer<EVP_CIPHER_CTX_free>>;

const uint8_t* Bytes(absl::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

}  // namespace

Aead::Aead(const Secret& key) : seal_(EVP_CIPHER_CTX_new()), open_(EVP_CIPHER_CTX_new()) {
  PENC_CHECK(key.size() == 32 && seal_ != nullptr && open_ != nullptr);
  PENC_CHECK(EVP_EncryptInit_ex(seal_, EVP_aes_256_gcm(), nullptr, key.bytes().data(), nullptr) == 1);
  PENC_CHECK(EVP_DecryptInit_ex(open_, EVP_aes_256_gcm(), nullptr, key.bytes().data(), nullptr) == 1);
}

Aead::~Aead() {
  EVP_CIPHER_CTX_free(seal_);
  EVP_CIPHER_CTX_free(open_);
}

std::string Aead::Seal(RandomSource& random, absl::string_view associated, absl::string_view plain) {
  PENC_CHECK(plain.size() < (1u << 30));
  std::string box(kOverhead + plain.size(), 0);
  auto* out = reinterpret_cast<uint8_t*>(box.data());
  random.Fill(absl::MakeSpan(out, kNonce));
  int size = 0;
  PENC_CHECK(
      EVP_EncryptInit_ex(seal_, nullptr, nullptr, nullptr, out) == 1 &&
      EVP_EncryptUpdate(seal_, nullptr, &size, Bytes(associated), static_cast<int>(associated.size())) == 1 &&
      EVP_EncryptUpdate(seal_, out + kNonce, &size, Bytes(plain), static_cast<int>(plain.size())) == 1 &&
      EVP_EncryptFinal_ex(seal_, out + kNonce + plain.size(), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(seal_, EVP_CTRL_GCM_GET_TAG, kTag, out + kNonce + plain.size()) == 1);
  return box;
}

absl::StatusOr<std::string> Aead::Open(absl::string_view associated, absl::string_view box) {
  const auto damaged = [] {
    return Fail(absl::StatusCode::kDataLoss,
                {"données chiffrées altérées ou d'une autre clé: restaurez une sauvegarde (penc restore)",
                 "sealed data were altered or belong to another key: restore a backup (penc restore)"});
  };
  if (box.size() < kOverhead) return damaged();
  const size_t plain_size = box.size() - kOverhead;
  std::string plain(plain_size, 0);
  auto* out = reinterpret_cast<uint8_t*>(plain.data());
  auto* tag = const_cast<uint8_t*>(Bytes(box) + kNonce + plain_size);
  int size = 0;
  PENC_CHECK(
      EVP_DecryptInit_ex(open_, nullptr, nullptr, nullptr, Bytes(box)) == 1 &&
      EVP_DecryptUpdate(open_, nullptr, &size, Bytes(associated), static_cast<int>(associated.size())) == 1 &&
      EVP_DecryptUpdate(open_, out, &size, Bytes(box) + kNonce, static_cast<int>(plain_size)) == 1 &&
      EVP_CIPHER_CTX_ctrl(open_, EVP_CTRL_GCM_SET_TAG, kTag, tag) == 1);
  uint8_t rest[16];
  if (EVP_DecryptFinal_ex(open_, rest, &size) != 1) {
    explicit_bzero(plain.data(), plain.size());
    return damaged();
  }
  return plain;
}

std::string SealOnce(const Secret& key_and_iv, absl::string_view associated, absl::string_view plain) {
  PENC_CHECK(key_and_iv.size() == kKey + kNonce && plain.size() < (1u << 30) &&
             associated.size() < (1u << 30));
  const CipherContext context(EVP_CIPHER_CTX_new());
  std::string box(plain.size() + kTag, 0);
  auto* out = reinterpret_cast<uint8_t*>(box.data());
  const uint8_t* key = key_and_iv.bytes().data();
  int size = 0;
  PENC_CHECK(context != nullptr &&
             EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key, key + kKey) == 1 &&
             EVP_EncryptUpdate(context.get(), nullptr, &size, Bytes(associated),
                               static_cast<int>(associated.size())) == 1 &&
             EVP_EncryptUpdate(context.get(), out, &size, Bytes(plain), static_cast<int>(plain.size())) ==
                 1 &&
             EVP_EncryptFinal_ex(context.get(), out + plain.size(), &size) == 1 &&
             EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, out + plain.size()) == 1);
  return box;
}

absl::StatusOr<Secret> OpenOnce(const Secret& key_and_iv, absl::string_view associated,
                                absl::string_view box) {
  const auto damaged = [] {
    return Fail(absl::StatusCode::kDataLoss,
                {"message chiffré altéré ou destiné à une autre clé: demandez-le de nouveau",
                 "a sealed message was altered or is meant for another key: ask for it again"});
  };
  PENC_CHECK(key_and_iv.size() == kKey + kNonce && associated.size() < (1u << 30));
  if (box.size() < kTag || box.size() >= (1u << 30)) return damaged();
  const CipherContext context(EVP_CIPHER_CTX_new());
  const size_t plain_size = box.size() - kTag;
  Secret plain = Secret::Zeros(plain_size);
  const uint8_t* key = key_and_iv.bytes().data();
  auto* tag = const_cast<uint8_t*>(Bytes(box) + plain_size);
  uint8_t rest[16];
  int size = 0;
  PENC_CHECK(context != nullptr &&
             EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key, key + kKey) == 1 &&
             EVP_DecryptUpdate(context.get(), nullptr, &size, Bytes(associated),
                               static_cast<int>(associated.size())) == 1 &&
             EVP_DecryptUpdate(context.get(), plain.mutable_bytes().data(), &size, Bytes(box),
                               static_cast<int>(plain_size)) == 1 &&
             EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag) == 1);
  if (EVP_DecryptFinal_ex(context.get(), rest, &size) != 1) return damaged();
  return plain;
}

}  // namespace penc
