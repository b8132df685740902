#include "ingest/xlsx/zip_parts.h"

#include <zip.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

absl::Status Bad(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument, {std::move(fr), std::move(en)});
}

absl::Status Damaged(absl::string_view part, absl::string_view why) {
  const std::string at = part.empty() ? "" : absl::StrCat(" (", part, ": ", why, ")");
  return Bad(
      absl::StrCat("classeur abîmé ou tronqué", at, "; copiez ou exportez-le de nouveau, rien n'est importé"),
      absl::StrCat("damaged or truncated workbook", at, "; copy or export it again, nothing was imported"));
}

class Part final : public ByteSource {
 public:
  Part(std::string name, zip_file_t* file, uint64_t packed, ReadBudget& budget)
      : name_(std::move(name)), file_(file), packed_(packed), budget_(budget) {}
  ~Part() override { zip_fclose(file_); }
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    const zip_int64_t n = zip_fread(file_, out.data(), out.size());
    if (n < 0) return Damaged(name_, zip_error_strerror(zip_file_get_error(file_)));
    read_ += static_cast<uint64_t>(n);
    RETURN_IF_ERROR(budget_.Spend(static_cast<uint64_t>(n)));
    if (read_ > ZipParts::kLargest ||
        (read_ > ZipParts::kSmall && read_ / ZipParts::kMostSwelling > packed_)) {
      return Bad(
          absl::StrCat(
              name_,
              ": cette partie du classeur se déploie sans mesure (bombe zip ?); ouvrez le fichier dans "
              "Excel, copiez la feuille dans un nouveau classeur, ou exportez-la en CSV UTF-8"),
          absl::StrCat(
              name_,
              ": this part of the workbook swells without measure (a zip bomb?); open the file in Excel, "
              "copy the sheet into a new workbook, or export it as CSV UTF-8"));
    }
    return static_cast<size_t>(n);
  }

 private:
  std::string name_;
  zip_file_t* file_;
  uint64_t packed_, read_ = 0;
  ReadBudget& budget_;
};

class Zip final : public ZipParts {
 public:
  Zip(HeldFile file, std::shared_ptr<ReadBudget> budget)
      : file_(std::move(file)), budget_(std::move(budget)) {
    for (const std::string& piece : file_.pieces())
      fragments_.push_back({reinterpret_cast<zip_uint8_t*>(const_cast<char*>(piece.data())), piece.size()});
  }
  ~Zip() override {
    if (zip_ != nullptr) zip_discard(zip_);
  }
  absl::Status Open() {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_fragment_create(fragments_.data(), fragments_.size(), 0, &error);
    if (source != nullptr) {
      zip_ = zip_open_from_source(source, ZIP_RDONLY, &error);
      if (zip_ == nullptr) zip_source_free(source);
    }
    zip_error_fini(&error);
    if (zip_ == nullptr) return Damaged("", "");
    if (zip_get_num_entries(zip_, 0) > kMostParts) {
      return Bad(
          absl::StrCat("plus de ", kMostParts,
                       " parties: ce n'est pas un classeur ordinaire; enregistrez la feuille en CSV UTF-8"),
          absl::StrCat("more than ", kMostParts,
                       " parts: this is no ordinary workbook; save the sheet as CSV UTF-8"));
    }
    return absl::OkStatus();
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_, 0); ++i) {
      if (const char* name = zip_get_name(zip_, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
          name != nullptr)
        names.emplace_back(name);
    }
    return names;
  }

  absl::StatusOr<std::unique_ptr<ByteSource>> Part(const std::string& name) override {
    const zip_int64_t at = zip_name_locate(zip_, name.c_str(), ZIP_FL_NOCASE | ZIP_FL_ENC_GUESS);
    if (at < 0) return std::unique_ptr<ByteSource>();
    zip_stat_t stat;
    if (zip_stat_index(zip_, static_cast<zip_uint64_t>(at), 0, &stat) != 0 ||
        !(stat.valid & ZIP_STAT_COMP_SIZE))
      return Damaged(name, zip_strerror(zip_));
    if ((stat.valid & ZIP_STAT_ENCRYPTION_METHOD) && stat.encryption_method != ZIP_EM_NONE) {
      return Bad(
          "fichier zip protégé par un mot de passe; ouvrez-le, et importez ce qu'il contient sans mot de "
          "passe",
          "a zip file with a password; open it, and import what it holds without a password");
    }
    zip_file_t* file = zip_fopen_index(zip_, static_cast<zip_uint64_t>(at), 0);
    if (file == nullptr) return Damaged(name, zip_strerror(zip_));
    return std::unique_ptr<ByteSource>(std::make_unique<penc::Part>(name, file, stat.comp_size, *budget_));
  }

 private:
  HeldFile file_;
  const std::shared_ptr<ReadBudget> budget_;
  std::vector<zip_buffer_fragment_t> fragments_;
  zip_t* zip_ = nullptr;
};

}  // namespace

absl::StatusOr<HeldFile> HeldFile::Read(ByteSource& source) {
  constexpr size_t kPiece = 1 << 20;
  HeldFile file;
  for (size_t size = 0;;) {
    std::string piece(kPiece, '\0');
    size_t have = 0;
    while (have < kPiece) {
      ASSIGN_OR_RETURN(const size_t n, source.Read(absl::MakeSpan(piece).subspan(have)));
      if (n == 0) break;
      have += n;
    }
    size += have;
    if (size > kMost) {
      return Fail(absl::StatusCode::kResourceExhausted,
                  {"classeur de plus de 128 Mio; enregistrez la feuille en CSV UTF-8, qui n'a pas de limite",
                   "workbook larger than 128 MiB; save the sheet as CSV UTF-8, which has no limit"});
    }
    const bool ended = have < kPiece;
    piece.resize(have);
    if (ended) piece.shrink_to_fit();
    if (have > 0) file.pieces_.push_back(std::move(piece));
    if (ended) return file;
  }
}

bool HeldFile::Contains(absl::string_view bytes) const {
  std::string seam;
  for (const std::string& piece : pieces_) {
    seam.append(piece, 0, bytes.size());
    if (seam.find(bytes.data(), 0, bytes.size()) != std::string::npos ||
        absl::string_view(piece).find(bytes) != absl::string_view::npos)
      return true;
    seam = piece.substr(piece.size() - std::min(piece.size(), bytes.size()));
  }
  return false;
}

absl::StatusOr<std::unique_ptr<ZipParts>> ZipParts::Open(HeldFile file, std::shared_ptr<ReadBudget> budget) {
  auto zip = std::make_unique<Zip>(std::move(file), std::move(budget));
  RETURN_IF_ERROR(zip->Open());
  return std::unique_ptr<ZipParts>(std::move(zip));
}

}  // namespace penc
