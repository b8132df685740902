// What one column of a file holds, as far as a proposal needs to know: fed cell by cell, bounded memory. It
// sees records; nothing of it leaves the office except through a draft that a person prunes (draft.h).
#pragma once
#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/decimal.h"
#include "codebook/codebook.h"

namespace penc {

// Not thread-safe.
class ColumnSurvey {
 public:
  static constexpr size_t kMaxDistinct = 60;  // a code list longer than this is not proposed

  explicit ColumnSurvey(absl::string_view name) : name_(name) {}

  // One cell, UTF-8, decimal point, white space at the ends ignored. Empty is NULL.
  void Add(absl::string_view cell);

  const std::string& name() const { return name_; }
  uint64_t filled() const { return filled_; }
  // All different values in byte order; null where there are none, more than kMaxDistinct, or one that cannot
  // be a code.
  const std::set<std::string>* values() const { return listable_ && !values_.empty() ? &values_ : nullptr; }
  // Whether every filled cell is a whole number (a decimal number) of at most 12 digits.
  bool integers() const { return filled_ > 0 && whole_; }
  bool numbers() const { return filled_ > 0 && numbers_; }
  // Only where numbers().
  const Decimal& least() const { return least_; }
  const Decimal& greatest() const { return greatest_; }
  int decimals() const { return decimals_; }  // digits after the point, at most
  // The one date type that every filled cell is written in (a year counts as integer).
  absl::optional<ColumnType> dates() const;

 private:
  void AddNumber(absl::string_view cell);

  std::string name_;
  uint64_t filled_ = 0;
  std::set<std::string> values_;
  bool listable_ = true;
  bool whole_ = true;
  bool numbers_ = true;
  Decimal least_, greatest_;
  int decimals_ = 0;
  bool may_be_[4] = {true, true, true, true};  // day, week, month, quarter
};

}  // namespace penc
