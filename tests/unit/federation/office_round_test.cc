#include "federation/office_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "federation/steward_duties.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Row = storage::v1::OfficeRoundRow;
using Kind = StewardDuty::Kind;

class MembersPart : public ::testing::Test {
 protected:
  static absl::Time now() { return SmallNetwork::now(); }
  static absl::Time Hour(int hours) { return now() + absl::Hours(hours); }

  v1::Work WorkIn(v1::RoundState state) const {
    v1::Work work;
    work.mutable_round()->set_qid(round_.qid);
    work.mutable_round()->set_state(state);
    return work;
  }
  v1::SignedProposal Propose(const std::vector<uint32_t>& offices) const {
    v1::Proposal proposal;
    proposal.set_qid(round_.qid);
    proposal.set_attempt(1);
    for (uint32_t office : offices) {
      proposal.add_offices()->set_office(office);
      proposal.mutable_offices()->rbegin()->set_header_sha256(Sha256(absl::StrCat("header ", office)));
    }
    v1::SignedProposal made;
    made.set_proposal(proposal.SerializeAsString());
    made.set_signature(network_.hub.Sign(absl::StrCat("penc proposal v1\n", made.proposal())));
    return made;
  }
  v1::Certificate Certify(const v1::SignedProposal& proposal, uint32_t votes) const {
    v1::Certificate certificate;
    *certificate.mutable_proposal() = proposal;
    for (uint32_t k = 0; k < votes; ++k)
      *certificate.add_votes() = network_.SignVote(round_, k, Sha256(proposal.proposal()));
    return certificate;
  }
  v1::Work Certified(const std::vector<uint32_t>& offices, uint32_t votes = 5) const {
    v1::Work work = WorkIn(v1::ROUND_STATE_CERTIFIED);
    *work.mutable_certificate() = Certify(Propose(offices), votes);
    return work;
  }
  v1::Work Void(uint32_t promises) const {
    v1::Work work = WorkIn(v1::ROUND_STATE_VOID);
    for (uint32_t k = 0; k < promises; ++k)
      *work.mutable_void_()->add_promises() = network_.SignPromise(round_, k);
    return work;
  }
  OfficeStep Next(Row::State state, const v1::Work& work, absl::Time at, bool waiting = false,
                  bool undecided = false) const {
    Row row;
    row.set_state(state);
    row.set_waiting(waiting);
    return NextStep(round_, 7, state == Row::STATE_UNSPECIFIED ? nullptr : &row, undecided, work, at);
  }

  SmallNetwork network_{{}};
  const Round round_ = network_.MakeRound();
};

TEST_F(MembersPart, AnOfficeContributesOnceSendsWhatIsMissingAndSettlesOnACertificate) {
  const v1::Work collecting = WorkIn(v1::ROUND_STATE_COLLECTING);
  v1::Work half = collecting, whole = collecting;
  half.set_header_received(true);
  half.add_missing_chunks(0);
  whole.set_header_received(true);
  const v1::Work certified = Certified({0, 1, 2, 3, 4, 5, 6, 7}), without = Certified({0, 1, 2, 3, 4, 5, 6});
  struct {
    Row::State state;
    const v1::Work& work;
    int hour;
    OfficeStep next;
  } rows[] = {
      {Row::STATE_UNSPECIFIED, collecting, 1, OfficeStep::kContribute},
      {Row::STATE_UNSPECIFIED, collecting, 73, OfficeStep::kNothing},  // too late
      {Row::STATE_UNSPECIFIED, certified, 1, OfficeStep::kNothing},
      {Row::STATE_UNSPECIFIED, half, 1,
       OfficeStep::kLost},  // somebody sent it, and this folder does not know
      {Row::STATE_SEEN, collecting, 1, OfficeStep::kContribute},  // a crash came between
      {Row::STATE_SEEN, collecting, 73, OfficeStep::kNothing},
      {Row::STATE_SEEN, half, 1, OfficeStep::kLost},
      {Row::STATE_SEEN, without, 1, OfficeStep::kSettle},
      {Row::STATE_BUILT, collecting, 1, OfficeStep::kSend},
      {Row::STATE_BUILT, half, 1, OfficeStep::kSend},
      {Row::STATE_BUILT, whole, 1, OfficeStep::kNothing},
      {Row::STATE_BUILT, half, 73, OfficeStep::kNothing},
      {Row::STATE_ACKED, certified, 1, OfficeStep::kSettle},
      {Row::STATE_ACKED, whole, 14 * 24, OfficeStep::kSettle},  // expired
      {Row::STATE_SPENT, without, 1, OfficeStep::kNothing},
      {Row::STATE_REFUNDED, certified, 1, OfficeStep::kNothing},
      {Row::STATE_ABSTAINED, collecting, 1, OfficeStep::kSend},
      {Row::STATE_ABSTAINED, certified, 1, OfficeStep::kNothing},  // it may have sent something after all
      {Row::STATE_ABSTAINED, whole, 14 * 24, OfficeStep::kNothing},
      {Row::STATE_ABSTAINED, without, 1, OfficeStep::kSettle},  // it may have been charged
  };
  for (const auto& row : rows)
    EXPECT_EQ(Next(row.state, row.work, Hour(row.hour)), row.next) << row.state << " at hour " << row.hour;
}

