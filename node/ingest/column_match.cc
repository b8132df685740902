#include "ingest/column_match.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "codebook/period.h"
#include "ingest/hxl.h"

namespace penc {
namespace {

std::set<std::string> WordSet(const std::string& words) {
  return absl::StrSplit(words, ' ', absl::SkipEmpty());
}

bool Within(const std::set<std::string>& part, const std::set<std::string>& whole, size_t longest) {
  bool telling = false;
  for (const std::string& word : part) {
    if (whole.count(word) == 0) return false;
    telling |= word.size() >= longest;
  }
  return telling;
}

int CodeScore(const SourceColumn& source, const Column& column, const CodeList& list,
              const Synonyms& synonyms) {
  const CodeSpeller speller(list, synonyms);
  uint64_t known = 0, all = 0;
  if (!source.options.empty()) {
    for (const std::string& option : source.options) known += speller.Find(option).has_value() ? 1 : 0;
    return static_cast<int>(100 * known / source.options.size());
  }
  for (const auto& [cell, seen] : source.profile->spellings()) {
    all += seen.rows;
    const std::vector<std::string> parts = CodesIn(cell, column, speller);
    if (std::all_of(parts.begin(), parts.end(),
                    [&](const std::string& part) { return speller.Find(part).has_value(); }))
      known += seen.rows;
  }
  return all == 0 ? 0 : static_cast<int>(100 * known / all);
}

int DateScore(const ColumnProfile& profile, const Column& column) {
  if (profile.dates() || profile.serials()) return 100;
  uint64_t known = 0, all = 0;
  for (const auto& [cell, seen] : profile.spellings()) {
    all += seen.rows;
    known += ParsePeriod(column.type, cell).ok() ? seen.rows : 0;
  }
  return all == 0 ? 0 : static_cast<int>(100 * known / all);
}

}  // namespace

std::string SourceColumn::leaf() const {
  const size_t at = heading.find_last_of("/.");
  return at == std::string::npos || at + 1 == heading.size() ? heading : heading.substr(at + 1);
}

int NameScore(const SourceColumn& source, const Table& table, const Column& column,
              const Synonyms& synonyms) {
  if (!source.tag.empty() && !column.hxl.empty() && CanonicalTag(source.tag) == CanonicalTag(column.hxl))
    return 98;
  const std::string own = PlainWords(column.name), fr = PlainWords(column.label.fr),
                    en = PlainWords(column.label.en);
  int best = 0;
  for (const std::string& called : {source.heading, source.leaf(), source.label}) {
    const std::string words = PlainWords(called);
    if (words.empty()) continue;
    if (words == own) return 100;
    if (words == fr || words == en) best = std::max(best, 95);
    if (synonyms.Means(table, column, words)) best = std::max(best, 90);
    const std::set<std::string> set = WordSet(words);
    for (const std::string& name : {own, fr, en}) {
      if (Within(WordSet(name), set, 4)) best = std::max(best, 60);
      if (Within(set, WordSet(name), 5)) best = std::max(best, 55);
    }
  }
  return best;
}

int ValueScore(const SourceColumn& source, const Codebook& codebook, const Column& column,
               const Synonyms& synonyms) {
  if (const CodeList* list = codebook.list_of(column); list != nullptr) {
    if (source.options.empty() && source.profile->many()) return 0;
    return CodeScore(source, column, *list, synonyms);
  }
  if (!source.options.empty()) return 0;
  if (column.is_date()) return DateScore(*source.profile, column);
  if (column.type == ColumnType::kText) return 100;  // by its name alone
  return source.profile->numbers() ? 100 : 0;
}

std::vector<std::string> CodesIn(const std::string& cell, const Column& column, const CodeSpeller& speller) {
  if (column.type != ColumnType::kCodes || speller.Find(cell).has_value()) return {cell};
  // Labels hold spaces and commas: a separator that no label has comes first.
  for (const char* separator : {"|", ";", ",", " "}) {
    if (cell.find(separator) == std::string::npos) continue;
    std::vector<std::string> parts;
    for (absl::string_view part : absl::StrSplit(cell, separator, absl::SkipWhitespace()))
      parts.emplace_back(absl::StripAsciiWhitespace(part));
    return parts;
  }
  return {cell};
}

}  // namespace penc
