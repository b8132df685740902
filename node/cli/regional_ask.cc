#include "cli/regional_ask.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "cli/directory.h"
#include "cli/render.h"
#include "cli/round_words.h"
#include "codebook/period.h"
#include "codebook/read.h"
#include "crypto/hash.h"
#include "federation/descriptor.h"
#include "federation/recipient.h"
#include "federation/record_file.h"

namespace penc::cli {
namespace {

constexpr absl::Duration kShortest = absl::Seconds(10), kLongest = absl::Hours(24 * 11);
constexpr absl::Duration kFirstPause = absl::Milliseconds(150), kLongestPause = absl::Seconds(10);
constexpr absl::Duration kGiveUpAfter = absl::Minutes(2);  // without a word from the hub
constexpr absl::Duration kBriefly = absl::Seconds(2);      // where nobody waits
constexpr int kTakings = 3;

volatile std::sig_atomic_t wants_to_leave = 0;
void Leave(int) { wants_to_leave = 1; }

bool OfTheLine(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

// Tries again while the line is down, for so long at most.
absl::Status Persist(bool wait, const Pause& pause, Output& output,
                     const std::function<absl::Status()>& attempt) {
  const absl::Duration patience = wait ? kGiveUpAfter : kBriefly;
  absl::Duration next = kFirstPause, spent;
  for (bool told = false;;) {
    const absl::Time began = absl::Now();
    absl::Status status = attempt();
    spent += absl::Now() - began + next;
    if (!OfTheLine(status) || spent > patience) return status;
    if (wait && !std::exchange(told, true)) {
      output.Say({absl::StrCat(Explain(status).fr,
                               "; nouveaux essais pendant deux minutes au plus (Ctrl-C: arrêter)"),
                  absl::StrCat(Explain(status).en, "; trying again for two minutes at most (Ctrl-C: stop)")});
    }
    if (!pause(next)) return status;
    next = std::min(next * 1.3, kLongestPause);
  }
}

absl::StatusOr<Closing> ClosingOf(const CheckedRoster& roster) {
  if (roster.roster.closing() == "month") return Closing::kMonth;
  if (roster.roster.closing() == "quarter") return Closing::kQuarter;
  if (roster.roster.closing() == "year") return Closing::kYear;
  return Fail(absl::StatusCode::kInvalidArgument,
              {"la liste des membres a un calendrier d'éditions inconnu; mettez penc à jour",
               "the roster has an unknown calendar of editions; update penc"});
}

// A descriptor with what it was computed from.
struct Prepared {
  v1::Descriptor terms;
  const CheckedRoster* roster = nullptr;
  std::string codebook_text;
  v1::ExplainResponse all, fewest;
};

// What a void round asked, to be asked once more.
absl::StatusOr<RoundWish> WishAgain(HubLine& line, const std::string& prefix, const Outside& outside) {
  ASSIGN_OR_RETURN(const ListedRound before, line.Find(prefix));
  ASSIGN_OR_RETURN(const Round round, line.RoundOf(before.summary.terms()));
  ASSIGN_OR_RETURN(const AgreementKey mail_key, line.partner().MailKey(outside.random));
  ASSIGN_OR_RETURN(const v1::VoidCertificate proof, FetchVoid(line.hub(), round, mail_key));
  RoundWish wish;
  wish.bulletin = before.terms.bulletin();
  wish.price = before.terms.price();
  wish.purpose = before.terms.purpose();
  wish.edition = before.terms.edition();
  wish.region = before.terms.region();
  wish.attempt = before.terms.attempt() + 1;
  wish.void_sha256 = Sha256(proof.SerializeAsString());
  return wish;
}

absl::StatusOr<Prepared> Prepare(HubLine& line, const RegionalWish& wish, const Outside& outside) {
  const absl::Time now = outside.clock.Now();
  Prepared prepared;
  ASSIGN_OR_RETURN(prepared.roster, line.BringRosters());
  ASSIGN_OR_RETURN(prepared.codebook_text, line.CodebookText());
  ASSIGN_OR_RETURN(const Codebook codebook, ReadCodebook("codebook", prepared.codebook_text));
  RoundWish full;
  if (!wish.again.empty()) {
    ASSIGN_OR_RETURN(full, WishAgain(line, wish.again, outside));
  } else {
    full.bulletin = wish.bulletin;
    full.price = wish.price;
    full.purpose = wish.purpose;
    full.region = wish.region;
    full.edition = wish.edition;
  }
  if (!wish.within.empty()) {
    ASSIGN_OR_RETURN(const absl::Duration within, ParseWithin(wish.within));
    full.times = TimesWithin(within);
  }
  // As long as the stewards' keys last, where they end before fourteen days.
  ASSIGN_OR_RETURN(const absl::Time until, RoundsMayLastUntil(*prepared.roster, full.region));
  full.times.expiry = std::min(full.times.expiry, until - now);
  ASSIGN_OR_RETURN(const AgreementKey mail_key, line.partner().MailKey(outside.random));
  full.partner_key = line.partner().identity().key.verify_key().bytes();
  full.partner_mail_key = mail_key.public_key();
  full.partner_name = line.partner().name();
  ASSIGN_OR_RETURN(prepared.terms, MakeDescriptor(full, *prepared.roster, codebook, now, outside.random));
  // What the hub and every office will do with it.
  ASSIGN_OR_RETURN(const Round round, ReadRound(SignDescriptor(prepared.terms, line.partner().identity().key),
                                                prepared.roster->bytes(), now));
  ASSIGN_OR_RETURN(const Plan plan, CheckDescriptor(round, *prepared.roster, codebook));
  prepared.all = ExplainRound(prepared.terms, plan, codebook, prepared.terms.asked());
  prepared.fewest = ExplainRound(prepared.terms, plan, codebook, prepared.terms.levels(0));
  return prepared;
}

std::string PlanText(const Prepared& prepared, Lang lang) {
  return ReportRoundPlan(prepared.terms, prepared.roster->roster, prepared.all, prepared.fewest, lang);
}

Text Later(const HubLine& line, const std::string& id) {
  const std::string command = absl::StrCat("penc answer ", id.substr(0, kShownId), " --hub ",
                                           line.network_name(), " --as ", line.folder());
  return {absl::StrCat("la ronde continue sans vous; sa réponse, plus tard: ", command),
          absl::StrCat("the round goes on without you; its answer, later: ", command)};
}

absl::Status Submit(HubLine& line, const v1::SignedDescriptor& terms) {
  ASSIGN_OR_RETURN(const std::string qid, line.hub().SubmitRound(terms));
  if (qid == Sha256(terms.body())) return absl::OkStatus();
  return Fail(absl::StatusCode::kDataLoss,
              {"le relais a répondu pour une autre ronde", "the hub answered for another round"});
}

// That nothing was charged is believed of the stewards' promises, not of the hub.
absl::Status ProvenOver(HubLine& line, const Round& round, v1::RoundState state, const Outside& outside) {
  if (state != v1::ROUND_STATE_VOID) return absl::OkStatus();
  ASSIGN_OR_RETURN(const AgreementKey mail_key, line.partner().MailKey(outside.random));
  absl::Status proven = FetchVoid(line.hub(), round, mail_key).status();
  if (proven.ok() || OfTheLine(proven)) return proven;
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat("le relais dit cette ronde nulle, sans preuve: ", Explain(proven).fr),
               absl::StrCat("the hub says that this round is void, without proof: ", Explain(proven).en)});
}

}  // namespace

