// A fixed number of threads that answer questions, with a bounded queue in front: gRPC's own threads never
// wait for a disk. Thread-safe.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace penc::rpc {

class Workers {
 public:
  Workers(int threads, size_t queue_limit);
  // Finishes what was accepted, then joins.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False when the queue is full or the workers are stopping: nothing was accepted.
  bool Submit(std::function<void()> job);

 private:
  void Loop();

  const size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace penc::rpc
