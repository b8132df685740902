// The record store at the size that it is held to: 10 million events of 3 million persons (or the number of
// events given as first argument), through the public interface: staged, closed, asked warm and cold. Prints
// one table; times are the best of seven for questions, one run for the rest. Beside each question the
// processor time of all threads: it tells a busy machine from a slow scan.
//
//   store_bench [EVENTS]              the table
//   store_bench EVENTS --csv FILE     only writes the same events as a CSV (tests/bench/beside_duckdb.mjs)
//   store_bench EVENTS --json         questions only, as one line of JSON: {"name": milliseconds}
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/clock.h"
#include "base/database.h"
#include "codebook/read.h"
#include "crypto/secure_random.h"
#include "journal/committer.h"
#include "question/bind.h"
#include "question/plan.h"
#include "store/record_store.h"

namespace penc {
namespace {

constexpr uint32_t kPlaces = 16, kMonths = 36, kAmounts = 1001;

std::string CodebookText() {
  std::string codes;
  for (uint32_t i = 0; i < kPlaces; ++i) {
    absl::StrAppend(&codes, "    - {code: p", i, ", fr: P", i, ", en: P", i, "}\n");
  }
  return absl::StrCat(R"(codebook: bench
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  place:
)",
                      codes, R"(  sex:
    - {code: f, fr: F, en: F}
    - {code: m, fr: M, en: M}
tables:
  move:
    unit: event
    caps: {cells: 4, rows: 8}
    labels: {fr: Trajets, en: Moves}
    columns:
      origin: {type: code, codes: place, sensitivity: public, fr: Origine, en: Origin}
      dest: {type: code, codes: place, sensitivity: public, fr: Destination, en: Destination}
      month: {type: month, from: 2024-01, to: 2026-12, sensitivity: public, fr: Mois, en: Month}
      sex: {type: code, codes: sex, sensitivity: public, fr: Sexe, en: Sex}
      amount: {type: integer, range: [0, 1000], sensitivity: public, fr: Montant, en: Amount}
)");
}

double Seconds(absl::Time since) { return absl::ToDoubleSeconds(absl::Now() - since); }

double Resident() {
  std::ifstream in("/proc/self/statm");
  uint64_t pages = 0, resident = 0;
  in >> pages >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) std::fprintf(stderr, "%s\n", std::string(value.status().message()).c_str());
  PENC_CHECK(value.ok());
  return *std::move(value);
}
void Must(const absl::Status& status) { PENC_CHECK(status.ok()); }

// Everything of one office that a store needs.
struct Bench {
  explicit Bench(const std::string& folder) {
    database = Must(Database::Open(folder));
    journal = Must(Journal::Open(*database, random));
    committer = std::make_unique<Committer>(*database, *journal, clock);
    codebook = Must(ReadCodebook("bench.yaml", CodebookText()));
    StoreOptions options;
    options.random = &random;
    store = Must(RecordStore::Open(*database, *committer, codebook, key, options));
  }

  SecureRandom random;
  SystemClock clock;
  const Secret key = Secret(std::string(32, 'k'));
  std::unique_ptr<Database> database;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<Committer> committer;
  Codebook codebook;
  std::unique_ptr<RecordStore> store;
};

struct Event {
  uint64_t person;
  uint32_t origin, dest, month, sex, amount;
};

// A person's events lie anywhere in the file, as in a real one.
template <typename Visit>
void ForEachEvent(uint64_t events, Visit visit) {
  std::mt19937_64 random(42);
  const uint64_t persons = events * 3 / 10 + 1;
  for (uint64_t i = 0; i < events; ++i) {
    const uint64_t person = random() % persons, bits = random();
    visit(Event{person, static_cast<uint32_t>(person % kPlaces), static_cast<uint32_t>(bits % kPlaces),
                static_cast<uint32_t>((bits >> 8) % kMonths), static_cast<uint32_t>(person % 2),
                static_cast<uint32_t>((bits >> 24) % kAmounts)});
  }
}

