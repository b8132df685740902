#include "federation/masks.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <bit>

#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr size_t kPieceBytes = 16 << 10;

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

Secret Expanded(const Secret& input, absl::string_view salt, absl::string_view label, size_t size) {
  std::string bytes = HkdfSha256(input.view(), salt, label, size);
  Secret secret{absl::string_view(bytes)};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return secret;
}

absl::StatusOr<PairKeys> Derive(const PairContext& context, const AgreementKey& own, const std::string& peer,
                                const Secret& preshared) {
  PENC_CHECK(context.qid.size() == 32);
  PENC_CHECK(preshared.size() == 0 || preshared.size() == 32);
  ASSIGN_OR_RETURN(const Secret agreed, own.Agree(peer));
  PENC_CHECK(context.office_key.size() == 32 && context.steward_key.size() == 32);
  const std::string salt = Sha256({"penc round v1", BigEndian(context.suite), context.qid,
                                   BigEndian(context.attempt), BigEndian(context.office),
                                   BigEndian(context.steward), context.office_key, context.steward_key});
  Secret input = Secret::Zeros(agreed.size() + preshared.size());
  std::copy(agreed.bytes().begin(), agreed.bytes().end(), input.mutable_bytes().begin());
  std::copy(preshared.bytes().begin(), preshared.bytes().end(),
            input.mutable_bytes().begin() + agreed.size());
  PairKeys keys;
  keys.mask_seed = Expanded(input, salt, "mask", 32);
  keys.box_key = Expanded(input, salt, "box", 44);
  return keys;
}

// Both pieces apart and whole groups of words: what a compiler needs to do several words at once.
template <typename Word>
void Combine(int sign, size_t count, const Word* __restrict from, Word* __restrict to) {
  constexpr size_t kGroup = 16;
  const Word factor = sign > 0 ? 0 : ~Word{0};  // -x = (x ^ ~0) + 1: one loop for both signs
  const Word carry = sign > 0 ? 0 : 1;
  size_t i = 0;
  for (; i + kGroup <= count; i += kGroup) {
    for (size_t j = 0; j < kGroup; ++j) to[i + j] += (from[i + j] ^ factor) + carry;
  }
  for (; i < count; ++i) to[i] += (from[i] ^ factor) + carry;
}

template <typename Word>
void ApplyNext(SeededExpander& stream, int sign, absl::Span<Word> words) {
  static_assert(std::endian::native == std::endian::little, "the stream's words are little-endian");
  PENC_CHECK(sign == 1 || sign == -1);
  alignas(64) Word piece[kPieceBytes / sizeof(Word)];
  while (!words.empty()) {
    const size_t count = std::min(words.size(), std::size(piece));
    stream.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(piece), count * sizeof(Word)));
    Combine(sign, count, piece, words.data());
    words.remove_prefix(count);
  }
  OPENSSL_cleanse(piece, sizeof(piece));
}

}  // namespace

absl::StatusOr<PairKeys> PairKeysOfOffice(const PairContext& context, const AgreementKey& own,
                                          const Secret& preshared) {
  return Derive(context, own, context.steward_key, preshared);
}

absl::StatusOr<PairKeys> PairKeysOfSteward(const PairContext& context, const AgreementKey& own,
                                           const Secret& preshared) {
  return Derive(context, own, context.office_key, preshared);
}

std::string MaskCommitment(const Secret& seed) { return Sha256({"penc mask v1\n", seed.view()}); }
std::string LevelCommitment(const Secret& seed) { return Sha256({"penc level v1\n", seed.view()}); }

void MaskStream::Apply(int sign, absl::Span<uint32_t> words) { ApplyNext(stream_, sign, words); }
void MaskStream::Apply(int sign, absl::Span<uint64_t> words) { ApplyNext(stream_, sign, words); }

}  // namespace penc
