#include "hub/hub.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/chunks.h"
#include "federation/unlock.h"
#include "federation/witness.h"

namespace penc {
namespace {

using storage::v1::HubContribution;
using storage::v1::HubRoundRow;

constexpr size_t kLongestPiece = kChunkBytes;
// What one caller says and others are handed again and again; real ones are far below.
constexpr size_t kLongestTerms = 256 << 10;
constexpr size_t kLongestHeader = 128 << 10;
constexpr size_t kLongestStatement = 1 << 10;  // vote, promise, abstention, witness
constexpr size_t kListBytes = 16 << 20;

std::string BigEndian(uint32_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}
std::string RoundKey(absl::string_view qid) { return absl::StrCat("h", qid); }
std::string ContributionsKey(absl::string_view qid) { return absl::StrCat("k", qid); }
std::string ContributionKey(absl::string_view qid, uint32_t office) {
  return absl::StrCat("k", qid, BigEndian(office));
}
// Everything bulky of a round starts with its qid.
std::string ChunkKey(absl::string_view qid, uint32_t office, uint32_t index) {
  return absl::StrCat(qid, "c", BigEndian(office), BigEndian(index));
}
std::string BoxKey(absl::string_view qid, uint32_t office, uint32_t place) {
  return absl::StrCat(qid, "b", BigEndian(office), BigEndian(place));
}
std::string PieceKey(absl::string_view qid, uint32_t steward, uint32_t kind, uint32_t index) {
  return absl::StrCat(qid, "o", BigEndian(steward), BigEndian(kind), BigEndian(index));
}
std::string WitnessesKey(absl::string_view office_key) { return absl::StrCat("w", office_key); }
std::string WitnessKey(absl::string_view office_key, uint32_t steward) {
  return absl::StrCat("w", office_key, BigEndian(steward));
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
absl::Status TooLong() {
  return Fail(absl::StatusCode::kInvalidArgument,
              {"message plus long que ce qu'il peut contenir", "a message longer than what it can hold"});
}
absl::Status Deleted() {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"cette ronde a expiré: le relais a effacé ce qu'il en gardait",
               "this round has expired: the hub has deleted what it kept of it"});
}

template <typename Message>
bool Parse(absl::string_view bytes, Message* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// What of a round is news to those whom it concerns. Votes, releases and other offices' contributions are
// not: nobody has to do anything about them.
auto Standing(const HubRoundRow& row) {
  return std::tuple(row.state(), row.ending(), row.absent_size(), row.has_proposal());
}

// Does `next` say more recent things than `before`?
bool Later(const v1::WitnessStatement& before, const v1::WitnessStatement& next) {
  return std::tuple(next.generation(), next.size()) > std::tuple(before.generation(), before.size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Hub>> Hub::Open(Database& db, const SigningKey& key, const Clock& clock,
                                               const Limits& limits) {
  std::unique_ptr<Hub> hub(new Hub(db, key, clock, limits));
  RETURN_IF_ERROR(hub->Load());
  return hub;
}

absl::Status Hub::Load() {
  ASSIGN_OR_RETURN(people_, Register::Open(db_, key_.verify_key(), clock_));
  // Whoever waited at the run before finds another mark.
  mark_ = roster_news_ = static_cast<uint64_t>(std::max<int64_t>(1, absl::ToUnixMicros(clock_.Now())));
  std::vector<std::string> qids;
  RETURN_IF_ERROR(db_.Scan(Space::kLedger, "h", [&](absl::string_view key, absl::string_view) {
    qids.emplace_back(key.substr(1));
    return true;
  }));
  for (std::string& qid : qids) {
    ASSIGN_OR_RETURN(const absl::optional<std::string> stored, db_.Get(Space::kLedger, RoundKey(qid)));
    HubRoundRow row;
    if (!stored.has_value() || !row.ParseFromString(*stored) || row.format() != 1) return Lost("round");
    ASSIGN_OR_RETURN(const CheckedRoster roster, people_->OfVersion(row.roster_version()));
    // Deadlines are not looked at again: what was accepted is carried to its end.
    ASSIGN_OR_RETURN(Round round, ReadRound(row.terms(), roster.bytes(),
                                            absl::FromUnixMicros(row.submitted_unix_micros())));
    auto kept = std::make_unique<Kept>(std::move(round));
    RETURN_IF_ERROR(ReadState(*kept));
    kept->news = mark_;
    rounds_[std::move(qid)] = std::move(kept);
  }
  return absl::OkStatus();
}

absl::Status Hub::ReadState(Kept& kept) const {
  kept.state.reset();
  ASSIGN_OR_RETURN(const absl::optional<std::string> stored,
                   db_.Get(Space::kLedger, RoundKey(kept.round.qid)));
  HubRoundRow row;
  if (!stored.has_value() || !row.ParseFromString(*stored)) return Lost("round");
  absl::Status status;
  RETURN_IF_ERROR(db_.Scan(Space::kLedger, ContributionsKey(kept.round.qid),
                           [&](absl::string_view, absl::string_view value) {
                             if (!Parse(value, row.add_contributions())) status = Lost("contribution");
                             return status.ok();
                           }));
  RETURN_IF_ERROR(status);
  kept.state.emplace(kept.round, key_, std::move(row));
  return absl::OkStatus();
}

absl::Status Hub::AddRoster(const v1::SignedRoster& roster) {
  const uint64_t before = people_->version();
  RETURN_IF_ERROR(people_->AddRoster(roster));
  if (people_->version() == before) return absl::OkStatus();
  std::lock_guard<std::mutex> lock(mutex_);
  roster_news_ = ++mark_;
  Notify();
  return absl::OkStatus();
}

void Hub::OnChange(std::function<void()> changed) {
  std::lock_guard<std::mutex> lock(mutex_);
  changed_ = std::move(changed);
}

void Hub::Notify() {
  if (changed_) changed_();
}

// ---- rounds

bool Hub::Concerns(const Kept& kept, const HubCaller& caller) {
  const Round& round = kept.round;
  switch (caller.kind) {
    case HubCaller::Kind::kPartner:
      return round.descriptor.partner_key() == caller.key;
    case HubCaller::Kind::kMember:
      return caller.member < static_cast<uint32_t>(round.roster.members_size()) &&
             round.roster.members(static_cast<int>(caller.member)).key() == caller.key;
    case HubCaller::Kind::kWaiting:
      return false;
  }
  return false;
}

absl::StatusOr<Hub::Kept*> Hub::FindFor(const HubCaller& caller, absl::string_view qid) const {
  const auto at = rounds_.find(qid);
  if (at == rounds_.end() || !Concerns(*at->second, caller)) return NoSuchRound();
  if (!at->second->state.has_value()) RETURN_IF_ERROR(ReadState(*at->second));
  return at->second.get();
}

absl::StatusOr<Hub::Kept*> Hub::FindForMember(const HubCaller& caller, absl::string_view qid,
                                              uint32_t member) const {
  ASSIGN_OR_RETURN(Kept * kept, FindFor(caller, qid));
  if (caller.kind != HubCaller::Kind::kMember || caller.member != member) return NotYours();
  return kept;
}

absl::Status Hub::Save(Kept& kept, const std::vector<uint32_t>& offices, Sync sync, const Also& also) {
  const std::string& qid = kept.round.qid;
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kLedger, RoundKey(qid), kept.state->RowAlone());
  for (uint32_t office : offices) {
    const HubContribution* contribution = kept.state->ContributionOf(office);
    if (contribution != nullptr)
      db_.Put(batch, Space::kLedger, ContributionKey(qid, office), contribution->SerializeAsString());
  }
  if (also) also(batch);
  if (const absl::Status written = db_.Write(batch, sync == Sync::kNow); !written.ok()) {
    // Memory is ahead of the disk: back to what is durable. Where that cannot be read either, the next use
    // tries again.
    ReadState(kept).IgnoreError();
    return written;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Hub::Submit(const HubCaller& caller, const v1::SignedDescriptor& terms) {
  if (terms.ByteSizeLong() > kLongestTerms) return TooLong();
  std::lock_guard<std::mutex> lock(mutex_);
  const std::string qid = Sha256(terms.body());
  if (rounds_.contains(qid)) {
    RETURN_IF_ERROR(FindFor(caller, qid).status());
    return qid;
  }
  const std::shared_ptr<const CheckedRoster> roster = people_->latest();
  if (roster == nullptr) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"le réseau n'a pas encore de liste des membres", "the network has no roster yet"});
  }
  ASSIGN_OR_RETURN(Round round, ReadRound(terms, roster->bytes(), clock_.Now()));
  if (round.descriptor.partner_key() != caller.key) return NotYours();
  size_t open = 0, own = 0;
  for (const auto& [id, kept] : rounds_) {
    if (kept->state.has_value() && kept->state->over()) continue;
    ++open;
    own += kept->round.descriptor.partner_key() == caller.key;
  }
  if (open >= limits_.open_rounds || own >= limits_.rounds_per_partner) {
    return Fail(absl::StatusCode::kResourceExhausted,
                {"trop de rondes sont ouvertes: attendez que l'une se termine",
                 "too many rounds are open: wait for one to end"});
  }
  auto kept = std::make_unique<Kept>(std::move(round));
  kept->state.emplace(kept->round, key_, HubRound::Begin(kept->round, clock_.Now()));
  RETURN_IF_ERROR(Save(*kept, {}, Sync::kNow, nullptr));
  kept->news = ++mark_;
  rounds_[qid] = std::move(kept);
  Notify();
  return qid;
}

std::vector<v1::RoundSummary> Hub::Rounds(const HubCaller& caller, absl::string_view qid) const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<const Kept*> concerned;
  for (const auto& [id, kept] : rounds_) {
    if ((qid.empty() || qid == id) && FindFor(caller, id).ok()) concerned.push_back(kept.get());
  }
  std::sort(concerned.begin(), concerned.end(), [](const Kept* a, const Kept* b) {
    return a->state->row().submitted_unix_micros() > b->state->row().submitted_unix_micros();
  });
  std::vector<v1::RoundSummary> rounds;
  size_t bytes = 0;
  for (const Kept* kept : concerned) {
    rounds.push_back(kept->state->Summary());
    bytes += rounds.back().ByteSizeLong();
    if (bytes > kListBytes) break;
  }
  return rounds;
}

absl::StatusOr<Hub::RoundReader> Hub::Fetch(const HubCaller& caller, absl::string_view qid) const {
  using Piece = v1::FetchRoundResponse;
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindFor(caller, qid));
  const HubRoundRow& row = kept->state->row();
  RoundReader reader;
  reader.hub_ = this;
  reader.qid_ = kept->round.qid;
  std::vector<RoundReader::Step>& steps = reader.steps_;
  steps.push_back({Piece::kTerms});
  if (kept->state->state() == v1::ROUND_STATE_VOID) {
    steps.push_back({Piece::kVoid});
  } else if (kept->state->state() != v1::ROUND_STATE_OPENED) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"cette ronde n'est pas encore ouverte", "this round is not open yet"});
  } else if (row.emptied()) {
    return Deleted();
  } else {
    steps.push_back({Piece::kCertificate});
    const absl::optional<v1::Proposal> set = ParseProposal(kept->round, row.certificate().proposal());
    PENC_CHECK(set.has_value());
    for (const v1::Proposal::Included& included : set->offices()) {
      steps.push_back({Piece::kHeader, included.office()});
      for (uint32_t index = 0; index < ChunksOf(kept->round); ++index)
        steps.push_back({Piece::kChunk, included.office(), 0, index});
    }
    for (const storage::v1::HubOpening& opening : row.openings()) {
      for (uint32_t index = 0; opening.complete() && index < opening.pieces(); ++index) {
        steps.push_back(
            {Piece::kOpening, opening.steward(), opening.kind(), index, index + 1 == opening.pieces()});
      }
    }
  }
  for (int i = 0; i < row.abstentions_size(); ++i)
    steps.push_back({Piece::kAbstention, 0, 0, static_cast<uint32_t>(i)});
  return reader;
}

