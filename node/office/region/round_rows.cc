#include "office/region/round_rows.h"

#include "absl/strings/str_cat.h"
#include "base/big_endian.h"
#include "base/database.h"
#include "base/status.h"
#include "crypto/checked_row.h"
#include "journal/committer.h"

namespace penc {
namespace {

using storage::v1::OfficeRoundRow;
using storage::v1::StewardRow;
using storage::v1::WitnessRow;

constexpr uint32_t kFormat = 1;
constexpr char kOffice[] = "round/", kSteward[] = "steward/", kWitness[] = "witness/";

std::string KeyOf(const char* kind, absl::string_view qid, uint32_t attempt) {
  return absl::StrCat(kind, qid, BigEndian32(attempt));
}

absl::Status Damaged() {
  return Fail(absl::StatusCode::kDataLoss,
              {"mémoire des rondes abîmée: ce nœud ne prend plus part aux rondes; restaurez une sauvegarde "
               "(penc restore)",
               "damaged memory of rounds: this node takes no further part in rounds; restore a backup (penc "
               "restore)"});
}

template <typename Message>
absl::Status Read(absl::string_view key, absl::string_view stored, Message& message) {
  return ReadCheckedRow(key, stored, kFormat, message) ? absl::OkStatus() : Damaged();
}

template <typename Message>
absl::StatusOr<absl::optional<Message>> Find(const Database& db, const std::string& key) {
  ASSIGN_OR_RETURN(const absl::optional<std::string> stored, db.Get(Space::kOffice, key));
  if (!stored.has_value()) return absl::optional<Message>();
  Message message;
  RETURN_IF_ERROR(Read(key, *stored, message));
  return absl::make_optional(std::move(message));
}

template <typename Message>
absl::StatusOr<std::vector<Message>> All(const Database& db, const char* kind) {
  std::vector<Message> all;
  absl::Status bad;
  RETURN_IF_ERROR(db.Scan(Space::kOffice, kind, [&](absl::string_view key, absl::string_view stored) {
    bad = Read(key, stored, all.emplace_back());
    return bad.ok();
  }));
  if (!bad.ok()) return bad;
  return all;
}

template <typename Message>
void Put(const Database& db, Staging& staging, const std::string& key, Message row) {
  row.set_format(kFormat);
  db.Put(staging.batch(), Space::kOffice, key, CheckedRow(key, row.SerializeAsString()));
}

}  // namespace

absl::StatusOr<absl::optional<OfficeRoundRow>> RoundRows::Office(const Round& round) const {
  return Find<OfficeRoundRow>(db_, KeyOf(kOffice, round.qid, round.attempt()));
}

absl::Status RoundRows::Save(const Round& round, const OfficeRoundRow& row) {
  return Save(round.qid, round.attempt(), row);
}

absl::Status RoundRows::Save(absl::string_view qid, uint32_t attempt, const OfficeRoundRow& row) {
  return committer_.Commit([&](Staging& staging) {
    Put(db_, staging, KeyOf(kOffice, qid, attempt), row);
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<OfficeRoundRow>> RoundRows::AllOffice() const {
  return All<OfficeRoundRow>(db_, kOffice);
}

absl::StatusOr<StewardRow> RoundRows::Steward(const Round& round) const {
  ASSIGN_OR_RETURN(absl::optional<StewardRow> row,
                   Find<StewardRow>(db_, KeyOf(kSteward, round.qid, round.attempt())));
  return row.value_or(StewardRow());
}

absl::Status RoundRows::Save(const StewardRow& row, const WitnessRows& witnesses) {
  return committer_.Commit([&](Staging& staging) {
    Put(db_, staging, KeyOf(kSteward, row.qid(), row.attempt()), row);
    for (const auto& [office, witness] : witnesses)
      Put(db_, staging, absl::StrCat(kWitness, office), witness);
    return absl::OkStatus();
  });
}

absl::StatusOr<WitnessRows> RoundRows::Witnesses() const {
  ASSIGN_OR_RETURN(const std::vector<WitnessRow> all, All<WitnessRow>(db_, kWitness));
  WitnessRows rows;
  for (const WitnessRow& row : all) rows[row.office()] = row;
  return rows;
}

}  // namespace penc
