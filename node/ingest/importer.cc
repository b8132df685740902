#include "ingest/importer.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "ingest/file_columns.h"
#include "ingest/heading_rows.h"
#include "ingest/network_person.h"
#include "ingest/parent_rows.h"
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
constexpr size_t kMostNames = 12;             // of columns in one sentence
constexpr uint64_t kRowsBetweenLooks = 1024;  // whether anybody waits

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
        budget_(std::make_shared<ReadBudget>(options.cancelled)),
        quarantine_(options.dry_run ? "" : options.quarantine_file),
        join_(options.mapping == nullptr ? own_ : *options.mapping),
        keep_until_(options.keep_until_day) {}

  absl::StatusOr<ImportReport> Run(ByteSource& upload) {
    HashingSource hashing(upload);
    RETURN_IF_ERROR(ParentsThatCameAlong(hashing));
    ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> file, OpenRowFile(hashing, budget_));
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
      RETURN_IF_ERROR(LookForRepeats());
      report_.staged.stored = report_.read - report_.quarantined - report_.dropped;
      return std::move(report_);
    }
    RETURN_IF_ERROR(FlushBlock());
    RETURN_IF_ERROR(StillWanted(options_.cancelled));
    import_->SetFileHash(Identity(hashing.Finish()));
    if (keep_until_) import_->SetKeepUntil(*keep_until_);
    RETURN_IF_ERROR(quarantine_.Close());
    if (!quarantine_.path().empty() && options_.before_quarantine) {
      RETURN_IF_ERROR(
          options_.before_quarantine(quarantine_.path(), quarantine_.temporary(), import_->batch()));
    }
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
    NoteRepeats(s.repeated);
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
    if (heading_.title_rows > 0) Note(TitleAbove(heading_), 0);
    NoteStrangers();
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
    if (!lost_refusals_.empty()) {
      const std::string rows = Listed(lost_refusals_);
      Note({absl::StrCat("refus dont la personne n'est pas à trouver (référence vide ou illisible): ligne ",
                         rows,
                         ". penc ne peut retirer ce qui est déjà gardé d'elle; cherchez-la à la main (penc "
                         "erase)"),
            absl::StrCat("refusals whose person cannot be found (empty or unreadable reference): row ", rows,
                         ". penc cannot take out what is kept of them already; look for them by hand (penc "
                         "erase)")},
           lost_refusals_.size());
    }
    if (!places_only_.empty()) {
      const std::string rows = Listed(places_only_);
      Note({absl::StrCat("mises de côté sans leur contenu, car leur accord ne se lit pas: ligne ", rows,
                         ". Corrigez-les dans votre propre fichier, puis importez-le"),
            absl::StrCat("set aside without their content, for their consent cannot be read: row ", rows,
                         ". Correct them in your own file, then import it")},
           places_only_.size());
    }
    NoteAlone();
  }

  static std::string Listed(const std::vector<uint64_t>& rows) {
    const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), kMostNames));
    return absl::StrCat(absl::StrJoin(rows.begin(), end, ", "), end == rows.end() ? "" : ", …");
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
    if (const absl::Status read = join_.Bring(bytes, budget_); !read.ok())
      return At(options_.parent_name, read);
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
    RETURN_IF_ERROR(CheckOwnColumns(heading));
    own_width_ = heading.names.size();
    ASSIGN_OR_RETURN(heading_, join_.Heading(*file_, heading));
    if (heading.quarantine && heading.sheet.empty()) {
      // What a spreadsheet saves as CSV it has written its own way, dates and decimals too.
      resaved_ = *mapping_;
      resaved_.resaved = true;
      mapping_ = &resaved_;
    }
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
      if (options_.again) import_->SetAgain();
    } else if (!options_.replace && !options_.again) {
      ASSIGN_OR_RETURN(import_, store_.BeginLook(options_.table));
    }
    return absl::OkStatus();
  }

  // Without its columns a file of rows set aside would be taken for another one, and its rows counted twice.
  absl::Status CheckOwnColumns(const FileHeading& heading) const {
    const auto has = [&](const char* name) {
      return std::find(heading.names.begin(), heading.names.end(), name) != heading.names.end();
    };
    const bool any = std::any_of(heading.names.begin(), heading.names.end(), IsQuarantineColumn);
    if (!any && heading.sheet != kSetAsideSheet) return absl::OkStatus();
    if (heading.quarantine && has(kRowColumn) && has(kOriginColumn)) return absl::OkStatus();
    const std::string columns =
        absl::StrJoin(std::vector<std::string>{kReasonColumn, kSheetColumn, kRowColumn, kOriginColumn}, ", ");
    return Fault({"", heading.sheet, heading.names_row, "", ""},
                 {absl::StrCat("ce fichier de lignes à corriger n'a plus ses premières colonnes (", columns,
                               "), qui disent d'où viennent ses lignes: rien n'est importé. Remettez-les "
                               "devant les autres, comme elles étaient, ou recommencez avec le fichier du "
                               "dossier quarantine; si c'est une feuille à vous, renommez-la"),
                  absl::StrCat("this file of rows to correct has lost its first columns (", columns,
                               "), which say where its rows come from: nothing was imported. Put them back "
                               "before the others, as they were, or begin again with the file in the folder "
                               "quarantine; if it is a sheet of your own, rename it")});
  }

  // Where every row is a person and nothing names it, an export that grew cannot be told from new people.
  void NoteStrangers() {
    if (!columns_.person.empty() || !columns_.row.empty() || options_.replace || heading_.quarantine) return;
    for (const BatchInfo& batch : store_.Batches()) {
      if (batch.table != table_.name || batch.undone || batch.expired) continue;
      Note({absl::StrCat(
                "chaque ligne compte ici pour une personne nouvelle: celles qui sont déjà dans le lot ",
                batch.id, " (", batch.file_name,
                ") compteraient deux fois. Si ce fichier les "
                "reprend: penc undo, --replace, ou «row:» dans le mapping"),
            absl::StrCat("each row counts as a new person here: those that are in batch ", batch.id, " (",
                         batch.file_name,
                         ") already would count twice. If this file has them again: penc "
                         "undo, --replace, or \"row:\" in the mapping")},
           0);
      return;
    }
  }

  absl::Status LookForRepeats() {
    if (import_ == nullptr) return absl::OkStatus();
    RETURN_IF_ERROR(FlushBlock());
    ASSIGN_OR_RETURN(const RepeatedRows found, import_->Look());
    if (!found.many) {
      NoteRepeats(found.rows);
      return absl::OkStatus();
    }
    const Text why = Describe(found);
    Note({absl::StrCat("l'import sera refusé: ", why.fr),
          absl::StrCat("the import will be refused: ", why.en)},
         found.rows);
    return absl::OkStatus();
  }

  void NoteRepeats(uint64_t rows) {
    if (rows == 0) return;
    Note(
        {"lignes pareilles à d'autres que des fichiers d'avant ont apportées (même personne, mêmes valeurs): "
         "elles comptent comme des événements de plus",
         "rows like others that earlier files brought (the same person, the same values): they count as "
         "further events"},
        rows);
  }

  // A row, and what is wrong with it as a whole.
  struct Judged {
    FileRow row;
    absl::optional<Text> fault;
    int at = -1;          // the column of the fault; -1: the whole row
    bool cut = false;     // no cell stands where the heading says
    bool orphan = false;  // the parents' columns are not known
  };

  Judged Judge(const FileRow& alone) {
    Judged judged{alone, absl::nullopt, -1, false, false};
    if (alone.cells.size() > own_width_ && !heading_.sheet.empty()) {
      judged.orphan = true;
      judged.at = static_cast<int>(own_width_);
      judged.fault = {"une cellule hors des titres; donnez un titre à sa colonne, ou videz-la",
                      "a cell outside of the heading; give its column a heading, or empty it"};
    } else if (alone.cells.size() != own_width_) {
      judged.cut = judged.orphan = true;
      judged.fault = {
          absl::StrCat(own_width_, " cellules attendues (autre séparateur ? guillemet manquant ?)"),
          absl::StrCat(own_width_, " cells expected (another delimiter? a missing quote?)")};
    } else {
      RowJoin::Joined joined = join_.Join(alone);
      judged = {joined.row, std::move(joined.problem), joined.at, false, false};
      judged.orphan = judged.fault.has_value();
    }
    return judged;
  }

  // Whether the cell of this column is known to be that one.
  bool Readable(const Judged& judged, int at) const {
    if (judged.cut || static_cast<size_t>(at) >= judged.row.cells.size()) return false;
    return !judged.orphan || mapping_->parent == nullptr ||
           !absl::StartsWith(heading_.names[static_cast<size_t>(at)], kOfParent);
  }
  bool AllReadable(const Judged& judged, const std::vector<int>& columns) const {
    return std::all_of(columns.begin(), columns.end(), [&](int at) { return Readable(judged, at); });
  }

  absl::Status Row(const FileRow& alone) {
    if (heading_.quarantine) {
      if (OnlyItsPlace(heading_, alone)) return absl::OkStatus();  // to be corrected elsewhere
      report_.brought_back.insert(SetAsideKey(heading_, alone));
      RETURN_IF_ERROR(KeepNoLonger(OriginOf(alone)));
    }
    if (report_.read++ % kRowsBetweenLooks == 0) RETURN_IF_ERROR(StillWanted(options_.cancelled));
    if (options_.progress && report_.read % 65536 == 0) options_.progress(report_.read);
    return Understand(Judge(alone));
  }

  // Rows that come back may be kept as long as those beside which they were set aside.
  absl::Status KeepNoLonger(const RowOrigin& origin) {
    uint64_t batch = 0;
    if (!options_.last_day_of || !absl::SimpleAtoi(origin.import, &batch) || !origins_.insert(batch).second)
      return absl::OkStatus();
    const absl::optional<int64_t> last = options_.last_day_of(batch);
    if (!last.has_value()) return absl::OkStatus();
    keep_until_ = std::min(*last, keep_until_.value_or(*last));
    constexpr absl::CivilDay kEpoch(1970, 1, 1);
    if (kEpoch + *last >= absl::ToCivilDay(options_.now, absl::UTCTimeZone())) return absl::OkStatus();
    const std::string day = absl::FormatCivilTime(kEpoch + *last);
    return Fault({},
                 {absl::StrCat("ces lignes sont du lot ", batch, ", à garder jusqu'au ", day,
                               ": ce jour est passé, rien n'est importé. Supprimez ce fichier, ou dites un "
                               "autre dernier jour: --keep-until"),
                  absl::StrCat("these rows are of batch ", batch, ", to be kept until ", day,
                               ": that day is over, nothing was imported. Delete this file, or say another "
                               "last day: --keep-until")});
  }

  // Consent comes first: a no takes earlier rows out whatever else is wrong with its row, and whatever a
  // form's reviewer said of it; and of a row without a yes nothing is kept in the clear.
  absl::Status Understand(const Judged& judged) {
    const FileRow& row = judged.row;
    const int by_mapping = columns_.consent, by_codebook = consent_ == nullptr ? -1 : consent_->at;
    if (by_mapping >= 0 && Readable(judged, by_mapping) &&
        !Consents(row.cells[static_cast<size_t>(by_mapping)])) {
      ++report_.dropped;
      return Refuse(judged);
    }
    const bool says_yes = by_codebook < 0 || (Readable(judged, by_codebook) && SaysYes(row));
    shown_ = says_yes && (by_mapping < 0 || Readable(judged, by_mapping));
    if (columns_.status >= 0 && Readable(judged, columns_.status) &&
        Skipped(row.cells[static_cast<size_t>(columns_.status)])) {
      ++report_.dropped;
      ++skipped_;
      return absl::OkStatus();
    }
    if (judged.fault.has_value()) {
      if (by_codebook >= 0 && Readable(judged, by_codebook) && !says_yes) RETURN_IF_ERROR(Refuse(judged));
      return SetAside(row, judged.at, *judged.fault);
    }
    if (const RowProblem found = UnusableReference(row, columns_); found.at >= 0) {
      if (!says_yes) lost_refusals_.push_back(row.number);
      return SetAside(row, found.at, Describe(found.problem));
    }
    PersonKey person;
    if (!PersonOf(row, &person)) {
      if (!says_yes) lost_refusals_.push_back(row.number);
      return SetAside(row, columns_.person[0], {"référence de la personne vide", "empty person reference"});
    }
    const RowProblem found = ReadValues(row, *mapping_, table_, columns_, &values_);
    if (found.problem == CellProblem::kNone) {
      RETURN_IF_ERROR(NumberWords());
      if (buckets_ != nullptr) SetBucket(row, person);
      return Store(person, row, false);
    }
    // Which of two readings is meant is asked once, before anything is kept.
    if (found.problem == CellProblem::kAmbiguousDate)
      return Fault(PlaceOf(row, found.at), Describe(found.problem));
    if (!says_yes) RETURN_IF_ERROR(StoreRefusal(person, row));
    return SetAside(row, found.at, Describe(found.problem));
  }

  // Tells the store of a no, where it is known whose it is.
  absl::Status Refuse(const Judged& judged) {
    PersonKey person;
    if (!AllReadable(judged, columns_.person) || !AllReadable(judged, columns_.row) ||
        UnusableReference(judged.row, columns_).at >= 0 || !PersonOf(judged.row, &person)) {
      lost_refusals_.push_back(judged.row.number);
      return absl::OkStatus();
    }
    return StoreRefusal(person, judged.row);
  }

  absl::Status StoreRefusal(const PersonKey& person, const FileRow& row) {
    values_.assign(table_.columns.size(), kNull);
    return Store(person, row, true);
  }

  // Of a row that is going to be stored, so that no word is kept that nobody's row holds.
  absl::Status NumberWords() {
    for (const FileColumns::Target& target : columns_.targets) {
      if (import_ == nullptr || table_.columns[target.column].type != ColumnType::kText) continue;
      ASSIGN_OR_RETURN(values_[target.column], import_->WordOf(target.column, target.parser.word()));
    }
    return absl::OkStatus();
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
    if (import_ == nullptr) return absl::OkStatus();  // a dry run beside which nothing is stored
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
    if (shown_) return quarantine_.Add(row, where + why.fr, OriginOf(row));
    places_only_.push_back(row.number);
    return quarantine_.AddPlace(
        absl::StrCat(where, why.fr,
                     "; contenu non gardé, car l'accord ne se lit pas: corrigez la ligne dans ",
                     options_.file_name.empty() ? "votre fichier" : options_.file_name),
        OriginOf(row));
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
  const std::shared_ptr<ReadBudget> budget_;
  Quarantine quarantine_;
  RowFile* file_ = nullptr;
  Mapping own_, resaved_;
  const Mapping* mapping_ = nullptr;
  FileHeading heading_;   // the parents' columns behind it
  size_t own_width_ = 0;  // without them
  FileColumns columns_;
  FileColumns::Target* consent_ = nullptr;  // the codebook's own consent, where the file has it
  std::vector<std::string> skip_;           // folded
  uint64_t skipped_ = 0;
  bool shown_ = true;                                  // the row may lie in the clear
  std::vector<uint64_t> lost_refusals_, places_only_;  // rows, by number
  RowJoin join_;
  absl::optional<int64_t> keep_until_;
  std::set<uint64_t> origins_;  // batches that rows were set aside from
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
  if (report.ok()) return report;
  return OfFile(options.file_name, report.status());
}

}  // namespace penc
