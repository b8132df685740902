// The output rules of the command line, in one place: data to stdout, talk to stderr, stable exit codes,
// French first, colours and progress only on a terminal.
#pragma once
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace penc::cli {

enum ExitCode {
  kAnswered = 0,
  kFailed = 1,
  kUsage = 2,
  kRefused = 3,
  kWaiting = 4,
  kUnreachable = 5,
  kDamaged = 6
};

enum class Lang { kFrench, kEnglish };

// "fr"/"en" as given, else from LC_ALL, LC_MESSAGES, LANG; French where they say nothing.
Lang LangFrom(absl::string_view given);

class Output {
 public:
  Output(Lang lang, FILE* data, FILE* talk);

  Lang lang() const { return lang_; }
  const std::string& Pick(const Text& text) const { return lang_ == Lang::kFrench ? text.fr : text.en; }

  // One or more lines of data, to stdout.
  void Data(absl::string_view text);
  // A sentence, to stderr.
  void Say(const Text& text);
  // A progress line that replaces the one before; nothing where stderr is not a terminal.
  void Progress(const Text& text);
  // Prints an error and gives its exit code.
  ExitCode Fail(const absl::Status& status);
  // At the end: `code`, or an error where what was printed as data did not get to where it should go (a full
  // disk). A reader that has seen enough (a pipe that closed) is none.
  ExitCode Finish(ExitCode code);

 private:
  void EndProgress();

  Lang lang_;
  FILE* data_;
  FILE* talk_;
  bool terminal_;
  bool progress_open_ = false;
  int data_error_ = 0;  // errno
};

ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace penc::cli
