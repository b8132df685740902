#include "ingest/importer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/keyfile.h"
#include "ingest/cell.h"
#include "ingest/person_key.h"
#include "ingest/row_file.h"
#include "ingest/sensitive.h"

namespace penc {
namespace {

constexpr size_t kBlockRows = 16384;
constexpr size_t kMostProblems = 200;

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

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

// Rows to correct, as a CSV that opens in a French Excel. They hold personal data: 0600.
class Quarantine {
 public:
  explicit Quarantine(std::string path) : path_(std::move(path)) {}
  ~Quarantine() {
    if (file_ != nullptr) {
      std::fclose(file_);
      std::remove(temporary().c_str());
    }
  }
  absl::Status Add(const std::vector<std::string>& headings, uint64_t row, const std::string& reason,
                   absl::Span<const absl::string_view> cells) {
    if (path_.empty()) return absl::OkStatus();
    if (file_ == nullptr) {
      const mode_t old = ::umask(0077);
      file_ = std::fopen(temporary().c_str(), "wb");
      ::umask(old);
      if (file_ == nullptr) return Full();
      std::fprintf(file_, "\xEF\xBB\xBF%s;%s", kReasonColumn, kRowColumn);
      for (const std::string& heading : headings) {
        if (!IsQuarantineColumn(heading)) Cell(heading);
      }
      std::fputc('\n', file_);
    }
    std::fputs(Quoted(reason).c_str(), file_);
    std::fprintf(file_, ";%llu", static_cast<unsigned long long>(row));
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i >= headings.size() || !IsQuarantineColumn(headings[i])) Cell(cells[i]);
    }
    std::fputc('\n', file_);
    return std::ferror(file_) != 0 ? Full() : absl::OkStatus();
  }
  // The file's path, or nothing where there is none.
  absl::StatusOr<std::string> Keep() {
    if (file_ == nullptr) return std::string();
    FILE* file = std::exchange(file_, nullptr);
    // Rows that wait there already stay; one import runs at a time.
    std::string kept = path_;
    for (int n = 2; FileExists(kept); ++n)
      kept = absl::StrCat(absl::StripSuffix(path_, ".csv"), "-", n, ".csv");
    if (std::fclose(file) != 0 || std::rename(temporary().c_str(), kept.c_str()) != 0) return Full();
    return kept;
  }

 private:
  std::string temporary() const { return path_ + ".tmp"; }
  absl::Status Full() const {
    return Fail(absl::StatusCode::kResourceExhausted,
                {absl::StrCat(path_, ": impossible d'écrire (disque plein ?); rien n'est importé"),
                 absl::StrCat(path_, ": cannot write (disk full?); nothing was imported")});
  }
  static std::string Quoted(absl::string_view text) {
    std::string out = "\"";
    for (char c : text) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    return out + "\"";
  }
  void Cell(absl::string_view cell) {
    std::fputc(';', file_);
    std::fputs(Quoted(cell).c_str(), file_);
  }
  std::string path_;
  FILE* file_ = nullptr;
};

class Importer {
 public:
  Importer(const Codebook& codebook, RecordStore& store, const Secret& node_key, Steps& steps,
           const ImportOptions& options)
      : codebook_(codebook),
        table_(codebook.tables[options.table]),
        store_(store),
        steps_(steps),
        options_(options),
        persons_(node_key),
        row_hash_(DeriveKey(node_key, "rows of records").view()),
        quarantine_(options.dry_run ? "" : options.quarantine_file) {}

