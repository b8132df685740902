// A record store of its own for tests: a folder, a database, a journal, a committer, a codebook with a table
// of persons and two of events, and verbs. Header only.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/database.h"
#include "codebook/read.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "journal/committer.h"
#include "question/bind.h"
#include "question/plan.h"
#include "store/record_store.h"
#include "tests/support/exact_vector_peek.h"

namespace penc {

inline constexpr char kStoreCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex:
    - {code: f, fr: F, en: F}
    - {code: m, fr: M, en: M}
  place:
    - {code: a, fr: A, en: A}
    - {code: b, fr: B, en: B}
    - {code: c, fr: C, en: C}
    - {code: d, fr: D, en: D}
  need:
    - {code: food, fr: Vivres, en: Food}
    - {code: care, fr: Soins, en: Care}
    - {code: roof, fr: Toit, en: Roof}
folds:
  place:
    groups:
      - {code: ab, fr: AB, en: AB, of: [a, b]}
    rest: {code: other, fr: Autre, en: Other}
mains:
  need: [roof, care, food]
tables:
  person:
    unit: person
    caps: {cells: 3, rows: 1}
    labels: {fr: Personnes, en: People}
    columns:
      sex: {type: code, codes: sex, sensitivity: public, fr: Sexe, en: Sex}
      profile: {type: codes, codes: need, max: 3, sensitivity: public, fr: Profil, en: Profile}
      age: {type: integer, range: [0, 700], sensitivity: public, fr: Âge, en: Age}
  move:
    unit: event
    caps: {cells: 3, rows: 4}
    labels: {fr: Trajets, en: Moves}
    columns:
      origin: {type: code, codes: place, constant: true, sensitivity: public, fr: Origine, en: Origin}
      dest: {type: code, codes: place, sensitivity: public, fr: Destination, en: Destination}
      month: {type: month, from: 2025-01, to: 2026-12, sensitivity: public, fr: Mois, en: Month}
      needs: {type: codes, codes: need, max: 3, sensitivity: public, fr: Besoins, en: Needs}
      cost: {type: number, range: [-500, 100000], step: 1, sensitivity: public, fr: Coût, en: Cost}
  visit:
    unit: event
    caps: {cells: 2, rows: 2}
    labels: {fr: Visites, en: Visits}
    columns:
      day: {type: day, from: 2026-01-01, to: 2026-12-31, sensitivity: public, fr: Jour, en: Day}
)";

// One row as a test writes it.
struct TestRow {
  std::string person;
  std::vector<StoredValue> values;
  std::string identity;  // "": none
};

inline std::array<uint8_t, 16> Key16(absl::string_view text) {
  const std::string hash = Sha256(text);
  std::array<uint8_t, 16> key;
  std::memcpy(key.data(), hash.data(), key.size());
  return key;
}

inline RowBlock BlockOf(const std::vector<TestRow>& rows, size_t columns) {
  RowBlock block;
  block.columns.resize(columns);
  for (const TestRow& row : rows) {
    block.persons.push_back(Key16(absl::StrCat("person ", row.person)));
    if (!row.identity.empty()) block.identity.push_back(Key16(absl::StrCat("row ", row.identity)));
    std::string content = row.person;
    for (size_t c = 0; c < columns; ++c) {
      block.columns[c].push_back(row.values[c]);
      absl::StrAppend(&content, ",", row.values[c]);
    }
    block.content.push_back(Key16(content));
  }
  return block;
}

class StoreClock : public Clock {
 public:
  absl::Time now = absl::FromUnixSeconds(1790000000);
  absl::Time Now() const override { return now; }
};

class SmallStore : public ::testing::Test {
 protected:
  static constexpr Edition kFirst = 2026 * 4 - 1970 * 4;  // 2026-Q1, whatever the unit counts from

  SmallStore() : SmallStore(kStoreCodebook) {}
  explicit SmallStore(const char* codebook) {
    std::filesystem::remove_all(folder_);
    codebook_ = ReadCodebook("codebook.yaml", codebook).value();
    options_.segment_rows = 64;
    options_.run_rows = 50;
    options_.block_rows = 16;
    options_.random = &random_;
  }
  ~SmallStore() override {
    Shut();
    std::filesystem::remove_all(folder_);
  }

  void Shut() {
    store_.reset();
    committer_.reset();
    journal_.reset();
    database_.reset();
  }
  absl::Status TryOpen() {
    Shut();
    ASSIGN_OR_RETURN(database_, Database::Open(folder_));
    ASSIGN_OR_RETURN(journal_, Journal::Open(*database_, random_));
    committer_ = std::make_unique<Committer>(*database_, *journal_, clock_);
    ASSIGN_OR_RETURN(store_, RecordStore::Open(*database_, *committer_, codebook_, key_, options_));
    return absl::OkStatus();
  }
  void Open() {
    const absl::Status opened = TryOpen();
    ASSERT_TRUE(opened.ok()) << opened;
  }

  // Everything in blocks of a few rows.
  absl::StatusOr<StagedCounts> Stage(const std::string& table, const std::vector<TestRow>& rows,
                                     const std::string& file, bool replace = false) {
    const uint32_t number = codebook_.FindTable(table).value();
    const size_t columns = codebook_.tables[number].columns.size();
    ASSIGN_OR_RETURN(auto import, store_->Begin(number, file, Sha256(file), replace, clock_.Now()));
    for (size_t first = 0; first < rows.size(); first += 7) {
      const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(first);
      const auto end = rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), first + 7));
      RETURN_IF_ERROR(import->Add(BlockOf({begin, end}, columns)));
    }
    return import->Commit();
  }
  absl::Status Close(Edition edition) { return store_->Close(edition, clock_.Now(), nullptr); }

  Plan PlanOf(const std::string& sql) const {
    v1::Question question;
    question.set_sql(sql);
    const absl::StatusOr<Question> bound = Bind(question, codebook_);
    EXPECT_TRUE(bound.ok()) << bound.status();
    return MakePlan({*bound}, Price{}, codebook_).value();
  }
  absl::StatusOr<std::vector<int64_t>> TryAsk(const Plan& plan) const {
    ASSIGN_OR_RETURN(const auto snapshot, store_->OpenSnapshot());
    ASSIGN_OR_RETURN(ExactVector exact, store_->Extract(*snapshot, plan));
    return ExactVectorPeek::At(std::move(exact));
  }
  std::vector<int64_t> Ask(const Plan& plan) const {
    const absl::StatusOr<std::vector<int64_t>> cells = TryAsk(plan);
    EXPECT_TRUE(cells.ok()) << cells.status();
    return cells.ok() ? *cells : std::vector<int64_t>();
  }
  std::vector<int64_t> Ask(const std::string& sql) const { return Ask(PlanOf(sql)); }

  const std::string folder_ =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_store_test_", getpid());
  SecureRandom random_;
  StoreClock clock_;
  Secret key_ = Secret(std::string(32, 'k'));
  StoreOptions options_;
  Codebook codebook_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<RecordStore> store_;
};

}  // namespace penc
