#include "cli/report.h"

#include <gmock/gmock.h>

#include "cli/journal_words.h"

namespace penc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::AdminResult Budget(uint32_t refunded_ppm) {
  v1::AdminResult result;
  v1::BudgetRow* first = result.mutable_budget()->add_cohorts();
  first->set_cohort("2026-Q1");
  first->set_spent_ppm(250000);
  v1::BudgetRow* second = result.mutable_budget()->add_cohorts();
  second->set_cohort("2026-Q2");
  second->set_spent_ppm(20000);
  second->set_refunded_ppm(refunded_ppm);
  return result;
}

TEST(BudgetTable, ShowsWhatWasGivenBackWhereThereIsAny) {
  for (const Lang lang : {Lang::kFrench, Lang::kEnglish}) {
    const std::string column = lang == Lang::kFrench ? "rendu" : "given back";
    EXPECT_THAT(Report(Budget(0), lang), Not(HasSubstr(column)));
    const std::string table = Report(Budget(40000), lang);
    EXPECT_THAT(table, HasSubstr(column));
    EXPECT_THAT(table, HasSubstr(lang == Lang::kFrench ? "4\u202f%" : "4%")) << table;
    EXPECT_THAT(table, HasSubstr(lang == Lang::kFrench ? "témoins" : "stewards"));
  }
}

// French counts nothing and one alike, English one alone.
TEST(Reports, CountOneAsOne) {
  const auto erased = [](uint64_t rows, Lang lang) {
    v1::AdminResult result;
    result.mutable_erase()->set_rows(rows);
    result.mutable_erase()->mutable_proof()->set_chunks(rows);
    return Report(result, lang);
  };
  EXPECT_THAT(erased(1, Lang::kFrench), HasSubstr("1 ligne effacée, partout"));
  EXPECT_THAT(erased(1, Lang::kFrench), HasSubstr("1 morceau scellé ouvert"));
  EXPECT_THAT(erased(2, Lang::kFrench), HasSubstr("2 lignes effacées, partout"));
  EXPECT_THAT(erased(1, Lang::kEnglish), HasSubstr("1 row erased, everywhere"));
  v1::AdminResult imported;
  imported.mutable_import_file()->set_read(1);
  EXPECT_THAT(Report(imported, Lang::kFrench), HasSubstr("1 ligne lue = 0 gardée"));
  EXPECT_THAT(Report(imported, Lang::kEnglish), HasSubstr("1 row read = 0 kept"));
  imported.mutable_import_file()->set_read(1200);
  imported.mutable_import_file()->set_stored(1200);
  EXPECT_THAT(Report(imported, Lang::kEnglish), HasSubstr("1,200 rows read = 1,200 kept"));
}

TEST(Reports, WaitingSaysForWhichCommandAndSinceWhen) {
  v1::AdminProgress waiting;
  waiting.set_step("waiting");
  EXPECT_EQ(ReportProgress(waiting, absl::ZeroDuration(), absl::nullopt).fr,
            "attend la fin d'une autre commande");
  waiting.set_running("import_file");
  waiting.set_since_unix_micros(
      absl::ToUnixMicros(absl::FromCivil(absl::CivilSecond(2026, 7, 1, 14, 3, 9), absl::UTCTimeZone())));
  const Text said = ReportProgress(waiting, absl::ZeroDuration(), absl::nullopt);
  EXPECT_THAT(said.fr, HasSubstr("un import est en cours depuis 14:03:09 UTC"));
  EXPECT_THAT(said.en, HasSubstr("an import is running since 14:03:09 UTC"));
  waiting.set_running("grant");
  EXPECT_THAT(ReportProgress(waiting, absl::ZeroDuration(), absl::nullopt).en,
              HasSubstr("another command is running since"));
}

TEST(JournalWords, SayWhatHappenedToARoundsChargeAndToARestoredOffice) {
  v1::JournalEntry entry;
  entry.set_kind("refunded");
  entry.set_json(
      R"({"format":1,"refunded":{"slot":"q83vEjRWeJA=","cohorts":[{"cohort":"2026-Q3","renyi":"5"}],)"
      R"("askers":["SHA256:a"]}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish),
            "share of a round given back: cohorts: 2026-Q3, no. abcdef12");
  EXPECT_EQ(JournalLine(entry, Lang::kFrench), "part d'une ronde rendue: cohortes: 2026-Q3, n° abcdef12");
  entry.set_kind("charged");
  entry.set_json(R"({"charged":{"question":"SELECT 1","regional":true,"logLeaf":"q83v"}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish), "question charged: SELECT 1, share of a round");
  entry.set_kind("restored");
  entry.set_json(R"({"restored":{"adopted":{"size":"4","root":"q83v","renyi":"7"},"generation":"1"}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish),
            "restored from a backup: takes over what stewards had seen of its spending");
  EXPECT_EQ(JournalLine(entry, Lang::kFrench),
            "rétablie d'une sauvegarde: reprend les dépenses vues par les témoins");
  entry.set_json(R"({"restored":{"retaken":"2026-Q3","generation":"1"}})");
  EXPECT_EQ(JournalLine(entry, Lang::kEnglish), "restored from a backup: counts for cohort too: 2026-Q3");
}

}  // namespace
}  // namespace penc::cli
