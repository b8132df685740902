// Persons of the network: what is folded away, whose key makes buckets, what is stored of it.
#include "ingest/network_person.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "crypto/keyfile.h"
#include "ingest/person_key.h"
#include "question/distinct_estimate.h"
#include "tests/unit/ingest/importing.h"

namespace penc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Folding, TakesAwayWhatPeopleWriteDifferently) {
  const struct {
    const char *written, *folded;
  } rows[] = {
      {"Diallo", "diallo"},
      {" DIALLO ", "diallo"},
      {"N'Diaye", "ndiaye"},
      {"N’Diaye", "ndiaye"},
      {"Nʼdiaye", "ndiaye"},
      {"Jean-Pierre", "jeanpierre"},
      {"Jean Pierre", "jeanpierre"},
      {"Traoré", "traore"},
      {"TRAORE\xCC\x81", "traore"},
      {"Bâ", "ba"},
      {"François", "francois"},
      {"Œuvre", "oeuvre"},
      {"Straße", "strasse"},
      {"Ɓah", "bah"},
      {"Kɔnɛ Ŋaɲi", "konenani"},
      {"ﬁdèle", "fidele"},
      {"Ｄｉａｌｌｏ", "diallo"},
      {"1990", "1990"},
      {"١٩٩٠", "1990"},
      {"߁߉߉߀", "1990"},
      {"محمّد", "محمد"},
      {"Ma\xC2\xADmadou", "mamadou"},
      {"\xE2\x80\x8BMamadou\xC2\xA0", "mamadou"},
      {"—", ""},
      {"", ""},
      {"\xFF", ""},
  };
  for (const auto& [written, folded] : rows) EXPECT_EQ(FoldedField(written), folded) << written;
}

TEST(Folding, OfWhatIsFoldedIsTheSame) {
  for (const char* text : {"Kɔnɛ Ŋaɲi", "ÉLÈVE", "Straße", "محمّد", "İstanbul"})
    EXPECT_EQ(FoldedField(FoldedField(text)), FoldedField(text)) << text;
}

const Secret& Key(char letter) {
  static const Secret k(std::string(32, 'k')), other(std::string(32, 'o'));
  return letter == 'k' ? k : other;
}

TEST(Buckets, AreTheSameAtEveryOfficeThatHasTheKeyAndAtNoOther) {
  BucketMaker here(&Key('k'), Key('o')), there(&Key('k'), Key('k')), stranger(&Key('o'), Key('o'));
  std::set<uint32_t> seen;
  int same = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string year = absl::StrCat(1900 + i);
    const auto bucket = here.Of({"Diallo", "Mamadou", year});
    ASSERT_TRUE(bucket.has_value());
    EXPECT_LT(*bucket, 1u << 20);
    EXPECT_EQ(there.Of({"DIALLO", "mamadou ", year}), bucket);
    same += stranger.Of({"Diallo", "Mamadou", year}) == bucket;
    seen.insert(*bucket);
  }
  EXPECT_EQ(same, 0);  // by chance in one of 5,000 keys, and this one is fixed
  EXPECT_GT(seen.size(), 195u);
  EXPECT_NE(here.Of({"ab", "c"}), here.Of({"a", "bc"}));
  EXPECT_FALSE(here.Of({"Diallo", " - ", "1990"}).has_value());
}

TEST(Buckets, OfWhomNobodyElseRecognisesAreTheOfficesOwn) {
  BucketMaker here(nullptr, Key('o')), there(nullptr, Key('k'));
  EXPECT_FALSE(here.Of({"Diallo"}).has_value());
  EXPECT_EQ(here.Alone(Key16("a")), here.Alone(Key16("a")));
  EXPECT_NE(here.Alone(Key16("a")), here.Alone(Key16("b")));
  EXPECT_NE(here.Alone(Key16("a")), there.Alone(Key16("a")));
}

std::string LinkedBook() {
  return absl::StrCat(
      absl::StrReplaceAll(kStoreCodebook,
                          {{"sensitivity: public, fr: Âge, en: Age}\n",
                            "sensitivity: public, fr: Âge, en: Age}\n"
                            "      bucket: {type: integer, range: [0, 1048575], sensitivity: never}\n"}}),
      "linkage:\n  column: person.bucket\n  fields: [surname, given_name, birth_year]\n  key_check: \"",
      NetworkKeyCheck(Key('k')), "\"\n");
}

