#include "ingest/surveyed_sheet.h"

#include <map>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "ingest/option_heading.h"

namespace penc {
namespace {

// Whether a column says of one option whether it was chosen.
bool Chosen(const ColumnProfile& profile) {
  if (profile.many() || profile.spellings().size() > 4) return false;
  for (const auto& [cell, seen] : profile.spellings()) {
    const std::string small = absl::AsciiStrToLower(cell);
    if (small != "0" && small != "1" && small != "true" && small != "false") return false;
  }
  return true;
}

}  // namespace

std::vector<SourceColumn> SurveyedSheet::Sources() const {
  // "besoins/abri", "besoins/sante": columns of one question, where nothing but 0 and 1 stands in them.
  std::vector<bool> options;
  for (const ColumnProfile& profile : profiles) options.push_back(Chosen(profile));
  const std::vector<std::string> question_of = QuestionsOf(heading.names, options);
  std::map<std::string, std::vector<size_t>> questions;
  for (size_t at = 0; at < question_of.size(); ++at) {
    if (!question_of[at].empty()) questions[question_of[at]].push_back(at);
  }
  std::vector<SourceColumn> sources;
  for (const auto& [question, columns] : questions) {
    SourceColumn source;
    source.name = source.heading = question;
    source.at = columns;
    for (const size_t at : columns) source.options.emplace_back(OptionOf(question, heading.names[at]));
    source.profile = &profiles[columns[0]];
    sources.push_back(std::move(source));
  }
  for (size_t at = 0; at < heading.names.size(); ++at) {
    if (!question_of[at].empty()) continue;
    SourceColumn source;
    source.name = heading.NameOf(at);
    source.heading = heading.names[at];
    if (!heading.labels.empty()) source.label = heading.labels[at];
    if (!heading.tags.empty()) source.tag = heading.tags[at];
    source.at = {at};
    source.profile = &profiles[at];
    sources.push_back(std::move(source));
  }
  return sources;
}

absl::StatusOr<SurveyedSheet> Survey(RowFile& file, const std::string& sheet, const std::string& encoding) {
  SurveyedSheet surveyed;
  SheetForm form;
  form.sheet = sheet;
  form.encoding = encoding;
  RETURN_IF_ERROR(file.Read(
      form,
      [&](const FileHeading& heading) {
        surveyed.heading = heading;
        surveyed.profiles.resize(heading.names.size());
        return absl::OkStatus();
      },
      [&](const FileRow& row) {
        ++surveyed.rows;
        for (size_t i = 0; i < row.cells.size() && i < surveyed.profiles.size(); ++i)
          surveyed.profiles[i].Add(absl::StripAsciiWhitespace(row.cells[i]), row.kind(i), row.number);
        return absl::OkStatus();
      }));
  return surveyed;
}

}  // namespace penc
