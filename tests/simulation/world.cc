#include "tests/simulation/world.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "journal/merkle.h"

namespace penc::simulation {
namespace {

constexpr uint64_t kChargeUnit = 1000, kUnwitnessed = 500, kCap = 1000000;
constexpr uint32_t kMostBuilds = 3;  // of one attempt, over all lives of an office
constexpr size_t kMostLinks = 16;

using State = World::OfficeState;

}  // namespace

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
          mine.state == State::kBuilt || mine.state == State::kAcked)
        mine.state = State::kRefused;
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

// ---- offices

Log World::LogOf(uint32_t office, size_t entries) const {
  const Disk& disk = members_[office].disk;
  Log log;
  log.entries.assign(disk.entries.begin(), disk.entries.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                                      entries, disk.entries.size())));
  if (log.entries.empty()) log.entries.push_back(absl::StrCat("liar ", office));
  std::vector<std::string> leaves;
  merkle::Frontier frontier;
  std::vector<std::string> roots;
  for (const std::string& entry : log.entries) {
    leaves.push_back(merkle::LeafHash(entry));
    frontier.Append(leaves.back());
    roots.push_back(frontier.Root());
  }
  log.head.set_generation(disk.generation);
  log.head.set_size(leaves.size());
  log.head.set_root(roots.back());
  for (size_t size = leaves.size() - 1; size > 0 && leaves.size() - size <= kMostLinks; --size) {
    v1::ChargeLogLink& link = *log.head.add_links();
    link.set_size(size);
    link.set_root(roots[size - 1]);
    for (const std::string& node : merkle::ConsistencyProof(leaves, size, leaves.size()))
      link.add_consistency(node);
  }
  if (disk.generation > 0) *log.head.mutable_adopted() = disk.adopted;
  // What was charged after these entries is not in them.
  log.head.set_pure(disk.charged -
                    kChargeUnit * (disk.entries.size() - std::min(entries, disk.entries.size())));
  log.head.set_renyi(log.head.pure());
  return log;
}

void World::Charge(const Operation& op) {
  Member& member = members_[op.who];
  OfficeRound& mine = member.disk.rounds[op.round];
  if (member.cut || mine.state != State::kNone || op.fault == Fault::kCrashBefore) return;
  if (absl::ToUnixMicros(ClockOf(op.who)) >= RoundOf(op.round).descriptor.collect_until_unix_micros()) return;
  mine.state = State::kCharged;
  member.disk.entries.push_back(absl::StrCat("office ", op.who, " round ", op.round, " life ", member.life));
  mine.entries = member.disk.entries.size();
  member.disk.charged += kChargeUnit;
}

void World::Build(const Operation& op) {
  Member& member = members_[op.who];
  OfficeRound& mine = member.disk.rounds[op.round];
  if (mine.state != State::kCharged) return;
  if (member.builds[op.round] == kMostBuilds) {
    mine.state = State::kRefused;
    return;
  }
  const uint32_t version = member.builds[op.round]++;
  if (op.fault == Fault::kCrashBefore) {  // what was built had not left: it is deleted, and built anew
    ++tally_.rebuilt;
    return;
  }
  mine.item = stage_.Get(op.who, op.round, version, LogOf(op.who, mine.entries), Lie::kNone).id;
  mine.state = State::kBuilt;
}

void World::Give(uint32_t r, ItemId id, const Operation& op, bool* acked) {
  Attempt& attempt = attempts_[r];
  const Item& item = stage_.At(id);
  attempt.left.insert(id);
  if (!LiesAsOffice(item.office)) {
    attempt.evidence.honest.insert(id);
    attempt.seed_shares[id].resize(static_cast<size_t>(RoundOf(r).descriptor.levels_size()) - 1);
  }
  if (cast_.hub_lies) {
    *acked = op.what % 2 == 0;
    return;
  }
  const bool line_breaks = op.what % 4 == 3;  // between the header and the vector
  *acked = Deliver(op, [this, r, id, line_breaks] {
    const Item& sent = stage_.At(id);
    const auto missing = hub_[r]->AddHeader(sent.made.header, sent.made.boxes, HubClock());
    if (!missing.ok()) {
      tally_.evidence += absl::IsAlreadyExists(missing.status());
      return false;
    }
    attempts_[r].stored.emplace(sent.office, id);
    if (line_breaks) return false;
    if (!missing->empty()) {
      const auto all = hub_[r]->AddChunk(sent.office, 0, sent.made.vector.size(), HubClock());
      if (!all.ok() || !*all) return false;
      hub_[r]->Complete(sent.office);
    }
    return true;
  });
}

