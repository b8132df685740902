// A steward's box: what one office entrusts to one steward, sealed to it alone. It holds the steward's share
// of every secret of the contribution, in places: the mask seed of each steward in the descriptor's order,
// then the level seeds. The office signs the root of a tree over these shares, so that a share can be passed
// on with a proof, and a reconstruction that fails tells who lied: the steward where the proof fails, the
// office where all proofs hold and the secret is not the one committed to.
//
// A leaf is place (4 bytes, big-endian) ‖ share, without salt: whoever has fewer than `threshold` shares of a
// secret sees each further one as 32 uniform bytes (the secret itself is 32 uniform bytes), which no hash
// helps to guess; whoever has enough knows the secret anyway. Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "penc/v1/round.pb.h"

namespace penc {

inline constexpr size_t kShareBytes = 32;

class Box {
 public:
  explicit Box(std::vector<Secret> shares);  // by place, each kShareBytes long

  uint32_t places() const { return static_cast<uint32_t>(shares_.size()); }
  const Secret& share(uint32_t place) const { return shares_[place]; }
  std::string Root() const;
  // The share with its proof; secret until it is sealed.
  v1::OpenedShare Prove(uint32_t office, uint32_t place) const;

 private:
  std::vector<Secret> shares_;
  // The tree over the shares, leaves first, the root last: a steward proves a dozen shares of every office.
  std::vector<std::vector<std::string>> levels_;
};

// Boxes of all stewards, in the descriptor's order: `secrets` by place, each kShareBytes long; any
// `threshold` stewards can join each of them.
std::vector<Box> MakeBoxes(absl::Span<const Secret* const> secrets, uint32_t threshold, uint32_t stewards,
                           RandomSource& random);

// AES-256-GCM of the shares one after the other, associated data "penc box v1\n"; `box_key` (44 bytes,
// masks.h) gives key and IV and therefore seals one box in its life: a contribution that is built anew has a
// new share key.
std::string SealBox(const Secret& box_key, const Box& box);

// What the office's signed header says of a box.
struct BoxTerms {
  uint32_t places = 0;
  std::string sha256;  // ContributionHeader.box_sha256
  std::string root;    // ContributionHeader.box_roots
};
// DATA_LOSS where these are not the bytes that the office signed: the hub is asked again. INVALID_ARGUMENT
// where they are, and do not open or are not the shares of the signed root: the office's fault.
absl::StatusOr<Box> OpenBox(const Secret& box_key, absl::string_view sealed, const BoxTerms& terms);

// Did the office put this share into the box with this root? Says nothing of opened.office(): the caller
// takes the root from that office's header.
bool VerifyShare(const v1::OpenedShare& opened, uint32_t places, absl::string_view root);

}  // namespace penc
