// One office's records without the office: a folder with a store and a key of its own; CSV files in, exact
// vectors out, through the program's importer and store. Header only.
//
//   OfficeRecords office(folder, codebook);
//   office.Import("person", csv);
//   office.Close("2026-Q3");
//   const std::vector<int64_t> cells = office.Extract(plan);
#pragma once
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/database.h"
#include "base/file.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "codebook/period.h"
#include "crypto/secret.h"
#include "crypto/secure_random.h"
#include "ingest/byte_source.h"
#include "ingest/importer.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "store/record_store.h"
#include "tests/support/exact_vector_peek.h"

namespace penc {

// A file as text, unpacked where it is a .gz.
inline std::string ReadWhole(const std::string& path) {
  const std::unique_ptr<ByteSource> file = OpenFile(path).value();
  std::string text, piece(1 << 20, '\0');
  for (;;) {
    const size_t size = file->Read(absl::MakeSpan(piece.data(), piece.size())).value();
    if (size == 0) return text;
    text.append(piece.data(), size);
  }
}

class OfficeRecords {
 public:
  // `folder` must not exist. The codebook outlives this.
  OfficeRecords(const std::string& folder, const Codebook& codebook, absl::Time now = absl::UnixEpoch())
      : codebook_(codebook), folder_(folder), clock_(now) {
    PENC_CHECK(std::filesystem::create_directories(folder_));
    database_ = Database::Open(folder_ + "/db").value();
    journal_ = Journal::Open(*database_, random_).value();
    committer_ = std::make_unique<Committer>(*database_, *journal_, clock_);
    StoreOptions options;
    options.random = &random_;
    store_ = RecordStore::Open(*database_, *committer_, codebook_, key_, options).value();
  }

  // The rows that were stored; every row can be read. Without a mapping the headings are the codebook's.
  uint64_t Import(const std::string& table, const std::string& csv, const Mapping* mapping = nullptr) {
    const std::string path = absl::StrCat(folder_, "/", table, ".csv");
    PENC_CHECK(WriteFileAtomically(path, csv, 0600).ok());
    const std::unique_ptr<ByteSource> file = OpenFile(path).value();
    NoSteps steps;
    ImportOptions options;
    options.file_name = table + ".csv";
    options.table = codebook_.FindTable(table).value();
    options.mapping = mapping;
    options.now = clock_.Now();
    options.quarantine_file = folder_ + "/rest.csv";
    const absl::StatusOr<ImportReport> report = ImportFile(*file, codebook_, *store_, key_, steps, options);
    if (!report.ok()) std::fprintf(stderr, "%s: %s\n", path.c_str(), report.status().ToString().c_str());
    PENC_CHECK(report.ok() && report->quarantined == 0);
    return report->staged.stored;
  }
  void Close(const std::string& edition) {
    PENC_CHECK(store_->Close(ParseEdition(codebook_.closing, edition).value(), clock_.Now(), nullptr).ok());
  }
  std::vector<int64_t> Extract(const Plan& plan) const {
    return ExactVectorPeek::At(store_->Extract(*store_->OpenSnapshot().value(), plan).value());
  }

 private:
  class Still final : public Clock {
   public:
    explicit Still(absl::Time now) : now_(now) {}
    absl::Time Now() const override { return now_; }

   private:
    const absl::Time now_;
  };

  const Codebook& codebook_;
  const std::string folder_;
  SecureRandom random_;
  const Still clock_;
  const Secret key_ = Secret(std::string(32, 'k'));
  std::unique_ptr<Database> database_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<RecordStore> store_;
};

}  // namespace penc
