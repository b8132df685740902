#include "federation/descriptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/status.h"
#include "codebook/read.h"
#include "federation/parameters.h"
#include "tests/support/small_network.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Parameters, EveryCommitteeHoldsItsInequality) {
  for (uint32_t n = 5; n <= 1200; ++n) {
    const Committee c = CommitteeFor(n).value();
    EXPECT_LE(c.stewards, n);
    EXPECT_GE(c.stewards, c.colluding + 2 * c.absent + 1) << n;
    const uint32_t dishonest = PresumedDishonest(n, c.colluding, 0);
    EXPECT_GE(dishonest, c.colluding);
    EXPECT_GE(100 * dishonest, 15 * n);
    const uint32_t fewest = FewestFor(n, dishonest);
    EXPECT_GE(fewest, 5u);
    EXPECT_GE(2 * fewest, n);
    EXPECT_GE(fewest, dishonest + 3);
    EXPECT_LE(fewest, n);
  }
  EXPECT_FALSE(CommitteeFor(4).ok());
}

TEST(Parameters, DeclaredDishonestyIsNeverBelowTheStewards) {
  EXPECT_EQ(PresumedDishonest(18, 2, 0), 3u);
  EXPECT_EQ(PresumedDishonest(18, 2, 5), 5u);
  EXPECT_EQ(PresumedDishonest(18, 2, 1), 2u);
}

TEST(Parameters, LevelsAreAllNumbersOrFewAndNearlyAsGood) {
  EXPECT_THAT(LevelsFor(8, 2, 5), ElementsAre(5, 6, 7, 8));
  const std::vector<uint32_t> levels = LevelsFor(1000, 150, 500);
  EXPECT_EQ(levels.front(), 500u);
  EXPECT_EQ(levels.back(), 1000u);
  EXPECT_LE(levels.size(), 18u);
  for (size_t j = 1; j < levels.size(); ++j) {
    // Just below a level the noise of the level before stays: about 5.3 % of variance too much.
    EXPECT_LE(static_cast<double>(levels[j] - 1 - 150) / (levels[j - 1] - 150), 1.054);
    EXPECT_GT(levels[j], levels[j - 1]);
  }
}

class Descriptors : public ::testing::Test {
 protected:
  Descriptors() : network_({.offices = 9, .stewards = 9}) {
    v1::SignedRoster roster;
    roster.set_roster(network_.roster_bytes);
    SignRoster(network_.hub, roster);
    roster_ = ReadFirstRoster(roster).value();
    wish_.bulletin.add_questions()->set_sql("SELECT dest, count(DISTINCT person) FROM move GROUP BY dest");
    wish_.bulletin.add_questions()->set_sql("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex");
    wish_.price.set_share_ppm(20000);
    wish_.purpose = "plaidoyer";
    wish_.edition = "2026-Q3";
    wish_.partner_key = network_.partner.verify_key().bytes();
    wish_.partner_mail_key = network_.partner_mail.public_key();
    wish_.partner_name = "analyste";
  }
  v1::Descriptor Make() { return MakeDescriptor(wish_, roster_, codebook_, now(), network_.random).value(); }
  absl::StatusOr<Plan> Check(const v1::Descriptor& terms) {
    ASSIGN_OR_RETURN(const Round round,
                     ReadRound(SignDescriptor(terms, network_.partner), roster_.bytes(), now()));
    return CheckDescriptor(round, roster_, codebook_);
  }
  std::string WhyNot(const std::function<void(v1::Descriptor&)>& change) {
    v1::Descriptor terms = Make();
    change(terms);
    const auto plan = Check(terms);
    return plan.ok() ? "accepted" : Explain(plan.status()).en;
  }
  static absl::Time now() { return SmallNetwork::now(); }

  SmallNetwork network_;
  CheckedRoster roster_;
  const Codebook codebook_ = ReadCodebook("codebook.yaml", kStoreCodebook).value();
  RoundWish wish_;
};

