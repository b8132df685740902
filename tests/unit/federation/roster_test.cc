#include "federation/roster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/status.h"
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
    v1::Roster next = before.roster;
    next.set_version(before.roster.version() + 1);
    next.set_previous_sha256(Sha256(before.bytes()));
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
  EXPECT_THAT(WhyNotFirst([](v1::Roster& r) {
                v1::Region& region = *r.add_regions();
                region.set_name("Sahel");
                for (uint32_t i = 0; i < 4; ++i) region.add_members(i);
              }),
              HasSubstr("five"));
}

}  // namespace
}  // namespace penc
