// What a change of policy does, field by field; and that the verdict keeps its promise, with Decide as the
// judge.
#include "policy/diff.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "codebook/read.h"
#include "policy/decide.h"
#include "policy/read.h"
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
  visit:
    unit: event
    caps: {cells: 4, rows: 4}
    labels: {fr: Visites, en: Visits}
    columns:
      day: {type: day, from: 2026-01-01, to: 2026-12-31, sensitivity: public, fr: Jour, en: Day}
      month: {type: month, from: 2026-01, to: 2026-12, sensitivity: public, fr: Mois, en: Month}
      kind: {type: code, codes: sex, sensitivity: public, fr: Genre, en: Kind}
      cost: {type: number, range: [0, 100], step: 1, sensitivity: public, fr: Coût, en: Cost}
)";

constexpr char kPolicy[] = R"(policy: small
valid_until: 2027-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: nobody}
columns:
  visit.day: {finest: month}
  visit.month: allow
  visit.kind: ask
limits: {group_by: 2, cells: 40}
regional: {members: 6, presumed_dishonest: 2, stewards_colluding: 2}
display: {hide_margin_above: 50%, phantoms: 1}
approvals: {days: 14, waiting: 20}
publication: {delay_days: 30}
)";

class PolicyDiff : public ::testing::Test {
 protected:
  Policy Read(const std::string& text) {
    auto policy = ReadPolicy("policy.yaml", text, book_);
    EXPECT_TRUE(policy.ok()) << policy.status() << "\n" << text;
    return *std::move(policy);
  }
  // The policy above with one part of it written otherwise.
  v1::PolicyComparison Changed(const std::string& from, const std::string& to) {
    const std::string text = absl::StrReplaceAll(kPolicy, {{from, to}});
    EXPECT_NE(text, kPolicy) << from;
    return Compare(Read(kPolicy), Read(text), book_);
  }
  Codebook book_ = *ReadCodebook("small.yaml", kCodebook);
};

