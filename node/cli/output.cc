#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace penc::cli {

Lang LangFrom(absl::string_view given) {
  if (given == "fr") return Lang::kFrench;
  if (given == "en") return Lang::kEnglish;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == 0) continue;
    return absl::StartsWith(value, "en") ? Lang::kEnglish : Lang::kFrench;
  }
  return Lang::kFrench;
}

Output::Output(Lang lang, FILE* data, FILE* talk)
    : lang_(lang), data_(data), talk_(talk), terminal_(::isatty(::fileno(talk)) == 1) {}

void Output::Data(absl::string_view text) {
  EndProgress();
  const bool whole = std::fwrite(text.data(), 1, text.size(), data_) == text.size() &&
                     (text.empty() || text.back() == '\n' || std::fputc('\n', data_) != EOF) &&
                     std::fflush(data_) == 0;
  if (!whole && data_error_ == 0) data_error_ = errno;
}

void Output::Say(const Text& text) {
  EndProgress();
  std::fprintf(talk_, "%s\n", Pick(text).c_str());
}

void Output::Progress(const Text& text) {
  if (!terminal_) return;
  std::fprintf(talk_, "\r\033[K%s", Pick(text).c_str());
  std::fflush(talk_);
  progress_open_ = true;
}

void Output::EndProgress() {
  if (progress_open_) std::fputs("\r\033[K", talk_);
  progress_open_ = false;
}

ExitCode Output::Fail(const absl::Status& status) {
  EndProgress();
  std::fprintf(talk_, "penc: %s\n", Pick(Explain(status)).c_str());
  return ExitCodeOf(status);
}

ExitCode Output::Finish(ExitCode code) {
  if (data_error_ == 0 || data_error_ == EPIPE || code != kAnswered) return code;
  const char* const why = std::strerror(data_error_);
  return Fail(penc::Fail(
      absl::StatusCode::kInternal,
      {absl::StrCat(
           "impossible d'écrire la sortie (", why,
           "): ce qui devait s'y trouver manque; libérez de la place ou choisissez un autre fichier, "
           "puis retapez la commande"),
       absl::StrCat(
           "cannot write the output (", why,
           "): what should be there is missing; free some space or choose another file, then type the "
           "command again")}));
}

ExitCode ExitCodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kAnswered;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
      return kUsage;
    case absl::StatusCode::kPermissionDenied:
      return kRefused;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kUnauthenticated:
      return kUnreachable;
    case absl::StatusCode::kDataLoss:
      return kDamaged;
    default:
      return kFailed;
  }
}

}  // namespace penc::cli
