#include "ingest/heading_rows.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ingest/hxl.h"
#include "ingest/place.h"

namespace penc {
namespace {

constexpr size_t kMostTitleRows = 10;
constexpr size_t kLookedAt = 25;  // rows in which a tag row may stand, as in other HXL programs

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

bool Blank(absl::string_view cell) { return absl::StripAsciiWhitespace(cell).empty(); }

// How many cells of a row are names rather than sentences.
size_t Words(const std::vector<std::string>& cells) {
  return static_cast<size_t>(std::count_if(cells.begin(), cells.end(), [](const std::string& cell) {
    return !Blank(cell) && cell.find_first_of(" ?'") == std::string::npos;
  }));
}

size_t Filled(const std::vector<std::string>& cells) {
  return cells.size() - static_cast<size_t>(std::count_if(cells.begin(), cells.end(), Blank));
}

// Up to its last filled cell.
size_t Width(const std::vector<std::string>& cells) {
  size_t width = cells.size();
  while (width > 0 && Blank(cells[width - 1])) --width;
  return width;
}

// Whether a row could be headings: texts with letters, each another one, that do not stand below again.
template <typename Rows>
bool CouldBeNames(const Rows& rows, size_t at) {
  const std::vector<std::string>& cells = rows[at].cells;
  std::set<absl::string_view> seen;
  for (size_t c = 0; c < cells.size(); ++c) {
    const absl::string_view cell = absl::StripAsciiWhitespace(cells[c]);
    if (cell.empty()) continue;
    const bool letter = std::any_of(cell.begin(), cell.end(), [](char b) {
      return absl::ascii_isalpha(b) || static_cast<unsigned char>(b) >= 128;
    });
    if (!letter || !seen.insert(cell).second) return false;
    if (c < rows[at].kinds.size() && rows[at].kinds[c] != CellKind::kText) return false;
    for (size_t below = at + 1; below < rows.size(); ++below) {
      if (c < rows[below].cells.size() && absl::StripAsciiWhitespace(rows[below].cells[c]) == cell)
        return false;
    }
  }
  return true;
}

// "Liste des retours 2024" rather than "nom".
bool Sentence(const std::vector<std::string>& cells) {
  return std::any_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return absl::StripAsciiWhitespace(cell).find(' ') != absl::string_view::npos;
  });
}

// Whether below the last filled cell of a row everything is empty.
template <typename Rows>
bool OverNothing(const Rows& rows, size_t at) {
  const size_t column = Width(rows[at].cells) - 1;
  return std::all_of(rows.begin() + static_cast<std::ptrdiff_t>(at) + 1, rows.end(),
                     [&](const auto& row) { return column >= row.cells.size() || Blank(row.cells[column]); });
}

// Whether one row repeats the other's names of the form's own columns ("_uuid"), of which it has some: the
// two heading rows of a Kobo export.
bool RepeatOwnNames(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  bool any = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!absl::StartsWith(a[i], "_")) continue;
    if (i >= b.size() || a[i] != b[i]) return false;
    any = true;
  }
  return any;
}

}  // namespace

absl::Status HeadingRows::Pass(const FileRow& row) {
  if (row.number < form_.first_row && !heading_.quarantine) return absl::OkStatus();
  // Cells beyond the heading that are empty are none; those that a sheet leaves out are empty.
  size_t size = row.cells.size();
  while (size > heading_.names.size() && Blank(row.cells[size - 1])) --size;
  if (heading_.sheet.empty() || size >= heading_.names.size()) {
    return on_row_(
        {row.number, row.cells.first(size), row.kinds.empty() ? row.kinds : row.kinds.first(size)});
  }
  padded_.assign(row.cells.begin(), row.cells.end());
  padded_.resize(heading_.names.size());
  kinds_.assign(row.kinds.begin(), row.kinds.end());
  kinds_.resize(heading_.names.size(), CellKind::kText);
  return on_row_({row.number, padded_, kinds_});
}

absl::Status HeadingRows::Add(const FileRow& row) {
  if (std::all_of(row.cells.begin(), row.cells.end(), Blank)) {
    // A formula that was not computed has no text and is no empty cell.
    if (std::all_of(row.kinds.begin(), row.kinds.end(), [](CellKind k) { return k == CellKind::kText; }))
      return absl::OkStatus();
  }
  if (decided_) return Pass(row);
  Kept kept{row.number, {row.cells.begin(), row.cells.end()}, {row.kinds.begin(), row.kinds.end()}};
  kept_.push_back(std::move(kept));
  if (kept_.size() < kLookedAt || row.number <= std::max(form_.names_row, form_.labels_row))
    return absl::OkStatus();
  return Decide();
}

absl::Status HeadingRows::Finish() {
  if (decided_) return absl::OkStatus();
  return Decide();
}

