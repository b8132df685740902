#include "office/office.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <future>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "ledger/ledger.h"
#include "tests/support/small_office.h"

namespace penc {
namespace {

namespace fs = std::filesystem;

void ExpectSays(const absl::Status& status, absl::StatusCode code, absl::string_view english) {
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_TRUE(absl::StrContains(Explain(status).en, english)) << status;
  EXPECT_NE(Explain(status).fr, Explain(status).en);
}

using OfficeFolder = SmallOffice;

TEST_F(OfficeFolder, IsPrivateAndKeepsItsIdentity) {
  Create();
  struct stat found;
  ASSERT_EQ(stat(dir_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  for (const char* key : {"/keys/node.key", "/keys/ring"}) {
    ASSERT_EQ(stat((dir_ + key).c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600u) << key;
  }
  std::string fingerprint = office_->identity().fingerprint;
  clock_.now += absl::Hours(24 * 365 * 10);  // the certificate is renewed, the key stays
  Open();
  EXPECT_EQ(office_->identity().fingerprint, fingerprint);
  EXPECT_EQ(office_->rules().policy->name, "small");
  EXPECT_EQ(office_->rules().codebook->name, "small");
}

TEST_F(OfficeFolder, IsNeverMadeOverSomethingElse) {
  fs::create_directories(dir_ + "/precious");
  ExpectSays(Office::Create(dir_, Init(), environment()), absl::StatusCode::kAlreadyExists,
             "not an empty folder");
  EXPECT_TRUE(fs::exists(dir_ + "/precious"));
  fs::remove_all(dir_);
  fs::create_directories(dir_);
  EXPECT_TRUE(Office::Create(dir_, Init(), environment()).ok()) << "an empty folder will do";
}

TEST_F(OfficeFolder, BadCodebookOrPolicyLeavesNothingBehind) {
  InitOptions bad = Init();
  bad.codebook_text = "codebook: small\nversion: one\n";
  ExpectSays(Office::Create(dir_, bad, environment()), absl::StatusCode::kInvalidArgument,
             "codebook.yaml line 2");
  bad = Init();
  bad.policy_text = "policy: small\npolicy: twice\n";
  ExpectSays(Office::Create(dir_, bad, environment()), absl::StatusCode::kInvalidArgument,
             "policy.yaml line 2");
  for (const auto& entry : fs::directory_iterator(fs::path(dir_).parent_path())) {
    EXPECT_FALSE(absl::StartsWith(entry.path().string(), dir_)) << entry.path();
  }
}

TEST_F(OfficeFolder, IsOpenedByOnePencAtATime) {
  Create();
  ExpectSays(Office::Open(dir_, environment()).status(), absl::StatusCode::kFailedPrecondition,
             "already uses");
}

TEST_F(OfficeFolder, SaysWhatIsMissingOrDamaged) {
  ExpectSays(Office::Open(dir_, environment()).status(), absl::StatusCode::kNotFound, "penc init");
  Create();
  office_.reset();
  auto config = *ReadFile(dir_ + "/office.yaml");
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/office.yaml", "office: ALCRER\nformat: 1\nlisten: [\n").ok());
  ExpectSays(Office::Open(dir_, environment()).status(), absl::StatusCode::kInvalidArgument,
             "office.yaml line");
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/office.yaml", config).ok());
  fs::permissions(dir_ + "/keys/node.key", fs::perms::others_read, fs::perm_options::add);
  EXPECT_EQ(Office::Open(dir_, environment()).status().code(), absl::StatusCode::kPermissionDenied);
  fs::permissions(dir_ + "/keys/node.key", fs::perms::others_read, fs::perm_options::remove);
  fs::rename(dir_ + "/keys/node.key", dir_ + "/keys/elsewhere");
  ExpectSays(Office::Open(dir_, environment()).status(), absl::StatusCode::kDataLoss, "put the file back");
  fs::rename(dir_ + "/keys/elsewhere", dir_ + "/keys/node.key");
  Open();
}

// A row in the clear, a copy of the keys: neither stays where a command was cut off.
TEST_F(OfficeFolder, LeftoversOfCommandsThatWereCutOffGoAtTheNextOpening) {
  Create();
  office_.reset();
  fs::create_directories(dir_ + "/backup.new/db");
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/backup.new/db/CURRENT", "x").ok());
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/quarantine/20260815-work.csv.csv.tmp", "motif;P1").ok());
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/quarantine/20260814-work.csv.csv", "motif;P2").ok());
  Open();
  EXPECT_FALSE(fs::exists(dir_ + "/backup.new"));
  EXPECT_FALSE(fs::exists(dir_ + "/quarantine/20260815-work.csv.csv.tmp"));
  EXPECT_TRUE(fs::exists(dir_ + "/quarantine/20260814-work.csv.csv")) << "rows that wait to be corrected";
}

TEST_F(OfficeFolder, AppliedPolicyHoldsWhateverHappensToTheCopy) {
  Create();
  std::string stricter = absl::StrCat(kSmallPolicy, "");
  stricter.replace(stricter.find("policy: small"), 13, "policy: other");
  ASSERT_EQ(office_->ApplyPolicy("p.yaml", stricter)->version, 2u);
  EXPECT_EQ(office_->rules().policy->name, "other");
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/policy.yaml", kSmallPolicy).ok());
  Open();
  EXPECT_EQ(office_->rules().policy->name, "other");
  ExpectSays(office_->ApplyPolicy("p.yaml", "policy: x\ncolumns: {work.rase: allow}\n").status(),
             absl::StatusCode::kInvalidArgument, "p.yaml line");
  EXPECT_EQ(office_->rules().policy->name, "other");
}

TEST_F(OfficeFolder, ThePolicyInForceAppliedAgainIsNoNewVersion) {
  Create();
  const uint64_t leaves = Status().journal_size();
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/policy.yaml", "policy: scribbled\n").ok());
  const auto again = office_->ApplyPolicy("p.yaml", kSmallPolicy);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(again->version, 1u);
  EXPECT_EQ(Status().journal_size(), leaves);
  EXPECT_EQ(*ReadFile(dir_ + "/policy.yaml"), kSmallPolicy);
  const auto other = office_->ApplyPolicy("p.yaml", absl::StrCat(kSmallPolicy, "# a remark\n"));
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->unchanged);
  EXPECT_EQ(other->version, 2u);
}

TEST_F(OfficeFolder, CodebookTakesAdditionsOnlyOnceRecordsExist) {
  Create();
  ASSERT_TRUE(Import(Rows(30)).ok());
  std::string more = kSmallCodebook, fewer = kSmallCodebook;
  more.replace(more.find("version: 1"), 10, "version: 2");
  more.replace(more.find("[68, 88]"), 8, "[68, 99]");
  fewer.replace(fewer.find("version: 1"), 10, "version: 2");
  fewer.replace(fewer.find("[68, 88]"), 8, "[68, 80]");
  EXPECT_EQ(office_->ApplyCodebook("c.yaml", fewer).code(), absl::StatusCode::kFailedPrecondition);
  absl::Status applied = office_->ApplyCodebook("c.yaml", more);
  ASSERT_TRUE(applied.ok()) << applied;
  EXPECT_EQ(office_->rules().codebook->version, 2u);
  Open();
  EXPECT_EQ(office_->rules().codebook->version, 2u);
  ASSERT_TRUE(Close().ok());
}

TEST_F(OfficeFolder, EmergencyStopSurvivesARestart) {
  Create();
  ASSERT_TRUE(office_->SetStopped(true).ok());
  Open();
  EXPECT_TRUE(office_->rules().stopped);
  ASSERT_TRUE(office_->SetStopped(false).ok());
  Open();
  EXPECT_FALSE(office_->rules().stopped);
}

TEST_F(OfficeFolder, EmergencyStopHoldsAtOnceThoughTheDiskIsFull) {
  Create();
  struct rlimit whole {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &whole), 0);
  struct rlimit little = whole;
  little.rlim_cur = 1 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const absl::Status stopped = office_->SetStopped(true);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &whole), 0);
  ExpectSays(stopped, absl::StatusCode::kResourceExhausted, "refuses every question from now on");
  EXPECT_TRUE(office_->rules().stopped);
  EXPECT_TRUE(office_->SetStopped(true).ok()) << "to be typed again";
  Open();
  EXPECT_TRUE(office_->rules().stopped);
}

// Something happens between a lift's write and what memory makes of it.
class AfterLift final : public Steps {
 public:
  void Reached(absl::string_view step) override {
    if (step == "office.lifted" && then) std::exchange(then, nullptr)();
  }
  std::function<void()> then;
};

TEST_F(OfficeFolder, ALiftThatIsLateLiftsNoNewerStop) {
  Create();
  AfterLift steps;
  office_.reset();
  auto opened = Office::Open(dir_, {clock_, random_, steps});
  ASSERT_TRUE(opened.ok()) << opened.status();
  office_ = *std::move(opened);
  ASSERT_TRUE(office_->SetStopped(true).ok());
  const uint64_t first = office_->rules().stop_leaf;
  steps.then = [&] { ASSERT_TRUE(office_->SetStopped(true).ok()); };
  ASSERT_TRUE(office_->SetStopped(false).ok());
  EXPECT_TRUE(office_->rules().stopped) << "the disk says so";
  EXPECT_EQ(office_->rules().stop_leaf, first + 2);
  ASSERT_TRUE(office_->SetStopped(false).ok());
  EXPECT_FALSE(office_->rules().stopped);
  // A newer stop that could not be written holds until a restart.
  ASSERT_TRUE(office_->SetStopped(true).ok());
  steps.then = [&] {
    struct rlimit whole {};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &whole), 0);
    struct rlimit little = whole;
    little.rlim_cur = 1;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
    EXPECT_FALSE(office_->SetStopped(true).ok());
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &whole), 0);
  };
  ASSERT_TRUE(office_->SetStopped(false).ok());
  EXPECT_TRUE(office_->rules().stopped);
  ASSERT_TRUE(office_->SetStopped(false).ok());
  EXPECT_FALSE(office_->rules().stopped);
  Open();
  EXPECT_FALSE(office_->rules().stopped);
}

