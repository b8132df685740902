#include "cli/round_words.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/utf8.h"
#include "cli/render.h"
#include "federation/record_file.h"
#include "policy/words.h"

namespace penc::cli {
namespace {

constexpr size_t kLongestShown = 60;

std::string NameOf(const v1::Roster& roster, uint32_t member) {
  return member < static_cast<uint32_t>(roster.members_size())
             ? roster.members(static_cast<int>(member)).name()
             : absl::StrCat(member);
}

// The end of the step in which the round is.
absl::Time EndOf(const v1::RoundSummary& summary, const v1::Descriptor& terms) {
  switch (summary.state()) {
    case v1::ROUND_STATE_PROPOSED:
      return absl::FromUnixMicros(terms.vote_until_unix_micros());
    case v1::ROUND_STATE_CERTIFIED:
      return absl::FromUnixMicros(terms.reveal_until_unix_micros());
    default:
      return absl::FromUnixMicros(terms.collect_until_unix_micros());
  }
}

std::string Until(absl::Time end, absl::Time now, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (end <= now) return fr ? "l'échéance est passée" : "its time is over";
  return absl::StrCat(fr ? "encore " : "", InTime(end - now, lang), fr ? "" : " left");
}

std::string Beginning(const std::string& text) {
  const bool cut = text.size() > kLongestShown;
  return absl::StrCat(OneLine(std::string(BeginningOf(text, kLongestShown))), cut ? "…" : "");
}

Text Both(const std::string& fr, const std::string& en) { return {fr, en}; }

// That an office waits for one of its people, or why it stays away.
std::string Abstains(const v1::Abstention& abstention, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (abstention.waiting())
    return fr ? " attend la décision d'une personne" : " waits for a person to decide";
  return absl::StrCat(fr ? " s'abstient: " : " abstains: ",
                      WhyAbsent(static_cast<v1::Refusal>(abstention.reason()), lang));
}

int64_t Waiting(const v1::RoundSummary& summary) {
  return std::count_if(summary.abstained().begin(), summary.abstained().end(),
                       [](const v1::SignedAbstention& one) {
                         v1::Abstention abstention;
                         return abstention.ParseFromString(one.abstention()) && abstention.waiting();
                       });
}

bool Contains(const v1::RoundSummary& summary, const v1::SignedAbstention& abstention) {
  return std::any_of(
      summary.abstained().begin(), summary.abstained().end(),
      [&](const v1::SignedAbstention& known) { return known.abstention() == abstention.abstention(); });
}

std::string OfficeState(const v1::OfficeRound& round, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  switch (round.state()) {
    case v1::OfficeRound::STATE_ABSTAINED:
      return absl::StrCat(fr ? "abstenue: " : "abstained: ", WhyAbsent(round.reason(), lang));
    case v1::OfficeRound::STATE_SEEN:
      if (round.waiting())
        return fr ? "attend votre décision (penc pending)" : "waits for your decision (penc pending)";
      [[fallthrough]];
    case v1::OfficeRound::STATE_BUILT:
      return fr ? "en route: laissez tourner le nœud" : "on its way: let the node run";
    case v1::OfficeRound::STATE_ACKED:
      return fr ? "reçue par le relais; vous pouvez débrancher" : "received by the hub; it is safe to unplug";
    case v1::OfficeRound::STATE_SPENT:
      return fr ? "comptée" : "charged";
    case v1::OfficeRound::STATE_REFUNDED:
      return fr ? "rendue: elle n'a pas servi" : "given back: it was not used";
    default:
      return "";
  }
}

}  // namespace

std::string InTime(absl::Duration time, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const int64_t minutes = absl::ToInt64Minutes(time + absl::Seconds(59));
  if (minutes <= 1) return fr ? "moins d'une minute" : "less than a minute";
  if (minutes < 60) return absl::StrCat(minutes, " min");
  const int64_t hours = minutes / 60;
  if (hours < 48)
    return absl::StrCat(hours, " h", minutes % 60 > 0 ? absl::StrCat(" ", minutes % 60, " min") : "");
  return absl::StrCat(hours / 24, fr ? " j" : " d",
                      hours % 24 > 0 ? absl::StrCat(" ", hours % 24, " h") : "");
}

std::string StateText(const v1::RoundSummary& summary, const v1::Descriptor& terms, absl::Time now,
                      Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const std::string until = Until(EndOf(summary, terms), now, lang);
  switch (summary.state()) {
    case v1::ROUND_STATE_COLLECTING:
      return absl::StrCat(fr ? "collecte, " : "collecting, ", until);
    case v1::ROUND_STATE_PROPOSED:
      return absl::StrCat(fr ? "les témoins votent, " : "stewards vote, ", until);
    case v1::ROUND_STATE_CERTIFIED:
      return absl::StrCat(fr ? "les témoins ouvrent, " : "stewards open, ", until);
    case v1::ROUND_STATE_OPENED:
      return fr ? "ouverte" : "opened";
    case v1::ROUND_STATE_VOID:
      return fr ? "nulle, rien n'est compté" : "void, nothing is charged";
    case v1::ROUND_STATE_DEAD:
      return fr ? "finie sans réponse" : "over, without an answer";
    default:
      return fr ? "le relais ne l'a pas" : "not at the hub";
  }
}

std::vector<Text> RoundNews(const v1::RoundSummary& before, const v1::RoundSummary& now,
                            const v1::Descriptor& terms, const v1::Roster& roster) {
  std::vector<Text> news;
  std::vector<std::string> names;
  for (uint32_t office : now.contributed()) {
    const auto& known = before.contributed();
    if (std::find(known.begin(), known.end(), office) == known.end()) names.push_back(NameOf(roster, office));
  }
  if (!names.empty()) {
    const std::string who = absl::StrJoin(names, ", ");
    const int count = now.contributed_size();
    news.push_back(Both(absl::StrCat(count, " sur ", terms.asked(),
                                     count == 1 ? " a répondu" : " ont répondu", " (+ ", who, ")"),
                        absl::StrCat(count, " of ", terms.asked(), " answered (+ ", who, ")")));
  }
  for (const v1::SignedAbstention& one : now.abstained()) {
    v1::Abstention abstention;
    if (Contains(before, one) || !abstention.ParseFromString(one.abstention())) continue;
    const std::string name = NameOf(roster, abstention.office());
    news.push_back(Both(absl::StrCat(name, Abstains(abstention, Lang::kFrench)),
                        absl::StrCat(name, Abstains(abstention, Lang::kEnglish))));
  }
  if (now.state() != before.state()) {
    const int count = now.contributed_size();
    if (now.state() == v1::ROUND_STATE_PROPOSED)
      news.push_back(
          Both(absl::StrCat("collecte finie: ", count, " sur ", terms.asked(), "; les témoins votent"),
               absl::StrCat("collecting is over: ", count, " of ", terms.asked(), "; stewards vote")));
    if (now.state() == v1::ROUND_STATE_CERTIFIED)
      news.push_back({"l'ensemble est certifié; les témoins ouvrent", "the set is certified; stewards open"});
    if (now.state() == v1::ROUND_STATE_OPENED) news.push_back({"la ronde est ouverte", "the round is open"});
  }
  return news;
}

Text RoundProgress(const v1::RoundSummary& summary, const v1::Descriptor& terms, absl::Time now) {
  const auto line = [&](Lang lang) {
    const bool fr = lang == Lang::kFrench;
    const int quorum = terms.stewards_size() - static_cast<int>(terms.absent());
    std::string done;
    if (summary.state() == v1::ROUND_STATE_PROPOSED) {
      done = absl::StrCat(summary.voted_size(), fr ? " votes sur " : " votes of ", quorum);
    } else if (summary.state() == v1::ROUND_STATE_CERTIFIED) {
      done =
          absl::StrCat(summary.released_size(), fr ? " témoins ont ouvert sur " : " stewards have opened of ",
                       terms.stewards_size());
    } else {
      const int count = summary.contributed_size();
      done = absl::StrCat(count, fr ? " sur " : " of ", terms.asked(),
                          fr ? (count < 2 ? " a répondu" : " ont répondu") : " answered");
      if (const int64_t waiting = Waiting(summary); waiting > 0)
        absl::StrAppend(&done, ", ", waiting,
                        fr ? (waiting < 2 ? " attend une décision" : " attendent une décision")
                           : (waiting < 2 ? " waits for a person" : " wait for a person"));
    }
    return absl::StrCat(done, ", ", Until(EndOf(summary, terms), now, lang));
  };
  return {line(Lang::kFrench), line(Lang::kEnglish)};
}

Text NotOpened(const v1::RoundSummary& summary, const v1::Descriptor& terms, const v1::Roster& roster) {
  const std::string id = RoundId(summary.qid()).substr(0, kShownId);
  const int count = summary.contributed_size();
  const auto fewest = static_cast<int>(terms.levels(0));
  Text out;
  if (summary.state() == v1::ROUND_STATE_VOID) {
    out = count < fewest
              ? Both(absl::StrCat("la ronde ", id, " est nulle: ", count, " organisations sur ",
                                  terms.asked(), " ont répondu, il en fallait ", fewest),
                     absl::StrCat("round ", id, " is void: ", count, " of ", terms.asked(),
                                  " organisations answered, ", fewest, " were needed"))
              : Both(absl::StrCat("la ronde ", id,
                                  " est nulle: trop peu de témoins ont voté ou ouvert à temps"),
                     absl::StrCat("round ", id, " is void: too few stewards voted or opened in time"));
    absl::StrAppend(&out.fr, "; elle ne s'ouvrira jamais et rien n'est compté. Reposez-la: penc ask --again ",
                    id, " --hub … --as …");
    absl::StrAppend(&out.en, "; it never opens and nothing is charged. Ask again: penc ask --again ", id,
                    " --hub … --as …");
  } else {
    out = Both(
        absl::StrCat(
            "la ronde ", id,
            " est finie sans réponse: trop de témoins sont restés muets; ce qui a été compté le reste. "
            "Posez la question de nouveau"),
        absl::StrCat("round ", id,
                     " is over without an answer: too many stewards stayed silent; what was charged stays "
                     "charged. Ask the question anew"));
  }
  for (const v1::SignedAbstention& one : summary.abstained()) {
    v1::Abstention abstention;
    if (!abstention.ParseFromString(one.abstention())) continue;
    const std::string name = NameOf(roster, abstention.office());
    const auto reason = static_cast<v1::Refusal>(abstention.reason());
    absl::StrAppend(&out.fr, "\n  ", name, " s'est abstenue: ", WhyAbsent(reason, Lang::kFrench));
    absl::StrAppend(&out.en, "\n  ", name, " abstained: ", WhyAbsent(reason, Lang::kEnglish));
  }
  return out;
}

std::string ReportRoundPlan(const v1::Descriptor& terms, const v1::Roster& roster,
                            const v1::ExplainResponse& all, const v1::ExplainResponse& fewest, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const std::string region = terms.region().empty() ? "" : absl::StrCat(" (", terms.region(), ")");
  std::string out =
      absl::StrCat(fr ? "réseau " : "network ", roster.network(), region, fr ? ", édition " : ", edition ",
                   terms.edition(), ": ", terms.asked(),
                   fr ? " organisations, il en faut " : " organisations, ", terms.levels(0),
                   fr ? "; " : " are needed; ", terms.stewards_size(), fr ? " témoins, dont " : " stewards, ",
                   terms.absent(), fr ? " peuvent manquer\n" : " of whom may be absent\n");
  for (int q = 0; q < all.questions_size(); ++q) {
    const v1::ExplainedQuestion& question = all.questions(q);
    absl::StrAppend(&out, "  ", question.title().empty() ? question.question() : question.title(), "\n    ",
                    Number(static_cast<double>(question.cells()), lang),
                    question.cells() == 1 ? (fr ? " case, marge " : " cell, margin ")
                                          : (fr ? " cases, marge " : " cells, margin "),
                    Margins(question, lang));
    const std::string wider = q < fewest.questions_size() ? Margins(fewest.questions(q), lang) : "";
    if (wider != Margins(question, lang))
      absl::StrAppend(&out, " (", wider, fr ? " si " : " if ", terms.levels(0),
                      fr ? " seulement répondent)" : " only answer)");
    absl::StrAppend(&out, "\n");
  }
  absl::StrAppend(
      &out, fr ? "prix: " : "price: ", Percent(all.charge().share_ppm(), lang),
      fr ? " du crédit de confidentialité de chaque cohorte concernée, dans chaque organisation qui répond\n"
         : " of the privacy budget of every cohort concerned, at every organisation that answers\n");
  return out;
}

std::string QuestionsText(const v1::Descriptor& terms, Lang lang) {
  const v1::Bulletin& bulletin = terms.bulletin();
  if (bulletin.questions().empty()) return "";
  std::string text = bulletin.questions_size() > 1 && !bulletin.name().empty() ? bulletin.name()
                     : bulletin.questions(0).title().empty()                   ? bulletin.questions(0).sql()
                                                             : bulletin.questions(0).title();
  text = Beginning(text);
  if (bulletin.questions_size() > 1) absl::StrAppend(&text, " (", bulletin.questions_size(), " questions)");
  return text;
}

std::string ReportListed(const std::vector<ListedRound>& rounds, absl::Time now, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (rounds.empty()) return fr ? "aucune ronde\n" : "no rounds\n";
  TextTable table({fr ? "ronde" : "round", fr ? "état" : "state", fr ? "ont répondu" : "answered",
                   fr ? "édition" : "edition", fr ? "demandée" : "asked", "question"});
  for (const ListedRound& round : rounds) {
    const bool known = round.summary.state() != v1::ROUND_STATE_UNSPECIFIED;
    const std::string state = round.answered
                                  ? (fr ? "réponse ici (penc answer)" : "answer here (penc answer)")
                                  : StateText(round.summary, round.terms, now, lang);
    table.Add(
        {round.id.substr(0, kShownId), state,
         known ? absl::StrCat(round.summary.contributed_size(), fr ? " sur " : " of ", round.terms.asked())
               : "",
         round.terms.edition(),
         known ? Minute(absl::FromUnixMicros(round.summary.submitted_unix_micros())) : "",
         QuestionsText(round.terms, lang)});
  }
  return table.Text();
}

std::string ReportOfficeRounds(const v1::RoundsResult& result, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (result.rounds().empty())
    return fr ? "aucune ronde: le réseau n'a encore rien demandé à cette organisation\n"
              : "no round: the network has asked nothing of this office yet\n";
  TextTable table({fr ? "ronde" : "round", fr ? "état" : "state", fr ? "édition" : "edition",
                   fr ? "demandée par" : "asked by", fr ? "but" : "purpose", "question",
                   fr ? "réponse" : "answer"});
  for (const v1::OfficeRound& round : result.rounds()) {
    const int more = round.questions_size() - 1;
    table.Add({round.round_id().substr(0, kShownId), OfficeState(round, lang), round.edition(),
               OneLine(round.partner()), OneLine(round.purpose()),
               absl::StrCat(Beginning(more < 0 ? "" : round.questions(0)),
                            more > 0 ? absl::StrCat(" (+", more, ")") : ""),
               round.answered() ? (fr ? "ici (penc answer)" : "here (penc answer)") : ""});
  }
  return table.Text();
}

}  // namespace penc::cli
