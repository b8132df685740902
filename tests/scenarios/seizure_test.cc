// Offices whose node key is with the stewards of their network: a power cut needs nobody, and a phone call
// makes a stolen disk dead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "federation/unlock.h"
#include "journal/journal.h"
#include "office/keys.h"
#include "tests/support/small_region.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

using storage::v1::StewardSlot;
using ::testing::Contains;
using ::testing::HasSubstr;

// A line of which a test sees what a steward says.
class Kept final : public DirectLink {
 public:
  using DirectLink::DirectLink;
  std::vector<v1::SignedUnlockAnswer> answers;
  absl::Status PutUnlockAnswer(const v1::SignedUnlockAnswer& answer) override {
    answers.push_back(answer);
    return absl::OkStatus();
  }
};

class Seizure : public SmallRegion {
 protected:
  Seizure() {
    keys_.ask_stewards = [this](const StewardSlot& slot) { return Knock(slot); };
  }

  // What a node does that starts (rpc/ask_stewards.h), with the others at their lines.
  absl::StatusOr<Secret> Knock(const StewardSlot& slot) {
    ASSIGN_OR_RETURN(const penc::Knock knock, MakeKnock(slot, clock_.now, random_));
    ASSIGN_OR_RETURN(const SigningKey door, SigningKey::FromSeed(slot.door()));
    Unlocking unlocking(slot, knock);
    for (int i = 0; i < 3; ++i) {
      ASSIGN_OR_RETURN(const v1::RequestUnlockResponse response,
                       hub_->RequestUnlock(door.verify_key().bytes(), knock.request));
      refusal_ = response.refusal();
      for (const v1::SignedUnlockAnswer& answer : response.answers()) unlocking.Take(answer);
      if (absl::optional<Secret> key = unlocking.key(); key.has_value()) return *std::move(key);
      for (Member& member : members_)
        if (member.region != nullptr) Visit(member).IgnoreError();
    }
    refused_ = unlocking.refused(v1::UNLOCK_REFUSAL_NOT_A_MEMBER);
    return absl::UnavailableError("not enough shares");
  }
  absl::Status Wrap(Member& member) {
    v1::AdminCommand command;
    command.mutable_key_wrap()->add_places()->set_stewards(true);
    return Administer(*member.office, command, nullptr, nullptr).status();
  }
  static void Stop(Member& member) {
    member.region.reset();
    member.office.reset();
  }
  absl::Status Start(Member& member) {
    auto office = Office::Open(member.dir, environment());
    RETURN_IF_ERROR(office.status());
    member.office = *std::move(office);
    Connect(member);
    return absl::OkStatus();
  }
  // The next roster, at the hub.
  void Sign(v1::Roster next) {
    v1::SignedRoster composed = ComposeRoster(std::move(next), random_)->signed_roster;
    SignRoster(root_, composed);
    ASSERT_TRUE(hub_->AddRoster(composed).ok());
    roster_ = std::make_unique<CheckedRoster>(ReadNextRoster(*roster_, composed).value());
  }
  void TakeOff(int i) {
    v1::Roster next = NextDraft(*roster_);
    next.add_left(i);
    Sign(next);
  }
  static std::vector<storage::v1::JournalLeaf> Leaves(Member& member) {
    std::vector<storage::v1::JournalLeaf> leaves;
    PENC_CHECK(member.office->journal()
                   .ForEach(0,
                            [&](uint64_t, absl::string_view bytes) {
                              PENC_CHECK(leaves.emplace_back().ParseFromArray(
                                  bytes.data(), static_cast<int>(bytes.size())));
                              return true;
                            })
                   .ok());
    return leaves;
  }
  int Returned(Member& member) {
    int returned = 0;
    for (const auto& leaf : Leaves(member)) returned += leaf.has_share_returned();
    return returned;
  }

  v1::UnlockRefusal refusal_ = v1::UNLOCK_REFUSAL_UNSPECIFIED;  // of the hub, last
  uint32_t refused_ = 0;                                        // stewards that refused, last
};

