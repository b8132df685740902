// What a hub, up to two stewards of seven and up to two offices of eight try together, by name. Each attack
// must fail to expose anything, or be named. Everything that liars sign is signed with their real keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/status.h"
#include "crypto/hash.h"
#include "federation/box.h"
#include "federation/masks.h"
#include "tests/support/small_round.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::vector<uint32_t> kAll = {0, 1, 2, 3, 4, 5, 6, 7}, kFive = {0, 1, 2, 3, 4};

class Attacks : public ::testing::Test {
 protected:
  Attacks() : table_(SmallNetwork::Numbers{}) { table_.BuildAll(1000); }

  // Another round of the same network: its own qid, the same keys.
  struct Elsewhere {
    explicit Elsewhere(SmallRound& table, uint32_t attempt = 1) {
      v1::Descriptor terms = table.network.Terms();
      terms.set_attempt(attempt);
      if (attempt > 1) terms.set_void_sha256(std::string(32, 'v'));
      round = ReadRound(table.network.Sign(terms), table.network.roster_bytes, SmallNetwork::now()).value();
    }
    Round round;
  };

  // All that was sent, in another round.
  v1::SignedProposal ProposeIn(const Round& other) const {
    v1::Proposal proposal = *ParseProposal(table_.round, table_.Propose(kAll));
    proposal.set_qid(other.qid);
    proposal.set_attempt(other.attempt());
    return table_.SignProposal(proposal);
  }
  void AddVote(v1::Certificate& certificate, uint32_t liar) const {
    *certificate.add_votes() =
        table_.network.SignVote(table_.round, liar, Sha256(certificate.proposal().proposal()));
    std::sort(certificate.mutable_votes()->begin(), certificate.mutable_votes()->end(),
              [](const v1::Vote& a, const v1::Vote& b) { return a.steward() < b.steward(); });
  }
  std::string Said(const absl::Status& status) const { return Explain(status).en; }
  void Sign(OfficeContribution& made, uint32_t office,
            const std::function<void(v1::ContributionHeader&)>& change) {
    v1::ContributionHeader header;
    ASSERT_TRUE(header.ParseFromString(made.header.header()));
    change(header);
    made.header = table_.network.SignHeader(office, header);
  }
  RoundParts Released(const v1::Certificate& certificate, const std::vector<uint32_t>& stewards) {
    RoundParts parts = table_.Parts(certificate);
    for (uint32_t k : stewards) parts.openings.push_back(table_.Release(k, certificate).value());
    return parts;
  }

  SmallRound table_;
};

// ---- two sets

TEST_F(Attacks, AHubThatShowsTwoSetsGetsNoSecondOne) {
  const v1::SignedProposal all = table_.Propose(kAll), fewer = table_.Propose({0, 1, 2, 3, 4, 5, 6});
  const v1::Certificate certificate = table_.Certify(all, kFive);
  for (uint32_t k : kFive) EXPECT_FALSE(table_.Vote(k, fewer).ok());
  // Two liars and the two who had not voted make four.
  v1::Certificate second = table_.Certify(fewer, {5, 6});
  AddVote(second, 0);
  AddVote(second, 1);
  EXPECT_FALSE(VerifyCertificate(table_.round, second));
  for (uint32_t k : {5, 6}) EXPECT_FALSE(table_.Release(k, second).ok());
  for (uint32_t k : {2, 3, 4}) EXPECT_TRUE(table_.Release(k, certificate).ok());
  EXPECT_NE(all.proposal(), fewer.proposal()) << "both are signed by the hub: evidence against it";
  EXPECT_TRUE(VerifyProposal(table_.round, all) && VerifyProposal(table_.round, fewer));
}

TEST_F(Attacks, EveryStewardIsShownAnotherHeaderOfTheSameOffice) {
  // A lying office signs two headers; the hub shows one to some stewards and the other one to the others.
  const v1::SignedProposal first = table_.Propose(kAll);
  const v1::Certificate some = table_.Certify(first, {0, 1, 2, 3});
  table_.sent[7] = table_.Build(7, std::vector<int64_t>(10, -1000));
  const v1::SignedProposal second = table_.Propose(kAll);
  const v1::Certificate others = table_.Certify(second, {4, 5, 6});
  EXPECT_FALSE(VerifyCertificate(table_.round, some));
  EXPECT_FALSE(VerifyCertificate(table_.round, others));
  v1::Certificate mixed = some;
  *mixed.add_votes() = others.votes(0);
  EXPECT_FALSE(VerifyCertificate(table_.round, mixed)) << "votes for two sets are no certificate";
}

