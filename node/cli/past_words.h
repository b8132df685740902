// Past questions: a table of then and now, and a page of sentences to publish. Pure.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

std::string ReportSimulation(const v1::PolicySimulateResult& simulated, Lang lang);
// Markdown.
std::string ReportSentences(const v1::SentencesResult& past, Lang lang);

}  // namespace penc::cli
