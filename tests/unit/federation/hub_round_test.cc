#include "federation/hub_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HubRounds : public ::testing::Test {
 protected:
  HubRounds()
      : network_({}),
        round_(network_.MakeRound()),
        hub_(round_, network_.hub, HubRound::Begin(round_, now())) {}

  static absl::Time now() { return SmallNetwork::now(); }
  static absl::Time Hour(int hours) { return now() + absl::Hours(hours); }

  std::vector<std::string> Boxes(uint32_t office) const {
    std::vector<std::string> boxes;
    for (uint32_t k = 0; k < round_.stewards(); ++k) boxes.push_back(absl::StrCat("box ", office, " ", k));
    return boxes;
  }
  v1::ContributionHeader Header(uint32_t office) const {
    v1::ContributionHeader header;
    header.set_qid(round_.qid);
    header.set_attempt(1);
    header.set_office(office);
    header.set_share_key(std::string(32, 'e'));
    header.set_vector_bytes(VectorBytes(round_));
    header.set_vector_root(Sha256(absl::StrCat("vector ", office)));
    for (const std::string& box : Boxes(office)) {
      header.add_mask_commitments(Sha256("mask"));
      header.add_box_roots(Sha256("root"));
      header.add_box_sha256(Sha256(box));
    }
    for (int j = 1; j < round_.descriptor.levels_size(); ++j) header.add_level_commitments(Sha256("level"));
    return header;
  }
  absl::StatusOr<std::vector<uint32_t>> Send(uint32_t office, const v1::ContributionHeader& header) {
    return hub_.AddHeader(network_.SignHeader(office, header), Boxes(office), now());
  }
  void Contribute(uint32_t office) {
    ASSERT_TRUE(Send(office, Header(office)).ok());
    const auto all = hub_.AddChunk(office, 0, VectorBytes(round_), now());
    ASSERT_TRUE(all.ok() && *all);
    hub_.Complete(office);
  }
  void ContributeAll() {
    for (uint32_t office : round_.asked) Contribute(office);
    EXPECT_TRUE(hub_.Tick(now()));
    ASSERT_EQ(hub_.state(), v1::ROUND_STATE_PROPOSED);
  }
  std::string Proposed() const { return Sha256(hub_.row().proposal().proposal()); }
  void VoteBy(std::initializer_list<uint32_t> stewards) {
    for (uint32_t steward : stewards) {
      const absl::Status status = hub_.AddVote(network_.SignVote(round_, steward, Proposed()), now());
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  void Release(uint32_t steward, uint32_t kind = 0) {
    ASSERT_TRUE(hub_.AddOpening(steward, kind, 0, true, now()).ok());
  }

  SmallNetwork network_;
  const Round round_;
  HubRound hub_;
};

TEST_F(HubRounds, EightOfEightOpenOnceEveryStewardHasReleased) {
  ContributeAll();
  EXPECT_TRUE(VerifyProposal(round_, hub_.row().proposal()));
  VoteBy({0, 1, 2, 3});
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_PROPOSED);
  VoteBy({6});
  ASSERT_EQ(hub_.state(), v1::ROUND_STATE_CERTIFIED);
  EXPECT_TRUE(VerifyCertificate(round_, hub_.row().certificate()));
  for (uint32_t steward = 0; steward < 6; ++steward) Release(steward);
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_CERTIFIED);
  Release(6);
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_OPENED);
}

TEST_F(HubRounds, ThoseWhoStaySilentAreLeftOutAtTheDeadline) {
  for (uint32_t office = 0; office < 6; ++office) Contribute(office);
  EXPECT_FALSE(hub_.Tick(Hour(71)));
  EXPECT_TRUE(hub_.Tick(Hour(72)));
  const auto proposal = ParseProposal(round_, hub_.row().proposal());
  ASSERT_TRUE(proposal.has_value());
  EXPECT_EQ(proposal->offices_size(), 6);
  EXPECT_FALSE(Send(6, Header(6)).ok()) << "too late";
}

TEST_F(HubRounds, DoesNotWaitForThoseWhoAbstain) {
  for (uint32_t office = 0; office < 7; ++office) Contribute(office);
  EXPECT_FALSE(hub_.Tick(now()));
  EXPECT_TRUE(hub_.AddAbstention(network_.SignAbstention(round_, 7), now()).ok());
  EXPECT_TRUE(hub_.Tick(now()));
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_PROPOSED);
  EXPECT_EQ(hub_.Summary().abstained_size(), 1);
}

