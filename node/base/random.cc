#include "base/random.h"

#include <cstring>

namespace penc {

void Words::Refill() {
  source_.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(buffer_.data()), sizeof(buffer_)));
  next_ = 0;
}

void Words::Wipe() { explicit_bzero(buffer_.data(), sizeof(buffer_)); }

}  // namespace penc
