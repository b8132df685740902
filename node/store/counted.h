// Which rows of a segment answers may count: those of persons who consent, where the codebook asks for
// consent, and that no later word on consent took out. Looked at before caps and counting. Internal to the
// store.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "store/record_store.h"
#include "store/segment_view.h"
#include "store/withdrawals.h"

namespace penc {

// A byte for each row of a table of the codebook: 1 where it counts. Nothing: all do.
absl::StatusOr<std::vector<uint8_t>> RowsCounted(const SegmentView& segment, uint32_t table,
                                                 const Withdrawals& withdrawals);

// Adds the segment's persons to `counts`. Precondition: the codebook asks for consent.
absl::Status AddConsent(const SegmentView& segment, const Withdrawals& withdrawals, ConsentCounts& counts);

// A byte for each person: 1 where they consent. Precondition: the codebook asks for consent.
absl::StatusOr<std::vector<uint8_t>> PersonsConsenting(const SegmentView& segment,
                                                       const Withdrawals& withdrawals);

}  // namespace penc
