#include "question/predicate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/decimal.h"
#include "base/status.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "question/sql_words.h"

namespace penc {
namespace {

using Op = v1::Condition;

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

const Column& ColumnOf(const Codebook& codebook, const ColumnRef& ref) {
  return codebook.tables[ref.table].columns[ref.column];
}

std::string TextOf(const v1::Literal& literal) {
  switch (literal.kind_case()) {
    case v1::Literal::kText:
      return literal.text();
    case v1::Literal::kInteger:
      return absl::StrCat(literal.integer());
    case v1::Literal::kDecimal:
      return literal.decimal();
    default:
      return "";
  }
}

absl::Status Bad(const std::string& column, absl::string_view fr, absl::string_view en) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(column, ": ", fr), absl::StrCat(column, ": ", en)});
}

// What a literal means on an ordered column: the native numbers (steps, days, ...) that are equal to it,
// [first, last]; first > last where it lies between two of them (then first is the one above).
struct Place {
  int64_t first = 0, last = 0;
};

absl::StatusOr<Place> PlaceOnDates(const Column& column, const std::string& text) {
  // The column's own unit, or a coarser one: then the whole period is meant.
  for (ColumnType type :
       {ColumnType::kDay, ColumnType::kWeek, ColumnType::kMonth, ColumnType::kQuarter, ColumnType::kYear}) {
    const absl::StatusOr<int64_t> period = ParsePeriod(type, text);
    if (!period.ok()) continue;
    if (type == column.type) return Place{*period, *period};
    const bool nested = type > column.type && column.type != ColumnType::kWeek && type != ColumnType::kWeek;
    if (!nested) break;
    return Place{PeriodOfDay(column.type, FirstDay(type, *period)),
                 PeriodOfDay(column.type, FirstDay(type, *period + 1) - 1)};
  }
  static constexpr const char* kExamples[] = {"2026-03-31", "2026-W13", "2026-03", "2026-Q1", "2026"};
  const char* example = kExamples[static_cast<int>(column.type) - static_cast<int>(ColumnType::kDay)];
  return Bad(column.name,
             absl::StrCat("«", text, "» n'est pas une période de cette colonne; écrivez par exemple '",
                          example, column.type == ColumnType::kWeek ? "'" : "' ou plus large"),
             absl::StrCat("\"", text, "\" is not a period of this column; write for example '", example,
                          column.type == ColumnType::kWeek ? "'" : "' or coarser"));
}

absl::StatusOr<Place> PlaceOnNumbers(const Column& column, const std::string& text) {
  const absl::StatusOr<Decimal> value = ParseDecimal(text);
  if (!value.ok()) {
    return Bad(column.name, absl::StrCat("«", text, "» n'est pas un nombre"),
               absl::StrCat("\"", text, "\" is not a number"));
  }
  // value / step, rounded down: (num step_den) / (den step_num).
  const __int128 num = static_cast<__int128>(value->num) * column.step_den;
  const __int128 den = static_cast<__int128>(value->den) * column.step_num;
  __int128 floor = num / den;
  if (num % den != 0 && num < 0) --floor;
  const __int128 bound = __int128{1} << 60;
  const auto steps = static_cast<int64_t>(std::max(-bound, std::min(bound, floor)));
  return num % den == 0 ? Place{steps, steps} : Place{steps + 1, steps};
}

absl::StatusOr<Place> PlaceOf(const Column& column, const v1::Literal& literal) {
  return column.is_date() ? PlaceOnDates(column, TextOf(literal)) : PlaceOnNumbers(column, TextOf(literal));
}

// Stored values of native numbers [first, last] within the column.
ValueSet StoredBetween(const Column& column, int64_t first, int64_t last) {
  first = std::max(first, column.lo);
  last = std::min(last, column.hi);
  if (first > last) return {};
  return {{static_cast<StoredValue>(first - column.lo + 1), static_cast<StoredValue>(last - column.lo + 1)}};
}

class Binder {
 public:
  Binder(const Codebook& codebook, const Resolve& resolve) : codebook_(codebook), resolve_(resolve) {}

