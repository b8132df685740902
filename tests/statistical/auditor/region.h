// Whole rounds, audited by as many offices as are presumed dishonest: they know what they sent themselves.
// Every other cell of the honest office 0 has one person more, so one round is as many experiments as cells.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/random.h"
#include "tests/statistical/auditor/auditor.h"
#include "tests/support/replayed.h"
#include "tests/support/small_round.h"

namespace penc::audit {

class Region {
 public:
  struct Wish {
    v1::Noise::Family family = v1::Noise::FAMILY_DISCRETE_LAPLACE;
    uint64_t parameter = 1;  // Laplace: epsilon of one person. Skellam: the variance
    uint32_t answered = 8;   // of eight offices; two are presumed dishonest, five are the fewest
    uint32_t telling = 2;    // offices that tell their own cells and noise
    uint64_t cells = 100000;
    int rounds = 2;
    uint64_t seed = 0;
  };
  explicit Region(const Wish& wish) : wish_(wish) {}

  // What is opened, by the product.
  Experiments AsItIs() const;
  // An office that makes its contribution to one attempt `times` times over: each of them opened.
  Experiments ShareRebuilt(int times) const;
  // Noise of more steps between levels is taken away than so many answers permit: of all.
  Experiments RemovedTooFar() const;
  // Noise that nobody's silence left a place for is not taken away: what the others see where nobody is, and
  // the law that the answer states.
  std::vector<int64_t> NothingRemoved(Mechanism* stated) const;

 private:
  // Everybody who answers has sent.
  std::unique_ptr<SmallRound> Sent(RandomSource& random) const;
  void Send(SmallRound& table, uint32_t office, RandomSource& random) const;
  // What an office sent, after the noise of `steps` steps was taken away.
  static std::vector<int64_t> CellsOf(const SmallRound& table, uint32_t office, size_t steps);
  // Of those who do not tell.
  std::vector<int64_t> SumOfHonest(const SmallRound& table, size_t steps) const;
  // Each place of `seen` cell by cell.
  static void Add(const std::vector<std::vector<int64_t>>& seen, Experiments& out);
  Experiments Repeat(
      const std::function<std::vector<std::vector<int64_t>>(SmallRound&, RandomSource&)>& see) const;

  const Wish wish_;
};

}  // namespace penc::audit
