#include "federation/round.h"

#include <functional>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/big_endian.h"
#include "base/status.h"
#include "crypto/agreement.h"
#include "crypto/hash.h"
#include "crypto/signature.h"

namespace penc {
namespace {

constexpr size_t kHash = 32;

bool Signed(const std::string& key, const std::string& text, const std::string& signature) {
  const absl::StatusOr<VerifyKey> known = VerifyKey::FromBytes(key);
  return known.ok() && known->Verify(text, signature);
}

const v1::EpochKeys* EpochOf(const Round& round, uint32_t steward) {
  if (!round.PlaceOf(steward).has_value() || static_cast<int>(steward) >= round.roster.members_size())
    return nullptr;
  const v1::Member& member = round.roster.members(static_cast<int>(steward));
  return member.has_epoch() ? &member.epoch() : nullptr;
}

template <typename Hashes>
bool AllHashes(const Hashes& hashes, size_t count) {
  return static_cast<size_t>(hashes.size()) == count &&
         std::all_of(hashes.begin(), hashes.end(), [](const std::string& h) { return h.size() == kHash; });
}

absl::Status Bad(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("ronde refusée: ", fr), absl::StrCat("round refused: ", en)});
}

// The members that the descriptor asks: all that have not left, or a region's.
absl::StatusOr<std::vector<uint32_t>> AskedBy(const v1::Roster& roster, const std::string& region) {
  std::vector<uint32_t> asked;
  const auto stays = [&](uint32_t member) {
    return std::find(roster.left().begin(), roster.left().end(), member) == roster.left().end();
  };
  if (region.empty()) {
    for (uint32_t i = 0; i < static_cast<uint32_t>(roster.members_size()); ++i) {
      if (stays(i)) asked.push_back(i);
    }
    return asked;
  }
  for (const v1::Region& one : roster.regions()) {
    if (one.name() != region) continue;
    std::copy_if(one.members().begin(), one.members().end(), std::back_inserter(asked), stays);
    return asked;
  }
  return Bad("région inconnue de la liste des membres", "a region that the roster does not have");
}

bool Ascending(const google::protobuf::RepeatedField<uint32_t>& numbers) {
  return std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<uint32_t>()) == numbers.end();
}

absl::Status CheckTimes(const v1::Descriptor& terms, const v1::Roster& roster, absl::Time now) {
  const int64_t times[] = {terms.collect_until_unix_micros(), terms.vote_until_unix_micros(),
                           terms.release_until_unix_micros(), terms.reveal_until_unix_micros(),
                           terms.expires_unix_micros()};
  if (!std::is_sorted(std::begin(times), std::end(times)))
    return Bad("échéances dans le désordre", "deadlines out of order");
  // No descriptor lies about for months until somebody finds it useful.
  if (terms.expires_unix_micros() > absl::ToUnixMicros(now + kLongestRound + kClocksDiffer))
    return Bad("elle durerait plus de quatorze jours", "it would last more than fourteen days");
  if (absl::ToUnixMicros(now) >= terms.expires_unix_micros())
    return Bad("elle est terminée depuis longtemps", "it ended long ago");
  if (absl::ToUnixMicros(now) >= roster.expires_unix_micros())
    return Bad("la liste des membres a expiré", "the roster has expired");
  return absl::OkStatus();
}

absl::Status CheckStewards(const v1::Descriptor& terms, const v1::Roster& roster) {
  if (terms.stewards().empty() || !Ascending(terms.stewards()))
    return Bad("témoins dans le désordre", "stewards out of order");
  for (uint32_t steward : terms.stewards()) {
    if (steward >= static_cast<uint32_t>(roster.members_size()) ||
        !roster.members(static_cast<int>(steward)).has_epoch())
      return Bad("un témoin que la liste des membres n'a pas", "a steward that the roster does not have");
    if (roster.members(static_cast<int>(steward)).epoch().until_unix_micros() < terms.expires_unix_micros())
      return Bad("les clés d'un témoin finissent avant la ronde", "a steward's keys end before the round");
  }
  // In 64 bits: no number that somebody sends may wrap around a bound.
  if (static_cast<uint64_t>(terms.stewards_size()) <
      uint64_t{terms.colluding()} + 2 * uint64_t{terms.absent()} + 1)
    return Bad("trop peu de témoins pour ceux qui peuvent manquer ou s'entendre (c ≥ t + 2d + 1)",
               "too few stewards for those who may be absent or collude (c >= t + 2d + 1)");
  if (terms.presumed_dishonest() < terms.colluding())
    return Bad("moins de membres présumés malhonnêtes que de témoins",
               "fewer members presumed dishonest than stewards");
  return absl::OkStatus();
}

