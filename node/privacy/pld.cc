#include "privacy/pld.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "privacy/real.h"

namespace penc {
namespace {

constexpr double kUlp = 0x1p-52;       // twice the rounding error of one operation
constexpr double kTail = 0x1p-62;      // mass at either end that is not worth its place
constexpr double kUnderflow = 1e-290;  // more than all products of one composition lose that are too small
constexpr double kOnGrid = 1e-10;      // of a step: nearer than this is on the grid
constexpr double kPoints = 1 << 14;    // of the grid, across eighteen standard deviations
constexpr mpfr_prec_t kBits = 127;

double Up(double value, double ulps) { return value * (1 + ulps * kUlp); }

double ValueOf(const Ratio& ratio) { return static_cast<double>(ratio.num) / static_cast<double>(ratio.den); }

// At k, ln q^(|k| - |k - d|): a d up to 0, then a (d - 2k), and -a d from d on.
LossLaw LaplaceLoss(double a, uint64_t d) {
  const double shift = static_cast<double>(d);
  PENC_CHECK(a * shift < 700);
  const double below = 1 / (1 + std::exp(-a)), top = -std::expm1(-a) * below;
  const double ulps = 16 + 4 * a * shift;
  LossLaw law;
  law.atoms.push_back({a * shift, Up(below, ulps)});
  for (uint64_t k = 1; k < d; ++k) {
    const auto at = static_cast<double>(k);
    law.atoms.push_back({a * (shift - 2 * at), Up(top * std::exp(-a * at), ulps)});
  }
  law.atoms.push_back({-a * shift, Up(below * std::exp(-a * shift), ulps)});
  law.slack = 4 * a * shift * kUlp;
  return law;
}

// Ratios p(k) / p(k - 1) of Skellam, and p itself; worked out apart from cost.cc, whose check this is.
struct SkellamTable {
  std::vector<double> log_ratio;  // from 1 to last + d
  std::vector<double> p;          // from 0 to last, rounded up
  double beyond = 0;              // P(X > last), rounded up
};

SkellamTable TableOf(const Ratio& mu_ratio, uint64_t last, uint64_t d) {
  const Real mu(kBits, mu_ratio, MPFR_RNDN);
  const uint64_t most = last + d;
  // What the recurrence starts with fades by r(k)^2 <= exp(-2 asinh((most - 1/2) / mu)) a step.
  const double fade = std::asinh((static_cast<double>(most) - 0.5) / mpfr_get_d(mu.get(), MPFR_RNDU));
  Real step(kBits), ratio(kBits), t(kBits);
  mpfr_ui_div(step.get(), 2, mu.get(), MPFR_RNDN);
  std::vector<Real> ratios(last + 1, Real(kBits));
  SkellamTable table;
  table.log_ratio.resize(most + 1);
  for (uint64_t k = most + 2 + static_cast<uint64_t>(40 / fade); k >= 1; --k) {
    mpfr_mul_ui(t.get(), step.get(), k, MPFR_RNDN);
    mpfr_add(t.get(), t.get(), ratio.get(), MPFR_RNDN);
    mpfr_ui_div(ratio.get(), 1, t.get(), MPFR_RNDN);
    if (k <= most) table.log_ratio[k] = std::log(mpfr_get_d(ratio.get(), MPFR_RNDN));
    if (k <= last) ratios[k] = ratio;
  }
  // In units of p(0). The sum is cut and so too small: every p is too large.
  Real mass(kBits), u(kBits);
  mpfr_set_ui(u.get(), 1, MPFR_RNDN);
  for (uint64_t k = 1; k <= last; ++k) {
    mpfr_mul(u.get(), u.get(), ratios[k].get(), MPFR_RNDN);
    mpfr_add(mass.get(), mass.get(), u.get(), MPFR_RNDN);
  }
  mpfr_mul_2ui(mass.get(), mass.get(), 1, MPFR_RNDN);
  mpfr_add_ui(mass.get(), mass.get(), 1, MPFR_RNDN);
  mpfr_set_ui(u.get(), 1, MPFR_RNDN);
  for (uint64_t k = 0; k <= last; ++k) {
    if (k > 0) mpfr_mul(u.get(), u.get(), ratios[k].get(), MPFR_RNDN);
    mpfr_div(t.get(), u.get(), mass.get(), MPFR_RNDN);
    table.p.push_back(Up(mpfr_get_d(t.get(), MPFR_RNDU), 4));
  }
  const double r = std::exp(table.log_ratio[last]);  // falls in k: beyond lies a geometric series at most
  table.beyond = Up(table.p[last] * r / (1 - r), 1 << 20) + kUnderflow;
  return table;
}

LossLaw SkellamLoss(const Ratio& mu, uint64_t d) {
  const auto last = static_cast<uint64_t>(60 + 10 * std::sqrt(ValueOf(mu)));
  PENC_CHECK(last + d < (1u << 21));
  const SkellamTable table = TableOf(mu, last, d);
  // ln p(j) / p(j - 1) for any j; p is symmetric.
  const auto log_ratio = [&table](int64_t j) {
    return j >= 1 ? table.log_ratio[static_cast<size_t>(j)] : -table.log_ratio[static_cast<size_t>(1 - j)];
  };
  LossLaw law;
  const auto end = static_cast<int64_t>(last), shift = static_cast<int64_t>(d);
  for (int64_t k = -end; k <= end; ++k) {
    double loss = 0, size = 0;  // ln p(k) / p(k - d), one step of d at a time
    for (int64_t j = k - shift + 1; j <= k; ++j) {
      loss += log_ratio(j);
      size += 1 + std::abs(log_ratio(j));
    }
    law.atoms.push_back({loss, table.p[static_cast<size_t>(std::abs(k))]});
    law.slack = std::max(law.slack, static_cast<double>(d + 4) * size * kUlp);
  }
  law.atoms.back().mass = Up(law.atoms.back().mass + table.beyond, 1);  // the loss falls in k
  law.infinite = table.beyond;                                          // below -last
  return law;
}

double VarianceOf(const LossLaw& law) {
  double mass = 0, mean = 0, square = 0;
  for (const LossLaw::Atom& atom : law.atoms) {
    mass += atom.mass;
    mean += atom.mass * atom.loss;
    square += atom.mass * atom.loss * atom.loss;
  }
  mean /= mass;
  return std::max(0.0, square / mass - mean * mean);
}

double Sum(const std::vector<double>& masses) {
  double sum = 0;
  for (double mass : masses) sum += mass;
  return sum;
}

}  // namespace

LossLaw CellLoss(const Mechanism& mechanism, uint64_t shift) {
  PENC_CHECK(mechanism.parameter.num > 0 && mechanism.parameter.den > 0 && shift > 0);
  PENC_CHECK(mechanism.rate == Ratio({1, 1}));
  return mechanism.family == Family::kDiscreteLaplace ? LaplaceLoss(ValueOf(mechanism.parameter), shift)
                                                      : SkellamLoss(mechanism.parameter, shift);
}

PrivacyLoss::PrivacyLoss(const LossLaw& law, double step)
    : step_(step), infinite_(law.infinite), slack_(law.slack) {
  PENC_CHECK(step > 0 && !law.atoms.empty());
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const LossLaw::Atom& atom : law.atoms) {
    low = std::min(low, atom.loss);
    high = std::max(high, atom.loss);
  }
  first_ = static_cast<int64_t>(std::floor(low / step)) - 1;
  const auto end = static_cast<int64_t>(std::ceil(high / step)) + 2;
  PENC_CHECK(end - first_ < (1 << 26));
  masses_.assign(static_cast<size_t>(end - first_), 0);
  for (const LossLaw::Atom& atom : law.atoms) {
    const double at = atom.loss / step;
    double whole = std::floor(at), part = at - whole;
    if (part > 1 - kOnGrid) {
      whole += 1;
      part = 0;
    }
    const auto i = static_cast<size_t>(static_cast<int64_t>(whole) - first_);
    // e^-loss stays where it was on average, so every delta rises (the page). A little too much goes up.
    const double up =
        part < kOnGrid ? 0 : std::min(1.0, Up(std::expm1(-part * step) / std::expm1(-step), 16));
    masses_[i] += atom.mass * (1 - up);
    masses_[i + 1] += atom.mass * up;
  }
  for (double& mass : masses_) mass = Up(mass, static_cast<double>(law.atoms.size()) + 4);
  slack_ += 2 * kOnGrid * step + 8 * std::max(std::abs(low), std::abs(high)) * kUlp;
  CutTails();
}