TEST_F(Attacks, OneVoteCountsOnceAndOnlyAStewardsVoteCounts) {
  v1::Certificate certificate = table_.Certify(table_.Propose(kAll), {0, 1, 2, 3});
  v1::Certificate twice = certificate;
  *twice.add_votes() = twice.votes(3);
  EXPECT_FALSE(VerifyCertificate(table_.round, twice));
  v1::Certificate outsider = certificate;
  *outsider.add_votes() = table_.network.SignVote(table_.round, 7, Sha256(outsider.proposal().proposal()));
  EXPECT_FALSE(VerifyCertificate(table_.round, outsider)) << "office 7 is no steward";
  v1::Certificate borrowed = certificate;
  *borrowed.add_votes() = borrowed.votes(0);
  borrowed.mutable_votes(4)->set_steward(4);
  EXPECT_FALSE(VerifyCertificate(table_.round, borrowed)) << "signed by another";
}

// ---- offices that were not asked, or sent nothing

TEST_F(Attacks, AHubInventsAnOfficeToSubtractIt) {
  v1::Proposal proposal = *ParseProposal(table_.round, table_.Propose(kAll));
  v1::Proposal::Included& ninth = *proposal.add_offices();
  ninth.set_office(8);
  ninth.set_header_sha256(Sha256(table_.sent[7].header.header()));
  const v1::SignedProposal made = table_.SignProposal(proposal);
  std::vector<Delivered> delivered = table_.DeliveredTo(0, table_.Propose(kAll));
  delivered.push_back(delivered.back());
  EXPECT_FALSE(table_.At(0).Vote({}, made, delivered, table_.witnesses[0]).ok());
}

TEST_F(Attacks, AHubWritesAnOfficesContributionItself) {
  // It knows the numbers that it writes: with six such offices the seventh's would lie open.
  OfficeContribution made = table_.Build(3, std::vector<int64_t>(10, 0));
  made.header.set_signature(
      table_.network.hub.Sign(absl::StrCat("penc contribution v1\n", made.header.header())));
  table_.sent[3] = made;
  const auto vote = table_.Vote(0, table_.Propose(kAll));
  ASSERT_FALSE(vote.ok());
  EXPECT_THAT(Said(vote.status()), HasSubstr("member 3"));
}

TEST_F(Attacks, ACohortUnderTheMinimumIsNoSet) {
  EXPECT_FALSE(table_.Vote(0, table_.Propose({0, 1, 2, 3})).ok());
  // Office 2 asks for all eight.
  ContributionTerms terms = table_.TermsOf(2);
  terms.minimum = 8;
  table_.sent[2] =
      ContributionMaker::Make(terms, ExactVectorPeek::Of(std::vector<int64_t>(10, 1)), table_.network.random)
          .value();
  const auto vote = table_.Vote(0, table_.Propose({0, 1, 2, 3, 4, 5}));
  ASSERT_FALSE(vote.ok());
  EXPECT_THAT(Said(vote.status()), HasSubstr("member 2"));
  EXPECT_TRUE(table_.Vote(0, table_.Propose(kAll)).ok());
}

// ---- messages of another round

TEST_F(Attacks, AHeaderIsReplayedUnderAnotherQidOrAttempt) {
  for (uint32_t attempt : {1u, 2u}) {
    const Elsewhere other(table_, attempt);
    for (uint32_t office : kAll)
      EXPECT_FALSE(ParseHeader(other.round, table_.sent[office].header).has_value());
    const v1::SignedProposal made = ProposeIn(other.round);
    ASSERT_TRUE(ParseProposal(other.round, made).has_value());
    const Steward steward(other.round, 0, table_.secrets[0]);
    WitnessRows witnesses;
    EXPECT_FALSE(steward.Vote({}, made, table_.DeliveredTo(0, made), witnesses).ok());
    EXPECT_THAT(witnesses, IsEmpty());
  }
}

