// A node's key with stewards: who holds a share, who gets it back, who does not.
#include "federation/unlock.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/small_network.h"

namespace penc {
namespace {

using storage::v1::StewardSlot;

class Unlock : public ::testing::Test {
 protected:
  static constexpr uint32_t kLocked = 0;  // the member whose node starts

  CheckedRoster Roster() const { return {v1::SignedRoster(), network_.roster()}; }
  StewardSlot Share() {
    return ShareNodeKey(node_key_, Roster(), network_.members[kLocked]->key, network_.random).value();
  }
  Knock Ask(const StewardSlot& slot) { return MakeKnock(slot, SmallNetwork::now(), network_.random).value(); }
  // What member i says as a steward.
  v1::UnlockAnswer Say(uint32_t i, const v1::SignedUnlockRequest& request, const CheckedRoster* roster,
                       absl::Time now = SmallNetwork::now()) {
    const auto read = ReadKnock(request);
    PENC_CHECK(read.ok());
    return AnswerKnock(request, *read, roster, now, KeyOf(i), network_.members[i]->mail, network_.random);
  }
  v1::SignedUnlockAnswer Signed(uint32_t i, const v1::UnlockAnswer& answer) const {
    return SignAnswer(answer, network_.members[i]->key);
  }
  std::string KeyOf(uint32_t i) const { return network_.members[i]->key.verify_key().bytes(); }