  absl::StatusOr<ImportReport> Run(ByteSource& file) {
    HashingSource hashing(file);
    ASSIGN_OR_RETURN(const std::unique_ptr<RowFile> rows, OpenRowFile(hashing));
    SheetForm form;
    if (options_.mapping != nullptr) form = options_.mapping->form;
    if (options_.dry_run && options_.mapping == nullptr) {
      // Only proposed: an import itself never guesses.
      form.encoding = likely_encoding_ = rows->likely_encoding();
    }
    const absl::Status read = rows->Read(
        form, [this](const FileHeading& heading) { return Heading(heading); },
        [this](const FileRow& row) { return Row(row); });
    if (!read.ok()) {
      if (proposing_) return std::move(report_);  // a dry run that stopped at the heading with a proposal
      return read;
    }
    steps_.Reached("import.parsed");
    if (report_.read > 0 && report_.quarantined * 2 > report_.read) {
      const std::string first = report_.problems.empty() ? "" : Where(report_.problems[0]).fr,
                        first_en = report_.problems.empty() ? "" : Where(report_.problems[0]).en;
      return Bad(
          absl::StrCat(
              "plus de la moitié des lignes ne se lisent pas avec ce mapping; rien n'est importé. Première: ",
              first),
          absl::StrCat(
              "more than half of the rows cannot be read with this mapping; nothing was imported. First: ",
              first_en));
    }
    if (options_.dry_run) {
      report_.staged.stored = report_.read - report_.quarantined - report_.dropped;
      return std::move(report_);
    }
    RETURN_IF_ERROR(FlushBlock());
    import_->SetFileHash(hashing.Finish());
    if (options_.keep_until_day) import_->SetKeepUntil(*options_.keep_until_day);
    steps_.Reached("import.before_commit");
    ASSIGN_OR_RETURN(report_.staged, import_->Commit());
    report_.batch = import_->batch();
    report_.dropped += report_.staged.dropped;
    ASSIGN_OR_RETURN(report_.quarantine_file, quarantine_.Keep());
    steps_.Reached("import.after_commit");
    const StagedCounts& s = report_.staged;
    PENC_CHECK(report_.read ==
               s.stored + s.duplicate + s.replaced + s.conflicting + report_.quarantined + report_.dropped);
    if (s.conflicting > 0) {
      report_.problems.push_back(
          {0,
           "",
           {"une colonne constante par personne y dit autre chose qu'avant; ces lignes ne sont pas gardées",
            "a column that is constant per person says something else than before; these rows are not kept"},
           s.conflicting});
    }
    return std::move(report_);
  }

 private:
  static Text Where(const ImportProblem& p) {
    return {absl::StrCat("ligne ", p.first_row, p.column.empty() ? "" : absl::StrCat(", colonne ", p.column),
                         ": ", p.what.fr),
            absl::StrCat("row ", p.first_row, p.column.empty() ? "" : absl::StrCat(", column ", p.column),
                         ": ", p.what.en)};
  }

  absl::Status Heading(const FileHeading& heading) {
    for (const std::string& name : heading.names) {
      if (std::find(headings_.begin(), headings_.end(), name) != headings_.end()) {
        return Bad(absl::StrCat("ligne de titres: «", name, "» y est deux fois; renommez une des colonnes"),
                   absl::StrCat("heading: \"", name, "\" stands there twice; rename one of the columns"));
      }
      headings_.push_back(name);
    }
    if (options_.mapping == nullptr && options_.dry_run &&
        (At("person_ref") < 0 || Unmapped().has_value() || !likely_encoding_.empty())) {
      std::vector<Text> unsure;
      report_.proposal = ProposeMapping(codebook_, options_.table, headings_, &unsure, likely_encoding_);
      for (Text& question : unsure) report_.problems.push_back({0, "", std::move(question), 0});
      proposing_ = true;
      return absl::CancelledError("proposed");
    }
    own_ = OwnMapping(codebook_, options_.table, headings_);
    mapping_ = options_.mapping == nullptr ? &own_ : options_.mapping;
    return Prepare();
  }

  // The first heading that the codebook's own names do not explain.
  absl::optional<std::string> Unmapped() const {
    for (const std::string& heading : headings_) {
      if (heading != "person_ref" && !table_.Find(heading).has_value() && !IsQuarantineColumn(heading))
        return heading;
    }
    return absl::nullopt;
  }

  int At(const std::string& heading) const {
    const auto at = std::find(headings_.begin(), headings_.end(), heading);
    return at == headings_.end() ? -1 : static_cast<int>(at - headings_.begin());
  }
  absl::StatusOr<int> Needed(const std::string& heading, const char* what_fr, const char* what_en) const {
    const int at = At(heading);
    if (at >= 0) return at;
    return Bad(absl::StrCat("le fichier n'a pas la colonne «", heading, "» (", what_fr,
                            "). Ses colonnes: ", absl::StrJoin(headings_, ", "),
                            ". Vérifiez le séparateur, ou faites proposer un mapping: --dry-run"),
               absl::StrCat("the file has no column \"", heading, "\" (", what_en,
                            "). Its columns: ", absl::StrJoin(headings_, ", "),
                            ". Check the delimiter, or have a mapping proposed: --dry-run"));
  }

