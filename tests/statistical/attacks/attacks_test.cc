// What somebody tries who wants to know of one person, and what it would win were a defence off (README.md
// names these tests and those elsewhere).
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "absl/strings/str_join.h"
#include "office/signing.h"
#include "penc/v1/answer.pb.h"
#include "rpc/slots.h"
#include "tests/statistical/auditor/cases.h"
#include "tests/support/seed.h"

namespace penc::audit {
namespace {

class Attacks : public ::testing::Test {
 protected:
  std::string Dir() const { return absl::StrCat(::testing::TempDir(), "/attacked_", getpid()); }

  static v1::Answer Ask(Twins& twins, Office& office, const SigningKey& key, const std::string& sql,
                        const v1::Price& price) {
    const std::string bytes = twins.Body(office, sql, price).SerializeAsString();
    v1::Answer answer;
    EXPECT_TRUE(
        answer.ParseFromString(office.Ask(key.verify_key(), bytes, SignAsk(key, bytes)).answer.value()));
    return answer;
  }

  PrintedRandom dice_;
};

// ---- averaging

constexpr char kTitled[] = "SELECT count(DISTINCT person) AS n";

TEST_F(Attacks, AveragingInCompanyGetsNoMoreAnswersThanAveragingAlone) {
  Twins twins(Dir(), 8, dice_.Below(1 << 30));
  std::vector<SigningKey> company;
  for (int i = 0; i < 3; ++i) company.push_back(SigningKey::Generate(dice_));
  // Another title, another answer: as many as can be had by so many askers in turn.
  const auto answers = [&](size_t askers) {
    twins.Renew();
    for (const SigningKey& one : company) twins.Grant(twins.with(), one.verify_key());
    int got = 0, refused = 0;
    for (int i = 0; refused < 9; ++i) {
      const v1::Answer answer = Ask(twins, twins.with(), company[static_cast<size_t>(i) % askers],
                                    absl::StrCat(kTitled, i, " FROM person"), Epsilon(2048));
      ++(answer.has_refusal() ? refused : got);
    }
    return got;
  };
  const int alone = answers(1);
  EXPECT_GE(alone, 4);
  EXPECT_EQ(answers(3), alone) << "were budgets each asker's own: three times as many";
}

TEST_F(Attacks, AskingAThousandTimesAveragesNothing) {
  Twins twins(Dir(), 8, dice_.Below(1 << 30));
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i)
    seen.insert(
        Ask(twins, twins.with(), twins.asker(), "SELECT count(DISTINCT person) FROM person", Epsilon(1024))
            .SerializeAsString());
  EXPECT_EQ(seen.size(), 1u) << "fresh noise each time: the mean of a thousand is off by 0.05";
}

// ---- reconstruction (Dinur and Nissim 2003)

// The x of least squares for rows of 0/1, with a grain of ridge.
std::vector<double> LeastSquares(const std::vector<std::vector<bool>>& rows, const std::vector<double>& y) {
  const size_t n = rows[0].size();
  std::vector<std::vector<double>> a(n, std::vector<double>(n + 1, 0));
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t i = 0; i < n; ++i) {
      if (!rows[r][i]) continue;
      for (size_t j = 0; j < n; ++j) a[i][j] += rows[r][j];
      a[i][n] += y[r];
    }
  }
  for (size_t i = 0; i < n; ++i) a[i][i] += 1e-6;
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < n; ++k) {
      if (k == i) continue;
      const double factor = a[k][i] / a[i][i];
      for (size_t j = i; j <= n; ++j) a[k][j] -= factor * a[i][j];
    }
  }
  std::vector<double> x;
  for (size_t i = 0; i < n; ++i) x.push_back(a[i][n] / a[i][i]);
  return x;
}

