// What the ledger remembers against what the journal says was charged: two tellings of the same writes, kept
// in different tables. A ledger that lost a row would give budget back.
#pragma once
#include "absl/status/status.h"
#include "codebook/codebook.h"

namespace penc {

class Journal;
class Ledger;

// DATA_LOSS where a cohort or an asker has spent less than the journal's charges come to, refunds taken off,
// or is not there at all; where more was given back than the ledger shows, or one charge twice; or where the
// charge log is not the one whose entries the journal names. Spending more is in order: a restore forfeits,
// or takes over. Reads every leaf.
absl::Status CheckSpending(const Ledger& ledger, const Journal& journal, Closing closing);

}  // namespace penc