absl::StatusOr<absl::optional<v1::FetchRoundResponse>> Hub::RoundReader::Next() {
  if (at_ == steps_.size()) return absl::optional<v1::FetchRoundResponse>();
  v1::FetchRoundResponse piece;
  RETURN_IF_ERROR(hub_->ReadPiece(qid_, steps_[at_], &piece));
  ++at_;
  return absl::make_optional(std::move(piece));
}

absl::Status Hub::ReadPiece(const std::string& qid, const RoundReader::Step& step,
                            v1::FetchRoundResponse* piece) const {
  using Piece = v1::FetchRoundResponse;
  // The bulk is read without the lock.
  const auto bulk = [&](const std::string& key, std::string* bytes) -> absl::Status {
    ASSIGN_OR_RETURN(absl::optional<std::string> found, db_.Get(Space::kRecords, key));
    if (!found.has_value()) return Deleted();
    *bytes = *std::move(found);
    return absl::OkStatus();
  };
  if (step.piece == Piece::kChunk) {
    piece->mutable_chunk()->set_office(step.whose);
    piece->mutable_chunk()->set_index(step.index);
    return bulk(ChunkKey(qid, step.whose, step.index), piece->mutable_chunk()->mutable_bytes());
  }
  if (step.piece == Piece::kOpening) {
    v1::SealedPiece& sealed = *piece->mutable_opening();
    sealed.set_steward(step.whose);
    sealed.set_kind(step.kind);
    sealed.set_index(step.index);
    sealed.set_last(step.last);
    return bulk(PieceKey(qid, step.whose, step.kind, step.index), sealed.mutable_bytes());
  }
  std::lock_guard<std::mutex> lock(mutex_);
  Kept& kept = *rounds_.find(qid)->second;  // rounds are never forgotten
  if (!kept.state.has_value()) RETURN_IF_ERROR(ReadState(kept));
  const HubRoundRow& row = kept.state->row();
  switch (step.piece) {
    case Piece::kTerms:
      *piece->mutable_terms() = row.terms();
      break;
    case Piece::kVoid:
      *piece->mutable_void_() = kept.state->VoidProof().value_or(v1::VoidCertificate());
      break;
    case Piece::kCertificate:
      *piece->mutable_certificate() = row.certificate();
      break;
    case Piece::kHeader: {
      ASSIGN_OR_RETURN(*piece->mutable_header(), HeaderOf(kept, step.whose));
      break;
    }
    default:
      *piece->mutable_abstention() = row.abstentions(static_cast<int>(step.index));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::SignedHeader> Hub::HeaderOf(const Kept& kept, uint32_t office) const {
  const HubContribution* contribution = kept.state->ContributionOf(office);
  v1::SignedHeader header;
  if (contribution == nullptr || contribution->header().empty()) return Deleted();
  if (!header.ParseFromString(contribution->header())) return Lost("header");
  return header;
}

absl::Status Hub::Fetch(const HubCaller& caller, absl::string_view qid,
                        const std::function<bool(v1::FetchRoundResponse&&)>& take) const {
  ASSIGN_OR_RETURN(RoundReader reader, Fetch(caller, qid));
  for (;;) {
    ASSIGN_OR_RETURN(absl::optional<v1::FetchRoundResponse> piece, reader.Next());
    if (!piece.has_value() || !take(*std::move(piece))) return absl::OkStatus();
  }
}

// ---- what members do

v1::WaitForWorkResponse Hub::News(const HubCaller& caller, uint64_t after) const {
  v1::WaitForWorkResponse news;
  news.set_roster_version(people_->version());
  std::lock_guard<std::mutex> lock(mutex_);
  news.set_mark(MarkLocked(caller));
  if (caller.kind != HubCaller::Kind::kMember) return news;
  for (const auto& [qid, kept] : rounds_) {
    if (!FindFor(caller, qid).ok() || kept->state->state() == v1::ROUND_STATE_DEAD ||
        (after != 0 && kept->state->row().emptied()))
      continue;
    if (absl::optional<v1::Work> work = kept->state->WorkFor(caller.member); work.has_value())
      *news.add_work() = *std::move(work);
  }
  db_.Scan(Space::kOffice, WitnessesKey(caller.key),
           [&](absl::string_view, absl::string_view value) {
             if (!Parse(value, news.add_witnesses())) news.mutable_witnesses()->RemoveLast();
             return true;
           })
      .IgnoreError();  // the office asks again
  for (v1::SignedUnlockRequest& request : knocks_.For(caller.key)) *news.add_unlocks() = std::move(request);
  return news;
}

uint64_t Hub::MarkFor(const HubCaller& caller) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return MarkLocked(caller);
}

uint64_t Hub::MarkLocked(const HubCaller& caller) const {
  uint64_t mark = roster_news_;
  for (const auto& [qid, kept] : rounds_) {
    if (kept->news > mark && Concerns(*kept, caller)) mark = kept->news;
  }
  for (const auto* news : {&witness_news_, &knock_news_}) {
    if (const auto at = news->find(caller.key); at != news->end()) mark = std::max(mark, at->second);
  }
  return mark;
}

absl::StatusOr<std::vector<uint32_t>> Hub::PutContribution(const HubCaller& caller,
                                                           const v1::SignedHeader& header,
                                                           const std::vector<std::string>& boxes) {
  if (header.ByteSizeLong() > kLongestHeader) return TooLong();
  v1::ContributionHeader parsed;
  if (!parsed.ParseFromString(header.header())) return NotYours();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, parsed.qid(), parsed.office()));
  const HubContribution* before = kept->state->ContributionOf(parsed.office());
  const bool contradicted = before != nullptr && !before->contradicting_header().empty();
  const bool known = before != nullptr;
  const absl::StatusOr<std::vector<uint32_t>> missing = kept->state->AddHeader(header, boxes, clock_.Now());
  const HubContribution* after = kept->state->ContributionOf(parsed.office());
  const bool fresh = !known && after != nullptr;
  const bool evidence = known && !contradicted && !after->contradicting_header().empty();
  if (!fresh && !evidence) return missing;
  RETURN_IF_ERROR(Save(*kept, {parsed.office()}, Sync::kNow, [&](rocksdb::WriteBatch& batch) {
    for (uint32_t place = 0; fresh && place < boxes.size(); ++place)
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
  const absl::StatusOr<v1::SignedHeader> header = HeaderOf(kept, office);
  v1::ContributionHeader parsed;
  return header.ok() && parsed.ParseFromString(header->header()) && tree.Root() == parsed.vector_root();
}

absl::StatusOr<std::string> Hub::PutChunk(const HubCaller& caller, absl::string_view qid,
                                          const v1::VectorChunk& chunk) {
  const uint32_t office = chunk.office();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, qid, office));
  ASSIGN_OR_RETURN(const bool all,
                   kept->state->AddChunk(office, chunk.index(), chunk.bytes().size(), clock_.Now()));
  if (kept->state->ContributionOf(office)->complete())
    return kept->state->Complete(office);  // the same receipt again
  // Stored first, told afterwards: the row says only what is there. Only the receipt is a promise, so only
  // the last chunk waits for the disk; a chunk that a power cut took is asked for again.
  rocksdb::WriteBatch batch;
  db_.Put(batch, Space::kRecords, ChunkKey(qid, office, chunk.index()), chunk.bytes());
  if (const absl::Status written = db_.Write(batch, /*sync=*/false); !written.ok()) {
    ReadState(*kept).IgnoreError();
    return written;
  }
  if (!all) {
    RETURN_IF_ERROR(Save(*kept, {office}, Sync::kLater, nullptr));
    return std::string();
  }
  if (!Belongs(*kept, office)) {
    kept->state->Incomplete(office);
    RETURN_IF_ERROR(Save(*kept, {office}, Sync::kNow, nullptr));
    return Fail(absl::StatusCode::kInvalidArgument,
                {"ces morceaux ne sont pas le vecteur signé; renvoyez-les tous",
                 "these chunks are not the signed vector; send all of them again"});
  }
  std::string receipt = kept->state->Complete(office);
  const bool news = kept->state->Tick(clock_.Now());
  RETURN_IF_ERROR(Save(*kept, {office}, Sync::kNow, nullptr));
  if (news) {
    kept->news = ++mark_;
    Notify();
  }
  return receipt;
}

