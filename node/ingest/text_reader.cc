#include "ingest/text_reader.h"

#include <unicode/ucnv.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"

namespace penc {
namespace {

constexpr size_t kPiece = 1 << 18;

// Counts the lines that have gone by, the heading's too: what an editor shows beside the text.
class LineCount {
 public:
  void Pass(absl::string_view text) {
    line_ += static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  }
  // `text`: what stands before the mistake.
  absl::Status Fault(absl::string_view text, Text what) {
    Pass(text);
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("ligne ", line_, " du fichier: ", what.fr),
                 absl::StrCat("line ", line_, " of the file: ", what.en)});
  }
  absl::Status NulByte(absl::string_view text) {
    return Fault(
        text.substr(0, text.find('\0')),
        {"octets nuls: ce n'est pas un CSV, ou il est en UTF-16 sans marque; exportez-le en CSV UTF-8",
         "NUL bytes: this is no CSV, or it is UTF-16 without a mark; export it as CSV UTF-8"});
  }

 private:
  uint64_t line_ = 1;
};

// With this UTF-8 begins nearly every accented letter of French and Portuguese. Where letters are of one byte
// it is "Ã", and what would have to follow are signs that stand after no "Ã".
constexpr char kAccent = '\xC3';

// Whether a line can only be UTF-8: "é" is C3 A9 there.
bool SurelyUtf8(absl::string_view line) {
  return line.find(kAccent) != absl::string_view::npos && FirstInvalidUtf8(line) == absl::string_view::npos;
}

// Lines that go by in pieces, until one that can only be UTF-8.
class Utf8Lines {
 public:
  // The number of that line; 0: none yet.
  uint64_t Pass(absl::string_view piece, bool ended) {
    for (size_t end = piece.find('\n'); end != absl::string_view::npos; end = piece.find('\n')) {
      if (begun_.size() < kPiece) begun_.append(piece.data(), end);
      ++line_;
      if (SurelyUtf8(begun_)) return line_;
      begun_.clear();
      piece.remove_prefix(end + 1);
    }
    if (begun_.size() < kPiece) begun_.append(piece.data(), piece.size());
    return ended && SurelyUtf8(begun_) ? line_ + 1 : 0;
  }

 private:
  std::string begun_;
  uint64_t line_ = 0;
};

// UTF-8, checked; a sequence that is cut by a piece waits for the next.
class Utf8Reader final : public TextReader {
 public:
  Utf8Reader(ByteSource& source, std::string first) : source_(source), text_(std::move(first)) {}
  const std::string& encoding() const override { return encoding_; }

  absl::StatusOr<absl::string_view> Next() override {
    if (!started_) {
      started_ = true;
      if (absl::StartsWith(text_, "\xEF\xBB\xBF")) text_.erase(0, 3);
    } else {
      lines_.Pass(text_);
      accents_ = accents_ || text_.find(kAccent) != std::string::npos;
      text_ = std::move(rest_);
      rest_.clear();
    }
    for (;;) {
      if (!ended_ && text_.size() < kPiece / 2) {
        const size_t old = text_.size();
        text_.resize(old + kPiece);
        ASSIGN_OR_RETURN(const size_t n, source_.Read(absl::MakeSpan(text_).subspan(old)));
        text_.resize(old + n);
        ended_ = n == 0;
      }
      if (std::memchr(text_.data(), 0, text_.size()) != nullptr) return lines_.NulByte(text_);
      const size_t bad = FirstInvalidUtf8(text_);
      if (bad == absl::string_view::npos) return absl::string_view(text_);
      // At most three bytes of a cut sequence at the end.
      if (!ended_ && text_.size() - bad < 4) {
        if (bad == 0) continue;  // nothing else has come yet: an empty piece would be the end
        rest_ = text_.substr(bad);
        text_.resize(bad);
        return absl::string_view(text_);
      }
      const absl::string_view before = absl::string_view(text_).substr(0, bad);
      if (accents_ || before.find(kAccent) != absl::string_view::npos) {
        return lines_.Fault(
            before,
            {"cette ligne n'est pas en UTF-8, mais d'autres avant elle le sont: le fichier mélange deux "
             "encodages. Exportez-le de nouveau en CSV UTF-8, ou corrigez les lettres accentuées de cette "
             "ligne et enregistrez-le en UTF-8",
             "this line is not UTF-8, but others before it are: the file mixes two encodings. Export it "
             "again as CSV UTF-8, or correct the letters with accents in this line and save it as UTF-8"});
      }
      return lines_.Fault(
          before, {"le fichier n'est pas en UTF-8 (Windows-1252, peut-être): écrivez «file: {encoding: "
                   "windows-1252}» dans le mapping (--dry-run en propose un), ou exportez-le en CSV UTF-8",
                   "the file is not UTF-8 (Windows-1252, perhaps): write \"file: {encoding: windows-1252}\" "
                   "in the mapping (--dry-run proposes one), or export it as CSV UTF-8"});
    }
  }

