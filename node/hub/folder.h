// One open hub folder: its key, what it is called, and the hub in it.
//
//   RETURN_IF_ERROR(HubFolder::Create("hub", {.network = "MIGRAFRIQUE", .address = "hub.example.org:7410"},
//   clock, random)); ASSIGN_OR_RETURN(std::unique_ptr<HubFolder> folder, HubFolder::Open("hub", clock));
//
// At most one per folder is open at a time on a computer (the database's lock). Thread-safe.
#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/database.h"
#include "base/random.h"
#include "crypto/signature.h"
#include "hub/hub.h"
#include "hub/layout.h"
#include "penc/storage/v1/hub.pb.h"

namespace penc {

struct NetworkOptions {
  std::string network;     // display name
  std::string address;     // "host:port" that members and partners dial
  std::string listen;      // empty: the address where it is one of this computer, else any on its port
  uint32_t roots = 3;      // keys that sign rosters, 1 to 16
  uint32_t threshold = 2;  // how many of them
  std::string closing = "quarter";  // "month", "quarter" or "year"
  uint32_t presumed_dishonest = 0;  // 0: by the rule
  bool practice = false;            // an exercise with invented records, for ever
};

class HubFolder {
 public:
  // Makes the folder with everything in it, root keys included, or nothing. ALREADY_EXISTS where `dir` is a
  // folder that is not empty; INVALID_ARGUMENT.
  static absl::Status Create(const std::string& dir, const NetworkOptions& options, const Clock& clock,
                             RandomSource& random);
  // NOT_FOUND where this is no hub; FAILED_PRECONDITION where another penc uses it; DATA_LOSS.
  static absl::StatusOr<std::unique_ptr<HubFolder>> Open(const std::string& dir, const Clock& clock);
  // Is it one, as far as can be seen from outside?
  static bool IsOne(const std::string& dir);

  const HubLayout& layout() const { return layout_; }
  const storage::v1::HubConfig& config() const { return config_; }
  const SigningKey& key() const { return *key_; }
  Hub& hub() { return *hub_; }

 private:
  explicit HubFolder(const std::string& dir) : layout_(dir) {}

  const HubLayout layout_;
  storage::v1::HubConfig config_;
  absl::optional<SigningKey> key_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Hub> hub_;
};

}  // namespace penc