TEST_F(HubRounds, WaitsForThoseWhoSayThatAPersonDecides) {
  for (uint32_t office = 0; office < 6; ++office) Contribute(office);
  for (uint32_t office : {6, 7})
    EXPECT_TRUE(hub_.AddAbstention(network_.SignAbstention(round_, office, /*waiting=*/true), now()).ok());
  EXPECT_TRUE(hub_.AddAbstention(network_.SignAbstention(round_, 7, /*waiting=*/true), now()).ok())
      << "again";
  EXPECT_FALSE(hub_.Tick(Hour(71)));
  EXPECT_EQ(hub_.Summary().abstained_size(), 2);

  Contribute(6);
  EXPECT_FALSE(hub_.Tick(now())) << "7 still waits";
  ASSERT_EQ(hub_.Summary().abstained_size(), 1);
  EXPECT_EQ(ParseAbstention(round_, hub_.Summary().abstained(0))->office(), 7u);
  EXPECT_FALSE(hub_.AddAbstention(network_.SignAbstention(round_, 6, /*waiting=*/true), now()).ok())
      << "who has contributed waits no more";

  EXPECT_TRUE(hub_.AddAbstention(network_.SignAbstention(round_, 7), now()).ok());
  ASSERT_EQ(hub_.Summary().abstained_size(), 1);
  EXPECT_FALSE(ParseAbstention(round_, hub_.Summary().abstained(0))->waiting());
  EXPECT_TRUE(hub_.AddAbstention(network_.SignAbstention(round_, 7, /*waiting=*/true), now()).ok());
  EXPECT_FALSE(ParseAbstention(round_, hub_.Summary().abstained(0))->waiting())
      << "it stays with what it said";
  EXPECT_TRUE(hub_.Tick(now()));
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_PROPOSED);
}

TEST_F(HubRounds, WhoStillWaitsWhenCollectingEndsHasAbstained) {
  for (uint32_t office = 0; office < 7; ++office) Contribute(office);
  EXPECT_TRUE(hub_.AddAbstention(network_.SignAbstention(round_, 7, /*waiting=*/true), now()).ok());
  EXPECT_TRUE(hub_.Tick(Hour(72)));
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_PROPOSED);
  EXPECT_EQ(hub_.Summary().abstained_size(), 1);
  EXPECT_FALSE(Send(7, Header(7)).ok()) << "too late";
}

TEST_F(HubRounds, TooFewAreNeverProposedAndStewardsAreAskedForPromises) {
  for (uint32_t office = 0; office < 4; ++office) Contribute(office);
  EXPECT_TRUE(hub_.Tick(Hour(72)));
  EXPECT_FALSE(hub_.row().has_proposal());
  EXPECT_TRUE(hub_.WorkFor(3)->promise_wanted());
  EXPECT_FALSE(hub_.WorkFor(7)->promise_wanted()) << "no steward";
  for (uint32_t steward : {4, 0, 2, 1})
    EXPECT_TRUE(hub_.AddPromise(network_.SignPromise(round_, steward), now()).ok());
  EXPECT_NE(hub_.state(), v1::ROUND_STATE_VOID);
  EXPECT_TRUE(hub_.AddPromise(network_.SignPromise(round_, 6), now()).ok());
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_VOID);
  ASSERT_TRUE(hub_.VoidProof().has_value());
  EXPECT_TRUE(VerifyVoid(round_, *hub_.VoidProof()));
}

TEST_F(HubRounds, AnOfficeThatWantsMoreCompanyThanThereIsIsLeftOut) {
  for (uint32_t office = 0; office < 6; ++office) {
    v1::ContributionHeader header = Header(office);
    header.set_minimum(office == 0 ? 8 : office == 1 ? 6 : 5);  // without 0 there are 5: 1 goes as well
    ASSERT_TRUE(Send(office, header).ok());
    ASSERT_TRUE(*hub_.AddChunk(office, 0, VectorBytes(round_), now()));
    hub_.Complete(office);
  }
  hub_.Tick(Hour(72));
  EXPECT_FALSE(hub_.row().has_proposal()) << "four remain, five are needed";
  EXPECT_TRUE(hub_.row().ending());
}

TEST_F(HubRounds, TwoContributionsOfOneOfficeAreKeptAsEvidenceAndNeitherIsProposed) {
  v1::ContributionHeader other = Header(2);
  other.set_vector_root(Sha256("another"));
  for (uint32_t office : round_.asked) Contribute(office);
  EXPECT_TRUE(Send(2, Header(2)).ok()) << "the same again is no news";
  EXPECT_EQ(Send(2, other).status().code(), absl::StatusCode::kAlreadyExists);
  hub_.Tick(Hour(72));
  const auto proposal = ParseProposal(round_, hub_.row().proposal());
  ASSERT_TRUE(proposal.has_value());
  for (const auto& included : proposal->offices()) EXPECT_NE(included.office(), 2u);
}

