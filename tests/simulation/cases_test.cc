// Histories that are worth a name: what was found by drawing, as short as it could be made, and what people
// think of first. The first kind comes with the rule that it needs: with the rule forgotten a promise breaks,
// with the rule nothing does.
#include <gtest/gtest.h>

#include "tests/simulation/history.h"
#include "tests/simulation/networks.h"

namespace penc::simulation {
namespace {

Outcome RunText(const std::string& text, Broken broken = Broken::kNothing) {
  const Network& network = *NetworkOf(8);
  Stage stage(network.numbers, network.rounds);
  const absl::StatusOr<History> read = ReadWholeHistory(text);
  EXPECT_TRUE(read.ok()) << read.status();
  History history = *read;
  history.cast.broken = broken;
  return RunAgain(stage, history);
}

struct Found {
  const char* name;
  Broken rule;
  const char* wrong;
  const char* history;
};
void PrintTo(const Found& found, std::ostream* out) { *out << found.name; }

class FoundHistories : public ::testing::TestWithParam<Found> {};

TEST_P(FoundHistories, BreakAPromiseWithoutTheRuleAndNoneWithIt) {
  EXPECT_EQ(RunText(GetParam().history, GetParam().rule).wrong, GetParam().wrong);
  EXPECT_EQ(RunText(GetParam().history).wrong, "");
}

const Found kFound[] = {
    {"AStewardIsAskedAgainWhenAnotherOfficeHasSent", Broken::kTwoVotes,
     "an honest steward voted for two sets",
     R"(cast hub 1 stewards 5,6 offices  skew 0
charge 7 round 1
build 7 round 1
send 7 round 1
charge 3 round 1
build 3 round 1
send 3 round 1
charge 4 round 1
build 4 round 1
send 4 round 1 what 3
vote 0 round 1 what 620
charge 0 round 1
build 0 round 1
send 0 round 1
vote 0 round 1 what 620
)"},
    {"OneVoteAndTwoLiarsAreNoCertificate", Broken::kReleaseUncertified,
     "an honest steward released a set that is not certified",
     R"(cast hub 1 stewards 5,6 offices  skew 0
charge 3
build 3
send 3
charge 2
charge 4
build 4
send 4
build 2
send 2
vote 0 what 620
release 0
)"},
    {"AStewardThatHasReleasedIsAskedToPromise", Broken::kPromiseAfterRelease,
     "an honest steward promised after it had released",
     R"(cast hub 1 stewards 5,6 offices  skew 0
charge 7 round 1
build 7 round 1
send 7 round 1
charge 3 round 1
build 3 round 1
send 3 round 1
charge 4 round 1
build 4 round 1
send 4 round 1
vote 2 round 1 what 620
vote 3 round 1 what 620
vote 4 round 1 what 620
release 4 round 1 what 2
promise 4 round 1
)"},
    {"OthersCertifyWhatAStewardHasPromisedNeverToOpen", Broken::kReleaseAfterPromise,
     "an honest steward released after it had promised",
     R"(cast hub 1 stewards 2 offices  skew 0
charge 3
build 3
send 3
charge 4
build 4
send 4
promise 4
charge 1
build 1
send 1
charge 6
build 6
send 6
vote 2
vote 0 what 8192
vote 1 what 8192
vote 6 what 8192
vote 3 what 8192
release 4
)"},
    {"AStewardIsAskedForAThirdAbsentOne", Broken::kRevealAny,
     "an honest steward revealed for more absent ones than there may be",
     R"(cast hub 1 stewards 5,6 offices  skew 0
charge 7 round 1
build 7 round 1
send 7 round 1
charge 3 round 1
build 3 round 1
send 3 round 1
charge 4 round 1
build 4 round 1
send 4 round 1 what 3
vote 0 round 1 what 620
vote 1 round 1 what 620
vote 4 round 1 what 620
release 0 round 1 what 2
reveal 0 round 1 what 2
reveal 0 round 1 what 1
reveal 0 round 1 what 4
)"},
    {"AnOfficeIsShownAProposalWithoutItAndAnotherOpens", Broken::kRefundOnProposal,
     "office 6 was given its charge back, and its contribution opens",
     R"(cast hub 1 stewards 1 offices  skew 0
charge 7
build 7
send 7
charge 2
build 2
send 2
charge 6
build 6
send 6
charge 3
build 3
send 3
vote 0 what 2885
vote 3 what 8192
charge 5
build 5
send 5 what 2
vote 2 what 8192
vote 4 what 8192
vote 3 what 1715
release 5
release 6
release 3 what 5
release 4 what 1
release 2 what 2
release 0 what 3
learn 6 what 2
)"},
    {"ALiarChargesOneRoundInOneLogAndOneInAnother", Broken::kNoWitness,
     "two charge logs of office 0 are certified",
     R"(cast hub 1 stewards 0,6 offices  skew 0
charge 7 round 1
build 7 round 1
send 7 round 1
charge 7
build 7
send 7
charge 1
build 1
send 1
charge 3
build 3
send 3
vote 2 what 348
charge 0 round 1
vote 4 what 8192
vote 5 what 8192
charge 3 round 1
build 3 round 1
send 3 round 1
charge 5 round 1
build 5 round 1
send 5 round 1
vote 1 round 1 what 541
vote 2 round 1 what 8192
vote 4 round 1 what 8192
)"},
    {"FiveOfEightOpenAndStewardsGiveSharesForMore", Broken::kRemoveMore,
     "more noise can be taken away than the certified number allows",
     R"(cast hub 1 stewards  offices  skew 0
charge 0 round 2
build 0 round 2
send 0 round 2
charge 2 round 2
build 2 round 2
send 2 round 2
charge 4 round 2
build 4 round 2
send 4 round 2 what 2
charge 1 round 2
build 1 round 2
send 1 round 2
charge 7 round 2
build 7 round 2
send 7 round 2
vote 3 round 2 what 436
vote 2 round 2 what 8192
vote 4 round 2 what 8192
vote 0 round 2 what 8192
vote 1 round 2 what 8192
release 0 round 2
release 1 round 2
release 2 round 2
release 3 round 2
release 4 round 2
release 5 round 2
release 6 round 2
)"},
};

INSTANTIATE_TEST_SUITE_P(All, FoundHistories, ::testing::ValuesIn(kFound),
                         [](const auto& test) { return test.param.name; });

// ---- what people think of first

constexpr char kNobodyLies[] = "cast hub 0 stewards  offices  skew 0\n";

// Office by office.
std::string Contributed(const std::vector<uint32_t>& offices, uint32_t round) {
  std::string text;
  for (uint32_t office : offices) {
    for (const char* act : {"charge ", "build ", "send "})
      absl::StrAppend(&text, act, office, " round ", round, "\n");
  }
  return text;
}
std::string Each(const char* act, const std::vector<uint32_t>& members, uint32_t round,
                 const char* more = "") {
  std::string text;
  for (uint32_t member : members) absl::StrAppend(&text, act, " ", member, " round ", round, more, "\n");
  return text;
}
const std::vector<uint32_t> kAll = {0, 1, 2, 3, 4, 5, 6, 7}, kFive = {0, 1, 2, 3, 4},
                            kStewards = {0, 1, 2, 3, 4, 5, 6};

TEST(Cases, EverybodyIsKilledAtEveryStepAndTheRoundOpens) {
  std::string text = kNobodyLies;
  for (const char* act : {"charge", "build", "send"}) {
    for (const char* fault :
         {" crash-before", " crash-after", " hub-crash-before", " hub-crash-after", " reply-lost", ""})
      text += Each(act, kAll, 0, fault);
  }
  text += "tick 0 crash-after\n";
  for (const char* fault : {" crash-before", " crash-after", " hub-crash-before", " hub-crash-after", ""})
    text += Each("vote", kStewards, 0, fault);
  for (const char* fault : {" crash-before", " crash-after", " hub-crash-before", " hub-crash-after", ""})
    text += Each("release", kStewards, 0, fault);
  text += "open 0\n" + Each("learn", kAll, 0, " crash-before") + Each("learn", kAll, 0);
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.opened, 1u);
  EXPECT_EQ(outcome.tally.refunds, 0u);
  EXPECT_EQ(outcome.tally.rebuilt, 8u) << "built anew after a crash before the contribution was durable";
}

TEST(Cases, TwoOfficesComeTooLateAndGetTheirChargesBack) {
  const std::string text = kNobodyLies + Contributed({0, 1, 2, 3, 4, 5}, 0) + Each("charge", {6, 7}, 0) +
                           Each("build", {6, 7}, 0) + "wait 0 what 4400\ntick 0\n" + Each("send", {6, 7}, 0) +
                           Each("vote", kFive, 0) + Each("release", kStewards, 0) + "open 0\n" +
                           Each("learn", kAll, 0);
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.opened, 1u);
  EXPECT_EQ(outcome.tally.refunds, 2u);
}

