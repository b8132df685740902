// How often one identity may call: a token bucket per key, looked at before any message is parsed.
//
//   Quota quota({.burst = 64, .per_second = 20});
//   if (!quota.Take(fingerprint, clock.Now())) ...refuse with RESOURCE_EXHAUSTED
//
// Thread-safe. Memory is bounded: only identities that hold a grant reach it, and full buckets are forgotten.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace penc::rpc {

struct QuotaOptions {
  double burst = 256;       // calls at once
  double per_second = 100;  // refill
};

class Quota {
 public:
  explicit Quota(const QuotaOptions& options) : options_(options) {}

  // Takes one token if there is one. A clock that goes back refills nothing and takes nothing away.
  bool Take(absl::string_view identity, absl::Time now);

  size_t size() const;

 private:
  struct Bucket {
    double tokens;
    absl::Time last;
  };

  void ForgetFullOnes(absl::Time now);

  const QuotaOptions options_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace penc::rpc
