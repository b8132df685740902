// What stewards do when they are asked, honest ones by the program's rules.
#include <algorithm>

#include "absl/strings/match.h"
#include "base/status.h"
#include "tests/simulation/world.h"

namespace penc::simulation {
bool World::Asked(uint32_t k, uint32_t r, const StewardDuty& duty) const {
  if (cast_.hub_lies) return true;
  const auto duties = DutiesOf(RoundOf(r), k, members_[k].rows[r], *hub_[r]->WorkFor(k));
  return std::find(duties.begin(), duties.end(), duty) != duties.end();
}

void World::Vote(const Operation& op) {
  const uint32_t k = op.who, r = op.round;
  Attempt& attempt = attempts_[r];
  Member& member = members_[k];
  if (k >= RoundOf(r).stewards() || member.cut) return;
  const auto give = [&](const v1::Vote& vote) {
    if (cast_.hub_lies) return;
    Deliver(op, [this, r, vote] { return hub_[r]->AddVote(vote, HubClock()).ok(); });
  };
  const std::optional<std::string> shown = Shown(r, op.what);
  if (!shown.has_value()) return;
  if (Lies(k)) return give(stage_.SignedVote(r, k, op.what % 3 == 1 ? Sha256("another") : *shown));
  if (!member.keys || !Asked(k, r, {StewardDuty::Kind::kVote})) return;
  Set& set = attempt.sets.at(*shown);
  storage::v1::StewardRow row = member.rows[r];
  if (cast_.broken == Broken::kTwoVotes) row.clear_voted();
  if (cast_.broken == Broken::kNoWitness) member.witnesses.clear();
  const bool again = row.voted() == *shown,
             swapped = cast_.hub_lies && op.what < kShownBefore && op.what / 512 % 8 == 7;
  const Stage::Voted& voted = stage_.Vote(r, k, row, set.proposal, again ? std::vector<ItemId>() : set.items,
                                          swapped, member.witnesses);
  if (!voted.step.ok()) {
    tally_.forks_refused += absl::StrContains(Explain(voted.step.status()).en, "charge log");
    return;
  }
  const absl::optional<v1::Proposal> parsed = ParseProposal(RoundOf(r), set.proposal);
  if (!parsed.has_value() || (swapped && !again)) return Wrong("an honest steward voted for what is no set");
  if (op.fault == Fault::kCrashBefore) return;
  member.rows[r] = voted.step->remember;
  member.witnesses = voted.witnesses;
  if (op.fault == Fault::kCrashAfter) return;
  const v1::Vote vote = voted.step->message;
  for (const auto& [hash, other] : attempt.sets) {
    if (set.votes.empty() && hash != *shown && !other.votes.empty()) ++tally_.two_sets_voted;
  }
  set.votes[k] = vote;
  attempt.voted[k].insert(*shown);
  if (attempt.voted[k].size() > 1) Wrong("an honest steward voted for two sets");
  Certified(r, *shown);
  give(vote);
}

void World::Promise(const Operation& op) {
  const uint32_t k = op.who, r = op.round;
  Attempt& attempt = attempts_[r];
  Member& member = members_[k];
  if (k >= RoundOf(r).stewards() || member.cut) return;
  const auto give = [&] {
    if (cast_.hub_lies) return;
    const v1::Promise promise = stage_.SignedPromise(r, k);
    Deliver(op, [this, r, promise] { return hub_[r]->AddPromise(promise, HubClock()).ok(); });
  };
  if (Lies(k)) return give();
  const bool pressed = cast_.broken == Broken::kPromiseAfterRelease;
  if (!member.keys || (!pressed && !Asked(k, r, {StewardDuty::Kind::kPromise}))) return;
  storage::v1::StewardRow row = member.rows[r];
  if (pressed) row.clear_released();
  bool refused = false;
  const StewardStep<v1::Promise> step = stage_.Promise(r, k, row, &refused);
  if (refused || op.fault == Fault::kCrashBefore) return;
  member.rows[r] = step.remember;
  if (op.fault == Fault::kCrashAfter) return;
  attempt.promised.insert(k);
  if (!attempt.released[k].empty()) Wrong("an honest steward promised after it had released");
  give();
}

void World::Release(const Operation& op) {
  const uint32_t k = op.who, r = op.round;
  Attempt& attempt = attempts_[r];
  Member& member = members_[k];
  if (k >= RoundOf(r).stewards() || member.cut) return;
  std::string hash;
  const std::optional<v1::Certificate> certificate = CertificateFor(r, op.what, &hash);
  if (!certificate.has_value()) return;
  const Set& set = attempt.sets.at(hash);
  storage::v1::StewardRow row = Lies(k) ? storage::v1::StewardRow() : member.rows[r];
  const bool pressed = cast_.broken == Broken::kReleaseAfterPromise;
  if (!Lies(k) && (!member.keys || (!pressed && !Asked(k, r, {StewardDuty::Kind::kRelease})))) return;
  if (pressed) row.clear_promised();
  if (cast_.broken == Broken::kTwoVotes) row.clear_released();
  const Stage::Step& step = stage_.Release(r, k, row, *certificate, set.items);
  if (!step.ok() || op.fault == Fault::kCrashBefore) return;
  auto opening = std::make_shared<OpeningWithSum>(step->message);
  if (!Lies(k)) {
    member.rows[r] = step->remember;
    if (op.fault == Fault::kCrashAfter) return;
    if (attempt.promised.contains(k)) Wrong("an honest steward released after it had promised");
    if (!set.certifiable) Wrong("an honest steward released a set that is not certified");
    attempt.released[k].insert(hash);
    if (attempt.released[k].size() > 1) Wrong("an honest steward released two sets");
    if (attempt.evidence.released.insert({k, {set.items.begin(), set.items.end()}}).second) {
      attempt.news = true;
      const uint32_t steps = cast_.broken == Broken::kRemoveMore
                                 ? static_cast<uint32_t>(RoundOf(r).descriptor.levels_size() - 1)
                                 : RemovableSteps(RoundOf(r), static_cast<uint32_t>(set.items.size()));
      for (ItemId id : set.items) {
        const auto shares = attempt.seed_shares.find(id);
        for (uint32_t j = 0; shares != attempt.seed_shares.end() && j < steps; ++j) ++shares->second[j];
      }
    }
  } else if (op.what % 3 == 1) {  // another sum than it should be, well signed
    v1::Opening signed_one;
    PENC_CHECK(signed_one.ParseFromString(opening->opening.opening()));
    opening->mask_sum[0] = static_cast<char>(opening->mask_sum[0] ^ 1);
    signed_one.set_mask_sum_sha256(Sha256(opening->mask_sum));
    opening->opening.set_opening(signed_one.SerializeAsString());
    opening->opening.set_signature(
        stage_.network.members[k]->vote.Sign(SignedOpeningText(opening->opening.opening())));
    attempt.shifted = true;
  }
  attempt.openings[{k, 0}][hash] = opening;
  if (cast_.hub_lies) return;
  Deliver(op, [this, r, k] {
    const auto taken = hub_[r]->AddOpening(k, 0, 0, true, HubClock());
    if (taken.ok() && *taken) attempts_[r].held.insert({k, 0});
    return taken.ok();
  });
}

void World::Reveal(const Operation& op) {
  const uint32_t k = op.who, r = op.round, absent = op.what % RoundOf(r).stewards();
  Attempt& attempt = attempts_[r];
  Member& member = members_[k];
  if (k >= RoundOf(r).stewards() || member.cut || (!Lies(k) && !member.keys)) return;
  if (!Lies(k) && !Asked(k, r, {StewardDuty::Kind::kReveal, absent})) return;
  std::string hash;
  const std::optional<v1::Certificate> certificate =
      CertificateFor(r, op.what / RoundOf(r).stewards(), &hash);
  if (!certificate.has_value()) return;
  const Set& set = attempt.sets.at(hash);
  storage::v1::StewardRow row = member.rows[r];
  if (Lies(k)) row.set_released(hash);
  if (Lies(k) || cast_.broken == Broken::kRevealAny) row.clear_revealed();
  const Stage::Step& step = stage_.Reveal(r, k, row, *certificate, set.items, absent);
  if (!step.ok() || op.fault == Fault::kCrashBefore) return;
  auto opening = std::make_shared<OpeningWithSum>(step->message);
  if (!Lies(k)) {
    member.rows[r] = step->remember;
    if (op.fault == Fault::kCrashAfter) return;
    attempt.evidence.revealed[{k, absent}].insert(set.items.begin(), set.items.end());
    attempt.news = true;
    uint32_t absents = 0;
    for (const auto& [who, items] : attempt.evidence.revealed) absents += who.first == k;
    if (absents > RoundOf(r).descriptor.absent())
      Wrong("an honest steward revealed for more absent ones than there may be");
  }
  attempt.openings[{k, 1 + absent}][hash] = opening;
  if (cast_.hub_lies) return;
  Deliver(op, [this, r, k, absent] {
    const auto taken = hub_[r]->AddOpening(k, 1 + absent, 0, true, HubClock());
    if (taken.ok() && *taken) attempts_[r].held.insert({k, 1 + absent});
    return taken.ok();
  });
}

}  // namespace penc::simulation
