// What a person may ask for, and what an authority may: from what is there, and from nothing else.
#include "office/person_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "absl/strings/match.h"
#include "crypto/signature.h"
#include "journal/journal.h"
#include "office/dossier.h"
#include "office/signing.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Sheet : public SmallOffice {
 protected:
  void SetUp() override {
    Create();
    ASSERT_TRUE(Import(Rows(900)).ok());
    ASSERT_TRUE(Close().ok());
  }
  v1::PersonSheetResult Of(const std::string& person) {
    v1::AdminCommand command;
    command.mutable_person_sheet()->add_person(person);
    const auto made = Run(command);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->person_sheet() : v1::PersonSheetResult();
  }
  v1::DossierResult Dossier() {
    v1::AdminCommand command;
    command.mutable_dossier();
    const auto made = Run(command);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->dossier() : v1::DossierResult();
  }
  // A partner asks; whether it was answered.
  bool Ask(const std::string& sql, const std::string& purpose = "plaidoyer") {
    v1::AskBody body;
    body.mutable_bulletin()->add_questions()->set_sql(sql);
    body.set_purpose(purpose);
    body.set_node(office_->identity().fingerprint);
    body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
    const std::string bytes = body.SerializeAsString();
    const Office::Asked asked = office_->Ask(key_.verify_key(), bytes, SignAsk(key_, bytes));
    EXPECT_TRUE(asked.answer.ok()) << asked.answer.status();
    v1::Answer answer;
    return asked.answer.ok() && answer.ParseFromString(*asked.answer) && !answer.has_refusal();
  }
  storage::v1::JournalLeaf LastLeaf() {
    storage::v1::JournalLeaf leaf;
    EXPECT_TRUE(office_->journal()
                    .ForEach(office_->journal().size() - 1,
                             [&](uint64_t, absl::string_view bytes) {
                               return leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
                             })
                    .ok());
    return leaf;
  }

  SigningKey key_ = SigningKey::Generate(random_);
};

constexpr char kRaces[] = "SELECT race, count(DISTINCT person) FROM work GROUP BY race";

TEST_F(Sheet, SaysInWordsWhatIsKeptAndFromWhere) {
  ASSERT_TRUE(Import("person_ref,race,year\nP7,white,75\n", "more.csv").ok());
  const v1::PersonSheetResult sheet = Of(" p7 ");
  EXPECT_FALSE(sheet.unknown());
  EXPECT_EQ(sheet.entered(), "2026-Q3");
  EXPECT_FALSE(sheet.consent_asked());
  ASSERT_EQ(sheet.tables_size(), 1);
  ASSERT_EQ(sheet.tables(0).rows_size(), 4);
  EXPECT_EQ(sheet.tables(0).label().fr(), "Emploi");
  EXPECT_EQ(sheet.tables(0).columns(1).label().fr(), "Année");
  EXPECT_EQ(sheet.tables(0).rows(0).values(0).fr(), "Blanche");
  EXPECT_EQ(sheet.tables(0).rows(0).values(0).en(), "White");
  EXPECT_EQ(sheet.tables(0).rows(3).values(1).fr(), "75");
  EXPECT_TRUE(sheet.tables(0).rows(3).staged());
  ASSERT_EQ(sheet.batches_size(), 2);
  EXPECT_EQ(sheet.batches(0).file_name(), "work.csv");
  EXPECT_EQ(sheet.batches(0).closed_in(), "2026-Q3");
  EXPECT_EQ(sheet.batches(1).closed_in(), "");
  EXPECT_TRUE(sheet.questions().empty());
}

TEST_F(Sheet, TheJournalSaysThatItWasMadeAndNotForWhom) {
  const uint64_t before = Status().journal_size();
  EXPECT_TRUE(Of("nobody").unknown());
  EXPECT_EQ(Status().journal_size(), before + 1);
  EXPECT_TRUE(LastLeaf().has_sheet_printed());
  EXPECT_EQ(LastLeaf().sheet_printed().ByteSizeLong(), 0u);
}

