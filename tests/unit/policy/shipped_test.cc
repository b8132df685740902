// What ships: the standard and the demonstration policy, the thirteen questions of the network.
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/utf8.h"
#include "codebook/read.h"
#include "embedded/embedded.h"
#include "policy/decide.h"
#include "policy/read.h"
#include "question/answer.h"
#include "question/bind.h"
#include "question/bulletin.h"

namespace penc {
namespace {

const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 10, 15), absl::UTCTimeZone());

Codebook Migration() {
  auto book = ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml"));
  EXPECT_TRUE(book.ok()) << book.status();
  return *std::move(book);
}
Policy Profile(const std::string& name, const Codebook& book) {
  auto policy = ReadPolicy(name, *embedded::File(absl::StrCat("profiles/", name, ".yaml")), book);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *std::move(policy);
}
v1::Bulletin Questions(absl::string_view file) {
  auto bulletin = ReadBulletin(file, *embedded::File(file));
  EXPECT_TRUE(bulletin.ok()) << bulletin.status();
  return *std::move(bulletin);
}
Plan Planned(const v1::Bulletin& bulletin, const Codebook& book, uint64_t share_ppm) {
  auto questions = BindAll(bulletin, book);
  EXPECT_TRUE(questions.ok()) << bulletin.name() << ": " << questions.status();
  auto plan = MakePlan(*std::move(questions), {Price::Kind::kShare, share_ppm}, book);
  EXPECT_TRUE(plan.ok()) << bulletin.name() << ": " << plan.status();
  return *std::move(plan);
}
Grant EveryTable(const Codebook& book) {
  Grant grant;
  grant.purposes = {"plaidoyer"};
  for (const Table& table : book.tables) grant.tables.push_back(table.name);
  grant.until = absl::InfiniteFuture();
  return grant;
}
std::vector<absl::string_view> Templates() {
  std::vector<absl::string_view> files;
  for (absl::string_view name : embedded::Names()) {
    if (absl::StartsWith(name, "questions/") && name != "questions/bulletin.yaml") files.push_back(name);
  }
  return files;
}

TEST(StandardPolicy, AnswersOrRoutesToAPersonEachOfTheThirteenQuestions) {
  const Codebook book = Migration();
  const Policy standard = Profile("standard", book);
  const Grant grant = EveryTable(book);
  std::set<std::string> answered;
  ASSERT_EQ(Templates().size(), 13u);
  for (absl::string_view file : Templates()) {
    const Plan plan = Planned(Questions(file), book, 20000);
    const Decision decision = Decide(plan, book, "plaidoyer", standard, &grant, Standing::kAnswering,
                                     Reach::kRegional, nullptr, kNow);
    EXPECT_TRUE(decision.allowed() || decision.refusal == v1::REFUSAL_NEEDS_APPROVAL)
        << file << ": " << v1::Refusal_Name(decision.refusal) << " " << decision.about;
    if (decision.allowed()) answered.insert(std::string(file.substr(10, 2)));
    // Alone, an office under the standard policy answers nobody.
    EXPECT_EQ(
        Decide(plan, book, "plaidoyer", standard, &grant, Standing::kAnswering, Reach::kLocal, nullptr, kNow)
            .refusal,
        v1::REFUSAL_LOCAL_NOT_OPEN)
        << file;
  }
  // Which are answered without a person is a decision of the profile, not an accident.
  EXPECT_EQ(answered, (std::set<std::string>{"01", "03", "04", "06", "08", "10", "13"}));
}

TEST(StandardPolicy, DecidesEveryColumnThatCanBeAsked) {
  const Codebook book = Migration();
  for (const char* profile : {"standard", "demo"}) {
    const Policy policy = Profile(profile, book);
    for (const Table& table : book.tables) {
      for (const Column& column : table.columns) {
        const std::string name = absl::StrCat(table.name, ".", column.name);
        EXPECT_EQ(policy.columns.count(name), column.sensitivity == Sensitivity::kNever ? 0u : 1u)
            << profile << " " << name;
      }
    }
  }
}

