#include "federation/box.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/shamir.h"
#include "journal/merkle.h"

namespace penc {
namespace {

constexpr absl::string_view kAssociated = "penc box v1\n";

std::string ShareLeaf(uint32_t place, absl::string_view share) {
  // As merkle::LeafHash of the joined bytes, without a copy of the share.
  const char place_bytes[4] = {static_cast<char>(place >> 24), static_cast<char>(place >> 16),
                               static_cast<char>(place >> 8), static_cast<char>(place)};
  return Sha256({absl::string_view("\0", 1), absl::string_view(place_bytes, 4), share});
}

}  // namespace

Box::Box(std::vector<Secret> shares) : shares_(std::move(shares)), levels_(1) {
  for (uint32_t place = 0; place < places(); ++place) {
    PENC_CHECK(shares_[place].size() == kShareBytes);
    levels_[0].push_back(ShareLeaf(place, shares_[place].view()));
  }
  // Neighbours in pairs, a last one without a neighbour as it is: the tree of RFC 6962.
  while (levels_.back().size() > 1) {
    const std::vector<std::string>& below = levels_.back();
    std::vector<std::string> above;
    for (size_t i = 0; i + 1 < below.size(); i += 2)
      above.push_back(merkle::NodeHash(below[i], below[i + 1]));
    if (below.size() % 2 == 1) above.push_back(below.back());
    levels_.push_back(std::move(above));
  }
}

std::string Box::Root() const { return places() == 0 ? merkle::Frontier().Root() : levels_.back().front(); }

v1::OpenedShare Box::Prove(uint32_t office, uint32_t place) const {
  PENC_CHECK(place < places());
  v1::OpenedShare opened;
  opened.set_office(office);
  opened.set_place(place);
  opened.set_share(shares_[place].view().data(), kShareBytes);
  size_t at = place;
  for (const std::vector<std::string>& level : levels_) {
    if ((at ^ 1) < level.size()) opened.add_proof(level[at ^ 1]);
    at /= 2;
  }
  return opened;
}

std::vector<Box> MakeBoxes(absl::Span<const Secret* const> secrets, uint32_t threshold, uint32_t stewards,
                           RandomSource& random) {
  std::vector<std::vector<Secret>> shares(stewards);
  for (const Secret* secret : secrets) {
    PENC_CHECK(secret->size() == kShareBytes);
    std::vector<Secret> split = SplitSecret(*secret, threshold, stewards, random);
    for (uint32_t k = 0; k < stewards; ++k) shares[k].push_back(std::move(split[k]));
  }
  std::vector<Box> boxes;
  boxes.reserve(stewards);
  for (std::vector<Secret>& of_steward : shares) boxes.emplace_back(std::move(of_steward));
  return boxes;
}

std::string SealBox(const Secret& box_key, const Box& box) {
  Secret plain = Secret::Zeros(box.places() * kShareBytes);
  for (uint32_t place = 0; place < box.places(); ++place) {
    const absl::Span<const uint8_t> share = box.share(place).bytes();
    std::copy(share.begin(), share.end(), plain.mutable_bytes().begin() + place * kShareBytes);
  }
  return SealOnce(box_key, kAssociated, plain.view());
}

absl::StatusOr<Box> OpenBox(const Secret& box_key, absl::string_view sealed, const BoxTerms& terms) {
  if (Sha256(sealed) != terms.sha256) {
    return Fail(absl::StatusCode::kDataLoss,
                {"ce pli n'est pas celui que l'organisation a signé: le serveur doit le renvoyer",
                 "this box is not the one that the organisation signed: the hub must send it again"});
  }
  const auto faulty = [] {
    return Fail(
        absl::StatusCode::kInvalidArgument,
        {"l'organisation a signé un pli qui ne s'ouvre pas: elle ne peut pas être comptée dans ce tour",
         "the organisation signed a box that does not open: it cannot be counted in this round"});
  };
  const absl::StatusOr<Secret> plain = OpenOnce(box_key, kAssociated, sealed);
  if (!plain.ok() || plain->size() != terms.places * kShareBytes) return faulty();
  std::vector<Secret> shares;
  shares.reserve(terms.places);
  for (uint32_t place = 0; place < terms.places; ++place) {
    shares.emplace_back(plain->bytes().subspan(place * kShareBytes, kShareBytes));
  }
  Box box(std::move(shares));
  if (box.Root() != terms.root) return faulty();
  return box;
}

bool VerifyShare(const v1::OpenedShare& opened, uint32_t places, absl::string_view root) {
  return opened.place() < places && opened.share().size() == kShareBytes &&
         merkle::VerifyInclusion(ShareLeaf(opened.place(), opened.share()), opened.place(), places,
                                 {opened.proof().begin(), opened.proof().end()}, root);
}

}  // namespace penc
