// A hub of a small network (small_network.h) on a free port of the loopback, and clients of it. Header only.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/database.h"
#include "federation/contribution.h"
#include "federation/roster.h"
#include "federation/steward.h"
#include "hub/hub.h"
#include "rpc/hub_client.h"
#include "rpc/hub_server.h"
#include "rpc/tls13.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc::rpc {

class NetworkClock : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(micros_.load()); }
  void Add(absl::Duration more) { micros_ += absl::ToInt64Microseconds(more); }

 private:
  std::atomic<int64_t> micros_{absl::ToUnixMicros(SmallNetwork::now())};
};

class HubOnLoopback : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { RequireTls13(); }

  explicit HubOnLoopback(SmallNetwork::Numbers numbers = {.length = 70000})
      : network_(numbers), length_(numbers.length) {
    std::filesystem::remove_all(folder_);
  }
  ~HubOnLoopback() override {
    server_.reset();
    hub_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  void SetUp() override {
    for (const auto& keys : network_.members)
      identities_.push_back(MakeIdentity(keys->key.Copy(), "member", clock_.Now()));
    Start(HubServerOptions());
    v1::SignedRoster roster;
    roster.set_roster(network_.roster_bytes);
    SignRoster(network_.hub, roster);  // the small network's only root key
    ASSERT_TRUE(hub_->AddRoster(roster).ok());
    ASSERT_TRUE(hub_->AddPartner(network_.partner.verify_key().bytes(), "analyste").ok());
  }

  // Also as after a kill.
  void Start(HubServerOptions options) {
    server_.reset();
    hub_.reset();
    database_.reset();
    auto database = Database::Open(folder_, Hub::kWriteBytes);
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    auto hub = Hub::Open(*database_, network_.hub, clock_, {});
    ASSERT_TRUE(hub.ok()) << hub.status();
    hub_ = *std::move(hub);
    options.listen = absl::StrCat("127.0.0.1:", port_);
    auto server = HubServer::Start(*hub_, FixedCertificate(hub_identity_), clock_, options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    port_ = server_->port();
  }

  HubAddress Address() const {
    return {"essai", absl::StrCat("127.0.0.1:", port_), hub_identity_.fingerprint};
  }
  std::unique_ptr<HubClient> ClientOf(const Identity& identity) {
    HubClient::Options options;
    options.longest_pause = absl::Milliseconds(300);
    options.call = absl::Seconds(20);
    return std::make_unique<HubClient>(identity, Address(), clock_, options);
  }
  std::unique_ptr<HubClient> Member(uint32_t office) { return ClientOf(identities_[office]); }

  void Submit() {
    const v1::SignedDescriptor terms = network_.Sign(network_.Terms());
    round_ = ReadRound(terms, network_.roster_bytes, clock_.Now()).value();
    auto partner = ClientOf(partner_identity_);
    const auto qid = partner->SubmitRound(terms);
    ASSERT_TRUE(qid.ok()) << qid.status();
    ASSERT_EQ(*qid, round_->qid);
  }
  OfficeContribution Build(uint32_t office) {
    v1::ChargeLogHead head;
    head.set_size(1);
    head.set_root(std::string(32, 'r'));
    return ContributionMaker::Make({*round_, office, network_.members[office]->key, 5, head},
                                   ExactVectorPeek::Of(std::vector<int64_t>(length_, office)),
                                   network_.random)
        .value();
  }
  v1::PutChunkRequest Chunk(uint32_t office, const OfficeContribution& made, uint32_t index) {
    v1::PutChunkRequest request;
    request.set_qid(round_->qid);
    request.mutable_chunk()->set_office(office);
    request.mutable_chunk()->set_index(index);
    request.mutable_chunk()->set_bytes(made.vector.substr(size_t{index} * kChunkBytes, kChunkBytes));
    return request;
  }
  // Sends what is missing; the receipt.
  absl::StatusOr<std::string> Send(HubLink& hub, uint32_t office, const OfficeContribution& made) {
    v1::PutContributionRequest request;
    *request.mutable_header() = made.header;
    request.mutable_boxes()->Assign(made.boxes.begin(), made.boxes.end());
    ASSIGN_OR_RETURN(const std::vector<uint32_t> missing, hub.PutContribution(request));
    std::string receipt;
    for (uint32_t index : missing) {
      ASSIGN_OR_RETURN(receipt, hub.PutChunk(Chunk(office, made, index)));
    }
    return receipt;
  }
  EpochSecrets SecretsOf(uint32_t steward) {
    const auto& keys = *network_.members[steward];
    return {AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()};
  }
  absl::StatusOr<std::vector<Delivered>> Boxes(HubLink& hub) {
    std::vector<Delivered> all;
    RETURN_IF_ERROR(hub.FetchBoxes(round_->qid, [&](v1::FetchBoxesResponse&& one) {
      all.push_back({one.header(), one.box()});
      return true;
    }));
    return all;
  }
  v1::WaitForWorkRequest Waiting(uint64_t after, absl::Duration wait) {
    v1::WaitForWorkRequest request;
    request.set_roster_version(1);
    request.set_after(after);
    request.set_wait_milliseconds(static_cast<uint32_t>(absl::ToInt64Milliseconds(wait)));
    return request;
  }

  const std::string folder_ = absl::StrCat(::testing::TempDir(), "/hub_on_loopback_", getpid());
  SmallNetwork network_;
  const uint64_t length_;
  NetworkClock clock_;
  Identity hub_identity_ = MakeIdentity(network_.hub.Copy(), "hub", clock_.Now());
  Identity partner_identity_ = MakeIdentity(network_.partner.Copy(), "analyste", clock_.Now());
  Identity stranger_ = MakeIdentity(SigningKey::Generate(network_.random), "stranger", clock_.Now());
  std::vector<Identity> identities_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<HubServer> server_;
  int port_ = 0;
  absl::optional<Round> round_;
};

}  // namespace penc::rpc
