// Ways in which offices can count together, side by side: what becomes of their exact vectors. Whatever is
// noised goes through the program's own samplers; seeded, so that a table can be printed again. Header only.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "codebook/codebook.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "demo/records.h"
#include "federation/parameters.h"
#include "privacy/noise_share.h"
#include "privacy/sampler.h"
#include "question/plan.h"
#include "tests/support/office_records.h"

namespace penc::bench {

using Exact = std::vector<std::vector<int64_t>>;  // an office's vector each

inline constexpr int64_t kFewest = 5;  // what "suppressed below 5" shows

// Eight offices of the demonstration network (deploy/demo-network), their countries and how many people each
// follows; more offices repeat them.
struct DemoOffice {
  const char* country;
  uint64_t weight;
};
inline constexpr DemoOffice kOffices[] = {{"MLI", 900}, {"BFA", 420}, {"MRT", 650}, {"BEN", 180},
                                          {"CIV", 520}, {"GIN", 740}, {"TGO", 120}, {"SEN", 380}};

// `all` over `offices` in proportion; the last one has what rounding leaves.
inline std::vector<uint64_t> Sizes(uint64_t all, uint32_t offices) {
  uint64_t weights = 0, given = 0;
  for (uint32_t i = 0; i < offices; ++i) weights += kOffices[i % 8].weight;
  std::vector<uint64_t> sizes;
  for (uint32_t i = 0; i < offices; ++i) {
    sizes.push_back(i + 1 == offices ? all - given : all * kOffices[i % 8].weight / weights);
    given += sizes.back();
  }
  return sizes;
}

// A network's parameters by the program's own rules; everybody answers.
inline ShareSchedule ScheduleOf(uint32_t offices) {
  ShareSchedule schedule;
  schedule.dishonest = PresumedDishonest(offices, CommitteeFor(offices, 0).value().colluding, 0);
  schedule.levels = LevelsFor(offices, schedule.dishonest, FewestFor(offices, schedule.dishonest));
  return schedule;
}

inline SeededExpander Seeded(const std::string& what, uint64_t seed) {
  const std::string bytes = Sha256(absl::StrCat(what, " ", seed));
  return SeededExpander(absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

// The plan as its answer is read: with the law that so many shares of so many leave.
inline Plan AtRate(Plan plan, const Ratio& rate) {
  for (Block& block : plan.blocks) block.noise.rate = rate;
  return plan;
}
// The plan as read where there is practically no noise.
inline Plan Noiseless(Plan plan) {
  for (Block& block : plan.blocks) block.noise = {Family::kDiscreteLaplace, {64, 1}};
  return plan;
}

inline std::vector<int64_t> SumOf(const Exact& exact) {
  std::vector<int64_t> sum(exact[0].size(), 0);
  for (const std::vector<int64_t>& office : exact) {
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += office[i];
  }
  return sum;
}
inline void AddOwnNoise(const Plan& plan, RandomSource& random, std::vector<int64_t>& cells) {
  for (const Block& block : plan.blocks)
    AddNoise(block.noise, random, absl::MakeSpan(cells).subspan(block.first, block.cells));
}

// A regional round: every office adds its share. Nobody is absent, so that no removable noise is left.
inline std::vector<int64_t> Regional(const Plan& plan, const ShareSchedule& schedule, const Exact& exact,
                                     RandomSource& random) {
  std::vector<int64_t> cells = SumOf(exact);
  for (size_t office = 0; office < exact.size(); ++office) {
    for (const Block& block : plan.blocks)
      AddBaseShare(block.noise, schedule, random, absl::MakeSpan(cells).subspan(block.first, block.cells));
  }
  return cells;
}
// Every office answers alone, with all of the noise; the asker adds up.
inline std::vector<int64_t> EachAlone(const Plan& plan, const Exact& exact, RandomSource& random) {
  std::vector<int64_t> cells = SumOf(exact);
  for (size_t office = 0; office < exact.size(); ++office) AddOwnNoise(plan, random, cells);
  return cells;
}
// Every office leaves out its cells below five, adds no noise; the asker adds up what is there.
inline std::vector<int64_t> Suppressed(const Exact& exact) {
  std::vector<int64_t> cells(exact[0].size(), 0);
  for (const std::vector<int64_t>& office : exact) {
    for (size_t i = 0; i < cells.size(); ++i) cells[i] += office[i] < kFewest ? 0 : office[i];
  }
  return cells;
}

// Offices of the shipped codebook with generated records (node/demo), closed in 2026-Q3. Their seeds are
// `first_seed` and following.
inline std::vector<std::unique_ptr<OfficeRecords>> DemoOffices(const Codebook& codebook,
                                                               const std::string& folder, uint64_t persons,
                                                               uint32_t offices, uint64_t first_seed) {
  std::vector<std::unique_ptr<OfficeRecords>> all;
  const std::vector<uint64_t> sizes = Sizes(persons, offices);
  for (uint32_t i = 0; i < offices; ++i) {
    DemoOptions options;
    options.seed = first_seed + i;
    options.persons = sizes[i];
    options.country = kOffices[i % 8].country;
    options.prefix = absl::StrCat("O", i, "-");
    const std::string own = absl::StrCat(folder, "/", persons, "-", i);
    all.push_back(std::make_unique<OfficeRecords>(own, codebook));
    const std::vector<DemoFile> files = WriteDemoRecords(codebook, options, own + "/invented").value();
    for (const DemoFile& file : files) all.back()->Import(file.table, ReadWhole(file.path));
    all.back()->Close("2026-Q3");
  }
  return all;
}

template <typename T>
double MedianOf(std::vector<T> values) {
  if (values.empty()) return 0;
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  return static_cast<double>(values[middle]);
}

}  // namespace penc::bench
