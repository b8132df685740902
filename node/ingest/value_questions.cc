#include "ingest/value_questions.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/nearest.h"
#include "ingest/code_speller.h"

namespace penc {
namespace {

constexpr size_t kFewCodes = 25;  // of a list that can be shown whole

}  // namespace

OpenQuestion AskMeaning(const std::string& id, const std::string& source, const std::string& spelling,
                        const CodeList& list) {
  OpenQuestion question{id,
                        {absl::StrCat("colonne «", source, "»: «", spelling, "» veut dire ?"),
                         absl::StrCat("column \"", source, "\": \"", spelling, "\" means?")},
                        {}};
  std::vector<std::string> labels;
  for (const Code& code : list.codes) labels.push_back(code.label.fr);
  const std::string nearest = Nearest(spelling, labels);
  for (const Code& code : list.codes) {
    if (list.codes.size() <= kFewCodes || code.label.fr == nearest)
      question.options.push_back({code.code,
                                  {absl::StrCat(code.code, " (", code.label.fr, ")"),
                                   absl::StrCat(code.code, " (", code.label.en, ")")}});
  }
  question.options.push_back({"", {"rien: non renseigné", "nothing: not stated"}});
  question.options.push_back(
      {"leave", {"mettre ces lignes de côté, à corriger", "set these rows aside, to be corrected"}});
  return question;
}

OpenQuestion AskForMeanings(const std::string& id, const Place& first, size_t count, const Column& column,
                            const CodeList& list) {
  const Text where = Say(first), codes = CodesOf(list);
  return {id,
          {absl::StrCat(
               where.fr, ": ",
               count == 1 ? "une valeur que le lexique ne connaît pas"
                          : absl::StrCat("la première de ", count, " valeurs que le lexique ne connaît pas"),
               "; écrivez sous «columns: ", column.name, ": values:» ce qu'elle veut dire, un de ces codes: ",
               codes.fr, ", ou \"\" (non renseigné); à un terminal, --dry-run le demande"),
           absl::StrCat(
               where.en, ": ",
               count == 1 ? "a value that the codebook does not know"
                          : absl::StrCat("the first of ", count, " values that the codebook does not know"),
               "; write under \"columns: ", column.name, ": values:\" what it means, one of these codes: ",
               codes.en, ", or '' (not stated); at a terminal, --dry-run asks about it")},
          {}};
}

Text Written(const OpenQuestion& question) {
  Text text = question.asks;
  for (size_t i = 0; i < question.options.size(); ++i) {
    absl::StrAppend(&text.fr, i == 0 ? " " : " | ", question.options[i].says.fr);
    absl::StrAppend(&text.en, i == 0 ? " " : " | ", question.options[i].says.en);
  }
  return text;
}

}  // namespace penc