Pause PauseUntilCtrlC() {
  wants_to_leave = 0;
  struct sigaction action {};
  action.sa_handler = Leave;
  ::sigaction(SIGINT, &action, nullptr);
  return [](absl::Duration time) {
    while (wants_to_leave == 0 && time > absl::ZeroDuration()) {
      const absl::Duration piece = std::min(time, absl::Milliseconds(100));
      absl::SleepFor(piece);
      time -= piece;
    }
    return wants_to_leave == 0;
  };
}

absl::StatusOr<absl::Duration> ParseWithin(const std::string& text) {
  absl::string_view number = text;
  absl::Duration within;
  bool read = absl::ParseDuration(text, &within);
  if (!read && (absl::ConsumeSuffix(&number, "d") || absl::ConsumeSuffix(&number, "j"))) {
    read = absl::ParseDuration(absl::StrCat(number, "h"), &within);
    within *= 24;
  }
  if (read && within >= kShortest && within <= kLongest) return within;
  return Fail(
      absl::StatusCode::kInvalidArgument,
      {absl::StrCat("--within: «", text, "»: écrivez une durée de 10s à 11d, par exemple 5m ou 72h"),
       absl::StrCat("--within: \"", text, "\": write a time from 10s to 11d, for example 5m or 72h")});
}

