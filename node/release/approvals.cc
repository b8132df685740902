#include "release/approvals.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/big_endian.h"
#include "base/database.h"
#include "base/status.h"
#include "base/utf8.h"
#include "crypto/checked_row.h"
#include "journal/committer.h"

namespace penc {
namespace {

using Row = storage::v1::ApprovalRow;

constexpr uint32_t kFormat = 1;
constexpr char kRows[] = "approval/", kLast[] = "approvals";
constexpr size_t kLongestReason = 300, kLongestName = 100;

std::string KeyOf(uint64_t number) { return absl::StrCat(kRows, BigEndian64(number)); }

absl::Status Damaged() {
  return Fail(
      absl::StatusCode::kDataLoss,
      {"registre des décisions abîmé: ce nœud ne répond plus; restaurez une sauvegarde (penc restore)",
       "damaged register of decisions: this node answers nothing; restore a backup (penc restore)"});
}

// A refusal outside of rounds has no end of its own.
bool InTime(const Row& row, absl::Time now) {
  return row.until_unix_micros() == 0 || absl::ToUnixMicros(now) < row.until_unix_micros();
}

bool Holds(const Row& row, const InForce& in_force) {
  return InTime(row, in_force.now) && row.policy_sha256() == in_force.policy_hash &&
         row.codebook_sha256() == in_force.codebook_hash && in_force.edition.has_value() &&
         row.edition() == *in_force.edition;
}

bool IsOf(const Row& row, const Subject& subject) {
  return row.slot() == subject.slot && row.plan_id() == subject.plan_id && row.asker() == subject.asker &&
         row.purpose() == subject.purpose && row.policy_sha256() == subject.policy_hash;
}

// It reaches another person's terminal, and the journal.
absl::Status CheckWords(absl::string_view option, absl::string_view words, size_t most) {
  const bool one_line = std::none_of(words.begin(), words.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; });
  if (words.size() <= most && one_line && FirstInvalidUtf8(words) == absl::string_view::npos)
    return absl::OkStatus();
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(option, ": une seule ligne d'au plus ", most, " octets est attendue"),
               absl::StrCat(option, ": one line of at most ", most, " bytes is expected")});
}

absl::Status Unknown(uint64_t number) {
  return Fail(
      absl::StatusCode::kNotFound,
      {absl::StrCat("aucune question n° ", number,
                    " n'attend ni ne vaut encore: elle a pu expirer, ou l'édition, la politique ou le "
                    "lexique ont changé depuis. Voyez penc pending"),
       absl::StrCat("no question no. ", number,
                    " waits or still holds: it may have expired, or edition, policy or codebook have "
                    "changed since. See penc pending")});
}

}  // namespace

absl::StatusOr<std::unique_ptr<Approvals>> Approvals::Open(const Database& db, Committer& committer) {
  std::unique_ptr<Approvals> approvals(new Approvals(db, committer));
  RETURN_IF_ERROR(approvals->Load());
  return approvals;
}

absl::Status Approvals::Load() {
  bool whole = true;
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, kRows, [&](absl::string_view key, absl::string_view stored) {
    Row row;
    whole = ReadCheckedRow(key, stored, kFormat, row) && key == KeyOf(row.number());
    rows_[row.number()] = std::move(row);
    return whole;
  }));
  ASSIGN_OR_RETURN(const absl::optional<std::string> stored, db_.Get(Space::kOffice, kLast));
  storage::v1::ApprovalsRow last;
  if (stored.has_value()) whole = whole && ReadCheckedRow(kLast, *stored, kFormat, last);
  // A number that came again would let somebody approve another question than the one that was read.
  if (!whole || (!rows_.empty() && rows_.rbegin()->first > last.last_number())) return Damaged();
  last_number_ = last.last_number();
  return absl::OkStatus();
}

absl::optional<Row> Approvals::Find(const Subject& subject, absl::Time now) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [number, row] : rows_) {
    if (IsOf(row, subject) && InTime(row, now)) return row;
  }
  return absl::nullopt;
}

