#include "federation/steward.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/box.h"
#include "federation/masks.h"
#include "federation/ring.h"
#include "federation/witness.h"

namespace penc {
namespace {

using storage::v1::StewardRow;

absl::Status Not(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kFailedPrecondition, {std::move(fr), std::move(en)});
}

absl::Status Blames(uint32_t office, const absl::Status& why) {
  const Text text = Explain(why);
  return Not(absl::StrCat("membre ", office, ": ", text.fr), absl::StrCat("member ", office, ": ", text.en));
}

// The header that the proposal names by its hash. `checked`: its signature was verified before.
absl::optional<v1::ContributionHeader> HeaderOf(const Round& round, const v1::SignedHeader& header,
                                                const v1::Proposal::Included& included, bool checked) {
  if (Sha256(header.header()) != included.header_sha256()) return absl::nullopt;
  absl::optional<v1::ContributionHeader> parsed;
  if (!checked) {
    parsed = ParseHeader(round, header);
  } else if (v1::ContributionHeader known; known.ParseFromString(header.header())) {
    parsed = std::move(known);
  }
  if (parsed.has_value() && parsed->office() != included.office()) return absl::nullopt;
  return parsed;
}

}  // namespace

struct Steward::Opened {
  v1::ContributionHeader header;
  Secret mask_seed;
  Box box;
};

uint32_t RemovableSteps(const Round& round, uint32_t answered) {
  const auto& levels = round.descriptor.levels();
  return static_cast<uint32_t>(
      std::count_if(levels.begin() + 1, levels.end(), [&](uint32_t level) { return level <= answered; }));
}

std::string SignedOpeningText(absl::string_view opening) {
  return absl::StrCat("penc opening v1\n", opening);
}

absl::Status Steward::CheckRow(const StewardRow& row) const {
  const bool fits = row.qid().empty() || (row.qid() == round_.qid && row.attempt() == round_.attempt());
  return fits ? absl::OkStatus()
              : Fail(absl::StatusCode::kDataLoss,
                     {"mémoire de témoin d'une autre ronde", "a steward's row of another round"});
}

StewardRow Steward::Begun(const StewardRow& row) const {
  StewardRow next = row;
  next.set_format(1);
  next.set_qid(round_.qid);
  next.set_attempt(round_.attempt());
  return next;
}

absl::StatusOr<std::vector<Steward::Opened>> Steward::OpenSet(const StewardRow& row,
                                                              const v1::SignedProposal& proposal,
                                                              const std::vector<Delivered>& delivered) const {
  const absl::optional<v1::Proposal> set = ParseProposal(round_, proposal);
  if (!VerifyProposal(round_, proposal) || !set.has_value())
    return Not("ce n'est pas une proposition du relais pour cette ronde",
               "not a proposal of the hub for this round");
  if (static_cast<size_t>(set->offices_size()) != delivered.size())
    return Not("il manque des contributions de l'ensemble proposé",
               "contributions of the proposed set are missing");
  // What this steward voted for it has checked: the same hash is the same header.
  const bool checked = row.voted() == Sha256(proposal.proposal());
  const std::string own_key = secrets_.mask.public_key();
  std::vector<Opened> opened;
  opened.reserve(delivered.size());
  for (int i = 0; i < set->offices_size(); ++i) {
    const v1::Proposal::Included& included = set->offices(i);
    const Delivered& one = delivered[i];
    absl::optional<v1::ContributionHeader> header = HeaderOf(round_, one.header, included, checked);
    if (!header.has_value()) {
      return Blames(included.office(),
                    Not("son en-tête n'est pas celui de la proposition", "its header is not the proposal's"));
    }
    if (header->minimum() > static_cast<uint32_t>(set->offices_size())) {
      return Blames(included.office(), Not("elle demande plus d'organisations qu'il n'y en a",
                                           "it asks for more organisations than there are"));
    }
    PairContext context;
    context.suite = round_.descriptor.suite();
    context.qid = round_.qid;
    context.attempt = round_.attempt();
    context.office = header->office();
    context.steward = steward_;
    context.office_key = header->share_key();
    context.steward_key = own_key;
    absl::StatusOr<PairKeys> keys = PairKeysOfSteward(context, secrets_.mask);
    if (!keys.ok()) return Blames(included.office(), keys.status());
    const auto place = static_cast<int>(place_);
    if (MaskCommitment(keys->mask_seed) != header->mask_commitments(place)) {
      return Blames(included.office(),
                    Not("son engagement de masque ne correspond pas", "its mask commitment does not fit"));
    }
    BoxTerms terms;
    terms.places = static_cast<uint32_t>(round_.stewards() + header->level_commitments_size());
    terms.sha256 = header->box_sha256(place);
    terms.root = header->box_roots(place);
    absl::StatusOr<Box> box = OpenBox(keys->box_key, one.box, terms);
    if (!box.ok()) return Blames(included.office(), box.status());
    opened.push_back({*std::move(header), std::move(keys->mask_seed), *std::move(box)});
  }
  return opened;
}

