// What counts of an event prove of its chances, and what chances prove of a release. Pure.
#pragma once
#include <cstdint>

namespace penc::audit {

// All bounds of this folder together are wrong with a chance of 10^-6 at most: each of at most 44 with
// 2.3 10^-8, which is below the 10^-7 that is asked of one.
inline constexpr int kMostBounds = 46;
inline constexpr double kMiss = 1e-6 / kMostBounds;

// Clopper and Pearson (1934): the least, the largest chance that `x` of `n` leave possible. Each is wrong
// with chance kMiss / 2 at most, whatever the chance is.
double LeastChance(uint64_t n, uint64_t x);
double LargestChance(uint64_t n, uint64_t x);

// What an event of chance `often` or more under one history and `rarely` or less under the other proves; 0
// where it proves nothing.
double ProvenPure(double often, double rarely);                 // epsilon
double ProvenAt(double delta, double often, double rarely);     // epsilon of (epsilon, delta)
double ProvenRenyi(double alpha, double often, double rarely);  // divergence at an order above 1

}  // namespace penc::audit
