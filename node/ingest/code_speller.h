// Which code of a list a file's spelling means: the code itself, a label in French or English, a synonym,
// without regard to case, accents and punctuation; an age in years for a list of age ranges. For proposals:
// an import itself reads only what a mapping says. Immutable; what it is made from outlives it.
#pragma once
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "ingest/synonyms.h"

namespace penc {

class CodeSpeller {
 public:
  CodeSpeller(const CodeList& list, const Synonyms& synonyms);
  // Index of the code; nothing where it means none, or several.
  absl::optional<uint32_t> Find(absl::string_view spelling) const;
  // Whether an import understands it without being told: a code or a label, letter by letter.
  bool Understood(absl::string_view spelling) const;
  const CodeList& list() const { return list_; }

 private:
  const CodeList& list_;
  std::map<std::string, absl::optional<uint32_t>> exact_, plain_;  // nothing: several
  bool ranges_ = false;
};

// "f (Femme), m (Homme)", for a person to choose from; of a long list the beginning.
Text CodesOf(const CodeList& list);

}  // namespace penc
