// Random bytes that can be begun again: what followed a seed follows it again. Safe from any thread. Header
// only.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "crypto/hash.h"
#include "crypto/secure_random.h"

namespace penc {

class Replayed : public RandomSource {
 public:
  void Restart(const std::string& seed) {
    std::lock_guard<std::mutex> lock(mutex_);
    const std::string key = Sha256(seed);
    stream_ = std::make_unique<SeededExpander>(
        absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(key.data()), key.size()));
  }
  void Fill(absl::Span<uint8_t> out) override {
    std::lock_guard<std::mutex> lock(mutex_);
    stream_->Fill(out);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<SeededExpander> stream_;
};

}  // namespace penc
