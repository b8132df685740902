#include "office/admin_approvals.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/record_file.h"
#include "federation/regional_answer.h"
#include "ledger/ledger.h"
#include "office/balance.h"
#include "office/grants.h"
#include "office/office.h"
#include "office/region/round_rows.h"
#include "question/answer.h"
#include "release/approvals.h"
#include "release/local_noise.h"
#include "release/release.h"
#include "store/record_store.h"

namespace penc {
namespace {

using storage::v1::OfficeRoundRow;

// Nothing where the office has not taken the round up.
absl::StatusOr<absl::optional<OfficeRoundRow>> RoundOf(Office& office, absl::string_view qid) {
  const RoundRows rows(office.database(), office.committer());
  ASSIGN_OR_RETURN(const std::vector<OfficeRoundRow> all, rows.AllOffice());
  for (const OfficeRoundRow& row : all) {
    if (Sha256(row.terms().body()) == qid) return absl::make_optional(row);
  }
  return absl::optional<OfficeRoundRow>();
}

const char* SensitivityName(Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::kPublic:
      return "public";
    case Sensitivity::kOrdinary:
      return "ordinary";
    default:
      return "sensitive";
  }
}

void AddColumns(const Plan& plan, const Rules& rules, v1::PendingQuestion& out) {
  for (const AskedColumn& asked : AskedColumns(plan, *rules.codebook, *rules.policy)) {
    const Column& column = rules.codebook->tables[asked.column.table].columns[asked.column.column];
    v1::PendingQuestion::Column& added = *out.add_columns();
    added.set_name(asked.name);
    added.mutable_label()->set_fr(column.label.fr);
    added.mutable_label()->set_en(column.label.en);
    added.set_sensitivity(SensitivityName(column.sensitivity));
    for (uint32_t question : asked.questions) added.add_questions(question);
  }
}

// Questions with their margins: in a round, those of its whole noise.
absl::Status AddQuestions(Office& office, const Plan& plan, const Rules& rules, const Approvals::Row& row,
                          v1::PendingQuestion& out) {
  std::vector<v1::ExplainedQuestion> questions = ExplainPlan(plan, *rules.codebook);
  ASSIGN_OR_RETURN(const absl::optional<OfficeRoundRow> round, RoundOf(office, row.qid()));
  v1::Descriptor terms;
  if (round.has_value() && terms.ParseFromString(round->terms().body())) {
    const v1::ExplainResponse whole = ExplainRound(terms, plan, *rules.codebook, terms.asked());
    questions.assign(whole.questions().begin(), whole.questions().end());
  }
  for (v1::ExplainedQuestion& question : questions) *out.add_questions() = std::move(question);
  return absl::OkStatus();
}

// FAILED_PRECONDITION where this program plans the question otherwise than the one that took it: nobody can
// be asked about it any more, and it can never be answered as it was.
absl::StatusOr<v1::PendingQuestion> Describe(Office& office, const Rules& rules, const Approvals::Row& row) {
  v1::PendingQuestion out;
  out.set_state(static_cast<v1::PendingQuestion::State>(row.state()));
  out.set_number(row.number());
  out.set_asker(row.asker());
  if (const auto grant = office.grants().Find(row.asker(), *rules.codebook); grant != nullptr)
    out.set_grant(grant->name);
  out.set_purpose(row.purpose());
  out.set_edition(EditionLabel(rules.codebook->closing, row.edition()));
  if (!row.qid().empty()) out.set_round_id(RoundId(row.qid()));
  out.set_asked_unix_micros(row.asked_unix_micros());
  out.set_until_unix_micros(row.until_unix_micros());
  out.set_decided_unix_micros(row.decided_unix_micros());
  out.set_by(row.by());
  out.set_because(row.because());

  ASSIGN_OR_RETURN(const Planned planned, PlanQuestions(row.bulletin(), row.price(), *rules.codebook));
  const Plan& plan = planned.plan;
  if (planned.refused || plan.id != row.plan_id()) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("la question n° ", row.number(),
                              " ne se calcule plus comme quand elle a été posée: penc a changé depuis. Elle "
                              "expirera; le partenaire peut la reposer"),
                 absl::StrCat("question no. ", row.number(),
                              " is no longer computed as when it was asked: penc has changed since. It will "
                              "expire; the partner can ask it again")});
  }
  RETURN_IF_ERROR(AddQuestions(office, plan, rules, row, out));
  AddColumns(plan, rules, out);
  const std::vector<Edition> cohorts = TouchedCohorts(plan, office.store().Status().editions);
  *out.mutable_charge() = ToCharge(plan, *rules.codebook, *rules.policy, cohorts);
  for (const CohortBalance& balance : office.ledger().Balances()) {
    if (std::find(cohorts.begin(), cohorts.end(), balance.cohort) != cohorts.end())
      out.set_spent_ppm(std::max(out.spent_ppm(), SpentPpm(balance.promise, balance.spent)));
  }
  return out;
}

