// Timers and workers: what every reply goes through.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "absl/time/clock.h"
#include "rpc/timers.h"
#include "rpc/workers.h"

namespace penc::rpc {
namespace {

TEST(Timers, RunInOrderOfDueTimeNotBefore) {
  std::vector<int> order;
  std::promise<void> done;
  Timers timers;
  absl::Duration start = Monotonic();
  timers.After(absl::Milliseconds(60), [&] {
    order.push_back(2);
    done.set_value();
  });
  timers.After(absl::Milliseconds(20), [&] { order.push_back(1); });
  done.get_future().wait();
  EXPECT_GE(Monotonic() - start, absl::Milliseconds(60));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Timers, NobodyWhoWaitsIsForgottenAtTheEnd) {
  std::atomic<int> ran{0};
  {
    Timers timers;
    for (int i = 0; i < 100; ++i) timers.After(absl::Hours(1), [&] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

TEST(Workers, FinishWhatTheyAccepted) {
  std::atomic<int> ran{0};
  int accepted = 0;
  {
    Workers workers(4, 1000);
    for (int i = 0; i < 500; ++i) accepted += workers.Submit([&] { ++ran; });
  }
  EXPECT_EQ(accepted, 500);
  EXPECT_EQ(ran, 500);
}

TEST(Workers, RefuseWhenTheQueueIsFull) {
  std::promise<void> go, started;
  std::shared_future<void> gate(go.get_future());
  Workers workers(1, 3);
  ASSERT_TRUE(workers.Submit([&started, gate] {
    started.set_value();
    gate.wait();
  }));
  started.get_future().wait();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(workers.Submit([] {}));
  EXPECT_FALSE(workers.Submit([] {}));
  go.set_value();
}

}  // namespace
}  // namespace penc::rpc
