#include "release/release.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/utf8.h"
#include "journal/committer.h"
#include "policy/words.h"
#include "question/answer.h"
#include "question/bind.h"
#include "release/approvals.h"
#include "release/key_choice.h"
#include "release/local_noise.h"

namespace penc {
namespace {

constexpr absl::Duration kLongestTurn = absl::Seconds(60);

std::string QuestionText(const Plan& plan, const Codebook& codebook) {
  return absl::StrJoin(plan.questions, ";\n", [&](std::string* out, const PlannedQuestion& planned) {
    *out += CanonicalText(planned.question, codebook);
  });
}

Reply Refusal(v1::RefusalDetail detail) {
  Reply reply;
  reply.refusal = std::move(detail);
  return reply;
}

// What the asker is told of damage: nothing of where. The local log names it.
absl::Status Internal(const absl::Status& cause) {
  std::fprintf(stderr, "penc: %s\n", Explain(cause).fr.c_str());
  return Fail(absl::StatusCode::kInternal,
              {"l'organisation n'a pas pu répondre; son administrateur voit pourquoi. Ce qui a été compté le "
               "reste; reposez la même question plus tard, sans frais",
               "the organisation could not answer; its administrator sees why. What was charged stays "
               "charged; ask the same question later, at no new cost"});
}

// A full disk is said to the asker, without where; damage is not.
absl::Status ForAsker(const absl::Status& cause) {
  if (!absl::IsResourceExhausted(cause)) return Internal(cause);
  std::fprintf(stderr, "penc: %s\n", Explain(cause).fr.c_str());
  return Fail(
      absl::StatusCode::kResourceExhausted,
      {"le disque de l'organisation est plein: elle ne peut rien répondre de nouveau. Prévenez-la, et "
       "reposez la même question plus tard: elle n'est comptée qu'une fois",
       "the organisation's disk is full: it can answer nothing new. Tell it, and ask the same question "
       "later: it is charged only once"});
}

// A refusal is journaled, so that the office sees what was tried; nothing is spent. A question that was not
// understood has no canonical text and is journaled without: an asker's own words could name somebody.
absl::StatusOr<Reply> Refuse(const v1::RefusalDetail& detail, const Plan& plan, const AskFor& ask,
                             Responder& office) {
  const absl::Status journaled = office.committer.Commit([&](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    storage::v1::Refused& refused = *leaf.mutable_refused();
    refused.set_plan_id(plan.id);
    refused.set_refusal(detail.reason());
    refused.set_asker(ask.asker);
    refused.set_purpose(std::string(BeginningOf(ask.purpose, 100)));
    refused.set_question(QuestionText(plan, office.codebook));
    refused.set_regional(!ask.round.empty());
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  });
  if (!journaled.ok()) return ForAsker(journaled);
  return Refusal(detail);
}

// The ledger's refusal; cohorts are named by their labels.
Reply Refuse(const Slot& slot, const Codebook& codebook) {
  return Refusal(
      InWords(slot.refusal, absl::StrJoin(slot.exhausted, ", ", [&](std::string* out, Edition cohort) {
                *out += EditionLabel(codebook.closing, cohort);
              })));
}

// The records of one edition. Between two calls an edition may be closed: what is charged must be what is
// counted, so both are read until they agree.
struct Opened {
  std::shared_ptr<const Snapshot> snapshot;
  absl::optional<Edition> edition;
  std::vector<Edition> editions;
};
absl::StatusOr<Opened> OpenEdition(const RecordStore& store) {
  for (;;) {
    StoreStatus before = store.Status();
    if (!before.edition.has_value()) return Opened{};
    ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, store.OpenSnapshot());
    if (store.Status().edition == before.edition)
      return Opened{std::move(snapshot), before.edition, std::move(before.editions)};
  }
}

// What a person was asked, or said, of exactly this question in this edition. Nothing is ever asked of
// anybody before an edition is closed.
Subject SubjectOf(const Plan& plan, const AskFor& ask, const Finisher& finish, Edition edition,
                  const Responder& office) {
  return {finish.KeyOf(plan, edition), plan.id, ask.asker, ask.purpose, office.policy.hash};
}
absl::optional<Approvals::Row> Found(const Plan& plan, const AskFor& ask, const Finisher& finish,
                                     absl::optional<Edition> edition, const Responder& office) {
  if (!edition.has_value()) return absl::nullopt;
  return office.approvals.Find(SubjectOf(plan, ask, finish, *edition, office), office.clock.Now());
}

// Why the question is declined, if it is: of all reasons the first in the order of the enum. A question with
// an unknown name has an empty plan, which is still refused to those who may not ask at all.
absl::optional<v1::RefusalDetail> WhyDeclined(const Planned& planned, const AskFor& ask,
                                              const Finisher& finish, absl::optional<Edition> edition,
                                              const Responder& office) {
  const absl::optional<Approvals::Row> found = Found(planned.plan, ask, finish, edition, office);
  const absl::optional<Verdict> verdict = found.has_value() ? VerdictOf(*found) : absl::nullopt;
  const Decision decision =
      Decide(planned.plan, office.codebook, ask.purpose, office.policy, office.grant, office.standing,
             finish.reach(), verdict.has_value() ? &*verdict : nullptr, office.clock.Now());
  if (planned.refused && (decision.allowed() || planned.refusal.reason() < decision.refusal))
    return planned.refusal;
  if (decision.allowed()) return absl::nullopt;
  v1::RefusalDetail detail = InWords(decision.refusal, decision.about);
  if (found.has_value() && decision.refusal == v1::REFUSAL_NEEDS_APPROVAL)
    detail.set_until_unix_micros(found->until_unix_micros());
  return detail;
}

// Puts the question before a person: once, however often it is asked. Nothing is spent, no record is opened.
absl::StatusOr<Reply> AskPerson(v1::RefusalDetail detail, const Plan& plan, const AskFor& ask,
                                const Finisher& finish, const StoreStatus& held, Responder& office) {
  ASSIGN_OR_RETURN(const absl::optional<v1::RefusalDetail> other,
                   finish.CheckEdition(plan, held.edition, TouchedCohorts(plan, held.editions)));
  if (other.has_value()) return Refuse(*other, plan, ask, office);
  const Edition edition = *held.edition;
  const Subject subject = SubjectOf(plan, ask, finish, edition, office);
  Approvals::Row row;
  row.set_slot(subject.slot);
  row.set_plan_id(subject.plan_id);
  row.set_asker(subject.asker);
  row.set_purpose(subject.purpose);
  row.set_policy_sha256(subject.policy_hash);
  row.set_codebook_sha256(office.codebook.hash);
  row.set_edition(edition);
  row.set_qid(ask.round);
  *row.mutable_bulletin() = ask.bulletin;
  *row.mutable_price() = ask.price;
  const absl::Time now = office.clock.Now();
  const ApprovalLimits& limits = office.policy.approvals;
  const absl::StatusOr<absl::optional<absl::Time>> until = office.approvals.Ask(
      std::move(row), ask.round.empty() ? now + absl::Hours(24 * limits.days) : ask.collect_until,
      limits.waiting, {office.policy.hash, office.codebook.hash, edition, now},
      QuestionText(plan, office.codebook), EditionLabel(office.codebook.closing, edition));
  if (!until.ok()) return ForAsker(until.status());
  if (!until->has_value()) return Refuse(InWords(v1::REFUSAL_TOO_MANY_WAITING, ""), plan, ask, office);
  detail.set_until_unix_micros(absl::ToUnixMicros(**until));
  return Refusal(std::move(detail));
}

// A stored answer under the titles of whoever asks now.
absl::StatusOr<std::string> Titled(std::string bytes, const std::vector<std::string>& titles) {
  if (std::all_of(titles.begin(), titles.end(), [](const std::string& title) { return title.empty(); }))
    return bytes;
  v1::Answer answer;
  if (!answer.ParseFromString(bytes) || answer.tables_size() != static_cast<int>(titles.size())) {
    return Internal(Fail(absl::StatusCode::kDataLoss,
                         {"réponse gardée illisible; restaurez une sauvegarde (penc restore)",
                          "unreadable stored answer; restore a backup (penc restore)"}));
  }
  for (int q = 0; q < answer.tables_size(); ++q) answer.mutable_tables(q)->set_title(titles[q]);
  return answer.SerializeAsString();
}

// Where another call works on the same question, its end is waited for: that it still works would tell the
// asker, finer than any reply slot, how long the records take.
absl::StatusOr<Slot> ReserveInTurn(Ledger& ledger, const Charge& charge) {
  for (;;) {
    absl::StatusOr<Slot> slot = ledger.Reserve(charge);
    if (!slot.ok() || slot->refusal != v1::REFUSAL_IN_PROGRESS) return slot;
    if (!ledger.AwaitRelease(charge.slot, kLongestTurn)) return slot;
  }
}

Price FromMessage(const v1::Price& price) {
  switch (price.kind_case()) {
    case v1::Price::kEpsilon1024:
      return {Price::Kind::kEpsilon, price.epsilon_1024()};
    case v1::Price::kMargin:
      return {Price::Kind::kMargin, price.margin()};
    case v1::Price::kSharePpm:
      return {Price::Kind::kShare, price.share_ppm()};
    default:
      return {};  // 2 %
  }
}

}  // namespace

