#include "office/office.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/database.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/status.h"
#include "base/yaml.h"
#include "codebook/check.h"
#include "codebook/read.h"
#include "crypto/secret.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "ledger/agreement.h"
#include "ledger/ledger.h"
#include "office/applied.h"
#include "office/card.h"
#include "office/erasing.h"
#include "office/grants.h"
#include "office/key_journal.h"
#include "office/keys.h"
#include "office/membership.h"
#include "office/officer_file.h"
#include "office/officers.h"
#include "office/quarantine.h"
#include "office/retention.h"
#include "policy/diff.h"
#include "policy/read.h"
#include "release/approvals.h"
#include "store/record_store.h"

namespace penc {
namespace {

constexpr char kStoppedKey[] = "stopped", kRestoredKey[] = "restored";

absl::StatusOr<storage::v1::OfficeConfig> ReadConfig(const Layout& layout) {
  absl::StatusOr<std::string> text = ReadFile(layout.config(), 64 << 10);
  if (absl::IsNotFound(text.status())) {
    return Fail(
        absl::StatusCode::kNotFound,
        {absl::StrCat(
             layout.dir(),
             " n'est pas un dossier de penc: vérifiez le chemin; pour une nouvelle organisation: penc init ",
             layout.dir(), " --name NOM"),
         absl::StrCat(layout.dir(), " is not a folder of penc: check the path; for a new office: penc init ",
                      layout.dir(), " --name NAME")});
  }
  if (!text.ok()) return text.status();
  storage::v1::OfficeConfig config;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(layout.config(), *text, &config, &lines));
  if (config.format() == 0 || config.format() > kFolderFormat) {
    return lines.Error("format", {"ce dossier est d'une autre version de penc: mettez penc à jour",
                                  "this folder is of another version of penc: update penc"});
  }
  if (absl::Status name = CheckDisplayName(config.office()); !name.ok())
    return lines.Error("office", Explain(name));
  if (absl::Status address = CheckAddress(config.listen()); !address.ok()) {
    return lines.Error("listen", Explain(address));
  }
  if (config.has_retention()) {
    const auto kept = LastDayOf(config.retention().default_(), absl::CivilDay());
    if (!kept.ok()) return lines.Error("retention.default", Explain(kept.status()));
  }
  return config;
}

// Before anything in the folder is of the new format: an older penc then says that it cannot read it.
absl::Status SayNewFormat(const Layout& layout) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(layout.config(), 64 << 10));
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::string& line : lines)
    if (absl::StartsWith(line, "format:")) line = absl::StrCat("format: ", kFolderFormat);
  return WriteFileAtomically(layout.config(), absl::StrJoin(lines, "\n"));
}

// An exercise may be loosened by one person: office.yaml alone does not make one of an office.
absl::Status CheckPractice(const Journal& journal, const storage::v1::OfficeConfig& config) {
  storage::v1::JournalLeaf created;
  RETURN_IF_ERROR(journal.ForEach(0, [&](uint64_t, absl::string_view leaf) {
    created.ParseFromArray(leaf.data(), static_cast<int>(leaf.size()));
    return false;
  }));
  if (!created.has_office_created() || created.office_created().practice() == config.practice())
    return absl::OkStatus();
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"office.yaml: «practice» n'est pas ce qu'il était à la création; remettez-le. Un exercice se "
               "crée: penc init "
               "--practice",
               "office.yaml: \"practice\" is not what it was when the office was made; put it back. An "
               "exercise is made: penc "
               "init --practice"});
}

// What commands left that were cut off: rows of an import in the clear, copies of a backup.
void SweepLeftovers(const Layout& layout) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::remove_all(layout.backup_scratch(), ignored);
  std::vector<fs::path> temporary;
  for (const fs::directory_entry& entry : fs::directory_iterator(layout.quarantine(), ignored)) {
    // Of a file that was being replaced: the bytes before.
    const bool old =
        entry.path().extension() == ".old" && fs::exists(fs::path(entry.path()).replace_extension(), ignored);
    if (old || entry.path().extension() == ".tmp") temporary.push_back(entry.path());
  }
  for (const fs::path& path : temporary) DestroyFile(path.string()).IgnoreError();
}

}  // namespace

