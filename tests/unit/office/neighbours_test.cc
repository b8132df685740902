// Two offices that lived the same life, but for all events of one person: whatever partners are told of them
// is the same to the last byte, apart from the numbers that noise was added to; and under the same noise
// those differ by no more than the plan is charged for.
#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "ledger/ledger.h"
#include "office/signing.h"
#include "penc/v1/node_service.pb.h"
#include "tests/support/replayed.h"
#include "tests/support/seed.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

constexpr char kVictim[] = "V";
constexpr char kCodebookText[] = R"(codebook: twins
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex: [{code: f, fr: F, en: F}, {code: m, fr: M, en: M}]
  need: [{code: food, fr: Vivres, en: Food}, {code: care, fr: Soins, en: Care}, {code: roof, fr: Toit, en: Roof}]
mains:
  need: [roof, care, food]
tables:
  person:
    unit: person
    caps: {cells: 3, rows: 1}
    labels: {fr: Personnes, en: People}
    columns:
      sex: {type: code, codes: sex, sensitivity: ordinary, fr: Sexe, en: Sex}
      profile: {type: codes, codes: need, max: 3, sensitivity: ordinary, fr: Profil, en: Profile}
      delicate: {type: code, codes: sex, sensitivity: sensitive, fr: Délicat, en: Delicate}
  work:
    unit: event
    caps: {cells: 3, rows: 4}
    labels: {fr: Emplois, en: Work}
    columns:
      year: {type: integer, range: [70, 76], sensitivity: ordinary, fr: Année, en: Year}
      hours: {type: number, range: [0, 168], step: 1, sensitivity: ordinary, fr: Heures, en: Hours}
      secret: {type: integer, range: [0, 9], sensitivity: ordinary, fr: Secret, en: Secret}
)";
constexpr char kPolicyText[] = R"(policy: twins
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns: {person.sex: allow, person.profile: allow, person.delicate: ask, work.year: allow, work.hours: allow}
limits: {group_by: 2, cells: 500}
display: {hide_margin_above: 50%, phantoms: 1}
)";

// One of the two.
class Twin {
 public:
  Twin(const std::string& dir, const Clock& clock) : dir_(dir), clock_(clock) {
    std::filesystem::remove_all(dir_);
    random_.Restart("created");
    InitOptions init;
    init.name = "Twin";
    init.codebook_text = kCodebookText;
    init.policy_text = kPolicyText;
    Expect(Office::Create(dir_, init, {clock_, random_, steps_}));
    Open();
  }
  ~Twin() {
    office_.reset();
    std::filesystem::remove_all(dir_);
  }
  void Open() {
    office_.reset();
    auto office = Office::Open(dir_, {clock_, random_, steps_});
    Expect(office.status());
    office_ = *std::move(office);
  }

  void Import(const std::string& table, const std::string& csv, const std::string& file, bool replace) {
    v1::AdminCommand command;
    command.mutable_import_file()->set_file_name(file);
    command.mutable_import_file()->set_table(table);
    command.mutable_import_file()->set_replace(replace);
    TextSource source(csv);
    Expect(Administer(*office_, command, &source, nullptr).status());
  }
  void Run(const v1::AdminCommand& command) {
    Expect(Administer(*office_, command, nullptr, nullptr).status());
  }

  // Everything that a partner is told in return, in words of this test.
  Office::Asked Ask(const SigningKey& key, v1::AskBody body, const std::string& seed) {
    body.set_node(office_->identity().fingerprint);
    const std::string bytes = body.SerializeAsString();
    random_.Restart(seed);
    return office_->Ask(key.verify_key(), bytes, SignAsk(key, bytes));
  }
  std::string TellsOfItself(const std::string& fingerprint) {
    std::vector<std::string> told = {Shown(office_->Describe(fingerprint)),
                                     Shown(office_->Budget(fingerprint)), office_->ChargeCheckpoint().value(),
                                     office_->Knows(fingerprint).ToString()};
    return absl::StrJoin(told, "\n");
  }
  std::string Explains(const std::string& fingerprint, const v1::ExplainRequest& request) {
    return Shown(office_->Explain(fingerprint, request));
  }
  // Questions before a person.
  std::vector<uint64_t> Pending() const {
    v1::AdminCommand command;
    command.mutable_pending();
    std::vector<uint64_t> numbers;
    const auto result = Administer(*office_, command, nullptr, nullptr);
    for (const v1::PendingQuestion& one : result->pending().questions()) numbers.push_back(one.number());
    return numbers;
  }
  uint64_t Persons() const { return Status().persons(); }

 private:
  template <typename Message>
  static std::string Shown(const absl::StatusOr<Message>& message) {
    return message.ok() ? message->DebugString() : message.status().ToString();
  }
  static void Expect(const absl::Status& status) { ASSERT_TRUE(status.ok()) << status; }
  v1::StatusResult Status() const {
    v1::AdminCommand command;
    command.mutable_status();
    return Administer(*office_, command, nullptr, nullptr)->status();
  }

  const std::string dir_;
  const Clock& clock_;
  Replayed random_;
  NoSteps steps_;
  std::unique_ptr<Office> office_;
};

