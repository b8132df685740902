// Ports beyond who may call: the Unix socket, health, reflection, stopping.
#include "rpc/listener.h"

#include <google/protobuf/descriptor.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/health_check_service_interface.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/secure_random.h"
#include "penc/v1/node_service.grpc.pb.h"
#include "rpc/client.h"
#include "rpc/gatekeeper.h"
#include "rpc/timers.h"
#include "rpc/tls13.h"

namespace penc::rpc {
namespace {

namespace fs = std::filesystem;

// Answers Describe after a while.
class SlowService final : public v1::NodeService::CallbackService {
 public:
  std::atomic<int> accepted{0};

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest*,
                                     v1::DescribeResponse* response) override {
    ++accepted;
    auto* reactor = context->DefaultReactor();
    timers_.After(absl::Milliseconds(300), [reactor, response] {
      response->set_organisation("ALCRER");
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

 private:
  Timers timers_;
};

class Port : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { RequireTls13(); }

  void SetUp() override {
    auto listener =
        ListenForPartners("127.0.0.1:0", FixedCertificate(office_),
                          std::make_shared<Gatekeeper>([](absl::string_view) { return absl::OkStatus(); },
                                                       clock_, QuotaOptions()),
                          &service_, {});
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    card_.set_card("ALCRER");
    card_.set_address(absl::StrCat("127.0.0.1:", listener_.port));
    card_.set_key(office_.fingerprint);
  }

  // One call of a method that is known by name only; the answer's raw bytes.
  grpc::Status Call(const std::string& method, const std::string& request, std::string* answer) {
    auto pin = std::make_shared<Pin>(office_.fingerprint, clock_);
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("penc");
    grpc::GenericStub stub(grpc::CreateCustomChannel(card_.address(), ClientTls(partner_, pin), arguments));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    grpc::CompletionQueue queue;
    auto call = stub.PrepareCall(&context, method, &queue);
    grpc::Slice slice(request);
    grpc::ByteBuffer out(&slice, 1), in;
    grpc::Status status;
    void* tag;
    bool ok;
    call->StartCall(this);
    queue.Next(&tag, &ok);
    call->Write(out, this);
    queue.Next(&tag, &ok);
    call->WritesDone(this);
    queue.Next(&tag, &ok);
    call->Read(&in, this);
    queue.Next(&tag, &ok);
    if (ok) {
      std::vector<grpc::Slice> slices;
      EXPECT_TRUE(in.Dump(&slices).ok());
      for (const grpc::Slice& piece : slices)
        answer->append(reinterpret_cast<const char*>(piece.begin()), piece.size());
    }
    call->Finish(&status, this);
    queue.Next(&tag, &ok);
    return status;
  }

  SystemClock clock_;
  SecureRandom random_;
  Identity office_ = MakeIdentity(SigningKey::Generate(random_), "ALCRER", clock_.Now());
  Identity partner_ = MakeIdentity(SigningKey::Generate(random_), "p", clock_.Now());
  storage::v1::Card card_;
  SlowService service_;
  Listener listener_;
};

TEST_F(Port, SaysThatItIsHealthy) {
  std::string answer;
  grpc::Status status = Call("/grpc.health.v1.Health/Check", "", &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(answer, std::string("\x08\x01", 2));  // status: SERVING
}

TEST_F(Port, ListsItsServicesByReflectionAndAdministrationIsNotAmongThem) {
  std::string answer;
  // ServerReflectionRequest{list_services: "*"}
  grpc::Status status = Call("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                             std::string("\x3a\x01*", 3), &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(absl::StrContains(answer, "penc.v1.NodeService"));
  EXPECT_FALSE(absl::StrContains(answer, "AdminService"));
}

TEST_F(Port, StoppingLetsOpenCallsLeaveAndTakesNoNewOnes) {
  NodeClient client(partner_, card_, clock_), late(partner_, card_, clock_);
  auto open = std::async(std::launch::async, [&] { return client.Describe(); });
  while (service_.accepted == 0) std::this_thread::yield();
  absl::Duration start = Monotonic();
  auto stopped = std::async(std::launch::async, [&] {
    listener_.server->Shutdown(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(late.Describe().status().code(), absl::StatusCode::kUnavailable);
  stopped.get();
  EXPECT_LT(Monotonic() - start, absl::Seconds(5));
  absl::StatusOr<v1::DescribeResponse> answer = open.get();
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->organisation(), "ALCRER");
  EXPECT_EQ(service_.accepted, 1);
}

TEST(Socket, IsPrivateWhateverTheLengthOfItsPath) {
  for (size_t length : {10u, 200u}) {
    std::string folder = absl::StrCat(::testing::TempDir(), "/socket_test");
    fs::remove_all(folder);
    std::string deep = folder;
    while (deep.size() < length) deep += "/a-folder-with-a-long-name";
    fs::create_directories(deep);
    fs::permissions(deep, fs::perms::owner_all);
    std::string path = deep + "/penc.sock";
    SlowService service;
    // Twice: the second finds the socket that the first left behind.
    for (int round = 0; round < 2; ++round) {
      auto listener = ListenOnSocket(path, &service, {});
      ASSERT_TRUE(listener.ok()) << listener.status();
      struct stat found;
      ASSERT_EQ(stat(path.c_str(), &found), 0) << path;
      EXPECT_TRUE(S_ISSOCK(found.st_mode));
      EXPECT_EQ(found.st_mode & 0777, 0600u);
      auto stub = v1::NodeService::NewStub(
          grpc::CreateChannel(listener->socket->uri(), grpc::InsecureChannelCredentials()));
      grpc::ClientContext context;
      v1::DescribeResponse response;
      EXPECT_TRUE(stub->Describe(&context, {}, &response).ok());
      listener->server->Shutdown(absl::ToChronoTime(absl::Now()));
    }
    fs::remove_all(folder);
  }
}

TEST(Socket, IsNotOpenedInAFolderThatOthersMayEnter) {
  std::string folder = absl::StrCat(::testing::TempDir(), "/socket_open_folder");
  std::string path = folder + "/penc.sock";
  SlowService service;
  for (unsigned mode : {0710u, 0701u, 0755u, 0770u, 01777u}) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    fs::permissions(folder, static_cast<fs::perms>(mode));
    absl::Status status = ListenOnSocket(path, &service, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << std::oct << mode;
    EXPECT_TRUE(absl::StrContains(Explain(status).en, "chmod 700")) << status;
    EXPECT_FALSE(fs::exists(path));
  }
  fs::remove_all(folder);
}

// Only root may become somebody else; elsewhere the modes above say the same.
TEST(Socket, RefusesAnotherUserAtConnectEvenWhereTheFolderWasOpenedLater) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to act as another user";
  std::string folder = absl::StrCat("/tmp/penc_socket_", getpid());
  std::string path = folder + "/penc.sock";
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof(address.sun_path));
  path.copy(address.sun_path, path.size());
  // The connect's error number as a process of user `uid`; 0: connected.
  auto connect_as = [&](uid_t uid) {
    pid_t child = fork();
    if (child == 0) {
      if (setresuid(uid, uid, uid) != 0) _exit(255);
      int fd = socket(AF_UNIX, SOCK_STREAM, 0);
      _exit(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  SlowService service;
  {
    auto listener = ListenOnSocket(path, &service, {});
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_EQ(connect_as(0), 0);
    EXPECT_EQ(connect_as(65534), EACCES);
    fs::permissions(folder, static_cast<fs::perms>(0755));
    EXPECT_EQ(connect_as(65534), EACCES);
    listener->server->Shutdown(absl::ToChronoTime(absl::Now()));
  }
  fs::remove_all(folder);
}

TEST(Socket, AFolderThatDoesNotExistIsNamed) {
  SlowService service;
  std::string path = absl::StrCat("/nowhere/", std::string(200, 'x'), "/penc.sock");
  absl::Status status = ListenOnSocket(path, &service, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(Explain(status).fr, Explain(status).en);
}

}  // namespace
}  // namespace penc::rpc
