// A whole round in memory: a network with a signed roster, a descriptor of real questions, offices that
// contribute, stewards that vote and release, and the pieces that a hub would hand to recipients. What is
// wrong with it is up to the test. Header only.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/status.h"
#include "codebook/read.h"
#include "federation/chunks.h"
#include "federation/contribution.h"
#include "federation/descriptor.h"
#include "federation/roster.h"
#include "federation/sealed_opening.h"
#include "federation/steward.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc {

class WholeRound {
 public:
  struct Wish {
    uint32_t offices = 8;
    std::string codebook;  // text
    v1::Bulletin bulletin;
    uint32_t share_ppm = 20000;
  };
  using Pieces = std::vector<v1::FetchRoundResponse>;

  explicit WholeRound(Wish wish)
      : network({.offices = wish.offices, .stewards = wish.offices}),
        codebook_text(std::move(wish.codebook)),
        codebook(ReadCodebook("codebook.yaml", codebook_text).value()) {
    v1::SignedRoster signed_roster;
    signed_roster.set_roster(network.roster_bytes);
    SignRoster(network.hub, signed_roster);
    roster = ReadFirstRoster(signed_roster).value();
    RoundWish want;
    want.bulletin = std::move(wish.bulletin);
    want.price.set_share_ppm(wish.share_ppm);
    want.purpose = "plaidoyer";
    want.edition = "2026-Q3";
    want.partner_key = network.partner.verify_key().bytes();
    want.partner_mail_key = network.partner_mail.public_key();
    want.partner_name = "analyste";
    const v1::Descriptor terms =
        MakeDescriptor(want, roster, codebook, SmallNetwork::now(), network.random).value();
    round = ReadRound(SignDescriptor(terms, network.partner), roster.bytes(), SmallNetwork::now()).value();
  }

