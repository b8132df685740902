#include "base/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"

namespace penc {
namespace {

constexpr size_t kMaxBytes = 4 << 20;
constexpr size_t kMaxValues = 200000;
constexpr size_t kMaxDepth = 32;

// Leaves yaml-cpp's parser, which itself reports by exceptions; caught in ParseYaml.
struct Refused {
  int line;
  Text text;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  YamlNode Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { RefuseReferences(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { RefuseReferences(mark); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (anchor != 0) RefuseReferences(mark);
    if (AwaitsKey()) {
      throw Refused{Line(mark),
                    {"une clé vide; écrivez par exemple nom: valeur",
                     "an empty key; write for example "
                     "name: value"}};
    }
    Add(mark, YamlNode::Kind::kNothing);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (anchor != 0) RefuseReferences(mark);
    if (tag != "?" && tag != "!") RefuseTags(mark);
    if (AwaitsKey()) {
      AddKey(mark, value);
      return;
    }
    YamlNode& node = Add(mark, YamlNode::Kind::kScalar);
    node.quoted = tag == "!";
    node.text = value;
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kList);
  }
  void OnSequenceEnd() override { open_.pop_back(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, tag, anchor, YamlNode::Kind::kMapping);
  }
  void OnMapEnd() override { open_.pop_back(); }

 private:
  struct Frame {
    YamlNode* node;
    std::set<std::string> seen;
  };

  static int Line(const YAML::Mark& mark) { return mark.line + 1; }

  [[noreturn]] static void RefuseReferences(const YAML::Mark& mark) {
    throw Refused{
        Line(mark),
        {"les renvois YAML (& et *) ne sont pas admis; répétez la valeur, ou mettez-la entre guillemets",
         "YAML anchors and aliases (& and *) are not accepted; repeat the value, or quote it"}};
  }
  [[noreturn]] static void RefuseTags(const YAML::Mark& mark) {
    throw Refused{Line(mark),
                  {"les étiquettes YAML (!) ne sont pas admises; mettez la valeur entre guillemets",
                   "YAML tags (!) are not accepted; quote the value"}};
  }

  bool AwaitsKey() const {
    return !open_.empty() && open_.back().node->kind == YamlNode::Kind::kMapping &&
           open_.back().node->keys.size() == open_.back().node->items.size();
  }

  void AddKey(const YAML::Mark& mark, const std::string& key) {
    if (!open_.back().seen.insert(key).second) {
      const auto& keys = open_.back().node->keys;
      const int first =
          std::find_if(keys.begin(), keys.end(), [&](const auto& k) { return k.text == key; })->line;
      throw Refused{Line(mark),
                    {absl::StrCat("«", key, "» est écrit deux fois (déjà ligne ", first, "); gardez-en un"),
                     absl::StrCat("\"", key, "\" is written twice (first on line ", first, "); keep one")}};
    }
    open_.back().node->keys.push_back({key, Line(mark)});
  }

  YamlNode& Add(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++values_ > kMaxValues) {
      throw Refused{Line(mark),
                    {absl::StrCat("plus de ", kMaxValues, " valeurs"),
                     absl::StrCat("more than ", kMaxValues, " values")}};
    }
    YamlNode* node = &root_;
    if (!open_.empty()) {
      // Only the innermost open node grows, so the pointers that open_ holds stay valid.
      open_.back().node->items.emplace_back();
      node = &open_.back().node->items.back();
    }
    node->kind = kind;
    node->line = Line(mark);
    return *node;
  }

  void Open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (anchor != 0) RefuseReferences(mark);
    if (tag != "?" && tag != "!" && !tag.empty()) RefuseTags(mark);
    if (AwaitsKey()) {
      throw Refused{Line(mark),
                    {"une clé doit être un mot; écrivez par exemple nom: valeur",
                     "a key must be a word; write for example name: value"}};
    }
    if (open_.size() == kMaxDepth) {
      throw Refused{Line(mark),
                    {absl::StrCat("plus de ", kMaxDepth, " niveaux"),
                     absl::StrCat("more than ", kMaxDepth, " levels")}};
    }
    open_.push_back({&Add(mark, kind), {}});
  }

