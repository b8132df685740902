// Runs functions later, on one thread of its own, so that a reply can wait for its slot without a thread that
// waits. Thread-safe. Functions must be short and must not block.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace penc::rpc {

class Timers {
 public:
  Timers();
  // Runs whatever is still waiting, at once, then joins: nobody who waits is forgotten.
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // `delay` runs on the monotonic clock, so that setting the wall clock moves no reply.
  void After(absl::Duration delay, std::function<void()> run);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<int64_t, std::function<void()>> waiting_;  // by due time, monotonic nanoseconds
  bool stopping_ = false;
  std::thread thread_;
};

// Monotonic time since an arbitrary start.
absl::Duration Monotonic();

}  // namespace penc::rpc