TEST_F(OfficeFolder, ACommandThatWaitsForAnotherSaysSo) {
  Create();
  std::promise<void> waits;
  std::unique_lock<Writing> other(office_->writing());
  auto undone = std::async(std::launch::async, [&] {
    v1::AdminCommand undo;
    undo.mutable_undo()->set_batch(1);
    return Administer(*office_, undo, nullptr,
                      [&](const v1::AdminProgress& at) {
                        if (at.step() == "waiting") waits.set_value();
                      })
        .status();
  });
  ASSERT_EQ(waits.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(Status().staged_rows(), 0u) << "readers do not wait";
  other.unlock();
  ExpectSays(undone.get(), absl::StatusCode::kNotFound, "no batch 1");
}

TEST_F(OfficeFolder, ACommandThatWaitsSaysForWhichOneAndSinceWhen) {
  Create();
  std::promise<v1::AdminProgress> waits;
  std::unique_lock<Writing> other(office_->writing());
  office_->writing().Say({"import_file", clock_.now});
  std::atomic<bool> left{false};
  auto closed = std::async(std::launch::async, [&] {
    v1::AdminCommand close;
    close.mutable_close();
    return Administer(
               *office_, close, nullptr, [&](const v1::AdminProgress& at) { waits.set_value(at); },
               [&] { return left.load(); })
        .status();
  });
  auto said = waits.get_future();
  ASSERT_EQ(said.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  const v1::AdminProgress at = said.get();
  EXPECT_EQ(at.running(), "import_file");
  EXPECT_EQ(at.since_unix_micros(), absl::ToUnixMicros(clock_.now));
  // Whoever typed it went away: it must not run hours later.
  left = true;
  EXPECT_EQ(closed.get().code(), absl::StatusCode::kCancelled);
  other.unlock();
  EXPECT_FALSE(office_->writing().turn().has_value());
}

TEST_F(OfficeFolder, ADryRunWaitsForNobodyAndHoldsUpNobody) {
  Create();
  const std::unique_lock<Writing> other(office_->writing());
  for (const bool propose : {false, true}) {
    v1::AdminCommand command;
    v1::ImportCommand& import = *command.mutable_import_file();
    import.set_file_name("work.csv");
    import.set_table("work");
    import.set_dry_run(true);
    import.set_propose(propose);
    TextSource rows(Rows(5));
    const auto read = Administer(*office_, command, &rows, nullptr, [] { return false; });
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->import_file().read(), 15u);
  }
}

TEST_F(OfficeFolder, EveryClosingOpensABudget) {
  Create();
  ASSERT_TRUE(Import(Rows(30)).ok());
  auto closed = Close();
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->close().edition(), "2026-Q3");
  EXPECT_EQ(Close().status().code(), absl::StatusCode::kFailedPrecondition);
  clock_.now += absl::Hours(24 * 365);
  EXPECT_EQ(Close().status().code(), absl::StatusCode::kFailedPrecondition) << "clock set forward a year";
  clock_.now -= absl::Hours(24 * 365 * 2);
  EXPECT_EQ(Close().status().code(), absl::StatusCode::kFailedPrecondition) << "clock set back a year";
  closed = Close("2026-Q4");
  ASSERT_TRUE(closed.ok()) << closed.status();
  v1::BudgetResult budget = Budget();
  ASSERT_EQ(budget.cohorts_size(), 2);
  EXPECT_EQ(budget.cohorts(0).cohort(), "2026-Q3");
  EXPECT_EQ(budget.cohorts(1).cohort(), "2026-Q4");
  EXPECT_EQ(budget.cohorts(0).epsilon(), "8");
  EXPECT_EQ(budget.cohorts(0).delta(), "1e-6");
  EXPECT_EQ(budget.cohorts(0).spent_ppm(), 0u);
}

