#include "hub/hub.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/chunks.h"

namespace penc {
namespace {

using storage::v1::HubRoundRow;

constexpr size_t kLongestPiece = kChunkBytes;

std::string BigEndian(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}
std::string RosterKey(uint64_t version) { return absl::StrCat("r", BigEndian(version, 8)); }
std::string PartnerKey(absl::string_view key) { return absl::StrCat("p", key); }
std::string RoundKey(absl::string_view qid) { return absl::StrCat("h", qid); }
// Everything bulky of a round starts with its qid.
std::string ChunkKey(absl::string_view qid, uint32_t office, uint32_t index) {
  return absl::StrCat(qid, "c", BigEndian(office, 4), BigEndian(index, 4));
}
std::string BoxKey(absl::string_view qid, uint32_t office, uint32_t place) {
  return absl::StrCat(qid, "b", BigEndian(office, 4), BigEndian(place, 4));
}
std::string PieceKey(absl::string_view qid, uint32_t steward, uint32_t kind, uint32_t index) {
  return absl::StrCat(qid, "o", BigEndian(steward, 4), BigEndian(kind, 4), BigEndian(index, 4));
}

absl::Status NoSuchRound() {
  return Fail(absl::StatusCode::kNotFound, {"pas de telle ronde ici, ou elle ne vous concerne pas",
                                            "no such round here, or it does not concern you"});
}
absl::Status NotYours() {
  return Fail(absl::StatusCode::kPermissionDenied,
              {"ce message n'est pas de celui qui l'envoie", "this message is not its sender's"});
}
absl::Status Lost(absl::string_view what) {
  return Fail(absl::StatusCode::kDataLoss, {absl::StrCat("relais abîmé: ", what, " manque"),
                                            absl::StrCat("damaged hub: ", what, " is missing")});
}

absl::StatusOr<std::string> Needed(const Database& db, const std::string& key, absl::string_view what) {
  ASSIGN_OR_RETURN(absl::optional<std::string> found, db.Get(Space::kRecords, key));
  if (!found.has_value()) return Lost(what);
  return *std::move(found);
}

std::string Fingerprint(absl::string_view key) {
  const absl::StatusOr<VerifyKey> read = VerifyKey::FromBytes(key);
  return read.ok() ? read->Fingerprint() : "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Hub>> Hub::Open(Database& db, const SigningKey& key, const Clock& clock,
                                               const Limits& limits) {
  std::unique_ptr<Hub> hub(new Hub(db, key, clock, limits));
  RETURN_IF_ERROR(hub->Load());
  return hub;
}

absl::Status Hub::Load() {
  absl::Status status;
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, "r", [&](absl::string_view, absl::string_view value) {
    v1::SignedRoster roster;
    const bool read = roster.ParseFromArray(value.data(), static_cast<int>(value.size()));
    absl::StatusOr<CheckedRoster> checked = !read              ? Lost("roster")
                                            : rosters_.empty() ? ReadFirstRoster(roster)
                                                               : ReadNextRoster(rosters_.back(), roster);
    if (!checked.ok()) {
      status = checked.status();
      return false;
    }
    rosters_.push_back(*std::move(checked));
    return true;
  }));
  RETURN_IF_ERROR(status);
  RETURN_IF_ERROR(db_.Scan(Space::kOffice, "p", [&](absl::string_view key, absl::string_view name) {
    partners_[std::string(key.substr(1))] = std::string(name);
    return true;
  }));
  RETURN_IF_ERROR(db_.Scan(Space::kLedger, "h", [&](absl::string_view, absl::string_view value) {
    HubRoundRow row;
    const CheckedRoster* roster = nullptr;
    if (row.ParseFromArray(value.data(), static_cast<int>(value.size())) && row.format() == 1)
      roster = RosterOf(row.roster_version());
    // Deadlines are not looked at again: what was accepted is carried to its end.
    absl::StatusOr<Round> round =
        roster == nullptr
            ? Lost("round")
            : ReadRound(row.terms(), roster->bytes(), absl::FromUnixMicros(row.submitted_unix_micros()));
    if (!round.ok()) {
      status = round.status();
      return false;
    }
    std::string qid = round->qid;
    rounds_[std::move(qid)] = std::make_unique<Kept>(*std::move(round), key_, std::move(row));
    return true;
  }));
  return status;
}

