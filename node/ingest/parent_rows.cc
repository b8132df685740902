#include "ingest/parent_rows.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ingest/place.h"

namespace penc {
namespace {

absl::StatusOr<size_t> Needed(const FileHeading& heading, const std::string& name) {
  const auto at = heading.Find(name);
  if (at.has_value()) return *at;
  const std::string known = absl::StrJoin(heading.names, ", ");
  return Fault({"", heading.sheet, heading.names_row, "", ""},
               {absl::StrCat("la feuille des parents n'a pas, une seule fois, la colonne «", name,
                             "» que le mapping demande; ses colonnes: ", known),
                absl::StrCat("the parents' sheet does not have, once, the column \"", name,
                             "\" that the mapping asks for; its columns: ", known)});
}

}  // namespace

absl::StatusOr<std::unique_ptr<ParentRows>> ParentRows::Read(RowFile& file, const Parent& parent,
                                                             const std::vector<std::string>& columns) {
  auto out = std::make_unique<ParentRows>();
  std::vector<std::string> above;  // of the parents' own parents
  for (const std::string& name : columns) {
    if (absl::StartsWith(name, kOfParent)) above.push_back(name.substr(sizeof(kOfParent) - 1));
  }
  std::unique_ptr<ParentRows> grandparents;
  if (!above.empty()) {
    if (parent.parent == nullptr || !file.again()) {
      const std::string name = absl::StrCat(kOfParent, kOfParent, above[0]);
      return Fault({}, {absl::StrCat("«", name,
                                     "»: le mapping ne dit pas quels sont les parents des parents "
                                     "(parent.parent), ou ils ne sont pas dans le même classeur"),
                        absl::StrCat("\"", name,
                                     "\": the mapping does not say who the parents' parents are "
                                     "(parent.parent), or they are not in the same workbook")});
    }
    ASSIGN_OR_RETURN(grandparents, Read(file, *parent.parent, above));
  }
  std::vector<int> places;  // -1: of the grandparents
  size_t key_at = 0, link_at = 0;
  const auto on_heading = [&](const FileHeading& heading) -> absl::Status {
    out->sheet_ = heading.sheet;
    ASSIGN_OR_RETURN(key_at, Needed(heading, parent.there));
    if (grandparents != nullptr) {
      ASSIGN_OR_RETURN(link_at, Needed(heading, parent.parent->here));
    }
    for (const std::string& name : columns) {
      if (absl::StartsWith(name, kOfParent)) {
        places.push_back(-1);
        continue;
      }
      ASSIGN_OR_RETURN(const size_t at, Needed(heading, name));
      places.push_back(static_cast<int>(at));
    }
    return absl::OkStatus();
  };
  const auto on_row = [&](const FileRow& row) -> absl::Status {
    const auto cell = [&](size_t at) {
      return at < row.cells.size() ? absl::StripAsciiWhitespace(row.cells[at]) : absl::string_view();
    };
    if (cell(key_at).empty()) return absl::OkStatus();  // no child can mean it
    Row taken;
    const Row* above_row = grandparents == nullptr ? nullptr : grandparents->Find(cell(link_at));
    size_t of_above = 0;
    for (const int place : places) {
      if (place >= 0) {
        const auto at = static_cast<size_t>(place);
        taken.cells.emplace_back(cell(at));
        taken.kinds.push_back(at < row.cells.size() ? row.kind(at) : CellKind::kText);
      } else {
        taken.cells.push_back(above_row == nullptr ? "" : above_row->cells[of_above]);
        taken.kinds.push_back(above_row == nullptr ? CellKind::kText : above_row->kinds[of_above]);
        ++of_above;
      }
      out->bytes_ += taken.cells.back().size() + sizeof(std::string);
    }
    taken.twice = above_row != nullptr && above_row->twice;
    out->bytes_ += cell(key_at).size() + sizeof(Row) + sizeof(std::string);
    if (out->bytes_ > kMostBytes) {
      return Fail(
          absl::StatusCode::kResourceExhausted,
          {"le fichier des parents est trop grand pour la mémoire; partagez les deux fichiers par période",
           "the parents' file is too large for the memory; split both files by period"});
    }
    const auto [known, added] = out->rows_.emplace(std::string(cell(key_at)), taken);
    if (!added && known->second.cells != taken.cells) known->second.twice = true;
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(file.Read(parent.form, on_heading, on_row));
  return out;
}

const ParentRows::Row* ParentRows::Find(absl::string_view key) const {
  const auto found = rows_.find(std::string(absl::StripAsciiWhitespace(key)));
  return found == rows_.end() ? nullptr : &found->second;
}

}  // namespace penc
