// Whole rounds without disks and sockets: offices contribute, the hub proposes, stewards vote and release, a
// recipient opens. What is opened must be the true sum plus noise of the stated law, and nothing else opens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/status.h"
#include "federation/contribution.h"
#include "federation/hub_round.h"
#include "federation/opening.h"
#include "federation/steward.h"
#include "privacy/law.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WholeRounds : public ::testing::Test {
 protected:
  explicit WholeRounds(SmallNetwork::Numbers numbers = {})
      : network_(numbers),
        round_(network_.MakeRound()),
        hub_(round_, network_.hub, HubRound::Begin(round_, now())) {
    for (uint32_t k = 0; k < round_.stewards(); ++k) {
      const auto& keys = *network_.members[k];
      secrets_.push_back({AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()});
      rows_.emplace_back();
    }
  }
  static absl::Time now() { return SmallNetwork::now(); }

  std::vector<int64_t> Exact(uint32_t office) const {
    std::vector<int64_t> cells(round_.descriptor.length());
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<int64_t>((office + 1) * 100 + i);
    return cells;
  }
  v1::ChargeLogHead Head() const {
    v1::ChargeLogHead head;
    head.set_size(1);
    head.set_root(std::string(32, 'r'));
    head.set_pure(1);
    return head;
  }
  OfficeContribution Build(uint32_t office) {
    auto made = ContributionMaker::Make({round_, office, network_.members[office]->key, 5, Head()},
                                        ExactVectorPeek::Of(Exact(office)), network_.random);
    PENC_CHECK(made.ok());
    return *std::move(made);
  }
  void Send(uint32_t office, OfficeContribution contribution) {
    const auto missing = hub_.AddHeader(contribution.header, contribution.boxes, now());
    ASSERT_TRUE(missing.ok()) << missing.status();
    for (uint32_t index : *missing) {
      const size_t at = size_t{index} * kChunkBytes;
      const auto all =
          hub_.AddChunk(office, index, std::min<size_t>(kChunkBytes, contribution.vector.size() - at), now());
      ASSERT_TRUE(all.ok()) << all.status();
    }
    hub_.Complete(office);
    sent_[office] = std::move(contribution);
  }
  void Collect(const std::vector<uint32_t>& offices) {
    for (uint32_t office : offices) Send(office, Build(office));
    hub_.Tick(now() + absl::Hours(72));
  }
  std::vector<Delivered> DeliveredTo(uint32_t steward, const v1::SignedProposal& proposal) const {
    std::vector<Delivered> delivered;
    const v1::Proposal set = *ParseProposal(round_, proposal);
    for (const auto& included : set.offices()) {
      const OfficeContribution& one = sent_.at(included.office());
      delivered.push_back({one.header, one.boxes[*round_.PlaceOf(steward)]});
    }
    return delivered;
  }
  Steward At(uint32_t steward) const { return Steward(round_, steward, secrets_[steward]); }
  void VoteBy(const std::vector<uint32_t>& stewards) {
    for (uint32_t k : stewards) {
      const auto vote =
          At(k).Vote(rows_[k], hub_.row().proposal(), DeliveredTo(k, hub_.row().proposal()), witnesses_[k]);
      ASSERT_TRUE(vote.ok()) << vote.status();
      rows_[k] = vote->remember;
      ASSERT_TRUE(hub_.AddVote(vote->message, now()).ok());
    }
  }
  absl::StatusOr<OpeningWithSum> Release(uint32_t k) {
    const v1::Certificate& certificate = hub_.row().certificate();
    ASSIGN_OR_RETURN(auto step, At(k).Release(rows_[k], certificate, DeliveredTo(k, certificate.proposal())));
    rows_[k] = step.remember;
    return std::move(step.message);
  }
  absl::StatusOr<OpeningWithSum> Reveal(uint32_t k, uint32_t absent) {
    const v1::Certificate& certificate = hub_.row().certificate();
    ASSIGN_OR_RETURN(auto step,
                     At(k).Reveal(rows_[k], certificate, DeliveredTo(k, certificate.proposal()), absent));
    rows_[k] = step.remember;
    return std::move(step.message);
  }
  RoundParts Parts() const {
    RoundParts parts;
    parts.certificate = hub_.row().certificate();
    const v1::Proposal set = *ParseProposal(round_, parts.certificate.proposal());
    for (const auto& included : set.offices()) {
      parts.headers.push_back(sent_.at(included.office()).header);
      parts.vectors.push_back(sent_.at(included.office()).vector);
    }
    return parts;
  }
  // 10^-9 a cell.
  void ExpectSum(const OpenedRound& opened) const {
    std::vector<int64_t> truth(round_.descriptor.length(), 0);
    for (uint32_t office : opened.answered) {
      const std::vector<int64_t> exact = Exact(office);
      for (size_t i = 0; i < truth.size(); ++i) truth[i] += exact[i];
    }
    const ShareSchedule schedule = ScheduleOf(round_);
    Mechanism law = MechanismOf(round_.descriptor.blocks(0));
    law.rate = {opened.answered.size(), schedule.levels[opened.removed] - schedule.dishonest};
    const auto far = static_cast<int64_t>(HalfWidth(law, 1 - 1e-9));
    for (size_t i = 0; i < truth.size(); ++i) EXPECT_LE(std::abs(opened.noisy[i] - truth[i]), far) << i;
  }

  SmallNetwork network_;
  const Round round_;
  HubRound hub_;
  std::vector<EpochSecrets> secrets_;
  std::vector<storage::v1::StewardRow> rows_;
  std::map<uint32_t, WitnessRows> witnesses_;
  std::map<uint32_t, OfficeContribution> sent_;
};