// Above, to infinity; below, up to where the rest begins.
void PrivacyLoss::CutTails() {
  const double ulps = static_cast<double>(masses_.size()) + 4;
  double above = 0, below = 0;
  size_t end = masses_.size(), begin = 0;
  while (end > 1 && above + masses_[end - 1] <= kTail) above += masses_[--end];
  while (begin + 1 < end && below + masses_[begin] <= kTail) below += masses_[begin++];
  masses_.resize(end);
  masses_.erase(masses_.begin(), masses_.begin() + static_cast<int64_t>(begin));
  first_ += static_cast<int64_t>(begin);
  infinite_ = Up(infinite_ + Up(above, ulps), 2);
  masses_.front() = Up(masses_.front() + Up(below, ulps), 2);
}

PrivacyLoss PrivacyLoss::With(const PrivacyLoss& other) const {
  PENC_CHECK(step_ == other.step_);
  PrivacyLoss both;
  both.step_ = step_;
  both.first_ = first_ + other.first_;
  both.masses_.assign(masses_.size() + other.masses_.size() - 1, 0);
  for (size_t i = 0; i < masses_.size(); ++i) {
    const double mass = masses_[i];
    double* const to = both.masses_.data() + i;
    for (size_t j = 0; j < other.masses_.size(); ++j) to[j] += mass * other.masses_[j];
  }
  const auto terms = static_cast<double>(std::min(masses_.size(), other.masses_.size()));
  for (double& mass : both.masses_) mass = Up(mass, terms + 2);
  const double here = infinite_ + Sum(masses_), there = other.infinite_ + Sum(other.masses_);
  both.infinite_ = Up(infinite_ * there + here * other.infinite_,
                      static_cast<double>(masses_.size() + other.masses_.size()) + 8) +
                   kUnderflow;
  both.slack_ = Up(slack_ + other.slack_, 2);
  both.CutTails();
  return both;
}

