// Whether this is the build with sanitizers: it keeps what was freed, and takes ten times as long.
#pragma once

namespace penc {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace penc
