// penc with the hooks that tests need and the product does not have: stop dead at a named step, another time
// of day.
//   PENC_TEST_KILL_AT=close.before_flip     SIGKILL when the step is reached (":2" at the second time)
//   PENC_TEST_CLOCK_DAYS=-365               the clock is a year behind
//   PENC_TEST_CLOCK_FILE=PATH               seconds to add, read from the file at every look: one test moves
//   the
//                                           clocks of all its processes past a deadline
#include <csignal>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/steps.h"
#include "cli/app.h"
#include "crypto/secure_random.h"
#include "rpc/tls13.h"

namespace {

class KillAt : public penc::Steps {
 public:
  KillAt() {
    const char* wanted = std::getenv("PENC_TEST_KILL_AT");
    if (wanted == nullptr) return;
    std::pair<std::string, std::string> parts = absl::StrSplit(wanted, absl::MaxSplits(':', 1));
    step_ = parts.first;
    if (!parts.second.empty() && !absl::SimpleAtoi(parts.second, &left_)) std::abort();
  }
  void Reached(absl::string_view step) override {
    if (step == step_ && --left_ == 0) ::raise(SIGKILL);
  }

 private:
  std::string step_;
  int left_ = 1;
};

class ShiftedClock : public penc::Clock {
 public:
  ShiftedClock() {
    int days = 0;
    if (const char* text = std::getenv("PENC_TEST_CLOCK_DAYS");
        text != nullptr && absl::SimpleAtoi(text, &days)) {
      shift_ = absl::Hours(24) * days;
    }
    if (const char* path = std::getenv("PENC_TEST_CLOCK_FILE"); path != nullptr) file_ = path;
  }
  absl::Time Now() const override {
    int64_t seconds = 0;
    if (!file_.empty() && !absl::SimpleAtoi(penc::ReadFile(file_).value_or("0"), &seconds)) seconds = 0;
    return absl::Now() + shift_ + absl::Seconds(seconds);
  }

 private:
  absl::Duration shift_;
  std::string file_;
};

}  // namespace

int main(int argc, char** argv) {
  penc::rpc::RequireTls13();
  penc::SecureRandom random;
  KillAt steps;
  ShiftedClock clock;
  return penc::cli::Main(argc, argv, penc::cli::Outside{clock, random, steps});
}
