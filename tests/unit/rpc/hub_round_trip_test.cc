// A whole round over gRPC on loopback: the pure state machines at both ends, the hub's folder in the middle.
#include <gmock/gmock.h>

#include <future>
#include <map>

#include "crypto/hash.h"
#include "federation/mail.h"
#include "federation/opening.h"
#include "federation/witness.h"
#include "rpc/timers.h"
#include "tests/support/hub_on_loopback.h"

namespace penc::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class HubRoundTrip : public HubOnLoopback {
 protected:
  HubRoundTrip() = default;
  explicit HubRoundTrip(SmallNetwork::Numbers numbers) : HubOnLoopback(numbers) {}

  // What steward k does once: votes, releases, as far as the hub's news allow.
  void Attend(HubLink& hub, uint32_t k, const v1::Work& work) {
    const EpochSecrets secrets = SecretsOf(k);
    const Steward steward(*round_, k, secrets);
    const auto delivered = Boxes(hub);
    ASSERT_TRUE(delivered.ok()) << delivered.status();
    if (work.round().state() == v1::ROUND_STATE_PROPOSED) {
      WitnessRows witnesses;
      const auto vote = steward.Vote(rows_[k], work.proposal(), *delivered, witnesses);
      ASSERT_TRUE(vote.ok()) << vote.status();
      rows_[k] = vote->remember;
      v1::PutVoteRequest request;
      *request.mutable_vote() = vote->message;
      for (const auto& [office, row] : witnesses) {
        v1::WitnessStatement statement;
        statement.set_office_key(office);
        statement.set_size(row.heads(row.heads_size() - 1).size());
        statement.set_root(row.heads(row.heads_size() - 1).root());
        *request.add_witnesses() = SignWitness(statement, k, network_.members[k]->key);
      }
      const absl::Status put = hub.PutVote(request);
      ASSERT_TRUE(put.ok()) << put;
    } else if (work.round().state() == v1::ROUND_STATE_CERTIFIED) {
      const auto release = steward.Release(rows_[k], work.certificate(), *delivered);
      ASSERT_TRUE(release.ok()) << release.status();
      rows_[k] = release->remember;
      v1::ReadOpening content;
      *content.mutable_opening() = release->message.opening;
      content.set_mask_sum(release->message.mask_sum);
      std::vector<std::string> readers = {network_.partner_mail.public_key()};
      for (const auto& keys : network_.members) readers.push_back(keys->mail.public_key());
      const auto mail = SealMail({round_->qid, 1, k}, content.SerializeAsString(), readers, network_.random);
      ASSERT_TRUE(mail.ok()) << mail.status();
      const absl::Status put = hub.PutOpening(round_->qid, k, 0, mail->SerializeAsString());
      ASSERT_TRUE(put.ok()) << put;
    }
  }

  // What a recipient collects, mail opened with `key`.
  absl::StatusOr<RoundParts> Collect(HubLink& hub, const AgreementKey& key) {
    RoundParts parts;
    std::map<uint32_t, std::string> vectors, mail;
    std::vector<uint32_t> order;
    RETURN_IF_ERROR(hub.FetchRound(round_->qid, [&](v1::FetchRoundResponse&& piece) {
      if (piece.has_certificate()) parts.certificate = piece.certificate();
      if (piece.has_header()) {
        parts.headers.push_back(piece.header());
        v1::ContributionHeader header;
        EXPECT_TRUE(header.ParseFromString(piece.header().header()));
        order.push_back(header.office());
      }
      if (piece.has_chunk()) vectors[piece.chunk().office()] += piece.chunk().bytes();
      if (piece.has_opening()) mail[piece.opening().steward()] += piece.opening().bytes();
      if (piece.has_abstention()) ++abstentions_;
      return true;
    }));
    for (uint32_t office : order) parts.vectors.push_back(vectors[office]);
    for (const auto& [steward, bytes] : mail) {
      v1::SealedMail sealed;
      if (!sealed.ParseFromString(bytes)) return absl::DataLossError("mail");
      ASSIGN_OR_RETURN(const Secret content, OpenMail({round_->qid, 1, steward}, sealed, key));
      v1::ReadOpening read;
      if (!read.ParseFromArray(content.view().data(), static_cast<int>(content.size())))
        return absl::DataLossError("opening");
      parts.openings.push_back({read.opening(), read.mask_sum()});
    }
    return parts;
  }

