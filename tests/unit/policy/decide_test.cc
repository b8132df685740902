// Decide: one row per reason, in order of precedence. Every row fixes what the row above complained about, so
// that each reason is seen to come before all that follow it.
#include "policy/decide.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "codebook/read.h"
#include "policy/read.h"
#include "policy/words.h"
#include "question/bind.h"

namespace penc {
namespace {

constexpr char kCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex: [{code: f, fr: Femme, en: Female}, {code: m, fr: Homme, en: Male}]
tables:
  person:
    unit: person
    caps: {cells: 1, rows: 1}
    labels: {fr: Personnes, en: Persons}
    columns:
      sex: {type: code, codes: sex, sensitivity: public, fr: Sexe, en: Sex}
      secret: {type: code, codes: sex, sensitivity: sensitive, fr: Secret, en: Secret}
      consent: {type: code, codes: sex, sensitivity: never, fr: Accord, en: Consent}
  visit:
    unit: event
    caps: {cells: 4, rows: 4}
    labels: {fr: Visites, en: Visits}
    columns:
      day: {type: day, from: 2026-01-01, to: 2026-12-31, sensitivity: public, fr: Jour, en: Day}
      kind: {type: code, codes: sex, sensitivity: public, fr: Genre, en: Kind}
      delicate: {type: code, codes: sex, sensitivity: sensitive, fr: Délicat, en: Delicate}
      cost: {type: number, range: [0, 100], step: 1, sensitivity: public, fr: Coût, en: Cost}
      agency: {type: text, open: true, max: 10, sensitivity: public, fr: Agence, en: Agency}
)";

constexpr char kPolicy[] = R"(policy: small
valid_until: 2027-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: nobody}
columns:
  person.sex: allow
  visit.day: {finest: month}
  visit.kind: allow
  visit.delicate: ask
  visit.cost: allow
  visit.agency: allow
limits: {group_by: 2, cells: 40}
)";

Codebook Book() {
  auto book = ReadCodebook("small.yaml", kCodebook);
  EXPECT_TRUE(book.ok()) << book.status();
  return *std::move(book);
}
Policy Rules(const Codebook& book) {
  auto policy = ReadPolicy("policy.yaml", kPolicy, book);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}
absl::Time Day(int year, int month, int day) {
  return absl::FromCivil(absl::CivilDay(year, month, day), absl::UTCTimeZone());
}
Grant Partner() {
  Grant grant;
  grant.name = "iom";
  grant.key = "SHA256:iom";
  grant.purposes = {"plaidoyer"};
  grant.tables = {"visit", "person"};
  grant.share_ppm = 1000000;
  grant.until = Day(2027, 2, 1);
  return grant;
}
Plan Planned(const std::string& sql, const Codebook& book) {
  v1::Bulletin bulletin;
  bulletin.add_questions()->set_sql(sql);
  auto questions = BindAll(bulletin, book);
  EXPECT_TRUE(questions.ok()) << sql << ": " << questions.status();
  auto plan = MakePlan(*std::move(questions), {}, book);
  EXPECT_TRUE(plan.ok()) << sql << ": " << plan.status();
  return *std::move(plan);
}

Verdict VerdictOn(const std::string& sql, const Codebook& book, const Policy& policy, bool approved) {
  return {Planned(sql, book).id, Partner().key, "plaidoyer",
          policy.hash,           approved,      approved ? "" : "trop tôt"};
}

// What stands between a question and its answer; each row takes one obstacle away.
struct Row {
  v1::Refusal reason;
  std::string about;
  const char* sql;
  Standing standing;
  int year;  // of "now": the policy ends in 2027, the grant in February 2027
  int month;
  bool has_grant;
  std::vector<std::string> tables;
  std::string purpose;
  Reach reach;
  const Verdict* verdict = nullptr;
};

constexpr char kWorst[] =
    "SELECT person.secret, kind, delicate, day, count(*) FROM visit GROUP BY 1, 2, 3, 4";
constexpr char kFine[] = "SELECT person.sex, kind, delicate, day, count(*) FROM visit GROUP BY 1, 2, 3, 4";
constexpr char kMany[] =
    "SELECT person.sex, kind, delicate, month(day), count(*) FROM visit GROUP BY 1, 2, 3, 4";