Office::Office(const std::string& dir, const Environment& environment)
    : layout_(dir), environment_(environment) {}

Office::~Office() = default;

absl::StatusOr<std::unique_ptr<Office>> Office::Open(const std::string& dir, const Environment& environment) {
  std::unique_ptr<Office> office(new Office(dir, environment));
  RETURN_IF_ERROR(office->OpenParts());
  return office;
}

absl::Status Office::OpenParts() {
  ASSIGN_OR_RETURN(config_, ReadConfig(layout_));
  ASSIGN_OR_RETURN(keys_, OfficeKeys::Open(layout_, environment_));
  ASSIGN_OR_RETURN(database_, Database::Open(layout_.database()));
  // From here on nobody else has the folder open.
  if (config_.format() < kFolderFormat) {
    RETURN_IF_ERROR(SayNewFormat(layout_));
    config_.set_format(kFolderFormat);
  }
  RETURN_IF_ERROR(keys_->Settle());
  ASSIGN_OR_RETURN(Identity identity, LoadIdentity(keys_->identity().Copy(), layout_.tls_certificate(),
                                                   config_.office(), environment_.clock.Now()));
  identity_ = std::make_unique<Identity>(std::move(identity));
  SweepLeftovers(layout_);
  ASSIGN_OR_RETURN(journal_, Journal::Open(*database_, environment_.random));
  committer_ = std::make_unique<Committer>(*database_, *journal_, environment_.clock);
  RETURN_IF_ERROR(CheckPractice(*journal_, config_));
  RETURN_IF_ERROR(SayRing(*database_, *committer_, keys_->ring()));
  RETURN_IF_ERROR(LoadRules());
  StoreOptions options;
  options.random = &environment_.random;
  options.steps = &environment_.steps;
  ASSIGN_OR_RETURN(store_,
                   RecordStore::Open(*database_, *committer_, *rules_.codebook, records_key(), options));
  ASSIGN_OR_RETURN(ledger_, Ledger::Open(*database_, *committer_, rules_.codebook->closing));
  ASSIGN_OR_RETURN(approvals_, Approvals::Open(*database_, *committer_));
  RETURN_IF_ERROR(CheckSpending(*ledger_, *journal_, rules_.codebook->closing));
  RETURN_IF_ERROR(OpenMissingBudgets());
  for (const std::string& folder : {layout_.contributions(), layout_.answers()}) {
    if (!FileExists(folder)) RETURN_IF_ERROR(MakePrivateFolder(folder));
  }
  ASSIGN_OR_RETURN(network_, OfficeNetwork::Open(layout_, *database_, *committer_, *keys_));
  ASSIGN_OR_RETURN(const absl::optional<storage::v1::Membership> membership, network_->Load());
  ledger_->HoldToWitnesses(membership.has_value());
  grants_ = std::make_unique<Grants>(layout_.grants(), *database_, *committer_);
  grants_->Reload(*rules_.codebook);  // what changed while nothing ran is journaled now
  // A disk that is full hinders it, not the office.
  const absl::Status erased = FinishErasing(*this);
  if (!erased.ok() && environment_.tell) environment_.tell(penc::Explain(erased));
  for (const Text& what : TidyQuarantine(*this, {absl::nullopt, 0, true})) {
    if (environment_.tell) environment_.tell(what);
  }
  return absl::OkStatus();
}

const Secret& Office::records_key() const { return keys_->records(); }

absl::Status Office::MoveKeys(const v1::KeyWrapCommand& command) {
  const std::shared_ptr<const CheckedRoster> roster = network_->LatestRoster();
  const absl::Status moved = keys_->Move(command, roster.get());
  // Also where what follows the change failed: it has come to pass.
  const absl::Status journaled = SayRing(*database_, *committer_, keys_->ring());
  return moved.ok() ? journaled : moved;
}

