#include "ingest/xlsx/xlsx_file.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "ingest/person_key.h"
#include "ingest/xlsx/sheet_rows.h"
#include "ingest/xlsx/workbook.h"
#include "ingest/xlsx/zip_parts.h"

namespace penc {
namespace {

constexpr size_t kLongestSheetName = 31;  // characters

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

// A name as Excel keeps it: its first 31 characters.
absl::string_view Cut(absl::string_view name) {
  size_t characters = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(name[i]) & 0xC0) != 0x80;
    if (begins && ++characters > kLongestSheetName) return name.substr(0, i);
  }
  return name;
}

std::string Folded(absl::string_view text) {
  std::string out;
  AppendNormalised(text, &out);
  return out;
}

class XlsxFile final : public RowFile {
 public:
  XlsxFile(std::unique_ptr<ZipParts> zip, Workbook workbook)
      : zip_(std::move(zip)), workbook_(std::move(workbook)) {
    for (const Workbook::Sheet& sheet : workbook_.sheets) sheets_.push_back({sheet.name, sheet.hidden});
  }
  const std::vector<Sheet>& sheets() const override { return sheets_; }
  bool again() const override { return true; }

 protected:
  absl::Status EachRow(const SheetForm& form, FileHeading* heading, const OnFileRow& on_row) override {
    if (form.at.has_value()) PENC_CHECK(*form.at < sheets_.size());
    ASSIGN_OR_RETURN(const size_t chosen, form.at.has_value() ? *form.at : Choose(form.sheet));
    heading->sheet = sheets_[chosen].name;
    heading->serials_from_1904 = workbook_.from_1904;
    // Errors of the reader say the row; the sheet is said here, those of on_row know it themselves.
    absl::Status stopped;
    const auto passed_on = [&](const FileRow& row) { return stopped = on_row(row); };
    const absl::Status read = Rows(chosen, passed_on);
    return stopped.ok() ? OfSheet(chosen, read) : read;
  }

 private:
  absl::Status OfSheet(size_t sheet, const absl::Status& status) const {
    if (status.ok()) return status;
    const Text why = Explain(status);
    return Fail(status.code(), {absl::StrCat("feuille «", sheets_[sheet].name, "», ", why.fr),
                                absl::StrCat("sheet \"", sheets_[sheet].name, "\", ", why.en)});
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Part(size_t sheet) {
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> part, zip_->Part(workbook_.sheets[sheet].part));
    if (part == nullptr)
      return Bad("elle manque dans le classeur; ouvrez-le dans Excel et enregistrez-le de nouveau",
                 "it is missing in the workbook; open it in Excel and save it again");
    return part;
  }

  absl::Status Rows(size_t sheet, const OnFileRow& on_row) {
    std::vector<MergedDown> merged;
    ASSIGN_OR_RETURN(std::unique_ptr<ByteSource> part, Part(sheet));
    ASSIGN_OR_RETURN(const bool mentions, MentionsMerged(*part));
    if (mentions) {
      ASSIGN_OR_RETURN(part, Part(sheet));
      ASSIGN_OR_RETURN(merged, ReadMerged(*part));
    }
    ASSIGN_OR_RETURN(part, Part(sheet));
    return ReadSheetRows(*part, workbook_, merged, on_row);
  }