absl::StatusOr<StewardStep<v1::Vote>> Steward::Vote(const StewardRow& row, const v1::SignedProposal& proposal,
                                                    const std::vector<Delivered>& delivered,
                                                    WitnessRows& witnesses) const {
  RETURN_IF_ERROR(CheckRow(row));
  const std::string set = Sha256(proposal.proposal());
  if (!row.voted().empty() && row.voted() != set)
    return Not("ce témoin a déjà voté pour un autre ensemble", "this steward has voted for another set");
  if (row.promised())
    return Not("ce témoin a promis que cette ronde n'ouvrira pas",
               "this steward has promised that this round never opens");
  if (row.voted().empty()) {
    ASSIGN_OR_RETURN(const std::vector<Opened> opened, OpenSet(row, proposal, delivered));
    WitnessRows seen = witnesses;
    for (const Opened& one : opened) {
      const std::string& key = round_.roster.members(static_cast<int>(one.header.office())).key();
      absl::StatusOr<storage::v1::WitnessRow> next = Witness(seen[key], one.header.charge_log());
      if (!next.ok()) return Blames(one.header.office(), next.status());
      next->set_office(key);
      seen[key] = *std::move(next);
    }
    witnesses = std::move(seen);
  }
  StewardStep<v1::Vote> step{Begun(row), {}};
  step.remember.set_voted(set);
  step.message.set_qid(round_.qid);
  step.message.set_attempt(round_.attempt());
  step.message.set_proposal_sha256(set);
  step.message.set_steward(steward_);
  step.message.set_signature(secrets_.vote.Sign(SignedVoteText(round_, set)));
  return step;
}

absl::StatusOr<StewardStep<v1::Promise>> Steward::Promise(const StewardRow& row) const {
  RETURN_IF_ERROR(CheckRow(row));
  if (!row.released().empty())
    return Not("ce témoin a déjà ouvert sa part", "this steward has released already");
  StewardStep<v1::Promise> step{Begun(row), {}};
  step.remember.set_promised(true);
  step.message.set_qid(round_.qid);
  step.message.set_attempt(round_.attempt());
  step.message.set_steward(steward_);
  step.message.set_signature(secrets_.vote.Sign(SignedPromiseText(round_)));
  return step;
}

v1::SignedOpening Steward::Sign(const v1::Opening& opening) const {
  v1::SignedOpening out;
  out.set_opening(opening.SerializeAsString());
  out.set_signature(secrets_.vote.Sign(SignedOpeningText(out.opening())));
  return out;
}

absl::StatusOr<StewardStep<OpeningWithSum>> Steward::Release(const StewardRow& row,
                                                             const v1::Certificate& certificate,
                                                             const std::vector<Delivered>& delivered) const {
  RETURN_IF_ERROR(CheckRow(row));
  const std::string set = Sha256(certificate.proposal().proposal());
  if (row.promised())
    return Not("ce témoin a promis que cette ronde n'ouvrira pas",
               "this steward has promised that this round never opens");
  if (!row.released().empty() && row.released() != set)
    return Not("ce témoin a déjà ouvert un autre ensemble", "this steward has released another set");
  if (!VerifyCertificate(round_, certificate))
    return Not("le certificat n'a pas assez de votes égaux", "the certificate has not enough equal votes");
  ASSIGN_OR_RETURN(const std::vector<Opened> opened, OpenSet(row, certificate.proposal(), delivered));

  RingVector sum(round_.descriptor.length(), round_.descriptor.word_bits());
  const uint32_t steps = RemovableSteps(round_, static_cast<uint32_t>(opened.size()));
  v1::Opening opening;
  opening.set_qid(round_.qid);
  opening.set_attempt(round_.attempt());
  opening.set_steward(steward_);
  opening.set_proposal_sha256(set);
  for (const Opened& one : opened) {
    sum.AddMask(1, one.mask_seed);
    for (uint32_t j = 0; j < steps; ++j)
      *opening.add_level_shares() = one.box.Prove(one.header.office(), round_.stewards() + j);
  }
  StewardStep<OpeningWithSum> step{Begun(row), {}};
  step.remember.set_released(set);
  step.message.mask_sum = sum.ToBytes();
  opening.set_mask_sum_sha256(Sha256(step.message.mask_sum));
  step.message.opening = Sign(opening);
  return step;
}

absl::StatusOr<StewardStep<OpeningWithSum>> Steward::Reveal(const StewardRow& row,
                                                            const v1::Certificate& certificate,
                                                            const std::vector<Delivered>& delivered,
                                                            uint32_t absent) const {
  RETURN_IF_ERROR(CheckRow(row));
  const std::string set = Sha256(certificate.proposal().proposal());
  const absl::optional<uint32_t> place = round_.PlaceOf(absent);
  if (row.released() != set || set.empty())
    return Not("un témoin n'ouvre pour un absent qu'après avoir ouvert sa propre part",
               "a steward reveals for an absent one only after its own release");
  if (!place.has_value() || absent == steward_)
    return Not("ce n'est pas un autre témoin", "not another steward");
  const auto& revealed = row.revealed();
  const bool known = std::find(revealed.begin(), revealed.end(), absent) != revealed.end();
  if (!known && static_cast<uint32_t>(revealed.size()) >= round_.descriptor.absent())
    return Not("assez d'absents ont été ouverts dans cette ronde; un de plus montrerait une organisation",
               "enough absent stewards were revealed in this round; one more could expose an organisation");
  if (!VerifyCertificate(round_, certificate))
    return Not("le certificat n'a pas assez de votes égaux", "the certificate has not enough equal votes");
  ASSIGN_OR_RETURN(const std::vector<Opened> opened, OpenSet(row, certificate.proposal(), delivered));
  v1::Opening opening;
  opening.set_qid(round_.qid);
  opening.set_attempt(round_.attempt());
  opening.set_steward(steward_);
  opening.set_proposal_sha256(set);
  opening.set_reveal(true);
  opening.set_absent_steward(absent);
  for (const Opened& one : opened) *opening.add_mask_shares() = one.box.Prove(one.header.office(), *place);
  StewardStep<OpeningWithSum> step{Begun(row), {}};
  if (!known) step.remember.add_revealed(absent);
  step.message.opening = Sign(opening);
  return step;
}

}  // namespace penc
