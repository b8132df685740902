#include "ingest/xlsx/xml_stream.h"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr int kPiece = 1 << 16;
constexpr int kDeepest = 64;
// The parser begins a tag again with each piece that it gets: one without end would take quadratic time.
constexpr uint64_t kLongestToken = 1 << 20;

absl::string_view Local(absl::string_view name) {
  const size_t colon = name.find(':');
  return colon == absl::string_view::npos ? name : name.substr(colon + 1);
}

struct Parsing {
  XML_Parser parser;
  XmlHandler& handler;
  int depth = 0;
  absl::Status refused;

  void StopWhere(bool stop) {
    if (stop) XML_StopParser(parser, XML_FALSE);
  }
  void Refuse(std::string fr, std::string en) {
    refused = Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
    XML_StopParser(parser, XML_FALSE);
  }
};

void OnStart(void* data, const char* name, const char** attributes) {
  Parsing& parsing = *static_cast<Parsing*>(data);
  if (++parsing.depth > kDeepest) {
    return parsing.Refuse(
        "XML imbriqué sans fin: ce n'est pas un classeur ordinaire; enregistrez la feuille en CSV UTF-8",
        "XML nested without end: this is no ordinary workbook; save the sheet as CSV UTF-8");
  }
  parsing.handler.Start(Local(name), XmlAttributes(attributes));
  parsing.StopWhere(!parsing.handler.status().ok());
}

void OnEnd(void* data, const char* name) {
  Parsing& parsing = *static_cast<Parsing*>(data);
  --parsing.depth;
  parsing.handler.End(Local(name));
  parsing.StopWhere(!parsing.handler.status().ok());
}

void OnText(void* data, const char* text, int size) {
  Parsing& parsing = *static_cast<Parsing*>(data);
  parsing.handler.Characters({text, static_cast<size_t>(size)});
  parsing.StopWhere(!parsing.handler.status().ok());
}

void OnDocumentType(void* data, const char*, const char*, const char*, int) {
  static_cast<Parsing*>(data)->Refuse(
      "le classeur déclare des entités XML, ce qu'aucun tableur ne fait: refusé. Ouvrez-le dans Excel et "
      "enregistrez-le de "
      "nouveau",
      "the workbook declares XML entities, which no spreadsheet does: refused. Open it in Excel and save it "
      "again");
}

}  // namespace

absl::string_view XmlAttributes::operator[](absl::string_view name) const {
  for (const char** pair = pairs_; *pair != nullptr; pair += 2) {
    if (Local(pair[0]) == name) return pair[1];
  }
  return "";
}

absl::Status ParseXml(ByteSource& xml, XmlHandler& handler) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr),
                                                                            XML_ParserFree);
  PENC_CHECK(parser != nullptr);
  Parsing parsing{parser.get(), handler};
  XML_SetUserData(parser.get(), &parsing);
  XML_SetElementHandler(parser.get(), OnStart, OnEnd);
  XML_SetCharacterDataHandler(parser.get(), OnText);
  XML_SetStartDoctypeDeclHandler(parser.get(), OnDocumentType);
  uint64_t fed = 0;
  for (;;) {
    void* buffer = XML_GetBuffer(parser.get(), kPiece);
    PENC_CHECK(buffer != nullptr);
    ASSIGN_OR_RETURN(const size_t n, xml.Read(absl::MakeSpan(static_cast<char*>(buffer), kPiece)));
    if (XML_ParseBuffer(parser.get(), static_cast<int>(n), n == 0) != XML_STATUS_OK) {
      RETURN_IF_ERROR(parsing.refused);
      RETURN_IF_ERROR(handler.status());
      const char* why = XML_ErrorString(XML_GetErrorCode(parser.get()));
      return Fail(absl::StatusCode::kInvalidArgument,
                  {absl::StrCat("contenu illisible (", why,
                                "); ouvrez le fichier dans Excel et enregistrez-le de nouveau"),
                   absl::StrCat("unreadable content (", why, "); open the file in Excel and save it again")});
    }
    if (n == 0) return absl::OkStatus();
    fed += n;
    const auto begun = static_cast<uint64_t>(XML_GetCurrentByteIndex(parser.get()));
    if (fed - std::min(begun, fed) > kLongestToken) {
      return Fail(
          absl::StatusCode::kInvalidArgument,
          {"balise XML sans fin: ce n'est pas un classeur ordinaire; enregistrez la feuille en CSV UTF-8",
           "an XML tag without end: this is no ordinary workbook; save the sheet as CSV UTF-8"});
    }
  }
}

}  // namespace penc
