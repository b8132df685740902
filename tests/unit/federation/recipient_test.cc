#include "federation/recipient.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "absl/strings/str_replace.h"
#include "federation/mail.h"
#include "federation/regional_answer.h"
#include "tests/support/small_store.h"
#include "tests/support/whole_round.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<uint32_t> kAll = {0, 1, 2, 3, 4, 5, 6, 7};

WholeRound::Wish SmallWish() {
  WholeRound::Wish wish;
  wish.codebook = kStoreCodebook;
  wish.bulletin.add_questions()->set_sql("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex");
  return wish;
}

class Recipients : public ::testing::Test {
 protected:
  explicit Recipients(WholeRound::Wish wish = SmallWish()) : whole_(std::move(wish)) {}

  void Collect(const std::vector<uint32_t>& offices = kAll) {
    whole_.Contribute(offices);
    whole_.Certify();
  }
  absl::StatusOr<Received> Receive(const WholeRound::Pieces& pieces, const AgreementKey& key) {
    Recipient recipient(whole_.round, key);
    for (v1::FetchRoundResponse piece : pieces) RETURN_IF_ERROR(recipient.Take(std::move(piece)));
    return std::move(recipient).Finish(whole_.roster.signed_roster, whole_.codebook_text);
  }
  absl::StatusOr<Received> Receive(const WholeRound::Pieces& pieces) {
    return Receive(pieces, whole_.network.partner_mail);
  }
  absl::StatusOr<RegionalAnswer> Answer(const v1::RoundRecord& record) const {
    return AnswerOf(record, {whole_.Roots(), {}});
  }
  uint32_t StewardAt(int place) const { return whole_.round.descriptor.stewards(place); }
  std::string NameOf(uint32_t member) const { return absl::StrCat("office ", member); }

  WholeRound whole_;
};

TEST_F(Recipients, APartnerAndEveryOfficeThatWasAskedReadTheSameRecord) {
  Collect({0, 1, 2, 3, 4, 5});
  const WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  const auto partner = Receive(pieces);
  ASSERT_TRUE(partner.ok()) << partner.status();
  EXPECT_THAT(partner->remarks, IsEmpty());
  EXPECT_TRUE(Answer(partner->record).ok()) << Answer(partner->record).status();
  const auto silent_office = Receive(pieces, whole_.network.members[7]->mail);
  ASSERT_TRUE(silent_office.ok()) << silent_office.status();
  EXPECT_EQ(silent_office->record.SerializeAsString(), partner->record.SerializeAsString());
}

TEST_F(Recipients, TheOrderOfPiecesDoesNotMatterAndRepetitionsDoNotEither) {
  Collect();
  WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings({StewardAt(2)}));
  const std::string record = Receive(pieces).value().record.SerializeAsString();
  std::mt19937 shuffle(20260);
  for (int run = 0; run < 20; ++run) {
    std::shuffle(pieces.begin(), pieces.end(), shuffle);
    WholeRound::Pieces twice = pieces;
    twice.insert(twice.end(), pieces.begin(), pieces.begin() + static_cast<int>(pieces.size() / 2));
    const auto received = Receive(twice);
    ASSERT_TRUE(received.ok()) << received.status();
    EXPECT_EQ(received->record.SerializeAsString(), record);
    EXPECT_THAT(received->remarks, IsEmpty());
  }
}

TEST_F(Recipients, WithAnotherKeyNothingOpens) {
  Collect();
  const WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  const AgreementKey stranger = AgreementKey::Generate(whole_.network.random);
  const auto received = Receive(pieces, stranger);
  ASSERT_EQ(received.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Explain(received.status()).en, HasSubstr("not addressed to this key"));
  EXPECT_THAT(Explain(received.status()).en, HasSubstr(NameOf(StewardAt(0))));
}