constexpr char kMapping[] = R"(
mapping: linked
codebook: small@1
table: person
person: [id]
columns: {sex: sexe}
ignore: [tel]
network_person: {birth_year: annee, surname: nom, given_name: prenom}
nothing: [NA]
)";
constexpr char kPeople[] =
    "id,sexe,nom,prenom,annee,tel\n"
    "1,f,Diallo,Aïssata,1990,77\n"
    "2,m,Traoré,Moussa,1985,78\n"
    "3,f,NA,Fanta,1999,79\n"
    "4,m,,,,\n";

class Linking : public Importing {
 protected:
  Linking() {
    Shut();
    codebook_ = ReadCodebook("codebook.yaml", LinkedBook()).value();
    Open();
    mapping_ = ReadMapping("m.yaml", kMapping, codebook_).value();
  }
  absl::StatusOr<ImportReport> Linked(const std::string& bytes, const Secret* key, bool dry_run = false) {
    ImportOptions options;
    options.file_name = "people.csv";
    options.mapping = &mapping_;
    options.network_key = key;
    options.dry_run = dry_run;
    return Import(bytes, std::move(options), "person");
  }
  StoredValue BucketOf(absl::string_view id) {
    PersonKeyMaker maker(key_);
    PersonKey person;
    EXPECT_TRUE(maker.Make({id}, &person));
    const PersonRecord record = store_->ReadPerson(person).value();
    EXPECT_EQ(record.rows.size(), 1u);
    return record.rows.at(0).values.at(3);
  }
  std::string MappingError(const std::string& from, const std::string& to) {
    const auto read = ReadMapping("m.yaml", absl::StrReplaceAll(kMapping, {{from, to}}), codebook_);
    return read.ok() ? "read all the same" : Explain(read.status()).en;
  }
  Mapping mapping_;
  int later_ = 0;
};

TEST_F(Linking, StoresTheBucketAndNothingElseOfTheName) {
  const auto report = Linked(kPeople, &Key('k'));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->staged.stored, 4u);
  BucketMaker network(&Key('k'), key_);
  EXPECT_EQ(BucketOf("1"), 1 + *network.Of({"DIALLO", "Aissata", "1990"}));
  EXPECT_EQ(BucketOf("2"), 1 + *network.Of({"Traore", "moussa", "1985"}));
}

TEST_F(Linking, CountsWhoCannotBeRecognisedAsAPersonApartAndSaysHowMany) {
  const auto report = Linked(kPeople, &Key('k'));
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_NE(BucketOf("3"), kNull);
  EXPECT_NE(BucketOf("4"), kNull);
  EXPECT_NE(BucketOf("3"), BucketOf("4"));
  ASSERT_EQ(report->problems.size(), 1u);
  EXPECT_EQ(report->problems[0].rows, 2u);
  EXPECT_THAT(report->problems[0].what.en, HasSubstr("person apart"));
  EXPECT_THAT(report->problems[0].what.en, Not(HasSubstr("Fanta")));
}

TEST_F(Linking, WithAnotherKeyIsRefusedBeforeAnythingIsStored) {
  for (const Secret* key : std::initializer_list<const Secret*>{nullptr, &Key('o')}) {
    const std::string why = WhyNot(Linked(kPeople, key));
    EXPECT_THAT(why, HasSubstr(key == nullptr ? "--network-key FILE" : NetworkKeyCheck(Key('k')).c_str()));
    EXPECT_TRUE(store_->Batches().empty());
  }
  EXPECT_TRUE(Linked(kPeople, nullptr, true).ok());
  EXPECT_THAT(WhyNot(Linked(kPeople, &Key('o'), true)), HasSubstr("check value"));
}

TEST_F(Linking, AFileWithoutTheFieldsCountsItsPersonsApart) {
  const auto report = Import("person_ref,sex\n1,f\n2,m\n", "own.csv", false, false, nullptr, "person");
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_NE(BucketOf("1"), kNull);
  EXPECT_NE(BucketOf("1"), BucketOf("2"));
  EXPECT_THAT(WhyNot(Import("person_ref,bucket\n1,5\n", "b.csv", false, false, nullptr, "person")),
              HasSubstr("bucket"));
}

TEST_F(Linking, MappingsNameEveryFieldAndNeverTheBucket) {
  EXPECT_THAT(MappingError("birth_year: annee, ", ""), HasSubstr("surname, given_name, birth_year"));
  EXPECT_THAT(MappingError("birth_year: annee", "birthday: annee"), HasSubstr("network_person"));
  EXPECT_THAT(MappingError("prenom}", "prenom, village: tel}"), HasSubstr("nothing else"));
  EXPECT_THAT(MappingError("sex: sexe", "bucket: annee"), HasSubstr("worked out"));
  EXPECT_THAT(MappingError("table: person\nperson: [id]\ncolumns: {sex: sexe}",
                           "table: visit\nperson: [id]\ncolumns: {day: sexe}"),
              HasSubstr("network_person"));
}

