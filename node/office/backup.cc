#include "office/backup.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/status.h"
#include "ledger/ledger.h"
#include "office/archive.h"
#include "office/balance.h"
#include "office/keys.h"
#include "office/membership.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

// First and last file of the archive: what it is, and that it is whole.
constexpr char kFirst[] = "PENC-BACKUP";
constexpr char kLast[] = "PENC-END";
constexpr char kFirstLine[] = "penc backup 1\n";
constexpr char kWithKey[] =
    "Whoever has this file has the office: keys and records. Keep it as you keep the office itself.\n"
    "Qui possède ce fichier possède l'organisation: clés et dossiers. Gardez-le comme l'original.\n";
constexpr char kWithoutKey[] =
    "The key is not in this file: it opens where the office's own folder would open (penc key show).\n"
    "La clé n'est pas dans ce fichier: il s'ouvre là où le dossier lui-même s'ouvrirait (penc key show).\n";

// A folder that is gone afterwards.
class Scratch {
 public:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Nothing more is answered about the people of any closed edition, and the journal says why. Number of
// cohorts that had something left.
absl::StatusOr<uint64_t> Forfeit(Office& office) {
  uint64_t cohorts = 0;
  for (const CohortBalance& balance : office.ledger().Balances()) {
    cohorts += SpentPpm(balance.promise, balance.spent) < kWholePpm;
  }
  RETURN_IF_ERROR(office.ledger().ForfeitAll());
  return cohorts;
}

}  // namespace

absl::StatusOr<uint64_t> Backup(Office& office, const std::string& path) {
  if (FileExists(path)) {
    return Fail(absl::StatusCode::kAlreadyExists,
                {absl::StrCat(path, " existe déjà: donnez un autre nom; rien n'a été écrit"),
                 absl::StrCat(path, " exists already: give another name; nothing was written")});
  }
  const Layout& layout = office.layout();
  Scratch scratch(layout.backup_scratch());
  std::error_code ignored;
  fs::remove_all(scratch.path(), ignored);  // of a crash
  RETURN_IF_ERROR(MakePrivateFolder(scratch.path()));
  const std::string database = scratch.path() + "/db", first = scratch.path() + "/first",
                    last = scratch.path() + "/last";
  RETURN_IF_ERROR(WriteFileAtomically(
      first, absl::StrCat(kFirstLine, office.keys().lies_here() ? kWithKey : kWithoutKey), 0600));
  RETURN_IF_ERROR(WriteFileAtomically(last, "end\n", 0600));
  RETURN_IF_ERROR(office.database().CopyTo(database));
  std::vector<ArchiveItem> items = {{first, kFirst}};
  for (const std::string& item : {layout.config(), layout.keys(), layout.codebook(), layout.policy(),
                                  layout.grants(), layout.mappings(), layout.quarantine()}) {
    if (fs::exists(item, ignored)) items.push_back({item, fs::path(item).filename().string()});
  }
  items.push_back({database, "db"});
  items.push_back({last, kLast});
  return WriteArchive(path, items);
}

absl::StatusOr<Restored> Restore(const std::string& path, const std::string& dir, bool forfeit,
                                 const Environment& environment) {
  if (!FileExists(path)) {
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat(path, ": fichier introuvable; vérifiez le chemin (penc restore FICHIER DIR)"),
                 absl::StrCat(path, ": no such file; check the path (penc restore FILE DIR)")});
  }
  ASSIGN_OR_RETURN(NewFolder folder, NewFolder::Beside(dir, environment.random));
  RETURN_IF_ERROR(ReadArchive(path, folder.path()));
  const std::string first = absl::StrCat(folder.path(), "/", kFirst),
                    last = absl::StrCat(folder.path(), "/", kLast);
  if (!FileExists(first)) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(path, " n'est pas une sauvegarde de penc: donnez un fichier de penc backup"),
                 absl::StrCat(path, " is not a backup made by penc: give a file from penc backup")});
  }
  if (!FileExists(last)) {
    return Fail(absl::StatusCode::kDataLoss,
                {absl::StrCat(path, " est incomplet: prenez une autre copie; rien n'a été restauré"),
                 absl::StrCat(path, " is incomplete: take another copy; nothing was restored")});
  }
  std::error_code ignored;
  fs::remove(first, ignored);
  fs::remove(last, ignored);
  Restored restored;
  {
    // The budget is gone, or the office silent, before it appears under its name.
    ASSIGN_OR_RETURN(std::unique_ptr<Office> office, Office::Open(folder.path(), environment));
    restored.name = office->config().office();
    ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> network, office->network().Load());
    restored.silent = network.has_value() && !forfeit;
    if (restored.silent) {
      RETURN_IF_ERROR(office->SetRestored(environment.clock.Now()));
    } else {
      ASSIGN_OR_RETURN(restored.cohorts, Forfeit(*office));
    }
  }
  RETURN_IF_ERROR(folder.MoveIntoPlace());
  return restored;
}

}  // namespace penc
