#include "office/region/witnessed.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "federation/parameters.h"
#include "federation/witness.h"

namespace penc {

absl::optional<v1::WitnessStatement> BelievedHead(const CheckedRoster& roster, const std::string& own_key,
                                                  const std::vector<v1::SignedWitness>& statements) {
  std::map<uint32_t, v1::WitnessStatement> by_steward;
  for (const v1::SignedWitness& one : statements) {
    absl::optional<v1::WitnessStatement> statement = ReadWitness(roster.roster, one);
    if (!statement.has_value() || statement->office_key() != own_key) continue;
    if (roster.roster.members(static_cast<int>(one.steward())).key() == own_key) continue;
    by_steward[one.steward()] = *std::move(statement);
  }
  const auto members = static_cast<uint32_t>(roster.roster.members_size() - roster.roster.left_size());
  const absl::StatusOr<Committee> committee = CommitteeFor(members, roster.roster.presumed_dishonest());
  if (!committee.ok()) return absl::nullopt;  // too few for rounds: nothing was ever witnessed
  const uint32_t place = std::min(committee->colluding + 1, committee->quorum() - committee->colluding);
  if (by_steward.size() < place) return absl::nullopt;

  std::vector<v1::WitnessStatement> heads;
  for (auto& [steward, statement] : by_steward) heads.push_back(std::move(statement));
  std::sort(heads.begin(), heads.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(a.generation(), a.size()) > std::make_tuple(b.generation(), b.size());
  });
  return heads[place - 1];
}

}  // namespace penc
