// Conditions against a second reading of SQL's three-valued logic, written from the standard and sharing
// nothing with predicate.cc: random conditions, every one tried on random rows.
#include "question/predicate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "question/sql.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using Op = v1::Condition;
enum class Truth { kFalse, kUnknown, kTrue };

// A row as an importer would read it: columns to half steps, months since November 2025, codes; nothing:
// NULL.
struct Row {
  absl::optional<std::string> country;
  std::set<std::string> needs;  // empty: NULL
  absl::optional<int> half_cost;
  absl::optional<int> month;  // 0 = 2025-11
};

const char* const kCountries[] = {"SEN", "MLI", "GIN", "it's"};
const char* const kNeeds[] = {"food", "care", "roof"};
constexpr uint64_t kSeed = 20261124;

class PredicateTest : public SmallCodebook {
 protected:
  PredicateTest() : random_(kSeed) { RecordProperty("seed", std::to_string(kSeed)); }

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }

  Row RandomRow() {
    Row row;
    if (Below(4) > 0) row.country = kCountries[Below(4)];
    for (const char* need : kNeeds) {
      if (Below(2) > 0) row.needs.insert(need);
    }
    if (Below(4) > 0) row.half_cost = Below(9) - 4;
    if (Below(4) > 0) row.month = Below(8);
    return row;
  }

  // First and last month of a literal that says a month, a quarter or a year.
  static std::pair<int, int> Months(const std::string& text) {
    const int year = std::stoi(text.substr(0, 4)), base = (year - 2025) * 12 - 10;
    if (text.size() == 4) return {base, base + 11};
    if (text[5] == 'Q') return {base + 3 * (text[6] - '1'), base + 3 * (text[6] - '1') + 2};
    const int month = std::stoi(text.substr(5));
    return {base + month - 1, base + month - 1};
  }
  // In tenths, so that 0.3 is between two steps.
  static std::pair<int, int> Tenths(const std::string& text) {
    const auto tenths = static_cast<int>(std::lround(std::stod(text) * 10));
    return {tenths, tenths};
  }

  v1::Condition RandomLeaf() {
    v1::Condition c;
    const int column = Below(4);
    c.set_column(column == 0 ? "country" : column == 1 ? "needs" : column == 2 ? "cost" : "month");
    const bool codes = column < 2;
    const Op::Operator ordered[] = {Op::OPERATOR_EQUAL,   Op::OPERATOR_NOT_EQUAL,       Op::OPERATOR_IN,
                                    Op::OPERATOR_IS_NULL, Op::OPERATOR_IS_NOT_NULL,     Op::OPERATOR_LESS,
                                    Op::OPERATOR_GREATER, Op::OPERATOR_LESS_OR_EQUAL,   Op::OPERATOR_BETWEEN,
                                    Op::OPERATOR_BETWEEN, Op::OPERATOR_GREATER_OR_EQUAL};
    c.set_operator_(ordered[Below(codes ? 5 : 11)]);
    int values = c.operator_() == Op::OPERATOR_IN        ? 1 + Below(3)
                 : c.operator_() == Op::OPERATOR_BETWEEN ? 2
                                                         : 1;
    if (c.operator_() == Op::OPERATOR_IS_NULL || c.operator_() == Op::OPERATOR_IS_NOT_NULL) values = 0;
    for (int i = 0; i < values; ++i) {
      if (column == 0) c.add_values()->set_text(kCountries[Below(4)]);
      if (column == 1) c.add_values()->set_text(kNeeds[Below(3)]);
      if (column == 2) {
        static const char* const numbers[] = {"-2.5", "-2",  "-0.7", "-0.5", "0",
                                              "0.3",  "0.5", "1.0",  "2",    "3"};
        c.add_values()->set_decimal(numbers[Below(10)]);
      }
      if (column == 3) {
        static const char* const periods[] = {"2025", "2026",    "2025-Q4", "2026-Q1", "2026-Q2", "2027",
                                              "2024", "2025-12", "2026-01", "2026-05", "2026-06", "2026-07"};
        c.add_values()->set_text(periods[Below(12)]);
      }
    }
    return c;
  }

  v1::Condition RandomCondition(int depth) {
    if (depth == 0 || Below(3) == 0) return RandomLeaf();
    v1::Condition c;
    const int kind = Below(5);
    c.set_operator_(kind == 0 ? Op::OPERATOR_NOT : kind < 3 ? Op::OPERATOR_AND : Op::OPERATOR_OR);
    const int children = kind == 0 ? 1 : 1 + Below(3);
    for (int i = 0; i < children; ++i) *c.add_children() = RandomCondition(depth - 1);
    return c;
  }

  // SQL's truth of a condition, by the standard.
  static Truth TruthOf(const v1::Condition& c, const Row& row) {
    switch (c.operator_()) {
      case Op::OPERATOR_AND: {
        Truth truth = Truth::kTrue;
        for (const auto& child : c.children()) truth = std::min(truth, TruthOf(child, row));
        return truth;
      }
      case Op::OPERATOR_OR: {
        Truth truth = Truth::kFalse;
        for (const auto& child : c.children()) truth = std::max(truth, TruthOf(child, row));
        return truth;
      }
      case Op::OPERATOR_NOT: {
        const Truth truth = TruthOf(c.children(0), row);
        return truth == Truth::kTrue    ? Truth::kFalse
               : truth == Truth::kFalse ? Truth::kTrue
                                        : Truth::kUnknown;
      }
      default:
        break;
    }
    const bool null = c.column() == "country" ? !row.country.has_value()
                      : c.column() == "needs" ? row.needs.empty()
                      : c.column() == "cost"  ? !row.half_cost.has_value()
                                              : !row.month.has_value();
    const auto truth = [](bool b) { return b ? Truth::kTrue : Truth::kFalse; };
    if (c.operator_() == Op::OPERATOR_IS_NULL) return truth(null);
    if (c.operator_() == Op::OPERATOR_IS_NOT_NULL) return truth(!null);
    if (null) return Truth::kUnknown;
    const auto any = [&](auto&& says) { return std::any_of(c.values().begin(), c.values().end(), says); };
    if (c.column() == "country" || c.column() == "needs") {
      const bool in = any([&](const v1::Literal& l) {
        return c.column() == "country" ? *row.country == l.text() : row.needs.count(l.text()) > 0;
      });
      return truth(in == (c.operator_() != Op::OPERATOR_NOT_EQUAL));
    }
    const int value = c.column() == "cost" ? *row.half_cost * 5 : *row.month;
    const auto range = [&](const v1::Literal& l) {
      return c.column() == "cost" ? Tenths(l.decimal()) : Months(l.text());
    };
    const auto [first, last] = range(c.values(0));
    switch (c.operator_()) {
      case Op::OPERATOR_LESS:
        return truth(value < first);
      case Op::OPERATOR_LESS_OR_EQUAL:
        return truth(value <= last);
      case Op::OPERATOR_GREATER:
        return truth(value > last);
      case Op::OPERATOR_GREATER_OR_EQUAL:
        return truth(value >= first);
      case Op::OPERATOR_BETWEEN:
        return truth(value >= first && value <= range(c.values(1)).second);
      default: {
        const bool in =
            any([&](const v1::Literal& l) { return range(l).first <= value && value <= range(l).second; });
        return truth(in == (c.operator_() != Op::OPERATOR_NOT_EQUAL));
      }
    }
  }

  // The bound tree on stored values, as the store reads it.
  bool Passes(const Predicate& p, const Row& row) const {
    const auto all = [&](bool stop) {
      for (const Predicate& child : p.children) {
        if (Passes(child, row) == stop) return stop;
      }
      return !stop;
    };
    if (p.kind == Predicate::Kind::kTrue) return true;
    if (p.kind == Predicate::Kind::kAnd) return all(false);
    if (p.kind == Predicate::Kind::kOr) return all(true);
    const std::string& column = codebook_.tables[p.column.table].columns[p.column.column].name;
    StoredValue value = 0;
    if (column == "country" && row.country.has_value())
      value = 1 + static_cast<StoredValue>(std::find(kCountries, kCountries + 4, *row.country) - kCountries);
    if (column == "needs") {
      for (int bit = 0; bit < 3; ++bit)
        value |= static_cast<StoredValue>(row.needs.count(kNeeds[bit])) << bit;
    }
    if (column == "cost" && row.half_cost.has_value()) value = static_cast<StoredValue>(*row.half_cost + 5);
    if (column == "month" && row.month.has_value()) value = static_cast<StoredValue>(*row.month + 1);
    if (p.kind == Predicate::Kind::kHasAny) return (value & p.mask) != 0;
    if (p.kind == Predicate::Kind::kHasNone) return value != 0 && (value & p.mask) == 0;
    return std::any_of(p.values.begin(), p.values.end(),
                       [&](const Interval& i) { return i.first <= value && value <= i.last; });
  }

  absl::StatusOr<Predicate> BoundCondition(const v1::Condition& c) const {
    const uint32_t table = *codebook_.FindTable("event");
    return BindCondition(c, codebook_, [&](absl::string_view name) -> absl::StatusOr<ColumnRef> {
      return ColumnRef{table, *codebook_.tables[table].Find(name)};
    });
  }
  std::string TextOf(const Predicate& p) const { return ToSql(p, codebook_, *codebook_.FindTable("event")); }

  // The same condition, written differently: shuffled, doubly negated, by De Morgan, repeated.
  v1::Condition Respelt(const v1::Condition& c) {
    v1::Condition out = c;
    if (c.children_size() > 0) {
      out.clear_children();
      for (const auto& child : c.children()) *out.add_children() = Respelt(child);
      std::shuffle(out.mutable_children()->pointer_begin(), out.mutable_children()->pointer_end(), random_);
      if (c.operator_() != Op::OPERATOR_NOT && Below(3) == 0) *out.add_children() = out.children(0);
      if (c.operator_() != Op::OPERATOR_NOT && Below(3) == 0) {
        v1::Condition dual;
        dual.set_operator_(c.operator_() == Op::OPERATOR_AND ? Op::OPERATOR_OR : Op::OPERATOR_AND);
        for (const auto& child : out.children()) *dual.add_children() = Not(child);
        out = Not(dual);
      }
    } else if (c.operator_() == Op::OPERATOR_IN) {
      out = v1::Condition();
      out.set_operator_(Op::OPERATOR_OR);
      for (const auto& value : c.values()) {
        v1::Condition& equal = *out.add_children();
        equal.set_operator_(Op::OPERATOR_EQUAL);
        equal.set_column(c.column());
        *equal.add_values() = value;
      }
    } else if (c.operator_() == Op::OPERATOR_NOT_EQUAL) {
      out.set_operator_(Op::OPERATOR_EQUAL);
      out = Not(out);
    } else if (c.operator_() == Op::OPERATOR_BETWEEN) {
      out = v1::Condition();
      out.set_operator_(Op::OPERATOR_AND);
      for (int i = 0; i < 2; ++i) {
        v1::Condition& half = *out.add_children();
        half.set_operator_(i == 0 ? Op::OPERATOR_GREATER_OR_EQUAL : Op::OPERATOR_LESS_OR_EQUAL);
        half.set_column(c.column());
        *half.add_values() = c.values(i);
      }
    }
    return Below(5) == 0 ? Not(Not(out)) : out;
  }
  static v1::Condition Not(const v1::Condition& c) {
    v1::Condition out;
    out.set_operator_(Op::OPERATOR_NOT);
    *out.add_children() = c;
    return out;
  }

  std::mt19937_64 random_;
};

