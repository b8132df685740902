#include "base/yaml.h"

#include <google/protobuf/descriptor.h>

#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/nearest.h"
#include "base/yaml_tree.h"
#include "penc/storage/v1/yaml_options.pb.h"

namespace penc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using Kind = YamlNode::Kind;

std::string Join(absl::string_view path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

std::vector<std::string> NamesOf(const Descriptor& type) {
  std::vector<std::string> names;
  names.reserve(type.field_count());
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

// UNIT_PERSON of an enum whose first value is UNIT_UNSPECIFIED is written "person".
std::string NameOf(const EnumValueDescriptor& value) {
  absl::string_view prefix = value.type()->value(0)->name();
  absl::ConsumeSuffix(&prefix, "UNSPECIFIED");
  absl::string_view name = value.name();
  absl::ConsumePrefix(&name, prefix);
  return absl::AsciiStrToLower(name);
}

std::vector<std::string> NamesOf(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 1; i < type.value_count(); ++i) names.push_back(NameOf(*type.value(i)));
  return names;
}

// " (vouliez-vous dire «x»?)"
Text DidYouMean(absl::string_view word, const std::vector<std::string>& known) {
  const std::string nearest = Nearest(word, known);
  if (nearest.empty()) return {};
  return {absl::StrCat(" (vouliez-vous dire «", nearest, "»?)"),
          absl::StrCat(" (did you mean \"", nearest, "\"?)")};
}

// What stands there, in words that fit after "trouvé" / "found". Long scalars are cut.
Text Describe(const YamlNode& node) {
  switch (node.kind) {
    case Kind::kNothing:
      return {"rien", "nothing"};
    case Kind::kList:
      return {"une liste", "a list"};
    case Kind::kMapping:
      return {"des paires clé: valeur", "a mapping"};
    case Kind::kScalar:
      break;
  }
  const std::string shown = node.text.size() <= 40 ? node.text : absl::StrCat(node.text.substr(0, 37), "...");
  return {absl::StrCat("«", shown, "»"), absl::StrCat("\"", shown, "\"")};
}

Text ExpectedOfScalar(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return {"un texte", "a text"};
    case FieldDescriptor::CPPTYPE_BOOL:
      return {"true ou false", "true or false"};
    case FieldDescriptor::CPPTYPE_ENUM: {
      const std::string names = absl::StrJoin(NamesOf(*field.enum_type()), ", ");
      return {absl::StrCat("un mot parmi ", names), absl::StrCat("one of ", names)};
    }
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      return {"un nombre entier à partir de 0, en chiffres, sans guillemets",
              "a whole number from 0, in digits, without quotes"};
    default:
      return {"un nombre entier, en chiffres, sans guillemets", "a whole number, in digits, without quotes"};
  }
}

class Reader {
 public:
  explicit Reader(YamlLines* lines) : lines_(*lines) {}

  absl::Status Read(const YamlNode& node, const std::string& path, Message* message) {
    const Descriptor& type = *message->GetDescriptor();
    if (node.kind == Kind::kMapping) return ReadMapping(node, path, message);
    const std::string& shorthand = type.options().GetExtension(storage::v1::shorthand);
    if (!shorthand.empty() && node.kind != Kind::kNothing) {
      const FieldDescriptor* field = type.FindFieldByName(shorthand);
      PENC_CHECK(field != nullptr);
      RETURN_IF_ERROR(ReadField(node, path, *field, message));
      return CheckRequired(node, path, *message, {shorthand});
    }
    const std::string names = absl::StrJoin(NamesOf(type), ", ");
    return Expected(
        node, path,
        {absl::StrCat("des paires clé: valeur (", names, ")"), absl::StrCat("a mapping (", names, ")")},
        nullptr);
  }

