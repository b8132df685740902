#include "cli/difference_words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/render.h"
#include "cli/words.h"

namespace penc::cli {
namespace {

// Which table, as of when, by how many organisations.
std::string Line(const v1::TableDifference::Source& source, const Words& w) {
  return absl::StrCat(OneLine(source.title().empty() ? source.question() : source.title()),
                      w(", état ", ", as of "), OneLine(source.edition()),
                      w(", réponses de ", ", answered by "), source.answered(),
                      w(" organisation(s) sur ", " organisation(s) of "), source.asked(), "\n");
}

// Columns whose margin is of one kind, with what it is.
std::string Margins(const v1::TableDifference& difference, bool exact, const char* says) {
  std::vector<std::string> names;
  for (int c = 0; c < difference.table().columns_size() && c < difference.exact_size(); ++c) {
    if (difference.exact(c) == exact) names.push_back(OneLine(difference.table().columns(c).name()));
  }
  return names.empty() ? "" : absl::StrCat(absl::StrJoin(names, ", "), ": ", says, "\n");
}

}  // namespace

std::string RenderDifference(const v1::TableDifference& difference, Lang lang) {
  const Words w(lang);
  std::string out;
  if (difference.practice()) {
    out = w("*** DONNÉES D'EXERCICE, inventées: ne rien publier ***\n",
            "*** PRACTICE DATA, invented: publish nothing ***\n");
  }
  if (difference.has_second()) {
    absl::StrAppend(&out, w("de:    ", "from:  "), Line(difference.first(), w), w("moins: ", "less:  "),
                    Line(difference.second(), w));
  } else {
    absl::StrAppend(
        &out, w("de: ", "of: "), Line(difference.first(), w), OneLine(difference.along()),
        w(": chaque valeur moins celle qui la précède\n", ": each value less the one before it\n"));
  }
  if (difference.other_organisations()) {
    absl::StrAppend(
        &out, w("attention: ce ne sont pas les mêmes organisations qui ont répondu; la différence est "
                "aussi la leur\n",
                "note: it is not the same organisations that answered; the difference is theirs too\n"));
  }
  absl::StrAppend(&out, "\n", RenderTable(difference.table(), lang), "\n");
  absl::StrAppend(&out, Margins(difference, true,
                                w("marge à 95 % de la loi exacte des deux bruits, l'un moins l'autre",
                                  "95% margin of the exact law of the two noises, one less the other")));
  absl::StrAppend(&out, Margins(difference, false,
                                w("marge prudente: celles des deux nombres, mises bout à bout",
                                  "cautious margin: those of the two numbers, laid end to end")));
  absl::StrAppend(&out, w("lexique: ", "codebook: "), OneLine(difference.codebook()),
                  w(" · prix: rien, ces nombres étaient déjà donnés\n",
                    " · price: nothing, these numbers had been given\n"));
  for (const v1::TableDifference::Source* source : {&difference.first(), &difference.second()}) {
    const std::string& citation = w.Of(source->citation());
    if (!citation.empty() &&
        (source == &difference.first() || citation != w.Of(difference.first().citation())))
      absl::StrAppend(&out, OneLine(citation), "\n");
  }
  return out;
}

}  // namespace penc::cli
