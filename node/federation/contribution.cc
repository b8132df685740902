#include "federation/contribution.h"

#include <endian.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/agreement.h"
#include "crypto/hash.h"
#include "federation/box.h"
#include "federation/chunks.h"
#include "federation/masks.h"

namespace penc {
namespace {

constexpr size_t kPiece = 4096;  // words that are worked on at once

uint64_t Truncate(uint64_t word, uint32_t word_bits) { return word_bits == 64 ? word : word & 0xffffffffu; }

const v1::EpochKeys& EpochAt(const Round& round, uint32_t place) {
  return round.roster.members(static_cast<int>(round.descriptor.stewards(static_cast<int>(place)))).epoch();
}

// A vector that must not stay behind.
class Words64 {
 public:
  explicit Words64(size_t size) : words_(size, 0) {}
  ~Words64() {
    if (!words_.empty()) explicit_bzero(words_.data(), words_.size() * sizeof(uint64_t));
  }
  Words64(const Words64&) = delete;
  Words64& operator=(const Words64&) = delete;
  absl::Span<uint64_t> span() { return absl::MakeSpan(words_); }

 private:
  std::vector<uint64_t> words_;
};

template <typename Word>
void Mask(const Secret& seed, int sign, absl::Span<uint64_t> words) {
  MaskStream stream(seed);
  std::array<Word, kPiece> piece;
  for (size_t first = 0; first < words.size(); first += kPiece) {
    const size_t n = std::min(kPiece, words.size() - first);
    for (size_t i = 0; i < n; ++i) piece[i] = static_cast<Word>(words[first + i]);
    stream.Apply(sign, absl::MakeSpan(piece.data(), n));
    for (size_t i = 0; i < n; ++i) words[first + i] = piece[i];
  }
  explicit_bzero(piece.data(), sizeof(piece));
}

}  // namespace

Mechanism MechanismOf(const v1::RoundBlock& block) {
  const Family family =
      block.noise().family() == v1::Noise::FAMILY_SKELLAM ? Family::kSkellam : Family::kDiscreteLaplace;
  return {family, {block.noise().parameter_num(), block.noise().parameter_den()}};
}

ShareSchedule ScheduleOf(const Round& round) {
  ShareSchedule schedule;
  schedule.dishonest = round.descriptor.presumed_dishonest();
  schedule.levels.assign(round.descriptor.levels().begin(), round.descriptor.levels().end());
  return schedule;
}

std::string WordsToBytes(absl::Span<const uint64_t> words, uint32_t word_bits) {
  std::string out(words.size() * (word_bits / 8), '\0');
  char* at = out.data();
  for (uint64_t word : words) {
    const uint64_t little = htole64(word);
    std::memcpy(at, &little, word_bits / 8);
    at += word_bits / 8;
  }
  return out;
}

bool AddBytes(absl::string_view bytes, uint32_t word_bits, int sign, absl::Span<uint64_t> words) {
  const size_t width = word_bits / 8;
  if (bytes.size() != words.size() * width) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    uint64_t little = 0;
    std::memcpy(&little, bytes.data() + i * width, width);
    const uint64_t word = le64toh(little);
    words[i] = Truncate(sign > 0 ? words[i] + word : words[i] - word, word_bits);
  }
  return true;
}

void AddMask(const Secret& seed, uint32_t word_bits, int sign, absl::Span<uint64_t> words) {
  if (word_bits == 64) {
    MaskStream(seed).Apply(sign, words);
  } else {
    Mask<uint32_t>(seed, sign, words);
  }
}

int64_t SignedWord(uint64_t word, uint32_t word_bits) {
  return word_bits == 64 ? static_cast<int64_t>(word) : static_cast<int32_t>(static_cast<uint32_t>(word));
}

