#include "office/past_questions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "ledger/ledger.h"
#include "office/balance.h"
#include "office/grants.h"
#include "office/journal_questions.h"
#include "policy/read.h"
#include "question/bind.h"
#include "question/plan.h"
#include "question/sentence.h"

namespace penc {
namespace {

// A journaled text is canonical, one SELECT after another (release.cc), so it binds to what was asked as long
// as the codebook has its names.
absl::StatusOr<std::vector<Question>> BindAgain(const std::string& canonical, const Codebook& codebook) {
  v1::Bulletin bulletin;
  for (absl::string_view sql : absl::StrSplit(canonical, ";\n"))
    bulletin.add_questions()->set_sql(std::string(sql));
  return BindAll(bulletin, codebook);
}

// The price does not matter for a decision; the whole budget is enough for any plan.
absl::StatusOr<Plan> PlanAgain(const std::string& canonical, const Codebook& codebook) {
  ASSIGN_OR_RETURN(std::vector<Question> questions, BindAgain(canonical, codebook));
  Price price;
  price.amount = kWholePpm;
  return MakePlan(std::move(questions), price, codebook);
}

std::map<std::string, std::shared_ptr<const Grant>> GrantsByKey(Office& office, const Codebook& codebook) {
  std::map<std::string, std::shared_ptr<const Grant>> by_key;
  for (const auto& grant : office.grants().All(codebook)) by_key[grant->key] = grant;
  return by_key;
}

// Of the most charged cohort, at the promise that it has.
uint32_t PricePpm(const JournaledQuestion& past, const std::map<std::string, Promise>& promises) {
  uint32_t most = 0;
  for (const storage::v1::CohortCharge& charge : past.charges) {
    const auto promise = promises.find(charge.cohort());
    if (promise == promises.end()) continue;
    Spent spent;
    spent.pure = charge.pure();
    spent.renyi = charge.renyi();
    most = std::max(most, SpentPpm(promise->second, spent));
  }
  return most;
}

bool ChangesFirst(const v1::SimulatedQuestion& a, const v1::SimulatedQuestion& b) {
  const auto changes = [](const v1::SimulatedQuestion& one) {
    return !one.unknown() && one.then() != one.now();
  };
  return changes(a) && !changes(b);
}

}  // namespace

absl::StatusOr<v1::PolicySimulateResult> SimulatePolicy(Office& office,
                                                        const v1::PolicySimulateCommand& command) {
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  ASSIGN_OR_RETURN(const Policy policy, ReadPolicy(command.file_name(), command.text(), codebook));
  ASSIGN_OR_RETURN(const std::vector<JournaledQuestion> past, QuestionsInJournal(office.journal()));
  const auto grants = GrantsByKey(office, codebook);
  v1::PolicySimulateResult result;
  std::map<std::string, absl::StatusOr<Plan>> plans;  // of a text: the same one is asked again and again
  std::map<std::string, int> row_of;
  for (const JournaledQuestion& one : past) {
    if (one.question.empty()) {
      result.set_without_text(result.without_text() + 1);
      continue;
    }
    const auto grant = grants.find(one.asker);
    auto plan = plans.find(one.question);
    if (plan == plans.end()) plan = plans.emplace(one.question, PlanAgain(one.question, codebook)).first;
    v1::SimulatedQuestion row;
    row.set_question(one.question);
    row.set_asker(grant == grants.end() ? one.asker : grant->second->name);
    row.set_purpose(one.purpose);
    row.set_regional(one.regional);
    if (v1::Refusal_IsValid(static_cast<int>(one.refusal)))
      row.set_then(static_cast<v1::Refusal>(one.refusal));
    row.set_unknown(!plan->second.ok() || grant == grants.end());
    if (!row.unknown()) {
      const Decision decision = Decide(*plan->second, codebook, one.purpose, policy, grant->second.get(),
                                       Standing::kAnswering, one.regional ? Reach::kRegional : Reach::kLocal,
                                       nullptr, absl::FromUnixMicros(one.time_unix_micros));
      row.set_now(decision.refusal);
      row.set_about(decision.about);
    }
    const auto known = row_of.emplace(row.SerializeAsString(), result.questions_size());
    if (known.second) *result.add_questions() = std::move(row);
    v1::SimulatedQuestion* counted = result.mutable_questions(known.first->second);
    counted->set_times(counted->times() + 1);
  }
  std::stable_sort(result.mutable_questions()->begin(), result.mutable_questions()->end(), ChangesFirst);
  return result;
}

absl::StatusOr<v1::SentencesResult> PastSentences(Office& office) {
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  ASSIGN_OR_RETURN(const std::vector<JournaledQuestion> past, QuestionsInJournal(office.journal()));
  const auto grants = GrantsByKey(office, codebook);
  std::map<std::string, Promise> promises;
  for (const CohortBalance& balance : office.ledger().Balances())
    promises[EditionLabel(codebook.closing, balance.cohort)] = balance.promise;
  v1::SentencesResult result;
  result.set_office(office.config().office());
  result.set_delay_days(rules.policy->publication_delay_days);
  const absl::Time until = office.environment().clock.Now() - absl::Hours(24) * result.delay_days();
  for (const JournaledQuestion& one : past) {
    const absl::Time time = absl::FromUnixMicros(one.time_unix_micros);
    // What was not understood has no text, and nothing to say.
    if (time > until || one.question.empty()) continue;
    v1::PastQuestion& row = *result.add_questions();
    row.set_day(absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone()));
    if (const auto grant = grants.find(one.asker); grant != grants.end()) row.set_asker(grant->second->name);
    row.set_purpose(one.purpose);
    const absl::StatusOr<std::vector<Question>> questions = BindAgain(one.question, codebook);
    if (!questions.ok()) {  // of a codebook that had other names
      v1::Label& says = *row.add_says();
      says.set_fr(one.question);
      says.set_en(one.question);
    }
    for (const Question& question : questions.ok() ? *questions : std::vector<Question>{}) {
      const Text sentence = Sentence(question, codebook);
      v1::Label& says = *row.add_says();
      says.set_fr(sentence.fr);
      says.set_en(sentence.en);
    }
    row.set_edition(one.edition);
    if (v1::Refusal_IsValid(static_cast<int>(one.refusal)))
      row.set_refusal(static_cast<v1::Refusal>(one.refusal));
    row.set_answered(one.end == JournaledQuestion::End::kAnswered);
    row.set_regional(one.regional);
    row.set_price_ppm(PricePpm(one, promises));
  }
  return result;
}

}  // namespace penc
