// The turn of what changes records or rules: one command after the other. Whoever waits can be told for what.
//
//   std::unique_lock<Writing> writing(office.writing(), std::try_to_lock);
//
// Lockable, not recursive. Thread-safe.
#pragma once
#include <mutex>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace penc {

class Writing {
 public:
  struct Turn {
    std::string command;  // as AdminCommand calls it: "import_file"
    absl::Time since;
  };

  void lock() { mutex_.lock(); }
  bool try_lock() { return mutex_.try_lock(); }
  void unlock() {
    SetTurn(absl::nullopt);
    mutex_.unlock();
  }
  // By whoever holds it: what it holds it for.
  void Say(Turn turn) { SetTurn(std::move(turn)); }
  // Nothing where nobody holds it, or nobody said for what.
  absl::optional<Turn> turn() const {
    std::lock_guard<std::mutex> lock(turn_mutex_);
    return turn_;
  }

 private:
  void SetTurn(absl::optional<Turn> turn) {
    std::lock_guard<std::mutex> lock(turn_mutex_);
    turn_ = std::move(turn);
  }

  std::mutex mutex_;
  mutable std::mutex turn_mutex_;
  absl::optional<Turn> turn_;
};

}  // namespace penc
