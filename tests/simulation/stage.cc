#include "tests/simulation/stage.h"

#include "absl/strings/str_join.h"
#include "base/status.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/own_cells.h"

namespace penc::simulation {
namespace {

// Openings of a hundred offices hold a megabyte each.
constexpr size_t kMostKept = 200 << 20;

std::string Flipped(std::string bytes) {
  bytes[0] = static_cast<char>(bytes[0] ^ 1);
  return bytes;
}

void Lying(Lie lie, v1::ContributionHeader& header, OfficeContribution& made) {
  switch (lie) {
    case Lie::kNone:
    case Lie::kOther:
      return;
    case Lie::kCommitment:
      header.set_mask_commitments(1, Flipped(header.mask_commitments(1)));
      return;
    case Lie::kBox:
      made.boxes[0] = Flipped(made.boxes[0]);
      header.set_box_sha256(0, Sha256(made.boxes[0]));
      return;
    case Lie::kSeed:
      if (header.level_commitments_size() > 0)
        header.set_level_commitments(0, Flipped(header.level_commitments(0)));
      return;
    case Lie::kDemanding:
      header.set_minimum(1000000);
      return;
  }
}

std::string KeyOf(uint32_t r, uint32_t k, const storage::v1::StewardRow& row, const std::string& what,
                  const std::vector<ItemId>& delivered) {
  return absl::StrCat(r, "/", k, "/", row.SerializeAsString(), "/", Sha256(what), "/",
                      absl::StrJoin(delivered, ","));
}

}  // namespace

Stage::Stage(const SmallNetwork::Numbers& given, uint32_t rounds) : numbers(given), network(given) {
  for (uint32_t k = 0; k < numbers.stewards; ++k) {
    const auto& keys = *network.members[k];
    secrets_.push_back({AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()});
  }
  for (uint32_t r = 0; r < rounds; ++r) {
    v1::Descriptor terms = network.Terms();
    if (r == 2) {
      terms.set_attempt(2);
      terms.set_void_sha256(std::string(32, 'v'));
    }
    rounds_.push_back(ReadRound(network.Sign(terms), network.roster_bytes, SmallNetwork::now()).value());
  }
}

Stage::Built& Stage::BuiltBy(uint32_t office, uint32_t r, uint32_t version) {
  const auto [at, fresh] = built_.try_emplace({office, r, version});
  if (fresh) {
    const std::string seed = Sha256(absl::StrCat("contribution ", office, " ", r, " ", version));
    SeededExpander random({reinterpret_cast<const uint8_t*>(seed.data()), seed.size()});
    const Round& round = rounds_[r];
    at->second.made = ContributionMaker::Make(
                          {round, office, network.members[office]->key, round.fewest(), {}},
                          ExactVectorPeek::Of(std::vector<int64_t>(numbers.length, 1000 + office)), random)
                          .value();
  }
  return at->second;
}

const Item& Stage::Get(uint32_t office, uint32_t round, uint32_t version, const Log& log, Lie lie) {
  const std::string key = absl::StrCat(office, "/", round, "/", version, "/", static_cast<int>(lie), "/",
                                       log.head.SerializeAsString());
  const auto [at, fresh] = ids_.try_emplace(key, static_cast<ItemId>(items_.size()));
  if (!fresh) return *items_[at->second];
  auto item = std::make_unique<Item>();
  item->id = at->second;
  item->office = office;
  item->round = round;
  item->version = version;
  item->lie = lie;
  item->log = log;
  item->made = BuiltBy(office, round, version).made;
  v1::ContributionHeader header;
  PENC_CHECK(header.ParseFromString(item->made.header.header()));
  *header.mutable_charge_log() = log.head;
  Lying(lie, header, item->made);
  item->made.header = network.SignHeader(office, header);
  item->sha256 = Sha256(item->made.header.header());
  items_.push_back(std::move(item));
  return *items_.back();
}

const std::vector<int64_t>& Stage::Own(const Item& item, uint32_t removed) {
  Built& built = BuiltBy(item.office, item.round, item.version);
  if (built.own.empty()) built.own = OwnCells(rounds_[item.round], secrets_, item.office, built.made);
  return built.own[removed];
}

std::vector<Delivered> Stage::DeliveredTo(uint32_t k, const std::vector<ItemId>& items, bool swapped) const {
  std::vector<Delivered> delivered;
  for (ItemId id : items) delivered.push_back({At(id).made.header, At(id).made.boxes[k]});
  if (swapped && delivered.size() > 1) std::swap(delivered[0].box, delivered[1].box);
  return delivered;
}

template <typename Result, typename Compute>
const Result& Stage::Kept(std::map<std::string, Result>& kept, const std::string& key, size_t bytes,
                          Compute compute) {
  const auto at = kept.find(key);
  if (at != kept.end()) return at->second;
  kept_bytes_ += bytes + key.size();
  if (kept_bytes_ > kMostKept) {
    votes_.clear();
    openings_.clear();
    signed_votes_.clear();
    proposals_.clear();
    opened_.clear();
    verified_.clear();
    settled_.clear();
    kept_bytes_ = 0;
  }
  return kept.emplace(key, compute()).first->second;
}

const Stage::Voted& Stage::Vote(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                                const v1::SignedProposal& proposal, const std::vector<ItemId>& delivered,
                                bool swapped, const WitnessRows& witnesses) {
  std::string key = KeyOf(r, k, row, proposal.SerializeAsString(), delivered) + (swapped ? "swapped" : "");
  for (const auto& [office, seen] : witnesses) absl::StrAppend(&key, Sha256(seen.SerializeAsString()));
  return Kept(votes_, key, 100 * delivered.size(), [&] {
    WitnessRows after = witnesses;
    auto step =
        Steward(rounds_[r], k, secrets_[k]).Vote(row, proposal, DeliveredTo(k, delivered, swapped), after);
    return Voted{std::move(step), std::move(after)};
  });
}

// To a steward all certificates of a set are one, whoever voted: what it does with the votes is to verify
// them.
std::string Stage::Named(uint32_t r, const v1::Certificate& certificate) {
  return Certifies(r, certificate) ? certificate.proposal().SerializeAsString()
                                   : certificate.SerializeAsString();
}

const Stage::Step& Stage::Release(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                                  const v1::Certificate& certificate, const std::vector<ItemId>& delivered) {
  const std::string key = "release " + KeyOf(r, k, row, Named(r, certificate), delivered);
  return Kept(openings_, key, delivered.size() * numbers.offices * 150, [&] {
    return Steward(rounds_[r], k, secrets_[k]).Release(row, certificate, DeliveredTo(k, delivered, false));
  });
}

const Stage::Step& Stage::Reveal(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                                 const v1::Certificate& certificate, const std::vector<ItemId>& delivered,
                                 uint32_t absent) {
  const std::string key = absl::StrCat("reveal ", absent, KeyOf(r, k, row, Named(r, certificate), delivered));
  return Kept(openings_, key, delivered.size() * 400, [&] {
    return Steward(rounds_[r], k, secrets_[k])
        .Reveal(row, certificate, DeliveredTo(k, delivered, false), absent);
  });
}

StewardStep<v1::Promise> Stage::Promise(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                                        bool* refused) const {
  auto step = Steward(rounds_[r], k, secrets_[k]).Promise(row);
  *refused = !step.ok();
  return step.ok() ? *std::move(step) : StewardStep<v1::Promise>();
}

const v1::Vote& Stage::SignedVote(uint32_t r, uint32_t k, const std::string& set) {
  return Kept(signed_votes_, absl::StrCat(r, "/", k, "/", set), 200,
              [&] { return network.SignVote(rounds_[r], k, set); });
}

const v1::Promise& Stage::SignedPromise(uint32_t r, uint32_t k) {
  return Kept(signed_promises_, absl::StrCat(r, "/", k), 0,
              [&] { return network.SignPromise(rounds_[r], k); });
}

const v1::SignedProposal& Stage::SignProposal(const v1::Proposal& proposal) {
  const std::string bytes = proposal.SerializeAsString();
  return Kept(proposals_, bytes, 2 * bytes.size() + 100, [&] {
    v1::SignedProposal made;
    made.set_proposal(bytes);
    made.set_signature(network.hub.Sign(absl::StrCat("penc proposal v1\n", bytes)));
    return made;
  });
}

const absl::StatusOr<OpenedRound>& Stage::Open(uint32_t r, const RoundParts& parts) {
  Sha256Stream key;
  key.Update(absl::StrCat(r, parts.certificate.SerializeAsString()));
  for (const auto& header : parts.headers) key.Update(header.SerializeAsString());
  for (const std::string& vector : parts.vectors) key.Update(vector);
  for (const OpeningWithSum& opening : parts.openings) {
    key.Update(opening.opening.signature());
    key.Update(Sha256(opening.opening.opening()));
    key.Update(Sha256(opening.mask_sum));
  }
  return Kept(opened_, key.Finish(), 1000, [&] { return OpenRound(rounds_[r], parts); });
}

bool Stage::Certifies(uint32_t r, const v1::Certificate& certificate) {
  return Kept(verified_, absl::StrCat("c", r, Sha256(certificate.SerializeAsString())), 100,
              [&] { return VerifyCertificate(rounds_[r], certificate); });
}

absl::optional<Settlement> Stage::Settled(uint32_t r, uint32_t office, const v1::Work& work, absl::Time now) {
  const bool expired = absl::ToUnixMicros(now) >= rounds_[r].descriptor.expires_unix_micros();
  const std::string key =
      absl::StrCat(r, "/", office, "/", expired, Sha256(work.certificate().SerializeAsString()),
                   Sha256(work.void_().SerializeAsString()));
  return Kept(settled_, key, 100, [&] { return Settle(rounds_[r], office, work, now); });
}

}  // namespace penc::simulation
