#include "ingest/propose.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ingest/code_speller.h"
#include "ingest/column_match.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"
#include "ingest/row_identity.h"
#include "ingest/sensitive.h"
#include "ingest/surveyed_sheet.h"
#include "ingest/synonyms.h"
#include "ingest/value_questions.h"

namespace penc {
namespace {

constexpr int kCalledSo = 90;              // by the codebook or by offices
constexpr int kSaid = 100 * 100 + 101;     // by a person: before any name and values
constexpr int kPerhaps = 55;               // some words in common: only where the values fit, too
constexpr size_t kMostOpenSpellings = 12;  // of a column; more are no codes
constexpr uint64_t kFewRows = 20;          // too few to say how often a reference comes again
constexpr uint64_t kMostRowsEach = 5;      // of one reference, on average

constexpr char kOneValue[] = "value:";  // questions that quote a cell or an option

Text Both(absl::string_view text) { return {std::string(text), std::string(text)}; }

class Proposer {
 public:
  Proposer(const Codebook& codebook, const ProposeOptions& options)
      : codebook_(codebook), options_(options), synonyms_(SynonymsFor(codebook)) {}

  absl::StatusOr<Proposal> Run(RowFile& file) {
    const std::string encoding = file.likely_encoding();
    std::string sheet = !options_.sheet.empty() ? options_.sheet : Answered("sheet");
    if (sheet.empty() && ManySheets(file)) return std::move(made_);
    ASSIGN_OR_RETURN(sheet_, Survey(file, sheet, encoding));
    sources_ = sheet_.Sources();
    fate_.resize(sheet_.heading.names.size());
    if (!ChooseTable()) return Finished();
    MappingDraft& draft = made_.draft;
    draft.name = options_.name;
    draft.codebook = absl::StrCat(codebook_.name, "@", codebook_.version);
    draft.table = table_->name;
    draft.sheet = sheet_.heading.sheet;
    draft.encoding = encoding;
    FindReference(file);
    NameRows();
    FindDeciding();
    Match();
    for (const auto& [source, column] : matched_) Store(sources_[source], table_->columns[column]);
    FindForms();
    IgnoreOthers();
    for (const OpenQuestion& question : made_.questions) {
      if (!absl::StartsWith(question.id, kOneValue)) draft.open.push_back(Written(question));
    }
    Preview();
    return Finished();
  }

 private:
  Proposal Finished() {
    sources_.clear();  // they look into it
    made_.sheet = std::move(sheet_);
    return std::move(made_);
  }
  struct ColumnFate {
    Fate fate = Fate::kIgnored;
    std::string target;
    Text why;
    bool known = false;
  };

  std::string Answered(const std::string& question) const {
    const auto found = options_.answers.find(question);
    return found == options_.answers.end() ? "" : found->second;
  }
  bool HasAnswer(const std::string& question) const { return options_.answers.count(question) > 0; }

  void Ask(OpenQuestion question) {
    if (made_.questions.size() < kMostQuestions) made_.questions.push_back(std::move(question));
  }

  bool ManySheets(const RowFile& file) {
    OpenQuestion question{"sheet", {"quelle feuille faut-il lire ?", "which sheet is to be read?"}, {}};
    for (const Sheet& sheet : file.sheets()) {
      if (!sheet.hidden && !sheet.name.empty()) question.options.push_back({sheet.name, Both(sheet.name)});
    }
    if (question.options.size() < 2) return false;
    Ask(std::move(question));
    return true;
  }

  // The columns of the file that a table explains by their names.
  int Fit(const Table& table) const {
    int fit = 0;
    for (const SourceColumn& source : sources_) {
      int best = 0;
      for (const Column& column : table.columns)
        best = std::max(best, NameScore(source, table, column, synonyms_));
      fit += best >= kCalledSo ? best : 0;
    }
    return fit;
  }

