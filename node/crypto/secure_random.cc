#include "crypto/secure_random.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/status.h"

namespace penc {
namespace {

constexpr uint64_t kRekeyBytes = 16 << 20;

void FromOperatingSystem(absl::Span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = ::getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    PENC_CHECK(n > 0);
    out.remove_prefix(n);
  }
}

}  // namespace

SeededExpander::SeededExpander(absl::Span<const uint8_t> seed) : context_(EVP_CIPHER_CTX_new()) {
  PENC_CHECK(seed.size() == 32 && context_ != nullptr);
  const uint8_t counter_and_nonce[16] = {};
  PENC_CHECK(EVP_EncryptInit_ex(context_, EVP_chacha20(), nullptr, seed.data(), counter_and_nonce) == 1);
}

SeededExpander::~SeededExpander() { EVP_CIPHER_CTX_free(context_); }

void SeededExpander::Fill(absl::Span<uint8_t> out) {
  if (out.empty()) return;  // nothing may be a null pointer
  std::memset(out.data(), 0, out.size());
  while (!out.empty()) {
    const size_t part = std::min<size_t>(out.size(), 1 << 30);
    int written = 0;
    PENC_CHECK(EVP_EncryptUpdate(context_, out.data(), &written, out.data(), static_cast<int>(part)) == 1 &&
               static_cast<size_t>(written) == part);
    out.remove_prefix(part);
  }
}

void SecureRandom::Fill(absl::Span<uint8_t> out) {
  std::lock_guard<std::mutex> lock(mutex_);
  while (!out.empty()) {
    if (left_ == 0 || process_ != ::getpid()) {
      std::array<uint8_t, 32> seed;
      FromOperatingSystem(absl::MakeSpan(seed));
      stream_ = std::make_unique<SeededExpander>(seed);
      OPENSSL_cleanse(seed.data(), seed.size());
      left_ = kRekeyBytes;
      process_ = ::getpid();
    }
    const size_t part = std::min<uint64_t>(out.size(), left_);
    stream_->Fill(out.subspan(0, part));
    left_ -= part;
    out.remove_prefix(part);
  }
}

}  // namespace penc
