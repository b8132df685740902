#include "question/bulletin_weights.h"

#include <google/protobuf/util/message_differencer.h>

#include <regex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/yaml.h"
#include "penc/storage/v1/bulletin.pb.h"

namespace penc {
namespace {

// Writes a weight into one of the question's own lines; false where it has another form than these.
bool Replace(std::string& line, uint32_t weight) {
  static const std::regex known("(^|[\\s,{-])weight:\\s*[0-9]+");
  if (std::distance(std::sregex_iterator(line.begin(), line.end(), known), std::sregex_iterator()) != 1)
    return false;
  line = std::regex_replace(line, known, absl::StrCat("$1weight: ", weight));
  return true;
}

bool Insert(std::string& line, uint32_t weight) {
  static const std::regex block("^( *)(- +)?(sql:[\\s\\S]*)$"), flow("^( *- *\\{)([\\s\\S]*)$");
  std::smatch parts;
  const std::string end = !line.empty() && line.back() == '\r' ? "\r\n" : "\n";
  if (std::regex_match(line, parts, block)) {
    const std::string indent = parts.str(1), dash = parts.str(2);
    line = absl::StrCat(indent, dash, "weight: ", weight, end, indent, std::string(dash.size(), ' '),
                        parts.str(3));
    return true;
  }
  if (!std::regex_match(line, parts, flow)) return false;
  line = absl::StrCat(parts.str(1), "weight: ", weight, ", ", parts.str(2));
  return true;
}

}  // namespace

absl::StatusOr<std::string> WithWeights(absl::string_view file, absl::string_view text,
                                        absl::Span<const uint32_t> weights) {
  storage::v1::Bulletin wanted, written;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &wanted, &lines));
  PENC_CHECK(static_cast<size_t>(wanted.questions_size()) == weights.size());
  std::vector<std::string> out = absl::StrSplit(text, '\n');
  for (int i = 0; i < wanted.questions_size(); ++i) {
    wanted.mutable_questions(i)->set_weight(weights[i]);
    const std::string path = absl::StrCat("questions[", i, "]");
    const bool has = lines.Has(path + ".weight");
    std::string& line = out[lines.LineOf(path + (has ? ".weight" : ".sql")) - 1];
    if (has ? Replace(line, weights[i]) : Insert(line, weights[i])) continue;
    out.clear();
    break;
  }
  // Whatever was edited: the file must say the same as before, with these weights.
  const std::string edited = absl::StrJoin(out, "\n");
  if (!ReadYaml(file, edited, &written).ok() ||
      !google::protobuf::util::MessageDifferencer::Equals(written, wanted)) {
    const std::string list = absl::StrJoin(weights, ", ");
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat(file,
                              ": ce fichier est écrit d'une façon que --write ne sait pas changer; écrivez "
                              "vous-même weight dans chaque question, dans l'ordre: ",
                              list),
                 absl::StrCat(file,
                              ": this file is written in a way that --write cannot change; write weight "
                              "into each question yourself, in this order: ",
                              list)});
  }
  return edited;
}

absl::Status CheckMarginsAreWeights(absl::string_view file, absl::string_view text) {
  storage::v1::Bulletin read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  for (int i = 0; i < read.questions_size(); ++i) {
    const std::string path = absl::StrCat("questions[", i, "]");
    if (!lines.Has(path + ".margin") || lines.Has(path + ".weight")) continue;
    return lines.Error(
        path + ".margin",
        {absl::StrCat("cette marge n'est pas encore un poids: lancez d'abord penc plan ", file, " --write"),
         absl::StrCat("this margin is not a weight yet: run penc plan ", file, " --write first")});
  }
  return absl::OkStatus();
}

}  // namespace penc
