#include "federation/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/status.h"
#include "federation/roster_text.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

class Rosters : public ::testing::Test {
 protected:
  Rosters() : network_({}) {
    roots_.push_back(SigningKey::Generate(network_.random));
    roots_.push_back(SigningKey::Generate(network_.random));
    roots_.push_back(SigningKey::Generate(network_.random));
    first_ = network_.roster();
    first_.clear_root_keys();
    for (const SigningKey& root : roots_) first_.add_root_keys(root.verify_key().bytes());
    first_.set_root_threshold(2);
  }
  static v1::SignedRoster Sign(const v1::Roster& roster, const std::vector<const SigningKey*>& keys) {
    v1::SignedRoster out;
    out.set_roster(roster.SerializeAsString());
    for (const SigningKey* key : keys) SignRoster(*key, out);
    return out;
  }
  v1::SignedRoster SignByTwo(const v1::Roster& roster) const {
    return Sign(roster, {&roots_[0], &roots_[2]});
  }
  CheckedRoster First() const { return ReadFirstRoster(SignByTwo(first_)).value(); }
  v1::Roster Next(const CheckedRoster& before) const {
    v1::Roster next = NextDraft(before);
    next.set_salt(std::string(16, 't'));
    return next;
  }
  std::string WhyNotFirst(const std::function<void(v1::Roster&)>& change) const {
    v1::Roster roster = first_;
    change(roster);
    const auto read = ReadFirstRoster(SignByTwo(roster));
    return read.ok() ? "accepted" : Explain(read.status()).en;
  }
  std::string WhyNotNext(const std::function<void(v1::Roster&)>& change) const {
    v1::Roster roster = Next(First());
    change(roster);
    const auto read = ReadNextRoster(First(), SignByTwo(roster));
    return read.ok() ? "accepted" : Explain(read.status()).en;
  }

  SmallNetwork network_;
  std::vector<SigningKey> roots_;
  v1::Roster first_;
};

TEST_F(Rosters, AChainIsFollowedVersionByVersion) {
  const CheckedRoster first = First();
  EXPECT_EQ(first.MemberOf(network_.members[3]->key.verify_key().bytes()), 3u);
  v1::Roster second = Next(first);
  second.add_left(3);
  const auto read = ReadNextRoster(first, SignByTwo(second));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->MemberOf(network_.members[3]->key.verify_key().bytes()).has_value()) << "has left";
  EXPECT_EQ(WhyNotNext([](v1::Roster&) {}), "accepted");
}

TEST_F(Rosters, ThresholdsCountDifferentKnownKeysThatReallySigned) {
  EXPECT_FALSE(ReadFirstRoster(Sign(first_, {&roots_[0]})).ok());
  EXPECT_FALSE(ReadFirstRoster(Sign(first_, {&roots_[0], &network_.hub})).ok()) << "a stranger's signature";
  v1::SignedRoster doubled = Sign(first_, {&roots_[0]});
  *doubled.add_signatures() = doubled.signatures(0);
  EXPECT_FALSE(ReadFirstRoster(doubled).ok()) << "one key twice";
  v1::SignedRoster moved = SignByTwo(first_);
  moved.mutable_roster()->back() ^= 1;
  EXPECT_FALSE(ReadFirstRoster(moved).ok());
}

TEST_F(Rosters, NewRootKeysNeedTheOldOnesAndTheNewOnes) {
  const CheckedRoster first = First();
  v1::Roster second = Next(first);
  const SigningKey fresh = SigningKey::Generate(network_.random);
  second.clear_root_keys();
  second.add_root_keys(fresh.verify_key().bytes());
  second.set_root_threshold(1);
  EXPECT_FALSE(ReadNextRoster(first, Sign(second, {&fresh})).ok()) << "the new one alone";
  EXPECT_FALSE(ReadNextRoster(first, Sign(second, {&roots_[0], &roots_[1]})).ok()) << "the old ones alone";
  EXPECT_TRUE(ReadNextRoster(first, Sign(second, {&roots_[0], &roots_[1], &fresh})).ok());
}

