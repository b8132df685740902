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

Box::Box(std::vector<Secret> shares) : shares_(std::move(shares)) {
  leaves_.reserve(shares_.size());
  for (uint32_t place = 0; place < places(); ++place) {
    PENC_CHECK(shares_[place].size() == kShareBytes);
    leaves_.push_back(ShareLeaf(place, shares_[place].view()));
  }
}

std::string Box::Root() const {
  merkle::Frontier frontier;
  for (const std::string& leaf : leaves_) frontier.Append(leaf);
  return frontier.Root();
}

v1::OpenedShare Box::Prove(uint32_t office, uint32_t place) const {
  PENC_CHECK(place < places());
  v1::OpenedShare opened;
  opened.set_office(office);
  opened.set_place(place);
  opened.set_share(shares_[place].view().data(), kShareBytes);
  for (std::string& node : merkle::InclusionProof(leaves_, place, places())) {
    *opened.add_proof() = std::move(node);
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
