// A small office for tests: a folder of its own, a clock that can be set, a codebook of one table and helpers
// that run administration commands. Header only.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/steps.h"
#include "crypto/secure_random.h"
#include "ingest/byte_source.h"
#include "office/admin.h"
#include "office/office.h"

namespace penc {

class SetClock : public Clock {
 public:
  absl::Time now = absl::FromCivil(absl::CivilDay(2026, 8, 15), absl::UTCTimeZone());
  absl::Time Now() const override { return now; }
};

class TextSource : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    size_t n = std::min(out.size(), text_.size() - at_);
    std::memcpy(out.data(), text_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string text_;
  size_t at_ = 0;
};

inline constexpr char kSmallCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  race:
    - {code: black, fr: Noire, en: Black}
    - {code: white, fr: Blanche, en: White}
    - {code: other, fr: Autre, en: Other}
tables:
  work:
    unit: event
    caps: {cells: 4, rows: 15}
    labels: {fr: Emploi, en: Work}
    columns:
      race: {type: code, codes: race, constant: true, sensitivity: ordinary, fr: Origine, en: Race}
      year: {type: integer, range: [68, 88], sensitivity: ordinary, fr: Année, en: Year}
)";

inline constexpr char kSmallPolicy[] = R"(policy: small
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns:
  work.race: allow
  work.year: allow
limits: {group_by: 3, cells: 65536}
display: {hide_margin_above: 50%, phantoms: 1}
)";

class SmallOffice : public ::testing::Test {
 protected:
  SmallOffice() { std::filesystem::remove_all(dir_); }
  ~SmallOffice() override {
    office_.reset();
    std::filesystem::remove_all(dir_);
  }

  Environment environment() { return {clock_, random_, steps_}; }
  InitOptions Init() const {
    InitOptions options;
    options.name = "ALCRER";
    options.codebook_text = kSmallCodebook;
    options.policy_text = kSmallPolicy;
    options.listen = "127.0.0.1:0";
    return options;
  }
  void Create() {
    absl::Status created = Office::Create(dir_, Init(), environment());
    ASSERT_TRUE(created.ok()) << created;
    Open();
  }
  void Open() {
    office_.reset();
    auto office = Office::Open(dir_, environment());
    ASSERT_TRUE(office.ok()) << office.status();
    office_ = *std::move(office);
  }

  absl::StatusOr<v1::AdminResult> Run(const v1::AdminCommand& command, const std::string& upload = "") {
    TextSource source(upload);
    return Administer(*office_, command, &source, nullptr);
  }
  // `persons` persons with three rows each, from `first` on.
  static std::string Rows(int persons, int first = 0) {
    std::string csv = "person_ref,race,year\n";
    const char* races[] = {"black", "white", "other"};
    for (int i = first; i < first + persons; ++i) {
      for (int year = 70; year < 73; ++year)
        absl::StrAppend(&csv, "P", i, ",", races[i % 3], ",", year, "\n");
    }
    return csv;
  }
  // `again`: rows that are there already are new events.
  absl::StatusOr<v1::AdminResult> Import(const std::string& csv, const std::string& name = "work.csv",
                                         bool again = false) {
    v1::AdminCommand command;
    command.mutable_import_file()->set_again(again);
    command.mutable_import_file()->set_file_name(name);
    command.mutable_import_file()->set_table("work");
    return Run(command, csv);
  }
  absl::StatusOr<v1::AdminResult> Close(const std::string& label = "") {
    v1::AdminCommand command;
    command.mutable_close()->set_label(label);
    return Run(command);
  }
  v1::StatusResult Status() {
    v1::AdminCommand command;
    command.mutable_status();
    return Run(command)->status();
  }
  v1::BudgetResult Budget() {
    v1::AdminCommand command;
    command.mutable_budget();
    return Run(command)->budget();
  }
  // A grant for a key, through the command.
  absl::Status Grant(const std::string& fingerprint, const std::string& name, uint32_t share_ppm = 400000) {
    v1::AdminCommand command;
    v1::GrantCommand* grant = command.mutable_grant();
    grant->set_public_key(absl::StrCat("partner: ", name, "\nkey: \"", fingerprint, "\"\n"));
    grant->set_share_ppm(share_ppm);
    grant->add_purposes("plaidoyer");
    grant->add_tables("work");
    grant->set_until("2027-01-31");
    return Run(command).status();
  }

  const std::string dir_ = absl::StrCat(::testing::TempDir(), "/small_office_", getpid());
  SetClock clock_;
  SecureRandom random_;
  NoSteps steps_;
  std::unique_ptr<Office> office_;
};

}  // namespace penc