  YamlNode root_;
  std::vector<Frame> open_;
  size_t values_ = 0;
};

absl::Status Refuse(absl::string_view file, int line, const Text& text) {
  return Fail(absl::StatusCode::kInvalidArgument, {absl::StrCat(file, " ligne ", line, ": ", text.fr),
                                                   absl::StrCat(file, " line ", line, ": ", text.en)});
}

// What yaml-cpp says, in two languages and in words of people who write lists; what is rare is not said.
Text Malformed(absl::string_view said) {
  struct Cause {
    const char *said, *fr, *en;
  };
  namespace yaml = YAML::ErrorMsg;
  static const Cause kCauses[] = {
      {yaml::END_OF_MAP, "une ligne n'est pas alignée avec celles de son bloc",
       "a line is not aligned with those of its block"},
      {yaml::END_OF_SEQ, "une ligne n'est pas alignée avec celles de sa liste",
       "a line is not aligned with those of its list"},
      {yaml::END_OF_MAP_FLOW, "une accolade { n'est pas fermée", "a brace { is not closed"},
      {yaml::END_OF_SEQ_FLOW, "un crochet [ n'est pas fermé", "a bracket [ is not closed"},
      {yaml::FLOW_END, "un crochet ] ou une accolade } de trop", "a bracket ] or a brace } too many"},
      {yaml::TAB_IN_INDENTATION, "une tabulation en début de ligne; mettez des espaces",
       "a tab where a line begins; use spaces"},
      {yaml::EOF_IN_SCALAR, "un guillemet n'est pas fermé", "a quote is not closed"},
      {yaml::DOC_IN_SCALAR, "un guillemet n'est pas fermé avant ---", "a quote is not closed before ---"},
      {yaml::MAP_VALUE, "un deux-points de trop, ou une valeur avec deux-points sans guillemets",
       "a colon too many, or a value with a colon and no quotes"},
      {yaml::MAP_KEY, "une clé à un endroit où il n'en va pas", "a key where none belongs"},
      {yaml::BLOCK_ENTRY, "un tiret de liste à un endroit où il n'en va pas",
       "a dash of a list where none belongs"},
      {yaml::INVALID_ESCAPE, "une barre \\ suivie d'un caractère inattendu; doublez-la",
       "a backslash before an unexpected character; double it"},
      {yaml::UNKNOWN_ANCHOR, "un renvoi YAML (*); mettez la valeur entre guillemets",
       "a YAML alias (*); quote the value"},
      {yaml::UNKNOWN_TOKEN, "un caractère qui doit être entre guillemets",
       "a character that must be in quotes"},
  };
  for (const Cause& cause : kCauses) {
    if (absl::StartsWith(said, cause.said))
      return {absl::StrCat(" (", cause.fr, ")"), absl::StrCat(" (", cause.en, ")")};
  }
  return {};
}

int LineAt(absl::string_view text, size_t position) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + position, '\n'));
}

absl::Status CheckBytes(absl::string_view file, absl::string_view text) {
  if (text.size() > kMaxBytes) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(file, ": plus de 4 Mio; ce n'est pas un tel fichier"),
                 absl::StrCat(file, ": more than 4 MiB; not a file of this kind")});
  }
  const size_t nul = text.find('\0');
  if (nul != absl::string_view::npos) {
    return Refuse(file, LineAt(text, nul),
                  {"octet nul; enregistrez le fichier en UTF-8 (pas en UTF-16)",
                   "NUL byte; save the file as UTF-8 (not UTF-16)"});
  }
  const size_t bad = FirstInvalidUtf8(text);
  if (bad != absl::string_view::npos) {
    return Refuse(
        file, LineAt(text, bad),
        {"ce n'est pas de l'UTF-8; enregistrez le fichier en UTF-8", "not UTF-8; save the file as UTF-8"});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<YamlNode> ParseYaml(absl::string_view file, absl::string_view text) {
  RETURN_IF_ERROR(CheckBytes(file, text));
  try {
    // yaml-cpp takes a quote that is still open where the file ends after a line feed; not where it ends in
    // mid-line.
    std::istringstream in{absl::StrCat(text, "\n#")};
    YAML::Parser parser(in);
    TreeBuilder builder;
    if (!parser.HandleNextDocument(builder)) {
      return Refuse(file, 1, {"le fichier est vide", "the file is empty"});
    }
    YamlNode root = builder.Take();
    TreeBuilder another;
    if (parser.HandleNextDocument(another)) {
      return Refuse(file, another.Take().line,
                    {"un deuxième document commence ici (---); un seul est attendu",
                     "a second document starts here (---); one is expected"});
    }
    return root;
  } catch (const Refused& refused) {
    return Refuse(file, refused.line, refused.text);
  } catch (const YAML::Exception& e) {
    const int line = std::max(0, e.mark.line) + 1, column = std::max(0, e.mark.column) + 1;
    const Text why = Malformed(e.msg);
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(file, " ligne ", line, ", colonne ", column, ": YAML mal formé", why.fr,
                              "; vérifiez les espaces en début de ligne, les guillemets et les deux-points"),
                 absl::StrCat(file, " line ", line, ", column ", column, ": malformed YAML", why.en,
                              "; check leading spaces, quotes and colons")});
  }
}

}  // namespace penc
