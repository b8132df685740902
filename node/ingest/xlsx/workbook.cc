#include "ingest/xlsx/workbook.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "ingest/xlsx/serial_date.h"
#include "ingest/xlsx/xml_stream.h"

namespace penc {
namespace {

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

constexpr size_t kMostSheets = 1000;            // and other parts that the workbook names
constexpr size_t kMostTexts = 16 << 20;         // shared ones
constexpr size_t kLongestText = 32767 * 4 * 2;  // Excel's own bound, in UTF-8, with marks of XML

absl::Status TooManyParts() {
  return Fail(absl::StatusCode::kResourceExhausted,
              {"plus de 1000 feuilles; enregistrez celle qui compte dans un classeur à elle",
               "more than 1000 sheets; save the one that matters as a workbook of its own"});
}

bool IsTrue(absl::string_view value) { return value == "1" || value == "true"; }

class Relations final : public XmlHandler {
 public:
  struct Relation {
    std::string type, target;
  };
  void Start(absl::string_view name, const XmlAttributes& attributes) override {
    if (name != "Relationship") return;
    if (by_id_.size() >= kMostSheets) Stop(TooManyParts());
    by_id_[std::string(attributes["Id"])] = {std::string(attributes["Type"]),
                                             std::string(attributes["Target"])};
  }
  void End(absl::string_view) override {}
  void Characters(absl::string_view) override {}
  // The target of the first whose type ends in `kind`; empty: none.
  std::string OfKind(absl::string_view kind) const {
    for (const auto& [id, relation] : by_id_) {
      if (absl::EndsWith(relation.type, kind)) return relation.target;
    }
    return "";
  }
  const Relation* Find(const std::string& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Relation> by_id_;
};

class Book final : public XmlHandler {
 public:
  struct Named {
    std::string name, id;
    bool hidden;
  };
  void Start(absl::string_view name, const XmlAttributes& attributes) override {
    if (name == "workbookPr") from_1904 = IsTrue(attributes["date1904"]);
    if (name != "sheet") return;
    if (sheets.size() >= kMostSheets) Stop(TooManyParts());
    const absl::string_view state = attributes["state"];
    sheets.push_back({std::string(attributes["name"]), std::string(attributes["id"]),
                      state == "hidden" || state == "veryHidden"});
  }
  void End(absl::string_view) override {}
  void Characters(absl::string_view) override {}
  std::vector<Named> sheets;
  bool from_1904 = false;
};

class Styles final : public XmlHandler {
 public:
  void Start(absl::string_view name, const XmlAttributes& attributes) override {
    uint32_t number = 0;
    if (name == "cellXfs") in_formats_ = true;
    if (name == "numFmt" && absl::SimpleAtoi(attributes["numFmtId"], &number))
      means_[number] = MeaningOfFormat(attributes["formatCode"]);
    if (name != "xf" || !in_formats_) return;
    number = 0;
    (void)absl::SimpleAtoi(attributes["numFmtId"], &number);
    const auto own = means_.find(number);
    dates.push_back((own == means_.end() ? MeaningOfFormat(number) : own->second) == FormatMeans::kDate);
  }
  void End(absl::string_view name) override {
    if (name == "cellXfs") in_formats_ = false;
  }
  void Characters(absl::string_view) override {}
  std::vector<bool> dates;

 private:
  bool in_formats_ = false;
  std::map<uint32_t, FormatMeans> means_;
};

class Texts final : public XmlHandler {
 public:
  explicit Texts(SharedTexts& out) : out_(out) {}
  void Start(absl::string_view name, const XmlAttributes&) override {
    if (name == "rPh") in_reading_aid_ = true;  // how a name is pronounced is no part of it
    in_text_ = name == "t" && !in_reading_aid_;
  }
  void End(absl::string_view name) override {
    in_text_ = false;
    if (name == "rPh") in_reading_aid_ = false;
    if (name == "si") {
      out_.Append(Unescaped(text_));
      text_.clear();
      out_.EndText();
      if (++texts_ > kMostTexts) Stop(TooMuchText());
    }
  }
  void Characters(absl::string_view text) override {
    if (!in_text_) return;
    text_.append(text.data(), text.size());
    if (text_.size() > kLongestText || out_.bytes() + text_.size() > SharedTexts::kMostBytes)
      Stop(TooMuchText());
  }

