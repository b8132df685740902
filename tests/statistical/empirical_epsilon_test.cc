// An auditor tells two neighbouring inputs apart as well as it can, from what a whole round opens: as many
// offices as are presumed dishonest tell it their own noise. What it can prove of epsilon, with confidence 1
// - 10^-7 (so 10^-7 of false alarm a round, four in all), must be below the claim; and it must not be blind:
// with more offices telling than were presumed it proves more than the claim.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tests/support/own_cells.h"
#include "tests/support/small_round.h"

namespace penc {
namespace {

constexpr uint64_t kCells = 400000;  // half of them of either input
constexpr int kRounds = 4;

// ln P(X >= x) for X ~ Binomial(n, p), at most (Chernoff, Hoeffding); both tails by symmetry.
double LogTail(double n, double x, double p) {
  const double q = x / n;
  double divergence = 0;
  if (q > 0) divergence += q * std::log(q / p);
  if (q < 1) divergence += (1 - q) * std::log((1 - q) / (1 - p));
  return -n * divergence;
}
// The largest p below x / n, the smallest above it, that x of n leaves possible with chance 10^-7 / 2.
double LowerBound(double n, double x) {
  if (x == 0) return 0;
  double low = 0, high = x / n;
  for (int i = 0; i < 60; ++i) {
    const double p = (low + high) / 2;
    (LogTail(n, x, p) < std::log(5e-8) ? low : high) = p;
  }
  return low;
}
double UpperBound(double n, double x) { return 1 - LowerBound(n, n - x); }

// The largest epsilon that the event "at least `threshold`" proves, delta given away.
double Proven(const std::vector<int64_t>& larger, const std::vector<int64_t>& smaller, int64_t threshold,
              double delta) {
  const auto count = [threshold](const std::vector<int64_t>& drawn) {
    return static_cast<double>(
        std::count_if(drawn.begin(), drawn.end(), [threshold](int64_t x) { return x >= threshold; }));
  };
  const double often = LowerBound(static_cast<double>(larger.size()), count(larger)) - delta;
  const double rarely = UpperBound(static_cast<double>(smaller.size()), count(smaller));
  return often <= 0 ? 0 : std::log(often / rarely);
}

class Audit {
 public:
  Audit(v1::Noise::Family family, uint64_t parameter, uint32_t answered) : answered_(answered) {
    family_ = family;
    parameter_ = parameter;
  }

  // What an auditor proves to whom `telling` offices tell their own numbers and noise.
  double Run(uint32_t telling, double delta) const {
    std::printf("seeds: SHA-256 of \"audit 0\" to \"audit %d\"\n", kRounds - 1);
    std::vector<int64_t> training[2], test[2];
    for (int r = 0; r < kRounds; ++r) {
      SmallRound table({.length = kCells}, [this](v1::Descriptor& terms) {
        terms.mutable_blocks(0)->mutable_noise()->set_family(family_);
        terms.mutable_blocks(0)->mutable_noise()->set_parameter_num(parameter_);
      });
      // Fixed, and another in every round.
      const std::string seed = Sha256(absl::StrCat("audit ", r));
      SeededExpander random({reinterpret_cast<const uint8_t*>(seed.data()), seed.size()});
      std::vector<int64_t> seen = Opened(table, random, telling);
      for (uint64_t i = 0; i < kCells; ++i) {
        std::vector<int64_t>* const half = r % 2 == 0 ? training : test;
        half[i % 2].push_back(seen[i]);
      }
    }
    // The best event of one half, judged on the other.
    int64_t best = 0;
    for (int64_t threshold = -40; threshold <= 40; ++threshold) {
      if (Proven(training[1], training[0], threshold, delta) > Proven(training[1], training[0], best, delta))
        best = threshold;
    }
    return Proven(test[1], test[0], best, delta);
  }

 private:
  // A whole round. The honest office 0 has one person more in every other cell; nobody else has anybody.
  // Offices from the end tell what they sent before it was masked.
  std::vector<int64_t> Opened(SmallRound& table, RandomSource& random, uint32_t telling) const {
    std::vector<uint32_t> offices;
    for (uint32_t office = 0; office < answered_; ++office) {
      std::vector<int64_t> cells(kCells, 0);
      for (uint64_t i = 1; office == 0 && i < kCells; i += 2) cells[i] = 1;
      table.sent[office] =
          ContributionMaker::Make(table.TermsOf(office), ExactVectorPeek::Of(cells), random).value();
      offices.push_back(office);
    }
    const v1::Certificate certificate = table.Certify(table.Propose(offices), {0, 1, 2, 3, 4});
    RoundParts parts = table.Parts(certificate);
    for (uint32_t k = 0; k < 7; ++k) parts.openings.push_back(table.Release(k, certificate).value());
    std::vector<int64_t> seen = OpenRound(table.round, parts)->noisy;
    for (uint32_t office = answered_ - telling; office < answered_; ++office) {
      const std::vector<int64_t> own = OwnCells(table.round, table.secrets, office,
                                                table.sent[office])[RemovableSteps(table.round, answered_)];
      for (uint64_t i = 0; i < kCells; ++i) seen[i] -= own[i];
    }
    return seen;
  }

  const uint32_t answered_;
  v1::Noise::Family family_;
  uint64_t parameter_;
};

// Two offices of eight are presumed dishonest. Laplace with a = 1: epsilon = 1 for one person, whatever is
// removed.
TEST(EmpiricalEpsilon, IsBelowTheClaimWithTheNoiseOfThePresumedDishonestKnown) {
  for (uint32_t answered : {6u, 8u}) {
    const double proven = Audit(v1::Noise::FAMILY_DISCRETE_LAPLACE, 1, answered).Run(2, 0);
    std::printf("%u answered, 2 tell: epsilon >= %.4f; claim 1\n", answered, proven);
    EXPECT_LT(proven, 1.0);
    EXPECT_GT(proven, 0.9) << "an auditor that proves nothing shows nothing";
  }
}

// Skellam of variance 24 is (0.95, 10^-6): ln(1 - 1/alpha) - ln(delta alpha) / (alpha - 1) + its Renyi
// divergence at alpha = 25, alpha / 48 + min(...) (cost.md).
TEST(EmpiricalEpsilon, OfSkellamIsBelowItsClaimAtDelta) {
  const double alpha = 25, mu = 24, delta = 1e-6;
  const double renyi = alpha / (2 * mu) + std::min((2 * alpha - 1 + 6) / (4 * mu * mu), 3 / (2 * mu));
  const double claim = renyi + std::log(1 - 1 / alpha) - std::log(delta * alpha) / (alpha - 1);
  const double proven = Audit(v1::Noise::FAMILY_SKELLAM, 24, 7).Run(2, delta);
  std::printf("Skellam, 2 tell: epsilon >= %.4f at delta 1e-6; claim %.4f\n", proven, claim);
  EXPECT_LT(proven, claim);
  EXPECT_GT(proven, claim / 3);
}

TEST(EmpiricalEpsilon, IsAboveTheClaimWhereTwoMoreTell) {
  const double proven = Audit(v1::Noise::FAMILY_DISCRETE_LAPLACE, 1, 6).Run(4, 0);
  std::printf("6 answered, 4 tell: epsilon >= %.4f; claim 1\n", proven);
  EXPECT_GT(proven, 1.05);
}

}  // namespace
}  // namespace penc