 private:
  ByteSource& source_;
  std::string text_, rest_;
  LineCount lines_;
  bool started_ = false, ended_ = false, accents_ = false;
  std::string encoding_ = "utf-8";
};

class ConvertingReader final : public TextReader {
 public:
  ConvertingReader(ByteSource& source, std::string first, std::string encoding, UConverter* from,
                   UConverter* to)
      : source_(source),
        in_(std::move(first)),
        encoding_(std::move(encoding)),
        from_(from),
        to_(to),
        pivot_(kPiece),
        letters_of_one_byte_(ucnv_getMaxCharSize(from) == 1),
        first_(in_) {
    pivot_source_ = pivot_target_ = pivot_.data();
  }
  ~ConvertingReader() override {
    ucnv_close(from_);
    ucnv_close(to_);
  }
  const std::string& encoding() const override { return encoding_; }

  absl::StatusOr<absl::string_view> Next() override {
    lines_.Pass(out_);
    out_.clear();
    while (out_.empty() && !finished_) {
      if (in_.empty() && !ended_) {
        in_.resize(kPiece);
        ASSIGN_OR_RETURN(const size_t n, source_.Read(absl::MakeSpan(in_)));
        in_.resize(n);
        ended_ = n == 0;
        RETURN_IF_ERROR(OneEncoding());
      }
      std::vector<char> target(4 * kPiece);
      char* t = target.data();
      const char* s = in_.data();
      UErrorCode error = U_ZERO_ERROR;
      ucnv_convertEx(to_, from_, &t, target.data() + target.size(), &s, in_.data() + in_.size(),
                     pivot_.data(), &pivot_source_, &pivot_target_, pivot_.data() + pivot_.size(), reset_,
                     ended_, &error);
      reset_ = false;
      if (U_FAILURE(error) && error != U_BUFFER_OVERFLOW_ERROR) {
        // What was understood before the mistake may still be on its way.
        std::string before(target.data(), t);
        before.append(static_cast<size_t>(std::count(pivot_source_, pivot_target_, u'\n')), '\n');
        return lines_.Fault(
            before,
            {absl::StrCat(
                 "le fichier n'est pas en ", encoding_,
                 " jusqu'au bout: corrigez «file: {encoding}» du mapping, ou exportez-le de nouveau"),
             absl::StrCat("the file is not in ", encoding_,
                          " to its end: correct \"file: {encoding}\" of the mapping, or export it again")});
      }
      in_.erase(0, s - in_.data());
      out_.assign(target.data(), t - target.data());
      finished_ = ended_ && in_.empty() && error != U_BUFFER_OVERFLOW_ERROR;
    }
    if (!std::exchange(started_, true) && absl::StartsWith(out_, "\xEF\xBB\xBF")) out_.erase(0, 3);
    if (std::memchr(out_.data(), 0, out_.size()) != nullptr) return lines_.NulByte(out_);
    return absl::string_view(out_);
  }

