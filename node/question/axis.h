// One GROUP BY key as an ordered list of categories, zero cells included. Pure.
#pragma once
#include "absl/status/statusor.h"
#include "codebook/codebook.h"
#include "question/plan.h"

namespace penc {

// What a top-level AND of `where` leaves of a column's values: categories outside it would be noise only.
std::vector<Interval> AllowedValues(const Predicate& where, const ColumnRef& column,
                                    const Codebook& codebook);

// INVALID_ARGUMENT where it would have more than `limit` categories (a date without a range), or is of
// cohorts of which the question does not say both ends.
absl::StatusOr<Axis> MakeAxis(const Grain& grain, const Question& question, const Codebook& codebook,
                              uint64_t limit);

// All GROUP BY keys of a question. INVALID_ARGUMENT where they would have more than `limit` cells, at most
// 2^20.
absl::StatusOr<Domain> MakeDomain(const Question& question, const Codebook& codebook, uint64_t limit);
absl::Status TooManyCells(uint64_t limit);

// How many categories one person's rows can fall in: 1 where the key is constant per person, the most codes
// at once for a constant column with several, 0 where the rows decide.
uint32_t CategoriesPerPerson(const Axis& axis, const Codebook& codebook);

}  // namespace penc
