#include "ingest/file_kind.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

struct Known {
  absl::string_view begins;
  const char *fr, *en;
};

constexpr Known kKnown[] = {
    {"%PDF", "un PDF: demandez le fichier Excel ou CSV d'où il vient",
     "a PDF: ask for the Excel or CSV file that it comes from"},
    {"\x89PNG", "une image: il faut un fichier Excel ou CSV", "a picture: an Excel or CSV file is needed"},
    {"\xFF\xD8\xFF", "une photo: il faut un fichier Excel ou CSV", "a photo: an Excel or CSV file is needed"},
    {"{\\rtf", "un document de traitement de texte: copiez le tableau dans Excel et enregistrez-le en .xlsx",
     "a text processor's document: copy the table to Excel and save it as .xlsx"},
    {"Rar!", "une archive RAR: extrayez le fichier et importez-le",
     "a RAR archive: extract the file and import that"},
    {"7z\xBC\xAF", "une archive 7z: extrayez le fichier et importez-le",
     "a 7z archive: extract the file and import that"},
    {"\xFD"
     "7zXZ",
     "une archive xz: extrayez le fichier et importez-le", "an xz archive: extract the file and import that"},
    {"BZh", "une archive bzip2: extrayez le fichier et importez-le",
     "a bzip2 archive: extract the file and import that"},
    {"PAR1", "un fichier Parquet: exportez-le en CSV UTF-8", "a Parquet file: export it as CSV UTF-8"},
};

}  // namespace

absl::StatusOr<FileKind> KindOf(absl::string_view first) {
  if (absl::StartsWith(first, "PK\x03\x04") || absl::StartsWith(first, "PK\x05\x06") ||
      absl::StartsWith(first, "\xD0\xCF\x11\xE0"))
    return FileKind::kWorkbook;
  const auto refused = [](absl::string_view fr, absl::string_view en) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("c'est ", fr), absl::StrCat("this is ", en)});
  };
  for (const Known& known : kKnown) {
    if (absl::StartsWith(first, known.begins)) return refused(known.fr, known.en);
  }
  absl::string_view text = first;
  if (absl::StartsWith(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  text = absl::StripLeadingAsciiWhitespace(text);
  for (const absl::string_view tag : {"<!doctype", "<html", "<table", "<?xml", "<meta", "<head", "<style"}) {
    if (absl::StartsWithIgnoreCase(text, tag))
      return refused(
          "une page web ou du XML, même si son nom finit par .xls: ouvrez-le dans Excel et enregistrez-le en "
          ".xlsx",
          "a web page or XML, even where its name ends in .xls: open it in Excel and save it as .xlsx");
  }
  return FileKind::kText;
}

}  // namespace penc
