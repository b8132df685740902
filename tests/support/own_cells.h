// What nobody sees of a contribution, for tests that hold all keys: an office's own numbers with its noise,
// unmasked. Rounds of one block. Header only.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "crypto/shamir.h"
#include "federation/box.h"
#include "federation/contribution.h"
#include "federation/masks.h"
#include "federation/ring.h"
#include "federation/steward.h"

namespace penc {

// By the number of steps whose components are taken away: from none to all. `secrets` of the stewards, by
// place; a steward's place is its index.
inline std::vector<std::vector<int64_t>> OwnCells(const Round& round,
                                                  const std::vector<EpochSecrets>& secrets, uint32_t office,
                                                  const OfficeContribution& made) {
  v1::ContributionHeader header;
  PENC_CHECK(header.ParseFromString(made.header.header()));
  RingVector words(round.descriptor.length(), round.descriptor.word_bits());
  PENC_CHECK(words.AddBytes(1, made.vector));
  const ShareSchedule schedule = ScheduleOf(round);
  const auto places = static_cast<uint32_t>(round.stewards() + schedule.components());
  std::vector<Box> boxes;
  for (uint32_t k = 0; k < round.stewards(); ++k) {
    PairContext context;
    context.suite = round.descriptor.suite();
    context.qid = round.qid;
    context.attempt = round.attempt();
    context.office = office;
    context.steward = k;
    context.office_key = header.share_key();
    context.steward_key = secrets[k].mask.public_key();
    const PairKeys keys = PairKeysOfSteward(context, secrets[k].mask).value();
    words.AddMask(-1, keys.mask_seed);
    const auto place = static_cast<int>(k);
    boxes.push_back(
        OpenBox(keys.box_key, made.boxes[k], {places, header.box_sha256(place), header.box_roots(place)})
            .value());
  }
  std::vector<std::vector<int64_t>> own = {words.ToSigned()};
  for (uint32_t j = 0; j < schedule.components(); ++j) {
    std::vector<std::pair<uint32_t, absl::string_view>> shares;
    for (uint32_t k = 0; k < round.quorum(); ++k)
      shares.emplace_back(k, boxes[k].share(round.stewards() + j).view());
    const Secret seed = JoinShares(round.quorum(), shares).value();
    std::vector<int64_t> cells = own.back();
    AddComponent(MechanismOf(round.descriptor.blocks(0)), schedule, j, seed.bytes(), 0, -1,
                 absl::MakeSpan(cells));
    own.push_back(std::move(cells));
  }
  return own;
}

}  // namespace penc
