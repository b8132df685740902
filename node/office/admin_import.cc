// The import command: file and mapping into the store, quarantine into the office's folder.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "crypto/secret.h"
#include "ingest/importer.h"
#include "ingest/mapping.h"
#include "office/admin_propose.h"
#include "office/admin_records.h"
#include "office/mappings.h"
#include "office/quarantine.h"
#include "office/retention.h"

namespace penc {
namespace {

// The last part of a path, cut to what a file name may be: it becomes part of the quarantine file's own.
std::string BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash != absl::string_view::npos) path.remove_prefix(slash + 1);
  return path.empty() ? "file" : std::string(path.substr(0, 200));
}

// A file's name without what says its kind: the rows set aside are another one.
absl::string_view Stem(absl::string_view name) {
  for (const absl::string_view kind : {".gz", ".csv", ".tsv", ".xlsx"}) name = absl::StripSuffix(name, kind);
  return name;
}

absl::Status ChooseSheet(const std::string& asked, const Mapping* mapping) {
  if (asked.empty() || mapping == nullptr || mapping->form.sheet.empty() || mapping->form.sheet == asked)
    return absl::OkStatus();
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("--sheet ", asked, ": le mapping est pour la feuille ", mapping->form.sheet,
                            "; donnez l'un ou l'autre"),
               absl::StrCat("--sheet ", asked, ": the mapping is for sheet ", mapping->form.sheet,
                            "; give one or the other")});
}

// A day past would be a slip of the hand: rows that may no longer be kept are not imported.
absl::StatusOr<int64_t> KeepUntil(const std::string& text, absl::Time now) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(text, &day) || day < absl::ToCivilDay(now, absl::UTCTimeZone())) {
    return Fail(
        absl::StatusCode::kInvalidArgument,
        {absl::StrCat("--keep-until ", text, ": une date à venir est attendue, par exemple 2031-12-31"),
         absl::StrCat("--keep-until ", text, ": a date to come is expected, for example 2031-12-31")});
  }
  return day - absl::CivilDay(1970, 1, 1);
}

absl::optional<int64_t> LastDayOfBatch(Office& office, uint64_t id) {
  for (const BatchInfo& batch : office.store().Batches()) {
    if (batch.id == id) return batch.keep_until_day;
  }
  return absl::nullopt;
}

}  // namespace