TEST(Cases, TwoStewardsAreGoneForGood) {
  const std::string text = kNobodyLies + Contributed(kAll, 0) + "tick 0\n" + Each("vote", kFive, 0) +
                           "lose-keys 1\nlose-keys 5\n" + Each("release", {0, 2, 3, 4, 6}, 0) +
                           "wait 0 what 7300\ntick 0\n" + Each("reveal", {0, 2, 3, 4, 6}, 0, " what 1") +
                           Each("reveal", {0, 2, 3, 4, 6}, 0, " what 5") + "open 0\n";
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.opened, 1u);
}

TEST(Cases, ThreeStewardsAreGoneAndEverybodyGetsItsChargeBack) {
  const std::string text = kNobodyLies + Contributed(kAll, 0) + "tick 0\n" + Each("vote", {0, 1, 2, 3}, 0) +
                           "lose-keys 4\nlose-keys 5\n" + "wait 0 what 5800\ntick 0\n" +
                           Each("promise", {0, 1, 2, 3, 6}, 0) + Each("learn", kAll, 0);
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.opened, 0u);
  EXPECT_EQ(outcome.tally.refunds, 8u);
}

// Found by drawing, before the hub refused votes once it asks for promises: the fifth vote came late and
// certified what three had promised never to open; four released, and neither opening nor VOID was left.
TEST(Cases, AVoteComesAfterThreePromises) {
  const std::string text = kNobodyLies + Contributed(kAll, 0) + "tick 0\n" + Each("vote", {0, 1, 2, 3}, 0) +
                           "vote 4 late\nwait 0 what 5800\ntick 0\n" + Each("promise", {0, 1, 2}, 0) +
                           "replay 0 what 12\n" + Each("release", {3, 4, 5, 6}, 0) + "settle 0\n";
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.refunds, 8u);
}

