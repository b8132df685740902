// Runs a function again and again, so long after it ended, on a thread of its own, until this is destroyed.
#pragma once
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace penc::rpc {

class Every {
 public:
  // The first time after `pause`.
  Every(absl::Duration pause, std::function<void()> run);
  // Waits for a run that is under way.
  ~Every();
  Every(const Every&) = delete;
  Every& operator=(const Every&) = delete;

 private:
  void Loop();

  const absl::Duration pause_;
  const std::function<void()> run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace penc::rpc