absl::StatusOr<std::string> EditionFor(HubLine& line, const std::string& given, absl::Time now) {
  ASSIGN_OR_RETURN(const CheckedRoster* roster, line.BringRosters());
  ASSIGN_OR_RETURN(const Closing closing, ClosingOf(*roster));
  if (given.empty()) return EditionLabel(closing, EditionAt(closing, now));
  ASSIGN_OR_RETURN(const Edition edition, ParseEdition(closing, given));
  return EditionLabel(closing, edition);
}

absl::Status ReachHub(HubLine& line, bool wait, const Pause& pause, Output& output) {
  return Persist(wait, pause, output, [&] { return line.BringRosters().status(); });
}

ExitCode ExplainRegional(HubLine& line, const RegionalWish& wish, bool json, const Outside& outside,
                         Output& output) {
  const absl::StatusOr<Prepared> prepared = Prepare(line, wish, outside);
  if (!prepared.ok()) return output.Fail(prepared.status());
  output.Data(json ? Json(prepared->all) : PlanText(*prepared, output.lang()));
  output.Say({"rien n'est soumis, rien n'est compté", "nothing was submitted, nothing was charged"});
  return kAnswered;
}

ExitCode AskRegional(HubLine& line, const RegionalWish& wish, const Shown& shown, bool wait,
                     const Pause& pause, const Outside& outside, Output& output) {
  const absl::StatusOr<Prepared> prepared = Prepare(line, wish, outside);
  if (!prepared.ok()) return output.Fail(prepared.status());
  storage::v1::PartnerRound round;
  *round.mutable_terms() = SignDescriptor(prepared->terms, line.partner().identity().key);
  round.set_signed_unix_micros(absl::ToUnixMicros(outside.clock.Now()));
  round.set_codebook(prepared->codebook_text);
  // Before it leaves: whatever happens, it can be found again.
  if (const absl::Status kept = line.network().KeepRound(round); !kept.ok()) return output.Fail(kept);
  ListedRound listed;
  listed.summary.set_qid(Sha256(round.terms().body()));
  *listed.summary.mutable_terms() = round.terms();
  listed.id = RoundId(listed.summary.qid());
  listed.terms = prepared->terms;
  // The same bytes are the same round: what may have arrived is sent again.
  const absl::Status submitted = Persist(wait, pause, output, [&] { return Submit(line, round.terms()); });
  if (!submitted.ok()) {
    if (OfTheLine(submitted)) output.Say(Later(line, listed.id));
    return output.Fail(submitted);
  }
  const std::string id = listed.id.substr(0, kShownId);
  const auto said = [&](Lang lang) {
    std::string text = PlanText(*prepared, lang);
    text.pop_back();
    return text;
  };
  output.Say({absl::StrCat("ronde ", id, " soumise\n", said(Lang::kFrench)),
              absl::StrCat("round ", id, " submitted\n", said(Lang::kEnglish))});
  return AwaitAnswer(line, std::move(listed), shown, wait, pause, outside, output);
}

