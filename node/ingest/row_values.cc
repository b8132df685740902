#include "ingest/row_values.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace penc {
namespace {

// Options that are blank were not answered; where some are, those that say yes hold.
RowProblem ReadOptions(const FileRow& row, const Mapping& mapping, uint32_t most,
                       const FileColumns::Target& target, StoredValue* value) {
  StoredValue mask = 0;
  for (const FileColumns::Target::Option& option : target.options) {
    const CellKind kind = row.kind(static_cast<size_t>(option.at));
    const absl::string_view cell = Stated(row, option.at, mapping);
    if (kind == CellKind::kUncomputed) return {CellProblem::kUncomputed, option.at};
    if (cell.empty()) continue;
    if (kind == CellKind::kError) return {CellProblem::kFormulaError, option.at};
    const absl::optional<bool> chosen = Chosen(cell);
    if (!chosen.has_value()) return {CellProblem::kNotAnOption, option.at};
    if (*chosen) mask |= option.bit;
  }
  if (static_cast<uint32_t>(__builtin_popcount(mask)) > most)
    return {CellProblem::kTooManyCodes, target.options[0].at};
  *value = mask;
  return {};
}

// What a spreadsheet writes for a formula that failed, in a CSV or in a cell that became text: it is nobody's
// reference.
bool IsFormulaError(absl::string_view cell) {
  cell = absl::StripAsciiWhitespace(cell);
  if (cell.empty() || cell[0] != '#') return false;
  for (const absl::string_view error :
       {"#N/A", "#REF!", "#VALUE!", "#VALEUR!", "#DIV/0!", "#NUM!", "#NOMBRE!", "#NAME?", "#NOM?", "#NULL!",
        "#NUL!", "#SPILL!", "#CALC!"}) {
    if (absl::EqualsIgnoreCase(cell, error)) return true;
  }
  return false;
}

bool HasNoValue(const FileRow& row, int at) {
  const CellKind kind = row.kind(static_cast<size_t>(at));
  return kind == CellKind::kError || kind == CellKind::kUncomputed ||
         IsFormulaError(row.cells[static_cast<size_t>(at)]);
}

}  // namespace

absl::string_view Stated(const FileRow& row, int at, const Mapping& mapping) {
  const absl::string_view cell = absl::StripAsciiWhitespace(row.cells[static_cast<size_t>(at)]);
  const auto& nothing = mapping.nothing;
  return std::find(nothing.begin(), nothing.end(), cell) != nothing.end() ? "" : cell;
}

bool NetworkFields(const FileRow& row, const FileColumns& columns, const Mapping& mapping,
                   std::vector<absl::string_view>* fields) {
  fields->clear();
  for (const int at : columns.network_person) {
    if (HasNoValue(row, at)) return false;
    fields->push_back(Stated(row, at, mapping));
  }
  return !fields->empty();
}

RowProblem ReadValues(const FileRow& row, const Mapping& mapping, const Table& table, FileColumns& columns,
                      std::vector<StoredValue>* values) {
  values->assign(table.columns.size(), kNull);
  for (FileColumns::Target& target : columns.targets) {
    StoredValue* value = &(*values)[target.column];
    RowProblem found;
    if (!target.options.empty()) {
      found = ReadOptions(row, mapping, table.columns[target.column].max_codes, target, value);
    } else {
      found = {target.parser.Parse(Stated(row, target.at, mapping), value,
                                   row.kind(static_cast<size_t>(target.at))),
               target.at};
    }
    if (found.problem != CellProblem::kNone) return found;
  }
  return {};
}

RowProblem UnusableReference(const FileRow& row, const FileColumns& columns) {
  for (const std::vector<int>* places : {&columns.person, &columns.row}) {
    for (const int at : *places) {
      const CellKind kind = row.kind(static_cast<size_t>(at));
      if (kind == CellKind::kError || IsFormulaError(row.cells[static_cast<size_t>(at)]))
        return {CellProblem::kFormulaError, at};
      if (kind == CellKind::kUncomputed) return {CellProblem::kUncomputed, at};
    }
  }
  return {};
}

}  // namespace penc
