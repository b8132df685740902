// Askers who choose each release by the loss so far, against the filter and against filters that look right
// and are not. Losses lie on a lattice, so the best strategy over the menu and its exact success are found by
// dynamic programming; nothing is random here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>
#include <vector>

#include "privacy/cost.h"
#include "privacy/filter.h"
#include "privacy/promise.h"

namespace penc {
namespace {

constexpr double kDelta = 1e-6;

double Epsilon(const Promise& promise) { return static_cast<double>(promise.epsilon_1024) / 1024; }

// What a path that ends with this loss adds to delta.
double Gain(const Promise& promise, double loss) {
  return loss > Epsilon(promise) ? -std::expm1(Epsilon(promise) - loss) : 0;
}

uint64_t Units(double nats) {
  return nats > 1000 ? kInfinitePure - 1 : static_cast<uint64_t>(std::ceil(std::ldexp(nats, 40))) + 1;
}

// A release of one yes or no: yes has probability p with the person, p e^-x without.
struct YesNo {
  double p = 0;
  double x = 0;

  double No() const { return std::log1p(-p) - std::log1p(-p * std::exp(-x)); }  // the loss of a no
  double Renyi(Order order) const {  // the larger of both directions
    const double alpha = order.twice_alpha / 2.0, q = p * std::exp(-x), l = alpha - 1;
    const double there = p * std::exp(l * x) + (1 - p) * std::exp(l * No());
    const double back = q * std::exp(-l * x) + (1 - q) * std::exp(-l * No());
    return std::log(std::max(there, back)) / l;
  }
};

// What an asker has done so far: so many small releases of either kind.
struct Asked {
  int pure = 0;   // discrete Laplace, shift 1: loss a or -a
  int other = 0;  // the same noise, charged as one that has no pure epsilon, as Skellam is
  friend bool operator<(const Asked& x, const Asked& y) {
    return std::tie(x.pure, x.other) < std::tie(y.pure, y.other);
  }
};

// May this have been asked, the last question included, which is a yes or no (without pure epsilon) if given?
using Filter = std::function<bool(const Asked&, const YesNo*)>;

class Attack {
 public:
  // Small releases have a = 1/per_nat; `orders` are those for which yes-or-no questions are tailored.
  Attack(const Promise& promise, uint64_t per_nat, bool mixed, std::vector<Order> orders)
      : promise_(promise),
        small_{Family::kDiscreteLaplace, {1, per_nat}},
        a_(1 / static_cast<double>(per_nat)),
        mixed_(mixed),
        orders_(std::move(orders)) {}

  Cost Small(Order order) const { return CostOf(small_, {1, 1, 1}, order); }

  // The delta that the best strategy reaches.
  double Best(const Filter& filter) {
    best_.clear();
    return Value({}, 0, filter);
  }

 private:
  double Value(const Asked& asked, int loss, const Filter& filter) {
    const auto key = std::make_pair(asked, loss);
    if (const auto found = best_.find(key); found != best_.end()) return found->second;
    const double l = loss * a_;
    double best = std::max(Gain(promise_, l), Last(asked, l, filter));
    const double up = 1 / (1 + std::exp(-a_));
    const auto go_on = [&](const Asked& then) {
      if (filter(then, nullptr))
        best = std::max(best, up * Value(then, loss + 1, filter) + (1 - up) * Value(then, loss - 1, filter));
    };
    go_on({asked.pure + 1, asked.other});
    if (mixed_) go_on({asked.pure, asked.other + 1});
    return best_[key] = best;
  }

  // The best yes or no to end with: of what an order leaves, the loss that counts most at that order.
  double Last(const Asked& asked, double l, const Filter& filter) const {
    double best = 0;
    for (const Order order : orders_) {
      const double alpha = order.twice_alpha / 2.0;
      const Cost small = Small(order);
      const double left = std::ldexp(static_cast<double>(RenyiBudgetAt(promise_, order)) -
                                         (asked.pure + asked.other) * static_cast<double>(small.renyi),
                                     -40) -
                          1e-9;
      YesNo last;
      last.x = Epsilon(promise_) - l + std::log(alpha / (alpha - 1));
      if (left <= 0 || last.x <= 0) continue;
      last.p = std::min(0.5, std::expm1((alpha - 1) * left) / std::expm1((alpha - 1) * last.x));
      if (!filter(asked, &last)) continue;
      best =
          std::max(best, last.p * Gain(promise_, l + last.x) + (1 - last.p) * Gain(promise_, l + last.No()));
    }
    return best;
  }

