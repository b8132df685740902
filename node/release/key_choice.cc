#include "release/key_choice.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

// More words than an answer names: which of them go is a function of the words themselves, and favours no
// letter.
bool Cut(WordList& words, uint32_t most) {
  if (words.size() <= most) return false;
  std::vector<std::pair<std::string, Word>> drawn;
  for (Word& word : words) {
    const std::string place = Sha256({"penc cut v1\n", word.same});
    drawn.emplace_back(place, std::move(word));
  }
  std::sort(drawn.begin(), drawn.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  words.clear();
  for (uint32_t i = 0; i < most; ++i) words.push_back(std::move(drawn[i].second));
  std::sort(words.begin(), words.end(), [](const Word& a, const Word& b) { return a.same < b.same; });
  return true;
}

}  // namespace

WordList KeyChoice::Kept(const KeySelection& law, const WordList& words, ExactVector exact,
                         RandomSource& random) {
  const absl::StatusOr<KeySelector> selector = KeySelector::Make(law);
  PENC_CHECK(selector.ok() && exact.size() == words.size());
  const absl::Span<const int64_t> persons = exact.cells(ExactVector::Key());
  Words bits(random);
  WordList kept;
  for (size_t w = 0; w < words.size(); ++w) {
    PENC_CHECK(persons[w] >= 0);
    if (selector->Keep(static_cast<uint64_t>(persons[w]), bits)) kept.push_back(words[w]);
  }
  return kept;
}

absl::StatusOr<Plan> KeyChoice::Made(const Plan& plan, const RecordStore& store, const Snapshot& snapshot,
                                     RandomSource& random) {
  if (plan.selections.empty()) return plan;
  Plan chosen = plan;
  std::vector<WordList> kept;
  for (KeyStep& step : chosen.selections) {
    const Axis& axis = plan.questions[step.question].domain.axes[step.axis];
    const WordList words = store.Words(snapshot, axis.grain.column);
    WordList& list = kept.emplace_back();
    if (words.empty()) continue;
    ASSIGN_OR_RETURN(ExactVector exact, store.Extract(snapshot, SelectionOf(plan, step, words)));
    list = Kept(step.law, words, std::move(exact), random);
    step.cut = Cut(list, axis.open);
  }
  return WithWords(std::move(chosen), kept);
}

}  // namespace penc