absl::Status Hub::PutAbstention(const HubCaller& caller, const v1::SignedAbstention& abstention) {
  if (abstention.ByteSizeLong() > kLongestStatement) return TooLong();
  v1::Abstention parsed;
  if (!parsed.ParseFromString(abstention.abstention())) return NotYours();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, parsed.qid(), parsed.office()));
  RETURN_IF_ERROR(kept->state->AddAbstention(abstention, clock_.Now()));
  const bool news = kept->state->Tick(clock_.Now());
  RETURN_IF_ERROR(Save(*kept, {}, Sync::kNow, nullptr));
  if (news) {
    kept->news = ++mark_;
    Notify();
  }
  return absl::OkStatus();
}

absl::StatusOr<Hub::BoxReader> Hub::FetchBoxes(const HubCaller& caller, absl::string_view qid) const {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindFor(caller, qid));
  const HubRoundRow& row = kept->state->row();
  const absl::optional<uint32_t> place =
      caller.kind == HubCaller::Kind::kMember ? kept->round.PlaceOf(caller.member) : absl::nullopt;
  if (!place.has_value() || !row.has_proposal()) return NoSuchRound();
  if (row.emptied()) return Deleted();
  const absl::optional<v1::Proposal> set = ParseProposal(kept->round, row.proposal());
  PENC_CHECK(set.has_value());
  BoxReader reader;
  reader.hub_ = this;
  reader.qid_ = kept->round.qid;
  reader.place_ = *place;
  for (const v1::Proposal::Included& included : set->offices()) reader.offices_.push_back(included.office());
  return reader;
}

