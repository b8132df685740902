// Whole rounds of eight offices with real folders, through the office's, the steward's and the recipient's
// durable parts, in one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "federation/record_file.h"
#include "ledger/ledger.h"
#include "office/region/admin_rounds.h"
#include "tests/support/small_region.h"

namespace penc {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RegionTest : public SmallRegion {
 protected:
  // Sum over races of everybody in these offices, and how far the answer may be from it: beyond a chance of
  // 1e-9 the noise never reaches 400 at 2 % of the budget (sd about 6 a cell, three cells).
  void ExpectTotal(const v1::Answer& answer, int persons) {
    ASSERT_EQ(answer.tables_size(), 1);
    int64_t sum = 0;
    for (int64_t noisy : answer.tables(0).blocks(0).noisy()) sum += noisy;
    EXPECT_LT(std::llabs(sum - persons), 400);
  }
  int Persons() const {
    int all = 0;
    for (const Member& member : members_) all += member.persons;
    return all;
  }
  storage::v1::OfficeRoundRow RowOf(Member& member, const Round& round) {
    RoundRows rows(member.office->database(), member.office->committer());
    return rows.Office(round).value().value_or(storage::v1::OfficeRoundRow());
  }
};

using Row = storage::v1::OfficeRoundRow;

TEST_F(RegionTest, EightOfEightAnswerInOneVisitEachAndEverybodyReadsTheSame) {
  Found();
  const Round round = Submit(Wish());
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 8u);
  EXPECT_EQ(answer->asked(), 8u);
  ExpectTotal(*answer, Persons());
  for (Member& member : members_) {
    EXPECT_EQ(RowOf(member, round).state(), Row::STATE_SPENT);
    EXPECT_FALSE(RowOf(member, round).receipt().empty());
    const auto record = LoadRecord(RecordPath(member.office->layout().answers(), round.qid));
    ASSERT_TRUE(record.ok()) << record.status();
    const auto read = AnswerOf(*record, {RootsFingerprint(roster_->roster)});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->answer.SerializeAsString(), answer->SerializeAsString());
    EXPECT_TRUE(std::filesystem::is_empty(member.office->layout().contributions())) << "not needed any more";
    EXPECT_THAT(member.told, IsEmpty());
    const auto listed = ListRounds(*member.office);
    ASSERT_TRUE(listed.ok() && listed->rounds_size() == 1);
    EXPECT_EQ(listed->rounds(0).state(), v1::OfficeRound::STATE_SPENT);
    EXPECT_TRUE(listed->rounds(0).answered());
  }
}

TEST_F(RegionTest, TwoOfficesThatSleepPayNothingAndTheSumOfTheOthersIsExact) {
  Found();
  members_[1].line->cut = members_[6].line->cut = true;
  const Spent before = SpentBy(members_[1]);
  const Round round = Submit(Wish());
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_COLLECTING);
  clock_.now += absl::Hours(73);  // the hub proposes; those there vote and release
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_CERTIFIED) << "two stewards are absent";
  clock_.now += absl::Hours(48);
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 6u);
  EXPECT_EQ(answer->regional().absent_size(), 2);
  ExpectTotal(*answer, Persons() - members_[1].persons - members_[6].persons);
  members_[1].line->cut = false;
  Settle();
  EXPECT_EQ(RowOf(members_[1], round).state(), Row::STATE_UNSPECIFIED) << "it never took it up";
  EXPECT_EQ(SpentBy(members_[1]).renyi, before.renyi);
  EXPECT_GT(SpentBy(members_[0]).renyi, before.renyi);
}

TEST_F(RegionTest, AVoidRoundIsGivenBackOnceAndAskedAgainAtFullPrice) {
  Found();
  for (int i : {0, 1, 2, 3}) members_[i].line->cut = true;
  const Round round = Submit(Wish());
  Settle();
  const Spent charged = SpentBy(members_[5]);
  EXPECT_GT(charged.renyi, 0u);
  for (int i : {0, 1, 2, 3}) members_[i].line->cut = false;
  clock_.now += absl::Hours(73);  // four of eight are too few
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_VOID);
  for (int i : {4, 5, 6, 7}) {
    EXPECT_EQ(RowOf(members_[i], round).state(), Row::STATE_REFUNDED);
    const CohortBalance balance = members_[i].office->ledger().Balances().at(0);
    EXPECT_EQ(balance.spent.renyi, 0u);
    EXPECT_EQ(balance.refunded.renyi, charged.renyi);
    EXPECT_EQ(balance.gross.renyi, charged.renyi);
  }
  Restart(members_[5]);
  Settle();
  EXPECT_EQ(members_[5].office->ledger().Balances().at(0).refunded.renyi, charged.renyi) << "once";

  RoundWish again = Wish();
  again.attempt = 2;
  const HubCaller caller = hub_->Identify(partner_.verify_key()).value();
  DirectLink line(*hub_, caller);
  const auto proof = FetchVoid(line, round, partner_mail_);
  ASSERT_TRUE(proof.ok()) << proof.status();
  again.void_sha256 = Sha256(proof->SerializeAsString());
  const Round second = Submit(again);
  Settle();
  ASSERT_EQ(StateOf(second), v1::ROUND_STATE_OPENED);
  EXPECT_EQ(SpentBy(members_[5]).renyi, charged.renyi);
  EXPECT_EQ(Open(second)->answered(), 8u);
}