TEST_F(Attacks, AContributionSignedAnewForAnotherRoundDoesNotOpenItsBoxes) {
  // The office itself lies: the same share key and boxes under another qid. Keys are bound to the qid.
  const Elsewhere other(table_);
  for (uint32_t office : kAll)
    Sign(table_.sent[office], office,
         [&](v1::ContributionHeader& header) { header.set_qid(other.round.qid); });
  const v1::SignedProposal made = ProposeIn(other.round);
  WitnessRows witnesses;
  const auto vote =
      Steward(other.round, 0, table_.secrets[0]).Vote({}, made, table_.DeliveredTo(0, made), witnesses);
  ASSERT_FALSE(vote.ok());
  EXPECT_THAT(Said(vote.status()), HasSubstr("member 0"));
}

TEST_F(Attacks, VotesAndPromisesOfAnotherAttemptCountNowhereElse) {
  const Elsewhere other(table_, 2);
  v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  EXPECT_TRUE(VerifyCertificate(table_.round, certificate));
  EXPECT_FALSE(VerifyCertificate(other.round, certificate));
  v1::VoidCertificate proof;
  for (uint32_t k : kFive) *proof.add_promises() = table_.network.SignPromise(table_.round, k);
  EXPECT_TRUE(VerifyVoid(table_.round, proof));
  EXPECT_FALSE(VerifyVoid(other.round, proof)) << "a refund of a round that may still open";
  for (v1::Promise& promise : *proof.mutable_promises()) {
    promise.set_qid(other.round.qid);
    promise.set_attempt(2);
  }
  EXPECT_FALSE(VerifyVoid(other.round, proof));
}

TEST_F(Attacks, AStewardsRowOfOneRoundServesNoOther) {
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  ASSERT_TRUE(table_.Release(0, certificate).ok());
  const Elsewhere other(table_, 2);
  const Steward steward(other.round, 0, table_.secrets[0]);
  EXPECT_EQ(steward.Promise(table_.rows[0]).status().code(), absl::StatusCode::kDataLoss);
}

// ---- stewards who are silent, or give more than they may

TEST_F(Attacks, OneStewardTooManySilentOpensNothing) {
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  const std::vector<uint32_t> four = {0, 1, 2, 3};
  RoundParts parts = Released(certificate, four);
  for (uint32_t k : four) {
    for (uint32_t absent : {5, 6}) parts.openings.push_back(table_.Reveal(k, certificate, absent).value());
    EXPECT_FALSE(table_.Reveal(k, certificate, 4).ok()) << "shares of a third steward";
  }
  const auto opened = OpenRound(table_.round, parts);
  ASSERT_FALSE(opened.ok()) << "four shares of five";
  EXPECT_THAT(Said(opened.status()), HasSubstr("shares are missing"));
}

TEST_F(Attacks, TwoLiarsAndEverythingThatHonestStewardsRevealShowNoOffice) {
  // The hub has a certificate and asks every honest steward to reveal for whom it likes; liars 0 and 1 give
  // all their boxes. Honest stewards reveal ten times in all; each mask needs three of them beside the liars'
  // two shares.
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  std::vector<uint32_t> shares(7, 2);  // the liars'
  for (uint32_t k : {2, 3, 4, 5, 6}) ASSERT_TRUE(table_.Release(k, certificate).ok());
  for (uint32_t k : {2, 3, 4, 5, 6}) {
    for (uint32_t absent = 0; absent < 7; ++absent) {
      // The hub prefers whoever is nearest to five shares.
      std::vector<uint32_t> order(7);
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return shares[a] > shares[b]; });
      for (uint32_t wanted : order) {
        if (wanted >= 2 && shares[wanted] < 5 && table_.rows[k].revealed_size() < 2 &&
            table_.Reveal(k, certificate, wanted).ok())
          ++shares[wanted];
      }
    }
    EXPECT_LE(table_.rows[k].revealed_size(), 2);
  }
  const auto exposed = std::count_if(shares.begin() + 2, shares.end(), [](uint32_t n) { return n >= 5; });
  EXPECT_GE(exposed, 1) << "a hub that exposes nothing has not tried";
  EXPECT_LE(exposed, 3) << "of five that hide every office";
}