absl::StatusOr<absl::optional<v1::FetchBoxesResponse>> Hub::BoxReader::Next() {
  if (at_ == offices_.size()) return absl::optional<v1::FetchBoxesResponse>();
  const uint32_t office = offices_[at_];
  v1::FetchBoxesResponse one;
  ASSIGN_OR_RETURN(absl::optional<std::string> box,
                   hub_->db_.Get(Space::kRecords, BoxKey(qid_, office, place_)));
  if (!box.has_value()) return Deleted();
  *one.mutable_box() = *std::move(box);
  {
    std::lock_guard<std::mutex> lock(hub_->mutex_);
    Kept& kept = *hub_->rounds_.find(qid_)->second;
    if (!kept.state.has_value()) RETURN_IF_ERROR(hub_->ReadState(kept));
    ASSIGN_OR_RETURN(*one.mutable_header(), hub_->HeaderOf(kept, office));
  }
  ++at_;
  return absl::make_optional(std::move(one));
}

absl::Status Hub::FetchBoxes(const HubCaller& caller, absl::string_view qid,
                             const std::function<bool(v1::FetchBoxesResponse&&)>& take) const {
  ASSIGN_OR_RETURN(BoxReader reader, FetchBoxes(caller, qid));
  for (;;) {
    ASSIGN_OR_RETURN(absl::optional<v1::FetchBoxesResponse> one, reader.Next());
    if (!one.has_value() || !take(*std::move(one))) return absl::OkStatus();
  }
}