absl::StatusOr<Planned> PlanQuestions(const v1::Bulletin& bulletin, const v1::Price& price,
                                      const Codebook& codebook) {
  Planned planned;
  absl::StatusOr<std::vector<Question>> questions = BindAll(bulletin, codebook);
  if (!questions.ok()) {
    std::string about;
    const v1::Refusal refusal = RefusalOf(questions.status(), &about);
    if (refusal == v1::REFUSAL_UNSPECIFIED) return questions.status();
    planned.refused = true;
    planned.refusal = InWords(refusal, about);
    // The nearest known name is worth more than the general sentence.
    const Text text = Explain(questions.status());
    planned.refusal.mutable_says()->set_fr(text.fr);
    planned.refusal.mutable_says()->set_en(text.en);
    planned.refusal.clear_about();
    return planned;
  }
  ASSIGN_OR_RETURN(planned.plan, MakePlan(*std::move(questions), FromMessage(price), codebook));
  return planned;
}

std::vector<Edition> TouchedCohorts(const Plan& plan, const std::vector<Edition>& editions) {
  std::vector<Edition> touched;
  for (Edition edition : editions) {
    if (plan.cohorts.from.has_value() && edition < *plan.cohorts.from) continue;
    if (plan.cohorts.to.has_value() && edition > *plan.cohorts.to) continue;
    touched.push_back(edition);
  }
  return touched;
}