void World::Send(const Operation& op) {
  Member& member = members_[op.who];
  OfficeRound& mine = member.disk.rounds[op.round];
  if (member.cut || op.fault == Fault::kCrashBefore) return;
  if (mine.state != State::kBuilt && mine.state != State::kAcked) return;
  bool acked = false;
  Give(op.round, mine.item, op, &acked);
  if (acked) mine.state = State::kAcked;
}

void World::Abstain(const Operation& op) {
  Member& member = members_[op.who];
  OfficeRound& mine = member.disk.rounds[op.round];
  if (member.cut || mine.state != State::kNone || op.fault == Fault::kCrashBefore) return;
  mine.state = State::kAbstained;
  if (op.fault == Fault::kCrashAfter || cast_.hub_lies) return;
  const v1::SignedAbstention abstention = stage_.network.SignAbstention(RoundOf(op.round), op.who);
  Deliver(op,
          [this, abstention, r = op.round] { return hub_[r]->AddAbstention(abstention, HubClock()).ok(); });
}

void World::Learn(const Operation& op) {
  Member& member = members_[op.who];
  Attempt& attempt = attempts_[op.round];
  OfficeRound& mine = member.disk.rounds[op.round];
  if (member.cut || op.fault == Fault::kCrashBefore) return;
  if (mine.state != State::kCharged && mine.state != State::kBuilt && mine.state != State::kAcked) return;
  const auto give_back = [&] {
    mine.state = State::kRefunded;
    member.disk.refunded += kChargeUnit;
    attempt.refunded.insert(op.who);
    ++tally_.refunds;
  };
  const auto holds = [&](const v1::Proposal& set) {
    return std::any_of(set.offices().begin(), set.offices().end(),
                       [&](const v1::Proposal::Included& one) { return one.office() == op.who; });
  };
  if (cast_.broken == Broken::kRefundOnProposal) {
    for (const auto& [hash, set] : attempt.sets) {
      const auto parsed = ParseProposal(RoundOf(op.round), set.proposal);
      if (parsed.has_value() && !holds(*parsed)) return give_back();
    }
  }
  v1::Work work;
  if (!cast_.hub_lies) {
    work = *hub_[op.round]->WorkFor(op.who);
  } else if (op.what % 2 == 1) {  // a lying hub shows whichever it has
    if (auto proof = VoidFor(op.round); proof.has_value()) *work.mutable_void_() = *std::move(proof);
  } else {
    std::string set;
    if (auto certificate = CertificateFor(op.round, op.what / 2, &set); certificate.has_value())
      *work.mutable_certificate() = *std::move(certificate);
  }
  const absl::optional<Settlement> settled = stage_.Settled(op.round, op.who, work, ClockOf(op.who));
  if (!settled.has_value()) return;
  if (settled->state == storage::v1::OfficeRoundRow::STATE_REFUNDED) {
    give_back();
  } else {
    mine.state = State::kSpent;
  }
}

void World::Restore(uint32_t office) {
  Member& member = members_[office];
  if (!member.backup.has_value()) return;
  member.disk = *member.backup;
  member.restored = true;
  member.keys = false;
  ++member.life;
}

void World::Adopt(uint32_t office) {
  Member& member = members_[office];
  if (!member.restored || member.cut) return;
  // Liars say that they have seen nothing.
  size_t heard = cast_.lying_stewards.size();
  const storage::v1::WitnessedHead* last = nullptr;
  for (uint32_t k = 0; k < RoundOf(0).stewards(); ++k) {
    if (Lies(k) || members_[k].cut || !members_[k].keys) continue;
    ++heard;
    const auto row =
        members_[k].witnesses.find(stage_.network.roster().members(static_cast<int>(office)).key());
    if (row == members_[k].witnesses.end() || row->second.heads_size() == 0) continue;
    const storage::v1::WitnessedHead& head = row->second.heads(row->second.heads_size() - 1);
    if (last == nullptr ||
        std::make_pair(head.generation(), head.size()) > std::make_pair(last->generation(), last->size()))
      last = &head;
  }
  Disk& disk = member.disk;
  const Log own = LogOf(office);
  v1::AdoptedHead adopted;
  adopted.set_generation(last != nullptr ? last->generation() : disk.generation);
  adopted.set_size(last != nullptr ? last->size() : own.head.size());
  adopted.set_root(last != nullptr ? last->root() : own.head.root());
  adopted.set_pure(std::max(last != nullptr ? last->pure() : 0, disk.charged));
  adopted.set_renyi(adopted.pure());
  disk.charged = heard < RoundOf(0).quorum() ? kCap : adopted.pure() + kUnwitnessed;
  disk.generation = static_cast<uint32_t>(adopted.generation()) + 1;
  disk.adopted = adopted;
  disk.entries = {absl::StrCat("office ", office, " adopts, life ", member.life)};
  member.restored = false;
  ++tally_.adoptions;
  for (ItemId id : certified_[office]) {
    if (disk.charged < stage_.At(id).log.head.pure())
      Wrong("a restored office took over less than what was certified of it");
  }
}

