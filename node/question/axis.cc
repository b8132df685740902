#include "question/axis.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "question/predicate.h"
#include "question/rollup.h"

namespace penc {
namespace {

const Column& ColumnOf(const Codebook& codebook, const ColumnRef& ref) {
  return codebook.tables[ref.table].columns[ref.column];
}

const Category& NotStated() {
  static const auto* const category = new Category{"", {"non renseigné", "not stated"}, true};
  return *category;
}

bool Has(const std::vector<Interval>& values, StoredValue v) {
  return std::any_of(values.begin(), values.end(),
                     [v](const Interval& i) { return i.first <= v && v <= i.last; });
}

absl::Status TooMany(absl::string_view name, uint64_t limit) {
  return Fail(
      absl::StatusCode::kInvalidArgument,
      {absl::StrCat("GROUP BY ", name, ": plus de ", limit, " catégories; ajoutez une période dans WHERE (",
                    name, " BETWEEN … AND …) ou regroupez: month, quarter, year, fold"),
       absl::StrCat("GROUP BY ", name, ": more than ", limit, " categories; add a range in WHERE (", name,
                    " BETWEEN … AND …) or make it coarser: month, quarter, year, fold")});
}

ColumnType TypeOf(GrainLevel level) {
  return static_cast<ColumnType>(static_cast<int>(ColumnType::kDay) + static_cast<int>(level) -
                                 static_cast<int>(GrainLevel::kDay));
}

// Codes of a list: as they are, folded, or by their parent.
void FillCodes(const Codebook& codebook, const Column& column, GrainLevel level,
               const std::vector<Interval>& allowed, Axis& axis) {
  const CodeList& list = *codebook.list_of(column);
  const CodeList* parents = nullptr;
  for (const CodeList& other : codebook.code_lists) {
    if (other.name == list.parent_list) parents = &other;
  }
  PENC_CHECK(level != GrainLevel::kParent || parents != nullptr);
  std::map<uint32_t, uint32_t> category_at;  // group or parent index -> category
  const auto group_of = [&](uint32_t code) -> uint32_t {
    if (level == GrainLevel::kFold) return list.fold->group_of[code];
    if (level == GrainLevel::kParent) return parents->Find(list.codes[code].parent).value();
    return code;
  };
  const std::vector<Code>& groups = level == GrainLevel::kFold     ? list.fold->groups
                                    : level == GrainLevel::kParent ? parents->codes
                                                                   : list.codes;
  std::vector<bool> used(groups.size(), false);
  for (uint32_t code = 0; code < list.codes.size(); ++code) {
    if (Has(allowed, code + 1)) used[group_of(code)] = true;
  }
  for (uint32_t group = 0; group < groups.size(); ++group) {
    if (!used[group]) continue;
    category_at[group] = axis.categories.size();
    axis.categories.push_back({groups[group].code, groups[group].label, false});
  }
  axis.category_of.assign(list.codes.size() + 1, kNoCategory);
  for (uint32_t code = 0; code < list.codes.size(); ++code) {
    if (Has(allowed, code + 1)) axis.category_of[code + 1] = category_at[group_of(code)];
  }
}

void FillMask(const Codebook& codebook, const Column& column, GrainLevel level,
              const std::vector<Interval>& allowed, Axis& axis) {
  const CodeList& list = *codebook.list_of(column);
  axis.by_mask = level == GrainLevel::kValue;
  if (level == GrainLevel::kMain) axis.mask_order = list.main_order;
  axis.category_of.assign(kMaxMaskCodes + 1, kNoCategory);
  for (uint32_t bit = 0; bit < list.codes.size(); ++bit) {
    axis.category_of[bit] = axis.categories.size();
    axis.categories.push_back({list.codes[bit].code, list.codes[bit].label, false});
  }
  if (Has(allowed, kNull)) {
    axis.category_of[kMaxMaskCodes] = axis.categories.size();
    axis.categories.push_back(NotStated());
  }
}

absl::Status FillOrdered(const Codebook& codebook, const Column& column, GrainLevel level,
                         const std::vector<Interval>& allowed, uint64_t limit, Axis& axis) {
  axis.category_of.assign(static_cast<size_t>(column.hi - column.lo) + 2, kNoCategory);
  const ColumnType coarse = column.is_date() ? TypeOf(level) : column.type;
  int64_t current = 0;
  bool any = false;
  for (const Interval& interval : allowed) {
    for (StoredValue v = std::max<StoredValue>(interval.first, 1); v <= interval.last; ++v) {
      const int64_t native = column.lo + static_cast<int64_t>(v) - 1;
      const int64_t period = column.is_date() ? Coarsen(column.type, native, coarse) : native;
      if (!any || period != current) {
        if (axis.categories.size() >= limit) return TooMany(axis.name, limit);
        const std::string text =
            column.is_date() ? FormatPeriod(coarse, period) : WrittenOf(codebook, column, v);
        axis.categories.push_back({text, {text, text}, false});
        current = period;
        any = true;
      }
      axis.category_of[v] = static_cast<uint32_t>(axis.categories.size() - 1);
    }
  }
  return absl::OkStatus();
}

void FillBands(const Codebook& codebook, const Column& column, const std::vector<Interval>& allowed,
               Axis& axis) {
  axis.category_of.assign(static_cast<size_t>(column.hi - column.lo) + 2, kNoCategory);
  for (size_t b = 0; b < column.bands.size(); ++b) {
    const int64_t end = b + 1 < column.bands.size() ? column.bands[b + 1] : column.hi + 1;
    const Interval band{static_cast<StoredValue>(column.bands[b] - column.lo + 1),
                        static_cast<StoredValue>(end - column.lo)};
    const std::vector<Interval> within = Intersection(allowed, {band});
    if (within.empty()) continue;
    for (const Interval& interval : within) {
      for (StoredValue v = interval.first; v <= interval.last; ++v)
        axis.category_of[v] = static_cast<uint32_t>(axis.categories.size());
    }
    const std::string first = WrittenOf(codebook, column, band.first),
                      last = WrittenOf(codebook, column, band.last);
    const std::string text = band.first == band.last ? first : absl::StrCat(first, "–", last);
    axis.categories.push_back({text, {text, text}, false});
  }
}

// Cohorts are a key where the question says which: there is no end to editions.
absl::StatusOr<Axis> MakeCohortAxis(const Grain& grain, const Cohorts& cohorts, Closing closing,
                                    uint64_t limit) {
  if (!cohorts.from.has_value() || !cohorts.to.has_value()) {
    return Fail(
        absl::StatusCode::kInvalidArgument,
        {"GROUP BY entered: dites de quelle cohorte à quelle cohorte; ajoutez dans WHERE: entered "
         "BETWEEN 'première' AND 'dernière'",
         "GROUP BY entered: say from which cohort to which; add to WHERE: entered BETWEEN 'first' AND "
         "'last'"});
  }
  Axis axis;
  axis.grain = grain;
  axis.name = "entered";
  const auto unit = static_cast<ColumnType>(static_cast<int>(ColumnType::kMonth) + static_cast<int>(closing));
  const ColumnType shown = grain.level == GrainLevel::kEntered          ? unit
                           : grain.level == GrainLevel::kEnteredQuarter ? ColumnType::kQuarter
                                                                        : ColumnType::kYear;
  int64_t current = 0;
  for (Edition edition = *cohorts.from; edition <= *cohorts.to; ++edition) {
    const int64_t period = Coarsen(unit, edition, shown);
    if (axis.categories.empty() || period != current) {
      if (axis.categories.size() >= limit) return TooMany(axis.name, limit);
      const std::string text = FormatPeriod(shown, period);
      axis.categories.push_back({text, {text, text}, false});
      current = period;
    }
    axis.category_of.push_back(static_cast<uint32_t>(axis.categories.size() - 1));
  }
  return axis;
}

}  // namespace

std::vector<Interval> AllowedValues(const Predicate& where, const ColumnRef& column,
                                    const Codebook& codebook) {
  std::vector<Interval> allowed = {{kNull, LastStored(codebook, column)}};
  const auto narrow = [&](const Predicate& p) {
    if (!(p.column == column)) return;
    if (p.kind == Predicate::Kind::kIn) allowed = Intersection(allowed, p.values);
    // A row that has any, or has none but something, of the codes has something.
    if (p.kind == Predicate::Kind::kHasAny || p.kind == Predicate::Kind::kHasNone) {
      allowed = Intersection(allowed, {{1, LastStored(codebook, column)}});
    }
  };
  if (where.kind == Predicate::Kind::kAnd) {
    for (const Predicate& child : where.children) narrow(child);
  } else if (where.kind != Predicate::Kind::kOr && where.kind != Predicate::Kind::kTrue) {
    narrow(where);
  }
  return allowed;
}

absl::StatusOr<Axis> MakeAxis(const Grain& grain, const Question& question, const Codebook& codebook,
                              uint64_t limit) {
  if (grain.of_cohorts()) return MakeCohortAxis(grain, question.cohorts, codebook.closing, limit);
  const Column& column = ColumnOf(codebook, grain.column);
  Axis axis;
  axis.grain = grain;
  axis.name = column.name;
  const std::vector<Interval> allowed = AllowedValues(question.where, grain.column, codebook);
  if (column.type == ColumnType::kText) {
    axis.open = column.max_codes;
    axis.category_of = {0};
    axis.categories.push_back(NotStated());
    return axis;
  }
  if (column.type == ColumnType::kCodes) {
    FillMask(codebook, column, grain.level, allowed, axis);
    return axis;
  }
  if (column.type == ColumnType::kCode) {
    FillCodes(codebook, column, grain.level, allowed, axis);
  } else if (grain.level == GrainLevel::kBand) {
    FillBands(codebook, column, allowed, axis);
  } else {
    uint64_t values = 0;
    for (const Interval& interval : allowed)
      values += static_cast<uint64_t>(interval.last) - interval.first + 1;
    // Laying out what a range holds costs memory too: bounded before it is done.
    if (!column.is_date() && values > limit) return TooMany(column.name, limit);
    if (column.hi - column.lo > (1 << 22)) return TooMany(column.name, limit);
    RETURN_IF_ERROR(FillOrdered(codebook, column, grain.level, allowed, limit, axis));
  }
  if (Has(allowed, kNull)) {
    axis.category_of[kNull] = axis.categories.size();
    axis.categories.push_back(NotStated());
  }
  if (axis.categories.empty()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("GROUP BY ", column.name, ": WHERE ne laisse aucune valeur"),
                 absl::StrCat("GROUP BY ", column.name, ": WHERE leaves no value")});
  }
  return axis;
}

