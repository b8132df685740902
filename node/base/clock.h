// Where time enters. main builds the system clock; tests and the simulator build their own.
#pragma once
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace penc {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

class SystemClock : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
};

}  // namespace penc
