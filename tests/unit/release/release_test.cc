#include "release/release.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "policy/read.h"
#include "release/approvals.h"
#include "release/local_noise.h"
#include "tests/support/passing_store.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPolicy[] = R"(policy: small
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns:
  person.sex: allow
  person.profile: ask
  move.origin: allow
  move.dest: allow
  move.cost: allow
limits: {group_by: 3, cells: 65536}
)";

// A real store that can be made to fail, and that says what was asked of it.
class WatchedStore final : public PassingStore {
 public:
  using PassingStore::PassingStore;

  std::function<void()> before_snapshot;
  bool damaged = false;
  mutable int snapshots = 0, extracted = 0;
  std::function<void()> during_extract;

  absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot() const override {
    ++snapshots;
    if (before_snapshot) before_snapshot();
    return PassingStore::OpenSnapshot();
  }
  absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override {
    ++extracted;
    if (during_extract) during_extract();
    if (damaged) return Fail(absl::StatusCode::kDataLoss, {"morceau 17 abîmé", "chunk 17 is damaged"});
    return PassingStore::Extract(snapshot, plan);
  }
};

class RecordedSteps : public Steps {
 public:
  void Reached(absl::string_view step) override {
    steps.emplace_back(step);
    if (at) at(step);
  }
  std::vector<std::string> steps;
  std::function<void(absl::string_view)> at;
};

class ReleaseTest : public SmallStore {
 protected:
  ReleaseTest() {
    Open();
    policy_ = ReadPolicy("policy.yaml", kPolicy, codebook_).value();
    grant_.name = "iom";
    grant_.key = "SHA256:a";
    grant_.purposes = {"plaidoyer"};
    grant_.tables = {"person", "move"};
    grant_.share_ppm = 1000000;
    grant_.until = absl::InfiniteFuture();
    OpenLedger();
  }
  ~ReleaseTest() override { CloseLedger(); }

  void OpenLedger() {
    ledger_ = Ledger::Open(*database_, *committer_, codebook_.closing).value();
    approvals_ = Approvals::Open(*database_, *committer_).value();
    watched_ = std::make_unique<WatchedStore>(*store_);
  }
  void CloseLedger() {
    watched_.reset();
    approvals_.reset();
    store_.reset();
    committer_.reset();  // its thread refers to the ledger
    ledger_.reset();
  }
  void Restart() {
    CloseLedger();
    Open();
    OpenLedger();
  }

  // `men` and `women` persons, each with one row, from the number `first` on; then the edition closes.
  void Record(int women, int men, Edition edition, int first = 0) {
    std::vector<TestRow> rows;
    rows.reserve(women + men);
    for (int i = 0; i < women + men; ++i)
      rows.push_back({absl::StrCat(first + i), {i < women ? 1u : 2u, 0, 1}, ""});
    const auto staged = Stage("person", rows, absl::StrCat("file ", first));
    ASSERT_TRUE(staged.ok()) << staged.status();
    ASSERT_TRUE(Close(edition).ok());
    ASSERT_TRUE(ledger_->OpenCohort(edition, policy_.promise).ok());
  }

