#include "crypto/block_prf.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"

namespace penc {
namespace {

// FIPS 197, appendix C.1.
TEST(BlockPrf, IsAesOfSingleBlocks) {
  BlockPrf prf(absl::HexStringToBytes("000102030405060708090a0b0c0d0e0f"));
  const std::string plain = absl::HexStringToBytes("00112233445566778899aabbccddeeff");
  std::vector<BlockPrf::Block> blocks(3);
  for (BlockPrf::Block& block : blocks) std::memcpy(&block, plain.data(), sizeof(block));
  prf.Apply(absl::MakeSpan(blocks));
  for (const BlockPrf::Block& block : blocks) {
    EXPECT_EQ(absl::BytesToHexString({reinterpret_cast<const char*>(&block), sizeof(block)}),
              "69c4e0d86a7b0430d8cdb78070b4c55a");
  }
}

TEST(BlockPrf, DoesNotCareHowManyAtATime) {
  BlockPrf prf(std::string(16, 'k'));
  std::vector<BlockPrf::Block> all;
  for (uint64_t i = 0; i < 150000; ++i) all.push_back({i, i * i});
  std::vector<BlockPrf::Block> one(all.begin() + 140000, all.begin() + 140001);
  prf.Apply(absl::MakeSpan(all));
  prf.Apply(absl::MakeSpan(one));
  prf.Apply({});
  EXPECT_EQ(all[140000].a, one[0].a);
  EXPECT_EQ(all[140000].b, one[0].b);
}

}  // namespace
}  // namespace penc