absl::StatusOr<v1::ImportResult> Import(Office& office, const v1::ImportCommand& command, ByteSource* upload,
                                        const Progress& progress, const Cancelled& cancelled,
                                        std::vector<Text>& notices) {
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  PENC_CHECK(upload != nullptr);
  if (command.propose()) return ProposeHere(office, command, *upload, cancelled);
  ImportOptions options;
  Mapping mapping;
  if (!command.mapping().empty()) {
    ASSIGN_OR_RETURN(mapping, ReadMapping(command.mapping_name().empty() ? "mapping" : command.mapping_name(),
                                          command.mapping(), codebook));
    options.mapping = &mapping;
    options.table = mapping.table;
  }
  const std::string tables =
      absl::StrJoin(codebook.tables, ", ", [](std::string* out, const Table& t) { *out += t.name; });
  if (!command.table().empty()) {
    const auto table = codebook.FindTable(command.table());
    if (!table.has_value()) {
      return Fail(
          absl::StatusCode::kInvalidArgument,
          {absl::StrCat("--table ", command.table(), ": inconnue du lexique; ses tables: ", tables),
           absl::StrCat("--table ", command.table(), ": unknown to the codebook; its tables: ", tables)});
    }
    if (options.mapping != nullptr && *table != mapping.table) {
      const std::string& mapped = codebook.tables[mapping.table].name;
      return Fail(absl::StatusCode::kInvalidArgument,
                  {absl::StrCat("--table ", command.table(), ": le mapping est pour ", mapped,
                                "; donnez l'un ou l'autre"),
                   absl::StrCat("--table ", command.table(), ": the mapping is for ", mapped,
                                "; give one or the other")});
    }
    options.table = *table;
  } else if (options.mapping == nullptr) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("--table manque: dites de quelle table du lexique il s'agit: ", tables),
                 absl::StrCat("--table is missing: say which table of the codebook it is: ", tables)});
  }
  const absl::Time now = office.environment().clock.Now();
  options.file_name = BaseName(command.file_name());
  RETURN_IF_ERROR(ChooseSheet(command.sheet(), options.mapping));
  options.sheet = command.sheet();
  options.parent_bytes = command.parent_bytes();
  options.parent_name = BaseName(command.parent_name());
  options.dry_run = command.dry_run();
  options.replace = command.replace();
  options.again = command.again();
  options.now = now;
  const std::vector<std::string> person =
      options.mapping == nullptr ? std::vector<std::string>{"person_ref"} : mapping.person;
  options.before_quarantine = [&](const std::string& path, const std::string& temporary, uint64_t batch) {
    return NoteQuarantine(office, path, temporary, person, batch);
  };
  if (!command.keep_until().empty()) {
    ASSIGN_OR_RETURN(options.keep_until_day, KeepUntil(command.keep_until(), now));
  } else if (office.config().has_retention()) {
    ASSIGN_OR_RETURN(const absl::CivilDay last, LastDayOf(office.config().retention().default_(),
                                                          absl::ToCivilDay(now, absl::UTCTimeZone())));
    options.keep_until_day = last - absl::CivilDay(1970, 1, 1);
  }
  if (command.keep_until().empty())
    options.last_day_of = [&](uint64_t batch) { return LastDayOfBatch(office, batch); };
  options.quarantine_file = absl::StrCat(office.layout().quarantine(), "/",
                                         absl::FormatTime("%Y%m%d-%H%M%S", now, absl::UTCTimeZone()), "-",
                                         Stem(options.file_name), ".xlsx");
  options.cancelled = cancelled;
  const Secret network_key{absl::string_view(command.network_key())};
  if (network_key.size() > 0) options.network_key = &network_key;
  options.progress = [&](uint64_t rows) {
    if (!progress) return;
    v1::AdminProgress at;
    at.set_step("reading");
    at.set_done(rows);
    progress(at);
  };
  ASSIGN_OR_RETURN(const ImportReport report,
                   ImportFile(*upload, codebook, office.store(), office.records_key(),
                              office.environment().steps, options));
  // Rows that say something else than others of their person are kept nowhere but where they wait.
  if (!options.dry_run && report.staged.conflicting == 0) {
    // The rows are in: that it could not be noted where they waited is no error of the import.
    const absl::StatusOr<std::vector<Text>> done =
        NoteBroughtBack(office, report.batch, report.brought_back, person, report.quarantine_file);
    if (done.ok()) {
      notices.insert(notices.end(), done->begin(), done->end());
    } else {
      notices.push_back(Explain(done.status()));
    }
  }
  v1::ImportResult result;
  result.set_batch(report.batch);
  result.set_table(codebook.tables[options.table].name);
  result.set_read(report.read);
  result.set_stored(report.staged.stored);
  result.set_duplicate(report.staged.duplicate);
  result.set_replaced(report.staged.replaced);
  result.set_conflicting(report.staged.conflicting);
  result.set_quarantined(report.quarantined);
  result.set_dropped(report.dropped);
  result.set_withdrawn(report.staged.withdrawn);
  for (const ImportProblem& problem : report.problems) {
    v1::ImportProblem* out = result.add_problems();
    out->set_row(problem.first_row);
    out->set_column(problem.column);
    out->set_letters(problem.letters);
    out->set_fr(problem.what.fr);
    out->set_en(problem.what.en);
    out->set_rows(problem.rows);
  }
  result.set_quarantine_file(report.quarantine_file);
  result.set_dry_run(options.dry_run);
  result.set_sheet(report.sheet);
  if (options.mapping != nullptr && !options.dry_run) {
    // The rows are in: that the mapping could not be kept is no error of the import.
    const absl::StatusOr<std::string> kept = KeepMapping(office.layout(), codebook, command.mapping());
    if (kept.ok()) result.set_mapping_kept(*kept);
  }
  return result;
}

}  // namespace penc