TEST_F(Recipients, AMailThatDoesNotOpenIsARemarkAsLongAsTheRoundOpens) {
  Collect();
  std::vector<OpeningWithSum> openings = whole_.Openings({StewardAt(6)});
  WholeRound::Pieces pieces = whole_.PiecesOf(openings);
  WholeRound::AddSealed(StewardAt(6), 0, std::string(500, 'x'), pieces);
  // One of six reveals is torn: five are left, which is enough.
  for (v1::FetchRoundResponse& piece : pieces) {
    if (piece.has_opening() && piece.opening().kind() != 0 && piece.opening().steward() == StewardAt(1))
      (*piece.mutable_opening()->mutable_bytes())[200] ^= 1;
  }
  const auto received = Receive(pieces);
  ASSERT_TRUE(received.ok()) << received.status();
  ASSERT_THAT(received->remarks, SizeIs(2));
  EXPECT_THAT(received->remarks[0].en, HasSubstr(NameOf(StewardAt(1))));
  EXPECT_THAT(received->remarks[1].en, HasSubstr(NameOf(StewardAt(6))));
  EXPECT_TRUE(Answer(received->record).ok()) << Answer(received->record).status();
}

TEST_F(Recipients, AReleaseThatDoesNotOpenWithoutRevealsIsNamed) {
  Collect();
  WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  for (v1::FetchRoundResponse& piece : pieces) {
    if (piece.has_opening() && piece.opening().steward() == StewardAt(3))
      piece.mutable_opening()->mutable_bytes()->back() ^= 1;
  }
  const auto received = Receive(pieces);
  ASSERT_EQ(received.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Explain(received.status()).en, HasSubstr("masks of " + NameOf(StewardAt(3))));
  EXPECT_THAT(Explain(received.status()).fr, HasSubstr("altérée en chemin"));
}

TEST_F(Recipients, AbsentStewardsAreMadeUpForByReveals) {
  Collect();
  const auto received = Receive(whole_.PiecesOf(whole_.Openings({StewardAt(0), StewardAt(4)})));
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(received->record.openings_size(), 5 + 2 * 5);
  EXPECT_TRUE(Answer(received->record).ok());
  std::vector<OpeningWithSum> openings = whole_.Openings({StewardAt(0), StewardAt(4)});
  openings.pop_back();
  const auto fewer = Receive(whole_.PiecesOf(openings));
  ASSERT_FALSE(fewer.ok());
  EXPECT_THAT(Explain(fewer.status()).en,
              HasSubstr("masks of " + NameOf(StewardAt(4)) + " are missing (4 shares of 5)"));
}

TEST_F(Recipients, AMailThatLeavesSomebodyOutIsSaid) {
  Collect();
  const std::vector<OpeningWithSum> openings = whole_.Openings();
  WholeRound::Pieces pieces = whole_.PiecesOf({openings.begin() + 1, openings.end()});
  std::vector<std::string> readers = RecipientsOf(whole_.round);
  readers.pop_back();
  const v1::SealedMail mail = SealMail({whole_.round.qid, 1, StewardAt(0)}, SealedContent(openings[0]),
                                       readers, whole_.network.random)
                                  .value();
  WholeRound::AddSealed(StewardAt(0), 0, mail.SerializeAsString(), pieces);
  const auto received = Receive(pieces);
  ASSERT_TRUE(received.ok()) << received.status();
  ASSERT_THAT(received->remarks, SizeIs(1));
  EXPECT_THAT(received->remarks[0].en, HasSubstr("not addressed to all"));
}

TEST_F(Recipients, WhatAStewardDidNotSignIsNoEvidenceAgainstIt) {
  Collect();
  std::vector<OpeningWithSum> openings = whole_.Openings({StewardAt(5)});
  // The hub can write mail, too: an opening in the name of steward 5 that it never signed.
  OpeningWithSum forged = openings[0];
  v1::Opening parsed;
  ASSERT_TRUE(parsed.ParseFromString(forged.opening.opening()));
  parsed.set_steward(StewardAt(5));
  forged.opening.set_opening(parsed.SerializeAsString());
  WholeRound::Pieces pieces = whole_.PiecesOf(openings);
  WholeRound::AddSealed(StewardAt(5), 0, whole_.Sealed(forged), pieces);
  const auto received = Receive(pieces);
  ASSERT_TRUE(received.ok()) << received.status();
  ASSERT_THAT(received->remarks, SizeIs(1));
  const auto answer = Answer(received->record);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(answer->answer.regional().remarks(), IsEmpty());
}