  bool ChooseTable() {
    if (options_.table.has_value()) {
      table_ = &codebook_.tables[*options_.table];
      return true;
    }
    if (const auto answered = codebook_.FindTable(Answered("table")); answered.has_value()) {
      table_ = &codebook_.tables[*answered];
      return true;
    }
    int best = 0, second = 0;
    for (const Table& table : codebook_.tables) {
      const int fit = Fit(table);
      if (fit > best) {
        second = std::exchange(best, fit);
        table_ = &table;
      } else {
        second = std::max(second, fit);
      }
    }
    if (codebook_.tables.size() == 1) table_ = &codebook_.tables[0];
    if (codebook_.tables.size() == 1 || best > second + kCalledSo) return true;
    OpenQuestion question{"table", {"de quelle table s'agit-il ?", "which table is it?"}, {}};
    for (const Table& table : codebook_.tables)
      question.options.push_back(
          {table.name,
           {absl::StrCat(table.name, ": ", table.label.fr), absl::StrCat(table.name, ": ", table.label.en)}});
    Ask(std::move(question));
    return false;
  }

  bool Sensitive(const SourceColumn& source) const {
    return LooksSensitive(source.heading).has_value() || source.profile->phones() ||
           source.profile->mails() || source.profile->coordinates();
  }
  bool Own(const SourceColumn& source) const {
    return absl::StartsWith(source.heading, "_") || synonyms_.own.count(PlainWords(source.leaf())) > 0;
  }
  bool IsReference(const SourceColumn& source) const {
    return !absl::StartsWith(source.heading, "_") && source.options.empty() &&
           (synonyms_.reference.count(PlainWords(source.heading)) > 0 ||
            synonyms_.reference.count(PlainWords(source.leaf())) > 0 ||
            synonyms_.reference.count(PlainWords(source.label)) > 0);
  }
  // Whether its values tell persons apart, whatever it is called.
  bool Identifies(const SourceColumn& source) const {
    const ColumnProfile& profile = *source.profile;
    const uint64_t filled = profile.filled();
    return !Sensitive(source) && !profile.dates() && filled * 2 >= sheet_.rows &&
           (profile.many() || filled < kFewRows || profile.spellings().size() * kMostRowsEach >= filled);
  }
  const SourceColumn* Named(absl::string_view name) const {
    for (const SourceColumn& source : sources_) {
      if (source.name == name) return &source;
    }
    return nullptr;
  }
  void Becomes(const SourceColumn& source, Fate fate, const std::string& target, Text why) {
    for (const size_t at : source.at) fate_[at] = {fate, target, why, true};
  }

  void FindReference(RowFile& file) {
    if (ParentsReference(file)) return;
    const std::string answer = Answered("person");
    std::vector<const SourceColumn*> fitting;
    for (const SourceColumn& source : sources_) {
      if (IsReference(source)) fitting.push_back(&source);
    }
    if (const SourceColumn* named = Named(answer); named != nullptr) fitting = {named};
    if (answer == "each-row") return;
    const bool sure = fitting.size() == 1 && (fitting[0] == Named(answer) || Identifies(*fitting[0]));
    OpenQuestion question{
        "person",
        {"quelle colonne est la référence locale de la personne (code, numéro de dossier) ?",
         "which column is the person's local reference (code, file number)?"},
        {}};
    if (!sure) {
      for (const SourceColumn* source : fitting)
        question.options.push_back({source->name, Both(source->name)});
      for (const SourceColumn& source : sources_) {
        const bool fits = std::find(fitting.begin(), fitting.end(), &source) != fitting.end();
        const bool could = source.options.empty() && !Sensitive(source) && source.profile->filled() > 0 &&
                           (source.profile->many() || source.profile->distinct()) && !source.profile->dates();
        if (could && !fits && fitting.size() < 2)
          question.options.push_back({source.name, Both(source.name)});
      }
      question.options.push_back({"each-row",
                                  {"aucune: chaque ligne est une personne, qu'on ne retrouvera plus",
                                   "none: each row is a person that cannot be found again"}});
      Ask(std::move(question));
      if (fitting.empty()) {
        made_.draft.person = {kOpenAnswer};
        return;
      }
    }
    made_.draft.person = {fitting[0]->name};
    Becomes(*fitting[0], Fate::kReference, "",
            {"référence de la personne: seule son empreinte est gardée",
             "the person's reference: only a keyed hash is kept"});
  }

