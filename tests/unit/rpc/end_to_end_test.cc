// The whole way: an office with a few records, a partner, questions over mutual TLS.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "base/status.h"
#include "journal/journal.h"
#include "journal/note.h"
#include "penc/v1/admin_service.grpc.pb.h"
#include "rpc/admin_client.h"
#include "rpc/client.h"
#include "rpc/partner.h"
#include "rpc/server.h"
#include "rpc/socket_address.h"
#include "rpc/tls13.h"
#include "tests/support/small_office.h"
#include "tests/unit/ingest/made_workbook.h"

namespace penc::rpc {
namespace {

class EndToEnd : public SmallOffice {
 protected:
  static void SetUpTestSuite() { RequireTls13(); }

  void SetUp() override {
    std::filesystem::remove_all(partner_dir_);
    Create();
    auto imported = Import(Rows(600));
    ASSERT_TRUE(imported.ok()) << imported.status();
    ASSERT_TRUE(Close().ok());
    ASSERT_TRUE(Partner::Create(partner_dir_, "iom-dakar", clock_.now, random_).ok());
    auto partner = Partner::Open(partner_dir_, clock_.now);
    ASSERT_TRUE(partner.ok()) << partner.status();
    partner_ = std::make_unique<Partner>(*std::move(partner));
    absl::Status granted = Grant(partner_->identity().fingerprint, "iom-dakar");
    ASSERT_TRUE(granted.ok()) << granted;
    Serve();
  }
  ~EndToEnd() override {
    server_.reset();
    std::filesystem::remove_all(partner_dir_);
  }

  void Serve(ServerOptions options = {}) {
    server_.reset();
    options.listen = "127.0.0.1:0";
    auto server = NodeServer::Start(*office_, clock_, options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    card_.set_card("ALCRER");
    card_.set_address(absl::StrCat("127.0.0.1:", server_->port()));
    card_.set_key(office_->identity().fingerprint);
  }

  v1::AskBody Body(const std::string& sql, uint32_t share_ppm = 20000) {
    v1::AskBody body;
    body.mutable_bulletin()->add_questions()->set_sql(sql);
    body.set_purpose("plaidoyer");
    body.mutable_price()->set_share_ppm(share_ppm);
    body.set_node(card_.key());
    body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
    return body;
  }
  static v1::Answer Parsed(const std::string& bytes) {
    v1::Answer answer;
    EXPECT_TRUE(answer.ParseFromString(bytes));
    return answer;
  }

  const std::string partner_dir_ = dir_ + "-partner";
  std::unique_ptr<Partner> partner_;
  storage::v1::Card card_;
  std::unique_ptr<NodeServer> server_;
};

constexpr char kByRace[] = "SELECT race, count(DISTINCT person) FROM work GROUP BY race";

TEST_F(EndToEnd, SameQuestionTwiceGivesTheSameBytesAndIsChargedOnce) {
  NodeClient client(partner_->identity(), card_, clock_);
  absl::Duration start = Monotonic();
  auto first = client.AskBytes(Body(kByRace));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_GE(Monotonic() - start, absl::Milliseconds(100)) << "left before its slot";
  v1::Answer answer = Parsed(*first);
  ASSERT_FALSE(answer.has_refusal()) << answer.DebugString();
  ASSERT_EQ(answer.tables_size(), 1);
  ASSERT_GE(answer.tables(0).rows_size(), 3);
  EXPECT_EQ(answer.edition(), "2026-Q3");
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(answer.tables(0).rows(i).values(0).value(), 200, 100);

  uint32_t spent = Budget().cohorts(0).spent_ppm();
  EXPECT_GT(spent, 0u);
  EXPECT_LE(spent, 20000u);
  auto again = client.AskBytes(Body(kByRace));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*first, *again);
  EXPECT_EQ(Budget().cohorts(0).spent_ppm(), spent);

