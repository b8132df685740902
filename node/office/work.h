// How much a plan makes an office do: known from the question alone, before any record is read. Decides the
// reply slot.
#pragma once
#include <cstdint>

#include "question/plan.h"

namespace penc {

struct PlannedWork {
  uint64_t questions = 0;  // passes over the records
  uint64_t cells = 0;      // length of the vector that noise is drawn for
};

// Choosing the words of an open list reads the records once more.
inline PlannedWork WorkOf(const Plan& plan) {
  return {plan.questions.size() + plan.selections.size(), plan.length};
}

}  // namespace penc