TEST_F(PredicateTest, PassesExactlyTheRowsForWhichSqlSaysTrue) {
  int passed = 0;
  for (int i = 0; i < 3000; ++i) {
    const v1::Condition c = RandomCondition(4);
    const auto bound = BoundCondition(c);
    ASSERT_TRUE(bound.ok()) << bound.status() << c.DebugString();
    for (int r = 0; r < 40; ++r) {
      const Row row = RandomRow();
      const bool passes = Passes(*bound, row);
      ASSERT_EQ(passes, TruthOf(c, row) == Truth::kTrue) << c.DebugString() << TextOf(*bound);
      passed += passes ? 1 : 0;
    }
  }
  EXPECT_GT(passed, 20000);  // the test tries both answers
  EXPECT_LT(passed, 100000);
}

TEST_F(PredicateTest, EverySpellingIsOneCanonicalText) {
  for (int i = 0; i < 3000; ++i) {
    const v1::Condition c = RandomCondition(4), again = Respelt(c);
    const auto one = BoundCondition(c), other = BoundCondition(again);
    ASSERT_TRUE(one.ok() && other.ok());
    ASSERT_EQ(TextOf(*one), TextOf(*other)) << c.DebugString() << again.DebugString();
  }
}

TEST_F(PredicateTest, TheCanonicalTextReadsBackToTheSameTree) {
  for (int i = 0; i < 2000; ++i) {
    const auto bound = BoundCondition(RandomCondition(5));
    ASSERT_TRUE(bound.ok());
    const std::string text = TextOf(*bound);
    EXPECT_EQ(TextOf(Canonical(*bound, codebook_)), text);
    if (text.empty() || IsNever(*bound)) continue;
    const auto select = ParseSql(absl::StrCat("SELECT count(*) FROM event WHERE ", text));
    ASSERT_TRUE(select.ok()) << select.status() << " " << text;
    const auto again = BoundCondition(select->where());
    ASSERT_TRUE(again.ok()) << again.status() << " " << text;
    ASSERT_EQ(TextOf(*again), text);
  }
}

TEST(ValueSets, AreSortedDisjointAndNotAdjacent) {
  const auto text = [](const ValueSet& set) {
    std::string out;
    for (const Interval& i : set) absl::StrAppend(&out, i.first, "-", i.last, " ");
    return out;
  };
  EXPECT_EQ(text(Union({{5, 6}, {0, 1}}, {{2, 2}, {8, 9}})), "0-2 5-6 8-9 ");
  EXPECT_EQ(text(Union({}, {})), "");
  EXPECT_EQ(text(Union({{0, UINT32_MAX}}, {{3, 4}})), "0-4294967295 ");
  EXPECT_EQ(text(Intersection({{0, 5}, {7, 9}}, {{4, 8}})), "4-5 7-8 ");
  EXPECT_EQ(text(Complement({{0, 0}, {3, 4}}, 6)), "1-2 5-6 ");
  EXPECT_EQ(text(Complement({}, 2)), "0-2 ");
  EXPECT_EQ(text(Complement({{0, 2}}, 2)), "");
  EXPECT_EQ(text(Complement({{0, UINT32_MAX}}, UINT32_MAX)), "");
}

}  // namespace
}  // namespace penc
