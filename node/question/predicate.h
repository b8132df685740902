// WHERE: from a condition over names to a canonical tree over stored values. Pure.
#pragma once
#include <functional>

#include "absl/status/statusor.h"
#include "codebook/codebook.h"
#include "penc/v1/question.pb.h"
#include "question/question.h"

namespace penc {

using Resolve = std::function<absl::StatusOr<ColumnRef>(absl::string_view name)>;

// `entered` must have been taken out before (bind.cc): it names cohorts, not rows.
absl::StatusOr<Predicate> BindCondition(const v1::Condition& condition, const Codebook& codebook,
                                        const Resolve& resolve);

// Sorted sets of stored values.
using ValueSet = std::vector<Interval>;
ValueSet Union(const ValueSet& a, const ValueSet& b);
ValueSet Intersection(const ValueSet& a, const ValueSet& b);
// Within [0, last].
ValueSet Complement(const ValueSet& a, StoredValue last);

// The largest stored value of a column (kCodes: a full mask).
StoredValue LastStored(const Codebook& codebook, const ColumnRef& column);

// Flattens, merges sets on the same column, sorts, drops what says nothing. What can never hold becomes one
// leaf without values (IsNever), of no column in particular; Bind refuses it.
Predicate Canonical(Predicate predicate, const Codebook& codebook);
bool IsNever(const Predicate& predicate);

// Its text as SQL; "" for kTrue.
std::string ToSql(const Predicate& predicate, const Codebook& codebook, uint32_t table);
// "sex", or "person.sex" for a column of another table; as SQL.
std::string ColumnName(const Codebook& codebook, const ColumnRef& column, uint32_t table);

}  // namespace penc
