// A round of eight offices, one of which asks a person first: it says that it waits, contributes once
// somebody has approved, and abstains otherwise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "federation/record_file.h"
#include "ledger/ledger.h"
#include "office/region/admin_rounds.h"
#include "tests/support/small_region.h"
#include "tests/support/two_persons.h"

namespace penc {
namespace {

using ::testing::IsEmpty;
using Row = storage::v1::OfficeRoundRow;

class ApprovalsRegion : public SmallRegion {
 protected:
  ApprovalsRegion() { Found(Policy("ask")); }

  static std::string Policy(const std::string& race) {
    return absl::StrReplaceAll(kSmallPolicy, {{"work.race: allow", absl::StrCat("work.race: ", race)}});
  }
  Member& careful() { return members_[3]; }
  uint64_t spent_elsewhere_ = 0;
  absl::StatusOr<v1::AdminResult> Run(const v1::AdminCommand& command) {
    return Administer(*careful().office, command, nullptr, nullptr);
  }
  v1::PendingResult Pending(bool decided = false) {
    v1::AdminCommand command;
    command.mutable_pending()->set_decided(decided);
    const auto result = Run(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return result->pending();
  }
  absl::Status Decide(uint64_t number, bool approve) {
    v1::AdminCommand command;
    command.mutable_decide()->set_number(number);
    command.mutable_decide()->set_approve(approve);
    if (!approve) command.mutable_decide()->set_because("pas maintenant");
    return Run(command).status();
  }
  Row RowOf(const Round& round) {
    RoundRows rows(careful().office->database(), careful().office->committer());
    return rows.Office(round).value().value_or(Row());
  }
  // What the hub says of office 3: nothing, or its abstention.
  absl::optional<v1::Abstention> Said(const Round& round) {
    const HubCaller caller = hub_->Identify(partner_.verify_key()).value();
    const v1::RoundSummary summary = hub_->Rounds(caller, round.qid).at(0);
    for (const v1::SignedAbstention& one : summary.abstained()) {
      absl::optional<v1::Abstention> abstention = ParseAbstention(round, one);
      if (abstention.has_value() && abstention->office() == 3) return abstention;
    }
    return absl::nullopt;
  }
};

TEST_F(ApprovalsRegion, AnOfficeThatApprovesInTimeIsCountedWithARestartBetweenAllSteps) {
  const Round round = Submit(Wish());
  Settle();
  EXPECT_EQ(StateOf(round), v1::ROUND_STATE_COLLECTING) << "the round waits for it";
  ASSERT_TRUE(Said(round).has_value());
  EXPECT_TRUE(Said(round)->waiting());
  EXPECT_EQ(Said(round)->reason(), static_cast<uint32_t>(v1::REFUSAL_NEEDS_APPROVAL));
  Restart(careful());
  Settle();
  ASSERT_EQ(Pending().questions_size(), 1);
  const v1::PendingQuestion one = Pending().questions(0);
  EXPECT_EQ(one.round_id(), RoundId(round.qid));
  EXPECT_EQ(one.until_unix_micros(), round.descriptor.collect_until_unix_micros());
  EXPECT_EQ(one.columns(0).name(), "work.race");
  EXPECT_TRUE(ListRounds(*careful().office)->rounds(0).waiting());

  ASSERT_TRUE(Decide(1, true).ok());
  EXPECT_EQ(SpentBy(careful()).renyi, 0u);
  Restart(careful());
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 8u);
  EXPECT_THAT(answer->regional().absent(), IsEmpty());
  EXPECT_EQ(SpentBy(careful()).renyi, SpentBy(members_[2]).renyi) << "one charge";
  EXPECT_EQ(Decide(1, false).code(), absl::StatusCode::kFailedPrecondition) << "too late to refuse";
}

TEST_F(ApprovalsRegion, AnOfficeWhereNobodyDecidesInTimeHasAbstainedAndPaysNothing) {
  const Round round = Submit(Wish());
  Settle();
  clock_.now += absl::Hours(73);
  EXPECT_EQ(Decide(1, true).code(), absl::StatusCode::kNotFound) << "too late";
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 7u);
  ASSERT_EQ(answer->regional().absent_size(), 1);
  EXPECT_EQ(answer->regional().absent(0).reason(), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(RowOf(round).state(), Row::STATE_ABSTAINED);
  EXPECT_EQ(RowOf(round).reason(), static_cast<uint32_t>(v1::REFUSAL_NEEDS_APPROVAL));
  EXPECT_EQ(SpentBy(careful()).renyi, 0u);
  EXPECT_EQ(SpentBy(careful()).renyi, careful().office->ledger().Balances().at(0).refunded.renyi);
}

TEST_F(ApprovalsRegion, AnOfficeThatIsGoneForGoodWhileItWaitedHoldsTheRoundNoLongerThanItsCollecting) {
  const Round round = Submit(Wish());
  Settle();
  careful().line->cut = true;
  ASSERT_TRUE(Decide(1, true).ok());
  Settle();
  clock_.now += absl::Hours(73);
  Settle();
  clock_.now += absl::Hours(48);  // it is a steward as well
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  EXPECT_EQ(Open(round)->answered(), 7u);
  clock_.now += absl::Hours(24 * 14);
  careful().line->cut = false;
  Settle();
  EXPECT_EQ(RowOf(round).state(), Row::STATE_ABSTAINED) << "expired, and never charged";
  EXPECT_EQ(SpentBy(careful()).renyi, 0u);
}

TEST_F(ApprovalsRegion, ARefusalIsAnAbstentionAtOnceAndUntilTheNodeHasActedAPersonMayChangeTheirMind) {
  const Round refused = Submit(Wish()), approved = Submit(Wish());
  Settle();
  ASSERT_EQ(Pending().questions_size(), 2) << "two rounds are two charges, hence two decisions";
  ASSERT_TRUE(Decide(1, true).ok());
  ASSERT_TRUE(Decide(1, false).ok());
  ASSERT_TRUE(Decide(2, false).ok());
  ASSERT_TRUE(Decide(2, true).ok());
  const bool first = Pending(true).questions(0).round_id() == RoundId(refused.qid);
  Restart(careful());
  Settle();
  const Round &one = first ? refused : approved, &other = first ? approved : refused;
  ASSERT_EQ(StateOf(one), v1::ROUND_STATE_OPENED) << "nobody waits any more";
  const auto answer = Open(one);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 7u);
  EXPECT_EQ(answer->regional().absent(0).reason(), v1::REFUSAL_DECLINED_BY_PERSON);
  EXPECT_EQ(Open(other)->answered(), 8u);
  EXPECT_EQ(SpentBy(careful()).renyi * 2, SpentBy(members_[2]).renyi);
  EXPECT_EQ(Decide(1, true).code(), absl::StatusCode::kFailedPrecondition) << "it has abstained";
}

TEST_F(ApprovalsRegion, AnotherPolicyOrTheEmergencyStopWhileItWaitsIsDecidedAnew) {
  const Round first = Submit(Wish());
  Settle();
  EXPECT_EQ(Pending().questions_size(), 1);
  TwoPersons both;
  ASSERT_TRUE(both.Apply(*careful().office, Policy("allow")).ok());
  EXPECT_THAT(Pending().questions(), IsEmpty());
  ASSERT_TRUE(careful().office->SetStopped(true).ok());
  Settle();
  EXPECT_EQ(RowOf(first).reason(), static_cast<uint32_t>(v1::REFUSAL_STOPPED));

  ASSERT_TRUE(careful()
                  .office
                  ->SetStopped(false, {both.awa.Signs(LiftDecision(careful().office->identity().fingerprint,
                                                                   careful().office->rules().stop_leaf))})
                  .ok());
  ASSERT_TRUE(careful().office->ApplyPolicy("p.yaml", absl::StrCat(Policy("ask"), "# 2\n")).ok());
  const Round second = Submit(Wish());
  Settle();
  ASSERT_EQ(Pending().questions_size(), 1);
  ASSERT_TRUE(careful().office->ApplyPolicy("p.yaml", absl::StrCat(Policy("ask"), "# 3\n")).ok());
  Settle();
  ASSERT_EQ(Pending().questions_size(), 1) << "put before a person again, under the new policy";
  ASSERT_TRUE(Decide(Pending().questions(0).number(), true).ok());
  Settle();
  EXPECT_EQ(Open(second)->answered(), 8u);
}

// Stopped dead at each step: what is durable decides, and there is one charge.
TEST_F(ApprovalsRegion, AKillAtAnyStepChangesNothing) {
  class DeadAt final : public Steps {
   public:
    explicit DeadAt(std::string step) : step_(std::move(step)) {}
    void Reached(absl::string_view step) override {
      if (step == step_) throw std::string(step);
    }

   private:
    const std::string step_;
  };
  struct Killed {
    const char* step;
    bool after_decision;
  };
  for (const Killed& killed : {Killed{"round.after_asked", false},
                               {"round.after_waiting", false},
                               {"round.after_decided", true},
                               {"ask.after_reserve", true},
                               {"round.after_file", true}}) {
    SCOPED_TRACE(killed.step);
    const Spent before = SpentBy(careful());
    const auto visit_and_die = [&] {
      DeadAt dead(killed.step);
      careful().region.reset();
      careful().office.reset();
      careful().office = Office::Open(careful().dir, {clock_, random_, dead}).value();
      Connect(careful());
      bool died = false;
      try {
        Visit(careful()).IgnoreError();
      } catch (const std::string&) {
        died = true;
      }
      EXPECT_TRUE(died);
      Restart(careful());
    };
    const Round round = Submit(Wish());
    if (!killed.after_decision) visit_and_die();
    Settle();
    ASSERT_EQ(Pending().questions_size(), 1);
    ASSERT_TRUE(Decide(Pending().questions(0).number(), true).ok());
    if (killed.after_decision) visit_and_die();
    Settle();
    ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
    EXPECT_EQ(Open(round)->answered(), 8u);
    EXPECT_EQ(SpentBy(careful()).renyi - before.renyi, SpentBy(members_[2]).renyi - spent_elsewhere_);
    spent_elsewhere_ = SpentBy(members_[2]).renyi;
  }
}

}  // namespace
}  // namespace penc