  void NameRows() {
    const std::vector<std::string>& person = made_.draft.person;
    const SourceColumn* named =
        FindRowIdentity({sources_, sheet_.rows, synonyms_, !made_.draft.parent_here.empty(),
                         table_->unit == Unit::kEvent && person != std::vector<std::string>{"?"},
                         [&](const SourceColumn& source) {
                           return Sensitive(source) || IsReference(source) ||
                                  std::find(person.begin(), person.end(), source.name) != person.end();
                         }});
    if (named == nullptr) return;
    made_.draft.row = {named->name};
    if (Free(*named)) Becomes(*named, Fate::kReference, "", {"identité de la ligne", "identity of the row"});
  }

  // A repeat group of a form: its persons are named on the sheet of its parents.
  bool ParentsReference(RowFile& file) {
    const SourceColumn *here = Named("_parent_index"), *parents = Named("_parent_table_name");
    if (here == nullptr || parents == nullptr || !file.again() || parents->profile->spellings().empty())
      return false;
    const std::string sheet = parents->profile->spellings().begin()->first;
    const absl::StatusOr<SurveyedSheet> above = Survey(file, sheet, "");
    if (!above.ok()) return false;
    for (const SourceColumn& source : above->Sources()) {
      if (!IsReference(source)) continue;
      made_.draft.person = {absl::StrCat("../", source.name)};
      made_.draft.parent_sheet = above->heading.sheet;
      made_.draft.parent_here = "_parent_index";
      made_.draft.parent_there = "_index";
      Becomes(*here, Fate::kReference, "",
              {absl::StrCat("renvoie à la feuille ", sheet), absl::StrCat("refers to sheet ", sheet)});
      return true;
    }
    return false;
  }

  // Columns that decide whether a row is kept.
  void FindDeciding() {
    for (const SourceColumn& source : sources_) {
      const std::string words = PlainWords(source.leaf());
      const bool consent =
          synonyms_.consent.count(words) > 0 || synonyms_.consent.count(PlainWords(source.label)) > 0;
      if (consent && made_.draft.consent_from.empty() && !codebook_.consent.has_value() &&
          !source.profile->many()) {
        std::vector<std::string> keep;
        for (const auto& [cell, seen] : source.profile->spellings()) {
          if (synonyms_.yes.count(PlainWords(cell)) > 0) keep.push_back(cell);
        }
        if (keep.empty()) keep = {"oui"};
        made_.draft.consent_from = source.name;
        made_.draft.consent_keep = std::move(keep);
        Becomes(source, Fate::kDecides, "",
                {"consentement: les lignes sans accord ne sont pas gardées",
                 "consent: rows without it are not kept"});
      } else if (source.heading == "_validation_status") {
        for (const auto& [cell, seen] : source.profile->spellings()) {
          const std::string small = absl::AsciiStrToLower(cell);
          if (absl::StrContains(small, "not approved") || absl::StrContains(small, "not_approved"))
            made_.draft.status_skip.push_back(cell);
        }
        if (made_.draft.status_skip.empty()) continue;
        made_.draft.status_from = source.name;
        Becomes(source, Fate::kDecides, "",
                {"état de validation: les lignes refusées ne sont pas gardées",
                 "validation status: refused rows are not kept"});
      }
    }
  }

  bool Repeats(const SourceColumn& source) const {
    return source.options.empty() && sheet_.heading.Repeats(source.at[0]);
  }
  bool Free(const SourceColumn& source) const { return !fate_[source.at[0]].known; }

