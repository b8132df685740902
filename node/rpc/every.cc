#include "rpc/every.h"

#include <utility>

namespace penc::rpc {

Every::Every(absl::Duration pause, std::function<void()> run)
    : pause_(pause), run_(std::move(run)), thread_([this] { Loop(); }) {}

Every::~Every() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Every::Loop() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!changed_.wait_for(lock, absl::ToChronoNanoseconds(pause_), [this] { return stopping_; })) {
    lock.unlock();
    run_();
    lock.lock();
  }
}

}  // namespace penc::rpc
