// Keys of a pair and their masks: both ends agree, everything is bound, masks cancel to the last bit.
#include "federation/masks.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <set>
#include <vector>

#include "tests/support/seed.h"

namespace penc {
namespace {

std::string RandomBytes(PrintedRandom& random, size_t size) {
  return std::string(Secret::Random(random, size).view());
}

struct Pair {
  explicit Pair(PrintedRandom& random)
      : office(AgreementKey::Generate(random)), steward(AgreementKey::Generate(random)) {
    context.qid = RandomBytes(random, 32);
    context.attempt = 1 + random.Below(5);
    context.office = random.Below(1000);
    context.steward = random.Below(1000);
    context.office_key = office.public_key();
    context.steward_key = steward.public_key();
  }
  AgreementKey office, steward;
  PairContext context;
};

TEST(PairKeys, BothEndsDeriveTheSameAndTwoDifferentKeys) {
  PrintedRandom random;
  for (int i = 0; i < 20; ++i) {
    const Pair pair(random);
    const Secret preshared = i % 2 == 0 ? Secret() : Secret::Random(random, 32);
    const PairKeys a = *PairKeysOfOffice(pair.context, pair.office, preshared);
    const PairKeys b = *PairKeysOfSteward(pair.context, pair.steward, preshared);
    EXPECT_EQ(a.mask_seed.view(), b.mask_seed.view());
    EXPECT_EQ(a.box_key.view(), b.box_key.view());
    EXPECT_EQ(a.mask_seed.size(), 32u);
    EXPECT_EQ(a.box_key.size(), 44u);
    EXPECT_NE(a.mask_seed.view(), a.box_key.view().substr(0, 32));
  }
}

TEST(PairKeys, AnotherRoundAttemptOrPairHasOtherKeys) {
  PrintedRandom random;
  const Pair pair(random);
  std::set<std::string> seeds, boxes;
  const auto add = [&](const PairContext& context, const Secret& preshared) {
    const PairKeys keys = *PairKeysOfOffice(context, pair.office, preshared);
    seeds.insert(std::string(keys.mask_seed.view()));
    boxes.insert(std::string(keys.box_key.view()));
  };
  const std::vector<std::function<void(PairContext&)>> changes = {
      [](PairContext&) {},
      [](PairContext& c) { c.suite = 2; },
      [](PairContext& c) { c.qid[31] = static_cast<char>(c.qid[31] ^ 1); },
      [](PairContext& c) { ++c.attempt; },
      [](PairContext& c) { c.office += 1; },
      [](PairContext& c) { c.steward += 1; },
      [](PairContext& c) {
        std::swap(c.office, c.steward);
        c.office += 5000;
      },
      [](PairContext& c) { c.office_key[0] = static_cast<char>(c.office_key[0] ^ 1); },
      [](PairContext& c) { c.steward_key[31] = static_cast<char>(c.steward_key[31] ^ '\x80'); },
  };
  for (const auto& change : changes) {
    PairContext context = pair.context;
    change(context);
    add(context, Secret());
  }
  add(pair.context, Secret(std::string(32, '\0')));
  add(pair.context, Secret(std::string(32, 'k')));
  EXPECT_EQ(seeds.size(), changes.size() + 2);
  EXPECT_EQ(boxes.size(), changes.size() + 2);
}

TEST(PairKeys, AnAllZeroOrShortKeyOfTheOtherIsRefused) {
  PrintedRandom random;
  const Pair pair(random);
  for (const std::string& bad : {std::string(32, '\0'), std::string(31, 'k'), std::string()}) {
    PairContext context = pair.context;
    context.steward_key = bad;
    EXPECT_EQ(PairKeysOfOffice(context, pair.office).status().code(), absl::StatusCode::kInvalidArgument);
    context = pair.context;
    context.office_key = bad;
    EXPECT_EQ(PairKeysOfSteward(context, pair.steward).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(Commitments, DifferByPurposeAndSeed) {
  PrintedRandom random;
  const Secret a = Secret::Random(random, 32), b = Secret::Random(random, 32);
  EXPECT_EQ(MaskCommitment(a), Sha256({"penc mask v1\n", a.view()}));
  EXPECT_EQ(LevelCommitment(a), Sha256({"penc level v1\n", a.view()}));
  EXPECT_NE(MaskCommitment(a), MaskCommitment(b));
  EXPECT_NE(MaskCommitment(a), LevelCommitment(a));
}

template <typename Word>
void ExpectStreamOfWords(PrintedRandom& random) {
  const Secret seed = Secret::Random(random, 32);
  for (size_t count : {size_t{0}, size_t{1}, size_t{15}, size_t{17}, size_t{4096}, size_t{50001}}) {
    std::vector<Word> stream(count);
    SeededExpander(seed.bytes())
        .Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(stream.data()), count * sizeof(Word)));
    std::vector<Word> start(count);
    random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(start.data()), count * sizeof(Word)));
    std::vector<Word> sum = start, difference = start;
    MaskStream(seed).Apply(1, absl::MakeSpan(sum));
    MaskStream(seed).Apply(-1, absl::MakeSpan(difference));
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(sum[i], static_cast<Word>(start[i] + stream[i])) << i;
      ASSERT_EQ(difference[i], static_cast<Word>(start[i] - stream[i])) << i;
    }
    // In pieces of any length: the same.
    std::vector<Word> pieces = start;
    MaskStream mask(seed);
    for (size_t at = 0; at < count;) {
      const size_t part = std::min<size_t>(count - at, 1 + random.Below(9000));
      mask.Apply(1, absl::MakeSpan(pieces).subspan(at, part));
      at += part;
    }
    EXPECT_EQ(pieces, sum);
  }
}

TEST(MaskStream, IsTheSeedsStreamInLittleEndianWordsModuloTheRing) {
  PrintedRandom random;
  ExpectStreamOfWords<uint32_t>(random);
  ExpectStreamOfWords<uint64_t>(random);
}

// What a round does: masked vectors of all offices, minus the stewards' sums, is the sum of the vectors.
TEST(MaskStream, MasksOfAllPairsCancelAgainstTheStewardsSums) {
  PrintedRandom random;
  const size_t offices = 8, stewards = 7, length = 3000;
  std::vector<std::vector<Secret>> seeds(offices);
  std::vector<uint32_t> sum(length), truth(length);
  for (size_t i = 0; i < offices; ++i) {
    std::vector<uint32_t> y(length);
    for (uint32_t& word : y) word = random.Below(1000) - 500;
    for (size_t x = 0; x < length; ++x) truth[x] += y[x];
    const std::vector<uint32_t> before = y;
    for (size_t k = 0; k < stewards; ++k) {
      seeds[i].push_back(Secret::Random(random, 32));
      MaskStream(seeds[i][k]).Apply(1, absl::MakeSpan(y));
    }
    EXPECT_NE(y, before);
    for (size_t x = 0; x < length; ++x) sum[x] += y[x];
  }
  for (size_t k = 0; k < stewards; ++k) {
    std::vector<uint32_t> released(length);
    for (size_t i = 0; i < offices; ++i) MaskStream(seeds[i][k]).Apply(1, absl::MakeSpan(released));
    for (size_t x = 0; x < length; ++x) sum[x] -= released[x];
  }
  EXPECT_EQ(sum, truth);
}

}  // namespace
}  // namespace penc
