// Released tables, one less another: for whoever holds the answers. Nothing is asked and nothing charged; the
// noises are independent, so the margin is that of their difference's law where the numbers are counts or
// sums (law.h). Of other measures the two intervals are laid end to end. Answers may come from anybody's
// file: whatever does not fit together is refused. Pure.
#pragma once
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "penc/v1/answer.pb.h"
#include "penc/v1/difference.pb.h"

namespace penc {

// A table of an answer, counted from 0.
struct TableOf {
  const v1::Answer& answer;
  int table = 0;
};

// `first` less `second`: tables of the same measures over the same keys under one codebook, whose conditions
// or cohorts differ, or their editions, or who answered. INVALID_ARGUMENT where they are not, or are one and
// the same: it would be less itself.
absl::StatusOr<v1::TableDifference> Subtract(const TableOf& first, const TableOf& second);

// Each category of the key `key` less the one before it; "not stated" comes after nothing.
absl::StatusOr<v1::TableDifference> SubtractAlong(const TableOf& table, absl::string_view key);

}  // namespace penc