  Responder Here() {
    return {codebook_,   policy_,  has_grant_ ? &grant_ : nullptr,
            standing_,   "ALCRER", practice_,
            *watched_,   *ledger_, *approvals_,
            *committer_, clock_,   random_,
            steps_};
  }
  // What a person says of the question with this number.
  void Approve(uint64_t number, bool approve, const std::string& because = "") {
    const auto decided =
        approvals_->Decide(number, approve, because, "Awa", absl::Hours(24 * policy_.approvals.days),
                           {policy_.hash, codebook_.hash, store_->Status().edition, clock_.now});
    ASSERT_TRUE(decided.ok()) << decided.status();
  }
  static AskFor Question(const std::string& sql, const std::string& asker = "SHA256:a") {
    AskFor ask;
    ask.bulletin.add_questions()->set_sql(sql);
    ask.price.set_share_ppm(20000);
    ask.purpose = "plaidoyer";
    ask.asker = asker;
    return ask;
  }
  absl::StatusOr<std::string> Try(const AskFor& ask) {
    Responder here = Here();
    return AnswerAlone(ask, here, nullptr);
  }
  std::string Bytes(const AskFor& ask) {
    const auto bytes = Try(ask);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.ok() ? *bytes : "";
  }
  v1::Answer Answer(const AskFor& ask) {
    v1::Answer answer;
    EXPECT_TRUE(answer.ParseFromString(Bytes(ask)));
    return answer;
  }
  v1::Refusal Refused(const AskFor& ask) {
    const v1::Answer answer = Answer(ask);
    EXPECT_EQ(answer.tables_size(), 0);
    return answer.refusal().reason();
  }
  uint64_t SpentBy(Edition cohort) {
    for (const CohortBalance& balance : ledger_->Balances()) {
      if (balance.cohort == cohort) return balance.spent.renyi;
    }
    return 0;
  }
  std::vector<storage::v1::JournalLeaf> Leaves() {
    std::vector<storage::v1::JournalLeaf> leaves;
    const auto read = journal_->ForEach(0, [&](uint64_t, absl::string_view bytes) {
      EXPECT_TRUE(leaves.emplace_back().ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
      return true;
    });
    EXPECT_TRUE(read.ok());
    return leaves;
  }

  Policy policy_;
  Grant grant_;
  bool has_grant_ = true, practice_ = false;
  Standing standing_ = Standing::kAnswering;
  RecordedSteps steps_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<Approvals> approvals_;
  std::unique_ptr<WatchedStore> watched_;
};

constexpr char kBySex[] = "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex";

TEST_F(ReleaseTest, AnswersWithEverythingThatAReaderNeeds) {
  Record(300, 200, kFirst);
  practice_ = true;
  const v1::Answer answer = Answer(Question(kBySex));
  ASSERT_EQ(answer.tables_size(), 1);
  ASSERT_EQ(answer.tables(0).rows_size(), 3);  // f, m, not known: the empty one is there too
  EXPECT_FALSE(answer.has_refusal());
  EXPECT_EQ(answer.edition(), "2026-Q1");
  EXPECT_EQ(answer.codebook(), "small@1");
  EXPECT_EQ(answer.answered(), 1u);
  EXPECT_EQ(answer.asked(), 1u);
  EXPECT_THAT(answer.organisations(), ElementsAre("ALCRER"));
  EXPECT_TRUE(answer.practice());
  EXPECT_THAT(answer.charge().cohorts(), ElementsAre("2026-Q1"));
  EXPECT_EQ(answer.charge().renyi(), SpentBy(kFirst));
  EXPECT_LE(answer.charge().share_ppm(), 20000u);
  EXPECT_GE(answer.charge().share_ppm(), 19000u);
  EXPECT_THAT(answer.citation().fr(), HasSubstr("ALCRER, édition 2026-Q1"));
  EXPECT_EQ(answer.question_id().size(), 64u);
}

TEST_F(ReleaseTest, AddsNoiseOfTheStatedLawAndNotTheExactNumberAlone) {
  policy_.promise.epsilon_1024 = 64 * 1024;  // room for all of them
  Record(300, 200, kFirst);
  int exact = 0, outside = 0;
  constexpr int kReleases = 200;
  for (int i = 0; i < kReleases; ++i) {
    // Another title makes another plan, so each is drawn afresh.
    AskFor ask = Question(absl::StrCat("SELECT count(DISTINCT person) AS n", i, " FROM person"));
    ask.price.set_epsilon_1024(256);
    const v1::Answer answer = Answer(ask);
    ASSERT_FALSE(answer.has_refusal()) << answer.refusal().says().en();
    const v1::Value& value = answer.tables(0).rows(0).values(0);
    exact += value.value() == 500;
    outside += value.low() > 500 || value.high() < 500;
  }
  // Discrete Laplace at 1/4: P(noise = 0) = tanh(1/8) = 0.124. More than 65 of 200, or fewer than 1: below
  // 1e-7.
  EXPECT_LE(exact, 65);
  EXPECT_GE(exact, 1);
  // The interval misses with probability at most 5 %: more than 35 of 200 below 1e-9.
  EXPECT_LE(outside, 35);
}

TEST_F(ReleaseTest, GoesThroughTheOrderOfHarm) {
  Record(30, 20, kFirst);
  uint64_t charged_before_extract = 0;
  watched_->during_extract = [&] { charged_before_extract = SpentBy(kFirst); };
  std::vector<std::string> plans;
  AskFor ask = Question(kBySex);
  Responder here = Here();
  ASSERT_TRUE(AnswerAlone(ask, here, [&](const Plan& plan) { plans.push_back(plan.id); }).ok());
  EXPECT_EQ(plans.size(), 1u);
  EXPECT_GT(charged_before_extract, 0u);
  EXPECT_THAT(steps_.steps, ElementsAre("ask.before_reserve", "ask.after_reserve", "ask.after_extract",
                                        "ask.before_commit", "ask.after_commit"));
  const auto leaves = Leaves();
  ASSERT_GE(leaves.size(), 2u);
  const auto& charged = leaves[leaves.size() - 2];
  EXPECT_EQ(charged.charged().question(),
            "SELECT sex, count(DISTINCT person) AS \"persons\" FROM person GROUP BY sex");
  EXPECT_EQ(charged.charged().purpose(), "plaidoyer");
  EXPECT_EQ(charged.charged().asker(), "SHA256:a");
  EXPECT_TRUE(leaves.back().has_released());
}

TEST_F(ReleaseTest, GivesTheSameBytesToEverySpellingAndEveryAsker) {
  Record(30, 20, kFirst);
  const std::string first =
      Bytes(Question("SELECT sex, count(DISTINCT person) FROM person WHERE sex IN ('f', 'm') GROUP BY 1"));
  const uint64_t spent = SpentBy(kFirst);
  EXPECT_EQ(
      Bytes(Question("select sex, count(distinct person) from person where sex='m' or sex='f' group by sex",
                     "SHA256:b")),
      first);
  Restart();
  EXPECT_EQ(
      Bytes(Question("SELECT sex, count(DISTINCT person) FROM person WHERE NOT sex IS NULL GROUP BY sex")),
      first);
  EXPECT_EQ(SpentBy(kFirst), spent);
  EXPECT_EQ(watched_->extracted, 0);
}

// One stored answer serves all who ask the same; what one of them calls it is nothing to the others.
TEST_F(ReleaseTest, NeverShowsOneAskersTitleToAnother) {
  Record(30, 20, kFirst);
  AskFor one = Question(kBySex), other = Question(kBySex, "SHA256:b"), third = Question(kBySex, "SHA256:c");
  one.bulletin.mutable_questions(0)->set_title("Titre de A");
  other.bulletin.mutable_questions(0)->set_title("Titre de B");
  v1::Answer a = Answer(one), b = Answer(other);
  EXPECT_EQ(a.tables(0).title(), "Titre de A");
  EXPECT_EQ(b.tables(0).title(), "Titre de B");
  EXPECT_THAT(Bytes(third), Not(HasSubstr("Titre")));
  EXPECT_EQ(Answer(one).tables(0).title(), "Titre de A");
  a.mutable_tables(0)->clear_title();
  b.mutable_tables(0)->clear_title();
  EXPECT_EQ(a.SerializeAsString(), b.SerializeAsString());
  EXPECT_EQ(a.SerializeAsString(), Bytes(third));
}

TEST_F(ReleaseTest, AnswersEachEditionAfreshAndChargesAllItsCohorts) {
  Record(30, 20, kFirst);
  const std::string first = Bytes(Question(kBySex));
  const uint64_t once = SpentBy(kFirst);
  Record(10, 10, kFirst + 1, 1000);
  const std::string second = Bytes(Question(kBySex));
  EXPECT_NE(first, second);
  EXPECT_EQ(SpentBy(kFirst), 2 * once);
  EXPECT_EQ(SpentBy(kFirst + 1), once);
  // Only the newer people: only they pay.
  const v1::Answer answer = Answer(
      Question("SELECT sex, count(DISTINCT person) FROM person WHERE entered >= '2026-Q2' GROUP BY sex"));
  EXPECT_THAT(answer.charge().cohorts(), ElementsAre("2026-Q2"));
  EXPECT_EQ(SpentBy(kFirst), 2 * once);
  EXPECT_EQ(SpentBy(kFirst + 1), 2 * once);
}

TEST_F(ReleaseTest, ATrendOverCohortsChargesEachOfThemOnceAndCountsEachApart) {
  Record(300, 200, kFirst);
  Record(1000, 10, kFirst + 1, 1000);
  const v1::Answer answer = Answer(Question(
      "SELECT entered, sex, count(DISTINCT person) FROM person WHERE entered BETWEEN '2025-Q4' AND '2026-Q3' "
      "GROUP BY entered, sex"));
  // Of those named, two are closed.
  EXPECT_THAT(answer.charge().cohorts(), ElementsAre("2026-Q1", "2026-Q2"));
  EXPECT_EQ(SpentBy(kFirst), SpentBy(kFirst + 1));
  const uint64_t once = SpentBy(kFirst);
  Bytes(
      Question("SELECT sex, count(DISTINCT person) FROM person WHERE entered BETWEEN '2025-Q4' AND '2026-Q3' "
               "GROUP BY sex"));
  EXPECT_EQ(SpentBy(kFirst), 2 * once);
  const v1::Table& table = answer.tables(0);
  ASSERT_EQ(table.axes(0).categories_size(), 4);
  const auto near = [&](uint32_t cohort, uint32_t sex, double people) {
    for (const v1::Row& row : table.rows()) {
      if (row.key(0) != cohort || row.key(1) != sex) continue;
      EXPECT_NEAR(row.values(0).value(), people, 8 * table.columns(0).margin()) << cohort << " " << sex;
    }
  };
  const auto margin = table.columns(0).margin();
  ASSERT_LT(8 * margin, 300);
  near(1, 0, 300);
  near(2, 0, 1000);
  near(0, 0, 0);
  near(3, 0, 0);
}

// An edition that closes between looking at the calendar and opening the records would let its people be
// counted without being charged.
TEST_F(ReleaseTest, ChargesThePeopleThatItCountsThoughAnEditionClosesMeanwhile) {
  Record(30, 20, kFirst);
  bool closed = false;
  watched_->before_snapshot = [&] {
    if (closed) return;
    closed = true;
    Record(500, 0, kFirst + 1, 1000);
  };
  const v1::Answer answer = Answer(Question(kBySex));
  EXPECT_EQ(answer.edition(), "2026-Q2");
  EXPECT_THAT(answer.charge().cohorts(), ElementsAre("2026-Q1", "2026-Q2"));
  EXPECT_GT(SpentBy(kFirst + 1), 0u);
}

// It would cost nobody anything: as many answers of pure noise as a disk can hold.
TEST_F(ReleaseTest, KeepsNoAnswerThatNobodyPaysFor) {
  Record(30, 20, kFirst);
  for (const char* entered : {"entered > '2026-Q1'", "entered = '2025-Q4'"}) {
    const auto answer = Try(Question(
        absl::StrCat("SELECT sex, count(DISTINCT person) FROM person WHERE ", entered, " GROUP BY sex")));
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(answer.status().message()), HasSubstr("2026-Q1"));
  }
  EXPECT_TRUE(steps_.steps.empty());
  EXPECT_EQ(watched_->extracted, 0);
}

