#include "office/dossier.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "codebook/period.h"
#include "federation/roster.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "office/applied.h"
#include "office/describe.h"
#include "office/grants.h"
#include "office/journal_questions.h"
#include "office/membership.h"
#include "store/record_store.h"

namespace penc {
namespace {

void Set(const Text& text, v1::Label* label) {
  label->set_fr(text.fr);
  label->set_en(text.en);
}

std::string Day(int64_t since_1970) { return absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + since_1970); }

std::string NameOf(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::kPublic:
      return "public";
    case Sensitivity::kOrdinary:
      return "ordinary";
    case Sensitivity::kNever:
      return "never";
    case Sensitivity::kSensitive:
      break;
  }
  return "sensitive";
}

// Whether others than the owner may read a file or enter a folder.
bool OpenToOthers(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0;
}

void AddCodebook(const Rules& rules, v1::DossierResult& dossier) {
  const Codebook& codebook = *rules.codebook;
  dossier.set_codebook(absl::StrCat(codebook.name, "@", codebook.version));
  dossier.set_codebook_hash(absl::BytesToHexString(codebook.hash));
  for (const Table& table : codebook.tables) {
    v1::DossierTable* out = dossier.add_tables();
    out->set_name(table.name);
    Set(table.label, out->mutable_label());
    out->set_persons(table.unit == Unit::kPerson);
    for (const Column& column : table.columns) {
      v1::DossierColumn* said = out->add_columns();
      said->set_name(column.name);
      Set(column.label, said->mutable_label());
      said->set_sensitivity(NameOf(column.sensitivity));
      const auto rule = rules.policy->columns.find(absl::StrCat(table.name, ".", column.name));
      const ColumnRule stated = rule == rules.policy->columns.end() ? ColumnRule() : rule->second;
      said->set_rule(RuleName(column.sensitivity == Sensitivity::kNever ? Rule::kDeny : stated.rule));
      if (stated.finest) said->set_finest(LevelName(*stated.finest));
    }
  }
  if (!codebook.consent.has_value()) return;
  const Table& table = codebook.tables[codebook.consent->column.table];
  const Column& column = table.columns[codebook.consent->column.column];
  dossier.set_consent_column(absl::StrCat(table.name, ".", column.name));
  for (StoredValue value : codebook.consent->keep)
    Set(codebook.list_of(column)->codes[value - 1].label, dossier.add_consent_keeps());
}

absl::Status AddPolicy(Office& office, const Rules& rules, v1::DossierResult& dossier) {
  const Policy& policy = *rules.policy;
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::AppliedText> applied,
                   LatestApplied(office.database(), AppliedKind::kPolicy));
  dossier.set_policy(policy.name);
  dossier.set_policy_version(applied.has_value() ? applied->version() : 0);
  dossier.set_policy_hash(absl::BytesToHexString(policy.hash));
  dossier.set_policy_valid_until_unix_micros(absl::ToUnixMicros(policy.valid_until) - 1);
  dossier.set_stopped(rules.stopped);
  return absl::OkStatus();
}

void AddGrants(Office& office, const Codebook& codebook, v1::DossierResult& dossier) {
  const absl::Time now = office.environment().clock.Now();
  for (const auto& grant : office.grants().All(codebook)) {
    v1::DossierGrant* out = dossier.add_grants();
    out->set_name(grant->name);
    out->set_key(grant->key);
    for (const std::string& purpose : grant->purposes) out->add_purposes(purpose);
    for (const std::string& table : grant->tables) out->add_tables(table);
    out->set_share_ppm(grant->share_ppm);
    // `until` is the first moment after.
    out->set_until(absl::FormatCivilTime(absl::ToCivilDay(grant->until - absl::Microseconds(1), absl::UTCTimeZone())));
    out->set_expired(grant->until <= now);
  }
}

void AddRetention(Office& office, v1::DossierResult& dossier) {
  struct Days {
    uint32_t batches = 0, without = 0;
    absl::optional<int64_t> first, last;
  };
  std::map<std::string, Days> tables;
  for (const BatchInfo& batch : office.store().Batches()) {
    if (batch.undone) continue;
    Days& days = tables[batch.table];
    ++days.batches;
    if (!batch.keep_until_day) {
      ++days.without;
      continue;
    }
    days.first = std::min(days.first.value_or(*batch.keep_until_day), *batch.keep_until_day);
    days.last = std::max(days.last.value_or(*batch.keep_until_day), *batch.keep_until_day);
  }
  for (const auto& [table, days] : tables) {
    v1::DossierRetention* out = dossier.add_retention();
    out->set_table(table);
    out->set_batches(days.batches);
    out->set_without(days.without);
    if (days.first) out->set_first(Day(*days.first));
    if (days.last) out->set_last(Day(*days.last));
  }
  if (office.config().has_retention()) dossier.set_default_retention(office.config().retention().default_());
}

