#include "office/person_sheet.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "ingest/person_key.h"
#include "journal/committer.h"
#include "office/erasing.h"
#include "office/grants.h"
#include "office/journal_questions.h"
#include "office/quarantine_erasing.h"
#include "store/record_store.h"

namespace penc {
namespace {

void Set(const Text& text, v1::Label* label) {
  label->set_fr(text.fr);
  label->set_en(text.en);
}

// A value in words; empty where nothing was stated.
Text Said(const Codebook& codebook, const Column& column, StoredValue value) {
  return value == kNull || !Fits(codebook, column, value) ? Text{} : LabelOf(codebook, column, value);
}

// Of a column of text: what the file said first.
Text SaidIn(const PersonRecord& record, uint32_t table, uint32_t column, StoredValue value) {
  const auto words = record.words.find({table, column});
  if (words == record.words.end()) return {};
  const auto word = words->second.find(value);
  return word == words->second.end() ? Text{} : Text{word->second, word->second};
}

void AddTables(const Codebook& codebook, const PersonRecord& record, v1::PersonSheetResult& sheet) {
  for (uint32_t t = 0; t < codebook.tables.size(); ++t) {
    const Table& table = codebook.tables[t];
    v1::SheetTable out;
    for (const PersonRow& row : record.rows) {
      if (row.table != t) continue;
      v1::SheetRow* said = out.add_rows();
      said->set_batch(row.batch);
      said->set_staged(row.staged);
      said->set_withdrawn(row.withdrawn);
      for (uint32_t c = 0; c < table.columns.size(); ++c) {
        Set(table.columns[c].type == ColumnType::kText ? SaidIn(record, t, c, row.values[c])
                                                       : Said(codebook, table.columns[c], row.values[c]),
            said->add_values());
      }
    }
    if (out.rows().empty()) continue;
    out.set_name(table.name);
    Set(table.label, out.mutable_label());
    for (const Column& column : table.columns) {
      v1::SheetColumn* heading = out.add_columns();
      heading->set_name(column.name);
      Set(column.label, heading->mutable_label());
    }
    *sheet.add_tables() = std::move(out);
  }
}

void AddBatches(Office& office, Closing closing, const PersonRecord& record, v1::PersonSheetResult& sheet) {
  std::set<uint64_t> numbers;
  for (const PersonRow& row : record.rows) numbers.insert(row.batch);
  for (const BatchInfo& batch : office.store().Batches()) {
    if (numbers.count(batch.id) == 0) continue;
    v1::SheetBatch* out = sheet.add_batches();
    out->set_id(batch.id);
    out->set_file_name(batch.file_name);
    out->set_imported_unix_micros(absl::ToUnixMicros(batch.imported));
    if (batch.closed_in >= 0) out->set_closed_in(EditionLabel(closing, batch.closed_in));
    if (batch.keep_until_day)
      out->set_keep_until(absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + *batch.keep_until_day));
  }
}

// Only what left: a question that was refused counted nobody.
absl::Status AddQuestions(Office& office, const Codebook& codebook, v1::PersonSheetResult& sheet) {
  if (sheet.entered().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<JournaledQuestion> questions, QuestionsInJournal(office.journal()));
  for (const JournaledQuestion& question : questions) {
    const bool regional = question.end == JournaledQuestion::End::kRegional;
    if ((!regional && question.end != JournaledQuestion::End::kAnswered) ||
        std::find(question.cohorts.begin(), question.cohorts.end(), sheet.entered()) ==
            question.cohorts.end()) {
      continue;
    }
    v1::SheetQuestion* out = sheet.add_questions();
    out->set_time_unix_micros(question.time_unix_micros);
    out->set_purpose(question.purpose);
    const auto grant = office.grants().Find(question.asker, codebook);
    out->set_asker(grant == nullptr ? question.asker : grant->name);
    out->set_question(question.question);
    out->set_regional(regional);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::PersonSheetResult> MakePersonSheet(Office& office, const v1::PersonSheetCommand& command) {
  ASSIGN_OR_RETURN(const PersonKey person, KeyOfReference(office, command.person()));
  RETURN_IF_ERROR(office.committer().Commit([](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_sheet_printed();
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  ASSIGN_OR_RETURN(const PersonRecord record, office.store().ReadPerson(person));
  v1::PersonSheetResult sheet;
  sheet.set_office(office.config().office());
  sheet.set_practice(office.config().practice());
  sheet.set_made_unix_micros(absl::ToUnixMicros(office.environment().clock.Now()));
  sheet.set_codebook(absl::StrCat(codebook.name, "@", codebook.version));
  if (record.entered.has_value()) sheet.set_entered(EditionLabel(codebook.closing, *record.entered));
  sheet.set_consent_asked(codebook.consent.has_value());
  sheet.set_consented(record.consents.value_or(false));
  AddTables(codebook, record, sheet);
  AddBatches(office, codebook.closing, record, sheet);
  RETURN_IF_ERROR(AddQuestions(office, codebook, sheet));
  PersonKeyMaker maker(office.records_key());
  PersonMatch match(maker, person, {command.person().begin(), command.person().end()});
  for (const v1::QuarantineErased& file : FindInQuarantine(office, match).files) {
    if (file.rows() > 0) sheet.add_quarantine_files(file.file());
  }
  sheet.set_unknown(record.rows.empty() && !record.entered.has_value() && sheet.quarantine_files().empty());
  return sheet;
}

}  // namespace penc