absl::Status Hub::PutVote(const HubCaller& caller, const v1::PutVoteRequest& request) {
  const v1::Vote& vote = request.vote();
  if (vote.ByteSizeLong() > kLongestStatement) return TooLong();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, vote.qid(), vote.steward()));
  const v1::Roster& roster = kept->round.roster;
  std::map<std::string, const v1::SignedWitness*> later;  // by key in the database
  std::vector<std::string> offices;
  for (const v1::SignedWitness& witness : request.witnesses()) {
    const absl::optional<v1::WitnessStatement> statement = ReadWitness(roster, witness);
    const bool member = statement.has_value() &&
                        std::any_of(roster.members().begin(), roster.members().end(),
                                    [&](const v1::Member& m) { return m.key() == statement->office_key(); });
    if (!member || witness.steward() != vote.steward() || witness.ByteSizeLong() > kLongestStatement) {
      return Fail(absl::StatusCode::kInvalidArgument,
                  {"une déclaration de ce témoin n'est pas de lui ou ne parle d'aucun membre",
                   "a statement of this steward is not its own, or is about no member"});
    }
    const std::string key = WitnessKey(statement->office_key(), witness.steward());
    ASSIGN_OR_RETURN(const absl::optional<std::string> stored, db_.Get(Space::kOffice, key));
    v1::SignedWitness before;
    v1::WitnessStatement said;
    if (stored.has_value() && before.ParseFromString(*stored) && said.ParseFromString(before.statement()) &&
        !Later(said, *statement))
      continue;
    later[key] = &witness;
    offices.push_back(statement->office_key());
  }
  const auto before = Standing(kept->state->row());
  RETURN_IF_ERROR(kept->state->AddVote(vote, clock_.Now()));
  RETURN_IF_ERROR(Save(*kept, {}, Sync::kNow, [&](rocksdb::WriteBatch& batch) {
    for (const auto& [key, witness] : later)
      db_.Put(batch, Space::kOffice, key, witness->SerializeAsString());
  }));
  const bool news = Standing(kept->state->row()) != before;
  if (!news && offices.empty()) return absl::OkStatus();
  ++mark_;
  if (news) kept->news = mark_;
  for (std::string& office : offices) witness_news_[std::move(office)] = mark_;
  Notify();
  return absl::OkStatus();
}

