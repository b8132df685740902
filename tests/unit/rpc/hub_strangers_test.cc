// Who may not call the hub, what may not be said to it, and how little both cost it.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>

#include <fstream>
#include <random>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "federation/member.h"
#include "rpc/status_mapping.h"
#include "tests/support/hub_on_loopback.h"
#include "tests/support/sanitized.h"
#include "tests/support/seed.h"

namespace penc::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

uint64_t ResidentBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, "VmRSS:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

class HubStrangers : public HubOnLoopback {
 protected:
  HubStrangers() : HubOnLoopback({.length = 1000}) {}

  // Ten thousand calls are not what this is about.
  HubServerOptions Generous() {
    HubServerOptions options;
    options.quota = options.strangers = options.service.joins = {1e6, 1e6};
    return options;
  }
  std::shared_ptr<grpc::Channel> ChannelAs(const Identity& who) {
    return Dial(who, Address().address,
                std::make_shared<Pin>(hub_identity_.fingerprint, clock_, Pin::Whose::kHub), {});
  }
  // One call of a method that is known by name only, with these bytes as its messages.
  grpc::Status Call(grpc::GenericStub& stub, const std::string& method,
                    const std::vector<std::string>& messages) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(20)));
    grpc::CompletionQueue queue;
    auto call = stub.PrepareCall(&context, absl::StrCat("/penc.v1.HubService/", method), &queue);
    void* tag;
    bool ok;
    const auto step = [&] { return queue.Next(&tag, &ok) && ok; };
    call->StartCall(this);
    bool open = step();
    for (size_t i = 0; open && i < messages.size(); ++i) {
      grpc::Slice slice(messages[i]);
      grpc::ByteBuffer bytes(&slice, 1);
      call->Write(bytes, this);
      open = step();
    }
    if (open) {
      call->WritesDone(this);
      step();
    }
    for (;;) {
      grpc::ByteBuffer in;
      call->Read(&in, this);
      if (!step()) break;
    }
    grpc::Status status;
    call->Finish(&status, this);
    queue.Next(&tag, &ok);
    return status;
  }
};

TEST_F(HubStrangers, AnUnknownKeyIsToldSoBeforeItsMessageIsParsed) {
  auto stranger = ClientOf(stranger_);
  for (const absl::Status& refused :
       {stranger->RostersAfter(0).status(), stranger->Rounds("").status(),
        stranger->SubmitRound(network_.Sign(network_.Terms())).status(),
        stranger->WaitForWork(Waiting(0, absl::ZeroDuration())).status(),
        stranger->FetchRound("x", [](auto&&) { return true; }), stranger->PutOpening("x", 0, 0, "sealed")}) {
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
    EXPECT_NE(Explain(refused).fr, Explain(refused).en);
  }
  // The message is not looked at: one that is none gets the same answer.
  grpc::GenericStub stub(ChannelAs(stranger_));
  EXPECT_EQ(Call(stub, "GetRosters", {"\xff\xff\xff"}).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  grpc::GenericStub known(ChannelAs(identities_[0]));
  EXPECT_EQ(Call(known, "GetRosters", {"\xff\xff\xff"}).error_code(), grpc::StatusCode::UNIMPLEMENTED)
      << "gRPC's word for what cannot be parsed";
}

TEST_F(HubStrangers, AnotherKeyThanTheHubsIsNotSpokenTo) {
  HubAddress wrong = Address();
  wrong.key = stranger_.fingerprint;
  HubClient client(identities_[0], wrong, clock_);
  const absl::Status refused = client.RostersAfter(0).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("not the key of your network's hub"));
}