int HeadingRows::At(uint64_t number) const {
  for (size_t i = 0; i < kept_.size(); ++i) {
    if (kept_[i].number == number) return static_cast<int>(i);
  }
  return -1;
}

void HeadingRows::FindMarked() {
  heading_.quarantine = true;
  names_ = 0;
  for (size_t i = 1; i < kept_.size() && i < 3; ++i) {
    if (kept_[i].cells[0] == kLabelsMark) labels_ = static_cast<int>(i);
    if (kept_[i].cells[0] == kTagsMark) tags_ = static_cast<int>(i);
  }
}

absl::Status HeadingRows::FindTags() {
  for (size_t i = 0; i < kept_.size() && i < kLookedAt; ++i) {
    if (form_.first_row > 0 && kept_[i].number >= form_.first_row) break;
    size_t tags = 0, others = 0, other_at = 0;
    for (size_t c = 0; c < kept_[i].cells.size(); ++c) {
      if (Blank(kept_[i].cells[c])) continue;
      if (CanonicalTag(kept_[i].cells[c]).has_value()) {
        ++tags;
      } else if (others++ == 0) {
        other_at = c;
      }
    }
    if (tags > 1 && others > 0 && tags > others) {
      const uint64_t row = kept_[i].number;
      const std::string letters = ColumnLetters(other_at), next = absl::StrCat(row + 1);
      return Bad(
          absl::StrCat("ligne ", row, ", colonne ", letters,
                       ": la ligne porte des balises HXL, mais cette cellule n'en est pas une (#adm1+code). "
                       "Corrigez-la; ou, si ce sont des titres ordinaires, écrivez «file: {first_row: ",
                       next, "}» dans le mapping"),
          absl::StrCat("row ", row, ", column ", letters,
                       ": the row has HXL tags, but this cell is none (#adm1+code). Correct it; or, where "
                       "these are ordinary headings, write \"file: {first_row: ",
                       next, "}\" in the mapping"));
    }
    if (tags > 0 && others == 0) {
      tags_ = static_cast<int>(i);
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status HeadingRows::FindNames() {
  if (form_.names_row > 0) {
    names_ = At(form_.names_row);
    if (names_ < 0) {
      return Bad(
          absl::StrCat("ligne ", form_.names_row,
                       ": vide, mais le mapping y attend les titres; corrigez «file: {names_row}»"),
          absl::StrCat("row ", form_.names_row,
                       ": empty, but the mapping expects the heading there; correct \"file: {names_row}\""));
    }
  } else if (tags_ >= 0) {
    names_ = tags_ - 1;  // none above: tags are the names
  } else {
    names_ = 0;
    return SkipTitle();
  }
  return absl::OkStatus();
}

bool HeadingRows::MostAreWider(size_t at) const {
  size_t wider = 0;
  for (size_t i = at + 1; i < kept_.size(); ++i) {
    wider += Width(kept_[i].cells) > Width(kept_[at].cells) ||
             (Filled(kept_[at].cells) == 1 && Filled(kept_[i].cells) > 1);
  }
  return 2 * wider > kept_.size() - at - 1;
}

absl::Status HeadingRows::SkipTitle() {
  // The first row as wide as most of what is below it: the very first where the headings are ordinary.
  size_t names = 0;
  while (names < kept_.size() && names <= kMostTitleRows && MostAreWider(names)) ++names;
  if (names == 0 || names > kMostTitleRows || names + 1 >= kept_.size()) return absl::OkStatus();
  if (form_.first_row > 0 && kept_[names].number >= form_.first_row) return absl::OkStatus();
  bool title = CouldBeNames(kept_, names), sure = false;
  for (size_t i = 0; i < names; ++i) {
    title = title && Filled(kept_[i].cells) == 1;
    // A row left empty under it, a sentence, or a cell that is over nothing: not the heading of one column.
    sure = sure || kept_[i + 1].number > kept_[i].number + 1 || Sentence(kept_[i].cells) ||
           OverNothing(kept_, i);
  }
  if (!title || !sure) return WhichIsIt(names);
  names_ = static_cast<int>(names);
  heading_.title_rows = names;
  return absl::OkStatus();
}

// The headings may be in the row `names`, but what is above it is more than a title, or it looks like data.
absl::Status HeadingRows::WhichIsIt(size_t names) const {
  const uint64_t first = kept_[0].number, row = kept_[names].number;
  const size_t few = Filled(kept_[0].cells), many = Width(kept_[names].cells);
  const std::string above_fr = row - first == 1 ? absl::StrCat("la ligne ", first)
                                                : absl::StrCat("les lignes ", first, " à ", row - 1),
                    above_en = row - first == 1 ? absl::StrCat("row ", first)
                                                : absl::StrCat("rows ", first, " to ", row - 1);
  return Fault(
      {"", heading_.sheet, first, "", ""},
      {absl::StrCat("elle a ", few, few == 1 ? " titre" : " titres", ", mais les lignes dessous ont jusqu'à ",
                    many, " colonnes. Si les titres sont à la ligne ", row, ", supprimez ", above_fr,
                    ", ou écrivez «file: {names_row: ", row,
                    "}» dans le mapping; sinon donnez un titre à "
                    "chaque colonne de la ligne ",
                    first),
       absl::StrCat("it has ", few, few == 1 ? " heading" : " headings", ", but the rows below have up to ",
                    many, " columns. Where the headings are in row ", row, ", delete ", above_en,
                    ", or write \"file: {names_row: ", row,
                    "}\" in the mapping; else give every column of row ", first, " a heading")});
}

void HeadingRows::FindLabels() {
  if (form_.labels_row > 0) {
    labels_ = At(form_.labels_row);
    return;
  }
  if (form_.names_row > 0 || names_ < 0) return;
  const int other = tags_ < 0 ? names_ + 1 : names_ - 1;
  if (other < 0 || other >= static_cast<int>(kept_.size()) || other == tags_) return;
  if (!RepeatOwnNames(kept_[names_].cells, kept_[other].cells)) return;
  labels_ = other;
  if (Words(kept_[labels_].cells) > Words(kept_[names_].cells)) std::swap(names_, labels_);
}

void HeadingRows::Name() {
  const auto row = [&](int at, uint64_t* number, std::vector<std::string>* cells) {
    if (at < 0) return;
    *number = kept_[at].number;
    for (const std::string& cell : kept_[at].cells) cells->emplace_back(absl::StripAsciiWhitespace(cell));
  };
  row(names_, &heading_.names_row, &heading_.names);
  row(labels_, &heading_.labels_row, &heading_.labels);
  row(tags_, &heading_.tags_row, &heading_.tags);
  if (heading_.quarantine) {
    for (auto* cells : {&heading_.labels, &heading_.tags}) {
      if (!cells->empty()) (*cells)[0].clear();  // the mark
    }
  }
  size_t width = 0;
  for (const auto* cells : {&heading_.names, &heading_.labels, &heading_.tags}) {
    for (size_t i = width; i < cells->size(); ++i) {
      if (!(*cells)[i].empty()) width = i + 1;
    }
  }
  heading_.names.resize(width);
  for (auto* cells : {&heading_.labels, &heading_.tags}) {
    if (!cells->empty()) cells->resize(width);
  }
  for (size_t i = 0; i < width; ++i) {
    std::string& name = heading_.names[i];
    if (name.empty() && !heading_.tags.empty()) name = heading_.tags[i];
    if (name.empty() && !heading_.labels.empty()) name = heading_.labels[i];
    if (name.empty()) name = absl::StrCat("(colonne ", ColumnLetters(i), ")");
  }
}

absl::Status HeadingRows::Decide() {
  decided_ = true;
  if (kept_.empty())
    return Bad("fichier vide: donnez un fichier avec une ligne de titres",
               "empty file: give a file with a heading");
  const std::vector<std::string>& first = kept_[0].cells;
  if (!first.empty() && absl::StripAsciiWhitespace(first[0]) == kReasonColumn) {
    FindMarked();
  } else {
    RETURN_IF_ERROR(FindTags());
    RETURN_IF_ERROR(FindNames());
    FindLabels();
  }
  Name();
  if (heading_.names.size() > kMostColumns) {
    return Fault({"", heading_.sheet, heading_.names_row, "", ""},
                 {absl::StrCat(heading_.names.size(), " colonnes, au plus ", kMostColumns,
                               ": gardez celles dont le mapping a besoin, et exportez de nouveau"),
                  absl::StrCat(heading_.names.size(), " columns, at most ", kMostColumns,
                               ": keep those that the mapping needs, and export again")});
  }
  RETURN_IF_ERROR(on_heading_(heading_));
  for (size_t i = static_cast<size_t>(std::max({names_, labels_, tags_})) + 1; i < kept_.size(); ++i) {
    cells_.assign(kept_[i].cells.begin(), kept_[i].cells.end());
    RETURN_IF_ERROR(Pass({kept_[i].number, cells_, kept_[i].kinds}));
  }
  kept_.clear();
  return absl::OkStatus();
}

Text TitleAbove(const FileHeading& heading) {
  return {absl::StrCat("titres des colonnes à la ligne ", heading.names_row,
                       "; ce qui est au-dessus est un titre de la feuille et n'est pas lu"),
          absl::StrCat("headings in row ", heading.names_row,
                       "; what is above is a title of the sheet and is not read")};
}

}  // namespace penc
