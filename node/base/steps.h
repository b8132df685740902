// Named durable steps, so that a test can stop the process exactly there. The product passes NoSteps.
#pragma once
#include "absl/strings/string_view.h"

namespace penc {

class Steps {
 public:
  virtual ~Steps() = default;
  // Called at a named point ("import.before_commit"); may not return.
  virtual void Reached(absl::string_view step) = 0;
};

class NoSteps : public Steps {
 public:
  void Reached(absl::string_view) override {}
};

}  // namespace penc
