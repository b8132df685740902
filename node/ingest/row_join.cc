#include "ingest/row_join.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ingest/person_key.h"
#include "ingest/place.h"

namespace penc {
namespace {

// Excel cuts a sheet's name; the form's own columns may have it in full.
bool SameSheet(absl::string_view said, absl::string_view sheet) {
  std::string a, b;
  AppendNormalised(said, &a);
  AppendNormalised(sheet, &b);
  return a.empty() || b.empty() || absl::StartsWith(a, b) || absl::StartsWith(b, a);
}

}  // namespace

RowJoin::RowJoin(const Mapping& mapping)
    : parent_(mapping.parent.get()), columns_(ColumnsOfParents(mapping)) {}

absl::Status RowJoin::Bring(ByteSource& parents, std::shared_ptr<ReadBudget> budget) {
  if (parent_ == nullptr) {
    return Fault(
        {},
        {"un fichier de parents est donné, mais le mapping ne dit pas comment le joindre (parent: {here: …, "
         "there: …})",
         "a file of parents is given, but the mapping does not say how to join it (parent: {here: …, there: "
         "…})"});
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> file, OpenRowFile(parents, std::move(budget)));
  ASSIGN_OR_RETURN(parents_, ParentRows::Read(*file, *parent_, columns_));
  return absl::OkStatus();
}

absl::StatusOr<FileHeading> RowJoin::Heading(RowFile& file, const FileHeading& heading) {
  FileHeading joined = heading;
  if (parent_ == nullptr) return joined;
  quarantine_ = heading.quarantine;
  if (parents_ == nullptr && !quarantine_) {
    if (!file.again() || parent_->form.sheet.empty()) {
      return Fault(
          {}, {"le mapping joint des lignes à leurs parents: donnez aussi le fichier des parents (--parent "
               "FICHIER), ou dites sa feuille (parent: {sheet: …})",
               "the mapping joins rows to their parents: give the parents' file, too (--parent FILE), or say "
               "its sheet (parent: {sheet: …})"});
    }
    ASSIGN_OR_RETURN(parents_, ParentRows::Read(file, *parent_, columns_));
  }
  width_ = heading.names.size();
  if (const auto at = heading.Find(parent_->here); at.has_value()) key_ = static_cast<int>(*at);
  if (const auto at = heading.Find("_parent_table_name"); at.has_value()) table_ = static_cast<int>(*at);
  for (const std::string& column : columns_) {
    const std::string name = absl::StrCat(kOfParent, column);
    const auto there = std::find(joined.names.begin(), joined.names.end(), name);
    places_.push_back(static_cast<size_t>(there - joined.names.begin()));
    if (there == joined.names.end()) joined.names.push_back(name);
  }
  for (std::vector<std::string>* more : {&joined.labels, &joined.tags}) {
    if (!more->empty()) more->resize(joined.names.size());
  }
  cells_.reserve(joined.names.size());
  return joined;
}

bool RowJoin::Filled() const {
  return std::any_of(places_.begin(), places_.end(),
                     [&](size_t place) { return !absl::StripAsciiWhitespace(cells_[place]).empty(); });
}

RowJoin::Joined RowJoin::Join(const FileRow& row) {
  // Rows of another length are judged as they are.
  if (parent_ == nullptr || row.cells.size() != width_) return {row, absl::nullopt, -1};
  cells_.assign(row.cells.begin(), row.cells.end());
  kinds_.assign(row.kinds.begin(), row.kinds.end());
  for (const size_t place : places_) cells_.resize(std::max(cells_.size(), place + 1));
  kinds_.resize(cells_.size(), CellKind::kText);
  absl::optional<Text> problem;
  if (!quarantine_ || !Filled()) problem = Fill(row);
  return {{row.number, cells_, kinds_}, std::move(problem), key_};
}

absl::optional<Text> RowJoin::Fill(const FileRow& row) {
  const auto cell = [&](int at) { return at < 0 ? absl::string_view() : row.cells[static_cast<size_t>(at)]; };
  const ParentRows::Row* parent =
      parents_ == nullptr || key_ < 0 || !SameSheet(cell(table_), parents_->sheet())
          ? nullptr
          : parents_->Find(cell(key_));
  if (parent == nullptr) {
    return Text{"aucun parent n'a cette référence (autre feuille, ou parent pas exporté ?)",
                "no parent has this reference (another sheet, or a parent that was not exported?)"};
  }
  if (parent->twice)
    return Text{"deux parents différents ont cette référence", "two different parents have this reference"};
  for (size_t i = 0; i < places_.size(); ++i) {
    cells_[places_[i]] = parent->cells[i];
    kinds_[places_[i]] = parent->kinds[i];
  }
  return absl::nullopt;
}

std::vector<std::string> ColumnsOfParents(const Mapping& mapping) {
  std::set<std::string> names;
  const auto take = [&](const std::string& name) {
    if (absl::StartsWith(name, kOfParent)) names.insert(name.substr(sizeof(kOfParent) - 1));
  };
  for (const auto* list : {&mapping.person, &mapping.row, &mapping.network_person})
    std::for_each(list->begin(), list->end(), take);
  for (const MappedColumn& column : mapping.columns) take(column.from);
  take(mapping.consent_from);
  take(mapping.status_from);
  return {names.begin(), names.end()};
}

}  // namespace penc