TEST_F(HubStrangers, PlainTextAndNoCertificateGetNoAnswer) {
  auto plain =
      v1::HubService::NewStub(grpc::CreateChannel(Address().address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
  v1::GetRostersResponse response;
  EXPECT_EQ(plain->GetRosters(&context, {}, &response).error_code(), grpc::StatusCode::UNAVAILABLE);

  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  auto nobody = v1::HubService::NewStub(
      grpc::CreateChannel(Address().address, grpc::experimental::TlsCredentials(options)));
  for (const bool join : {false, true}) {
    grpc::ClientContext again;
    again.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    v1::JoinNetworkResponse joined;
    const grpc::Status status =
        join ? nobody->JoinNetwork(&again, {}, &joined) : nobody->GetRosters(&again, {}, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
  }
}

TEST_F(HubStrangers, WhoIsInvitedJoinsAndMayFetchRostersOnly) {
  ASSERT_TRUE(hub_->people().Invite("Nord", "k7dm-93xp-qhzt-205a", clock_.Now() + absl::Hours(1)).ok());
  v1::Member member;
  member.set_name("Nord");
  member.set_mail_key(AgreementKey::Generate(network_.random).public_key());
  const v1::PutMemberRequest says = SignMember(stranger_.key, member);
  auto newcomer = ClientOf(stranger_);
  EXPECT_EQ(newcomer->JoinNetwork("k7dm-93xp-qhzt-0000", says).status().code(),
            absl::StatusCode::kPermissionDenied);
  const auto rosters = newcomer->JoinNetwork("k7dm-93xp-qhzt-205a", says);
  ASSERT_TRUE(rosters.ok()) << rosters.status();
  EXPECT_THAT(*rosters, SizeIs(1));
  EXPECT_THAT(newcomer->RostersAfter(0).value(), SizeIs(1));
  EXPECT_TRUE(newcomer->PutMember(says).ok());
  EXPECT_EQ(newcomer->WaitForWork(Waiting(0, absl::ZeroDuration()))->work_size(), 0);
  EXPECT_THAT(newcomer->Rounds("").value(), SizeIs(0));
  EXPECT_FALSE(newcomer->SubmitRound(network_.Sign(network_.Terms())).ok());
  v1::SignedRoster roster;
  roster.set_roster(network_.roster_bytes);
  EXPECT_EQ(newcomer->PutRoster(roster).code(), absl::StatusCode::kPermissionDenied);
  const Identity other = MakeIdentity(SigningKey::Generate(network_.random), "other", clock_.Now());
  member.set_name("Autre");
  EXPECT_EQ(
      ClientOf(other)->JoinNetwork("k7dm-93xp-qhzt-205a", SignMember(other.key, member)).status().code(),
      absl::StatusCode::kPermissionDenied)
      << "the code is used";
}

TEST_F(HubStrangers, GuessingCodesIsSlow) {
  v1::Member member;
  member.set_name("Nord");
  member.set_mail_key(AgreementKey::Generate(network_.random).public_key());
  int tried = 0;
  for (int i = 0; i < 100; ++i) {  // new keys cost nothing: they share what they may do
    const Identity guesser = MakeIdentity(SigningKey::Generate(network_.random), "guess", clock_.Now());
    const absl::Status refused =
        ClientOf(guesser)->JoinNetwork("0000-0000-0000-0000", SignMember(guesser.key, member)).status();
    tried += refused.code() == absl::StatusCode::kPermissionDenied;
    EXPECT_THAT(refused.code(),
                ::testing::AnyOf(absl::StatusCode::kPermissionDenied, absl::StatusCode::kResourceExhausted))
        << refused;
  }
  EXPECT_LE(tried, 60);
  EXPECT_TRUE(Member(0)->RostersAfter(0).ok()) << "members do not wait for that";
}

TEST_F(HubStrangers, TooManyCallsOfAMemberAreRefusedAndOthersAreServed) {
  HubServerOptions options;
  options.quota = {20, 0.001};
  Start(options);
  auto busy = Member(0), other = Member(1);
  int through = 0;
  for (int i = 0; i < 60; ++i) through += busy->RostersAfter(5).ok();
  EXPECT_EQ(through, 20);
  EXPECT_TRUE(other->RostersAfter(5).ok());
}

// A message of the right type, filled at random to a certain depth: right where types are, wrong where sense
// is.
class Babble {
 public:
  explicit Babble(uint64_t seed) : random_(seed) {}

  void Fill(google::protobuf::Message* message, int depth) {
    const auto* type = message->GetDescriptor();
    const auto* reflection = message->GetReflection();
    for (int i = 0; i < type->field_count(); ++i) {
      const auto* field = type->field(i);
      if (Below(4) == 0) continue;
      const int times = field->is_repeated() ? static_cast<int>(Below(4)) : 1;
      for (int n = 0; n < times; ++n) Set(message, reflection, field, depth);
    }
  }
  std::string Bytes(size_t most) {
    std::string bytes(Below(8) == 0 ? 32 : Below(most), '\0');
    for (char& c : bytes) c = static_cast<char>(Below(256));
    return bytes;
  }
  uint64_t Below(uint64_t n) { return random_() % n; }
  // Bytes that a correct caller would use, handed in by the test.
  std::vector<std::string> known;

 private:
  void Set(google::protobuf::Message* message, const google::protobuf::Reflection* reflection,
           const google::protobuf::FieldDescriptor* field, int depth) {
    using Type = google::protobuf::FieldDescriptor;
    const bool many = field->is_repeated();
    switch (field->cpp_type()) {
      case Type::CPPTYPE_MESSAGE:
        if (depth > 0)
          Fill(many ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field),
               depth - 1);
        break;
      case Type::CPPTYPE_STRING: {
        const std::string bytes = !known.empty() && Below(2) == 0 ? known[Below(known.size())] : Bytes(300);
        const std::string text = field->type() == Type::TYPE_BYTES ? bytes : "texte";
        many ? reflection->AddString(message, field, text) : reflection->SetString(message, field, text);
        break;
      }
      case Type::CPPTYPE_UINT32: {
        const auto value = static_cast<uint32_t>(Below(3) == 0 ? random_() : Below(9));
        many ? reflection->AddUInt32(message, field, value) : reflection->SetUInt32(message, field, value);
        break;
      }
      case Type::CPPTYPE_UINT64: {
        const uint64_t value = Below(3) == 0 ? random_() : Below(9);
        many ? reflection->AddUInt64(message, field, value) : reflection->SetUInt64(message, field, value);
        break;
      }
      case Type::CPPTYPE_INT64: {
        const auto value = static_cast<int64_t>(random_());
        many ? reflection->AddInt64(message, field, value) : reflection->SetInt64(message, field, value);
        break;
      }
      case Type::CPPTYPE_BOOL:
        if (!many) reflection->SetBool(message, field, Below(2) == 0);
        break;
      default:
        break;
    }
  }

  std::mt19937_64 random_;
};

// Every method, a thousand times each: bytes that are no message, messages of the right type that say
// nonsense about the real round, from a member, a partner and a stranger.
TEST_F(HubStrangers, AThousandForgedOrMalformedCallsOfEveryMethodChangeNothing) {
  const uint64_t seed = PrintedSeed();
  SCOPED_TRACE(seed);
  google::protobuf::SetLogHandler(nullptr);
  Start(Generous());
  Submit();
  auto honest = Member(1);
  const OfficeContribution made = Build(1);
  ASSERT_TRUE(Send(*honest, 1, made).ok());
  const v1::WaitForWorkResponse before =
      hub_->News(hub_->Identify(identities_[1].key.verify_key()).value(), 0);
  const std::vector<storage::v1::HubWaiting> waiting_before = hub_->people().Waiting();

  grpc::GenericStub member(ChannelAs(identities_[0])), partner(ChannelAs(partner_identity_)),
      stranger(ChannelAs(stranger_));
  Babble babble(seed);
  v1::Abstention about;
  about.set_qid(round_->qid);
  babble.known = {round_->qid,
                  made.header.header(),
                  made.header.signature(),
                  network_.roster_bytes,
                  identities_[0].key.verify_key().bytes(),
                  about.SerializeAsString(),
                  made.boxes[0]};
  const auto* service =
      google::protobuf::DescriptorPool::generated_pool()->FindServiceByName("penc.v1.HubService");
  ASSERT_NE(service, nullptr);
  google::protobuf::DynamicMessageFactory factory;
  uint64_t resident = 0;
  int answered = 0;
  for (int i = 0; i < service->method_count(); ++i) {
    const auto* method = service->method(i);
    for (int n = 0; n < 1000; ++n) {
      std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(method->input_type())->New());
      babble.Fill(message.get(), 4);
      std::vector<std::string> messages = {message->SerializeAsString()};
      if (n % 4 == 0) messages = {babble.Bytes(2000)};
      if (method->client_streaming() && n % 3 == 0) messages.push_back(babble.Bytes(500));
      if (method->client_streaming() && n % 7 == 0) messages.clear();
      if (method->name() == "WaitForWork") {
        // A caller that has nothing to learn would rightly wait.
        v1::WaitForWorkRequest request;
        if (request.ParseFromString(messages.at(0))) {
          request.set_wait_milliseconds(0);
          messages[0] = request.SerializeAsString();
        }
      }
      grpc::GenericStub& stub = n % 5 == 0 ? stranger : n % 5 == 1 ? partner : member;
      const grpc::Status status = Call(stub, method->name(), messages);
      answered += status.ok();
      ASSERT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE)
          << method->name() << " " << status.error_message();
      ASSERT_NE(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << method->name();
    }
    if (i == 2) resident = ResidentBytes();
  }
  if (kSanitized) resident += 256 << 20;  // what was freed is kept for a while, to be found where it is used
  EXPECT_LT(ResidentBytes(), resident + (48 << 20)) << "memory grew with nonsense";
  EXPECT_GT(answered, 0) << "questions that are none of these are answered";
  const v1::WaitForWorkResponse after =
      hub_->News(hub_->Identify(identities_[1].key.verify_key()).value(), 0);
  EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
  EXPECT_THAT(hub_->people().Waiting(), SizeIs(waiting_before.size()));
  EXPECT_EQ(hub_->roster_version(), 1u);
  EXPECT_TRUE(honest->RostersAfter(0).ok());
}

TEST_F(HubStrangers, MessagesBeyondAMebibyteAreNotTaken) {
  auto member = Member(0);
  v1::PutContributionRequest request;
  request.add_boxes(std::string(2 << 20, 'x'));
  EXPECT_EQ(member->PutContribution(request).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(member->RostersAfter(0).ok());
}

TEST_F(HubStrangers, AnOpeningThatIsCutOffCanBeBegunAgainButNeverMixed) {
  Submit();
  auto member = Member(0);
  // Not certified yet, so every attempt is refused; what matters is that the refusal comes.
  EXPECT_EQ(member->PutOpening(round_->qid, 0, 0, std::string(1 << 20, 'x')).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(member->PutOpening("nonsense", 0, 0, "x").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(member->PutOpening(round_->qid, 1, 0, "x").code(), absl::StatusCode::kPermissionDenied)
      << "another steward's";
  EXPECT_EQ(member->PutOpening(round_->qid, 0, 0, "").code(), absl::StatusCode::kFailedPrecondition)
      << "nothing";
}

}  // namespace
}  // namespace penc::rpc
