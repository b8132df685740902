// Boxes: what goes in comes out, shares are provable, and who lied is told apart.
#include "federation/box.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "crypto/shamir.h"
#include "federation/masks.h"
#include "journal/merkle.h"
#include "tests/support/seed.h"

namespace penc {
namespace {

constexpr uint32_t kStewards = 7, kThreshold = 5, kLevels = 4, kPlaces = kStewards + kLevels;

struct Contribution {
  explicit Contribution(PrintedRandom& random) {
    std::vector<const Secret*> pointers;
    for (uint32_t place = 0; place < kPlaces; ++place) secrets.push_back(Secret::Random(random, 32));
    for (const Secret& secret : secrets) pointers.push_back(&secret);
    boxes = MakeBoxes(pointers, kThreshold, kStewards, random);
    for (const Box& box : boxes) {
      keys.push_back(Secret::Random(random, 44));
      sealed.push_back(SealBox(keys.back(), box));
      terms.push_back({kPlaces, Sha256(sealed.back()), box.Root()});
    }
  }
  std::vector<Secret> secrets, keys;
  std::vector<Box> boxes;
  std::vector<std::string> sealed;
  std::vector<BoxTerms> terms;
};

std::string Flip(std::string bytes, size_t at, int bit) {
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
  return bytes;
}

TEST(Boxes, EverySecretIsJoinedFromProvenShares) {
  PrintedRandom random;
  const Contribution c(random);
  ASSERT_EQ(c.boxes.size(), kStewards);
  std::vector<Box> opened;
  for (uint32_t k = 0; k < kStewards; ++k) {
    EXPECT_EQ(c.sealed[k].size(), kPlaces * 32 + 16);
    auto box = OpenBox(c.keys[k], c.sealed[k], c.terms[k]);
    ASSERT_TRUE(box.ok()) << box.status();
    opened.push_back(*std::move(box));
  }
  for (uint32_t place = 0; place < kPlaces; ++place) {
    std::vector<v1::OpenedShare> proven;
    for (uint32_t k = 0; k < kStewards; ++k) {
      proven.push_back(opened[k].Prove(3, place));
      EXPECT_EQ(proven.back().office(), 3u);
      EXPECT_TRUE(VerifyShare(proven.back(), kPlaces, c.terms[k].root));
    }
    std::vector<std::pair<uint32_t, absl::string_view>> shares;
    for (uint32_t k = kStewards - kThreshold; k < kStewards; ++k) shares.emplace_back(k, proven[k].share());
    EXPECT_EQ(JoinShares(kThreshold, shares)->view(), c.secrets[place].view()) << place;
    shares.pop_back();
    EXPECT_FALSE(JoinShares(kThreshold, shares).ok());
    EXPECT_NE(JoinShares(kThreshold - 1, shares)->view(), c.secrets[place].view()) << place;
  }
}

TEST(Boxes, LeavesArePlaceAndShare) {
  PrintedRandom random;
  const Contribution c(random);
  merkle::Frontier frontier;
  for (uint32_t place = 0; place < kPlaces; ++place) {
    const std::string leaf =
        std::string("\0\0\0", 3) + static_cast<char>(place) + std::string(c.boxes[0].share(place).view());
    frontier.Append(merkle::LeafHash(leaf));
  }
  EXPECT_EQ(c.boxes[0].Root(), frontier.Root());
  std::set<std::string> roots;
  for (const Box& box : c.boxes) roots.insert(box.Root());
  EXPECT_EQ(roots.size(), kStewards);
}

TEST(Boxes, ProofsAreThoseOfTheTreeWhateverTheNumberOfPlaces) {
  PrintedRandom random;
  for (uint32_t places = 1; places <= 50; ++places) {
    std::vector<Secret> shares;
    std::vector<std::string> leaves;
    for (uint32_t place = 0; place < places; ++place) {
      shares.push_back(Secret::Random(random, kShareBytes));
      leaves.push_back(merkle::LeafHash(absl::StrCat(
          std::string("\0\0\0", 3), std::string(1, static_cast<char>(place)), shares.back().view())));
    }
    const Box box(std::move(shares));
    for (uint32_t place = 0; place < places; ++place) {
      const v1::OpenedShare proven = box.Prove(1, place);
      EXPECT_EQ(std::vector<std::string>(proven.proof().begin(), proven.proof().end()),
                merkle::InclusionProof(leaves, place, places));
      EXPECT_TRUE(VerifyShare(proven, places, box.Root()));
    }
  }
}

TEST(Boxes, EveryAlteredByteOnTheWayIsTheHubsFault) {
  PrintedRandom random;
  const Contribution c(random);
  for (size_t at = 0; at < c.sealed[0].size(); ++at) {
    EXPECT_EQ(OpenBox(c.keys[0], Flip(c.sealed[0], at, random.Below(8)), c.terms[0]).status().code(),
              absl::StatusCode::kDataLoss)
        << at;
  }
  EXPECT_EQ(OpenBox(c.keys[0], c.sealed[1], c.terms[0]).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(OpenBox(c.keys[0], "", c.terms[0]).status().code(), absl::StatusCode::kDataLoss);
}

TEST(Boxes, ABoxThatWasSignedAndDoesNotOpenIsTheOfficesFault) {
  PrintedRandom random;
  const Contribution c(random);
  const auto code = [&](const Secret& key, const std::string& sealed, BoxTerms terms) {
    terms.sha256 = Sha256(sealed);
    return OpenBox(key, sealed, terms).status().code();
  };
  for (size_t at = 0; at < c.sealed[0].size(); ++at) {
    EXPECT_EQ(code(c.keys[0], Flip(c.sealed[0], at, random.Below(8)), c.terms[0]),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(code(c.keys[1], c.sealed[0], c.terms[0]), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(c.keys[0], "", c.terms[0]), absl::StatusCode::kInvalidArgument);
  BoxTerms terms = c.terms[0];
  terms.root = c.terms[1].root;
  EXPECT_EQ(code(c.keys[0], c.sealed[0], terms), absl::StatusCode::kInvalidArgument);
  for (uint32_t places : {0u, kPlaces - 1, kPlaces + 1, 0xffffffffu}) {
    terms = c.terms[0];
    terms.places = places;
    EXPECT_EQ(code(c.keys[0], c.sealed[0], terms), absl::StatusCode::kInvalidArgument) << places;
  }
  EXPECT_EQ(code(c.keys[0], c.sealed[0], c.terms[0]), absl::StatusCode::kOk);
}

TEST(Boxes, EveryAlteredByteOfAnOpenedShareIsRefused) {
  PrintedRandom random;
  const Contribution c(random);
  for (uint32_t place = 0; place < kPlaces; ++place) {
    const v1::OpenedShare good = c.boxes[2].Prove(1, place);
    const auto accepted = [&](const v1::OpenedShare& share) {
      return VerifyShare(share, kPlaces, c.terms[2].root);
    };
    ASSERT_TRUE(accepted(good));
    for (size_t at = 0; at < kShareBytes; ++at) {
      v1::OpenedShare bad = good;
      bad.set_share(Flip(good.share(), at, random.Below(8)));
      EXPECT_FALSE(accepted(bad)) << place << " share byte " << at;
    }
    for (int node = 0; node < good.proof_size(); ++node) {
      for (size_t at = 0; at < 32; ++at) {
        v1::OpenedShare bad = good;
        bad.set_proof(node, Flip(good.proof(node), at, random.Below(8)));
        EXPECT_FALSE(accepted(bad)) << place << " node " << node << " byte " << at;
      }
    }
    for (uint32_t other = 0; other < kPlaces + 2; ++other) {
      v1::OpenedShare moved = good;
      moved.set_place(other);
      EXPECT_EQ(accepted(moved), other == place);
    }
    v1::OpenedShare bad = good;
    bad.set_share(good.share() + "x");
    EXPECT_FALSE(accepted(bad));
    bad = good;
    bad.clear_proof();
    EXPECT_FALSE(accepted(bad));
    bad = good;
    bad.add_proof(std::string(32, 'n'));
    EXPECT_FALSE(accepted(bad));
    EXPECT_FALSE(VerifyShare(good, kPlaces, c.terms[3].root));
    EXPECT_FALSE(VerifyShare(good, kPlaces, ""));
  }
}

// Shares that all prove right and do not make the committed seed: the office has lied, and everybody sees it.
TEST(Boxes, AnOfficeThatSharesAnotherSeedIsSeenByItsCommitment) {
  PrintedRandom random;
  const Secret said = Secret::Random(random, 32), shared = Secret::Random(random, 32);
  const Secret* const secrets[] = {&shared};
  const std::vector<Box> boxes = MakeBoxes(secrets, 2, 3, random);
  const v1::OpenedShare a = boxes[0].Prove(0, 0), b = boxes[2].Prove(0, 0);
  EXPECT_TRUE(VerifyShare(a, 1, boxes[0].Root()) && VerifyShare(b, 1, boxes[2].Root()));
  const Secret joined = *JoinShares(2, {{0, a.share()}, {2, b.share()}});
  EXPECT_NE(MaskCommitment(joined), MaskCommitment(said));
}

}  // namespace
}  // namespace penc
