// What the values of a file's column look like, gathered while its rows go by: for proposing a mapping.
// Holds spellings, a bounded number of them; what it says of them are classes and never a value. Not
// thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "ingest/row_file.h"

namespace penc {

class ColumnProfile {
 public:
  static constexpr size_t kMostSpellings = 400;     // more: free text, references
  static constexpr size_t kLongestSpelling = 80;    // bytes
  static constexpr size_t kMostCompared = 1 << 16;  // cells

  struct Spelling {
    uint64_t rows = 0;   // in which it stands
    uint64_t first = 0;  // number of the first
  };

  // `cell` is trimmed; `row` is its row's number.
  void Add(absl::string_view cell, CellKind kind, uint64_t row);

  uint64_t filled() const { return filled_; }
  // Different cells and where each stands; meaningless where there are too many.
  const std::map<std::string, Spelling>& spellings() const { return spellings_; }
  bool many() const { return many_; }
  // No two of its cells are the same: of very many, the first ones.
  bool unique() const { return filled_ > 0 && !repeats_; }
  bool distinct() const { return !many_ && filled_ > 0 && spellings_.size() == filled_; }

  // Shares of what is filled.
  bool mostly(uint64_t count) const { return filled_ > 0 && count * 10 >= filled_ * 9; }
  bool dates() const { return mostly(iso_ + slashed_ + typed_dates_); }
  bool numbers() const { return mostly(whole_ + points_ + commas_); }
  bool phones() const { return mostly(phones_); }
  bool mails() const { return filled_ > 0 && mails_ * 2 >= filled_; }
  bool coordinates() const { return mostly(coordinates_); }
  uint64_t iso() const { return iso_; }
  uint64_t slashed() const { return slashed_; }
  // Of dates with slashes: those that only one reading allows.
  uint64_t day_first() const { return day_first_; }
  uint64_t month_first() const { return month_first_; }
  uint64_t commas() const { return commas_; }
  uint64_t points() const { return points_; }
  // Whole numbers that could be days counted from 1900 as Excel does.
  bool serials() const { return mostly(serials_); }

  // "dates jj/mm/aaaa", "12 valeurs différentes".
  Text Class() const;

 private:
  uint64_t filled_ = 0, iso_ = 0, slashed_ = 0, day_first_ = 0, month_first_ = 0, typed_dates_ = 0;
  uint64_t whole_ = 0, points_ = 0, commas_ = 0, serials_ = 0, phones_ = 0, mails_ = 0, coordinates_ = 0;
  std::map<std::string, Spelling> spellings_;
  bool many_ = false;
  absl::flat_hash_set<size_t> seen_;  // hashes of cells, while no two are the same
  bool repeats_ = false;
};

}  // namespace penc