void World::Lie(const Operation& op) {
  if (!LiesAsOffice(op.who)) return;
  const auto lie = static_cast<simulation::Lie>(op.what % kLies);
  // Some with a charge log that goes nowhere.
  Log log = LogOf(op.who);
  if (op.what / kLies % 3 == 2) {
    log.entries = {absl::StrCat("fork ", op.who, " ", op.round)};
    log.head = v1::ChargeLogHead();
    log.head.set_size(1);
    log.head.set_root(merkle::LeafHash(log.entries[0]));
    log.head.set_pure(members_[op.who].disk.charged);
    log.head.set_renyi(log.head.pure());
  }
  const uint32_t version = lie == simulation::Lie::kOther ? 1 : 0;
  bool acked = false;
  Operation sent = op;
  sent.what = 0;
  Give(op.round, stage_.Get(op.who, op.round, version, log, lie).id, sent, &acked);
}

// ---- the hub

bool World::Deliver(const Operation& op, std::function<bool()> arrive) {
  wire_.push_back(arrive);
  switch (op.fault) {
    case Fault::kLate:
      return false;
    case Fault::kHubCrashBefore:
      RestartHub(op.round);
      return false;
    case Fault::kHubCrashAfter:
      arrive();
      RestartHub(op.round);
      return false;
    case Fault::kReplyLost:
    case Fault::kCrashAfter:
      arrive();
      return false;
    default:
      return arrive();
  }
}

void World::RestartHub(uint32_t r) {
  storage::v1::HubRoundRow row;
  PENC_CHECK(row.ParseFromString(hub_[r]->row().SerializeAsString()));
  hub_[r] = std::make_unique<HubRound>(RoundOf(r), stage_.network.hub, std::move(row));
}

void World::Forget() {
  if (cast_.hub_lies) return;
  for (uint32_t r = 0; r < stage_.rounds(); ++r) {
    hub_[r] = std::make_unique<HubRound>(RoundOf(r), stage_.network.hub,
                                         HubRound::Begin(RoundOf(r), SmallNetwork::now()));
    attempts_[r].stored.clear();
    attempts_[r].held.clear();
  }
  hub_forgot_ = true;
}

std::string World::SetOf(uint32_t r, const v1::SignedProposal& proposal, const std::vector<ItemId>& items) {
  const std::string hash = Sha256(proposal.proposal());
  Attempt& attempt = attempts_[r];
  Set& set = attempt.sets[hash];
  if (set.items.empty()) {
    set.proposal = proposal;
    set.items = items;
    if (ParseProposal(RoundOf(r), proposal).has_value()) attempt.shown.push_back(hash);
  }
  return hash;
}

