// Whole rounds, audited by two presumed dishonest offices of eight: what they prove is within the claim, and
// not by blindness: with two more who tell they prove more than the claim.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/statistical/auditor/bounds.h"
#include "tests/statistical/auditor/region.h"
#include "tests/support/seed.h"

namespace penc::audit {
namespace {

double ProvenOf(const Region::Wish& wish, double delta) {
  Region::Wish seeded = wish;
  seeded.seed = PrintedSeed();
  const Proven proven = Audit(Region(seeded).AsItIs(), [delta](double often, double rarely) {
    return ProvenAt(delta, often, rarely);
  });
  std::printf("region, %u answered, %u tell: epsilon >= %.4f (%s)\n", wish.answered, wish.telling,
              proven.bound, proven.event.c_str());
  return proven.bound;
}

// Laplace with a = 1: epsilon = 1 for one person, whatever is removed.
TEST(AuditorOfARegion, ProvesNoMoreThanTheClaimWithTheNoiseOfThePresumedDishonestKnown) {
  for (uint32_t answered : {6u, 8u}) {
    const double proven = ProvenOf({.answered = answered}, 0);
    EXPECT_LE(proven, 1.0);
    EXPECT_GT(proven, 0.8) << "an auditor that proves nothing shows nothing";
  }
}

// Skellam of variance 24 is (0.95, 10^-6): ln(1 - 1/alpha) - ln(delta alpha) / (alpha - 1) + its Rényi
// divergence at alpha = 25, alpha / 48 + min(...) (cost.md).
TEST(AuditorOfARegion, ProvesOfSkellamNoMoreThanItsClaimAtDelta) {
  const double alpha = 25, mu = 24, delta = 1e-6;
  const double renyi = alpha / (2 * mu) + std::min((2 * alpha - 1 + 6) / (4 * mu * mu), 3 / (2 * mu));
  const double claim = renyi + std::log(1 - 1 / alpha) - std::log(delta * alpha) / (alpha - 1);
  const double proven =
      ProvenOf({.family = v1::Noise::FAMILY_SKELLAM, .parameter = 24, .answered = 7}, delta);
  EXPECT_LE(proven, claim);
  EXPECT_GT(proven, claim / 4);
}

TEST(AuditorOfARegion, ProvesMoreThanTheClaimWhereTwoMoreTell) {
  EXPECT_GT(ProvenOf({.answered = 6, .telling = 4}, 0), 1.05);
}

}  // namespace
}  // namespace penc::audit
