// A round as everybody who takes part computes it from a descriptor that was checked (descriptor.h) and the
// roster that it names. A plain value, safe to share.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "penc/v1/roster.pb.h"
#include "penc/v1/round.pb.h"

namespace penc {

struct Round {
  std::string qid;  // SHA-256 of the descriptor's bytes
  v1::SignedDescriptor signed_descriptor;
  v1::Descriptor descriptor;  // parsed from those bytes
  v1::Roster roster;
  std::vector<uint32_t> asked;  // indexes into roster.members, ascending

  uint32_t attempt() const { return descriptor.attempt(); }
  uint32_t stewards() const { return static_cast<uint32_t>(descriptor.stewards_size()); }
  // How many stewards certify, reconstruct or void: all but those who may be absent.
  uint32_t quorum() const { return stewards() - descriptor.absent(); }
  // The fewest organisations that open.
  uint32_t fewest() const { return descriptor.levels(0); }
  bool Asks(uint32_t office) const { return std::binary_search(asked.begin(), asked.end(), office); }
  // Place among the descriptor's stewards.
  absl::optional<uint32_t> PlaceOf(uint32_t steward) const {
    const auto& all = descriptor.stewards();
    const auto at = std::lower_bound(all.begin(), all.end(), steward);
    if (at == all.end() || *at != steward) return absl::nullopt;
    return static_cast<uint32_t>(at - all.begin());
  }
};

// What can be seen without a codebook: the partner's signature, the roster's hash and expiry, numbers that
// belong together, stewards that the roster has. The hub does no more; nodes recompute everything besides
// (descriptor.h). INVALID_ARGUMENT with what is wrong. `roster_bytes` as they were signed.
absl::StatusOr<Round> ReadRound(const v1::SignedDescriptor& terms, absl::string_view roster_bytes,
                                absl::Time now);

// Bytes that are signed by stewards and the hub; each names what it is for, so that no signature serves
// another purpose.
std::string SignedVoteText(const Round& round, const std::string& proposal_sha256);
std::string SignedPromiseText(const Round& round);
std::string SignedReceiptText(const Round& round, uint32_t office, const std::string& header_sha256);

// Signatures over messages that travel as their own bytes.
bool VerifyProposal(const Round& round, const v1::SignedProposal& proposal);
bool VerifyVote(const Round& round, const v1::Vote& vote);
bool VerifyPromise(const Round& round, const v1::Promise& promise);
// Enough equal votes of different stewards over the proposal, ascending.
bool VerifyCertificate(const Round& round, const v1::Certificate& certificate);
bool VerifyVoid(const Round& round, const v1::VoidCertificate& certificate);

// The offices of a proposal whose bytes are well formed: of this round, ascending, distinct, asked, at least
// the fewest; nothing otherwise.
absl::optional<v1::Proposal> ParseProposal(const Round& round, const v1::SignedProposal& proposal);

// A header whose signature is its office's, and that fits the round: its lists are as long as the round says.
// Nothing otherwise. What it commits to is checked where it is opened.
absl::optional<v1::ContributionHeader> ParseHeader(const Round& round, const v1::SignedHeader& header);
absl::optional<v1::Abstention> ParseAbstention(const Round& round, const v1::SignedAbstention& abstention);

// From its submission to its expiry; and how far clocks of a network may be apart.
inline constexpr absl::Duration kLongestRound = absl::Hours(24 * 14), kClocksDiffer = absl::Hours(24);

inline constexpr uint64_t kLongestVector = 1 << 20;  // cells
// Chunks of a masked vector of this round.
inline constexpr uint32_t kChunkBytes = 256 << 10;
inline uint64_t VectorBytes(const Round& round) {
  return round.descriptor.length() * (round.descriptor.word_bits() / 8);
}
inline uint32_t ChunksOf(const Round& round) {
  return static_cast<uint32_t>((VectorBytes(round) + kChunkBytes - 1) / kChunkBytes);
}

}  // namespace penc
