// The inequalities of key_selection.md in exact arithmetic (GMP), against an e^x of a series of its own; the
// closed form of the paper; and drawn decisions against the law. False alarms below 10^-6.
#include "privacy/key_selection.h"

#include <gmp.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "privacy/filter.h"
#include "tests/support/seed.h"

namespace penc {
namespace {

class Integer {
 public:
  Integer() { mpz_init(value_); }
  explicit Integer(uint64_t value) {
    mpz_init(value_);
    mpz_import(value_, 1, 1, sizeof(value), 0, 0, &value);
  }
  Integer(const Integer& other) { mpz_init_set(value_, other.value_); }
  Integer& operator=(const Integer&) = delete;
  ~Integer() { mpz_clear(value_); }
  friend Integer operator+(const Integer& a, const Integer& b) {
    Integer sum;
    mpz_add(sum.value_, a.value_, b.value_);
    return sum;
  }
  friend Integer operator*(const Integer& a, const Integer& b) {
    Integer product;
    mpz_mul(product.value_, a.value_, b.value_);
    return product;
  }
  friend bool operator<=(const Integer& a, const Integer& b) { return mpz_cmp(a.value_, b.value_) <= 0; }
  mpz_ptr get() { return value_; }

 private:
  mpz_t value_;
};

constexpr int kSeriesBits = 400;

// floor(2^400 times a partial sum of the series of e^(num / den)), every term rounded down: below it.
Integer ExpBelow(uint64_t num, uint64_t den) {
  Integer term(1);
  mpz_mul_2exp(term.get(), term.get(), kSeriesBits);
  Integer sum(term);
  for (uint64_t k = 1; mpz_sgn(term.get()) > 0; ++k) {
    mpz_mul_ui(term.get(), term.get(), num);
    mpz_fdiv_q_ui(term.get(), term.get(), den * k);
    mpz_add(sum.get(), sum.get(), term.get());
  }
  return sum;
}

struct Law {
  KeySelection selection;
  const char* what;
};
const Law kLaws[] = {
    {{1024, 1'000'000'000'000, 1}, "epsilon 1, delta 1e-6"},
    {{1024, 10'000'000'000, 1}, "epsilon 1, delta 1e-8"},
    {{182, 2'000'000'000, 1}, "a share of a budget"},
    {{400, 2'000'000'000, 4}, "four keys a person"},
    {{8192, 100'000'000'000, 7}, "seven keys"},
    {{1, 1'000'000'000, 1}, "the smallest epsilon"},
    {{40 * 1024, 1'000'000'000'000, 1}, "the largest"},
    {{64 * 1024, 1'000, 2}, "a tiny delta"},
    {{1024, 500'000'000'000'000'000, 1}, "delta one half"},
    {{1024, 1, 1}, "delta of one unit"},
};

TEST(KeySelection, KeepsTheFourInequalitiesExactly) {
  for (const Law& law : kLaws) {
    const KeySelection& s = law.selection;
    const auto selector = KeySelector::Make(s);
    ASSERT_TRUE(selector.ok()) << law.what;
    const Integer growth = ExpBelow(s.epsilon_1024, uint64_t{1024} * s.keys);
    // All times 2^62 (of pi), 2^400 (of e^x) and 10^18 keys (of delta).
    const Integer unit = Integer(1'000'000'000'000'000'000) * Integer(s.keys);
    Integer whole(1);
    mpz_mul_2exp(whole.get(), whole.get(), kSeriesBits);
    Integer delta(s.delta);
    mpz_mul_2exp(delta.get(), delta.get(), 62 + kSeriesBits);
    const auto within = [&](uint64_t p, uint64_t q) {  // p <= e^x q + delta'
      return Integer(p) * whole * unit <= growth * Integer(q) * unit + delta;
    };
    EXPECT_EQ(selector->At(0), 0u) << law.what;
    for (uint64_t n = 1; n <= selector->certain() + 2; ++n) {
      const uint64_t p = selector->At(n), q = selector->At(n - 1);
      ASSERT_TRUE(within(p, q) && within(q, p) && within(KeySelector::kOne - p, KeySelector::kOne - q) &&
                  within(KeySelector::kOne - q, KeySelector::kOne - p))
          << law.what << " n " << n;
      ASSERT_GE(p, q);
    }
    EXPECT_EQ(selector->At(selector->certain()), KeySelector::kOne);
    EXPECT_LT(selector->At(selector->certain() - 1), KeySelector::kOne);
  }
}

TEST(KeySelection, IsTheClosedFormOfThePaper) {
  for (const Law& law : kLaws) {
    const KeySelection& s = law.selection;
    if (s.delta < 1'000'000) continue;  // the grid of 2^-62 rounds a smaller one by more than is compared
    const long double e = static_cast<long double>(s.epsilon_1024) / 1024 / s.keys,
                      d = static_cast<long double>(s.delta) / 1e18L / s.keys;
    const auto selector = KeySelector::Make(s);
    ASSERT_TRUE(selector.ok());
    const long double n1 = 1 + std::floor(std::log((std::exp(e) + 2 * d - 1) / ((std::exp(e) + 1) * d)) / e);
    const long double at1 = std::expm1(n1 * e) / std::expm1(e) * d;
    for (uint64_t n = 1; n < selector->certain(); ++n) {
      const long double m = static_cast<long double>(n) - n1;
      const long double wanted =
          m <= 0 ? std::expm1(n * e) / std::expm1(e) * d
                 : 1 - std::exp(-m * e) * (1 - at1) - std::expm1(-m * e) / std::expm1(e) * d;
      const long double got =
          static_cast<long double>(selector->At(n)) / static_cast<long double>(KeySelector::kOne);
      ASSERT_NEAR(got, wanted, 1e-9L * wanted + 1e-15L) << law.what << " n " << n;
    }
  }
}

TEST(KeySelection, SaysHowManyPersonsAKeyNeeds) {
  // epsilon 1, delta 1e-6: (e - 1) / 2e-6 = e^13.7; and ln(0.43 / 0.05) more to 95 %.
  const auto one = KeySelector::Make({1024, 1'000'000'000'000, 1});
  EXPECT_EQ(one->PersonsFor(500'000), 14u);
  EXPECT_EQ(one->PersonsFor(950'000), 16u);
  EXPECT_EQ(one->PersonsFor(1'000'000), one->certain());
  EXPECT_EQ(one->PersonsFor(0), 0u);
  for (const Law& law : kLaws) {
    const auto selector = KeySelector::Make(law.selection);
    const uint64_t n = selector->PersonsFor(500'000);
    EXPECT_GE(selector->At(n), KeySelector::kOne / 2) << law.what;
    EXPECT_LT(selector->At(n - 1), KeySelector::kOne / 2) << law.what;
  }
}

TEST(KeySelection, OfOnePersonIsKeptWithAtMostDelta) {
  for (const Law& law : kLaws) {
    const auto selector = KeySelector::Make(law.selection);
    const auto most = static_cast<uint64_t>((static_cast<unsigned __int128>(law.selection.delta) << 62) /
                                            1'000'000'000'000'000'000 / law.selection.keys);
    EXPECT_LE(selector->At(1), most) << law.what;
    EXPECT_GT(selector->At(1), 0u) << law.what;
  }
}

TEST(KeySelection, RefusesWhatBuysNothing) {
  EXPECT_FALSE(KeySelector::Make({0, 1'000'000'000, 1}).ok());
  EXPECT_FALSE(KeySelector::Make({3, 1'000'000'000, 4}).ok());
  EXPECT_FALSE(KeySelector::Make({41 * 1024, 1'000'000'000, 1}).ok());
  EXPECT_FALSE(KeySelector::Make({1024, 0, 1}).ok());
  EXPECT_FALSE(KeySelector::Make({1024, 1'000'000'000'000'000'000, 1}).ok());
  EXPECT_FALSE(KeySelector::Make({1024, 1'000'000'000, 0}).ok());
}

TEST(KeySelection, KeepsAsOftenAsItsLawSays) {
  // Hoeffding, both sides: P(|drawn - mean| > t) <= 2 e^(-2 t^2 / n); below 10^-8 in each of the rows.
  PrintedRandom random;
  Words words(random);
  const auto selector = KeySelector::Make({1024, 1'000'000'000'000, 1});
  constexpr int kDraws = 400'000;
  const double t = std::sqrt(kDraws * std::log(2e8) / 2);
  for (uint64_t n = 0; n <= selector->certain() + 1; ++n) {
    int kept = 0;
    for (int i = 0; i < kDraws; ++i) kept += selector->Keep(n, words);
    const double p = static_cast<double>(selector->At(n)) / static_cast<double>(KeySelector::kOne);
    EXPECT_NEAR(kept, p * kDraws, t) << n;
    EXPECT_TRUE(n != 0 || kept == 0);
    EXPECT_TRUE(n < selector->certain() || kept == kDraws) << n;
  }
}

TEST(KeySelection, CostsPureEpsilonTheDivergenceOfAFlippedAnswerAndDelta) {
  for (const Law& law : kLaws) {
    const KeySelection& s = law.selection;
    for (const uint32_t twice_alpha : {3u, 9u, 24u, 44u}) {
      const Cost cost = CostOf(s, Order{twice_alpha});
      const long double alpha = twice_alpha / 2.0L,
                        a = static_cast<long double>(s.epsilon_1024) / 1024 / s.keys;
      // Both outcomes of the flipped answer, added up.
      const long double p = 1 / (1 + std::exp(-a)), q = 1 / (1 + std::exp(a));
      const long double wanted =
          s.keys * (std::log(std::exp(alpha * std::log(p) + (1 - alpha) * std::log(q)) +
                             std::exp(alpha * std::log(q) + (1 - alpha) * std::log(p))) /
                    (alpha - 1));
      const long double unit = std::exp2(40.0L);
      EXPECT_EQ(cost.pure, s.epsilon_1024 << 30);
      EXPECT_EQ(cost.delta, s.delta);
      EXPECT_NEAR(static_cast<long double>(cost.renyi), wanted * unit, 1e-9L * wanted * unit + 2) << law.what;
      EXPECT_LE(cost.renyi, cost.pure);
    }
  }
}

TEST(KeySelection, BuysTheMostThatAPricePermits) {
  const Promise reference = *ParsePromise("8", "1e-6");
  const Order order = OrderOf(reference);
  const uint64_t price = RenyiBudget(reference) / 50;
  for (const uint32_t keys : {1u, 4u, 15u}) {
    const auto bought = SelectionAtPrice(keys, price, 2'000'000'000, reference);
    ASSERT_TRUE(bought.ok()) << keys;
    EXPECT_LE(CostOf(*bought, order).renyi, price);
    EXPECT_GT(CostOf({bought->epsilon_1024 + 1, bought->delta, keys}, order).renyi, price);
  }
  EXPECT_FALSE(SelectionAtPrice(4, 1, 2'000'000'000, reference).ok());
  EXPECT_FALSE(SelectionAtPrice(4, price, 0, reference).ok());
}

TEST(KeySelection, IsKeptOutOfTheFiltersDelta) {
  Promise promise = *ParsePromise("8", "1e-6");
  const Allowance whole = AllowanceOf(promise);
  promise.keys_delta = *ParseKeysDelta("1e-7", promise);
  EXPECT_EQ(promise.keys_delta, 100'000'000'000u);
  const Allowance less = AllowanceOf(promise);
  const Promise nine = *ParsePromise("8", "9e-7");
  EXPECT_EQ(less.renyi, RenyiBudget(nine));
  EXPECT_LT(less.renyi, whole.renyi);
  EXPECT_EQ(less.pure, whole.pure);
  // The part set aside is used up by selections alone.
  const Cost selection{1, 1, 60'000'000'000};
  EXPECT_TRUE(Fits(less, {}, selection));
  EXPECT_FALSE(Fits(less, Add({}, selection), selection));
  EXPECT_TRUE(Fits(less, Add({}, selection), {1, 1}));
  EXPECT_FALSE(Fits(whole, {}, selection));
  EXPECT_FALSE(ParseKeysDelta("1e-6", *ParsePromise("8", "1e-6")).ok());
  EXPECT_FALSE(ParseKeysDelta("1e-7", *ParsePromise("8", "0")).ok());
  EXPECT_FALSE(ParseKeysDelta("0", *ParsePromise("8", "1e-6")).ok());
}

}  // namespace
}  // namespace penc