TEST_F(Recipients, WhatDoesNotBelongToTheRoundIsRefused) {
  Collect();
  const WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  const auto refused = [&](const std::function<void(v1::FetchRoundResponse&)>& change,
                           v1::FetchRoundResponse::PieceCase which) {
    Recipient recipient(whole_.round, whole_.network.partner_mail);
    for (v1::FetchRoundResponse piece : pieces) {
      if (piece.piece_case() != which) continue;
      change(piece);
      return recipient.Take(std::move(piece)).code();
    }
    return absl::StatusCode::kOk;
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(refused([](auto& p) { p.mutable_terms()->mutable_body()->back() ^= 1; },
                    v1::FetchRoundResponse::kTerms),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_certificate()->mutable_votes()->RemoveLast(); },
                    v1::FetchRoundResponse::kCertificate),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_header()->mutable_signature()->back() ^= 1; },
                    v1::FetchRoundResponse::kHeader),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_chunk()->set_office(99); }, v1::FetchRoundResponse::kChunk),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_chunk()->set_index(1); }, v1::FetchRoundResponse::kChunk),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_chunk()->mutable_bytes()->pop_back(); },
                    v1::FetchRoundResponse::kChunk),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_opening()->set_steward(99); }, v1::FetchRoundResponse::kOpening),
            invalid);
  EXPECT_EQ(refused([](auto& p) { p.mutable_opening()->set_kind(1 + p.opening().steward()); },
                    v1::FetchRoundResponse::kOpening),
            invalid);
  Recipient recipient(whole_.round, whole_.network.partner_mail);
  EXPECT_EQ(recipient.Take(v1::FetchRoundResponse()).code(), invalid);
}

TEST_F(Recipients, ACodebookThatTheRoundDoesNotSpeakOfMakesNoRecord) {
  Collect();
  Recipient recipient(whole_.round, whole_.network.partner_mail);
  for (v1::FetchRoundResponse& piece : whole_.PiecesOf(whole_.Openings()))
    ASSERT_TRUE(recipient.Take(std::move(piece)).ok());
  const std::string another = absl::StrReplaceAll(whole_.codebook_text, {{"version: 1", "version: 2"}});
  const auto received = std::move(recipient).Finish(whole_.roster.signed_roster, another);
  EXPECT_EQ(received.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Explain(received.status()).en, HasSubstr("small@1"));
}

TEST_F(Recipients, AnOpeningWithoutEndIsCutOff) {
  Collect();
  WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  const std::string endless(LongestSealedOpening(whole_.round, 0) + 1, 'x');
  Recipient recipient(whole_.round, whole_.network.partner_mail);
  for (uint32_t index = 0; index < 1000; ++index) {
    v1::FetchRoundResponse piece;
    piece.mutable_opening()->set_steward(StewardAt(2));
    piece.mutable_opening()->set_kind(0);
    piece.mutable_opening()->set_index(index);
    piece.mutable_opening()->set_bytes(std::string(4096, 'x'));
    ASSERT_TRUE(recipient.Take(std::move(piece)).ok());
  }
  for (v1::FetchRoundResponse& piece : pieces) ASSERT_TRUE(recipient.Take(std::move(piece)).ok());
  const auto received = std::move(recipient).Finish(whole_.roster.signed_roster, whole_.codebook_text);
  EXPECT_FALSE(received.ok()) << "pieces of two openings were mixed";
  EXPECT_THAT(Explain(received.status()).en, HasSubstr(NameOf(StewardAt(2))));
}

