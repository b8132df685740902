// Whom a hub knows: invitations are good for one key and for a while, names are one office's, rosters take in
// those who wait; all of it is there after a kill.
#include "hub/register.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "crypto/secure_random.h"
#include "federation/member.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class MovableClock : public Clock {
 public:
  absl::Time Now() const override { return now; }
  absl::Time now = SmallNetwork::now();
};

struct Applicant {
  explicit Applicant(const std::string& name) { member.set_name(name); }
  v1::PutMemberRequest Says() {
    member.set_mail_key(mail.public_key());
    return SignMember(key, member);
  }
  void Epoch(uint64_t number, absl::Time until) {
    v1::EpochKeys& epoch = *member.mutable_epoch();
    epoch.set_epoch(number);
    epoch.set_mask_key(AgreementKey::Generate(random).public_key());
    epoch.set_vote_key(SigningKey::Generate(random).verify_key().bytes());
    epoch.set_until_unix_micros(absl::ToUnixMicros(until));
  }
  SecureRandom random;
  SigningKey key = SigningKey::Generate(random);
  AgreementKey mail = AgreementKey::Generate(random);
  v1::Member member;
};

class Registering : public ::testing::Test {
 protected:
  Registering() {
    std::filesystem::remove_all(folder_);
    Open();
  }
  ~Registering() override {
    people_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open() {
    people_.reset();
    database_.reset();
    database_ = Database::Open(folder_).value();
    people_ = Register::Open(*database_, network_.hub.verify_key(), clock_).value();
  }
  absl::Status Join(Applicant& who, const std::string& code) {
    return people_->Join(who.key.verify_key(), code, who.Says());
  }
  // Whoever waits is put into the next version, which is signed and added.
  absl::Status PutNextRoster() {
    v1::Roster next;
    if (const auto latest = people_->latest(); latest != nullptr) {
      next = NextDraft(*latest);
    } else {
      next = network_.roster();
      next.clear_members();
    }
    for (const storage::v1::HubWaiting& waiting : people_->Waiting()) {
      v1::Member member;
      EXPECT_TRUE(member.ParseFromString(waiting.member()));
      bool known = false;
      for (v1::Member& before : *next.mutable_members()) {
        if (before.key() != member.key()) continue;
        before = member;
        known = true;
      }
      if (!known) *next.add_members() = member;
    }
    ASSIGN_OR_RETURN(CheckedRoster composed, ComposeRoster(next, network_.random));
    SignRoster(network_.hub, composed.signed_roster);
    return people_->AddRoster(composed.signed_roster);
  }

  const std::string folder_ = absl::StrCat(::testing::TempDir(), "/penc_register_", getpid());
  SmallNetwork network_{{.offices = 5}};
  MovableClock clock_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Register> people_;
};

TEST_F(Registering, CodesAreSpokenAndNeverTheSame) {
  SecureRandom random;
  std::set<std::string> codes;
  for (int i = 0; i < 1000; ++i) {
    const std::string code = MakeInvitationCode(random);
    ASSERT_EQ(code.size(), 19u) << code;
    for (size_t at = 0; at < code.size(); ++at) {
      if (at % 5 == 4) {
        EXPECT_EQ(code[at], '-') << code;
      } else {
        EXPECT_EQ(std::string("ilou").find(code[at]), std::string::npos) << code;
        EXPECT_TRUE(absl::ascii_isalnum(code[at])) << code;
      }
    }
    codes.insert(code);
  }
  EXPECT_EQ(codes.size(), 1000u);
}

TEST_F(Registering, ACodeIsGoodForOneKeyHoweverItIsTyped) {
  ASSERT_TRUE(people_->Invite("Nord", "k7dm-93xp-qhzt-205a", clock_.now + absl::Hours(72)).ok());
  Applicant nord("Nord"), other("Autre");
  EXPECT_EQ(Join(nord, "k7dm-93xp-qhzt-205b").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(people_->Identify(nord.key.verify_key()).ok());
  ASSERT_TRUE(Join(nord, " K7DM93XPQHZT 2O5A ").ok());
  EXPECT_TRUE(Join(nord, "k7dm-93xp-qhzt-205a").ok()) << "the same key again: its answer was lost";
  Open();
  EXPECT_TRUE(Join(nord, "k7dm-93xp-qhzt-205a").ok());
  const absl::Status used = Join(other, "k7dm-93xp-qhzt-205a");
  EXPECT_EQ(used.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(used.message()), HasSubstr("used"));
  EXPECT_THAT(people_->Waiting(), SizeIs(1));
  EXPECT_EQ(people_->Identify(nord.key.verify_key())->kind, HubCaller::Kind::kWaiting);
  EXPECT_TRUE(people_->Knows(nord.key.verify_key().Fingerprint()));
  EXPECT_FALSE(people_->Knows(other.key.verify_key().Fingerprint()));
}

TEST_F(Registering, ACodeEndsWithItsHours) {
  ASSERT_TRUE(people_->Invite("Nord", "aaaa-bbbb-cccc-dddd", clock_.now + absl::Hours(72)).ok());
  ASSERT_TRUE(people_->Invite("Sud", "bbbb-bbbb-cccc-dddd", clock_.now + absl::Hours(72)).ok());
  Applicant nord("Nord"), sud("Sud");
  ASSERT_TRUE(Join(sud, "bbbb-bbbb-cccc-dddd").ok());
  clock_.now += absl::Hours(72) + absl::Seconds(1);
  const absl::Status late = Join(nord, "aaaa-bbbb-cccc-dddd");
  EXPECT_EQ(late.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_THAT(std::string(late.message()), HasSubstr("expired"));
  EXPECT_TRUE(Join(sud, "bbbb-bbbb-cccc-dddd").ok()) << "it came in time";
}

TEST_F(Registering, ANameIsOneOfficesWhetherItWaitsOrIsThere) {
  for (const char* code : {"1", "2", "3"})
    ASSERT_TRUE(people_->Invite("x", code, clock_.now + absl::Hours(1)).ok());
  Applicant nord("Nord"), impostor("Nord");
  ASSERT_TRUE(Join(nord, "1").ok());
  EXPECT_EQ(Join(impostor, "2").code(), absl::StatusCode::kAlreadyExists);
  ASSERT_TRUE(PutNextRoster().ok());
  EXPECT_THAT(people_->Waiting(), IsEmpty());
  EXPECT_EQ(Join(impostor, "2").code(), absl::StatusCode::kAlreadyExists);
  impostor.member.set_name("Sud");
  EXPECT_TRUE(Join(impostor, "2").ok()) << "its code was not spent by the refusal";
}

TEST_F(Registering, NobodyJoinsForAnother) {
  ASSERT_TRUE(people_->Invite("Nord", "1", clock_.now + absl::Hours(1)).ok());
  Applicant nord("Nord"), thief("Vol");
  EXPECT_FALSE(people_->Join(thief.key.verify_key(), "1", nord.Says()).ok()) << "the connection's key";
  v1::PutMemberRequest forged = nord.Says();
  forged.set_signature(thief.Says().signature());
  EXPECT_FALSE(people_->Join(nord.key.verify_key(), "1", forged).ok());
  Applicant unusable("Nord");
  v1::Member small_order = unusable.member;
  small_order.set_mail_key(std::string(32, '\0'));
  EXPECT_FALSE(people_->Join(unusable.key.verify_key(), "1", SignMember(unusable.key, small_order)).ok());
  EXPECT_TRUE(Join(nord, "1").ok());
}

TEST_F(Registering, AMemberRenewsAndTheNextRosterTakesItIn) {
  ASSERT_TRUE(people_->Invite("Nord", "1", clock_.now + absl::Hours(1)).ok());
  Applicant nord("Nord");
  nord.Epoch(1, clock_.now + absl::Hours(24 * 20));
  ASSERT_TRUE(Join(nord, "1").ok());
  ASSERT_TRUE(PutNextRoster().ok());
  const HubCaller caller = people_->Identify(nord.key.verify_key()).value();
  EXPECT_EQ(caller.kind, HubCaller::Kind::kMember);
  const v1::PutMemberRequest old = nord.Says();
  EXPECT_TRUE(people_->Renew(caller, old).ok());
  EXPECT_THAT(people_->Waiting(), IsEmpty()) << "it says nothing new";
  nord.Epoch(1, clock_.now + absl::Hours(24 * 20));
  EXPECT_EQ(people_->Renew(caller, nord.Says()).code(), absl::StatusCode::kFailedPrecondition)
      << "other keys under the same number";
  nord.Epoch(2, clock_.now + absl::Hours(24 * 32));
  EXPECT_EQ(people_->Renew(caller, nord.Says()).code(), absl::StatusCode::kInvalidArgument) << "too long";
  nord.Epoch(2, clock_.now + absl::Hours(24 * 30));
  ASSERT_TRUE(people_->Renew(caller, nord.Says()).ok());
  Open();
  ASSERT_THAT(people_->Waiting(), SizeIs(1));
  ASSERT_TRUE(PutNextRoster().ok());
  EXPECT_THAT(people_->Waiting(), IsEmpty());
  EXPECT_EQ(people_->latest()->roster.members(0).epoch().epoch(), 2u);
  EXPECT_EQ(people_->Renew(caller, old).code(), absl::StatusCode::kFailedPrecondition) << "an older epoch";
  Applicant stranger("Sud");
  EXPECT_FALSE(people_->Renew(caller, stranger.Says()).ok());
}

TEST_F(Registering, WhoHasLeftIsNotKnownAndDoesNotReturn) {
  ASSERT_TRUE(people_->Invite("Nord", "1", clock_.now + absl::Hours(1)).ok());
  ASSERT_TRUE(people_->Invite("Sud", "2", clock_.now + absl::Hours(1)).ok());
  ASSERT_TRUE(people_->Invite("Nord", "3", clock_.now + absl::Hours(1)).ok());
  Applicant nord("Nord"), sud("Sud");
  ASSERT_TRUE(Join(nord, "1").ok());
  ASSERT_TRUE(Join(sud, "2").ok());
  ASSERT_TRUE(PutNextRoster().ok());
  v1::Roster next = NextDraft(*people_->latest());
  next.add_left(people_->latest()->MemberOf(nord.key.verify_key().bytes()).value());
  CheckedRoster composed = ComposeRoster(next, network_.random).value();
  SignRoster(network_.hub, composed.signed_roster);
  // A renewal that waited goes with it.
  nord.Epoch(1, clock_.now + absl::Hours(24 * 20));
  ASSERT_TRUE(people_->Renew(people_->Identify(nord.key.verify_key()).value(), nord.Says()).ok());
  ASSERT_TRUE(people_->AddRoster(composed.signed_roster).ok());
  EXPECT_THAT(people_->Waiting(), IsEmpty());
  EXPECT_FALSE(people_->Knows(nord.key.verify_key().Fingerprint()));
  EXPECT_FALSE(people_->Identify(nord.key.verify_key()).ok());
  EXPECT_EQ(Join(nord, "3").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(people_->Knows(sud.key.verify_key().Fingerprint()));
}

TEST_F(Registering, RostersComeOneAfterTheOtherAndAreThereAfterAKill) {
  ASSERT_TRUE(people_->Invite("Nord", "1", clock_.now + absl::Hours(1)).ok());
  Applicant nord("Nord");
  ASSERT_TRUE(Join(nord, "1").ok());
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(PutNextRoster().ok());
  Open();
  EXPECT_EQ(people_->version(), 4u);
  EXPECT_THAT(people_->After(0).value(), SizeIs(4));
  EXPECT_THAT(people_->After(3).value(), SizeIs(1));
  EXPECT_THAT(people_->After(4).value(), IsEmpty());
  EXPECT_EQ(people_->OfVersion(2)->roster.version(), 2u);
  const v1::SignedRoster second = people_->OfVersion(2)->signed_roster;
  EXPECT_TRUE(people_->AddRoster(second).ok()) << "known";
  v1::SignedRoster unsigned_one =
      ComposeRoster(NextDraft(*people_->latest()), network_.random)->signed_roster;
  EXPECT_FALSE(people_->AddRoster(unsigned_one).ok());
  v1::Roster elsewhere = NextDraft(*people_->latest());
  elsewhere.set_hub_key(nord.key.verify_key().bytes());
  CheckedRoster composed = ComposeRoster(elsewhere, network_.random).value();
  SignRoster(network_.hub, composed.signed_roster);
  EXPECT_EQ(people_->AddRoster(composed.signed_roster).code(), absl::StatusCode::kInvalidArgument)
      << "another hub's";
}

}  // namespace
}  // namespace penc