TEST_F(Linking, AColumnThatIsNotThereStopsTheImport) {
  EXPECT_THAT(WhyNot(Linked("id,sexe,nom,prenom,tel\n1,f,a,b,1\n", &Key('k'))), HasSubstr("annee"));
}

// Two offices, three hundred persons each, a hundred of them at both.
TEST_F(Linking, TwoOfficesTogetherCountEverybodyOnce) {
  std::vector<int64_t> sums(1 << 12, 0);
  for (int office = 0; office < 2; ++office) {
    BucketMaker network(&Key('k'), Key(office == 0 ? 'k' : 'o'));
    std::vector<int64_t> marks(sums.size(), 0);
    for (int i = office * 200; i < office * 200 + 300; ++i) {
      const StoredValue stored = 1 + *network.Of({"Ba", absl::StrCat("x", i), "1990"});
      marks[Linkage::BucketOf(stored, 12)] = 1;
    }
    for (size_t b = 0; b < sums.size(); ++b) sums[b] += marks[b];
  }
  const DistinctPersons found =
      EstimateDistinct(sums, 2, {Family::kDiscreteLaplace, {40, 1}});  // hardly any noise
  EXPECT_LE(found.all.low, 500);
  EXPECT_GE(found.all.high, 500);
  EXPECT_LE(found.shared.low, 100);
  EXPECT_GE(found.shared.high, 100);
}

// The same through the store: a plan's marks.
TEST_F(Linking, MarksABucketOnceForAnyNumberOfPersonsAndOnlyOfThoseAsked) {
  std::string csv = "id,sexe,nom,prenom,annee,tel\n";
  for (int i = 0; i < 40; ++i) absl::StrAppend(&csv, i, ",f,Ba,", i % 10, ",1990,1\n");  // ten names
  for (int i = 40; i < 60; ++i) absl::StrAppend(&csv, i, ",m,Sy,", i, ",1990,1\n");
  ASSERT_TRUE(Linked(csv, &Key('k')).ok());
  ASSERT_TRUE(Close(EditionAt(codebook_.closing, clock_.Now())).ok());
  BucketMaker network(&Key('k'), key_);
  const auto marks = [&](const std::string& sql, int first, int last, const char* name) {
    const Plan plan = PlanOf(sql);
    const std::vector<int64_t> found = Ask(plan);
    std::vector<int64_t> expected(found.size(), 0);
    for (int i = first; i < last; ++i) {
      const StoredValue stored = 1 + *network.Of({name, absl::StrCat(first == 0 ? i % 10 : i), "1990"});
      expected[Linkage::BucketOf(stored, 12)] = 1;
    }
    EXPECT_EQ(found, expected) << sql;
  };
  marks("SELECT approx_count_distinct(network_person, 2000) FROM person WHERE sex = 'f'", 0, 40, "Ba");
  marks("SELECT approx_count_distinct(network_person, 2000) FROM person WHERE sex = 'm'", 40, 60, "Sy");
  const std::vector<int64_t> by_sex =
      Ask("SELECT sex, approx_count_distinct(network_person, 2000) FROM person GROUP BY sex");
  EXPECT_EQ(std::count(by_sex.begin(), by_sex.begin() + (1 << 12), 1), 10);
  EXPECT_EQ(*std::max_element(by_sex.begin(), by_sex.end()), 1);

  // One person more, of a known name: nothing changes; of a new one: one mark of one cell.
  const auto with = [&](const char* row) {
    EXPECT_TRUE(Linked(absl::StrCat("id,sexe,nom,prenom,annee,tel\n", row), &Key('k')).ok());
    EXPECT_TRUE(Close(EditionAt(codebook_.closing, clock_.Now()) + ++later_).ok());
    return Ask("SELECT sex, approx_count_distinct(network_person, 2000) FROM person GROUP BY sex");
  };
  EXPECT_EQ(with("900,f,Ba,3,1990,1\n"), by_sex);
  const std::vector<int64_t> more = with("901,f,Newman,Nobody,1991,1\n");
  int64_t changed = 0;
  for (size_t i = 0; i < more.size(); ++i) changed += std::abs(more[i] - by_sex[i]);
  EXPECT_EQ(changed, 1);
}

}  // namespace
}  // namespace penc
