// Takes out, while the node runs, the rows that may be kept no longer (office/retention.h): when it starts and every so
// often. What left, or why nothing did, is told once.
#pragma once
#include <functional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "base/status.h"
#include "office/office.h"
#include "rpc/every.h"

namespace penc::rpc {

class RetentionKeeper {
 public:
  // Looks once before it returns. `office` outlives it; `tell` may be empty and is called from other threads.
  RetentionKeeper(Office& office, absl::Duration every, std::function<void(const Text&)> tell);

 private:
  void Look();

  Office& office_;
  const std::function<void(const Text&)> tell_;
  std::set<std::string> told_;
  Every looks_;
};

}  // namespace penc::rpc