 private:
  static absl::Status TooMuchText() {
    return Fail(absl::StatusCode::kResourceExhausted,
                {"plus de 256 Mio de textes dans ce classeur, ou un texte plus long qu'une cellule d'Excel; "
                 "enregistrez la feuille en "
                 "CSV UTF-8",
                 "more than 256 MiB of texts in this workbook, or one longer than a cell of Excel; save the "
                 "sheet as CSV UTF-8"});
  }

  SharedTexts& out_;
  std::string text_;
  size_t texts_ = 0;
  bool in_text_ = false, in_reading_aid_ = false;
};

// What describes a workbook is small.
class SmallPart final : public ByteSource {
 public:
  explicit SmallPart(ByteSource& from) : from_(from) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    ASSIGN_OR_RETURN(const size_t n, from_.Read(out));
    if ((read_ += n) <= Workbook::kLargestPart) return n;
    const uint64_t most = Workbook::kLargestPart >> 20;
    return Fail(absl::StatusCode::kResourceExhausted,
                {absl::StrCat(
                     "plus de ", most,
                     " Mio, sans une ligne de tableau: ce n'est pas un classeur ordinaire; copiez la feuille "
                     "dans un nouveau classeur, ou enregistrez-la en CSV UTF-8"),
                 absl::StrCat(
                     "more than ", most,
                     " MiB without a row of a sheet: this is no ordinary workbook; copy the sheet into a new "
                     "workbook, or save it as CSV UTF-8")});
  }

 private:
  ByteSource& from_;
  uint64_t read_ = 0;
};

// A part that describes the workbook; it must be there, or may be missing.
absl::Status Parse(ZipParts& zip, const std::string& part, bool needed, XmlHandler& handler) {
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> bytes, zip.Part(part));
  if (bytes != nullptr) {
    SmallPart small(*bytes);
    return At(part, ParseXml(small, handler));
  }
  if (!needed) return absl::OkStatus();
  return Bad(
      absl::StrCat("classeur incomplet: la partie ", part,
                   " manque; ouvrez-le dans Excel et enregistrez-le de nouveau"),
      absl::StrCat("incomplete workbook: part ", part, " is missing; open it in Excel and save it again"));
}

// A relation's target as a name in the zip.
std::string Resolved(absl::string_view from_part, absl::string_view target) {
  std::vector<std::string> path;
  if (!absl::StartsWith(target, "/")) {
    path = absl::StrSplit(from_part, '/');
    path.pop_back();
  }
  for (absl::string_view step : absl::StrSplit(target, absl::ByAnyChar("/\\"), absl::SkipEmpty())) {
    if (step == "..") {
      if (!path.empty()) path.pop_back();
    } else if (step != ".") {
      path.emplace_back(step);
    }
  }
  return absl::StrJoin(path, "/");
}

std::string RelationsOf(const std::string& part) {
  const size_t slash = part.rfind('/');
  return slash == std::string::npos
             ? absl::StrCat("_rels/", part, ".rels")
             : absl::StrCat(part.substr(0, slash), "/_rels/", part.substr(slash + 1), ".rels");
}

// A zip that holds no workbook of this kind: what it is.
absl::Status NoWorkbook(ZipParts& zip) {
  const std::vector<std::string> names = zip.names();
  const auto holds = [&](absl::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (holds("content.xml") && holds("mimetype"))
    return Bad("classeur OpenDocument (.ods); enregistrez-le en .xlsx ou en CSV UTF-8",
               "an OpenDocument workbook (.ods); save it as .xlsx or as CSV UTF-8");
  if (holds("xl/workbook.bin"))
    return Bad("classeur binaire (.xlsb); enregistrez-le en .xlsx",
               "a binary workbook (.xlsb); save it as .xlsx");
  if (holds("word/document.xml"))
    return Bad("document Word, pas un classeur; copiez le tableau dans Excel et enregistrez-le en .xlsx",
               "a Word document, no workbook; copy the table to Excel and save it as .xlsx");
  const auto table = std::find_if(names.begin(), names.end(), [](const std::string& name) {
    return absl::EndsWithIgnoreCase(name, ".csv") || absl::EndsWithIgnoreCase(name, ".xlsx");
  });
  if (table != names.end())
    return Bad(
        absl::StrCat("archive zip, pas un classeur; extrayez-en «", *table, "» et importez ce fichier"),
        absl::StrCat("a zip archive, no workbook; extract \"", *table, "\" from it and import that file"));
  return Bad("archive zip, pas un classeur Excel; donnez un fichier .xlsx ou CSV",
             "a zip archive, no Excel workbook; give an .xlsx or CSV file");
}

// The character of "_xHHHH_" at the beginning of `text`, as UTF-8; empty: none.
std::string Escape(absl::string_view text) {
  uint32_t code = 0;
  if (text.size() < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_') return "";
  if (!absl::SimpleHexAtoi(text.substr(2, 4), &code)) return "";
  if (code == 0 || (code >= 0xD800 && code < 0xE000)) return "";
  std::string out;
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out = {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 0x3F))};
  } else {
    out = {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 0x3F)),
           static_cast<char>(0x80 | (code & 0x3F))};
  }
  return out;
}

}  // namespace