  void Match() {
    struct Pair {
      int score;
      size_t source;
      uint32_t column;
    };
    std::vector<Pair> pairs;
    for (size_t s = 0; s < sources_.size(); ++s) {
      const SourceColumn& source = sources_[s];
      if (!Free(source) || source.profile->filled() == 0) continue;
      const std::string said = Answered(absl::StrCat("column:", source.name));
      if (said == "ignore") continue;
      const int least = Repeats(source) ? kCalledSo : kPerhaps;
      for (uint32_t c = 0; c < table_->columns.size(); ++c) {
        const Column& column = table_->columns[c];
        if (said == column.name) {
          pairs.push_back({kSaid, s, c});
          continue;
        }
        const int named = NameScore(source, *table_, column, synonyms_);
        if (named < least) continue;
        const int fits = ValueScore(source, codebook_, column, synonyms_);
        // A name alone is enough where values are codes that only have to be told; not for sentences.
        if (named < kCalledSo ? fits < 80 : fits < 20 && Hopeless(source, column)) continue;
        pairs.push_back({named * 100 + fits, s, c});
      }
    }
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const Pair& a, const Pair& b) { return a.score > b.score; });
    std::set<size_t> used_sources;
    std::set<uint32_t> used_columns;
    for (const Pair& pair : pairs) {
      if (used_sources.count(pair.source) > 0 || used_columns.count(pair.column) > 0) continue;
      used_sources.insert(pair.source);
      used_columns.insert(pair.column);
      matched_.emplace_back(pair.source, pair.column);
      if (pair.score == kSaid) continue;
      std::set<size_t> rivals;
      for (const Pair& other : pairs) {
        if (other.column == pair.column && other.score == pair.score && used_sources.count(other.source) == 0)
          rivals.insert(other.source);
      }
      for (size_t s = 0; s < sources_.size(); ++s) {
        const SourceColumn& source = sources_[s];
        if (source.heading == sources_[pair.source].heading && Free(source) && source.profile->filled() > 0)
          rivals.insert(s);
      }
      AskWhich(pair.source, pair.column, rivals);
    }
    std::sort(matched_.begin(), matched_.end(), [&](const auto& a, const auto& b) {
      return sources_[a.first].at[0] < sources_[b.first].at[0];
    });
    AskByValues(used_sources, used_columns);
  }

  bool Hopeless(const SourceColumn& source, const Column& column) const {
    return codebook_.list_of(column) == nullptr || source.profile->many() ||
           source.profile->spellings().size() > kMostOpenSpellings;
  }

  void AskWhich(size_t first, uint32_t column, const std::set<size_t>& rivals) {
    const std::string id = absl::StrCat("which:", table_->columns[column].name);
    if (HasAnswer(id)) return;
    OpenQuestion question{id,
                          {absl::StrCat("plusieurs colonnes disent ", table_->columns[column].name, " (",
                                        table_->columns[column].label.fr, "): laquelle est la bonne ?"),
                           absl::StrCat("several columns say ", table_->columns[column].name, " (",
                                        table_->columns[column].label.en, "): which is the right one?")},
                          {}};
    question.options.push_back({sources_[first].name, Both(sources_[first].name)});
    for (const size_t rival : rivals) {
      // A question and its option columns have one name and say the same.
      const std::string& name = sources_[rival].name;
      if (name != sources_[first].name) question.options.push_back({name, Both(name)});
    }
    if (question.options.size() > 1) Ask(std::move(question));
  }

  // Columns that nothing names, but whose values are a list's codes.
  void AskByValues(const std::set<size_t>& used_sources, const std::set<uint32_t>& used_columns) {
    for (size_t s = 0; s < sources_.size(); ++s) {
      const SourceColumn& source = sources_[s];
      const std::string id = absl::StrCat("column:", source.name);
      if (used_sources.count(s) > 0 || !Free(source) || Sensitive(source) || HasAnswer(id)) continue;
      if (source.options.empty() && source.profile->spellings().size() < 3) continue;
      OpenQuestion question{
          id,
          {absl::StrCat("la colonne «", source.name, "» contient des codes connus: est-ce ?"),
           absl::StrCat("column \"", source.name, "\" holds known codes: is it?")},
          {}};
      for (uint32_t c = 0; c < table_->columns.size(); ++c) {
        const Column& column = table_->columns[c];
        if (used_columns.count(c) > 0 || codebook_.list_of(column) == nullptr ||
            ValueScore(source, codebook_, column, synonyms_) < 90)
          continue;
        question.options.push_back({column.name,
                                    {absl::StrCat(column.name, " (", column.label.fr, ")"),
                                     absl::StrCat(column.name, " (", column.label.en, ")")}});
      }
      if (question.options.empty()) continue;
      question.options.push_back({"ignore", {"rien de cela: l'ignorer", "none of these: ignore it"}});
      Ask(std::move(question));
    }
  }