const std::vector<uint32_t> kAll = {0, 1, 2, 3, 4, 5, 6, 7};

TEST_F(WholeRounds, EightOfEightOpenToTheSumPlusTheStatedNoise) {
  Collect(kAll);
  VoteBy({0, 1, 2, 3, 4});
  RoundParts parts = Parts();
  for (uint32_t k = 0; k < 7; ++k) parts.openings.push_back(Release(k).value());
  const auto opened = OpenRound(round_, parts);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_THAT(opened->answered, SizeIs(8));
  EXPECT_EQ(opened->removed, 3u);
  EXPECT_THAT(opened->remarks, IsEmpty());
  ExpectSum(*opened);
}

TEST_F(WholeRounds, SixOfEightOpenWithLessNoiseTakenAwayAndTwoStewardsGone) {
  Collect({0, 2, 3, 5, 6, 7});
  VoteBy({0, 1, 2, 5, 6});
  RoundParts parts = Parts();
  for (uint32_t k : {0, 1, 2, 5, 6}) parts.openings.push_back(Release(k).value());
  EXPECT_FALSE(OpenRound(round_, parts).ok()) << "two masks are missing";
  for (uint32_t k : {0, 1, 2, 5, 6}) {
    for (uint32_t absent : {3, 4}) parts.openings.push_back(Reveal(k, absent).value());
  }
  const auto opened = OpenRound(round_, parts);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->answered, (std::vector<uint32_t>{0, 2, 3, 5, 6, 7}));
  EXPECT_EQ(opened->removed, 1u);
  ExpectSum(*opened);
}

TEST_F(WholeRounds, AStewardVotesForOneSetOnly) {
  Collect(kAll);
  VoteBy({0});
  v1::Proposal other = *ParseProposal(round_, hub_.row().proposal());
  other.mutable_offices()->RemoveLast();
  v1::SignedProposal second;
  second.set_proposal(other.SerializeAsString());
  second.set_signature(network_.hub.Sign(absl::StrCat("penc proposal v1\n", second.proposal())));
  EXPECT_FALSE(At(0).Vote(rows_[0], second, DeliveredTo(0, second), witnesses_[0]).ok());
  EXPECT_TRUE(At(0).Vote(rows_[0], hub_.row().proposal(), {}, witnesses_[0]).ok()) << "the same vote again";
}

TEST_F(WholeRounds, ReleasesNeedACertificateAndNoPromise) {
  Collect(kAll);
  VoteBy({0, 1, 2, 3});
  v1::Certificate short_one;
  *short_one.mutable_proposal() = hub_.row().proposal();
  *short_one.mutable_votes() = hub_.row().votes();
  EXPECT_FALSE(At(0).Release(rows_[0], short_one, DeliveredTo(0, short_one.proposal())).ok());
  VoteBy({4});
  const auto promise = At(1).Promise(rows_[1]);
  ASSERT_TRUE(promise.ok());
  rows_[1] = promise->remember;
  EXPECT_FALSE(Release(1).ok()) << "it has promised";
  ASSERT_TRUE(Release(0).ok());
  EXPECT_FALSE(At(0).Promise(rows_[0]).ok()) << "it has released";
  EXPECT_TRUE(Release(0).ok()) << "the same again";
}

TEST_F(WholeRounds, AStewardRevealsForAtMostTheAllowedAbsentOnes) {
  Collect(kAll);
  VoteBy({0, 1, 2, 3, 4});
  EXPECT_FALSE(Reveal(0, 5).ok()) << "before its own release";
  ASSERT_TRUE(Release(0).ok());
  EXPECT_FALSE(Reveal(0, 0).ok()) << "itself";
  EXPECT_FALSE(Reveal(0, 7).ok()) << "no steward";
  EXPECT_TRUE(Reveal(0, 5).ok());
  EXPECT_TRUE(Reveal(0, 6).ok());
  EXPECT_FALSE(Reveal(0, 4).ok());
  EXPECT_TRUE(Reveal(0, 5).ok()) << "again";
}