std::vector<RowBlock> MakeRows(uint64_t events) {
  std::vector<RowBlock> blocks;
  ForEachEvent(events, [&](const Event& event) {
    if (blocks.empty() || blocks.back().rows() == 65536) {
      blocks.emplace_back();
      blocks.back().columns.resize(5);
    }
    RowBlock& block = blocks.back();
    const uint64_t words[2] = {(event.person + 1) * 0x9e3779b97f4a7c15u, event.person * 0xd1342543de82ef95u};
    PersonKey key;
    std::memcpy(key.data(), words, sizeof(words));
    block.persons.push_back(key);
    const uint32_t values[] = {event.origin, event.dest, event.month, event.sex, event.amount};
    for (size_t c = 0; c < 5; ++c) block.columns[c].push_back(1 + values[c]);
  });
  return blocks;
}

void WriteCsv(uint64_t events, const char* path) {
  FILE* file = std::fopen(path, "w");
  PENC_CHECK(file != nullptr);
  std::fputs("person_ref,origin,dest,month,sex,amount\n", file);
  ForEachEvent(events, [file](const Event& e) {
    std::fprintf(file, "%07llu,p%u,p%u,%u-%02u,%c,%u\n", static_cast<unsigned long long>(e.person), e.origin,
                 e.dest, 2024 + e.month / 12, e.month % 12 + 1, e.sex == 0 ? 'f' : 'm', e.amount);
  });
  PENC_CHECK(std::fclose(file) == 0);
}

double ProcessorSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Best {
  double seconds = 1e9, processor = 1e9;
};

Best Ask(const Bench& bench, const std::string& sql, int times, size_t* cells) {
  v1::Question question;
  question.set_sql(sql);
  const Plan plan = Must(MakePlan({Must(Bind(question, bench.codebook))}, Price{}, bench.codebook));
  *cells = plan.length;
  Best best;
  for (int i = 0; i < times; ++i) {
    const auto snapshot = Must(bench.store->OpenSnapshot());
    const absl::Time start = absl::Now();
    const double processor = ProcessorSeconds();
    const ExactVector exact = Must(bench.store->Extract(*snapshot, plan));
    best.seconds = std::min(best.seconds, Seconds(start));
    best.processor = std::min(best.processor, ProcessorSeconds() - processor);
    PENC_CHECK(exact.size() == plan.length);
  }
  return best;
}

struct Asked {
  const char* name;
  std::string sql;
};

constexpr char kByThree[] =
    "SELECT origin, dest, month, count(DISTINCT person) FROM move "
    "WHERE origin IS NOT NULL AND dest IS NOT NULL AND month IS NOT NULL "
    "GROUP BY origin, dest, month";

std::vector<Asked> Questions() {
  return {
      {"persons by origin x dest x month, not NULL", kByThree},
      {"persons by origin x dest x month",
       "SELECT origin, dest, month, count(DISTINCT person) FROM move GROUP BY origin, dest, month"},
      {"persons by origin x dest",
       "SELECT origin, dest, count(DISTINCT person) FROM move GROUP BY origin, dest"},
      {"rows by origin x dest x month",
       "SELECT origin, dest, month, count(*) FROM move GROUP BY origin, dest, month"},
      {"sum by origin, filter on sex and month",
       "SELECT origin, sum(amount) FROM move WHERE sex = 'f' AND month BETWEEN '2025-01' AND '2025-12' "
       "GROUP BY origin"},
      {"mean by origin", "SELECT origin, avg(amount) FROM move GROUP BY origin"},
      {"persons, no filter", "SELECT count(DISTINCT person) FROM move"},
  };
}

std::string Folder() {
  return absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_store_bench_", ::getpid());
}