absl::StatusOr<bool> Office::ShareKeysAnew() {
  const std::shared_ptr<const CheckedRoster> roster = network_->LatestRoster();
  if (roster == nullptr) return false;
  ASSIGN_OR_RETURN(const bool shared, keys_->ShareAnew(*roster));
  RETURN_IF_ERROR(SayRing(*database_, *committer_, keys_->ring()));
  return shared;
}

// A closing opens the cohort's budget before its edition shows, so there should be none to open.
absl::Status Office::OpenMissingBudgets() {
  std::set<Edition> missing;
  for (Edition edition : store_->Status().editions) missing.insert(edition);
  for (const CohortBalance& balance : ledger_->Balances()) missing.erase(balance.cohort);
  for (Edition edition : missing) RETURN_IF_ERROR(ledger_->OpenCohort(edition, rules_.policy->promise));
  return absl::OkStatus();
}

absl::Status Office::LoadRules() {
  ASSIGN_OR_RETURN(absl::optional<storage::v1::AppliedText> codebook,
                   LatestApplied(*database_, AppliedKind::kCodebook));
  ASSIGN_OR_RETURN(absl::optional<storage::v1::AppliedText> policy,
                   LatestApplied(*database_, AppliedKind::kPolicy));
  if (!codebook || !policy) {
    return Fail(absl::StatusCode::kDataLoss,
                {absl::StrCat(layout_.database(), " n'a ni lexique ni politique: restaurez une sauvegarde"),
                 absl::StrCat(layout_.database(), " holds no codebook or policy: restore a backup")});
  }
  ASSIGN_OR_RETURN(Codebook book, ReadCodebook(layout_.codebook(), codebook->text()));
  ASSIGN_OR_RETURN(Policy rule, ReadPolicy(layout_.policy(), policy->text(), book));
  ASSIGN_OR_RETURN(absl::optional<std::string> stopped, database_->Get(Space::kOffice, kStoppedKey));
  ASSIGN_OR_RETURN(absl::optional<std::string> restored, database_->Get(Space::kOffice, kRestoredKey));
  int64_t since = 0;
  if (restored.has_value() && !absl::SimpleAtoi(*restored, &since)) since = 0;
  std::lock_guard<std::mutex> lock(rules_mutex_);
  if (restored.has_value()) rules_.restored = absl::FromUnixMicros(since);
  rules_.codebook = std::make_shared<const Codebook>(std::move(book));
  rules_.policy = std::make_shared<const Policy>(std::move(rule));
  rules_.stopped = stopped.has_value();
  if (stopped.has_value() && !absl::SimpleAtoi(*stopped, &rules_.stop_leaf)) rules_.stop_leaf = 0;
  return absl::OkStatus();
}

Rules Office::rules() const {
  std::lock_guard<std::mutex> lock(rules_mutex_);
  return rules_;
}