  auto budget = client.GetBudget();
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->cohorts(0).your_spent_ppm(), spent);
  EXPECT_EQ(budget->cohorts(0).your_share_ppm(), 400000u);
}

TEST_F(EndToEnd, AnswersHoldAcrossARestart) {
  auto first = NodeClient(partner_->identity(), card_, clock_).AskBytes(Body(kByRace));
  ASSERT_TRUE(first.ok()) << first.status();
  server_.reset();
  Open();
  Serve();
  auto again = NodeClient(partner_->identity(), card_, clock_).AskBytes(Body(kByRace));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*first, *again);
}

TEST_F(EndToEnd, ExplainsAndDescribesWithoutSpending) {
  NodeClient client(partner_->identity(), card_, clock_);
  auto described = client.Describe();
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_EQ(described->editions_size(), 1);
  v1::ExplainRequest request;
  request.mutable_bulletin()->add_questions()->set_sql(kByRace);
  request.set_purpose("plaidoyer");
  request.mutable_price()->set_share_ppm(20000);
  auto explained = client.Explain(request);
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_FALSE(explained->has_refusal()) << explained->DebugString();
  ASSERT_EQ(explained->questions_size(), 1);
  EXPECT_GT(explained->questions(0).margins(0), 0);
  EXPECT_EQ(Budget().cohorts(0).spent_ppm(), 0u);
}

// The journal has an entry for whoever is erased; a partner who counted its entries would see when.
TEST_F(EndToEnd, TheCheckpointTellsOfChargesAndOfNobodyWhoIsErased) {
  NodeClient client(partner_->identity(), card_, clock_);
  const auto note = [&] {
    auto got = client.GetCheckpoint();
    EXPECT_TRUE(got.ok()) << got.status();
    auto opened = OpenCheckpoint(*got, office_->identity().key.verify_key());
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *got;
  };
  const std::string before = note();
  EXPECT_TRUE(absl::StartsWith(before, "penc/ALCRER/charges/0\n0\n")) << before;
  const uint64_t journaled = office_->journal().size();
  v1::AdminCommand erase;
  erase.mutable_erase()->add_person("P7");
  EXPECT_EQ(Run(erase)->erase().rows(), 3u);
  ASSERT_TRUE(Import(Rows(10, 2000), "more.csv").ok());
  EXPECT_EQ(office_->journal().size(), journaled + 2);
  EXPECT_EQ(note(), before);
  ASSERT_TRUE(client.AskBytes(Body(kByRace)).ok());
  ASSERT_TRUE(client.AskBytes(Body(kByRace)).ok());
  EXPECT_TRUE(absl::StartsWith(note(), "penc/ALCRER/charges/0\n1\n")) << note();
}

TEST_F(EndToEnd, RefusalsAreAnswersAndCostNothing) {
  NodeClient client(partner_->identity(), card_, clock_);
  struct {
    v1::AskBody body;
    v1::Refusal reason;
  } rows[] = {
      {Body("SELECT count(*) FROM nowhere"), v1::REFUSAL_UNKNOWN_TABLE},
      {Body("SELECT colour, count(*) FROM work GROUP BY colour"), v1::REFUSAL_UNKNOWN_COLUMN},
      {Body(kByRace), v1::REFUSAL_PURPOSE_NOT_GRANTED},
  };
  rows[2].body.set_purpose("curiosity");
  for (const auto& row : rows) {
    auto bytes = client.AskBytes(row.body);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    EXPECT_EQ(Parsed(*bytes).refusal().reason(), row.reason) << Parsed(*bytes).DebugString();
  }
  EXPECT_EQ(Budget().cohorts(0).spent_ppm(), 0u);
  ASSERT_TRUE(office_->SetStopped(true).ok());
  EXPECT_EQ(Parsed(*client.AskBytes(Body(kByRace))).refusal().reason(), v1::REFUSAL_STOPPED);
}

