// A released plan as the message that people get: axes, columns, blocks with their laws, rows with margins, a
// sentence that reads it aloud. Pure.
#pragma once
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "codebook/codebook.h"
#include "penc/v1/answer.pb.h"
#include "penc/v1/node_service.pb.h"
#include "question/plan.h"
#include "question/release.h"

namespace penc {

// One message per question of the plan.
std::vector<v1::Table> ToTables(const Plan& plan, const Codebook& codebook, const Release& release,
                                const Display& display);

// What a plan would give, before anybody spends: margins, caps, cells.
std::vector<v1::ExplainedQuestion> ExplainPlan(const Plan& plan, const Codebook& codebook);

// The GROUP BY keys of an answer. Where a key is rolled up its last category is all the others together.
std::vector<v1::Axis> ToAxes(const PlannedQuestion& planned);

v1::Noise ToNoise(const Mechanism& mechanism);
// Of a message that may come from anybody: nothing where it is no law, or one that no plan has.
absl::optional<Mechanism> FromNoise(const v1::Noise& noise);

}  // namespace penc
