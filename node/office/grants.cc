#include "office/grants.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "policy/read.h"

namespace penc {
namespace {

constexpr size_t kMaxGrantBytes = 256 << 10;
constexpr absl::Duration kLookEvery = absl::Milliseconds(500);

}  // namespace

std::shared_ptr<const Grant> Grants::Find(absl::string_view fingerprint, const Codebook& codebook) {
  std::lock_guard<std::mutex> lock(mutex_);
  RefreshLocked(codebook, false);
  auto it = by_key_.find(fingerprint);
  return it == by_key_.end() ? nullptr : it->second;
}

std::shared_ptr<const Grant> Grants::FindByName(absl::string_view name, const Codebook& codebook) {
  std::lock_guard<std::mutex> lock(mutex_);
  RefreshLocked(codebook, true);
  for (const auto& grant : grants_) {
    if (grant->name == name) return grant;
  }
  return nullptr;
}

void Grants::Reload(const Codebook& codebook) {
  std::lock_guard<std::mutex> lock(mutex_);
  read_ = false;
  RefreshLocked(codebook, true);
}

std::vector<std::shared_ptr<const Grant>> Grants::All(const Codebook& codebook) {
  std::lock_guard<std::mutex> lock(mutex_);
  RefreshLocked(codebook, true);
  return grants_;
}

std::vector<Grants::Bad> Grants::Errors(const Codebook& codebook) {
  std::lock_guard<std::mutex> lock(mutex_);
  RefreshLocked(codebook, true);
  return bad_;
}

Grants::Listing Grants::List() const {
  Listing listing;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    if (entry.path().extension() != ".yaml") continue;
    struct stat found;
    if (stat(entry.path().c_str(), &found) != 0) continue;
    auto ns = [](const timespec& t) { return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec; };
    listing[entry.path().filename().string()] = {ns(found.st_mtim), ns(found.st_ctim),
                                                 static_cast<uint64_t>(found.st_size),
                                                 static_cast<uint64_t>(found.st_ino)};
  }
  return listing;
}

void Grants::RefreshLocked(const Codebook& codebook, bool force) {
  absl::Time now = absl::Now();  // how often to look, not what a grant says: the machine's clock will do
  if (!force && now >= looked_ && now < looked_ + kLookEvery) return;
  looked_ = now;
  Listing found = List();
  if (read_ && found == listing_) return;
  listing_ = std::move(found);
  ReadAllLocked(codebook);
}

void Grants::ReadAllLocked(const Codebook& codebook) {
  grants_.clear();
  by_key_.clear();
  bad_.clear();
  std::map<std::string, std::string> file_of;  // by key
  GrantJournal::ByFile in_force;
  std::set<std::string> twice;
  for (const auto& [file, seen] : listing_) {
    absl::StatusOr<std::string> text = ReadFile(absl::StrCat(folder_, "/", file), kMaxGrantBytes);
    absl::StatusOr<Grant> grant = text.ok() ? ReadGrant(file, *text, codebook) : text.status();
    if (!grant.ok()) {
      bad_.push_back({file, grant.status()});
      continue;
    }
    auto [it, fresh] = file_of.emplace(grant->key, file);
    if (!fresh) {
      twice.insert(grant->key);
      bad_.push_back(
          {file, Fail(absl::StatusCode::kInvalidArgument,
                      {absl::StrCat(file, " et ", it->second,
                                    " autorisent la même clé: gardez-en un; la clé est refusée d'ici là"),
                       absl::StrCat(file, " and ", it->second,
                                    " grant the same key: keep one; the key is denied until then")})});
      continue;
    }
    auto shared = std::make_shared<const Grant>(*std::move(grant));
    grants_.push_back(shared);
    by_key_[shared->key] = shared;
    storage::v1::Granted& granted = in_force[file];
    granted.set_name(shared->name);
    granted.set_sha256(Sha256(*text));
    granted.set_key(shared->key);
  }
  for (const std::string& key : twice) {
    in_force.erase(file_of[key]);
    DropLocked(key);
  }
  read_ = true;
  absl::Status followed = journal_.Follow(in_force);
  if (followed.ok()) return;
  for (const auto& [file, granted] : in_force) {
    if (journal_.Journaled(file, granted)) continue;
    DropLocked(granted.key());
    bad_.push_back({file, followed});
  }
  read_ = false;  // the next look tries again
}

void Grants::DropLocked(const std::string& key) {
  by_key_.erase(key);
  grants_.erase(std::remove_if(grants_.begin(), grants_.end(), [&](const auto& g) { return g->key == key; }),
                grants_.end());
}

}  // namespace penc