  // The first cell of a sheet that has text; empty: no row has.
  absl::StatusOr<std::string> FirstText(size_t sheet) {
    std::string first;
    ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> part, Part(sheet));
    const absl::Status read = ReadSheetRows(*part, workbook_, {}, [&](const FileRow& row) {
      for (absl::string_view cell : row.cells) {
        first = std::string(absl::StripAsciiWhitespace(cell));
        if (!first.empty()) return absl::CancelledError("found");
      }
      return absl::OkStatus();
    });
    if (!first.empty() || read.ok()) return first;
    return OfSheet(sheet, read);
  }

  absl::StatusOr<size_t> Choose(const std::string& wanted) {
    // A quarantine file of ours has one sheet of rows, whatever the mapping calls the one they came from and
    // whatever sheets somebody added.
    std::vector<size_t> set_aside;
    for (size_t i = 0; i < sheets_.size(); ++i) {
      const absl::StatusOr<std::string> first = FirstText(i);
      if (first.ok() && *first == kReasonColumn) set_aside.push_back(i);
    }
    if (set_aside.size() == 1) {
      const absl::StatusOr<size_t> other = Named(wanted);
      if (set_aside[0] == 0 || !other.ok() || *other == set_aside[0]) return set_aside[0];
      // Its rows may be in already: which of the two is meant is not guessed.
      const std::string& name = sheets_[set_aside[0]].name;
      return Bad(absl::StrCat("ce classeur a la feuille «", sheets_[*other].name,
                              "» et aussi une feuille de lignes à corriger, «", name,
                              "»; enregistrez celle qui est à importer dans un classeur à part"),
                 absl::StrCat("this workbook has the sheet \"", sheets_[*other].name,
                              "\" and a sheet of rows to correct, \"", name,
                              "\", too; save the one that is to be imported as a workbook of its own"));
    }
    if (!wanted.empty()) return Named(wanted);
    std::vector<size_t> visible, hidden;
    for (size_t i = 0; i < sheets_.size(); ++i) {
      ASSIGN_OR_RETURN(const std::string text, FirstText(i));
      if (!text.empty()) (sheets_[i].hidden ? hidden : visible).push_back(i);
    }
    if (visible.size() == 1) return visible[0];
    if (visible.empty() && hidden.empty())
      return Bad("aucune feuille n'a de lignes; vérifiez que c'est le bon fichier",
                 "no sheet has rows; check that it is the right file");
    const std::string names = Names(visible.empty() ? hidden : visible);
    return Bad(absl::StrCat("plusieurs feuilles ont des lignes: ", names,
                            "; dites laquelle: --sheet NOM, ou «file: {sheet: NOM}» dans le mapping"),
               absl::StrCat("several sheets have rows: ", names,
                            "; say which one: --sheet NAME, or \"file: {sheet: NAME}\" in the mapping"));
  }

  absl::StatusOr<size_t> Named(absl::string_view wanted) const {
    const auto at = [&](const auto& same) {
      const auto found =
          std::find_if(sheets_.begin(), sheets_.end(), [&](const Sheet& s) { return same(s.name); });
      return static_cast<size_t>(found - sheets_.begin());
    };
    size_t found = at([&](const std::string& name) { return name == wanted; });
    if (found == sheets_.size()) {
      // Excel knows no case either, and no longer names.
      const std::string folded = Folded(Cut(wanted));
      found = at([&](const std::string& name) { return Folded(name) == folded; });
    }
    if (found < sheets_.size()) return found;
    std::vector<size_t> all(sheets_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    return Bad(absl::StrCat("pas de feuille «", wanted, "» dans ce classeur; ses feuilles: ", Names(all)),
               absl::StrCat("no sheet \"", wanted, "\" in this workbook; its sheets: ", Names(all)));
  }

  std::string Names(const std::vector<size_t>& sheets) const {
    return absl::StrJoin(sheets, ", ",
                         [&](std::string* out, size_t i) { absl::StrAppend(out, sheets_[i].name); });
  }

  std::unique_ptr<ZipParts> zip_;
  Workbook workbook_;
  std::vector<Sheet> sheets_;
};

// What an OLE container is: an encrypted workbook, an old one, or neither.
absl::Status OleRefusal(const HeldFile& file) {
  const auto utf16 = [](absl::string_view name) {
    std::string out;
    for (char c : name) out.append({c, '\0'});
    return out;
  };
  if (file.Contains(utf16("EncryptedPackage")))
    return Bad(
        "classeur protégé par un mot de passe: penc ne demande pas de mot de passe. Ouvrez-le dans Excel, "
        "retirez le mot de "
        "passe (Fichier, Informations, Protéger le classeur), enregistrez une copie et importez-la",
        "a workbook with a password: penc asks for none. Open it in Excel, take the password away (File, "
        "Info, Protect "
        "Workbook), save a copy and import that");
  if (file.Contains(utf16("WordDocument")))
    return Bad("document Word, pas un classeur; copiez le tableau dans Excel et enregistrez-le en .xlsx",
               "a Word document, no workbook; copy the table to Excel and save it as .xlsx");
  return Bad(
      "ancien classeur Excel (.xls); ouvrez-le dans Excel et enregistrez-le en «Classeur Excel (.xlsx)»",
      "an old Excel workbook (.xls); open it in Excel and save it as \"Excel Workbook (.xlsx)\"");
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowFile>> OpenWorkbook(ByteSource& source,
                                                      std::shared_ptr<ReadBudget> budget) {
  ASSIGN_OR_RETURN(HeldFile file, HeldFile::Read(source));
  if (!file.pieces().empty() && absl::StartsWith(file.pieces()[0], "\xD0\xCF\x11\xE0"))
    return OleRefusal(file);
  ASSIGN_OR_RETURN(std::unique_ptr<ZipParts> zip, ZipParts::Open(std::move(file), std::move(budget)));
  ASSIGN_OR_RETURN(Workbook workbook, ReadWorkbook(*zip));
  return std::unique_ptr<RowFile>(std::make_unique<XlsxFile>(std::move(zip), std::move(workbook)));
}

}  // namespace penc
