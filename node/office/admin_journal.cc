#include "office/admin_journal.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "journal/journal.h"
#include "journal/verifier.h"
#include "office/grants.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {
namespace {

constexpr uint32_t kMostEntries = 1000;

// "charged", "policy_applied": the name of what happened.
std::string KindOf(const storage::v1::JournalLeaf& leaf) {
  const auto* what = leaf.GetDescriptor()->FindOneofByName("what");
  const auto* field = leaf.GetReflection()->GetOneofFieldDescriptor(leaf, what);
  return field == nullptr ? "unknown" : field->name();
}

}  // namespace

absl::StatusOr<v1::JournalVerifyResult> VerifyJournalHere(Office& office, const Progress& progress) {
  const uint64_t expected = office.journal().size();
  auto tell = [&](uint64_t done) {
    if (!progress) return;
    v1::AdminProgress at;
    at.set_step("verifying");
    at.set_done(done);
    at.set_total(std::max(done, expected));
    progress(at);
  };
  ASSIGN_OR_RETURN(VerifiedJournal verified, VerifyJournal(office.database(), nullptr, tell));
  // Leaves may have been added meanwhile, so the writer's root is compared at the size that was verified: a
  // checkpoint is only signed for a state that both agree on.
  v1::JournalVerifyResult result;
  result.set_size(verified.size);
  result.set_root(absl::BytesToHexString(verified.root));
  ASSIGN_OR_RETURN(std::string note, office.Checkpoint());
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(note, office.identity().key.verify_key()));
  if (checkpoint.size == verified.size && checkpoint.root != verified.root) {
    return Fail(
        absl::StatusCode::kDataLoss,
        {"le journal ne donne pas la racine que le nœud signe: restaurez une sauvegarde (penc restore)",
         "the journal does not give the root that the node signs: restore a backup (penc restore)"});
  }
  if (checkpoint.size == verified.size) result.set_checkpoint(note);
  return result;
}

absl::StatusOr<v1::JournalShowResult> ShowJournal(Office& office, const v1::JournalShowCommand& command) {
  const uint32_t limit = command.limit() == 0 ? kMostEntries : std::min(command.limit(), kMostEntries);
  office.grants().All(*office.rules().codebook);  // what changed and nobody used yet is journaled first
  v1::JournalShowResult result;
  result.set_size(office.journal().size());
  absl::Status unreadable;
  RETURN_IF_ERROR(office.journal().ForEach(command.from(), [&](uint64_t index, absl::string_view bytes) {
    if (static_cast<uint32_t>(result.entries_size()) == limit) return false;
    storage::v1::JournalLeaf leaf;
    std::string json;
    if (!leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
        !google::protobuf::util::MessageToJsonString(leaf, &json).ok()) {
      unreadable = Fail(
          absl::StatusCode::kDataLoss,
          {absl::StrCat("entrée ", index, " du journal illisible: penc journal verify dit ce qui manque"),
           absl::StrCat("entry ", index,
                        " of the journal is unreadable: penc journal verify says what is "
                        "missing")});
      return false;
    }
    v1::JournalEntry* entry = result.add_entries();
    entry->set_index(index);
    entry->set_time_unix_micros(leaf.time_unix_micros());
    entry->set_kind(KindOf(leaf));
    entry->set_json(std::move(json));
    return true;
  }));
  if (!unreadable.ok()) return unreadable;
  return result;
}

}  // namespace penc
