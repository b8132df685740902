// Different persons of a network: how they are asked, what a plan makes of it, what is read out of marks.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "question/answer.h"
#include "question/measures/measure.h"
#include "question/release.h"
#include "question/sentence.h"
#include "tests/unit/question/small_codebook.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

class DistinctMeasure : public SmallCodebook {
 protected:
  DistinctMeasure() {
    const std::string book = absl::StrCat(
        absl::StrReplaceAll(kSmallCodebook,
                            {{"      consent:",
                              "      bucket: {type: integer, range: [0, 1048575], sensitivity: never}\n"
                              "      consent:"}}),
        "linkage:\n  column: person.bucket\n  fields: [surname, birth_year]\n",
        "  key_check: \"00112233445566778899aabbccddeeff\"\n");
    codebook_ = ReadCodebook("linked.yaml", book).value();
  }
  // Marks of offices that each know these persons.
  std::vector<int64_t> Marks(const std::vector<std::vector<int>>& offices, size_t buckets) {
    std::vector<int64_t> sums(buckets, 0);
    for (const std::vector<int>& persons : offices) {
      std::set<size_t> marked;
      for (int person : persons) marked.insert(std::mt19937_64(7000 + person)() % buckets);
      for (size_t bucket : marked) ++sums[bucket];
    }
    return sums;
  }
};

std::vector<int> FromTo(int first, int last) {
  std::vector<int> all;
  for (int i = first; i < last; ++i) all.push_back(i);
  return all;
}

TEST_F(DistinctMeasure, IsAskedInAFewWaysAndReadBackToItself) {
  for (const auto& [asked, canonical] : std::vector<std::pair<std::string, std::string>>{
           {"count(DISTINCT network_person)",
            "approx_count_distinct(network_person, 10000) AS \"distinct_persons\""},
           {"approx_count_distinct(network_person) AS n",
            "approx_count_distinct(network_person, 10000) AS \"n\""},
           {"approx_count_distinct(network_person, 4400)",
            "approx_count_distinct(network_person, 4400) AS \"distinct_persons\""},
           {"approx_count_shared(network_person, 4400)",
            "approx_count_shared(network_person, 4400) AS \"shared_persons\""}}) {
    const std::string text = Canon("SELECT " + asked + " FROM event");
    EXPECT_EQ(text, "SELECT " + canonical + " FROM event");
    EXPECT_EQ(Canon(text), text);
  }
  EXPECT_THAT(Sentence(*Bound("SELECT count(DISTINCT network_person) FROM person"), codebook_).fr,
              HasSubstr("personnes différentes"));
}

TEST_F(DistinctMeasure, RefusesWhatItCannotSayWithWhatToWrite) {
  for (const auto& [asked, says] : std::vector<std::pair<std::string, std::string>>{
           {"approx_count_distinct(person)", "approx_count_distinct(network_person, 10000)"},
           {"approx_count_distinct(sex)", "approx_count_distinct(network_person, 10000)"},
           {"approx_count_distinct(network_person, 0)", "with about the number of persons expected"},
           {"approx_count_distinct(network_person, -5)", "with about the number of persons expected"},
           {"approx_count_distinct(network_person, 1.5)", "with about the number of persons expected"},
           {"approx_count_distinct(network_person, 3000001)", "at most 3000000"},
           {"approx_count_distinct()", "approx_count_distinct(network_person, 10000)"},
           {"count(network_person)", "count persons"},
           {"count(DISTINCT network_person, 5)", "count persons"},
           {"sum(network_person)", "no question can name a person"},
           {"sum(bucket)", "unknown column"},
           {"share(network_person = 5)", "no question can name a person"}}) {
    EXPECT_THAT(Canon("SELECT " + asked + " FROM event"), HasSubstr(says)) << asked;
  }
  EXPECT_THAT(Canon("SELECT network_person, count(*) FROM event GROUP BY network_person"),
              HasSubstr("no question can name a person"));
  codebook_.linkage.reset();
  EXPECT_THAT(Canon("SELECT count(DISTINCT network_person) FROM event"),
              HasSubstr("ask count(DISTINCT person), people followed, not unique"));
}

