#include "journal/note.h"

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr char kAlgorithm = 1;  // Ed25519, as numbered by signed-note
constexpr absl::string_view kDash = "\u2014 ";

std::string NoteText(const Checkpoint& checkpoint) {
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.size, "\n", absl::Base64Escape(checkpoint.root),
                      "\n");
}

// Key names hold no space and no plus.
std::string KeyName(absl::string_view origin) {
  std::string name(origin);
  for (char& c : name) {
    if (c == ' ' || c == '+') c = '-';
  }
  return name;
}

std::string KeyHash(absl::string_view name, const VerifyKey& key) {
  return Sha256({name, "\n", absl::string_view(&kAlgorithm, 1), key.bytes()}).substr(0, 4);
}

absl::Status NotACheckpoint() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"ce n'est pas un point de contrôle de journal (note signée)",
               "this is not a journal checkpoint (signed note)"});
}

}  // namespace

std::string SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  const std::string text = NoteText(checkpoint);
  const std::string name = KeyName(checkpoint.origin);
  return absl::StrCat(text, "\n", kDash, name, " ",
                      absl::Base64Escape(absl::StrCat(KeyHash(name, key.verify_key()), key.Sign(text))),
                      "\n");
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, const VerifyKey& key) {
  const size_t gap = note.find("\n\n");
  if (gap == absl::string_view::npos) return NotACheckpoint();
  const absl::string_view text = note.substr(0, gap + 1);
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  Checkpoint checkpoint;
  if (lines.size() < 4 || lines[0].empty() || !absl::SimpleAtoi(lines[1], &checkpoint.size) ||
      !absl::Base64Unescape(lines[2], &checkpoint.root) || checkpoint.root.size() != 32) {
    return NotACheckpoint();
  }
  checkpoint.origin = std::string(lines[0]);
  for (absl::string_view line : absl::StrSplit(note.substr(gap + 2), '\n')) {
    const size_t space = line.rfind(' ');
    if (line.substr(0, kDash.size()) != kDash || space == absl::string_view::npos || space < kDash.size())
      continue;
    const absl::string_view name = line.substr(kDash.size(), space - kDash.size());
    std::string signature;
    if (!absl::Base64Unescape(line.substr(space + 1), &signature) || signature.size() != 4 + 64) continue;
    if (absl::string_view(signature).substr(0, 4) != KeyHash(name, key)) continue;
    if (key.Verify(text, absl::string_view(signature).substr(4))) return checkpoint;
  }
  return Fail(absl::StatusCode::kDataLoss, {"aucune signature de cette clé sur ce point de contrôle",
                                            "no signature of this key on this checkpoint"});
}

}  // namespace penc
