#include "office/quarantine_erasing.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/file.h"
#include "journal/committer.h"
#include "office/quarantine.h"

namespace penc {
namespace {

using storage::v1::ErasingFile;
using storage::v1::ErasingRows;

constexpr char kErasing[] = "erasing";

absl::StatusOr<PersonFound> Find(Office& office, const std::string& name, PersonMatch& match) {
  ASSIGN_OR_RETURN(const storage::v1::QuarantineRow note, NoteOf(office, name));
  return FindPerson(PathInQuarantine(office, name), {note.person().begin(), note.person().end()}, match);
}

ErasingFile Written(const std::string& name, const std::string& hash, const RowChoice& choice) {
  ErasingFile file;
  file.set_name(name);
  file.set_before(hash);
  file.set_whole(choice.kept == 0);
  for (const auto& [sheet, rows] : choice.rows) {
    storage::v1::ErasingSheet* out = file.add_sheets();
    out->set_sheet(static_cast<uint32_t>(sheet));
    for (const uint64_t row : rows) out->add_rows(row);
  }
  return file;
}

RowChoice ChoiceOf(const ErasingFile& file) {
  RowChoice choice;
  choice.kept = file.whole() ? 0 : 1;
  for (const storage::v1::ErasingSheet& sheet : file.sheets())
    choice.rows[sheet.sheet()].insert(sheet.rows().begin(), sheet.rows().end());
  return choice;
}

Text ByHand(const std::string& name) {
  return {
      absl::StrCat("quarantine/", name,
                   ": ce fichier peut contenir la personne effacée et n'a pu être lu; regardez-le à la main"),
      absl::StrCat(
          "quarantine/", name,
          ": this file may hold the person who was erased and could not be read; look at it by hand")};
}

Text Changed(const std::string& name) {
  return {
      absl::StrCat("quarantine/", name,
                   ": ce fichier a changé pendant l'effacement; tapez penc erase encore une fois pour cette "
                   "personne"),
      absl::StrCat("quarantine/", name,
                   ": this file changed during the erasure; run penc erase once more for this person")};
}

}  // namespace

FoundInQuarantine FindInQuarantine(Office& office, PersonMatch& match) {
  FoundInQuarantine out;
  out.rows.set_format(1);
  for (const std::string& name : QuarantineFiles(office)) {
    const absl::StatusOr<std::string> hash = HashInQuarantine(office, name);
    const absl::StatusOr<PersonFound> found =
        hash.ok() ? Find(office, name, match) : absl::StatusOr<PersonFound>(hash.status());
    if (found.ok() && found->choice.taken == 0) continue;
    v1::QuarantineErased& entry = out.files.emplace_back();
    entry.set_file(name);
    if (!found.ok()) {
      const Text why = Explain(found.status());
      entry.mutable_unread()->set_fr(why.fr);
      entry.mutable_unread()->set_en(why.en);
      out.rows.add_unread(name);
      continue;
    }
    entry.set_rows(found->choice.taken);
    entry.set_by_any_column(found->by_any_column);
    entry.set_removed(found->choice.kept == 0);
    entry.set_sheets(static_cast<uint32_t>(found->choice.sheets));
    *out.rows.add_files() = Written(name, *hash, found->choice);
  }
  return out;
}

absl::Status NoteErasing(Office& office, const ErasingRows& rows) {
  const bool any = rows.files_size() + rows.unread_size() > 0;
  ASSIGN_OR_RETURN(const absl::optional<std::string> before, office.database().Get(Space::kOffice, kErasing));
  if (!any && !before.has_value()) return absl::OkStatus();
  return office.committer().Commit([&](Staging& staging) {
    if (any) {
      office.database().Put(staging.batch(), Space::kOffice, kErasing, rows.SerializeAsString());
    } else {
      office.database().Delete(staging.batch(), Space::kOffice, kErasing);
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<Text>> EraseNoted(Office& office, bool unread) {
  std::vector<Text> said;
  ASSIGN_OR_RETURN(const absl::optional<std::string> noted, office.database().Get(Space::kOffice, kErasing));
  ErasingRows rows;
  if (!noted.has_value()) return said;
  if (!rows.ParseFromString(*noted) || rows.format() != 1) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {"ce qui restait à effacer des lignes mises de côté est illisible; tapez penc erase encore une "
         "fois pour cette personne",
         "what was left to be erased of rows set aside is unreadable; run penc erase once more for this "
         "person"});
  }
  for (ErasingFile& file : *rows.mutable_files()) {
    if (!FileExists(PathInQuarantine(office, file.name()))) continue;
    ASSIGN_OR_RETURN(const std::string hash, HashInQuarantine(office, file.name()));
    if (!file.after().empty() && hash == file.after()) continue;
    if (hash != file.before()) {
      said.push_back(Changed(file.name()));
      continue;
    }
    ASSIGN_OR_RETURN(storage::v1::QuarantineRow note, NoteOf(office, file.name()));
    RETURN_IF_ERROR(TakeOut(office, file.name(), ChoiceOf(file), std::move(note),
                            [&](Staging& staging, const std::string& after) {
                              file.set_after(after);
                              office.database().Put(staging.batch(), Space::kOffice, kErasing,
                                                    rows.SerializeAsString());
                            }));
  }
  if (unread) {
    for (const std::string& name : rows.unread()) said.push_back(ByHand(name));
  }
  RETURN_IF_ERROR(NoteErasing(office, ErasingRows()));
  return said;
}

}  // namespace penc
