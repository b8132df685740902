// Reference values of other libraries and of independent computations, each found by its id in
// tests/vectors/dp.jsonl.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "privacy/law.h"
#include "privacy/pld.h"
#include "privacy/promise.h"

namespace penc {
namespace {

// One line of the file: {"id": ..., "inputs": {...}, "expected": number or [numbers], ...}.
class Vector {
 public:
  explicit Vector(std::string line) : line_(std::move(line)) {}

  double Input(const std::string& name) const {
    std::smatch match;
    const bool found = std::regex_search(line_, match, std::regex("\"" + name + "\": ([-+.0-9e]+)"));
    EXPECT_TRUE(found) << name << " in " << line_;
    return found ? std::stod(match[1]) : 0;
  }
  std::vector<double> Expected() const {
    std::smatch match;
    EXPECT_TRUE(std::regex_search(line_, match, std::regex(R"re("expected": \[?([-+.0-9e, ]+))re")));
    std::stringstream numbers(match[1]);
    std::vector<double> out;
    for (std::string number; std::getline(numbers, number, ',');) {
      if (number.find_first_not_of(' ') != std::string::npos) out.push_back(std::stod(number));
    }
    return out;
  }

 private:
  std::string line_;
};

std::map<std::string, Vector> Vectors() {
  std::ifstream in(PENC_SOURCE_DIR "/tests/vectors/dp.jsonl");
  std::map<std::string, Vector> out;
  for (std::string line; std::getline(in, line);) {
    std::smatch match;
    if (std::regex_search(line, match, std::regex(R"re("id": "([^"]+)")re"))) out.emplace(match[1], line);
  }
  return out;
}

Mechanism LaplaceOfScale(double scale) {
  return {Family::kDiscreteLaplace, {1000, static_cast<uint64_t>(std::lround(1000 * scale))}};
}

double Units(uint64_t units) { return std::ldexp(static_cast<double>(units), -40); }

TEST(Vectors, DiscreteLaplace) {
  const auto vectors = Vectors();
  for (const char* id : {"dlap-1", "dlap-2", "dlap-4", "dlap-5"}) {
    const Vector& vector = vectors.at(id);
    const Mechanism laplace = LaplaceOfScale(vector.Input("scale"));
    const std::vector<double> expected = vector.Expected();
    ASSERT_EQ(expected.size(), 4u) << id;
    EXPECT_NEAR(Variance(laplace), expected[0], 1e-11 * expected[0]) << id;
    EXPECT_NEAR(Covered(laplace, 0), expected[1], 1e-12 * expected[1]) << id;
    EXPECT_EQ(static_cast<double>(HalfWidth(laplace, 0.95)), expected[2]) << id;
    EXPECT_EQ(static_cast<double>(HalfWidth(laplace, 0.99)), expected[3]) << id;
  }
}

TEST(Vectors, DiscreteLaplaceScaleToAccuracy) {
  // The real a with P(|X| >= a) = 5 %: the smallest integer m with P(|X| > m) <= 5 % is the one below a.
  const auto vectors = Vectors();
  for (const char* id : {"acc-dlap-1", "acc-dlap-2"}) {
    const Vector& vector = vectors.at(id);
    EXPECT_EQ(
        static_cast<double>(HalfWidth(LaplaceOfScale(vector.Input("scale")), 1 - vector.Input("alpha"))),
        std::ceil(vector.Expected()[0]) - 1)
        << id;
  }
}

TEST(Vectors, RenyiToEpsilonOfAConstantCurve) {
  // R = 1.1 at order 32 gives epsilon = 1.1 + (epsilon - B), which does not depend on epsilon.
  const Vector vector = Vectors().at("rdp-conv-1");
  const Promise promise = *ParsePromise("2", "1e-5");
  EXPECT_NEAR(vector.Input("rdp") + 2 - Units(RenyiBudgetAt(promise, {64})), vector.Expected()[0], 1e-9);
}

// A Gaussian-like release costs rho alpha at every order; the best order of the vector's source is any real
// number, here it is a half-integer: never more than theirs, and nearly as much.
void ExpectBestRho(const std::string& id, double epsilon, double delta, double rho) {
  const Promise promise{static_cast<uint64_t>(epsilon * 1024), 1,
                        static_cast<int>(std::lround(-std::log10(delta)))};
  const double ours = Units(RenyiBudget(promise)) * 2 / OrderOf(promise).twice_alpha;
  EXPECT_LE(ours, rho * (1 + 1e-9)) << id;
  EXPECT_GE(ours, rho * 0.98) << id;
}

TEST(Vectors, ConcentratedDifferentialPrivacyToEpsilon) {
  const auto vectors = Vectors();
  for (const char* id :
       {"zcdp-eps-1", "zcdp-eps-2", "zcdp-eps-4", "zcdp-eps-5", "zcdp-eps-7", "zcdp-eps-8"}) {
    const Vector& vector = vectors.at(id);
    ExpectBestRho(id, vector.Expected()[0], vector.Input("delta"), vector.Input("rho"));
  }
  const Vector& gaussian = vectors.at("rdp-conv-2");
  ExpectBestRho("rdp-conv-2", gaussian.Expected()[0], gaussian.Input("delta"),
                1 / (2 * std::pow(gaussian.Input("noise_multiplier"), 2)));
}

TEST(Vectors, DiscreteLaplaceReleasesComposed) {
  // Their largest parameter to within 0.001.
  const auto vectors = Vectors();
  for (const char* id : {"pld-dlap-param-1", "pld-dlap-param-2"}) {
    const Vector& vector = vectors.at(id);
    const auto shift = static_cast<uint64_t>(vector.Input("sensitivity"));
    const auto thousandths = static_cast<uint64_t>(std::lround(1000 * vector.Expected()[0]));
    const auto epsilon = [&](uint64_t num) {
      return LossOf({{{Family::kDiscreteLaplace, {num, 1000}},
                      {1, shift, shift},
                      static_cast<uint64_t>(vector.Input("compositions"))}})
          .Epsilon(vector.Input("delta"));
    };
    EXPECT_LT(epsilon(thousandths - 1), vector.Input("epsilon")) << id;
    EXPECT_GT(epsilon(thousandths + 1), vector.Input("epsilon")) << id;
  }
  // A discrete Laplace of shift 1 is randomised response, whose optimal composition is known on the lattice
  // of a: the loss at delta lies in the last cell below it.
  const Vector& vector = vectors.at("kov-ind-1");
  const double a = vector.Input("epsilon"), exact = LossOf({{{Family::kDiscreteLaplace, {1, 10}},
                                                             {1, 1, 1},
                                                             static_cast<uint64_t>(vector.Input("k"))}})
                                                        .Epsilon(vector.Input("total_delta"));
  EXPECT_LE(exact, vector.Expected()[0]);
  EXPECT_GT(exact, vector.Expected()[0] - 2 * a);
}

TEST(Vectors, LaplaceReleasesComposedAsFineDiscreteOnes) {
  const auto vectors = Vectors();
  for (const char* id : {"pld-lap-eps-1", "pld-lap-eps-2"}) {
    const Vector& vector = vectors.at(id);
    constexpr uint64_t kFine = 200;
    const Mechanism fine = LaplaceOfScale(vector.Input("scale") * kFine);
    const PrivacyLoss loss =
        LossOf({{fine, {1, kFine, kFine}, static_cast<uint64_t>(vector.Input("compositions"))}});
    EXPECT_NEAR(loss.Epsilon(vector.Input("delta")), vector.Expected()[0], 3e-4 * vector.Expected()[0]) << id;
  }
}

TEST(Vectors, ASkellamThatIsNearlyGaussian) {
  const auto vectors = Vectors();
  for (const char* id : {"gauss-sigma-01", "gauss-sigma-08"}) {
    const Vector& vector = vectors.at(id);
    constexpr uint64_t kFine = 200;
    const double sigma = kFine * vector.Expected()[0];
    const Mechanism skellam = {Family::kSkellam, {static_cast<uint64_t>(std::lround(sigma * sigma)), 1}};
    const double epsilon = LossOf({{skellam, {1, kFine, kFine}}}).Epsilon(vector.Input("delta"));
    EXPECT_NEAR(epsilon, vector.Input("epsilon"), 1e-3 * vector.Input("epsilon")) << id;
  }
}

TEST(Vectors, EpsilonOfAnExplicitLossDistribution) {
  const auto vectors = Vectors();
  for (const char* id : {"pld-eps-from-pmf-1", "pld-eps-from-pmf-2"}) {
    const Vector& vector = vectors.at(id);
    const double step = vector.Input("interval");
    const PrivacyLoss loss(
        {{{4 * step, vector.Input("4")}, {2 * step, vector.Input("2")}}, vector.Input("infinity_mass"), 0},
        step);
    EXPECT_NEAR(loss.Epsilon(vector.Input("delta")), vector.Expected()[0], 1e-6) << id;
  }
}

}  // namespace
}  // namespace penc