absl::StatusOr<Reply> Answer(const AskFor& ask, Finisher& finish, Responder& office,
                             const std::function<void(const Plan&)>& planned) {
  ASSIGN_OR_RETURN(const Planned p,
                   PlanQuestions(ask.bulletin, ask.price, office.codebook));  // validate, plan
  const Plan& plan = p.plan;
  if (planned && !p.refused) planned(plan);
  const StoreStatus held = office.store.Status();
  absl::optional<v1::RefusalDetail> declined = WhyDeclined(p, ask, finish, held.edition, office);
  const bool waits = declined.has_value() && declined->reason() == v1::REFUSAL_NEEDS_APPROVAL;
  const absl::optional<v1::RefusalDetail> other =
      !declined.has_value() || waits ? finish.Check(plan) : absl::nullopt;  // regional: equals the descriptor
  if (other.has_value()) return Refuse(*other, plan, ask, office);
  if (waits) return AskPerson(*declined, plan, ask, finish, held, office);
  if (declined.has_value()) return Refuse(*declined, plan, ask, office);  // nothing spent

  absl::StatusOr<Opened> records = OpenEdition(office.store);
  if (!records.ok()) return Internal(records.status());
  const std::vector<Edition> cohorts = TouchedCohorts(plan, records->editions);
  // What a person decided is decided of one edition.
  if (records->edition != held.edition) return Answer(ask, finish, office, nullptr);
  ASSIGN_OR_RETURN(declined, finish.CheckEdition(plan, records->edition, cohorts));
  if (declined.has_value()) return Refuse(*declined, plan, ask, office);
  const Order order = OrderOf(office.policy.promise);
  const Cost cost = CostAt(plan, order);
  const Charge charge{finish.KeyOf(plan, *records->edition),
                      plan.id,
                      QuestionText(plan, office.codebook),
                      ask.purpose,
                      ask.asker,
                      office.grant->share_ppm,
                      cohorts,
                      [&](Order at) { return at.twice_alpha == order.twice_alpha ? cost : CostAt(plan, at); },
                      finish.reach() == Reach::kRegional ? ChargeKind::kRegional : ChargeKind::kLocal};
  office.steps.Reached("ask.before_reserve");
  absl::StatusOr<Slot> slot = ReserveInTurn(office.ledger, charge);  // fsync: THE charge
  office.steps.Reached("ask.after_reserve");
  if (!slot.ok()) return ForAsker(slot.status());
  if (slot->state == Slot::State::kRefused) return Refuse(*slot, office.codebook);
  if (slot->state == Slot::State::kCommitted)
    return Reply{absl::nullopt, std::move(slot->answer), /*resent=*/true};  // same bytes

  // Where a key is an open list: its words, chosen with bits of their own.
  const absl::StatusOr<Plan> counted = KeyChoice::Made(plan, office.store, *records->snapshot, office.random);
  if (!counted.ok()) {
    office.ledger.Abandon(*slot);
    return Internal(counted.status());
  }
  absl::StatusOr<ExactVector> exact =
      office.store.Extract(*records->snapshot, *counted);  // nothing visible may depend on it from here
  office.steps.Reached("ask.after_extract");
  if (!exact.ok()) {
    office.ledger.Abandon(*slot);
    return Internal(exact.status());
  }
  absl::StatusOr<std::string> out = finish.Finish(*counted, *records->edition, cohorts,
                                                  *std::move(exact));  // + noise | + share, masks, file
  if (!out.ok()) {
    office.ledger.Abandon(*slot);
    return Internal(out.status());
  }
  office.steps.Reached("ask.before_commit");
  const absl::Status committed =
      office.ledger.Commit(*slot, *out);  // fsync: bytes or file hash, and journal leaf, one write
  office.steps.Reached("ask.after_commit");
  if (!committed.ok()) return ForAsker(committed);
  return Reply{absl::nullopt, *std::move(out)};
}

