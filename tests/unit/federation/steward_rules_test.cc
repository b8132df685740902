// A steward allows what tests/model/round.pml says, and nothing else: it is put into every state that it can
// reach, and asked for everything in each. What the model then shows of all orders it shows of this program.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <numeric>
#include <set>

#include "tests/support/small_round.h"

namespace penc {
namespace {

// What the model knows of a steward.
struct Local {
  uint32_t voted = 0, released = 0;  // 1 and 2: the two sets
  bool promised = false;
  std::set<uint32_t> revealed;
  auto operator<=>(const Local&) const = default;
};

class Rules : public ::testing::TestWithParam<SmallNetwork::Numbers> {
 protected:
  static constexpr uint32_t kSteward = 2;

  Rules() : table_(GetParam()) {
    table_.BuildAll(7);
    std::vector<uint32_t> offices(GetParam().offices);
    std::iota(offices.begin(), offices.end(), 0);
    for (uint32_t set : {1, 2}) {
      proposals_[set] = table_.Propose(offices);
      offices.pop_back();
      for (uint32_t votes : {table_.round.quorum() - 1, table_.round.quorum()}) {
        v1::Certificate& certificate = certificates_[{set, votes}];
        *certificate.mutable_proposal() = proposals_[set];
        for (uint32_t k = 0; k < votes; ++k)
          *certificate.add_votes() =
              table_.network.SignVote(table_.round, k, Sha256(proposals_[set].proposal()));
      }
    }
  }

  Local LocalOf(const storage::v1::StewardRow& row) const {
    Local local;
    for (uint32_t set : {1, 2}) {
      const std::string hash = Sha256(proposals_.at(set).proposal());
      if (row.voted() == hash) local.voted = set;
      if (row.released() == hash) local.released = set;
    }
    local.promised = row.promised();
    local.revealed.insert(row.revealed().begin(), row.revealed().end());
    return local;
  }

  SmallRound table_;
  std::map<uint32_t, v1::SignedProposal> proposals_;
  std::map<std::pair<uint32_t, uint32_t>, v1::Certificate> certificates_;  // by set and number of votes
};

TEST_P(Rules, AreTheModelsInEveryStateAndForEverythingThatIsAsked) {
  const uint32_t quorum = table_.round.quorum(), most = table_.round.descriptor.absent();
  std::map<Local, storage::v1::StewardRow> seen = {{Local{}, {}}};
  std::deque<Local> next = {Local{}};
  size_t asked = 0;
  while (!next.empty()) {
    const Local now = next.front();
    next.pop_front();
    const storage::v1::StewardRow row = seen.at(now);
    // `after`: what the model remembers of a step that it allows. A step that was done may be done again.
    const auto expect = [&](const char* what, bool allowed, const Local& after,
                            const std::function<absl::StatusOr<storage::v1::StewardRow>()>& step) {
      const absl::StatusOr<storage::v1::StewardRow> remembered = step();
      ++asked;
      ASSERT_EQ(remembered.ok(), allowed) << what << ": voted " << now.voted << ", released " << now.released
                                          << ", promised " << now.promised;
      if (!remembered.ok()) return;
      EXPECT_EQ(LocalOf(*remembered), after) << what;
      if (seen.emplace(after, *remembered).second) next.push_back(after);
    };
    Local promised = now;
    promised.promised = true;
    expect("promise", now.released == 0, promised, [&]() -> absl::StatusOr<storage::v1::StewardRow> {
      ASSIGN_OR_RETURN(const auto step, table_.At(kSteward).Promise(row));
      return step.remember;
    });
    for (uint32_t set : {1, 2}) {
      const std::vector<Delivered> delivered = table_.DeliveredTo(kSteward, proposals_[set]);
      Local voted = now;
      voted.voted = set;
      expect("vote", !now.promised && (now.voted == 0 || now.voted == set), voted,
             [&]() -> absl::StatusOr<storage::v1::StewardRow> {
               WitnessRows witnesses;
               ASSIGN_OR_RETURN(const auto step,
                                table_.At(kSteward).Vote(row, proposals_[set], delivered, witnesses));
               return step.remember;
             });
      for (uint32_t votes : {quorum - 1, quorum}) {
        const v1::Certificate& certificate = certificates_[{set, votes}];
        Local released = now;
        released.released = set;
        expect("release", votes == quorum && !now.promised && (now.released == 0 || now.released == set),
               released, [&]() -> absl::StatusOr<storage::v1::StewardRow> {
                 ASSIGN_OR_RETURN(const auto step, table_.At(kSteward).Release(row, certificate, delivered));
                 return step.remember;
               });
        for (uint32_t absent = 0; absent < GetParam().offices; ++absent) {
          Local revealed = now;
          revealed.revealed.insert(absent);
          const bool fits =
              absent != kSteward && absent < GetParam().stewards && revealed.revealed.size() <= most;
          expect("reveal", votes == quorum && now.released == set && fits, revealed,
                 [&]() -> absl::StatusOr<storage::v1::StewardRow> {
                   ASSIGN_OR_RETURN(const auto step,
                                    table_.At(kSteward).Reveal(row, certificate, delivered, absent));
                   return step.remember;
                 });
        }
      }
      if (HasFatalFailure()) return;
    }
  }
  // Six states before a release; after it, of either set: three votes, and whom it revealed for.
  const size_t others = GetParam().stewards - 1;
  const size_t reveals = most == 1 ? 1 + others : 1 + others + others * (others - 1) / 2;
  EXPECT_EQ(seen.size(), 6 + 2 * 3 * reveals);
  std::printf("%zu states, asked %zu times\n", seen.size(), asked);
}

INSTANTIATE_TEST_SUITE_P(Committees, Rules,
                         ::testing::Values(SmallNetwork::Numbers{.offices = 6,
                                                                 .stewards = 5,
                                                                 .colluding = 2,
                                                                 .absent = 1,
                                                                 .dishonest = 2,
                                                                 .fewest = 5,
                                                                 .length = 1},
                                           SmallNetwork::Numbers{.length = 1}),
                         [](const auto& test) { return absl::StrCat(test.param.stewards, "Stewards"); });

}  // namespace
}  // namespace penc
