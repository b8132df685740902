#include "tests/simulation/history.h"

#include <algorithm>
#include <deque>
#include <random>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc::simulation {
namespace {

using State = World::OfficeState;

// What happens next, likely or not. Who lies and what is favoured is drawn at the beginning.
class Fate {
 public:
  Fate(const Stage& stage, uint64_t seed) : stage_(stage), draw_(seed) {}

  Cast DrawCast(Broken broken) {
    const SmallNetwork::Numbers& numbers = stage_.numbers;
    Cast cast;
    cast.broken = broken;
    cast.hub_lies = Chance(45);
    const uint32_t stewards = Chance(60) ? Below(numbers.colluding + 1) : 0;
    while (cast.lying_stewards.size() < stewards) cast.lying_stewards.insert(Below(numbers.stewards));
    const uint32_t offices = Chance(30) ? Below(numbers.dishonest - stewards + 1) : 0;
    for (uint32_t i = 0; i < offices; ++i) {
      const uint32_t office = Below(numbers.offices);
      if (!cast.lying_stewards.contains(office)) cast.lying_offices.insert(office);
    }
    cast.skew = Chance(50) ? 1 + Below(1000) : 0;
    for (uint32_t& what : favourites_) what = Below(4096);
    favourites_[0] = 0;
    faults_ = Chance(25) ? 0 : 3 + Below(20);
    // Not everything in every history: what is rare together happens somewhere (swarm testing).
    promises_ = Chance(35);
    mishaps_ = Chance(60);
    reveals_ = Chance(65);
    slow_ = Chance(20);
    in_order_ = Chance(80);  // charge logs that differ make every result a new one
    // One round a history, or several at once.
    rounds_ = 1 + Below(stage_.rounds());
    return cast;
  }

  // How many operations, before everything settles.
  uint32_t Length(const Cast& cast) {
    const uint32_t about = 30 + (cast.hub_lies ? 8 : 5) * stage_.numbers.offices * rounds_;
    return about / 2 + Below(about);
  }

  Operation Next(const World& world, const Cast& cast) {
    while (next_.empty()) cast.hub_lies ? UnderALiar(world, cast) : UnderAnHonestHub(world, cast);
    Operation operation = next_.front();
    next_.pop_front();
    if (Chance(faults_)) operation.fault = static_cast<Fault>(1 + Below(6));
    return operation;
  }

  bool Chance(uint32_t percent) { return Below(100) < percent; }

 private:
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(draw_() % n); }
  uint32_t Anybody() { return Below(stage_.numbers.offices); }
  uint32_t AnySteward() { return Below(stage_.numbers.stewards); }
  // What a lying hub shows: mostly what it has shown before, else votes never come together.
  uint32_t Shown(const World& world, uint32_t r) {
    if (world.ShownSets(r) > 0 && Chance(85)) return World::kShownBefore + (Chance(70) ? 0 : Below(4));
    return Chance(30) ? Below(World::kShownBefore) : favourites_[Below(3)];
  }
  void Then(Act act, uint32_t who, uint32_t round, uint32_t what = 0) {
    next_.push_back({act, who, round, what});
  }
  void Contributes(uint32_t office, uint32_t r) {
    for (uint32_t before = 0; in_order_ && before < r; ++before) Then(Act::kCharge, office, before);
    Then(Act::kCharge, office, r);
    Then(Act::kBuild, office, r);
    if (Chance(90)) Then(Act::kSend, office, r, Chance(15) ? Below(4) : 0);
  }

