// Questions over real gRPC and mutual TLS, every charge synced, reply slots off (they are waiting, not work):
//   one at a time   how long an answer takes in an office of 200,000 persons (600,000 events)
//   32 x 16         different charged questions a second from 32 partners with 16 questions in flight each,
//   in that
//                   office (the scan of its records) and in one of 2,000 persons (everything else)
// and whether the ledger afterwards holds exactly the sum of what the answers say that they cost.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/steps.h"
#include "crypto/secure_random.h"
#include "ingest/byte_source.h"
#include "ledger/ledger.h"
#include "office/admin.h"
#include "office/office.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "rpc/tls13.h"

namespace penc {
namespace {

constexpr int kPartners = 32, kInFlight = 16, kEach = 10, kWarm = 200;

constexpr char kCodebook[] = R"(codebook: bench
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes: {kind: [{code: a, fr: A, en: A}, {code: b, fr: B, en: B}, {code: c, fr: C, en: C}, {code: d, fr: D, en: D}]}
tables:
  work:
    unit: event
    caps: {cells: 4, rows: 15}
    labels: {fr: Emploi, en: Work}
    columns:
      kind: {type: code, codes: kind, sensitivity: ordinary, fr: Sorte, en: Kind}
      number: {type: integer, range: [0, 999], sensitivity: ordinary, fr: Nombre, en: Number}
)";
constexpr char kPolicy[] = R"(policy: bench
valid_until: 2099-12-31
promise: {epsilon: 8, delta: 1e-6}
answers: {local: granted, regional: granted}
columns: {work.kind: allow, work.number: allow}
limits: {group_by: 3, cells: 65536}
display: {hide_margin_above: 50%, phantoms: 1}
)";

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "%s\n", std::string(value.status().message()).c_str());
    std::exit(1);
  }
  return *std::move(value);
}
void Must(const absl::Status& status) {
  if (!status.ok()) Must(absl::StatusOr<int>(status));
}

// Three rows a person, made as they are read.
class Rows : public ByteSource {
 public:
  explicit Rows(int persons) : rows_(persons * int64_t{3}) {}
  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    while (buffer_.size() - at_ < out.size() && next_ < rows_) {
      if (next_ == 0) buffer_ = "person_ref,kind,number\n";
      absl::StrAppend(&buffer_, "P", next_ / 3, ",", std::string(1, "abcd"[next_ * 7 % 4]), ",",
                      next_ * 7919LL % 1000, "\n");
      ++next_;
    }
    const size_t n = std::min(out.size(), buffer_.size() - at_);
    std::memcpy(out.data(), buffer_.data() + at_, n);
    at_ += n;
    if (at_ == buffer_.size()) {
      buffer_.clear();
      at_ = 0;
    }
    return n;
  }

 private:
  const int64_t rows_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t next_ = 0;
};

class Bench {
 public:
  explicit Bench(int persons) : persons_(persons) {
    std::filesystem::remove_all(dir_);
    Must(Office::Create(dir_, {.name = "bench", .codebook_text = kCodebook, .policy_text = kPolicy},
                        environment_));
    office_ = Must(Office::Open(dir_, environment_));
    v1::AdminCommand import, close;
    import.mutable_import_file()->set_file_name("rows.csv");
    import.mutable_import_file()->set_table("work");
    Rows rows(persons);
    Must(Administer(*office_, import, &rows, nullptr).status());
    close.mutable_close();
    Must(Administer(*office_, close, nullptr, nullptr).status());
    for (int i = 0; i < kPartners; ++i) AddPartner(i);
    rpc::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.quota = {1e9, 1e9};
    options.node.leaves_at = [](absl::Duration, absl::Duration elapsed) { return elapsed; };
    server_ = Must(rpc::NodeServer::Start(*office_, clock_, options));
    card_.set_card("bench");
    card_.set_address(absl::StrCat("127.0.0.1:", server_->port()));
    card_.set_key(office_->identity().fingerprint);
    for (const Identity& partner : partners_) {
      clients_.push_back(std::make_unique<rpc::NodeClient>(partner, card_, clock_));
    }
  }
  ~Bench() {
    server_.reset();
    office_.reset();
    std::filesystem::remove_all(dir_);
  }

