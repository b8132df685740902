// A first mapping for a file, from its headings, HXL tags, values and what offices usually call things; for a
// person to check. What cannot be known is asked: the same call again with answers proposes further.
//
//   ASSIGN_OR_RETURN(Proposal p, Propose(*file, codebook, {.name = "enquete"}));
//   for (const OpenQuestion& q : p.questions) answers[q.id] = ask(q);          // then Propose again
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "ingest/mapping_draft.h"
#include "ingest/surveyed_sheet.h"

namespace penc {

// What would become of a column of the file.
enum class Fate { kStored, kReference, kDecides, kIgnored, kNever };

// Holds classes of values, never a value.
struct PreviewedColumn {
  std::string source, letters;
  uint64_t filled = 0;
  Text seen;
  Fate fate = Fate::kIgnored;
  std::string target;  // kStored: the codebook's column
  Text why;            // else
};

struct OpenOption {
  std::string id;
  Text says;
};
struct OpenQuestion {
  std::string id;
  Text asks;
  std::vector<OpenOption> options;
};

struct ProposeOptions {
  std::string name;                            // of the mapping
  absl::optional<uint32_t> table;              // nothing: the one that the headings fit best
  std::string sheet;                           // empty: the only one that has rows
  std::map<std::string, std::string> answers;  // by OpenQuestion::id: OpenOption::id
  // Questions quote cells that the codebook does not know: a person sits at the office's own terminal. Else
  // they say how many there are, and where.
  bool quote_values = false;
};

struct Proposal {
  MappingDraft draft;
  SurveyedSheet sheet;                   // empty where it is not known which
  std::vector<PreviewedColumn> columns;  // in the file's order
  std::vector<OpenQuestion> questions;   // at most kMostQuestions
};

inline constexpr size_t kMostQuestions = 60;

// Reads the whole file. INVALID_ARGUMENT: as reading its rows says.
absl::StatusOr<Proposal> Propose(RowFile& file, const Codebook& codebook, const ProposeOptions& options);

}  // namespace penc