ExitCode AwaitAnswer(HubLine& line, ListedRound round, const Shown& shown, bool wait, const Pause& pause,
                     const Outside& outside, Output& output) {
  const absl::StatusOr<Round> known = round.answered ? Round() : line.RoundOf(round.summary.terms());
  if (!known.ok()) return output.Fail(known.status());
  const v1::Roster& roster = known->roster;
  absl::Duration next = kFirstPause;
  absl::Time heard = outside.clock.Now();
  v1::RoundSummary told;
  told.set_state(v1::ROUND_STATE_COLLECTING);
  while (!round.answered) {
    const absl::StatusOr<std::vector<v1::RoundSummary>> found = line.hub().Rounds(round.summary.qid());
    const absl::Time now = outside.clock.Now();
    if (!found.ok()) {
      if (!OfTheLine(found.status()) || !wait || now - heard > kGiveUpAfter) {
        if (OfTheLine(found.status())) output.Say(Later(line, round.id));
        return output.Fail(found.status());
      }
      output.Progress({"le relais ne répond pas; nouvel essai", "the hub does not answer; trying again"});
    } else if (found->empty()) {
      return output.Fail(Fail(absl::StatusCode::kNotFound,
                              {"le relais n'a plus cette ronde: elle a expiré sans que sa réponse soit lue",
                               "the hub no longer has this round: it expired before its answer was read"}));
    } else {
      heard = now;
      const v1::SignedDescriptor terms = round.summary.terms();
      round.summary = found->front();
      round.summary.set_qid(known->qid);
      *round.summary.mutable_terms() = terms;  // which round it is, the hub does not decide
      const std::vector<Text> news = RoundNews(told, round.summary, round.terms, roster);
      for (const Text& one : news) output.Say(one);
      if (!news.empty()) next = kFirstPause;
      told = round.summary;
      const v1::RoundState state = round.summary.state();
      if (state == v1::ROUND_STATE_OPENED) break;
      if (state == v1::ROUND_STATE_VOID || state == v1::ROUND_STATE_DEAD) {
        if (const absl::Status proven = ProvenOver(line, *known, state, outside); !proven.ok())
          return output.Fail(proven);
        output.Say(NotOpened(round.summary, round.terms, roster));
        return kRefused;
      }
      const Text progress = RoundProgress(round.summary, round.terms, now);
      output.Progress(
          {absl::StrCat(progress.fr, " (Ctrl-C: plus tard)"), absl::StrCat(progress.en, " (Ctrl-C: later)")});
    }
    if (!wait || !pause(next)) {
      output.Say(RoundProgress(round.summary, round.terms, now));
      output.Say(Later(line, round.id));
      return kWaiting;
    }
    next = std::min(next * 1.3, kLongestPause);
  }
  absl::StatusOr<TakenAnswer> taken = line.Take(round);
  for (int i = 1; OfTheLine(taken.status()) && i < kTakings && pause(absl::Seconds(1)); ++i)
    taken = line.Take(round);
  if (!taken.ok()) {
    if (OfTheLine(taken.status())) output.Say(Later(line, round.id));
    return output.Fail(taken.status());
  }
  return ShowAnswer(taken->regional, taken->remarks, shown, output);
}

ExitCode ShowAnswer(const RegionalAnswer& regional, const std::vector<Text>& remarks, const Shown& shown,
                    Output& output) {
  for (const Text& remark : remarks)
    output.Say({absl::StrCat("à savoir: ", remark.fr), absl::StrCat("to be known: ", remark.en)});
  const v1::Answer& answer = regional.answer;
  if (shown.json) {
    output.Data(Json(answer));
    return kAnswered;
  }
  if (shown.csv) {
    const auto coverage = [&](Lang lang) {
      return std::string(absl::StripSuffix(RenderCoverage(answer, lang), "\n"));
    };
    output.Say({coverage(Lang::kFrench), coverage(Lang::kEnglish)});
    output.Data(RenderCsv(answer, output.lang()));
    return kAnswered;
  }
  output.Data(RenderAnswer(answer, output.lang(), shown.details));
  return kAnswered;
}

}  // namespace penc::cli
