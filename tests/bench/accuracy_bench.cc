// Errors of five ways to count together, at the same (epsilon, delta): a regional round; one office's answer
// about its own records; one curator who has all records (what privacy costs at the least); every office's
// answer with its own noise, added up; and no noise, cells below five left out. Tables in Markdown.
//
//   PENC_TEST_DATA=... build/tests/accuracy_bench     by default ../shared/data beside the repository;
//   without
//                                                     it the matrix of invented records alone
//
// Real records: persons of the American Community Survey (New York 2024), where they lived a year before by
// where they live; NIST's excerpts of it (Massachusetts, Texas 2019), all two-way tables. Offices: eight,
// households at random in the proportions of the demonstration network. Everything goes through the program's
// importer, store, planner, samplers and estimators; the errors are those of the estimates before anything is
// hidden.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "codebook/read.h"
#include "embedded/embedded.h"
#include "privacy/choose.h"
#include "privacy/law.h"
#include "question/bind.h"
#include "question/measures/measure.h"
#include "question/release.h"
#include "tests/bench/curator.h"
#include "tests/bench/peers.h"

namespace penc::bench {
namespace {

constexpr uint64_t kSeed = 20261126;
constexpr uint32_t kNetwork = 8;

class Errors {
 public:
  void Add(const Said& said, double truth) {
    if (!said.has_value()) {
      ++unsaid_;
      return;
    }
    errors_.push_back(std::fabs(*said - truth));
    sum_ += errors_.back();
    truth_ += truth;
  }
  void Print(const char* way) {
    std::sort(errors_.begin(), errors_.end());
    const auto n = static_cast<double>(errors_.size());
    std::printf("| %s | %.4g | %.2f %% | %.4g | %.1f %% |\n", way, sum_ / n, 100 * sum_ / truth_,
                errors_[static_cast<size_t>(0.95 * (n - 1))],
                100 * static_cast<double>(unsaid_) / (n + static_cast<double>(unsaid_)));
  }