TEST_F(OfficeFolder, TheBudgetShowsWhatRoundsGaveBackApart) {
  Create();
  ASSERT_TRUE(Import(Rows(30)).ok());
  ASSERT_TRUE(Close().ok());
  Charge charge;
  charge.asker = "SHA256:a";
  charge.cohorts = {office_->ledger().Balances()[0].cohort};
  charge.cost = [](Order) { return Cost{kInfinitePure, RenyiBudget({}) / 10}; };
  charge.kind = ChargeKind::kRegional;
  for (const char* round : {"one", "another"}) {
    charge.slot = Sha256(round);
    auto slot = office_->ledger().Reserve(charge);
    ASSERT_TRUE(slot.ok() && slot->state == Slot::State::kReserved);
    ASSERT_TRUE(office_->ledger().Commit(*slot, "hash").ok());
  }
  EXPECT_EQ(Budget().cohorts(0).refunded_ppm(), 0u);
  ASSERT_TRUE(office_->ledger().Refund(charge.slot).ok());
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_EQ(Budget().cohorts(0).spent_ppm(), 100000u);
    EXPECT_EQ(Budget().cohorts(0).refunded_ppm(), 100000u);
    EXPECT_EQ(Budget().cohorts(0).askers(0).spent_ppm(), 100000u);
    Open();  // the ledger and the journal are compared
  }
  v1::AdminCommand verify;
  verify.mutable_journal_verify();
  EXPECT_TRUE(Run(verify).ok());
}