TEST_F(MembersPart, AnAbstentionIsSettledOnce) {
  Row row;
  row.set_state(Row::STATE_ABSTAINED);
  row.set_ended_by("the certificate's hash");
  const v1::Work without = Certified({0, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(NextStep(round_, 7, &row, false, without, Hour(1)), OfficeStep::kNothing);
}

TEST_F(MembersPart, AnAbstentionThatTheHubHasIsNotSentAgain) {
  v1::Work work = WorkIn(v1::ROUND_STATE_COLLECTING);
  *work.mutable_round()->add_abstained() = network_.SignAbstention(round_, 6);
  EXPECT_EQ(Next(Row::STATE_ABSTAINED, work, Hour(1)), OfficeStep::kSend);
  *work.mutable_round()->add_abstained() = network_.SignAbstention(round_, 7);
  EXPECT_EQ(Next(Row::STATE_ABSTAINED, work, Hour(1)), OfficeStep::kNothing);
}

TEST_F(MembersPart, AnOfficeThatWaitsForAPersonSaysSoAndContributesOnceSomebodyHasDecided) {
  const v1::Work collecting = WorkIn(v1::ROUND_STATE_COLLECTING);
  v1::Work told = collecting, half = collecting;
  *told.mutable_round()->add_abstained() = network_.SignAbstention(round_, 7, /*waiting=*/true);
  half.set_header_received(true);
  const auto next = [&](const v1::Work& work, int hour, bool undecided) {
    return Next(Row::STATE_SEEN, work, Hour(hour), /*waiting=*/true, undecided);
  };
  EXPECT_EQ(next(collecting, 1, true), OfficeStep::kSend);
  EXPECT_EQ(next(told, 1, true), OfficeStep::kNothing);
  EXPECT_EQ(next(told, 1, false), OfficeStep::kContribute) << "approved, refused, or under other rules";
  EXPECT_EQ(next(told, 73, true), OfficeStep::kTooLate);
  EXPECT_EQ(next(told, 73, false), OfficeStep::kTooLate);
  EXPECT_EQ(next(Certified({0, 1, 2, 3, 4, 5, 6}), 1, true), OfficeStep::kTooLate)
      << "it was never charged: nothing to give back";
  EXPECT_EQ(next(half, 1, true), OfficeStep::kLost);
  // Abstained for good: that the hub knows that it waited is not enough.
  EXPECT_EQ(Next(Row::STATE_ABSTAINED, told, Hour(1)), OfficeStep::kSend);
}

TEST_F(MembersPart, NothingIsGivenBackButOnACertificateOfAnotherSetOrOfVoid) {
  const std::vector<uint32_t> all = {0, 1, 2, 3, 4, 5, 6, 7}, others = {0, 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(Settle(round_, 7, Certified(all), Hour(1))->state, Row::STATE_SPENT);
  const auto left_out = Settle(round_, 7, Certified(others), Hour(1));
  EXPECT_EQ(left_out->state, Row::STATE_REFUNDED);
  EXPECT_EQ(left_out->ended_by, Sha256(Propose(others).proposal()));
  EXPECT_EQ(Settle(round_, 7, Void(5), Hour(1))->state, Row::STATE_REFUNDED);

  // A proposal alone, too few votes, too few promises: nothing is certain.
  EXPECT_FALSE(Settle(round_, 7, Certified(others, 4), Hour(1)).has_value());
  EXPECT_FALSE(Settle(round_, 7, Void(4), Hour(1)).has_value());
  v1::Work proposed = WorkIn(v1::ROUND_STATE_PROPOSED);
  *proposed.mutable_proposal() = Propose(others);
  EXPECT_FALSE(Settle(round_, 7, proposed, Hour(1)).has_value());
  // Nobody knows any more: it stays spent.
  EXPECT_EQ(Settle(round_, 7, proposed, Hour(14 * 24))->state, Row::STATE_SPENT);
  // Votes of another round do not count here.
  v1::Work other = Certified(others);
  for (v1::Vote& vote : *other.mutable_certificate()->mutable_votes()) vote.set_qid(std::string(32, 'q'));
  EXPECT_FALSE(Settle(round_, 7, other, Hour(1)).has_value());
}

TEST_F(MembersPart, AStewardDoesWhatTheHubDoesNotHaveAndOnlyThat) {
  storage::v1::StewardRow row;
  v1::Work proposed = WorkIn(v1::ROUND_STATE_PROPOSED);
  *proposed.mutable_proposal() = Propose({0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(DutiesOf(round_, 7, row, proposed), IsEmpty()) << "no steward";
  EXPECT_THAT(DutiesOf(round_, 0, row, proposed), ElementsAre(StewardDuty{Kind::kVote}));
  row.set_voted("another set");
  EXPECT_THAT(DutiesOf(round_, 0, row, proposed), IsEmpty());
  row.set_voted(Sha256(proposed.proposal().proposal()));
  EXPECT_THAT(DutiesOf(round_, 0, row, proposed), ElementsAre(StewardDuty{Kind::kVote})) << "it got lost";
  proposed.mutable_round()->add_voted(0);
  EXPECT_THAT(DutiesOf(round_, 0, row, proposed), IsEmpty());

  v1::Work certified = Certified({0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(DutiesOf(round_, 0, row, certified), ElementsAre(StewardDuty{Kind::kRelease}));
  certified.mutable_round()->add_released(0);
  row.set_released(row.voted());
  certified.add_reveal(0);
  certified.add_reveal(3);
  EXPECT_THAT(DutiesOf(round_, 0, row, certified), ElementsAre(StewardDuty{Kind::kReveal, 3}));
  certified.set_promise_wanted(true);
  EXPECT_THAT(DutiesOf(round_, 0, row, certified), ElementsAre(StewardDuty{Kind::kReveal, 3}))
      << "who has released cannot promise";
}

TEST_F(MembersPart, AStewardThatForgotWhatItSaidSaysNothingMore) {
  v1::Work proposed = WorkIn(v1::ROUND_STATE_PROPOSED);
  *proposed.mutable_proposal() = Propose({0, 1, 2, 3, 4, 5, 6, 7});
  proposed.set_promise_wanted(true);
  const storage::v1::StewardRow nothing;
  EXPECT_THAT(DutiesOf(round_, 0, nothing, proposed), ElementsAre(StewardDuty{Kind::kPromise}));
  for (auto* said : {proposed.mutable_round()->mutable_voted(), proposed.mutable_round()->mutable_released(),
                     proposed.mutable_round()->mutable_promised()}) {
    said->Add(0);
    EXPECT_THAT(DutiesOf(round_, 0, nothing, proposed), IsEmpty());
    said->Clear();
  }
}

}  // namespace
}  // namespace penc