 private:
  std::vector<double> errors_;
  double sum_ = 0, truth_ = 0;
  uint64_t unsaid_ = 0;
};

struct Ways {
  Errors regional, local, central, exponential, alone, suppressed;
};

std::string NoiseText(const Mechanism& noise) {
  char text[80];
  std::snprintf(text, sizeof(text), "%s, deviation %.2f",
                noise.family == Family::kSkellam ? "Skellam" : "discrete Laplace",
                std::sqrt(Variance(noise)));
  return text;
}

void PrintHead(const std::string& title, uint64_t cells, const std::string& epsilon, const Plan& ours,
               const Plan& central, int rounds) {
  std::printf(
      "\n**%s**, %llu cells, (%s, 1e-6), %d releases. Noise of a number: %s; the curator's: %s.\n\n"
      "| way | mean error | of the total | 95 %% of errors below | nothing said |\n|---|---|---|---|---|\n",
      title.c_str(), static_cast<unsigned long long>(cells), epsilon.c_str(), rounds,
      NoiseText(ours.blocks[0].noise).c_str(), NoiseText(central.blocks[0].noise).c_str());
}

// Bound one by one: a bulletin has at most 64 questions, a plan may have more.
std::vector<Question> BoundTo(const Codebook& codebook, const std::vector<std::string>& all) {
  std::vector<Question> questions;
  for (const std::string& sql : all) {
    v1::Question question;
    question.set_sql(sql);
    absl::StatusOr<Question> bound = Bind(question, codebook);
    if (!bound.ok()) std::fprintf(stderr, "%s: %s\n", sql.c_str(), bound.status().ToString().c_str());
    questions.push_back(*std::move(bound));
  }
  return questions;
}

// The whole of an (epsilon, 1e-6) budget: what an office's filter lets pass, P <= epsilon or R <= B,
// whichever gives the smaller margin. P is for one question.
Plan OurPlan(const Codebook& codebook, const std::vector<std::string>& all, uint64_t epsilon_1024) {
  Plan plan = MakePlan(BoundTo(codebook, all), {Price::Kind::kShare, 1000000}, codebook).value();
  if (all.size() > 1) return plan;
  Plan pure = MakePlan(BoundTo(codebook, all), {Price::Kind::kEpsilon, epsilon_1024}, codebook).value();
  const auto width = [](const Plan& of) { return HalfWidth(of.blocks[0].noise, 0.95); };
  return width(pure) <= width(plan) ? pure : plan;
}

// Errors of counts, over all tables of the plan.
void CompareCounts(const std::string& title, const Codebook& codebook, const std::vector<std::string>& all,
                   const std::string& epsilon, const std::vector<std::unique_ptr<OfficeRecords>>& offices,
                   int rounds) {
  double e = 0;
  PENC_CHECK(absl::SimpleAtod(epsilon, &e));
  const Plan ours = OurPlan(codebook, all, static_cast<uint64_t>(1024 * e)), central = CuratorsPlan(ours, e);
  Exact exact;
  for (const auto& office : offices) exact.push_back(office->Extract(ours));
  const std::vector<int64_t> truth = SumOf(exact);
  const ShareSchedule schedule = ScheduleOf(kNetwork);
  SeededExpander random = Seeded(title, kSeed);
  Ways ways;
  const auto add = [](Errors& errors, const std::vector<int64_t>& said, const std::vector<int64_t>& from) {
    for (size_t i = 0; i < from.size(); ++i)
      errors.Add(static_cast<double>(said[i]), static_cast<double>(from[i]));
  };
  for (int r = 0; r < rounds; ++r) {
    add(ways.regional, Regional(ours, schedule, exact, random), truth);
    for (const std::vector<int64_t>& own : exact) {
      std::vector<int64_t> said = own;
      AddOwnNoise(ours, random, said);
      add(ways.local, said, own);
    }
    std::vector<int64_t> said = truth;
    AddOwnNoise(central, random, said);
    add(ways.central, said, truth);
    add(ways.alone, EachAlone(ours, exact, random), truth);
  }
  add(ways.suppressed, Suppressed(exact), truth);
  PrintHead(title, ours.length, epsilon, ours, central, rounds);
  ways.regional.Print("regional round");
  ways.central.Print("one curator of all records");
  ways.alone.Print("every office noises alone");
  ways.local.Print("one office, its own table");
  ways.suppressed.Print("below 5 left out, no noise, no promise");
  std::fflush(stdout);
}

std::vector<Said> ValuesOf(const Plan& plan, const Codebook& codebook, const std::vector<int64_t>& noisy) {
  const EstimatedTable table = Estimate(plan, codebook, {plan.id, noisy}, {1e9, 1e9})[0];
  std::vector<Said> values;
  for (const EstimatedRow& row : table.rows)
    values.push_back(row.values[0].shown == Value::Shown::kYes ? Said(row.values[0].value) : absl::nullopt);
  return values;
}

void CompareMedians(const std::string& title, const Codebook& codebook, const std::string& sql,
                    const std::string& epsilon, const std::vector<std::unique_ptr<OfficeRecords>>& offices,
                    int rounds) {
  double e = 0;
  PENC_CHECK(absl::SimpleAtod(epsilon, &e));
  const Plan ours = OurPlan(codebook, {sql}, static_cast<uint64_t>(1024 * e)),
             central = CuratorsPlan(ours, e), certain = Noiseless(ours);
  const ShareSchedule schedule = ScheduleOf(kNetwork);
  const Plan as_region = AtRate(ours, {kNetwork, kNetwork - schedule.dishonest}),
             as_sum = AtRate(ours, {kNetwork, 1});
  Exact exact;
  std::vector<std::vector<Said>> own;
  std::vector<std::vector<double>> own_rows;
  for (const auto& office : offices) {
    exact.push_back(office->Extract(ours));
    own.push_back(ValuesOf(certain, codebook, exact.back()));
    own_rows.push_back(RowsOf(ours, exact.back()));
  }
  const std::vector<int64_t> sum = SumOf(exact);
  const std::vector<Said> truth = ValuesOf(certain, codebook, sum);
  SeededExpander random = Seeded(title, kSeed);
  std::mt19937_64 dice(kSeed);
  Ways ways;
  const auto add = [](Errors& errors, const std::vector<Said>& said, const std::vector<Said>& from) {
    for (size_t i = 0; i < from.size(); ++i) {
      if (from[i].has_value()) errors.Add(said[i], *from[i]);
    }
  };
  for (int r = 0; r < rounds; ++r) {
    add(ways.regional, ValuesOf(as_region, codebook, Regional(ours, schedule, exact, random)), truth);
    for (size_t office = 0; office < exact.size(); ++office) {
      std::vector<int64_t> said = exact[office];
      AddOwnNoise(ours, random, said);
      add(ways.local, ValuesOf(ours, codebook, said), own[office]);
    }
    std::vector<int64_t> said = sum;
    AddOwnNoise(central, random, said);
    add(ways.central, ValuesOf(central, codebook, said), truth);
    add(ways.exponential, ByExponentialMechanism(ours, codebook, sum, e, dice), truth);
    add(ways.alone, ValuesOf(as_sum, codebook, EachAlone(ours, exact, random)), truth);
  }
  std::vector<Said> means;
  for (size_t cell = 0; cell < truth.size(); ++cell) {
    double weighted = 0, rows = 0;
    for (size_t office = 0; office < exact.size(); ++office) {
      if (own_rows[office][cell] < kFewest || !own[office][cell].has_value()) continue;
      weighted += own_rows[office][cell] * *own[office][cell];
      rows += own_rows[office][cell];
    }
    means.push_back(rows == 0 ? absl::nullopt : Said(weighted / rows));
  }
  add(ways.suppressed, means, truth);
  PrintHead(title, truth.size(), epsilon, ours, central, rounds);
  ways.regional.Print("regional round");
  ways.central.Print("one curator of all records, the same tree");
  ways.exponential.Print("one curator, exponential mechanism (epsilon, 0)");
  ways.alone.Print("every office noises alone");
  ways.local.Print("one office, its own medians");
  ways.suppressed.Print("mean of the medians of offices with 5 or more, no promise");
  std::fflush(stdout);
}

// Rows of CSV files, by office. `household`: what decides the office.
class Split {
 public:
  Split() : dice_(kSeed) {
    for (const DemoOffice& office : kOffices) weights_.push_back(static_cast<double>(office.weight));
  }
  size_t OfficeOf(absl::string_view household) {
    const auto known = of_.find(household);
    if (known != of_.end()) return known->second;
    std::discrete_distribution<size_t> choose(weights_.begin(), weights_.end());
    return of_[std::string(household)] = choose(dice_);
  }

