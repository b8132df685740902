#include "federation/chunks.h"

#include <algorithm>

#include "base/status.h"
#include "journal/merkle.h"

namespace penc {

uint64_t ChunkSize(uint64_t vector_bytes, uint64_t index) {
  if (index >= ChunkCount(vector_bytes)) return 0;
  return std::min<uint64_t>(kChunkBytes, vector_bytes - index * kChunkBytes);
}

ChunkTree::ChunkTree(uint64_t vector_bytes)
    : vector_bytes_(vector_bytes), missing_(ChunkCount(vector_bytes)), leaves_(missing_) {}

ChunkTree ChunkTree::Of(absl::string_view vector) {
  ChunkTree tree(vector.size());
  for (uint64_t index = 0; index < tree.chunks(); ++index) {
    PENC_CHECK(tree.Set(index, vector.substr(index * kChunkBytes, kChunkBytes)));
  }
  return tree;
}

bool ChunkTree::Set(uint64_t index, absl::string_view chunk) {
  if (index >= leaves_.size() || chunk.size() != ChunkSize(vector_bytes_, index)) return false;
  if (leaves_[index].empty()) --missing_;
  leaves_[index] = merkle::LeafHash(chunk);
  return true;
}

std::string ChunkTree::Root() const {
  PENC_CHECK(complete());
  merkle::Frontier frontier;
  for (const std::string& leaf : leaves_) frontier.Append(leaf);
  return frontier.Root();
}

std::vector<std::string> ChunkTree::Proof(uint64_t index) const {
  PENC_CHECK(complete() && index < leaves_.size());
  return merkle::InclusionProof(leaves_, index, leaves_.size());
}

bool VerifyChunk(absl::string_view root, uint64_t vector_bytes, uint64_t index, absl::string_view chunk,
                 const std::vector<std::string>& proof) {
  return !chunk.empty() && chunk.size() == ChunkSize(vector_bytes, index) &&
         merkle::VerifyInclusion(merkle::LeafHash(chunk), index, ChunkCount(vector_bytes), proof, root);
}

}  // namespace penc
