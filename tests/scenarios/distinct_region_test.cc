// How many different people eight offices know together: names in their files, the network's key at their
// imports, one round, and nobody's bucket in the clear.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "crypto/keyfile.h"
#include "tests/support/small_region.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

const char kNetworkKey[] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

std::string LinkedCodebook() {
  return absl::StrCat(R"(codebook: linked
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex: [f, m]
tables:
  people:
    unit: person
    caps: {cells: 1, rows: 1}
    labels: {fr: Personnes, en: People}
    columns:
      sex: {type: code, codes: sex, sensitivity: ordinary, fr: Sexe, en: Sex}
      bucket: {type: integer, range: [0, 1048575], sensitivity: never}
linkage:
  column: people.bucket
  fields: [surname, given_name]
  key_check: ")",
                      NetworkKeyCheck(Secret(absl::string_view(kNetworkKey))), "\"\n");
}

constexpr char kMapping[] = R"(mapping: people
codebook: linked@1
table: people
person: [dossier]
columns: {sex: sexe}
network_person: {surname: nom, given_name: prenom}
)";

constexpr char kPolicy[] = R"(policy: linked
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns:
  people.sex: allow
limits: {group_by: 3, cells: 65536}
display: {hide_margin_above: 50%, phantoms: 1}
)";

// Office i knows 300 people, the last 100 of whom office i + 1 knows too, written its own way.
class DistinctRegion : public SmallRegion {
 protected:
  static constexpr int kKnown = 300, kInCommon = 100,
                       kDifferent = kOffices * (kKnown - kInCommon) + kInCommon;

  DistinctRegion() {
    codebook_text_ = LinkedCodebook();
    policy_text_ = kPolicy;
  }
  static std::string People(int i) {
    std::string csv = "dossier,sexe,nom,prenom\n";
    const int first = i * (kKnown - kInCommon);
    for (int p = first; p < first + kKnown; ++p)
      absl::StrAppend(&csv, "D", i, "-", p, ",", p % 2 == 0 ? "f" : "m", ",",
                      i % 2 == 0 ? "DIALLO" : "Diallo", ",", i % 2 == 0 ? "Aïssata " : "aissata ", p, "\n");
    return csv;
  }
  static v1::ImportCommand Command(absl::string_view key) {
    v1::ImportCommand import;
    import.set_file_name("people.csv");
    import.set_table("people");
    import.set_mapping(kMapping);
    import.set_mapping_name("people.yaml");
    import.set_network_key(std::string(key));
    return import;
  }
  void Fill(Member& member, int i) override { Import(member, Command(kNetworkKey), People(i)); }
};

constexpr char kBoth[] =
    "SELECT approx_count_distinct(network_person, 2000), approx_count_shared(network_person, 2000) "
    "FROM people";

TEST_F(DistinctRegion, CountsEverybodyOnceInOneRound) {
  Found();
  const Round round = Submit(Wish(kBoth, 400000));
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 8u);
  const v1::Table& table = answer->tables(0);
  // Far beyond the margin (about 8 %): 2,400 would be everybody counted by each office.
  const v1::Value& different = table.rows(0).values(0);
  ASSERT_EQ(different.shown(), v1::Value::SHOWN_YES);
  EXPECT_LT(different.low(), different.high());
  EXPECT_NEAR(different.value(), kDifferent, 0.2 * kDifferent);
  EXPECT_LT(different.high(), kOffices * kKnown);
  EXPECT_THAT(table.columns(0).unit().en(), HasSubstr("surname, given_name"));
}

TEST_F(DistinctRegion, AnOfficeWithAnotherKeyIsStoppedAtItsImport) {
  Found();
  TextSource source(People(9));
  v1::AdminCommand command;
  *command.mutable_import_file() = Command(std::string(32, 'o'));
  const auto refused = Administer(*members_[0].office, command, &source, nullptr);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(Explain(refused.status()).en, HasSubstr("check value"));
}

TEST_F(DistinctRegion, AnOfficeWhoseBucketsAreOfAnotherKeyDeclinesBeforeItIsCharged) {
  // Its codebook names another key, and so is another codebook.
  Found();
  Member& other = members_[2];
  const std::string column = "bucket: {type: integer, range: [0, 1048575], sensitivity: never}\n";
  const std::string text = absl::StrReplaceAll(
      codebook_text_, {{"version: 1", "version: 2"},
                       {column, absl::StrCat(column, "      bucket2", column.substr(6))},
                       {"people.bucket", "people.bucket2"},
                       {NetworkKeyCheck(Secret(absl::string_view(kNetworkKey))),
                        NetworkKeyCheck(Secret(absl::string_view(std::string(32, 'o'))))}});
  v1::AdminCommand command;
  command.mutable_codebook_apply()->set_text(text);
  const auto applied = Administer(*other.office, command, nullptr, nullptr);
  ASSERT_TRUE(applied.ok()) << applied.status();
  const Spent before = SpentBy(other);
  const Round round = Submit(Wish(kBoth, 400000));
  Settle();
  clock_.now += absl::Hours(73);
  Settle();
  EXPECT_EQ(SpentBy(other).renyi, before.renyi);
  const auto answer = Open(round);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->answered(), 7u);
}

}  // namespace
}  // namespace penc
