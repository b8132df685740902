// A member's line to its hub while it serves: always outwards, so that an office behind a router needs no
// address. Waits for work, lets the region act on it, sends again what may not have arrived; where the line
// fails it tries again with growing pauses, drawn at random so that offices do not come back all at once. One
// thread of its own. An office that joins a network while it runs is noticed within seconds.
#pragma once
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "office/office.h"
#include "office/region/region.h"
#include "rpc/slots.h"

namespace penc::rpc {

class HubClient;

class DialOut {
 public:
  struct Options {
    DeclaredCapacity capacity;
    absl::Duration wait = absl::Seconds(55);  // of one call for work
    absl::Duration first_pause = absl::Seconds(1), longest_pause = absl::Minutes(5);
    absl::Duration look_for_membership = absl::Seconds(2);
    std::function<void(const Text&)> tell;  // on its thread; may be empty
  };

  // References outlive it.
  DialOut(Office& office, const Clock& clock, RandomSource& random, Options options);
  // Ends the call that waits, finishes the step that is being made durable, joins.
  ~DialOut();
  DialOut(const DialOut&) = delete;
  DialOut& operator=(const DialOut&) = delete;

 private:
  class Slots;

  void Loop();
  // A line to where the hub is now; null where the office is in no network.
  std::shared_ptr<HubClient> Line();
  absl::Status Visit(HubClient& hub, Region& region, Slots& slots, uint64_t& mark);
  // False: stopping.
  bool Pause(absl::Duration time);
  absl::Duration Jittered(absl::Duration time);
  void Tell(const Text& text) const;

  Office& office_;
  const Clock& clock_;
  RandomSource& random_;
  const Options options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::shared_ptr<HubClient> line_;
  std::thread thread_;
};

}  // namespace penc::rpc
