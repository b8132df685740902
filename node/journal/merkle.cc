#include "journal/merkle.h"

#include "base/status.h"
#include "crypto/hash.h"

namespace penc::merkle {
namespace {

// Root of leaves [first, first + count).
std::string RootOf(const std::vector<std::string>& leaves, uint64_t first, uint64_t count) {
  Frontier frontier;
  for (uint64_t i = 0; i < count; ++i) frontier.Append(leaves[first + i]);
  return frontier.Root();
}

// The largest power of two smaller than n, n > 1.
uint64_t Split(uint64_t n) {
  uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

void Path(const std::vector<std::string>& leaves, uint64_t index, uint64_t first, uint64_t count,
          std::vector<std::string>& proof) {
  if (count == 1) return;
  const uint64_t k = Split(count);
  if (index < k) {
    Path(leaves, index, first, k, proof);
    proof.push_back(RootOf(leaves, first + k, count - k));
  } else {
    Path(leaves, index - k, first + k, count - k, proof);
    proof.push_back(RootOf(leaves, first, k));
  }
}

// The same from stored nodes. In the trees of RFC 6962 `first` is a multiple of the smallest power of two
// that is not below `count`, so what is full is a node.
absl::StatusOr<std::string> RootOf(const ReadNode& read, uint64_t first, uint64_t count) {
  if ((count & (count - 1)) == 0) {
    const int level = __builtin_ctzll(count);
    return read(level, first >> level);
  }
  const uint64_t k = Split(count);
  ASSIGN_OR_RETURN(const std::string left, RootOf(read, first, k));
  ASSIGN_OR_RETURN(const std::string right, RootOf(read, first + k, count - k));
  return NodeHash(left, right);
}

absl::Status SubProof(const ReadNode& read, uint64_t from, uint64_t first, uint64_t count, bool complete,
                      std::vector<std::string>& proof) {
  const auto add = [&](uint64_t start, uint64_t n) -> absl::Status {
    ASSIGN_OR_RETURN(std::string root, RootOf(read, start, n));
    proof.push_back(std::move(root));
    return absl::OkStatus();
  };
  if (from == count) return complete ? absl::OkStatus() : add(first, count);
  const uint64_t k = Split(count);
  if (from <= k) {
    RETURN_IF_ERROR(SubProof(read, from, first, k, complete, proof));
    return add(first + k, count - k);
  }
  RETURN_IF_ERROR(SubProof(read, from - k, first + k, count - k, false, proof));
  return add(first, k);
}

}  // namespace

std::string LeafHash(absl::string_view leaf) { return Sha256({absl::string_view("\0", 1), leaf}); }

std::string NodeHash(absl::string_view left, absl::string_view right) {
  return Sha256({absl::string_view("\1", 1), left, right});
}

void Frontier::Append(absl::string_view leaf_hash, std::vector<std::string>* completed) {
  std::string hash(leaf_hash);
  for (uint64_t bits = size_; bits & 1; bits >>= 1) {
    hash = NodeHash(peaks_.back(), hash);
    peaks_.pop_back();
    if (completed != nullptr) completed->push_back(hash);
  }
  peaks_.push_back(std::move(hash));
  ++size_;
}

std::string Frontier::Root() const {
  if (peaks_.empty()) return Sha256("");
  std::string root = peaks_.back();
  for (size_t i = peaks_.size() - 1; i-- > 0;) root = NodeHash(peaks_[i], root);
  return root;
}

std::vector<std::string> InclusionProof(const std::vector<std::string>& leaves, uint64_t index,
                                        uint64_t size) {
  PENC_CHECK(index < size && size <= leaves.size());
  std::vector<std::string> proof;
  Path(leaves, index, 0, size, proof);
  return proof;
}

std::vector<std::string> ConsistencyProof(const std::vector<std::string>& leaves, uint64_t from,
                                          uint64_t to) {
  PENC_CHECK(to <= leaves.size());
  return *ConsistencyProof(from, to, [&](int level, uint64_t index) -> absl::StatusOr<std::string> {
    return RootOf(leaves, index << level, uint64_t{1} << level);
  });
}

absl::StatusOr<std::string> RootAt(uint64_t size, const ReadNode& read) {
  if (size == 0) return Frontier().Root();
  return RootOf(read, 0, size);
}

absl::StatusOr<std::vector<std::string>> ConsistencyProof(uint64_t from, uint64_t to, const ReadNode& read) {
  PENC_CHECK(from <= to);
  std::vector<std::string> proof;
  if (from > 0 && from < to) RETURN_IF_ERROR(SubProof(read, from, 0, to, true, proof));
  return proof;
}

bool VerifyInclusion(absl::string_view leaf_hash, uint64_t index, uint64_t size,
                     const std::vector<std::string>& proof, absl::string_view root) {
  if (index >= size) return false;
  uint64_t at = index, last = size - 1;
  std::string hash(leaf_hash);
  for (const std::string& step : proof) {
    if (last == 0) return false;
    if ((at & 1) || at == last) {
      hash = NodeHash(step, hash);
      while (!(at & 1) && at != 0) at >>= 1, last >>= 1;
    } else {
      hash = NodeHash(hash, step);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && hash == root;
}

bool VerifyConsistency(uint64_t from, uint64_t to, const std::vector<std::string>& proof,
                       absl::string_view from_root, absl::string_view to_root) {
  if (from > to) return false;
  if (from == to) return proof.empty() && from_root == to_root;
  if (from == 0) return proof.empty();
  std::vector<std::string> path = proof;
  if ((from & (from - 1)) == 0) path.insert(path.begin(), std::string(from_root));
  if (path.empty()) return false;
  uint64_t at = from - 1, last = to - 1;
  while (at & 1) at >>= 1, last >>= 1;
  std::string old_hash = path[0], new_hash = path[0];
  for (size_t i = 1; i < path.size(); ++i) {
    if (last == 0) return false;
    if ((at & 1) || at == last) {
      old_hash = NodeHash(path[i], old_hash);
      new_hash = NodeHash(path[i], new_hash);
      while (!(at & 1) && at != 0) at >>= 1, last >>= 1;
    } else {
      new_hash = NodeHash(new_hash, path[i]);
    }
    at >>= 1;
    last >>= 1;
  }
  return last == 0 && old_hash == from_root && new_hash == to_root;
}

}  // namespace penc::merkle