  // `negated`: bind NOT condition; three-valued logic, so NOT unknown is unknown and passes nowhere.
  absl::StatusOr<Predicate> Bind(const v1::Condition& c, bool negated, int depth) const {
    if (depth > 200)
      return Bad("WHERE", "condition trop imbriquée; simplifiez", "nested too deeply; simplify");
    switch (c.operator_()) {
      case Op::OPERATOR_NOT:
        if (c.children_size() != 1) return Bad("NOT", "une condition attendue", "one condition expected");
        return Bind(c.children(0), !negated, depth + 1);
      case Op::OPERATOR_AND:
      case Op::OPERATOR_OR: {
        if (c.children_size() == 0) return Bad("AND/OR", "des conditions attendues", "conditions expected");
        Predicate joined;
        joined.kind =
            (c.operator_() == Op::OPERATOR_AND) != negated ? Predicate::Kind::kAnd : Predicate::Kind::kOr;
        for (const v1::Condition& child : c.children()) {
          ASSIGN_OR_RETURN(Predicate bound, Bind(child, negated, depth + 1));
          joined.children.push_back(std::move(bound));
        }
        return joined;
      }
      default:
        return Leaf(c, negated);
    }
  }

 private:
  absl::StatusOr<Predicate> Leaf(const v1::Condition& c, bool negated) const {
    ASSIGN_OR_RETURN(const ColumnRef ref, resolve_(c.column()));
    const Column& column = ColumnOf(codebook_, ref);
    const StoredValue last = LastStored(codebook_, ref);
    Predicate leaf;
    leaf.kind = Predicate::Kind::kIn;
    leaf.column = ref;
    if (c.operator_() == Op::OPERATOR_IS_NULL || c.operator_() == Op::OPERATOR_IS_NOT_NULL) {
      const bool null = (c.operator_() == Op::OPERATOR_IS_NULL) != negated;
      leaf.values = null ? ValueSet{{kNull, kNull}} : ValueSet{{1, last}};
      return leaf;
    }
    RETURN_IF_ERROR(CheckValues(c));
    if (column.type == ColumnType::kCodes) return MaskLeaf(c, column, std::move(leaf), negated);
    ASSIGN_OR_RETURN(ValueSet values,
                     column.type == ColumnType::kCode ? Codes(c, column) : Ordered(c, column));
    leaf.values = negated ? Complement(Union(values, {{kNull, kNull}}), last) : std::move(values);
    return leaf;
  }

  static absl::Status CheckValues(const v1::Condition& c) {
    const int n = c.values_size();
    const bool fits = c.operator_() == Op::OPERATOR_IN        ? n >= 1 && n <= 4096
                      : c.operator_() == Op::OPERATOR_BETWEEN ? n == 2
                                                              : n == 1;
    if (c.operator_() != Op::OPERATOR_UNSPECIFIED && fits) return absl::OkStatus();
    return Bad(c.column(), "comparaison incomplète", "incomplete comparison");
  }

  // The code indexes that = or IN name.
  absl::StatusOr<std::vector<uint32_t>> Named(const v1::Condition& c, const Column& column) const {
    std::vector<uint32_t> indexes;
    for (const v1::Literal& literal : c.values()) {
      const std::string text = TextOf(literal);
      const auto index = codebook_.list_of(column)->Find(text);
      if (!index.has_value()) {
        // An unknown code is a mistake in the question, not an unknown column: the sentence stays, the status
        // changes.
        return Fail(absl::StatusCode::kInvalidArgument, Explain(StoredOf(codebook_, column, text).status()));
      }
      indexes.push_back(*index);
    }
    return indexes;
  }
  absl::StatusOr<ValueSet> Codes(const v1::Condition& c, const Column& column) const {
    const bool equal = c.operator_() == Op::OPERATOR_EQUAL || c.operator_() == Op::OPERATOR_IN;
    if (!equal && c.operator_() != Op::OPERATOR_NOT_EQUAL) {
      return Bad(column.name, "des codes n'ont pas d'ordre: écrivez =, <> ou IN",
                 "codes have no order: write =, <> or IN");
    }
    ASSIGN_OR_RETURN(const std::vector<uint32_t> indexes, Named(c, column));
    ValueSet set;
    for (uint32_t index : indexes) set.push_back({index + 1, index + 1});
    set = Union(set, {});
    if (equal) return set;
    return Complement(Union(set, {{kNull, kNull}}), column.size(codebook_.list_of(column)));
  }

