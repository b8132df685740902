// Ctrl-C and SIGTERM, for commands that run until they are told to stop.
#pragma once

namespace penc::cli {

// Call before any thread exists, so that the signal reaches this one.
void CatchStopSignals();
// Returns once one of them has come.
void WaitForStopSignal();
// Has one come?
bool StopSignalCame();

}  // namespace penc::cli
