// The network's shared vocabulary: tables, columns, code lists, caps, and the promise that prices are
// measured against. A Codebook is an immutable value: build it once (ReadCodebook in codebook/read.h), share
// it by const reference; all methods are safe from any thread.
//
// Stored values. A cell of a record is one uint32:
//   code, place, integer, number, dates   0 = NULL, 1 + i = the i-th value of the column (i-th code, lo + i
//   steps) codes (several at once)               a mask, bit i = the i-th code present; 0 = NULL (nothing
//   stated)
//   text                                0 = NULL, else the word's number in the office's own list
//   (store/record_store.h)
// so that appending codes or raising `hi` never changes what is stored.
//
// Native units of dates, counted from 1970: day = days, week = ISO weeks (Monday 1969-12-29 is week 0), month
// = months, quarter = quarters, year = the year's number (2026).
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/status.h"

namespace penc {

using StoredValue = uint32_t;
inline constexpr StoredValue kNull = 0;
inline constexpr uint32_t kMaxMaskCodes = 31;  // codes of a list that a `codes` column may use

// In this order in hashes: new ones at the end.
enum class ColumnType { kCode, kCodes, kInteger, kNumber, kDay, kWeek, kMonth, kQuarter, kYear, kText };
enum class Sensitivity { kPublic, kOrdinary, kSensitive, kNever };
enum class Unit { kPerson, kEvent };  // person: at most one row each

struct Code {
  std::string code;
  Text label;
  std::string parent;  // for places: the code in the parent list (the country of an adm1); else empty
};

// A shorter list of the same things (250 countries -> 16 and «autres»).
struct Fold {
  std::vector<Code> groups;
  std::vector<uint32_t> group_of;  // by code index; every code has a group
};

struct CodeList {
  std::string name;
  std::vector<Code> codes;
  absl::optional<Fold> fold;
  std::vector<uint32_t>
      main_order;           // code indexes, most telling first: which category is the main one; may be empty
  std::string parent_list;  // name of the list that `parent` refers to; else empty

  // Index of a code (exact match), or nothing.
  absl::optional<uint32_t> Find(absl::string_view code) const;
};

struct Column {
  std::string name;
  Text label;
  ColumnType type = ColumnType::kCode;
  Sensitivity sensitivity = Sensitivity::kSensitive;
  bool constant = false;   // one value per person: conflicting values are quarantined
  int32_t code_list = -1;  // index into Codebook::code_lists for kCode and kCodes
  uint32_t max_codes = 1;  // kCodes: at most this many at once; kText: an answer names at most so many words
  int64_t lo = 0, hi = 0;  // kInteger, kNumber (in steps), dates (native units), inclusive
  int64_t step_num = 1, step_den = 1;  // kNumber: one step is step_num/step_den
  std::vector<int64_t> bands;  // kInteger, kNumber: first value of each band, in steps, from lo on; or none
  std::string hxl;
  bool future = false;  // dates: may be still to come; no part of the hash either

  // How many values besides NULL (not for kCodes).
  uint32_t size(const CodeList* list) const {
    return list ? list->codes.size() : static_cast<uint32_t>(hi - lo + 1);
  }
  bool is_date() const { return type >= ColumnType::kDay && type <= ColumnType::kYear; }
  bool is_amount() const { return type == ColumnType::kInteger || type == ColumnType::kNumber; }
};

// Of a word: bytes as they are kept, after trimming.
inline constexpr size_t kLongestWord = 128;

// What one person may contribute at most, whatever the question.
struct Caps {
  uint32_t cells = 1;  // different cells of a table of persons
  uint32_t rows = 1;   // rows in all
};

// A column seen from a question: of the question's own table, or of a person table joined by the person.
struct ColumnRef {
  uint32_t table = 0;
  uint32_t column = 0;
  friend bool operator==(const ColumnRef& a, const ColumnRef& b) {
    return a.table == b.table && a.column == b.column;
  }
};

// Rules that good rows of a table keep. Only quality looks at them; no number depends on them, and the
// codebook's hash does not.
struct InOrder {
  ColumnRef first, second;  // dates: the second is not before the first
};
// A person's rows as steps: each begins (`from`) where the one before it ended (`to`).
struct Chain {
  ColumnRef by, from, to;
  absl::optional<ColumnRef> date;         // never goes backwards
  absl::optional<ColumnRef> first, last;  // of a table of persons: before the first step, after the last
};
struct Excluded {
  ColumnRef column;
  std::vector<uint32_t> codes;  // indexes
};
struct Impossible {
  std::vector<Excluded> together;  // a row breaks it where each column has one of its codes
};
struct Check {
  std::variant<InOrder, Chain, Impossible> rule;
  absl::optional<Text> says;  // in the codebook's own words
};

struct Table {
  std::string name;
  Text label;
  Unit unit = Unit::kEvent;
  Caps caps;
  std::vector<Column> columns;  // the person reference is not a column
  std::vector<Check> checks;

  absl::optional<uint32_t> Find(absl::string_view column) const;
};

enum class Closing { kMonth, kQuarter, kYear };

// The promise as the codebook or a policy writes it; privacy/promise.h computes with it.
struct PromiseText {
  std::string epsilon = "8";
  std::string delta = "1e-6";
  std::string keys_delta;  // of a policy: the part of delta for selecting words; empty: none
};

// Whom answers count: persons whose row has one of these values, in all tables. Nothing stated is no consent.
struct Consent {
  ColumnRef column;               // of one code, in a table of persons
  std::vector<StoredValue> keep;  // ascending, none is NULL

  bool keeps(StoredValue value) const { return std::binary_search(keep.begin(), keep.end(), value); }
};

// How persons of several organisations are recognised without being named: each has a bucket, the first bits
// of a hash of `fields` under the network's key (node/federation/linkage.md). Offices store the bucket alone.
inline constexpr uint32_t kLinkageBits = 20;
struct Linkage {
  ColumnRef column;                 // integers 0 to 2^20 - 1, never askable, in a table of persons
  std::vector<std::string> fields;  // what mappings name: "surname", "birth_year"; in the hash's order
  std::string key_check;            // 32 hex digits, which the right network key gives

  // Of 2^bits buckets. `value` is not NULL.
  static uint32_t BucketOf(StoredValue value, uint32_t bits) { return (value - 1) >> (kLinkageBits - bits); }
};

struct Codebook {
  std::string name;
  uint32_t version = 1;
  PromiseText reference_promise;
  Closing closing = Closing::kQuarter;
  std::vector<CodeList> code_lists;
  std::vector<Table> tables;
  absl::optional<Consent> consent;  // absent: everybody counts
  absl::optional<Linkage> linkage;  // absent: persons of different offices are not told apart
  std::string hash;                 // 32 bytes: SHA-256 of the canonical form; plans and answers name it

  absl::optional<uint32_t> FindTable(absl::string_view name) const;
  const CodeList* list_of(const Column& column) const {
    return column.code_list < 0 ? nullptr : &code_lists[column.code_list];
  }
};

}  // namespace penc