TEST_F(HubRounds, RefusesHeadersThatAreForgedOrDoNotFit) {
  v1::SignedHeader forged = network_.SignHeader(3, Header(2));
  EXPECT_EQ(hub_.AddHeader(forged, Boxes(2), now()).status().code(), absl::StatusCode::kPermissionDenied);
  v1::ContributionHeader shorter = Header(2);
  shorter.mutable_mask_commitments()->RemoveLast();
  EXPECT_FALSE(Send(2, shorter).ok());
  v1::ContributionHeader of_another = Header(2);
  of_another.set_qid(Sha256("another round"));
  EXPECT_FALSE(Send(2, of_another).ok());
  std::vector<std::string> boxes = Boxes(2);
  boxes[3] += "x";
  EXPECT_FALSE(hub_.AddHeader(network_.SignHeader(2, Header(2)), boxes, now()).ok());
  EXPECT_THAT(hub_.row().contributions(), IsEmpty());
}

TEST_F(HubRounds, ChunksOfTheWrongSizeOrPlaceAreRefused) {
  ASSERT_TRUE(Send(1, Header(1)).ok());
  EXPECT_FALSE(hub_.AddChunk(1, 0, VectorBytes(round_) - 1, now()).ok());
  EXPECT_FALSE(hub_.AddChunk(1, 1, 0, now()).ok());
  EXPECT_FALSE(hub_.AddChunk(2, 0, VectorBytes(round_), now()).ok()) << "no header yet";
  EXPECT_THAT(hub_.WorkFor(1)->missing_chunks(), ElementsAre(0));
}

TEST_F(HubRounds, AStewardVotesOnceAndOnlyForWhatIsProposed) {
  ContributeAll();
  EXPECT_FALSE(hub_.AddVote(network_.SignVote(round_, 1, Sha256("another set")), now()).ok());
  VoteBy({1, 1});
  EXPECT_THAT(hub_.Summary().voted(), ElementsAre(1));
  v1::Vote forged = network_.SignVote(round_, 2, Proposed());
  forged.set_steward(3);
  EXPECT_EQ(hub_.AddVote(forged, now()).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(hub_.AddVote(network_.SignVote(round_, 7, Proposed()), now()).ok()) << "no steward";
}

TEST_F(HubRounds, AbsentStewardsAreMadeUpForByEnoughReveals) {
  ContributeAll();
  VoteBy({0, 1, 2, 3, 4});
  for (uint32_t steward = 0; steward < 5; ++steward) Release(steward);
  EXPECT_FALSE(hub_.AddOpening(0, 1 + 5, 0, true, now()).ok()) << "nobody is absent before the deadline";
  EXPECT_TRUE(hub_.Tick(Hour(120)));
  EXPECT_THAT(hub_.WorkFor(0)->reveal(), ElementsAre(5, 6));
  for (uint32_t steward = 0; steward < 5; ++steward) Release(steward, 1 + 5);
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_CERTIFIED);
  for (uint32_t steward = 0; steward < 4; ++steward) Release(steward, 1 + 6);
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_CERTIFIED);
  Release(4, 1 + 6);
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_OPENED);
}

TEST_F(HubRounds, MoreAbsentStewardsThanAllowedOpenNothing) {
  ContributeAll();
  VoteBy({0, 1, 2, 3, 4});
  for (uint32_t steward = 0; steward < 2; ++steward) Release(steward);
  hub_.Tick(Hour(120));
  EXPECT_THAT(hub_.row().absent(), IsEmpty());
  hub_.Tick(Hour(144));
  EXPECT_TRUE(hub_.row().ending());
  hub_.Tick(Hour(14 * 24));
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_DEAD);
}

// Five of seven make VOID. Once three have released it cannot be reached, and a promise would only keep the
// round from opening.
TEST_F(HubRounds, AsksForNoPromiseWhereOnlyOpeningCanEndTheRound) {
  ContributeAll();
  VoteBy({0, 1, 2, 3, 4});
  for (uint32_t steward = 0; steward < 3; ++steward) Release(steward);
  hub_.Tick(Hour(144));
  EXPECT_FALSE(hub_.row().ending());
  EXPECT_FALSE(hub_.WorkFor(4)->promise_wanted());
  for (uint32_t steward : {3, 6}) Release(steward);  // late, and back
  hub_.Tick(Hour(150));
  EXPECT_THAT(hub_.WorkFor(0)->reveal(), ElementsAre(4, 5));
  for (uint32_t steward : {0, 1, 2, 3, 6}) {
    for (uint32_t absent : {4, 5}) Release(steward, 1 + absent);
  }
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_OPENED);
}

