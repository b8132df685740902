// From names to a codebook's columns: a typed Select becomes a canonical Question, so that every spelling of
// the same question is the same plan. Pure.
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codebook/codebook.h"
#include "penc/v1/question.pb.h"
#include "penc/v1/refusal.pb.h"
#include "question/question.h"

namespace penc {

// Either spelling. INVALID_ARGUMENT, or NOT_FOUND for a table or column that the codebook does not have: then
// RefusalOf says which refusal it is.
absl::StatusOr<Question> Bind(const v1::Question& question, const Codebook& codebook);
absl::StatusOr<std::vector<Question>> BindAll(const v1::Bulletin& bulletin, const Codebook& codebook);

// UNKNOWN_TABLE or UNKNOWN_COLUMN where `status` came from an unknown name, and the name in `about`; else
// unspecified.
v1::Refusal RefusalOf(const absl::Status& status, std::string* about);

// A GROUP BY key as it is written: "sex", "person.sex", "year(day)".
std::string KeyText(const Grain& grain, const Question& question, const Codebook& codebook);

}  // namespace penc