absl::Status Hub::PutPromise(const HubCaller& caller, const v1::Promise& promise) {
  if (promise.ByteSizeLong() > kLongestStatement) return TooLong();
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, promise.qid(), promise.steward()));
  const auto before = Standing(kept->state->row());
  RETURN_IF_ERROR(kept->state->AddPromise(promise, clock_.Now()));
  RETURN_IF_ERROR(Save(*kept, {}, Sync::kNow, nullptr));
  if (Standing(kept->state->row()) == before) return absl::OkStatus();
  kept->news = ++mark_;
  Notify();
  return absl::OkStatus();
}

absl::Status Hub::PutOpening(const HubCaller& caller, absl::string_view qid, const v1::SealedPiece& piece) {
  std::lock_guard<std::mutex> lock(mutex_);
  ASSIGN_OR_RETURN(Kept * kept, FindForMember(caller, qid, piece.steward()));
  if (piece.bytes().empty() || piece.bytes().size() > kLongestPiece) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"morceau vide ou trop grand", "an empty piece, or one that is too large"});
  }
  const auto before = Standing(kept->state->row());
  ASSIGN_OR_RETURN(const bool fresh, kept->state->AddOpening(piece.steward(), piece.kind(), piece.index(),
                                                             piece.last(), clock_.Now()));
  if (!fresh) return absl::OkStatus();
  // Who was cut off begins again; only the whole is a promise.
  RETURN_IF_ERROR(Save(*kept, {}, piece.last() ? Sync::kNow : Sync::kLater, [&](rocksdb::WriteBatch& batch) {
    db_.Put(batch, Space::kRecords, PieceKey(qid, piece.steward(), piece.kind(), piece.index()),
            piece.bytes());
  }));
  if (Standing(kept->state->row()) == before) return absl::OkStatus();
  kept->news = ++mark_;
  Notify();
  return absl::OkStatus();
}