TEST_F(OfficeFolder, GrantsAreReadAsTheyAreAndBadOnesAreNamed) {
  Create();
  SigningKey one = SigningKey::Generate(random_), two = SigningKey::Generate(random_);
  const std::string a = one.verify_key().Fingerprint(), b = two.verify_key().Fingerprint();
  EXPECT_EQ(office_->Knows(a).code(), absl::StatusCode::kPermissionDenied);
  absl::Status granted = Grant(a, "iom-dakar");
  ASSERT_TRUE(granted.ok()) << granted;
  EXPECT_TRUE(office_->Knows(a).ok());
  EXPECT_EQ(Grant(a, "twice").code(), absl::StatusCode::kAlreadyExists);
  // A person copies the file for another key, and mistypes it.
  std::string text = *ReadFile(dir_ + "/grants/iom-dakar.yaml");
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/grants/copy.yaml", text).ok());
  EXPECT_EQ(Status().grant_errors_size(), 1);
  EXPECT_EQ(office_->Knows(a).code(), absl::StatusCode::kPermissionDenied) << "two files for one key: denied";
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/grants/copy.yaml", "grant: copy\nkee: x\n").ok());
  v1::StatusResult status = Status();
  ASSERT_EQ(status.grant_errors_size(), 1);
  EXPECT_TRUE(absl::StrContains(status.grant_errors(0).en(), "copy.yaml line 2"));
  EXPECT_TRUE(absl::StrContains(status.grant_errors(0).fr(), "copy.yaml ligne 2"));
  EXPECT_TRUE(office_->Knows(a).ok());
  EXPECT_EQ(office_->Knows(b).code(), absl::StatusCode::kPermissionDenied);
  fs::remove(dir_ + "/grants/iom-dakar.yaml");
  EXPECT_EQ(Status().grants_size(), 0);
  EXPECT_EQ(office_->Knows(a).code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(OfficeFolder, DescribesOnlyWhatTheGrantNames) {
  Create();
  const std::string key = SigningKey::Generate(random_).verify_key().Fingerprint();
  EXPECT_EQ(office_->Describe(key).status().code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(Grant(key, "iom-dakar").ok());
  auto described = office_->Describe(key);
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_EQ(described->organisation(), "ALCRER");
  EXPECT_EQ(described->codebook(), "small@1");
  ASSERT_EQ(described->tables_size(), 1);
  ASSERT_EQ(described->tables(0).columns_size(), 2);
  EXPECT_EQ(described->tables(0).columns(0).rule(), "allow");
  EXPECT_EQ(described->tables(0).columns(0).codes_size(), 3);
  EXPECT_EQ(described->tables(0).columns(1).from(), "68");
  EXPECT_EQ(described->tables(0).columns(1).to(), "88");
  EXPECT_EQ(absl::FormatTime("%Y-%m-%d", absl::FromUnixMicros(described->granted_until_unix_micros()),
                             absl::UTCTimeZone()),
            "2027-01-31");
}

TEST_F(OfficeFolder, JournalVerifiesAndShowsWhatHappened) {
  Create();
  ASSERT_TRUE(Import(Rows(30)).ok());
  ASSERT_TRUE(Close().ok());
  v1::AdminCommand verify, show;
  verify.mutable_journal_verify();
  show.mutable_journal_show();
  auto verified = Run(verify);
  ASSERT_TRUE(verified.ok()) << verified.status();
  auto shown = Run(show);
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(verified->journal_verify().size(), static_cast<uint64_t>(shown->journal_show().entries_size()));
  std::vector<std::string> kinds;
  for (const v1::JournalEntry& entry : shown->journal_show().entries()) kinds.push_back(entry.kind());
  EXPECT_EQ(kinds, (std::vector<std::string>{"office_created", "codebook_applied", "policy_applied",
                                             "imported", "closed"}));
  EXPECT_TRUE(absl::StartsWith(verified->journal_verify().checkpoint(), "penc/ALCRER\n5\n"));
}

TEST_F(OfficeFolder, CardNamesAddressAndKey) {
  Create();
  v1::AdminCommand command;
  command.mutable_card()->set_address("alcrer.example:7411");
  auto card = Run(command);
  ASSERT_TRUE(card.ok()) << card.status();
  EXPECT_TRUE(absl::StrContains(card->card().text(), office_->identity().fingerprint));
  EXPECT_TRUE(absl::StrContains(card->card().text(), "alcrer.example:7411"));
}

}  // namespace
}  // namespace penc
