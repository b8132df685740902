// A bound question as one sentence for anybody, in the codebook's words, in French and English. Pure.
//
//   SELECT sex, count(DISTINCT person) FROM person WHERE reg_month BETWEEN '2026-01' AND '2026-12' GROUP BY
//   sex «Combien de personnes (Personnes suivies), par sexe, en 2026 ?»
//
// It says everything that the question says, apart from caps: nobody reads a sentence that means less.
#pragma once
#include "base/status.h"
#include "codebook/codebook.h"
#include "question/question.h"

namespace penc {

Text Sentence(const Question& question, const Codebook& codebook);

}  // namespace penc