// ---- rosters and callers

const CheckedRoster* Hub::RosterOf(uint64_t version) const {
  return version >= 1 && version <= rosters_.size() ? &rosters_[version - 1] : nullptr;
}

absl::Status Hub::AddRoster(const v1::SignedRoster& roster) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const CheckedRoster& known : rosters_) {
    if (known.bytes() == roster.roster()) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(CheckedRoster checked,
                   rosters_.empty() ? ReadFirstRoster(roster) : ReadNextRoster(rosters_.back(), roster));
  if (checked.roster.hub_key() != key_.verify_key().bytes()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"cette liste des membres nomme un autre relais", "this roster names another hub"});
  }
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kOffice, RosterKey(checked.roster.version()), roster.SerializeAsString());
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  rosters_.push_back(std::move(checked));
  Changed();
  return absl::OkStatus();
}

std::vector<v1::SignedRoster> Hub::RostersAfter(uint64_t version) const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<v1::SignedRoster> rosters;
  for (size_t i = std::min<uint64_t>(version, rosters_.size()); i < rosters_.size(); ++i)
    rosters.push_back(rosters_[i].signed_roster);
  return rosters;
}

uint64_t Hub::roster_version() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return rosters_.size();
}

absl::Status Hub::AddPartner(absl::string_view key, absl::string_view name) {
  RETURN_IF_ERROR(VerifyKey::FromBytes(key).status());
  std::lock_guard<std::mutex> lock(mutex_);
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kOffice, PartnerKey(key), name);
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  partners_[std::string(key)] = std::string(name);
  return absl::OkStatus();
}

absl::StatusOr<HubCaller> Hub::Identify(const VerifyKey& key) const {
  std::lock_guard<std::mutex> lock(mutex_);
  HubCaller caller;
  caller.key = key.bytes();
  if (!rosters_.empty()) {
    if (const auto member = rosters_.back().MemberOf(caller.key); member.has_value()) {
      caller.member = *member;
      return caller;
    }
  }
  caller.kind = HubCaller::Kind::kPartner;
  if (partners_.contains(caller.key)) return caller;
  return Fail(absl::StatusCode::kPermissionDenied,
              {"le réseau ne connaît pas cette clé: demandez une invitation à son secrétariat",
               "the network does not know this key: ask its secretariat for an invitation"});
}

bool Hub::Knows(absl::string_view fingerprint) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto is = [&](absl::string_view key) { return Fingerprint(key) == fingerprint; };
  if (!rosters_.empty()) {
    for (const v1::Member& member : rosters_.back().roster.members()) {
      if (is(member.key()) && rosters_.back().MemberOf(member.key()).has_value()) return true;
    }
  }
  return std::any_of(partners_.begin(), partners_.end(),
                     [&](const auto& partner) { return is(partner.first); });
}

// ---- rounds

absl::StatusOr<Hub::Kept*> Hub::FindFor(const HubCaller& caller, absl::string_view qid) const {
  const auto at = rounds_.find(qid);
  if (at == rounds_.end()) return NoSuchRound();
  const Round& round = at->second->round;
  const bool concerns = caller.kind == HubCaller::Kind::kPartner
                            ? round.descriptor.partner_key() == caller.key
                            : caller.member < static_cast<uint32_t>(round.roster.members_size()) &&
                                  round.roster.members(static_cast<int>(caller.member)).key() == caller.key;
  if (!concerns) return NoSuchRound();
  return at->second.get();
}

absl::StatusOr<Hub::Kept*> Hub::FindForMember(const HubCaller& caller, absl::string_view qid,
                                              uint32_t member) const {
  ASSIGN_OR_RETURN(Kept * kept, FindFor(caller, qid));
  if (caller.kind != HubCaller::Kind::kMember || caller.member != member) return NotYours();
  return kept;
}

absl::Status Hub::Save(Kept& kept, const Also& also) {
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kLedger, RoundKey(kept.round.qid), kept.state.row().SerializeAsString());
  if (also) also(batch);
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/true));
  Changed();
  return absl::OkStatus();
}

