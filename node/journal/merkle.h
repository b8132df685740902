// The Merkle tree of RFC 6962 (section 2.1): leaf hash SHA-256(0x00 ‖ leaf), node hash SHA-256(0x01 ‖ left ‖
// right). Hashes are 32 raw bytes in a string. Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

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

  void Append(absl::string_view leaf_hash);
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
bool VerifyInclusion(absl::string_view leaf_hash, uint64_t index, uint64_t size,
                     const std::vector<std::string>& proof, absl::string_view root);
bool VerifyConsistency(uint64_t from, uint64_t to, const std::vector<std::string>& proof,
                       absl::string_view from_root, absl::string_view to_root);

}  // namespace penc::merkle