TEST_F(PolicyDiff, EveryFieldLoosensOneWayAndTightensTheOther) {
  struct Case {
    const char *stands, *tight, *loose, *path;
  };
  const Case cases[] = {
      {"2027-06-30", "2027-06-30", "2028-06-30", "valid_until"},
      {"epsilon: 8", "epsilon: 8", "epsilon: 8.5", "promise"},
      {"delta: 1e-6", "delta: 1e-6", "delta: 0.00001", "promise"},
      {"delta: 1e-6", "delta: 0", "delta: 1e-9", "promise"},
      {"local: granted", "local: nobody", "local: granted", "answers.local"},
      {"regional: nobody", "regional: nobody", "regional: granted", "answers.regional"},
      {"kind: ask", "kind: deny", "kind: ask", "columns.visit.kind"},
      {"kind: ask", "kind: ask", "kind: allow", "columns.visit.kind"},
      {"kind: ask", "kind: ask", "kind: ask\n  visit.cost: ask", "columns.visit.cost"},
      {"finest: month", "finest: quarter", "finest: month", "columns.visit.day"},
      {"{finest: month}", "{finest: year}", "allow", "columns.visit.day"},
      {"month: allow", "month: {finest: year}", "month: allow", "columns.visit.month"},
      {"group_by: 2", "group_by: 2", "group_by: 3", "limits.group_by"},
      {"cells: 40", "cells: 40", "cells: 41", "limits.cells"},
      {"members: 6", "members: 6", "members: 5", "regional.members"},
      {"dishonest: 2", "dishonest: 3", "dishonest: 2", "regional.presumed_dishonest"},
      {"colluding: 2", "colluding: 2", "colluding: 1", "regional.stewards_colluding"},
      {"above: 50%", "above: 40%", "above: 50%", "display.hide_margin_above"},
      {"phantoms: 1", "phantoms: 1", "phantoms: 2", "display.phantoms"},
      {"days: 14", "days: 14", "days: 15", "approvals.days"},
      {"waiting: 20", "waiting: 20", "waiting: 21", "approvals.waiting"},
      {"delay_days: 30", "delay_days: 30", "delay_days: 29", "publication.delay_days"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(absl::StrCat(one.tight, " / ", one.loose));
    ASSERT_TRUE(absl::StrContains(kPolicy, one.stands));
    const Policy tight = Read(absl::StrReplaceAll(kPolicy, {{one.stands, one.tight}}));
    const Policy loose = Read(absl::StrReplaceAll(kPolicy, {{one.stands, one.loose}}));
    const v1::PolicyComparison up = Compare(tight, loose, book_), down = Compare(loose, tight, book_);
    EXPECT_EQ(up.verdict(), v1::DIRECTION_LOOSENS);
    EXPECT_EQ(down.verdict(), v1::DIRECTION_TIGHTENS);
    ASSERT_EQ(up.changes_size(), 1);
    EXPECT_EQ(up.changes(0).path(), one.path);
    EXPECT_NE(up.changes(0).says().fr(), up.changes(0).says().en());
  }
}

TEST_F(PolicyDiff, TextThatMeansTheSameIsTheSame) {
  EXPECT_EQ(Changed("visit.kind: ask", "visit.kind: ask   # decided in May").changes_size(), 0);
  EXPECT_EQ(Changed("visit.kind: ask", "visit.kind: ask\n  visit.cost: deny").changes_size(), 0)
      << "silence denies already";
  EXPECT_EQ(Changed("visit.month: allow", "visit.month: {finest: month}").changes_size(), 0)
      << "a month is the column's own unit";
  EXPECT_EQ(Changed("delta: 1e-6", "delta: 0.000001").changes_size(), 0);
  const v1::PolicyComparison renamed = Changed("policy: small", "policy: smaller");
  EXPECT_EQ(renamed.verdict(), v1::DIRECTION_SAME);
  EXPECT_EQ(renamed.changes_size(), 1) << "but a new name is said";
}

TEST_F(PolicyDiff, WhatTightensDoesNotMakeUpForWhatLoosens) {
  const v1::PolicyComparison mixed =
      Changed("visit.month: allow\n  visit.kind: ask", "visit.month: deny\n  visit.kind: allow");
  EXPECT_EQ(mixed.verdict(), v1::DIRECTION_LOOSENS);
  ASSERT_EQ(mixed.changes_size(), 2);
  EXPECT_EQ(mixed.changes(0).path(), "columns.visit.kind") << "what loosens comes first";
  EXPECT_EQ(mixed.changes(0).says().fr(), "Genre (visit.kind): une personne décide → permis");
  EXPECT_EQ(Changed("epsilon: 8, delta: 1e-6", "epsilon: 4, delta: 1e-5").verdict(), v1::DIRECTION_LOOSENS);
}

TEST_F(PolicyDiff, WeeksAreNotWithinMonths) {
  // 2026-03-01 begins a month and no week: a range from there is refused before, allowed after.
  const Policy weeks = Read(absl::StrReplaceAll(kPolicy, {{"finest: month", "finest: week"}}));
  EXPECT_EQ(Compare(weeks, Read(kPolicy), book_).verdict(), v1::DIRECTION_LOOSENS);
  EXPECT_EQ(Compare(Read(kPolicy), weeks, book_).verdict(), v1::DIRECTION_LOOSENS);
}

// ---- random pairs

std::string RandomPolicy(std::mt19937& random) {
  const auto pick = [&](const std::vector<std::string>& of) { return of[random() % of.size()]; };
  const std::vector<std::string> rules = {"deny", "ask", "allow"};
  std::string columns;
  for (const char* name : {"kind", "cost"})
    absl::StrAppend(&columns, "  visit.", name, ": ", pick(rules), "\n");
  for (const char* name : {"day", "month"}) {
    absl::StrAppend(&columns, "  visit.", name, ": {rule: ", pick(rules),
                    ", finest: ", pick({"day", "week", "month", "quarter", "year"}), "}\n");
  }
  return absl::StrCat(
      "policy: r\nvalid_until: ", pick({"2026-03-31", "2027-06-30"}),
      "\npromise: {epsilon: 8, delta: 1e-6}\nanswers: {local: ", pick({"nobody", "granted", "granted"}),
      ", regional: ", pick({"nobody", "granted"}), "}\ncolumns:\n", columns,
      "limits: {group_by: ", pick({"1", "2"}), ", cells: ", pick({"4", "20", "400"}), "}\n");
}

// `text` with one line of another policy: neighbours, so that verdicts of every kind are met.
std::string Neighbour(const std::string& text, std::mt19937& random) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const std::vector<std::string> others = absl::StrSplit(RandomPolicy(random), '\n');
  for (int i = 0; i < 2; ++i) {
    const size_t at = 1 + random() % (lines.size() - 1);
    lines[at] = others[at];
  }
  return absl::StrJoin(lines, "\n");
}