  void OneAtATime() {
    std::vector<double> milliseconds;
    for (int i = 0; i < kWarm; ++i) {
      const absl::Duration start = rpc::Monotonic();
      Ask(0);
      milliseconds.push_back(absl::ToDoubleMilliseconds(rpc::Monotonic() - start));
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    std::printf("one at a time, %d persons: median %.1f ms, 99 %% %.1f ms\n", persons_,
                milliseconds[kWarm / 2], milliseconds[kWarm * 99 / 100]);
  }

  void ManyAtOnce() {
    const absl::Duration start = rpc::Monotonic();
    std::vector<std::thread> threads;
    for (int i = 0; i < kPartners * kInFlight; ++i) {
      threads.emplace_back([this, i] {
        for (int k = 0; k < kEach; ++k) Ask(i % kPartners);
      });
    }
    for (std::thread& thread : threads) thread.join();
    const int asked = kPartners * kInFlight * kEach;
    std::printf("%d partners x %d in flight, %d persons: %.0f charged answers a second\n", kPartners,
                kInFlight, persons_, asked / absl::ToDoubleSeconds(rpc::Monotonic() - start));
  }

  void CompareBudget() {
    const std::vector<CohortBalance> balances = office_->ledger().Balances();
    const bool exact = balances.size() == 1 && balances[0].spent.renyi == renyi_;
    std::printf("budget: the answers say %llu, the ledger holds %llu: %s\n",
                static_cast<unsigned long long>(renyi_.load()),
                static_cast<unsigned long long>(balances[0].spent.renyi), exact ? "exact" : "WRONG");
    if (!exact) std::exit(1);
  }

 private:
  void AddPartner(int number) {
    partners_.push_back(MakeIdentity(SigningKey::Generate(random_), "partner", clock_.Now()));
    v1::AdminCommand command;
    v1::GrantCommand* grant = command.mutable_grant();
    grant->set_public_key(
        absl::StrCat("partner: p", number, "\nkey: \"", partners_.back().fingerprint, "\"\n"));
    grant->set_share_ppm(1000000);
    grant->add_purposes("bench");
    grant->add_tables("work");
    grant->set_until("2099-01-31");
    Must(Administer(*office_, command, nullptr, nullptr).status());
  }

  // A question that nobody asked before, at 0.01 % of the budget.
  void Ask(int partner) {
    const int number = next_++;
    v1::Bulletin bulletin;
    bulletin.add_questions()->set_sql(
        absl::StrCat("SELECT kind, count(DISTINCT person) FROM work WHERE number BETWEEN ", number % 100,
                     " AND ", 500 + number / 100, " GROUP BY kind"));
    v1::Price price;
    price.set_share_ppm(100);
    v1::Answer answer = Must(clients_[partner]->Ask(bulletin, "bench", price));
    if (answer.has_refusal()) {
      std::fprintf(stderr, "refused: %s\n", answer.refusal().ShortDebugString().c_str());
      std::exit(1);
    }
    renyi_ += answer.charge().renyi();
  }

  const int persons_;
  const std::string dir_ =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_ask_bench_", getpid());
  SystemClock clock_;
  SecureRandom random_;
  NoSteps steps_;
  const Environment environment_{clock_, random_, steps_};
  std::unique_ptr<Office> office_;
  std::vector<Identity> partners_;
  std::unique_ptr<rpc::NodeServer> server_;
  storage::v1::Card card_;
  std::vector<std::unique_ptr<rpc::NodeClient>> clients_;
  std::atomic<int> next_{0};
  std::atomic<uint64_t> renyi_{0};
};

}  // namespace
}  // namespace penc

int main() {
  penc::rpc::RequireTls13();
  {
    penc::Bench bench(200000);
    bench.OneAtATime();
    bench.ManyAtOnce();
    bench.CompareBudget();
  }
  penc::Bench bench(2000);
  bench.ManyAtOnce();
  bench.CompareBudget();
}
