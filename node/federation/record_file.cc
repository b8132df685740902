#include "federation/record_file.h"

#include <google/protobuf/unknown_field_set.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

constexpr absl::string_view kMagic = "penc round record 1\n";
constexpr absl::string_view kAnyMagic = "penc round record ";
constexpr size_t kHash = 32;
constexpr size_t kIdLength = 64;

absl::Status Damaged(absl::string_view file, const char* fr, const char* en) {
  return Fail(absl::StatusCode::kDataLoss, {absl::StrCat(file, ": ", fr), absl::StrCat(file, ": ", en)});
}

bool KnowsAll(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return false;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const google::protobuf::Message& below = field->is_repeated()
                                                   ? reflection.GetRepeatedMessage(message, field, i)
                                                   : reflection.GetMessage(message, field);
      if (!KnowsAll(below)) return false;
    }
  }
  return true;
}

bool IsId(absl::string_view id) {
  return id.size() == kIdLength && std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

std::string WriteRecord(const v1::RoundRecord& record) {
  const std::string bytes = record.SerializeAsString();
  return absl::StrCat(kMagic, Sha256(bytes), bytes);
}

absl::StatusOr<v1::RoundRecord> ReadRecord(absl::string_view file, absl::string_view bytes) {
  if (!absl::StartsWith(bytes, kMagic)) {
    if (absl::StartsWith(bytes, kAnyMagic))
      return Damaged(file, "dossier de ronde d'un autre format; mettez penc à jour",
                     "a round record of another format; update penc");
    return Damaged(file, "ce n'est pas une réponse de ronde (NOM.penc), ou le fichier est abîmé",
                   "not the answer of a round (NAME.penc), or the file is damaged");
  }
  bytes.remove_prefix(kMagic.size());
  if (bytes.size() < kHash || bytes.size() > kLongestRecord ||
      Sha256(bytes.substr(kHash)) != bytes.substr(0, kHash))
    return Damaged(file, "fichier abîmé ou coupé; demandez-le de nouveau",
                   "damaged or cut; ask for it again");
  bytes.remove_prefix(kHash);
  v1::RoundRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || record.format() != 1 ||
      !KnowsAll(record) || record.SerializeAsString() != bytes)
    return Damaged(file,
                   "ce dossier n'est pas écrit comme penc les écrit; mettez penc à jour, sinon méfiez-vous",
                   "this record is not written as penc writes them; update penc, else beware");
  return record;
}

std::string RoundId(absl::string_view qid) { return absl::BytesToHexString(qid); }

std::string RecordPath(const std::string& folder, absl::string_view qid) {
  return absl::StrCat(folder, "/", RoundId(qid), ".penc");
}

absl::Status SaveRecord(const std::string& folder, const v1::RoundRecord& record) {
  if (record.ByteSizeLong() > kLongestRecord)
    return Fail(absl::StatusCode::kResourceExhausted,
                {"cette ronde est trop grande pour être gardée dans un fichier",
                 "this round is too large to be kept in a file"});
  std::error_code error;
  if (fs::create_directories(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);
  return WriteFileAtomically(RecordPath(folder, Sha256(record.terms().body())), WriteRecord(record), 0600);
}

absl::StatusOr<v1::RoundRecord> LoadRecord(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kLongestRecord));
  return ReadRecord(path, bytes);
}

std::vector<std::string> IdsIn(const std::string& folder, absl::string_view extension) {
  std::vector<std::string> ids;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename();
    absl::string_view id = name;
    if (absl::ConsumeSuffix(&id, extension) && IsId(id)) ids.emplace_back(id);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

absl::StatusOr<std::string> FindId(const std::vector<std::string>& ids, absl::string_view prefix) {
  const std::string wanted = absl::AsciiStrToLower(prefix);
  std::vector<std::string> found;
  for (const std::string& id : ids) {
    if (!wanted.empty() && absl::StartsWith(id, wanted)) found.push_back(id);
  }
  if (found.size() == 1) return found[0];
  if (found.empty())
    return Fail(absl::StatusCode::kNotFound,
                {absl::StrCat("pas de ronde «", prefix, "» ici; «penc rounds» les montre"),
                 absl::StrCat("no round \"", prefix, "\" here; `penc rounds` lists them")});
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("plusieurs rondes commencent par «", prefix, "»: donnez plus de caractères"),
               absl::StrCat("several rounds begin with \"", prefix, "\": give more characters")});
}

}  // namespace penc