  // What office number `office` has: small numbers that differ everywhere.
  std::vector<int64_t> Exact(uint32_t office) const {
    std::vector<int64_t> cells(round.descriptor.length());
    for (size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<int64_t>((office + 1) * 40 + i % 17);
    return cells;
  }

  // `lie` may change what the office signs.
  void Contribute(uint32_t office, const std::function<void(v1::ContributionHeader&)>& lie = nullptr) {
    v1::ChargeLogHead head;
    head.set_size(1);
    head.set_root(std::string(32, 'r'));
    OfficeContribution made = ContributionMaker::Make({round, office, network.members[office]->key, 5, head},
                                                      ExactVectorPeek::Of(Exact(office)), network.random)
                                  .value();
    if (lie) {
      v1::ContributionHeader header;
      PENC_CHECK(header.ParseFromString(made.header.header()));
      lie(header);
      made.header = network.SignHeader(office, header);
    }
    sent[office] = std::move(made);
  }
  void Contribute(const std::vector<uint32_t>& offices) {
    for (uint32_t office : offices) Contribute(office);
  }

  // Proposes all who have contributed; the first stewards that are enough vote.
  void Certify() {
    v1::Proposal proposal;
    proposal.set_qid(round.qid);
    proposal.set_attempt(round.attempt());
    for (const auto& [office, contribution] : sent) {
      v1::Proposal::Included& included = *proposal.add_offices();
      included.set_office(office);
      included.set_header_sha256(Sha256(contribution.header.header()));
    }
    v1::SignedProposal& made = *certificate.mutable_proposal();
    made.set_proposal(proposal.SerializeAsString());
    made.set_signature(network.hub.Sign(absl::StrCat("penc proposal v1\n", made.proposal())));
    for (uint32_t place = 0; place < round.quorum(); ++place) {
      const uint32_t steward = round.descriptor.stewards(static_cast<int>(place));
      WitnessRows witnesses;
      const auto vote = At(steward).Vote(rows[steward], made, DeliveredTo(steward), witnesses);
      PENC_CHECK(vote.ok());
      rows[steward] = vote->remember;
      *certificate.add_votes() = vote->message;
    }
  }
  OpeningWithSum Release(uint32_t steward) {
    auto step = At(steward).Release(rows[steward], certificate, DeliveredTo(steward));
    PENC_CHECK(step.ok());
    rows[steward] = step->remember;
    return std::move(step->message);
  }
  OpeningWithSum Reveal(uint32_t steward, uint32_t absent) {
    auto step = At(steward).Reveal(rows[steward], certificate, DeliveredTo(steward), absent);
    PENC_CHECK(step.ok());
    rows[steward] = step->remember;
    return std::move(step->message);
  }
  // Signed anew by its steward, whatever a test has put into it.
  OpeningWithSum Signed(OpeningWithSum opening, const std::function<void(v1::Opening&)>& lie) const {
    v1::Opening parsed;
    PENC_CHECK(parsed.ParseFromString(opening.opening.opening()));
    lie(parsed);
    opening.opening.set_opening(parsed.SerializeAsString());
    opening.opening.set_signature(
        network.members[parsed.steward()]->vote.Sign(SignedOpeningText(opening.opening.opening())));
    return opening;
  }
  // Releases of all stewards but the absent ones, and of those who released, reveals for each absent one.
  std::vector<OpeningWithSum> Openings(const std::vector<uint32_t>& absent = {}) {
    std::vector<OpeningWithSum> all;
    const auto is_absent = [&](uint32_t steward) {
      return std::find(absent.begin(), absent.end(), steward) != absent.end();
    };
    for (uint32_t steward : round.descriptor.stewards()) {
      if (!is_absent(steward)) all.push_back(Release(steward));
    }
    for (uint32_t steward : round.descriptor.stewards()) {
      for (uint32_t other : absent) {
        if (!is_absent(steward)) all.push_back(Reveal(steward, other));
      }
    }
    return all;
  }

  std::string Sealed(const OpeningWithSum& opening) {
    v1::Opening parsed;
    PENC_CHECK(parsed.ParseFromString(opening.opening.opening()));
    return SealOpening(round, parsed.steward(), opening, network.random).value();
  }
  static void AddSealed(uint32_t steward, uint32_t kind, absl::string_view sealed, Pieces& pieces) {
    for (uint32_t index = 0; size_t{index} * kPieceBytes < sealed.size(); ++index) {
      v1::SealedPiece& piece = *pieces.emplace_back().mutable_opening();
      piece.set_steward(steward);
      piece.set_kind(kind);
      piece.set_index(index);
      piece.set_last((size_t{index} + 1) * kPieceBytes >= sealed.size());
      piece.set_bytes(std::string(sealed.substr(size_t{index} * kPieceBytes, kPieceBytes)));
    }
  }
  // In the order of a hub.
  Pieces PiecesOf(const std::vector<OpeningWithSum>& openings) {
    Pieces pieces;
    *pieces.emplace_back().mutable_terms() = round.signed_descriptor;
    *pieces.emplace_back().mutable_certificate() = certificate;
    for (const auto& [office, contribution] : sent) {
      *pieces.emplace_back().mutable_header() = contribution.header;
      for (uint32_t index = 0; index < ChunksOf(round); ++index) {
        v1::VectorChunk& chunk = *pieces.emplace_back().mutable_chunk();
        chunk.set_office(office);
        chunk.set_index(index);
        chunk.set_bytes(contribution.vector.substr(size_t{index} * kChunkBytes, kChunkBytes));
      }
    }
    for (const OpeningWithSum& opening : openings) {
      v1::Opening parsed;
      PENC_CHECK(parsed.ParseFromString(opening.opening.opening()));
      AddSealed(parsed.steward(), OpeningKind(parsed), Sealed(opening), pieces);
    }
    for (const v1::SignedAbstention& abstention : abstentions)
      *pieces.emplace_back().mutable_abstention() = abstention;
    return pieces;
  }

  // True sums of those who contributed.
  std::vector<int64_t> Truth() const {
    std::vector<int64_t> truth(round.descriptor.length(), 0);
    for (const auto& [office, contribution] : sent) {
      const std::vector<int64_t> exact = Exact(office);
      for (size_t i = 0; i < truth.size(); ++i) truth[i] += exact[i];
    }
    return truth;
  }
  std::string Roots() const { return RootsFingerprint(roster.roster); }

  SmallNetwork network;
  const std::string codebook_text;
  const Codebook codebook;
  CheckedRoster roster;
  Round round;
  std::map<uint32_t, OfficeContribution> sent;  // by office
  std::map<uint32_t, storage::v1::StewardRow> rows;
  v1::Certificate certificate;
  std::vector<v1::SignedAbstention> abstentions;

 private:
  const EpochSecrets& SecretsOf(uint32_t steward) {
    const auto known = secrets_.find(steward);
    if (known != secrets_.end()) return known->second;
    const SmallNetwork::Keys& keys = *network.members[steward];
    return secrets_
        .emplace(steward,
                 EpochSecrets{AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()})
        .first->second;
  }
  Steward At(uint32_t steward) { return Steward(round, steward, SecretsOf(steward)); }
  std::vector<Delivered> DeliveredTo(uint32_t steward) const {
    std::vector<Delivered> delivered;
    for (const auto& [office, one] : sent)
      delivered.push_back({one.header, one.boxes[*round.PlaceOf(steward)]});
    return delivered;
  }

  std::map<uint32_t, EpochSecrets> secrets_;
};

}  // namespace penc