absl::Status AddNetwork(Office& office, v1::DossierResult& dossier) {
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> membership, office.network().Load());
  if (!membership.has_value()) return absl::OkStatus();
  v1::DossierNetwork& out = *dossier.mutable_network();
  out.set_name(membership->network());
  ASSIGN_OR_RETURN(const absl::optional<OfficeNetwork::Hub> hub, office.network().FindHub());
  out.set_hub_address(hub.has_value() ? hub->address : membership->hub_address());
  out.set_hub_key(hub.has_value() ? hub->key : membership->hub_key());
  const std::shared_ptr<const CheckedRoster> roster = office.network().LatestRoster();
  if (roster == nullptr) return absl::OkStatus();
  const auto own = roster->MemberOf(office.identity().key.verify_key().bytes());
  out.set_steward(own.has_value() && roster->roster.members(static_cast<int>(*own)).has_epoch());
  for (int m = 0; m < roster->roster.members_size(); ++m) {
    const auto& left = roster->roster.left();
    if (std::find(left.begin(), left.end(), static_cast<uint32_t>(m)) != left.end()) continue;
    if (!own.has_value() || static_cast<int>(*own) != m) out.add_members(roster->roster.members(m).name());
  }
  return absl::OkStatus();
}

absl::Status AddJournal(Office& office, v1::DossierResult& dossier) {
  v1::DossierJournal& out = *dossier.mutable_journal();
  out.set_entries(office.journal().size());
  out.set_root(absl::BytesToHexString(office.journal().root()));
  RETURN_IF_ERROR(office.journal().ForEach(0, [&](uint64_t index, absl::string_view bytes) {
    storage::v1::JournalLeaf leaf;
    if (!leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return true;  // QuestionsInJournal names it
    if (index == 0) out.set_since_unix_micros(leaf.time_unix_micros());
    out.set_imports(out.imports() + leaf.has_imported());
    out.set_closings(out.closings() + leaf.has_closed());
    out.set_undone(out.undone() + leaf.has_undone());
    out.set_expired(out.expired() + leaf.has_expired());
    out.set_policies(out.policies() + leaf.has_policy_applied());
    out.set_codebooks(out.codebooks() + leaf.has_codebook_applied());
    out.set_backups(out.backups() + leaf.has_backed_up());
    out.set_restores(out.restores() + leaf.has_restored());
    return true;
  }));
  ASSIGN_OR_RETURN(const std::vector<JournaledQuestion> questions, QuestionsInJournal(office.journal()));
  std::map<std::string, v1::DossierPurpose> purposes;
  for (const JournaledQuestion& question : questions) {
    v1::DossierPurpose& purpose = purposes[question.purpose];
    using End = JournaledQuestion::End;
    purpose.set_answered(purpose.answered() + (question.end == End::kAnswered));
    purpose.set_regional(purpose.regional() + (question.end == End::kRegional));
    purpose.set_refused(purpose.refused() + (question.end == End::kRefused));
  }
  for (auto& [name, purpose] : purposes) {
    purpose.set_purpose(name);
    *dossier.add_purposes() = purpose;
  }
  return absl::OkStatus();
}

void AddMeasures(Office& office, const Policy& policy, v1::DossierResult& dossier) {
  v1::DossierMeasures& out = *dossier.mutable_measures();
  out.set_key_path(office.layout().node_key());
  out.set_key_open(OpenToOthers(office.layout().node_key()));
  out.set_folder_open(OpenToOthers(office.layout().dir()));
  out.set_epsilon(policy.promise_text.epsilon);
  out.set_delta(policy.promise_text.delta);
  out.set_local_answers(policy.local == Openness::kGranted);
  out.set_regional_answers(policy.regional == Openness::kGranted);
  out.set_fewest_members(policy.floors.members);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(office.layout().quarantine(), ignored))
    out.set_quarantine_files(out.quarantine_files() + entry.is_regular_file());
}

}  // namespace

absl::StatusOr<v1::DossierResult> MakeDossier(Office& office) {
  RETURN_IF_ERROR(office.committer().Commit([](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_dossier_made();
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  const Rules rules = office.rules();
  v1::DossierResult dossier;
  dossier.set_office(office.config().office());
  dossier.set_practice(office.config().practice());
  dossier.set_made_unix_micros(absl::ToUnixMicros(office.environment().clock.Now()));
  dossier.set_fingerprint(office.identity().fingerprint);
  dossier.set_listen(office.config().listen());
  for (Edition edition : office.store().Status().editions)
    dossier.add_editions(EditionLabel(rules.codebook->closing, edition));
  AddCodebook(rules, dossier);
  RETURN_IF_ERROR(AddPolicy(office, rules, dossier));
  AddGrants(office, *rules.codebook, dossier);
  AddRetention(office, dossier);
  RETURN_IF_ERROR(AddNetwork(office, dossier));
  RETURN_IF_ERROR(AddJournal(office, dossier));
  AddMeasures(office, *rules.policy, dossier);
  return dossier;
}

}  // namespace penc