TEST_F(Attacks, LiarsGiveTheirSharesOfNoiseThatMustStay) {
  // Six of eight are certified: one step may go. Liars 0 and 1 give shares of the next step as well.
  const std::vector<uint32_t> six = {0, 1, 2, 3, 4, 5};
  const v1::Certificate certificate = table_.Certify(table_.Propose(six), kFive);
  RoundParts parts = Released(certificate, {0, 1, 2, 3, 4, 5, 6});
  for (uint32_t liar : {0, 1}) {
    v1::Opening opening;
    ASSERT_TRUE(opening.ParseFromString(parts.openings[liar].opening.opening()));
    for (uint32_t office : six) {
      v1::ContributionHeader header;
      ASSERT_TRUE(header.ParseFromString(table_.sent[office].header.header()));
      PairContext context{
          1, table_.round.qid, 1, office, liar, header.share_key(), table_.secrets[liar].mask.public_key()};
      const PairKeys keys = PairKeysOfSteward(context, table_.secrets[liar].mask).value();
      const auto place = static_cast<int>(liar);
      const Box box = OpenBox(keys.box_key, table_.sent[office].boxes[liar],
                              {10, header.box_sha256(place), header.box_roots(place)})
                          .value();
      *opening.add_level_shares() = box.Prove(office, 8);
    }
    parts.openings[liar].opening.set_opening(opening.SerializeAsString());
    parts.openings[liar].opening.set_signature(
        table_.network.members[liar]->vote.Sign(SignedOpeningText(opening.SerializeAsString())));
  }
  const auto opened = OpenRound(table_.round, parts);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->removed, 1u) << "two shares of five";
}

TEST_F(Attacks, AStewardThatHasReleasedCannotMakeTheRoundVoid) {
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  for (uint32_t k : {2, 3, 4}) ASSERT_TRUE(table_.Release(k, certificate).ok());
  v1::VoidCertificate proof;
  for (uint32_t k : {0, 1}) *proof.add_promises() = table_.network.SignPromise(table_.round, k);  // liars
  for (uint32_t k : {2, 3, 4, 5, 6}) {
    auto promise = table_.At(k).Promise(table_.rows[k]);
    EXPECT_EQ(promise.ok(), k >= 5);
    if (promise.ok()) *proof.add_promises() = promise->message;
  }
  EXPECT_FALSE(VerifyVoid(table_.round, proof));
}

// ---- offices and stewards who lie and are named

TEST_F(Attacks, AnOfficeSharesAnotherMaskThanItStates) {
  // Its commitment for steward 6 fits nothing: steward 6 refuses it by name, and so does the opening.
  Sign(table_.sent[4], 4,
       [](v1::ContributionHeader& header) { header.set_mask_commitments(6, std::string(32, 'x')); });
  const v1::SignedProposal proposal = table_.Propose(kAll);
  const auto vote = table_.Vote(6, proposal);
  ASSERT_FALSE(vote.ok());
  EXPECT_THAT(Said(vote.status()), HasSubstr("member 4"));
  const v1::Certificate certificate = table_.Certify(proposal, kFive);
  EXPECT_THAT(Said(table_.Release(6, certificate).status()), HasSubstr("member 4"));
  RoundParts parts = Released(certificate, {0, 1, 2, 3, 4, 5});
  for (uint32_t k : kFive) parts.openings.push_back(table_.Reveal(k, certificate, 6).value());
  const auto opened = OpenRound(table_.round, parts);
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(Said(opened.status()), HasSubstr("office 4"));
}

TEST_F(Attacks, AnOfficeGivesAKeyOfSmallOrder) {
  Sign(table_.sent[5], 5,
       [](v1::ContributionHeader& header) { header.set_share_key(std::string(32, '\0')); });
  const auto vote = table_.Vote(0, table_.Propose(kAll));
  ASSERT_FALSE(vote.ok());
  EXPECT_THAT(Said(vote.status()), HasSubstr("member 5"));
}

