// How good the thirteen questions are on records like a small network's: the shipped bulletin at the price
// that is recommended for it, planned, extracted and noised by the program, beside the two things that
// offices do today. A table for each size, in Markdown.
//
//   build/tests/margins_bench              eight offices, 60 % of a budget
//   build/tests/margins_bench 18 20        eighteen offices, 20 %
//
// A margin is the 95 % half width that the answer states. Useful is a cell that truly holds somebody and
// whose margin is at most a fifth, or half, of the true value. Where small cells are suppressed there is no
// margin: what counts is what is missing, which no reader can see.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "codebook/read.h"
#include "embedded/embedded.h"
#include "question/bind.h"
#include "question/bulletin.h"
#include "question/measures/measure.h"
#include "question/release.h"
#include "tests/bench/peers.h"

namespace penc::bench {
namespace {

constexpr uint64_t kPersons[] = {1500, 4400, 28000};
constexpr int kReleases = 20;
constexpr uint64_t kSeed = 20261126;

// Of one table, by one way of counting.
struct Tally {
  std::vector<double> margins;  // of cells that are shown; where small cells are suppressed: what is missing
  uint64_t seen = 0, shown = 0, fifth = 0, half = 0;  // of cells that truly hold somebody

  void Holds(double truth, bool said, double margin) {
    ++seen;
    shown += said;
    fifth += margin <= truth / 5;
    half += margin <= truth / 2;
  }
  void Add(const Tally& other) {
    seen += other.seen;
    shown += other.shown;
    fifth += other.fifth;
    half += other.half;
  }
  std::string Row(bool with_shown) const {
    const auto percent = [&](uint64_t of) {
      return absl::StrCat(seen == 0 ? 0 : (200 * of + seen) / (2 * seen), " %");
    };
    std::string row = margins.empty() ? "–" : absl::StrCat(std::llround(MedianOf(margins)));
    if (with_shown) absl::StrAppend(&row, " | ", percent(shown));
    return absl::StrCat(row, " | ", percent(fifth), " | ", percent(half));
  }
};

class Bulletins {
 public:
  Bulletins(const Codebook& codebook, Plan plan, uint32_t offices)
      : codebook_(codebook), plan_(std::move(plan)), schedule_(ScheduleOf(offices)) {}

  void Run(const std::string& folder, uint64_t persons, uint32_t offices, uint64_t first_seed) {
    Exact exact;
    for (const auto& office : DemoOffices(codebook_, folder, persons, offices, first_seed))
      exact.push_back(office->Extract(plan_));
    const std::vector<EstimatedTable> truth =
        Estimate(Noiseless(plan_), codebook_, {plan_.id, SumOf(exact)}, {1e9, 1e9});
    const size_t tables = truth.size();
    std::vector<Tally> regional(tables), alone(tables), suppressed(tables);
    SeededExpander random = Seeded("margins", kSeed + persons);
    const Plan as_region = AtRate(plan_, {offices, offices - schedule_.dishonest}),
               as_sum = AtRate(plan_, {offices, 1});
    for (int r = 0; r < kReleases; ++r) {
      Add(as_region, truth, Regional(plan_, schedule_, exact, random), regional);
      Add(as_sum, truth, EachAlone(plan_, exact, random), alone);
    }
    AddSuppressed(truth, Suppressed(exact), suppressed);
    Print(persons, offices, first_seed, truth, regional, alone, suppressed);
  }

 private:
  void Add(const Plan& plan, const std::vector<EstimatedTable>& truth, std::vector<int64_t> noisy,
           std::vector<Tally>& tallies) const {
    const Release release{plan.id, std::move(noisy)};
    const std::vector<EstimatedTable> shown = Estimate(plan, codebook_, release, Display()),
                                      all = Estimate(plan, codebook_, release, {1e9, 1e9});
    for (size_t t = 0; t < truth.size(); ++t) {
      const PlannedQuestion& planned = plan.questions[t];
      const AskedMeasure asked(codebook_, planned.question.measures[0]);
      const double same =
          DefinitionOf(asked.measure.kind).Margin(asked, BlocksOf(plan, planned, 0, release.noisy));
      for (size_t cell = 0; cell < truth[t].rows.size(); ++cell) {
        const Value& value = all[t].rows[cell].values[0];
        const bool said = shown[t].rows[cell].values[0].shown == Value::Shown::kYes;
        const double margin = same > 0                            ? same
                              : value.shown == Value::Shown::kYes ? (value.high - value.low) / 2
                                                                  : HUGE_VAL;
        if (said) tallies[t].margins.push_back(margin);
        if (const double exact = truth[t].rows[cell].values[0].value; exact > 0)
          tallies[t].Holds(exact, said, margin);
      }
    }
  }