TEST_F(Recipients, EveryMissingPieceIsNamed) {
  Collect();
  const WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  for (size_t left_out = 1; left_out < pieces.size(); ++left_out) {
    WholeRound::Pieces fewer = pieces;
    fewer.erase(fewer.begin() + static_cast<int>(left_out));
    const auto received = Receive(fewer);
    ASSERT_EQ(received.status().code(), absl::StatusCode::kFailedPrecondition) << left_out;
    const v1::FetchRoundResponse& piece = pieces[left_out];
    v1::ContributionHeader header;
    ASSERT_TRUE(header.ParseFromString(piece.header().header()));
    const std::string expected = piece.has_certificate() ? "certificate"
                                 : piece.has_header()    ? "header of " + NameOf(header.office())
                                 : piece.has_chunk()     ? "vector of " + NameOf(piece.chunk().office())
                                                         : "masks of " + NameOf(piece.opening().steward());
    EXPECT_THAT(Explain(received.status()).en, HasSubstr(expected));
  }
}

TEST_F(Recipients, AbstentionsComeWithTheirReasonsButNotOfThoseWhoAreCounted) {
  whole_.abstentions = {whole_.network.SignAbstention(whole_.round, 7),
                        whole_.network.SignAbstention(whole_.round, 1)};
  Collect({0, 1, 2, 3, 4, 5});
  const auto received = Receive(whole_.PiecesOf(whole_.Openings()));
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_THAT(received->record.abstentions(), SizeIs(1));
  ASSERT_THAT(received->remarks, SizeIs(1));
  EXPECT_THAT(received->remarks[0].en, HasSubstr("office 1"));
}

TEST_F(Recipients, APromiseOfAQuorumIsAllThatThereIsOfAVoidRound) {
  v1::VoidCertificate proof;
  for (int place = 0; place < 5; ++place)
    *proof.add_promises() = whole_.network.SignPromise(whole_.round, StewardAt(place));
  v1::FetchRoundResponse piece;
  *piece.mutable_void_() = proof;
  Recipient recipient(whole_.round, whole_.network.partner_mail);
  ASSERT_TRUE(recipient.Take(v1::FetchRoundResponse(piece)).ok());
  EXPECT_TRUE(recipient.void_proof().has_value());
  piece.mutable_void_()->mutable_promises()->RemoveLast();
  EXPECT_FALSE(Recipient(whole_.round, whole_.network.partner_mail).Take(std::move(piece)).ok());
}

// Several chunks a vector, sums of several pieces.
WholeRound::Wish WideWish() {
  WholeRound::Wish wish = SmallWish();
  wish.offices = 5;
  wish.bulletin.clear_questions();
  for (int i = 0; i < 40; ++i) {
    wish.bulletin.add_questions()->set_sql(
        "SELECT origin, dest, main_of(needs), month, sum(cost) FROM move "
        "WHERE month BETWEEN '2025-01' AND '2026-12' GROUP BY origin, dest, main_of(needs), month");
  }
  return wish;
}

class WideRecipients : public Recipients {
 protected:
  WideRecipients() : Recipients(WideWish()) {}
};

TEST_F(WideRecipients, AVectorIsPutTogetherOfItsChunksAndOneThatIsNotItsOfficesIsAskedForAgain) {
  ASSERT_GT(ChunksOf(whole_.round), 2u);
  Collect({0, 1, 2, 3, 4});
  WholeRound::Pieces pieces = whole_.PiecesOf(whole_.Openings());
  std::mt19937 shuffle(20261);
  std::shuffle(pieces.begin(), pieces.end(), shuffle);
  const auto received = Receive(pieces);
  ASSERT_TRUE(received.ok()) << received.status();
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(received->record.vectors(i), whole_.sent.at(static_cast<uint32_t>(i)).vector);

  Recipient recipient(whole_.round, whole_.network.partner_mail);
  absl::Status damaged;
  for (v1::FetchRoundResponse piece : pieces) {
    if (piece.has_chunk() && piece.chunk().office() == 3 && piece.chunk().index() == 1)
      (*piece.mutable_chunk()->mutable_bytes())[77] ^= 1;
    const absl::Status taken = recipient.Take(std::move(piece));
    if (!taken.ok()) damaged = taken;
  }
  EXPECT_EQ(damaged.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Explain(damaged).en, HasSubstr("office 3"));
  for (v1::FetchRoundResponse piece : pieces) ASSERT_TRUE(recipient.Take(std::move(piece)).ok());
  const auto again = std::move(recipient).Finish(whole_.roster.signed_roster, whole_.codebook_text);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->record.SerializeAsString(), received->record.SerializeAsString());
}

