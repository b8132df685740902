// What a question costs before any record is read: parsed, bound, made canonical, planned, priced, decided.
// Processor time of one thread (a busy machine changes little), the most and the median of many runs, per
// question of the bulletin. rpc/slots.h builds its upper estimate on these figures.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "codebook/read.h"
#include "embedded/embedded.h"
#include "office/balance.h"
#include "policy/decide.h"
#include "policy/read.h"
#include "question/bind.h"
#include "question/bulletin.h"
#include "release/release.h"

namespace penc {
namespace {

double Milliseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "%s\n", std::string(value.status().message()).c_str());
    std::exit(1);
  }
  return *std::move(value);
}

v1::Bulletin Same(const std::string& sql, int times) {
  v1::Bulletin bulletin;
  for (int i = 0; i < times; ++i) bulletin.add_questions()->set_sql(sql);
  return bulletin;
}

// Everything that Answer does with a question before it opens the records.
void Run(const std::string& what, const v1::Bulletin& bulletin, const v1::Price& price,
         const Codebook& codebook, const Policy& policy, int runs) {
  Grant grant;
  grant.purposes = {"plaidoyer"};
  for (const Table& table : codebook.tables) grant.tables.push_back(table.name);
  grant.share_ppm = kWholePpm;
  grant.until = absl::InfiniteFuture();
  std::vector<double> took;
  uint64_t cells = 0, questions = 0;
  for (int i = 0; i < runs; ++i) {
    const double start = Milliseconds();
    const Planned planned = Must(PlanQuestions(bulletin, price, codebook));
    Decide(planned.plan, codebook, "plaidoyer", policy, &grant, Standing::kAnswering, Reach::kLocal,
           absl::UnixEpoch());
    CostAt(planned.plan, OrderOf(policy.promise));
    size_t text = 0;
    for (const PlannedQuestion& question : planned.plan.questions)
      text += CanonicalText(question.question, codebook).size();
    took.push_back(Milliseconds() - start);
    if (planned.refused || text == 0) {
      std::fprintf(stderr, "%s: refused: %s\n", what.c_str(), planned.refusal.says().en().c_str());
      std::exit(1);
    }
    cells = planned.plan.length;
    questions = planned.plan.questions.size();
  }
  std::sort(took.begin(), took.end());
  const double most = took.back(), median = took[took.size() / 2];
  std::printf("%-44s %3llu questions %8llu cells  median %8.2f ms  most %8.2f ms  a question %7.2f ms\n",
              what.c_str(), static_cast<unsigned long long>(questions),
              static_cast<unsigned long long>(cells), median, most, most / static_cast<double>(questions));
}

// Nearly the longest that a question may be.
std::string Conditions() {
  const char* countries[] = {"SEN", "MLI", "NER", "GIN", "GMB", "CIV",
                             "BFA", "TGO", "BEN", "NGA", "GHA", "MRT"};
  std::string pairs;
  for (size_t i = 0; pairs.size() < (16 << 10) - 500; ++i) {
    absl::StrAppend(&pairs, i == 0 ? "(" : " OR ", "(person.nationality = '", countries[i % 12],
                    "' AND person.dest_country = '", countries[(i / 12) % 12],
                    "' AND person.n_transitions <> '", i % 3, "')");
  }
  return pairs + ")";
}

}  // namespace
}  // namespace penc

int main() {
  using namespace penc;
  const Codebook codebook = Must(ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml")));
  const Policy policy =
      Must(ReadPolicy("standard.yaml", *embedded::File("profiles/standard.yaml"), codebook));
  v1::Price share, margin;
  share.set_share_ppm(600000);
  margin.set_margin(50);
  for (absl::string_view name : embedded::Names()) {
    if (name.substr(0, 10) != "questions/") continue;
    const v1::Bulletin bulletin = Must(ReadBulletin(name, *embedded::File(name)));
    Run(std::string(name.substr(10)), bulletin, share, codebook, policy, 20);
  }
  const std::string one = "SELECT sex, count(DISTINCT person) FROM person GROUP BY sex";
  Run("one small question", Same(one, 1), share, codebook, policy, 50);
  Run("the same at a wanted margin", Same(one, 1), margin, codebook, policy, 50);
  std::string measures = "SELECT dest_country";
  for (const char* what : {"recruitment_cost", "monthly_income"}) {
    for (const char* how : {"sum", "avg", "sum", "avg"})
      absl::StrAppend(&measures, ", ", how, "(", what, ")");
  }
  measures += " FROM recruitment_complaint GROUP BY dest_country";
  Run("eight sums and means", Same(measures, 1), share, codebook, policy, 10);
  Run("64 small questions", Same(one, 64), share, codebook, policy, 10);
  const std::string wide =
      "SELECT nationality, dest_country, route, count(DISTINCT person) FROM person GROUP BY nationality, "
      "dest_country, route";
  Run("near 2^20 cells", Same(wide, 1), share, codebook, policy, 10);
  // 16 KiB of conditions (pairs that no shorter set of values says), then everything at once.
  const std::string conditions = Conditions();
  const std::string narrow =
      absl::StrCat("SELECT sex, count(DISTINCT person) FROM person WHERE ", conditions, " GROUP BY sex");
  Run("16 KiB of conditions", Same(narrow, 1), share, codebook, policy, 10);
  measures.insert(measures.find(" GROUP BY"), absl::StrCat(" WHERE ", conditions));
  Run("16 KiB and eight sums and means", Same(measures, 1), share, codebook, policy, 10);
  for (uint32_t epsilon : {64, 8 * 1024}) {
    v1::Price price;
    price.set_epsilon_1024(epsilon);
    Run(absl::StrCat("the same at epsilon ", epsilon, "/1024"), Same(measures, 1), price, codebook, policy,
        10);
  }
  Run("the same 40 times", Same(measures, 40), share, codebook, policy, 2);
  return 0;
}
