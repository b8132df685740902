// Noise: samples a second with the product's own random source (goal, one core: 20 million discrete Laplace,
// 12 million Skellam), shares of regional noise (goal: all of an office's, a million cells, 18 offices,
// 60 ms), what a sampler costs to prepare, what the planner's decisions cost.
#include <benchmark/benchmark.h>

#include <vector>

#include "crypto/secure_random.h"
#include "privacy/choose.h"
#include "privacy/cost.h"
#include "privacy/law.h"
#include "privacy/noise_share.h"
#include "privacy/sampler.h"

namespace penc {
namespace {

Mechanism Laplace(int64_t scale) { return {Family::kDiscreteLaplace, {1, static_cast<uint64_t>(scale)}}; }
Mechanism Skellam(int64_t mu) { return {Family::kSkellam, {static_cast<uint64_t>(mu), 1}}; }

void Draw(benchmark::State& state, const Mechanism& mechanism) {
  SecureRandom random;
  Words words(random);
  const auto sampler = MakeSampler(mechanism);
  std::vector<int64_t> cells(100000);
  for ([[maybe_unused]] auto _ : state) {
    sampler->AddTo(absl::MakeSpan(cells), words);
    benchmark::DoNotOptimize(cells.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * cells.size()));
}
void DrawLaplace(benchmark::State& state) { Draw(state, Laplace(state.range(0))); }
void DrawSkellam(benchmark::State& state) { Draw(state, Skellam(state.range(0))); }
BENCHMARK(DrawLaplace)->Arg(1)->Arg(5)->Arg(50)->Arg(1000)->Arg(1000000)->Unit(benchmark::kMillisecond);
BENCHMARK(DrawSkellam)
    ->Arg(1)
    ->Arg(24)
    ->Arg(1000)
    ->Arg(1600000)
    ->Arg(100000000)
    ->Unit(benchmark::kMillisecond);

// 18 offices of whom 3 lie and at least 9 answer.
ShareSchedule OfEighteen() { return {3, {9, 10, 11, 12, 13, 14, 15, 16, 17, 18}}; }

// What an office adds to its contribution: the base share and all components.
void Shares(benchmark::State& state, const Mechanism& mechanism) {
  SecureRandom random;
  const ShareSchedule schedule = OfEighteen();
  std::vector<uint8_t> seed(32);
  std::vector<int64_t> cells(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    AddBaseShare(mechanism, schedule, random, absl::MakeSpan(cells));
    for (size_t j = 0; j < schedule.components(); ++j) {
      random.Fill(absl::MakeSpan(seed));
      AddComponent(mechanism, schedule, j, seed, 0, 1, absl::MakeSpan(cells));
    }
    benchmark::DoNotOptimize(cells.data());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * cells.size()));
}
void SharesOfLaplace(benchmark::State& state) { Shares(state, Laplace(state.range(1))); }
void SharesOfSkellam(benchmark::State& state) { Shares(state, Skellam(state.range(1))); }
BENCHMARK(SharesOfLaplace)
    ->Args({100000, 1})
    ->Args({1000000, 1})
    ->Args({1000000, 20})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(SharesOfSkellam)->Args({100000, 24})->Args({1000000, 24})->Unit(benchmark::kMillisecond);

void PrepareLaplace(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(MakeSampler(Laplace(state.range(0))));
}
void PrepareSkellam(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(MakeSampler(Skellam(state.range(0))));
}
BENCHMARK(PrepareLaplace)->Arg(5)->Arg(1000000)->Unit(benchmark::kMicrosecond);
BENCHMARK(PrepareSkellam)->Arg(24)->Arg(1000)->Arg(1600000)->Arg(100000000)->Unit(benchmark::kMicrosecond);

void CostOfSkellam(benchmark::State& state) {
  const auto shift = static_cast<uint64_t>(state.range(1));
  const Order order{static_cast<uint32_t>(state.range(2))};
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(CostOf(Skellam(state.range(0)), {1, shift, shift}, order));
}
// mean, shift, twice alpha
BENCHMARK(CostOfSkellam)
    ->Args({24, 1, 9})
    ->Args({1000, 1, 9})
    ->Args({1000, 64, 44})
    ->Args({1000, 64, 512})
    ->Args({1000, 256, 44})
    ->Args({1, 4096, 44})
    ->Args({100000, 256, 9})
    ->Unit(benchmark::kMicrosecond);

void CostOfLaplace(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(CostOf(Laplace(5), {3, 256, 259}, {9}));
}
BENCHMARK(CostOfLaplace)->Unit(benchmark::kMicrosecond);

void Choice(benchmark::State& state) {
  const Promise reference{static_cast<uint64_t>(state.range(0)) * 1024, 1, 6};
  const auto linf = static_cast<uint64_t>(state.range(1));
  const uint64_t price = RenyiBudget(reference) / 50;
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(ChooseAtPrice({3, linf, 3 * linf - 1}, price, reference));
}
// epsilon, most per cell
BENCHMARK(Choice)->Args({8, 1})->Args({1, 1})->Args({8, 10})->Args({8, 256})->Unit(benchmark::kMillisecond);

void ChoiceForMargin(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(ChooseForMargin({1, 1, 1}, 10, Promise{}));
}
BENCHMARK(ChoiceForMargin)->Unit(benchmark::kMillisecond);

void AllowanceOfPromise(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(AllowanceOf(Promise{}));
}
BENCHMARK(AllowanceOfPromise)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace penc

BENCHMARK_MAIN();
