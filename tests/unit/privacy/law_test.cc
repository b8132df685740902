#include "privacy/law.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <regex>
#include <string>

namespace penc {
namespace {

double Field(const std::string& line, const std::string& pattern) {
  std::smatch match;
  return std::regex_search(line, match, std::regex(pattern)) ? std::stod(match[1]) : std::nan("");
}

TEST(Law, DiscreteLaplaceAgreesWithTheReferenceVectors) {
  std::ifstream in(PENC_SOURCE_DIR "/tests/vectors/dp.jsonl");
  int seen = 0;
  for (std::string line; std::getline(in, line);) {
    const double scale = Field(line, R"re("scale": ([0-9.]+))re");
    if (line.find("\"id\": \"dlap-") == std::string::npos) continue;
    ++seen;
    std::smatch m;
    ASSERT_TRUE(
        std::regex_search(line, m, std::regex(R"re("expected": \[([^,]+), ([^,]+), ([0-9]+), ([0-9]+)\])re")))
        << line;
    const Mechanism laplace{Family::kDiscreteLaplace,
                            {1000, static_cast<uint64_t>(std::lround(1000 * scale))}};
    EXPECT_NEAR(Variance(laplace), std::stod(m[1]), 1e-9 * std::stod(m[1])) << line;
    EXPECT_NEAR(Covered(laplace, 0), std::stod(m[2]), 1e-12) << line;
    EXPECT_EQ(HalfWidth(laplace, 0.95), std::stoull(m[3])) << line;
    EXPECT_EQ(HalfWidth(laplace, 0.99), std::stoull(m[4])) << line;
  }
  EXPECT_GE(seen, 4);
}

TEST(Law, HalfWidthIsTheSmallestThatCovers) {
  for (const Mechanism m :
       {Mechanism{Family::kDiscreteLaplace, {1, 1}}, Mechanism{Family::kDiscreteLaplace, {1, 300}},
        Mechanism{Family::kSkellam, {1, 4}}, Mechanism{Family::kSkellam, {24, 1}},
        Mechanism{Family::kSkellam, {100000, 1}}, Mechanism{Family::kSkellam, {50000000, 1}}}) {
    for (double confidence : {0.5, 0.95, 0.99}) {
      const uint64_t width = HalfWidth(m, confidence);
      EXPECT_GE(Covered(m, width), confidence);
      if (width > 0) {
        EXPECT_LT(Covered(m, width - 1), confidence);
      }
    }
  }
  EXPECT_NEAR(
      Covered({Family::kDiscreteLaplace, {1, 1}}, HalfWidth({Family::kDiscreteLaplace, {1, 1}}, 0.95)), 0.973,
      0.001);
}

TEST(Law, SkellamApproachesItsNormalLimit) {
  const Mechanism m{Family::kSkellam, {1000000, 1}};
  EXPECT_NEAR(static_cast<double>(HalfWidth(m, 0.95)), 1960, 1);
}

}  // namespace
}  // namespace penc
