// Who gets through to the service, and what the others are told: every row over a real loopback connection.
#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/secure_random.h"
#include "crypto/tls_identity.h"
#include "penc/v1/admin_service.grpc.pb.h"
#include "rpc/certificate_keeper.h"
#include "rpc/client.h"
#include "rpc/gatekeeper.h"
#include "rpc/listener.h"
#include "rpc/status_mapping.h"
#include "rpc/tls.h"
#include "rpc/tls13.h"

namespace penc::rpc {
namespace {

const absl::Time kToday = absl::FromUnixSeconds(1800000000);

// Says its name; counts how often it was reached.
class Service final : public v1::NodeService::CallbackService {
 public:
  std::atomic<int> reached{0};

  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context, const v1::DescribeRequest*,
                                     v1::DescribeResponse* response) override {
    ++reached;
    response->set_organisation("ALCRER");
    return Done(context);
  }
  grpc::ServerUnaryReactor* Ask(grpc::CallbackServerContext* context, const v1::AskRequest*,
                                v1::AskResponse*) override {
    ++reached;
    return Done(context);
  }

 private:
  static grpc::ServerUnaryReactor* Done(grpc::CallbackServerContext* context) {
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

class FixedClock : public Clock {
 public:
  absl::Time now = kToday;
  absl::Time Now() const override { return now; }
};

// Key and certificate in a folder, as an office's or a hub's.
struct CertificateFiles {
  std::string key, certificate, name;
  std::function<absl::Status()> Renewal(const Clock& clock) const {
    return [this, &clock] { return LoadIdentity(key, certificate, name, clock.Now()).status(); };
  }
};

class Transport : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { RequireTls13(); }

  void SetUp() override { Serve({}); }
  void TearDown() override {
    if (listener_.server) listener_.server->Shutdown(absl::ToChronoTime(absl::Now()));
  }

  void Serve(const QuotaOptions& quota, const Limits& limits = {}) {
    if (listener_.server) listener_.server->Shutdown();
    auto gatekeeper = std::make_shared<Gatekeeper>(
        [this](absl::string_view fingerprint) -> absl::Status {
          if (granted_.count(std::string(fingerprint))) return absl::OkStatus();
          return Fail(absl::StatusCode::kPermissionDenied, {"sans autorisation", "no grant"});
        },
        clock_, quota);
    auto listener =
        ListenForPartners("127.0.0.1:0", FixedCertificate(office_), gatekeeper, &service_, limits);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    granted_ = {partner_.fingerprint};
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", listener_.port); }
  storage::v1::Card CardFor(const std::string& key) const {
    storage::v1::Card card;
    card.set_card("ALCRER");
    card.set_address(address());
    card.set_key(key);
    return card;
  }
  absl::Status Describe(const Identity& who) { return DescribeAt(who, CardFor(office_.fingerprint), clock_); }
  absl::Status DescribeAt(const Identity& who, const storage::v1::Card& card, const Clock& clock) {
    NodeClient client(who, card, clock, absl::Seconds(10));
    return client.Describe().status();
  }

  SecureRandom random_;
  FixedClock clock_;
  Identity office_ = MakeIdentity(SigningKey::Generate(random_), "ALCRER", kToday);
  Identity partner_ = MakeIdentity(SigningKey::Generate(random_), "iom-dakar", kToday);
  Identity stranger_ = MakeIdentity(SigningKey::Generate(random_), "iom-dakar", kToday);
  std::set<std::string> granted_;
  Service service_;
  Listener listener_;
};

void ExpectSays(const absl::Status& status, absl::StatusCode code, absl::string_view english) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_TRUE(absl::StrContains(Explain(status).en, english)) << status;
  EXPECT_NE(Explain(status).fr, Explain(status).en) << status;
}

TEST_F(Transport, GrantedKeyGetsThrough) {
  NodeClient client(partner_, CardFor(office_.fingerprint), clock_);
  absl::StatusOr<v1::DescribeResponse> described = client.Describe();
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_EQ(described->organisation(), "ALCRER");
}

TEST_F(Transport, ARenewedCertificateIsShownWithoutARestart) {
  listener_.server->Shutdown();
  const std::string folder = absl::StrCat(::testing::TempDir(), "/renewed_", getpid());
  std::filesystem::create_directories(folder);
  const CertificateFiles files{folder + "/tls.key", folder + "/tls.crt", "ALCRER"};
  auto identity = CreateIdentity(files.key, files.certificate, files.name, clock_.now, random_);
  ASSERT_TRUE(identity.ok()) << identity.status();
  auto gatekeeper = std::make_shared<Gatekeeper>([](absl::string_view) { return absl::OkStatus(); }, clock_,
                                                 QuotaOptions());
  auto listener =
      ListenForPartners("127.0.0.1:0", WatchedCertificate(files.key, files.certificate, absl::Seconds(1)),
                        gatekeeper, &service_, {});
  ASSERT_TRUE(listener.ok()) << listener.status();
  listener_ = *std::move(listener);
  // Partners whose clock is six years on, with certificates of then: to them the first one has ended.
  FixedClock later;
  later.now = clock_.now + absl::Hours(24 * 365 * 6);
  const Identity caller = MakeIdentity(SigningKey::Generate(random_), "iom-dakar", clock_.now);
  ASSERT_TRUE(DescribeAt(caller, CardFor(identity->fingerprint), clock_).ok());
  ExpectSays(DescribeAt(caller, CardFor(identity->fingerprint), later), absl::StatusCode::kUnauthenticated,
             "not valid today");
  {
    CertificateKeeper keeper(files.Renewal(later), absl::Milliseconds(20),
                             [](const absl::Status& why) { ADD_FAILURE() << why; });
    absl::Status seen;
    for (int i = 0; i < 100 && !(seen = DescribeAt(caller, CardFor(identity->fingerprint), later)).ok(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_TRUE(seen.ok()) << seen;
  }
  auto renewed = ParseCertificate(*ReadFile(files.certificate));
  ASSERT_TRUE(renewed.ok()) << renewed.status();
  EXPECT_EQ(renewed->key.Fingerprint(), identity->fingerprint) << "the key stays";
  EXPECT_GT(renewed->not_after, later.now + absl::Hours(24 * 365 * 4));
  std::filesystem::remove_all(folder);
}

TEST(CertificateKeeper, RenewsWithinAYearOfTheEndAndNotBefore) {
  SecureRandom random;
  const std::string folder = absl::StrCat(::testing::TempDir(), "/kept_", getpid());
  std::filesystem::create_directories(folder);
  const CertificateFiles files{folder + "/tls.key", folder + "/tls.crt", "ALCRER"};
  ASSERT_TRUE(CreateIdentity(files.key, files.certificate, files.name, kToday, random).ok());
  const std::string first = *ReadFile(files.certificate);
  FixedClock early, late;
  early.now = kToday + absl::Hours(24 * 365 * 4) - absl::Hours(1);
  late.now = kToday + absl::Hours(24 * 365 * 4) + absl::Hours(1);
  {
    CertificateKeeper keeper(files.Renewal(early), absl::Milliseconds(5), nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  EXPECT_EQ(*ReadFile(files.certificate), first);
  {
    CertificateKeeper keeper(files.Renewal(late), absl::Milliseconds(5), nullptr);
    for (int i = 0; i < 200 && *ReadFile(files.certificate) == first; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_NE(*ReadFile(files.certificate), first);
  // Trouble is told, look after look.
  std::filesystem::remove(files.key);
  std::atomic<int> told{0};
  {
    CertificateKeeper keeper(files.Renewal(late), absl::Milliseconds(5), [&](const absl::Status& why) {
      EXPECT_EQ(why.code(), absl::StatusCode::kDataLoss) << why;
      ++told;
    });
    for (int i = 0; i < 200 && told < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_GE(told, 2);
  std::filesystem::remove_all(folder);
}

TEST_F(Transport, KeyWithoutGrantIsToldSoBeforeItsMessageIsParsed) {
  ExpectSays(Describe(stranger_), absl::StatusCode::kPermissionDenied, "no grant");
  EXPECT_EQ(service_.reached, 0);
}

TEST_F(Transport, ClientRefusesAServerWithAnotherKeyAndSendsNothing) {
  absl::Status status = DescribeAt(partner_, CardFor(stranger_.fingerprint), clock_);
  ExpectSays(status, absl::StatusCode::kUnauthenticated, "not that organisation's key");
  EXPECT_EQ(service_.reached, 0);
}

TEST_F(Transport, ExpiredOrFutureClientCertificateIsToldSo) {
  Identity expired = {
      partner_.key.Copy(),
      MakeCertificate(partner_.key, "iom-dakar", kToday - absl::Hours(48), kToday - absl::Hours(24)),
      partner_.fingerprint};
  ExpectSays(Describe(expired), absl::StatusCode::kPermissionDenied, "has expired");
  Identity future = {
      partner_.key.Copy(),
      MakeCertificate(partner_.key, "iom-dakar", kToday + absl::Hours(24), kToday + absl::Hours(48)),
      partner_.fingerprint};
  ExpectSays(Describe(future), absl::StatusCode::kPermissionDenied, "not valid yet");
  EXPECT_EQ(service_.reached, 0);
}

TEST_F(Transport, RenewedCertificateOfTheSameKeyNeedsNoNewCard) {
  Identity renewed = MakeIdentity(partner_.key.Copy(), "another name", kToday + absl::Hours(1));
  EXPECT_TRUE(Describe(renewed).ok());
}

TEST_F(Transport, ClientRefusesAServerCertificateThatIsNotValidToday) {
  FixedClock later;
  later.now = kToday + absl::Hours(24 * 365 * 6);
  absl::Status status = DescribeAt(partner_, CardFor(office_.fingerprint), later);
  ExpectSays(status, absl::StatusCode::kUnauthenticated, "not valid today");
}

TEST_F(Transport, PlainTextClientGetsNoAnswer) {
  auto stub = v1::NodeService::NewStub(grpc::CreateChannel(address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  v1::DescribeResponse response;
  EXPECT_EQ(stub->Describe(&context, {}, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(service_.reached, 0);
}

TEST_F(Transport, ClientSaysWhatToCheckWhereNobodyListensOrSomethingElseDoes) {
  storage::v1::Card card = CardFor(office_.fingerprint);
  listener_.server->Shutdown(absl::ToChronoTime(absl::Now()));
  listener_.server.reset();
  ExpectSays(DescribeAt(partner_, card, clock_), absl::StatusCode::kUnavailable, "is its node running");

  // A service that accepts and hangs up.
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&here), sizeof(here)), 0);
  ASSERT_EQ(listen(fd, 4), 0);
  socklen_t size = sizeof(here);
  getsockname(fd, reinterpret_cast<sockaddr*>(&here), &size);
  std::thread other([fd] {
    for (int client; (client = accept(fd, nullptr, nullptr)) >= 0;) close(client);
  });
  card.set_address(absl::StrCat("127.0.0.1:", ntohs(here.sin_port)));
  ExpectSays(DescribeAt(partner_, card, clock_), absl::StatusCode::kUnavailable, "closed the connection");
  shutdown(fd, SHUT_RDWR);
  other.join();
  close(fd);
}

// What openssl says when it connects with `options`.
std::string SClient(const std::string& address, const std::string& options) {
  std::string command =
      absl::StrCat("echo | timeout 10 openssl s_client ", options, " -connect ", address, " 2>&1");
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 4096> buffer;
  for (size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) output.append(buffer.data(), n);
  pclose(pipe);
  return output;
}

TEST_F(Transport, SpeaksTls13AndNothingOlder) {
  EXPECT_TRUE(absl::StrContains(SClient(address(), "-tls1_3"), "TLSv1.3, Cipher is TLS_"))
      << SClient(address(), "-tls1_3");
  for (const char* old : {"-tls1_2", "-tls1_1"}) {
    EXPECT_TRUE(absl::StrContains(SClient(address(), old), "Cipher is (NONE)")) << SClient(address(), old);
  }
}

TEST_F(Transport, ConnectionWithoutCertificateIsToldSo) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  auto stub =
      v1::NodeService::NewStub(grpc::CreateChannel(address(), grpc::experimental::TlsCredentials(options)));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  v1::DescribeResponse response;
  absl::Status status = FromGrpc(stub->Describe(&context, {}, &response));
  ExpectSays(status, absl::StatusCode::kPermissionDenied, "connection without a key");
  EXPECT_EQ(service_.reached, 0);
}

TEST_F(Transport, MessageOf64MbIsRefused) {
  v1::AskBody body;
  body.mutable_bulletin()->set_name(std::string(64 << 20, 'x'));
  NodeClient client(partner_, CardFor(office_.fingerprint), clock_);
  EXPECT_EQ(client.AskBytes(body).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(service_.reached, 0);
  EXPECT_TRUE(Describe(partner_).ok());
}

TEST_F(Transport, TooManyCallsAreRefusedBeforeParsing) {
  Serve({.burst = 5, .per_second = 1});
  int through = 0;
  absl::Status refused;
  NodeClient client(partner_, CardFor(office_.fingerprint), clock_);
  for (int i = 0; i < 20; ++i) {
    absl::Status status = client.Describe().status();
    status.ok() ? void(++through) : void(refused = status);
  }
  EXPECT_EQ(through, 5);
  EXPECT_EQ(service_.reached, 5);
  ExpectSays(refused, absl::StatusCode::kResourceExhausted, "too many calls");
  clock_.now += absl::Seconds(3);
  EXPECT_TRUE(client.Describe().ok());
}

TEST_F(Transport, SlowLorisIsCutOffAndOthersAreServedMeanwhile) {
  Serve({}, {.handshake = absl::Milliseconds(500)});
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  there.sin_port = htons(listener_.port);
  std::vector<int> idle;
  for (int i = 0; i < 50; ++i) {
    idle.push_back(socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(connect(idle.back(), reinterpret_cast<sockaddr*>(&there), sizeof(there)), 0);
    ASSERT_EQ(write(idle.back(), "\x16\x03", 2), 2);  // the first two bytes of a handshake, then nothing
  }
  EXPECT_TRUE(Describe(partner_).ok());
  for (int fd : idle) {
    pollfd closed{fd, POLLIN, 0};
    EXPECT_EQ(poll(&closed, 1, 5000), 1);
    char byte;
    while (read(fd, &byte, 1) > 0) {
    }
    close(fd);
  }
}

TEST_F(Transport, NoAdministrationMethodExistsOnTheTcpPort) {
  auto pin = std::make_shared<Pin>(office_.fingerprint, clock_);
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(kTlsName);
  auto stub =
      v1::AdminService::NewStub(grpc::CreateCustomChannel(address(), ClientTls(partner_, pin), arguments));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  auto stream = stub->Run(&context);
  v1::RunRequest request;
  request.mutable_command()->mutable_status();
  stream->Write(request);
  v1::RunResponse response;
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(Transport, SecondServerOnTheSamePortIsAnError) {
  Service other;
  auto second = ListenForPartners(address(), FixedCertificate(office_), nullptr, &other, {});
  ExpectSays(second.status(), absl::StatusCode::kUnavailable, "taken");
}

}  // namespace
}  // namespace penc::rpc
