// A strict YAML document as a tree with line numbers, before anything is known about its meaning (yaml.h
// reads it into messages). Resolves nothing: every scalar keeps its text.
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace penc {

struct YamlNode {
  enum class Kind { kNothing, kScalar, kList, kMapping };
  struct Key {
    std::string text;
    int line;
  };

  Kind kind = Kind::kNothing;
  int line = 1;
  bool quoted = false;          // kScalar
  std::string text;             // kScalar
  std::vector<Key> keys;        // kMapping: unique, in order
  std::vector<YamlNode> items;  // kList, kMapping: as many as keys
};

// The one document of `text`. INVALID_ARGUMENT "FILE line N: ..." for everything that yaml.h lists as
// refused.
absl::StatusOr<YamlNode> ParseYaml(absl::string_view file, absl::string_view text);

}  // namespace penc