 private:
  // One key per field.
  absl::Status ReadMapping(const YamlNode& node, const std::string& path, Message* message) {
    const Descriptor& type = *message->GetDescriptor();
    std::vector<std::string> written;
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const YamlNode::Key& key = node.keys[i];
      const std::string here = Join(path, key.text);
      const FieldDescriptor* field = type.FindFieldByName(key.text);
      if (field == nullptr || key.text == hidden_) return Unknown(key, here, type);
      if (const auto* oneof = field->real_containing_oneof()) {
        const FieldDescriptor* other = message->GetReflection()->GetOneofFieldDescriptor(*message, oneof);
        if (other != nullptr) {
          return Error(key.line, here,
                       {absl::StrCat("soit ", other->name(), " soit ", key.text, ", pas les deux"),
                        absl::StrCat("either ", other->name(), " or ", key.text, ", not both")});
        }
      }
      lines_.Set(here, key.line);
      written.push_back(key.text);
      RETURN_IF_ERROR(ReadField(node.items[i], here, *field, message));
    }
    return CheckRequired(node, path, *message, written);
  }

  absl::Status ReadField(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                         Message* message) {
    const Reflection& reflection = *message->GetReflection();
    if (!field.is_repeated()) {
      if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return ReadScalar(node, path, field, message);
      return Nested(node, path, "", reflection.MutableMessage(message, &field), &field);
    }
    const std::string& key = field.options().GetExtension(storage::v1::key);
    if (field.is_map() || !key.empty()) return ReadKeyed(node, path, field, key, message);
    if (node.kind != Kind::kList)
      return Expected(node, path, {"une liste entre crochets", "a list in brackets"}, &field);
    for (size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& item = node.items[i];
      const std::string here = absl::StrCat(path, "[", i, "]");
      lines_.Set(here, item.line);
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        RETURN_IF_ERROR(Nested(item, here, "", reflection.AddMessage(message, &field), &field));
      } else {
        RETURN_IF_ERROR(ReadScalar(item, here, field, message));
      }
    }
    return absl::OkStatus();
  }

  // A mapping whose keys are free: a map field, or a repeated message with a key field.
  absl::Status ReadKeyed(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                         const std::string& key_option, Message* message) {
    if (node.kind != Kind::kMapping) {
      return Expected(node, path, {"des paires clé: valeur", "a mapping"}, &field);
    }
    const Descriptor& entry_type = *field.message_type();
    const FieldDescriptor* key_field =
        field.is_map() ? entry_type.map_key() : entry_type.FindFieldByName(key_option);
    PENC_CHECK(key_field != nullptr && key_field->cpp_type() == FieldDescriptor::CPPTYPE_STRING);
    for (size_t i = 0; i < node.keys.size(); ++i) {
      const std::string here = Join(path, node.keys[i].text);
      lines_.Set(here, node.keys[i].line);
      Message* entry = message->GetReflection()->AddMessage(message, &field);
      entry->GetReflection()->SetString(entry, key_field, node.keys[i].text);
      if (field.is_map()) {
        RETURN_IF_ERROR(ReadField(node.items[i], here, *entry_type.map_value(), entry));
      } else {
        RETURN_IF_ERROR(Nested(node.items[i], here, key_field->name(), entry, &field));
      }
    }
    return absl::OkStatus();
  }

  // `hidden`: the field that the key already filled; it may not be written again inside.
  absl::Status Nested(const YamlNode& node, const std::string& path, const std::string& hidden,
                      Message* message, const FieldDescriptor* field) {
    const bool readable = node.kind == Kind::kMapping ||
                          (node.kind != Kind::kNothing &&
                           !message->GetDescriptor()->options().GetExtension(storage::v1::shorthand).empty());
    if (!readable && !field->options().GetExtension(storage::v1::example).empty()) {
      return Expected(node, path, {"des paires clé: valeur", "a mapping"}, field);
    }
    const std::string outer = std::exchange(hidden_, hidden);
    absl::Status status = Read(node, path, message);
    hidden_ = outer;
    return status;
  }

  absl::Status ReadScalar(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                          Message* message) {
    if (node.kind != Kind::kScalar) return Expected(node, path, ExpectedOfScalar(field), &field);
    const Reflection& reflection = *message->GetReflection();
    const bool many = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        many ? reflection.AddString(message, &field, node.text)
             : reflection.SetString(message, &field, node.text);
        return absl::OkStatus();
      case FieldDescriptor::CPPTYPE_BOOL: {
        if (node.quoted || (node.text != "true" && node.text != "false")) break;
        const bool value = node.text == "true";
        many ? reflection.AddBool(message, &field, value) : reflection.SetBool(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const EnumDescriptor& type = *field.enum_type();
        for (int i = 1; i < type.value_count(); ++i) {
          if (node.text != NameOf(*type.value(i))) continue;
          many ? reflection.AddEnum(message, &field, type.value(i))
               : reflection.SetEnum(message, &field, type.value(i));
          return absl::OkStatus();
        }
        break;
      }
      case FieldDescriptor::CPPTYPE_INT32: {
        int64_t value;
        if (!ReadInteger(node, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(),
                         &value))
          break;
        many ? reflection.AddInt32(message, &field, value) : reflection.SetInt32(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_INT64: {
        int64_t value;
        if (!ReadInteger(node, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                         &value))
          break;
        many ? reflection.AddInt64(message, &field, value) : reflection.SetInt64(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_UINT32: {
        int64_t value;
        if (!ReadInteger(node, 0, std::numeric_limits<uint32_t>::max(), &value)) break;
        many ? reflection.AddUInt32(message, &field, value) : reflection.SetUInt32(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_UINT64: {
        int64_t value;
        if (!ReadInteger(node, 0, std::numeric_limits<int64_t>::max(), &value)) break;
        many ? reflection.AddUInt64(message, &field, value) : reflection.SetUInt64(message, &field, value);
        return absl::OkStatus();
      }
      default:
        PENC_CHECK(!"a field type that YAML messages do not have");
    }
    return Expected(node, path, ExpectedOfScalar(field), &field);
  }

  // -?(0|[1-9][0-9]*), unquoted, within bounds: the spellings that YAML 1.1 reads as something else are
  // refused.
  static bool ReadInteger(const YamlNode& node, int64_t lo, int64_t hi, int64_t* value) {
    absl::string_view digits = node.text;
    absl::ConsumePrefix(&digits, "-");
    if (node.quoted || digits.empty() || (digits.size() > 1 && digits[0] == '0')) return false;
    for (const char c : digits) {
      if (!absl::ascii_isdigit(c)) return false;
    }
    return absl::SimpleAtoi(node.text, value) && *value >= lo && *value <= hi;
  }

  absl::Status CheckRequired(const YamlNode& node, const std::string& path, const Message& message,
                             const std::vector<std::string>& written) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (!field.options().GetExtension(storage::v1::required)) continue;
      bool found = false;
      for (const std::string& name : written) found |= name == field.name();
      if (found) continue;
      const Text example = ExampleOf(&field);
      return Error(node.line, path,
                   {absl::StrCat("il manque «", field.name(), "»", example.fr),
                    absl::StrCat("\"", field.name(), "\" is missing", example.en)});
    }
    return absl::OkStatus();
  }

  absl::Status Unknown(const YamlNode::Key& key, const std::string& path, const Descriptor& type) {
    std::vector<std::string> names;
    for (std::string& name : NamesOf(type)) {
      if (name != hidden_) names.push_back(std::move(name));
    }
    const Text near = DidYouMean(key.text, names);
    const std::string known = absl::StrJoin(names, ", ");
    return Error(key.line, path,
                 {absl::StrCat("clé inconnue", near.fr, "; possibles: ", known),
                  absl::StrCat("unknown key", near.en, "; possible: ", known)});
  }

  static Text ExampleOf(const FieldDescriptor* field) {
    if (field == nullptr) return {};
    const std::string& example = field->options().GetExtension(storage::v1::example);
    if (example.empty()) return {};
    return {absl::StrCat("; exemple: ", field->name(), ": ", example),
            absl::StrCat("; example: ", field->name(), ": ", example)};
  }

  absl::Status Expected(const YamlNode& node, const std::string& path, const Text& expected,
                        const FieldDescriptor* field) {
    const Text found = Describe(node);
    const Text example = ExampleOf(field);
    Text near;
    if (field != nullptr && node.kind == Kind::kScalar && field->enum_type() != nullptr) {
      near = DidYouMean(node.text, NamesOf(*field->enum_type()));
    }
    return Error(node.line, path,
                 {absl::StrCat("attendu ", expected.fr, ", trouvé ", found.fr, near.fr, example.fr),
                  absl::StrCat("expected ", expected.en, ", found ", found.en, near.en, example.en)});
  }

  absl::Status Error(int line, const std::string& path, const Text& text) {
    lines_.Set(path, line);
    return lines_.Error(path, text);
  }

  YamlLines& lines_;
  std::string hidden_;
};

}  // namespace

int YamlLines::LineOf(absl::string_view path) const {
  std::string rest(path);
  while (true) {
    const auto found = lines_.find(rest);
    if (found != lines_.end()) return found->second;
    const size_t cut = rest.find_last_of(".[");
    if (cut == std::string::npos) break;
    rest.resize(cut);
  }
  const auto top = lines_.find("");
  return top == lines_.end() ? 1 : top->second;
}

absl::Status YamlLines::Error(absl::string_view path, const Text& text) const {
  const int line = LineOf(path);
  const std::string where = path.empty() ? "" : absl::StrCat(path, ": ");
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat(file_, " ligne ", line, ": ", where, text.fr),
               absl::StrCat(file_, " line ", line, ": ", where, text.en)});
}

