// Sentences in two languages, side by side in the code: `w("lot ", "batch ")`. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "base/plural.h"
#include "cli/output.h"
#include "cli/render.h"
#include "penc/v1/answer.pb.h"

namespace penc::cli {

class Words {
 public:
  explicit Words(Lang lang) : lang_(lang) {}
  const char* operator()(const char* fr, const char* en) const { return lang_ == Lang::kFrench ? fr : en; }
  Lang lang() const { return lang_; }
  // "1 ligne", "2 lignes"; the forms begin with what stands behind the number, a space most often.
  std::string Counted(uint64_t n, Forms fr, Forms en) const {
    return Count(n) + (lang_ == Lang::kFrench ? FrenchForm(n, fr) : EnglishForm(n, en));
  }
  std::string Count(uint64_t n) const { return Number(static_cast<double>(n), lang_); }
  const std::string& Of(const v1::Label& label) const {
    return lang_ == Lang::kFrench ? label.fr() : label.en();
  }

 private:
  Lang lang_;
};

inline std::string Day(int64_t unix_micros) {
  return absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(unix_micros), absl::UTCTimeZone());
}

inline std::string Minute(int64_t unix_micros) {
  return absl::FormatTime("%Y-%m-%d %H:%M", absl::FromUnixMicros(unix_micros), absl::UTCTimeZone());
}

}  // namespace penc::cli
