#include "tests/statistical/auditor/cases.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "office/signing.h"
#include "penc/v1/answer.pb.h"
#include "tests/statistical/auditor/bounds.h"
#include "tests/statistical/auditor/exact_law.h"

namespace penc::audit {
namespace {

constexpr double kUnit = 1.0 / (uint64_t{1} << 40);  // of charges

// Releases that a whole budget holds for certain.
int ReleasesOfOneBudget(const Case& one) { return 6 / static_cast<int>(one.questions.size()); }

// Appends what the answer has of each person.
void AddSeen(const std::string& bytes, const Case& one, const std::vector<size_t>& buckets,
             std::vector<std::vector<int64_t>>& persons) {
  v1::Answer answer;
  PENC_CHECK(answer.ParseFromString(bytes));
  if (answer.has_refusal()) std::fprintf(stderr, "%s\n", answer.refusal().DebugString().c_str());
  PENC_CHECK(!answer.has_refusal() && answer.tables_size() == 1);
  for (const v1::Block& block : answer.tables(0).blocks()) {
    for (size_t p = 0; one.in_buckets && p < persons.size(); ++p)
      persons[p].push_back(block.noisy(static_cast<int>(buckets[p])));
    if (one.in_buckets) continue;
    const size_t each = one.cells_each * std::max<size_t>(1, block.fan());
    for (size_t p = 0; p < persons.size(); ++p) {
      for (size_t i = 0; i < each; ++i) persons[p].push_back(block.noisy(static_cast<int>(p * each + i)));
    }
  }
}

struct Charged {
  uint64_t pure = 0, renyi = 0;
};

// One office's answers to one release; what they cost by its ledger.
Charged AskAll(Twins& twins, System& system, Office& office, const Case& one, int release, History& out) {
  const Spent before = Twins::SpentBy(office);
  std::vector<std::vector<int64_t>> persons(twins.persons());
  const std::vector<size_t> buckets = one.in_buckets ? twins.Buckets() : std::vector<size_t>();
  for (const std::string& question : one.questions) {
    const std::string sql = absl::StrReplaceAll(question, {{"$0", absl::StrCat(release)}});
    const absl::StatusOr<std::string> bytes = system.Ask(twins, office, twins.Body(office, sql, one.price));
    if (!bytes.ok()) std::fprintf(stderr, "%s\n", bytes.status().ToString().c_str());
    PENC_CHECK(bytes.ok());
    AddSeen(*bytes, one, buckets, persons);
  }
  for (const std::vector<int64_t>& seen : persons) out.Add(seen);
  const Spent after = Twins::SpentBy(office);
  return {after.pure == kInfinitePure ? kInfinitePure : after.pure - before.pure, after.renyi - before.renyi};
}

}  // namespace

v1::Price Epsilon(uint32_t in_1024) {
  v1::Price price;
  price.set_epsilon_1024(in_1024);
  return price;
}
v1::Price Share(uint32_t ppm) {
  v1::Price price;
  price.set_share_ppm(ppm);
  return price;
}

const std::vector<Case>& Cases() {
  static const auto* const cases = [] {
    const struct {
      const char* name;
      const char* sql;
      size_t cells_each;
    } measures[] = {
        {"persons", "SELECT home, count(DISTINCT person) AS n$0 FROM person GROUP BY home", 1},
        {"persons in four cells", "SELECT place, count(DISTINCT person) AS n$0 FROM spread GROUP BY place",
         4},
        {"rows", "SELECT place, count(*) AS n$0 FROM heavy GROUP BY place", 1},
        {"sum", "SELECT place, sum(hours) AS n$0 FROM heavy GROUP BY place", 1},
        {"mean", "SELECT place, avg(hours) AS n$0 FROM heavy GROUP BY place", 1},
        // Eight grades: a tree of two levels, in each of which one person has all rows at one node.
        {"median", "SELECT place, median(grade) AS n$0 FROM heavy GROUP BY place", 1},
    };
    auto* const all = new std::vector<Case>;
    for (const auto& m : measures) {
      all->push_back({absl::StrCat(m.name, ", Laplace"), {m.sql}, Epsilon(1024), m.cells_each});
      all->push_back({absl::StrCat(m.name, ", Skellam"), {m.sql}, Share(100000), m.cells_each});
    }
    const std::string share = "SELECT home, share(kind = 'a') AS n$0 FROM person GROUP BY home";
    all->push_back({"share, Laplace", {share}, Epsilon(1024), 1});
    all->push_back({"share, Skellam", {share}, Share(100000), 1});
    all->push_back({"difference, Laplace",
                    {"SELECT home, difference(kind = 'a', kind = 'b') AS n$0 FROM person GROUP BY home"},
                    Epsilon(1024),
                    1});
    all->push_back({"stddev, Laplace",
                    {"SELECT place, stddev(hours) AS n$0 FROM heavy GROUP BY place"},
                    Epsilon(1024),
                    1});
    // As many buckets as there can be: hardly anybody shares one.
    all->push_back({"distinct persons, Laplace",
                    {"SELECT approx_count_distinct(network_person, 500000) AS n$0 FROM person"},
                    Epsilon(1024),
                    1,
                    true});
    const std::string persons = measures[0].sql;
    all->push_back({"persons, asked twice", {persons, persons}, Epsilon(1024), 1});
    all->push_back(
        {"persons, and those who are not there",
         {persons, "SELECT home, count(DISTINCT person) AS n$0 FROM person WHERE kind = 'b' GROUP BY home"},
         Epsilon(1024),
         1});
    return all;
  }();
  return *cases;
}

const Case& CaseOf(const std::string& name) {
  for (const Case& one : Cases()) {
    if (one.name == name) return one;
  }
  PENC_CHECK(false);
}

absl::StatusOr<std::string> AsItIs::Ask(Twins& twins, Office& office, const v1::AskBody& body) {
  const std::string bytes = body.SerializeAsString();
  return office.Ask(twins.asker().verify_key(), bytes, SignAsk(twins.asker(), bytes)).answer;
}

Audited AuditCase(Twins& twins, System& system, const Case& one, int releases, const std::string& label) {
  Experiments experiments;
  Charged charged;
  for (int r = 0; r < releases; ++r) {
    if (r % ReleasesOfOneBudget(one) == 0) twins.Renew();
    const Charged with = AskAll(twins, system, twins.with(), one, r, experiments.with);
    const Charged without = AskAll(twins, system, twins.without(), one, r, experiments.without);
    PENC_CHECK(with.pure == without.pure && with.renyi == without.renyi);  // prices know no record
    PENC_CHECK(r == 0 || (with.pure == charged.pure && with.renyi == charged.renyi));
    charged = with;
  }

  Audited audited;
  audited.claim.renyi = static_cast<double>(charged.renyi) * kUnit;
  if (charged.pure == kInfinitePure) {
    std::vector<Plan> plans;
    for (const std::string& sql : std::set<std::string>(one.questions.begin(), one.questions.end()))
      plans.push_back(twins.PlanOf(absl::StrReplaceAll(sql, {{"$0", "0"}}), one.price));
    audited.claim.epsilon_at_delta = EpsilonAt(kDelta, plans);
    audited.pure =
        Audit(experiments, [](double often, double rarely) { return ProvenAt(kDelta, often, rarely); });
  } else {
    audited.claim.pure = static_cast<double>(charged.pure) * kUnit;
    audited.pure = Audit(experiments, ProvenPure);
  }
  audited.renyi =
      Audit(experiments, [](double often, double rarely) { return ProvenRenyi(kAlpha, often, rarely); });
  std::printf("%s%s: epsilon%s >= %.3f, claim %.3f (%s); Rényi >= %.4f, charged %.4f; %zu experiments\n",
              label.c_str(), one.name.c_str(), audited.claim.pure ? "" : " at delta 0.001",
              audited.pure.bound, audited.claim.pure ? *audited.claim.pure : *audited.claim.epsilon_at_delta,
              audited.pure.event.c_str(), audited.renyi.bound, audited.claim.renyi,
              2 * experiments.with.size());
  std::fflush(stdout);
  return audited;
}

int ReleasesWanted(int otherwise) {
  int wanted = otherwise;
  if (const char* given = std::getenv("PENC_AUDIT_RELEASES"))
    PENC_CHECK(absl::SimpleAtoi(given, &wanted) && wanted > 0);
  return wanted;
}

}  // namespace penc::audit
