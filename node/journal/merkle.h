// The Merkle tree of RFC 6962 (section 2.1): leaf hash SHA-256(0x00 ‖ leaf), node hash SHA-256(0x01 ‖ left ‖
// right). Hashes are 32 raw bytes in a string. Plain values.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc::merkle {

std::string LeafHash(absl::string_view leaf);
std::string NodeHash(absl::string_view left, absl::string_view right);

// A growing tree: roots of its full subtrees, largest first. O(log n) memory and work per leaf.
class Frontier {
 public:
  Frontier() = default;
  // `peaks` as given by peaks() at `size`. The caller checks that they belong together (they number
  // popcount(size)).
  Frontier(uint64_t size, std::vector<std::string> peaks) : size_(size), peaks_(std::move(peaks)) {}

  // `completed`, where given, gets the roots of the full subtrees of 2, 4, 8... leaves that this leaf
  // completes, smallest first.
  void Append(absl::string_view leaf_hash, std::vector<std::string>* completed = nullptr);
  uint64_t size() const { return size_; }
  const std::vector<std::string>& peaks() const { return peaks_; }
  std::string Root() const;  // of the empty tree: SHA-256 of nothing

 private:
  uint64_t size_ = 0;
  std::vector<std::string> peaks_;
};

// Proofs over a list of leaf hashes, and their verification (RFC 9162, 2.1.3.2 and 2.1.4.2).
std::vector<std::string> InclusionProof(const std::vector<std::string>& leaves, uint64_t index,
                                        uint64_t size);
std::vector<std::string> ConsistencyProof(const std::vector<std::string>& leaves, uint64_t from, uint64_t to);

// The same for a tree that is too long to hold: `read` gives the root of the full subtree of 2^level leaves
// that starts at leaf index * 2^level (level 0: a leaf hash). At most 2 log2(to) of them are read for the
// root and log2(to)^2 for a proof.
using ReadNode = std::function<absl::StatusOr<std::string>(int level, uint64_t index)>;
absl::StatusOr<std::string> RootAt(uint64_t size, const ReadNode& read);
absl::StatusOr<std::vector<std::string>> ConsistencyProof(uint64_t from, uint64_t to, const ReadNode& read);

bool VerifyInclusion(absl::string_view leaf_hash, uint64_t index, uint64_t size,
                     const std::vector<std::string>& proof, absl::string_view root);
bool VerifyConsistency(uint64_t from, uint64_t to, const std::vector<std::string>& proof,
                       absl::string_view from_root, absl::string_view to_root);

}  // namespace penc::merkle
