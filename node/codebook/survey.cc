#include "codebook/survey.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "codebook/names.h"
#include "codebook/period.h"

namespace penc {
namespace {

constexpr ColumnType kPeriods[] = {ColumnType::kDay, ColumnType::kWeek, ColumnType::kMonth,
                                   ColumnType::kQuarter};

// Both have few digits (AddNumber), so the products fit.
bool Less(const Decimal& a, const Decimal& b) {
  return static_cast<__int128>(a.num) * b.den < static_cast<__int128>(b.num) * a.den;
}

}  // namespace

void ColumnSurvey::Add(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (cell.empty()) return;
  ++filled_;
  if (numbers_) AddNumber(cell);
  for (size_t i = 0; i < 4; ++i) {
    if (may_be_[i]) may_be_[i] = ParsePeriod(kPeriods[i], cell).ok();
  }
  if (!listable_) return;
  listable_ =
      IsCode(cell) && (values_.insert(std::string(cell)).second ? values_.size() <= kMaxDistinct : true);
  if (!listable_) values_.clear();
}

void ColumnSurvey::AddNumber(absl::string_view cell) {
  const auto value = cell.size() <= 13 ? ParseDecimal(cell) : absl::InvalidArgumentError("");
  numbers_ = value.ok();
  whole_ = whole_ && numbers_ && value->den == 1;
  if (!numbers_) return;
  if (filled_ == 1 || Less(*value, least_)) least_ = *value;
  if (filled_ == 1 || Less(greatest_, *value)) greatest_ = *value;
  int digits = 0;
  for (int64_t den = 1; den % value->den != 0; den *= 10) ++digits;
  decimals_ = std::max(decimals_, digits);
}

absl::optional<ColumnType> ColumnSurvey::dates() const {
  if (filled_ == 0) return absl::nullopt;
  for (size_t i = 0; i < 4; ++i) {
    if (may_be_[i]) return kPeriods[i];
  }
  return absl::nullopt;
}

}  // namespace penc