PrivacyLoss PrivacyLoss::Times(uint64_t n) const {
  PENC_CHECK(n >= 1);
  PrivacyLoss power = *this;
  for (; n % 2 == 0; n /= 2) power = power.With(power);
  PrivacyLoss product = power;
  for (n /= 2; n > 0; n /= 2) {
    power = power.With(power);
    if (n % 2 == 1) product = product.With(power);
  }
  return product;
}

double PrivacyLoss::Delta(double epsilon) const {
  const double most = static_cast<double>(std::max(std::abs(first_), std::abs(first_ + std::ssize(masses_))));
  const double start = epsilon - slack_ - 8 * (1 + std::abs(epsilon) + most * step_) * kUlp;
  double sum = infinite_;
  for (size_t i = masses_.size(); i > 0; --i) {
    const double loss = static_cast<double>(first_ + static_cast<int64_t>(i) - 1) * step_;
    if (loss <= start) break;
    sum += masses_[i - 1] * -std::expm1(start - loss);
  }
  return std::min(1.0, Up(sum, static_cast<double>(masses_.size()) + 8));
}

double PrivacyLoss::Epsilon(double delta) const {
  if (Delta(0) <= delta) return 0;
  double low = 0, high = 1;
  while (Delta(high) > delta) {
    if (high > 1e6) return std::numeric_limits<double>::infinity();
    low = high;
    high *= 2;
  }
  for (int i = 0; i < 60; ++i) {
    const double middle = low + (high - low) / 2;
    (Delta(middle) <= delta ? high : low) = middle;
  }
  return high;
}

PrivacyLoss LossOf(const std::vector<Releases>& all) {
  struct Cells {
    LossLaw law;
    uint64_t times;
  };
  std::vector<Cells> cells;
  double variance = 0;
  bool one_laplace = true;
  for (const Releases& releases : all) {
    const Contribution& person = releases.person;
    PENC_CHECK(person.l0 > 0 && person.linf > 0 && person.l1 > 0 && releases.times > 0);
    const uint64_t l1 = std::min(person.l1, person.l0 * person.linf);
    const uint64_t full = l1 / person.linf, rest = l1 % person.linf;
    if (full > 0) cells.push_back({CellLoss(releases.mechanism, person.linf), full * releases.times});
    if (rest > 0) cells.push_back({CellLoss(releases.mechanism, rest), releases.times});
    one_laplace = one_laplace && releases.mechanism.family == Family::kDiscreteLaplace &&
                  releases.mechanism.parameter == all.front().mechanism.parameter;
  }
  PENC_CHECK(!cells.empty());
  for (const Cells& c : cells) variance += static_cast<double>(c.times) * VarianceOf(c.law);
  // Every loss of one discrete Laplace is a multiple of a.
  const double step =
      one_laplace ? ValueOf(all.front().mechanism.parameter) : 18 * std::sqrt(variance) / kPoints;
  PrivacyLoss whole = PrivacyLoss(cells.front().law, step).Times(cells.front().times);
  for (size_t i = 1; i < cells.size(); ++i)
    whole = whole.With(PrivacyLoss(cells[i].law, step).Times(cells[i].times));
  return whole;
}

}  // namespace penc
