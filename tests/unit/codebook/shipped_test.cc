// The codebooks in the tree: what ships, and what the tests use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/file.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "codebook/read.h"
#include "embedded/embedded.h"

namespace penc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::SizeIs;

Codebook Migration() {
  const auto text = embedded::File("codebook/migration.yaml");
  PENC_CHECK(text.has_value());
  auto book = ReadCodebook("migration.yaml", *text);
  EXPECT_TRUE(book.ok()) << book.status();
  return *std::move(book);
}

TEST(Embedded, HoldsTheFilesAsTheyAreInTheTree) {
  for (const absl::string_view name : embedded::Names()) {
    const auto disk = ReadFile(std::string(PENC_SOURCE_DIR) + "/policy/" + std::string(name));
    ASSERT_TRUE(disk.ok()) << disk.status();
    EXPECT_EQ(*embedded::File(name), *disk) << name;
  }
  EXPECT_THAT(embedded::Names(), Contains("codebook/migration.yaml"));
  EXPECT_FALSE(embedded::File("codebook/none.yaml").has_value());
}

TEST(MigrationCodebook, HasTheTablesOfPersonsInTheirOrder) {
  const Codebook book = Migration();
  std::vector<std::string> tables;
  for (const Table& table : book.tables) tables.push_back(table.name);
  EXPECT_THAT(tables, ElementsAre("person", "status_event", "incident", "trafficking_case",
                                  "recruitment_complaint", "assistance", "return_case"));
  EXPECT_THAT(book.hash, SizeIs(32));
  EXPECT_EQ(book.closing, Closing::kQuarter);
}

TEST(MigrationCodebook, KnowsEveryCountryAndTheRegionsOfSixteen) {
  const Codebook book = Migration();
  const Table& person = book.tables[*book.FindTable("person")];
  const CodeList& country = *book.list_of(person.columns[*person.Find("country")]);
  EXPECT_THAT(country.codes, SizeIs(250));
  EXPECT_EQ(country.codes[*country.Find("XXU")].label.fr, "Inconnu");
  EXPECT_EQ(country.codes[*country.Find("SEN")].label.fr, "Sénégal");
  ASSERT_TRUE(country.fold.has_value());
  EXPECT_THAT(country.fold->groups, SizeIs(17));
  EXPECT_EQ(country.fold->groups[country.fold->group_of[*country.Find("TGO")]].code, "togo_benin");
  EXPECT_EQ(country.fold->groups[country.fold->group_of[*country.Find("JPN")]].code, "other");

  const CodeList& adm1 = *book.list_of(person.columns[*person.Find("adm1")]);
  EXPECT_EQ(adm1.parent_list, "country");
  std::set<std::string> countries;
  for (const Code& place : adm1.codes) countries.insert(place.parent);
  EXPECT_THAT(countries, SizeIs(16));
  EXPECT_THAT(adm1.codes, SizeIs(230));
}

TEST(MigrationCodebook, NeverLetsConsentBeAskedAndKeepsProfilesApartFromStatus) {
  const Codebook book = Migration();
  const Table& person = book.tables[*book.FindTable("person")];
  EXPECT_EQ(person.columns[*person.Find("consent_stats")].sensitivity, Sensitivity::kNever);
  const Column& profile = person.columns[*person.Find("protection_profile")];
  EXPECT_EQ(profile.type, ColumnType::kCodes);
  EXPECT_EQ(profile.max_codes, 5u);
  const CodeList& profiles = *book.list_of(profile);
  EXPECT_EQ(profiles.codes[profiles.main_order[0]].code, "uasc");
  EXPECT_THAT(profiles.main_order, SizeIs(profiles.codes.size()));
  for (const Column& column : person.columns) EXPECT_TRUE(column.constant) << column.name;
  const CodeList& status = *book.list_of(person.columns[*person.Find("stay_status_current")]);
  EXPECT_THAT(status.fold->groups, SizeIs(6));
}

TEST(MigrationCodebook, SpeaksBothLanguagesAndTellsSmugglingFromTrafficking) {
  const Codebook book = Migration();
  for (const Table& table : book.tables) {
    EXPECT_NE(table.label.fr, table.name);
    for (const Column& column : table.columns) {
      EXPECT_FALSE(column.label.fr.empty());
      EXPECT_FALSE(column.label.en.empty());
    }
  }
  for (const CodeList& list : book.code_lists) {
    std::set<std::string> french, english;
    for (const Code& code : list.codes) {
      if (list.parent_list.empty()) {
        EXPECT_TRUE(french.insert(code.label.fr).second) << list.name << " " << code.label.fr;
        EXPECT_TRUE(english.insert(code.label.en).second) << list.name << " " << code.label.en;
      }
    }
  }
}

TEST(MigrationCodebook, CountsAmountsInThousands) {
  const Codebook book = Migration();
  const Table& complaint = book.tables[*book.FindTable("recruitment_complaint")];
  const Column& cost = complaint.columns[*complaint.Find("recruitment_cost")];
  EXPECT_EQ(cost.size(nullptr), 3001u);
  EXPECT_EQ(WrittenOf(book, cost, *StoredOf(book, cost, "450000")), "450000");
  EXPECT_FALSE(StoredOf(book, cost, "450500").ok());
  EXPECT_FALSE(StoredOf(book, cost, "3001000").ok());
  const Column& quarter = complaint.columns[*complaint.Find("quarter")];
  EXPECT_EQ(FormatPeriod(quarter.type, quarter.lo), "2015-Q1");
  EXPECT_EQ(FormatPeriod(quarter.type, quarter.hi), "2040-Q4");
}

TEST(TestCodebooks, AllRead) {
  for (const char* name : {"nlswork", "acs", "pums"}) {
    const std::string path = std::string(PENC_SOURCE_DIR) + "/tests/scenarios/codebooks/" + name + ".yaml";
    const auto text = ReadFile(path);
    ASSERT_TRUE(text.ok()) << text.status();
    const auto book = ReadCodebook(path, *text);
    ASSERT_TRUE(book.ok()) << book.status();
    EXPECT_EQ(book->name, name);
  }
}

}  // namespace
}  // namespace penc
