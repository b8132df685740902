// Group keys that nobody declared: which words of an open list an answer names is chosen by key selection
// (privacy/key_selection.md); then the list is the domain of the question's own blocks, charged together with
// the choice, before either. Pure.
//
//   plan of SelectionOf(plan, step, words)   counts persons by word: internal, as long as the office's list
//   kept words                               chosen from those counts
//   WithWords(plan, kept)                    the plan that is counted, noised and shown: same id, same price
#pragma once
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "codebook/codebook.h"
#include "privacy/promise.h"
#include "question/plan.h"
#include "question/words.h"

namespace penc {

// One step for each question that groups by an open list; their laws are chosen with the price.
void LayKeySteps(const Codebook& codebook, Plan& plan);

// Of what a question costs, three quarters choose its words, since a word needs more people than a number
// needs to be read. The delta of the choice is that share of a tenth of the reference promise's delta which
// the question's price is of its budget: so a tenth of delta that is set aside goes as far as the rest.
//
// What is left of the price goes to blocks: both return what they took. INVALID_ARGUMENT where it buys
// nothing, and where the reference promise has no delta. In Rényi divergence at its order, 2^-40:
absl::StatusOr<uint64_t> ChooseKeysAtPrice(uint64_t price, uint32_t question, const Promise& reference,
                                           Plan& plan);
// In 1/1024, of the only question of a plan:
absl::StatusOr<uint64_t> ChooseKeysAtEpsilon(uint64_t epsilon_1024, const Promise& reference, Plan& plan);

// Counts, by word of `words`, the persons with a matching row that says it, each in at most law.keys. Whom a
// cap keeps does not depend on which other words there are: one person changes nobody else's.
Plan SelectionOf(const Plan& plan, const KeyStep& step, const WordList& words);

// Categories of an open axis, ascending, "not stated" last. `released`: by the form in which all spellings
// are one, which says nothing of who wrote it; else as first written, for the office's own eyes.
void LayWords(const WordList& words, bool released, Domain& domain, uint32_t axis);

// `kept`: by step. Same id and price; cells and blocks are those of the words.
Plan WithWords(Plan plan, const std::vector<WordList>& kept);

}  // namespace penc
