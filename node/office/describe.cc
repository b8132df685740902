#include "office/describe.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "codebook/codes.h"

namespace penc {
namespace {

std::string TypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kCode:
      return "code";
    case ColumnType::kCodes:
      return "codes";
    case ColumnType::kInteger:
      return "integer";
    case ColumnType::kNumber:
      return "number";
    case ColumnType::kDay:
      return "day";
    case ColumnType::kWeek:
      return "week";
    case ColumnType::kMonth:
      return "month";
    case ColumnType::kQuarter:
      return "quarter";
    case ColumnType::kYear:
      return "year";
    case ColumnType::kText:
      return "text";
  }
  return "";
}

void SetLabel(const Text& text, v1::Label* label) {
  label->set_fr(text.fr);
  label->set_en(text.en);
}

void DescribeColumn(const Codebook& codebook, const Column& column, const ColumnRule& rule,
                    v1::DescribedColumn* out) {
  out->set_name(column.name);
  SetLabel(column.label, out->mutable_label());
  out->set_type(TypeName(column.type));
  out->set_rule(RuleName(rule.rule));
  if (rule.finest) out->set_finest(LevelName(*rule.finest));
  if (const CodeList* list = codebook.list_of(column)) {
    for (const Code& code : list->codes) {
      v1::Category* category = out->add_codes();
      category->set_code(code.code);
      SetLabel(code.label, category->mutable_label());
    }
  } else if (column.type != ColumnType::kText) {
    out->set_from(WrittenOf(codebook, column, 1));
    out->set_to(WrittenOf(codebook, column, column.size(nullptr)));
  }
}

}  // namespace

std::string LevelName(GrainLevel level) {
  switch (level) {
    case GrainLevel::kDay:
      return "day";
    case GrainLevel::kWeek:
      return "week";
    case GrainLevel::kMonth:
      return "month";
    case GrainLevel::kQuarter:
      return "quarter";
    case GrainLevel::kYear:
      return "year";
    default:
      return "";
  }
}

std::string RuleName(Rule rule) {
  switch (rule) {
    case Rule::kAllow:
      return "allow";
    case Rule::kAsk:
      return "ask";
    case Rule::kDeny:
      return "deny";
  }
  return "deny";
}

v1::DescribeResponse DescribeFor(const Codebook& codebook, const Policy& policy, const Grant& grant,
                                 const std::vector<Edition>& editions) {
  v1::DescribeResponse response;
  response.set_codebook(absl::StrCat(codebook.name, "@", codebook.version));
  for (const Table& table : codebook.tables) {
    if (std::find(grant.tables.begin(), grant.tables.end(), table.name) == grant.tables.end()) continue;
    v1::DescribedTable* out = response.add_tables();
    out->set_name(table.name);
    SetLabel(table.label, out->mutable_label());
    out->set_one_row_per_person(table.unit == Unit::kPerson);
    out->set_cap_cells(table.caps.cells);
    out->set_cap_rows(table.caps.rows);
    for (const Column& column : table.columns) {
      if (column.sensitivity == Sensitivity::kNever) continue;
      auto rule = policy.columns.find(absl::StrCat(table.name, ".", column.name));
      DescribeColumn(codebook, column, rule == policy.columns.end() ? ColumnRule() : rule->second,
                     out->add_columns());
    }
  }
  for (const std::string& purpose : grant.purposes) response.add_purposes(purpose);
  for (Edition edition : editions) response.add_editions(EditionLabel(codebook.closing, edition));
  response.set_local_answers(policy.local == Openness::kGranted ? "granted" : "nobody");
  // `until` is the first moment after; people are told the last day.
  response.set_granted_until_unix_micros(absl::ToUnixMicros(grant.until) - 1);
  return response;
}

}  // namespace penc