TEST_F(EndToEnd, QuestionsForAnotherNodeOrTooLateOrUnparsableAreErrors) {
  NodeClient client(partner_->identity(), card_, clock_);
  v1::AskBody elsewhere = Body(kByRace), late = Body(kByRace);
  elsewhere.set_node("SHA256:other");
  late.set_expires_unix_micros(absl::ToUnixMicros(clock_.now - absl::Seconds(1)));
  for (const v1::AskBody& body : {elsewhere, late, Body("SELECT * FROM work"), Body("DROP TABLE work")}) {
    absl::Status status = client.AskBytes(body).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_NE(Explain(status).fr, Explain(status).en);
  }
  EXPECT_EQ(Budget().cohorts(0).spent_ppm(), 0u);
}

TEST_F(EndToEnd, TheCommandLineReachesTheRunningNodeThroughItsSocket) {
  auto node = AdminClient::Find(dir_);
  ASSERT_TRUE(node.ok() && node->has_value()) << node.status();
  int steps = 0;
  auto count = [&](const v1::AdminProgress&) { ++steps; };
  v1::AdminCommand import;
  import.mutable_import_file()->set_file_name("more.csv");
  import.mutable_import_file()->set_table("work");
  TextSource file(Rows(40000, 1000));  // more than one chunk
  auto imported = (*node)->Run(import, &file, count);
  ASSERT_TRUE(imported.ok()) << imported.status();
  EXPECT_EQ(imported->import_file().stored(), 120000u);
  v1::AdminCommand status;
  status.mutable_status();
  auto held = (*node)->Run(status, nullptr, count);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(held->status().staged_rows(), 120000u);

  v1::AdminCommand bad;
  bad.mutable_undo()->set_batch(999);
  absl::Status refused = (*node)->Run(bad, nullptr, count).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kNotFound) << refused;
  EXPECT_NE(Explain(refused).fr, Explain(refused).en);
  // A file that breaks off on the way must not look complete.
  class Broken : public ByteSource {
   public:
    absl::StatusOr<size_t> Read(absl::Span<char> out) override {
      if (++reads_ > 2) return Fail(absl::StatusCode::kDataLoss, {"illisible", "unreadable"});
      std::string rows = Rows(1000, 100000 * reads_);
      size_t n = std::min(out.size(), rows.size());
      std::memcpy(out.data(), rows.data(), n);
      return n;
    }

   private:
    int reads_ = 0;
  } broken;
  import.mutable_import_file()->set_file_name("broken.csv");
  EXPECT_EQ((*node)->Run(import, &broken, count).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ((*node)->Run(status, nullptr, count)->status().staged_rows(), 120000u);

  server_.reset();
  auto gone = AdminClient::Find(dir_);
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_FALSE(gone->has_value());
}