class Neighbours : public ::testing::Test {
 protected:
  // A file with everybody's rows, and the same without the victim's.
  struct Files {
    std::string with, without;
  };
  Files Rows(const std::string& table) {
    Files files;
    const std::string head =
        table == "person" ? "person_ref,sex,profile,delicate\n" : "person_ref,year,hours,secret\n";
    files.with = files.without = head;
    const char* const profiles[] = {"", "food", "care roof", "food care roof"};
    for (int i = 0; i < 40; ++i) {
      // The victim is in a file many times, and always twice at least: nobody is heavier.
      const bool victim = i < 2 || dice_.Below(4) == 0;
      const std::string person = victim ? kVictim : absl::StrCat("P", dice_.Below(12));
      std::string row;
      if (table == "person") {
        absl::StrAppend(&row, person, ",", dice_.Below(2) == 0 ? "f" : "m", ",", profiles[dice_.Below(4)],
                        dice_.Below(2) == 0 ? ",f" : ",m", "\n");
      } else {
        absl::StrAppend(&row, person, ",", 70 + dice_.Below(7), ",", dice_.Below(169), ",", dice_.Below(10),
                        "\n");
      }
      files.with += row;
      if (!victim) files.without += row;
    }
    return files;
  }
  void Import(const std::string& table, bool replace = false) {
    const Files files = Rows(table);
    const std::string name = absl::StrCat(table, ++files_, ".csv");
    with_.Import(table, files.with, name, replace);
    without_.Import(table, files.without, name, replace);
  }
  void Both(const v1::AdminCommand& command) {
    with_.Run(command);
    without_.Run(command);
  }
  void Close() {
    v1::AdminCommand command;
    command.mutable_close()->set_label(absl::StrCat("2026-Q", ++closed_));
    Both(command);
  }
  void EraseVictim() {
    v1::AdminCommand command;
    command.mutable_erase()->add_person(kVictim);
    with_.Run(command);
  }
  v1::AskBody Body(const std::string& sql, uint32_t ppm) {
    v1::AskBody body;
    body.mutable_bulletin()->add_questions()->set_sql(sql);
    body.set_purpose("plaidoyer");
    body.mutable_price()->set_share_ppm(ppm);
    body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
    return body;
  }

  // What is left of an answer without the numbers that noise was added to, and without what follows from
  // them.
  static v1::Answer WithoutNumbers(v1::Answer answer) {
    for (v1::Table& table : *answer.mutable_tables()) {
      for (v1::Block& block : *table.mutable_blocks()) block.clear_noisy();
      for (v1::Row& row : *table.mutable_rows()) row.clear_values();
      table.clear_hidden_rows();
      table.clear_reading();
    }
    return answer;
  }

