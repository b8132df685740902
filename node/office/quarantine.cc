#include "office/quarantine.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/file.h"
#include "base/status.h"
#include "journal/committer.h"
#include "penc/storage/v1/office.pb.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

std::string RowKey(const std::string& name) { return absl::StrCat("quarantine/", name); }

// Every file in the folder, by base name; links are not followed.
std::vector<std::string> Files(const Layout& layout) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(layout.quarantine(), ignored)) {
    if (entry.is_symlink(ignored) || !entry.is_regular_file(ignored)) continue;
    names.push_back(fs::relative(entry.path(), layout.quarantine(), ignored).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// `noted`: somebody wrote down which columns hold the reference; they may be none.
absl::StatusOr<PersonCut> Cut(Office& office, const std::string& name, PersonMatch& match) {
  ASSIGN_OR_RETURN(const absl::optional<std::string> noted, office.database().Get(Space::kOffice, RowKey(name)));
  storage::v1::QuarantineRow row;
  std::vector<std::string> columns;
  if (noted.has_value() && row.ParseFromString(*noted)) columns.assign(row.person().begin(), row.person().end());
  return CutPerson(absl::StrCat(office.layout().quarantine(), "/", name), columns, match);
}

v1::QuarantineErased Unread(const std::string& name, const absl::Status& why) {
  v1::QuarantineErased entry;
  entry.set_file(name);
  const Text text = Explain(why);
  entry.mutable_unread()->set_fr(text.fr);
  entry.mutable_unread()->set_en(text.en);
  return entry;
}

absl::Status SyncFolder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (synced) return absl::OkStatus();
  return Fail(absl::StatusCode::kUnavailable, {absl::StrCat(path, ": le disque n'a pas confirmé; recommencez"),
                                               absl::StrCat(path, ": the disk did not confirm; try again")});
}

// Removes a file that held nobody else, and what was noted of it.
absl::Status Remove(Office& office, const std::string& name) {
  std::error_code error;
  const fs::path path = fs::path(office.layout().quarantine()) / name;
  if (!fs::remove(path, error) && error) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {absl::StrCat(name, ": ce fichier de quarantaine ne se laisse pas supprimer: ", error.message()),
                 absl::StrCat(name, ": this quarantine file cannot be removed: ", error.message())});
  }
  RETURN_IF_ERROR(SyncFolder(path.parent_path()));
  return office.committer().Commit([&](Staging& staging) {
    office.database().Delete(staging.batch(), Space::kOffice, RowKey(name));
    return absl::OkStatus();
  });
}

template <typename Do>
absl::StatusOr<std::vector<v1::QuarantineErased>> Each(Office& office, PersonMatch& match, const Do& with) {
  std::vector<v1::QuarantineErased> entries;
  for (const std::string& name : Files(office.layout())) {
    const absl::StatusOr<PersonCut> cut = Cut(office, name, match);
    if (!cut.ok()) {
      entries.push_back(Unread(name, cut.status()));
      continue;
    }
    if (cut->rows == 0) continue;
    v1::QuarantineErased entry;
    entry.set_file(name);
    entry.set_rows(cut->rows);
    entry.set_by_any_column(cut->by_any_column);
    entry.set_removed(cut->kept == 0);
    RETURN_IF_ERROR(with(name, *cut));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

absl::Status NoteQuarantine(Office& office, const std::string& path, const std::vector<std::string>& person) {
  storage::v1::QuarantineRow row;
  row.set_format(1);
  for (const std::string& column : person) row.add_person(column);
  return office.committer().Commit([&](Staging& staging) {
    office.database().Put(staging.batch(), Space::kOffice, RowKey(fs::path(path).filename()), row.SerializeAsString());
    return absl::OkStatus();
  });
}

std::vector<v1::QuarantineErased> FindInQuarantine(Office& office, PersonMatch& match) {
  return *Each(office, match, [](const std::string&, const PersonCut&) { return absl::OkStatus(); });
}

absl::StatusOr<std::vector<v1::QuarantineErased>> EraseFromQuarantine(Office& office, PersonMatch& match) {
  return Each(office, match, [&](const std::string& name, const PersonCut& cut) {
    if (cut.kept == 0) return Remove(office, name);
    return WriteFileAtomically(absl::StrCat(office.layout().quarantine(), "/", name), cut.content, 0600);
  });
}

}  // namespace penc