// A workbook may be read for hours; who typed the command pressed Ctrl-C.
TEST_F(EndToEnd, AnImportOfSomebodyWhoLeftEndsAndHoldsUpNobody) {
  MadeWorkbook book;
  std::string rows = TextRow(1, {"person_ref", "race", "year"});
  for (int i = 2; i < 200000; ++i) rows += TextRow(i, {absl::StrCat("X", i), "black", "70"});
  book.sheets = {{"work", rows}};
  const std::string bytes = book.Bytes();
  const auto address = SocketAddress::OfListener(office_->layout().socket());
  ASSERT_TRUE(address.ok() && address->has_value());
  const auto stub =
      v1::AdminService::NewStub(grpc::CreateChannel((*address)->uri(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  const auto stream = stub->Run(&context);
  v1::RunRequest request;
  request.mutable_command()->mutable_import_file()->set_file_name("large.xlsx");
  request.mutable_command()->mutable_import_file()->set_table("work");
  ASSERT_TRUE(stream->Write(request));
  for (size_t at = 0; at < bytes.size(); at += 1 << 20) {
    request.set_chunk(bytes.substr(at, 1 << 20));
    ASSERT_TRUE(stream->Write(request));
  }
  ASSERT_TRUE(stream->WritesDone());
  v1::RunResponse response;
  ASSERT_TRUE(stream->Read(&response));
  ASSERT_EQ(response.progress().step(), "reading") << response.DebugString();
  auto node = AdminClient::Find(dir_);
  ASSERT_TRUE(node.ok() && node->has_value()) << node.status();
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  v1::AdminCommand undo;  // waits for the import
  undo.mutable_undo()->set_batch(999);
  EXPECT_EQ((*node)->Run(undo, nullptr, [](const v1::AdminProgress&) {}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Status().staged_rows(), 0u) << "nobody was there any more to see it stored";
}

TEST_F(EndToEnd, ACallThatTakesTooLongEndsAndItsAnswerIsKept) {
  ServerOptions options;
  options.node.longest = absl::Milliseconds(400);
  options.node.leaves_at = [](absl::Duration, absl::Duration) { return absl::Seconds(3); };
  Serve(options);
  NodeClient client(partner_->identity(), card_, clock_);
  absl::Duration start = Monotonic();
  absl::Status late = client.AskBytes(Body(kByRace)).status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded) << late;
  EXPECT_TRUE(absl::StrContains(Explain(late).en, "took too long")) << late;
  EXPECT_LT(Monotonic() - start, absl::Seconds(2));
  uint32_t spent = Budget().cohorts(0).spent_ppm();
  Serve();
  auto answer = NodeClient(partner_->identity(), card_, clock_).AskBytes(Body(kByRace));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(Parsed(*answer).has_refusal());
  EXPECT_EQ(Budget().cohorts(0).spent_ppm(), spent);
}

TEST_F(EndToEnd, AnAnswerThatMissesItsSlotLeavesAtTheNextOneAndIsTold) {
  std::atomic<int> late{0};
  ServerOptions options;
  options.node.overrun = [&](absl::Duration slot, absl::Duration) {
    EXPECT_EQ(slot, absl::Milliseconds(100));
    ++late;
  };
  options.node.leaves_at = [](absl::Duration slot, absl::Duration) { return LeavesAt(slot, slot * 2); };
  Serve(options);
  const absl::Duration start = Monotonic();
  auto bytes = NodeClient(partner_->identity(), card_, clock_).AskBytes(Body(kByRace));
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_GE(Monotonic() - start, absl::Milliseconds(400));
  EXPECT_EQ(late, 1);
}

TEST_F(EndToEnd, StoppingLetsAnAnswerWaitForItsSlotAndLeave) {
  auto asked = std::async(std::launch::async, [this] {
    return NodeClient(partner_->identity(), card_, clock_).AskBytes(Body(kByRace));
  });
  while (Budget().cohorts(0).spent_ppm() == 0) std::this_thread::yield();  // it is charged
  server_->Stop(absl::Seconds(10));
  auto answer = asked.get();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(Parsed(*answer).tables_size(), 1);
}

TEST_F(EndToEnd, ABusyNodeSaysSoBeforeAnythingIsCharged) {
  ServerOptions options;
  options.threads = 1;
  options.queue = 0;
  Serve(options);
  absl::Status busy = NodeClient(partner_->identity(), card_, clock_).AskBytes(Body(kByRace)).status();
  EXPECT_EQ(busy.code(), absl::StatusCode::kResourceExhausted) << busy;
  EXPECT_EQ(Budget().cohorts(0).spent_ppm(), 0u);
}

TEST_F(EndToEnd, ConcurrentAskersOfOneQuestionGetTheSameBytes) {
  std::vector<std::future<absl::StatusOr<std::string>>> askers;
  for (int i = 0; i < 16; ++i) {
    askers.push_back(std::async(std::launch::async, [this]() -> absl::StatusOr<std::string> {
      NodeClient client(partner_->identity(), card_, clock_);
      for (;;) {
        auto bytes = client.AskBytes(Body("SELECT count(*) FROM work"));
        if (!bytes.ok() || Parsed(*bytes).refusal().reason() != v1::REFUSAL_IN_PROGRESS) return bytes;
      }
    }));
  }
  std::set<std::string> answers;
  for (auto& asker : askers) {
    auto bytes = asker.get();
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    answers.insert(*bytes);
  }
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_LE(Budget().cohorts(0).spent_ppm(), 20000u);
}

}  // namespace
}  // namespace penc::rpc
