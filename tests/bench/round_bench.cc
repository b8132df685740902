// What a round costs, single-threaded. Whole parts (an office's visit, a steward's, a recipient's) are held
// against a bar: the quickest of the repetitions (`best_ms`, others load the machine too) stands beside
// `bar_ms` and `of_bar`, sizes beside theirs. Below them the cryptography that they are made of (goal, one
// core: a mask of 10^6 words of 32 bits in 4 ms; all shares of a contribution to 18 stewards in 2 ms).
#include <benchmark/benchmark.h>

#include <time.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <vector>

#include "crypto/secure_random.h"
#include "crypto/shamir.h"
#include "federation/box.h"
#include "federation/chunks.h"
#include "federation/mail.h"
#include "federation/masks.h"
#include "journal/merkle.h"
#include "penc/v1/hub_service.pb.h"
#include "tests/support/small_round.h"

namespace penc {
namespace {

// ---- whole parts

// Eighteen offices with a committee of 13; a thousand with one of 31 (parameters.h).
SmallNetwork::Numbers Eighteen(uint64_t length) {
  return {.offices = 18,
          .stewards = 13,
          .colluding = 4,
          .absent = 4,
          .dishonest = 4,
          .fewest = 9,
          .length = length};
}
SmallNetwork::Numbers Thousand(uint64_t length) {
  return {.offices = 1000,
          .stewards = 31,
          .colluding = 10,
          .absent = 10,
          .dishonest = 150,
          .fewest = 500,
          .length = length};
}

// Of counts at eps/Delta = 1, which the bars are for; of counts by Skellam; of amounts, whose Delta is 256.
enum Law { kCounts, kSkellam, kAmounts };
std::function<void(v1::Descriptor&)> With(int64_t law) {
  return [law](v1::Descriptor& terms) {
    v1::Noise& noise = *terms.mutable_blocks(0)->mutable_noise();
    noise.set_family(law == kSkellam ? v1::Noise::FAMILY_SKELLAM : v1::Noise::FAMILY_DISCRETE_LAPLACE);
    noise.set_parameter_num(law == kSkellam ? 24 : 1);
    noise.set_parameter_den(law == kAmounts ? 256 : 1);
    if (law == kAmounts) terms.set_word_bits(64);
  };
}

double ThreadSeconds() {
  timespec now;
  PENC_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Times `once` alone (bar_ms = 0: there is none), in this thread's time on a core.
void HoldAgainst(benchmark::State& state, double bar_ms, const std::function<void()>& prepare,
                 const std::function<void()>& once) {
  double best = 1e300;
  for ([[maybe_unused]] auto _ : state) {
    prepare();
    const double start = ThreadSeconds();
    once();
    const double took = ThreadSeconds() - start;
    state.SetIterationTime(took);
    best = std::min(best, took * 1000);
  }
  state.counters["best_ms"] = best;
  if (bar_ms == 0) return;
  state.counters["bar_ms"] = bar_ms;
  state.counters["of_bar"] = best / bar_ms;
}
double Bar(const benchmark::State& state, double hundred_thousand, double million) {
  return state.range(0) > 100000 ? million : hundred_thousand;
}

// Of a log of 1,000 charges, with as many links as a head may have.
v1::ChargeLogHead FullHead() {
  std::vector<std::string> leaves;
  merkle::Frontier log;
  for (int i = 0; i < 1000; ++i) {
    leaves.push_back(merkle::LeafHash(absl::StrCat("charge ", i)));
    log.Append(leaves.back());
  }
  v1::ChargeLogHead head;
  head.set_size(log.size());
  head.set_root(log.Root());
  for (uint64_t before = 1; before <= 16; ++before) {
    v1::ChargeLogLink& link = *head.add_links();
    link.set_size(log.size() - before);
    link.set_root(std::string(32, 'r'));
    for (const std::string& node : merkle::ConsistencyProof(leaves, log.size() - before, log.size()))
      link.add_consistency(node);
  }
  return head;
}

// Everything that an office's messages hold, chunk by chunk.
size_t BytesUp(const Round& round, const OfficeContribution& made) {
  v1::PutContributionRequest first;
  *first.mutable_header() = made.header;
  for (const std::string& box : made.boxes) first.add_boxes(box);
  size_t bytes = first.ByteSizeLong();
  for (uint64_t index = 0; index < ChunksOf(round); ++index) {
    v1::PutChunkRequest chunk;
    chunk.set_qid(round.qid);
    chunk.mutable_chunk()->set_index(static_cast<uint32_t>(index));
    chunk.mutable_chunk()->set_bytes(made.vector.substr(index * kChunkBytes, kChunkBytes));
    bytes += chunk.ByteSizeLong();
  }
  return bytes;
}

void OfficeBuilds(benchmark::State& state) {
  SmallRound table(Eighteen(state.range(0)), With(state.range(1)));
  SecureRandom random;
  std::vector<int64_t> cells(state.range(0), 3);
  std::unique_ptr<ExactVector> exact;
  OfficeContribution made;
  HoldAgainst(
      state, state.range(1) == kCounts ? Bar(state, 20, 100) : 0,
      [&] { exact = std::make_unique<ExactVector>(ExactVectorPeek::Of(cells)); },
      [&] { made = *ContributionMaker::Make(table.TermsOf(3), std::move(*exact), random); });
  const auto raw = static_cast<double>(VectorBytes(table.round));
  state.counters["over_raw_percent"] = (static_cast<double>(BytesUp(table.round, made)) - raw) / raw * 100;
  state.counters["over_raw_bar"] = Bar(state, 12, 1.5);
}
BENCHMARK(OfficeBuilds)
    ->ArgNames({"cells", "law"})
    ->ArgsProduct({{100000, 1000000}, {kCounts, kSkellam, kAmounts}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Sizes for a bulletin of 1,000 cells: a visit's bytes up, the descriptor, what a steward gives.
void BulletinBytes(benchmark::State& state) {
  SmallRound table(state.range(0) == 18 ? Eighteen(1000) : Thousand(1000));
  ContributionTerms terms = table.TermsOf(3);
  terms.charge_log = FullHead();
  size_t up = 0;
  for ([[maybe_unused]] auto _ : state) {
    const OfficeContribution made = *ContributionMaker::Make(
        terms, ExactVectorPeek::Of(std::vector<int64_t>(1000, 3)), table.network.random);
    up = BytesUp(table.round, made);
  }
  state.counters["bytes_up"] = static_cast<double>(up);
  state.counters["bar_bytes"] = 64000;
  state.counters["of_bar"] = static_cast<double>(up) / 64000;
  state.counters["descriptor_bytes"] = static_cast<double>(table.round.signed_descriptor.ByteSizeLong());
}
BENCHMARK(BulletinBytes)->Arg(18)->Arg(1000)->Unit(benchmark::kMillisecond);

// A steward's visits in a round of 1,000 offices, of whom only headers and boxes are needed.
class StewardOfThousand : public benchmark::Fixture {
 public:
  void SetUp(benchmark::State& state) override {
    if (table_ != nullptr && table_->round.descriptor.length() == static_cast<uint64_t>(state.range(0)))
      return;
    table_ = std::make_unique<SmallRound>(Thousand(state.range(0)));
    Round small = table_->round;  // the same qid
    small.descriptor.set_length(1);
    small.descriptor.mutable_blocks(0)->set_cells(1);
    for (uint32_t office : small.asked) {
      const ContributionTerms terms{small, office, table_->network.members[office]->key, 500, table_->Head()};
      OfficeContribution made =
          *ContributionMaker::Make(terms, ExactVectorPeek::Of({1}), table_->network.random);
      v1::ContributionHeader header;
      PENC_CHECK(header.ParseFromString(made.header.header()));
      header.set_vector_bytes(VectorBytes(table_->round));
      made.header = table_->network.SignHeader(office, header);
      table_->sent[office] = std::move(made);
    }
    proposal_ = table_->Propose(table_->round.asked);
    delivered_ = table_->DeliveredTo(0, proposal_);
    std::vector<uint32_t> voters(table_->round.quorum());
    std::iota(voters.begin(), voters.end(), 0);
    certificate_ = v1::Certificate();
    *certificate_.mutable_proposal() = proposal_;
    for (uint32_t k : voters)
      *certificate_.add_votes() = table_->network.SignVote(table_->round, k, Sha256(proposal_.proposal()));
  }

 protected:
  static std::unique_ptr<SmallRound> table_;
  static v1::SignedProposal proposal_;
  static v1::Certificate certificate_;
  static std::vector<Delivered> delivered_;
};
std::unique_ptr<SmallRound> StewardOfThousand::table_;
v1::SignedProposal StewardOfThousand::proposal_;
v1::Certificate StewardOfThousand::certificate_;
std::vector<Delivered> StewardOfThousand::delivered_;

BENCHMARK_DEFINE_F(StewardOfThousand, Votes)(benchmark::State& state) {
  WitnessRows witnesses;
  HoldAgainst(
      state, Bar(state, 200, 1500), [&] { witnesses.clear(); },
      [&] { PENC_CHECK(table_->At(0).Vote({}, proposal_, delivered_, witnesses).ok()); });
}
BENCHMARK_REGISTER_F(StewardOfThousand, Votes)
    ->Arg(100000)
    ->Arg(1000000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

BENCHMARK_DEFINE_F(StewardOfThousand, Releases)(benchmark::State& state) {
  storage::v1::StewardRow row;
  row.set_voted(Sha256(proposal_.proposal()));
  size_t bytes = 0;
  HoldAgainst(
      state, Bar(state, 200, 1500), [] {},
      [&] {
        const auto step = table_->At(0).Release(row, certificate_, delivered_);
        PENC_CHECK(step.ok());
        bytes = step->message.opening.ByteSizeLong();
      });
  state.counters["opening_bytes"] = static_cast<double>(bytes);
}
BENCHMARK_REGISTER_F(StewardOfThousand, Releases)
    ->Arg(100000)
    ->Arg(1000000)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// A recipient of a round of 18: 18 vectors, noise of nine steps taken away; `absent` stewards' masks rebuilt.
void RecipientOpens(benchmark::State& state) {
  SmallRound table(Eighteen(state.range(0)), With(state.range(2)));
  table.BuildAll(3);
  std::vector<uint32_t> present(13 - state.range(1)), voters(9);
  std::iota(present.begin(), present.end(), 0);
  std::iota(voters.begin(), voters.end(), 0);
  const v1::Certificate certificate = table.Certify(table.Propose(table.round.asked), voters);
  RoundParts parts = table.Parts(certificate);
  for (uint32_t k : present) parts.openings.push_back(table.Release(k, certificate).value());
  const size_t bytes = parts.openings[0].opening.ByteSizeLong();
  for (uint32_t k : voters) {
    for (uint32_t absent = static_cast<uint32_t>(present.size()); absent < 13; ++absent)
      parts.openings.push_back(table.Reveal(k, certificate, absent).value());
  }
  HoldAgainst(
      state, state.range(2) == kCounts ? Bar(state, 1000, 6000) : 0, [] {},
      [&] {
        const auto opened = OpenRound(table.round, parts);
        PENC_CHECK(opened.ok() && opened->removed == 9);
      });
  state.counters["opening_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(RecipientOpens)
    ->ArgNames({"cells", "absent", "law"})
    ->ArgsProduct({{100000, 1000000}, {0, 4}, {kCounts}})
    ->ArgsProduct({{100000, 1000000}, {4}, {kSkellam, kAmounts}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// ---- what they are made of

template <typename Word>
void Mask(benchmark::State& state) {
  SecureRandom random;
  const Secret seed = Secret::Random(random, 32);
  std::vector<Word> words(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
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
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(own.Agree(other).ok());
}
BENCHMARK(Agree)->Unit(benchmark::kMicrosecond);

// c stewards of whom c - d join, and as many level seeds as 18 offices have.
void Boxes(benchmark::State& state) {
  SecureRandom random;
  const auto stewards = static_cast<uint32_t>(state.range(0));
  std::vector<Secret> secrets;
  std::vector<const Secret*> pointers;
  for (uint32_t i = 0; i < stewards + 18; ++i) secrets.push_back(Secret::Random(random, kShareBytes));
  pointers.reserve(secrets.size());
  for (const Secret& secret : secrets) pointers.push_back(&secret);
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(MakeBoxes(pointers, static_cast<uint32_t>(state.range(1)), stewards, random));
  }
}
BENCHMARK(Boxes)->Args({7, 5})->Args({13, 9})->Args({18, 12})->Args({31, 21})->Unit(benchmark::kMillisecond);

void SplitShares(benchmark::State& state) {
  SecureRandom random;
  const Secret secret = Secret::Random(random, kShareBytes);
  for ([[maybe_unused]] auto _ : state) {
    for (int seed = 0; seed < 13 + 18; ++seed) benchmark::DoNotOptimize(SplitSecret(secret, 12, 18, random));
  }
}
BENCHMARK(SplitShares)->Unit(benchmark::kMillisecond);

void JoinedShares(benchmark::State& state) {
  SecureRandom random;
  const std::vector<Secret> shares = SplitSecret(Secret::Random(random, kShareBytes), 12, 18, random);
  std::vector<std::pair<uint32_t, absl::string_view>> given;
  for (uint32_t i = 0; i < 12; ++i) given.emplace_back(i, shares[i].view());
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(JoinShares(12, given));
}
BENCHMARK(JoinedShares)->Unit(benchmark::kMicrosecond);

void ChunkRoot(benchmark::State& state) {
  const std::string vector(state.range(0), 'v');
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(ChunkTree::Of(vector).Root());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(ChunkRoot)->Arg(400000)->Arg(4000000)->Unit(benchmark::kMillisecond);

void MailToReaders(benchmark::State& state) {
  SecureRandom random;
  std::vector<std::string> readers;
  readers.reserve(state.range(0));
  for (int i = 0; i < state.range(0); ++i) readers.push_back(AgreementKey::Generate(random).public_key());
  const std::string content(4000000, 'm');
  const MailContext context = {std::string(32, 'q'), 1, 0};
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(SealMail(context, content, readers, random));
}
BENCHMARK(MailToReaders)->Arg(19)->Arg(1001)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace penc

BENCHMARK_MAIN();