TEST_F(Seizure, APowerCutNeedsNobodyEvenWithStewardsAway) {
  Found();
  Settle();  // everybody has the roster
  Member& locked = members_[0];
  ASSERT_TRUE(Wrap(locked).ok());
  EXPECT_FALSE(FileExists(locked.dir + "/keys/node.key"));
  const std::string fingerprint = locked.office->identity().fingerprint;
  Stop(locked);
  for (int i : {1, 2, 3, 4}) members_[i].line->cut = true;  // three of seven are enough
  const absl::Status started = Start(locked);
  ASSERT_TRUE(started.ok()) << started;
  EXPECT_EQ(locked.office->identity().fingerprint, fingerprint);
  for (int i : {5, 6, 7}) {
    EXPECT_EQ(Returned(members_[i]), 1) << i;
    const auto leaves = Leaves(members_[i]);
    EXPECT_EQ(leaves.back().share_returned().name(), "Association 0");
  }
  // It is a member as before.
  for (int i : {1, 2, 3, 4}) members_[i].line->cut = false;
  const Round round = Submit(Wish());
  Settle();
  EXPECT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  EXPECT_EQ(Open(round)->answered(), 8u);
}

TEST_F(Seizure, WithTooFewStewardsItWaitsAndComesBackWithTheThird) {
  Found();
  Settle();
  ASSERT_TRUE(Wrap(members_[0]).ok());
  Stop(members_[0]);
  for (int i : {1, 2, 3, 4, 5}) members_[i].line->cut = true;
  EXPECT_EQ(Start(members_[0]).code(), absl::StatusCode::kUnavailable);
  members_[5].line->cut = false;
  EXPECT_TRUE(Start(members_[0]).ok());
}

