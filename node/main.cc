// The composition root: the only place that builds the real clock, the real random source and passes them
// down.
#include "base/clock.h"
#include "base/steps.h"
#include "cli/app.h"
#include "crypto/secure_random.h"
#include "rpc/tls13.h"

int main(int argc, char** argv) {
  penc::rpc::RequireTls13();
  penc::SystemClock clock;
  penc::SecureRandom random;
  penc::NoSteps steps;
  return penc::cli::Main(argc, argv, penc::cli::Outside{clock, random, steps});
}