// Sums over random halves of 64 places, until the budget is spent: is somebody at each of them? A hundred
// equations at 1 % each; with their noise a place is told right two times of three, and 62 of 64 are with a
// chance below 10^-7.
TEST_F(Attacks, ReconstructionFromManySumsFindsWhoIsThereOnlyWithoutNoise) {
  constexpr uint32_t kPlaces = 64;
  std::vector<bool> there;
  for (uint32_t p = 0; p < kPlaces; ++p) there.push_back(dice_.Below(2) == 1);
  Twins twins(Dir(), kPlaces, dice_.Below(1 << 30), [&](uint32_t p) { return there[p]; });
  std::vector<std::vector<bool>> halves;
  std::vector<double> noisy, exact;
  for (;;) {
    std::vector<bool> half;
    std::vector<uint32_t> homes;
    double sum = 0;
    for (uint32_t p = 0; p < kPlaces; ++p) {
      half.push_back(dice_.Below(2) == 1);
      if (!half.back()) continue;
      homes.push_back(p);
      sum += there[p];
    }
    if (homes.empty()) continue;
    const v1::Answer answer = Ask(twins, twins.with(), twins.asker(),
                                  absl::StrCat("SELECT count(DISTINCT person) FROM person WHERE home IN (",
                                               absl::StrJoin(homes, ", "), ")"),
                                  Share(10000));
    if (answer.has_refusal()) break;
    halves.push_back(half);
    exact.push_back(sum);
    noisy.push_back(static_cast<double>(answer.tables(0).blocks(0).noisy(0)));
  }
  ASSERT_GT(halves.size(), kPlaces + 10);
  const auto right = [&](const std::vector<double>& sums) {
    const std::vector<double> x = LeastSquares(halves, sums);
    uint32_t count = 0;
    for (uint32_t p = 0; p < kPlaces; ++p) count += (x[p] > 0.5) == there[p];
    return count;
  };
  EXPECT_EQ(right(exact), kPlaces) << "what it would win without noise";
  EXPECT_LT(right(noisy), 62u);
  std::printf("%zu sums: %u of %u places told right\n", halves.size(), right(noisy), kPlaces);
}

// ---- porous floating point (Mironov 2012): outcomes that only one history can have

TEST_F(Attacks, NoOutcomeIsPossibleUnderOneHistoryAlone) {
  Twins twins(Dir(), 2048, dice_.Below(1 << 30));
  // By noisy number, what people are shown of it.
  using Shown = std::map<int64_t, std::string>;
  const auto shown = [&](Office& office) {
    Shown all;
    const v1::Answer answer =
        Ask(twins, office, twins.asker(), "SELECT home, count(DISTINCT person) FROM person GROUP BY home",
            Epsilon(256));
    for (int i = 0; i < static_cast<int>(twins.persons()); ++i) {
      const int64_t noisy = answer.tables(0).blocks(0).noisy(i);
      const std::string text = answer.tables(0).rows(i).values(0).SerializeAsString();
      EXPECT_EQ(all.emplace(noisy, text).first->second, text) << "more is shown than the noisy number";
    }
    return all;
  };
  Shown with = shown(twins.with()), without = shown(twins.without());
  // Scale 4, one apart: each of these is missed by 2,048 with a chance below 10^-13.
  for (int64_t outcome = -8; outcome <= 8; ++outcome) {
    ASSERT_TRUE(with.count(outcome) == 1 && without.count(outcome) == 1)
        << outcome << ": a hole tells for certain which history it was";
    EXPECT_EQ(with[outcome], without[outcome]);
  }
}

// ---- timing

double Correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mx += x[i] / n;
    my += y[i] / n;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
    xy += (x[i] - mx) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

// An office whose work takes longer the more records it holds, on a clock of its own. Moments of leaving must
// not follow: |r| < 4.9 / sqrt(N), which chance exceeds once in 10^6.
TEST_F(Attacks, MomentsOfLeavingSayNothingOfHowManyRecordsThereAre) {
  constexpr int kQuestions = 20000;
  std::vector<double> records, worked, left;
  for (int i = 0; i < kQuestions; ++i) {
    const PlannedWork work{1 + dice_.Below(19), 1 + dice_.Below(100000)};
    const rpc::DeclaredCapacity capacity;
    const uint64_t held = dice_.Below(static_cast<uint32_t>(capacity.rows));
    const absl::Duration worst = rpc::WorstCase(work, capacity);
    const absl::Duration elapsed =
        worst * (0.5 + 0.5 * static_cast<double>(held) / static_cast<double>(capacity.rows));
    records.push_back(static_cast<double>(held));
    worked.push_back(absl::ToDoubleSeconds(elapsed));
    left.push_back(absl::ToDoubleSeconds(rpc::LeavesAt(rpc::SlotFor(worst), elapsed)));
  }
  const double limit = 4.9 / std::sqrt(kQuestions);
  EXPECT_LT(std::fabs(Correlation(records, left)), limit);
  EXPECT_GT(std::fabs(Correlation(records, worked)), 2 * limit) << "what it would win without slots";
}

}  // namespace
}  // namespace penc::audit