  absl::Status Prepare() {
    std::vector<bool> used(headings_.size(), false);
    for (const std::string& name : mapping_->person) {
      ASSIGN_OR_RETURN(const int at, Needed(name, "la référence de la personne", "the person's reference"));
      person_at_.push_back(at);
      used[at] = true;
    }
    for (const std::string& name : mapping_->row) {
      ASSIGN_OR_RETURN(const int at, Needed(name, "l'identité de la ligne", "the row's identity"));
      row_at_.push_back(at);
      used[at] = true;
    }
    for (const MappedColumn& column : mapping_->columns) {
      ASSIGN_OR_RETURN(const int at, Needed(column.from, "selon le mapping", "says the mapping"));
      columns_.push_back(
          {column.column, at, CellParser(codebook_, table_.columns[column.column], column, *mapping_)});
      used[at] = true;
    }
    if (!mapping_->consent_from.empty()) {
      ASSIGN_OR_RETURN(consent_at_, Needed(mapping_->consent_from, "le consentement", "consent"));
      used[consent_at_] = true;
    }
    for (const std::string& name : mapping_->ignore) {
      if (const int at = At(name); at >= 0) used[at] = true;
    }
    for (size_t i = 0; i < headings_.size(); ++i) {
      if (used[i] || IsQuarantineColumn(headings_[i])) continue;
      const auto sensitive = LooksSensitive(headings_[i]);
      const std::string fr = sensitive.has_value()
                                 ? absl::StrCat(" ressemble à ", sensitive->fr, " et ne sera jamais gardée")
                                 : " n'est ni dans le lexique ni dans le mapping";
      const std::string en = sensitive.has_value()
                                 ? absl::StrCat(" looks like ", sensitive->en, " and will never be stored")
                                 : " is neither in the codebook nor in the mapping";
      return Bad(
          absl::StrCat(
              "la colonne «", headings_[i], "»", fr,
              ": rien n'est importé. Écrivez-la sous «ignore:» d'un mapping, ou retirez-la du fichier"),
          absl::StrCat(
              "column \"", headings_[i], "\"", en,
              ": nothing was imported. Put it under \"ignore:\" in a mapping, or take it out of the file"));
    }
    block_.columns.resize(table_.columns.size());
    if (!options_.dry_run) {
      ASSIGN_OR_RETURN(import_,
                       store_.Begin(options_.table, options_.file_name, "", options_.replace, options_.now));
    }
    return absl::OkStatus();
  }

  absl::Status Row(const FileRow& row) {
    const uint64_t number = row.number;
    const absl::Span<const absl::string_view> cells = row.cells;
    ++report_.read;
    if (options_.progress && report_.read % 65536 == 0) options_.progress(report_.read);
    if (cells.size() != headings_.size()) {
      return SetAside(
          number, "",
          {absl::StrCat(headings_.size(), " cellules attendues (autre séparateur ? guillemet manquant ?)"),
           absl::StrCat(headings_.size(), " cells expected (another delimiter? a missing quote?)")},
          cells);
    }
    const bool refused = consent_at_ >= 0 && !Consents(cells[consent_at_]);
    if (refused) ++report_.dropped;
    PersonKey person;
    if (!PersonOf(number, cells, &person)) {
      // Without consent nothing of the row is kept, not even to be corrected.
      return refused ? absl::OkStatus()
                     : SetAside(number, mapping_->person[0],
                                {"référence de la personne vide", "empty person reference"}, cells);
    }
    values_.assign(table_.columns.size(), kNull);
    if (refused) return Store(person, cells, true);
    for (Target& target : columns_) {
      absl::string_view cell = absl::StripAsciiWhitespace(cells[target.at]);
      if (std::find(mapping_->nothing.begin(), mapping_->nothing.end(), cell) != mapping_->nothing.end())
        cell = "";
      const CellProblem problem = target.parser.Parse(cell, &values_[target.column]);
      if (problem == CellProblem::kNone) continue;
      // Which of two readings is meant is asked once, before anything is kept.
      if (problem == CellProblem::kAmbiguousDate)
        return Bad(
            absl::StrCat("ligne ", number, ", colonne ", headings_[target.at], ": ", Describe(problem).fr),
            absl::StrCat("row ", number, ", column ", headings_[target.at], ": ", Describe(problem).en));
      return SetAside(number, headings_[target.at], Describe(problem), cells);
    }
    return Store(person, cells, false);
  }