 private:
  std::mt19937_64 dice_;
  std::vector<double> weights_;
  std::map<std::string, size_t, std::less<>> of_;
};

std::vector<std::unique_ptr<OfficeRecords>> ImportAll(const std::string& folder, const Codebook& codebook,
                                                      const std::vector<std::string>& files,
                                                      const std::string& edition) {
  std::vector<std::unique_ptr<OfficeRecords>> offices;
  for (size_t i = 0; i < files.size(); ++i) {
    offices.push_back(std::make_unique<OfficeRecords>(absl::StrCat(folder, "/", i), codebook));
    offices.back()->Import("person", files[i]);
    offices.back()->Close(edition);
  }
  return offices;
}

Codebook With(Codebook codebook, const std::string& epsilon) {
  codebook.reference_promise.epsilon = epsilon;
  return codebook;
}
Codebook MustRead(const std::string& text) {
  absl::StatusOr<Codebook> codebook = ReadCodebook("bench.yaml", text);
  if (!codebook.ok()) std::fprintf(stderr, "%s\n", codebook.status().ToString().c_str());
  return *std::move(codebook);
}

// By name, for the columns that are there.
class CsvText {
 public:
  explicit CsvText(std::string text) : text_(std::move(text)) {
    lines_ = absl::StrSplit(text_, '\n', absl::SkipEmpty());
    const std::vector<absl::string_view> names = absl::StrSplit(absl::StripAsciiWhitespace(lines_[0]), ',');
    for (size_t i = 0; i < names.size(); ++i) columns_[std::string(names[i])] = i;
    lines_.erase(lines_.begin());
  }
  size_t rows() const { return lines_.size(); }
  std::vector<absl::string_view> Row(size_t i) const {
    return absl::StrSplit(absl::StripAsciiWhitespace(lines_[i]), ',');
  }
  size_t at(const std::string& name) const { return columns_.at(name); }