  // A median cannot be put together from what offices let out: it stays empty.
  void AddSuppressed(const std::vector<EstimatedTable>& truth, const std::vector<int64_t>& kept,
                     std::vector<Tally>& tallies) const {
    for (size_t t = 0; t < truth.size(); ++t) {
      const Block& block = plan_.blocks[plan_.questions[t].blocks[0]];
      for (size_t cell = 0; cell < truth[t].rows.size(); ++cell) {
        const double exact = truth[t].rows[cell].values[0].value;
        if (exact <= 0) continue;
        const auto there = static_cast<double>(block.counting.fan > 1 ? 0 : kept[block.first + cell]);
        if (there > 0) tallies[t].margins.push_back(exact - there);
        tallies[t].Holds(exact, there > 0, there > 0 ? exact - there : HUGE_VAL);
      }
    }
  }

  void Print(uint64_t persons, uint32_t offices, uint64_t first_seed,
             const std::vector<EstimatedTable>& truth, const std::vector<Tally>& regional,
             const std::vector<Tally>& alone, const std::vector<Tally>& suppressed) const {
    const std::vector<uint64_t> sizes = Sizes(persons, offices);
    std::printf(
        "\n**%llu persons** in %u offices of %llu to %llu (records: seeds %llu to %llu; noise: seed %llu)\n\n"
        "| table | cells | hold somebody | typical value | region: margin | shown | ≤ 20 %% | ≤ 50 %% "
        "| each alone: margin | shown | ≤ 20 %% | ≤ 50 %% | below 5 left out: missing | ≤ 20 %% | ≤ 50 %% |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        static_cast<unsigned long long>(persons), offices,
        static_cast<unsigned long long>(*std::min_element(sizes.begin(), sizes.end())),
        static_cast<unsigned long long>(*std::max_element(sizes.begin(), sizes.end())),
        static_cast<unsigned long long>(first_seed),
        static_cast<unsigned long long>(first_seed + offices - 1),
        static_cast<unsigned long long>(kSeed + persons));
    for (size_t t = 0; t < truth.size(); ++t) {
      std::vector<double> holds;
      for (const EstimatedRow& row : truth[t].rows) {
        if (row.values[0].value > 0) holds.push_back(row.values[0].value);
      }
      const std::string& title = plan_.questions[t].question.title;
      const size_t english = title.find(" / ");
      std::printf("| %s | %zu | %zu | %lld | %s | %s | %s |\n",
                  title.substr(english == std::string::npos ? 0 : english + 3).c_str(), truth[t].rows.size(),
                  holds.size(), std::llround(MedianOf(holds)), regional[t].Row(true).c_str(),
                  alone[t].Row(true).c_str(), suppressed[t].Row(false).c_str());
    }
    Tally all[3];
    size_t cells = 0;
    for (size_t t = 0; t < truth.size(); ++t) {
      cells += truth[t].rows.size();
      all[0].Add(regional[t]);
      all[1].Add(alone[t]);
      all[2].Add(suppressed[t]);
    }
    std::printf("| *all tables* | %zu | %llu | | %s | %s | %s |\n", cells,
                static_cast<unsigned long long>(all[2].seen), all[0].Row(true).c_str(),
                all[1].Row(true).c_str(), all[2].Row(false).c_str());
    std::fflush(stdout);
  }

  const Codebook& codebook_;
  const Plan plan_;
  const ShareSchedule schedule_;
};

}  // namespace
}  // namespace penc::bench

int main(int argc, char** argv) {
  using namespace penc;
  using namespace penc::bench;
  const uint32_t offices = argc > 1 ? static_cast<uint32_t>(std::atoi(argv[1])) : 8;
  const uint64_t percent = argc > 2 ? static_cast<uint64_t>(std::atoi(argv[2])) : 60;
  if (offices < 5 || offices > 128 || percent < 1 || percent > 100) {
    std::fprintf(stderr, "margins_bench [OFFICES 5-128] [PERCENT OF A BUDGET 1-100]\n");
    return 2;
  }
  const Codebook codebook =
      ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml")).value();
  const v1::Bulletin bulletin =
      ReadBulletin("bulletin.yaml", *embedded::File("questions/bulletin.yaml")).value();
  const Plan plan =
      MakePlan(BindAll(bulletin, codebook).value(), {Price::Kind::kShare, percent * 10000}, codebook).value();
  std::printf("The bulletin of %d tables and %llu cells at %llu %% of an (%s, %s) budget, %d releases.\n",
              bulletin.questions_size(), static_cast<unsigned long long>(plan.length),
              static_cast<unsigned long long>(percent), codebook.reference_promise.epsilon.c_str(),
              codebook.reference_promise.delta.c_str(), kReleases);
  const std::string folder =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_margins_", getpid());
  Bulletins bulletins(codebook, plan, offices);
  uint64_t seed = 1;
  for (const uint64_t persons : kPersons) {
    bulletins.Run(folder, persons, offices, seed);
    seed += 100;
  }
  std::filesystem::remove_all(folder);
  return 0;
}