  // Rare things that may happen at any time.
  void Mishap(const Cast& cast, uint32_t r) {
    switch (Below(cast.hub_lies ? 11 : 13)) {
      case 0:
        return Then(Act::kCut, Anybody(), r);
      case 1:
      case 2:
        return Then(Act::kHeal, Anybody(), r);
      case 3:
        return Then(Act::kBackUp, Anybody(), r);
      case 4: {  // copied, used, brought back
        const uint32_t office = Anybody();
        Then(Act::kBackUp, office, r);
        Contributes(office, r);
        Then(Act::kRestore, office, r);
        if (Chance(40)) Then(Act::kAdopt, office, r);
        return Contributes(office, Below(rounds_));
      }
      case 5:
        return Then(Act::kAdopt, Anybody(), r);
      case 6:
        return Then(Act::kLoseFile, Anybody(), r);
      case 7:
        if (Chance(30)) return Then(Act::kLoseKeys, AnySteward(), r);
        return Then(Act::kReplay, 0, r, Below(1000));
      case 8:
        return Then(Act::kReplay, 0, r, Below(1000));
      case 9:
        return Then(Act::kAbstain, Anybody(), r);
      case 10:
        return Then(Act::kLie, LyingOffice(cast), r, Below(18));
      case 11:
        if (Chance(20)) return Then(Act::kHubForgets, 0, r);
        return Then(Act::kWait, 0, r, Below(60 * 40));
      default:
        return Then(Act::kWait, 0, r, Below(120));
    }
  }
  uint32_t LyingOffice(const Cast& cast) {
    std::vector<uint32_t> all(cast.lying_offices.begin(), cast.lying_offices.end());
    all.insert(all.end(), cast.lying_stewards.begin(), cast.lying_stewards.end());
    return all.empty() ? Anybody() : all[Below(static_cast<uint32_t>(all.size()))];
  }

  void UnderAnHonestHub(const World& world, const Cast& cast) {
    const uint32_t r = Below(rounds_);
    const uint32_t dice = Below(100);
    if (dice < 8 && mishaps_) return Mishap(cast, r);
    if (dice < 14) return Then(Act::kTick, 0, r);
    if (slow_ && dice < 24) return Then(Act::kWait, 0, r, Below(60 * 40));
    if (dice < 18) return Then(Act::kWait, 0, r, Chance(70) ? Below(240) : Below(60 * 40));
    if (dice < 20) return Then(Act::kLearn, Anybody(), r);
    if (dice < 22)
      return Then(static_cast<Act>(static_cast<uint32_t>(Act::kVote) + Below(4)), AnySteward(), r, Below(8));
    if (world.Ending(r) && Chance(70)) return Then(Act::kPromise, AnySteward(), r);
    switch (world.HubState(r)) {
      case v1::ROUND_STATE_COLLECTING:
        return Contributes(Anybody(), r);
      case v1::ROUND_STATE_PROPOSED:
        return Then(Act::kVote, AnySteward(), r, Chance(90) ? 0 : Below(8));
      case v1::ROUND_STATE_CERTIFIED: {
        const std::vector<uint32_t> absent = world.Absent(r);
        if (!absent.empty() && Chance(60))
          return Then(Act::kReveal, AnySteward(), r, absent[Below(static_cast<uint32_t>(absent.size()))]);
        return Then(Act::kRelease, AnySteward(), r, Chance(90) ? 0 : Below(8));
      }
      case v1::ROUND_STATE_OPENED:
        return Chance(30) ? Then(Act::kOpen, 0, r) : Then(Act::kLearn, Anybody(), r);
      default:
        return Then(Act::kLearn, Anybody(), r);
    }
  }

  // A hub that asks the whole committee for whatever it may get, or tells all offices what it likes.
  void AskAll(const World& world, uint32_t r) {
    const uint32_t what = Shown(world, r), dice = Below(100);
    if (dice < 25) {
      for (uint32_t office = 0; office < stage_.numbers.offices; ++office)
        Then(Act::kLearn, office, r, what % 8);
      return;
    }
    for (uint32_t k = 0; k < stage_.numbers.stewards; ++k) {
      if (dice < 55) {
        Then(Act::kVote, k, r, what);
      } else if (dice < 75) {
        Then(Act::kRelease, k, r, what % 8);
      } else if (dice < 83) {
        if (promises_) Then(Act::kPromise, k, r);
      } else if (reveals_) {
        for (uint32_t absent = Below(3); absent < stage_.numbers.stewards; absent += 1 + Below(3))
          Then(Act::kReveal, k, r, absent);
      }
    }
  }

