#include "codebook/read_lists.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/nearest.h"
#include "codebook/names.h"

namespace penc {
namespace {

constexpr int kMaxCodes = 65535;
constexpr uint32_t kNoGroup = UINT32_MAX;

// A code with the position that it has in its list. Lists have hundreds of codes, so look-ups go through this
// map.
using Index = std::map<std::string, uint32_t>;

Index IndexOf(const CodeList& list) {
  Index index;
  for (uint32_t i = 0; i < list.codes.size(); ++i) index[list.codes[i].code] = i;
  return index;
}

class ListReader {
 public:
  ListReader(const storage::v1::Codebook& file, const YamlLines& lines) : file_(file), lines_(lines) {}

  absl::StatusOr<std::vector<CodeList>> Read() {
    for (const auto& list : file_.codes()) RETURN_IF_ERROR(ReadList(list));
    for (const auto& fold : file_.folds()) RETURN_IF_ERROR(ReadFold(fold));
    for (const auto& main : file_.mains()) RETURN_IF_ERROR(ReadMain(main));
    return std::move(lists_);
  }

 private:
  absl::Status ReadList(const storage::v1::CodeList& written) {
    const std::string path = absl::StrCat("codes.", written.name());
    if (!IsName(written.name())) {
      return lines_.Error(path, {"un nom de liste s'écrit en minuscules, chiffres et _; exemple: stay_status",
                                 "a list's name is small letters, digits and _; example: stay_status"});
    }
    if (written.codes().empty() || written.codes_size() > kMaxCodes) {
      return lines_.Error(path, {absl::StrCat("une liste a de 1 à ", kMaxCodes, " codes"),
                                 absl::StrCat("a list has 1 to ", kMaxCodes, " codes")});
    }
    CodeList list;
    list.name = written.name();
    list.parent_list = written.parent();
    Index parents;
    if (!list.parent_list.empty()) {
      const CodeList* parent = Find(list.parent_list);
      if (parent == nullptr) {
        const Text hint = NearestHint(list.parent_list, Names());
        return lines_.Error(absl::StrCat(path, ".parent"),
                            {absl::StrCat("aucune liste «", list.parent_list, "» avant celle-ci", hint.fr),
                             absl::StrCat("no list \"", list.parent_list, "\" before this one", hint.en)});
      }
      parents = IndexOf(*parent);
    }
    // A list without a parent is written as its codes alone or under `codes`.
    const std::string codes_path =
        lines_.Has(absl::StrCat(path, ".codes")) ? absl::StrCat(path, ".codes") : path;
    Index seen;
    for (int i = 0; i < written.codes_size(); ++i) {
      const auto& code = written.codes(i);
      const std::string here = absl::StrCat(codes_path, "[", i, "]");
      RETURN_IF_ERROR(CheckCode(here, code.code(), &seen, i));
      RETURN_IF_ERROR(CheckParent(here, code, list.parent_list, parents));
      list.codes.push_back({code.code(), LabelOr(code.fr(), code.en(), code.code()), code.in()});
    }
    lists_.push_back(std::move(list));
    return absl::OkStatus();
  }

  absl::Status CheckCode(const std::string& path, const std::string& code, Index* seen, uint32_t position) {
    if (!IsCode(code)) {
      return lines_.Error(path,
                          {"un code a de 1 à 64 octets, sans espace au début ni à la fin; exemple: code: f",
                           "a code has 1 to 64 bytes and no space at either end; example: code: f"});
    }
    if (!seen->emplace(code, position).second) {
      return lines_.Error(path, {absl::StrCat("le code «", code, "» est écrit deux fois dans cette liste"),
                                 absl::StrCat("the code \"", code, "\" is written twice in this list")});
    }
    return absl::OkStatus();
  }