absl::StatusOr<Office::AppliedPolicy> Office::ApplyPolicy(const std::string& file, const std::string& text,
                                                          const std::vector<std::string>& signatures) {
  Rules now = rules();
  ASSIGN_OR_RETURN(Policy policy, ReadPolicy(file, text, *now.codebook));
  ASSIGN_OR_RETURN(absl::optional<storage::v1::AppliedText> last,
                   LatestApplied(*database_, AppliedKind::kPolicy));
  const bool unchanged = last.has_value() && last->text() == text;
  storage::v1::AppliedText applied =
      unchanged ? *last : NextApplied(last ? last->version() : 0, text, environment_.clock.Now());
  AppliedPolicy result{applied.version(), Compare(*now.policy, policy, *now.codebook), {}, unchanged, false};
  if (unchanged) {
    // The same words, of a codebook that may have grown; and the copy in the folder may be another text.
    {
      std::lock_guard<std::mutex> lock(rules_mutex_);
      rules_.policy = std::make_shared<const Policy>(std::move(policy));
    }
    RETURN_IF_ERROR(WriteFileAtomically(layout_.policy(), text));
    return result;
  }
  ASSIGN_OR_RETURN(const storage::v1::Officers officers, LoadOfficers(*database_));
  ASSIGN_OR_RETURN(
      const Signers signers,
      CheckSignatures(
          officers, PolicyDecision(identity_->fingerprint, applied.version(), now.policy->hash, policy.hash),
          signatures));
  if (result.comparison.verdict() == v1::DIRECTION_LOOSENS) {
    result.alone = config_.practice() && !(signers.Has("responsable") && signers.Has("administrator"));
    for (const char* role : {"responsable", "administrator"}) {
      if (config_.practice()) break;
      RETURN_IF_ERROR(
          NeedsSignature(officers, signers, role,
                         {absl::StrCat("penc policy sign ", file, " --dir DIR --as DOSSIER > NOM.sig"),
                          absl::StrCat("penc policy sign ", file, " --dir DIR --as FOLDER > NAME.sig")}));
    }
  }
  applied.set_verdict(result.comparison.verdict());
  for (const storage::v1::OfficerKey& person : signers.persons) {
    *applied.add_signers() = person;
    result.signers.push_back(ToMessage(person));
  }
  for (const storage::v1::SignedDecision& one : signers.signatures) *applied.add_signatures() = one;
  RETURN_IF_ERROR(committer_->Commit([&](Staging& staging) {
    StageApplied(*database_, staging, AppliedKind::kPolicy, policy.name, applied);
    return absl::OkStatus();
  }));
  {
    std::lock_guard<std::mutex> lock(rules_mutex_);
    rules_.policy = std::make_shared<const Policy>(std::move(policy));
  }
  RETURN_IF_ERROR(WriteFileAtomically(layout_.policy(), text));
  return result;
}

absl::Status Office::ApplyCodebook(const std::string& file, const std::string& text) {
  Rules now = rules();
  ASSIGN_OR_RETURN(Codebook book, ReadCodebook(file, text));
  StoreStatus held = store_->Status();
  if (held.edition || held.rows != 0 || held.staged_rows != 0)
    RETURN_IF_ERROR(AdditionsOnly(*now.codebook, book));
  // The policy in force must still make sense under the new names.
  RETURN_IF_ERROR(ReadPolicy(layout_.policy(), now.policy->text, book));
  ASSIGN_OR_RETURN(absl::optional<storage::v1::AppliedText> last,
                   LatestApplied(*database_, AppliedKind::kCodebook));
  storage::v1::AppliedText applied = NextApplied(last ? last->version() : 0, text, environment_.clock.Now());
  RETURN_IF_ERROR(committer_->Commit([&](Staging& staging) {
    StageApplied(*database_, staging, AppliedKind::kCodebook, absl::StrCat(book.name, "@", book.version),
                 applied);
    return absl::OkStatus();
  }));
  auto shared = std::make_shared<const Codebook>(std::move(book));
  RETURN_IF_ERROR(store_->SetCodebook(*shared));
  {
    std::lock_guard<std::mutex> lock(rules_mutex_);
    rules_.codebook = shared;
  }
  grants_->Reload(*shared);
  return WriteFileAtomically(layout_.codebook(), text);
}

absl::StatusOr<Signers> Office::SignersOfLift(const std::vector<std::string>& signatures) {
  ASSIGN_OR_RETURN(const storage::v1::Officers officers, LoadOfficers(*database_));
  const Rules now = rules();
  if (!now.stopped && !signatures.empty()) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"ce nœud n'est pas arrêté: il n'y a rien à lever",
                 "this node is not stopped: there is nothing to lift"});
  }
  ASSIGN_OR_RETURN(
      Signers signers,
      CheckSignatures(officers, LiftDecision(identity_->fingerprint, now.stop_leaf), signatures));
  const bool needed = now.stopped && !config_.practice() &&
                      std::any_of(officers.officers().begin(), officers.officers().end(),
                                  [](const auto& one) { return one.role() == "responsable"; });
  if (!needed) return signers;
  if (now.stop_leaf == 0) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"cet arrêt n'a pas pu être écrit: retapez penc stop DIR, puis faites signer la levée",
                 "this stop could not be written: type penc stop DIR again, then have the lifting signed"});
  }
  RETURN_IF_ERROR(NeedsSignature(
      officers, signers, "responsable",
      {"penc officer lift DIR --as DOSSIER > NOM.sig", "penc officer lift DIR --as FOLDER > NAME.sig"}));
  return signers;
}