  std::vector<storage::v1::StewardRow> rows_ = std::vector<storage::v1::StewardRow>(7);
  int abstentions_ = 0;
};

TEST_F(HubRoundTrip, EightOfficesOneOfThemSilentAndTheHubKilledInBetween) {
  Submit();
  std::vector<std::unique_ptr<HubClient>> members;
  for (uint32_t i = 0; i < 8; ++i) members.push_back(Member(i));
  for (uint32_t i = 0; i < 7; ++i) {
    const auto news = members[i]->WaitForWork(Waiting(0, absl::Seconds(5)));
    ASSERT_TRUE(news.ok()) << news.status();
    ASSERT_EQ(news->work_size(), 1);
    const OfficeContribution made = Build(i);
    if (i == 3) {  // half of it, then the hub dies
      v1::PutContributionRequest request;
      *request.mutable_header() = made.header;
      request.mutable_boxes()->Assign(made.boxes.begin(), made.boxes.end());
      ASSERT_TRUE(members[i]->PutContribution(request).ok());
      ASSERT_TRUE(members[i]->PutChunk(Chunk(i, made, 0)).ok());
      Start(HubServerOptions());
      ASSERT_THAT(members[i]->PutContribution(request).value(), ElementsAre(1u));
    }
    const auto receipt = Send(*members[i], i, made);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_TRUE(network_.hub.verify_key().Verify(SignedReceiptText(*round_, i, Sha256(made.header.header())),
                                                 *receipt));
  }
  ASSERT_TRUE(members[7]->PutAbstention(network_.SignAbstention(*round_, 7)).ok());
  for (const v1::RoundState state : {v1::ROUND_STATE_PROPOSED, v1::ROUND_STATE_CERTIFIED}) {
    const uint32_t needed = state == v1::ROUND_STATE_PROPOSED ? 5 : 7;
    for (uint32_t k = 0; k < needed; ++k) {
      const auto news = members[k]->WaitForWork(Waiting(0, absl::Seconds(5)));
      ASSERT_TRUE(news.ok()) << news.status();
      ASSERT_EQ(news->work(0).round().state(), state);
      Attend(*members[k], k, news->work(0));
    }
  }
  auto partner = ClientOf(partner_identity_);
  ASSERT_EQ(partner->Rounds(round_->qid).value().at(0).state(), v1::ROUND_STATE_OPENED);
  const auto parts = Collect(*partner, network_.partner_mail);
  ASSERT_TRUE(parts.ok()) << parts.status();
  EXPECT_EQ(abstentions_, 1);
  const auto opened = OpenRound(*round_, *parts);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_THAT(opened->answered, ElementsAre(0u, 1u, 2u, 3u, 4u, 5u, 6u));
  EXPECT_THAT(opened->remarks, IsEmpty());
  int64_t sum = 0;
  for (int64_t cell : opened->noisy) sum += cell;
  // 21 a cell; the noise of 70,000 cells with variance below 2 is below 3,000 with certainty 1 - 1e-15.
  EXPECT_NEAR(static_cast<double>(sum), 21.0 * static_cast<double>(length_), 3000);
  // A member reads the same; what was witnessed of it came with its news.
  const auto again = Collect(*members[7], network_.members[7]->mail);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(OpenRound(*round_, *again)->noisy, opened->noisy);
  EXPECT_THAT(members[2]->WaitForWork(Waiting(0, absl::Seconds(1)))->witnesses(), SizeIs(5));
}

TEST_F(HubRoundTrip, WaitingEndsWithTheChangeAndNotBefore) {
  auto member = Member(2);
  const auto first = member->WaitForWork(Waiting(0, absl::Seconds(30)));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->work_size(), 0);
  const absl::Duration start = Monotonic();
  const auto quiet = member->WaitForWork(Waiting(first->mark(), absl::Milliseconds(300)));
  ASSERT_TRUE(quiet.ok()) << quiet.status();
  EXPECT_GE(Monotonic() - start, absl::Milliseconds(290));
  EXPECT_EQ(quiet->mark(), first->mark());
  auto news = std::async(std::launch::async,
                         [&] { return member->WaitForWork(Waiting(first->mark(), absl::Seconds(30))); });
  while (server_->service().waiting() == 0) std::this_thread::yield();
  const absl::Duration submitted = Monotonic();
  Submit();
  const auto got = news.get();
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_LT(Monotonic() - submitted, absl::Seconds(5));
  EXPECT_EQ(got->work_size(), 1);
  EXPECT_NE(got->mark(), first->mark());
}

