#include "office/admin_propose.h"

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "ingest/code_speller.h"
#include "ingest/heading_rows.h"
#include "ingest/place.h"
#include "ingest/propose.h"
#include "ingest/synonyms.h"
#include "office/mappings.h"

namespace penc {
namespace {

constexpr size_t kMostNamed = 10;  // headings or spellings in one sentence

// "a, b, c ...".
std::string Some(const std::vector<std::string>& names) {
  const std::vector<std::string> first(names.begin(), names.begin() + std::min(names.size(), kMostNamed));
  return absl::StrCat("«", absl::StrJoin(first, "», «"), "»", names.size() > kMostNamed ? " ..." : "");
}

void AddProblem(v1::ImportResult& result, const std::string& column, const Text& what) {
  v1::ImportProblem& problem = *result.add_problems();
  problem.set_column(column);
  problem.set_fr(what.fr);
  problem.set_en(what.en);
}

// Whether the codebook's own names are all that the file needs.
bool OwnHeadings(const FileHeading& heading, const Table& table) {
  return std::find(heading.names.begin(), heading.names.end(), "person_ref") != heading.names.end() &&
         std::all_of(heading.names.begin(), heading.names.end(), [&](const std::string& name) {
           return name == "person_ref" || table.Find(name).has_value() || IsQuarantineColumn(name);
         });
}

bool OwnHeadings(const FileHeading& heading, const Codebook& codebook, const std::string& table) {
  const auto named = codebook.FindTable(table);
  return named.has_value() && OwnHeadings(heading, codebook.tables[*named]);
}

// Headings of the sheets that may be meant; the first that a kept mapping reads is it.
absl::StatusOr<v1::ImportResult> LookAtHeadings(Office& office, const Codebook& codebook, RowFile& file,
                                                const v1::ImportCommand& command) {
  v1::ImportResult result;
  std::vector<std::string> sheets;
  for (const Sheet& sheet : file.sheets()) {
    if (!sheet.hidden) sheets.push_back(sheet.name);
  }
  if (!command.sheet().empty() || !file.again() || sheets.empty()) sheets = {command.sheet()};
  for (const std::string& sheet : sheets) {
    SheetForm form;
    form.sheet = sheet;
    form.encoding = file.likely_encoding();
    FileHeading heading;
    bool read = false;
    const absl::Status status = file.Read(
        form,
        [&](const FileHeading& found) {
          heading = found;
          read = true;
          return absl::CancelledError("enough");
        },
        [](const FileRow&) { return absl::OkStatus(); });
    if (!read && sheets.size() == 1) return status;
    if (!read) continue;
    result.set_own_headings(OwnHeadings(heading, codebook, command.table()));
    if (result.own_headings()) return result;
    if (const auto kept = FindKeptMapping(office.layout(), codebook, heading); kept.has_value()) {
      result.set_mapping_used(kept->path);
      result.set_mapping(kept->text);
      result.set_sheet(heading.sheet);
      return result;
    }
    if (const auto changed = FindChangedForm(office.layout(), codebook, heading); changed.has_value()) {
      AddProblem(
          result, "",
          {absl::StrCat(
               "le formulaire a changé depuis ", changed->path,
               changed->unknown.empty() ? "" : absl::StrCat("; colonnes nouvelles: ", Some(changed->unknown)),
               changed->missing.empty() ? "" : absl::StrCat("; colonnes absentes: ", Some(changed->missing)),
               ". Corrigez ce mapping, ou faites-en proposer un autre: --dry-run"),
           absl::StrCat(
               "the form has changed since ", changed->path,
               changed->unknown.empty() ? "" : absl::StrCat("; new columns: ", Some(changed->unknown)),
               changed->missing.empty() ? "" : absl::StrCat("; missing columns: ", Some(changed->missing)),
               ". Correct this mapping, or have another one proposed: --dry-run")});
    }
  }
  return result;
}

// Options that the form did not have when its mapping was kept, one problem for each column.
void NameNewOptions(const KeptMapping& kept, const Codebook& codebook, const SurveyedSheet& sheet,
                    const v1::ImportCommand& command, v1::ImportResult& result) {
  const Table& table = codebook.tables[kept.mapping.table];
  const Synonyms synonyms = SynonymsFor(codebook);
  for (const MappedColumn& mapped : kept.mapping.columns) {
    const Column& column = table.columns[mapped.column];
    const CodeList* list = codebook.list_of(column);
    const auto at = sheet.heading.Find(mapped.from);
    if (list == nullptr || !at.has_value() || sheet.profiles[*at].many()) continue;
    const CodeSpeller speller(*list, synonyms);
    std::set<std::string> unknown;
    uint64_t first = std::numeric_limits<uint64_t>::max();
    for (const auto& [cell, seen] : sheet.profiles[*at].spellings()) {
      if (mapped.values.count(cell) > 0) continue;
      for (const std::string& part : CodesIn(cell, column, speller)) {
        if (mapped.values.count(part) > 0 || speller.Understood(part)) continue;
        unknown.insert(part);
        first = std::min(first, seen.first);
      }
    }
    if (unknown.empty()) continue;
    const Text where =
                   Say({command.file_name(), sheet.heading.sheet, first, ColumnLetters(*at), mapped.from}),
               codes = CodesOf(*list);
    const std::string names =
        command.quote_values() ? absl::StrCat(": ", Some({unknown.begin(), unknown.end()})) : "";
    const bool one = unknown.size() == 1;
    AddProblem(
        result, "",
        {absl::StrCat(where.fr, ": ",
                      one ? "une option nouvelle" : absl::StrCat(unknown.size(), " options nouvelles"), names,
                      "; écrivez ce qu'elle veut dire sous «columns: ", column.name, ": values:» dans ",
                      kept.path, ", avec un de ces codes: ", codes.fr,
                      "; sans cela ces lignes sont mises de côté, à corriger"),
         absl::StrCat(where.en, ": ", one ? "a new option" : absl::StrCat(unknown.size(), " new options"),
                      names, "; write what it means under \"columns: ", column.name, ": values:\" in ",
                      kept.path, ", with one of these codes: ", codes.en,
                      "; without this these rows are set aside, to be corrected")});
  }
}

void ToMessage(const Proposal& proposal, v1::ImportResult& result) {
  for (const PreviewedColumn& column : proposal.columns) {
    v1::ColumnPreview& out = *result.add_columns();
    out.set_source(column.source);
    out.set_letters(column.letters);
    out.set_filled(column.filled);
    out.set_seen_fr(column.seen.fr);
    out.set_seen_en(column.seen.en);
    out.set_fate(static_cast<v1::ColumnPreview::Fate>(static_cast<int>(column.fate) + 1));
    out.set_target(column.target);
    out.set_why_fr(column.why.fr);
    out.set_why_en(column.why.en);
  }
  for (const OpenQuestion& question : proposal.questions) {
    v1::MappingQuestion& out = *result.add_questions();
    out.set_id(question.id);
    out.set_fr(question.asks.fr);
    out.set_en(question.asks.en);
    for (const OpenOption& option : question.options) {
      v1::MappingOption& choice = *out.add_options();
      choice.set_id(option.id);
      choice.set_fr(option.says.fr);
      choice.set_en(option.says.en);
    }
  }
}

absl::Status OfFile(const v1::ImportCommand& command, const absl::Status& status) {
  const bool mistake = absl::IsInvalidArgument(status) && !command.file_name().empty();
  return mistake ? At(command.file_name(), status) : status;
}

std::string NameOf(const std::string& file_name) {
  const size_t dot = file_name.find('.');
  const std::string stem = file_name.substr(0, std::min<size_t>(dot, 60));
  return stem.empty() ? "mapping" : stem;
}

}  // namespace

absl::StatusOr<v1::ImportResult> ProposeHere(Office& office, const v1::ImportCommand& command,
                                             ByteSource& upload) {
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  // What is wrong with the file is said with its name.
  absl::StatusOr<std::unique_ptr<RowFile>> opened = OpenRowFile(upload);
  if (!opened.ok()) return OfFile(command, opened.status());
  const std::unique_ptr<RowFile> file = *std::move(opened);
  if (command.headings_only()) {
    absl::StatusOr<v1::ImportResult> looked = LookAtHeadings(office, codebook, *file, command);
    return looked.ok() ? looked : OfFile(command, looked.status());
  }
  ProposeOptions options;
  options.quote_values = command.quote_values();
  options.name = NameOf(command.file_name());
  options.sheet = command.sheet();
  if (!command.table().empty()) {
    options.table = codebook.FindTable(command.table());
    if (!options.table.has_value()) {
      return Fail(absl::StatusCode::kInvalidArgument,
                  {absl::StrCat("--table ", command.table(), ": inconnue du lexique (penc describe)"),
                   absl::StrCat("--table ", command.table(), ": unknown to the codebook (penc describe)")});
    }
  }
  for (const v1::MappingAnswer& answer : command.answers())
    options.answers[answer.question()] = answer.option();
  const absl::StatusOr<Proposal> made = Propose(*file, codebook, options);
  if (!made.ok()) return OfFile(command, made.status());
  const Proposal& proposal = *made;
  v1::ImportResult result;
  result.set_dry_run(true);
  result.set_read(proposal.sheet.rows);
  result.set_sheet(proposal.sheet.heading.sheet);
  result.set_table(proposal.draft.table);
  ToMessage(proposal, result);
  if (const FileHeading& heading = proposal.sheet.heading; heading.title_rows > 0)
    AddProblem(result, "", TitleAbove(heading));
  if (proposal.draft.table.empty()) return result;  // which sheet, which table comes first
  result.set_own_headings(proposal.draft.encoding.empty() &&
                          OwnHeadings(proposal.sheet.heading, codebook, proposal.draft.table));
  if (const auto kept = FindKeptMapping(office.layout(), codebook, proposal.sheet.heading);
      kept.has_value()) {
    result.clear_questions();
    result.set_mapping_used(kept->path);
    result.set_mapping(kept->text);
    NameNewOptions(*kept, codebook, proposal.sheet, command, result);
    return result;
  }
  result.set_mapping(WriteMapping(proposal.draft));
  return result;
}

}  // namespace penc
