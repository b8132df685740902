#include "office/erasing.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ingest/person_key.h"
#include "journal/journal.h"
#include "office/quarantine.h"
#include "penc/storage/v1/journal.pb.h"
#include "store/record_store.h"

namespace penc {
namespace {

// How long an erasure waits for questions that read the records as they were: longer than any takes.
constexpr absl::Duration kReaders = absl::Seconds(30);

void Tell(const Progress& progress, const char* step) {
  if (!progress) return;
  v1::AdminProgress at;
  at.set_step(step);
  progress(at);
}

// Backups hold what they held: how many the journal knows of.
absl::Status CountBackups(Office& office, v1::EraseResult& result) {
  return office.journal().ForEach(0, [&](uint64_t, absl::string_view bytes) {
    storage::v1::JournalLeaf leaf;
    if (leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && leaf.has_backed_up()) {
      result.set_backups(result.backups() + 1);
      result.set_last_backup_unix_micros(leaf.time_unix_micros());
    }
    return true;
  });
}

absl::StatusOr<v1::ErasureProof> Finish(Office& office, const PersonKey& person) {
  ASSIGN_OR_RETURN(const ErasureProof proof, office.store().FinishErase(person, kReaders));
  v1::ErasureProof out;
  out.set_segments(proof.segments);
  out.set_chunks(proof.chunks);
  out.set_staged_blocks(proof.staged_blocks);
  out.set_files_removed(proof.files_removed);
  for (const std::string& file : proof.files_left) out.add_files_left(file);
  return out;
}

}  // namespace

absl::StatusOr<PersonKey> KeyOfReference(Office& office,
                                         const google::protobuf::RepeatedPtrField<std::string>& parts) {
  PersonKeyMaker maker(office.node_key());
  const std::vector<absl::string_view> views(parts.begin(), parts.end());
  PersonKey person;
  if (views.empty() || !maker.Make(views, &person)) {
    return Fail(absl::StatusCode::kInvalidArgument, {"--person: donnez la référence locale de la personne",
                                                     "--person: give the person's local reference"});
  }
  return person;
}

absl::StatusOr<v1::EraseResult> Erase(Office& office, const v1::EraseCommand& command, const Progress& progress) {
  RETURN_IF_ERROR(FinishErasing(office));  // one at a time: an earlier one met an error on its way
  ASSIGN_OR_RETURN(const PersonKey person, KeyOfReference(office, command.person()));
  PersonKeyMaker maker(office.node_key());
  PersonMatch match(maker, person, {command.person().begin(), command.person().end()});
  bool set_aside = false;
  for (const v1::QuarantineErased& file : FindInQuarantine(office, match)) set_aside = set_aside || file.rows() > 0;

  v1::EraseResult result;
  Tell(progress, "erasing");
  ASSIGN_OR_RETURN(const uint64_t rows, office.store().Erase(person, set_aside));
  result.set_rows(rows);
  ASSIGN_OR_RETURN(const std::vector<v1::QuarantineErased> files, EraseFromQuarantine(office, match));
  for (const v1::QuarantineErased& file : files) *result.add_quarantine() = file;
  office.environment().steps.Reached("erase.quarantine");
  Tell(progress, "verifying");
  absl::StatusOr<v1::ErasureProof> proof = Finish(office, person);
  if (!proof.ok()) {
    const Text why = Explain(proof.status());
    return Fail(proof.status().code(),
                {absl::StrCat("les lignes sont effacées, mais ce n'est pas encore vérifié: ", why.fr),
                 absl::StrCat("the rows are erased, but this is not verified yet: ", why.en)});
  }
  *result.mutable_proof() = *std::move(proof);
  RETURN_IF_ERROR(CountBackups(office, result));
  return result;
}

absl::Status FinishErasing(Office& office) {
  const absl::optional<PersonKey> person = office.store().Unfinished();
  if (!person.has_value()) return absl::OkStatus();
  PersonKeyMaker maker(office.node_key());
  PersonMatch match(maker, *person, {});
  ASSIGN_OR_RETURN(const std::vector<v1::QuarantineErased> files, EraseFromQuarantine(office, match));
  for (const v1::QuarantineErased& file : files) {
    if (!file.has_unread() || !office.environment().tell) continue;
    office.environment().tell(
        {absl::StrCat("un effacement interrompu est terminé, sauf ce fichier de quarantaine à regarder à la main: ",
                      file.file(), ": ", file.unread().fr()),
         absl::StrCat("an erasure that was cut off is finished, but for this quarantine file, to be looked at by hand: ",
                      file.file(), ": ", file.unread().en())});
  }
  return Finish(office, *person).status();
}

}  // namespace penc
