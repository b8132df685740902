// A column whose words nobody declared, through the office as its server and its commands use it: imported,
// closed, asked, refused, shown, erased. And what somebody could try against whoever holds a word alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "journal/journal.h"
#include "ledger/ledger.h"
#include "release/key_choice.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/seed.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  race: [{code: black, fr: Noire, en: Black}, {code: white, fr: Blanche, en: White}]
tables:
  work:
    unit: event
    caps: {cells: 2, rows: 4}
    labels: {fr: Plaintes, en: Complaints}
    columns:
      race: {type: code, codes: race, constant: true, sensitivity: ordinary}
      agency: {type: text, open: true, sensitivity: ordinary, fr: Agence, en: Agency}
)";
constexpr char kPolicy[] = R"(policy: small
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6, keys_delta: KEYS}
answers: {local: granted, regional: granted}
columns: {work.race: allow, work.agency: allow}
limits: {group_by: 3, cells: 65536}
)";
constexpr char kQuestion[] = "SELECT agency, count(DISTINCT person) FROM work GROUP BY agency";

class OpenList : public SmallOffice {
 protected:
  OpenList() { Begin("1e-7"); }

  void Begin(const std::string& keys_delta) {
    office_.reset();
    std::filesystem::remove_all(dir_);
    InitOptions init = Init();
    init.codebook_text = kCodebook;
    init.policy_text = keys_delta.empty() ? absl::StrReplaceAll(kPolicy, {{", keys_delta: KEYS", ""}})
                                          : absl::StrReplaceAll(kPolicy, {{"KEYS", keys_delta}});
    const absl::Status created = Office::Create(dir_, init, environment());
    PENC_CHECK(created.ok());
    Open();
    std::string csv = "person_ref,race,agency\n";
    // 400 of one agency in three spellings, 300 of another, three of a third, one alone, 50 who say nothing.
    const char* spellings[] = {"Agence Sud", "AGENCE SUD", " agence  sud"};
    for (int i = 0; i < 400; ++i)
      absl::StrAppend(&csv, "S", i, ",", i % 2 == 0 ? "black" : "white", ",", spellings[i % 3], "\n");
    for (int i = 0; i < 300; ++i) absl::StrAppend(&csv, "N", i, ",white,Agence Nord\n");
    for (int i = 0; i < 3; ++i) absl::StrAppend(&csv, "F", i, ",white,Presque Personne\n");
    csv += "ALONE,white,Une Seule\n";
    for (int i = 0; i < 50; ++i) absl::StrAppend(&csv, "Q", i, ",black,\n");
    PENC_CHECK(Import(csv).ok());
    PENC_CHECK(Close("2026-Q3").ok());
    PENC_CHECK(Grant(partner_.verify_key().Fingerprint(), "analyste", 1000000).ok());
  }
  std::string Bytes(const std::string& sql, uint32_t share_ppm = 200000) {
    v1::AskBody body;
    body.mutable_bulletin()->add_questions()->set_sql(sql);
    body.mutable_price()->set_share_ppm(share_ppm);
    body.set_purpose("plaidoyer");
    body.set_node(office_->identity().fingerprint);
    body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
    const std::string bytes = body.SerializeAsString();
    const auto asked =
        office_->Ask(partner_.verify_key(), bytes, partner_.Sign(absl::StrCat("penc ask v1\n", bytes)));
    EXPECT_TRUE(asked.answer.ok()) << asked.answer.status();
    return asked.answer.value_or("");
  }
  v1::Answer Ask(const std::string& sql, uint32_t share_ppm = 200000) {
    v1::Answer answer;
    EXPECT_TRUE(answer.ParseFromString(Bytes(sql, share_ppm)));
    return answer;
  }
  v1::Refusal Why(const std::string& sql, uint32_t share_ppm = 200000) {
    return Ask(sql, share_ppm).refusal().reason();
  }
  static std::vector<std::string> Codes(const v1::Axis& axis) {
    std::vector<std::string> codes;
    for (const v1::Category& category : axis.categories()) codes.push_back(category.code());
    return codes;
  }
  Spent SpentHere() { return office_->ledger().Balances()[0].spent; }
  std::string Journal() {
    std::string all;
    EXPECT_TRUE(office_->journal()
                    .ForEach(0,
                             [&](uint64_t, absl::string_view leaf) {
                               absl::StrAppend(&all, leaf);
                               return true;
                             })
                    .ok());
    return all;
  }

