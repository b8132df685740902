// Shamir's sharing against a field computed the slow way, and what a coalition of too few learns.
#include "crypto/shamir.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "crypto/secure_random.h"
#include "tests/support/seed.h"

namespace penc {
namespace {

using Shares = std::vector<std::pair<uint32_t, absl::string_view>>;

// Product in GF(2^8) as a polynomial product, then a long division.
uint8_t SlowTimes(uint8_t a, uint8_t b) {
  uint32_t product = 0;
  for (int i = 0; i < 8; ++i) {
    if ((b >> i) & 1) product ^= static_cast<uint32_t>(a) << i;
  }
  for (int i = 14; i >= 8; --i) {
    if ((product >> i) & 1) product ^= 0x11bu << (i - 8);
  }
  return static_cast<uint8_t>(product);
}

// A source that gives out what it was told.
class FixedBytes : public RandomSource {
 public:
  explicit FixedBytes(uint8_t byte) : byte_(byte) {}
  void Fill(absl::Span<uint8_t> out) override { std::fill(out.begin(), out.end(), byte_); }

 private:
  uint8_t byte_;
};

TEST(Shamir, SharesAreValuesOfTheLineForEverySlopeAndPoint) {
  std::string all(256, 0);
  for (int i = 0; i < 256; ++i) all[i] = static_cast<char>(i);
  const Secret secret{absl::string_view(all)};
  for (int slope = 0; slope < 256; ++slope) {
    FixedBytes source(static_cast<uint8_t>(slope));
    const std::vector<Secret> shares = SplitSecret(secret, 2, 255, source);
    ASSERT_EQ(shares.size(), 255u);
    for (int point = 1; point <= 255; ++point) {
      const uint8_t step = SlowTimes(static_cast<uint8_t>(slope), static_cast<uint8_t>(point));
      for (int byte = 0; byte < 256; ++byte) {
        ASSERT_EQ(shares[point - 1].bytes()[byte], byte ^ step) << slope << " at " << point;
      }
    }
  }
}

TEST(Shamir, EveryPairOfPointsJoins) {
  SecureRandom random;
  const Secret secret = Secret::Random(random, 5);
  const std::vector<Secret> shares = SplitSecret(secret, 2, 255, random);
  for (uint32_t a = 0; a < 255; ++a) {
    for (uint32_t b = 0; b < 255; ++b) {
      if (a == b) continue;
      const auto joined = JoinShares(2, {{a, shares[a].view()}, {b, shares[b].view()}});
      ASSERT_TRUE(joined.ok());
      ASSERT_EQ(joined->view(), secret.view()) << a << ", " << b;
    }
  }
}

TEST(Shamir, AnyThresholdOfTheSharesGivesTheSecret) {
  PrintedRandom random;
  for (int round = 0; round < 300; ++round) {
    const uint32_t count = 1 + random.Below(round % 10 == 0 ? 255 : 31);
    const uint32_t threshold = 1 + random.Below(count);
    const Secret secret = Secret::Random(random, random.Below(70));
    const std::vector<Secret> shares = SplitSecret(secret, threshold, count, random);
    std::vector<uint32_t> order(count);
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t at = random.Below(i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    Shares given;
    const uint32_t more = threshold + random.Below(count - threshold + 1);
    for (uint32_t i = 0; i < more; ++i) given.emplace_back(order[i], shares[order[i]].view());
    const auto joined = JoinShares(threshold, given);
    ASSERT_TRUE(joined.ok()) << joined.status();
    ASSERT_EQ(joined->view(), secret.view()) << threshold << " of " << count;
  }
}

// With one share fewer than the threshold, every secret remains possible: whatever the secret, the share
// takes each value once over all slopes.
TEST(Shamir, OneShareOfTwoFitsEverySecretEquallyOften) {
  for (int byte : {0, 1, 42, 255}) {
    const char secret = static_cast<char>(byte);
    std::array<std::array<int, 256>, 3> seen{};
    for (int slope = 0; slope < 256; ++slope) {
      FixedBytes source(static_cast<uint8_t>(slope));
      const std::vector<Secret> shares = SplitSecret(Secret(absl::string_view(&secret, 1)), 2, 3, source);
      for (int i = 0; i < 3; ++i) ++seen[i][shares[i].bytes()[0]];
    }
    for (const auto& histogram : seen) {
      EXPECT_TRUE(std::all_of(histogram.begin(), histogram.end(), [](int n) { return n == 1; })) << byte;
    }
  }
}

TEST(Shamir, AnAlteredShareGivesAnotherSecret) {
  SecureRandom random;
  const Secret secret = Secret::Random(random, 32);
  const std::vector<Secret> shares = SplitSecret(secret, 5, 7, random);
  for (size_t place = 0; place < 32; ++place) {
    std::string altered(shares[3].view());
    altered[place] = static_cast<char>(altered[place] ^ 1);
    Shares given;
    for (uint32_t i = 0; i < 5; ++i) {
      given.emplace_back(i, i == 3 ? absl::string_view(altered) : shares[i].view());
    }
    EXPECT_NE(JoinShares(5, given)->view(), secret.view());
  }
}

TEST(Shamir, SharesThatDoNotFitTogetherAreRefused) {
  SecureRandom random;
  const std::vector<Secret> shares = SplitSecret(Secret::Random(random, 32), 3, 5, random);
  const auto refused = [&](uint32_t threshold, const Shares& given) {
    return JoinShares(threshold, given).status().code() == absl::StatusCode::kInvalidArgument;
  };
  const Shares two = {{0, shares[0].view()}, {1, shares[1].view()}};
  EXPECT_TRUE(refused(3, two));
  EXPECT_TRUE(refused(3, {two[0], two[1], two[0]}));
  EXPECT_TRUE(refused(3, {two[0], two[1], {2, shares[2].view().substr(1)}}));
  EXPECT_TRUE(refused(3, {two[0], two[1], {255, shares[2].view()}}));
  EXPECT_TRUE(refused(3, {two[0], two[1], {0xffffffff, shares[2].view()}}));
  EXPECT_TRUE(refused(0, two));
  EXPECT_TRUE(refused(1, {}));
}

}  // namespace
}  // namespace penc