TEST_F(ReleaseTest, AnswersABulletinWithOneCharge) {
  Record(30, 20, kFirst);
  AskFor ask = Question(kBySex);
  ask.bulletin.add_questions()->set_sql("SELECT origin, count(*) FROM move GROUP BY origin");
  ask.bulletin.add_questions()->set_sql("SELECT avg(cost) FROM move");
  const v1::Answer answer = Answer(ask);
  EXPECT_EQ(answer.tables_size(), 3);
  int charges = 0;
  for (const auto& leaf : Leaves()) charges += leaf.has_charged();
  EXPECT_EQ(charges, 1);
  EXPECT_LE(answer.charge().share_ppm(), 20000u);
}

TEST_F(ReleaseTest, KeepsAStoredAnswerThoughAPersonIsErased) {
  Record(30, 20, kFirst);
  const std::string before = Bytes(Question(kBySex));
  ASSERT_TRUE(store_->Erase(Key16("person 3")).ok());
  EXPECT_EQ(Bytes(Question(kBySex)), before);
}

TEST_F(ReleaseTest, RefusesWithoutSpendingOrLookingAndJournalsWhatWasTried) {
  Record(30, 20, kFirst);
  struct Row {
    const char* sql;
    v1::Refusal reason;
    const char* journaled;
  };
  const Row rows[] = {
      {"SELECT age, count(*) FROM person GROUP BY age", v1::REFUSAL_COLUMN_DENIED, "age"},
      {"SELECT count(*) FROM visit", v1::REFUSAL_NOT_GRANTED, "visit"},
      {"SELECT count(*) FROM personn", v1::REFUSAL_UNKNOWN_TABLE, ""},
      {"SELECT count(*) FROM person WHERE name = 'Awa Diop'", v1::REFUSAL_UNKNOWN_COLUMN, ""},
  };
  for (const Row& row : rows) {
    const v1::Answer answer = Answer(Question(row.sql));
    EXPECT_EQ(v1::Refusal_Name(answer.refusal().reason()), v1::Refusal_Name(row.reason)) << row.sql;
    EXPECT_FALSE(answer.refusal().says().fr().empty());
    EXPECT_FALSE(answer.refusal().next().en().empty());
    const storage::v1::JournalLeaf leaf = Leaves().back();
    EXPECT_EQ(leaf.refused().refusal(), static_cast<uint32_t>(row.reason));
    EXPECT_EQ(leaf.refused().asker(), "SHA256:a");
    EXPECT_THAT(leaf.refused().question(), HasSubstr(row.journaled));
    EXPECT_THAT(leaf.SerializeAsString(), Not(HasSubstr("Awa")));
  }
  EXPECT_EQ(SpentBy(kFirst), 0u);
  EXPECT_EQ(watched_->snapshots, 0);
  EXPECT_TRUE(steps_.steps.empty());
}