void Hub::Changed() {
  ++mark_;
  if (changed_) changed_();
}

absl::StatusOr<std::string> Hub::Submit(const HubCaller& caller, const v1::SignedDescriptor& terms) {
  std::lock_guard<std::mutex> lock(mutex_);
  const std::string qid = Sha256(terms.body());
  if (rounds_.contains(qid)) return qid;
  if (rosters_.empty()) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"le réseau n'a pas encore de liste des membres", "the network has no roster yet"});
  }
  ASSIGN_OR_RETURN(Round round, ReadRound(terms, rosters_.back().bytes(), clock_.Now()));
  if (round.descriptor.partner_key() != caller.key) return NotYours();
  size_t open = 0, own = 0;
  for (const auto& [id, kept] : rounds_) {
    if (kept->state.over()) continue;
    ++open;
    own += kept->round.descriptor.partner_key() == caller.key;
  }
  if (open >= limits_.open_rounds || own >= limits_.rounds_per_partner) {
    return Fail(absl::StatusCode::kResourceExhausted,
                {"trop de rondes sont ouvertes: attendez que l'une se termine",
                 "too many rounds are open: wait for one to end"});
  }
  HubRoundRow row = HubRound::Begin(round, clock_.Now());
  auto kept = std::make_unique<Kept>(std::move(round), key_, std::move(row));
  RETURN_IF_ERROR(Save(*kept, nullptr));
  rounds_[qid] = std::move(kept);
  Changed();
  return qid;
}

std::vector<v1::RoundSummary> Hub::Rounds(const HubCaller& caller, absl::string_view qid) const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<v1::RoundSummary> rounds;
  for (const auto& [id, kept] : rounds_) {
    if ((qid.empty() || qid == id) && FindFor(caller, id).ok()) rounds.push_back(kept->state.Summary());
  }
  std::sort(rounds.begin(), rounds.end(), [](const v1::RoundSummary& a, const v1::RoundSummary& b) {
    return a.submitted_unix_micros() > b.submitted_unix_micros();
  });
  return rounds;
}

absl::Status Hub::Fetch(const HubCaller& caller, absl::string_view qid,
                        const std::function<bool(v1::FetchRoundResponse&&)>& take) const {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindFor(caller, qid));
  const HubRoundRow& row = kept->state.row();
  v1::FetchRoundResponse piece;
  *piece.mutable_terms() = row.terms();
  if (!take(std::move(piece))) return absl::OkStatus();
  if (const auto proof = kept->state.VoidProof(); proof.has_value()) {
    piece = {};
    *piece.mutable_void_() = *proof;
    take(std::move(piece));
    return absl::OkStatus();
  }
  if (kept->state.state() != v1::ROUND_STATE_OPENED) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"cette ronde n'est pas encore ouverte", "this round is not open yet"});
  }
  piece = {};
  *piece.mutable_certificate() = row.certificate();
  if (!take(std::move(piece))) return absl::OkStatus();
  const absl::optional<v1::Proposal> set = ParseProposal(kept->round, row.certificate().proposal());
  PENC_CHECK(set.has_value());
  for (const v1::Proposal::Included& included : set->offices()) {
    for (const storage::v1::HubContribution& contribution : row.contributions()) {
      if (contribution.office() != included.office()) continue;
      piece = {};
      PENC_CHECK(piece.mutable_header()->ParseFromString(contribution.header()));
      if (!take(std::move(piece))) return absl::OkStatus();
    }
    for (uint32_t index = 0; index < ChunksOf(kept->round); ++index) {
      piece = {};
      piece.mutable_chunk()->set_office(included.office());
      piece.mutable_chunk()->set_index(index);
      ASSIGN_OR_RETURN(*piece.mutable_chunk()->mutable_bytes(),
                       Needed(db_, ChunkKey(qid, included.office(), index), "chunk"));
      if (!take(std::move(piece))) return absl::OkStatus();
    }
  }
  for (const storage::v1::HubOpening& opening : row.openings()) {
    if (!opening.complete()) continue;
    for (uint32_t index = 0; index < opening.pieces(); ++index) {
      piece = {};
      v1::SealedPiece& sealed = *piece.mutable_opening();
      sealed.set_steward(opening.steward());
      sealed.set_kind(opening.kind());
      sealed.set_index(index);
      sealed.set_last(index + 1 == opening.pieces());
      ASSIGN_OR_RETURN(*sealed.mutable_bytes(),
                       Needed(db_, PieceKey(qid, opening.steward(), opening.kind(), index), "opening"));
      if (!take(std::move(piece))) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

// ---- what members do

std::vector<v1::Work> Hub::WorkFor(const HubCaller& caller) const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<v1::Work> all;
  if (caller.kind != HubCaller::Kind::kMember) return all;
  for (const auto& [qid, kept] : rounds_) {
    if (kept->state.state() == v1::ROUND_STATE_DEAD || !FindFor(caller, qid).ok()) continue;
    if (absl::optional<v1::Work> work = kept->state.WorkFor(caller.member); work.has_value())
      all.push_back(*std::move(work));
  }
  return all;
}

uint64_t Hub::mark() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return mark_;
}