// Proposals that no honest steward may take.
std::optional<v1::SignedProposal> World::Invented(uint32_t r, uint32_t what, std::vector<ItemId>& items) {
  const Round& round = RoundOf(r);
  if (items.size() < round.fewest()) return std::nullopt;
  v1::Proposal proposal;
  proposal.set_qid(round.qid);
  proposal.set_attempt(round.attempt());
  for (ItemId id : items) {
    v1::Proposal::Included& included = *proposal.add_offices();
    included.set_office(stage_.At(id).office);
    included.set_header_sha256(stage_.At(id).sha256);
  }
  switch (what % 6) {
    case 0:  // an office that the roster does not have
      items.push_back(items.back());
      proposal.add_offices()->set_office(static_cast<uint32_t>(members_.size()));
      proposal.mutable_offices()->rbegin()->set_header_sha256(std::string(32, 'h'));
      break;
    case 1:  // one twice
      items.push_back(items.back());
      *proposal.add_offices() = *proposal.offices().rbegin();
      break;
    case 2:
      std::reverse(items.begin(), items.end());
      std::reverse(proposal.mutable_offices()->begin(), proposal.mutable_offices()->end());
      break;
    case 3:  // somebody else's header
      items[0] = items[1];
      proposal.mutable_offices(0)->set_header_sha256(stage_.At(items[1]).sha256);
      break;
    case 4:
      items.resize(round.fewest() - 1);
      while (static_cast<size_t>(proposal.offices_size()) > items.size())
        proposal.mutable_offices()->RemoveLast();
      break;
    default:
      proposal.set_attempt(round.attempt() + 1);
  }
  return stage_.SignProposal(proposal);
}

std::optional<std::string> World::Shown(uint32_t r, uint32_t what) {
  const Round& round = RoundOf(r);
  Attempt& attempt = attempts_[r];
  if (!cast_.hub_lies) {
    if (!hub_[r]->row().has_proposal()) return std::nullopt;
    const v1::SignedProposal& proposal = hub_[r]->row().proposal();
    std::vector<ItemId> items;
    const v1::Proposal parsed = *ParseProposal(round, proposal);
    for (const auto& included : parsed.offices()) items.push_back(attempt.stored.at(included.office()));
    return SetOf(r, proposal, items);
  }
  if (what >= kShownBefore) {
    if (attempt.shown.empty()) return std::nullopt;
    return attempt.shown[(what - kShownBefore) % attempt.shown.size()];
  }
  // Of every office its latest contribution, or its first; liars give what the hub likes.
  const uint32_t kind = what % 8, which = what / 8;
  std::map<uint32_t, ItemId> of;
  for (ItemId id : attempt.left) {
    const uint32_t office = stage_.At(id).office;
    if (kind == 4) {
      of.emplace(office, id);
    } else {
      of[office] = id;
    }
  }
  for (uint32_t office = 0; office < members_.size(); ++office) {
    if (!LiesAsOffice(office)) continue;
    if (kind == 5) {
      of[office] = stage_.Get(office, r, 0, LogOf(office), static_cast<simulation::Lie>(which % kLies)).id;
    } else if (!of.contains(office)) {
      of[office] = stage_.Get(office, r, 0, LogOf(office), simulation::Lie::kNone).id;
    }
  }
  if (of.empty()) return std::nullopt;
  const auto drop = [&](uint32_t number) {
    if (!of.empty()) of.erase(std::next(of.begin(), number % of.size()));
  };
  if (kind == 1 || kind == 2) drop(which);
  if (kind == 2) drop(which * 7 + 3);
  while (kind == 3 && of.size() > round.fewest()) drop(which);
  std::vector<ItemId> items;
  for (const auto& [office, id] : of) items.push_back(id);
  if (kind >= 6) {
    const std::optional<v1::SignedProposal> proposal = Invented(r, which, items);
    if (!proposal.has_value()) return std::nullopt;
    return SetOf(r, *proposal, items);
  }
  if (items.size() < round.fewest()) return std::nullopt;
  v1::Proposal proposal;
  proposal.set_qid(round.qid);
  proposal.set_attempt(round.attempt());
  for (ItemId id : items) {
    v1::Proposal::Included& included = *proposal.add_offices();
    included.set_office(stage_.At(id).office);
    included.set_header_sha256(stage_.At(id).sha256);
  }
  return SetOf(r, stage_.SignProposal(proposal), items);
}

v1::Certificate World::MakeCertificate(uint32_t r, const Set& set) {
  const std::string hash = Sha256(set.proposal.proposal());
  v1::Certificate certificate;
  *certificate.mutable_proposal() = set.proposal;
  for (uint32_t k = 0; k < RoundOf(r).stewards(); ++k) {
    if (static_cast<uint32_t>(certificate.votes_size()) == RoundOf(r).quorum()) break;
    if (const auto vote = set.votes.find(k); vote != set.votes.end()) {
      *certificate.add_votes() = vote->second;
    } else if (Lies(k) || cast_.broken == Broken::kReleaseUncertified) {
      *certificate.add_votes() = stage_.SignedVote(r, k, hash);
    }
  }
  return certificate;
}