// ---- questions of which a person decides

constexpr char kByProfile[] = "SELECT profile, count(*) FROM person GROUP BY profile";

TEST_F(ReleaseTest, AQuestionWaitsForAPersonWithoutALookAtTheRecordsAndIsChargedWhenItIsAnswered) {
  Record(30, 20, kFirst);
  const v1::Answer waiting = Answer(Question(kByProfile));
  EXPECT_EQ(waiting.refusal().reason(), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(waiting.refusal().about(), "person.profile");
  EXPECT_EQ(waiting.refusal().until_unix_micros(), absl::ToUnixMicros(clock_.now + absl::Hours(24 * 14)));
  const auto leaves = Leaves().size();
  EXPECT_EQ(Bytes(Question(kByProfile)), waiting.SerializeAsString()) << "again: the same, and no leaf";
  EXPECT_EQ(Leaves().size(), leaves);
  EXPECT_THAT(Leaves().back().decision_asked().question(), HasSubstr("profile"));
  EXPECT_EQ(watched_->snapshots, 0);

  Approve(1, true);
  EXPECT_EQ(SpentBy(kFirst), 0u) << "an approval is no charge";
  const v1::Answer answer = Answer(Question(kByProfile));
  EXPECT_FALSE(answer.has_refusal());
  const uint64_t spent = SpentBy(kFirst);
  EXPECT_GT(spent, 0u);
  EXPECT_EQ(Bytes(Question(kByProfile)), answer.SerializeAsString());
  EXPECT_EQ(SpentBy(kFirst), spent) << "once";
}

TEST_F(ReleaseTest, WhoeverIsRefusedByAPersonReadsWhy) {
  Record(30, 20, kFirst);
  Refused(Question(kByProfile));
  Approve(1, false, "pas pendant les arrestations");
  const v1::Answer answer = Answer(Question(kByProfile));
  EXPECT_EQ(answer.refusal().reason(), v1::REFUSAL_DECLINED_BY_PERSON);
  EXPECT_EQ(answer.refusal().about(), "pas pendant les arrestations");
  EXPECT_EQ(Leaves().back().refused().refusal(), v1::REFUSAL_DECLINED_BY_PERSON);
  EXPECT_EQ(SpentBy(kFirst), 0u);
}

TEST_F(ReleaseTest, AnApprovalIsOfThisQuestionPricePurposeAskerEditionAndPolicy) {
  Record(30, 20, kFirst);
  grant_.purposes.emplace_back("planification");
  const AskFor approved = Question(kByProfile);
  Refused(approved);
  Approve(1, true);
  AskFor dearer = approved, other_purpose = approved;
  dearer.price.set_share_ppm(30000);
  other_purpose.purpose = "planification";
  EXPECT_EQ(Refused(dearer), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(Refused(other_purpose), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(Refused(Question("SELECT sex, profile, count(*) FROM person GROUP BY 1, 2")),
            v1::REFUSAL_NEEDS_APPROVAL);
  grant_.key = "SHA256:b";
  EXPECT_EQ(Refused(Question(kByProfile, "SHA256:b")), v1::REFUSAL_NEEDS_APPROVAL);
  grant_.key = "SHA256:a";
  EXPECT_FALSE(Answer(approved).has_refusal());
  const std::string hash = policy_.hash;
  policy_.hash = std::string(32, 'p');
  EXPECT_EQ(Refused(approved), v1::REFUSAL_NEEDS_APPROVAL) << "nor is a stored answer given again";
  policy_.hash = hash;
  EXPECT_EQ(Refused(approved), v1::REFUSAL_NEEDS_APPROVAL) << "what another policy ended stays ended";
  Approve(7, true);
  EXPECT_FALSE(Answer(approved).has_refusal());
  Record(10, 10, kFirst + 1, 1000);
  EXPECT_EQ(Refused(approved), v1::REFUSAL_NEEDS_APPROVAL) << "in another edition it is another question";
}

TEST_F(ReleaseTest, AnEditionThatClosesJustBeforeTheRecordsAreOpenedIsNotAnsweredByTheOldApproval) {
  Record(30, 20, kFirst);
  Refused(Question(kByProfile));
  Approve(1, true);
  watched_->before_snapshot = [this] {
    watched_->before_snapshot = nullptr;
    Record(10, 10, kFirst + 1, 1000);
  };
  EXPECT_EQ(Refused(Question(kByProfile)), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(SpentBy(kFirst), 0u);
  EXPECT_EQ(SpentBy(kFirst + 1), 0u);
}

TEST_F(ReleaseTest, EverythingElseIsDecidedAgainWhenAnApprovedQuestionIsAsked) {
  Record(30, 20, kFirst);
  AskFor approved = Question(kByProfile);
  approved.price.set_share_ppm(900000);
  Refused(approved);
  Approve(1, true);
  standing_ = Standing::kStopped;
  EXPECT_EQ(Refused(approved), v1::REFUSAL_STOPPED);
  standing_ = Standing::kRestored;
  EXPECT_EQ(Refused(approved), v1::REFUSAL_RESTORED);
  standing_ = Standing::kAnswering;
  grant_.until = clock_.now;
  EXPECT_EQ(Refused(approved), v1::REFUSAL_GRANT_EXPIRED);
  grant_.until = absl::InfiniteFuture();
  AskFor other = Question(kBySex);
  other.price.set_share_ppm(900000);
  ASSERT_FALSE(Answer(other).has_refusal());
  EXPECT_EQ(Refused(approved), v1::REFUSAL_BUDGET_EXHAUSTED);
}

TEST_F(ReleaseTest, NobodyIsAskedAboutWhatWouldNotBeAnsweredAnyway) {
  EXPECT_FALSE(Try(Question(kByProfile)).ok()) << "nothing is closed yet";
  Record(30, 20, kFirst);
  standing_ = Standing::kRestored;
  EXPECT_EQ(Refused(Question(kByProfile)), v1::REFUSAL_RESTORED);
  standing_ = Standing::kAnswering;
  EXPECT_EQ(Refused(Question("SELECT profile, count(*) FROM person WHERE age = 1 GROUP BY 1")),
            v1::REFUSAL_COLUMN_DENIED);
  EXPECT_TRUE(approvals_->All({policy_.hash, codebook_.hash, kFirst, clock_.now}).empty());
}

TEST_F(ReleaseTest, ExplainsThatAQuestionWaitsWithoutPuttingItBeforeAnybody) {
  Record(30, 20, kFirst);
  const auto explained = [&] {
    Responder here = Here();
    return ExplainQuestion(Question(kByProfile), here).value();
  };
  EXPECT_EQ(explained().refusal().reason(), v1::REFUSAL_NEEDS_APPROVAL);
  EXPECT_EQ(explained().refusal().until_unix_micros(), 0) << "nobody was asked";
  Refused(Question(kByProfile));
  EXPECT_GT(explained().refusal().until_unix_micros(), 0);
  Approve(1, true);
  EXPECT_FALSE(explained().has_refusal());
}

TEST_F(ReleaseTest, AChargeOfAnApprovedQuestionThatWasCutOffIsCompletedAtNoNewCost) {
  Record(30, 20, kFirst);
  Refused(Question(kByProfile));
  Approve(1, true);
  watched_->damaged = true;
  EXPECT_FALSE(Try(Question(kByProfile)).ok());
  const uint64_t spent = SpentBy(kFirst);
  EXPECT_GT(spent, 0u);
  Restart();
  EXPECT_FALSE(Answer(Question(kByProfile)).has_refusal());
  EXPECT_EQ(SpentBy(kFirst), spent);
}

TEST_F(ReleaseTest, StopsEverythingBeforeItLooksAtNames) {
  Record(30, 20, kFirst);
  const AskFor unknown = Question("SELECT count(*) FROM personn");
  EXPECT_EQ(Refused(unknown), v1::REFUSAL_UNKNOWN_TABLE);
  has_grant_ = false;
  EXPECT_EQ(Refused(unknown), v1::REFUSAL_NOT_GRANTED);
  standing_ = Standing::kStopped;
  EXPECT_EQ(Refused(unknown), v1::REFUSAL_STOPPED);
  EXPECT_EQ(Refused(Question(kBySex)), v1::REFUSAL_STOPPED);
}

TEST_F(ReleaseTest, JournalsALongPurposeSoThatItCanBeReadAgain) {
  Record(30, 20, kFirst);
  AskFor ask = Question(kBySex);
  ask.purpose = "x";
  for (int i = 0; i < 80; ++i) ask.purpose += "é";
  EXPECT_EQ(Refused(ask), v1::REFUSAL_PURPOSE_NOT_GRANTED);
  EXPECT_EQ(Leaves().back().refused().purpose(), ask.purpose.substr(0, 99));
}

TEST_F(ReleaseTest, NamesTheCohortsWhoseBudgetIsSpent) {
  Record(30, 20, kFirst);
  AskFor ask = Question(kBySex);
  ask.price.set_share_ppm(900000);
  ASSERT_FALSE(Answer(ask).has_refusal());
  Record(10, 10, kFirst + 1, 1000);
  const v1::Answer refused = Answer(ask);
  EXPECT_EQ(refused.refusal().reason(), v1::REFUSAL_BUDGET_EXHAUSTED);
  EXPECT_EQ(refused.refusal().about(), "2026-Q1");
  EXPECT_EQ(SpentBy(kFirst + 1), 0u);
}

TEST_F(ReleaseTest, SaysInternalForDamageAndNothingOfWhereAndChargesOnce) {
  Record(30, 20, kFirst);
  watched_->damaged = true;
  for (int attempt = 0; attempt < 4; ++attempt) {
    const auto failed = Try(Question(kBySex));
    EXPECT_EQ(failed.status().code(), absl::StatusCode::kInternal) << failed.status();
    EXPECT_FALSE(absl::StrContains(failed.status().message(), "17"));
  }
  const uint64_t spent = SpentBy(kFirst);
  EXPECT_GT(spent, 0u);
  watched_->damaged = false;
  EXPECT_EQ(Refused(Question(kBySex)), v1::REFUSAL_GIVEN_UP);
  EXPECT_EQ(SpentBy(kFirst), spent);
  for (const auto& leaf : Leaves()) EXPECT_FALSE(leaf.has_released());
}

TEST_F(ReleaseTest, CompletesAnInterruptedQuestionAtNoNewCost) {
  Record(30, 20, kFirst);
  watched_->damaged = true;
  EXPECT_FALSE(Try(Question(kBySex)).ok());
  const uint64_t spent = SpentBy(kFirst);
  Restart();
  EXPECT_FALSE(Answer(Question(kBySex)).has_refusal());
  EXPECT_EQ(SpentBy(kFirst), spent);
}

TEST_F(ReleaseTest, AnswersNothingBeforeAnEditionIsOpen) {
  const auto early = Try(Question(kBySex));
  EXPECT_EQ(early.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(steps_.steps.empty());
}

TEST_F(ReleaseTest, ExplainsAtThePriceThatItWouldChargeWithoutTouchingARecord) {
  Record(30, 20, kFirst);
  const auto explained = ExplainQuestion(Question(kBySex), Here());
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(watched_->snapshots + watched_->extracted, 0);
  EXPECT_EQ(SpentBy(kFirst), 0u);
  EXPECT_FALSE(explained->has_refusal());
  const v1::Answer answer = Answer(Question(kBySex));
  EXPECT_EQ(explained->question_id(), answer.question_id());
  EXPECT_EQ(explained->charge().SerializeAsString(), answer.charge().SerializeAsString());
  const auto denied = ExplainQuestion(Question("SELECT age, count(*) FROM person GROUP BY age"), Here());
  ASSERT_TRUE(denied.ok());
  EXPECT_EQ(denied->refusal().reason(), v1::REFUSAL_COLUMN_DENIED);
  EXPECT_EQ(denied->questions_size(), 1);  // what it would be, all the same
}

// Answers leave at reply slots. Were a second call told that the first still works, two who ask the same at
// chosen moments would read from it how long the records took.
TEST_F(ReleaseTest, NeverTellsThatTheSameQuestionIsStillBeingAnswered) {
  Record(30, 20, kFirst);
  std::thread meanwhile;
  std::string first, second;
  std::atomic<bool> asked{false};
  watched_->during_extract = [&] {
    meanwhile = std::thread([&] {
      NoSteps steps;
      Responder here{codebook_, policy_,     &grant_,     standing_, "ALCRER", false, *watched_,
                     *ledger_,  *approvals_, *committer_, clock_,    random_,  steps};
      const AskFor same = Question(kBySex, "SHA256:b");
      asked = true;
      second = AnswerAlone(same, here, nullptr).value_or("");
    });
    while (!asked) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  };
  first = Bytes(Question(kBySex));
  meanwhile.join();
  EXPECT_FALSE(first.empty());
  EXPECT_EQ(first, second);
  EXPECT_EQ(watched_->extracted, 1);
}

TEST_F(ReleaseTest, LetsManyAskTheSameAtOnceAndGivesThemOneAnswer) {
  Record(300, 200, kFirst);
  std::mutex mutex;
  std::set<std::string> answers;
  std::vector<std::thread> threads;
  threads.reserve(8);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      NoSteps steps;
      Responder here{codebook_, policy_,     &grant_,     standing_, "ALCRER", false, *watched_,
                     *ledger_,  *approvals_, *committer_, clock_,    random_,  steps};
      const auto bytes = AnswerAlone(Question(kBySex, absl::StrCat("SHA256:", t)), here, nullptr);
      ASSERT_TRUE(bytes.ok()) << bytes.status();
      std::lock_guard<std::mutex> lock(mutex);
      answers.insert(*bytes);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(watched_->extracted, 1);
}

}  // namespace
}  // namespace penc