TEST_F(RegionTest, AStricterOfficeAbstainsWithItsReasonAndPaysNothing) {
  std::string strict = kSmallPolicy;
  strict += "regional: {members: 8, presumed_dishonest: 4, stewards_colluding: 2}\n";
  Found(strict);
  const Round round = Submit(Wish());
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED) << "nobody waits for whoever has said no";
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 7u);
  ASSERT_EQ(answer->regional().absent_size(), 1);
  EXPECT_EQ(answer->regional().absent(0).organisation(), "Association 3");
  EXPECT_EQ(answer->regional().absent(0).reason(), v1::REFUSAL_TOO_FEW_ORGANISATIONS);
  EXPECT_EQ(SpentBy(members_[3]).renyi, 0u);
  EXPECT_EQ(RowOf(members_[3], round).state(), Row::STATE_ABSTAINED);
}

TEST_F(RegionTest, WhatWasChargedBeforeACrashAndDeclinedAfterItIsGivenBackOnACertificate) {
  Found();
  Member& unlucky = members_[3];
  const Spent before = SpentBy(unlucky);
  // It charges, cannot keep its contribution, and is killed.
  const std::string contributions = unlucky.dir + "/contributions";
  std::filesystem::remove_all(contributions);
  ASSERT_TRUE(WriteFileAtomically(contributions, "no folder").ok());
  const Round round = Submit(Wish());
  Visit(unlucky).IgnoreError();
  EXPECT_EQ(RowOf(unlucky, round).state(), Row::STATE_SEEN);
  const Spent charged = SpentBy(unlucky);
  ASSERT_GT(charged.renyi, before.renyi);
  std::filesystem::remove(contributions);
  Restart(unlucky);
  ASSERT_TRUE(unlucky.office->SetStopped(true).ok());
  Visit(unlucky).IgnoreError();
  EXPECT_EQ(RowOf(unlucky, round).state(), Row::STATE_ABSTAINED);
  EXPECT_EQ(SpentBy(unlucky).renyi, charged.renyi) << "nothing is certain yet";
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  EXPECT_EQ(Open(round)->answered(), 7u);
  EXPECT_EQ(RowOf(unlucky, round).state(), Row::STATE_ABSTAINED);
  EXPECT_EQ(SpentBy(unlucky).renyi, before.renyi);
  EXPECT_EQ(unlucky.office->ledger().Balances().at(0).gross.renyi, charged.renyi);
  Restart(unlucky);
  Settle();
  EXPECT_EQ(unlucky.office->ledger().Balances().at(0).refunded.renyi, charged.renyi - before.renyi) << "once";
}

TEST_F(RegionTest, AnotherEditionAndAPurposeThatWasNotGrantedAreAbstentions) {
  Found();
  RoundWish later = Wish();
  later.edition = "2026-Q4";
  RoundWish other = Wish();
  other.purpose = "curiosité";
  const Round first = Submit(later), second = Submit(other);
  Settle();
  EXPECT_EQ(RowOf(members_[0], first).reason(), v1::REFUSAL_OTHER_EDITION);
  EXPECT_EQ(RowOf(members_[0], second).reason(), v1::REFUSAL_PURPOSE_NOT_GRANTED);
  EXPECT_EQ(SpentBy(members_[0]).renyi, 0u);
}

TEST_F(RegionTest, WhateverMessageIsLostTheSameBytesComeAgainUnderOneCharge) {
  Found();
  for (int puts = 1; puts <= 5; ++puts) {
    Member& member = members_[2];
    const Spent before = SpentBy(member);
    member.line->puts_until_cut = puts;
    const Round round = Submit(Wish());
    Settle();
    member.line->cut = false;
    member.line->puts_until_cut = -1;
    Restart(member);
    Settle();
    ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED) << puts;
    const auto answer = Open(round);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->answered(), 8u) << puts;
    EXPECT_EQ(SpentBy(member).renyi - before.renyi, SpentBy(members_[4]).renyi / puts)
        << "one charge a round";
  }
}

