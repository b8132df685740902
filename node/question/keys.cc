#include "question/keys.h"

#include <algorithm>

#include "base/status.h"
#include "crypto/hash.h"
#include "privacy/choose.h"
#include "question/axis.h"

namespace penc {
namespace {

constexpr uint64_t kPartOfDelta = 10;
constexpr uint64_t kParts = 4, kPartsOfKeys = 3;

absl::Status NoDelta() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"la promesse de référence du lexique a delta 0: les mots d'une liste ouverte ne peuvent être "
               "choisis; demandez une colonne à codes",
               "the codebook's reference promise has delta 0: words of an open list cannot be chosen; ask a "
               "column of codes"});
}

uint64_t DeltaFor(uint64_t price, const Promise& reference) {
  const unsigned __int128 whole = DeltaOf(reference) / kPartOfDelta;
  return static_cast<uint64_t>(std::min(whole, whole * price / RenyiBudget(reference)));
}

// A cell's draws for a cap, by what the word is.
uint64_t DrawnAs(const Word& word) {
  const std::string hash = Sha256({"penc word v1\n", word.same});
  uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8 | static_cast<uint8_t>(hash[i]);
  return bits;
}

}  // namespace

void LayKeySteps(const Codebook& codebook, Plan& plan) {
  for (uint32_t q = 0; q < plan.questions.size(); ++q) {
    const PlannedQuestion& planned = plan.questions[q];
    for (uint32_t a = 0; a < planned.domain.axes.size(); ++a) {
      const Axis& axis = planned.domain.axes[a];
      if (axis.open == 0) continue;
      KeyStep step{q, a, axis.open, {}};
      step.law.keys = CategoriesPerPerson(axis, codebook) == 1 ? 1 : std::max(1u, planned.caps.cells);
      plan.selections.push_back(step);
    }
  }
}

absl::StatusOr<uint64_t> ChooseKeysAtPrice(uint64_t price, uint32_t question, const Promise& reference,
                                           Plan& plan) {
  uint64_t taken = 0;
  for (KeyStep& step : plan.selections) {
    if (step.question != question) continue;
    if (reference.pure()) return NoDelta();
    const uint64_t of_keys = price / kParts * kPartsOfKeys;
    ASSIGN_OR_RETURN(step.law,
                     SelectionAtPrice(step.law.keys, of_keys, DeltaFor(price, reference), reference));
    taken += of_keys;
  }
  return taken;
}

absl::StatusOr<uint64_t> ChooseKeysAtEpsilon(uint64_t epsilon_1024, const Promise& reference, Plan& plan) {
  uint64_t taken = 0;
  const Order order = OrderOf(reference);
  for (KeyStep& step : plan.selections) {
    if (reference.pure()) return NoDelta();
    step.law.epsilon_1024 = std::min<uint64_t>(epsilon_1024 / kParts * kPartsOfKeys, 64 * 1024);
    taken += step.law.epsilon_1024;
    // What a share of this price would be: that of one Laplace at the whole epsilon.
    const Contribution whole;
    const uint64_t epsilon = std::max<uint64_t>(1, std::min<uint64_t>(epsilon_1024, 64 * 1024));
    step.law.delta = DeltaFor(CostOf(LaplaceAt(whole, epsilon), whole, order).renyi, reference);
    RETURN_IF_ERROR(KeySelector::Make(step.law).status());
  }
  return taken;
}

Plan SelectionOf(const Plan& plan, const KeyStep& step, const WordList& words) {
  const PlannedQuestion& asked = plan.questions[step.question];
  PlannedQuestion planned;
  planned.question = asked.question;  // a cap draws by the question as it was asked
  planned.caps = asked.caps;
  Axis axis = asked.domain.axes[step.axis];
  axis.open = 0;
  axis.categories.clear();
  axis.category_of.assign(1, kNoCategory);  // who states nothing names no word
  for (const Word& word : words) {
    if (axis.category_of.size() <= word.id) axis.category_of.resize(size_t{word.id} + 1, kNoCategory);
    axis.category_of[word.id] = static_cast<uint32_t>(axis.categories.size());
    axis.categories.emplace_back();
    planned.domain.drawn_as.push_back(DrawnAs(word));
  }
  planned.domain.axes = {std::move(axis)};
  planned.domain.cells = words.size();
  planned.blocks = {0};
  Plan selection;
  selection.codebook_hash = plan.codebook_hash;
  Block block;
  block.cells = words.size();
  block.per_person = {step.law.keys, 1, step.law.keys};
  selection.blocks = {block};
  selection.length = words.size();
  selection.questions.push_back(std::move(planned));
  return selection;
}

void LayWords(const WordList& words, bool released, Domain& domain, uint32_t at) {
  Axis& axis = domain.axes[at];
  Category not_stated = axis.categories.back();
  axis.open = 0;
  axis.categories.clear();
  axis.category_of.assign(1, kNoCategory);
  for (const Word& word : words) {
    const std::string& text = released ? word.same : word.text;
    if (axis.category_of.size() <= word.id) axis.category_of.resize(size_t{word.id} + 1, kNoCategory);
    axis.category_of[word.id] = static_cast<uint32_t>(axis.categories.size());
    axis.categories.push_back({word.same, {text, text}, false});
  }
  axis.category_of[kNull] = static_cast<uint32_t>(axis.categories.size());
  axis.categories.push_back(std::move(not_stated));
  domain.cells = 1;
  for (const Axis& one : domain.axes) domain.cells *= one.categories.size() + one.open;
}

Plan WithWords(Plan plan, const std::vector<WordList>& kept) {
  PENC_CHECK(kept.size() == plan.selections.size());
  for (size_t s = 0; s < kept.size(); ++s) {
    const KeyStep& step = plan.selections[s];
    Domain& domain = plan.questions[step.question].domain;
    PENC_CHECK(kept[s].size() <= domain.axes[step.axis].open);
    LayWords(kept[s], /*released=*/true, domain, step.axis);
  }
  plan.length = 0;
  for (Block& block : plan.blocks) {
    block.first = plan.length;
    block.cells = plan.questions[block.question].domain.cells * block.counting.fan;
    plan.length += block.cells;
  }
  return plan;
}

}  // namespace penc
