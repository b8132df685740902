// The exact privacy loss of a fixed list of releases, from above: a privacy loss distribution (pld.md).
// Display only: it decides nothing, and no answer depends on it. What may be released is the filter's
// (filter.h); for questions that are chosen by earlier answers a composed distribution is no filter.
//
//   const PrivacyLoss loss = LossOf({{skellam, person, 100}});
//   loss.Epsilon(1e-6);  // the hundred releases are (this, 1e-6)-differentially private
//
// Losses and epsilon are in nats, masses are probabilities; every result is rounded so that it is never below
// the truth. Plain values, safe from any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "privacy/mechanism.h"

namespace penc {

// The law of ln P(o) / Q(o) for an outcome o of P, as finitely many losses.
struct LossLaw {
  struct Atom {
    double loss = 0;
    double mass = 0;
  };
  std::vector<Atom> atoms;
  double infinite = 0;  // P's mass where Q has none, or whose loss was not worked out
  double slack = 0;     // no loss is above its atom's by more
};

// The loss of one cell's noise when one person adds `shift` to it. P is the cell without the person; the
// other direction has the same law. Rate 1 only; Skellam with shift + 10 standard deviations below 2^21.
LossLaw CellLoss(const Mechanism& mechanism, uint64_t shift);

class PrivacyLoss {
 public:
  // The law, with every loss moved to its neighbours among the multiples of `step` so that no delta falls.
  PrivacyLoss(const LossLaw& law, double step);

  // The loss of both together, independent of one another, on the same step.
  PrivacyLoss With(const PrivacyLoss& other) const;
  // The loss of n such releases; n >= 1.
  PrivacyLoss Times(uint64_t n) const;

  // An upper bound of the smallest delta with which the releases are (epsilon, delta)-differentially private.
  // Any epsilon, below 0 as well.
  double Delta(double epsilon) const;
  // The smallest epsilon >= 0 with Delta(epsilon) <= delta, rounded up; infinity where there is none.
  double Epsilon(double delta) const;

 private:
  PrivacyLoss() = default;
  void CutTails();

  double step_ = 1;
  int64_t first_ = 0;  // masses_[i] lies at (first_ + i) step_
  std::vector<double> masses_;
  double infinite_ = 0;
  double slack_ = 0;
};

// So many releases of one block each; each changes by the vector within `person` that is charged (cost.md,
// the most concentrated one).
struct Releases {
  Mechanism mechanism;
  Contribution person;
  uint64_t times = 1;
};

// All of them together; at least one release. Losses of one discrete Laplace stay exactly where they are,
// others move by less than a 900th of the whole's standard deviation.
PrivacyLoss LossOf(const std::vector<Releases>& all);

}  // namespace penc