// A hub that hands out one damaged vector, once.
class FlakyHub final : public HubLink {
 public:
  explicit FlakyHub(WholeRound::Pieces pieces) : pieces_(std::move(pieces)) {}
  int fetched = 0;

  absl::Status FetchRound(absl::string_view,
                          const std::function<bool(v1::FetchRoundResponse&&)>& take) override {
    ++fetched;
    bool damaged = fetched > 1;
    for (v1::FetchRoundResponse piece : pieces_) {
      if (!damaged && piece.has_chunk()) {
        piece.mutable_chunk()->mutable_bytes()->back() ^= 1;
        damaged = true;
      }
      if (!take(std::move(piece))) break;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<v1::SignedRoster>> RostersAfter(uint64_t) override { return No(); }
  absl::Status PutRoster(const v1::SignedRoster&) override { return No(); }
  absl::Status PutMember(const v1::PutMemberRequest&) override { return No(); }
  absl::StatusOr<std::string> SubmitRound(const v1::SignedDescriptor&) override { return No(); }
  absl::StatusOr<std::vector<v1::RoundSummary>> Rounds(absl::string_view) override { return No(); }
  absl::StatusOr<v1::WaitForWorkResponse> WaitForWork(const v1::WaitForWorkRequest&) override { return No(); }
  absl::StatusOr<std::vector<uint32_t>> PutContribution(const v1::PutContributionRequest&) override {
    return No();
  }
  absl::StatusOr<std::string> PutChunk(const v1::PutChunkRequest&) override { return No(); }
  absl::Status PutAbstention(const v1::SignedAbstention&) override { return No(); }
  absl::Status FetchBoxes(absl::string_view, const std::function<bool(v1::FetchBoxesResponse&&)>&) override {
    return No();
  }
  absl::Status PutVote(const v1::PutVoteRequest&) override { return No(); }
  absl::Status PutPromise(const v1::Promise&) override { return No(); }
  absl::Status PutOpening(absl::string_view, uint32_t, uint32_t, absl::string_view) override { return No(); }
  absl::Status PutUnlockAnswer(const v1::SignedUnlockAnswer&) override { return No(); }

 private:
  static absl::Status No() { return absl::UnimplementedError("not what recipients call"); }
  WholeRound::Pieces pieces_;
};

TEST_F(Recipients, ADamagedVectorIsFetchedOnceMore) {
  Collect();
  FlakyHub hub(whole_.PiecesOf(whole_.Openings()));
  const auto received =
      FetchRecord(hub, whole_.round, whole_.roster, whole_.network.partner_mail, whole_.codebook_text);
  ASSERT_TRUE(received.ok()) << received.status();
  EXPECT_EQ(hub.fetched, 2);
  EXPECT_FALSE(FetchVoid(hub, whole_.round, whole_.network.partner_mail).ok());
}

TEST(SealedOpenings, TheContentIsReadAsItWasWritten) {
  OpeningWithSum opening;
  opening.opening.set_opening("bytes");
  opening.opening.set_signature("more");
  opening.mask_sum = std::string("\0sum", 4);
  const auto read = ParseSealedContent(SealedContent(opening));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->opening.opening(), "bytes");
  EXPECT_EQ(read->mask_sum, opening.mask_sum);
  EXPECT_FALSE(ParseSealedContent("").has_value());
  EXPECT_FALSE(ParseSealedContent("\x0b").has_value());
}

}  // namespace
}  // namespace penc