  void SameButForNoise(const v1::AskBody& body, const std::string& what) {
    const std::string seed = absl::StrCat("question ", ++asked_);
    const Office::Asked a = with_.Ask(key_, body, seed), b = without_.Ask(key_, body, seed);
    EXPECT_EQ(a.work.questions, b.work.questions) << what;
    EXPECT_EQ(a.work.cells, b.work.cells) << what << ": the reply slot";
    ASSERT_EQ(a.answer.status(), b.answer.status()) << what;
    if (!a.answer.ok()) {
      ++errors_;
      return;
    }
    v1::Answer with, without;
    ASSERT_TRUE(with.ParseFromString(*a.answer) && without.ParseFromString(*b.answer));
    refused_ += with.has_refusal();
    EXPECT_TRUE(
        google::protobuf::util::MessageDifferencer::Equals(WithoutNumbers(with), WithoutNumbers(without)))
        << what << "\n"
        << WithoutNumbers(with).DebugString() << WithoutNumbers(without).DebugString();
    for (int t = 0; t < with.tables_size(); ++t) {
      for (int n = 0; n < with.tables(t).blocks_size(); ++n) {
        const v1::Block &x = with.tables(t).blocks(n), &y = without.tables(t).blocks(n);
        ASSERT_EQ(x.noisy_size(), y.noisy_size()) << what;
        uint64_t l0 = 0, linf = 0, l1 = 0;
        for (int i = 0; i < x.noisy_size(); ++i) {
          const auto d = static_cast<uint64_t>(std::llabs(x.noisy(i) - y.noisy(i)));
          l0 += d > 0;
          linf = std::max(linf, d);
          l1 += d;
        }
        differing_ += l0 > 0;
        EXPECT_TRUE(l0 <= x.l0() && linf <= x.linf() && l1 <= x.l1()) << what << ", block " << n;
      }
    }
  }
  // A person decides of whatever waits: by the question, not by the records.
  void DecideAll() {
    ASSERT_EQ(with_.Pending(), without_.Pending());
    for (uint64_t number : with_.Pending()) {
      v1::AdminCommand decide;
      decide.mutable_decide()->set_number(number);
      decide.mutable_decide()->set_approve(number % 2 == 1);
      decide.mutable_decide()->set_because("par principe");
      Both(decide);
    }
  }
  // Everything that a partner can do.
  void SameForPartners() {
    EXPECT_EQ(with_.TellsOfItself(fingerprint_), without_.TellsOfItself(fingerprint_));
    for (const char* sql : {
             "SELECT count(DISTINCT person) FROM work",
             "SELECT year, count(*), count(DISTINCT person), avg(hours) FROM work GROUP BY year",
             "SELECT person.sex, sum(hours) FROM work WHERE year > 72 GROUP BY person.sex",
             "SELECT profile, count(DISTINCT person) FROM person GROUP BY profile",
             "SELECT main_of(profile), sex, count(*) FROM person GROUP BY main_of(profile), sex",
             "SELECT count(*) FROM work WHERE entered = '2026-Q1'",
             "SELECT count(*) FROM work WHERE entered >= '2026-Q2'",
             "SELECT year, count(*) FROM work WHERE hours BETWEEN 100 AND 168 AND hours IS NOT NULL GROUP BY "
             "year",
         }) {
      SameButForNoise(Body(sql, 15000), sql);
      SameButForNoise(Body(sql, 15000), sql);  // the stored answer
    }
    for (const char* sql : {
             "SELECT count(*) FROM nowhere",
             "SELECT colour, count(*) FROM work GROUP BY colour",
             "SELECT count(*) FROM work WHERE secret = 3",
             "SELECT count(*) FROM work WHERE person = 'V'",
             "SELECT count(*) FROM work WHERE hours < 0",
             "SELECT * FROM work",
             "SELECT delicate, count(*) FROM person GROUP BY delicate",
             "SELECT sex, count(*) FROM person WHERE delicate = 'f' GROUP BY sex",
             "nonsense",
             "SELECT year, person.sex, person.profile, count(*) FROM work GROUP BY year, person.sex, "
             "person.profile",
             "SELECT hours, year, count(*) FROM work GROUP BY hours, year",
             "SELECT count(*) FROM work WHERE entered = '2031-Q1'",
         }) {
      SameButForNoise(Body(sql, 15000), sql);
      v1::ExplainRequest request;
      *request.mutable_bulletin() = Body(sql, 1).bulletin();
      request.set_purpose("plaidoyer");
      request.mutable_price()->set_share_ppm(15000);
      EXPECT_EQ(with_.Explains(fingerprint_, request), without_.Explains(fingerprint_, request)) << sql;
    }
    DecideAll();
    SameButForNoise(Body("SELECT delicate, count(*) FROM person GROUP BY delicate", 15000), "approved");
    SameButForNoise(Body("SELECT sex, count(*) FROM person WHERE delicate = 'f' GROUP BY sex", 15000),
                    "refused");
    SameButForNoise(Body("SELECT count(*) FROM work", 1000000), "more than there is");
    v1::AskBody late = Body("SELECT count(*) FROM work", 1000);
    late.set_expires_unix_micros(absl::ToUnixMicros(clock_.now - absl::Hours(1)));
    SameButForNoise(late, "late");
    EXPECT_EQ(with_.TellsOfItself(fingerprint_), without_.TellsOfItself(fingerprint_));
  }

  PrintedRandom dice_;
  SetClock clock_;
  const std::string dir_ = absl::StrCat(::testing::TempDir(), "/twins_", getpid());
  Twin with_{dir_ + "_with", clock_}, without_{dir_ + "_without", clock_};
  SigningKey key_ = SigningKey::Generate(dice_);
  const std::string fingerprint_ = key_.verify_key().Fingerprint();
  int files_ = 0, closed_ = 0, asked_ = 0, errors_ = 0, refused_ = 0, differing_ = 0;
};

TEST_F(Neighbours, LookTheSameToPartnersButForTheNoise) {
  v1::AdminCommand grant;
  grant.mutable_grant()->set_public_key(absl::StrCat("partner: x\nkey: \"", fingerprint_, "\"\n"));
  grant.mutable_grant()->set_share_ppm(900000);
  grant.mutable_grant()->add_purposes("plaidoyer");
  grant.mutable_grant()->add_tables("work");
  grant.mutable_grant()->add_tables("person");
  grant.mutable_grant()->set_until("2027-01-31");
  Both(grant);
  SameForPartners();  // nothing closed

  Import("person");
  Import("work");
  Close();
  EXPECT_EQ(with_.Persons(), without_.Persons() + 1);
  SameForPartners();

  Import("work");
  Import("work");
  v1::AdminCommand undo;
  undo.mutable_undo()->set_batch(3);
  Both(undo);
  SameForPartners();  // what is staged is asked by nobody

  EraseVictim();  // in the middle of an edition
  EXPECT_EQ(with_.Persons(), without_.Persons());
  SameForPartners();

  Close();
  SameForPartners();
  Import("work", /*replace=*/true);  // back again
  Import("person", /*replace=*/true);
  Close();
  SameForPartners();
  EraseVictim();
  with_.Open();
  without_.Open();
  SameForPartners();

  EXPECT_GT(differing_, 5) << "the numbers themselves do depend on the person";
  EXPECT_GT(refused_, 30);
  EXPECT_GT(errors_, 30);
}

}  // namespace
}  // namespace penc