 private:
  const std::string text_;
  std::vector<absl::string_view> lines_;
  std::map<std::string, size_t> columns_;
};

// New York 2024: the codebook of the tests, with areas and incomes.
void CompareCensus(const std::string& data, const std::string& folder) {
  const CsvText csv(ReadWhole(data + "/acs_pums_2024/acs2024_ny.csv.gz"));
  std::set<std::string> areas;
  Split split;
  std::vector<std::string> files(kNetwork, "person_ref,sex,migsp,age,puma,income\n");
  for (size_t i = 0; i < csv.rows(); ++i) {
    const std::vector<absl::string_view> row = csv.Row(i);
    const absl::string_view household = row[csv.at("SERIALNO")], earned = row[csv.at("PINCP")];
    const std::string area = absl::StrCat("p", row[csv.at("PUMA")]);
    areas.insert(area);
    std::string income;
    if (int64_t dollars; absl::SimpleAtoi(earned, &dollars))
      income = absl::StrCat(std::clamp<int64_t>(dollars, 0, 250000) / 1000 * 1000);
    absl::StrAppend(&files[split.OfficeOf(household)], household, "-", row[csv.at("SPORDER")], ",",
                    row[csv.at("SEX")] == "1" ? "m" : "f", ",", row[csv.at("MIGSP")], ",",
                    row[csv.at("AGEP")], ",", area, ",", income, "\n");
  }
  std::string text = ReadWhole(PENC_SOURCE_DIR "/tests/scenarios/codebooks/acs.yaml");
  text = absl::StrReplaceAll(
      text, {{"\ncodes:\n", absl::StrCat("\ncodes:\n  puma: [", absl::StrJoin(areas, ", "), "]\n")},
             {"epsilon: 8", "epsilon: 1"}});
  absl::StrAppend(&text,
                  "      puma: {type: code, codes: puma, sensitivity: ordinary, fr: Lieu, en: Area}\n"
                  "      income: {type: number, range: [0, 250000], step: 1000, sensitivity: ordinary, fr: "
                  "Revenu, en: Income}\n");
  const Codebook codebook = MustRead(text);
  const auto offices = ImportAll(folder + "/ny", codebook, files, "2025");
  const std::string moved = " FROM person WHERE migsp IS NOT NULL AND puma IS NOT NULL";
  CompareCounts("New York 2024: movers by residence a year before and area of today", codebook,
                {absl::StrCat("SELECT migsp, puma, count(DISTINCT person)", moved, " GROUP BY migsp, puma")},
                "1", offices, 20);
  CompareCounts("The same by continent and area", codebook,
                {absl::StrCat("SELECT fold(migsp), puma, count(DISTINCT person)", moved,
                              " GROUP BY fold(migsp), puma")},
                "1", offices, 100);
  CompareMedians("New York 2024: median age of movers by continent (years)", codebook,
                 absl::StrCat("SELECT fold(migsp), median(age)", moved, " GROUP BY fold(migsp)"), "1",
                 offices, 100);
  CompareMedians("New York 2024: median income by area (dollars)", codebook,
                 "SELECT puma, median(income) FROM person WHERE puma IS NOT NULL GROUP BY puma", "1", offices,
                 10);
}

// NIST's excerpt of one state: every column that is or can be made a short list of codes, in pairs.
void CompareExcerpt(const std::string& data, const std::string& folder, const std::string& name) {
  const CsvText csv(ReadWhole(absl::StrCat(data, "/nist_acs_excerpts/", name, ".csv")));
  const std::vector<std::string> columns = {"PUMA",     "AGEP", "SEX",          "MSP",          "HISP",
                                            "RAC1P",    "NOC",  "NPF",          "HOUSING_TYPE", "OWN_RENT",
                                            "INDP_CAT", "EDU",  "PINCP_DECILE", "POVPIP",       "DVET",
                                            "DREM",     "DPHY", "DEYE",         "DEAR"};
  std::vector<std::set<std::string>> codes(columns.size());
  std::mt19937_64 dice(kSeed);
  std::vector<double> weights;
  for (const DemoOffice& office : kOffices) weights.push_back(static_cast<double>(office.weight));
  std::discrete_distribution<size_t> choose(weights.begin(), weights.end());
  std::string heading = "person_ref";
  for (const std::string& column : columns) absl::StrAppend(&heading, ",", absl::AsciiStrToLower(column));
  std::vector<std::string> files(kNetwork, heading + "\n");
  for (size_t i = 0; i < csv.rows(); ++i) {
    const std::vector<absl::string_view> row = csv.Row(i);
    std::string& out = files[choose(dice)];
    absl::StrAppend(&out, "P", i);
    for (size_t c = 0; c < columns.size(); ++c) {
      std::string value(row[csv.at(columns[c])]);
      // Ages by ten years, incomes by the poverty line.
      const int width = columns[c] == "AGEP" ? 10 : columns[c] == "POVPIP" ? 100 : 1;
      if (int number; width > 1 && absl::SimpleAtoi(value, &number)) value = absl::StrCat(number / width);
      value = "v" + absl::StrReplaceAll(value, {{"-", "_"}, {".", "_"}});
      codes[c].insert(value);
      absl::StrAppend(&out, ",", value);
    }
    out += "\n";
  }
  std::string lists =
      "codebook: excerpt\nversion: 1\nreference_promise: {epsilon: 1, delta: 1e-6}\nclosing: year\ncodes:\n";
  std::string table =
      "tables:\n  person:\n    unit: person\n    labels: {fr: Personnes, en: Persons}\n    columns:\n";
  for (size_t c = 0; c < columns.size(); ++c) {
    const std::string lower = absl::AsciiStrToLower(columns[c]);
    absl::StrAppend(&lists, "  ", lower, ": [", absl::StrJoin(codes[c], ", "), "]\n");
    absl::StrAppend(&table, "      ", lower, ": {type: code, codes: ", lower,
                    ", sensitivity: ordinary, fr: ", columns[c], ", en: ", columns[c], "}\n");
  }
  const Codebook codebook = MustRead(lists + table);
  const auto offices = ImportAll(absl::StrCat(folder, "/", name), codebook, files, "2025");
  std::vector<std::string> all;
  for (size_t a = 0; a < columns.size(); ++a) {
    for (size_t b = a + 1; b < columns.size(); ++b) {
      const std::string x = absl::AsciiStrToLower(columns[a]), y = absl::AsciiStrToLower(columns[b]);
      all.push_back(absl::StrCat("SELECT ", x, ", ", y, ", count(DISTINCT person) FROM person WHERE ", x,
                                 " IS NOT NULL AND ", y, " IS NOT NULL GROUP BY ", x, ", ", y));
    }
  }
  for (const char* epsilon : {"1", "10"})
    CompareCounts(absl::StrCat("NIST excerpt ", name, ": ", csv.rows(), " persons, all ", all.size(),
                               " two-way tables"),
                  With(codebook, epsilon), all, epsilon, offices, 5);
}

}  // namespace
}  // namespace penc::bench

