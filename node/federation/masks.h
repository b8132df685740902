// What an office and a steward share in one round, and the mask that comes of it. An office's masked vector
// is its vector plus one mask per steward; the masks of all offices cancel against the sums that the stewards
// release. Pure functions.
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "crypto/agreement.h"
#include "crypto/secret.h"
#include "crypto/secure_random.h"

namespace penc {

// Everything that the keys of one pair are bound to: a key of another round, attempt or pair is another key.
struct PairContext {
  uint32_t suite = 1;
  std::string qid;  // 32 bytes
  uint32_t attempt = 1;
  uint32_t office = 0;      // index into the roster's members
  uint32_t steward = 0;     // index into the roster's members
  std::string office_key;   // X25519, made for this contribution (ContributionHeader.share_key)
  std::string steward_key;  // X25519 of the steward's epoch
};

struct PairKeys {
  Secret mask_seed;  // 32 bytes
  Secret box_key;    // 44 bytes: AES-256 key and GCM's IV, for the one box from this office to this steward
};

// prk = HKDF-Extract(salt = SHA-256("penc round v1" ‖ suite ‖ qid ‖ attempt ‖ office ‖ steward ‖ office_key ‖
// steward_key), agreed secret ‖ preshared), integers as 4 bytes, big-endian; then Expand(prk, "mask", 32) and
// Expand(prk, "box", 44). `preshared`: 32 bytes that both hold from elsewhere, or none. INVALID_ARGUMENT
// where the other's public key is not one, or of small order.
absl::StatusOr<PairKeys> PairKeysOfOffice(const PairContext& context, const AgreementKey& own,
                                          const Secret& preshared = Secret());
absl::StatusOr<PairKeys> PairKeysOfSteward(const PairContext& context, const AgreementKey& own,
                                           const Secret& preshared = Secret());

// SHA-256("penc mask v1\n" ‖ seed) and SHA-256("penc level v1\n" ‖ seed): in the office's header.
std::string MaskCommitment(const Secret& seed);
std::string LevelCommitment(const Secret& seed);

// The words of a mask one after the other: ChaCha20 (zero nonce, from block 0) of the seed, little-endian
// words of the vector's width. A vector may be taken in pieces; all pieces of one mask have words of the same
// width.
class MaskStream {
 public:
  explicit MaskStream(const Secret& seed) : stream_(seed.bytes()) {}

  // Adds the next words (sign = 1) or subtracts them (sign = -1), modulo 2^32 or 2^64.
  void Apply(int sign, absl::Span<uint32_t> words);
  void Apply(int sign, absl::Span<uint64_t> words);

 private:
  SeededExpander stream_;
};

}  // namespace penc