  bool Consents(absl::string_view cell) const {
    const auto& keep = mapping_->consent_keep;
    return std::find(keep.begin(), keep.end(), std::string(absl::StripAsciiWhitespace(cell))) != keep.end();
  }

  // Whose the row is; false where its reference is empty.
  bool PersonOf(uint64_t number, absl::Span<const absl::string_view> cells, PersonKey* person) {
    if (!person_at_.empty()) {
      parts_.clear();
      for (int at : person_at_) parts_.push_back(cells[at]);
      return persons_.Make(parts_, person);
    }
    // No other row is this person: the row's identity where it has one (a further export names it again),
    // else its place in this import and no other.
    if (row_at_.empty()) {
      bytes_ = absl::StrCat(import_ == nullptr ? 0 : import_->batch(), "\n", number);
    } else {
      bytes_.clear();
      AppendIdentity(cells);
    }
    *person = persons_.MakeForRow(bytes_);
    return true;
  }

  // `refused`: without consent; the store is only told what it takes out.
  absl::Status Store(const PersonKey& person, absl::Span<const absl::string_view> cells, bool refused) {
    if (options_.dry_run) return absl::OkStatus();
    if (consent_at_ >= 0) block_.refused.push_back(refused ? 1 : 0);
    block_.persons.push_back(person);
    const bool identified = !row_at_.empty() || table_.unit == Unit::kPerson;
    if (!row_at_.empty()) {
      // A row's identity is one person's: nobody's file takes rows from somebody else.
      bytes_.assign(reinterpret_cast<const char*>(person.data()), person.size());
      AppendIdentity(cells);
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
    for (int at : row_at_) {
      // Without the spaces that one program quotes and the next one drops.
      const absl::string_view cell = absl::StripAsciiWhitespace(cells[at]);
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

  absl::Status SetAside(uint64_t number, const std::string& column, const Text& why,
                        absl::Span<const absl::string_view> cells) {
    ++report_.quarantined;
    ImportProblem*& known = by_kind_[{column, why.en}];
    if (known == nullptr && report_.problems.size() < kMostProblems) {
      report_.problems.reserve(kMostProblems + 1);  // pointers into it stay
      report_.problems.push_back({number, column, why, 0});
      known = &report_.problems.back();
    }
    if (known != nullptr) ++known->rows;
    return quarantine_.Add(headings_, number, column.empty() ? why.fr : absl::StrCat(column, ": ", why.fr),
                           cells);
  }

  struct Target {
    uint32_t column;
    int at;
    CellParser parser;
  };

  const Codebook& codebook_;
  const Table& table_;
  RecordStore& store_;
  Steps& steps_;
  const ImportOptions& options_;
  PersonKeyMaker persons_;
  HmacKey row_hash_;
  Quarantine quarantine_;
  Mapping own_;
  const Mapping* mapping_ = nullptr;
  bool proposing_ = false;
  std::string likely_encoding_;  // of a dry run without mapping; empty: as files say themselves
  std::vector<std::string> headings_;
  std::vector<int> person_at_, row_at_;
  int consent_at_ = -1;
  std::vector<Target> columns_;
  std::unique_ptr<RecordStore::Import> import_;
  RowBlock block_;
  std::vector<absl::string_view> parts_;
  std::vector<StoredValue> values_;
  std::string bytes_;
  ImportReport report_;
  std::map<std::pair<std::string, std::string>, ImportProblem*> by_kind_;
};

}  // namespace

absl::StatusOr<ImportReport> ImportFile(ByteSource& file, const Codebook& codebook, RecordStore& store,
                                        const Secret& node_key, Steps& steps, const ImportOptions& options) {
  return Importer(codebook, store, node_key, steps, options).Run(file);
}

}  // namespace penc