  absl::Status CheckParent(const std::string& path, const storage::v1::Code& code, const std::string& parent,
                           const Index& parents) {
    if (parent.empty()) {
      if (code.in().empty()) return absl::OkStatus();
      return lines_.Error(absl::StrCat(path, ".in"), {"«in» demande que la liste dise «parent: LISTE»",
                                                      "\"in\" needs \"parent: LIST\" on the list"});
    }
    if (code.in().empty()) {
      return lines_.Error(path, {absl::StrCat("il manque «in»: le code de ", parent, " dont «", code.code(),
                                              "» fait partie; exemple: in: MLI"),
                                 absl::StrCat("\"in\" is missing: the code of ", parent, " that \"",
                                              code.code(), "\" lies in; example: in: MLI")});
    }
    if (parents.contains(code.in())) return absl::OkStatus();
    return lines_.Error(absl::StrCat(path, ".in"),
                        {absl::StrCat("«", code.in(), "» n'est pas un code de ", parent),
                         absl::StrCat("\"", code.in(), "\" is not a code of ", parent)});
  }

  absl::Status ReadFold(const storage::v1::Fold& written) {
    const std::string path = absl::StrCat("folds.", written.list());
    ASSIGN_OR_RETURN(CodeList * list, FindOrFail(path, written.list()));
    const Index codes = IndexOf(*list);
    Fold fold;
    fold.group_of.assign(list->codes.size(), kNoGroup);
    Index seen;
    for (int g = 0; g < written.groups_size(); ++g) {
      const auto& group = written.groups(g);
      const std::string here = absl::StrCat(path, ".groups[", g, "]");
      RETURN_IF_ERROR(CheckCode(here, group.code(), &seen, g));
      if (group.of().empty()) {
        return lines_.Error(absl::StrCat(here, ".of"),
                            {"un groupe a au moins un code", "a group has at least one code"});
      }
      for (int i = 0; i < group.of_size(); ++i) {
        const std::string code_path = absl::StrCat(here, ".of[", i, "]");
        ASSIGN_OR_RETURN(const uint32_t code, FindCode(code_path, *list, codes, group.of(i)));
        if (fold.group_of[code] != kNoGroup) {
          return lines_.Error(code_path, {absl::StrCat("«", group.of(i), "» est déjà dans un groupe"),
                                          absl::StrCat("\"", group.of(i), "\" is in a group already")});
        }
        fold.group_of[code] = g;
      }
      fold.groups.push_back({group.code(), LabelOr(group.fr(), group.en(), group.code()), ""});
    }
    RETURN_IF_ERROR(ReadRest(path, written, *list, &fold, &seen));
    list->fold = std::move(fold);
    return absl::OkStatus();
  }

  absl::Status ReadRest(const std::string& path, const storage::v1::Fold& written, const CodeList& list,
                        Fold* fold, Index* seen) {
    if (written.has_rest()) {
      const auto& rest = written.rest();
      const uint32_t position = fold->groups.size();
      RETURN_IF_ERROR(CheckCode(absl::StrCat(path, ".rest"), rest.code(), seen, position));
      if (!rest.in().empty()) {
        return lines_.Error(absl::StrCat(path, ".rest.in"),
                            {"un groupe n'a pas de «in»", "a group has no \"in\""});
      }
      fold->groups.push_back({rest.code(), LabelOr(rest.fr(), rest.en(), rest.code()), ""});
      std::replace(fold->group_of.begin(), fold->group_of.end(), kNoGroup, position);
      return absl::OkStatus();
    }
    std::vector<uint32_t> missing;
    for (uint32_t i = 0; i < fold->group_of.size(); ++i) {
      if (fold->group_of[i] == kNoGroup) missing.push_back(i);
    }
    return Missing(path, list, missing,
                   {"; ajoutez-les à un groupe ou écrivez rest: {code: other, fr: Autres, en: Others}",
                    "; add them to a group or write rest: {code: other, fr: Autres, en: Others}"});
  }

