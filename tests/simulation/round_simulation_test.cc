// Histories of whole networks, drawn from a seed (history.h), checked after every operation (world.h).
//
//   PENC_SIMULATIONS=100000 PENC_SEED=7 build/tests/simulation_test --gtest_filter='Networks/*'
//
// runs so many in all; where one breaks a promise, the list of its operations is printed, as short as it can
// be made. PENC_HISTORY=FILE runs such a list again (PENC_OFFICES: the network that it is of).
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "base/file.h"
#include "base/status.h"
#include "tests/simulation/history.h"
#include "tests/simulation/networks.h"

namespace penc::simulation {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = otherwise;
  if (const char* given = std::getenv(name); given != nullptr) PENC_CHECK(absl::SimpleAtoi(given, &value));
  return value;
}

void Print(const Tally& t, uint64_t histories, double seconds) {
  const auto n = [](uint64_t x) { return static_cast<unsigned long>(x); };
  std::printf(
      "%lu histories in %.1f s: %lu sums worked out, %lu opened, %lu void, %lu dead, %lu charges given back, "
      "%lu rounds with "
      "votes for two "
      "sets,\n  %lu forked logs refused, %lu adoptions, %lu rebuilt, %lu contradicting headers, %lu tampered "
      "openings "
      "refused, %lu settled, %lu crossed\n",
      n(histories), seconds, n(t.worked_out), n(t.opened), n(t.ended_void), n(t.dead), n(t.refunds),
      n(t.two_sets_voted), n(t.forks_refused), n(t.adoptions), n(t.rebuilt), n(t.evidence), n(t.tampered),
      n(t.settled), n(t.crossed));
}

class Networks : public ::testing::TestWithParam<Network> {};

TEST_P(Networks, NoHistoryBreaksAPromise) {
  const Network network = GetParam();
  Stage stage(network.numbers, network.rounds);
  const uint64_t histories = FromEnvironment("PENC_SIMULATIONS", 1000) * network.share / 1000;
  const uint64_t first = FromEnvironment("PENC_SEED", 20261124);
  std::printf("PENC_SEED=%lu\n", static_cast<unsigned long>(first));
  const auto start = std::chrono::steady_clock::now();
  Tally tally;
  for (uint64_t i = 0; i < histories; ++i) {
    History history;
    const Outcome outcome = Draw(stage, first + i, Broken::kNothing, history);
    ASSERT_EQ(outcome.wrong, "") << "PENC_SEED=" << first + i << ", network of " << network.numbers.offices
                                 << "; as short as it can be made:\n"
                                 << ToText(Shrink(stage, history));
    tally.Add(outcome.tally);
  }
  Print(tally, histories, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  if (histories < 100) return;
  // A simulation in which nothing happens shows nothing.
  for (uint64_t seen : {tally.opened, tally.ended_void, tally.refunds, tally.rebuilt, tally.settled})
    EXPECT_GT(seen, 0u);
  if (network.numbers.fewest == network.numbers.offices)
    return;  // one set only, and who is restored is a steward
  for (uint64_t seen : {tally.two_sets_voted, tally.forks_refused, tally.adoptions, tally.tampered})
    EXPECT_GT(seen, 0u);
}

INSTANTIATE_TEST_SUITE_P(All, Networks, ::testing::ValuesIn(kNetworks), [](const auto& test) {
  return absl::StrCat(test.param.numbers.offices, "Offices");
});

TEST(History, RunsAgainFromItsText) {
  const char* file = std::getenv("PENC_HISTORY");
  const Network* network = NetworkOf(static_cast<uint32_t>(FromEnvironment("PENC_OFFICES", 8)));
  ASSERT_NE(network, nullptr);
  Stage stage(network->numbers, network->rounds);
  if (file != nullptr) {
    const absl::StatusOr<std::string> text = ReadFile(file);
    ASSERT_TRUE(text.ok()) << text.status();
    const absl::StatusOr<History> history = ReadWholeHistory(*text);
    ASSERT_TRUE(history.ok()) << history.status();
    EXPECT_EQ(RunAgain(stage, *history).wrong, "");
    return;
  }
  for (uint64_t seed = 0; seed < 5; ++seed) {
    History drawn;
    const Outcome outcome = Draw(stage, seed, Broken::kNothing, drawn);
    const absl::StatusOr<History> read = ReadWholeHistory(ToText(drawn));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ToText(*read), ToText(drawn));
    const Outcome again = RunAgain(stage, *read);
    EXPECT_EQ(again.after, outcome.after);
    EXPECT_EQ(again.tally.opened, outcome.tally.opened);
    EXPECT_EQ(again.tally.refunds, outcome.tally.refunds);
  }
}

// The checks have teeth: each rule that honest parties forget is noticed, and what was found is short.
struct Forgotten {
  const char* name;
  Broken rule;
};
class Teeth : public ::testing::TestWithParam<Forgotten> {};

TEST_P(Teeth, ARuleThatIsForgottenIsNoticed) {
  const Network& network = *NetworkOf(8);
  Stage stage(network.numbers, network.rounds);
  const auto start = std::chrono::steady_clock::now();
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    History history;
    const Outcome outcome = Draw(stage, seed, GetParam().rule, history);
    if (outcome.wrong.empty()) continue;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const History shortest = Shrink(stage, history);
    std::printf("after %lu histories, %.2f s: %s\n%s", static_cast<unsigned long>(seed), took.count(),
                outcome.wrong.c_str(), ToText(shortest).c_str());
    EXPECT_EQ(RunAgain(stage, shortest).wrong, outcome.wrong);
    EXPECT_LT(shortest.operations.size(), 60u);
    return;
  }
  FAIL() << "nobody noticed";
}

INSTANTIATE_TEST_SUITE_P(Rules, Teeth,
                         ::testing::Values(Forgotten{"OneVote", Broken::kTwoVotes},
                                           Forgotten{"ReleaseAfterTheCertificate",
                                                     Broken::kReleaseUncertified},
                                           Forgotten{"NoPromiseAfterRelease", Broken::kPromiseAfterRelease},
                                           Forgotten{"NoReleaseAfterPromise", Broken::kReleaseAfterPromise},
                                           Forgotten{"FewReveals", Broken::kRevealAny},
                                           Forgotten{"RefundsOnCertificatesOnly", Broken::kRefundOnProposal},
                                           Forgotten{"Witness", Broken::kNoWitness},
                                           Forgotten{"LevelsByTheCertifiedNumber", Broken::kRemoveMore}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace penc::simulation
