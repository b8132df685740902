#include "base/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

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
    const int line = std::max(0, e.mark.line) + 1;
    return Refuse(
        file, line,
        {absl::StrCat("YAML mal formé (", e.msg,
                      "); vérifiez les espaces en début de ligne, les guillemets et les deux-points"),
         absl::StrCat("malformed YAML (", e.msg, "); check leading spaces, quotes and colons")});
  }
}

}  // namespace penc
