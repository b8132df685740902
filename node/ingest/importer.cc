#include "ingest/importer.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "ingest/file_columns.h"
#include "ingest/network_person.h"
#include "ingest/person_key.h"
#include "ingest/place.h"
#include "ingest/quarantine.h"
#include "ingest/row_file.h"
#include "ingest/row_join.h"
#include "ingest/row_values.h"

namespace penc {
namespace {

constexpr size_t kBlockRows = 16384;
constexpr size_t kMostProblems = 200;
constexpr size_t kMostNames = 12;  // of columns in one sentence

// Passes bytes on and hashes them.
class HashingSource final : public ByteSource {
 public:
  explicit HashingSource(ByteSource& from) : from_(from) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    ASSIGN_OR_RETURN(const size_t n, from_.Read(out));
    hash_.Update({out.data(), n});
    return n;
  }
  std::string Finish() { return hash_.Finish(); }

 private:
  ByteSource& from_;
  Sha256Stream hash_;
};

std::string Folded(absl::string_view text) {
  std::string out;
  AppendNormalised(text, &out);
  return out;
}

class Importer {
 public:
  Importer(const Codebook& codebook, RecordStore& store, const Secret& node_key, Steps& steps,
           const ImportOptions& options)
      : codebook_(codebook),
        table_(codebook.tables[options.table]),
        store_(store),
        steps_(steps),
        options_(options),
        node_key_(node_key),
        persons_(node_key),
        row_hash_(DeriveKey(node_key, "rows of records").view()),
        quarantine_(options.dry_run ? "" : options.quarantine_file),
        join_(options.mapping == nullptr ? own_ : *options.mapping) {}

  absl::StatusOr<ImportReport> Run(ByteSource& upload) {
    HashingSource hashing(upload);
    RETURN_IF_ERROR(ParentsThatCameAlong(hashing));
    ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> file, OpenRowFile(hashing));
    file_ = file.get();
    SheetForm form;
    if (options_.mapping != nullptr) form = options_.mapping->form;
    if (!options_.sheet.empty()) form.sheet = options_.sheet;
    const absl::Status read = file->Read(
        form, [this](const FileHeading& heading) { return Heading(heading); },
        [this](const FileRow& row) { return Row(row); });
    RETURN_IF_ERROR(read);
    steps_.Reached("import.parsed");
    RETURN_IF_ERROR(MostlyReadable());
    Notes();
    if (options_.dry_run) {
      report_.staged.stored = report_.read - report_.quarantined - report_.dropped;
      return std::move(report_);
    }
    RETURN_IF_ERROR(FlushBlock());
    import_->SetFileHash(Identity(hashing.Finish()));
    if (options_.keep_until_day) import_->SetKeepUntil(*options_.keep_until_day);
    RETURN_IF_ERROR(quarantine_.Close());
    // Before the commit: after it this file is known, and nobody would be shown its rows again.
    ASSIGN_OR_RETURN(report_.quarantine_file, quarantine_.Keep());
    steps_.Reached("import.before_commit");
    absl::StatusOr<StagedCounts> staged = import_->Commit();
    if (!staged.ok()) {
      // A write that failed may have reached the disk: then these rows are shown to nobody else.
      if (absl::IsFailedPrecondition(staged.status()) || absl::IsAlreadyExists(staged.status()))
        quarantine_.Discard();
      return staged.status();
    }
    report_.staged = *std::move(staged);
    report_.batch = import_->batch();
    report_.dropped += report_.staged.dropped;
    steps_.Reached("import.after_commit");
    const StagedCounts& s = report_.staged;
    PENC_CHECK(report_.read ==
               s.stored + s.duplicate + s.replaced + s.conflicting + report_.quarantined + report_.dropped);
    if (s.conflicting > 0) {
      Note({"une colonne constante par personne y dit autre chose qu'avant; ces lignes ne sont pas gardées",
            "a column that is constant per person says something else than before; these rows are not kept"},
           s.conflicting);
    }
    return std::move(report_);
  }