TEST_F(Sheet, NamesTheAnswersThatMayHaveCountedThem) {
  ASSERT_TRUE(Grant(key_.verify_key().Fingerprint(), "iom-dakar").ok());
  ASSERT_TRUE(Ask(kRaces));
  EXPECT_FALSE(Ask("SELECT year, count(DISTINCT person) FROM work GROUP BY year", "police"));
  ASSERT_TRUE(Import(Rows(3, 900), "later.csv").ok());
  clock_.now += absl::Hours(24 * 60);
  ASSERT_TRUE(Close().ok());
  const v1::PersonSheetResult sheet = Of("P7");
  ASSERT_EQ(sheet.questions_size(), 1) << "a refused question counted nobody";
  EXPECT_EQ(sheet.questions(0).asker(), "iom-dakar");
  EXPECT_EQ(sheet.questions(0).purpose(), "plaidoyer");
  EXPECT_THAT(sheet.questions(0).question(), HasSubstr("race"));
  EXPECT_FALSE(sheet.questions(0).regional());
  EXPECT_TRUE(Of("P901").questions().empty()) << "who came later was in no answer before";
}

TEST_F(Sheet, NamesFilesOfRowsSetAside) {
  const auto imported = Import("person_ref,race,year\nP7,blue,75\nA,white,70\nB,white,70\n", "bad.csv");
  const v1::PersonSheetResult sheet = Of("P7");
  ASSERT_EQ(sheet.quarantine_files_size(), 1);
  EXPECT_THAT(imported->import_file().quarantine_file(), HasSubstr(sheet.quarantine_files(0)));
}

TEST_F(Sheet, ADossierHoldsWhatIsTrueAndCountsNobody) {
  ASSERT_TRUE(Grant(key_.verify_key().Fingerprint(), "iom-dakar").ok());
  ASSERT_TRUE(Ask(kRaces));
  EXPECT_FALSE(Ask(kRaces, "police"));
  v1::AdminCommand erase;
  erase.mutable_erase()->add_person("P7");
  ASSERT_TRUE(Run(erase).ok());
  const v1::DossierResult dossier = Dossier();
  EXPECT_TRUE(LastLeaf().has_dossier_made());
  EXPECT_EQ(dossier.office(), "ALCRER");
  EXPECT_EQ(dossier.policy(), "small");
  EXPECT_EQ(dossier.policy_version(), 1u);
  ASSERT_EQ(dossier.tables_size(), 1);
  EXPECT_EQ(dossier.tables(0).columns(0).rule(), "allow");
  EXPECT_EQ(dossier.tables(0).columns(0).sensitivity(), "ordinary");
  ASSERT_EQ(dossier.grants_size(), 1);
  EXPECT_THAT(dossier.grants(0).purposes(), ElementsAre("plaidoyer"));
  EXPECT_EQ(dossier.grants(0).until(), "2027-01-31");
  EXPECT_FALSE(dossier.grants(0).expired());
  ASSERT_EQ(dossier.purposes_size(), 2);
  EXPECT_EQ(dossier.purposes(0).purpose(), "plaidoyer");
  EXPECT_EQ(dossier.purposes(0).answered(), 1u);
  EXPECT_EQ(dossier.purposes(1).refused(), 1u);
  ASSERT_EQ(dossier.retention_size(), 1);
  EXPECT_EQ(dossier.retention(0).without(), 1u);
  EXPECT_FALSE(dossier.measures().key_open());
  EXPECT_FALSE(dossier.measures().folder_open());
  EXPECT_EQ(dossier.measures().quarantine_files(), 0u);
  EXPECT_EQ(dossier.journal().imports(), 1u);
  EXPECT_FALSE(dossier.has_network());
  const std::string all = dossier.ShortDebugString();
  EXPECT_THAT(all, Not(HasSubstr("2700"))) << "rows";
  EXPECT_THAT(all, Not(HasSubstr("900"))) << "persons";
}

TEST_F(Sheet, ADossierSaysWhatIsToBeMended) {
  ASSERT_EQ(::chmod(dir_.c_str(), 0755), 0);
  ASSERT_TRUE(Import("person_ref,race,year\nP7,blue,75\nA,white,70\nB,white,70\n", "bad.csv").ok());
  const v1::DossierResult dossier = Dossier();
  EXPECT_TRUE(dossier.measures().folder_open());
  EXPECT_EQ(dossier.measures().quarantine_files(), 1u);
}

}  // namespace
}  // namespace penc