  absl::StatusOr<Predicate> MaskLeaf(const v1::Condition& c, const Column& column, Predicate leaf,
                                     bool negated) const {
    const bool equal = c.operator_() == Op::OPERATOR_EQUAL || c.operator_() == Op::OPERATOR_IN;
    if (!equal && c.operator_() != Op::OPERATOR_NOT_EQUAL) {
      return Bad(column.name, "des codes n'ont pas d'ordre: écrivez =, <> ou IN",
                 "codes have no order: write =, <> or IN");
    }
    ASSIGN_OR_RETURN(const std::vector<uint32_t> indexes, Named(c, column));
    for (uint32_t index : indexes) leaf.mask |= 1u << index;
    leaf.kind = equal != negated ? Predicate::Kind::kHasAny : Predicate::Kind::kHasNone;
    return leaf;
  }

  absl::StatusOr<ValueSet> Ordered(const v1::Condition& c, const Column& column) const {
    std::vector<Place> places;
    for (const v1::Literal& literal : c.values()) {
      ASSIGN_OR_RETURN(const Place place, PlaceOf(column, literal));
      places.push_back(place);
    }
    const Place& p = places[0];
    switch (c.operator_()) {
      case Op::OPERATOR_EQUAL:
      case Op::OPERATOR_IN: {
        ValueSet set;
        for (const Place& place : places) {
          const ValueSet one = StoredBetween(column, place.first, place.last);
          set.insert(set.end(), one.begin(), one.end());
        }
        return Union(set, {});
      }
      case Op::OPERATOR_NOT_EQUAL:
        return Union(StoredBetween(column, column.lo, p.first - 1),
                     StoredBetween(column, p.last + 1, column.hi));
      case Op::OPERATOR_LESS:
        return StoredBetween(column, column.lo, p.first - 1);
      case Op::OPERATOR_LESS_OR_EQUAL:
        return StoredBetween(column, column.lo, p.last);
      case Op::OPERATOR_GREATER:
        return StoredBetween(column, p.last + 1, column.hi);
      case Op::OPERATOR_GREATER_OR_EQUAL:
        return StoredBetween(column, p.first, column.hi);
      default:
        return StoredBetween(column, p.first, places[1].last);  // BETWEEN
    }
  }

  const Codebook& codebook_;
  const Resolve& resolve_;
};

std::string SetToSql(const std::string& name, const Column& column, StoredValue last, const ValueSet& set,
                     const Codebook& codebook) {
  std::vector<std::string> parts, codes;
  for (const Interval& interval : set) {
    StoredValue first = interval.first;
    if (first == kNull) {
      parts.push_back(absl::StrCat(name, " IS NULL"));
      if (interval.last == kNull) continue;
      first = 1;
    }
    if (first == 1 && interval.last == last) {
      parts.push_back(absl::StrCat(name, " IS NOT NULL"));
      continue;
    }
    if (column.type == ColumnType::kCode) {
      for (StoredValue v = first; v <= interval.last; ++v)
        codes.push_back(Quoted(WrittenOf(codebook, column, v)));
    } else {
      const auto written = [&](StoredValue v) {
        const std::string text = WrittenOf(codebook, column, v);
        return column.is_date() ? Quoted(text) : text;
      };
      parts.push_back(first == interval.last
                          ? absl::StrCat(name, " = ", written(first))
                          : absl::StrCat(name, " BETWEEN ", written(first), " AND ", written(interval.last)));
    }
  }
  if (codes.size() == 1) parts.push_back(absl::StrCat(name, " = ", codes[0]));
  if (codes.size() > 1) parts.push_back(absl::StrCat(name, " IN (", absl::StrJoin(codes, ", "), ")"));
  if (parts.empty()) return absl::StrCat("(", name, " IS NULL AND ", name, " IS NOT NULL)");
  return parts.size() == 1 ? parts[0] : absl::StrCat("(", absl::StrJoin(parts, " OR "), ")");
}

