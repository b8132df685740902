// What a running node does for persons: rows leave on their day, and nothing that speaks of one person is on
// the TCP port.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "crypto/tls_identity.h"
#include "journal/journal.h"
#include "penc/v1/admin_service.grpc.pb.h"
#include "penc/v1/hub_service.pb.h"
#include "penc/v1/node_service.pb.h"
#include "rpc/admin_client.h"
#include "rpc/partner.h"
#include "rpc/server.h"
#include "rpc/tls.h"
#include "rpc/tls13.h"
#include "tests/support/small_office.h"

namespace penc::rpc {
namespace {

class PersonsOfANode : public SmallOffice {
 protected:
  static void SetUpTestSuite() { RequireTls13(); }
  void SetUp() override { Create(); }
  ~PersonsOfANode() override { server_.reset(); }

  absl::Status ImportUntil(const std::string& day, const std::string& csv, const std::string& name) {
    v1::AdminCommand command;
    command.mutable_import_file()->set_file_name(name);
    command.mutable_import_file()->set_table("work");
    command.mutable_import_file()->set_keep_until(day);
    return Run(command, csv).status();
  }
  void Serve() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.look_at_retention = absl::Milliseconds(20);
    options.tell = [this](const Text& text) {
      std::lock_guard<std::mutex> lock(mutex_);
      told_.push_back(text.en);
    };
    auto server = NodeServer::Start(*office_, clock_, options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::vector<std::string> Told() {
    std::lock_guard<std::mutex> lock(mutex_);
    return told_;
  }
  // A clock that other threads read while it is set.
  class MovedClock : public Clock {
   public:
    std::atomic<int64_t> micros{0};
    absl::Time Now() const override { return absl::FromUnixMicros(micros.load()); }
  };

  std::mutex mutex_;
  std::vector<std::string> told_;
  std::unique_ptr<NodeServer> server_;
};

TEST_F(PersonsOfANode, RowsLeaveAtTheStartAndEveryDay) {
  ASSERT_TRUE(ImportUntil("2026-08-20", Rows(30), "one.csv").ok());
  ASSERT_TRUE(ImportUntil("2026-08-25", Rows(30, 30), "two.csv").ok());
  ASSERT_TRUE(Close().ok());
  office_.reset();
  MovedClock clock;
  clock.micros = absl::ToUnixMicros(clock_.now + absl::Hours(24 * 6));  // 2026-08-21
  office_ = Office::Open(dir_, {clock, random_, steps_}).value();
  Serve();
  EXPECT_EQ(Status().rows(), 90u) << "before it answered anybody";
  ASSERT_EQ(Told().size(), 1u);
  EXPECT_TRUE(absl::StrContains(Told()[0], "one.csv"));
  clock.micros = absl::ToUnixMicros(clock_.now + absl::Hours(24 * 11));
  for (int i = 0; i < 500 && Told().size() < 2; ++i) absl::SleepFor(absl::Milliseconds(10));
  ASSERT_EQ(Told().size(), 2u);
  EXPECT_TRUE(absl::StrContains(Told()[1], "two.csv"));
  EXPECT_EQ(Status().rows(), 0u);
  server_.reset();
  office_.reset();
}

TEST_F(PersonsOfANode, AClockThatIsWrongIsToldOnce) {
  ASSERT_TRUE(ImportUntil("2026-08-20", Rows(30), "one.csv").ok());
  clock_.now += absl::Hours(24 * 3650);
  Serve();
  absl::SleepFor(absl::Milliseconds(200));
  ASSERT_EQ(Told().size(), 1u);
  EXPECT_TRUE(absl::StrContains(Told()[0], "looks wrong"));
  EXPECT_EQ(Status().staged_rows(), 90u);
}

// Not by a method: whoever is granted reaches nothing of it.
TEST_F(PersonsOfANode, NoCommandAboutAPersonAndNoExactTableIsOnTheTcpPort) {
  const std::string folder = dir_ + "-partner";
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(ImportUntil("2026-12-31", Rows(30), "one.csv").ok());
  ASSERT_TRUE(Partner::Create(folder, "iom-dakar", clock_.now, random_).ok());
  const auto partner = Partner::Open(folder, clock_.now);
  ASSERT_TRUE(Grant(partner->identity().fingerprint, "iom-dakar").ok());
  Serve();
  const uint64_t journaled = Status().journal_size();
  v1::AdminCommand commands[5];
  commands[0].mutable_person_sheet()->add_person("P7");
  commands[1].mutable_erase()->add_person("P7");
  commands[2].mutable_dossier();
  commands[3].mutable_internal()->mutable_bulletin()->add_questions()->set_sql(
      "SELECT count(DISTINCT person) FROM work");
  commands[4].mutable_quality();
  for (const v1::AdminCommand& command : commands) {
    auto pin = std::make_shared<Pin>(office_->identity().fingerprint, clock_);
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(kTlsName);
    auto stub = v1::AdminService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("127.0.0.1:", server_->port()), ClientTls(partner->identity(), pin), arguments));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    auto stream = stub->Run(&context);
    v1::RunRequest request;
    *request.mutable_command() = command;
    stream->Write(request);
    v1::RunResponse response;
    EXPECT_FALSE(stream->Read(&response));
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
  }
  EXPECT_EQ(Status().journal_size(), journaled);
  // The same through the socket.
  auto node = AdminClient::Find(dir_);
  ASSERT_TRUE(node.ok() && node->has_value());
  const auto sheet = (*node)->Run(commands[0], nullptr, [](const v1::AdminProgress&) {});
  ASSERT_TRUE(sheet.ok()) << sheet.status();
  EXPECT_EQ(sheet->person_sheet().tables(0).rows_size(), 3);
  std::filesystem::remove_all(folder);
}

// Nor within a message: what the methods on TCP, here and at the hub, take and give holds none of it, however
// deep.
TEST(PersonsOnTheWire, NoMessageOfATcpMethodHoldsACommandOrAResultOfTheOfficesOwn) {
  std::set<const google::protobuf::Descriptor*> seen;
  std::function<void(const google::protobuf::Descriptor*)> walk =
      [&](const google::protobuf::Descriptor* message) {
        if (!seen.insert(message).second) return;
        for (int f = 0; f < message->field_count(); ++f) {
          if (message->field(f)->message_type() != nullptr) walk(message->field(f)->message_type());
        }
      };
  for (const google::protobuf::FileDescriptor* file :
       {v1::AskBody::descriptor()->file(), v1::DescribeResponse::descriptor()->file(),
        v1::PutMemberRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        walk(file->service(s)->method(m)->input_type());
        walk(file->service(s)->method(m)->output_type());
      }
    }
  }
  EXPECT_GT(seen.size(), 20u);
  for (const google::protobuf::Descriptor* message : seen) {
    EXPECT_FALSE(absl::StartsWith(std::string(message->file()->name()), "penc/v1/admin"))
        << message->full_name();
  }
}

}  // namespace
}  // namespace penc::rpc