  SigningKey partner_ = SigningKey::Generate(random_);
};

TEST_F(OpenList, IsAnsweredByTheWordsOfManyAndBindsTheirNumbersToOneReservation) {
  const v1::Answer answer = Ask(kQuestion);
  ASSERT_FALSE(answer.has_refusal()) << answer.refusal().ShortDebugString();
  const v1::Table& table = answer.tables(0);
  EXPECT_THAT(Codes(table.axes(0)), ElementsAre("agence nord", "agence sud", ""));
  EXPECT_TRUE(table.axes(0).categories(2).not_stated());
  ASSERT_EQ(table.rows_size(), 3);
  EXPECT_NEAR(table.rows(0).values(0).value(), 300, 200);
  EXPECT_NEAR(table.rows(1).values(0).value(), 400, 200);
  EXPECT_EQ(table.blocks(0).noisy_size(), 3);
  EXPECT_EQ(table.selection().mechanism(), "truncated geometric");
  EXPECT_EQ(table.selection().keys(), 2u);
  EXPECT_NEAR(static_cast<double>(table.selection().delta()), 2e10, 2);  // 20 % of a tenth of 1e-6
  EXPECT_LT(table.selection().persons_most(), 200u);
  EXPECT_FALSE(table.selection().cut());
  EXPECT_EQ(answer.charge().keys_delta(), table.selection().delta());
  const Spent spent = SpentHere();
  EXPECT_EQ(spent.delta, table.selection().delta());
  EXPECT_EQ(spent.renyi, answer.charge().renyi());
  // The same question in the same edition: the same bytes, and nothing more is spent, after a restart too.
  const std::string bytes = answer.SerializeAsString();
  EXPECT_EQ(Bytes(kQuestion), bytes);
  Open();
  EXPECT_EQ(Bytes("SELECT agency , count( distinct person) FROM work GROUP BY 1"), bytes);
  EXPECT_EQ(SpentHere().delta, spent.delta);
  EXPECT_EQ(SpentHere().renyi, spent.renyi);
}

TEST_F(OpenList, NamesNoWordInTheJournalAndNoSpellingInAnAnswer) {
  const std::string bytes = Bytes(kQuestion);
  EXPECT_THAT(bytes, Not(HasSubstr("Agence Sud")));
  EXPECT_THAT(bytes, Not(HasSubstr("seule")));
  const std::string journal = Journal();
  for (const char* word : {"Sud", "sud", "Nord", "nord", "Seule", "seule"})
    EXPECT_THAT(journal, Not(HasSubstr(word))) << word;
}

TEST_F(OpenList, GoesWithDeclaredKeysAndOtherMeasures) {
  const v1::Answer answer =
      Ask("SELECT race, agency, count(*), count(DISTINCT person) FROM work GROUP BY race, agency", 400000);
  ASSERT_FALSE(answer.has_refusal()) << answer.refusal().ShortDebugString();
  const v1::Table& table = answer.tables(0);
  EXPECT_EQ(table.selection().axis(), 1u);
  EXPECT_THAT(Codes(table.axes(1)), ElementsAre("agence nord", "agence sud", ""));
  ASSERT_EQ(table.blocks_size(), 2);
  EXPECT_EQ(table.blocks(0).noisy_size(), table.axes(0).categories_size() * 3);
  // By race of those who said the first word.
  EXPECT_NEAR(static_cast<double>(table.blocks(1).noisy(1)), 200, 150);
}