  void Store(const SourceColumn& source, const Column& column) {
    // Where several say the same, a person has said which.
    const SourceColumn* said = Named(Answered(absl::StrCat("which:", column.name)));
    const SourceColumn& from = said == nullptr ? source : *said;
    DraftColumn draft;
    draft.column = column.name;
    draft.from = from.name;
    draft.options = !from.options.empty();
    if (const CodeList* list = codebook_.list_of(column); list != nullptr) Spell(from, column, *list, draft);
    Becomes(from, Fate::kStored, column.name, {"", ""});
    made_.draft.columns.push_back(std::move(draft));
  }

  // What the file writes -> codes, for every spelling that an import would not understand by itself.
  void Spell(const SourceColumn& source, const Column& column, const CodeList& list, DraftColumn& draft) {
    const CodeSpeller speller(list, synonyms_);
    std::map<std::string, uint64_t> spellings;  // the row where each stands first
    for (const std::string& option : source.options) spellings.emplace(option, sheet_.heading.names_row);
    if (source.options.empty()) {
      for (const auto& [cell, seen] : source.profile->spellings()) {
        for (const std::string& part : CodesIn(cell, column, speller)) {
          uint64_t& first = spellings.emplace(part, seen.first).first->second;
          first = std::min(first, seen.first);
        }
      }
    }
    std::map<std::string, uint64_t> open;
    for (const auto& [spelling, row] : spellings) {
      if (speller.Understood(spelling)) continue;
      if (const auto code = speller.Find(spelling); code.has_value()) {
        draft.values[spelling] = list.codes[*code].code;
        continue;
      }
      const std::string id = absl::StrCat(kOneValue, source.name, ":", spelling);
      const std::string answer = Answered(id);
      if (!HasAnswer(id))
        open.emplace(spelling, row);
      else if (answer != "leave")
        draft.values[spelling] = answer;
    }
    if (open.empty()) return;
    const uint64_t first = std::min_element(open.begin(), open.end(), [](const auto& a, const auto& b) {
                             return a.second < b.second;
                           })->second;
    OpenQuestion all =
        AskForMeanings(absl::StrCat("values:", source.name),
                       {"", sheet_.heading.sheet, first, ColumnLetters(source.at[0]), source.heading},
                       open.size(), column, list);
    // Options are headings; what stands in cells may be anything.
    if (!options_.quote_values && source.options.empty()) return Ask(std::move(all));
    made_.draft.open.push_back(std::move(all.asks));
    size_t asked = 0;
    for (const auto& [spelling, row] : open) {
      if (asked++ == kMostOpenSpellings) break;
      Ask(AskMeaning(absl::StrCat(kOneValue, source.name, ":", spelling), source.name, spelling, list));
    }
  }