absl::StatusOr<std::string> AnswerAlone(const AskFor& ask, Responder& office,
                                        const std::function<void(const Plan&)>& planned) {
  LocalNoise finish({office.codebook, office.policy, office.random, office.organisation, office.practice});
  std::vector<std::string> titles;
  ASSIGN_OR_RETURN(Reply reply, Answer(ask, finish, office, [&](const Plan& plan) {
                     for (const PlannedQuestion& one : plan.questions) titles.push_back(one.question.title);
                     if (planned) planned(plan);
                   }));
  if (!reply.refusal.has_value()) return Titled(std::move(reply.bytes), titles);
  v1::Answer answer;
  *answer.mutable_refusal() = *std::move(reply.refusal);
  return answer.SerializeAsString();
}

absl::StatusOr<v1::ExplainResponse> ExplainQuestion(const AskFor& ask, const Responder& office) {
  ASSIGN_OR_RETURN(const Planned p, PlanQuestions(ask.bulletin, ask.price, office.codebook));
  v1::ExplainResponse response;
  const LocalNoise finish(
      {office.codebook, office.policy, office.random, office.organisation, office.practice});
  if (auto refusal = WhyDeclined(p, ask, finish, office.store.Status().edition, office); refusal.has_value())
    *response.mutable_refusal() = *std::move(refusal);
  if (p.refused) return response;
  for (v1::ExplainedQuestion& question : ExplainPlan(p.plan, office.codebook))
    *response.add_questions() = std::move(question);
  *response.mutable_charge() = ToCharge(p.plan, office.codebook, office.policy,
                                        TouchedCohorts(p.plan, office.store.Status().editions));
  response.set_question_id(absl::BytesToHexString(p.plan.id));
  return response;
}

}  // namespace penc