std::optional<v1::Certificate> World::CertificateFor(uint32_t r, uint32_t what, std::string* set) {
  Attempt& attempt = attempts_[r];
  if (!cast_.hub_lies) {
    if (!hub_[r]->row().has_certificate()) return std::nullopt;
    *set = Sha256(hub_[r]->row().certificate().proposal().proposal());
    return hub_[r]->row().certificate();
  }
  // Now and then what it has of votes, enough or not.
  const bool any = what % 4 == 3 || cast_.broken == Broken::kReleaseUncertified;
  std::vector<std::string> all;
  for (const auto& [hash, one] : attempt.sets) {
    if (one.certifiable || (any && !one.votes.empty())) all.push_back(hash);
  }
  if (all.empty()) return std::nullopt;
  *set = all[what % all.size()];
  return MakeCertificate(r, attempt.sets.at(*set));
}

bool World::CanVoid(uint32_t r) const {
  return attempts_[r].promised.size() + cast_.lying_stewards.size() >= RoundOf(r).quorum();
}

std::optional<v1::VoidCertificate> World::VoidFor(uint32_t r) {
  if (!CanVoid(r)) return std::nullopt;
  v1::VoidCertificate proof;
  for (uint32_t k = 0; k < RoundOf(r).stewards(); ++k) {
    if (Lies(k) || attempts_[r].promised.contains(k)) *proof.add_promises() = stage_.SignedPromise(r, k);
  }
  return proof;
}

// ---- stewards

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

// ---- the recipient

void World::Open(const Operation& op) {
  const uint32_t r = op.round;
  Attempt& attempt = attempts_[r];
  if (!cast_.hub_lies && hub_[r]->state() != v1::ROUND_STATE_OPENED) return;
  std::string hash;
  const std::optional<v1::Certificate> certificate = CertificateFor(r, op.what / 6, &hash);
  if (!certificate.has_value()) return;
  const Set& set = attempt.sets.at(hash);
  RoundParts parts;
  parts.certificate = *certificate;
  for (ItemId id : set.items) {
    parts.headers.push_back(stage_.At(id).made.header);
    parts.vectors.push_back(stage_.At(id).made.vector);
  }
  for (const auto& [who, by_set] : attempt.openings) {
    const auto opening = by_set.find(hash);
    if (opening == by_set.end()) continue;
    if (cast_.hub_lies || attempt.held.contains(who)) parts.openings.push_back(*opening->second);
  }
  const uint32_t tampering = cast_.hub_lies ? op.what % 6 : 0;
  switch (tampering) {
    case 1:
      std::swap(parts.vectors[0], parts.vectors[1]);
      break;
    case 2:
      std::swap(parts.headers[0], parts.headers[1]);
      break;
    case 3:
      parts.certificate.mutable_votes()->RemoveLast();
      break;
    case 4:
      if (!parts.openings.empty()) parts.openings.pop_back();
      break;
    case 5:
      if (!parts.openings.empty()) parts.openings[0].mask_sum += "x";
      break;
    default:
      break;
  }
  const absl::StatusOr<OpenedRound>& opened = stage_.Open(r, parts);
  if (!opened.ok()) {
    tally_.tampered += tampering != 0;
    if (!cast_.hub_lies && !attempt.shifted && cast_.lying_stewards.empty() && cast_.lying_offices.empty())
      Wrong(absl::StrCat("a round of honest parties does not open: ", opened.status().message()));
    return;
  }
  if (1 <= tampering && tampering <= 3) Wrong("a recipient took what was tampered with");
  std::vector<int64_t> truth(opened->noisy.size(), 0);
  std::vector<uint32_t> answered;
  const uint32_t removed = opened->removed;
  const std::vector<int64_t> noisy = opened->noisy;
  const bool listed = opened->answered.size() == set.items.size();
  for (ItemId id : set.items) {
    const std::vector<int64_t>& own = stage_.Own(stage_.At(id), removed);
    for (size_t i = 0; i < truth.size(); ++i) truth[i] += own[i];
  }
  if (removed > RemovableSteps(RoundOf(r), static_cast<uint32_t>(set.items.size())) || !listed)
    Wrong("a recipient took away more noise than it may");
  if (noisy != truth && !attempt.shifted) Wrong("opened to something else than the sum");
  if (!std::exchange(attempt.seen_open, true)) ++tally_.opened;
}

// ---- what must hold

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