TEST_F(Descriptors, WhatAPartnerMakesEveryNodeComputesAgain) {
  const v1::Descriptor terms = Make();
  EXPECT_EQ(terms.asked(), 9u);
  EXPECT_EQ(terms.stewards_size(), 7);
  EXPECT_EQ(terms.word_bits(), 32u);
  const auto plan = Check(terms);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->id, terms.plan_id());
  EXPECT_EQ(plan->length, terms.length());
}

TEST_F(Descriptors, NoParameterIsChosen) {
  EXPECT_EQ(WhyNot([](v1::Descriptor&) {}), "accepted");
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.mutable_price()->set_share_ppm(30000); }),
              HasSubstr("another plan"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.mutable_blocks(0)->mutable_noise()->set_parameter_den(99); }),
              HasSubstr("parameters"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.mutable_blocks(0)->set_linf(2); }), HasSubstr("parameters"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.set_presumed_dishonest(3); }), ::testing::Not("accepted"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.set_word_bits(64); }), HasSubstr("parameters"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.set_absent(1); }), HasSubstr("parameters"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) {
                t.set_levels(0, 6), t.mutable_levels()->erase(t.mutable_levels()->begin() + 1);
              }),
              HasSubstr("parameters"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) {
                std::vector<uint32_t> others;
                for (uint32_t k = 0; k < 9 && others.size() < 7; ++k) others.push_back(k);
                const bool same = std::equal(others.begin(), others.end(), t.stewards().begin());
                for (int k = 0; k < 7; ++k) t.set_stewards(k, same ? others[k] + 2 : others[k]);
              }),
              HasSubstr("parameters"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.set_codebook_sha256(Sha256("x")); }),
              HasSubstr("another codebook"));
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) { t.set_codebook("small@2"); }), HasSubstr("parameters"));
  EXPECT_THAT(
      WhyNot([](v1::Descriptor& t) { t.mutable_bulletin()->mutable_questions(0)->set_sql("SELECT 1"); }),
      ::testing::Not("accepted"));
}

TEST_F(Descriptors, AmountsTakeWideWords) {
  wish_.bulletin.clear_questions();
  wish_.bulletin.add_questions()->set_sql("SELECT sum(cost) FROM move");
  const v1::Descriptor terms = Make();
  EXPECT_EQ(terms.word_bits(), 64u);
  EXPECT_TRUE(Check(terms).ok());
}

TEST_F(Descriptors, ARegionIsDeclaredByTheRosterOrUnknown) {
  wish_.region = "Sahel";
  EXPECT_EQ(MakeDescriptor(wish_, roster_, codebook_, now(), network_.random).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(Descriptors, StewardsWhoseKeysEndBeforeTheRoundAreNotTaken) {
  wish_.times.expiry = absl::Hours(24 * 60);
  const auto made = MakeDescriptor(wish_, roster_, codebook_, now(), network_.random);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(Explain(made.status()).en, HasSubstr("stewards"));
}

TEST_F(Descriptors, AnOfficeStaysAwayFromRoundsBelowItsFloors) {
  const Round round = ReadRound(SignDescriptor(Make(), network_.partner), roster_.bytes(), now()).value();
  EXPECT_EQ(BelowFloors(round, {5, 2, 2}), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(BelowFloors(round, {6, 2, 2}), v1::REFUSAL_TOO_FEW_ORGANISATIONS);
  EXPECT_EQ(BelowFloors(round, {5, 3, 2}), v1::REFUSAL_TOO_DISHONEST);
  EXPECT_EQ(BelowFloors(round, {5, 2, 3}), v1::REFUSAL_TOO_DISHONEST);
}

TEST(Times, LaterStepsFollowTheCollecting) {
  EXPECT_EQ(TimesWithin(absl::Minutes(5)).each_later_step, absl::Seconds(100));
  EXPECT_EQ(TimesWithin(absl::Seconds(3)).each_later_step, absl::Seconds(30));
  EXPECT_EQ(TimesWithin(absl::Hours(300)).each_later_step, absl::Hours(24));
}

}  // namespace
}  // namespace penc