absl::Status CheckSizes(const v1::Descriptor& terms, size_t asked) {
  if (terms.length() == 0 || terms.length() > kLongestVector ||
      (terms.word_bits() != 32 && terms.word_bits() != 64))
    return Bad("vecteur hors limites", "a vector out of bounds");
  uint64_t cells = 0;
  for (const v1::RoundBlock& block : terms.blocks()) {
    if (block.cells() > terms.length() - cells)
      return Bad("blocs et longueur contradictoires", "blocks and length contradict");
    if (block.noise().parameter_num() == 0 || block.noise().parameter_den() == 0)
      return Bad("un bloc sans bruit", "a block without noise");
    cells += block.cells();
  }
  if (cells != terms.length())
    return Bad("blocs et longueur contradictoires", "blocks and length contradict");
  const auto& levels = terms.levels();
  if (terms.asked() != asked || levels.empty() || !Ascending(levels) || levels[levels.size() - 1] != asked)
    return Bad("nombre d'organisations contradictoire; personne ne choisit un sous-ensemble",
               "contradictory number of organisations; nobody picks a subset");
  if (asked < 5 || levels[0] < 5 || 2 * levels[0] < asked ||
      levels[0] < uint64_t{terms.presumed_dishonest()} + 3)
    return Bad("trop peu d'organisations", "too few organisations");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Round> ReadRound(const v1::SignedDescriptor& terms, absl::string_view roster_bytes,
                                absl::Time now) {
  Round round;
  round.signed_descriptor = terms;
  if (!round.descriptor.ParseFromString(terms.body()) ||
      !round.roster.ParseFromArray(roster_bytes.data(), static_cast<int>(roster_bytes.size())))
    return Bad("message illisible", "an unreadable message");
  const v1::Descriptor& read = round.descriptor;
  if (read.suite() != 1 || read.attempt() == 0 || read.nonce().size() != 16 ||
      read.void_sha256().empty() != (read.attempt() == 1))
    return Bad("version ou tentative inconnue", "unknown suite or attempt");
  if (!Signed(read.partner_key(), absl::StrCat("penc round v1\n", terms.body()), terms.signature()))
    return Bad("la signature n'est pas celle du partenaire", "the signature is not the partner's");
  if (!UsableAgreementKey(read.partner_mail_key()))
    return Bad("la clé de courrier du partenaire est inutilisable", "the partner's mail key is unusable");
  if (read.roster_sha256() != Sha256(roster_bytes) || read.roster_version() != round.roster.version())
    return Bad("autre liste des membres que celle en vigueur", "another roster than the one in force");
  RETURN_IF_ERROR(CheckTimes(read, round.roster, now));
  ASSIGN_OR_RETURN(round.asked, AskedBy(round.roster, read.region()));
  RETURN_IF_ERROR(CheckStewards(read, round.roster));
  RETURN_IF_ERROR(CheckSizes(read, round.asked.size()));
  round.qid = Sha256(terms.body());
  return round;
}

std::string SignedVoteText(const Round& round, const std::string& proposal_sha256) {
  return absl::StrCat("penc vote v1\n", round.qid, BigEndian32(round.attempt()), proposal_sha256);
}

std::string SignedPromiseText(const Round& round) {
  return absl::StrCat("penc promise v1\n", round.qid, BigEndian32(round.attempt()));
}

std::string SignedReceiptText(const Round& round, uint32_t office, const std::string& header_sha256) {
  return absl::StrCat("penc receipt v1\n", round.qid, BigEndian32(round.attempt()), BigEndian32(office),
                      header_sha256);
}

bool VerifyProposal(const Round& round, const v1::SignedProposal& proposal) {
  return Signed(round.roster.hub_key(), absl::StrCat("penc proposal v1\n", proposal.proposal()),
                proposal.signature());
}

bool VerifyVote(const Round& round, const v1::Vote& vote) {
  const v1::EpochKeys* keys = EpochOf(round, vote.steward());
  return keys != nullptr && vote.qid() == round.qid && vote.attempt() == round.attempt() &&
         vote.proposal_sha256().size() == kHash &&
         Signed(keys->vote_key(), SignedVoteText(round, vote.proposal_sha256()), vote.signature());
}

bool VerifyPromise(const Round& round, const v1::Promise& promise) {
  const v1::EpochKeys* keys = EpochOf(round, promise.steward());
  return keys != nullptr && promise.qid() == round.qid && promise.attempt() == round.attempt() &&
         Signed(keys->vote_key(), SignedPromiseText(round), promise.signature());
}

bool VerifyCertificate(const Round& round, const v1::Certificate& certificate) {
  if (!VerifyProposal(round, certificate.proposal()) ||
      !ParseProposal(round, certificate.proposal()).has_value())
    return false;
  const std::string wanted = Sha256(certificate.proposal().proposal());
  int64_t last = -1;
  for (const v1::Vote& vote : certificate.votes()) {
    if (vote.steward() <= last || vote.proposal_sha256() != wanted || !VerifyVote(round, vote)) return false;
    last = vote.steward();
  }
  return static_cast<uint32_t>(certificate.votes_size()) >= round.quorum();
}

bool VerifyVoid(const Round& round, const v1::VoidCertificate& certificate) {
  int64_t last = -1;
  for (const v1::Promise& promise : certificate.promises()) {
    if (promise.steward() <= last || !VerifyPromise(round, promise)) return false;
    last = promise.steward();
  }
  return static_cast<uint32_t>(certificate.promises_size()) >= round.quorum();
}

absl::optional<v1::Proposal> ParseProposal(const Round& round, const v1::SignedProposal& proposal) {
  v1::Proposal parsed;
  if (!parsed.ParseFromString(proposal.proposal()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || static_cast<uint32_t>(parsed.offices_size()) < round.fewest()) {
    return absl::nullopt;
  }
  int64_t last = -1;
  for (const v1::Proposal::Included& included : parsed.offices()) {
    if (included.office() <= last || !round.Asks(included.office()) ||
        included.header_sha256().size() != kHash)
      return absl::nullopt;
    last = included.office();
  }
  return parsed;
}

absl::optional<v1::ContributionHeader> ParseHeader(const Round& round, const v1::SignedHeader& header) {
  v1::ContributionHeader parsed;
  if (!parsed.ParseFromString(header.header()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || !round.Asks(parsed.office())) {
    return absl::nullopt;
  }
  const v1::Member& member = round.roster.members(static_cast<int>(parsed.office()));
  if (!Signed(member.key(), absl::StrCat("penc contribution v1\n", header.header()), header.signature()))
    return absl::nullopt;
  const size_t steps = round.descriptor.levels_size() - 1;
  const bool fits =
      parsed.share_key().size() == 32 && parsed.vector_bytes() == VectorBytes(round) &&
      parsed.vector_root().size() == kHash && AllHashes(parsed.mask_commitments(), round.stewards()) &&
      AllHashes(parsed.level_commitments(), steps) && AllHashes(parsed.box_roots(), round.stewards()) &&
      AllHashes(parsed.box_sha256(), round.stewards());
  if (!fits) return absl::nullopt;
  return parsed;
}

absl::optional<v1::Abstention> ParseAbstention(const Round& round, const v1::SignedAbstention& abstention) {
  v1::Abstention parsed;
  if (!parsed.ParseFromString(abstention.abstention()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || !round.Asks(parsed.office())) {
    return absl::nullopt;
  }
  const v1::Member& member = round.roster.members(static_cast<int>(parsed.office()));
  if (!Signed(member.key(), absl::StrCat("penc abstention v1\n", abstention.abstention()),
              abstention.signature()))
    return absl::nullopt;
  return parsed;
}

}  // namespace penc