TEST_F(OpenList, NamesNobodysWordsForCohortsThatDoNotHoldThem) {
  std::string csv = "person_ref,race,agency\n";
  for (int i = 0; i < 500; ++i) absl::StrAppend(&csv, "L", i, ",black,Tardive\n");
  ASSERT_TRUE(Import(csv, "late.csv").ok());
  clock_.now += absl::Hours(24 * 100);
  ASSERT_TRUE(Close("2026-Q4").ok());
  const v1::Answer answer =
      Ask("SELECT agency, count(DISTINCT person) FROM work WHERE entered >= '2026-Q4' GROUP BY agency");
  ASSERT_FALSE(answer.has_refusal()) << answer.refusal().ShortDebugString();
  EXPECT_THAT(Codes(answer.tables(0).axes(0)), ElementsAre("tardive", ""));
}

TEST_F(OpenList, IsRefusedWhereNothingIsSetAsideOrNothingIsLeft) {
  EXPECT_EQ(Why("SELECT count(*) FROM work WHERE agency = 'sud'"), v1::REFUSAL_OPEN_LIST);
  EXPECT_EQ(SpentHere().renyi, 0u);
  Begin("");
  const v1::Answer refused = Ask(kQuestion);
  EXPECT_EQ(refused.refusal().reason(), v1::REFUSAL_KEYS_NOT_OPEN);
  EXPECT_FALSE(Budget().cohorts(0).words_open());
  EXPECT_THAT(refused.refusal().next().en(), HasSubstr("keys_delta"));
  EXPECT_EQ(Why("SELECT race, count(*) FROM work GROUP BY race"), v1::REFUSAL_UNSPECIFIED);
  Begin("3e-8");
  EXPECT_EQ(Why(kQuestion), v1::REFUSAL_UNSPECIFIED);
  const Spent before = SpentHere();
  EXPECT_EQ(Why("SELECT agency, count(*) FROM work GROUP BY agency"), v1::REFUSAL_KEYS_EXHAUSTED);
  EXPECT_EQ(SpentHere().renyi, before.renyi);
  EXPECT_EQ(SpentHere().delta, before.delta);
  // Two of the three parts that were set aside, as the office sees it.
  EXPECT_TRUE(Budget().cohorts(0).words_open());
  EXPECT_EQ(Budget().cohorts(0).words_spent_ppm(), 666667u);
  Open();
  EXPECT_EQ(Why("SELECT agency, count(*) FROM work GROUP BY agency"), v1::REFUSAL_KEYS_EXHAUSTED);
  // Half the price takes half the delta: it still fits; and what selects nothing is not kept out.
  EXPECT_EQ(Why("SELECT agency, count(*) FROM work GROUP BY agency", 100000), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(Why("SELECT race, count(*) FROM work GROUP BY race"), v1::REFUSAL_UNSPECIFIED);
}

TEST_F(OpenList, LeavesLessForTheRest) {
  const CohortBalance balance = office_->ledger().Balances()[0];
  EXPECT_EQ(balance.promise.keys_delta, 100'000'000'000u);
  EXPECT_EQ(RenyiBudget(balance.promise), RenyiBudget(*ParsePromise("8", "9e-7")));
}

TEST_F(OpenList, IsSeenWholeByTheOfficeAndGoesWithThePersonWhoIsErased) {
  v1::AdminCommand internal;
  internal.mutable_internal()->mutable_bulletin()->add_questions()->set_sql(kQuestion);
  auto exact = Run(internal);
  ASSERT_TRUE(exact.ok()) << exact.status();
  const v1::InternalTable& table = exact->internal().tables(0);
  std::map<std::string, double> counts;
  for (const v1::InternalRow& row : table.rows())
    counts[table.axes(0).categories(static_cast<int>(row.key(0))).label().fr()] = row.values(0).value();
  EXPECT_EQ(counts, (std::map<std::string, double>{{"Agence Nord", 300},
                                                   {"Agence Sud", 400},
                                                   {"Presque Personne", 3},
                                                   {"Une Seule", 1},
                                                   {"non renseigné", 50}}));
  v1::AdminCommand sheet;
  sheet.mutable_person_sheet()->add_person("ALONE");
  auto said = Run(sheet);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_EQ(said->person_sheet().tables(0).rows(0).values(1).fr(), "Une Seule");
  v1::AdminCommand erase;
  erase.mutable_erase()->add_person("ALONE");
  ASSERT_TRUE(Run(erase).ok());
  exact = Run(internal);
  ASSERT_TRUE(exact.ok()) << exact.status();
  for (const v1::Category& category : exact->internal().tables(0).axes(0).categories())
    EXPECT_NE(category.label().fr(), "Une Seule");
  Open();
  EXPECT_EQ(Why(kQuestion), v1::REFUSAL_UNSPECIFIED);
}

// ---- against whoever holds a word alone

// The words that a choice draws, one for each word of the list.
class Scripted : public RandomSource {
 public:
  explicit Scripted(std::vector<uint64_t> words) : words_(std::move(words)) {}
  void Fill(absl::Span<uint8_t> out) override {
    std::fill(out.begin(), out.end(), uint8_t{0xff});
    std::memcpy(out.data(), words_.data(), std::min(out.size(), 8 * words_.size()));
    words_.clear();
  }

 private:
  std::vector<uint64_t> words_;
};

TEST(AloneWithAWord, IsNamedWithAtMostDeltaWhateverElseThereIs) {
  for (const KeySelection& law :
       {KeySelection{808, 20'000'000'000, 2}, KeySelection{1024, 1'000'000'000'000, 1},
        KeySelection{8192, 100'000'000'000, 15}}) {
    const KeySelector selector = KeySelector::Make(law).value();
    const uint64_t pi = selector.At(1);
    // pi / 2^62 is the whole chance: the last of 2^62 draws that names the word, and the first that does not.
    const WordList words = {{1, "alone", "Alone"}, {2, "many", "Many"}, {3, "nobody", "Nobody"}};
    Scripted last({(pi - 1) << 2 | 3, 0, 0}), first({pi << 2, UINT64_MAX, 0});
    const auto names = [&](RandomSource& random) {
      std::vector<std::string> kept;
      for (const Word& word : KeyChoice::Kept(
               law, words, ExactVectorPeek::Of({1, static_cast<int64_t>(selector.certain()), 0}), random))
        kept.push_back(word.same);
      return kept;
    };
    EXPECT_THAT(names(last), ElementsAre("alone", "many"));
    EXPECT_THAT(names(first), ElementsAre("many"));
    EXPECT_LE(static_cast<long double>(pi) / static_cast<long double>(KeySelector::kOne),
              static_cast<long double>(law.delta) / 1e18L / law.keys);
  }
}

TEST(AloneWithAWord, IsNamedAsOftenAsTheLawSaysWhereItIsOften) {
  // A law that names one person's word in a fifth of the answers: Hoeffding, below 10^-8.
  const KeySelection law{1024, 200'000'000'000'000'000, 1};
  PrintedRandom random;
  constexpr int kTrials = 200'000;
  int alone = 0, nobody = 0;
  const WordList words = {{1, "alone", ""}, {2, "nobody", ""}};
  for (int i = 0; i < kTrials; ++i) {
    for (const Word& word : KeyChoice::Kept(law, words, ExactVectorPeek::Of({1, 0}), random))
      ++(word.same == "alone" ? alone : nobody);
  }
  EXPECT_EQ(nobody, 0);
  EXPECT_NEAR(alone, 0.2 * kTrials, std::sqrt(kTrials * std::log(2e8) / 2));
}

}  // namespace
}  // namespace penc
