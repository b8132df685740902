#include "federation/roster_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/status.h"
#include "crypto/hash.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class RosterChains : public ::testing::Test {
 protected:
  RosterChains() {
    v1::SignedRoster first;
    first.set_roster(network_.roster_bytes);
    SignRoster(network_.hub, first);
    versions_.push_back(first);
    for (int v = 2; v <= 4; ++v) versions_.push_back(Next(static_cast<uint64_t>(v)));
    roots_ = RootsFingerprint(network_.roster());
  }
  v1::SignedRoster Next(uint64_t version, const std::function<void(v1::Roster&)>& change = nullptr) {
    v1::Roster next = network_.roster();
    next.set_version(version);
    next.set_previous_sha256(Sha256(versions_[version - 2].roster()));
    next.set_salt(std::string(16, static_cast<char>('a' + version)));
    if (change) change(next);
    v1::SignedRoster made;
    made.set_roster(next.SerializeAsString());
    SignRoster(network_.hub, made);
    return made;
  }

  SmallNetwork network_{{}};
  std::vector<v1::SignedRoster> versions_;  // 1 to 4
  std::string roots_;
};

TEST_F(RosterChains, FollowTheirVersionsAndKeepThemAll) {
  RosterChain chain(roots_);
  EXPECT_EQ(chain.latest(), nullptr);
  EXPECT_EQ(chain.version(), 0u);
  ASSERT_TRUE(chain.Add({versions_[0], versions_[1]}).ok());
  ASSERT_TRUE(chain.Add({versions_[1], versions_[2], versions_[3]}).ok()) << "what is known may come again";
  EXPECT_EQ(chain.version(), 4u);
  EXPECT_THAT(chain.versions(), SizeIs(4));
  EXPECT_EQ(chain.Find(Sha256(versions_[1].roster()))->roster.version(), 2u);
  EXPECT_EQ(chain.Find(Sha256("another")), nullptr);
  EXPECT_TRUE(chain.Add({}).ok());
}

TEST_F(RosterChains, BeginWhereTheRootKeysAreTheTrustedOnes) {
  RosterChain stranger(RootsFingerprint([&] {
    v1::Roster other = network_.roster();
    other.set_root_keys(0, network_.partner.verify_key().bytes());
    return other;
  }()));
  EXPECT_EQ(stranger.Add(versions_).code(), absl::StatusCode::kPermissionDenied);
  // The root key changes with version 2; a card made afterwards names the new one.
  v1::SignedRoster second =
      Next(2, [&](v1::Roster& r) { r.set_root_keys(0, network_.partner.verify_key().bytes()); });
  SignRoster(network_.partner, second);
  RosterChain late(RootsFingerprint([&] {
    v1::Roster read;
    EXPECT_TRUE(read.ParseFromString(second.roster()));
    return read;
  }()));
  ASSERT_TRUE(late.Add({versions_[0], second}).ok());
  EXPECT_EQ(late.version(), 2u);
  EXPECT_THAT(late.versions(), SizeIs(1));
  ASSERT_TRUE(late.Add({versions_[0]}).ok()) << "older than where it began: nothing to say";
}

TEST_F(RosterChains, TwoContentsOfOneVersionAndGapsAreRefusedAndWhatCameBeforeStays) {
  RosterChain chain(roots_);
  ASSERT_TRUE(chain.Add({versions_[0], versions_[1], versions_[2]}).ok());
  const absl::Status two = chain.Add({Next(2, [](v1::Roster& r) { r.set_closing("month"); })});
  EXPECT_EQ(two.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Explain(two).en, HasSubstr("version 2"));
  RosterChain gap(roots_);
  EXPECT_EQ(gap.Add({versions_[0], versions_[2]}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(gap.version(), 1u);
}

}  // namespace
}  // namespace penc
