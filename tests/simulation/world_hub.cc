// What the hub does: an honest one that is killed and forgets, and what a lying one shows. And the recipient.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "tests/simulation/world.h"

namespace penc::simulation {
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
  std::string hash = Sha256(proposal.proposal());
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
  items.reserve(of.size());
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

}  // namespace penc::simulation
