#include "ledger/charge_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/big_endian.h"
#include "base/database.h"
#include "base/status.h"
#include "journal/committer.h"
#include "ledger/rows.h"

namespace penc {
namespace {

using storage::v1::ChargeLogEntry;
using storage::v1::ChargeLogEntryRow;
using storage::v1::GivenHead;

constexpr char kLogKey[] = "f";
constexpr char kGivenKey[] = "h";
constexpr char kEntries[] = "e";
constexpr int kMostLinks = 16;

std::string EntryKey(uint64_t generation, uint64_t index) {
  return absl::StrCat(kEntries, BigEndian64(generation), BigEndian64(index));
}

}  // namespace

absl::Status ChargeLog::Load() {
  storage::v1::ChargeLogRow row;
  storage::v1::GivenHeadsRow given;
  ASSIGN_OR_RETURN(const absl::optional<std::string> log, db_.Get(Space::kLedger, kLogKey));
  ASSIGN_OR_RETURN(const absl::optional<std::string> heads, db_.Get(Space::kLedger, kGivenKey));
  if (log.has_value()) RETURN_IF_ERROR(ParseRow(kLogKey, *log, row));
  if (heads.has_value()) RETURN_IF_ERROR(ParseRow(kGivenKey, *heads, given));
  if (row.peaks_size() != __builtin_popcountll(row.size()) || row.has_adopted() != (row.generation() > 0))
    return LedgerDamaged();
  const uint64_t last = given.given_size() > 0 ? given.given(given.given_size() - 1).size() : 0;
  if (given.generation() != row.generation() || last != row.last_given()) return LedgerDamaged();
  row_ = std::move(row);
  given_ = std::move(given);
  frontier_ = merkle::Frontier(row_.size(), {row_.peaks().begin(), row_.peaks().end()});
  recent_.clear();
  return CheckFrontier();
}

// The frontier is that of the entries that are there, and no entry follows. Without a frontier there is none.
absl::Status ChargeLog::CheckFrontier() const {
  uint64_t first = 0;
  for (int i = 0; i < static_cast<int>(frontier_.peaks().size()); ++i) {
    const int level = 63 - __builtin_clzll(frontier_.size() - first);
    ASSIGN_OR_RETURN(const std::string peak, Node(level, first >> level));
    if (peak != frontier_.peaks()[i]) return LedgerDamaged();
    first += uint64_t{1} << level;
  }
  ASSIGN_OR_RETURN(const absl::optional<std::string> next,
                   db_.Get(Space::kLedger, EntryKey(generation(), size())));
  return next.has_value() ? LedgerDamaged() : absl::OkStatus();
}

std::string ChargeLog::Append(Staging& staging, ChargeLogEntry entry) {
  entry.set_format(kLedgerFormat);
  entry.set_salt(staging.Salt());
  ChargeLogEntryRow row;
  row.set_format(kLedgerFormat);
  row.set_entry(entry.SerializeAsString());
  std::vector<std::string> nodes;
  std::string leaf = merkle::LeafHash(row.entry());
  const uint64_t index = size();
  frontier_.Append(leaf, &nodes);
  for (std::string& node : nodes) row.add_nodes(std::move(node));
  const std::string key = EntryKey(generation(), index);
  db_.Put(staging.batch(), Space::kLedger, key, CheckedRow(key, row.SerializeAsString()));
  recent_[index] = std::move(row);
  Put(staging);
  return leaf;
}

std::string ChargeLog::AppendForfeit(Staging& staging) {
  row_.set_forfeited(size() + 1);
  ChargeLogEntry entry;
  entry.set_kind(ChargeLogEntry::KIND_FORFEITED);
  return Append(staging, std::move(entry));
}

std::string ChargeLog::Adopt(Staging& staging, const v1::AdoptedHead& head,
                             absl::optional<Edition> retaken_until) {
  const uint64_t next = std::max(generation(), head.generation()) + 1;
  frontier_ = merkle::Frontier();
  recent_.clear();
  row_.Clear();
  row_.set_generation(next);
  *row_.mutable_adopted() = head;
  row_.set_retaking(retaken_until.has_value());
  row_.set_retaken_until(retaken_until.value_or(0));
  given_.Clear();
  given_.set_generation(next);
  PutGiven(staging);
  ChargeLogEntry entry;
  entry.set_kind(ChargeLogEntry::KIND_ADOPTED);
  *entry.mutable_adopted() = head;
  return Append(staging, std::move(entry));
}

bool ChargeLog::Retakes(Staging& staging, Edition edition) {
  if (!row_.retaking()) return false;
  if (edition >= row_.retaken_until()) {
    row_.set_retaking(false);
    row_.clear_retaken_until();
    Put(staging);
  }
  return true;
}

absl::StatusOr<bool> ChargeLog::Contains(uint64_t generation, uint64_t size, absl::string_view root) const {
  if (generation < this->generation()) {
    const v1::AdoptedHead& head = row_.adopted();
    return generation < head.generation() ||
           (generation == head.generation() &&
            (size < head.size() || (size == head.size() && root == head.root())));
  }
  if (generation > this->generation() || size > this->size()) return false;
  ASSIGN_OR_RETURN(const std::string ours,
                   merkle::RootAt(size, [this](int level, uint64_t index) { return Node(level, index); }));
  return ours == root;
}

bool ChargeLog::TookOver(const v1::AdoptedHead& head) const {
  if (!row_.has_adopted()) return false;
  const v1::AdoptedHead& mine = row_.adopted();
  if (head.pure() > mine.pure() || head.renyi() > mine.renyi()) return false;
  if (head.generation() != mine.generation()) return head.generation() < mine.generation();
  return head.size() < mine.size() || (head.size() == mine.size() && head.root() == mine.root());
}

absl::StatusOr<v1::ChargeLogHead> ChargeLog::Give(Staging& staging) {
  v1::ChargeLogHead head;
  head.set_generation(generation());
  head.set_size(size());
  head.set_root(root());
  if (row_.has_adopted()) *head.mutable_adopted() = row_.adopted();
  // Of many heads the newest are told, and always the one that is known to be witnessed.
  std::vector<GivenHead> earlier;
  for (int i = given_.given_size(); i-- > 0 && earlier.size() < kMostLinks;) {
    if (given_.given(i).size() < size()) earlier.push_back(given_.given(i));
  }
  const bool told = std::any_of(earlier.begin(), earlier.end(),
                                [this](const GivenHead& one) { return one.size() == witnessed(); });
  if (witnessed() > 0 && witnessed() < size() && !told) {
    if (earlier.size() == kMostLinks) earlier.pop_back();
    earlier.push_back(given_.witnessed());
    std::sort(earlier.begin(), earlier.end(),
              [](const GivenHead& a, const GivenHead& b) { return a.size() > b.size(); });
  }
  for (const GivenHead& one : earlier) {
    v1::ChargeLogLink& link = *head.add_links();
    link.set_size(one.size());
    link.set_root(one.root());
    ASSIGN_OR_RETURN(std::vector<std::string> proof,
                     merkle::ConsistencyProof(one.size(), size(), [this](int level, uint64_t index) {
                       return Node(level, index);
                     }));
    for (std::string& hash : proof) link.add_consistency(std::move(hash));
  }
  if (size() > 0 && (given_.given_size() == 0 || given_.given(given_.given_size() - 1).size() < size())) {
    GivenHead& now = *given_.add_given();
    now.set_size(size());
    now.set_root(root());
    if (given_.given_size() > kMostLinks + 1) given_.mutable_given()->DeleteSubrange(0, 1);
    PutGiven(staging);
    row_.set_last_given(size());
    Put(staging);
  }
  return head;
}

void ChargeLog::SetWitnessed(Staging& staging, uint64_t size, absl::string_view root) {
  given_.mutable_witnessed()->set_size(size);
  given_.mutable_witnessed()->set_root(std::string(root));
  PutGiven(staging);
}

absl::Status ChargeLog::ForEach(uint64_t from,
                                const std::function<void(const ChargeLogEntry&)>& visit) const {
  for (uint64_t index = from; index < size(); ++index) {
    ASSIGN_OR_RETURN(const ChargeLogEntryRow row, Entry(index));
    ChargeLogEntry entry;
    if (!entry.ParseFromString(row.entry()) || entry.format() != kLedgerFormat) return LedgerDamaged();
    visit(entry);
  }
  return absl::OkStatus();
}

absl::StatusOr<ChargeLogEntryRow> ChargeLog::Entry(uint64_t index) const {
  if (const auto recent = recent_.find(index); recent != recent_.end()) return recent->second;
  const std::string key = EntryKey(generation(), index);
  ASSIGN_OR_RETURN(const absl::optional<std::string> value, db_.Get(Space::kLedger, key));
  if (!value.has_value()) return LedgerDamaged();
  ChargeLogEntryRow row;
  RETURN_IF_ERROR(ParseRow(key, *value, row));
  return row;
}

// A full subtree's root lies with the entry that completed it.
absl::StatusOr<std::string> ChargeLog::Node(int level, uint64_t index) const {
  ASSIGN_OR_RETURN(const ChargeLogEntryRow row, Entry(((index + 1) << level) - 1));
  if (level == 0) return merkle::LeafHash(row.entry());
  if (row.nodes_size() < level) return LedgerDamaged();
  return row.nodes(level - 1);
}

void ChargeLog::Put(Staging& staging) {
  row_.set_format(kLedgerFormat);
  row_.set_size(frontier_.size());
  row_.clear_peaks();
  for (const std::string& peak : frontier_.peaks()) row_.add_peaks(peak);
  db_.Put(staging.batch(), Space::kLedger, kLogKey, CheckedRow(kLogKey, row_.SerializeAsString()));
}

void ChargeLog::PutGiven(Staging& staging) {
  given_.set_format(kLedgerFormat);
  db_.Put(staging.batch(), Space::kLedger, kGivenKey, CheckedRow(kGivenKey, given_.SerializeAsString()));
}

}  // namespace penc