void RunJson(uint64_t events) {
  const std::string folder = Folder();
  {
    Bench bench(folder);
    auto import = Must(bench.store->Begin(0, "bench.csv", "hash", false, absl::Now()));
    for (RowBlock& block : MakeRows(events)) Must(import->Add(std::move(block)));
    Must(import->Commit());
    import.reset();
    Must(bench.store->Close(2026 * 4, absl::Now(), nullptr));
    std::string out;
    for (const Asked& asked : Questions()) {
      size_t cells = 0;
      absl::StrAppend(&out, out.empty() ? "" : ", ", "\"", asked.name,
                      "\": ", 1e3 * Ask(bench, asked.sql, 7, &cells).seconds);
    }
    std::printf("{%s}\n", out.c_str());
  }
  std::filesystem::remove_all(folder);
}

void Run(uint64_t events) {
  const std::string folder = Folder();
  std::filesystem::remove_all(folder);
  std::vector<RowBlock> rows = MakeRows(events);
  {
    Bench bench(folder);
    std::printf("%-58s %10.0f MB\n", "resident, empty store (with the rows to import)", Resident());
    absl::Time start = absl::Now();
    auto import = Must(bench.store->Begin(0, "bench.csv", "hash", false, absl::Now()));
    for (RowBlock& block : rows) Must(import->Add(std::move(block)));
    rows.clear();
    std::printf("%-58s %10.0f ms\n", absl::StrCat("stage ", events, " rows").c_str(), 1e3 * Seconds(start));
    absl::Time commit = absl::Now();
    Must(import->Commit());
    import.reset();
    std::printf("%-58s %10.0f ms\n", "commit", 1e3 * Seconds(commit));
    commit = absl::Now();
    Must(bench.store->Close(2026 * 4, absl::Now(), nullptr));
    std::printf("%-58s %10.0f ms\n", "close", 1e3 * Seconds(commit));
    std::printf("%-58s %10.0f ms\n", "stage + commit + close", 1e3 * Seconds(start));
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%-58s %10.0f MB\n", "peak resident (with the rows to import)",
                static_cast<double>(usage.ru_maxrss) / 1e3);
    Must(bench.database->Purge(Space::kRecords).status());
  }
  uint64_t bytes = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.is_regular_file()) bytes += file.file_size();
  }
  std::printf("%-58s %10.0f MB\n", "disk", static_cast<double>(bytes) / 1e6);

  absl::Time start = absl::Now();
  Bench bench(folder);
  std::printf("%-58s %10.0f ms\n", "open", 1e3 * Seconds(start));
  std::printf("%-58s %10.0f MB\n", "resident, opened", Resident());
  size_t cells = 0;
  Ask(bench, kByThree, 1, &cells);
  std::printf("%-58s %10.0f ms\n", "open + first answer (persons by three)", 1e3 * Seconds(start));
  for (const auto& [name, sql] : Questions()) {
    const Best best = Ask(bench, sql, 7, &cells);
    std::printf("%-58s %10.1f ms %10.1f ms processor\n", absl::StrCat(name, " (", cells, " cells)").c_str(),
                1e3 * best.seconds, 1e3 * best.processor);
  }
  std::printf("%-58s %10.0f MB\n", "resident after them", Resident());
  start = absl::Now();
  PersonKey someone;
  const uint64_t words[2] = {8 * 0x9e3779b97f4a7c15u, 7 * 0xd1342543de82ef95u};
  std::memcpy(someone.data(), words, sizeof(words));
  Must(bench.store->Erase(someone));
  std::printf("%-58s %10.0f ms\n", "erase one person", 1e3 * Seconds(start));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace penc

int main(int argc, char** argv) {
  uint64_t events = 10000000;
  const std::string mode = argc > 2 ? argv[2] : "";
  if ((argc > 1 && (!absl::SimpleAtoi(argv[1], &events) || events == 0)) ||
      !(argc <= 2 || (argc == 3 && mode == "--json") || (argc == 4 && mode == "--csv"))) {
    std::fprintf(stderr, "store_bench [EVENTS] | EVENTS --csv FILE | EVENTS --json\n");
    return 2;
  }
  if (mode == "--csv") {
    penc::WriteCsv(events, argv[3]);
  } else if (mode == "--json") {
    penc::RunJson(events);
  } else {
    penc::Run(events);
  }
}