absl::Status Office::SetStopped(bool stopped, const std::vector<std::string>& signatures) {
  return stopped ? Stop() : Lift(signatures);
}

void Office::Follow(uint64_t leaf, bool stopped) {
  if (leaf <= standing_leaf_) return;  // the disk has a later word
  standing_leaf_ = leaf;
  rules_.stopped = stopped;
  rules_.stop_leaf = stopped ? leaf : 0;
}

absl::Status Office::Stop() {
  uint64_t leaf_index = 0;
  bool placed = false;
  {
    // An emergency does not wait for the disk: writing it only makes it last.
    std::lock_guard<std::mutex> lock(rules_mutex_);
    rules_.stopped = true;
    rules_.stop_leaf = 0;
    ++stops_asked_;
  }
  absl::Status written = committer_->Commit([&](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_stopped()->set_lifted(false);
    leaf_index = staging.Leaf(std::move(leaf));
    database_->Put(staging.batch(), Space::kOffice, kStoppedKey, absl::StrCat(leaf_index));
    std::lock_guard<std::mutex> lock(rules_mutex_);
    ++stops_placed_;
    placed = true;
    return absl::OkStatus();
  });
  {
    std::lock_guard<std::mutex> lock(rules_mutex_);
    if (!placed) ++stops_placed_;
    if (written.ok()) Follow(leaf_index, true);
  }
  if (written.ok()) return written;
  const Text why = penc::Explain(written);
  return Fail(
      written.code(),
      {absl::StrCat("ce nœud refuse désormais toute question, mais l'arrêt n'a pas pu être écrit et ne "
                    "survivrait pas à un redémarrage: retapez penc stop ensuite. ",
                    why.fr),
       absl::StrCat("this node refuses every question from now on, but the stop could not be written and "
                    "would not outlive a restart: type penc stop again afterwards. ",
                    why.en)});
}

absl::Status Office::Lift(const std::vector<std::string>& signatures) {
  uint64_t leaf_index = 0, stops_before = 0;
  RETURN_IF_ERROR(committer_->Commit([&](Staging& staging) -> absl::Status {
    // On the committer's thread: no other stop comes between the check and the write.
    ASSIGN_OR_RETURN(const Signers signers, SignersOfLift(signatures));
    storage::v1::JournalLeaf leaf;
    leaf.mutable_stopped()->set_lifted(true);
    for (const storage::v1::SignedDecision& one : signers.signatures)
      *leaf.mutable_stopped()->add_signers() = one;
    database_->Delete(staging.batch(), Space::kOffice, kStoppedKey);
    leaf_index = staging.Leaf(std::move(leaf));
    std::lock_guard<std::mutex> lock(rules_mutex_);
    stops_before = stops_placed_;
    return absl::OkStatus();
  }));
  environment_.steps.Reached("office.lifted");
  std::lock_guard<std::mutex> lock(rules_mutex_);
  // A stop that came after this lift, or whose turn is still to come, is not lifted by it.
  if (stops_asked_ == stops_before) {
    Follow(leaf_index, false);
  } else {
    standing_leaf_ = std::max(standing_leaf_, leaf_index);
  }
  return absl::OkStatus();
}

absl::Status Office::SetRestored(absl::optional<absl::Time> since) {
  RETURN_IF_ERROR(committer_->Commit([&](Staging& staging) {
    if (since.has_value()) {
      database_->Put(staging.batch(), Space::kOffice, kRestoredKey, absl::StrCat(absl::ToUnixMicros(*since)));
    } else {
      database_->Delete(staging.batch(), Space::kOffice, kRestoredKey);
    }
    storage::v1::JournalLeaf leaf;
    leaf.mutable_silenced()->set_lifted(!since.has_value());
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  std::lock_guard<std::mutex> lock(rules_mutex_);
  rules_.restored = since;
  return absl::OkStatus();
}

}  // namespace penc