absl::Status TooManyCells(uint64_t limit) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("le tableau demandé aurait plus de ", limit,
                            " cases; regroupez (fold, quarter, country) ou réduisez la période"),
               absl::StrCat("the table asked for would have more than ", limit,
                            " cells; fold (fold, quarter, country) or shorten the period")});
}

absl::StatusOr<Domain> MakeDomain(const Question& question, const Codebook& codebook, uint64_t limit) {
  RETURN_IF_ERROR(CheckRollup(question, codebook));
  Domain domain;
  std::vector<Axis> keys;
  for (size_t k = 0; k < question.by.size(); ++k) {
    ASSIGN_OR_RETURN(Axis axis, MakeAxis(question.by[k], question, codebook, limit));
    if (question.rolled > 0) keys.push_back(axis);
    if (IsDivided(question, k)) continue;
    // Both factors are at most 2^20 here: no overflow.
    domain.cells *= axis.categories.size() + axis.open;
    if (domain.cells > limit) return TooManyCells(limit);
    domain.axes.push_back(std::move(axis));
  }
  if (question.rolled > 0) domain.rollup = MakeRollup(question, codebook, domain, std::move(keys));
  return domain;
}

uint32_t CategoriesPerPerson(const Axis& axis, const Codebook& codebook) {
  if (axis.grain.of_cohorts()) return 1;
  const ColumnRef& ref = axis.grain.column;
  const Column& column = ColumnOf(codebook, ref);
  const bool constant = column.constant || codebook.tables[ref.table].unit == Unit::kPerson;
  if (!constant) return 0;
  return axis.by_mask ? std::max<uint32_t>(1, column.max_codes) : 1;
}

}  // namespace penc
