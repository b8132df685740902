#include "tests/statistical/auditor/twins.h"

#include <algorithm>
#include <filesystem>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "ingest/network_person.h"
#include "release/release.h"

namespace penc::audit {
namespace {

namespace fs = std::filesystem;

constexpr int kOthers = 40;  // people of both offices

constexpr char kCodebook[] = R"(codebook: audit
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  kind: [{code: a, fr: A, en: A}, {code: b, fr: B, en: B}]
tables:
  person:
    unit: person
    caps: {cells: 1, rows: 1}
    labels: {fr: Personnes, en: People}
    columns:
      home: {type: integer, range: [0, $0], sensitivity: ordinary, fr: Lieu, en: Home}
      kind: {type: code, codes: kind, sensitivity: ordinary, fr: Sorte, en: Kind}
      bucket: {type: integer, range: [0, 1048575], sensitivity: never}
  spread:
    unit: event
    caps: {cells: 4, rows: 4}
    labels: {fr: Passages, en: Passages}
    columns:
      place: {type: integer, range: [0, $1], sensitivity: ordinary, fr: Endroit, en: Place}
      turn: {type: integer, range: [0, 3], sensitivity: ordinary, fr: Tour, en: Turn}
  heavy:
    unit: event
    caps: {cells: 4, rows: 4}
    labels: {fr: Travaux, en: Work}
    columns:
      place: {type: integer, range: [0, $0], sensitivity: ordinary, fr: Endroit, en: Place}
      hours: {type: number, range: [0, 168], step: 1, sensitivity: ordinary, fr: Heures, en: Hours}
      grade: {type: integer, range: [0, 7], sensitivity: ordinary, fr: Niveau, en: Grade}
      turn: {type: integer, range: [0, 7], sensitivity: ordinary, fr: Tour, en: Turn}
linkage: {column: person.bucket, fields: [called], key_check: "$2"}
)";
constexpr char kPersons[] = R"(mapping: persons
codebook: audit@1
table: person
person: [person_ref]
columns: {home: home, kind: kind}
network_person: {called: called}
)";
const Secret& NetworkKey() {
  static const Secret key(std::string(32, 'k'));
  return key;
}
constexpr char kPolicy[] = R"(policy: audit
valid_until: 2030-06-30
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns: {person.home: allow, person.kind: allow, spread.place: allow, heavy.place: allow, heavy.hours: allow,
          heavy.grade: allow}
limits: {group_by: 2, cells: 1000000}
display: {hide_margin_above: 50%, phantoms: 1}
)";

Replayed& Begun(Replayed& random, uint64_t seed) {
  random.Restart(absl::StrCat("twins ", seed));
  return random;
}

void Must(const absl::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  PENC_CHECK(status.ok());
}

}  // namespace

Twins::Twins(const std::string& dir, uint32_t persons, uint64_t seed, const Real& real)
    : dir_(dir), persons_(persons), asker_(SigningKey::Generate(Begun(random_, seed))) {
  fs::remove_all(dir_);
  fs::create_directories(dir_);
  Found(
      dir_ + "/made_with", real ? real : [](uint32_t) { return true; });
  Found(dir_ + "/made_without", [](uint32_t) { return false; });
  Renew();
}

Twins::~Twins() {
  with_.reset();
  without_.reset();
  fs::remove_all(dir_);
}

void Twins::Renew() {
  with_.reset();
  without_.reset();
  for (const char* name : {"with", "without"}) {
    fs::remove_all(absl::StrCat(dir_, "/", name));
    fs::copy(absl::StrCat(dir_, "/made_", name), absl::StrCat(dir_, "/", name), fs::copy_options::recursive);
  }
  with_ = Open(dir_ + "/with");
  without_ = Open(dir_ + "/without");
}

std::unique_ptr<Office> Twins::Open(const std::string& dir) {
  auto office = Office::Open(dir, environment());
  Must(office.status());
  return *std::move(office);
}

absl::StatusOr<v1::AdminResult> Twins::Run(Office& office, const v1::AdminCommand& command,
                                           const std::string& upload) {
  TextSource source(upload);
  return Administer(office, command, &source, nullptr);
}

