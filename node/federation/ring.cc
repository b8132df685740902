#include "federation/ring.h"

#include <endian.h>

#include <cstring>

#include "base/status.h"
#include "federation/masks.h"

namespace penc {
namespace {

uint32_t LittleEndian(uint32_t word) { return htole32(word); }
uint64_t LittleEndian(uint64_t word) { return htole64(word); }

template <typename Word>
bool Add(std::vector<Word>& words, int sign, absl::string_view bytes) {
  if (bytes.size() != words.size() * sizeof(Word)) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    Word word;
    std::memcpy(&word, bytes.data() + i * sizeof(Word), sizeof(Word));
    word = LittleEndian(word);
    words[i] = sign > 0 ? words[i] + word : words[i] - word;
  }
  return true;
}

template <typename Word>
std::string Bytes(const std::vector<Word>& words) {
  std::string out(words.size() * sizeof(Word), '\0');
  for (size_t i = 0; i < words.size(); ++i) {
    const Word word = LittleEndian(words[i]);
    std::memcpy(out.data() + i * sizeof(Word), &word, sizeof(Word));
  }
  return out;
}

template <typename Word>
void Wipe(std::vector<Word>& words) {
  if (!words.empty()) explicit_bzero(words.data(), words.size() * sizeof(Word));
}

}  // namespace

RingVector::RingVector(uint64_t length, uint32_t word_bits) : word_bits_(word_bits) {
  PENC_CHECK(word_bits == 32 || word_bits == 64);
  word_bits == 32 ? narrow_.resize(length) : wide_.resize(length);
}

RingVector::~RingVector() {
  Wipe(narrow_);
  Wipe(wide_);
}

void RingVector::AddCells(absl::Span<const int64_t> cells) {
  PENC_CHECK(cells.size() == length());
  for (size_t i = 0; i < narrow_.size(); ++i) narrow_[i] += static_cast<uint32_t>(cells[i]);
  for (size_t i = 0; i < wide_.size(); ++i) wide_[i] += static_cast<uint64_t>(cells[i]);
}

bool RingVector::AddBytes(int sign, absl::string_view bytes) {
  return word_bits_ == 32 ? Add(narrow_, sign, bytes) : Add(wide_, sign, bytes);
}

void RingVector::AddMask(int sign, const Secret& seed) {
  MaskStream stream(seed);
  if (word_bits_ == 32) {
    stream.Apply(sign, absl::MakeSpan(narrow_));
  } else {
    stream.Apply(sign, absl::MakeSpan(wide_));
  }
}

std::string RingVector::ToBytes() const { return word_bits_ == 32 ? Bytes(narrow_) : Bytes(wide_); }

std::vector<int64_t> RingVector::ToSigned() const {
  std::vector<int64_t> out;
  out.reserve(length());
  for (uint32_t word : narrow_) out.push_back(static_cast<int32_t>(word));
  for (uint64_t word : wide_) out.push_back(static_cast<int64_t>(word));
  return out;
}

}  // namespace penc
