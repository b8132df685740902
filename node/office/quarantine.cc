#include "office/quarantine.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/database.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "ingest/quarantine.h"
#include "journal/committer.h"
#include "store/record_store.h"

namespace penc {
namespace {

namespace fs = std::filesystem;
using storage::v1::QuarantineRow;

constexpr char kNotes[] = "quarantine/";
constexpr size_t kLargest = size_t{1} << 30;

std::string RowKey(const std::string& name) { return absl::StrCat(kNotes, name); }

absl::Status PutNote(Office& office, const std::string& name, const QuarantineRow& note) {
  return office.committer().Commit([&](Staging& staging) {
    office.database().Put(staging.batch(), Space::kOffice, RowKey(name), note.SerializeAsString());
    return absl::OkStatus();
  });
}

absl::Status ForgetNote(Office& office, const std::string& name) {
  return office.committer().Commit([&](Staging& staging) {
    office.database().Delete(staging.batch(), Space::kOffice, RowKey(name));
    return absl::OkStatus();
  });
}

absl::Status RemoveWhole(Office& office, const std::string& name) {
  RETURN_IF_ERROR(DestroyFile(PathInQuarantine(office, name)));
  return ForgetNote(office, name);
}

bool Edited(const Office& office, const std::string& name, const QuarantineRow& note) {
  const absl::StatusOr<std::string> hash = HashInQuarantine(office, name);
  return !hash.ok() || *hash != note.sha256();
}

// The batch that a row was set aside from; 0: it does not say.
uint64_t OriginOf(const FileHeading& heading, const FileRow& row) {
  const auto at =
      std::find(heading.names.begin(), heading.names.end(), kOriginColumn) - heading.names.begin();
  uint64_t batch = 0;
  if (static_cast<size_t>(at) >= row.cells.size() || !absl::SimpleAtoi(row.cells[at], &batch)) return 0;
  return batch;
}

class Tidier {
 public:
  Tidier(Office& office, const Tidying& tidying) : office_(office), tidying_(tidying) {
    for (BatchInfo& batch : office.store().Batches()) {
      const bool over = batch.expired || (tidying.today.has_value() && batch.keep_until_day.has_value() &&
                                          *batch.keep_until_day < *tidying.today);
      if (over) over_.insert(batch.id);
      batches_.emplace(batch.id, std::move(batch));
    }
  }

  std::vector<Text> Run() {
    ForgetGoneFiles();
    for (const std::string& name : QuarantineFiles(office_)) {
      const absl::Status tidied = Tidy(name);
      if (!tidied.ok() && !absl::IsInvalidArgument(tidied)) {
        const Text why = Explain(tidied);
        Say(name,
            {absl::StrCat("à retirer, mais: ", why.fr), absl::StrCat("to be taken out, but: ", why.en)});
      }
    }
    return std::move(said_);
  }

 private:
  // Without numbers: what is found at an opening goes to where the node writes what nobody asked for.
  void Say(const std::string& name, const Text& what) {
    said_.push_back(
        {absl::StrCat("quarantine/", name, ": ", what.fr), absl::StrCat("quarantine/", name, ": ", what.en)});
  }

  void ForgetGoneFiles() {
    std::vector<std::string> gone;
    const absl::Status read =
        office_.database().Scan(Space::kOffice, kNotes, [&](absl::string_view key, absl::string_view) {
          const std::string name(absl::StripPrefix(key, kNotes));
          if (!FileExists(PathInQuarantine(office_, name))) gone.push_back(name);
          return true;
        });
    if (!read.ok()) return;
    for (const std::string& name : gone) ForgetNote(office_, name).IgnoreError();  // the next time
  }

  absl::Status Tidy(const std::string& name) {
    ASSIGN_OR_RETURN(QuarantineRow note, NoteOf(office_, name));
    if (note.batch() == 0) {
      RETURN_IF_ERROR(WithoutRowsThatAreOver(name, note));
    } else if (const auto batch = batches_.find(note.batch()); batch == batches_.end()) {
      if (!tidying_.opening || Edited(office_, name, note)) return absl::OkStatus();
      RETURN_IF_ERROR(RemoveWhole(office_, name));
      Say(name,
          {"retiré: l'import qui l'écrivait a été coupé, rien n'en est gardé. Importez de nouveau son "
           "fichier",
           "removed: the import that wrote it was cut off, nothing of it was kept. Import its file again"});
      return absl::OkStatus();
    } else if (over_.count(note.batch()) > 0) {
      RETURN_IF_ERROR(RemoveWhole(office_, name));
      Say(name, {absl::StrCat("supprimé, le délai de garde du lot ", note.batch(), " est passé"),
                 absl::StrCat("removed, the last day of batch ", note.batch(), " is over")});
      return absl::OkStatus();
    } else if (batch->second.undone) {
      return AfterUndo(name, note);
    }
    return WithoutRowsThatCameBack(name, note);
  }

