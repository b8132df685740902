#include "rpc/slots.h"

#include <gtest/gtest.h>

namespace penc::rpc {
namespace {

using absl::Milliseconds;

TEST(Slots, SmallestSlotThatTheEstimateFits) {
  struct {
    absl::Duration estimate, slot;
  } rows[] = {
      {absl::ZeroDuration(), Milliseconds(100)},      {Milliseconds(100), Milliseconds(100)},
      {Milliseconds(101), Milliseconds(400)},         {Milliseconds(1600), Milliseconds(1600)},
      {Milliseconds(1601), Milliseconds(6400)},       {absl::Hours(1), Milliseconds(6400)},
      {absl::InfiniteDuration(), Milliseconds(6400)},
  };
  for (const auto& row : rows) EXPECT_EQ(SlotFor(row.estimate), row.slot) << row.estimate;
}

TEST(Slots, LeavesAtItsSlotOrAtTheNextOneAfterAnOverrun) {
  struct {
    absl::Duration slot, elapsed, leaves;
  } rows[] = {
      {Milliseconds(100), absl::ZeroDuration(), Milliseconds(100)},
      {Milliseconds(100), Milliseconds(100), Milliseconds(100)},
      {Milliseconds(100), Milliseconds(101), Milliseconds(400)},
      {Milliseconds(100), Milliseconds(500), Milliseconds(1600)},
      {Milliseconds(400), Milliseconds(10), Milliseconds(400)},
      {Milliseconds(6400), Milliseconds(6401), Milliseconds(12800)},
      {Milliseconds(100), Milliseconds(13000), Milliseconds(19200)},
  };
  for (const auto& row : rows)
    EXPECT_EQ(LeavesAt(row.slot, row.elapsed), row.leaves) << row.slot << " " << row.elapsed;
}

TEST(Slots, WorstCaseGrowsWithPlanAndDeclaredCapacityOnly) {
  const PlannedWork one{1, 10}, many{64, 10}, wide{1, 1 << 20};
  const DeclaredCapacity small{1000}, large{10000000};
  EXPECT_EQ(SlotFor(WorstCase(one, small)), Milliseconds(100));
  EXPECT_EQ(SlotFor(WorstCase(one, large)), Milliseconds(400));
  EXPECT_EQ(SlotFor(WorstCase(many, large)), Milliseconds(6400));
  EXPECT_EQ(SlotFor(WorstCase(wide, small)), Milliseconds(1600));
  // The yearly bulletin: nineteen questions, some thousand cells, an office of the default capacity.
  EXPECT_EQ(SlotFor(WorstCase({19, 1140}, DeclaredCapacity())), Milliseconds(1600));
  // Planning at its measured worst (17 ms) leaves time for everything else: 64 of them stay in their slot.
  EXPECT_LT(Milliseconds(17) * 64 + Milliseconds(20), WorstCase({64, 64}, {0}));
  EXPECT_EQ(WorstCase({UINT64_MAX, UINT64_MAX}, {UINT64_MAX}), absl::InfiniteDuration());
}

}  // namespace
}  // namespace penc::rpc
