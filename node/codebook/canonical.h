// One text per codebook: equal codebooks, however their files are laid out, have equal texts and equal
// hashes.
#pragma once
#include <string>

#include "codebook/codebook.h"

namespace penc {

// "penc codebook v1", then every field in the order of codebook.h, each as its length, a colon, its bytes and
// a line feed; vectors are preceded by their length. The hash itself is left out, consent where there is
// none, and what only quality looks at (Table::checks, Column::future): offices that differ in it count
// alike.
std::string CanonicalCodebook(const Codebook& codebook);

// SHA-256 of that text, 32 bytes.
std::string HashOf(const Codebook& codebook);

}  // namespace penc