  absl::Status AfterUndo(const std::string& name, const QuarantineRow& note) {
    if (!Edited(office_, name, note)) {
      RETURN_IF_ERROR(RemoveWhole(office_, name));
      Say(name, {absl::StrCat("supprimé avec le lot ", note.batch()),
                 absl::StrCat("removed with batch ", note.batch())});
    } else if (tidying_.undone == note.batch()) {
      Say(name,
          {"il est de ce lot, mais quelqu'un l'a modifié: il reste. Supprimez-le si vous n'en avez plus "
           "besoin, ses lignes y sont en clair",
           "it is of this batch, but somebody edited it: it stays. Delete it if you need it no more, its "
           "rows are in the clear"});
    }
    return absl::OkStatus();
  }

  // A copy that somebody made: its rows say themselves where they come from.
  absl::Status WithoutRowsThatAreOver(const std::string& name, const QuarantineRow& note) {
    if (over_.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(
        const RowChoice choice,
        ChooseRows(PathInQuarantine(office_, name), [&](const FileHeading* heading, const FileRow& row) {
          return heading != nullptr && over_.count(OriginOf(*heading, row)) > 0;
        }));
    if (choice.taken == 0) return absl::OkStatus();
    RETURN_IF_ERROR(TakeOut(office_, name, choice, note, nullptr));
    Say(name, {"des lignes sont retirées, leur délai de garde est passé",
               "rows were taken out, their last day is over"});
    return absl::OkStatus();
  }

  absl::Status WithoutRowsThatCameBack(const std::string& name, QuarantineRow note) {
    std::set<std::string> settled;
    QuarantineRow later = note;
    later.clear_brought_back();
    for (const storage::v1::BroughtBack& back : note.brought_back()) {
      const auto batch = batches_.find(back.batch());
      if (batch == batches_.end()) continue;
      if (batch->second.undone && !batch->second.expired) continue;  // they wait again
      if (batch->second.closed_in >= 0 || batch->second.expired) {
        settled.insert(back.rows().begin(), back.rows().end());
      } else {
        *later.add_brought_back() = back;
      }
    }
    if (later.brought_back_size() == note.brought_back_size() || !FileExists(PathInQuarantine(office_, name)))
      return absl::OkStatus();
    if (settled.empty()) return PutNote(office_, name, later);
    ASSIGN_OR_RETURN(
        const RowChoice choice,
        ChooseRows(PathInQuarantine(office_, name), [&](const FileHeading* heading, const FileRow& row) {
          return heading != nullptr && settled.count(SetAsideKey(*heading, row)) > 0;
        }));
    if (choice.taken == 0) return PutNote(office_, name, later);
    RETURN_IF_ERROR(TakeOut(office_, name, choice, std::move(later), nullptr));
    if (choice.kept == 0) {
      Say(name, {"supprimé, toutes ses lignes sont revenues et arrêtées",
                 "removed, all of its rows came back and are closed"});
    } else {
      Say(name, {"les lignes revenues et arrêtées sont retirées; d'autres attendent encore",
                 "the rows that came back and are closed were taken out; others still wait"});
    }
    return absl::OkStatus();
  }

  Office& office_;
  const Tidying& tidying_;
  std::map<uint64_t, BatchInfo> batches_;
  std::set<uint64_t> over_;  // of which nothing may be kept
  std::vector<Text> said_;
};

}  // namespace

std::vector<std::string> QuarantineFiles(const Office& office) {
  std::vector<std::string> names;
  std::error_code ignored;
  const std::string folder = office.layout().quarantine();
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (entry.is_symlink(ignored) || !entry.is_regular_file(ignored)) continue;
    names.push_back(fs::relative(entry.path(), folder, ignored).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string PathInQuarantine(const Office& office, const std::string& name) {
  return absl::StrCat(office.layout().quarantine(), "/", name);
}

absl::StatusOr<std::string> HashInQuarantine(const Office& office, const std::string& name) {
  ASSIGN_OR_RETURN(const std::string content, ReadFile(PathInQuarantine(office, name), kLargest));
  return Sha256(content);
}

absl::StatusOr<QuarantineRow> NoteOf(Office& office, const std::string& name) {
  ASSIGN_OR_RETURN(const absl::optional<std::string> noted,
                   office.database().Get(Space::kOffice, RowKey(name)));
  QuarantineRow note;
  if (!noted.has_value() || !note.ParseFromString(*noted)) note.Clear();
  return note;
}

absl::Status NoteQuarantine(Office& office, const std::string& path, const std::string& content,
                            const std::vector<std::string>& person, uint64_t batch) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(content, kLargest));
  QuarantineRow note;
  note.set_format(1);
  note.set_batch(batch);
  note.set_sha256(Sha256(bytes));
  for (const std::string& column : person) note.add_person(column);
  return PutNote(office, fs::path(path).filename(), note);
}

absl::Status TakeOut(Office& office, const std::string& name, const RowChoice& choice, QuarantineRow note,
                     const std::function<void(Staging&, const std::string& after)>& also) {
  const std::string path = PathInQuarantine(office, name);
  std::string content, after;
  if (choice.kept > 0) {
    const bool edited = Edited(office, name, note);
    ASSIGN_OR_RETURN(content, WithoutRows(path, choice));
    after = Sha256(content);
    if (!edited) note.set_sha256(after);
  }
  RETURN_IF_ERROR(office.committer().Commit([&](Staging& staging) {
    if (note.format() != 0 && choice.kept > 0)
      office.database().Put(staging.batch(), Space::kOffice, RowKey(name), note.SerializeAsString());
    if (also) also(staging, after);
    return absl::OkStatus();
  }));
  return choice.kept > 0 ? ReplaceFileAndDestroyOld(path, content, 0600) : RemoveWhole(office, name);
}

std::vector<Text> TidyQuarantine(Office& office, const Tidying& tidying) {
  return Tidier(office, tidying).Run();
}

absl::StatusOr<std::vector<Text>> NoteBroughtBack(Office& office, uint64_t batch,
                                                  const std::set<std::string>& rows,
                                                  const std::vector<std::string>& person,
                                                  const std::string& but) {
  std::vector<Text> said;
  if (rows.empty()) return said;
  std::set<uint64_t> undone;
  for (const BatchInfo& info : office.store().Batches()) {
    if (info.undone && !info.expired) undone.insert(info.id);
  }
  for (const std::string& name : QuarantineFiles(office)) {
    if (PathInQuarantine(office, name) == but) continue;
    ASSIGN_OR_RETURN(QuarantineRow note, NoteOf(office, name));
    std::set<std::string> known;
    for (const storage::v1::BroughtBack& back : note.brought_back()) {
      if (undone.count(back.batch()) == 0) known.insert(back.rows().begin(), back.rows().end());
    }
    storage::v1::BroughtBack back;
    back.set_batch(batch);
    const absl::StatusOr<RowChoice> choice =
        ChooseRows(PathInQuarantine(office, name), [&](const FileHeading* heading, const FileRow& row) {
          if (heading == nullptr) return false;
          const std::string key = SetAsideKey(*heading, row);
          if (rows.count(key) > 0) back.add_rows(key);
          return rows.count(key) > 0 || known.count(key) > 0;
        });
    if (!choice.ok() || back.rows().empty()) continue;
    if (note.format() == 0) {
      note.set_format(1);
      for (const std::string& column : person) note.add_person(column);
    }
    *note.add_brought_back() = back;
    RETURN_IF_ERROR(PutNote(office, name, note));
    const std::string left = absl::StrCat(choice->kept);
    said.push_back(
        choice->kept == 0
            ? Text{absl::StrCat(
                       "quarantine/", name,
                       ": toutes ses lignes sont revenues; penc le supprime au prochain arrêté (penc "
                       "close)"),
                   absl::StrCat(
                       "quarantine/", name,
                       ": all of its rows came back; penc removes it at the next closing (penc close)")}
            : Text{absl::StrCat("quarantine/", name, ": lignes revenues: ", back.rows_size(),
                                ", qui attendent encore: ", left),
                   absl::StrCat("quarantine/", name, ": rows that came back: ", back.rows_size(),
                                ", that still wait: ", left)});
  }
  return said;
}

}  // namespace penc
