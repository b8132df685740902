// May this codebook take the place of that one, while records stored under the old one stay what they are?
#pragma once
#include "absl/status/status.h"
#include "codebook/codebook.h"

namespace penc {

// OK where `next` only adds to `old`: tables, columns and codes are appended, ranges end later, more codes at
// once. Labels, folds, mains, caps, HXL tags and the reference promise may change freely: they touch
// questions, not what is stored. FAILED_PRECONDITION names the first thing that was removed, moved, renamed
// or narrowed, that would change the meaning of a stored value or of an edition, or that would make a column
// askable that never was, or that would count people who did not consent before, or that would read buckets
// of one network key as another's; and a version that does not rise.
absl::Status AdditionsOnly(const Codebook& old, const Codebook& next);

}  // namespace penc