void YamlLines::Clear(absl::string_view file) {
  file_ = std::string(file);
  lines_.clear();
}

absl::Status ReadYaml(absl::string_view file, absl::string_view text, Message* message, YamlLines* lines) {
  YamlLines own;
  if (lines == nullptr) lines = &own;
  lines->Clear(file);
  message->Clear();
  ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(file, text));
  lines->Set("", root.line);
  return Reader(lines).Read(root, "", message);
}

std::vector<YamlPart> SplitYaml(absl::string_view text) {
  std::vector<YamlPart> parts;
  YamlPart part;
  bool content = false;
  int line = 1;
  const auto finish = [&](int next_line) {
    if (content) parts.push_back(std::move(part));
    part = YamlPart{std::string(next_line - 1, '\n'), next_line};
    content = false;
  };
  absl::ConsumePrefix(&text, "\xef\xbb\xbf");
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t length = end == absl::string_view::npos ? text.size() : end + 1;
    const absl::string_view row = text.substr(0, length);
    const absl::string_view stripped = absl::StripAsciiWhitespace(row);
    if (absl::StartsWith(row, "---") && (row.size() == 3 || absl::ascii_isspace(row[3]))) {
      finish(line);
      content = stripped.size() > 3 && stripped[3] != '#' &&
                absl::StripAsciiWhitespace(stripped.substr(3))[0] != '#';
      absl::StrAppend(&part.text, row);
    } else {
      absl::StrAppend(&part.text, row);
      content |= !stripped.empty() && stripped[0] != '#';
    }
    text.remove_prefix(length);
    ++line;
  }
  finish(line);
  return parts;
}

}  // namespace penc
