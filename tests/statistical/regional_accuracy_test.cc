// Real records through everything that counts them: the census's person records of one state, split over
// eight offices by area, imported, closed and extracted by the program's store, planned and described as a
// partner would, contributed, certified, released and opened. What opens must be the true sum plus noise of
// the exact law, and its error that of one central answer times sqrt(m / (m - t)): the price of hiding from t
// dishonest organisations.
//
//   PENC_ROUNDS=300 PENC_TEST_DATA=... build/tests/statistical_test --gtest_filter='RegionalAccuracy*'
//
// 294 cells a round, all independent. The error's own standard error is sqrt(5 / (4 rounds 294)), no law here
// having a kurtosis above 6; it may be off by 5.5 of them (10^-7) or 3 %, whichever is more: 300 rounds hold
// it to 3 %. Six such comparisons, and six with the law (expect_law.h).
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "codebook/read.h"
#include "federation/descriptor.h"
#include "federation/parameters.h"
#include "tests/statistical/expect_law.h"
#include "tests/support/office_records.h"
#include "tests/support/small_round.h"

namespace penc {
namespace {

constexpr uint32_t kOffices = 8;
constexpr size_t kArea = 3, kSex = 6, kResidence = 18;  // columns of the file
constexpr char kQuestion[] = "SELECT migsp, sex, count(DISTINCT person) FROM person GROUP BY migsp, sex";

// The census's file where it is beside the repository; else as many columns of invented persons.
std::string PersonRecords() {
  const char* given = std::getenv("PENC_TEST_DATA");
  const std::string folder = given != nullptr ? given : PENC_SOURCE_DIR "/../shared/data";
  const std::string path = folder + "/acs_pums_2024/acs2024_ny.csv.gz";
  if (std::filesystem::exists(path)) return ReadWhole(path);
  std::printf("skipped: no real data beside the repository (../shared/data); the same on invented records\n");
  std::string text =
      "SERIALNO,SPORDER,STATE,PUMA,PWGTP,AGEP,SEX,RAC1P,HISP,CIT,NATIVITY,LANX,ENG,SCHL,MAR,ESR,PINCP,POVPIP,"
      "MIGSP,"
      "HICOV,DIS\n";
  const char* residence[] = {"", "", "36", "34", "42", "6", "12", "200", "303", "440"};
  for (uint64_t i = 0; i < 20000; ++i)
    absl::StrAppend(&text, "P", i, ",1,36,", 100 + i * 7919 % 145, ",1,", i % 90, ",", 1 + i * 31 % 2,
                    ",1,1,1,1,,,1,1,1,,,", residence[i * 104729 % 10], ",1,1\n");
  return text;
}

class RegionalAccuracy : public ::testing::Test {
 protected:
  RegionalAccuracy() : network_({.length = 1}) {
    const std::string codebook = PENC_SOURCE_DIR "/tests/scenarios/codebooks/acs.yaml";
    codebook_ = ReadCodebook(codebook, *ReadFile(codebook)).value();
    const std::string mapping = PENC_SOURCE_DIR "/tests/scenarios/mappings/acs.yaml";
    mapping_ = ReadMapping(mapping, *ReadFile(mapping), codebook_).value();
    v1::SignedRoster roster;
    roster.set_roster(network_.roster_bytes);
    SignRoster(network_.hub, roster);
    roster_ = ReadFirstRoster(roster).value();
    Import();
  }
  ~RegionalAccuracy() override {
    offices_.clear();
    std::filesystem::remove_all(folder_);
  }

  // Areas in their order, an eighth of them an office: offices of different sizes.
  void Import() {
    const std::string text = PersonRecords();
    std::vector<absl::string_view> lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
    const std::string heading = absl::StrCat(lines[0], "\n");
    lines.erase(lines.begin());
    std::map<absl::string_view, uint32_t> areas;
    for (absl::string_view line : lines) areas[Column(line, kArea)] = 0;
    uint32_t number = 0;
    for (auto& [area, office] : areas) office = static_cast<uint32_t>(number++ * kOffices / areas.size());
    std::vector<std::string> files(kOffices, heading);
    for (absl::string_view line : lines) {
      absl::StrAppend(&files[areas[Column(line, kArea)]], line, "\n");
      truth_[{std::string(Column(line, kResidence)), Column(line, kSex) == "1" ? "m" : "f"}] += 1;
    }
    uint64_t stored = 0;
    for (uint32_t office = 0; office < kOffices; ++office) {
      offices_.push_back(std::make_unique<OfficeRecords>(absl::StrCat(folder_, "/office", office), codebook_,
                                                         SmallNetwork::now()));
      stored += offices_.back()->Import("person", files[office], &mapping_);
      offices_.back()->Close("2025");
    }
    EXPECT_EQ(stored, lines.size());
    std::printf("%zu persons in %zu areas, eight offices\n", lines.size(), areas.size());
  }
  static absl::string_view Column(absl::string_view line, size_t number) {
    for (; number > 0; --number) line.remove_prefix(line.find(',') + 1);
    return line.substr(0, line.find(','));
  }

  // Counted by hand, in the plan's order of cells.
  std::vector<int64_t> Truth(const Plan& plan) const {
    const Domain& domain = plan.questions[0].domain;
    std::vector<int64_t> cells;
    for (const Category& residence : domain.axes[0].categories) {
      for (const Category& sex : domain.axes[1].categories) {
        const auto at = truth_.find({residence.code, sex.code});
        cells.push_back(at == truth_.end() ? 0 : at->second);
      }
    }
    return cells;
  }