TEST_F(Attacks, AnOfficeGoesBackToAnOldChargeLog) {
  // It is seen with two charges, and comes with another first one: its budget would be full again.
  const Elsewhere other(table_);
  ContributionTerms terms = table_.TermsOf(6);
  terms.charge_log.set_root(std::string(32, 'z'));
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  table_.sent[6] =
      ContributionMaker::Make({other.round, 6, terms.key, 5, terms.charge_log},
                              ExactVectorPeek::Of(std::vector<int64_t>(10, 1)), table_.network.random)
          .value();
  for (uint32_t office : {0u, 1u, 2u, 3u, 4u, 5u, 7u}) {
    v1::ChargeLogHead head = table_.Head();
    table_.sent[office] =
        ContributionMaker::Make({other.round, office, table_.network.members[office]->key, 5, head},
                                ExactVectorPeek::Of(std::vector<int64_t>(10, 1)), table_.network.random)
            .value();
  }
  const v1::SignedProposal made = ProposeIn(other.round);
  for (uint32_t k : kFive) {
    const auto vote = Steward(other.round, k, table_.secrets[k])
                          .Vote({}, made, table_.DeliveredTo(k, made), table_.witnesses[k]);
    ASSERT_FALSE(vote.ok()) << k;
    EXPECT_THAT(Said(vote.status()), HasSubstr("member 6"));
  }
}

TEST_F(Attacks, AStewardReleasesASumThatItDidNotSignAndIsTakenForAbsent) {
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  RoundParts parts = Released(certificate, {0, 1, 2, 3, 4, 5, 6});
  parts.openings[2].mask_sum[3] ^= 4;
  EXPECT_FALSE(OpenRound(table_.round, parts).ok());
  for (uint32_t k : {0, 1, 3, 4, 5}) parts.openings.push_back(table_.Reveal(k, certificate, 2).value());
  const auto opened = OpenRound(table_.round, parts);
  ASSERT_TRUE(opened.ok()) << opened.status() << ": what is signed is enough, and the masks are joined";
  EXPECT_THAT(opened->remarks, Not(IsEmpty()));
  EXPECT_THAT(opened->answered, SizeIs(8));
}

TEST_F(Attacks, ARecipientIsGivenOtherVectorsThanWereCertified) {
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  const RoundParts parts = Released(certificate, {0, 1, 2, 3, 4, 5, 6});
  ASSERT_TRUE(OpenRound(table_.round, parts).ok());
  RoundParts swapped = parts;
  std::swap(swapped.vectors[1], swapped.vectors[2]);
  EXPECT_THAT(Said(OpenRound(table_.round, swapped).status()), HasSubstr("office 1"));
  RoundParts fewer = parts;  // as if office 7 had not been there: its numbers would be the difference
  fewer.headers.pop_back();
  fewer.vectors.pop_back();
  EXPECT_FALSE(OpenRound(table_.round, fewer).ok());
  RoundParts other_set = parts;
  other_set.certificate = certificate;
  *other_set.certificate.mutable_proposal() = table_.Propose({0, 1, 2, 3, 4, 5, 6});
  EXPECT_FALSE(OpenRound(table_.round, other_set).ok());
}

// What a steward has verified when it voted it takes by its hash afterwards, and nothing else.
TEST_F(Attacks, AfterTheVoteAStewardIsGivenAnotherHeader) {
  const v1::Certificate certificate = table_.Certify(table_.Propose(kAll), kFive);
  std::vector<Delivered> delivered = table_.DeliveredTo(0, certificate.proposal());
  const OfficeContribution other = table_.Build(2, std::vector<int64_t>(10, 0));
  delivered[2] = {other.header, other.boxes[0]};
  const auto release = table_.At(0).Release(table_.rows[0], certificate, delivered);
  ASSERT_FALSE(release.ok());
  EXPECT_THAT(Said(release.status()), HasSubstr("member 2"));
  // Steward 5 has not voted: it verifies signatures when it releases.
  delivered = table_.DeliveredTo(5, certificate.proposal());
  delivered[3].header.set_signature(delivered[2].header.signature());
  EXPECT_THAT(Said(table_.At(5).Release(table_.rows[5], certificate, delivered).status()),
              HasSubstr("member 3"));
}

}  // namespace
}  // namespace penc
