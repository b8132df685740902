#include "question/rollup.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "question/bind.h"
#include "question/measures/measure.h"

namespace penc {
namespace {

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

const Column& ColumnOf(const Codebook& codebook, const ColumnRef& ref) {
  return codebook.tables[ref.table].columns[ref.column];
}

// Dates at their own unit have one level, however it was written.
GrainLevel LevelOf(const Grain& grain, const Codebook& codebook) {
  if (grain.of_cohorts()) return grain.level;
  const Column& column = ColumnOf(codebook, grain.column);
  if (grain.level != GrainLevel::kValue || !column.is_date()) return grain.level;
  return static_cast<GrainLevel>(static_cast<int>(GrainLevel::kDay) + static_cast<int>(column.type) -
                                 static_cast<int>(ColumnType::kDay));
}

// Whether every category of `fine` lies in one of `coarse`, of the same column.
bool IsWithin(GrainLevel fine, GrainLevel coarse) {
  switch (coarse) {
    case GrainLevel::kFold:
    case GrainLevel::kParent:
    case GrainLevel::kBand:
      return fine == GrainLevel::kValue;
    case GrainLevel::kWeek:
      return fine == GrainLevel::kDay;
    case GrainLevel::kMonth:
    case GrainLevel::kQuarter:
    case GrainLevel::kYear:
      return fine >= GrainLevel::kDay && fine < coarse && fine != GrainLevel::kWeek;
    case GrainLevel::kEnteredQuarter:
    case GrainLevel::kEnteredYear:
      return fine >= GrainLevel::kEntered && fine < coarse;
    default:
      return false;
  }
}

absl::Status CheckNesting(const Question& q, size_t coarse, size_t fine, const Codebook& codebook) {
  const GrainLevel above = LevelOf(q.by[coarse], codebook), below = LevelOf(q.by[fine], codebook);
  if (IsWithin(below, above)) return absl::OkStatus();
  const std::string first = KeyText(q.by[coarse], q, codebook), second = KeyText(q.by[fine], q, codebook);
  if (above == below) {
    return Bad({absl::StrCat("ROLLUP: ", first, " y est deux fois; gardez-le une fois"),
                absl::StrCat("ROLLUP: ", first, " stands there twice; keep it once")});
  }
  if (IsWithin(above, below)) {
    return Bad(
        {absl::StrCat("ROLLUP: ", first, " vient avant ", second,
                      ", qui le contient; écrivez le plus grand d'abord: ROLLUP(", second, ", ", first, ")"),
         absl::StrCat("ROLLUP: ", first, " comes before ", second,
                      ", which holds it; write the coarser first: ROLLUP(", second, ", ", first, ")")});
  }
  return Bad({absl::StrCat("ROLLUP: une case de ", second, " peut être à cheval sur deux de ", first,
                           "; ôtez l'un des deux, ou posez deux questions (un bulletin)"),
              absl::StrCat("ROLLUP: a cell of ", second, " may lie in two of ", first,
                           "; drop one of them, or ask two questions (a bulletin)")});
}

// A row, or a person's rows, would fall in several cells of one level.
absl::Status CheckOneCategory(const Question& q, const Codebook& codebook) {
  for (const Grain& grain : q.by) {
    if (grain.of_cohorts()) continue;
    const Column& column = ColumnOf(codebook, grain.column);
    if (column.type == ColumnType::kText) {
      return Bad({absl::StrCat("ROLLUP: ", column.name,
                               " est une liste ouverte: ce que son choix écarte manquerait aux totaux; posez "
                               "une question par niveau (un bulletin)"),
                  absl::StrCat("ROLLUP: ", column.name,
                               " is an open list: what is not chosen would be missing from totals; ask each "
                               "level as a question of its own (a bulletin)")});
    }
    if (column.type != ColumnType::kCodes || grain.level == GrainLevel::kMain) continue;
    const std::string key = KeyText(grain, q, codebook);
    const bool main = !codebook.list_of(column)->main_order.empty();
    return Bad({absl::StrCat("ROLLUP: une ligne peut avoir plusieurs codes de ", key,
                             " et compterait plusieurs fois dans le total; ",
                             main ? absl::StrCat("écrivez main_of(", key, "), ou ") : "",
                             "posez une question par niveau (un bulletin)"),
                absl::StrCat("ROLLUP: a row may have several codes of ", key,
                             " and would count several times in the total; ",
                             main ? absl::StrCat("write main_of(", key, "), or ") : "",
                             "ask each level as a question of its own (a bulletin)")});
  }
  return absl::OkStatus();
}

absl::Status CheckMeasure(const Question& q, const Measure& measure, const Codebook& codebook) {
  if (!DefinitionOf(measure.kind).additive()) {
    return Bad({absl::StrCat("ROLLUP: «", measure.name,
                             "» ne s'additionne pas; demandez count(*), sum(x) ou count(DISTINCT person), ou "
                             "posez une question par niveau (un bulletin)"),
                absl::StrCat("ROLLUP: \"", measure.name,
                             "\" does not add up; ask for count(*), sum(x) or count(DISTINCT person), or ask "
                             "each level as a question of its own (a bulletin)")});
  }
  if (measure.kind != MeasureKind::kPersons) return absl::OkStatus();
  for (const Grain& grain : q.by) {
    if (grain.of_cohorts()) continue;
    const bool one_person_a_row = codebook.tables[grain.column.table].unit == Unit::kPerson;
    if (one_person_a_row || ColumnOf(codebook, grain.column).constant) continue;
    const std::string key = KeyText(grain, q, codebook);
    return Bad(
        {absl::StrCat("ROLLUP: une personne peut être dans plusieurs cases de ", key,
                      ", les personnes ne s'additionnent donc pas; comptez des lignes, count(*), regroupez "
                      "selon la personne, ou posez une question par niveau (un bulletin)"),
         absl::StrCat("ROLLUP: one person may be in several cells of ", key,
                      ", so persons do not add up; count rows, count(*), group by what a person has one of, "
                      "or ask each level as a question of its own (a bulletin)")});
  }
  return absl::OkStatus();
}

uint64_t Power(uint64_t base, int exponent) {
  uint64_t out = 1;
  for (int i = 0; i < exponent; ++i) out *= base;
  return out;
}

// The largest r with r^degree <= n. Integers, the same on every machine.
uint64_t Root(uint64_t n, int degree) {
  uint64_t low = 0, high = degree == 2 ? uint64_t{1} << 31 : uint64_t{1} << 21;
  while (low + 1 < high) {
    const uint64_t middle = low + (high - low) / 2;
    (Power(middle, degree) <= n ? low : high) = middle;
  }
  return low;
}

// Cells are at most 2^20: 2^30 is a finer unit, and its roots are whole.
uint64_t WeightOf(uint64_t cells, bool pure) { return Root(cells << 30, pure ? 3 : 2); }

// Of every cell of the domain its category on every axis.
std::vector<uint32_t> CategoriesOf(const Domain& domain, uint64_t cell) {
  std::vector<uint32_t> categories(domain.axes.size());
  for (size_t a = domain.axes.size(); a-- > 0;) {
    categories[a] = static_cast<uint32_t>(cell % domain.axes[a].categories.size());
    cell /= domain.axes[a].categories.size();
  }
  return categories;
}

}  // namespace

bool IsDivided(const Question& question, size_t key) {
  if (question.rolled == 0) return false;
  return std::any_of(question.by.begin() + static_cast<std::ptrdiff_t>(key) + 1, question.by.end(),
                     [&](const Grain& later) { return later.column == question.by[key].column; });
}

absl::Status CheckRollup(const Question& q, const Codebook& codebook) {
  if (q.rolled == 0) return absl::OkStatus();
  if (q.rolled > q.by.size())
    return Bad({"ROLLUP: plus de critères que GROUP BY n'en a", "ROLLUP: more keys than GROUP BY has"});
  for (size_t fine = 0; fine < q.by.size(); ++fine) {
    for (size_t coarse = 0; coarse < fine; ++coarse) {
      if (q.by[coarse].column == q.by[fine].column) RETURN_IF_ERROR(CheckNesting(q, coarse, fine, codebook));
    }
  }
  RETURN_IF_ERROR(CheckOneCategory(q, codebook));
  for (const Measure& measure : q.measures) RETURN_IF_ERROR(CheckMeasure(q, measure, codebook));
  return absl::OkStatus();
}

Rollup MakeRollup(const Question& q, const Codebook& codebook, const Domain& domain, std::vector<Axis> keys) {
  Rollup out;
  for (size_t k = 0; k < keys.size(); ++k) {
    RollupKey key;
    while (!(domain.axes[key.axis].grain.column == keys[k].grain.column)) ++key.axis;
    const Axis& axis = domain.axes[key.axis];
    key.category_of.resize(axis.categories.size());
    if (IsDivided(q, k)) {
      for (size_t v = 0; v < axis.category_of.size(); ++v) {
        if (axis.category_of[v] != kNoCategory) key.category_of[axis.category_of[v]] = keys[k].category_of[v];
      }
    } else {
      std::iota(key.category_of.begin(), key.category_of.end(), 0);
    }
    const bool alone = std::count_if(q.by.begin(), q.by.end(),
                                     [&](const Grain& other) { return other.column == q.by[k].column; }) == 1;
    key.name = alone ? keys[k].name : KeyText(q.by[k], q, codebook);
    key.categories = std::move(keys[k].categories);
    out.keys.push_back(std::move(key));
  }
  // The category of every key, cell by cell.
  std::vector<uint32_t> of(domain.cells * out.keys.size());
  for (uint64_t cell = 0; cell < domain.cells; ++cell) {
    const std::vector<uint32_t> categories = CategoriesOf(domain, cell);
    for (size_t k = 0; k < out.keys.size(); ++k)
      of[cell * out.keys.size() + k] = out.keys[k].category_of[categories[out.keys[k].axis]];
  }
  const auto begin_of = [&](uint32_t cell) {
    return of.begin() + static_cast<std::ptrdiff_t>(cell * out.keys.size());
  };
  const auto before = [&](uint32_t a, uint32_t b) {
    return std::lexicographical_compare(begin_of(a), begin_of(a + 1), begin_of(b), begin_of(b + 1));
  };
  out.order.resize(domain.cells);
  std::iota(out.order.begin(), out.order.end(), 0);
  if (!std::is_sorted(out.order.begin(), out.order.end(), before))
    std::sort(out.order.begin(), out.order.end(), before);
  const auto all = static_cast<uint32_t>(out.keys.size());
  out.levels.push_back({all, domain.cells, {}});
  for (uint32_t keys_left = all; keys_left > all - q.rolled;) {
    RollupLevel level;
    level.keys = --keys_left;
    level.cells = 0;
    level.cell_of.resize(domain.cells);
    for (size_t i = 0; i < out.order.size(); ++i) {
      const uint32_t cell = out.order[i];
      if (i == 0 || !std::equal(begin_of(cell), begin_of(cell) + level.keys, begin_of(out.order[i - 1])))
        ++level.cells;
      level.cell_of[cell] = static_cast<uint32_t>(level.cells - 1);
    }
    out.levels.push_back(std::move(level));
  }
  return out;
}

std::vector<RollupRow> RowsOf(const Domain& domain) {
  const Rollup& rollup = domain.rollup;
  std::vector<RollupRow> rows;
  for (uint32_t cell = 0; rollup.levels.empty() && cell < domain.cells; ++cell)
    rows.push_back({0, cell, cell, 1});
  std::vector<uint32_t> began(rollup.levels.size(), 0);  // where the open cell of each level begins
  for (uint32_t i = 0; i < rollup.order.size(); ++i) {
    const uint32_t cell = rollup.order[i];
    rows.push_back({0, cell, i, 1});
    for (uint32_t l = 1; l < rollup.levels.size(); ++l) {
      const std::vector<uint32_t>& cell_of = rollup.levels[l].cell_of;
      if (i + 1 < rollup.order.size() && cell_of[rollup.order[i + 1]] == cell_of[cell]) break;
      rows.push_back({l, cell_of[cell], began[l], i + 1 - began[l]});
      began[l] = i + 1;
    }
  }
  return rows;
}

uint64_t CellsOfAllLevels(const Rollup& rollup) {
  uint64_t cells = 0;
  for (const RollupLevel& level : rollup.levels) cells += level.cells;
  return cells;
}

std::vector<uint32_t> KeyOf(const Domain& domain, const RollupRow& row) {
  const Rollup& rollup = domain.rollup;
  if (rollup.levels.empty()) return CategoriesOf(domain, row.cell);
  const std::vector<uint32_t> categories = CategoriesOf(domain, rollup.order[row.first]);
  std::vector<uint32_t> key;
  for (uint32_t k = 0; k < rollup.keys.size(); ++k) {
    key.push_back(k < rollup.levels[row.level].keys
                      ? rollup.keys[k].category_of[categories[rollup.keys[k].axis]]
                      : static_cast<uint32_t>(rollup.keys[k].categories.size()));
  }
  return key;
}

BlockShape CoarserShape(const BlockShape& finest, const RollupLevel& level, uint32_t number) {
  PENC_CHECK(finest.counting.fan == 1 && number > 0);
  BlockShape shape = finest;
  shape.counting.level = number;
  shape.per_person.l0 = std::min(finest.per_person.l0, level.cells);
  shape.per_person.linf = finest.per_person.l1;
  return shape;
}

uint64_t PriceOfLevel(const Rollup& rollup, uint32_t level, uint64_t price, bool pure) {
  uint64_t all = 0;
  for (const RollupLevel& one : rollup.levels) all += WeightOf(one.cells, pure);
  PENC_CHECK(all > 0);  // a level has a cell
  return static_cast<uint64_t>(static_cast<unsigned __int128>(price) *
                               WeightOf(rollup.levels[level].cells, pure) / all);
}

void AddUpLevels(const Plan& plan, absl::Span<int64_t> vector) {
  for (size_t b = 0; b < plan.blocks.size(); ++b) {
    const Block& block = plan.blocks[b];
    if (block.counting.level == 0) continue;
    const Rollup& rollup = plan.questions[block.question].domain.rollup;
    const std::vector<uint32_t>& cell_of = rollup.levels[block.counting.level].cell_of;
    const int64_t* const finest = vector.data() + plan.blocks[b - block.counting.level].first;
    int64_t* const out = vector.data() + block.first;
    for (size_t cell = 0; cell < cell_of.size(); ++cell) out[cell_of[cell]] += finest[cell];
  }
}

}  // namespace penc