TEST_F(Seizure, AStolenDiskOpensUntilTheRosterIsSignedAndNeverAfter) {
  Found();
  Settle();
  Member& victim = members_[0];
  ASSERT_TRUE(Wrap(victim).ok());
  Stop(victim);
  const std::string stolen = folder_ + "/stolen";
  fs::copy(victim.dir, stolen, fs::copy_options::recursive);
  fs::permissions(stolen, fs::perms::owner_all);
  // Before the phone call the thief is who the office was: the README says so.
  EXPECT_TRUE(Office::Open(stolen, environment()).ok());
  TakeOff(0);
  EXPECT_EQ(Office::Open(stolen, environment()).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(refusal_, v1::UNLOCK_REFUSAL_NOT_A_MEMBER) << "the hub does not even ask";
  EXPECT_EQ(Start(victim).code(), absl::StatusCode::kUnavailable) << "nor does the office itself start";
}

// A hub that helps the thief asks the stewards all the same; they look at the roster themselves.
TEST_F(Seizure, StewardsRefuseByTheirOwnRosterWhateverTheHubCarries) {
  Found();
  Settle();
  Member& victim = members_[0];
  ASSERT_TRUE(Wrap(victim).ok());
  const StewardSlot slot = victim.office->keys().ring().slots(0).stewards();
  Stop(victim);
  const penc::Knock knock = MakeKnock(slot, clock_.now, random_).value();
  const SigningKey door = SigningKey::FromSeed(slot.door()).value();
  ASSERT_TRUE(hub_->RequestUnlock(door.verify_key().bytes(), knock.request).ok());
  v1::WaitForWorkResponse carried = members_[1].line->WaitForWork({}).value();
  ASSERT_EQ(carried.unlocks_size(), 1);
  TakeOff(0);
  Kept kept(*hub_, hub_->Identify(members_[1].office->identity().key.verify_key()).value());
  // It says that there is a newer roster, and the steward takes that first.
  carried.set_roster_version(2);
  ASSERT_TRUE(members_[1].region->Act(kept, carried, slots_).ok());
  ASSERT_EQ(kept.answers.size(), 1u);
  EXPECT_EQ(ReadAnswer(kept.answers[0])->refusal(), v1::UNLOCK_REFUSAL_NOT_A_MEMBER);
  EXPECT_EQ(Returned(members_[1]), 0);
  EXPECT_EQ(Leaves(members_[1]).back().share_refused().name(), "Association 0");
  // Asked again and again it says so again, and the journal has it once.
  ASSERT_TRUE(members_[1].region->Act(kept, carried, slots_).ok());
  EXPECT_EQ(kept.answers.size(), 2u);
  int refused = 0;
  for (const auto& leaf : Leaves(members_[1])) refused += leaf.has_share_refused();
  EXPECT_EQ(refused, 1);
  // It says that there is a newer roster and does not give it: no answer under the old one.
  Kept silent(*hub_, hub_->Identify(members_[2].office->identity().key.verify_key()).value());
  silent.cut = true;
  EXPECT_FALSE(members_[2].region->Act(silent, carried, slots_).ok());
  EXPECT_TRUE(silent.answers.empty());
}

TEST_F(Seizure, OtherStewardsOrOtherKeysOfTheirsAndTheKeyIsSharedAnew) {
  Found();
  Settle();
  Member& member = members_[0];
  ASSERT_TRUE(Wrap(member).ok());
  TakeOff(7);
  Settle();
  const StewardSlot slot = member.office->keys().ring().slots(0).stewards();
  EXPECT_EQ(slot.roster_version(), 2u);
  EXPECT_EQ(slot.holders_size(), 6);
  EXPECT_THAT(member.told, Contains(HasSubstr("shared among them anew")));
  EXPECT_EQ(Leaves(member).back().key_moved().roster_version(), 2u);
  for (int i = 0; i < 3; ++i) Settle();
  EXPECT_EQ(member.office->keys().ring().version(), 3u) << "once";
  Stop(member);
  EXPECT_TRUE(Start(member).ok());
}

TEST_F(Seizure, AStewardGivesTheSameAnswerAgainAndStopsAtADozenAnHour) {
  Found();
  Settle();
  ASSERT_TRUE(Wrap(members_[0]).ok());
  const StewardSlot slot = members_[0].office->keys().ring().slots(0).stewards();
  Stop(members_[0]);
  for (int i = 2; i < kOffices; ++i) members_[i].line->cut = true;
  for (int i = 0; i < 14; ++i) EXPECT_FALSE(Knock(slot).ok());
  EXPECT_EQ(Returned(members_[1]), 12);
  clock_.now += absl::Hours(1);
  EXPECT_FALSE(Knock(slot).ok());
  EXPECT_EQ(Returned(members_[1]), 13);
}

TEST_F(Seizure, TheHubPassesNothingOnThatIsNotAMembersOwn) {
  Found();
  Settle();
  ASSERT_TRUE(Wrap(members_[0]).ok());
  const StewardSlot slot = members_[0].office->keys().ring().slots(0).stewards();
  const penc::Knock knock = MakeKnock(slot, clock_.now, random_).value();
  const std::string door = SigningKey::FromSeed(slot.door())->verify_key().bytes();
  EXPECT_FALSE(hub_->RequestUnlock(partner_.verify_key().bytes(), knock.request).ok()) << "another's door";
  ASSERT_TRUE(hub_->RequestUnlock(door, knock.request).ok());
  // An answer in another's name.
  v1::UnlockAnswer answer;
  answer.set_format(1);
  answer.set_steward(members_[1].office->identity().key.verify_key().bytes());
  const HubCaller second = hub_->Identify(members_[2].office->identity().key.verify_key()).value();
  EXPECT_FALSE(hub_->PutUnlockAnswer(second, SignAnswer(answer, members_[1].office->identity().key)).ok());
  // Nobody asks any more: forgotten.
  EXPECT_EQ(members_[1].line->WaitForWork({})->unlocks_size(), 1);
  clock_.now += absl::Minutes(11);
  hub_->Tick();
  EXPECT_EQ(members_[1].line->WaitForWork({})->unlocks_size(), 0);
}

}  // namespace
}  // namespace penc