TEST_F(PolicyDiff, NothingThatWasRefusedIsAllowedUnlessItLoosens) {
  std::vector<Plan> plans;
  for (const char* sql : {
           "SELECT count(*) FROM visit",
           "SELECT kind, count(*) FROM visit GROUP BY kind",
           "SELECT sum(cost) FROM visit",
           "SELECT kind, sum(cost) FROM visit GROUP BY kind",
           "SELECT month, count(*) FROM visit GROUP BY month",
           "SELECT quarter(month), kind, count(*) FROM visit GROUP BY quarter(month), kind",
           "SELECT year(day), count(*) FROM visit GROUP BY year(day)",
           "SELECT quarter(day), count(*) FROM visit GROUP BY quarter(day)",
           "SELECT month(day), count(*) FROM visit GROUP BY month(day)",
           "SELECT week(day), count(*) FROM visit GROUP BY week(day)",
           "SELECT day, count(*) FROM visit GROUP BY day",
           "SELECT count(*) FROM visit WHERE day >= '2026-03-01'",
           "SELECT count(*) FROM visit WHERE day BETWEEN '2026-03-02' AND '2026-03-08'",
           "SELECT count(*) FROM visit WHERE day >= '2026-04-01'",
           "SELECT count(*) FROM visit WHERE month = '2026-05'",
           "SELECT count(*) FROM visit WHERE kind = 'f' AND month BETWEEN '2026-04' AND '2026-06'",
       }) {
    v1::Bulletin bulletin;
    bulletin.add_questions()->set_sql(sql);
    auto questions = BindAll(bulletin, book_);
    ASSERT_TRUE(questions.ok()) << sql << ": " << questions.status();
    auto plan = MakePlan(*std::move(questions), {}, book_);
    ASSERT_TRUE(plan.ok()) << sql << ": " << plan.status();
    plans.push_back(*std::move(plan));
  }
  Grant grant;
  grant.purposes = {"plaidoyer"};
  grant.tables = {"visit"};
  grant.until = absl::InfiniteFuture();
  std::mt19937 random(20261126);
  int met[4] = {}, opened = 0;
  for (int pair = 0; pair < 1500; ++pair) {
    const std::string before_text = RandomPolicy(random), after_text = Neighbour(before_text, random);
    const Policy before = Read(before_text), after = Read(after_text);
    const v1::Direction verdict = Compare(before, after, book_).verdict();
    ++met[verdict];
    bool opens = false;
    for (const Plan& plan : plans) {
      for (const Reach reach : {Reach::kLocal, Reach::kRegional}) {
        for (const int month : {1, 9}) {
          const absl::Time now = absl::FromCivil(absl::CivilDay(2026, month, 15), absl::UTCTimeZone());
          const auto decide = [&](const Policy& policy) {
            return Decide(plan, book_, "plaidoyer", policy, &grant, Standing::kAnswering, reach, nullptr, now)
                .refusal;
          };
          const v1::Refusal then = decide(before), next = decide(after);
          opens = opens || (then != 0 && next == 0);
          // What a person might have let pass is not opened either where nothing loosens.
          const bool person_too =
              then != 0 && then != v1::REFUSAL_NEEDS_APPROVAL && next == v1::REFUSAL_NEEDS_APPROVAL;
          if (verdict == v1::DIRECTION_SAME) {
            ASSERT_EQ(then, next) << before_text << after_text;
          }
          if (verdict == v1::DIRECTION_TIGHTENS) {
            ASSERT_FALSE(person_too) << before_text << after_text;
          }
        }
      }
    }
    opened += opens;
    if (verdict != v1::DIRECTION_LOOSENS) {
      ASSERT_FALSE(opens) << before_text << after_text;
    }
  }
  EXPECT_GT(met[v1::DIRECTION_SAME], 50);
  EXPECT_GT(met[v1::DIRECTION_TIGHTENS], 200);
  EXPECT_GT(met[v1::DIRECTION_LOOSENS], 200);
  EXPECT_GT(opened, 200) << "most of what is said to loosen does";
}

}  // namespace
}  // namespace penc