  void UnderALiar(const World& world, const Cast& cast) {
    const uint32_t r = Below(rounds_);
    const uint32_t dice = Below(100);
    if (dice < 7 && mishaps_) return Mishap(cast, r);
    if (world.Contributions(r) < stage_.round(r).fewest()) {
      if (dice < 80) return Contributes(Anybody(), r);
    } else if (!world.Certifiable(r)) {
      if (dice < 15) return Contributes(Anybody(), r);
      if (dice < 24) return AskAll(world, r);
      if (dice < 85) return Then(Act::kVote, AnySteward(), r, Shown(world, r));
    } else {
      if (dice < 12) return Contributes(Anybody(), r);
      if (dice < 22) return AskAll(world, r);
      if (dice < 35) return Then(Act::kVote, AnySteward(), r, Shown(world, r));
      if (dice < 60) return Then(Act::kRelease, AnySteward(), r, Below(6));
      if (dice < 78 && reveals_)
        return Then(Act::kReveal, AnySteward(), r, Below(stage_.numbers.stewards * 3));
    }
    if (dice < 84 && promises_) return Then(Act::kPromise, AnySteward(), r);
    if (dice < 95) return Then(Act::kLearn, Anybody(), r, Below(8));
    return Then(Act::kOpen, 0, r, Below(36));
  }

  const Stage& stage_;
  std::mt19937_64 draw_;
  std::deque<Operation> next_;
  uint32_t favourites_[3] = {};
  bool in_order_ = false, slow_ = false, promises_ = false, mishaps_ = false, reveals_ = false;
  uint32_t faults_ = 0, rounds_ = 1;
};

}  // namespace

std::string ToText(const History& history) {
  return absl::StrCat(ToText(history.cast), "\n", ToText(history.operations));
}

absl::StatusOr<History> ReadWholeHistory(absl::string_view text) {
  while (!text.empty() && (text[0] == '\n' || text[0] == ' ')) text.remove_prefix(1);
  const size_t end = text.find('\n');
  if (end == absl::string_view::npos) return absl::InvalidArgumentError("no cast");
  History history;
  ASSIGN_OR_RETURN(history.cast, ReadCast(text.substr(0, end)));
  ASSIGN_OR_RETURN(history.operations, ReadHistory(text.substr(end)));
  return history;
}

Outcome Draw(Stage& stage, uint64_t seed, Broken broken, History& history) {
  Fate fate(stage, seed);
  history.cast = fate.DrawCast(broken);
  history.operations.clear();
  World world(stage, history.cast);
  const auto more = [&](const Operation& operation) {
    history.operations.push_back(operation);
    world.Do(operation);
    return world.wrong().empty();
  };
  bool going = true;
  for (uint32_t left = fate.Length(history.cast); going && left > 0; --left)
    going = more(fate.Next(world, history.cast));
  if (going && !history.cast.hub_lies && fate.Chance(80)) {
    going = more({Act::kSettle});
    for (uint32_t left = 5; going && left > 0; --left) going = more(fate.Next(world, history.cast));
  }
  return {world.wrong(), history.operations.size(), world.tally()};
}

Outcome RunAgain(Stage& stage, const History& history) {
  World world(stage, history.cast);
  Outcome outcome;
  for (const Operation& operation : history.operations) {
    ++outcome.after;
    world.Do(operation);
    if (!world.wrong().empty()) break;
  }
  outcome.wrong = world.wrong();
  outcome.tally = world.tally();
  return outcome;
}

History Shrink(Stage& stage, const History& history) {
  History best = history;
  const Outcome first = RunAgain(stage, best);
  PENC_CHECK(!first.wrong.empty());
  best.operations.resize(first.after);
  // Ever smaller pieces are left out (Zeller and Hildebrandt, Simplifying and isolating failure-inducing
  // input, 2002).
  for (size_t piece = best.operations.size() / 2; piece > 0;) {
    bool shorter = false;
    for (size_t at = 0; at + piece <= best.operations.size();) {
      History without = best;
      const auto begin = without.operations.begin() + static_cast<std::ptrdiff_t>(at);
      without.operations.erase(begin, begin + static_cast<std::ptrdiff_t>(piece));
      if (RunAgain(stage, without).wrong == first.wrong) {
        best = std::move(without);
        shorter = true;
      } else {
        at += piece;
      }
    }
    if (piece > 1) {
      piece /= 2;
    } else if (!shorter) {
      break;
    }
  }
  // Faults and clocks that are not needed go as well.
  for (Operation& operation : best.operations) {
    const Fault fault = std::exchange(operation.fault, Fault::kNone);
    if (fault != Fault::kNone && RunAgain(stage, best).wrong != first.wrong) operation.fault = fault;
  }
  const uint32_t skew = std::exchange(best.cast.skew, 0u);
  if (RunAgain(stage, best).wrong != first.wrong) best.cast.skew = skew;
  return best;
}

}  // namespace penc::simulation