TEST(DemoPolicy, AnswersEveryQuestionAlone) {
  const Codebook book = Migration();
  const Policy demo = Profile("demo", book);
  const Grant grant = EveryTable(book);
  for (absl::string_view file : Templates()) {
    const Decision decision = Decide(Planned(Questions(file), book, 20000), book, "plaidoyer", demo, &grant,
                                     Standing::kAnswering, Reach::kLocal, nullptr, kNow);
    EXPECT_TRUE(decision.allowed()) << file << ": " << v1::Refusal_Name(decision.refusal);
  }
}

TEST(Bulletin, IsTheThirteenTemplatesInTheirOrder) {
  const v1::Bulletin all = Questions("questions/bulletin.yaml");
  int next = 0;
  for (absl::string_view file : Templates()) {
    const v1::Bulletin one = Questions(file);
    for (const v1::Question& question : one.questions()) {
      ASSERT_LT(next, all.questions_size()) << file;
      EXPECT_EQ(all.questions(next).SerializeAsString(), question.SerializeAsString()) << file;
      ++next;
      EXPECT_TRUE(absl::StrContains(question.title(), " / ")) << question.title();
    }
  }
  EXPECT_EQ(next, all.questions_size());
}

// The thirteenth where the network recognises people from one organisation to another.
TEST(StandardPolicy, AnswersHowManyDifferentPeopleWithoutAPerson) {
  std::string text(*embedded::File("codebook/migration.yaml"));
  const size_t line = text.find('\n', text.find('\n', text.find("\n      consent_stats:") + 1) + 1);
  text.insert(line, "\n      bucket: {type: integer, range: [0, 1048575], sensitivity: never}");
  absl::StrAppend(&text, "linkage: {column: person.bucket, fields: [surname, birth_year], key_check: \"",
                  std::string(32, 'a'), "\"}\n");
  const auto book = ReadCodebook("linked.yaml", text);
  ASSERT_TRUE(book.ok()) << book.status();
  const std::string path = PENC_SOURCE_DIR "/policy/questions/linked/13-distinct.yaml";
  const auto bulletin = ReadBulletin(path, *ReadFile(path), "2026-Q3");
  ASSERT_TRUE(bulletin.ok()) << bulletin.status();
  const Plan plan = Planned(*bulletin, *book, 100000);
  const Policy standard = Profile("standard", *book);
  const Grant everything = EveryTable(*book);
  Grant grant = everything;
  EXPECT_TRUE(Decide(plan, *book, "plaidoyer", standard, &grant, Standing::kAnswering, Reach::kRegional,
                     nullptr, kNow)
                  .allowed());
  grant.tables = {"incident"};
  EXPECT_EQ(Decide(plan, *book, "plaidoyer", standard, &grant, Standing::kAnswering, Reach::kRegional,
                   nullptr, kNow)
                .refusal,
            v1::REFUSAL_NOT_GRANTED);
}

TEST(Bulletin, FitsTheStandardPolicyAtSixtyPercentOfABudget) {
  const Codebook book = Migration();
  const Policy standard = Profile("standard", book);
  const Plan plan = Planned(Questions("questions/bulletin.yaml"), book, 600000);
  EXPECT_LE(plan.length, standard.max_cells);
  const Promise reference = *ParsePromise(book.reference_promise.epsilon, book.reference_promise.delta);
  const uint64_t budget = RenyiBudget(reference);
  EXPECT_LE(plan.reference_cost.renyi, budget / 10 * 6 + 1);
  EXPECT_GE(plan.reference_cost.renyi, budget / 10 * 5);
  EXPECT_EQ(ExplainPlan(plan, book).size(), plan.questions.size());
}

}  // namespace
}  // namespace penc
