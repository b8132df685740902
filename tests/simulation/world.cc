#include "tests/simulation/world.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace penc::simulation {

std::string ToText(const Cast& cast) {
  return absl::StrCat("cast hub ", cast.hub_lies ? 1 : 0, " stewards ",
                      absl::StrJoin(cast.lying_stewards, ","), " offices ",
                      absl::StrJoin(cast.lying_offices, ","), " skew ", cast.skew);
}

absl::StatusOr<Cast> ReadCast(absl::string_view line) {
  const std::vector<std::string> words = absl::StrSplit(line, ' ');  // an empty list is an empty word
  Cast cast;
  const auto members = [](const std::string& list, std::set<uint32_t>& out) {
    for (absl::string_view word : absl::StrSplit(list, ',', absl::SkipEmpty())) {
      uint32_t member = 0;
      if (!absl::SimpleAtoi(word, &member)) return false;
      out.insert(member);
    }
    return true;
  };
  if (words.size() != 9 || words[0] != "cast" || words[1] != "hub" || words[3] != "stewards" ||
      words[5] != "offices" || words[7] != "skew" || !members(words[4], cast.lying_stewards) ||
      !members(words[6], cast.lying_offices) || !absl::SimpleAtoi(words[8], &cast.skew))
    return absl::InvalidArgumentError(absl::StrCat("not a cast: ", line));
  cast.hub_lies = words[2] == "1";
  return cast;
}

void Tally::Add(const Tally& other) {
  worked_out += other.worked_out;
  opened += other.opened;
  ended_void += other.ended_void;
  dead += other.dead;
  refunds += other.refunds;
  two_sets_voted += other.two_sets_voted;
  forks_refused += other.forks_refused;
  adoptions += other.adoptions;
  rebuilt += other.rebuilt;
  evidence += other.evidence;
  tampered += other.tampered;
  settled += other.settled;
  crossed += other.crossed;
}

World::World(Stage& stage, const Cast& cast) : stage_(stage), cast_(cast) {
  members_.resize(stage.numbers.offices);
  for (Member& member : members_) {
    member.disk.rounds.resize(stage.rounds());
    member.builds.resize(stage.rounds());
    member.rows.resize(stage.rounds());
  }
  attempts_.resize(stage.rounds());
  for (uint32_t r = 0; r < stage.rounds(); ++r) {
    const Round& round = RoundOf(r);
    hub_.push_back(std::make_unique<HubRound>(round, stage.network.hub, HubRound::Begin(round, now_)));
    attempts_[r].voted.resize(round.stewards());
    attempts_[r].released.resize(round.stewards());
    attempts_[r].evidence.stewards = round.stewards();
    attempts_[r].evidence.threshold = round.quorum();
    attempts_[r].evidence.lying_stewards = cast.lying_stewards;
  }
}

absl::Time World::ClockOf(uint32_t member) const {
  if (cast_.skew == 0) return now_;
  return now_ + absl::Minutes(static_cast<int>((member * 37 + cast_.skew) % 241) - 120);
}

void World::Wrong(const std::string& what) {
  if (wrong_.empty()) wrong_ = what;
}

std::vector<uint32_t> World::Absent(uint32_t r) const {
  const auto& absent = hub_[r]->row().absent();
  return {absent.begin(), absent.end()};
}

void World::Do(const Operation& given) {
  Operation op = given;
  op.who %= static_cast<uint32_t>(members_.size());
  op.round %= stage_.rounds();
  Member& member = members_[op.who];
  switch (op.act) {
    case Act::kCharge:
      Charge(op);
      break;
    case Act::kBuild:
      Build(op);
      break;
    case Act::kSend:
      Send(op);
      break;
    case Act::kAbstain:
      Abstain(op);
      break;
    case Act::kLearn:
      Learn(op);
      break;
    case Act::kLoseFile:
      if (OfficeRound& mine = member.disk.rounds[op.round];
          mine.state == OfficeState::kBuilt || mine.state == OfficeState::kAcked)
        mine.state = OfficeState::kRefused;
      break;
    case Act::kBackUp:
      member.backup = member.disk;
      break;
    case Act::kRestore:
      Restore(op.who);
      break;
    case Act::kAdopt:
      Adopt(op.who);
      break;
    case Act::kLie:
      Lie(op);
      break;
    case Act::kVote:
      Vote(op);
      break;
    case Act::kPromise:
      Promise(op);
      break;
    case Act::kRelease:
      Release(op);
      break;
    case Act::kReveal:
      Reveal(op);
      break;
    case Act::kLoseKeys:
      member.keys = false;
      break;
    case Act::kTick:
      hub_[op.round]->Tick(HubClock());
      if (op.fault != Fault::kNone) RestartHub(op.round);
      break;
    case Act::kHubForgets:
      Forget();
      break;
    case Act::kOpen:
      Open(op);
      break;
    case Act::kReplay:
      if (!wire_.empty()) wire_[op.what % wire_.size()]();
      break;
    case Act::kCut:
      member.cut = true;
      break;
    case Act::kHeal:
      member.cut = false;
      break;
    case Act::kWait:
      now_ += absl::Minutes(op.what);
      break;
    case Act::kSettle:
      Settle();
      break;
  }
  for (uint32_t r = 0; r < stage_.rounds(); ++r) {
    if (r == op.round || op.act == Act::kReplay || op.act == Act::kSettle) Check(r);
  }
}

}  // namespace penc::simulation
