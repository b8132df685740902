#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstring>

#include "base/status.h"

namespace penc {
namespace {

constexpr size_t kBlock = 64;
constexpr size_t kDigest = 32;

// Looked up once: for small inputs the library's search for its implementation costs more than the hash.
const EVP_MD* Method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  PENC_CHECK(method != nullptr);
  return method;
}

}  // namespace

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  PENC_CHECK(context_ != nullptr && EVP_DigestInit_ex(context_, Method(), nullptr) == 1);
}

Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(context_); }

void Sha256Stream::Update(absl::string_view data) {
  PENC_CHECK(EVP_DigestUpdate(context_, data.data(), data.size()) == 1);
}

std::string Sha256Stream::Finish() {
  std::string digest(kDigest, 0);
  PENC_CHECK(EVP_DigestFinal_ex(context_, reinterpret_cast<uint8_t*>(digest.data()), nullptr) == 1);
  return digest;
}

std::string Sha256(absl::string_view data) { return Sha256({data}); }

std::string Sha256(std::initializer_list<absl::string_view> parts) {
  Sha256Stream stream;
  for (absl::string_view part : parts) stream.Update(part);
  return stream.Finish();
}

std::string HmacSha256(absl::string_view key, absl::string_view data) {
  std::array<uint8_t, kDigest> mac;
  HmacKey(key).Mac(data, mac);
  std::string out(mac.begin(), mac.end());
  OPENSSL_cleanse(mac.data(), mac.size());
  return out;
}

HmacKey::HmacKey(absl::string_view key)
    : inner_(EVP_MD_CTX_new()), outer_(EVP_MD_CTX_new()), work_(EVP_MD_CTX_new()) {
  PENC_CHECK(inner_ != nullptr && outer_ != nullptr && work_ != nullptr);
  std::string short_key = key.size() > kBlock ? Sha256(key) : std::string(key);
  uint8_t pad[kBlock];
  for (auto [context, mask] : {std::pair(inner_, uint8_t{0x36}), std::pair(outer_, uint8_t{0x5c})}) {
    std::memset(pad, mask, sizeof(pad));
    for (size_t i = 0; i < short_key.size(); ++i) pad[i] ^= static_cast<uint8_t>(short_key[i]);
    PENC_CHECK(EVP_DigestInit_ex(context, Method(), nullptr) == 1 &&
               EVP_DigestUpdate(context, pad, sizeof(pad)) == 1);
  }
  OPENSSL_cleanse(pad, sizeof(pad));
  OPENSSL_cleanse(short_key.data(), short_key.size());
}

HmacKey::~HmacKey() {
  for (EVP_MD_CTX* context : {inner_, outer_, work_}) EVP_MD_CTX_free(context);
}

void HmacKey::Mac(absl::string_view data, std::array<uint8_t, 32>& out) {
  PENC_CHECK(EVP_MD_CTX_copy_ex(work_, inner_) == 1 &&
             EVP_DigestUpdate(work_, data.data(), data.size()) == 1 &&
             EVP_DigestFinal_ex(work_, out.data(), nullptr) == 1 && EVP_MD_CTX_copy_ex(work_, outer_) == 1 &&
             EVP_DigestUpdate(work_, out.data(), out.size()) == 1 &&
             EVP_DigestFinal_ex(work_, out.data(), nullptr) == 1);
}

std::string HkdfSha256(absl::string_view secret, absl::string_view salt, absl::string_view info,
                       size_t size) {
  PENC_CHECK(size <= 255 * kDigest);
  std::string prk = HmacSha256(salt.empty() ? absl::string_view("\0", 0) : salt, secret);
  std::string out, block;
  out.reserve(size + kDigest);  // never moves: no copy of a key stays behind
  for (uint8_t counter = 1; out.size() < size; ++counter) {
    std::string input = block;
    input.append(info.data(), info.size());
    input.push_back(static_cast<char>(counter));
    OPENSSL_cleanse(block.data(), block.size());
    block = HmacSha256(prk, input);
    OPENSSL_cleanse(input.data(), input.size());
    out += block;
  }
  OPENSSL_cleanse(prk.data(), prk.size());
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(out.data() + size, out.size() - size);
  out.resize(size);
  return out;
}

}  // namespace penc
