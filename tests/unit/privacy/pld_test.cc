#include "privacy/pld.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "privacy/cost.h"
#include "privacy/filter.h"
#include "privacy/truth.h"

namespace penc {
namespace {

constexpr Contribution kOne = {1, 1, 1};

Mechanism Laplace(uint64_t num, uint64_t den) { return {Family::kDiscreteLaplace, {num, den}}; }
Mechanism Skellam(uint64_t num, uint64_t den) { return {Family::kSkellam, {num, den}}; }

// ---- by definition: P(o) and Q(o) of every outcome, worked out without pld.cc

double Probability(const Mechanism& mechanism, int k) {
  const double x =
      static_cast<double>(mechanism.parameter.num) / static_cast<double>(mechanism.parameter.den);
  return mechanism.family == Family::kDiscreteLaplace
             ? std::tanh(x / 2) * std::exp(-x * std::abs(k))
             : std::exp(-x) * std::cyl_bessel_i(static_cast<double>(std::abs(k)), x);
}

struct Cell {
  Mechanism mechanism;
  int shift;
};

// The sum over all outcomes of (P - e^epsilon Q)^+, Q shifted by `sign` times each cell's shift.
double DeltaByDefinition(const std::vector<Cell>& cells, double epsilon, int sign = 1) {
  double delta = 0;
  const std::function<void(size_t, double, double)> visit = [&](size_t i, double p, double q) {
    if (i == cells.size()) {
      delta += std::max(0.0, p - std::exp(epsilon) * q);
      return;
    }
    for (int k = -70; k <= 70; ++k)
      visit(i + 1, p * Probability(cells[i].mechanism, k),
            q * Probability(cells[i].mechanism, k - sign * cells[i].shift));
  };
  visit(0, 1, 1);
  return delta;
}

// Never below the definition's, and above it by `excess` of it at most.
void ExpectJustAbove(const PrivacyLoss& loss, const std::vector<Cell>& cells, double excess) {
  for (double epsilon : {-1.0, 0.0, 0.1, 0.5, 1.0, 2.0, 3.5}) {
    for (int sign : {1, -1}) {
      const double exact = DeltaByDefinition(cells, epsilon, sign);
      EXPECT_GE(loss.Delta(epsilon), exact * (1 - 1e-11)) << epsilon << ", direction " << sign;
      EXPECT_LE(loss.Delta(epsilon), exact * (1 + excess) + 1e-15) << epsilon << ", direction " << sign;
    }
  }
}

TEST(PrivacyLoss, OfOneDiscreteLaplaceIsItsClosedForm) {
  // With shift 1 the loss is a with probability 1 / (1 + q), else -a.
  const double a = 0.75, q = std::exp(-a);
  const PrivacyLoss loss = LossOf({{Laplace(3, 4), kOne}});
  for (double epsilon : {-0.7, -0.2, 0.0, 0.3, 0.749, 0.75, 1.0}) {
    const double high = std::max(0.0, 1 - std::exp(epsilon - a)) / (1 + q);
    const double low = std::max(0.0, 1 - std::exp(epsilon + a)) * q / (1 + q);
    EXPECT_GE(loss.Delta(epsilon), high + low) << epsilon;
    EXPECT_NEAR(loss.Delta(epsilon), high + low, 1e-9) << epsilon;
  }
  EXPECT_NEAR(loss.Epsilon(0.1), a + std::log(1 - 0.1 * (1 + q)), 1e-9);
  EXPECT_EQ(loss.Epsilon(0.9), 0);
  ExpectJustAbove(LossOf({{Laplace(1, 2), {1, 5, 5}}}), {{Laplace(1, 2), 5}}, 1e-8);
}

TEST(PrivacyLoss, OfOneSkellamIsTheSumOverItsOutcomesInBothDirections) {
  for (int shift : {1, 3}) {
    const auto linf = static_cast<uint64_t>(shift);
    for (const Mechanism& skellam : {Skellam(1, 2), Skellam(4, 1), Skellam(13, 1)})
      ExpectJustAbove(LossOf({{skellam, {1, linf, linf}}}), {{skellam, shift}}, 2e-3);
  }
}

TEST(PrivacyLoss, OfTwoReleasesIsTheSumOverPairsOfOutcomes) {
  ExpectJustAbove(LossOf({{Laplace(1, 2), kOne}, {Skellam(3, 1), {1, 2, 2}}}),
                  {{Laplace(1, 2), 1}, {Skellam(3, 1), 2}}, 2e-3);
  ExpectJustAbove(LossOf({{Skellam(5, 1), kOne, 2}}), {{Skellam(5, 1), 1}, {Skellam(5, 1), 1}}, 2e-3);
  // A vector of 3 in all, 2 a cell: a cell of two and a cell of one.
  ExpectJustAbove(LossOf({{Laplace(2, 5), {2, 2, 3}}}), {{Laplace(2, 5), 2}, {Laplace(2, 5), 1}}, 1e-8);
}

TEST(PrivacyLoss, IsNeverBelowTheTruthHoweverCoarseTheStep) {
  // Seven discrete Laplace with different a: 128 outcomes of the signs, summed by hand.
  const std::vector<uint64_t> tenths = {1, 2, 3, 5, 7, 11, 13};
  for (double step : {0.7, 0.11, 0.013, 0.0017}) {
    std::vector<PrivacyLoss> each;
    for (uint64_t a : tenths) each.emplace_back(CellLoss(Laplace(a, 10), 1), step);
    PrivacyLoss whole = each[0];
    for (size_t i = 1; i < each.size(); ++i) whole = whole.With(each[i]);
    for (double epsilon = 0; epsilon < 4; epsilon += 0.05) {
      double exact = 0;
      for (unsigned signs = 0; signs < 1u << tenths.size(); ++signs) {
        double p = 1, loss = 0;
        for (size_t i = 0; i < tenths.size(); ++i) {
          const double a = static_cast<double>(tenths[i]) / 10, sign = (signs >> i) & 1 ? 1 : -1;
          p *= 1 / (1 + std::exp(-sign * a));
          loss += sign * a;
        }
        exact += p * std::max(0.0, 1 - std::exp(epsilon - loss));
      }
      EXPECT_GE(whole.Delta(epsilon), exact * (1 - 1e-12)) << step << " " << epsilon;
      if (step < 0.01) {
        EXPECT_NEAR(whole.Delta(epsilon), exact, 1e-4) << step << " " << epsilon;
      }
    }
  }
}

TEST(PrivacyLoss, TimesIsWithItselfSoManyTimes) {
  const PrivacyLoss one(CellLoss(Skellam(40, 1), 1), 0.01);
  PrivacyLoss thirteen = one;
  for (int i = 1; i < 13; ++i) thirteen = thirteen.With(one);
  for (double epsilon : {0.0, 1.0, 2.0, 3.0}) {
    const double expected = thirteen.Delta(epsilon);
    EXPECT_NEAR(one.Times(13).Delta(epsilon), expected, 1e-9 * expected + 1e-16);
  }
}

TEST(PrivacyLoss, OfMoreInACellIsMore) {
  // The page: delta rises with the shift, so a vector with all cells at their most is the worst there is.
  for (const Mechanism& mechanism : {Laplace(1, 5), Skellam(9, 1)}) {
    for (double epsilon : {0.0, 0.2, 0.7}) {
      double last = 0;
      for (uint64_t shift : {1, 2, 3, 5, 8}) {
        const double delta = LossOf({{mechanism, {1, shift, shift}}}).Delta(epsilon);
        EXPECT_GE(delta, last) << epsilon << " " << shift;
        last = delta;
      }
      EXPECT_GT(last, 0.1);
    }
  }
}

TEST(PrivacyLoss, WhatHasNoBoundHasNoEpsilon) {
  const PrivacyLoss loss({{{0.5, 0.9}}, 0.1, 0}, 0.25);
  EXPECT_TRUE(std::isinf(loss.Epsilon(0.05)));
  EXPECT_NEAR(loss.Epsilon(0.1 + 1e-9), 0.5, 1e-6);
}

// ---- the filter beside it

TEST(FilterTruth, NeverChargesLessThanWasLostAndAboutSevenPercentMore) {
  for (const char* epsilon : {"0.5", "2", "8"}) {
    const Promise promise = *ParsePromise(epsilon, "1e-6");
    for (const Mix mix : kMixes) {
      for (const uint32_t releases : {1u, 30u, 300u}) {
        const Truth truth = TruthOf(promise, SpendAll(promise, mix, releases));
        const std::string what = std::string(epsilon) + ", mix " + std::to_string(static_cast<int>(mix)) +
                                 ", " + std::to_string(releases);
        EXPECT_LE(truth.exact, truth.promised) << what;
        EXPECT_LT(truth.Overcharge(), releases == 1 ? 0.40 : 0.09) << what;
        if (releases == 300) {
          EXPECT_GT(truth.Overcharge(), 0.05) << what;
        }
      }
    }
  }
}

TEST(FilterTruth, SpendsAllThatTheFilterHas) {
  for (const char* epsilon : {"1", "4"}) {
    const Promise promise = *ParsePromise(epsilon, "1e-6");
    const Allowance allowance = AllowanceOf(promise);
    for (const uint32_t releases : {1u, 5u, 500u}) {
      for (const Mix mix : {Mix::kLaplace, Mix::kSkellam}) {
        const Spending spending = SpendAll(promise, mix, releases);
        EXPECT_EQ(spending.by_pure, mix == Mix::kLaplace && releases < 100) << epsilon << " " << releases;
        Mechanism louder = spending.blocks[0].mechanism;
        louder.parameter.num += mix == Mix::kLaplace ? 1 : -1;
        const Cost cost = CostOf(louder, kOne, allowance.order);
        Spent spent;
        for (uint32_t i = 1; i < releases; ++i) spent = Add(spent, cost);
        EXPECT_FALSE(Fits(allowance, spent, cost)) << epsilon << " " << releases;
      }
    }
  }
}

TEST(FilterTruth, SeesReleasesThatTheFilterWouldRefuse) {
  // A quarter more releases than the filter lets pass break the promise: its seven percent are not twenty.
  const Promise promise = *ParsePromise("2", "1e-6");
  for (const Mix mix : kMixes) {
    Spending spending = SpendAll(promise, mix, 100);
    for (Releases& block : spending.blocks) block.times = 125;
    EXPECT_GT(TruthOf(promise, spending).exact, 2) << static_cast<int>(mix);
  }
}

}  // namespace
}  // namespace penc