TEST_F(WholeRounds, AStewardRefusesBoxesAndMasksThatAreNotWhatTheHeaderSays) {
  for (uint32_t office : kAll) {
    OfficeContribution made = Build(office);
    if (office == 3) {  // lies to steward 2 about its mask
      v1::ContributionHeader header;
      ASSERT_TRUE(header.ParseFromString(made.header.header()));
      header.set_mask_commitments(2, Sha256("another"));
      made.header = network_.SignHeader(3, header);
    }
    Send(office, std::move(made));
  }
  hub_.Tick(now());
  const auto& proposal = hub_.row().proposal();
  const auto refused = At(2).Vote(rows_[2], proposal, DeliveredTo(2, proposal), witnesses_[2]);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(Explain(refused.status()).en, HasSubstr("member 3"));
  std::vector<Delivered> swapped = DeliveredTo(1, proposal);
  std::swap(swapped[0].box, swapped[1].box);
  EXPECT_FALSE(At(1).Vote(rows_[1], proposal, swapped, witnesses_[1]).ok());
  EXPECT_TRUE(witnesses_[1].empty()) << "nothing is remembered of a set that was refused";
}

TEST_F(WholeRounds, LiesAreFoundAndNamedAtTheOpening) {
  Collect(kAll);
  VoteBy({0, 1, 2, 3, 4});
  RoundParts parts = Parts();
  for (uint32_t k = 0; k < 7; ++k) parts.openings.push_back(Release(k).value());
  RoundParts other_vector = parts;
  other_vector.vectors[4][0] ^= 1;
  EXPECT_THAT(Explain(OpenRound(round_, other_vector).status()).en, HasSubstr("office 4"));
  RoundParts other_sum = parts;
  other_sum.openings[2].mask_sum[0] ^= 1;
  EXPECT_FALSE(OpenRound(round_, other_sum).ok());
  RoundParts fewer_votes = parts;
  fewer_votes.certificate.mutable_votes()->RemoveLast();
  EXPECT_FALSE(OpenRound(round_, fewer_votes).ok());
  RoundParts missing = parts;
  missing.vectors.pop_back();
  EXPECT_FALSE(OpenRound(round_, missing).ok());
}

TEST_F(WholeRounds, NoiseWhoseSeedIsNotShownStaysAndTheLawSaysSo) {
  for (uint32_t office : kAll) {
    OfficeContribution made = Build(office);
    if (office == 5) {
      v1::ContributionHeader header;
      ASSERT_TRUE(header.ParseFromString(made.header.header()));
      header.set_level_commitments(1, Sha256("another"));
      made.header = network_.SignHeader(5, header);
    }
    Send(office, std::move(made));
  }
  hub_.Tick(now());
  VoteBy({0, 1, 2, 3, 4});
  RoundParts parts = Parts();
  for (uint32_t k = 0; k < 7; ++k) parts.openings.push_back(Release(k).value());
  const auto opened = OpenRound(round_, parts);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->removed, 1u);
  ASSERT_THAT(opened->remarks, SizeIs(1));
  EXPECT_THAT(opened->remarks[0].en, HasSubstr("office 5"));
  ExpectSum(*opened);
}

class WideRounds : public WholeRounds {
 protected:
  WideRounds()
      : WholeRounds({.offices = 5,
                     .stewards = 5,
                     .colluding = 2,
                     .absent = 1,
                     .dishonest = 2,
                     .fewest = 5,
                     .length = 70001,
                     .word_bits = 64}) {}
};

TEST_F(WideRounds, WordsOf64BitsAndSeveralChunksOpen) {
  EXPECT_GT(ChunksOf(round_), 2u);
  Collect({0, 1, 2, 3, 4});
  VoteBy({0, 1, 2, 4});
  RoundParts parts = Parts();
  for (uint32_t k : {0, 1, 2, 4}) parts.openings.push_back(Release(k).value());
  for (uint32_t k : {0, 1, 2, 4}) parts.openings.push_back(Reveal(k, 3).value());
  const auto opened = OpenRound(round_, parts);
  ASSERT_TRUE(opened.ok()) << opened.status();
  ExpectSum(*opened);
}

TEST_F(WholeRounds, WhatAnOfficeSendsSaysNothingWithoutTheStewards) {
  // The masked words of an office that has nothing and of one that has something are both uniform: bytes of
  // each are compared with a uniform law (false alarm 10^-8 by the bound of sampler_test.cc: 255 degrees).
  SmallNetwork network({.offices = 5,
                        .stewards = 5,
                        .colluding = 2,
                        .absent = 1,
                        .dishonest = 2,
                        .fewest = 5,
                        .length = 50000});
  const Round round = network.MakeRound();
  for (int64_t value : {0, 1000000}) {
    const auto made =
        ContributionMaker::Make({round, 1, network.members[1]->key, 5, Head()},
                                ExactVectorPeek::Of(std::vector<int64_t>(50000, value)), network.random);
    ASSERT_TRUE(made.ok());
    std::vector<double> count(256, 0);
    for (char c : made->vector) count[static_cast<uint8_t>(c)] += 1;
    double divergence = 0;
    const auto n = static_cast<double>(made->vector.size());
    for (double k : count) divergence += k * std::log(k / (n / 256));
    EXPECT_LT(divergence, 370) << value;
  }
}

}  // namespace
}  // namespace penc
