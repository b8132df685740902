// The hub on a real database: what it acknowledged is there after it was killed, and nobody speaks for
// others.
#include "hub/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "federation/contribution.h"
#include "federation/mail.h"
#include "federation/opening.h"
#include "federation/steward.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

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

}  // namespace
}  // namespace penc
