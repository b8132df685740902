#include "question/consistent.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

absl::Status CheckParents(const std::vector<uint32_t>& parents) {
  if (parents.empty() || parents.size() >= kRoot) {
    return Bad({"l'arbre n'a aucun nœud, ou trop: donnez le parent de chacun",
                "the tree has no node, or too many: give the parent of each"});
  }
  for (size_t v = 0; v < parents.size(); ++v) {
    if (parents[v] == kRoot || parents[v] < v) continue;
    return Bad(
        {absl::StrCat("nœud ", v, ": son parent (", parents[v],
                      ") doit venir avant lui; numérotez depuis la racine, et chaque nœud sous un seul"),
         absl::StrCat("node ", v, ": its parent (", parents[v],
                      ") must come before it; number from the root, each node under one other")});
  }
  return absl::OkStatus();
}

absl::Status CheckVariances(const std::vector<double>& variances, size_t levels) {
  if (variances.size() != levels) {
    return Bad({absl::StrCat("l'arbre a ", levels, " niveaux et ", variances.size(),
                             " variances: donnez-en une par niveau, la racine d'abord"),
                absl::StrCat("the tree has ", levels, " levels and ", variances.size(),
                             " variances: give one per level, the root's first")});
  }
  for (size_t l = 0; l < levels; ++l) {
    if (variances[l] > 0) continue;  // not for NaN
    return Bad(
        {absl::StrCat("niveau ", l, ": sa variance doit être positive; infinie s'il n'a pas été publié"),
         absl::StrCat("level ", l, ": its variance must be positive; infinite if it was not released")});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConsistentTree> ConsistentTree::Make(std::vector<uint32_t> parents,
                                                    std::vector<double> variances) {
  RETURN_IF_ERROR(CheckParents(parents));
  ConsistentTree tree;
  tree.levels_.resize(parents.size());
  std::vector<bool> leaf(parents.size(), true);
  size_t levels = 0;
  for (size_t v = 0; v < parents.size(); ++v) {
    tree.levels_[v] = parents[v] == kRoot ? 0 : tree.levels_[parents[v]] + 1;
    levels = std::max<size_t>(levels, tree.levels_[v] + 1);
    if (parents[v] != kRoot) leaf[parents[v]] = false;
  }
  RETURN_IF_ERROR(CheckVariances(variances, levels));
  for (size_t v = 0; v < parents.size(); ++v) {
    if (!leaf[v] || std::isfinite(variances[tree.levels_[v]])) continue;
    return Bad(
        {absl::StrCat("nœud ", v, ": une feuille d'un niveau qui n'a pas été publié; retirez-la de l'arbre"),
         absl::StrCat("node ", v, ": a leaf at a level that was not released; leave it out of the tree")});
  }
  tree.parents_ = std::move(parents);
  tree.variances_ = std::move(variances);
  tree.Weigh();
  return tree;
}

void ConsistentTree::Weigh() {
  below_.resize(nodes());
  own_.resize(nodes());
  children_.assign(nodes(), 0);
  for (size_t v = nodes(); v-- > 0;) {
    const double own = variance(v), children = children_[v];
    if (children == 0) {  // a leaf
      own_[v] = 1;
      below_[v] = own;
    } else {
      own_[v] = std::isinf(own) ? 0 : children / (children + own);
      below_[v] = std::isinf(own) ? children : own * own_[v];
    }
    if (parents_[v] != kRoot) children_[parents_[v]] += below_[v];
  }
}

std::vector<double> ConsistentTree::Estimate(absl::Span<const double> noisy) const {
  PENC_CHECK(noisy.size() == nodes());
  // Upwards: from each subtree alone. Then downwards: what the parent knows more is shared by variance.
  std::vector<double> value(nodes()), sum(nodes(), 0);
  for (size_t v = nodes(); v-- > 0;) {
    value[v] = own_[v] == 1 ? noisy[v] : own_[v] * noisy[v] + (1 - own_[v]) * sum[v];
    if (parents_[v] != kRoot) sum[parents_[v]] += value[v];
  }
  for (size_t v = 0; v < nodes(); ++v) {
    const uint32_t parent = parents_[v];
    if (parent != kRoot) value[v] += below_[v] / children_[parent] * (value[parent] - sum[parent]);
  }
  return value;
}

std::vector<double> ConsistentTree::Variances() const {
  std::vector<double> out = below_;
  for (size_t v = 0; v < nodes(); ++v) {
    const uint32_t parent = parents_[v];
    if (parent == kRoot) continue;
    const double part = below_[v] / children_[parent];
    out[v] = below_[v] * (1 - part) + part * part * out[parent];
  }
  return out;
}

Functional ConsistentTree::Of(absl::Span<const double> coefficients) const {
  PENC_CHECK(coefficients.size() == nodes());
  // The transpose of Estimate: first up through what was shared downwards, then down through what was summed
  // upwards.
  std::vector<double> of_value(coefficients.begin(), coefficients.end()), shared(nodes(), 0);
  for (size_t v = nodes(); v-- > 0;) {
    of_value[v] += shared[v];
    const uint32_t parent = parents_[v];
    if (parent != kRoot) shared[parent] += below_[v] / children_[parent] * of_value[v];
  }
  Functional out;
  out.weights.resize(nodes());
  std::vector<double> from_above(nodes(), 0);  // of the value of a node's subtree alone
  for (size_t v = 0; v < nodes(); ++v) {
    const uint32_t parent = parents_[v];
    from_above[v] = of_value[v];
    if (parent != kRoot) from_above[v] += (1 - own_[parent]) * from_above[parent] - shared[parent];
    out.weights[v] = own_[v] * from_above[v];
    if (own_[v] > 0) out.variance += out.weights[v] * out.weights[v] * variance(v);
  }
  return out;
}

}  // namespace penc
