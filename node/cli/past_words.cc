#include "cli/past_words.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/render.h"
#include "cli/words.h"
#include "policy/words.h"

namespace penc::cli {
namespace {

// The sentence of a refusal, without its full stop.
std::string Reason(v1::Refusal refusal, const std::string& about, const Words& w) {
  const v1::RefusalDetail detail = InWords(refusal, about);
  return std::string(absl::StripSuffix(w.Of(detail.says()), "."));
}

// What a partner typed must not become part of the page's own marks.
std::string Plain(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"*", "\\*"}, {"_", "\\_"}, {"`", "\\`"}, {"[", "\\["}, {"<", "&lt;"}, {"\n", " "}});
}

}  // namespace

std::string ReportSimulation(const v1::PolicySimulateResult& simulated, Lang lang) {
  const Words w(lang);
  if (simulated.questions().empty())
    return w("le journal n'a encore aucune question\n", "the journal has no question yet\n");
  TextTable table(
      {w("alors", "then"), w("maintenant", "now"), w("fois", "times"), w("qui", "who"), "question"});
  uint64_t opened = 0, closed = 0, same = 0;
  for (const v1::SimulatedQuestion& one : simulated.questions()) {
    const bool then = one.then() == v1::REFUSAL_UNSPECIFIED, now = one.now() == v1::REFUSAL_UNSPECIFIED;
    (one.unknown() || then == now ? same : now ? opened : closed) += one.times();
    table.Add({then ? std::string(w("comptée", "charged")) : Reason(one.then(), "", w),
               one.unknown() ? std::string(w("inconnu: lexique ou autorisation d'alors",
                                             "unknown: codebook or grant of then"))
               : now         ? std::string(w("passe", "passes"))
                             : Reason(one.now(), one.about(), w),
               absl::StrCat(one.times()),
               absl::StrCat(one.asker(), ", ", one.purpose(), one.regional() ? w(", ronde", ", round") : ""),
               absl::StrReplaceAll(one.question(), {{"\n", " "}})});
  }
  std::string out =
      absl::StrCat(table.Text(), w.Count(opened), w(" passeraient en plus, ", " more would pass, "),
                   w.Count(closed), w(" ne passeraient plus, ", " would pass no longer, "), w.Count(same),
                   w(" comme avant; le crédit n'est pas regardé, rien n'a été compté\n",
                     " as before; budgets are not looked at, nothing was charged\n"));
  if (simulated.without_text() > 0)
    absl::StrAppend(&out, w.Counted(simulated.without_text(),
                                    {" question non comprise n'a pas de texte\n",
                                     " questions non comprises n'ont pas de texte\n"},
                                    {" question that was not understood has no text\n",
                                     " questions that were not understood have no text\n"}));
  return out;
}

std::string ReportSentences(const v1::SentencesResult& past, Lang lang) {
  const Words w(lang);
  std::string out =
      absl::StrCat("# ", w("Questions posées à ", "Questions asked of "), Plain(past.office()), "\n\n",
                   w("Toute réponse porte un bruit qui protège chaque personne. Pas encore ici, les "
                     "questions depuis moins de ",
                     "Every answer carries noise that protects each person. Questions of the last "),
                   w.Counted(past.delay_days(), {" jour.\n", " jours.\n"},
                             {" day are not here yet.\n", " days are not here yet.\n"}));
  if (past.questions().empty())
    return absl::StrCat(out, w("\nAucune question à publier.\n", "\nNo question to publish.\n"));
  for (const v1::PastQuestion& one : past.questions()) {
    absl::StrAppend(&out, "\n## ", one.day(), " · ",
                    one.asker().empty()
                        ? w("un partenaire qui n'est plus autorisé", "a partner no longer granted")
                        : Plain(one.asker()).c_str(),
                    "\n\n");
    for (const v1::Label& says : one.says()) absl::StrAppend(&out, "- ", Plain(w.Of(says)), "\n");
    absl::StrAppend(&out, w("\nBut: ", "\nPurpose: "), Plain(one.purpose()));
    if (!one.edition().empty()) absl::StrAppend(&out, w(". Édition: ", ". Edition: "), one.edition());
    if (one.refusal() != v1::REFUSAL_UNSPECIFIED) {
      absl::StrAppend(&out, w(". **Refusée**: ", ". **Refused**: "), Reason(one.refusal(), "", w), ".\n");
      continue;
    }
    absl::StrAppend(&out,
                    one.regional()
                        ? w(". **Part d'un total du réseau**", ". **Part of a total of the network**")
                    : one.answered() ? w(". **Répondue**", ". **Answered**")
                                     : w(". **Comptée, sans réponse**", ". **Charged, without an answer**"),
                    w(", prix: ", ", price: "), Percent(one.price_ppm(), lang),
                    w(" du crédit de confidentialité.\n", " of the privacy budget.\n"));
  }
  return out;
}

}  // namespace penc::cli
