#include "base/nearest.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace penc {
namespace {

// Optimal string alignment distance; words are short (names in a YAML file), so the square table is cheap.
size_t Edits(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

constexpr size_t kLongestWord = 64;

}  // namespace

std::string Nearest(absl::string_view word, const std::vector<std::string>& known) {
  if (word.size() > kLongestWord) return "";
  const std::string lower = absl::AsciiStrToLower(word);
  const size_t allowed = std::max<size_t>(word.size() / 3, word.size() >= 4 ? 2 : 1);
  size_t best = allowed + 1;
  std::string nearest;
  for (const std::string& candidate : known) {
    if (candidate.size() > kLongestWord) continue;
    const size_t edits = Edits(lower, absl::AsciiStrToLower(candidate));
    if (edits < best && edits < std::max(word.size(), candidate.size())) {
      best = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace penc
