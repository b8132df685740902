// What an office needs of the outside world: built by main, by tests and by simulators in their own ways.
#pragma once
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "base/steps.h"
#include "crypto/secret.h"
#include "penc/storage/v1/keys.pb.h"

namespace penc {

// Where the node key of an office comes from that does not keep it in its folder (KEYS.md).
struct KeySource {
  // "file:PATH", "credential:NAME" or a path: there and nowhere else. Empty: wherever the ring says.
  std::string from;
  // Where systemd puts credentials; empty: nowhere.
  std::string credentials_folder;
  // Gets the key back from stewards of the network; may wait for them. Empty: nobody is asked.
  std::function<absl::StatusOr<Secret>(const storage::v1::StewardSlot&)> ask_stewards;
};

// References outlive every Office that was opened with them; `random` is thread-safe.
struct Environment {
  const Clock& clock;
  RandomSource& random;
  Steps& steps;
  // What the office's people should know and asked nothing for; from any thread. May be absent.
  std::function<void(const Text&)> tell = nullptr;
  KeySource keys = {};
};

}  // namespace penc