void Hub::OnChange(std::function<void()> changed) {
  std::lock_guard<std::mutex> lock(mutex_);
  changed_ = std::move(changed);
}

absl::StatusOr<std::vector<uint32_t>> Hub::PutContribution(const HubCaller& caller,
                                                           const v1::SignedHeader& header,
                                                           const std::vector<std::string>& boxes) {
  v1::ContributionHeader parsed;
  if (!parsed.ParseFromString(header.header())) return NotYours();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, parsed.qid(), parsed.office()));
  const size_t before = kept->state.row().ByteSizeLong();
  absl::StatusOr<std::vector<uint32_t>> missing = kept->state.AddHeader(header, boxes, clock_.Now());
  if (kept->state.row().ByteSizeLong() == before) return missing;  // nothing new
  RETURN_IF_ERROR(Save(*kept, [&](rocksdb::WriteBatch& batch) {
    for (uint32_t place = 0; missing.ok() && place < boxes.size(); ++place)
      db_.Put(batch, Space::kRecords, BoxKey(kept->round.qid, parsed.office(), place), boxes[place]);
  }));
  return missing;
}

// Do the stored chunks have the root that the office signed?
bool Hub::Belongs(const Kept& kept, uint32_t office) const {
  ChunkTree tree(VectorBytes(kept.round));
  for (uint32_t index = 0; index < ChunksOf(kept.round); ++index) {
    const auto chunk = db_.Get(Space::kRecords, ChunkKey(kept.round.qid, office, index));
    if (!chunk.ok() || !chunk->has_value() || !tree.Set(index, **chunk)) return false;
  }
  for (const storage::v1::HubContribution& contribution : kept.state.row().contributions()) {
    if (contribution.office() != office) continue;
    v1::SignedHeader header;
    v1::ContributionHeader parsed;
    return header.ParseFromString(contribution.header()) && parsed.ParseFromString(header.header()) &&
           tree.Root() == parsed.vector_root();
  }
  return false;
}

absl::StatusOr<std::string> Hub::PutChunk(const HubCaller& caller, absl::string_view qid,
                                          const v1::VectorChunk& chunk) {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, qid, chunk.office()));
  ASSIGN_OR_RETURN(const bool all,
                   kept->state.AddChunk(chunk.office(), chunk.index(), chunk.bytes().size(), clock_.Now()));
  const auto& contributions = kept->state.row().contributions();
  const bool complete =
      std::any_of(contributions.begin(), contributions.end(), [&](const auto& contribution) {
        return contribution.office() == chunk.office() && contribution.complete();
      });
  if (complete) return kept->state.Complete(chunk.office());  // the same receipt again
  // Stored first, told afterwards: the row says only what is there.
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kRecords, ChunkKey(qid, chunk.office(), chunk.index()), chunk.bytes());
  RETURN_IF_ERROR(db_.Write(batch, /*sync=*/false));
  std::string receipt;
  if (all && Belongs(*kept, chunk.office())) {
    receipt = kept->state.Complete(chunk.office());
    kept->state.Tick(clock_.Now());
  } else if (all) {
    kept->state.Incomplete(chunk.office());
    RETURN_IF_ERROR(Save(*kept, nullptr));
    return Fail(absl::StatusCode::kInvalidArgument,
                {"ces morceaux ne sont pas le vecteur signé; renvoyez-les tous",
                 "these chunks are not the signed vector; send all of them again"});
  }
  RETURN_IF_ERROR(Save(*kept, nullptr));
  return receipt;
}