 private:
  void Note(Text what, uint64_t rows) { report_.problems.push_back({0, "", "", std::move(what), rows}); }

  absl::Status MostlyReadable() const {
    if (report_.read == 0 || report_.quarantined * 2 <= report_.read) return absl::OkStatus();
    Text first;
    if (!report_.problems.empty()) {
      const ImportProblem& p = report_.problems[0];
      const Text where = Say({"", report_.sheet, p.first_row, p.letters, p.column});
      first = {absl::StrCat(" Première: ", where.fr, ": ", p.what.fr),
               absl::StrCat(" First: ", where.en, ": ", p.what.en)};
    }
    return Fault(
        {},
        {absl::StrCat("plus de la moitié des lignes ne se lisent pas avec ce mapping; rien n'est importé.",
                      first.fr),
         absl::StrCat("more than half of the rows cannot be read with this mapping; nothing was imported.",
                      first.en)});
  }

  // What the file as a whole is to be told about.
  void Notes() {
    if (!columns_.left_out.empty()) {
      std::vector<std::string> names(columns_.left_out.begin(),
                                     columns_.left_out.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                     columns_.left_out.size(), kMostNames)));
      if (names.size() < columns_.left_out.size()) names.emplace_back("…");
      const std::string list = absl::StrJoin(names, ", ");
      Note({absl::StrCat("colonnes que le formulaire ajoute lui-même, laissées de côté: ", list),
            absl::StrCat("columns that the form adds by itself, left out: ", list)},
           0);
    }
    if (skipped_ > 0) {
      Note({absl::StrCat("lignes écartées par l'organisation («", mapping_->status_from, "»)"),
            absl::StrCat("rows that the organisation itself set aside (\"", mapping_->status_from, "\")")},
           skipped_);
    }
    NoteAlone();
  }

  void NoteAlone() {
    if (alone_ == 0) return;
    Note({"lignes sans tous les champs auxquels le réseau reconnaît une personne (network_person): chacune "
          "y compte pour une personne à part",
          "rows without all the fields by which the network recognises a person (network_person): there each "
          "counts as a person apart"},
         alone_);
  }

  // What makes this import the same as another one: the file, and the sheet of it.
  std::string Identity(const std::string& file_hash) const {
    if (report_.sheet.empty()) return file_hash;
    Sha256Stream hash;
    hash.Update(absl::StrCat(file_hash, report_.sheet));
    return hash.Finish();
  }

  absl::Status ParentsThatCameAlong(ByteSource& upload) {
    if (options_.parent_bytes == 0) return absl::OkStatus();
    BeginningOfSource bytes(upload, options_.parent_bytes);
    if (const absl::Status read = join_.Bring(bytes); !read.ok()) return At(options_.parent_name, read);
    std::string rest(1 << 16, '\0');  // what the parents' reader did not need
    while (!bytes.whole()) {
      ASSIGN_OR_RETURN(const size_t n, bytes.Read(absl::MakeSpan(rest)));
      if (n == 0)
        return Fault({}, {"envoi incomplet: rien n'est importé, recommencez",
                          "incomplete upload: nothing was imported, start again"});
    }
    return absl::OkStatus();
  }

  absl::Status Heading(const FileHeading& heading) {
    report_.sheet = heading.sheet;
    own_ = OwnMapping(codebook_, options_.table, heading);
    mapping_ = options_.mapping == nullptr ? &own_ : options_.mapping;
    if (options_.replace && heading.quarantine) {
      return Fault({}, {"ce fichier ne contient que des lignes à corriger: --replace remplacerait toute la "
                        "table par elles. "
                        "Importez-le sans --replace",
                        "this file holds only rows that were set aside: --replace would make them the whole "
                        "table. Import it "
                        "without --replace"});
    }
    own_width_ = heading.names.size();
    ASSIGN_OR_RETURN(heading_, join_.Heading(*file_, heading));
    ASSIGN_OR_RETURN(columns_, ColumnsOf(heading_, *mapping_, codebook_));
    ASSIGN_OR_RETURN(buckets_, BucketsFor(codebook_, *mapping_, options_.table, options_.dry_run,
                                          options_.network_key, node_key_));
    for (const std::string& status : mapping_->status_skip) skip_.push_back(Folded(status));
    for (FileColumns::Target& target : columns_.targets) {
      if (codebook_.consent.has_value() && codebook_.consent->column.table == options_.table &&
          codebook_.consent->column.column == target.column && target.at >= 0)
        consent_ = &target;
    }
    block_.columns.resize(table_.columns.size());
    quarantine_.Begin(heading_);
    if (!options_.dry_run) {
      ASSIGN_OR_RETURN(import_,
                       store_.Begin(options_.table, options_.file_name, "", options_.replace, options_.now));
    }
    return absl::OkStatus();
  }

  absl::Status Row(const FileRow& alone) {
    ++report_.read;
    const RowJoin::Joined joined = join_.Join(alone);
    return joined.problem.has_value() ? SetAside(joined.row, joined.at, *joined.problem)
                                      : Understand(joined.row);
  }

  absl::Status Understand(const FileRow& row) {
    const size_t width = heading_.names.size();
    if (options_.progress && report_.read % 65536 == 0) options_.progress(report_.read);
    if (row.cells.size() > width && !heading_.sheet.empty()) {
      return SetAside(row, static_cast<int>(width),
                      {"une cellule hors des titres; donnez un titre à sa colonne, ou videz-la",
                       "a cell outside of the heading; give its column a heading, or empty it"});
    }
    if (row.cells.size() != width) {
      return SetAside(
          row, -1,
          {absl::StrCat(own_width_, " cellules attendues (autre séparateur ? guillemet manquant ?)"),
           absl::StrCat(own_width_, " cells expected (another delimiter? a missing quote?)")});
    }
    // First: a no takes earlier rows out whatever else is wrong with its row, and whatever a form's reviewer
    // said of it.
    const bool refused = columns_.consent >= 0 && !Consents(row.cells[static_cast<size_t>(columns_.consent)]);
    if (!refused && columns_.status >= 0 && Skipped(row.cells[static_cast<size_t>(columns_.status)])) {
      ++report_.dropped;
      ++skipped_;
      return absl::OkStatus();
    }
    if (refused) ++report_.dropped;
    if (const RowProblem found = UnusableReference(row, columns_); found.at >= 0) {
      return refused ? absl::OkStatus() : SetAside(row, found.at, Describe(found.problem));
    }
    PersonKey person;
    if (!PersonOf(row, &person)) {
      // Without consent nothing of the row is kept, not even to be corrected.
      return refused ? absl::OkStatus()
                     : SetAside(row, columns_.person[0],
                                {"référence de la personne vide", "empty person reference"});
    }
    if (refused) {
      values_.assign(table_.columns.size(), kNull);
      return Store(person, row, true);
    }
    const RowProblem found = ReadValues(row, *mapping_, table_, columns_, &values_);
    if (found.problem == CellProblem::kNone) {
      if (buckets_ != nullptr) SetBucket(row, person);
      return Store(person, row, false);
    }
    // Which of two readings is meant is asked once, before anything is kept.
    if (found.problem == CellProblem::kAmbiguousDate)
      return Fault(PlaceOf(row, found.at), Describe(found.problem));
    if (consent_ != nullptr && !SaysYes(row)) {
      values_.assign(table_.columns.size(), kNull);
      RETURN_IF_ERROR(Store(person, row, true));
    }
    return SetAside(row, found.at, Describe(found.problem));
  }

  void SetBucket(const FileRow& row, const PersonKey& person) {
    absl::optional<uint32_t> bucket;
    if (NetworkFields(row, columns_, *mapping_, &parts_)) bucket = buckets_->Of(parts_);
    if (!bucket.has_value()) ++alone_;
    values_[codebook_.linkage->column.column] = 1 + bucket.value_or(buckets_->Alone(person));
  }

  // The codebook's own consent, where other cells of the row were not understood.
  bool SaysYes(const FileRow& row) {
    StoredValue value = kNull;
    const auto at = static_cast<size_t>(consent_->at);
    const CellProblem problem =
        consent_->parser.Parse(absl::StripAsciiWhitespace(row.cells[at]), &value, row.kind(at));
    return problem == CellProblem::kNone && value != kNull && codebook_.consent->keeps(value);
  }

  bool Skipped(absl::string_view cell) const {
    return !skip_.empty() && std::find(skip_.begin(), skip_.end(), Folded(cell)) != skip_.end();
  }

  bool Consents(absl::string_view cell) const {
    const auto& keep = mapping_->consent_keep;
    return std::find(keep.begin(), keep.end(), std::string(absl::StripAsciiWhitespace(cell))) != keep.end();
  }

  // Whose the row is; false where its reference is empty.
  bool PersonOf(const FileRow& row, PersonKey* person) {
    if (!columns_.person.empty()) {
      parts_.clear();
      for (int at : columns_.person) parts_.push_back(row.cells[static_cast<size_t>(at)]);
      return persons_.Make(parts_, person);
    }
    // No other row is this person: the row's identity where it has one (a further export names it again),
    // else its place in the import that first had it and no other.
    bytes_.clear();
    if (columns_.row.empty()) {
      const RowOrigin origin = OriginOf(row);
      bytes_ = absl::StrCat(origin.import, "\n", origin.row);
    } else {
      AppendIdentity(row.cells);
    }
    *person = persons_.MakeForRow(bytes_);
    return true;
  }

  // Which row of which import it was first.
  RowOrigin OriginOf(const FileRow& row) const {
    RowOrigin origin{absl::StrCat(import_ == nullptr ? 0 : import_->batch()), heading_.sheet,
                     absl::StrCat(row.number)};
    if (columns_.origin < 0 || columns_.origin_row < 0) return origin;
    const auto cell = [&](int at) {
      return at < 0 || static_cast<size_t>(at) >= row.cells.size() ? absl::string_view()
                                                                   : row.cells[static_cast<size_t>(at)];
    };
    if (cell(columns_.origin).empty() || cell(columns_.origin_row).empty()) return origin;
    return {std::string(cell(columns_.origin)), std::string(cell(columns_.origin_sheet)),
            std::string(cell(columns_.origin_row))};
  }

  // `refused`: without consent; the store is only told what it takes out.
  absl::Status Store(const PersonKey& person, const FileRow& row, bool refused) {
    if (options_.dry_run) return absl::OkStatus();
    if (columns_.consent >= 0 || consent_ != nullptr) block_.refused.push_back(refused ? 1 : 0);
    block_.persons.push_back(person);
    // A row that was set aside is known again by where it came from: corrected twice, it counts once.
    const bool by_origin = columns_.row.empty() && columns_.origin >= 0;
    const bool identified = by_origin || !columns_.row.empty() || table_.unit == Unit::kPerson;
    if (by_origin || !columns_.row.empty()) {
      // A row's identity is one person's: nobody's file takes rows from somebody else.
      bytes_.assign(reinterpret_cast<const char*>(person.data()), person.size());
      if (by_origin) {
        const RowOrigin origin = OriginOf(row);
        absl::StrAppend(&bytes_, "set aside\n", origin.import, "\n", origin.row);
      } else {
        AppendIdentity(row.cells);
      }
      block_.identity.push_back(Hash());
    }
    if (identified) {
      bytes_.assign(reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(StoredValue));
      block_.content.push_back(Hash());
    }
    for (size_t c = 0; c < values_.size(); ++c) block_.columns[c].push_back(values_[c]);
    return block_.rows() >= kBlockRows ? FlushBlock() : absl::OkStatus();
  }

  void AppendIdentity(absl::Span<const absl::string_view> cells) {
    for (int at : columns_.row) {
      // Without the spaces that one program quotes and the next one drops.
      const absl::string_view cell = absl::StripAsciiWhitespace(cells[static_cast<size_t>(at)]);
      const uint32_t size = static_cast<uint32_t>(cell.size());
      bytes_.append(reinterpret_cast<const char*>(&size), sizeof(size));
      bytes_.append(cell.data(), cell.size());
    }
  }

  std::array<uint8_t, 16> Hash() {
    std::array<uint8_t, 32> mac;
    row_hash_.Mac(bytes_, mac);
    std::array<uint8_t, 16> id;
    std::memcpy(id.data(), mac.data(), id.size());
    return id;
  }

  absl::Status FlushBlock() {
    RowBlock block = std::move(block_);
    block_ = RowBlock();
    block_.columns.resize(table_.columns.size());
    return import_->Add(std::move(block));
  }

  Place PlaceOf(const FileRow& row, int at) const {
    if (at < 0) return {"", heading_.sheet, row.number, "", ""};
    const auto column = static_cast<size_t>(at);
    return {"", heading_.sheet, row.number, ColumnLetters(column),
            column < heading_.names.size() ? heading_.names[column] : ""};
  }

  // `at`: the column; -1: the whole row.
  absl::Status SetAside(const FileRow& row, int at, const Text& why) {
    const Place place = PlaceOf(row, at);
    ++report_.quarantined;
    ImportProblem*& known = by_kind_[{at, why.en}];
    if (known == nullptr && report_.problems.size() < kMostProblems) {
      report_.problems.reserve(kMostProblems + 8);  // pointers into it stay
      report_.problems.push_back({row.number, place.letters, place.column, why, 0});
      known = &report_.problems.back();
    }
    if (known != nullptr) ++known->rows;
    const std::string where =
        at < 0 ? "" : absl::StrCat(Say({"", "", 0, place.letters, place.column}).fr, ": ");
    return quarantine_.Add(row, where + why.fr, OriginOf(row));
  }

  const Codebook& codebook_;
  const Table& table_;
  RecordStore& store_;
  Steps& steps_;
  const ImportOptions& options_;
  const Secret& node_key_;
  PersonKeyMaker persons_;
  std::unique_ptr<BucketMaker> buckets_;  // null: the table has none
  uint64_t alone_ = 0;                    // rows whose person no other office would recognise
  HmacKey row_hash_;
  Quarantine quarantine_;
  RowFile* file_ = nullptr;
  Mapping own_;
  const Mapping* mapping_ = nullptr;
  FileHeading heading_;   // the parents' columns behind it
  size_t own_width_ = 0;  // without them
  FileColumns columns_;
  FileColumns::Target* consent_ = nullptr;  // the codebook's own consent, where the file has it
  std::vector<std::string> skip_;           // folded
  uint64_t skipped_ = 0;
  RowJoin join_;
  std::unique_ptr<RecordStore::Import> import_;
  RowBlock block_;
  std::vector<absl::string_view> parts_;
  std::vector<StoredValue> values_;
  std::string bytes_;
  ImportReport report_;
  std::map<std::pair<int, std::string>, ImportProblem*> by_kind_;
};

}  // namespace

absl::StatusOr<ImportReport> ImportFile(ByteSource& file, const Codebook& codebook, RecordStore& store,
                                        const Secret& node_key, Steps& steps, const ImportOptions& options) {
  absl::StatusOr<ImportReport> report = Importer(codebook, store, node_key, steps, options).Run(file);
  // What is wrong with the file is said with its name.
  if (report.status().code() != absl::StatusCode::kInvalidArgument || options.file_name.empty())
    return report;
  return At(options.file_name, report.status());
}

}  // namespace penc
