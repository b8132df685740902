// A hub's folder from its making on: invitations, drafts, signatures, through the one function that the
// command line and the running hub call.
#include "hub/folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "crypto/secure_random.h"
#include "federation/member.h"
#include "federation/network_card.h"
#include "hub/administer.h"
#include "hub/draft.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MovableClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = absl::FromUnixSeconds(1790000000);
};

class Folders : public ::testing::Test {
 protected:
  Folders() { std::filesystem::remove_all(dir_); }
  ~Folders() override {
    folder_.reset();
    std::filesystem::remove_all(dir_);
  }
  void Create(NetworkOptions options = {.network = "essai", .address = "hub.example.org:7410"}) {
    const absl::Status made = HubFolder::Create(dir_, options, clock_, random_);
    ASSERT_TRUE(made.ok()) << made;
    Open();
  }
  void Open() {
    folder_.reset();
    auto folder = HubFolder::Open(dir_, clock_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    folder_ = *std::move(folder);
  }
  absl::StatusOr<v1::HubResult> Run(const v1::HubCommand& command) {
    return Administer(*folder_, command, clock_, random_);
  }
  storage::v1::NetworkCard Invite(const std::string& name) {
    v1::HubCommand command;
    command.mutable_invite()->set_name(name);
    command.mutable_invite()->set_hours(72);
    const absl::StatusOr<v1::HubResult> result = Run(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return ReadNetworkCard("card", result->card().text()).value();
  }
  // An office that uses the invitation; its key.
  SigningKey Join(const std::string& name) {
    clock_.now += absl::Seconds(1);
    SigningKey key = SigningKey::Generate(random_);
    v1::Member member;
    member.set_name(name);
    member.set_mail_key(AgreementKey::Generate(random_).public_key());
    const absl::Status joined =
        folder_->hub().people().Join(key.verify_key(), Invite(name).code(), SignMember(key, member));
    EXPECT_TRUE(joined.ok()) << joined;
    return key;
  }
  absl::StatusOr<CheckedRoster> Compose(v1::HubComposeCommand wish = {}) {
    if (wish.expires_days() == 0) wish.set_expires_days(365);
    v1::HubCommand command;
    *command.mutable_compose() = wish;
    ASSIGN_OR_RETURN(const v1::HubResult result, Run(command));
    return ReadRosterShape(result.compose().draft());
  }
  absl::Status Put(CheckedRoster draft, std::initializer_list<int> roots) {
    for (int root : roots) {
      ASSIGN_OR_RETURN(const SigningKey key, LoadSigningKey(folder_->layout().root(root)));
      SignRoster(key, draft.signed_roster);
    }
    v1::HubCommand command;
    *command.mutable_put_roster()->mutable_roster() = draft.signed_roster;
    return Run(command).status();
  }
  v1::HubShowResult Show() {
    v1::HubCommand command;
    command.mutable_show();
    return Run(command)->show();
  }

  const std::string dir_ = absl::StrCat(::testing::TempDir(), "/penc_hub_folder_", getpid());
  MovableClock clock_;
  SecureRandom random_;
  std::unique_ptr<HubFolder> folder_;
};

TEST_F(Folders, KeysAreForTheirOwnerOnlyAndNothingIsOverwritten) {
  Create({.network = "essai", .address = "hub.example.org:7410", .roots = 4, .threshold = 3});
  EXPECT_EQ(folder_->config().listen(), "0.0.0.0:7410");
  for (const std::string& path :
       {folder_->layout().key(), folder_->layout().root(1), folder_->layout().root(4)}) {
    struct stat found {};
    ASSERT_EQ(stat(path.c_str(), &found), 0) << path;
    EXPECT_EQ(found.st_mode & 0777, 0600u) << path;
  }
  struct stat found {};
  ASSERT_EQ(stat(dir_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  EXPECT_FALSE(FileExists(folder_->layout().root(5)));
  EXPECT_EQ(HubFolder::Create(dir_, {.network = "x", .address = "h:1"}, clock_, random_).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(HubFolder::Open(dir_, clock_).status().code(), absl::StatusCode::kFailedPrecondition)
      << "it is open";
}

TEST_F(Folders, WhatCannotBeANetworkIsRefusedBeforeAnythingIsMade) {
  for (const NetworkOptions& bad : {NetworkOptions{.network = "", .address = "h:1"},
                                    {.network = "n", .address = "h"},
                                    {.network = "n", .address = "h:0"},
                                    {.network = "n", .address = "h:1", .roots = 0},
                                    {.network = "n", .address = "h:1", .roots = 2, .threshold = 3},
                                    {.network = "n", .address = "h:1", .roots = 2, .threshold = 0},
                                    {.network = "n", .address = "h:1", .closing = "week"}}) {
    const absl::Status made = HubFolder::Create(dir_, bad, clock_, random_);
    EXPECT_EQ(made.code(), absl::StatusCode::kInvalidArgument) << made;
    EXPECT_NE(Explain(made).fr, Explain(made).en);
    EXPECT_FALSE(std::filesystem::exists(dir_));
  }
}

TEST_F(Folders, AnEditedConfigurationIsCheckedByLine) {
  Create();
  const std::string good = ReadFile(folder_->layout().config()).value();
  folder_.reset();
  const HubLayout layout(dir_);
  for (const auto& [from, to, says] : {std::tuple("format: 1", "format: 2", "line 2"),
                                       {"quarter", "week", "closing"},
                                       {"root_threshold: 2", "root_threshold: 4", "root_threshold"},
                                       {"hub.example.org:7410", "nowhere", "line 4"},
                                       {"network", "netwrok", "netwrok"}}) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    ASSERT_TRUE(WriteFileAtomically(layout.config(), bad).ok());
    const absl::Status opened = HubFolder::Open(dir_, clock_).status();
    EXPECT_EQ(opened.code(), absl::StatusCode::kInvalidArgument) << opened;
    EXPECT_THAT(std::string(opened.message()), HasSubstr(says));
  }
  EXPECT_EQ(HubFolder::Open(dir_ + "/keys", clock_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(Folders, FromInvitationsToASignedRosterAndItsSuccessor) {
  Create();
  EXPECT_EQ(Compose().status().code(), absl::StatusCode::kInvalidArgument) << "nobody waits";
  std::vector<SigningKey> keys;
  for (int i = 0; i < 6; ++i) keys.push_back(Join(absl::StrCat("office ", i)));
  EXPECT_THAT(Show().waiting(), SizeIs(6));
  EXPECT_EQ(Show().roster_version(), 0u);
  const absl::StatusOr<CheckedRoster> draft = Compose();
  ASSERT_TRUE(draft.ok()) << draft.status();
  EXPECT_EQ(draft->roster.version(), 1u);
  EXPECT_EQ(draft->roster.closing(), "quarter");
  const storage::v1::NetworkCard card = Invite("later");
  EXPECT_EQ(RootsFingerprint(draft->roster), card.roots()) << "what invitations pin";
  EXPECT_EQ(draft->roster.hub_key(), folder_->key().verify_key().bytes());
  EXPECT_EQ(card.key(), folder_->key().verify_key().Fingerprint());
  EXPECT_FALSE(Put(*draft, {2}).ok()) << "one signature of two";
  EXPECT_FALSE(Put(*draft, {2, 2}).ok()) << "the same twice";
  ASSERT_TRUE(Put(*draft, {1, 3}).ok());
  EXPECT_THAT(Show().waiting(), IsEmpty());
  EXPECT_EQ(Show().roster_version(), 1u);
  EXPECT_THAT(Show().invitations(), SizeIs(1));
  Open();
  EXPECT_EQ(folder_->hub().roster_version(), 1u);

  Join("office 6");
  Join("office 7");
  v1::HubComposeCommand wish;
  wish.add_remove("office 2");
  wish.add_remove("office 7");
  wish.set_address("elsewhere.example.org:7410");
  v1::HubRegion& region = *wish.add_regions();
  region.set_name("nord");
  for (const char* name : {"office 6", "office 0", "office 1", "office 3", "office 5"})
    region.add_members(name);
  const absl::StatusOr<CheckedRoster> next = Compose(wish);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_THAT(next->roster.left(), ElementsAre(2u));
  ASSERT_EQ(next->roster.members_size(), 7);
  EXPECT_EQ(next->roster.members(6).name(), "office 6");
  ASSERT_EQ(next->roster.regions_size(), 1);
  EXPECT_THAT(next->roster.regions(0).members(), ElementsAre(0u, 1u, 3u, 5u, 6u));
  EXPECT_EQ(next->roster.hub_address(), "elsewhere.example.org:7410");
  ASSERT_TRUE(Put(*next, {2, 3}).ok());
  EXPECT_THAT(Show().waiting(), IsEmpty()) << "who was not taken in waits no longer";
  EXPECT_FALSE(folder_->hub().Identify(keys[2].verify_key()).ok());
  EXPECT_EQ(Invite("last").address(), "elsewhere.example.org:7410");

  v1::HubComposeCommand without;
  without.add_regions()->set_name("nord");
  EXPECT_EQ(Compose(without)->roster.regions_size(), 0);
}

TEST_F(Folders, WishesThatCannotBeAreRefused) {
  Create();
  for (int i = 0; i < 6; ++i) Join(absl::StrCat("office ", i));
  v1::HubComposeCommand unknown, few, days, address;
  unknown.add_remove("nobody");
  v1::HubRegion& region = *few.add_regions();
  region.set_name("nord");
  for (int i = 0; i < 4; ++i) region.add_members(absl::StrCat("office ", i));
  days.set_expires_days(5000);
  address.set_address("nowhere");
  for (const v1::HubComposeCommand& wish : {unknown, few, days, address}) {
    const absl::Status composed = Compose(wish).status();
    EXPECT_EQ(composed.code(), absl::StatusCode::kInvalidArgument) << composed;
    EXPECT_NE(Explain(composed).fr, Explain(composed).en);
  }
  EXPECT_THAT(Show().waiting(), SizeIs(6));
}

TEST_F(Folders, ADraftIsAFileThatCanBeCarried) {
  Create();
  Join("office 0");
  const CheckedRoster draft = Compose().value();
  const std::string file = WriteRosterFile(draft.signed_roster);
  EXPECT_TRUE(absl::StartsWith(file, "penc roster 1\n"));
  EXPECT_EQ(ReadRosterFile("f", file)->bytes(), draft.bytes());
  for (const std::string& bad : {std::string(), std::string("penc roster 1\n\xff\xff"), file.substr(1)})
    EXPECT_EQ(ReadRosterFile("f", bad).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Folders, APartnerIsLetInUnderItsName) {
  Create();
  const SigningKey partner = SigningKey::Generate(random_);
  v1::HubCommand command;
  command.mutable_add_partner()->set_name("iom-dakar");
  command.mutable_add_partner()->set_key(partner.verify_key().bytes());
  const absl::StatusOr<v1::HubResult> result = Run(command);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->card().text(), ::testing::Not(HasSubstr("code")));
  EXPECT_THAT(Show().partners(), ElementsAre("iom-dakar"));
  Open();
  EXPECT_EQ(folder_->hub().Identify(partner.verify_key())->kind, HubCaller::Kind::kPartner);
}

}  // namespace
}  // namespace penc