void SharedTexts::EndText() { ends_.push_back(text_.size()); }

std::string Unescaped(absl::string_view text) {
  size_t at = text.find("_x");
  if (at == absl::string_view::npos) return std::string(text);
  std::string out;
  while (at != absl::string_view::npos) {
    out.append(text.data(), at);
    text.remove_prefix(at);
    const std::string character = Escape(text);
    out.append(character.empty() ? "_" : character);
    text.remove_prefix(character.empty() ? 1 : 7);
    at = text.find("_x");
  }
  out.append(text.data(), text.size());
  return out;
}

absl::StatusOr<Workbook> ReadWorkbook(ZipParts& zip) {
  Relations package;
  RETURN_IF_ERROR(Parse(zip, "_rels/.rels", false, package));
  const std::string target = package.OfKind("/officeDocument");
  const std::string part = target.empty() ? "xl/workbook.xml" : Resolved("", target);
  ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> there, zip.Part(part));
  if (there == nullptr || !absl::EndsWithIgnoreCase(part, ".xml") || absl::StartsWith(part, "word/"))
    return NoWorkbook(zip);
  Book book;
  RETURN_IF_ERROR(Parse(zip, part, true, book));
  Relations relations;
  RETURN_IF_ERROR(Parse(zip, RelationsOf(part), true, relations));
  Workbook workbook;
  workbook.from_1904 = book.from_1904;
  std::set<std::string> parts;
  for (Book::Named& sheet : book.sheets) {
    const Relations::Relation* relation = relations.Find(sheet.id);
    if (relation == nullptr || !absl::EndsWith(relation->type, "/worksheet")) continue;
    std::string cells = Resolved(part, relation->target);
    if (!parts.insert(cells).second)
      return Bad(
          "deux feuilles de ce classeur ont la même partie: il est endommagé; enregistrez-le de nouveau dans "
          "Excel",
          "two sheets of this workbook are one part: it is damaged; save it again in Excel");
    workbook.sheets.push_back({std::move(sheet.name), std::move(cells), sheet.hidden});
  }
  if (workbook.sheets.empty())
    return Bad("ce classeur n'a pas de feuille de cellules; vérifiez que c'est le bon fichier",
               "this workbook has no sheet of cells; check that it is the right file");
  Styles styles;
  if (const std::string name = relations.OfKind("/styles"); !name.empty())
    RETURN_IF_ERROR(Parse(zip, Resolved(part, name), false, styles));
  workbook.dates = std::move(styles.dates);
  if (const std::string name = relations.OfKind("/sharedStrings"); !name.empty()) {
    const std::string shared = Resolved(part, name);
    ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> bytes, zip.Part(shared));
    Texts texts(workbook.texts);
    if (bytes != nullptr) RETURN_IF_ERROR(At(shared, ParseXml(*bytes, texts)));
  }
  return workbook;
}

}  // namespace penc