absl::Status CheckNothingCameOfIt(Office& office, const Approvals::Row& row) {
  if (row.qid().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const absl::optional<OfficeRoundRow> round, RoundOf(office, row.qid()));
  // Undecided, or decided and the node has not acted upon it: nothing was charged, nothing has left.
  const bool open = round.has_value() && round->state() == OfficeRoundRow::STATE_SEEN &&
                    (round->waiting() || row.state() == Approvals::Row::STATE_WAITING);
  if (open) return absl::OkStatus();
  return Fail(
      absl::StatusCode::kFailedPrecondition,
      {absl::StrCat("trop tard pour la question n° ", row.number(),
                    ": cette organisation a déjà contribué à sa ronde, ou s'est déjà abstenue (penc rounds)"),
       absl::StrCat("too late for question no. ", row.number(),
                    ": this office has contributed to its round already, or has abstained (penc rounds)")});
}

}  // namespace

absl::StatusOr<v1::PendingResult> ListPending(Office& office, const v1::PendingCommand& command) {
  const Rules rules = office.rules();
  v1::PendingResult result;
  for (const Approvals::Row& row : office.approvals().All(office.in_force())) {
    if (row.state() != Approvals::Row::STATE_WAITING && !command.decided()) continue;
    absl::StatusOr<v1::PendingQuestion> question = Describe(office, rules, row);
    if (absl::IsFailedPrecondition(question.status())) continue;
    if (!question.ok()) return question.status();
    *result.add_questions() = *std::move(question);
  }
  std::stable_sort(result.mutable_questions()->begin(), result.mutable_questions()->end(),
                   [](const v1::PendingQuestion& a, const v1::PendingQuestion& b) {
                     return a.state() == v1::PendingQuestion::STATE_WAITING &&
                            b.state() != v1::PendingQuestion::STATE_WAITING;
                   });
  return result;
}

absl::StatusOr<v1::DecideResult> DecideHere(Office& office, const v1::DecideCommand& command) {
  const Rules rules = office.rules();
  const InForce in_force = office.in_force();
  for (const Approvals::Row& row : office.approvals().All(in_force)) {
    if (row.number() != command.number()) continue;
    RETURN_IF_ERROR(CheckNothingCameOfIt(office, row));
    RETURN_IF_ERROR(Describe(office, rules, row).status());
  }
  ASSIGN_OR_RETURN(
      const Approvals::Row decided,
      office.approvals().Decide(command.number(), command.approve(), command.because(), command.by(),
                                absl::Hours(24 * rules.policy->approvals.days), in_force));
  office.environment().steps.Reached("decide.after_decided");
  v1::DecideResult result;
  ASSIGN_OR_RETURN(*result.mutable_question(), Describe(office, rules, decided));
  return result;
}

uint32_t CountPending(Office& office) {
  const std::vector<Approvals::Row> all = office.approvals().All(office.in_force());
  return static_cast<uint32_t>(std::count_if(all.begin(), all.end(), [](const Approvals::Row& row) {
    return row.state() == Approvals::Row::STATE_WAITING;
  }));
}

}  // namespace penc
