// What stands behind a number. French counts 0 and 1 alike, English 1 alone. Pure.
#pragma once
#include <cstdint>

namespace penc {

struct Forms {
  const char *one, *many;
};

inline const char* FrenchForm(uint64_t n, Forms forms) { return n < 2 ? forms.one : forms.many; }
inline const char* EnglishForm(uint64_t n, Forms forms) { return n == 1 ? forms.one : forms.many; }

}  // namespace penc
