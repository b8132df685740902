// Chunks against the root of their vector: in any order, alone, and never altered.
#include "federation/chunks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "journal/merkle.h"
#include "tests/support/seed.h"

namespace penc {
namespace {

std::string Vector(PrintedRandom& random, uint64_t bytes) {
  std::string vector(bytes, 0);
  random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(vector.data()), vector.size()));
  return vector;
}

std::string Chunk(const std::string& vector, uint64_t index) {
  return vector.substr(index * kChunkBytes, kChunkBytes);
}

TEST(Chunks, RootIsTheTreeOverPiecesOf256KiB) {
  PrintedRandom random;
  const std::string one = Vector(random, 4);
  EXPECT_EQ(ChunkTree::Of(one).Root(), merkle::LeafHash(one));
  const std::string three = Vector(random, 2 * 262144 + 8);
  EXPECT_EQ(ChunkTree::Of(three).Root(),
            merkle::NodeHash(merkle::NodeHash(merkle::LeafHash(three.substr(0, 262144)),
                                              merkle::LeafHash(three.substr(262144, 262144))),
                             merkle::LeafHash(three.substr(524288))));
  EXPECT_EQ(ChunkSize(three.size(), 1), 262144u);
  EXPECT_EQ(ChunkSize(three.size(), 2), 8u);
  EXPECT_EQ(ChunkSize(three.size(), 3), 0u);
  EXPECT_EQ(ChunkSize(262144, 0), 262144u);
  EXPECT_EQ(ChunkCount(262144), 1u);
  EXPECT_EQ(ChunkCount(262148), 2u);
}

TEST(Chunks, EveryChunkIsProvenAloneAndInAnyOrder) {
  PrintedRandom random;
  for (uint64_t bytes : {uint64_t{4}, uint64_t{kChunkBytes}, uint64_t{kChunkBytes} + 4,
                         uint64_t{kChunkBytes} * 5 + 4 * random.Below(kChunkBytes / 4)}) {
    const std::string vector = Vector(random, bytes);
    const ChunkTree tree = ChunkTree::Of(vector);
    ChunkTree received(bytes);
    for (uint64_t left = tree.chunks(); left-- > 0;) {
      EXPECT_FALSE(received.complete());
      EXPECT_TRUE(received.Set(left, Chunk(vector, left)));
      EXPECT_TRUE(received.Set(left, Chunk(vector, left)));  // again: no harm
      EXPECT_TRUE(VerifyChunk(tree.Root(), bytes, left, Chunk(vector, left), tree.Proof(left)));
    }
    ASSERT_TRUE(received.complete());
    EXPECT_EQ(received.Root(), tree.Root());
  }
}

TEST(Chunks, AnotherByteLengthPlaceOrProofIsRefused) {
  PrintedRandom random;
  const uint64_t bytes = uint64_t{kChunkBytes} * 4 + 12;
  const std::string vector = Vector(random, bytes);
  const ChunkTree tree = ChunkTree::Of(vector);
  const std::string root = tree.Root();
  for (uint64_t index = 0; index < tree.chunks(); ++index) {
    const std::string chunk = Chunk(vector, index);
    const std::vector<std::string> proof = tree.Proof(index);
    for (int trial = 0; trial < 40; ++trial) {
      const size_t at = trial == 0 ? 0 : trial == 1 ? chunk.size() - 1 : random.Below(chunk.size());
      std::string altered = chunk;
      altered[at] = static_cast<char>(altered[at] ^ (1 << random.Below(8)));
      EXPECT_FALSE(VerifyChunk(root, bytes, index, altered, proof)) << index << " at " << at;
      ChunkTree other = tree;
      EXPECT_TRUE(other.Set(index, altered));
      EXPECT_NE(other.Root(), root);
    }
    EXPECT_FALSE(VerifyChunk(root, bytes, index, chunk.substr(1), proof));
    EXPECT_FALSE(VerifyChunk(root, bytes, index, chunk + "x", proof));
    EXPECT_FALSE(VerifyChunk(root, bytes, index, "", proof));
    for (uint64_t place = 0; place < tree.chunks() + 2; ++place) {
      EXPECT_EQ(VerifyChunk(root, bytes, place, chunk, proof), place == index) << place;
    }
    for (size_t node = 0; node < proof.size(); ++node) {
      for (size_t at = 0; at < 32; ++at) {
        std::vector<std::string> altered = proof;
        altered[node][at] = static_cast<char>(altered[node][at] ^ 1);
        EXPECT_FALSE(VerifyChunk(root, bytes, index, chunk, altered));
      }
    }
    std::vector<std::string> longer = proof;
    longer.push_back(std::string(32, 'n'));
    EXPECT_FALSE(VerifyChunk(root, bytes, index, chunk, longer));
  }
  // The same root under another length of the vector: a chunk fewer or more is another tree.
  EXPECT_FALSE(VerifyChunk(root, bytes - kChunkBytes, 0, Chunk(vector, 0), tree.Proof(0)));
  ChunkTree received(bytes);
  EXPECT_FALSE(received.Set(5, "x"));
  EXPECT_FALSE(received.Set(4, std::string(11, 'x')));
  EXPECT_FALSE(received.Set(0, std::string(12, 'x')));
}

}  // namespace
}  // namespace penc
