#include "federation/contribution.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/agreement.h"
#include "crypto/hash.h"
#include "federation/box.h"
#include "federation/chunks.h"
#include "federation/masks.h"
#include "federation/parameters.h"
#include "federation/ring.h"

namespace penc {
namespace {

const v1::EpochKeys& EpochAt(const Round& round, uint32_t place) {
  return round.roster.members(static_cast<int>(round.descriptor.stewards(static_cast<int>(place)))).epoch();
}

}  // namespace

Mechanism MechanismOf(const v1::RoundBlock& block) {
  const Family family =
      block.noise().family() == v1::Noise::FAMILY_SKELLAM ? Family::kSkellam : Family::kDiscreteLaplace;
  return {family, {block.noise().parameter_num(), block.noise().parameter_den()}};
}

ShareSchedule ScheduleOf(const Round& round) {
  ShareSchedule schedule;
  schedule.dishonest = round.descriptor.presumed_dishonest();
  schedule.levels.assign(round.descriptor.levels().begin(), round.descriptor.levels().end());
  return schedule;
}

absl::StatusOr<OfficeContribution> ContributionMaker::Make(const ContributionTerms& terms,
                                                           ExactVector&& exact, RandomSource& random) {
  const Round& round = terms.round;
  const v1::Descriptor& descriptor = round.descriptor;
  const ShareSchedule schedule = ScheduleOf(round);
  absl::Span<int64_t> cells = exact.cells(ExactVector::Key());
  PENC_CHECK(cells.size() == descriptor.length());
  // Saturation is 1-Lipschitz: sensitivity holds, and sums stay inside the ring.
  const int64_t bound = OfficeBound(descriptor.word_bits());
  for (int64_t& cell : cells) cell = std::clamp(cell, -bound, bound);

  // Noise: the base share, and for each step between levels a component that its seed gives again.
  std::vector<Secret> secrets;
  const AgreementKey share_key = AgreementKey::Generate(random);
  std::vector<PairKeys> pairs;
  for (uint32_t place = 0; place < round.stewards(); ++place) {
    PairContext context;
    context.suite = descriptor.suite();
    context.qid = round.qid;
    context.attempt = round.attempt();
    context.office = terms.office;
    context.steward = descriptor.stewards(static_cast<int>(place));
    context.office_key = share_key.public_key();
    context.steward_key = EpochAt(round, place).mask_key();
    ASSIGN_OR_RETURN(PairKeys keys, PairKeysOfOffice(context, share_key));
    secrets.push_back(keys.mask_seed.Copy());
    pairs.push_back(std::move(keys));
  }
  for (size_t j = 0; j < schedule.components(); ++j) secrets.push_back(Secret::Random(random, 32));
  uint64_t first = 0;
  for (int b = 0; b < descriptor.blocks_size(); ++b) {
    const Mechanism mechanism = MechanismOf(descriptor.blocks(b));
    absl::Span<int64_t> block = cells.subspan(first, descriptor.blocks(b).cells());
    AddBaseShare(mechanism, schedule, random, block);
    for (size_t j = 0; j < schedule.components(); ++j) {
      AddComponent(mechanism, schedule, j, secrets[round.stewards() + j].bytes(), static_cast<uint32_t>(b), 1,
                   block);
    }
    first += descriptor.blocks(b).cells();
  }

  RingVector words(cells.size(), descriptor.word_bits());
  words.AddCells(cells);
  for (const PairKeys& keys : pairs) words.AddMask(1, keys.mask_seed);

  OfficeContribution made;
  made.vector = words.ToBytes();
  v1::ContributionHeader header;
  header.set_qid(round.qid);
  header.set_attempt(round.attempt());
  header.set_office(terms.office);
  header.set_share_key(share_key.public_key());
  header.set_vector_bytes(made.vector.size());
  header.set_vector_root(ChunkTree::Of(made.vector).Root());
  header.set_minimum(terms.minimum);
  *header.mutable_charge_log() = terms.charge_log;
  for (size_t k = 0; k < round.stewards(); ++k) header.add_mask_commitments(MaskCommitment(secrets[k]));
  for (size_t j = 0; j < schedule.components(); ++j)
    header.add_level_commitments(LevelCommitment(secrets[round.stewards() + j]));
  std::vector<const Secret*> pointers;
  pointers.reserve(secrets.size());
  for (const Secret& secret : secrets) pointers.push_back(&secret);
  const std::vector<Box> boxes = MakeBoxes(pointers, round.quorum(), round.stewards(), random);
  for (size_t k = 0; k < boxes.size(); ++k) {
    made.boxes.push_back(SealBox(pairs[k].box_key, boxes[k]));
    header.add_box_roots(boxes[k].Root());
    header.add_box_sha256(Sha256(made.boxes.back()));
  }
  made.header.set_header(header.SerializeAsString());
  made.header.set_signature(terms.key.Sign(absl::StrCat("penc contribution v1\n", made.header.header())));
  return made;
}

}  // namespace penc