TEST_F(RegionTest, ALostContributionIsNeverMadeAgain) {
  Found();
  Member& member = members_[2];
  member.line->puts_until_cut = 1;  // the header arrives, its chunk does not
  const Round round = Submit(Wish());
  Settle();
  ASSERT_EQ(RowOf(member, round).state(), Row::STATE_BUILT);
  for (const auto& file : std::filesystem::directory_iterator(member.office->layout().contributions()))
    std::filesystem::resize_file(file.path(), 100);
  member.line->cut = false;
  Restart(member);
  Settle();
  EXPECT_EQ(StateOf(round), v1::ROUND_STATE_COLLECTING);
  EXPECT_EQ(RowOf(member, round).state(), Row::STATE_BUILT);
  clock_.now += absl::Hours(73);
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  EXPECT_EQ(Open(round)->answered(), 7u);
  EXPECT_EQ(RowOf(member, round).state(), Row::STATE_REFUNDED) << "its masks can never open";
}

TEST_F(RegionTest, OverlappingRoundsCloseInAnyOrderAndEveryHeadIsWitnessed) {
  Found();
  members_[7].line->cut = true;
  const Round first = Submit(Wish());
  Settle();
  const Round second = Submit(Wish());
  Settle();
  members_[7].line->cut = false;
  // The second closes before the first: both wait for office 7, which comes now, and takes them in any order.
  Settle();
  for (const Round& round : {first, second}) {
    ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
    EXPECT_EQ(Open(round)->answered(), 8u);
  }
  for (Member& member : members_) {
    EXPECT_THAT(member.told, IsEmpty());
    const CohortBalance balance = member.office->ledger().Balances().at(0);
    EXPECT_EQ(balance.unwitnessed.renyi, 0u);
  }
}

TEST_F(RegionTest, AFolderFromBeforeIsSilentForFifteenDaysThenTakesOverWhatStewardsSaw) {
  Found();
  const Round first = Submit(Wish());
  Settle();
  Member& member = members_[first.descriptor.stewards(4)];  // seven of eight are
  const std::string copy = CopyOf(member);
  const Round second = Submit(Wish());
  Settle();
  ASSERT_EQ(StateOf(second), v1::ROUND_STATE_OPENED);
  const Spent spent = SpentBy(member);
  PutBack(member, copy);
  EXPECT_LT(SpentBy(member).renyi, spent.renyi) << "the copy has forgotten";

  Settle();
  EXPECT_THAT(member.told, Contains(HasSubstr("fourteen days")));
  const Round third = Submit(Wish());
  Settle();
  EXPECT_EQ(RowOf(member, third).reason(), v1::REFUSAL_RESTORED);
  ASSERT_EQ(StateOf(third), v1::ROUND_STATE_CERTIFIED) << "as a steward it is silent too";
  clock_.now += absl::Hours(73 + 48);
  Settle();
  EXPECT_EQ(Open(third)->answered(), 7u);

  clock_.now += absl::Hours(24 * 10 + 1);
  Settle();
  EXPECT_THAT(member.told, Contains(HasSubstr("answers again")));
  EXPECT_GT(SpentBy(member).renyi, spent.renyi) << "and 5 % on top";
}

TEST_F(RegionTest, LocalAnswersBeyondFivePercentWaitForStewards) {
  Found();
  Member& member = members_[0];
  const auto ask = [&](int i) {
    v1::AskBody body;
    body.mutable_bulletin()->add_questions()->set_sql(
        absl::StrCat("SELECT count(DISTINCT person) FROM work WHERE year = ", 68 + i));
    body.mutable_price()->set_share_ppm(20000);
    body.set_purpose("plaidoyer");
    body.set_node(member.office->identity().fingerprint);
    body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
    const std::string bytes = body.SerializeAsString();
    const auto asked =
        member.office->Ask(partner_.verify_key(), bytes, partner_.Sign(absl::StrCat("penc ask v1\n", bytes)));
    v1::Answer answer;
    EXPECT_TRUE(asked.answer.ok()) << asked.answer.status();
    EXPECT_TRUE(answer.ParseFromString(*asked.answer));
    return answer.refusal().reason();
  };
  EXPECT_EQ(ask(0), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(ask(1), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(ask(2), v1::REFUSAL_UNWITNESSED);
  Submit(Wish());
  Settle();  // a round shows the log to stewards
  EXPECT_EQ(ask(2), v1::REFUSAL_UNSPECIFIED);
}

}  // namespace
}  // namespace penc
