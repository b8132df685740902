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
    const Committee c = CommitteeFor(n, 0).value();
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
  EXPECT_FALSE(CommitteeFor(4, 0).ok());
}

TEST(Parameters, ACommitteeStandsWhereAllPresumedDishonestAreItsStewards) {
  for (uint32_t n = 7; n <= 66; ++n) {
    const Committee c = CommitteeFor(n, 0).value();
    EXPECT_LE(PresumedDishonest(n, 0, 0), c.colluding) << n;
  }
  const auto stewards = [](uint32_t n, uint32_t declared) { return CommitteeFor(n, declared)->stewards; };
  EXPECT_EQ(stewards(8, 0), 7u);
  EXPECT_EQ(stewards(18, 0), 10u);
  EXPECT_EQ(stewards(18, 5), 18u);
  EXPECT_EQ(stewards(12, 5), 10u) << "the largest that there are enough for";
  EXPECT_EQ(stewards(1000, 0), 31u);
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
  EXPECT_LE(levels.size(), 19u);
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

TEST_F(Descriptors, DeadlinesLeaveStewardsTheirTime) {
  const auto steps = [](absl::Duration vote, absl::Duration release, absl::Duration reveal) {
    return [=](v1::Descriptor& t) {
      int64_t at = t.collect_until_unix_micros();
      t.set_vote_until_unix_micros(at += absl::ToInt64Microseconds(vote));
      t.set_release_until_unix_micros(at += absl::ToInt64Microseconds(release));
      t.set_reveal_until_unix_micros(at += absl::ToInt64Microseconds(reveal));
    };
  };
  const absl::Duration minute = absl::Minutes(1), short_one = absl::Seconds(29), long_one = absl::Hours(25);
  EXPECT_EQ(WhyNot(steps(minute, minute, minute)), "accepted");
  EXPECT_THAT(WhyNot(steps(minute, minute, 2 * minute)), HasSubstr("deadlines"));
  EXPECT_THAT(WhyNot(steps(minute, 2 * minute, minute)), HasSubstr("deadlines"));
  EXPECT_THAT(WhyNot(steps(short_one, short_one, short_one)), HasSubstr("deadlines"));
  EXPECT_THAT(WhyNot(steps(long_one, long_one, long_one)), HasSubstr("deadlines"));
}

TEST_F(Descriptors, AWholeRegionIsAskedWithItsOwnPresumption) {
  v1::Roster roster = network_.roster();
  v1::Region& region = *roster.add_regions();
  region.set_name("Sahel");
  region.set_presumed_dishonest(3);
  for (uint32_t i : {1, 2, 3, 4, 5, 6, 7, 8}) region.add_members(i);
  roster.add_left(8);
  v1::SignedRoster first;
  first.set_roster(roster.SerializeAsString());
  SignRoster(network_.hub, first);
  roster_ = ReadFirstRoster(first).value();
  wish_.region = "Sahel";
  const v1::Descriptor terms = Make();
  EXPECT_EQ(terms.asked(), 7u) << "one has left";
  EXPECT_THAT(terms.stewards(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(terms.presumed_dishonest(), 3u);
  EXPECT_EQ(terms.levels(0), 6u);
  EXPECT_TRUE(Check(terms).ok());
  EXPECT_NE(WhyNot([](v1::Descriptor& t) { t.clear_region(); }), "accepted");
  EXPECT_NE(WhyNot([](v1::Descriptor& t) { t.set_asked(6), t.mutable_levels()->RemoveLast(); }), "accepted");
}

TEST_F(Descriptors, AVectorThatIsTooLongIsRefusedBeforeItIsLaidOut) {
  EXPECT_THAT(WhyNot([](v1::Descriptor& t) {
                t.set_length(kLongestVector + 1);
                t.mutable_blocks(0)->set_cells(kLongestVector + 1 - (t.blocks(1).cells()));
              }),
              HasSubstr("out of bounds"));
}

TEST_F(Descriptors, WordsThatAreAnOfficesOwnAreNotAskedOfARegion) {
  std::string text = kStoreCodebook;
  text.insert(text.find("      needs:"), "      agency: {type: text, open: true, sensitivity: public}\n");
  const Codebook open = ReadCodebook("codebook.yaml", text).value();
  wish_.bulletin.mutable_questions(0)->set_sql("SELECT agency, count(*) FROM move GROUP BY agency");
  const auto made = MakeDescriptor(wish_, roster_, open, now(), network_.random);
  ASSERT_EQ(made.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Explain(made.status()).en, HasSubstr("ask one organisation alone"));
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

TEST(Stewards, AreNotChosenByHowLongARoundIsAskedFor) {
  // Three of twelve publish the longest keys there are. Asking for a long round must not leave them alone.
  SmallNetwork network({.offices = 12, .stewards = 12});
  v1::Roster roster = network.roster();
  for (int i = 0; i < 12; ++i) {
    const int days = i < 8 ? 10 : i == 8 ? 2 : 30;
    roster.mutable_members(i)->mutable_epoch()->set_until_unix_micros(
        absl::ToUnixMicros(SmallNetwork::now() + absl::Hours(24 * days)));
  }
  v1::SignedRoster first;
  first.set_roster(roster.SerializeAsString());
  SignRoster(network.hub, first);
  const CheckedRoster checked = ReadFirstRoster(first).value();
  const std::vector<uint32_t> asked = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const auto found = StewardsFor(checked, asked, {7, 2, 2});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->until, SmallNetwork::now() + absl::Hours(24 * 10));
  EXPECT_EQ(found->stewards.size(), 7u);
  EXPECT_THAT(found->stewards, ::testing::Not(::testing::Contains(8u))) << "its keys end too soon";
  EXPECT_FALSE(StewardsFor(checked, {0, 1, 2, 3, 4, 5}, {7, 2, 2}).ok());
}

TEST(Stewards, DependOnTheWholeDocumentAndOnNothingElse) {
  SmallNetwork network({.offices = 30, .stewards = 30});
  std::vector<uint32_t> asked(30);
  for (uint32_t i = 0; i < 30; ++i) asked[i] = i;
  const auto with = [&](char salt) {
    v1::Roster roster = network.roster();
    roster.set_salt(std::string(16, salt));
    v1::SignedRoster first;
    first.set_roster(roster.SerializeAsString());
    SignRoster(network.hub, first);
    return StewardsFor(ReadFirstRoster(first).value(), asked, {7, 2, 2})->stewards;
  };
  EXPECT_EQ(with('a'), with('a'));
  EXPECT_NE(with('a'), with('b'));
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
