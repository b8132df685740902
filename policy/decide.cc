#include "policy/decide.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/utf8.h"

namespace penc {
namespace {

std::string NameOf(const Codebook& codebook, const ColumnRef& ref) {
  return absl::StrCat(codebook.tables[ref.table].name, ".",
                      codebook.tables[ref.table].columns[ref.column].name);
}

ColumnRule RuleOf(const Policy& policy, const std::string& name) {
  const auto rule = policy.columns.find(name);
  return rule == policy.columns.end() ? ColumnRule{} : rule->second;
}

// Every comparison that a question makes: of its rows, and of the groups of a measure.
void ForEachLeaf(const Question& question, const std::function<void(const Predicate&)>& visit) {
  const std::function<void(const Predicate&)> walk = [&](const Predicate& p) {
    if (p.kind == Predicate::Kind::kIn || p.kind == Predicate::Kind::kHasAny ||
        p.kind == Predicate::Kind::kHasNone)
      visit(p);
    for (const Predicate& child : p.children) walk(child);
  };
  walk(question.where);
  for (const Measure& measure : question.measures) {
    for (const Predicate& group : measure.groups) walk(group);
  }
}

// Every column that a question reads: keys, conditions, amounts.
void ForEachColumn(const Question& question, const std::function<void(const ColumnRef&)>& visit) {
  for (const Grain& grain : question.by) {
    if (!grain.of_cohorts()) visit(grain.column);
  }
  for (const Measure& measure : question.measures) {
    if (measure.column.has_value()) visit(*measure.column);
  }
  ForEachLeaf(question, [&](const Predicate& p) { visit(p.column); });
}

// Whether every boundary of the intervals falls on a boundary of the allowed period.
bool OnBoundaries(const Column& column, const std::vector<Interval>& values, GrainLevel finest) {
  const auto coarse = static_cast<ColumnType>(static_cast<int>(ColumnType::kDay) + static_cast<int>(finest) -
                                              static_cast<int>(GrainLevel::kDay));
  if (coarse <= column.type) return true;
  const auto period = [&](StoredValue v) {
    return Coarsen(column.type, column.lo + static_cast<int64_t>(v) - 1, coarse);
  };
  const StoredValue last = column.size(nullptr);
  for (const Interval& interval : values) {
    const StoredValue first = std::max<StoredValue>(interval.first, 1);
    if (interval.last < first) continue;  // only NULL
    if (first > 1 && period(first) == period(first - 1)) return false;
    if (interval.last < last && period(interval.last) == period(interval.last + 1)) return false;
  }
  return true;
}

bool TooFine(const Question& question, const Codebook& codebook, const Policy& policy, std::string& about) {
  bool fine = false;
  const auto check = [&](const ColumnRef& ref, const std::function<bool(const Column&, GrainLevel)>& within) {
    const Column& column = codebook.tables[ref.table].columns[ref.column];
    const auto finest = RuleOf(policy, NameOf(codebook, ref)).finest;
    if (!fine && column.is_date() && finest.has_value() && !within(column, *finest)) {
      fine = true;
      about = NameOf(codebook, ref);
    }
  };
  for (const Grain& grain : question.by) {
    // The cohorts that a question names say what it charges: every question may.
    if (grain.of_cohorts()) continue;
    check(grain.column, [&](const Column& column, GrainLevel finest) {
      const GrainLevel level =
          grain.level == GrainLevel::kValue
              ? static_cast<GrainLevel>(static_cast<int>(GrainLevel::kDay) + static_cast<int>(column.type) -
                                        static_cast<int>(ColumnType::kDay))
              : grain.level;
      return level >= finest;
    });
  }
  ForEachLeaf(question, [&](const Predicate& p) {
    if (p.kind != Predicate::Kind::kIn) return;
    check(p.column,
          [&](const Column& column, GrainLevel finest) { return OnBoundaries(column, p.values, finest); });
  });
  return fine;
}

// Buckets that only say together how many people there are count as one cell.
uint64_t CellsOf(const Plan& plan) {
  uint64_t cells = 0;
  for (const Block& block : plan.blocks)
    cells += block.counting.mark ? block.cells / block.counting.fan : block.cells;
  return cells;
}

}  // namespace

Decision Decide(const Plan& plan, const Codebook& codebook, absl::string_view purpose, const Policy& policy,
                const Grant* grant, Standing standing, Reach reach, const Verdict* verdict, absl::Time now) {
  if (standing == Standing::kStopped) return {v1::REFUSAL_STOPPED, ""};
  if (now >= policy.valid_until) return {v1::REFUSAL_POLICY_EXPIRED, policy.name};
  if (grant == nullptr) return {v1::REFUSAL_NOT_GRANTED, ""};
  // Every table that a question reads must be granted, also where a person's column is only looked up.
  for (const PlannedQuestion& planned : plan.questions) {
    std::vector<uint32_t> tables = {planned.question.table};
    ForEachColumn(planned.question, [&](const ColumnRef& ref) { tables.push_back(ref.table); });
    for (const Measure& measure : planned.question.measures) {
      if (measure.kind == MeasureKind::kDistinct || measure.kind == MeasureKind::kShared)
        tables.push_back(codebook.linkage->column.table);
    }
    for (uint32_t table : tables) {
      const std::string& name = codebook.tables[table].name;
      if (std::find(grant->tables.begin(), grant->tables.end(), name) == grant->tables.end())
        return {v1::REFUSAL_NOT_GRANTED, name};
    }
  }
  if (now >= grant->until) return {v1::REFUSAL_GRANT_EXPIRED, grant->name};
  if (std::find(grant->purposes.begin(), grant->purposes.end(), purpose) == grant->purposes.end()) {
    return {v1::REFUSAL_PURPOSE_NOT_GRANTED, std::string(BeginningOf(purpose, 100))};
  }
  if ((reach == Reach::kLocal ? policy.local : policy.regional) != Openness::kGranted)
    return {v1::REFUSAL_LOCAL_NOT_OPEN, ""};
  std::string denied;
  for (const PlannedQuestion& planned : plan.questions) {
    ForEachColumn(planned.question, [&](const ColumnRef& ref) {
      const std::string name = NameOf(codebook, ref);
      if (RuleOf(policy, name).rule == Rule::kDeny && denied.empty()) denied = name;
    });
  }
  if (!denied.empty()) return {v1::REFUSAL_COLUMN_DENIED, denied};
  std::string about;
  for (const PlannedQuestion& planned : plan.questions) {
    if (TooFine(planned.question, codebook, policy, about)) return {v1::REFUSAL_TOO_FINE, about};
  }
  for (const PlannedQuestion& planned : plan.questions) {
    if (planned.question.by.size() > policy.max_group_by) {
      return {v1::REFUSAL_TOO_MANY_DIMENSIONS,
              absl::StrCat(planned.question.by.size(), " > ", policy.max_group_by)};
    }
  }
  const uint64_t cells = CellsOf(plan);
  if (cells > policy.max_cells)
    return {v1::REFUSAL_TOO_MANY_CELLS, absl::StrCat(cells, " > ", policy.max_cells)};
  if (!plan.selections.empty() && reach == Reach::kRegional) return {v1::REFUSAL_KEYS_ONLY_LOCALLY, ""};
  if (!plan.selections.empty() && policy.promise.keys_delta == 0) return {v1::REFUSAL_KEYS_NOT_OPEN, ""};
  const std::vector<AskedColumn> asked = AskedColumns(plan, codebook, policy);
  const bool decided = !asked.empty() && verdict != nullptr && verdict->plan_id == plan.id &&
                       verdict->asker == grant->key && verdict->purpose == purpose &&
                       verdict->policy_hash == policy.hash;
  if (decided && !verdict->approved) return {v1::REFUSAL_DECLINED_BY_PERSON, verdict->because};
  if (standing == Standing::kRestored) return {v1::REFUSAL_RESTORED, ""};
  if (!asked.empty() && !decided) {
    return {v1::REFUSAL_NEEDS_APPROVAL,
            absl::StrJoin(asked, ", ", [](std::string* out, const AskedColumn& one) { *out += one.name; })};
  }
  return {};
}

std::vector<AskedColumn> AskedColumns(const Plan& plan, const Codebook& codebook, const Policy& policy) {
  std::vector<AskedColumn> asked;
  for (uint32_t q = 0; q < plan.questions.size(); ++q) {
    ForEachColumn(plan.questions[q].question, [&](const ColumnRef& ref) {
      const std::string name = NameOf(codebook, ref);
      if (RuleOf(policy, name).rule != Rule::kAsk) return;
      auto known =
          std::find_if(asked.begin(), asked.end(), [&](const AskedColumn& one) { return one.column == ref; });
      if (known == asked.end()) known = asked.insert(asked.end(), AskedColumn{name, ref, {}});
      if (known->questions.empty() || known->questions.back() != q) known->questions.push_back(q);
    });
  }
  return asked;
}

}  // namespace penc