constexpr char kLarge[] =
    "SELECT kind, month(day), count(*), sum(cost) FROM visit WHERE delicate = 'f' GROUP BY 1, 2";
constexpr char kDelicate[] = "SELECT kind, count(*) FROM visit WHERE delicate = 'f' GROUP BY 1";
constexpr char kGood[] = "SELECT kind, month(day), count(*) FROM visit GROUP BY 1, 2";

TEST(Decide, GivesTheFirstReasonInTheOrderOfTheEnum) {
  const Standing stopped = Standing::kStopped, answering = Standing::kAnswering;
  const Reach local = Reach::kLocal, regional = Reach::kRegional;
  const std::vector<std::string> both = {"visit", "person"};
  const Codebook book = Book();
  const Policy policy = Rules(book);
  const Verdict approved = VerdictOn(kDelicate, book, policy, true),
                refused = VerdictOn(kDelicate, book, policy, false);
  const Row rows[] = {
      {v1::REFUSAL_STOPPED, "", kWorst, stopped, 2027, 8, false, {}, "autre", regional},
      {v1::REFUSAL_POLICY_EXPIRED, "small", kWorst, answering, 2027, 8, false, {}, "autre", regional},
      {v1::REFUSAL_NOT_GRANTED, "", kWorst, answering, 2027, 3, false, {}, "autre", regional},
      {v1::REFUSAL_NOT_GRANTED, "visit", kWorst, answering, 2027, 3, true, {}, "autre", regional},
      {v1::REFUSAL_NOT_GRANTED, "person", kWorst, answering, 2027, 3, true, {"visit"}, "autre", regional},
      {v1::REFUSAL_GRANT_EXPIRED, "iom", kWorst, answering, 2027, 3, true, both, "autre", regional},
      {v1::REFUSAL_PURPOSE_NOT_GRANTED, "autre", kWorst, answering, 2026, 8, true, both, "autre", regional},
      {v1::REFUSAL_LOCAL_NOT_OPEN, "", kWorst, answering, 2026, 8, true, both, "plaidoyer", regional},
      {v1::REFUSAL_COLUMN_DENIED, "person.secret", kWorst, answering, 2026, 8, true, both, "plaidoyer",
       local},
      {v1::REFUSAL_TOO_FINE, "visit.day", kFine, answering, 2026, 8, true, both, "plaidoyer", local},
      {v1::REFUSAL_TOO_MANY_DIMENSIONS, "4 > 2", kMany, answering, 2026, 8, true, both, "plaidoyer", local},
      {v1::REFUSAL_TOO_MANY_CELLS, "78 > 40", kLarge, answering, 2026, 8, true, both, "plaidoyer", local},
      {v1::REFUSAL_DECLINED_BY_PERSON, "trop tôt", kDelicate, Standing::kRestored, 2026, 8, true, both,
       "plaidoyer", local, &refused},
      {v1::REFUSAL_RESTORED, "", kDelicate, Standing::kRestored, 2026, 8, true, both, "plaidoyer", local},
      {v1::REFUSAL_NEEDS_APPROVAL, "visit.delicate", kDelicate, answering, 2026, 8, true, both, "plaidoyer",
       local},
      {v1::REFUSAL_UNSPECIFIED, "", kDelicate, answering, 2026, 8, true, both, "plaidoyer", local, &approved},
      {v1::REFUSAL_UNSPECIFIED, "", kGood, answering, 2026, 8, true, both, "plaidoyer", local},
  };
  v1::Refusal last = v1::REFUSAL_UNSPECIFIED;
  for (const Row& row : rows) {
    Grant grant = Partner();
    grant.tables = row.tables;
    const Decision decision =
        Decide(Planned(row.sql, book), book, row.purpose, policy, row.has_grant ? &grant : nullptr,
               row.standing, row.reach, row.verdict, Day(row.year, row.month, 15));
    EXPECT_EQ(v1::Refusal_Name(decision.refusal), v1::Refusal_Name(row.reason)) << row.sql;
    EXPECT_EQ(decision.about, row.about) << v1::Refusal_Name(row.reason);
    EXPECT_EQ(decision.allowed(), row.reason == v1::REFUSAL_UNSPECIFIED);
    // A person is asked last, whatever its number.
    EXPECT_TRUE(row.reason >= last || decision.allowed() || row.reason == v1::REFUSAL_NEEDS_APPROVAL)
        << "rows are in the order of the enum";
    last = row.reason;
  }
}

