// XML as a stream of tags and text (expat), for documents from strangers: document types, entities of their
// own and depths without end are refused; nothing else is ever fetched.
#pragma once
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "ingest/byte_source.h"

namespace penc {

// What a tag carries. Names are local ones: "r:id" is "id". Empty where there is none.
class XmlAttributes {
 public:
  explicit XmlAttributes(const char** pairs) : pairs_(pairs) {}
  absl::string_view operator[](absl::string_view name) const;

 private:
  const char** pairs_;
};

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual void Start(absl::string_view name, const XmlAttributes& attributes) = 0;
  virtual void End(absl::string_view name) = 0;
  // In pieces cut anywhere.
  virtual void Characters(absl::string_view text) = 0;
  // Not OK: stop; ParseXml returns it.
  const absl::Status& status() const { return status_; }

 protected:
  void Stop(absl::Status status) { status_ = std::move(status); }

 private:
  absl::Status status_;
};

// INVALID_ARGUMENT: not well-formed, or refused; what `xml` or the handler returns.
absl::Status ParseXml(ByteSource& xml, XmlHandler& handler);

}  // namespace penc
