// Systems that are broken in one way each, built around the product at its seams: a store that is given
// another plan, a ledger that writes something else, a finisher that adds other noise, a source that repeats
// itself. The product has no switch for any of it.
#pragma once
#include <memory>

#include "tests/statistical/auditor/cases.h"

namespace penc::audit {

// Half of the noise's scale, at the same charge.
std::unique_ptr<System> NoiseHalved();
// The store keeps of everybody what is there, at the charge for what the caps allow.
std::unique_ptr<System> CapOff();
// Amounts are summed first and clamped afterwards, to what so many persons could have.
std::unique_ptr<System> ClampAfterSum();
// An answer has the keys that the records have, not those of the codebook.
std::unique_ptr<System> KeysOfRecords();
// Every answer's noise begins with the same seed.
std::unique_ptr<System> SeedReused();
// The answer leaves before the charge is durable, and every other time the office dies in between.
std::unique_ptr<System> ChargeAfterNoise();
// The ledger charges what the same change would cost in steps of 1 over as many cells.
std::unique_ptr<System> SpreadCharge();

}  // namespace penc::audit
