#include "journal/merkle.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace penc::merkle {
namespace {

// The reference leaves and roots of the certificate-transparency project.
const char* const kLeaves[] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const char* const kRoots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                              "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                              "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                              "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                              "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                              "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                              "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                              "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

TEST(Merkle, AgreesWithTheReferenceRoots) {
  Frontier frontier;
  EXPECT_EQ(absl::BytesToHexString(frontier.Root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  for (int i = 0; i < 8; ++i) {
    frontier.Append(LeafHash(absl::HexStringToBytes(kLeaves[i])));
    EXPECT_EQ(absl::BytesToHexString(frontier.Root()), kRoots[i]) << "size " << i + 1;
  }
}

TEST(Merkle, EveryProofOfEverySmallTreeVerifiesAndNoOtherDoes) {
  std::vector<std::string> leaves, roots = {Frontier().Root()};
  Frontier frontier;
  for (int i = 0; i < 40; ++i) {
    leaves.push_back(LeafHash(std::to_string(i)));
    frontier.Append(leaves.back());
    roots.push_back(frontier.Root());
  }
  for (uint64_t size = 1; size <= 40; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      const auto proof = InclusionProof(leaves, index, size);
      EXPECT_TRUE(VerifyInclusion(leaves[index], index, size, proof, roots[size]));
      EXPECT_FALSE(VerifyInclusion(leaves[(index + 1) % 40], index, size, proof, roots[size]));
      EXPECT_FALSE(VerifyInclusion(leaves[index], index, size, proof, roots[size - 1]));
    }
    for (uint64_t from = 0; from <= size; ++from) {
      const auto proof = ConsistencyProof(leaves, from, size);
      EXPECT_TRUE(VerifyConsistency(from, size, proof, roots[from], roots[size])) << from << " " << size;
      if (from > 0 && from < size) {
        EXPECT_FALSE(VerifyConsistency(from, size, proof, roots[from - 1], roots[size]));
        EXPECT_FALSE(VerifyConsistency(from, size, proof, roots[from], roots[size - 1]));
      }
    }
  }
}

// A log keeps, with each leaf, the roots of the full subtrees that it completes: every root and every proof
// is made of those.
TEST(Merkle, StoredNodesGiveTheSameRootsAndProofs) {
  std::vector<std::string> leaves, roots = {Frontier().Root()};
  std::vector<std::vector<std::string>> completed;
  Frontier frontier;
  const ReadNode read = [&](int level, uint64_t index) -> absl::StatusOr<std::string> {
    const uint64_t leaf = ((index + 1) << level) - 1;
    if (level == 0) return leaves[leaf];
    return completed[leaf][level - 1];
  };
  for (int i = 0; i < 70; ++i) {
    leaves.push_back(LeafHash(std::to_string(i)));
    frontier.Append(leaves.back(), &completed.emplace_back());
    roots.push_back(frontier.Root());
  }
  for (uint64_t size = 0; size <= 70; ++size) {
    EXPECT_EQ(*RootAt(size, read), roots[size]);
    for (uint64_t from = 0; from <= size; ++from) {
      const auto proof = ConsistencyProof(from, size, read);
      EXPECT_EQ(*proof, ConsistencyProof(leaves, from, size)) << from << " " << size;
      EXPECT_TRUE(VerifyConsistency(from, size, *proof, roots[from], roots[size])) << from << " " << size;
    }
  }
  const ReadNode broken = [](int, uint64_t) -> absl::StatusOr<std::string> {
    return absl::DataLossError("gone");
  };
  EXPECT_EQ(RootAt(5, broken).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ConsistencyProof(3, 5, broken).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penc::merkle