  // One form of dates and one decimal sign for the file.
  void FindForms() {
    uint64_t slashed = 0, day_first = 0, month_first = 0, iso = 0, commas = 0, points = 0;
    bool serials = false;
    for (const DraftColumn& draft : made_.draft.columns) {
      const Column& column = table_->columns[*table_->Find(draft.column)];
      const ColumnProfile& profile = *Named(draft.from)->profile;
      if (column.is_date()) {
        slashed += profile.slashed();
        day_first += profile.day_first();
        month_first += profile.month_first();
        iso += profile.iso();
        serials |= profile.serials();
      } else if (column.is_amount()) {
        commas += profile.commas();
        points += profile.points();
      }
    }
    MappingDraft& draft = made_.draft;
    if (commas > 0 && points == 0) draft.decimal = ",";
    if (serials && slashed == 0) draft.dates = "excel";
    if (iso > 0 && slashed == 0) draft.dates = "yyyy-mm-dd";
    if (slashed == 0) return;
    if (const std::string said = Answered("dates"); !said.empty()) {
      draft.dates = said;
    } else if (day_first > 0 && month_first == 0) {
      draft.dates = "dd/mm/yyyy";
    } else if (month_first > 0 && day_first == 0) {
      draft.dates = "mm/dd/yyyy";
    } else {
      Ask({"dates",
           {"03/04/2026 est le 3 avril ou le 4 mars ?", "is 03/04/2026 April 3 or March 4?"},
           {{"dd/mm/yyyy", {"le jour d'abord (3 avril)", "the day first (April 3)"}},
            {"mm/dd/yyyy", {"le mois d'abord (4 mars)", "the month first (March 4)"}}}});
    }
  }

  void IgnoreOthers() {
    for (const SourceColumn& source : sources_) {
      if (!Free(source)) continue;
      const auto sensitive = LooksSensitive(source.heading);
      if (sensitive.has_value() || Sensitive(source)) {
        const Text seen = sensitive.has_value() ? *sensitive : source.profile->Class();
        Becomes(source, Fate::kNever, "",
                {absl::StrCat(seen.fr, ": jamais gardé"), absl::StrCat(seen.en, ": never kept")});
      } else if (Own(source)) {
        Becomes(source, Fate::kIgnored, "", {"colonne du formulaire lui-même", "the form's own column"});
      } else if (source.profile->filled() == 0) {
        Becomes(source, Fate::kIgnored, "", {"vide", "empty"});
      } else {
        Becomes(source, Fate::kIgnored, "",
                {absl::StrCat("rien de tel dans la table ", table_->name),
                 absl::StrCat("nothing like it in table ", table_->name)});
      }
    }
    for (size_t at = 0; at < fate_.size(); ++at) {
      const Fate fate = fate_[at].fate;
      if ((fate == Fate::kIgnored || fate == Fate::kNever) && !IsQuarantineColumn(sheet_.heading.names[at]))
        Ignore(at);
    }
  }

  // One entry for a heading that stands there several times and is wanted nowhere.
  void Ignore(size_t at) {
    const std::vector<std::string>& names = sheet_.heading.names;
    std::vector<std::string>& ignore = made_.draft.ignore;
    bool wanted = false, first = true;
    for (size_t other = 0; other < names.size(); ++other) {
      if (other == at || names[other] != names[at]) continue;
      wanted |= fate_[other].fate != Fate::kIgnored && fate_[other].fate != Fate::kNever;
      first &= other >= at;
    }
    if (wanted)
      ignore.push_back(sheet_.heading.NameOf(at));
    else if (first)
      ignore.push_back(names[at]);
  }

  void Preview() {
    for (size_t at = 0; at < fate_.size(); ++at) {
      const ColumnFate& fate = fate_[at];
      made_.columns.push_back({sheet_.heading.names[at], ColumnLetters(at), sheet_.profiles[at].filled(),
                               sheet_.profiles[at].Class(), fate.fate, fate.target, fate.why});
    }
  }

  const Codebook& codebook_;
  const ProposeOptions& options_;
  const Synonyms synonyms_;
  SurveyedSheet sheet_;
  std::vector<SourceColumn> sources_;
  const Table* table_ = nullptr;
  std::vector<ColumnFate> fate_;                      // by column of the file
  std::vector<std::pair<size_t, uint32_t>> matched_;  // source, codebook's column
  Proposal made_;
};

}  // namespace

absl::StatusOr<Proposal> Propose(RowFile& file, const Codebook& codebook, const ProposeOptions& options) {
  return Proposer(codebook, options).Run(file);
}

}  // namespace penc
