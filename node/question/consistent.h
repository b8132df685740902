// Noisy counts of a tree, made consistent: the least-squares estimate in which every node is the sum of its
// children, with exact variances (consistent.md). For quantile trees, and for tables of the same rows at
// several levels: place, country, all; month, quarter, year.
//
//   ASSIGN_OR_RETURN(const ConsistentTree tree, ConsistentTree::Make({kRoot, 0, 0}, {8, 2}));
//   const std::vector<double> values = tree.Estimate({101, 60, 43});     // values[0] = values[1] + values[2]
//   const Functional share = tree.Of({0, 1, 0});                          // the first leaf, as weights of
//   the counts
//
// Only for additive measures (rows, sums, persons with one leaf each), of one coverage, with one cap at the
// leaf; every level that is used has been charged. What comes out of released numbers is free: it is for the
// reader's side, in doubles. Immutable; safe from any thread.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace penc {

inline constexpr uint32_t kRoot = UINT32_MAX;  // in place of a parent

// A number made of the tree's estimates, as a weighted sum of the noisy counts.
struct Functional {
  std::vector<double> weights;  // one per node: the number is the sum of weight * noisy count
  double variance = 0;          // of that sum, exactly: the sum of weight^2 * variance of the node's level
};

class ConsistentTree {
 public:
  // parents[v]: the node that v is a part of, kRoot for a node that is part of none (one or more of them).
  // Parents come before their children; a node without children is a leaf, at whatever level. variances[l] >
  // 0: of the noise of every node at level l (roots are level 0, their children level 1), independent of each
  // other; infinity for a level that was not released, which no leaf may be at. INVALID_ARGUMENT, with what
  // to change, where this is not a forest with its variances.
  static absl::StatusOr<ConsistentTree> Make(std::vector<uint32_t> parents, std::vector<double> variances);

  size_t nodes() const { return parents_.size(); }
  uint32_t level(uint32_t node) const { return levels_[node]; }

  // One noisy count per node (of a level that was not released: anything finite). O(nodes).
  std::vector<double> Estimate(absl::Span<const double> noisy) const;

  // The variance of each node's estimate. O(nodes).
  std::vector<double> Variances() const;

  // The sum of coefficients[v] * estimate of v: of leaves, of inner nodes, or of both. O(nodes).
  Functional Of(absl::Span<const double> coefficients) const;

 private:
  ConsistentTree() = default;
  void Weigh();
  double variance(uint32_t node) const { return variances_[levels_[node]]; }

  std::vector<uint32_t> parents_, levels_;
  std::vector<double> variances_;  // by level
  // Of the estimate of a node from its own subtree alone: its variance; how much of it is the node's own
  // count (a leaf: 1); the sum of its children's `below_` (a leaf: 0).
  std::vector<double> below_, own_, children_;
};

}  // namespace penc
