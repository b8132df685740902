// What a new policy changes, in words, and whether it loosens: decided by what the policies mean, not by
// their text. A column that is not written is closed, a rule on a closed column means nothing, a `finest`
// that is the column's own unit limits nothing. Pure.
//
// The promise behind the verdict, which tests/unit/policy/diff_test.cc holds Decide to: where it is not
// DIRECTION_LOOSENS, no plan that `before` refuses is allowed by `after`, by any asker, at any time.
#pragma once
#include "codebook/codebook.h"
#include "penc/v1/admin_rules.pb.h"
#include "policy/policy.h"

namespace penc {

// Both were read with `codebook`. Mixed changes loosen: nothing that tightens makes up for them.
v1::PolicyComparison Compare(const Policy& before, const Policy& after, const Codebook& codebook);

// "assouplit", "loosens".
Text DirectionWords(v1::Direction direction);

}  // namespace penc