// A text that orders predicates the same way everywhere.
std::string SortKey(const Predicate& p) {
  std::string key =
      absl::StrCat(static_cast<int>(p.kind), ":", p.column.table, ".", p.column.column, ":", p.mask);
  for (const Interval& interval : p.values) absl::StrAppend(&key, ";", interval.first, "-", interval.last);
  for (const Predicate& child : p.children) absl::StrAppend(&key, "(", SortKey(child), ")");
  return key;
}

}  // namespace

ValueSet Union(const ValueSet& a, const ValueSet& b) {
  ValueSet all = a;
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end(), [](const Interval& x, const Interval& y) { return x.first < y.first; });
  ValueSet out;
  for (const Interval& interval : all) {
    if (!out.empty() && static_cast<uint64_t>(out.back().last) + 1 >= interval.first) {
      out.back().last = std::max(out.back().last, interval.last);
    } else {
      out.push_back(interval);
    }
  }
  return out;
}

ValueSet Intersection(const ValueSet& a, const ValueSet& b) {
  ValueSet out;
  for (const Interval& x : a) {
    for (const Interval& y : b) {
      const Interval both{std::max(x.first, y.first), std::min(x.last, y.last)};
      if (both.first <= both.last) out.push_back(both);
    }
  }
  return Union(out, {});
}

ValueSet Complement(const ValueSet& a, StoredValue last) {
  ValueSet out;
  uint64_t next = 0;
  for (const Interval& interval : a) {
    if (interval.first > next) out.push_back({static_cast<StoredValue>(next), interval.first - 1});
    next = static_cast<uint64_t>(interval.last) + 1;
  }
  if (next <= last) out.push_back({static_cast<StoredValue>(next), last});
  return out;
}

StoredValue LastStored(const Codebook& codebook, const ColumnRef& ref) {
  const Column& column = ColumnOf(codebook, ref);
  if (column.type == ColumnType::kCodes) return (1u << codebook.list_of(column)->codes.size()) - 1;
  return column.size(codebook.list_of(column));
}

namespace {

// A leaf: every code at once is "stated" or "not stated"; every value is nothing said.
Predicate CanonicalLeaf(Predicate p, const Codebook& codebook) {
  const StoredValue last = LastStored(codebook, p.column);
  if (p.kind != Predicate::Kind::kIn && p.mask == last) {
    p.values = p.kind == Predicate::Kind::kHasAny ? ValueSet{{1, last}} : ValueSet{};
    p.kind = Predicate::Kind::kIn;
    p.mask = 0;
  }
  if (IsNever(p)) p.column = {};  // whatever it was that contradicted itself
  if (p.kind == Predicate::Kind::kIn && p.values.size() == 1 && p.values[0].first == kNull &&
      p.values[0].last == last) {
    return {};
  }
  return p;
}

// Joins `child` into `part` where both speak of one column and one leaf says as much.
bool Merge(bool conjunction, const Predicate& child, Predicate& part) {
  if (part.kind != child.kind || !(part.column == child.column)) return false;
  switch (child.kind) {
    case Predicate::Kind::kIn:
      part.values = conjunction ? Intersection(part.values, child.values) : Union(part.values, child.values);
      return true;
    case Predicate::Kind::kHasAny:
      if (conjunction) return false;
      part.mask |= child.mask;
      return true;
    case Predicate::Kind::kHasNone:
      if (!conjunction) return false;
      part.mask |= child.mask;
      return true;
    default:
      return false;
  }
}

bool IsJoint(const Predicate& p) { return p.kind == Predicate::Kind::kAnd || p.kind == Predicate::Kind::kOr; }

}  // namespace

