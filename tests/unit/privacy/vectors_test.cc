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

}  // namespace
}  // namespace penc
