#include "ingest/column_profile.h"

#include <algorithm>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace penc {
namespace {

bool AllDigits(absl::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

// "2026-03-04", with a time or without.
bool Iso(absl::string_view cell) {
  return cell.size() >= 10 && AllDigits(cell.substr(0, 4)) && cell[4] == '-' &&
         AllDigits(cell.substr(5, 2)) && cell[7] == '-' && AllDigits(cell.substr(8, 2)) &&
         (cell.size() == 10 || cell[10] == 'T' || cell[10] == ' ');
}

// "04/03/2026": its first two numbers.
bool Slashed(absl::string_view cell, int* first, int* second) {
  if (const size_t space = cell.find(' '); space != absl::string_view::npos) cell = cell.substr(0, space);
  const std::vector<absl::string_view> parts = absl::StrSplit(cell, absl::ByAnyChar("/.-"));
  return parts.size() == 3 && AllDigits(parts[0]) && AllDigits(parts[1]) && AllDigits(parts[2]) &&
         parts[0].size() <= 2 && parts[1].size() <= 2 && parts[2].size() == 4 &&
         absl::SimpleAtoi(parts[0], first) && absl::SimpleAtoi(parts[1], second) && *first >= 1 &&
         *first <= 31 && *second >= 1 && *second <= 31;
}

// Digits with the usual marks between them, as people write telephone numbers.
bool Phone(absl::string_view cell) {
  size_t digits = 0;
  for (const char c : cell) {
    if (absl::ascii_isdigit(static_cast<unsigned char>(c)))
      ++digits;
    else if (c != '+' && c != ' ' && c != '-' && c != '.' && c != '(' && c != ')')
      return false;
  }
  return digits >= 8 && digits <= 15 && (cell[0] == '+' || cell[0] == '0' || cell.size() > digits);
}

// "-12.5", "7".
bool Decimal(absl::string_view text) {
  absl::ConsumePrefix(&text, "-");
  const size_t point = std::min(text.find('.'), text.size());
  return AllDigits(text.substr(0, point)) && (point == text.size() || AllDigits(text.substr(point + 1)));
}

// "12.64 -8.0 332 4.5", as ODK writes a place.
bool Coordinates(absl::string_view cell) {
  const std::vector<absl::string_view> parts = absl::StrSplit(cell, ' ', absl::SkipEmpty());
  if (parts.size() < 2 || parts.size() > 4) return false;
  for (const absl::string_view part : parts) {
    if (!Decimal(part)) return false;
  }
  return parts[0].find('.') != absl::string_view::npos && parts[1].find('.') != absl::string_view::npos;
}

}  // namespace

void ColumnProfile::Add(absl::string_view cell, CellKind kind, uint64_t row) {
  if (cell.empty()) return;
  ++filled_;
  int first = 0, second = 0;
  if (kind == CellKind::kDate) {
    ++typed_dates_;
  } else if (Iso(cell)) {
    ++iso_;
  } else if (Slashed(cell, &first, &second)) {
    ++slashed_;
    day_first_ += first > 12 && second <= 12 ? 1 : 0;
    month_first_ += second > 12 && first <= 12 ? 1 : 0;
  } else if (AllDigits(cell)) {
    ++whole_;
    int64_t number = 0;
    if (absl::SimpleAtoi(cell, &number) && number > 20000 && number < 60000) ++serials_;
    if (Phone(cell)) ++phones_;
  } else if (kind == CellKind::kNumber || Decimal(cell)) {
    ++points_;
  } else if (const size_t comma = cell.find(','); comma != absl::string_view::npos &&
                                                  AllDigits(cell.substr(0, comma)) &&
                                                  AllDigits(cell.substr(comma + 1))) {
    ++commas_;
  } else if (Coordinates(cell)) {
    ++coordinates_;
  } else if (Phone(cell)) {
    ++phones_;
  } else if (cell.find('@') != absl::string_view::npos && cell.find('.') != absl::string_view::npos) {
    ++mails_;
  }
  if (!repeats_ && seen_.size() < kMostCompared && !seen_.insert(absl::HashOf(cell)).second) {
    repeats_ = true;
    seen_ = {};
  }
  if (many_) return;
  if (cell.size() > kLongestSpelling || spellings_.size() >= kMostSpellings) {
    many_ = true;
    spellings_.clear();
    return;
  }
  Spelling& spelling = spellings_[std::string(cell)];
  if (spelling.rows++ == 0) spelling.first = row;
}

Text ColumnProfile::Class() const {
  if (filled_ == 0) return {"vide", "empty"};
  if (mails()) return {"adresses électroniques", "e-mail addresses"};
  if (phones()) return {"numéros de téléphone", "phone numbers"};
  if (coordinates()) return {"coordonnées", "coordinates"};
  if (dates()) {
    if (slashed_ == 0) return {"dates", "dates"};
    if (day_first_ > 0 && month_first_ == 0) return {"dates jj/mm/aaaa", "dates dd/mm/yyyy"};
    if (month_first_ > 0 && day_first_ == 0) return {"dates mm/jj/aaaa", "dates mm/dd/yyyy"};
    return {"dates à deux lectures (03/04)", "dates that read two ways (03/04)"};
  }
  if (numbers() && (many_ || spellings_.size() > 12)) return {"nombres", "numbers"};
  if (many_) return {"texte libre ou références", "free text or references"};
  return {absl::StrCat(spellings_.size(), spellings_.size() == 1 ? " valeur" : " valeurs différentes"),
          absl::StrCat(spellings_.size(), spellings_.size() == 1 ? " value" : " different values")};
}

}  // namespace penc
