#include "rpc/quota.h"

#include <algorithm>

namespace penc::rpc {
namespace {

constexpr size_t kSweepAt = 4096;

double Refilled(double tokens, absl::Duration since, const QuotaOptions& options) {
  double seconds = std::max(0.0, absl::ToDoubleSeconds(since));
  return std::min(options.burst, tokens + seconds * options.per_second);
}

}  // namespace

bool Quota::Take(absl::string_view identity, absl::Time now) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (buckets_.size() >= kSweepAt) ForgetFullOnes(now);
  auto [it, fresh] = buckets_.try_emplace(std::string(identity), Bucket{options_.burst, now});
  Bucket& bucket = it->second;
  bucket.tokens = Refilled(bucket.tokens, now - bucket.last, options_);
  bucket.last = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

size_t Quota::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return buckets_.size();
}

void Quota::ForgetFullOnes(absl::Time now) {
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    bool full = Refilled(it->second.tokens, now - it->second.last, options_) >= options_.burst;
    it = full ? buckets_.erase(it) : std::next(it);
  }
}

}  // namespace penc::rpc