absl::Status Hub::PutAbstention(const HubCaller& caller, const v1::SignedAbstention& abstention) {
  v1::Abstention parsed;
  if (!parsed.ParseFromString(abstention.abstention())) return NotYours();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, parsed.qid(), parsed.office()));
  RETURN_IF_ERROR(kept->state.AddAbstention(abstention, clock_.Now()));
  kept->state.Tick(clock_.Now());
  return Save(*kept, nullptr);
}

absl::Status Hub::FetchBoxes(const HubCaller& caller, absl::string_view qid,
                             const std::function<bool(v1::FetchBoxesResponse&&)>& take) const {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindFor(caller, qid));
  const HubRoundRow& row = kept->state.row();
  const absl::optional<uint32_t> place =
      caller.kind == HubCaller::Kind::kMember ? kept->round.PlaceOf(caller.member) : absl::nullopt;
  if (!place.has_value() || !row.has_proposal()) return NoSuchRound();
  const absl::optional<v1::Proposal> set = ParseProposal(kept->round, row.proposal());
  PENC_CHECK(set.has_value());
  for (const v1::Proposal::Included& included : set->offices()) {
    v1::FetchBoxesResponse one;
    for (const storage::v1::HubContribution& contribution : row.contributions()) {
      if (contribution.office() == included.office())
        PENC_CHECK(one.mutable_header()->ParseFromString(contribution.header()));
    }
    ASSIGN_OR_RETURN(*one.mutable_box(), Needed(db_, BoxKey(qid, included.office(), *place), "box"));
    if (!take(std::move(one))) break;
  }
  return absl::OkStatus();
}

absl::Status Hub::PutVote(const HubCaller& caller, const v1::Vote& vote) {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, vote.qid(), vote.steward()));
  RETURN_IF_ERROR(kept->state.AddVote(vote, clock_.Now()));
  return Save(*kept, nullptr);
}

absl::Status Hub::PutPromise(const HubCaller& caller, const v1::Promise& promise) {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, promise.qid(), promise.steward()));
  RETURN_IF_ERROR(kept->state.AddPromise(promise, clock_.Now()));
  return Save(*kept, nullptr);
}

absl::Status Hub::PutOpening(const HubCaller& caller, absl::string_view qid, const v1::SealedPiece& piece) {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, qid, piece.steward()));
  if (piece.bytes().empty() || piece.bytes().size() > kLongestPiece) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"morceau vide ou trop grand", "an empty piece, or one that is too large"});
  }
  ASSIGN_OR_RETURN(const bool fresh, kept->state.AddOpening(piece.steward(), piece.kind(), piece.index(),
                                                            piece.last(), clock_.Now()));
  if (!fresh) return absl::OkStatus();
  return Save(*kept, [&](rocksdb::WriteBatch& batch) {
    db_.Put(batch, Space::kRecords, PieceKey(qid, piece.steward(), piece.kind(), piece.index()),
            piece.bytes());
  });
}

void Hub::Tick() {
  std::lock_guard<std::mutex> lock(mutex_);
  const absl::Time now = clock_.Now();
  for (auto& [qid, kept] : rounds_) {
    // A row that cannot be written stays due: the next tick tries again.
    if (kept->state.Tick(now)) Save(*kept, nullptr).IgnoreError();
    const absl::Time end = absl::FromUnixMicros(kept->round.descriptor.expires_unix_micros());
    if (now < end || !kept->state.over() || kept->state.row().emptied()) continue;
    if (!db_.Discard(Space::kRecords, qid, absl::StrCat(qid, "\xff")).ok()) continue;
    kept->state.SetEmptied();
    Save(*kept, nullptr).IgnoreError();
  }
}

}  // namespace penc
