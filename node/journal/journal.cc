#include "journal/journal.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr char kFrontierKey[] = "f";
constexpr char kMarkFile[] = "JOURNALED";
constexpr size_t kHash = 32;

std::string BigEndian(uint64_t value) {
  std::string out(8, 0);
  for (int i = 7; i >= 0; --i, value >>= 8) out[i] = static_cast<char>(value & 0xff);
  return out;
}

uint64_t FromBigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::string Encode(const merkle::Frontier& frontier) {
  std::string out = BigEndian(frontier.size());
  for (const std::string& peak : frontier.peaks()) out += peak;
  return out;
}

absl::Status Damaged() {
  return Fail(absl::StatusCode::kDataLoss, {"journal abîmé: restaurez une sauvegarde (penc restore)",
                                            "damaged journal: restore a backup (penc restore)"});
}

}  // namespace

std::string Journal::LeafKey(uint64_t index) { return absl::StrCat("l", BigEndian(index)); }

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(Database& db, RandomSource& random) {
  std::unique_ptr<Journal> journal(new Journal(db, random));
  RETURN_IF_ERROR(journal->Reload());
  RETURN_IF_ERROR(journal->CheckLeaves());
  ASSIGN_OR_RETURN(journal->mark_,
                   HighWater::Open(absl::StrCat(db.folder(), "/", kMarkFile), journal->size()));
  if (journal->size() < journal->mark_->value()) return Damaged();
  return journal;
}

Journal::~Journal() {
  if (mark_ != nullptr) mark_->Sync();
}

// Leaves that nobody counted, or others than were counted, give another frontier.
absl::Status Journal::CheckLeaves() const {
  merkle::Frontier found;
  bool gap = false;
  RETURN_IF_ERROR(db_.Scan(Space::kJournal, "l", [&](absl::string_view key, absl::string_view leaf) {
    gap = key != LeafKey(found.size());
    if (!gap) found.Append(merkle::LeafHash(leaf));
    return !gap;
  }));
  return gap || Encode(found) != Encode(staged_) ? Damaged() : absl::OkStatus();
}

absl::Status Journal::Reload() {
  ASSIGN_OR_RETURN(absl::optional<std::string> stored, db_.Get(Space::kJournal, kFrontierKey));
  merkle::Frontier frontier;
  if (stored.has_value()) {
    if (stored->size() < 8 || (stored->size() - 8) % kHash != 0) return Damaged();
    const uint64_t size = FromBigEndian(absl::string_view(*stored).substr(0, 8));
    std::vector<std::string> peaks;
    for (size_t at = 8; at < stored->size(); at += kHash) peaks.push_back(stored->substr(at, kHash));
    if (peaks.size() != static_cast<size_t>(__builtin_popcountll(size))) return Damaged();
    frontier = merkle::Frontier(size, std::move(peaks));
  }
  // The last leaf is there and no leaf follows: a frontier from another time would not be noticed otherwise.
  ASSIGN_OR_RETURN(auto next, db_.Get(Space::kJournal, LeafKey(frontier.size())));
  if (next.has_value()) return Damaged();
  if (frontier.size() > 0) {
    ASSIGN_OR_RETURN(auto last, db_.Get(Space::kJournal, LeafKey(frontier.size() - 1)));
    if (!last.has_value()) return Damaged();
  }
  staged_ = frontier;
  std::lock_guard<std::mutex> lock(mutex_);
  durable_ = std::move(frontier);
  return absl::OkStatus();
}

uint64_t Journal::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return durable_.size();
}

std::string Journal::root() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return durable_.Root();
}

std::string Journal::SignedCheckpoint(const std::string& origin, const SigningKey& key) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return SignCheckpoint({origin, durable_.size(), durable_.Root()}, key);
}

absl::Status Journal::ForEach(uint64_t from,
                              const std::function<bool(uint64_t, absl::string_view)>& visit) const {
  const uint64_t end = size();
  if (from == 0) {  // in one sweep: opening reads all of a long journal
    uint64_t next = 0;
    bool whole = true, more = true;
    RETURN_IF_ERROR(db_.Scan(Space::kJournal, "l", [&](absl::string_view key, absl::string_view leaf) {
      if (next == end) return false;
      whole = key == LeafKey(next);
      more = whole && visit(next, leaf);
      ++next;
      return more;
    }));
    return whole && (next == end || !more) ? absl::OkStatus() : Damaged();
  }
  for (uint64_t index = from; index < end; ++index) {
    ASSIGN_OR_RETURN(auto leaf, db_.Get(Space::kJournal, LeafKey(index)));
    if (!leaf.has_value()) return Damaged();
    if (!visit(index, *leaf)) break;
  }
  return absl::OkStatus();
}

std::string Journal::Salt() {
  std::string salt(16, 0);
  random_.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(salt.data()), salt.size()));
  return salt;
}

uint64_t Journal::Stage(rocksdb::WriteBatch& batch, storage::v1::JournalLeaf leaf, absl::Time now) {
  leaf.set_format(1);
  leaf.set_time_unix_micros(absl::ToUnixMicros(now));
  leaf.set_salt(Salt());
  const std::string bytes = leaf.SerializeAsString();
  const uint64_t index = staged_.size();
  staged_.Append(merkle::LeafHash(bytes));
  db_.Put(batch, Space::kJournal, LeafKey(index), bytes);
  db_.Put(batch, Space::kJournal, kFrontierKey, Encode(staged_));
  return index;
}

void Journal::Durable() {
  std::lock_guard<std::mutex> lock(mutex_);
  durable_ = staged_;
  mark_->Raise(durable_.size());
}

}  // namespace penc
