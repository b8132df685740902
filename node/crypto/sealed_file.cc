#include "crypto/sealed_file.h"

#include <strings.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/aead.h"

namespace penc {
namespace {

constexpr absl::string_view kHeader = "penc sealed file v1\n";

std::string Associated(absl::string_view path) {
  const size_t name = path.rfind('/');
  const size_t folder = name == 0 || name == absl::string_view::npos ? name : path.rfind('/', name - 1);
  const absl::string_view place = folder == absl::string_view::npos ? path : path.substr(folder + 1);
  return absl::StrCat("penc file v1\n", place);
}

}  // namespace

absl::Status SealedFiles::Write(const std::string& path, absl::string_view content) const {
  return WriteFileAtomically(path, absl::StrCat(kHeader, Aead(key_).Seal(random_, Associated(path), content)),
                             0600);
}

absl::StatusOr<Secret> SealedFiles::Read(const std::string& path, size_t limit_bytes) const {
  ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, limit_bytes + kHeader.size() + Aead::kOverhead));
  if (absl::StartsWith(bytes, kHeader)) {
    absl::StatusOr<std::string> plain =
        Aead(key_).Open(Associated(path), absl::string_view(bytes).substr(kHeader.size()));
    if (plain.ok()) {
      Secret content(*plain);
      explicit_bzero(plain->data(), plain->size());
      return content;
    }
  }
  return Fail(absl::StatusCode::kDataLoss,
              {absl::StrCat(path, ": fichier abîmé, ou d'un autre dossier: il ne s'ouvre pas avec ces clés"),
               absl::StrCat(path, ": damaged, or another folder's: it does not open with these keys")});
}

absl::Status SealedFiles::SealWhereItIs(const std::string& path, size_t limit_bytes) const {
  ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, limit_bytes + kHeader.size() + Aead::kOverhead));
  if (absl::StartsWith(bytes, kHeader)) return absl::OkStatus();
  const std::string sealed = absl::StrCat(kHeader, Aead(key_).Seal(random_, Associated(path), bytes));
  explicit_bzero(bytes.data(), bytes.size());
  return ReplaceFileAndDestroyOld(path, sealed, 0600);
}

}  // namespace penc
