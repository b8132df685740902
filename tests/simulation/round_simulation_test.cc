// Histories of one round, drawn from a seed: a hub that may equivocate, stewards and offices of whom as many
// lie as the parameters allow, messages that are lost, repeated and late, crashes before and after every
// durable step. After every step it is checked that
//   - at most one set can be opened, counting everything that liars would give for any set;
//   - a round that is void by promises cannot be opened;
//   - no honest office's masks are all exposed one by one;
//   - an honest steward never says two different things.
// PENC_SIMULATIONS histories (default 100 a network) from PENC_SEED; a history's own seed is printed where it
// fails.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "federation/contribution.h"
#include "federation/hub_round.h"
#include "federation/opening.h"
#include "federation/steward.h"
#include "privacy/law.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  uint64_t value = otherwise;
  if (const char* given = std::getenv(name); given != nullptr) PENC_CHECK(absl::SimpleAtoi(given, &value));
  return value;
}

// What is built once for all histories of a network: contributions cost the most.
struct Stage {
  explicit Stage(const SmallNetwork::Numbers& given)
      : numbers(given), network(given), round(network.MakeRound()) {
    for (uint32_t k = 0; k < round.stewards(); ++k) {
      const auto& keys = *network.members[k];
      secrets.push_back({AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()});
    }
    v1::ChargeLogHead head;
    head.set_size(1);
    head.set_root(std::string(32, 'r'));
    for (uint32_t office : round.asked) {
      auto made = ContributionMaker::Make(
          {round, office, network.members[office]->key, 5, head},
          ExactVectorPeek::Of(std::vector<int64_t>(numbers.length, 1000 + office)), network.random);
      PENC_CHECK(made.ok());
      contributions.push_back(*std::move(made));
    }
  }
  const SmallNetwork::Numbers numbers;
  SmallNetwork network;
  const Round round;
  std::vector<EpochSecrets> secrets;
  std::vector<OfficeContribution> contributions;
};

class History {
 public:
  History(Stage& stage, uint64_t seed)
      : stage_(stage),
        round_(stage.round),
        draw_(seed),
        hub_(round_, stage.network.hub, HubRound::Begin(round_, now_)) {
    hub_lies_ = Chance(40);
    std::vector<uint32_t> order(round_.stewards());
    for (uint32_t k = 0; k < order.size(); ++k) order[k] = k;
    std::shuffle(order.begin(), order.end(), draw_);
    const uint32_t liars = Chance(60) ? Below(stage.numbers.colluding + 1) : 0;
    liars_.insert(order.begin(), order.begin() + liars);
    rows_.resize(round_.stewards());
    voted_.resize(round_.stewards());
    released_.resize(round_.stewards());
    promised_.resize(round_.stewards());
    revealed_.resize(round_.stewards());
  }

  // False: the history broke a promise; why() says which.
  bool Run() {
    const uint32_t steps = 60 + Below(180);
    for (uint32_t step = 0; step < steps && why_.empty(); ++step) {
      Act();
      Check();
    }
    return why_.empty();
  }
  const std::string& why() const { return why_; }
  bool opened() const { return opened_; }
  bool ended_void() const { return void_; }