int main() {
  using namespace penc;
  using namespace penc::bench;
  const std::string folder =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_accuracy_", getpid());
  const char* given = std::getenv("PENC_TEST_DATA");
  const std::string data = given != nullptr ? given : PENC_SOURCE_DIR "/../shared/data";
  std::printf("seed %llu; eight offices, %u presumed dishonest\n", static_cast<unsigned long long>(kSeed),
              ScheduleOf(kNetwork).dishonest);
  if (std::filesystem::exists(data + "/acs_pums_2024/acs2024_ny.csv.gz")) {
    CompareCensus(data, folder);
  } else {
    std::printf("left out: no census records beside the repository (../shared/data)\n");
  }
  const Codebook migration =
      With(ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml")).value(), "1");
  CompareCounts("Invented records, 4,400 persons: changes of legal status, from and to", migration,
                {"SELECT fold(from_status), fold(to_status), count(DISTINCT person) FROM status_event WHERE "
                 "quarter BETWEEN '2024-Q4' AND '2026-Q3' GROUP BY fold(from_status), fold(to_status)"},
                "1", DemoOffices(migration, folder, 4400, kNetwork, 101), 200);
  for (const char* name : {"ma2019", "tx2019"}) {
    if (std::filesystem::exists(absl::StrCat(data, "/nist_acs_excerpts/", name, ".csv"))) {
      CompareExcerpt(data, folder, name);
    } else {
      std::printf("left out: no NIST excerpt %s beside the repository (../shared/data)\n", name);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}
