// What an office needs of the outside world: built by main, by tests and by simulators in their own ways.
#pragma once
#include "base/clock.h"
#include "base/random.h"
#include "base/steps.h"

namespace penc {

// References outlive every Office that was opened with them; `random` is thread-safe.
struct Environment {
  const Clock& clock;
  RandomSource& random;
  Steps& steps;
};

}  // namespace penc