TEST_F(Rosters, TwoRostersOfOneVersionAreEvidence) {
  const CheckedRoster first = First();
  v1::Roster other = first_;
  other.set_hub_address("elsewhere:1");
  EXPECT_EQ(ReadNextRoster(first, SignByTwo(other)).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(Rosters, ADraftIsComposedShownSignedByOneAfterTheOtherAndFollowed) {
  const CheckedRoster first = First();
  v1::Roster draft = NextDraft(first);
  draft.add_left(3);
  draft.mutable_members(0)->set_minimum(6);
  v1::Region& region = *draft.add_regions();
  region.set_name("Sahel");
  for (uint32_t i = 0; i < 5; ++i) region.add_members(i);
  CheckedRoster composed = ComposeRoster(draft, network_.random).value();
  EXPECT_NE(composed.roster.salt(), first.roster.salt());
  EXPECT_NE(ComposeRoster(draft, network_.random)->roster.salt(), composed.roster.salt());
  EXPECT_FALSE(ReadNextRoster(first, composed.signed_roster).ok()) << "nobody has signed";
  SignRoster(roots_[0], composed.signed_roster);
  const Text text = RosterText(composed, network_.now());
  EXPECT_THAT(text.en, HasSubstr("Network \"essai\", version 2, valid until 2027-"));
  EXPECT_THAT(text.en, HasSubstr(absl::StrCat(roots_[0].verify_key().Fingerprint(), ", has signed")));
  EXPECT_THAT(text.en, HasSubstr(absl::StrCat(roots_[2].verify_key().Fingerprint(), ", has not signed")));
  EXPECT_THAT(text.en, HasSubstr("Members (7 active)"));
  EXPECT_THAT(text.en, HasSubstr("answers from 6 organisations on"));
  EXPECT_THAT(text.en, HasSubstr("has left"));
  EXPECT_THAT(text.en, HasSubstr("steward (epoch 1, until"));
  EXPECT_THAT(text.en, HasSubstr("Region \"Sahel\": members 0, 1, 2, 3, 4"));
  EXPECT_THAT(text.fr, HasSubstr("témoin (époque 1, jusqu'au"));
  EXPECT_THAT(RosterText(composed, network_.now() + absl::Hours(24 * 400)).en, HasSubstr("expired"));
  SignRoster(roots_[2], composed.signed_roster);
  EXPECT_TRUE(ReadNextRoster(first, composed.signed_roster).ok());
}

TEST_F(Rosters, WhatDoesNotFollowIsRefused) {
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) { r.set_version(3); }), HasSubstr("does not follow"));
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) { r.set_network("another"); }), HasSubstr("does not follow"));
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) { r.set_previous_sha256(Sha256("x")); }),
              HasSubstr("does not follow"));
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) { r.mutable_members()->RemoveLast(); }),
              HasSubstr("members are gone"));
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) { r.mutable_members()->SwapElements(0, 7); }),
              HasSubstr("another key"));
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) {
                r.mutable_members(0)->mutable_epoch()->set_mask_key(std::string(32, 'z'));
              }),
              HasSubstr("went back"));
  EXPECT_THAT(WhyNotNext([](v1::Roster& r) {
                v1::EpochKeys& epoch = *r.mutable_members(0)->mutable_epoch();
                epoch.set_until_unix_micros(epoch.until_unix_micros() + 1);
              }),
              HasSubstr("put off"));
  EXPECT_EQ(WhyNotNext([](v1::Roster& r) {
              r.mutable_members(0)->mutable_epoch()->set_until_unix_micros(1);  // given up early
            }),
            "accepted");
  EXPECT_EQ(WhyNotNext([](v1::Roster& r) {
              r.mutable_members(0)->mutable_epoch()->set_mask_key(std::string(32, 'z'));
              r.mutable_members(0)->mutable_epoch()->set_epoch(2);
            }),
            "accepted");
}

TEST_F(Rosters, MalformedOnesAreRefused) {
  EXPECT_EQ(WhyNotFirst([](v1::Roster&) {}), "accepted");
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.set_version(2); }), HasSubstr("first"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.set_root_threshold(0); }), HasSubstr("threshold"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.set_root_threshold(4); }), HasSubstr("threshold"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.set_root_keys(0, r.root_keys(1)); }), HasSubstr("root keys"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.clear_hub_key(); }), HasSubstr("hub key"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.mutable_members(1)->set_name(r.members(0).name()); }),
              HasSubstr("name"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.mutable_members(1)->set_mail_key(r.members(0).mail_key()); }),
              HasSubstr("key stands there twice"));
  // Keys with which nobody could agree would hold up every round.
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.mutable_members(1)->set_mail_key(std::string(32, '\0')); }),
              HasSubstr("without name or keys"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) {
                r.mutable_members(1)->mutable_epoch()->set_mask_key(std::string(32, '\0'));
              }),
              HasSubstr("epoch keys"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.mutable_members(1)->clear_name(); }),
              HasSubstr("without name"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.add_left(8); }), HasSubstr("left"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.add_left(3), r.add_left(3); }), HasSubstr("left"));
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) { r.clear_salt(); }), HasSubstr("format"));
  for (const char* name : {"two\nlines", "\x1b[2J"}) {
    EXPECT_THAT(WhyNotFirst([&](v1::Roster& r) { r.mutable_members(1)->set_name(name); }),
                HasSubstr("without name"));
  }
  // Numbers so large that a bound could wrap around, or that leave nobody to hide among.
  for (uint32_t dishonest : {8u, UINT32_MAX}) {
    EXPECT_THAT(WhyNotFirst([&](v1::Roster& r) { r.set_presumed_dishonest(dishonest); }),
                HasSubstr("presumed dishonest"));
    EXPECT_THAT(WhyNotFirst([&](v1::Roster& r) {
                  v1::Region& region = *r.add_regions();
                  region.set_name("Sahel");
                  region.set_presumed_dishonest(dishonest);
                  for (uint32_t i = 0; i < 5; ++i) region.add_members(i);
                }),
                HasSubstr("presumed dishonest"));
  }
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) {
                v1::Region& region = *r.add_regions();
                region.set_name("Sahel");
                for (uint32_t i = 0; i < 4; ++i) region.add_members(i);
              }),
              HasSubstr("five"));
}

}  // namespace
}  // namespace penc