  absl::Status ReadMain(const storage::v1::Main& written) {
    const std::string path = absl::StrCat("mains.", written.list());
    ASSIGN_OR_RETURN(CodeList * list, FindOrFail(path, written.list()));
    const Index codes = IndexOf(*list);
    const std::string order_path =
        lines_.Has(absl::StrCat(path, ".order")) ? absl::StrCat(path, ".order") : path;
    std::vector<bool> named(list->codes.size());
    for (int i = 0; i < written.order_size(); ++i) {
      const std::string here = absl::StrCat(order_path, "[", i, "]");
      ASSIGN_OR_RETURN(const uint32_t code, FindCode(here, *list, codes, written.order(i)));
      if (named[code]) {
        return lines_.Error(here,
                            {absl::StrCat("«", written.order(i), "» est écrit deux fois dans cet ordre"),
                             absl::StrCat("\"", written.order(i), "\" is written twice in this order")});
      }
      named[code] = true;
      list->main_order.push_back(code);
    }
    std::vector<uint32_t> missing;
    for (uint32_t i = 0; i < named.size(); ++i) {
      if (!named[i]) missing.push_back(i);
    }
    return Missing(path, *list, missing,
                   {"; l'ordre nomme chaque code une fois", "; the order names every code once"});
  }

  absl::Status Missing(const std::string& path, const CodeList& list, const std::vector<uint32_t>& missing,
                       const Text& advice) {
    if (missing.empty()) return absl::OkStatus();
    std::vector<std::string> shown;
    for (size_t i = 0; i < missing.size() && i < 5; ++i) shown.push_back(list.codes[missing[i]].code);
    const std::string names =
        absl::StrCat(absl::StrJoin(shown, ", "), missing.size() > shown.size() ? ", ..." : "");
    return lines_.Error(
        path, {absl::StrCat("il manque ", missing.size(), " code(s) de ", list.name, ": ", names, advice.fr),
               absl::StrCat(missing.size(), " code(s) of ", list.name, " missing: ", names, advice.en)});
  }

  absl::StatusOr<uint32_t> FindCode(const std::string& path, const CodeList& list, const Index& codes,
                                    const std::string& code) {
    const auto found = codes.find(code);
    if (found != codes.end()) return found->second;
    std::vector<std::string> known;
    for (const Code& c : list.codes) known.push_back(c.code);
    const Text hint = NearestHint(code, known);
    return lines_.Error(path, {absl::StrCat("«", code, "» n'est pas un code de ", list.name, hint.fr),
                               absl::StrCat("\"", code, "\" is not a code of ", list.name, hint.en)});
  }

  absl::StatusOr<CodeList*> FindOrFail(const std::string& path, const std::string& name) {
    CodeList* list = Find(name);
    if (list != nullptr) return list;
    const Text hint = NearestHint(name, Names());
    return lines_.Error(path, {absl::StrCat("aucune liste «", name, "» sous codes", hint.fr),
                               absl::StrCat("no list \"", name, "\" under codes", hint.en)});
  }

  CodeList* Find(const std::string& name) {
    for (CodeList& list : lists_) {
      if (list.name == name) return &list;
    }
    return nullptr;
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const CodeList& list : lists_) names.push_back(list.name);
    return names;
  }

  const storage::v1::Codebook& file_;
  const YamlLines& lines_;
  std::vector<CodeList> lists_;
};

}  // namespace

absl::StatusOr<std::vector<CodeList>> ReadCodeLists(const storage::v1::Codebook& file,
                                                    const YamlLines& lines) {
  return ListReader(file, lines).Read();
}

Text LabelOr(const std::string& fr, const std::string& en, const std::string& name) {
  return {!fr.empty() ? fr : !en.empty() ? en : name, !en.empty() ? en : !fr.empty() ? fr : name};
}

Text NearestHint(absl::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(name, known);
  if (nearest.empty()) return {};
  return {absl::StrCat(" (vouliez-vous dire «", nearest, "»?)"),
          absl::StrCat(" (did you mean \"", nearest, "\"?)")};
}

}  // namespace penc