 private:
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(draw_() % n); }
  bool Chance(uint32_t percent) { return Below(100) < percent; }
  uint32_t AnySteward() { return Below(round_.stewards()); }

  void Act() {
    switch (Below(10)) {
      case 0:
      case 1:
      case 2:
        for (int i = 0; i < 3; ++i)
          Contribute(round_.asked[Below(static_cast<uint32_t>(round_.asked.size()))]);
        return;
      case 3:
        now_ += Chance(85) ? absl::Minutes(Below(60)) : absl::Hours(Below(40));
        if (Chance(80)) hub_.Tick(now_);
        return Restart();
      case 4:
      case 5:
        return AskForVote(AnySteward());
      case 6:
      case 7:
        return AskForRelease(AnySteward());
      case 8:
        return AskForReveal(AnySteward(), AnySteward());
      default:
        if (hub_.row().ending() || hub_lies_ || Chance(3)) AskForPromise(AnySteward());
    }
  }

  // The hub starts again from what it wrote.
  void Restart() {
    if (!Chance(20)) return;
    storage::v1::HubRoundRow row;
    PENC_CHECK(row.ParseFromString(hub_.row().SerializeAsString()));
    std::destroy_at(&hub_);
    std::construct_at(&hub_, round_, stage_.network.hub, std::move(row));
  }

  void Contribute(uint32_t office) {
    const OfficeContribution& made = stage_.contributions[office];
    if (!hub_.AddHeader(made.header, made.boxes, now_).ok()) return;
    if (Chance(15)) return;  // the line went down
    const auto all = hub_.AddChunk(office, 0, made.vector.size(), now_);
    if (all.ok() && *all) hub_.Complete(office);
    if (Chance(50)) hub_.Tick(now_);
  }

  // The set that a steward is shown: an honest hub has one, a lying one makes any.
  std::optional<v1::SignedProposal> Shown() {
    if (!hub_lies_) return hub_.row().has_proposal() ? std::optional(hub_.row().proposal()) : std::nullopt;
    if (!shown_.empty() && Chance(80)) return shown_[Below(static_cast<uint32_t>(shown_.size()))];
    v1::Proposal proposal;
    proposal.set_qid(round_.qid);
    proposal.set_attempt(1);
    for (uint32_t office : round_.asked) {
      if (Chance(15) && round_.asked.size() > round_.fewest()) continue;
      v1::Proposal::Included& included = *proposal.add_offices();
      included.set_office(office);
      included.set_header_sha256(Sha256(stage_.contributions[office].header.header()));
    }
    v1::SignedProposal made;
    made.set_proposal(proposal.SerializeAsString());
    made.set_signature(stage_.network.hub.Sign(absl::StrCat("penc proposal v1\n", made.proposal())));
    if (!ParseProposal(round_, made).has_value()) return std::nullopt;
    if (shown_.size() < 3) shown_.push_back(made);
    return made;
  }
  std::vector<Delivered> DeliveredTo(uint32_t k, const v1::SignedProposal& proposal) const {
    std::vector<Delivered> all;
    const v1::Proposal set = *ParseProposal(round_, proposal);
    for (const auto& included : set.offices()) {
      const OfficeContribution& made = stage_.contributions[included.office()];
      all.push_back({made.header, made.boxes[k]});
    }
    return all;
  }
  // Crash: before the row is durable nothing happened; after it the message is lost.
  template <typename Message>
  bool Durable(uint32_t k, const StewardStep<Message>& step) {
    if (Chance(5)) return false;
    rows_[k] = step.remember;
    return !Chance(10);
  }

  void AskForVote(uint32_t k) {
    const std::optional<v1::SignedProposal> proposal = Shown();
    if (!proposal.has_value()) return;
    const std::string set = Sha256(proposal->proposal());
    if (liars_.contains(k)) {
      KeepVote(*proposal, stage_.network.SignVote(round_, k, set));
      return;
    }
    WitnessRows witnesses;
    const Steward steward(round_, k, stage_.secrets[k]);
    const auto step = steward.Vote(
        rows_[k], *proposal, rows_[k].voted() == set ? std::vector<Delivered>() : DeliveredTo(k, *proposal),
        witnesses);
    if (!step.ok() || !Durable(k, *step)) return;
    voted_[k].insert(set);
    KeepVote(*proposal, step->message);
  }
  void KeepVote(const v1::SignedProposal& proposal, const v1::Vote& vote) {
    const std::string set = Sha256(proposal.proposal());
    proposals_[set] = proposal;
    votes_[set][vote.steward()] = vote;
    if (!hub_lies_) hub_.AddVote(vote, now_).IgnoreError();
  }
  // Whatever certificate can be put together.
  std::optional<v1::Certificate> AnyCertificate() {
    std::vector<v1::Certificate> all;
    for (const auto& [set, votes] : votes_) {
      v1::Certificate certificate;
      *certificate.mutable_proposal() = proposals_[set];
      for (const auto& [k, vote] : votes) *certificate.add_votes() = vote;
      if (VerifyCertificate(round_, certificate)) all.push_back(certificate);
    }
    if (all.empty()) return std::nullopt;
    return all[Below(static_cast<uint32_t>(all.size()))];
  }
  void AskForRelease(uint32_t k) {
    const std::optional<v1::Certificate> certificate = AnyCertificate();
    if (!certificate.has_value() || liars_.contains(k)) return;
    const Steward steward(round_, k, stage_.secrets[k]);
    const auto step = steward.Release(rows_[k], *certificate, DeliveredTo(k, certificate->proposal()));
    if (!step.ok() || !Durable(k, *step)) return;
    released_[k].insert(Sha256(certificate->proposal().proposal()));
    if (!hub_lies_) {
      openings_[{k, 0}] = step->message;
      hub_.AddOpening(k, 0, 0, true, now_).IgnoreError();
    }
  }
  void AskForReveal(uint32_t k, uint32_t absent) {
    const std::optional<v1::Certificate> certificate = AnyCertificate();
    if (!certificate.has_value() || liars_.contains(k)) return;
    if (!hub_lies_ && std::count(hub_.row().absent().begin(), hub_.row().absent().end(), absent) == 0) return;
    const Steward steward(round_, k, stage_.secrets[k]);
    const auto step = steward.Reveal(rows_[k], *certificate, DeliveredTo(k, certificate->proposal()), absent);
    if (!step.ok() || !Durable(k, *step)) return;
    revealed_[k].insert(absent);
    if (!hub_lies_) {
      openings_[{k, 1 + absent}] = step->message;
      hub_.AddOpening(k, 1 + absent, 0, true, now_).IgnoreError();
    }
  }
  void AskForPromise(uint32_t k) {
    if (liars_.contains(k)) return;
    const auto step = Steward(round_, k, stage_.secrets[k]).Promise(rows_[k]);
    if (!step.ok() || !Durable(k, *step)) return;
    promised_[k] = true;
    if (!hub_lies_) hub_.AddPromise(step->message, now_).IgnoreError();
  }

  // ---- what must hold, whatever happened

  bool SeedsKnown(
      uint32_t place) const {  // of every office of a set, one by one, to whoever colludes with the liars
    if (liars_.contains(place)) return true;
    uint32_t shares = static_cast<uint32_t>(liars_.size());
    for (uint32_t k = 0; k < round_.stewards(); ++k) shares += revealed_[k].contains(place);
    return shares >= round_.quorum();
  }
  bool CanOpen(const std::string& set) const {
    for (uint32_t k = 0; k < round_.stewards(); ++k) {
      if (!SeedsKnown(k) && !released_[k].contains(set)) return false;
    }
    return true;
  }
  void Check() {
    std::set<std::string> sets;
    uint32_t exposed = 0, promises = static_cast<uint32_t>(liars_.size());
    for (uint32_t k = 0; k < round_.stewards(); ++k) {
      sets.insert(released_[k].begin(), released_[k].end());
      exposed += SeedsKnown(k);
      promises += promised_[k];
      if (voted_[k].size() > 1 || released_[k].size() > 1) why_ = "an honest steward said two things";
      if (promised_[k] && !released_[k].empty()) why_ = "an honest steward promised and released";
      if (revealed_[k].size() > round_.descriptor.absent()) why_ = "an honest steward revealed too much";
    }
    uint32_t openable = 0;
    for (const std::string& set : sets) openable += CanOpen(set);
    if (openable > 1) why_ = "two sets can be opened";
    if (exposed >= round_.stewards()) why_ = "all masks of an honest office are exposed";
    void_ = promises >= round_.quorum();
    if (void_ && openable > 0) why_ = "void, and open all the same";
    if (openable > 0 && !hub_lies_ && liars_.empty() && hub_.state() == v1::ROUND_STATE_OPENED) Open();
  }
  // Of an honest round: what recipients open is the sum plus noise of the stated law (10^-12 a cell).
  void Open() {
    if (std::exchange(opened_, true)) return;
    RoundParts parts;
    parts.certificate = hub_.row().certificate();
    int64_t truth = 0;
    const v1::Proposal set = *ParseProposal(round_, parts.certificate.proposal());
    for (const auto& included : set.offices()) {
      const OfficeContribution& made = stage_.contributions[included.office()];
      parts.headers.push_back(made.header);
      parts.vectors.push_back(made.vector);
      truth += 1000 + included.office();
    }
    for (const auto& [who, opening] : openings_) parts.openings.push_back(opening);
    const auto result = OpenRound(round_, parts);
    if (!result.ok()) {
      why_ = absl::StrCat("does not open: ", result.status().message());
      return;
    }
    Mechanism law = MechanismOf(round_.descriptor.blocks(0));
    const ShareSchedule schedule = ScheduleOf(round_);
    law.rate = {result->answered.size(), schedule.levels[result->removed] - schedule.dishonest};
    const auto far = static_cast<int64_t>(HalfWidth(law, 1 - 1e-12));
    for (int64_t cell : result->noisy) {
      if (std::abs(cell - truth) > far) why_ = "opened to something else than the sum";
    }
  }

  Stage& stage_;
  const Round& round_;
  std::mt19937_64 draw_;
  absl::Time now_ = SmallNetwork::now();
  HubRound hub_;
  bool hub_lies_ = false, opened_ = false, void_ = false;
  std::set<uint32_t> liars_;
  std::vector<storage::v1::StewardRow> rows_;
  std::vector<v1::SignedProposal> shown_;
  std::map<std::string, v1::SignedProposal> proposals_;
  std::map<std::string, std::map<uint32_t, v1::Vote>> votes_;  // by set and steward
  std::map<std::pair<uint32_t, uint32_t>, OpeningWithSum> openings_;
  // What honest stewards have sent.
  std::vector<std::set<std::string>> voted_, released_;
  std::vector<bool> promised_;
  std::vector<std::set<uint32_t>> revealed_;
  std::string why_;
};

