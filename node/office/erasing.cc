#include "office/erasing.h"

#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ingest/person_key.h"
#include "journal/journal.h"
#include "office/quarantine.h"
#include "office/quarantine_erasing.h"
#include "penc/storage/v1/journal.pb.h"
#include "store/record_store.h"

namespace penc {
namespace {

// How long an erasure waits for questions that read the records as they were: longer than any takes.
constexpr absl::Duration kReaders = absl::Seconds(30);

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

// By the batches that the records and the notes of rows set aside have of the person.
absl::Status NameOwnFiles(Office& office, const PersonKey& person, const FoundInQuarantine& found,
                          v1::EraseResult& result) {
  ASSIGN_OR_RETURN(const PersonRecord record, office.store().ReadPerson(person));
  std::set<uint64_t> batches;
  for (const PersonRow& row : record.rows) batches.insert(row.batch);
  for (const storage::v1::ErasingFile& file : found.rows.files()) {
    ASSIGN_OR_RETURN(const storage::v1::QuarantineRow note, NoteOf(office, file.name()));
    batches.insert(note.batch());
  }
  std::set<std::string> names;
  for (const BatchInfo& batch : office.store().Batches()) {
    if (batches.count(batch.id) > 0 && names.insert(batch.file_name).second)
      result.add_own_files(batch.file_name);
  }
  return absl::OkStatus();
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
  PersonKeyMaker maker(office.records_key());
  const std::vector<absl::string_view> views(parts.begin(), parts.end());
  PersonKey person;
  if (views.empty() || !maker.Make(views, &person)) {
    return Fail(absl::StatusCode::kInvalidArgument, {"--person: donnez la référence locale de la personne",
                                                     "--person: give the person's local reference"});
  }
  return person;
}

absl::StatusOr<v1::EraseResult> Erase(Office& office, const v1::EraseCommand& command,
                                      const Progress& progress) {
  RETURN_IF_ERROR(FinishErasing(office));  // one at a time: an earlier one met an error on its way
  ASSIGN_OR_RETURN(const PersonKey person, KeyOfReference(office, command.person()));
  PersonKeyMaker maker(office.records_key());
  PersonMatch match(maker, person, {command.person().begin(), command.person().end()});
  const FoundInQuarantine found = FindInQuarantine(office, match);

  v1::EraseResult result;
  RETURN_IF_ERROR(NameOwnFiles(office, person, found, result));
  if (progress) {
    v1::AdminProgress at;
    at.set_step("erasing");
    progress(at);
  }
  RETURN_IF_ERROR(NoteErasing(office, found.rows));
  ASSIGN_OR_RETURN(const uint64_t rows, office.store().Erase(person, found.rows.files_size() > 0));
  result.set_rows(rows);
  ASSIGN_OR_RETURN(const std::vector<Text> left, EraseNoted(office, /*unread=*/false));
  for (const v1::QuarantineErased& file : found.files) *result.add_quarantine() = file;
  for (const Text& what : left) {
    if (office.environment().tell) office.environment().tell(what);
  }
  office.environment().steps.Reached("erase.quarantine");
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
  if (!person.has_value()) return NoteErasing(office, {});  // of an erasure that did not begin
  ASSIGN_OR_RETURN(const std::vector<Text> left, EraseNoted(office, /*unread=*/true));
  for (const Text& what : left) {
    if (office.environment().tell) office.environment().tell(what);
  }
  return Finish(office, *person).status();
}

}  // namespace penc
