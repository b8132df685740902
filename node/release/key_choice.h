// The choice of the words that an answer names: exact numbers of persons by word in, a list out. Beside the
// finishers the only one that sees exact numbers on their way to noise.
#pragma once
#include "absl/status/statusor.h"
#include "base/random.h"
#include "question/exact_vector.h"
#include "question/keys.h"
#include "store/record_store.h"

namespace penc {

class KeyChoice {
 public:
  // `plan` with the words that are kept of every open list; the plan itself where it has none. The charge for
  // it has been written before. Nothing visible may depend on what is read here but by the words that are
  // kept.
  static absl::StatusOr<Plan> Made(const Plan& plan, const RecordStore& store, const Snapshot& snapshot,
                                   RandomSource& random);

  // Of `words`, those that are kept; `exact`: persons by word. Every word takes one random word, whatever it
  // is.
  static WordList Kept(const KeySelection& law, const WordList& words, ExactVector exact,
                       RandomSource& random);
};

}  // namespace penc
