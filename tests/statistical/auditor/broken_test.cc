// Ten systems, each broken in one way, before the same auditor; where what is broken gives no number away, a
// check of its own sees it. A system that is as it should be passes each of these checks: measures_test.cc
// and region_test.cc for the auditor's, here for the others.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/statistical/auditor/bounds.h"
#include "tests/statistical/auditor/faults.h"
#include "tests/statistical/auditor/region.h"
#include "tests/statistical/expect_law.h"
#include "tests/support/seed.h"

namespace penc::audit {
namespace {

struct Verdict {
  std::string what, by;
  bool caught = false;
};

class Broken : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    seed_ = PrintedSeed();
    twins_ = std::make_unique<Twins>(absl::StrCat(::testing::TempDir(), "/broken_", getpid()), 2048, seed_);
    verdicts_ = std::make_unique<std::vector<Verdict>>();
  }
  static void TearDownTestSuite() {
    twins_.reset();
    std::printf("\n%-34s %-9s %s\n", "broken", "verdict", "by");
    for (const Verdict& v : *verdicts_)
      std::printf("%-34s %-9s %s\n", v.what.c_str(), v.caught ? "CAUGHT" : "MISSED", v.by.c_str());
    verdicts_.reset();
  }

  static void Judge(const std::string& what, bool caught, const std::string& by) {
    verdicts_->push_back({what, by, caught});
    EXPECT_TRUE(caught) << what << ": " << by;
  }
  static void JudgeCase(const std::string& what, System& system, const std::string& name) {
    const Audited audited = AuditCase(*twins_, system, CaseOf(name), ReleasesWanted(6), what + ", ");
    const bool by_renyi = audited.renyi.bound > audited.claim.renyi;
    Judge(what, !audited.within(),
          by_renyi && !(audited.claim.pure && audited.pure.bound > *audited.claim.pure)
              ? absl::StrCat("Rényi >= ", audited.renyi.bound, ", charged ", audited.claim.renyi)
              : absl::StrCat("epsilon >= ", audited.pure.bound, ", charged ",
                             audited.claim.pure.value_or(audited.claim.epsilon_at_delta.value_or(0))));
  }
  static void JudgeRegion(const std::string& what, const Experiments& experiments) {
    const Proven proven = Audit(experiments, ProvenPure);
    Judge(what, proven.bound > 1, absl::StrCat("epsilon >= ", proven.bound, ", claim 1"));
  }

  static uint64_t seed_;
  static std::unique_ptr<Twins> twins_;
  static std::unique_ptr<std::vector<Verdict>> verdicts_;
};
uint64_t Broken::seed_ = 0;
std::unique_ptr<Twins> Broken::twins_;
std::unique_ptr<std::vector<Verdict>> Broken::verdicts_;

TEST_F(Broken, NoiseHalved) { JudgeCase("noise halved", *NoiseHalved(), "persons, Laplace"); }
TEST_F(Broken, NoiseHalvedOfSkellam) { JudgeCase("noise halved (Skellam)", *NoiseHalved(), "rows, Skellam"); }
TEST_F(Broken, CapOff) { JudgeCase("cap off", *CapOff(), "rows, Laplace"); }
TEST_F(Broken, ClampAfterSum) { JudgeCase("clamp after sum", *ClampAfterSum(), "sum, Laplace"); }
TEST_F(Broken, KeysOfRecords) { JudgeCase("keys from data", *KeysOfRecords(), "persons, Laplace"); }
TEST_F(Broken, SeedReused) {
  JudgeCase("seed reused", *SeedReused(), "persons, and those who are not there");
}
TEST_F(Broken, ChargeAfterNoise) {
  JudgeCase("charge after noise", *ChargeAfterNoise(), "persons, asked twice");
}
TEST_F(Broken, SpreadCharge) {
  JudgeCase("concentrated vector undercharged", *SpreadCharge(), "sum, Skellam");
}

TEST_F(Broken, ShareRebuilt) {
  const Region region({.answered = 5, .seed = seed_});
  JudgeRegion("share rebuilt (eight times)", region.ShareRebuilt(8));
}
TEST_F(Broken, LevelRemovedTooFar) {
  const Region region({.answered = 5, .seed = seed_});
  JudgeRegion("level removed that must stay", region.RemovedTooFar());
}
// Too much noise gives nobody away: the answer states a law that it does not have.
TEST_F(Broken, LevelNotRemoved) {
  Mechanism stated;
  const std::vector<int64_t> left = Region({.answered = 8, .seed = seed_}).NothingRemoved(&stated);
  Judge("level not removed", !DistanceFromLaw(stated, left).follows(),
        "the noise has not the law that is stated");
  const std::vector<int64_t> none = Region({.answered = 5, .seed = seed_}).NothingRemoved(&stated);
  EXPECT_TRUE(DistanceFromLaw(stated, none).follows()) << "of five answers nothing is to be removed";
}

// An edition tells everybody at once: one look is enough to tell two histories apart for certain.
TEST_F(Broken, EditionMovedByErasure) {
  AsItIs product;
  const auto told = [&](Office& office) {
    const v1::AskBody body =
        twins_->Body(office, "SELECT kind, count(DISTINCT person) FROM person GROUP BY kind", Epsilon(1024));
    v1::Answer answer;
    EXPECT_TRUE(answer.ParseFromString(product.Ask(*twins_, office, body).value()));
    return answer.edition();
  };
  v1::AdminCommand erase, close;
  erase.mutable_erase()->add_person("P7");
  close.mutable_close()->set_label("2026-Q3");
  for (const bool moves : {false, true}) {
    twins_->Renew();
    ASSERT_TRUE(twins_->Run(twins_->with(), erase).ok());
    if (moves) {
      ASSERT_TRUE(twins_->Run(twins_->with(), close).ok());
    }
    const bool apart = told(twins_->with()) != told(twins_->without());
    if (moves) {
      Judge("edition moved by erasure", apart, "partners are told another edition");
    } else {
      EXPECT_FALSE(apart);
    }
  }
}

}  // namespace
}  // namespace penc::audit
