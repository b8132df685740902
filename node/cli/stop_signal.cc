#include "cli/stop_signal.h"

#include <unistd.h>

#include <csignal>

namespace penc::cli {
namespace {

volatile std::sig_atomic_t stop_asked = 0;
void AskToStop(int) { stop_asked = 1; }

}  // namespace

void CatchStopSignals() {
  struct sigaction action {};
  action.sa_handler = AskToStop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

void WaitForStopSignal() {
  while (!StopSignalCame()) ::usleep(100000);
}

bool StopSignalCame() { return stop_asked != 0; }

}  // namespace penc::cli
