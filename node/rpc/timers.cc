#include "rpc/timers.h"

#include <chrono>
#include <utility>

namespace penc::rpc {

absl::Duration Monotonic() {
  return absl::FromChrono(std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::steady_clock::now().time_since_epoch()));
}

Timers::Timers() : thread_([this] { Loop(); }) {}

Timers::~Timers() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Timers::After(absl::Duration delay, std::function<void()> run) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = waiting_.emplace(absl::ToInt64Nanoseconds(Monotonic() + delay), std::move(run));
  if (it == waiting_.begin()) changed_.notify_one();
}

void Timers::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (waiting_.empty()) {
      if (stopping_) return;
      changed_.wait(lock);
      continue;
    }
    int64_t due = waiting_.begin()->first;
    if (!stopping_ && absl::ToInt64Nanoseconds(Monotonic()) < due) {
      changed_.wait_until(lock, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due)));
      continue;
    }
    std::function<void()> run = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    lock.unlock();
    run();
    run = nullptr;  // what it holds goes before the lock comes back
    lock.lock();
  }
}

}  // namespace penc::rpc
