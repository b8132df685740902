// What an office needs of the outside world: built by main, by tests and by simulators in their own ways.
#pragma once
#include <functional>

#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "base/steps.h"

namespace penc {

// References outlive every Office that was opened with them; `random` is thread-safe.
struct Environment {
  const Clock& clock;
  RandomSource& random;
  Steps& steps;
  // What the office's people should know and asked nothing for; from any thread. May be absent.
  std::function<void(const Text&)> tell = nullptr;
};

}  // namespace penc