absl::StatusOr<v1::RequestUnlockResponse> Hub::RequestUnlock(absl::string_view door,
                                                             const v1::SignedUnlockRequest& request) {
  ASSIGN_OR_RETURN(const v1::UnlockRequest read, ReadKnock(request));
  if (read.door() != door) return NotYours();
  const std::shared_ptr<const CheckedRoster> roster = people_->latest();
  v1::RequestUnlockResponse response;
  if (roster != nullptr) response.set_roster_version(roster->roster.version());
  if (roster == nullptr || !roster->MemberOf(read.member()).has_value()) {
    response.set_refusal(v1::UNLOCK_REFUSAL_NOT_A_MEMBER);
    return response;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  const std::vector<std::string> stewards = knocks_.Ask(request, read, clock_.Now());
  if (!stewards.empty()) {
    ++mark_;
    for (const std::string& steward : stewards) knock_news_[steward] = mark_;
    Notify();
  }
  for (v1::SignedUnlockAnswer& answer : knocks_.AnswersTo(request))
    *response.add_answers() = std::move(answer);
  return response;
}

absl::Status Hub::PutUnlockAnswer(const HubCaller& caller, const v1::SignedUnlockAnswer& answer) {
  const absl::optional<v1::UnlockAnswer> read = ReadAnswer(answer);
  if (caller.kind != HubCaller::Kind::kMember || !read.has_value() || read->steward() != caller.key)
    return NotYours();
  std::lock_guard<std::mutex> lock(mutex_);
  knocks_.Put(answer, *read);
  return absl::OkStatus();
}

void Hub::Tick() {
  std::vector<std::string> expired;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const absl::Time now = clock_.Now();
    knocks_.Forget(now);
    bool news = false;
    for (auto& [qid, kept] : rounds_) {
      if (!kept->state.has_value() && !ReadState(*kept).ok()) continue;
      // A row that cannot be written stays due: the next tick tries again.
      if (kept->state->Tick(now) && Save(*kept, {}, Sync::kNow, nullptr).ok()) {
        kept->news = ++mark_;
        news = true;
      }
      const absl::Time end = absl::FromUnixMicros(kept->round.descriptor.expires_unix_micros());
      if (kept->state.has_value() && now >= end && kept->state->over() && !kept->state->row().emptied())
        expired.push_back(qid);
    }
    if (news) Notify();
  }
  // Gives space back, which takes a while: not under the lock. Whoever still reads finds the rest gone.
  for (const std::string& qid : expired) {
    if (!db_.Discard(Space::kRecords, qid, absl::StrCat(qid, "\xff")).ok()) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    Kept& kept = *rounds_.find(qid)->second;
    if (!kept.state.has_value()) continue;
    kept.state->SetEmptied();
    std::vector<uint32_t> offices;
    for (const HubContribution& contribution : kept.state->row().contributions())
      offices.push_back(contribution.office());
    Save(kept, offices, Sync::kNow, nullptr).IgnoreError();
  }
}

}  // namespace penc