bool IsNever(const Predicate& p) { return p.kind == Predicate::Kind::kIn && p.values.empty(); }

Predicate Canonical(Predicate p, const Codebook& codebook) {
  if (p.kind == Predicate::Kind::kTrue) return p;
  if (!IsJoint(p)) return CanonicalLeaf(std::move(p), codebook);
  const bool conjunction = p.kind == Predicate::Kind::kAnd;
  std::vector<Predicate> parts;
  const auto add = [&](Predicate child) {
    for (Predicate& part : parts) {
      if (Merge(conjunction, child, part)) return;
    }
    parts.push_back(std::move(child));
  };
  for (Predicate& child : p.children) {
    Predicate canonical = Canonical(std::move(child), codebook);
    if (canonical.kind == p.kind) {
      for (Predicate& grandchild : canonical.children) add(std::move(grandchild));
    } else {
      add(std::move(canonical));
    }
  }
  std::vector<Predicate> kept, never;
  for (Predicate& part : parts) {
    if (!IsJoint(part) && part.kind != Predicate::Kind::kTrue)
      part = CanonicalLeaf(std::move(part), codebook);  // what was merged may be all, or nothing
    if (part.kind == Predicate::Kind::kTrue) {
      if (conjunction) continue;
      return {};
    }
    (IsNever(part) ? never : kept).push_back(std::move(part));
  }
  // x AND never is never; x OR never is x.
  if (!never.empty() && (conjunction || kept.empty())) kept = {std::move(never[0])};
  if (kept.empty()) return {};  // AND of nothing
  std::sort(kept.begin(), kept.end(),
            [](const Predicate& a, const Predicate& b) { return SortKey(a) < SortKey(b); });
  kept.erase(std::unique(kept.begin(), kept.end(),
                         [](const Predicate& a, const Predicate& b) { return SortKey(a) == SortKey(b); }),
             kept.end());
  if (kept.size() == 1) return std::move(kept[0]);
  p.children = std::move(kept);
  return p;
}

std::string ColumnName(const Codebook& codebook, const ColumnRef& ref, uint32_t table) {
  const std::string name = SqlName(ColumnOf(codebook, ref).name);
  return ref.table == table ? name : absl::StrCat(SqlName(codebook.tables[ref.table].name), ".", name);
}

std::string ToSql(const Predicate& p, const Codebook& codebook, uint32_t table) {
  switch (p.kind) {
    case Predicate::Kind::kTrue:
      return "";
    case Predicate::Kind::kAnd:
    case Predicate::Kind::kOr:
      return absl::StrCat("(",
                          absl::StrJoin(p.children, p.kind == Predicate::Kind::kAnd ? " AND " : " OR ",
                                        [&](std::string* out, const Predicate& child) {
                                          *out += ToSql(child, codebook, table);
                                        }),
                          ")");
    case Predicate::Kind::kIn:
      return SetToSql(ColumnName(codebook, p.column, table), ColumnOf(codebook, p.column),
                      LastStored(codebook, p.column), p.values, codebook);
    default: {
      std::vector<std::string> codes;
      const CodeList& list = *codebook.list_of(ColumnOf(codebook, p.column));
      for (uint32_t bit = 0; bit < list.codes.size(); ++bit) {
        if (p.mask >> bit & 1) codes.push_back(Quoted(list.codes[bit].code));
      }
      return absl::StrCat(ColumnName(codebook, p.column, table),
                          p.kind == Predicate::Kind::kHasAny ? "" : " NOT", " IN (",
                          absl::StrJoin(codes, ", "), ")");
    }
  }
}

absl::StatusOr<Predicate> BindCondition(const v1::Condition& condition, const Codebook& codebook,
                                        const Resolve& resolve) {
  ASSIGN_OR_RETURN(Predicate bound, Binder(codebook, resolve).Bind(condition, false, 0));
  return Canonical(std::move(bound), codebook);
}

}  // namespace penc
