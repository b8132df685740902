#include "cli/proposal_words.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace penc::cli {
namespace {

constexpr int kShownOptions = 6;

std::string Becomes(const v1::ColumnPreview& column, bool fr) {
  const std::string& why = fr ? column.why_fr() : column.why_en();
  switch (column.fate()) {
    case v1::ColumnPreview::FATE_STORED:
      return absl::StrCat(fr ? "gardée comme " : "kept as ", column.target());
    case v1::ColumnPreview::FATE_REFERENCE:
    case v1::ColumnPreview::FATE_DECIDES:
      return why;
    case v1::ColumnPreview::FATE_NEVER:
      return absl::StrCat(fr ? "REFUSÉE: " : "REFUSED: ", why);
    default:
      return absl::StrCat(fr ? "ignorée: " : "ignored: ", why);
  }
}

std::string In(const v1::ImportResult& proposal, bool fr) {
  std::string out = absl::StrCat(
      proposal.read(), proposal.read() == 1 ? (fr ? " ligne" : " row") : (fr ? " lignes" : " rows"));
  if (!proposal.sheet().empty())
    absl::StrAppend(&out, fr ? ", feuille «" : ", sheet \"", proposal.sheet(), fr ? "»" : "\"");
  if (!proposal.table().empty()) absl::StrAppend(&out, ", table ", proposal.table());
  for (const v1::ColumnPreview& column : proposal.columns()) {
    absl::StrAppend(&out, "\n  ", column.letters(), "  ", column.source(), "  (", column.filled(),
                    fr ? " remplies, " : " filled, ", fr ? column.seen_fr() : column.seen_en(), ")  -> ",
                    Becomes(column, fr));
  }
  for (const v1::MappingQuestion& question : proposal.questions()) {
    absl::StrAppend(&out, "\n  ? ", fr ? question.fr() : question.en());
    for (int i = 0; i < std::min(question.options_size(), kShownOptions); ++i)
      absl::StrAppend(&out, i == 0 ? " " : "; ", fr ? question.options(i).fr() : question.options(i).en());
    if (question.options_size() > kShownOptions) out += "; ...";
  }
  return out;
}

}  // namespace

Text ReportProposal(const v1::ImportResult& proposal) { return {In(proposal, true), In(proposal, false)}; }

}  // namespace penc::cli
