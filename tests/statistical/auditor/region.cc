#include "tests/statistical/auditor/region.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/own_cells.h"

namespace penc::audit {

std::unique_ptr<SmallRound> Region::Sent(RandomSource& random) const {
  auto table = std::make_unique<SmallRound>(
      SmallNetwork::Numbers{.length = wish_.cells}, [this](v1::Descriptor& terms) {
        terms.mutable_blocks(0)->mutable_noise()->set_family(wish_.family);
        terms.mutable_blocks(0)->mutable_noise()->set_parameter_num(wish_.parameter);
      });
  for (uint32_t office = 0; office < wish_.answered; ++office) Send(*table, office, random);
  return table;
}

void Region::Send(SmallRound& table, uint32_t office, RandomSource& random) const {
  std::vector<int64_t> exact(wish_.cells, 0);
  for (uint64_t i = 1; office == 0 && i < wish_.cells; i += 2) exact[i] = 1;
  auto made = ContributionMaker::Make(table.TermsOf(office), ExactVectorPeek::Of(exact), random);
  table.sent.insert_or_assign(office, *std::move(made));
}

std::vector<int64_t> Region::CellsOf(const SmallRound& table, uint32_t office, size_t steps) {
  return OwnCells(table.round, table.secrets, office, table.sent.at(office)).at(steps);
}

std::vector<int64_t> Region::SumOfHonest(const SmallRound& table, size_t steps) const {
  std::vector<int64_t> sum(wish_.cells, 0);
  for (uint32_t office = 0; office + wish_.telling < wish_.answered; ++office) {
    const std::vector<int64_t> own = CellsOf(table, office, steps);
    for (uint64_t i = 0; i < wish_.cells; ++i) sum[i] += own[i];
  }
  return sum;
}

void Region::Add(const std::vector<std::vector<int64_t>>& seen, Experiments& out) {
  for (size_t i = 0; i + 1 < seen[0].size(); i += 2) {
    std::vector<int64_t> without, with;
    for (const std::vector<int64_t>& place : seen) {
      without.push_back(place[i]);
      with.push_back(place[i + 1]);
    }
    out.without.Add(without);
    out.with.Add(with);
  }
}

Experiments Region::Repeat(
    const std::function<std::vector<std::vector<int64_t>>(SmallRound&, RandomSource&)>& see) const {
  Experiments experiments;
  for (int r = 0; r < wish_.rounds; ++r) {
    Replayed random;
    random.Restart(absl::StrCat("region ", wish_.seed, " ", r));
    const std::unique_ptr<SmallRound> table = Sent(random);
    Add(see(*table, random), experiments);
  }
  return experiments;
}

Experiments Region::AsItIs() const {
  return Repeat([this](SmallRound& table, RandomSource&) {
    std::vector<uint32_t> offices;
    for (const auto& [office, made] : table.sent) offices.push_back(office);
    const v1::Certificate certificate = table.Certify(table.Propose(offices), {0, 1, 2, 3, 4});
    RoundParts parts = table.Parts(certificate);
    for (uint32_t k = 0; k < 7; ++k) parts.openings.push_back(table.Release(k, certificate).value());
    std::vector<int64_t> seen = OpenRound(table.round, parts)->noisy;
    for (uint32_t office = wish_.answered - wish_.telling; office < wish_.answered; ++office) {
      const std::vector<int64_t> own = CellsOf(table, office, RemovableSteps(table.round, wish_.answered));
      for (uint64_t i = 0; i < wish_.cells; ++i) seen[i] -= own[i];
    }
    return std::vector<std::vector<int64_t>>{std::move(seen)};
  });
}

Experiments Region::ShareRebuilt(int times) const {
  return Repeat([this, times](SmallRound& table, RandomSource& random) {
    const size_t steps = RemovableSteps(table.round, wish_.answered);
    std::vector<std::vector<int64_t>> seen;
    std::vector<int64_t> others = SumOfHonest(table, steps);
    for (int t = 0; t < times; ++t) {
      const std::vector<int64_t> before = CellsOf(table, 0, steps);
      seen.push_back(others);
      Send(table, 0, random);
      const std::vector<int64_t> after = CellsOf(table, 0, steps);
      for (uint64_t i = 0; i < wish_.cells; ++i) others[i] += after[i] - before[i];
    }
    return seen;
  });
}

Experiments Region::RemovedTooFar() const {
  return Repeat([this](SmallRound& table, RandomSource&) {
    const size_t all = ScheduleOf(table.round).components();
    return std::vector<std::vector<int64_t>>{SumOfHonest(table, all)};
  });
}

std::vector<int64_t> Region::NothingRemoved(Mechanism* stated) const {
  Replayed random;
  random.Restart(absl::StrCat("region ", wish_.seed));
  const std::unique_ptr<SmallRound> table = Sent(random);
  const RemainingRate rate = RemainingNoise(ScheduleOf(table->round), wish_.answered);
  *stated = MechanismOf(table->round.descriptor.blocks(0));
  stated->rate = {wish_.answered - wish_.telling, rate.den};
  const std::vector<int64_t> sum = SumOfHonest(*table, 0);
  std::vector<int64_t> empty;
  for (size_t i = 0; i < sum.size(); i += 2) empty.push_back(sum[i]);
  return empty;
}

}  // namespace penc::audit