  SmallNetwork network_{{}};  // eight offices, seven of them stewards, two presumed to collude
  const Secret node_key_ = Secret::Random(network_.random, 32);
};

TEST_F(Unlock, AnyThreeOfSixStewardsGiveItBackAndNoTwoDo) {
  const CheckedRoster roster = Roster();
  const StewardSlot slot = Share();
  EXPECT_EQ(slot.threshold(), 3u) << "one more than may collude";
  ASSERT_EQ(slot.holders_size(), 6) << "every steward but itself";
  const Knock knock = Ask(slot);
  std::vector<v1::SignedUnlockAnswer> answers;
  for (uint32_t i = 1; i <= 6; ++i) answers.push_back(Signed(i, Say(i, knock.request, &roster)));
  for (unsigned subset = 0; subset < 64; ++subset) {
    Unlocking unlocking(slot, knock);
    for (int i = 0; i < 6; ++i)
      if (subset >> i & 1) unlocking.Take(answers[i]);
    const absl::optional<Secret> key = unlocking.key();
    ASSERT_EQ(key.has_value(), __builtin_popcount(subset) >= 3) << subset;
    if (key.has_value()) {
      EXPECT_EQ(key->view(), node_key_.view());
    }
  }
}

TEST_F(Unlock, NothingOfTheKeyLiesInTheFolderOrPassesTheHub) {
  const StewardSlot slot = Share();
  const Knock knock = Ask(slot);
  const CheckedRoster roster = Roster();
  const std::string key(node_key_.view()),
      folder = slot.SerializeAsString(),
      wire =
          knock.request.SerializeAsString() + Signed(1, Say(1, knock.request, &roster)).SerializeAsString();
  for (size_t at = 0; at + 8 <= key.size(); ++at) {
    EXPECT_EQ(folder.find(key.substr(at, 8)), std::string::npos);
    EXPECT_EQ(wire.find(key.substr(at, 8)), std::string::npos);
  }
}

TEST_F(Unlock, WhoLeftTheRosterGetsNothingAndIsToldSo) {
  const StewardSlot slot = Share();
  const Knock knock = Ask(slot);
  CheckedRoster next = Roster();
  next.roster.set_version(2);
  next.roster.add_left(kLocked);
  Unlocking unlocking(slot, knock);
  for (uint32_t i = 1; i <= 6; ++i) {
    EXPECT_FALSE(unlocking.hopeless() && i <= 4) << i;
    const v1::UnlockAnswer answer = Say(i, knock.request, &next);
    EXPECT_FALSE(answer.has_sealed());
    EXPECT_EQ(answer.refusal(), v1::UNLOCK_REFUSAL_NOT_A_MEMBER);
    EXPECT_EQ(answer.roster_version(), 2u);
    unlocking.Take(Signed(i, answer));
  }
  EXPECT_TRUE(unlocking.hopeless());
  EXPECT_EQ(unlocking.refused(v1::UNLOCK_REFUSAL_NOT_A_MEMBER), 6u);
  EXPECT_FALSE(unlocking.key().has_value());
}

TEST_F(Unlock, AStewardWithoutARosterInForceKeepsItsShare) {
  const Knock knock = Ask(Share());
  const CheckedRoster roster = Roster();
  EXPECT_EQ(Say(1, knock.request, nullptr).refusal(), v1::UNLOCK_REFUSAL_ROSTER_EXPIRED);
  const absl::Time end = absl::FromUnixMicros(roster.roster.expires_unix_micros());
  EXPECT_EQ(Say(1, knock.request, &roster, end).refusal(), v1::UNLOCK_REFUSAL_ROSTER_EXPIRED);
  EXPECT_TRUE(Say(1, knock.request, &roster, end - absl::Seconds(1)).has_sealed());
}

TEST_F(Unlock, AStewardWhoseMailKeyChangedHasNoShareAndSharingAnewMendsIt) {
  const StewardSlot slot = Share();
  CheckedRoster roster = Roster();
  EXPECT_FALSE(WouldShareOtherwise(slot, roster));
  AgreementKey fresh = AgreementKey::Generate(network_.random);
  network_.members[1]->mail = std::move(fresh);
  roster.roster.mutable_members(1)->set_mail_key(network_.members[1]->mail.public_key());
  EXPECT_EQ(Say(1, Ask(slot).request, &roster).refusal(), v1::UNLOCK_REFUSAL_NOT_MINE);
  EXPECT_TRUE(WouldShareOtherwise(slot, roster));
  const StewardSlot anew =
      ShareNodeKey(node_key_, roster, network_.members[kLocked]->key, network_.random).value();
  EXPECT_FALSE(WouldShareOtherwise(anew, roster));
  EXPECT_TRUE(Say(1, Ask(anew).request, &roster).has_sealed());
  // A steward that left, a hub elsewhere: shared anew; a member that left itself: nobody shares for it.
  CheckedRoster other = roster;
  other.roster.add_left(2);
  EXPECT_TRUE(WouldShareOtherwise(anew, other));
  other = roster;
  other.roster.set_hub_address("elsewhere:7410");
  EXPECT_TRUE(WouldShareOtherwise(anew, other));
  other = roster;
  other.roster.add_left(kLocked);
  EXPECT_FALSE(WouldShareOtherwise(anew, other));
}

TEST_F(Unlock, OnlyTheDoorThatTheMemberSignedIsOpened) {
  const StewardSlot slot = Share();
  const Knock knock = Ask(slot);
  const auto altered = [&](const std::function<void(v1::UnlockRequest&)>& alter, const SigningKey* door) {
    v1::UnlockRequest request;
    PENC_CHECK(request.ParseFromString(knock.request.request()));
    alter(request);
    v1::SignedUnlockRequest out;
    out.set_request(request.SerializeAsString());
    out.set_signature(door == nullptr ? knock.request.signature()
                                      : door->Sign(absl::StrCat("penc unlock v1\n", out.request())));
    return out;
  };
  const SigningKey door = SigningKey::FromSeed(slot.door()).value();
  const SigningKey thief = SigningKey::Generate(network_.random);
  const std::string thiefs_key = AgreementKey::Generate(network_.random).public_key();
  // The hub puts its own key there: the door did not sign that.
  EXPECT_EQ(ReadKnock(altered([&](auto& r) { r.set_fresh_key(thiefs_key); }, nullptr)).status().code(),
            absl::StatusCode::kPermissionDenied);
  // Another door, which the member did not sign.
  EXPECT_EQ(
      ReadKnock(altered([&](auto& r) { r.set_door(thief.verify_key().bytes()); }, &thief)).status().code(),
      absl::StatusCode::kPermissionDenied);
  // Another member signs a door of its own and brings this one's shares: they name their door and member.
  const auto another = [&](bool own_member) {
    return altered(
        [&](auto& r) {
          r.set_door(thief.verify_key().bytes());
          const uint32_t who = own_member ? 7 : kLocked;
          r.set_member(KeyOf(who));
          r.set_door_signature(
              network_.members[7]->key.Sign(absl::StrCat("penc door v1\n", thief.verify_key().bytes())));
        },
        &thief);
  };
  const CheckedRoster roster = Roster();
  EXPECT_EQ(ReadKnock(another(false)).status().code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(ReadKnock(another(true)).ok());
  EXPECT_EQ(Say(1, another(true), &roster).refusal(), v1::UNLOCK_REFUSAL_NOT_MINE);
  // Shapes.
  for (const auto& alter : std::vector<std::function<void(v1::UnlockRequest&)>>{
           [](auto& r) { r.set_format(2); }, [](auto& r) { r.clear_shares(); },
           [](auto& r) { r.set_fresh_key(std::string(32, '\0')); }, [](auto& r) { r.set_member("short"); },
           [](auto& r) {
             for (int i = 0; i < 32; ++i) *r.add_shares() = r.shares(0);
           }})
    EXPECT_EQ(ReadKnock(altered(alter, &door)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(Unlock, LiesOfAHubOrAStewardCountForNothing) {
  const CheckedRoster roster = Roster();
  const StewardSlot slot = Share();
  const Knock knock = Ask(slot), other = Ask(slot);
  Unlocking unlocking(slot, knock);
  // For another request, signed by another, by a member that holds no share.
  unlocking.Take(Signed(1, Say(1, other.request, &roster)));
  unlocking.Take(Signed(2, Say(1, knock.request, &roster)));
  unlocking.Take(Signed(7, Say(7, knock.request, &roster)));
  // A steward's invention instead of its share.
  v1::UnlockAnswer invented = Say(3, knock.request, &roster);
  const auto sealed = Say(4, knock.request, &roster).sealed();
  *invented.mutable_sealed() = sealed;
  unlocking.Take(Signed(3, invented));
  v1::SignedUnlockAnswer cut = Signed(5, Say(5, knock.request, &roster));
  cut.mutable_answer()->pop_back();
  unlocking.Take(cut);
  EXPECT_EQ(unlocking.returned(), 0u);
  EXPECT_FALSE(unlocking.hopeless());
  for (uint32_t i : {4u, 5u, 6u}) unlocking.Take(Signed(i, Say(i, knock.request, &roster)));
  ASSERT_TRUE(unlocking.key().has_value());
  EXPECT_EQ(unlocking.key()->view(), node_key_.view());
}

TEST(UnlockTerms, FollowTheRosterAndNameWhatIsMissing) {
  for (const auto& [offices, stewards, threshold, holders] :
       {std::tuple(5u, 5u, 3u, 4u), std::tuple(6u, 6u, 2u, 5u), std::tuple(18u, 18u, 4u, 17u),
        std::tuple(40u, 40u, 0u, 31u)}) {
    SmallNetwork network({.offices = offices, .stewards = stewards});
    const CheckedRoster roster{v1::SignedRoster(), network.roster()};
    const auto terms = ShareTermsFor(roster, roster.roster.members(0).key());
    ASSERT_TRUE(terms.ok()) << terms.status();
    EXPECT_EQ(terms->holders.size(), holders);
    if (threshold > 0) {
      EXPECT_EQ(terms->threshold, threshold) << offices;
    }
    EXPECT_EQ(std::count(terms->holders.begin(), terms->holders.end(), 0u), 0);
  }
  SmallNetwork few({.offices = 8, .stewards = 3});
  CheckedRoster roster{v1::SignedRoster(), few.roster()};
  EXPECT_EQ(ShareTermsFor(roster, roster.roster.members(7).key()).status().code(),
            absl::StatusCode::kFailedPrecondition)
      << "three of three: one away, and the node does not start";
  EXPECT_EQ(ShareTermsFor(roster, std::string(32, 'x')).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(UnlockTerms, InALargeNetworkEveryMemberHasHoldersOfItsOwn) {
  SmallNetwork network({.offices = 100, .stewards = 100});
  const CheckedRoster roster{v1::SignedRoster(), network.roster()};
  std::set<std::vector<uint32_t>> choices;
  for (int i = 0; i < 10; ++i) choices.insert(ShareTermsFor(roster, roster.roster.members(i).key())->holders);
  EXPECT_EQ(choices.size(), 10u);
}

}  // namespace
}  // namespace penc
