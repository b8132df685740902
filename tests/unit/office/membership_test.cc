// The network that an office belongs to: a chain of rosters that only goes forward, keys of epochs that are
// gone when they are deleted and that no backup holds.
#include "office/membership.h"
#include "office/keys.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "federation/member.h"
#include "office/archive.h"
#include "office/backup.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Membership : public SmallOffice {
 protected:
  void SetUp() override {
    Create();
    roots_.push_back(SigningKey::Generate(random_));
    roots_.push_back(SigningKey::Generate(random_));
  }
  OfficeNetwork& network() { return office_->network(); }
  std::string OwnKey() const { return office_->identity().key.verify_key().bytes(); }

  v1::Member SomeMember(const std::string& name, const std::string& key) {
    v1::Member member;
    member.set_name(name);
    member.set_key(key);
    member.set_mail_key(AgreementKey::Generate(random_).public_key());
    return member;
  }
  v1::Roster First() {
    v1::Roster roster;
    roster.set_network("essai");
    roster.set_version(1);
    roster.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(24 * 365)));
    for (const SigningKey& root : roots_) roster.add_root_keys(root.verify_key().bytes());
    roster.set_root_threshold(2);
    roster.set_hub_key(hub_.verify_key().bytes());
    roster.set_hub_address("127.0.0.1:7410");
    roster.set_closing("quarter");
    *roster.add_members() = SomeMember("ALCRER", OwnKey());
    return roster;
  }
  // Composed and signed by both roots, and by `others`.
  CheckedRoster Signed(const v1::Roster& draft, const std::vector<const SigningKey*>& others = {}) {
    CheckedRoster roster = ComposeRoster(draft, random_).value();
    for (const SigningKey& root : roots_) SignRoster(root, roster.signed_roster);
    for (const SigningKey* root : others) SignRoster(*root, roster.signed_roster);
    return roster;
  }
  storage::v1::Membership As(const v1::Roster& roster) {
    storage::v1::Membership membership;
    membership.set_network(roster.network());
    membership.set_hub_address("invited.example.org:7410");
    membership.set_hub_key("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    membership.set_roots(RootsFingerprint(roster));
    return membership;
  }
  CheckedRoster Join() {
    const CheckedRoster first = Signed(First());
    EXPECT_TRUE(network().Save(As(first.roster)).ok());
    EXPECT_TRUE(network().PinRosters({first.signed_roster}).ok());
    return first;
  }

  std::vector<SigningKey> roots_;
  SigningKey hub_ = SigningKey::Generate(random_);
};