// Four have released when the time for reveals ends, and a fifth comes back: it releases, and the round
// opens.
TEST(Cases, AStewardComesBackWhenOnlyOpeningIsLeft) {
  const std::string text = kNobodyLies + Contributed(kAll, 0) + "tick 0\n" + Each("vote", kFive, 0) +
                           Each("release", {0, 1, 2, 3}, 0) + Each("cut", {4, 5, 6}, 0) +
                           "wait 0 what 8800\ntick 0\nheal 4\n" + Each("promise", {4}, 0) + "settle 0\n";
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.opened, 1u);
}

// The second round is closed first; what the first one charged is on the same log.
TEST(Cases, OverlappingRoundsCloseInEitherOrder) {
  for (const auto& [first, second] : {std::pair(0u, 1u), std::pair(1u, 0u)}) {
    std::string text = kNobodyLies + Contributed(kAll, 0) + Contributed(kAll, 1);
    for (uint32_t round : {first, second})
      absl::StrAppend(&text, "tick 0 round ", round, "\n", Each("vote", kFive, round),
                      Each("release", kStewards, round), "open 0 round ", round, "\n");
    const Outcome outcome = RunText(text);
    EXPECT_EQ(outcome.wrong, "");
    EXPECT_EQ(outcome.tally.opened, 2u) << first;
  }
}

const std::string kCopiedAndBack = kNobodyLies + std::string("back-up 7\n") + Contributed(kAll, 0) +
                                   "tick 0\n" + Each("vote", kFive, 0) + "restore 7\n";

TEST(Cases, ACopiedDiskThatComesBackIsSeenByItsForkedLog) {
  const Outcome outcome =
      RunText(kCopiedAndBack + Contributed(kAll, 1) + "tick 0 round 1\n" + Each("vote", kStewards, 1));
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.forks_refused, 5u) << "by everybody who voted in the first round";
}

TEST(Cases, ARestoredOfficeThatSaysSoGoesOn) {
  const Outcome outcome =
      RunText(kCopiedAndBack + "adopt 7\n" + Contributed(kAll, 1) + "tick 0 round 1\n" +
              Each("vote", kFive, 1) + Each("release", kStewards, 1) + "open 0 round 1\n");
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.forks_refused, 0u);
  EXPECT_EQ(outcome.tally.opened, 1u);
}

TEST(Cases, AnOfficeThatSendsTwoContributionsIsLeftOut) {
  const std::string text = "cast hub 0 stewards  offices 7 skew 0\n" + Contributed({0, 1, 2, 3, 4, 5, 6}, 0) +
                           "lie 7\nlie 7 what 1\nwait 0 what 4400\ntick 0\n" + Each("vote", kFive, 0) +
                           Each("release", kStewards, 0) + "open 0\n" + Each("learn", kAll, 0);
  const Outcome outcome = RunText(text);
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.evidence, 1u);
  EXPECT_EQ(outcome.tally.opened, 1u);
}

// Messages of the first round arrive again in the middle of everything: nothing changes.
TEST(Cases, EveryMessageArrivesAgain) {
  std::string text = kNobodyLies + Contributed(kAll, 0) + "tick 0\n" + Each("vote", kFive, 0, " late");
  for (int message = 0; message < 13; ++message) absl::StrAppend(&text, "replay 0 what ", message, "\n");
  text += Each("release", kStewards, 0, " late");
  for (int message = 0; message < 20; ++message) absl::StrAppend(&text, "replay 0 what ", 19 - message, "\n");
  for (int message = 0; message < 20; ++message) absl::StrAppend(&text, "replay 0 what ", message, "\n");
  const Outcome outcome = RunText(text + "open 0\n");
  EXPECT_EQ(outcome.wrong, "");
  EXPECT_EQ(outcome.tally.opened, 1u);
}

}  // namespace
}  // namespace penc::simulation
