// A question on a column that says `ask`, through the office as its server and its commands use it: with a
// restart between every two steps, and with everything that may happen between asking and answering.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "journal/journal.h"
#include "office/grants.h"
#include "policy/words.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kQuestion[] = "SELECT race, count(DISTINCT person) FROM work GROUP BY race";

std::string PolicyWith(const std::string& race, const std::string& more = "") {
  return absl::StrCat(
      absl::StrReplaceAll(kSmallPolicy, {{"work.race: allow", absl::StrCat("work.race: ", race)}}), more);
}

class ApprovalsScenario : public SmallOffice {
 protected:
  ApprovalsScenario() { Begin(PolicyWith("ask")); }

  void Begin(const std::string& policy) {
    office_.reset();
    std::filesystem::remove_all(dir_);
    InitOptions init = Init();
    init.policy_text = policy;
    PENC_CHECK(Office::Create(dir_, init, environment()).ok());
    Open();
    PENC_CHECK(Import(Rows(60)).ok());
    PENC_CHECK(Close("2026-Q3").ok());
    PENC_CHECK(Grant(partner_.verify_key().Fingerprint(), "analyste", 1000000).ok());
  }
  v1::Answer Ask(const std::vector<std::string>& sql = {kQuestion}, uint32_t share_ppm = 20000) {
    v1::AskBody body;
    for (const std::string& one : sql) body.mutable_bulletin()->add_questions()->set_sql(one);
    body.mutable_price()->set_share_ppm(share_ppm);
    body.set_purpose("plaidoyer");
    body.set_node(office_->identity().fingerprint);
    body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
    const std::string bytes = body.SerializeAsString();
    const auto asked =
        office_->Ask(partner_.verify_key(), bytes, partner_.Sign(absl::StrCat("penc ask v1\n", bytes)));
    v1::Answer answer;
    EXPECT_TRUE(asked.answer.ok()) << asked.answer.status();
    EXPECT_TRUE(answer.ParseFromString(asked.answer.value_or("")));
    return answer;
  }
  v1::Refusal Why(const std::vector<std::string>& sql = {kQuestion}, uint32_t share_ppm = 20000) {
    return Ask(sql, share_ppm).refusal().reason();
  }
  v1::PendingResult Pending(bool decided = false) {
    v1::AdminCommand command;
    command.mutable_pending()->set_decided(decided);
    const auto result = Run(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return result->pending();
  }
  absl::Status Decide(uint64_t number, bool approve, const std::string& because = "") {
    v1::AdminCommand command;
    command.mutable_decide()->set_number(number);
    command.mutable_decide()->set_approve(approve);
    command.mutable_decide()->set_because(because);
    command.mutable_decide()->set_by("Awa");
    return Run(command).status();
  }
  uint32_t SpentPpm() { return Budget().cohorts(0).spent_ppm(); }

  const SigningKey partner_ = SigningKey::Generate(random_);
};

TEST_F(ApprovalsScenario, WaitsIsApprovedAndIsAnsweredAndChargedOnceWithARestartBetweenAllSteps) {
  const v1::Answer waiting = Ask();
  EXPECT_EQ(waiting.refusal().reason(), v1::REFUSAL_NEEDS_APPROVAL);
  Open();
  EXPECT_EQ(Ask().SerializeAsString(), waiting.SerializeAsString());
  EXPECT_EQ(Status().waiting_decisions(), 1u);
  Open();
  ASSERT_TRUE(Decide(1, true).ok());
  EXPECT_EQ(SpentPpm(), 0u);
  Open();
  const v1::Answer answer = Ask();
  ASSERT_FALSE(answer.has_refusal());
  EXPECT_EQ(answer.charge().share_ppm(), SpentPpm());
  Open();
  EXPECT_EQ(Ask().SerializeAsString(), answer.SerializeAsString());
  EXPECT_EQ(answer.charge().share_ppm(), SpentPpm());
  EXPECT_EQ(Status().waiting_decisions(), 0u);
}

TEST_F(ApprovalsScenario, ThePersonSeesWhoAsksWhatAtWhatPriceAndWhichColumnsMadeItWait) {
  Ask({kQuestion, "SELECT year, count(*) FROM work GROUP BY year",
       "SELECT count(*) FROM work WHERE race = 'black'"});
  const v1::PendingResult pending = Pending();
  ASSERT_EQ(pending.questions_size(), 1) << "a bulletin is one vector, hence one decision";
  const v1::PendingQuestion& one = pending.questions(0);
  EXPECT_EQ(one.number(), 1u);
  EXPECT_EQ(one.grant(), "analyste");
  EXPECT_EQ(one.purpose(), "plaidoyer");
  EXPECT_EQ(one.edition(), "2026-Q3");
  EXPECT_EQ(one.round_id(), "");
  EXPECT_EQ(one.questions_size(), 3);
  EXPECT_THAT(one.questions(0).question(), HasSubstr("race"));
  EXPECT_GT(one.questions(0).margins(0), 0);
  EXPECT_GT(one.charge().share_ppm(), 0u);
  ASSERT_EQ(one.columns_size(), 1);
  EXPECT_EQ(one.columns(0).name(), "work.race");
  EXPECT_EQ(one.columns(0).label().fr(), "Origine");
  EXPECT_EQ(one.columns(0).sensitivity(), "ordinary");
  EXPECT_THAT(one.columns(0).questions(), ElementsAre(0, 2));
  EXPECT_EQ(one.until_unix_micros(), absl::ToUnixMicros(clock_.now + absl::Hours(24 * 14)));
}

TEST_F(ApprovalsScenario, ARefusalIsAnsweredWithItsReasonAfterARestartToo) {
  Why();
  EXPECT_FALSE(Decide(1, false).ok()) << "a reason is required";
  ASSERT_TRUE(Decide(1, false, "pas pendant les arrestations").ok());
  Open();
  const v1::Answer refused = Ask();
  EXPECT_EQ(refused.refusal().reason(), v1::REFUSAL_DECLINED_BY_PERSON);
  EXPECT_EQ(refused.refusal().about(), "pas pendant les arrestations");
  EXPECT_THAT(Pending().questions(), IsEmpty());
  const v1::PendingResult all = Pending(/*decided=*/true);
  ASSERT_EQ(all.questions_size(), 1);
  EXPECT_EQ(all.questions(0).by(), "Awa");
}

TEST_F(ApprovalsScenario, WhatNobodyDecidesInFourteenDaysIsPutBeforeThemAgain) {
  Why();
  clock_.now += absl::Hours(24 * 14);
  EXPECT_THAT(Pending().questions(), IsEmpty());
  EXPECT_EQ(Decide(1, true).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Why(), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(Pending().questions(0).number(), 2u);
  ASSERT_TRUE(Decide(2, true).ok());
  clock_.now += absl::Hours(24 * 14);
  EXPECT_EQ(Why(), v1::REFUSAL_NEEDS_APPROVAL) << "an approval that nobody used is over, too";
}

TEST_F(ApprovalsScenario, APolicySaysHowLongAndHowMany) {
  Begin(PolicyWith("ask", "approvals: {days: 2, waiting: 1}\n"));
  Why();
  EXPECT_EQ(Why({"SELECT count(*) FROM work WHERE race = 'black'"}), v1::REFUSAL_TOO_MANY_WAITING);
  EXPECT_EQ(Pending().questions(0).until_unix_micros(), absl::ToUnixMicros(clock_.now + absl::Hours(48)));
}

TEST_F(ApprovalsScenario, AClosingBetweenApprovalAndAnswerAsksThePersonAgain) {
  Why();
  ASSERT_TRUE(Decide(1, true).ok());
  ASSERT_TRUE(Import(Rows(10, 100), "more.csv").ok());
  clock_.now += absl::Hours(24 * 60);
  ASSERT_TRUE(Close("2026-Q4").ok());
  EXPECT_EQ(Why(), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(Pending().questions(0).edition(), "2026-Q4");
  EXPECT_EQ(SpentPpm(), 0u);
}

TEST_F(ApprovalsScenario, APolicyThatIsTightenedBetweenDeniesWhatWasApproved) {
  Why();
  ASSERT_TRUE(Decide(1, true).ok());
  ASSERT_TRUE(office_->ApplyPolicy("p.yaml", PolicyWith("deny")).ok());
  EXPECT_EQ(Why(), v1::REFUSAL_COLUMN_DENIED);
  EXPECT_THAT(Pending(true).questions(), IsEmpty());
  ASSERT_TRUE(office_->ApplyPolicy("p.yaml", absl::StrCat(PolicyWith("ask"), "# other\n")).ok());
  EXPECT_EQ(Why(), v1::REFUSAL_NEEDS_APPROVAL) << "under another policy a person decides again";
  ASSERT_TRUE(office_->ApplyPolicy("p.yaml", PolicyWith("allow")).ok());
  EXPECT_EQ(Why(), v1::REFUSAL_UNSPECIFIED);
}

TEST_F(ApprovalsScenario, TheEmergencyStopAndAnEmptyBudgetStandAboveAnApproval) {
  Why({kQuestion}, 900000);
  ASSERT_TRUE(Decide(1, true).ok());
  ASSERT_TRUE(office_->SetStopped(true).ok());
  EXPECT_EQ(Why({kQuestion}, 900000), v1::REFUSAL_STOPPED);
  ASSERT_TRUE(office_->SetStopped(false).ok());
  EXPECT_EQ(Why({"SELECT count(DISTINCT person) FROM work WHERE year = 70"}, 900000),
            v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(Why({kQuestion}, 900000), v1::REFUSAL_BUDGET_EXHAUSTED);
  EXPECT_EQ(Pending(true).questions(0).spent_ppm(), SpentPpm()) << "and whoever decides sees it";
}

TEST_F(ApprovalsScenario, APartnerThatAsksAndAsksFillsTwentyPlacesAndNoMore) {
  for (int i = 0; i < 25; ++i) {
    const std::string years = i < 20 ? absl::StrCat("year <= ", 68 + i) : absl::StrCat("year >= ", 50 + i);
    const v1::Refusal why =
        Why({absl::StrCat("SELECT race, count(*) FROM work WHERE ", years, " GROUP BY race")});
    EXPECT_EQ(why, i < 20 ? v1::REFUSAL_NEEDS_APPROVAL : v1::REFUSAL_TOO_MANY_WAITING) << i;
  }
  EXPECT_EQ(Pending().questions_size(), 20);
  const uint64_t size = office_->journal().size();
  for (int i = 0; i < 20; ++i)
    Why({absl::StrCat("SELECT race, count(*) FROM work WHERE year <= ", 68 + i, " GROUP BY race")});
  EXPECT_EQ(office_->journal().size(), size) << "repeats write nothing";
}

TEST_F(ApprovalsScenario, AGrantThatIsGoneLeavesAQuestionThatCanStillBeRefused) {
  Why();
  for (const auto& file : std::filesystem::directory_iterator(dir_ + "/grants"))
    std::filesystem::remove(file);
  office_->grants().Reload(*office_->rules().codebook);
  ASSERT_EQ(Pending().questions_size(), 1);
  EXPECT_EQ(Pending().questions(0).grant(), "");
  EXPECT_TRUE(Decide(1, false, "plus de convention").ok());
  EXPECT_EQ(Decide(7, true).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace penc