TEST_F(Membership, AnOfficeWithoutANetworkSaysSo) {
  EXPECT_FALSE(network().Load()->has_value());
  EXPECT_FALSE(network().FindHub()->has_value());
  EXPECT_EQ(network().LatestRoster(), nullptr);
  EXPECT_EQ(network().PinRosters({Signed(First()).signed_roster}).code(),
            absl::StatusCode::kFailedPrecondition);
  v1::AdminCommand command;
  command.mutable_network_roster();
  EXPECT_EQ(Run(command).status().code(), absl::StatusCode::kFailedPrecondition);
  command.mutable_network_member()->set_epoch(true);
  EXPECT_EQ(Run(command).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(network().Epochs(), IsEmpty()) << "nothing was made";
}

TEST_F(Membership, TheRosterDecidesWhereTheHubIsOnceThereIsOne) {
  const CheckedRoster first = Signed(First());
  ASSERT_TRUE(network().Save(As(first.roster)).ok());
  EXPECT_EQ((*network().FindHub())->address, "invited.example.org:7410");
  ASSERT_TRUE(network().PinRosters({first.signed_roster}).ok());
  EXPECT_EQ((*network().FindHub())->address, "127.0.0.1:7410");
  EXPECT_EQ((*network().FindHub())->key, hub_.verify_key().Fingerprint());
  Open();
  EXPECT_EQ(network().roster_version(), 1u);
  EXPECT_EQ((*network().FindHub())->address, "127.0.0.1:7410");
  EXPECT_EQ((*network().Load())->network(), "essai");
  storage::v1::Membership other = As(first.roster);
  other.set_network("autre");
  EXPECT_EQ(network().Save(other).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(Membership, RostersOnlyGoForwardAlongTheirChain) {
  const CheckedRoster first = Join();
  const CheckedRoster second = Signed(NextDraft(first));
  const CheckedRoster third = Signed(NextDraft(second));
  EXPECT_FALSE(network().PinRosters({third.signed_roster}).ok()) << "one is missing";
  EXPECT_EQ(network().roster_version(), 1u);
  ASSERT_TRUE(network().PinRosters({first.signed_roster, second.signed_roster, third.signed_roster}).ok());
  EXPECT_EQ(network().roster_version(), 3u);
  ASSERT_TRUE(network().PinRosters({first.signed_roster, second.signed_roster}).ok());
  EXPECT_EQ(network().roster_version(), 3u) << "an older one does not come back";
  EXPECT_EQ(network().RosterOfVersion(2)->bytes(), second.bytes());
  EXPECT_EQ(network().RosterOfVersion(4).status().code(), absl::StatusCode::kNotFound);
  Open();
  EXPECT_EQ(network().LatestRoster()->bytes(), third.bytes());
  EXPECT_EQ(network().RosterOfVersion(1)->bytes(), first.bytes());
}

TEST_F(Membership, TwoRostersOfOneVersionAreNamedAsWhatTheyAre) {
  const CheckedRoster first = Join();
  const CheckedRoster second = Signed(NextDraft(first)), other_second = Signed(NextDraft(first));
  ASSERT_TRUE(network().PinRosters({second.signed_roster}).ok());
  EXPECT_EQ(network().PinRosters({other_second.signed_roster}).code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(network().PinRosters({Signed(NextDraft(second)).signed_roster}).ok());
  EXPECT_EQ(network().PinRosters({other_second.signed_roster}).code(), absl::StatusCode::kAlreadyExists)
      << "also when it is not the last any more";
  EXPECT_EQ(network().roster_version(), 3u);
}

TEST_F(Membership, OnlyTheRootKeysOfTheInvitationBeginAChain) {
  const v1::Roster draft = First();
  ASSERT_TRUE(network().Save(As(draft)).ok());
  std::vector<SigningKey> honest = std::move(roots_);
  roots_.clear();
  roots_.push_back(SigningKey::Generate(random_));
  roots_.push_back(SigningKey::Generate(random_));
  const CheckedRoster others = Signed(First());
  EXPECT_EQ(network().PinRosters({others.signed_roster}).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(network().LatestRoster(), nullptr);
  // The right keys named, others' signatures.
  v1::Roster named = draft;
  EXPECT_FALSE(network().PinRosters({Signed(named).signed_roster}).ok());
  EXPECT_EQ(network().LatestRoster(), nullptr);
  roots_ = std::move(honest);
  EXPECT_TRUE(network().PinRosters({Signed(draft).signed_roster}).ok());
}

TEST_F(Membership, WhoIsInvitedAfterTheRootKeysChangedBeginsThere) {
  const CheckedRoster first = Signed(First());
  std::vector<SigningKey> before = std::move(roots_);
  roots_.clear();
  for (int i = 0; i < 2; ++i) roots_.push_back(SigningKey::Generate(random_));
  v1::Roster draft = NextDraft(first);
  draft.clear_root_keys();
  for (const SigningKey& root : roots_) draft.add_root_keys(root.verify_key().bytes());
  const CheckedRoster second = Signed(draft, {&before[0], &before[1]});
  const CheckedRoster third = Signed(NextDraft(second));
  ASSERT_TRUE(network().Save(As(second.roster)).ok());
  ASSERT_TRUE(network().PinRosters({first.signed_roster, second.signed_roster, third.signed_roster}).ok());
  EXPECT_EQ(network().roster_version(), 3u);
  EXPECT_EQ(network().RosterOfVersion(1).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(network().PinRosters({first.signed_roster, second.signed_roster}).ok());
}

TEST_F(Membership, WhatStandsBeforeABadRosterStaysPinned) {
  const CheckedRoster first = Join();
  const CheckedRoster second = Signed(NextDraft(first));
  CheckedRoster unsigned_third = ComposeRoster(NextDraft(second), random_).value();
  EXPECT_EQ(network().PinRosters({second.signed_roster, unsigned_third.signed_roster}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(network().roster_version(), 2u);
}

TEST_F(Membership, EpochKeysAreNumberedReadBackAndGoneWhenDeleted) {
  const CheckedRoster first = Join();
  const VerifyKey key = office_->identity().key.verify_key();
  const absl::Time until = clock_.now + absl::Hours(24 * 20);
  const v1::EpochKeys one = network().CreateEpoch(key, until, random_).value();
  const v1::EpochKeys two = network().CreateEpoch(key, until, random_).value();
  EXPECT_THAT(network().Epochs(), ElementsAre(1u, 2u));
  const std::string path = absl::StrCat(dir_, "/epoch/1.keys");
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(absl::StrCat(dir_, "/epoch").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  Open();
  const absl::StatusOr<EpochSecrets> secrets = network().LoadEpoch(one);
  ASSERT_TRUE(secrets.ok()) << secrets.status();
  EXPECT_EQ(secrets->mask.public_key(), one.mask_key());
  EXPECT_EQ(secrets->vote.verify_key().bytes(), one.vote_key());
  v1::EpochKeys other = two;
  other.set_epoch(1);
  EXPECT_EQ(network().LoadEpoch(other).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(network().DeleteEpoch(1).ok());
  EXPECT_TRUE(network().DeleteEpoch(1).ok()) << "again";
  EXPECT_FALSE(FileExists(path));
  EXPECT_EQ(network().LoadEpoch(one).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(network().Epochs(), ElementsAre(2u));
  // Numbers go on from what the roster knows, also where every file is gone.
  ASSERT_TRUE(network().DeleteEpoch(2).ok());
  v1::Roster draft = NextDraft(first);
  *draft.mutable_members(0)->mutable_epoch() = two;
  draft.mutable_members(0)->mutable_epoch()->set_epoch(7);
  ASSERT_TRUE(network().PinRosters({Signed(draft).signed_roster}).ok());
  EXPECT_EQ(network().CreateEpoch(key, until, random_)->epoch(), 8u);
}

TEST_F(Membership, DamagedEpochKeysAreNamed) {
  Join();
  const VerifyKey key = office_->identity().key.verify_key();
  const v1::EpochKeys one = network().CreateEpoch(key, clock_.now, random_).value();
  const std::string path = absl::StrCat(dir_, "/epoch/1.keys");
  std::ofstream(path, std::ios::trunc) << "no keys";
  const absl::Status damaged = network().LoadEpoch(one).status();
  EXPECT_EQ(damaged.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(damaged.message()), HasSubstr("penc network epoch"));
}

TEST_F(Membership, NoBackupHoldsEpochKeysAndEveryBackupTheMailKey) {
  Join();
  const std::string mail = office_->keys().mail().public_key();
  const v1::EpochKeys one =
      network().CreateEpoch(office_->identity().key.verify_key(), clock_.now, random_).value();
  const std::string file = dir_ + ".penc", restored = dir_ + "-restored";
  std::filesystem::remove(file);
  std::filesystem::remove_all(restored);
  ASSERT_TRUE(Backup(*office_, file).ok());
  ASSERT_TRUE(Restore(file, restored, /*forfeit=*/true, environment()).ok());
  EXPECT_FALSE(FileExists(restored + "/epoch/1.keys"));
  {
    const auto again = Office::Open(restored, environment());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ((*again)->keys().mail().public_key(), mail);
    EXPECT_EQ((*again)->network().roster_version(), 1u);
    EXPECT_EQ((*again)->network().LoadEpoch(one).status().code(), absl::StatusCode::kNotFound);
  }
  std::filesystem::remove(file);
  std::filesystem::remove_all(restored);
}

TEST_F(Membership, WhatTheOfficeSaysOfItselfIsKeptUntilItWasSent) {
  Join();
  v1::AdminCommand command;
  command.mutable_network_member()->set_epoch(true);
  command.mutable_network_member()->set_days(31);
  EXPECT_EQ(Run(command).status().code(), absl::StatusCode::kInvalidArgument);
  command.mutable_network_member()->set_days(10);
  const auto first = Run(command);
  ASSERT_TRUE(first.ok()) << first.status();
  v1::PutMemberRequest signed_member;
  signed_member.set_member(first->network_member().member());
  signed_member.set_signature(first->network_member().signature());
  const absl::StatusOr<v1::Member> member = ReadMember(signed_member);
  ASSERT_TRUE(member.ok()) << member.status();
  EXPECT_EQ(member->key(), OwnKey());
  EXPECT_EQ(member->name(), "ALCRER");
  EXPECT_EQ(member->epoch().epoch(), 1u);
  EXPECT_EQ(member->epoch().until_unix_micros(), absl::ToUnixMicros(clock_.now + absl::Hours(240)));
  EXPECT_EQ(member->minimum(), 5u);
  Open();
  EXPECT_EQ((*network().Unsent())->member(), signed_member.member());
  // Another renewal takes its place; that the first one arrived does not count for the second.
  const auto second = Run(command);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_TRUE(network().MarkSent(signed_member).ok());
  EXPECT_EQ((*network().Unsent())->member(), second->network_member().member());
  v1::AdminCommand sent;
  sent.mutable_network_sent()->set_member(second->network_member().member());
  ASSERT_TRUE(Run(sent).ok());
  EXPECT_FALSE(network().Unsent()->has_value());
}

TEST_F(Membership, JoiningAgainAfterABrokenLineMakesNoNewKeys) {
  const CheckedRoster first = Signed(First());
  v1::AdminCommand command;
  v1::NetworkMemberCommand& speak = *command.mutable_network_member();
  speak.set_network("essai");
  speak.set_roots(RootsFingerprint(first.roster));
  speak.set_epoch(true);
  const auto said = Run(command);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(Run(command)->network_member().member(), said->network_member().member());
  EXPECT_THAT(network().Epochs(), ElementsAre(1u));
  EXPECT_FALSE(network().Unsent()->has_value()) << "joining is sent by who joins";
  v1::NetworkMemberCommand exercise = speak;
  exercise.set_practice(true);
  v1::AdminCommand other;
  *other.mutable_network_member() = exercise;
  EXPECT_EQ(Run(other).status().code(), absl::StatusCode::kFailedPrecondition)
      << "real records in an exercise";

  v1::AdminCommand joined;
  v1::NetworkJoinedCommand& took = *joined.mutable_network_joined();
  took.set_network("essai");
  took.set_hub_address("127.0.0.1:7410");
  took.set_hub_key(hub_.verify_key().Fingerprint());
  took.set_roots(hub_.verify_key().Fingerprint());
  *took.add_rosters() = first.signed_roster;
  EXPECT_EQ(Run(joined).status().code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(network().Load()->has_value()) << "nothing is kept of a network whose rosters others sign";
  took.set_roots(RootsFingerprint(first.roster));
  const auto kept = Run(joined);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_TRUE(kept->network_joined().member());
  EXPECT_EQ(kept->network_joined().roster_version(), 1u);
}

}  // namespace
}  // namespace penc