class Simulation : public ::testing::TestWithParam<SmallNetwork::Numbers> {};

TEST_P(Simulation, NoHistoryOpensTwoSetsOrShowsAnOffice) {
  Stage stage(GetParam());
  const uint64_t histories = FromEnvironment("PENC_SIMULATIONS", 100);
  const uint64_t first = FromEnvironment("PENC_SEED", 20261124);
  std::printf("PENC_SEED=%lu, %lu histories\n", static_cast<unsigned long>(first),
              static_cast<unsigned long>(histories));
  uint64_t opened = 0, ended_void = 0;
  for (uint64_t i = 0; i < histories; ++i) {
    History history(stage, first + i);
    ASSERT_TRUE(history.Run()) << history.why() << "; again with PENC_SEED=" << first + i
                               << " PENC_SIMULATIONS=1";
    opened += history.opened();
    ended_void += history.ended_void();
  }
  std::printf("%lu opened, %lu void\n", static_cast<unsigned long>(opened),
              static_cast<unsigned long>(ended_void));
  if (histories >= 100) {
    EXPECT_GT(opened, 0u) << "a simulation in which nothing ever opens shows nothing";
    EXPECT_GT(ended_void, 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, Simulation,
                         ::testing::Values(SmallNetwork::Numbers{.offices = 5,
                                                                 .stewards = 5,
                                                                 .colluding = 2,
                                                                 .absent = 1,
                                                                 .dishonest = 2,
                                                                 .fewest = 5,
                                                                 .length = 2},
                                           SmallNetwork::Numbers{.offices = 6,
                                                                 .stewards = 6,
                                                                 .colluding = 1,
                                                                 .absent = 2,
                                                                 .dishonest = 2,
                                                                 .fewest = 5,
                                                                 .length = 2},
                                           SmallNetwork::Numbers{.offices = 8,
                                                                 .stewards = 7,
                                                                 .colluding = 2,
                                                                 .absent = 2,
                                                                 .dishonest = 2,
                                                                 .fewest = 5,
                                                                 .length = 2}));

}  // namespace
}  // namespace penc