void Twins::Found(const std::string& dir, const Real& real) {
  InitOptions init;
  init.name = "Twin";
  init.codebook_text = absl::Substitute(kCodebook, persons_, 4 * persons_, NetworkKeyCheck(NetworkKey()));
  init.policy_text = kPolicy;
  init.listen = "127.0.0.1:0";
  Must(Office::Create(dir, init, environment()));
  const std::unique_ptr<Office> office = Open(dir);
  Grant(*office, asker_.verify_key());
  for (const int half : {0, 1}) {
    for (const char* table : {"person", "spread", "heavy"}) {
      const std::string rows = Rows(table, half, real);
      if (rows.empty()) continue;
      v1::AdminCommand import;
      import.mutable_import_file()->set_file_name(absl::StrCat(table, half, ".csv"));
      import.mutable_import_file()->set_table(table);
      if (absl::string_view(table) == "person") {
        import.mutable_import_file()->set_mapping(kPersons);
        import.mutable_import_file()->set_mapping_name("persons.yaml");
        import.mutable_import_file()->set_network_key(std::string(NetworkKey().view()));
      }
      Must(Run(*office, import, rows).status());
    }
    v1::AdminCommand close;
    close.mutable_close()->set_label(absl::StrCat("2026-Q", half + 1));
    Must(Run(*office, close).status());
  }
}

void Twins::Grant(Office& office, const VerifyKey& asker) {
  const std::string fingerprint = asker.Fingerprint();
  v1::AdminCommand command;
  v1::GrantCommand& grant = *command.mutable_grant();
  grant.set_public_key(absl::StrCat("partner: a", absl::BytesToHexString(fingerprint).substr(20, 8),
                                    "\nkey: \"", fingerprint, "\"\n"));
  grant.set_share_ppm(1000000);
  grant.add_purposes("plaidoyer");
  for (const char* table : {"person", "spread", "heavy"}) grant.add_tables(table);
  grant.set_until("2027-01-31");
  Must(Run(office, command).status());
}

std::string Twins::Rows(const std::string& table, int half, const Real& real) const {
  const bool persons = table == "person", heavy = table == "heavy";
  if (persons && half == 1) return "";
  std::string csv = persons ? "person_ref,home,kind,called\n"
                    : heavy ? "person_ref,place,hours,grade,turn\n"
                            : "person_ref,place,turn\n";
  const auto rows_of = [&](const std::string& person, uint32_t number, bool other) {
    if (persons) {
      absl::StrAppend(&csv, person, ",", number, other ? ",b," : ",a,", person, "\n");
    } else if (heavy) {
      for (int turn = 4 * half; turn < 4 * half + 4; ++turn)
        absl::StrAppend(&csv, person, ",", number, ",168,7,", turn, "\n");
    } else {
      for (int turn = 2 * half; turn < 2 * half + 2; ++turn)
        absl::StrAppend(&csv, person, ",", 4 * number + (other ? 0 : turn), ",", turn, "\n");
    }
  };
  for (int i = 0; i < kOthers; ++i) rows_of(absl::StrCat("Q", i), persons_, true);
  for (uint32_t p = 0; p < persons_; ++p) {
    if (real(p)) rows_of(absl::StrCat("P", p), p, false);
  }
  return csv;
}

std::vector<size_t> Twins::Buckets() const {
  BucketMaker network(&NetworkKey(), NetworkKey());
  std::vector<size_t> buckets;
  for (uint32_t p = 0; p < persons_; ++p) buckets.push_back(*network.Of({absl::StrCat("P", p)}));
  return buckets;
}

v1::AskBody Twins::Body(Office& office, const std::string& sql, const v1::Price& price) const {
  v1::AskBody body;
  body.set_node(office.identity().fingerprint);
  body.mutable_bulletin()->add_questions()->set_sql(sql);
  body.set_purpose("plaidoyer");
  *body.mutable_price() = price;
  body.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(1)));
  return body;
}

Plan Twins::PlanOf(const std::string& sql, const v1::Price& price) {
  const auto planned = PlanQuestions(Body(*with_, sql, price).bulletin(), price, *with_->rules().codebook);
  Must(planned.status());
  PENC_CHECK(!planned->refused);
  return planned->plan;
}

Spent Twins::SpentBy(Office& office) {
  Spent most;
  for (const CohortBalance& balance : office.ledger().Balances()) {
    most.pure = std::max(most.pure, balance.spent.pure);
    most.renyi = std::max(most.renyi, balance.spent.renyi);
  }
  return most;
}

}  // namespace penc::audit
