// The whole answering path of an office, audited measure by measure: what an asker can prove of one person is
// within what the ledger charged. And the auditor is not blind: it proves a good part of it.
#include <gtest/gtest.h>

#include "tests/statistical/auditor/bounds.h"
#include "tests/statistical/auditor/cases.h"
#include "tests/support/seed.h"

namespace penc::audit {
namespace {

TEST(Auditor, ProvesOfNoMeasureMoreThanWasCharged) {
  Twins twins(absl::StrCat(::testing::TempDir(), "/audited_", getpid()), 8192, PrintedSeed());
  AsItIs product;
  ASSERT_LE(2 * Cases().size(), kMostBounds - 8) << "region_test.cc needs some";
  for (const Case& one : Cases()) {
    const Audited audited = AuditCase(twins, product, one, ReleasesWanted(12), "");
    EXPECT_TRUE(audited.within()) << one.name;
    // An auditor that proves nothing shows nothing.
    if (audited.claim.pure) {
      EXPECT_GT(audited.pure.bound, 0.3 * *audited.claim.pure) << one.name;
    } else {
      EXPECT_GT(audited.renyi.bound, 0.2 * audited.claim.renyi) << one.name;
    }
  }
}

}  // namespace
}  // namespace penc::audit