// Found by simulation: a late fifth vote certified what three had promised never to open. Four released, so
// neither opening nor VOID was left, and every charge was lost.
TEST_F(HubRounds, TakesNoVoteOncePromisesAreAskedFor) {
  ContributeAll();
  VoteBy({0, 1, 2, 3});
  hub_.Tick(Hour(96));
  EXPECT_TRUE(hub_.WorkFor(4)->promise_wanted());
  const v1::Vote late = network_.SignVote(round_, 4, Sha256(hub_.row().proposal().proposal()));
  EXPECT_EQ(hub_.AddVote(late, now()).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_PROPOSED);
  for (uint32_t steward = 0; steward < 5; ++steward)
    EXPECT_TRUE(hub_.AddPromise(network_.SignPromise(round_, steward), now()).ok());
  EXPECT_EQ(hub_.state(), v1::ROUND_STATE_VOID);
}

TEST_F(HubRounds, PiecesOfAnOpeningComeInOrderAndMayComeAgain) {
  ContributeAll();
  VoteBy({0, 1, 2, 3, 4});
  EXPECT_FALSE(hub_.AddOpening(0, 0, 1, true, now()).ok());
  EXPECT_TRUE(hub_.AddOpening(0, 0, 0, false, now()).ok());
  EXPECT_TRUE(hub_.AddOpening(0, 0, 0, false, now()).ok());
  EXPECT_TRUE(hub_.AddOpening(0, 0, 1, true, now()).ok());
  EXPECT_THAT(hub_.Summary().released(), ElementsAre(0));
}

TEST(Rounds, RefuseDescriptorsThatCannotBe) {
  SmallNetwork network({});
  const auto refused = [&](const std::function<void(v1::Descriptor&)>& change) {
    v1::Descriptor terms = network.Terms();
    change(terms);
    return !ReadRound(network.Sign(terms), network.roster_bytes, network.now()).ok();
  };
  EXPECT_FALSE(refused([](v1::Descriptor&) {}));
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_suite(2); }));
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_attempt(2); })) << "a second attempt cites the first";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_roster_sha256(Sha256("x")); }));
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_region("nulle part"); }));
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_length(t.length() + 1); }));
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_word_bits(16); }));
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_asked(7); })) << "a subset";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_levels(0, 4); })) << "too few";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_presumed_dishonest(1); })) << "fewer than stewards";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_absent(3); })) << "c < t + 2d + 1";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_stewards(6, 7); })) << "no epoch keys";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_stewards(6, 5); })) << "twice";
  EXPECT_TRUE(refused([](v1::Descriptor& t) { t.set_vote_until_unix_micros(1); }));
  EXPECT_TRUE(refused([&](v1::Descriptor& t) {
    t.set_expires_unix_micros(absl::ToUnixMicros(network.now() + absl::Hours(24 * 16)));
  })) << "longer than any round";
  v1::SignedDescriptor forged = network.Sign(network.Terms());
  forged.mutable_body()->back() ^= 1;
  EXPECT_FALSE(ReadRound(forged, network.roster_bytes, network.now()).ok());
  EXPECT_FALSE(
      ReadRound(network.Sign(network.Terms()), network.roster_bytes, network.now() + absl::Hours(24 * 400))
          .ok());
}

TEST(Rounds, RefuseNumbersThatWouldWrapAroundABound) {
  SmallNetwork network({});
  const auto why_not = [&](const std::function<void(v1::Descriptor&)>& change) {
    v1::Descriptor terms = network.Terms();
    change(terms);
    const auto round = ReadRound(network.Sign(terms), network.roster_bytes, network.now());
    return round.ok() ? "accepted" : Explain(round.status()).en;
  };
  EXPECT_THAT(why_not([](v1::Descriptor& t) { t.set_absent(uint32_t{1} << 31); }),
              HasSubstr("c >= t + 2d + 1"));
  EXPECT_THAT(why_not([](v1::Descriptor& t) { t.set_presumed_dishonest(UINT32_MAX); }),
              HasSubstr("too few organisations"));
  EXPECT_THAT(why_not([](v1::Descriptor& t) {
                t.mutable_blocks(0)->set_cells(UINT64_MAX);
                *t.add_blocks() = t.blocks(0);
                t.mutable_blocks(1)->set_cells(t.length() + 1);
              }),
              HasSubstr("contradict"));
  EXPECT_THAT(why_not([](v1::Descriptor& t) { t.mutable_blocks(0)->mutable_noise()->set_parameter_den(0); }),
              HasSubstr("without noise"));
}

}  // namespace
}  // namespace penc