absl::Status ContributionMaker::CheckStewardKeys(const Round& round, RandomSource& random) {
  const AgreementKey probe = AgreementKey::Generate(random);
  for (uint32_t place = 0; place < round.stewards(); ++place) {
    RETURN_IF_ERROR(probe.Agree(EpochAt(round, place).mask_key()).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<OfficeContribution> ContributionMaker::Make(const ContributionTerms& terms,
                                                           ExactVector&& exact, RandomSource& random) {
  const Round& round = terms.round;
  const v1::Descriptor& descriptor = round.descriptor;
  const ShareSchedule schedule = ScheduleOf(round);
  const uint32_t bits = descriptor.word_bits();
  absl::Span<int64_t> cells = exact.cells(ExactVector::Key());
  PENC_CHECK(cells.size() == descriptor.length());

  // Noise: the base share, and for each step between levels a component that its seed gives again.
  std::vector<Secret> secrets;
  const AgreementKey share_key = AgreementKey::Generate(random);
  std::vector<PairKeys> pairs;
  for (uint32_t place = 0; place < round.stewards(); ++place) {
    PairContext context;
    context.suite = descriptor.suite();
    context.qid = round.qid;
    context.attempt = round.attempt();
    context.office = terms.office;
    context.steward = descriptor.stewards(static_cast<int>(place));
    context.office_key = share_key.public_key();
    context.steward_key = EpochAt(round, place).mask_key();
    ASSIGN_OR_RETURN(PairKeys keys, PairKeysOfOffice(context, share_key));
    secrets.push_back(keys.mask_seed.Copy());
    pairs.push_back(std::move(keys));
  }
  for (size_t j = 0; j < schedule.components(); ++j) secrets.push_back(Secret::Random(random, 32));
  uint64_t first = 0;
  for (int b = 0; b < descriptor.blocks_size(); ++b) {
    const Mechanism mechanism = MechanismOf(descriptor.blocks(b));
    absl::Span<int64_t> block = cells.subspan(first, descriptor.blocks(b).cells());
    AddBaseShare(mechanism, schedule, random, block);
    for (size_t j = 0; j < schedule.components(); ++j) {
      AddComponent(mechanism, schedule, j, secrets[round.stewards() + j].bytes(), static_cast<uint32_t>(b), 1,
                   block);
    }
    first += descriptor.blocks(b).cells();
  }

  // Masks.
  Words64 words(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) words.span()[i] = Truncate(static_cast<uint64_t>(cells[i]), bits);
  for (const PairKeys& keys : pairs) AddMask(keys.mask_seed, bits, 1, words.span());

  OfficeContribution made;
  made.vector = WordsToBytes(words.span(), bits);
  v1::ContributionHeader header;
  header.set_qid(round.qid);
  header.set_attempt(round.attempt());
  header.set_office(terms.office);
  header.set_share_key(share_key.public_key());
  header.set_vector_bytes(made.vector.size());
  header.set_vector_root(ChunkTree::Of(made.vector).Root());
  header.set_minimum(terms.minimum);
  *header.mutable_charge_log() = terms.charge_log;
  for (size_t k = 0; k < round.stewards(); ++k) header.add_mask_commitments(MaskCommitment(secrets[k]));
  for (size_t j = 0; j < schedule.components(); ++j)
    header.add_level_commitments(LevelCommitment(secrets[round.stewards() + j]));
  std::vector<const Secret*> pointers;
  for (const Secret& secret : secrets) pointers.push_back(&secret);
  const std::vector<Box> boxes = MakeBoxes(pointers, round.quorum(), round.stewards(), random);
  for (size_t k = 0; k < boxes.size(); ++k) {
    made.boxes.push_back(SealBox(pairs[k].box_key, boxes[k]));
    header.add_box_roots(boxes[k].Root());
    header.add_box_sha256(Sha256(made.boxes.back()));
  }
  made.header.set_header(header.SerializeAsString());
  made.header.set_signature(terms.key.Sign(absl::StrCat("penc contribution v1\n", made.header.header())));
  return made;
}

}  // namespace penc