  const Promise promise_;
  const Mechanism small_;
  const double a_;
  const bool mixed_;
  const std::vector<Order> orders_;
  std::map<std::pair<Asked, int>, double> best_;
};

// Ours, asked as an office asks it: was there room for everything, the last question included?
Filter PureOrRenyi(const Promise& promise, const Attack& attack) {
  const Allowance allowance = AllowanceOf(promise);
  const Cost small = attack.Small(allowance.order);
  return [=](const Asked& asked, const YesNo* last) {
    Spent spent;
    for (int i = 0; i < asked.pure; ++i) spent = Add(spent, small);
    for (int i = 0; i < asked.other; ++i) spent = Add(spent, {kInfinitePure, small.renyi});
    return Fits(allowance, spent, last ? Cost{kInfinitePure, Units(last->Renyi(allowance.order))} : Cost{});
  };
}

// Wrong: one order of several has room.
Filter SomeOrderOfAGrid(const Promise& promise, const Attack& attack, const std::vector<Order>& grid) {
  struct Room {
    Order order;
    uint64_t budget, small;
  };
  std::vector<Room> rooms;
  for (const Order order : grid)
    rooms.push_back({order, RenyiBudgetAt(promise, order), attack.Small(order).renyi});
  return [rooms](const Asked& asked, const YesNo* last) {
    return std::any_of(rooms.begin(), rooms.end(), [&](const Room& room) {
      const uint64_t spent = static_cast<uint64_t>(asked.pure + asked.other) * room.small;
      return spent + (last ? Units(last->Renyi(room.order)) : 0) <= room.budget;
    });
  };
}

// Wrong: what is pure has its own sum, what is not has another.
Filter EachKindByItself(const Promise& promise, const Attack& attack) {
  const Allowance allowance = AllowanceOf(promise);
  const Cost small = attack.Small(allowance.order);
  return [=](const Asked& asked, const YesNo* last) {
    return static_cast<uint64_t>(asked.pure) * small.pure <= allowance.pure &&
           static_cast<uint64_t>(asked.other) * small.renyi +
                   (last ? Units(last->Renyi(allowance.order)) : 0) <=
               allowance.renyi;
  };
}

TEST(AdaptiveAsker, BreaksAFilterThatLetsSomeOrderOfAGridPassAndNotOurs) {
  struct Row {
    const char* epsilon;
    uint64_t per_nat;
    std::vector<Order> grid;
    double reached;  // of delta, at least
  };
  const Row rows[] = {
      {"8", 5, {{7}, {40}}, 1.97},
      {"8", 4, {{6}, {7}, {8}, {9}, {10}, {12}, {16}, {20}, {32}, {64}}, 2.5},
      {"2", 16, {{16}, {48}}, 1.75},
  };
  for (const Row& row : rows) {
    const Promise promise = *ParsePromise(row.epsilon, "1e-6");
    Attack against_grid(promise, row.per_nat, false, row.grid);
    const double wrong = against_grid.Best(SomeOrderOfAGrid(promise, against_grid, row.grid));
    EXPECT_GT(wrong, row.reached * kDelta) << row.epsilon;
    // The same menu, and questions tailored to the order that counts.
    std::vector<Order> orders = row.grid;
    orders.push_back(OrderOf(promise));
    Attack against_ours(promise, row.per_nat, false, orders);
    const double ours = against_ours.Best(PureOrRenyi(promise, against_ours));
    EXPECT_LE(ours, kDelta) << row.epsilon;
    EXPECT_GT(ours, 0.9 * kDelta) << "the bound is nearly reached: " << row.epsilon;
  }
}

TEST(AdaptiveAsker, WhoMixesPureAndOtherReleasesGetsNoMoreThanPromised) {
  for (const auto& [epsilon, per_nat] : {std::pair<const char*, uint64_t>{"8", 3}, {"1", 16}}) {
    const Promise promise = *ParsePromise(epsilon, "1e-6");
    Attack attack(promise, per_nat, true, {OrderOf(promise)});
    const double ours = attack.Best(PureOrRenyi(promise, attack));
    EXPECT_LE(ours, kDelta) << epsilon;
    EXPECT_GT(ours, 0.9 * kDelta) << epsilon;
    const double wrong = attack.Best(EachKindByItself(promise, attack));
    EXPECT_GT(wrong, 100 * kDelta) << epsilon;
  }
}

}  // namespace
}  // namespace penc
