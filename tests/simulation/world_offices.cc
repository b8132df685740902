// What offices do, honest ones and liars; disks that are lost, copied and brought back.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "journal/merkle.h"
#include "tests/simulation/world.h"

namespace penc::simulation {
namespace {

constexpr uint64_t kChargeUnit = 1000, kUnwitnessed = 500, kCap = 1000000;
constexpr uint32_t kMostBuilds = 3;  // of one attempt, over all lives of an office
constexpr size_t kMostLinks = 16;

using State = World::OfficeState;

}  // namespace

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

}  // namespace penc::simulation