  v1::SignedDescriptor Describe(const v1::Price& price) {
    RoundWish wish;
    wish.bulletin.add_questions()->set_sql(kQuestion);
    wish.price = price;
    wish.purpose = "test";
    wish.edition = "2025";
    wish.partner_key = network_.partner.verify_key().bytes();
    wish.partner_mail_key = network_.partner_mail.public_key();
    wish.partner_name = "analyste";
    return SignDescriptor(
        MakeDescriptor(wish, roster_, codebook_, SmallNetwork::now(), network_.random).value(),
        network_.partner);
  }

  // One round of those who answer; the cells that open.
  std::vector<int64_t> Round(const v1::SignedDescriptor& terms,
                             const std::vector<std::vector<int64_t>>& exact,
                             const std::vector<uint32_t>& answer) {
    SmallRound table({.length = 1},
                     [&](v1::Descriptor& own) { PENC_CHECK(own.ParseFromString(terms.body())); });
    for (uint32_t office : answer)
      table.sent[office] =
          ContributionMaker::Make(table.TermsOf(office), ExactVectorPeek::Of(exact[office]), noise_).value();
    const v1::Certificate certificate = table.Certify(table.Propose(answer), {0, 1, 2, 3, 4});
    RoundParts parts = table.Parts(certificate);
    for (uint32_t k = 0; k < table.round.stewards(); ++k)
      parts.openings.push_back(table.Release(k, certificate).value());
    const OpenedRound opened = OpenRound(table.round, parts).value();
    EXPECT_EQ(opened.removed, answer.size() - table.round.fewest());
    return opened.noisy;
  }

  void Compare(const v1::Price& price, uint64_t rounds) {
    const absl::StatusOr<penc::Round> round =
        ReadRound(Describe(price), roster_.bytes(), SmallNetwork::now());
    ASSERT_TRUE(round.ok()) << round.status();
    const absl::StatusOr<Plan> plan = CheckDescriptor(*round, roster_, codebook_);
    ASSERT_TRUE(plan.ok()) << plan.status();
    ASSERT_EQ(plan->blocks.size(), 1u);
    ASSERT_GE(plan->length, 150u);
    std::vector<std::vector<int64_t>> exact;
    std::vector<int64_t> sum(plan->length, 0);
    for (const auto& office : offices_) {
      exact.push_back(office->Extract(*plan));
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += exact.back()[i];
    }
    EXPECT_EQ(sum, Truth(*plan)) << "the store counts what is in the file";

    const Mechanism central = plan->blocks[0].noise;
    for (uint32_t answered : {8u, 6u}) {
      std::vector<uint32_t> answer(answered);
      std::iota(answer.begin(), answer.end(), 0);
      std::vector<int64_t> true_sum(plan->length, 0), residual;
      for (uint32_t office : answer) {
        for (size_t i = 0; i < true_sum.size(); ++i) true_sum[i] += exact[office][i];
      }
      double squares = 0;
      for (uint64_t r = 0; r < rounds; ++r) {
        const std::vector<int64_t> noisy = Round(Describe(price), exact, answer);
        for (size_t i = 0; i < noisy.size(); ++i) {
          residual.push_back(noisy[i] - true_sum[i]);
          squares += static_cast<double>(residual.back()) * static_cast<double>(residual.back());
        }
      }
      const auto n = static_cast<double>(residual.size());
      const double error = std::sqrt(squares / n), one = std::sqrt(Variance(central));
      const double wanted = one * std::sqrt(answered / static_cast<double>(answered - 2));
      const double allowed = std::max(0.03, 5.5 * std::sqrt(5 / (4 * n)));
      std::printf(
          "%u of 8, %lu rounds of %zu cells: error %.4f = %.4f of one central answer's; sqrt(m / (m - t)) = "
          "%.4f; %.2f %% off, %.2f allowed\n",
          answered, static_cast<unsigned long>(rounds), static_cast<size_t>(plan->length), error, error / one,
          wanted / one, 100 * std::abs(error / wanted - 1), 100 * allowed);
      EXPECT_NEAR(error / wanted, 1, allowed);
      Mechanism law = central;
      law.rate = {answered, answered - 2};
      ExpectLaw(law, residual);
    }
  }

  const std::string folder_ =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_regional_accuracy_", getpid());
  SmallNetwork network_;
  SeededExpander noise_{NoiseSeed(300)};
  CheckedRoster roster_;
  Codebook codebook_;
  Mapping mapping_;
  std::map<std::pair<std::string, std::string>, int64_t> truth_;
  std::vector<std::unique_ptr<OfficeRecords>> offices_;
};

TEST_F(RegionalAccuracy, IsTheTruthPlusTheExactLawAtTheStatedError) {
  uint64_t rounds = 25;
  std::printf("seed %llu\n", static_cast<unsigned long long>(kNoiseSeed));
  if (const char* given = std::getenv("PENC_ROUNDS"); given != nullptr)
    PENC_CHECK(absl::SimpleAtoi(given, &rounds));
  v1::Price laplace, share, dear;
  laplace.set_epsilon_1024(1024);
  share.set_share_ppm(20000);
  dear.set_share_ppm(300000);
  for (const v1::Price& price : {laplace, share, dear}) Compare(price, rounds);
}

}  // namespace
}  // namespace penc