TEST_F(DistinctMeasure, IsPricedWithLaplaceAndBothMeasuresReadTheSameMarks) {
  const Plan one = *Planned("SELECT approx_count_distinct(network_person, 4400) FROM person");
  ASSERT_EQ(one.blocks.size(), 1u);
  const Block& block = one.blocks[0];
  EXPECT_EQ(block.noise.family, Family::kDiscreteLaplace);
  EXPECT_EQ(Planned("SELECT count(DISTINCT person) FROM person")->blocks[0].noise.family, Family::kSkellam);
  EXPECT_TRUE(block.counting.mark);
  EXPECT_EQ(block.counting.fan, 1u << 13);
  EXPECT_EQ(block.counting.part_width, 1u << 7);
  EXPECT_EQ(block.per_person.l1, 1u);
  const Plan two = *Planned(
      "SELECT approx_count_distinct(network_person, 4400), approx_count_shared(network_person, 4400) "
      "FROM person");
  EXPECT_EQ(two.blocks.size(), 1u);
  EXPECT_EQ(two.reference_cost.renyi, one.reference_cost.renyi);
  EXPECT_EQ(Planned("SELECT approx_count_distinct(network_person, 4400), "
                    "approx_count_shared(network_person, 44000) FROM person")
                ->blocks.size(),
            2u);
  // A person of three countries is in a bucket of each, as the table's cap allows.
  EXPECT_EQ(Planned("SELECT country, approx_count_distinct(network_person, 500) FROM event GROUP BY country")
                ->blocks[0]
                .per_person.l0,
            3u);
  EXPECT_THAT(
      std::string(Planned("SELECT count(DISTINCT network_person) FROM person", {Price::Kind::kMargin, 10})
                      .status()
                      .message()),
      HasSubstr("depends on the answer"));
}

TEST_F(DistinctMeasure, ReadsWhoIsThereAndWhoIsThereTwice) {
  const Plan plan = *Planned(
      "SELECT approx_count_distinct(network_person, 700), approx_count_shared(network_person, 700) "
      "FROM person",
      {Price::Kind::kEpsilon, 64 * 1024});
  const std::vector<int64_t> marks = Marks({FromTo(0, 300), FromTo(200, 500), FromTo(400, 700)}, 1 << 10);
  const EstimatedRow row = Estimate(plan, codebook_, {plan.id, marks, 3}, {1e9, 1e9})[0].rows[0];
  EXPECT_LE(row.values[0].low, 700);
  EXPECT_GE(row.values[0].high, 700);
  EXPECT_LE(row.values[1].low, 200);
  EXPECT_GE(row.values[1].high, 200);
  // Nobody can be known twice to one organisation.
  const EstimatedRow alone =
      Estimate(plan, codebook_, {plan.id, Marks({FromTo(0, 300)}, 1 << 10)}, {1e9, 1e9})[0].rows[0];
  EXPECT_NEAR(alone.values[0].value, 300, 60);
  EXPECT_EQ(alone.values[1].shown, Value::Shown::kTooFew);
}

TEST_F(DistinctMeasure, EveryCellHasItsOwnBuckets) {
  const Plan plan =
      *Planned("SELECT sex, approx_count_distinct(network_person, 700) FROM person GROUP BY sex",
               {Price::Kind::kEpsilon, 64 * 1024});
  std::vector<int64_t> all = Marks({FromTo(0, 300), FromTo(100, 400)}, 1 << 10);
  for (const std::vector<int64_t>& more : {Marks({FromTo(0, 100), {}}, 1 << 10), Marks({{}, {}}, 1 << 10)})
    all.insert(all.end(), more.begin(), more.end());
  const auto rows = Estimate(plan, codebook_, {plan.id, all, 2}, {1e9, 1e9})[0].rows;
  EXPECT_NEAR(rows[0].values[0].value, 400, 80);
  EXPECT_NEAR(rows[1].values[0].value, 100, 40);
  EXPECT_NEAR(rows[2].values[0].value, 0, 5);
}

TEST_F(DistinctMeasure, SaysByWhatPersonsAreRecognised) {
  const Plan plan = *Planned("SELECT approx_count_distinct(network_person, 700) FROM person",
                             {Price::Kind::kEpsilon, 64 * 1024});
  const std::vector<int64_t> marks = Marks({FromTo(0, 300), FromTo(200, 500)}, 1 << 10);
  const v1::Table table = ToTables(plan, codebook_, {plan.id, marks, 2}, {1e9, 1e9})[0];
  EXPECT_THAT(table.columns(0).unit().fr(), HasSubstr("surname, birth_year"));
  EXPECT_EQ(table.columns(0).measure(), "distinct");
  EXPECT_EQ(table.blocks(0).counts(), "marks");
  EXPECT_THAT(table.reading().fr(), HasSubstr("personnes différentes"));
}

}  // namespace
}  // namespace penc
