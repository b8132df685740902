// The cryptography of a round (goal, one core: a mask of 10^6 words of 32 bits in 4 ms; all shares of a
// contribution to 18 stewards in 2 ms).
#include <benchmark/benchmark.h>

#include <vector>

#include "crypto/secure_random.h"
#include "crypto/shamir.h"
#include "federation/box.h"
#include "federation/chunks.h"
#include "federation/mail.h"
#include "federation/masks.h"

namespace penc {
namespace {

template <typename Word>
void Mask(benchmark::State& state) {
  SecureRandom random;
  const Secret seed = Secret::Random(random, 32);
  std::vector<Word> words(state.range(0));
  for (auto _ : state) {
    MaskStream(seed).Apply(1, absl::MakeSpan(words));
    benchmark::DoNotOptimize(words.data());
  }
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * words.size() * sizeof(Word)));
}
void Mask32(benchmark::State& state) { Mask<uint32_t>(state); }
void Mask64(benchmark::State& state) { Mask<uint64_t>(state); }
BENCHMARK(Mask32)->Arg(100000)->Arg(1000000)->Unit(benchmark::kMillisecond);
BENCHMARK(Mask64)->Arg(100000)->Arg(1000000)->Unit(benchmark::kMillisecond);

void Agree(benchmark::State& state) {
  SecureRandom random;
  const AgreementKey own = AgreementKey::Generate(random);
  const std::string other = AgreementKey::Generate(random).public_key();
  for (auto _ : state) benchmark::DoNotOptimize(own.Agree(other).ok());
}
BENCHMARK(Agree)->Unit(benchmark::kMicrosecond);

// c stewards of whom c - d join, and as many level seeds as 18 offices have.
void Boxes(benchmark::State& state) {
  SecureRandom random;
  const auto stewards = static_cast<uint32_t>(state.range(0));
  std::vector<Secret> secrets;
  std::vector<const Secret*> pointers;
  for (uint32_t i = 0; i < stewards + 18; ++i) secrets.push_back(Secret::Random(random, kShareBytes));
  for (const Secret& secret : secrets) pointers.push_back(&secret);
  for (auto _ : state) {
    benchmark::DoNotOptimize(MakeBoxes(pointers, static_cast<uint32_t>(state.range(1)), stewards, random));
  }
}
BENCHMARK(Boxes)->Args({7, 5})->Args({13, 9})->Args({18, 12})->Args({31, 21})->Unit(benchmark::kMillisecond);

void SplitShares(benchmark::State& state) {
  SecureRandom random;
  const Secret secret = Secret::Random(random, kShareBytes);
  for (auto _ : state) {
    for (int seed = 0; seed < 13 + 18; ++seed) benchmark::DoNotOptimize(SplitSecret(secret, 12, 18, random));
  }
}
BENCHMARK(SplitShares)->Unit(benchmark::kMillisecond);

void JoinedShares(benchmark::State& state) {
  SecureRandom random;
  const std::vector<Secret> shares = SplitSecret(Secret::Random(random, kShareBytes), 12, 18, random);
  std::vector<std::pair<uint32_t, absl::string_view>> given;
  for (uint32_t i = 0; i < 12; ++i) given.emplace_back(i, shares[i].view());
  for (auto _ : state) benchmark::DoNotOptimize(JoinShares(12, given));
}
BENCHMARK(JoinedShares)->Unit(benchmark::kMicrosecond);

void ChunkRoot(benchmark::State& state) {
  const std::string vector(state.range(0), 'v');
  for (auto _ : state) benchmark::DoNotOptimize(ChunkTree::Of(vector).Root());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ChunkRoot)->Arg(400000)->Arg(4000000)->Unit(benchmark::kMillisecond);

void MailToReaders(benchmark::State& state) {
  SecureRandom random;
  std::vector<std::string> readers;
  for (int i = 0; i < state.range(0); ++i) readers.push_back(AgreementKey::Generate(random).public_key());
  const std::string content(4000000, 'm');
  const MailContext context = {std::string(32, 'q'), 1, 0};
  for (auto _ : state) benchmark::DoNotOptimize(SealMail(context, content, readers, random));
}
BENCHMARK(MailToReaders)->Arg(19)->Arg(1001)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penc

BENCHMARK_MAIN();
