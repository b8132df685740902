// A file's text as UTF-8, piece by piece. UTF-8 (with or without a byte order mark) and UTF-16 are
// recognised; anything else is named by the mapping, never guessed. NUL bytes are refused. Errors name the
// line of the file, the heading's being 1.
#pragma once
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ingest/byte_source.h"

namespace penc {

class TextReader {
 public:
  virtual ~TextReader() = default;
  // The next piece of text, cut anywhere; empty at the end. The view lives until the next call.
  virtual absl::StatusOr<absl::string_view> Next() = 0;
  virtual const std::string& encoding() const = 0;
};

// `encoding` as in a mapping ("windows-1252"); empty: recognised. A byte order mark goes before it.
absl::StatusOr<std::unique_ptr<TextReader>> ReadText(ByteSource& source, const std::string& encoding);

// What to propose for a text that begins like this: "windows-1252", how a French Excel saves CSV, where it is
// not UTF-8; empty where the text says itself what it is. `whole`: nothing follows.
std::string LikelyEncoding(absl::string_view beginning, bool whole);

}  // namespace penc
