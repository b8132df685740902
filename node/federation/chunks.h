// A masked vector's bytes in chunks of 256 KiB (the last one is what remains), each provable against one
// root: the RFC 6962 tree whose leaves are the chunks. Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "federation/round.h"

namespace penc {

inline uint64_t ChunkCount(uint64_t vector_bytes) { return (vector_bytes + kChunkBytes - 1) / kChunkBytes; }
// Bytes of chunk `index` of a vector of so many bytes; 0 outside.
uint64_t ChunkSize(uint64_t vector_bytes, uint64_t index);

// The tree over one vector, filled chunk by chunk in any order: 32 bytes are kept of each.
class ChunkTree {
 public:
  explicit ChunkTree(uint64_t vector_bytes);
  // The tree of a vector at hand.
  static ChunkTree Of(absl::string_view vector);

  // False where the vector has no such chunk or it has another length. A chunk given again replaces the
  // first.
  bool Set(uint64_t index, absl::string_view chunk);
  bool complete() const { return missing_ == 0; }
  uint64_t chunks() const { return leaves_.size(); }

  // Of a complete tree.
  std::string Root() const;
  std::vector<std::string> Proof(uint64_t index) const;

 private:
  uint64_t vector_bytes_;
  uint64_t missing_;
  std::vector<std::string> leaves_;  // empty: not given yet
};

// Is `chunk` the vector's chunk `index`? One chunk alone, from anybody.
bool VerifyChunk(absl::string_view root, uint64_t vector_bytes, uint64_t index, absl::string_view chunk,
                 const std::vector<std::string>& proof);

}  // namespace penc
