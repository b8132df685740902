// The hub on a real database: what it acknowledged is there after it was killed, and nobody speaks for
// others.
#include "hub/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "federation/contribution.h"
#include "federation/mail.h"
#include "federation/opening.h"
#include "federation/steward.h"
#include "federation/witness.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SetClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = SmallNetwork::now();
};

class Hubs : public ::testing::Test {
 protected:
  Hubs() : network_({.length = 70000}) {
    std::filesystem::remove_all(folder_);
    EXPECT_TRUE(Open().ok());
    v1::SignedRoster roster;
    roster.set_roster(network_.roster_bytes);
    SignRoster(network_.hub, roster);  // the small network's only root key
    EXPECT_TRUE(hub_->AddRoster(roster).ok());
    EXPECT_TRUE(hub_->AddPartner(network_.partner.verify_key().bytes(), "analyste").ok());
    partner_ = hub_->Identify(network_.partner.verify_key()).value();
    for (uint32_t i = 0; i < 8; ++i)
      members_.push_back(hub_->Identify(network_.members[i]->key.verify_key()).value());
  }
  ~Hubs() override {
    hub_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  // As after a kill: what is not on the disk is gone.
  absl::Status Open() {
    hub_.reset();
    database_.reset();
    ASSIGN_OR_RETURN(database_, Database::Open(folder_));
    ASSIGN_OR_RETURN(hub_, Hub::Open(*database_, network_.hub, clock_, {}));
    return absl::OkStatus();
  }
  void Submit() {
    const v1::SignedDescriptor terms = network_.Sign(network_.Terms());
    const auto qid = hub_->Submit(partner_, terms);
    ASSERT_TRUE(qid.ok()) << qid.status();
    round_ = ReadRound(terms, network_.roster_bytes, clock_.now).value();
    ASSERT_EQ(*qid, round_->qid);
  }
  OfficeContribution Build(uint32_t office) {
    v1::ChargeLogHead head;
    head.set_size(1);
    head.set_root(std::string(32, 'r'));
    return ContributionMaker::Make({*round_, office, network_.members[office]->key, 5, head},
                                   ExactVectorPeek::Of(std::vector<int64_t>(70000, office)), network_.random)
        .value();
  }
  absl::StatusOr<std::string> SendChunk(uint32_t office, const OfficeContribution& made, uint32_t index) {
    v1::VectorChunk chunk;
    chunk.set_office(office);
    chunk.set_index(index);
    chunk.set_bytes(made.vector.substr(size_t{index} * kChunkBytes, kChunkBytes));
    return hub_->PutChunk(members_[office], round_->qid, chunk);
  }
  void Contribute(uint32_t office) {
    const OfficeContribution made = Build(office);
    const auto missing = hub_->PutContribution(members_[office], made.header, made.boxes);
    ASSERT_TRUE(missing.ok()) << missing.status();
    ASSERT_THAT(*missing, SizeIs(2));
    EXPECT_EQ(SendChunk(office, made, 0).value(), "");
    const auto receipt = SendChunk(office, made, 1);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_TRUE(network_.hub.verify_key().Verify(
        SignedReceiptText(*round_, office, Sha256(made.header.header())), *receipt));
  }
  v1::RoundSummary Summary() { return hub_->Rounds(partner_, round_->qid).at(0); }

  const std::string folder_ =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_hub_test_", getpid());
  SmallNetwork network_;
  SetClock clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Hub> hub_;
  HubCaller partner_;
  std::vector<HubCaller> members_;
  absl::optional<Round> round_;
};

TEST_F(Hubs, ARoundGoesOnAfterTheHubWasKilledAtEveryStep) {
  Submit();
  for (uint32_t office = 0; office < 8; ++office) {
    ASSERT_TRUE(Open().ok());
    Contribute(office);
  }
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(Summary().state(), v1::ROUND_STATE_PROPOSED);
  std::vector<storage::v1::StewardRow> rows(7);
  std::vector<EpochSecrets> secrets;
  for (uint32_t k = 0; k < 7; ++k) {
    const auto& keys = *network_.members[k];
    secrets.push_back({AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()});
  }
  const auto delivered = [&](uint32_t k) {
    std::vector<Delivered> all;
    EXPECT_TRUE(hub_->FetchBoxes(members_[k], round_->qid,
                                 [&](v1::FetchBoxesResponse&& one) {
                                   all.push_back({one.header(), one.box()});
                                   return true;
                                 })
                    .ok());
    return all;
  };
  for (uint32_t k = 0; k < 5; ++k) {
    const v1::Work work = hub_->News(members_[k], 0).work(0);
    WitnessRows witnesses;
    const auto vote = Steward(*round_, k, secrets[k]).Vote(rows[k], work.proposal(), delivered(k), witnesses);
    ASSERT_TRUE(vote.ok()) << vote.status();
    rows[k] = vote->remember;
    v1::PutVoteRequest request;
    *request.mutable_vote() = vote->message;
    ASSERT_TRUE(hub_->PutVote(members_[k], request).ok());
    ASSERT_TRUE(Open().ok());
  }
  ASSERT_EQ(Summary().state(), v1::ROUND_STATE_CERTIFIED);
  for (uint32_t k = 0; k < 7; ++k) {
    const v1::Work work = hub_->News(members_[k], 0).work(0);
    const auto release = Steward(*round_, k, secrets[k]).Release(rows[k], work.certificate(), delivered(k));
    ASSERT_TRUE(release.ok()) << release.status();
    v1::SealedPiece piece;
    piece.set_steward(k);
    const std::string signed_opening = release->message.opening.SerializeAsString();
    piece.set_bytes(signed_opening);
    ASSERT_TRUE(hub_->PutOpening(members_[k], round_->qid, piece).ok());
    ASSERT_TRUE(Open().ok());
    piece.set_index(1);
    piece.set_last(true);
    piece.set_bytes(release->message.mask_sum.substr(0, kChunkBytes));
    ASSERT_TRUE(hub_->PutOpening(members_[k], round_->qid, piece).ok());
    piece.set_bytes("again, and otherwise");
    ASSERT_TRUE(hub_->PutOpening(members_[k], round_->qid, piece).ok()) << "it is complete: nothing changes";
  }
  ASSERT_TRUE(Open().ok());
  ASSERT_EQ(Summary().state(), v1::ROUND_STATE_OPENED);
  int headers = 0, chunks = 0, pieces = 0;
  const absl::Status fetched = hub_->Fetch(members_[6], round_->qid, [&](v1::FetchRoundResponse&& piece) {
    headers += piece.has_header();
    chunks += piece.has_chunk();
    pieces += piece.has_opening();
    if (piece.has_opening()) {
      EXPECT_NE(piece.opening().bytes(), "again, and otherwise");
    }
    return true;
  });
  EXPECT_TRUE(fetched.ok()) << fetched;
  EXPECT_EQ(headers, 8);
  EXPECT_EQ(chunks, 16);
  EXPECT_EQ(pieces, 14);
}

TEST_F(Hubs, NobodySpeaksForAnother) {
  Submit();
  const OfficeContribution made = Build(3);
  EXPECT_EQ(hub_->PutContribution(members_[2], made.header, made.boxes).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(hub_->PutContribution(partner_, made.header, made.boxes).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(hub_->Identify(SigningKey::Generate(network_.random).verify_key()).ok());
  EXPECT_FALSE(hub_->PutPromise(members_[1], network_.SignPromise(*round_, 2)).ok());
  EXPECT_FALSE(hub_->Submit(members_[0], network_.Sign(network_.Terms())).ok()) << "another's descriptor";
  EXPECT_EQ(hub_->Fetch(partner_, round_->qid, [](auto&&) { return true; }).code(),
            absl::StatusCode::kFailedPrecondition)
      << "not open yet";
  HubCaller stranger;
  stranger.kind = HubCaller::Kind::kPartner;
  stranger.key = std::string(32, 'x');
  EXPECT_THAT(hub_->Rounds(stranger, ""), IsEmpty());
  EXPECT_EQ(hub_->Fetch(stranger, round_->qid, [](auto&&) { return true; }).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(Hubs, ChunksThatAreNotTheSignedVectorAreAskedForAgain) {
  Submit();
  OfficeContribution made = Build(1);
  ASSERT_TRUE(hub_->PutContribution(members_[1], made.header, made.boxes).ok());
  const char right = made.vector[5];
  made.vector[5] = static_cast<char>(right ^ 1);
  ASSERT_TRUE(SendChunk(1, made, 0).ok());
  EXPECT_FALSE(SendChunk(1, made, 1).ok());
  EXPECT_THAT(hub_->News(members_[1], 0).work(0).missing_chunks(), SizeIs(2));
  made.vector[5] = right;
  ASSERT_TRUE(SendChunk(1, made, 1).ok());
  const auto receipt = SendChunk(1, made, 0);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  EXPECT_FALSE(receipt->empty());
  EXPECT_EQ(SendChunk(1, made, 0).value(), *receipt) << "the same receipt again";
}

TEST_F(Hubs, TheSameRoundTwiceIsOneRoundAndTooManyWait) {
  const v1::SignedDescriptor terms = network_.Sign(network_.Terms());
  EXPECT_EQ(hub_->Submit(partner_, terms).value(), hub_->Submit(partner_, terms).value());
  for (int i = 1; i < 8; ++i) EXPECT_TRUE(hub_->Submit(partner_, network_.Sign(network_.Terms())).ok());
  EXPECT_EQ(hub_->Submit(partner_, network_.Sign(network_.Terms())).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(Hubs, WhatHasExpiredIsDeleted) {
  Submit();
  Contribute(0);
  clock_.now += absl::Hours(72);
  hub_->Tick();
  for (uint32_t k = 0; k < 5; ++k)
    ASSERT_TRUE(hub_->PutPromise(members_[k], network_.SignPromise(*round_, k)).ok());
  EXPECT_EQ(Summary().state(), v1::ROUND_STATE_VOID);
  const auto stored = [&] {
    int entries = 0;
    EXPECT_TRUE(
        database_->Scan(Space::kRecords, round_->qid, [&](auto, auto) { return ++entries > 0; }).ok());
    return entries;
  };
  EXPECT_EQ(stored(), 7 + 2);
  clock_.now += absl::Hours(24 * 14);
  hub_->Tick();
  EXPECT_EQ(stored(), 0);
}

// A disk without room, as Database sees it.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    struct rlimit small = before_;
    small.rlim_cur = 1 << 20;
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  struct rlimit before_ {};
};

TEST_F(Hubs, WhatCouldNotBeWrittenWasNotHeard) {
  Submit();
  const OfficeContribution made = Build(1);
  {
    FullDisk full;
    EXPECT_EQ(hub_->PutContribution(members_[1], made.header, made.boxes).status().code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(hub_->PutPromise(members_[1], network_.SignPromise(*round_, 1)).code(),
              absl::StatusCode::kResourceExhausted);
    EXPECT_FALSE(hub_->Submit(partner_, network_.Sign(network_.Terms())).ok());
  }
  EXPECT_FALSE(hub_->News(members_[1], 0).work(0).header_received());
  EXPECT_THAT(Summary().promised(), IsEmpty());
  EXPECT_THAT(hub_->Rounds(partner_, ""), SizeIs(1));
  // Said again it is written: an answer of "known already" from memory alone would be a lie after a kill.
  ASSERT_TRUE(hub_->PutContribution(members_[1], made.header, made.boxes).ok());
  ASSERT_TRUE(hub_->PutPromise(members_[1], network_.SignPromise(*round_, 1)).ok());
  {
    FullDisk full;
    EXPECT_FALSE(SendChunk(1, made, 0).ok());
  }
  EXPECT_THAT(hub_->News(members_[1], 0).work(0).missing_chunks(), SizeIs(2));
  ASSERT_TRUE(SendChunk(1, made, 0).ok());
  const auto receipt = SendChunk(1, made, 1);
  ASSERT_TRUE(receipt.ok()) << receipt.status();
  ASSERT_TRUE(Open().ok());
  EXPECT_THAT(Summary().promised(), SizeIs(1));
  EXPECT_THAT(Summary().contributed(), SizeIs(1));
  EXPECT_EQ(SendChunk(1, made, 1).value(), *receipt);
}

class Witnessed : public Hubs {
 protected:
  void SetUp() override {
    Submit();
    for (uint32_t office = 0; office < 8; ++office) Contribute(office);
  }
  // Steward k's vote with a statement about office 3.
  v1::PutVoteRequest Vote(uint32_t k, uint64_t generation, uint64_t size) {
    v1::PutVoteRequest request;
    const v1::SignedProposal proposal = hub_->News(members_[k], 0).work(0).proposal();
    *request.mutable_vote() = network_.SignVote(*round_, k, Sha256(proposal.proposal()));
    v1::WitnessStatement statement;
    statement.set_office_key(network_.members[3]->key.verify_key().bytes());
    statement.set_generation(generation);
    statement.set_size(size);
    *request.add_witnesses() = SignWitness(statement, k, network_.members[k]->key);
    return request;
  }
  std::vector<uint64_t> SizesToldTo(uint32_t office) {
    std::vector<uint64_t> sizes;
    const v1::WaitForWorkResponse news = hub_->News(members_[office], 0);
    for (const v1::SignedWitness& witness : news.witnesses()) {
      v1::WitnessStatement statement;
      EXPECT_TRUE(statement.ParseFromString(witness.statement()));
      sizes.push_back(statement.size());
    }
    return sizes;
  }
};

TEST_F(Witnessed, TheLatestOfEveryStewardGoesToTheOfficeConcernedAndToNobodyElse) {
  ASSERT_TRUE(hub_->PutVote(members_[0], Vote(0, 0, 7)).ok());
  ASSERT_TRUE(hub_->PutVote(members_[1], Vote(1, 0, 9)).ok());
  EXPECT_THAT(SizesToldTo(3), ElementsAre(7u, 9u));
  EXPECT_THAT(SizesToldTo(2), IsEmpty());
  // The same vote again with a later statement, then with an older one.
  ASSERT_TRUE(hub_->PutVote(members_[0], Vote(0, 0, 8)).ok());
  ASSERT_TRUE(hub_->PutVote(members_[0], Vote(0, 0, 5)).ok());
  EXPECT_THAT(SizesToldTo(3), ElementsAre(8u, 9u));
  ASSERT_TRUE(hub_->PutVote(members_[0], Vote(0, 1, 1)).ok()) << "a restored office's next generation";
  ASSERT_TRUE(Open().ok());
  EXPECT_THAT(SizesToldTo(3), ElementsAre(1u, 9u));
}

TEST_F(Witnessed, AStatementThatIsNotTheStewardsOwnTakesTheVoteWithIt) {
  v1::PutVoteRequest forged = Vote(0, 0, 7);
  forged.mutable_witnesses(0)->set_signature(std::string(64, 'x'));
  v1::PutVoteRequest of_another = Vote(0, 0, 7);
  *of_another.mutable_witnesses(0) = Vote(1, 0, 7).witnesses(0);
  v1::PutVoteRequest of_nobody = Vote(0, 0, 7);
  v1::WitnessStatement statement;
  statement.set_office_key(std::string(32, 'n'));
  *of_nobody.mutable_witnesses(0) = SignWitness(statement, 0, network_.members[0]->key);
  v1::PutVoteRequest outside = Vote(0, 0, 7);
  outside.mutable_witnesses(0)->set_steward(1000);
  v1::PutVoteRequest stuffed = Vote(0, 0, 7);
  statement.set_office_key(network_.members[3]->key.verify_key().bytes());
  statement.set_root(std::string(5000, 'r'));
  *stuffed.mutable_witnesses(0) = SignWitness(statement, 0, network_.members[0]->key);
  for (const v1::PutVoteRequest& bad : {forged, of_another, of_nobody, outside, stuffed})
    EXPECT_EQ(hub_->PutVote(members_[0], bad).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Summary().voted(), IsEmpty());
  EXPECT_THAT(SizesToldTo(3), IsEmpty());
}

TEST_F(Hubs, ANewMarkMeansThatThereIsSomethingToDo) {
  int told = 0;
  hub_->OnChange([&told] { ++told; });
  const uint64_t quiet = hub_->MarkFor(members_[5]);
  Submit();
  EXPECT_EQ(told, 1);
  const uint64_t submitted = hub_->MarkFor(members_[5]);
  EXPECT_NE(submitted, quiet);
  Contribute(0);
  EXPECT_EQ(hub_->MarkFor(members_[5]), submitted) << "another office's contribution is not";
  EXPECT_EQ(told, 1);
  for (uint32_t office = 1; office < 8; ++office) Contribute(office);
  const uint64_t proposed = hub_->MarkFor(members_[5]);
  EXPECT_NE(proposed, submitted) << "stewards vote now";
  HubCaller other;
  other.kind = HubCaller::Kind::kPartner;
  other.key = std::string(32, 'x');
  EXPECT_EQ(hub_->MarkFor(other), quiet) << "the round is not this partner's";
  ASSERT_TRUE(Open().ok());
  clock_.now += absl::Seconds(1);
  ASSERT_TRUE(Open().ok());
  EXPECT_NE(hub_->MarkFor(members_[5]), proposed) << "a hub that was killed is asked again";
  EXPECT_EQ(hub_->News(members_[5], hub_->MarkFor(members_[5])).work_size(), 1);
}

TEST_F(Hubs, ReadersHoldNothingBetweenPieces) {
  Submit();
  for (uint32_t office = 0; office < 8; ++office) Contribute(office);
  auto boxes = hub_->FetchBoxes(members_[2], round_->qid);
  ASSERT_TRUE(boxes.ok()) << boxes.status();
  ASSERT_TRUE(boxes->Next()->has_value());
  // In between the hub does other things.
  ASSERT_TRUE(hub_->PutPromise(members_[1], network_.SignPromise(*round_, 1)).ok());
  for (int left = 7; left > 0; --left) ASSERT_TRUE(boxes->Next()->has_value());
  EXPECT_FALSE(boxes->Next()->has_value());
  EXPECT_FALSE(hub_->FetchBoxes(members_[7], round_->qid).ok()) << "no steward";
  // What expires under a reader is gone, and it is told so.
  auto reader = hub_->FetchBoxes(members_[2], round_->qid);
  ASSERT_TRUE(reader->Next().ok());
  for (uint32_t k = 2; k < 6; ++k)
    ASSERT_TRUE(hub_->PutPromise(members_[k], network_.SignPromise(*round_, k)).ok());
  clock_.now += absl::Hours(24 * 15);
  hub_->Tick();
  EXPECT_EQ(reader->Next().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(hub_->FetchBoxes(members_[2], round_->qid).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(Summary().state(), v1::ROUND_STATE_VOID) << "the proof stays";
  EXPECT_THAT(Summary().contributed(), SizeIs(8));
  const OfficeContribution late = Build(0);
  EXPECT_FALSE(hub_->PutContribution(members_[0], late.header, late.boxes).ok());
  EXPECT_FALSE(SendChunk(0, late, 0).ok());
}

TEST_F(Hubs, WhatOthersAreHandedAgainAndAgainIsShort) {
  Submit();
  v1::SignedAbstention long_one = network_.SignAbstention(*round_, 0);
  long_one.mutable_abstention()->append(std::string(2000, '\0'));
  EXPECT_EQ(hub_->PutAbstention(members_[0], long_one).code(), absl::StatusCode::kInvalidArgument);
  v1::Promise stuffed = network_.SignPromise(*round_, 0);
  // A field that nobody knows: signatures do not cover it.
  ASSERT_TRUE(stuffed.MergeFromString(std::string("\xa2\x06\xd0\x0f") + std::string(2000, 'x')));
  EXPECT_EQ(hub_->PutPromise(members_[0], stuffed).code(), absl::StatusCode::kInvalidArgument);
  v1::SignedDescriptor terms = network_.Sign(network_.Terms());
  terms.mutable_body()->append(std::string(300 << 10, '\0'));
  EXPECT_EQ(hub_->Submit(partner_, terms).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penc
