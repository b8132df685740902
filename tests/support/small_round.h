// One round on one table, without a hub's rules and without disks: offices build, whoever a test names is
// proposed, stewards vote, release and reveal by the real rules, a recipient opens. Tests and benchmarks lie
// in between as they like. Header only.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "federation/contribution.h"
#include "federation/opening.h"
#include "federation/steward.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/small_network.h"

namespace penc {

class SmallRound {
 public:
  explicit SmallRound(const SmallNetwork::Numbers& numbers) : network(numbers), round(network.MakeRound()) {
    Prepare();
  }
  // Terms that a test changed.
  SmallRound(const SmallNetwork::Numbers& numbers, const std::function<void(v1::Descriptor&)>& change)
      : network(numbers), round(Changed(change)) {
    Prepare();
  }

  v1::ChargeLogHead Head() const {
    v1::ChargeLogHead head;
    head.set_size(1);
    head.set_root(std::string(32, 'r'));
    head.set_pure(1);
    return head;
  }
  ContributionTerms TermsOf(uint32_t office) const {
    return {round, office, network.members[office]->key, round.fewest(), Head()};
  }
  OfficeContribution Build(uint32_t office, const std::vector<int64_t>& cells) {
    auto made = ContributionMaker::Make(TermsOf(office), ExactVectorPeek::Of(cells), network.random);
    PENC_CHECK(made.ok());
    return *std::move(made);
  }
  // Everybody sends the same number in each cell.
  void BuildAll(int64_t each) {
    for (uint32_t office : round.asked)
      sent[office] = Build(office, std::vector<int64_t>(round.descriptor.length(), each));
  }

  v1::SignedProposal Propose(const std::vector<uint32_t>& offices) const {
    v1::Proposal proposal;
    proposal.set_qid(round.qid);
    proposal.set_attempt(round.attempt());
    for (uint32_t office : offices) {
      v1::Proposal::Included& included = *proposal.add_offices();
      included.set_office(office);
      included.set_header_sha256(Sha256(sent.at(office).header.header()));
    }
    return SignProposal(proposal);
  }
  v1::SignedProposal SignProposal(const v1::Proposal& proposal) const {
    v1::SignedProposal made;
    made.set_proposal(proposal.SerializeAsString());
    made.set_signature(network.hub.Sign(absl::StrCat("penc proposal v1\n", made.proposal())));
    return made;
  }
  std::vector<Delivered> DeliveredTo(uint32_t k, const v1::SignedProposal& proposal) const {
    std::vector<Delivered> delivered;
    v1::Proposal set;
    PENC_CHECK(set.ParseFromString(proposal.proposal()));
    for (const auto& included : set.offices()) {
      const OfficeContribution& one = sent.at(included.office());
      delivered.push_back({one.header, one.boxes[*round.PlaceOf(k)]});
    }
    return delivered;
  }

  Steward At(uint32_t k) const { return Steward(round, k, secrets[k]); }
  absl::StatusOr<v1::Vote> Vote(uint32_t k, const v1::SignedProposal& proposal) {
    ASSIGN_OR_RETURN(auto step, At(k).Vote(rows[k], proposal, DeliveredTo(k, proposal), witnesses[k]));
    rows[k] = step.remember;
    return step.message;
  }
  // By honest stewards; `extra` are votes that liars signed.
  v1::Certificate Certify(const v1::SignedProposal& proposal, const std::vector<uint32_t>& voters) {
    v1::Certificate certificate;
    *certificate.mutable_proposal() = proposal;
    for (uint32_t k : voters) {
      absl::StatusOr<v1::Vote> vote = Vote(k, proposal);
      PENC_CHECK(vote.ok());
      *certificate.add_votes() = *std::move(vote);
    }
    return certificate;
  }
  absl::StatusOr<OpeningWithSum> Release(uint32_t k, const v1::Certificate& certificate) {
    ASSIGN_OR_RETURN(auto step, At(k).Release(rows[k], certificate, DeliveredTo(k, certificate.proposal())));
    rows[k] = step.remember;
    return std::move(step.message);
  }
  absl::StatusOr<OpeningWithSum> Reveal(uint32_t k, const v1::Certificate& certificate, uint32_t absent) {
    ASSIGN_OR_RETURN(auto step,
                     At(k).Reveal(rows[k], certificate, DeliveredTo(k, certificate.proposal()), absent));
    rows[k] = step.remember;
    return std::move(step.message);
  }
  // Without openings.
  RoundParts Parts(const v1::Certificate& certificate) const {
    RoundParts parts;
    parts.certificate = certificate;
    v1::Proposal set;
    PENC_CHECK(set.ParseFromString(certificate.proposal().proposal()));
    for (const auto& included : set.offices()) {
      parts.headers.push_back(sent.at(included.office()).header);
      parts.vectors.push_back(sent.at(included.office()).vector);
    }
    return parts;
  }

  SmallNetwork network;
  const Round round;
  std::vector<EpochSecrets> secrets;  // by steward
  std::vector<storage::v1::StewardRow> rows;
  std::vector<WitnessRows> witnesses;
  std::map<uint32_t, OfficeContribution> sent;

 private:
  Round Changed(const std::function<void(v1::Descriptor&)>& change) {
    v1::Descriptor terms = network.Terms();
    change(terms);
    absl::StatusOr<Round> made = ReadRound(network.Sign(terms), network.roster_bytes, SmallNetwork::now());
    PENC_CHECK(made.ok());
    return *std::move(made);
  }
  void Prepare() {
    for (uint32_t k = 0; k < round.stewards(); ++k) {
      const auto& keys = *network.members[k];
      secrets.push_back({AgreementKey::FromBytes(keys.mask.bytes().view()).value(), keys.vote.Copy()});
    }
    rows.resize(round.stewards());
    witnesses.resize(round.stewards());
  }
};

}  // namespace penc
