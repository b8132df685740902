#include "cli/signature_files.h"

#include "base/file.h"
#include "base/status.h"
#include "office/officer_file.h"

namespace penc::cli {

absl::Status ReadSignatures(const std::vector<std::string>& paths,
                            google::protobuf::RepeatedPtrField<std::string>* texts) {
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(std::string text, ReadFile(path, 64 << 10));
    RETURN_IF_ERROR(ReadDecision(path, text));
    *texts->Add() = std::move(text);
  }
  return absl::OkStatus();
}

}  // namespace penc::cli
