// YAML files that people write, read into protobuf messages, strictly. Every error names file, line, path,
// what was expected and an example.
//
//   storage::v1::Policy policy;
//   YamlLines lines;
//   RETURN_IF_ERROR(ReadYaml("policy.yaml", text, &policy, &lines));
//   if (policy.limits().group_by() > 8)
//     return lines.Error("limits.group_by", {"au plus 8", "at most 8"});   // "policy.yaml line 9:
//     limits.group_by: ..."
//
// How a message is written (options: penc/storage/v1/yaml_options.proto):
//   message                      a mapping of field names; with (shorthand) = "f" also a scalar or a list,
//   read as field f repeated message             a list; with (key) = "f" a mapping whose keys go into field
//   f (order kept) repeated scalar              a list map<string, ...>             a mapping string any
//   scalar, verbatim, quoted or not (no, 010 and 1e-6 are texts) bool                         true or false,
//   nothing else int32/64, uint32/64          decimal digits, unquoted: no 010, 0x10, 1_000, +1, 1.0 enum
//   FOO_UNSPECIFIED, FOO_A  the name without its prefix, small letters: a
// Floating-point and bytes fields do not exist in such messages.
//
// Refused: keys written twice, unknown keys (the nearest known one is named), anchors, aliases, tags, several
// documents, NUL bytes, invalid UTF-8, more than 4 MiB, 200,000 values, or 32 levels. Accepted: byte order
// mark, CRLF.
#pragma once
#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace penc {

// Where each path of a file stands, so that checks after reading can name the line too. A path is what the
// file shows, joined by dots, list items by number from 0: "tables.work.columns.race.codes",
// "codes.race[2].fr".
class YamlLines {
 public:
  // The line of `path`, else of the nearest enclosing path that was written, else 1.
  int LineOf(absl::string_view path) const;
  bool Has(absl::string_view path) const { return lines_.find(std::string(path)) != lines_.end(); }
  // INVALID_ARGUMENT "FILE line N: PATH: text", in both languages.
  absl::Status Error(absl::string_view path, const Text& text) const;

  void Clear(absl::string_view file);
  void Set(const std::string& path, int line) { lines_[path] = line; }

 private:
  std::string file_;
  std::map<std::string, int> lines_;
};

// Reads the one document of `text` into `message` (cleared first). `file` is only named in errors.
// INVALID_ARGUMENT at the first mistake; `message` is then unspecified.
absl::Status ReadYaml(absl::string_view file, absl::string_view text, google::protobuf::Message* message,
                      YamlLines* lines = nullptr);

// A file may hold several documents separated by lines "---" (a policy and its grants).
struct YamlPart {
  std::string text;  // preceded by as many empty lines as stand before it, so that line numbers stay right
  int first_line = 1;
};
// Parts without content (blank or comments only) are left out.
std::vector<YamlPart> SplitYaml(absl::string_view text);

}  // namespace penc
