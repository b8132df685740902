#include "crypto/shamir.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status.h"

namespace penc {
namespace {

// Eight field elements in one word: secret bytes are only ever shifted, masked and added, never used as an
// index or a condition. The other factor of every product is public (a share's point, a coefficient that
// follows from points), so branching on it says nothing.
uint64_t TimesX(uint64_t eight) {
  const uint64_t high = (eight >> 7) & 0x0101010101010101;
  return ((eight & 0x7f7f7f7f7f7f7f7f) << 1) ^ (high * 0x1b);
}

uint64_t Times(uint64_t eight, uint8_t factor) {
  uint64_t product = 0;
  for (; factor != 0; factor >>= 1, eight = TimesX(eight)) {
    if (factor & 1) product ^= eight;
  }
  return product;
}

uint8_t TimesPublic(uint8_t a, uint8_t b) { return static_cast<uint8_t>(Times(a, b)); }

// a^254 = a^2 · a^4 · … · a^128.
uint8_t InversePublic(uint8_t a) {
  uint8_t power = a, inverse = 1;
  for (int i = 0; i < 7; ++i) {
    power = TimesPublic(power, power);
    inverse = TimesPublic(inverse, power);
  }
  return inverse;
}

// Secret words, wiped where they go out of scope.
class SecretWords {
 public:
  explicit SecretWords(size_t bytes) : words_((bytes + 7) / 8) {}
  ~SecretWords() { OPENSSL_cleanse(words_.data(), words_.size() * sizeof(uint64_t)); }
  SecretWords(const SecretWords&) = delete;
  SecretWords& operator=(const SecretWords&) = delete;

  size_t size() const { return words_.size(); }
  uint64_t& operator[](size_t i) { return words_[i]; }
  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(words_.data()); }

 private:
  std::vector<uint64_t> words_;
};

}  // namespace

std::vector<Secret> SplitSecret(const Secret& secret, uint32_t threshold, uint32_t count,
                                RandomSource& random) {
  PENC_CHECK(1 <= threshold && threshold <= count && count <= 255);
  // Coefficients, constant first, each as long as the secret rounded up to words.
  SecretWords constant(secret.size());
  const size_t words = constant.size();
  std::copy(secret.bytes().begin(), secret.bytes().end(), constant.bytes());
  SecretWords higher((threshold - 1) * words * 8);
  random.Fill(absl::MakeSpan(higher.bytes(), higher.size() * 8));
  std::vector<Secret> shares;
  shares.reserve(count);
  SecretWords value(secret.size());
  for (uint32_t i = 0; i < count; ++i) {
    const auto point = static_cast<uint8_t>(i + 1);
    for (size_t w = 0; w < words; ++w) {
      uint64_t sum = 0;
      for (size_t k = threshold - 1; k-- > 0;) sum = Times(sum ^ higher[k * words + w], point);
      value[w] = sum ^ constant[w];
    }
    shares.emplace_back(absl::MakeConstSpan(value.bytes(), secret.size()));
  }
  return shares;
}

absl::StatusOr<Secret> JoinShares(uint32_t threshold,
                                  const std::vector<std::pair<uint32_t, absl::string_view>>& shares) {
  const auto refuse = [] {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"parts de secret insuffisantes ou incohérentes: attendez celles des autres dépositaires",
                 "shares of a secret are too few or do not fit together: wait for those of other stewards"});
  };
  if (threshold < 1 || shares.size() < threshold) return refuse();
  std::array<bool, 256> seen{};
  for (const auto& [index, bytes] : shares) {
    if (index >= 255 || seen[index] || bytes.size() != shares.front().second.size()) return refuse();
    seen[index] = true;
  }
  const size_t size = shares.front().second.size();
  SecretWords sum(size), share(size);
  for (uint32_t i = 0; i < threshold; ++i) {
    const auto point = static_cast<uint8_t>(shares[i].first + 1);
    uint8_t above = 1, below = 1;  // Lagrange's coefficient at 0
    for (uint32_t j = 0; j < threshold; ++j) {
      if (j == i) continue;
      const auto other = static_cast<uint8_t>(shares[j].first + 1);
      above = TimesPublic(above, other);
      below = TimesPublic(below, other ^ point);
    }
    const uint8_t coefficient = TimesPublic(above, InversePublic(below));
    if (size > 0) std::memcpy(share.bytes(), shares[i].second.data(), size);
    for (size_t w = 0; w < sum.size(); ++w) sum[w] ^= Times(share[w], coefficient);
  }
  return Secret(absl::MakeConstSpan(sum.bytes(), size));
}

}  // namespace penc
