// What must hold after every operation, and once everything has settled.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/simulation/world.h"

namespace penc::simulation {
namespace {

using State = World::OfficeState;

}  // namespace

// A set that has enough votes, liars' votes counted, can be certified whenever somebody likes.
void World::Certified(uint32_t r, const std::string& hash) {
  Set& set = attempts_[r].sets.at(hash);
  if (set.certifiable || set.votes.size() + cast_.lying_stewards.size() < RoundOf(r).quorum()) return;
  set.certifiable = attempts_[r].certifiable = true;
  for (ItemId id : set.items) {
    const Item& item = stage_.At(id);
    for (ItemId before : certified_[item.office]) {
      const Log &a = stage_.At(before).log, &b = item.log;
      const bool a_first = std::make_pair(a.head.generation(), a.head.size()) <=
                           std::make_pair(b.head.generation(), b.head.size());
      const Log &low = a_first ? a : b, &high = a_first ? b : a;
      bool fits = true;
      if (low.head.generation() == high.head.generation()) {
        fits = std::equal(low.entries.begin(), low.entries.end(), high.entries.begin());
      } else if (low.head.generation() + 1 == high.head.generation()) {
        fits = high.head.adopted().size() >= low.head.size() && high.head.pure() > low.head.pure();
      }
      if (!fits) Wrong(absl::StrCat("two charge logs of office ", item.office, " are certified"));
    }
    certified_[item.office].push_back(id);
  }
}

void World::Check(uint32_t r) {
  Attempt& attempt = attempts_[r];
  if (std::exchange(attempt.news, false)) Learned(r);
  if (attempt.opened.empty()) return;
  if (CanVoid(r)) Wrong("an attempt is void and opens all the same");
  for (const auto& [id, factor] : attempt.opened) {
    const uint32_t office = stage_.At(id).office;
    if (attempt.refunded.contains(office))
      Wrong(absl::StrCat("office ", office, " was given its charge back, and its contribution opens"));
  }
}

// A steward gave something away: what follows from it?
void World::Learned(uint32_t r) {
  Attempt& attempt = attempts_[r];
  const Insight insight = WorkOut(attempt.evidence);
  if (insight.sums.size() > 1) return Wrong("two different sums of one attempt can be worked out");
  if (insight.sums.empty()) return;
  const std::map<ItemId, uint64_t>& sum = insight.sums[0];
  if (!attempt.opened.empty() && attempt.opened != sum) return Wrong("another sum opened than before");
  if (attempt.opened.empty()) ++tally_.worked_out;
  attempt.opened = sum;
  const Set* certified = nullptr;
  for (const auto& [hash, set] : attempt.sets) {
    std::map<ItemId, uint64_t> honest;
    for (ItemId id : set.items) {
      if (attempt.evidence.honest.contains(id)) honest[id] = sum.begin()->second;
    }
    if (set.certifiable && honest == sum) certified = &set;
  }
  if (certified == nullptr) return Wrong("a sum can be worked out that nobody certified");
  for (const auto& [id, factor] : sum) {
    const std::vector<uint32_t>& shares = attempt.seed_shares.at(id);
    for (size_t j = RemovableSteps(RoundOf(r), static_cast<uint32_t>(certified->items.size()));
         j < shares.size(); ++j) {
      if (shares[j] + cast_.lying_stewards.size() >= RoundOf(r).quorum())
        Wrong("more noise can be taken away than the certified number allows");
    }
  }
}

// Everybody does what is asked until nothing changes; then the next deadline comes.
void World::Settle() {
  if (cast_.hub_lies) return;
  for (Member& member : members_) member.cut = false;
  // A hub that slept for two weeks finds its rounds dead, whoever is honest.
  const bool expired = absl::ToUnixMicros(HubClock()) >= RoundOf(0).descriptor.expires_unix_micros();
  const auto everything = [&] {
    std::string bytes;
    for (uint32_t r = 0; r < stage_.rounds(); ++r) {
      bytes += hub_[r]->row().SerializeAsString();
      for (const Member& member : members_) bytes.push_back(static_cast<char>(member.disk.rounds[r].state));
    }
    return Sha256(bytes);
  };
  for (int hours : {0, 75, 99, 123, 147, 14 * 24 + 3}) {
    now_ = std::max(now_, SmallNetwork::now() + absl::Hours(hours));
    for (std::string before; before != everything();) {
      before = everything();
      for (uint32_t r = 0; r < stage_.rounds(); ++r) {
        for (uint32_t office = 0; office < members_.size(); ++office) {
          if (LiesAsOffice(office)) continue;
          if (hub_[r]->state() == v1::ROUND_STATE_COLLECTING && !hub_[r]->row().ending()) {
            Charge({Act::kCharge, office, r});
            Build({Act::kBuild, office, r});
            if (StateOf(office, r) == State::kBuilt) Send({Act::kSend, office, r});
          }
          Learn({Act::kLearn, office, r});
        }
        hub_[r]->Tick(HubClock());
        for (uint32_t k = 0; k < RoundOf(r).stewards(); ++k) {
          if (Lies(k) || hub_[r]->over()) continue;
          const v1::Work work = *hub_[r]->WorkFor(k);
          for (const StewardDuty& duty : DutiesOf(RoundOf(r), k, members_[k].rows[r], work)) {
            switch (duty.kind) {
              case StewardDuty::Kind::kVote:
                Vote({Act::kVote, k, r});
                break;
              case StewardDuty::Kind::kRelease:
                Release({Act::kRelease, k, r});
                break;
              case StewardDuty::Kind::kReveal:
                Reveal({Act::kReveal, k, r, duty.absent});
                break;
              case StewardDuty::Kind::kPromise:
                Promise({Act::kPromise, k, r});
                break;
            }
          }
        }
        Open({Act::kOpen, 0, r});
      }
    }
  }
  if (!expired) CheckSettled();
}

void World::CheckSettled() {
  size_t lost = 0;
  bool restored = false;
  for (uint32_t k = 0; k < members_.size(); ++k) {
    lost += k < stage_.numbers.stewards && !members_[k].keys;
    restored |= members_[k].life > 0;
  }
  for (uint32_t r = 0; r < stage_.rounds(); ++r) {
    tally_.ended_void += hub_[r]->state() == v1::ROUND_STATE_VOID;
    tally_.dead += hub_[r]->state() == v1::ROUND_STATE_DEAD;
  }
  if (hub_forgot_ || restored || lost > stage_.numbers.absent || !cast_.lying_stewards.empty() ||
      !cast_.lying_offices.empty())
    return;
  ++tally_.settled;
  for (uint32_t r = 0; r < stage_.rounds(); ++r) {
    // Promises that were asked for after the certificate, and releases that were underway: nobody can know.
    if (hub_[r]->state() == v1::ROUND_STATE_DEAD && hub_[r]->row().has_certificate() &&
        hub_[r]->row().promises_size() > 0) {
      ++tally_.crossed;
      continue;
    }
    if (hub_[r]->state() != v1::ROUND_STATE_OPENED && hub_[r]->state() != v1::ROUND_STATE_VOID)
      return Wrong(absl::StrCat("round ", r, " of honest parties neither opens nor goes void"));
    for (uint32_t office = 0; office < members_.size(); ++office) {
      const State state = StateOf(office, r);
      if (state == State::kCharged || state == State::kBuilt || state == State::kAcked)
        Wrong(absl::StrCat("office ", office, " never learns what became of its charge in round ", r));
    }
  }
}

}  // namespace penc::simulation
