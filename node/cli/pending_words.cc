#include "cli/pending_words.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "cli/render.h"
#include "federation/record_file.h"

namespace penc::cli {
namespace {

using Question = v1::PendingQuestion;

std::string At(int64_t unix_micros) { return Minute(absl::FromUnixMicros(unix_micros)); }

std::string Who(const Question& question, Lang lang) {
  if (!question.grant().empty()) return question.grant();
  return absl::StrCat(question.asker(),
                      lang == Lang::kFrench ? " (autorisation retirée)" : " (grant removed)");
}

std::string Heading(const Question& question, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::string line = absl::StrCat(fr ? "n° " : "no. ", question.number(), " · ");
  if (question.state() == Question::STATE_WAITING) {
    absl::StrAppend(&line, fr ? "attend une décision jusqu'au " : "waits for a decision until ",
                    At(question.until_unix_micros()));
  } else {
    absl::StrAppend(&line,
                    question.state() == Question::STATE_APPROVED ? (fr ? "approuvée" : "approved")
                                                                 : (fr ? "refusée" : "refused"),
                    fr ? " le " : " ", At(question.decided_unix_micros()));
    if (!question.by().empty()) absl::StrAppend(&line, fr ? " par " : " by ", OneLine(question.by()));
    if (question.until_unix_micros() > 0)
      absl::StrAppend(&line, fr ? ", vaut jusqu'au " : ", holds until ", At(question.until_unix_micros()));
    if (!question.because().empty())
      absl::StrAppend(&line, fr ? "\n  motif: " : "\n  because: ", OneLine(question.because()));
  }
  return absl::StrCat(line, "\n");
}

std::string Numbers(const Question::Column& column) {
  return absl::StrCat(column.questions_size() == 1 ? "question " : "questions ",
                      absl::StrJoin(column.questions(), ", ", [](std::string* out, uint32_t index) {
                        absl::StrAppend(out, index + 1);
                      }));
}

std::string Questions(const Question& question, Lang lang) {
  const bool fr = lang == Lang::kFrench, several = question.questions_size() > 1;
  std::string out;
  for (int i = 0; i < question.questions_size(); ++i) {
    const v1::ExplainedQuestion& one = question.questions(i);
    absl::StrAppend(&out, "  ", several ? absl::StrCat(i + 1, ". ") : "");
    // The partner's own words: what is counted stands below.
    if (!one.title().empty())
      absl::StrAppend(&out, fr ? "«" : "\"", OneLine(one.title()),
                      fr ? "» (titre du partenaire)\n    " : "\" (the partner's title)\n    ");
    absl::StrAppend(&out, OneLine(one.question()), "\n    ", Number(static_cast<double>(one.cells()), lang),
                    one.cells() == 1 ? (fr ? " case, marge " : " cell, margin ")
                                     : (fr ? " cases, marge " : " cells, margin "),
                    Margins(one, lang), "\n");
  }
  return out;
}

const char* Meaning(const std::string& sensitivity, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (sensitivity == "public")
    return fr ? "public: cela se voit ou se sait. Le danger est pour un groupe petit ou visé"
              : "public: it is seen or known anyway. The danger is for a small or targeted group";
  if (sensitivity == "ordinary")
    return fr ? "ordinaire: sans danger en général, sauf si un groupe visé se lit dans le tableau"
              : "ordinary: harmless as a rule, unless a targeted group can be read from the table";
  return fr ? "sensible: ce que police, trafiquants, employeurs ou voisins pourraient retourner contre les "
              "gens"
            : "sensitive: what police, traffickers, employers or neighbours could turn against people";
}

std::string Harm(const Question& question, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::string out = fr ? "  À qui cela pourrait-il nuire ?\n" : "  Whom could this harm?\n";
  for (const Question::Column& column : question.columns()) {
    absl::StrAppend(&out, "    ", column.name(), " (", fr ? column.label().fr() : column.label().en(), ")");
    if (question.questions_size() > 1) absl::StrAppend(&out, ", ", Numbers(column));
    absl::StrAppend(&out, "\n      ", Meaning(column.sensitivity(), lang), "\n");
  }
  absl::StrAppend(
      &out,
      fr ? "    Le bruit protège chaque personne; il ne protège ni un groupe, ni un lieu, ni votre "
           "organisation.\n"
           "    Imaginez ce tableau dans le journal demain: qui en souffrirait, et qui s'en servirait ?\n"
           "    Décidez d'après la question, pas d'après vos dossiers: «trop peu de gens» en dirait déjà "
           "quelque chose.\n"
         : "    The noise protects every person; it protects no group, no place, and not your organisation.\n"
           "    Imagine this table in tomorrow's newspaper: who would suffer from it, and who would use it?\n"
           "    Decide by the question, not by your records: \"too few people\" would tell something of them "
           "already.\n");
  return out;
}

std::string Price(const Question& question, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const uint32_t left = 1000000 - std::min(1000000u, question.spent_ppm());
  std::string out =
      absl::StrCat(fr ? "  prix: " : "  price: ", Percent(question.charge().share_ppm(), lang),
                   fr ? " du crédit de confidentialité (cohortes " : " of the privacy budget (cohorts ",
                   absl::StrJoin(question.charge().cohorts(), ", "), fr ? "), il en reste " : "), of which ",
                   Percent(left, lang), fr ? "\n" : " is left\n");
  if (question.charge().share_ppm() > left)
    absl::StrAppend(&out,
                    fr ? "  le crédit ne suffit plus: approuvée, elle serait refusée quand même\n"
                       : "  the budget no longer suffices: approved, it would be refused all the same\n");
  return out;
}

std::string Full(const Question& question, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::string out = Heading(question, lang);
  absl::StrAppend(&out, fr ? "  demandée par " : "  asked by ", Who(question, lang),
                  fr ? ", but: " : ", purpose: ", OneLine(question.purpose()),
                  fr ? ", édition " : ", edition ", question.edition(), fr ? ", le " : ", ",
                  At(question.asked_unix_micros()), "\n");
  absl::StrAppend(&out, question.round_id().empty()
                            ? (fr ? "  à cette organisation seule: le tableau sera le vôtre\n"
                                  : "  of this office alone: the table will be yours\n")
                            : absl::StrCat(fr ? "  au réseau, ronde " : "  of the network, round ",
                                           question.round_id().substr(0, kShownId),
                                           fr ? ": seule la somme de toutes les organisations sera connue\n"
                                              : ": only the sum of all organisations will be known\n"));
  absl::StrAppend(&out, Questions(question, lang), Price(question, lang));
  if (question.state() != Question::STATE_WAITING) return out;
  return absl::StrCat(out, Harm(question, lang),
                      fr ? "  décidez: penc approve DIR " : "  decide: penc approve DIR ", question.number(),
                      fr ? " --by NOM   ou   penc refuse DIR " : " --by NAME   or   penc refuse DIR ",
                      question.number(), " --because \"…\"\n");
}

}  // namespace

std::string ReportPending(const v1::PendingResult& pending, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (pending.questions().empty())
    return fr ? "aucune question n'attend de décision\n" : "no question waits for a decision\n";
  return absl::StrJoin(pending.questions(), "\n",
                       [lang](std::string* out, const Question& question) { *out += Full(question, lang); });
}

std::string ReportDecided(const v1::PendingQuestion& question, Lang lang) {
  const bool fr = lang == Lang::kFrench, round = !question.round_id().empty();
  std::string out = absl::StrCat(fr ? "question n° " : "question no. ", question.number());
  if (question.state() == Question::STATE_APPROVED && round) {
    return absl::StrCat(
        out,
        fr ? " approuvée. Le nœud (penc serve) contribue à son prochain passage au relais, dans la "
             "minute; la collecte finit le "
           : " approved. The node (penc serve) contributes when it next reaches the hub, within a "
             "minute; collecting ends ",
        At(question.until_unix_micros()), "\n");
  }
  if (question.state() == Question::STATE_APPROVED) {
    return absl::StrCat(out, fr ? " approuvée. " : " approved. ", Who(question, lang),
                        fr ? " aura la réponse en reposant la même question, jusqu'au "
                           : " gets the answer on asking the same question again, until ",
                        At(question.until_unix_micros()),
                        fr ? "; elle est comptée à ce moment-là\n" : "; it is charged then\n");
  }
  if (round)
    return absl::StrCat(
        out, fr ? " refusée. L'organisation s'abstient; les autres sauront qu'une personne a refusé, "
                  "votre motif reste dans votre journal\n"
                : " refused. The office abstains; the others learn that a person declined, your "
                  "reason stays in your journal\n");
  return absl::StrCat(out, fr ? " refusée. " : " refused. ", Who(question, lang),
                      fr ? " lira votre motif en reposant la question\n"
                         : " reads your reason on asking the question again\n");
}

}  // namespace penc::cli