TEST_F(HubRoundTrip, SomebodyElsesContributionIsNoNews) {
  Submit();
  auto waiting = Member(2), busy = Member(1);
  const auto first = waiting->WaitForWork(Waiting(0, absl::Seconds(30)));
  auto news = std::async(std::launch::async,
                         [&] { return waiting->WaitForWork(Waiting(first->mark(), absl::Seconds(1))); });
  ASSERT_TRUE(Send(*busy, 1, Build(1)).ok());
  EXPECT_EQ(news.get()->mark(), first->mark());
}

TEST_F(HubRoundTrip, StoppingTheClientEndsItsWaitAtOnce) {
  auto member = Member(2);
  const auto first = member->WaitForWork(Waiting(0, absl::Seconds(30)));
  auto news = std::async(std::launch::async,
                         [&] { return member->WaitForWork(Waiting(first->mark(), absl::Seconds(60))); });
  while (server_->service().waiting() == 0) std::this_thread::yield();
  const absl::Duration start = Monotonic();
  member->Stop();
  EXPECT_EQ(news.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_LT(Monotonic() - start, absl::Seconds(5));
  EXPECT_EQ(member->RostersAfter(0).status().code(), absl::StatusCode::kCancelled);
  while (server_->service().waiting() > 0) std::this_thread::yield();
}

TEST_F(HubRoundTrip, StoppingTheHubAnswersThoseWhoWait) {
  auto member = Member(2);
  const auto first = member->WaitForWork(Waiting(0, absl::Seconds(30)));
  auto news = std::async(std::launch::async,
                         [&] { return member->WaitForWork(Waiting(first->mark(), absl::Seconds(60))); });
  while (server_->service().waiting() == 0) std::this_thread::yield();
  const absl::Duration start = Monotonic();
  server_->Stop(absl::Seconds(10));
  EXPECT_EQ(news.get().status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(Monotonic() - start, absl::Seconds(5));
}

TEST_F(HubRoundTrip, AClientMovesToWhereANewRosterSaysTheHubIs) {
  auto member = Member(2);
  HubAddress elsewhere = Address();
  elsewhere.address = "127.0.0.1:1";
  member->MoveTo(elsewhere);
  const absl::Status nobody = member->RostersAfter(0).status();
  EXPECT_EQ(nobody.code(), absl::StatusCode::kUnavailable) << nobody;
  EXPECT_THAT(std::string(nobody.message()), ::testing::HasSubstr("cannot be reached at 127.0.0.1:1"));
  member->MoveTo(Address());
  EXPECT_THAT(member->RostersAfter(0).value(), SizeIs(1));
}

TEST_F(HubRoundTrip, WhoCallsAgainAndAgainIsAnsweredOldestFirst) {
  HubServerOptions options;
  options.service.waiting = 2;
  Start(options);
  auto member = Member(2), other = Member(3);
  const auto first = member->WaitForWork(Waiting(0, absl::Seconds(30)));
  const auto others = other->WaitForWork(Waiting(0, absl::Seconds(30)));
  std::vector<std::future<absl::StatusOr<v1::WaitForWorkResponse>>> waits;
  auto patient = std::async(std::launch::async,
                            [&] { return other->WaitForWork(Waiting(others->mark(), absl::Seconds(60))); });
  for (int i = 0; i < 5; ++i) {
    waits.push_back(std::async(
        std::launch::async, [&] { return member->WaitForWork(Waiting(first->mark(), absl::Seconds(60))); }));
  }
  // Three are answered although nothing happened; two go on waiting, and the other member with them.
  int answered = 0;
  while (answered < 3) {
    answered = 0;
    for (auto& wait : waits)
      answered += wait.wait_for(std::chrono::milliseconds(5)) == std::future_status::ready;
  }
  EXPECT_EQ(answered, 3);
  EXPECT_EQ(server_->service().waiting(), 3u);
  Submit();
  for (auto& wait : waits) EXPECT_TRUE(wait.get().ok());
  EXPECT_EQ(patient.get()->work_size(), 1);
}

TEST_F(HubRoundTrip, TwoTransfersOfOneOpeningAreNotMixed) {
  Submit();
  std::vector<std::unique_ptr<HubClient>> members;
  for (uint32_t i = 0; i < 8; ++i) {
    members.push_back(Member(i));
    ASSERT_TRUE(Send(*members[i], i, Build(i)).ok());
  }
  for (uint32_t k = 0; k < 5; ++k)
    Attend(*members[k], k, members[k]->WaitForWork(Waiting(0, absl::Seconds(5)))->work(0));
  const auto stub = v1::HubService::NewStub(
      Dial(identities_[0], Address().address, std::make_shared<Pin>(hub_identity_.fingerprint, clock_), {}));
  const auto piece = [&](uint32_t index, bool last, const std::string& bytes) {
    v1::PutOpeningRequest request;
    request.set_qid(round_->qid);
    request.mutable_piece()->set_index(index);
    request.mutable_piece()->set_last(last);
    request.mutable_piece()->set_bytes(bytes);
    return request;
  };
  const auto pieces_stored = [&] {
    size_t stored = 0;
    EXPECT_TRUE(database_
                    ->Scan(Space::kRecords, absl::StrCat(round_->qid, "o"),
                           [&](absl::string_view, absl::string_view) {
                             ++stored;
                             return true;
                           })
                    .ok());
    return stored;
  };
  grpc::ClientContext first_context, second_context;
  v1::PutOpeningResponse response;
  auto first = stub->PutOpening(&first_context, &response);
  ASSERT_TRUE(first->Write(piece(0, false, "first")));
  while (pieces_stored() < 1) std::this_thread::yield();
  auto second = stub->PutOpening(&second_context, &response);
  ASSERT_TRUE(second->Write(piece(0, false, "second")));
  const std::string key = absl::StrCat(round_->qid, "o", std::string(12, '\0'));
  while (*database_->Get(Space::kRecords, key) != "second") std::this_thread::yield();
  first->Write(piece(1, true, "first, late"));
  first->WritesDone();
  EXPECT_EQ(first->Finish().error_code(), grpc::StatusCode::ABORTED);
  ASSERT_TRUE(second->Write(piece(1, true, "second, too")));
  second->WritesDone();
  const grpc::Status done = second->Finish();
  EXPECT_TRUE(done.ok()) << done.error_message();
  EXPECT_EQ(pieces_stored(), 2u);
  EXPECT_THAT(members[0]->Rounds(round_->qid)->at(0).released(), ElementsAre(0u));
}

// More than what connections keep on the way.
class LongRoundTrip : public HubRoundTrip {
 protected:
  LongRoundTrip() : HubRoundTrip({.length = 1'000'000}) {}
};

TEST_F(LongRoundTrip, AReaderThatStandsStillIsCutOff) {
  HubServerOptions options;
  options.service.stalled = absl::Milliseconds(300);
  Start(options);
  Submit();
  std::vector<std::unique_ptr<HubClient>> members;
  for (uint32_t i = 0; i < 8; ++i) {
    members.push_back(Member(i));
    ASSERT_TRUE(Send(*members[i], i, Build(i)).ok());
  }
  for (int step = 0; step < 2; ++step) {
    for (uint32_t k = 0; k < 7; ++k) {
      const auto news = members[k]->WaitForWork(Waiting(0, absl::Seconds(5)));
      ASSERT_TRUE(news.ok()) << news.status();
      if (step == 1 || news->work(0).round().state() == v1::ROUND_STATE_PROPOSED)
        Attend(*members[k], k, news->work(0));
    }
  }
  int pieces = 0;
  const absl::Status cut = members[0]->FetchRound(round_->qid, [&](v1::FetchRoundResponse&&) {
    if (++pieces == 1) std::this_thread::sleep_for(std::chrono::seconds(2));
    return true;
  });
  EXPECT_EQ(cut.code(), absl::StatusCode::kUnavailable) << cut;
  EXPECT_NE(Explain(cut).fr, Explain(cut).en);
  EXPECT_TRUE(members[0]->FetchRound(round_->qid, [](auto&&) { return true; }).ok()) << "it may come back";
}

}  // namespace
}  // namespace penc::rpc
