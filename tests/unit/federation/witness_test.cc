#include "federation/witness.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "journal/merkle.h"

namespace penc {
namespace {

// An office's charge log of a test: entries by name, so that two logs can share a beginning.
class Log {
 public:
  void Add(const std::string& entry) { leaves_.push_back(merkle::LeafHash(entry)); }
  std::string Root(uint64_t size) const {
    merkle::Frontier frontier;
    for (uint64_t i = 0; i < size; ++i) frontier.Append(leaves_[i]);
    return frontier.Root();
  }
  // A head at the present size, with links to the sizes given; every entry costs 10.
  v1::ChargeLogHead Head(const std::vector<uint64_t>& links, uint64_t generation = 0) const {
    v1::ChargeLogHead head;
    head.set_generation(generation);
    head.set_size(leaves_.size());
    head.set_root(Root(leaves_.size()));
    for (uint64_t size : links) {
      v1::ChargeLogLink& link = *head.add_links();
      link.set_size(size);
      link.set_root(Root(size));
      for (std::string& hash : merkle::ConsistencyProof(leaves_, size, leaves_.size()))
        link.add_consistency(std::move(hash));
    }
    head.set_pure(10 * leaves_.size());
    head.set_renyi(10 * leaves_.size());
    return head;
  }

 private:
  std::vector<std::string> leaves_;
};

class Witnessing : public ::testing::Test {
 protected:
  Witnessing() {
    for (int i = 0; i < 5; ++i) log_.Add(absl::StrCat("charge ", i));
  }
  bool See(const v1::ChargeLogHead& head) {
    const absl::StatusOr<storage::v1::WitnessRow> next = Witness(row_, head);
    if (next.ok()) row_ = *next;
    return next.ok();
  }
  Log log_;
  storage::v1::WitnessRow row_;
};

TEST_F(Witnessing, ALogThatGrowsIsAccepted) {
  EXPECT_TRUE(See(log_.Head({})));
  log_.Add("charge 5");
  EXPECT_TRUE(See(log_.Head({5})));
  EXPECT_TRUE(See(log_.Head({5}))) << "the same head again";
  log_.Add("charge 6");
  log_.Add("charge 7");
  EXPECT_TRUE(See(log_.Head({6, 5})));
}

TEST_F(Witnessing, ALowerSizeOfTheSameChainIsFineWhereRoundsOverlap) {
  const v1::ChargeLogHead earlier = log_.Head({});
  EXPECT_TRUE(See(earlier));
  log_.Add("charge 5");
  const v1::ChargeLogHead middle = log_.Head({5});
  log_.Add("charge 6");
  EXPECT_TRUE(See(log_.Head({6, 5})));
  EXPECT_TRUE(See(middle)) << "it was linked to by the later head";
  EXPECT_TRUE(See(earlier));
}

TEST_F(Witnessing, ALogCutBackAndGrownAgainIsRefused) {
  Log copy = log_;
  EXPECT_TRUE(See(log_.Head({})));
  log_.Add("charge 5");
  EXPECT_TRUE(See(log_.Head({5})));
  copy.Add("another charge 5");
  EXPECT_FALSE(See(copy.Head({5}))) << "same size, another root";
  copy.Add("charge x");
  EXPECT_FALSE(See(copy.Head({5}))) << "longer, but without a link to what was seen";
  EXPECT_FALSE(See(copy.Head({6, 5}))) << "a link to another chain";
}

TEST_F(Witnessing, AShorterLogThatWasNeverSeenIsRefused) {
  EXPECT_TRUE(See(log_.Head({})));
  Log old;
  for (int i = 0; i < 3; ++i) old.Add(absl::StrCat("charge ", i));
  EXPECT_FALSE(See(old.Head({})));
}

TEST_F(Witnessing, SpendingNeverShrinks) {
  EXPECT_TRUE(See(log_.Head({})));
  log_.Add("charge 5");
  v1::ChargeLogHead cheaper = log_.Head({5});
  cheaper.set_renyi(49);
  EXPECT_FALSE(See(cheaper));
}

TEST_F(Witnessing, AForgedProofIsRefused) {
  EXPECT_TRUE(See(log_.Head({})));
  log_.Add("charge 5");
  v1::ChargeLogHead head = log_.Head({5});
  (*head.mutable_links(0)->mutable_consistency(0))[0] ^= 1;
  EXPECT_FALSE(See(head));
}

TEST_F(Witnessing, ARestoredOfficeTakesOverWhatWasSeenOrIsRefused) {
  log_.Add("charge 5");
  EXPECT_TRUE(See(log_.Head({})));
  Log fresh;
  fresh.Add("taken over");
  v1::ChargeLogHead head = fresh.Head({}, 1);
  head.set_pure(70);
  head.set_renyi(70);
  EXPECT_FALSE(See(head)) << "takes over nothing";
  v1::AdoptedHead& adopted = *head.mutable_adopted();
  adopted.set_size(5);
  adopted.set_root(log_.Root(5));
  adopted.set_pure(50);
  adopted.set_renyi(50);
  EXPECT_FALSE(See(head)) << "an older head than was seen";
  adopted.set_size(6);
  adopted.set_root(log_.Root(6));
  adopted.set_pure(60);
  adopted.set_renyi(60);
  v1::ChargeLogHead cheaper = head;
  cheaper.set_pure(59);
  EXPECT_FALSE(See(cheaper)) << "spends less than it takes over";
  EXPECT_TRUE(See(head));
  EXPECT_FALSE(See(log_.Head({}))) << "the old log is over";
}

}  // namespace
}  // namespace penc