TEST(Decide, OpensListsOfOwnWordsAtOneOfficeThatSetsDeltaAside) {
  const Codebook book = Book();
  Policy policy = Rules(book);
  policy.regional = Openness::kGranted;
  const Grant grant = Partner();
  const auto why = [&](const char* sql, Reach reach) {
    return Decide(Planned(sql, book), book, "plaidoyer", policy, &grant, Standing::kAnswering, reach, nullptr,
                  Day(2026, 8, 15))
        .refusal;
  };
  const char* const open = "SELECT agency, count(*) FROM visit GROUP BY 1";
  EXPECT_EQ(why(open, Reach::kLocal), v1::REFUSAL_KEYS_NOT_OPEN);
  EXPECT_EQ(why(open, Reach::kRegional), v1::REFUSAL_KEYS_ONLY_LOCALLY);
  policy.promise.keys_delta = *ParseKeysDelta("1e-7", policy.promise);
  EXPECT_EQ(why(open, Reach::kLocal), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(why(open, Reach::kRegional), v1::REFUSAL_KEYS_ONLY_LOCALLY);
  // As many words as an answer may name count, whatever there is; and nobody is asked in vain.
  EXPECT_EQ(why("SELECT agency, kind, count(*), sum(cost) FROM visit GROUP BY 1, 2", Reach::kLocal),
            v1::REFUSAL_TOO_MANY_CELLS);
  policy.promise.keys_delta = 0;
  EXPECT_EQ(why("SELECT agency, count(*) FROM visit WHERE delicate = 'f' GROUP BY 1", Reach::kLocal),
            v1::REFUSAL_KEYS_NOT_OPEN);
}

v1::Refusal Of(const std::string& sql, Policy policy, const Codebook& book) {
  policy.max_cells = 1 << 20;
  const Grant grant = Partner();
  return Decide(Planned(sql, book), book, "plaidoyer", policy, &grant, Standing::kAnswering, Reach::kLocal,
                nullptr, Day(2026, 8, 15))
      .refusal;
}

TEST(Decide, LooksAtEveryColumnThatAQuestionReads) {
  const Codebook book = Book();
  const Policy policy = Rules(book);
  EXPECT_EQ(Of("SELECT count(*) FROM visit WHERE person.secret = 'f'", policy, book),
            v1::REFUSAL_COLUMN_DENIED);
  EXPECT_EQ(Of("SELECT count(*) FROM visit WHERE kind = 'f' OR NOT (kind = 'm' AND person.secret = 'f')",
               policy, book),
            v1::REFUSAL_COLUMN_DENIED);
  EXPECT_EQ(Of("SELECT person.secret, count(*) FROM visit GROUP BY 1", policy, book),
            v1::REFUSAL_COLUMN_DENIED);
  Policy closed = policy;
  closed.columns.erase("visit.cost");
  EXPECT_EQ(Of("SELECT avg(cost) FROM visit", closed, book), v1::REFUSAL_COLUMN_DENIED);
  EXPECT_EQ(Of("SELECT avg(cost) FROM visit", policy, book), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(Of("SELECT kind, delicate, count(*) FROM visit GROUP BY 1, 2", policy, book),
            v1::REFUSAL_NEEDS_APPROVAL);
  // Denied comes before "a person decides", wherever each stands.
  EXPECT_EQ(Of("SELECT delicate, count(*) FROM visit WHERE person.secret = 'f' GROUP BY 1", policy, book),
            v1::REFUSAL_COLUMN_DENIED);
}

TEST(Decide, CohortsAsAKeyAreNoColumnButADimension) {
  const Codebook book = Book();
  const Policy policy = Rules(book);
  const auto decided = [&](const std::string& keys) {
    return Of(absl::StrCat("SELECT ", keys,
                           ", count(*) FROM visit WHERE entered BETWEEN '2026-Q1' AND "
                           "'2026-Q2' GROUP BY ",
                           keys),
              policy, book);
  };
  EXPECT_EQ(decided("entered"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(decided("entered, kind"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(decided("entered, kind, person.sex"), v1::REFUSAL_TOO_MANY_DIMENSIONS);
}

TEST(Decide, AVerdictIsOfExactlyOnePlanAskerPurposeAndPolicyAndChangesNothingElse) {
  const Codebook book = Book();
  const Policy policy = Rules(book);
  Grant grant = Partner();
  grant.purposes.emplace_back("planification");
  const auto of = [&](const std::string& sql, const Verdict& verdict, const Policy& rules,
                      Standing standing = Standing::kAnswering, const std::string& purpose = "plaidoyer") {
    return Decide(Planned(sql, book), book, purpose, rules, &grant, standing, Reach::kLocal, &verdict,
                  Day(2026, 8, 15))
        .refusal;
  };
  const Verdict approved = VerdictOn(kDelicate, book, policy, true);
  EXPECT_EQ(of(kDelicate, approved, policy), v1::REFUSAL_UNSPECIFIED);
  // Another thing than what was approved.
  const std::string other = "SELECT count(*) FROM visit WHERE delicate = 'f'";
  EXPECT_EQ(of(other, approved, policy), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(of(kDelicate, approved, policy, Standing::kAnswering, "planification"),
            v1::REFUSAL_NEEDS_APPROVAL);
  Verdict else_s = approved;
  else_s.asker = "SHA256:another";
  EXPECT_EQ(of(kDelicate, else_s, policy), v1::REFUSAL_NEEDS_APPROVAL);
  Policy later = policy;
  later.hash = std::string(32, 'p');
  EXPECT_EQ(of(kDelicate, approved, later), v1::REFUSAL_NEEDS_APPROVAL);
  // What stood against it still does.
  EXPECT_EQ(of(kDelicate, approved, policy, Standing::kStopped), v1::REFUSAL_STOPPED);
  EXPECT_EQ(of(kDelicate, approved, policy, Standing::kRestored), v1::REFUSAL_RESTORED);
  Policy closed = policy;
  closed.columns.erase("visit.kind");
  EXPECT_EQ(of(kDelicate, approved, closed), v1::REFUSAL_COLUMN_DENIED);
  Policy tightened = policy;
  tightened.columns["visit.delicate"].rule = Rule::kDeny;
  EXPECT_EQ(of(kDelicate, approved, tightened), v1::REFUSAL_COLUMN_DENIED);
  // What asks nobody is not refused by somebody.
  EXPECT_EQ(of(kGood, VerdictOn(kGood, book, policy, false), policy), v1::REFUSAL_UNSPECIFIED);
}

TEST(Decide, NamesEveryColumnThatAsksAndTheQuestionsThatReadIt) {
  const Codebook book = Book();
  Policy policy = Rules(book);
  policy.columns["person.sex"].rule = Rule::kAsk;
  policy.max_cells = 1000;
  v1::Bulletin bulletin;
  bulletin.add_questions()->set_sql("SELECT kind, delicate, count(*) FROM visit GROUP BY 1, 2");
  bulletin.add_questions()->set_sql(kGood);
  bulletin.add_questions()->set_sql(
      "SELECT count(*) FROM visit WHERE delicate = 'f' AND NOT delicate = 'm' AND person.sex = 'f'");
  const Plan plan = *MakePlan(*BindAll(bulletin, book), {}, book);
  const std::vector<AskedColumn> asked = AskedColumns(plan, book, policy);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0].name, "visit.delicate");
  EXPECT_EQ(asked[0].questions, (std::vector<uint32_t>{0, 2}));
  EXPECT_EQ(asked[1].name, "person.sex");
  EXPECT_EQ(asked[1].questions, std::vector<uint32_t>{2});
  const Grant grant = Partner();
  const Decision decision = Decide(plan, book, "plaidoyer", policy, &grant, Standing::kAnswering,
                                   Reach::kLocal, nullptr, Day(2026, 8, 15));
  EXPECT_EQ(decision.about, "visit.delicate, person.sex") << "one wait for the whole bulletin";
}

TEST(Decide, BoundsTheGrainOfDatesInKeysAndInRanges) {
  const Codebook book = Book();
  const Policy policy = Rules(book);  // visit.day: {finest: month}
  const auto of = [&](const std::string& rest) {
    return Of("SELECT count(*) FROM visit " + rest, policy, book);
  };
  EXPECT_EQ(of("GROUP BY day"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("GROUP BY week(day)"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("GROUP BY month(day)"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(of("GROUP BY year(day)"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(of("WHERE day BETWEEN '2026-03-01' AND '2026-04-30'"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(of("WHERE day BETWEEN '2026-Q1' AND '2026-Q2'"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(of("WHERE day BETWEEN '2026-03-01' AND '2026-04-29'"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("WHERE day > '2026-03-01'"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("WHERE day >= '2026-03-01'"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(of("WHERE day = '2026-03-14'"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("WHERE NOT day = '2026-03-14'"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("WHERE kind = 'f' AND (day < '2026-02-10' OR kind = 'm')"), v1::REFUSAL_TOO_FINE);
  EXPECT_EQ(of("WHERE day IS NULL"), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(of("WHERE day IS NOT NULL"), v1::REFUSAL_UNSPECIFIED);
}

TEST(Decide, EndsPolicyAndGrantWithTheirLastDay) {
  const Codebook book = Book();
  const Policy policy = Rules(book);
  Grant grant = Partner();
  grant.until = absl::InfiniteFuture();
  const auto at = [&](absl::Time now, const Grant& g) {
    return Decide(Planned(kGood, book), book, "plaidoyer", policy, &g, Standing::kAnswering, Reach::kLocal,
                  nullptr, now)
        .refusal;
  };
  EXPECT_EQ(at(Day(2027, 7, 1) - absl::Nanoseconds(1), grant), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(at(Day(2027, 7, 1), grant), v1::REFUSAL_POLICY_EXPIRED);
  EXPECT_EQ(at(Day(2027, 2, 1) - absl::Nanoseconds(1), Partner()), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(at(Day(2027, 2, 1), Partner()), v1::REFUSAL_GRANT_EXPIRED);
}

TEST(Decide, RefusesTheWholeBulletinForOneQuestionThatMayNotBeAsked) {
  const Codebook book = Book();
  const Policy policy = Rules(book);
  const Grant grant = Partner();
  v1::Bulletin bulletin;
  bulletin.add_questions()->set_sql(kGood);
  bulletin.add_questions()->set_sql("SELECT count(*) FROM visit WHERE person.secret = 'f'");
  const Plan plan = *MakePlan(*BindAll(bulletin, book), {}, book);
  const Decision decision = Decide(plan, book, "plaidoyer", policy, &grant, Standing::kAnswering,
                                   Reach::kLocal, nullptr, Day(2026, 8, 15));
  EXPECT_EQ(decision.refusal, v1::REFUSAL_COLUMN_DENIED);
  EXPECT_EQ(decision.about, "person.secret");
}

TEST(Decide, CutsALongPurposeBetweenCharacters) {
  const Codebook book = Book();
  const Policy policy = Rules(book);
  const Grant grant = Partner();
  std::string purpose = "x";
  for (int i = 0; i < 80; ++i) purpose += "é";
  const Decision decision = Decide(Planned(kGood, book), book, purpose, policy, &grant, Standing::kAnswering,
                                   Reach::kLocal, nullptr, Day(2026, 8, 15));
  EXPECT_EQ(decision.refusal, v1::REFUSAL_PURPOSE_NOT_GRANTED);
  EXPECT_EQ(decision.about, purpose.substr(0, 99));
}

TEST(Words, EveryRefusalSaysWhatHappenedAndWhatToDoInBothLanguages) {
  const auto* refusals = v1::Refusal_descriptor();
  int last = 0;
  for (int i = 0; i < refusals->value_count(); ++i) {
    const int number = refusals->value(i)->number();
    EXPECT_GE(number, last) << "the file is in order of precedence";
    last = number;
    if (number == 0) continue;
    const v1::RefusalDetail detail = InWords(static_cast<v1::Refusal>(number), "x");
    const std::string& name = refusals->value(i)->name();
    EXPECT_EQ(detail.reason(), number);
    EXPECT_EQ(detail.about(), "x");
    for (const std::string& text :
         {detail.says().fr(), detail.says().en(), detail.next().fr(), detail.next().en()}) {
      EXPECT_GT(text.size(), 14u) << name;
      EXPECT_TRUE(!text.empty() && text.back() == '.') << name << ": " << text;
    }
    EXPECT_NE(detail.says().fr(), detail.says().en()) << name;
    const std::string& by = refusals->value(i)->options().GetExtension(v1::says).raised_by();
    EXPECT_TRUE(by == "decide" || by == "ledger" || by == "round") << name;
  }
}

}  // namespace
}  // namespace penc
