// Mappings that an import used, kept in the office's folder and found again by the headings of the next
// export of the same form. Files of people: they may be edited and deleted.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "codebook/codebook.h"
#include "ingest/mapping.h"
#include "ingest/row_file.h"
#include "office/layout.h"

namespace penc {

struct KeptMapping {
  std::string path, text;
  Mapping mapping;
};

// The kept mapping that explains every heading and finds every column that it names; nothing where none does.
// A file that cannot be read fits nothing.
absl::optional<KeptMapping> FindKeptMapping(const Layout& layout, const Codebook& codebook,
                                            const FileHeading& heading);

// Where a kept mapping nearly fits, the form has changed: headings that it does not know, and those that it
// misses.
struct ChangedForm {
  std::string path;
  std::vector<std::string> unknown, missing;
};
absl::optional<ChangedForm> FindChangedForm(const Layout& layout, const Codebook& codebook,
                                            const FileHeading& heading);

// Keeps `text` under the mapping's name; the same mapping again changes nothing, another one of that name
// gets a number. Where it lies.
absl::StatusOr<std::string> KeepMapping(const Layout& layout, const Codebook& codebook,
                                        const std::string& text);

}  // namespace penc