 private:
  // What is UTF-8 would be read, but as other letters.
  absl::Status OneEncoding() {
    if (!letters_of_one_byte_) return absl::OkStatus();
    first_ += in_;
    const uint64_t line = utf8_.Pass(first_, ended_);
    first_.clear();
    if (line == 0) return absl::OkStatus();
    return Fail(
        absl::StatusCode::kInvalidArgument,
        {absl::StrCat("ligne ", line, " du fichier: elle est en UTF-8, mais le fichier est lu en ", encoding_,
                      ". S'il est tout entier en UTF-8, retirez «encoding» du mapping; s'il mélange deux "
                      "encodages, exportez-le de nouveau en CSV UTF-8"),
         absl::StrCat("line ", line, " of the file: it is UTF-8, but the file is read as ", encoding_,
                      ". Where all of it is UTF-8, take \"encoding\" out of the mapping; where it mixes "
                      "two encodings, export it again as CSV UTF-8")});
  }

  ByteSource& source_;
  std::string in_, out_, encoding_;
  UConverter *from_, *to_;
  std::vector<UChar> pivot_;
  UChar *pivot_source_, *pivot_target_;
  LineCount lines_;
  bool letters_of_one_byte_;
  std::string first_;  // what was read before `source_` is
  Utf8Lines utf8_;
  bool started_ = false, reset_ = true, ended_ = false, finished_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TextReader>> ReadText(ByteSource& source, const std::string& wanted) {
  std::string first(4, 0);
  size_t have = 0;
  while (have < first.size()) {
    ASSIGN_OR_RETURN(const size_t n, source.Read(absl::MakeSpan(first).subspan(have)));
    if (n == 0) break;
    have += n;
  }
  first.resize(have);
  // A byte order mark goes before what the mapping says: a corrected file may have been saved another way.
  std::string encoding = wanted;
  if (absl::StartsWith(first, "\xFF\xFE") || absl::StartsWith(first, "\xFE\xFF")) encoding = "utf-16";
  if (absl::StartsWith(first, "\xEF\xBB\xBF")) encoding = "utf-8";
  if (absl::StartsWith(first, "PK\x03\x04") || absl::StartsWith(first, "\xD0\xCF\x11\xE0")) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"c'est un classeur Excel, pas un CSV: enregistrez la feuille en «CSV UTF-8»",
                 "this is an Excel workbook, not a CSV: save the sheet as \"CSV UTF-8\""});
  }
  if (encoding.empty() || absl::EqualsIgnoreCase(encoding, "utf-8") ||
      absl::EqualsIgnoreCase(encoding, "utf8")) {
    return std::unique_ptr<TextReader>(std::make_unique<Utf8Reader>(source, std::move(first)));
  }
  UErrorCode error = U_ZERO_ERROR;
  UConverter* from = ucnv_open(encoding.c_str(), &error);
  if (U_FAILURE(error)) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("encodage inconnu «", encoding, "»: utf-8, utf-16, windows-1252 …"),
                 absl::StrCat("unknown encoding \"", encoding, "\": utf-8, utf-16, windows-1252 …")});
  }
  ucnv_setToUCallBack(from, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  UConverter* to = ucnv_open("UTF-8", &error);
  PENC_CHECK(U_SUCCESS(error));
  return std::unique_ptr<TextReader>(
      std::make_unique<ConvertingReader>(source, std::move(first), encoding, from, to));
}

std::string LikelyEncoding(absl::string_view beginning, bool whole) {
  if (absl::StartsWith(beginning, "\xFF\xFE") || absl::StartsWith(beginning, "\xFE\xFF")) return "";
  if (beginning.find('\0') != absl::string_view::npos) return "";  // refused by name
  const size_t bad = FirstInvalidUtf8(beginning);
  // Lines of both kinds: what is read as UTF-8 names the first that is not.
  const absl::string_view lines =
      beginning.substr(0, bad == absl::string_view::npos ? 0 : beginning.rfind('\n', bad) + 1);
  if (SurelyUtf8(lines)) return "";
  const bool cut = !whole && bad != absl::string_view::npos && beginning.size() - bad < 4;
  return bad == absl::string_view::npos || cut ? "" : "windows-1252";
}

}  // namespace penc