absl::StatusOr<absl::optional<absl::Time>> Approvals::Ask(Row row, absl::Time until, uint32_t most,
                                                          const InForce& in_force,
                                                          const std::string& question,
                                                          const std::string& edition) {
  std::lock_guard<std::mutex> changing(changing_);
  const Subject subject{row.slot(), row.plan_id(), row.asker(), row.purpose(), row.policy_sha256()};
  std::vector<uint64_t> over;
  storage::v1::DecisionLapsed lapsed;
  uint32_t waiting = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [number, known] : rows_) {
      const bool waits = known.state() == Row::STATE_WAITING;
      if (!Holds(known, in_force)) {
        over.push_back(number);
        if (waits) lapsed.add_numbers(number);
        continue;
      }
      if (IsOf(known, subject)) return absl::make_optional(absl::FromUnixMicros(known.until_unix_micros()));
      waiting += waits && known.asker() == row.asker();
    }
    row.set_number(last_number_ + 1);
  }
  if (waiting >= most) return absl::optional<absl::Time>();
  row.set_format(kFormat);
  row.set_state(Row::STATE_WAITING);
  row.set_asked_unix_micros(absl::ToUnixMicros(in_force.now));
  row.set_until_unix_micros(absl::ToUnixMicros(until));
  RETURN_IF_ERROR(committer_.Commit([&](Staging& staging) {
    for (uint64_t number : over) db_.Delete(staging.batch(), Space::kOffice, KeyOf(number));
    const std::string key = KeyOf(row.number());
    db_.Put(staging.batch(), Space::kOffice, key, CheckedRow(key, row.SerializeAsString()));
    storage::v1::ApprovalsRow last;
    last.set_format(kFormat);
    last.set_last_number(row.number());
    db_.Put(staging.batch(), Space::kOffice, kLast, CheckedRow(kLast, last.SerializeAsString()));
    storage::v1::JournalLeaf gone, leaf;
    *gone.mutable_decision_lapsed() = lapsed;
    if (lapsed.numbers_size() > 0) staging.Leaf(std::move(gone));
    storage::v1::DecisionAsked& asked = *leaf.mutable_decision_asked();
    asked.set_number(row.number());
    asked.set_plan_id(row.plan_id());
    asked.set_asker(row.asker());
    asked.set_purpose(row.purpose());
    asked.set_question(question);
    asked.set_edition(edition);
    asked.set_policy_sha256(row.policy_sha256());
    asked.set_qid(row.qid());
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (uint64_t number : over) rows_.erase(number);
    last_number_ = row.number();
    rows_[row.number()] = std::move(row);
  }
  if (told_) told_();
  return absl::make_optional(until);
}

absl::StatusOr<Row> Approvals::Decide(uint64_t number, bool approve, const std::string& because,
                                      const std::string& by, absl::Duration approved_for,
                                      const InForce& in_force) {
  if (!approve && absl::StripAsciiWhitespace(because).empty()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"--because: un refus demande un motif; la personne qui a posé la question le lira",
                 "--because: a refusal needs a reason; whoever asked reads it"});
  }
  RETURN_IF_ERROR(CheckWords("--because", because, kLongestReason));
  RETURN_IF_ERROR(CheckWords("--by", by, kLongestName));
  std::lock_guard<std::mutex> changing(changing_);
  Row row;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto known = rows_.find(number);
    if (known == rows_.end() || !Holds(known->second, in_force)) return Unknown(number);
    row = known->second;
  }
  row.set_state(approve ? Row::STATE_APPROVED : Row::STATE_REFUSED);
  row.set_because(because);
  row.set_by(by);
  row.set_decided_unix_micros(absl::ToUnixMicros(in_force.now));
  if (row.qid().empty())  // a round ends by itself
    row.set_until_unix_micros(approve ? absl::ToUnixMicros(in_force.now + approved_for) : 0);
  RETURN_IF_ERROR(committer_.Commit([&](Staging& staging) {
    const std::string key = KeyOf(number);
    db_.Put(staging.batch(), Space::kOffice, key, CheckedRow(key, row.SerializeAsString()));
    storage::v1::JournalLeaf leaf;
    leaf.mutable_decided()->set_number(number);
    leaf.mutable_decided()->set_approved(approve);
    leaf.mutable_decided()->set_because(because);
    leaf.mutable_decided()->set_by(by);
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  std::lock_guard<std::mutex> lock(mutex_);
  return rows_[number] = std::move(row);
}

std::vector<Row> Approvals::All(const InForce& in_force) const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Row> all;
  for (const auto& [number, row] : rows_) {
    if (Holds(row, in_force)) all.push_back(row);
  }
  return all;
}

bool Approvals::Waits(absl::string_view qid, const InForce& in_force) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::any_of(rows_.begin(), rows_.end(), [&](const auto& entry) {
    return entry.second.qid() == qid && entry.second.state() == Row::STATE_WAITING &&
           Holds(entry.second, in_force);
  });
}

absl::optional<Verdict> VerdictOf(const Row& row) {
  if (row.state() == Row::STATE_WAITING) return absl::nullopt;
  Verdict verdict;
  verdict.plan_id = row.plan_id();
  verdict.asker = row.asker();
  verdict.purpose = row.purpose();
  verdict.policy_hash = row.policy_sha256();
  verdict.approved = row.state() == Row::STATE_APPROVED;
  verdict.because = row.because();
  return verdict;
}

}  // namespace penc
