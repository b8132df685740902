// Whole rounds, audited by two presumed dishonest offices of eight: what they prove is within the claim, and
// not by blindness: with two more who tell they prove more than the claim.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/statistical/auditor/bounds.h"
#include "tests/statistical/auditor/cases.h"
#include "tests/statistical/auditor/exact_law.h"
#include "tests/statistical/auditor/region.h"
#include "tests/support/seed.h"

namespace penc::audit {
namespace {

double ProvenOf(const Region::Wish& wish, double delta) {
  Region::Wish seeded = wish;
  seeded.seed = PrintedSeed();
  seeded.rounds = ReleasesWanted(4);
  const Proven proven = Audit(Region(seeded).AsItIs(), [delta](double often, double rarely) {
    return ProvenAt(delta, often, rarely);
  });
  std::printf("region, %u answered, %u tell: epsilon >= %.4f (%s)\n", wish.answered, wish.telling,
              proven.bound, proven.event.c_str());
  return proven.bound;
}

// Laplace with a = 1: epsilon = 1 for one person, whatever is removed.
TEST(AuditorOfARegion, ProvesNoMoreThanTheClaimWithTheNoiseOfThePresumedDishonestKnown) {
  for (uint32_t answered : {5u, 6u, 8u}) {
    const double proven = ProvenOf({.answered = answered}, 0);
    EXPECT_LE(proven, 1.0);
    EXPECT_GT(proven, 0.8) << "an auditor that proves nothing shows nothing";
  }
}

TEST(AuditorOfARegion, ProvesOfSkellamNoMoreThanItsClaimByTheExactLaw) {
  Plan plan;
  plan.blocks.emplace_back().noise = {Family::kSkellam, {24, 1}};  // one person, one cell
  const double claim = EpsilonAt(kDelta, {plan});
  const double proven =
      ProvenOf({.family = v1::Noise::FAMILY_SKELLAM, .parameter = 24, .answered = 7}, kDelta);
  std::printf("claim %.4f at delta 0.001\n", claim);
  EXPECT_LE(proven, claim);
  EXPECT_GT(proven, claim / 3);
}

TEST(AuditorOfARegion, ProvesMoreThanTheClaimWhereTwoMoreTell) {
  EXPECT_GT(ProvenOf({.answered = 6, .telling = 4}, 0), 1.05);
}

}  // namespace
}  // namespace penc::audit
