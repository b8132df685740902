#include "federation/witness.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "journal/merkle.h"

namespace penc {
namespace {

constexpr size_t kKept = 64;
constexpr int kMostLinks = 16;

absl::Status Broken(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kFailedPrecondition, {fr, en});
}

bool Verified(const v1::ChargeLogLink& link, const v1::ChargeLogHead& head) {
  return link.size() > 0 && link.size() <= head.size() && link.root().size() == 32 &&
         merkle::VerifyConsistency(link.size(), head.size(),
                                   {link.consistency().begin(), link.consistency().end()}, link.root(),
                                   head.root());
}

absl::Status CheckShape(const v1::ChargeLogHead& head) {
  const bool fits = head.size() > 0 && head.root().size() == 32 && head.links_size() <= kMostLinks &&
                    head.has_adopted() == (head.generation() > 0) &&
                    std::all_of(head.links().begin(), head.links().end(),
                                [&](const v1::ChargeLogLink& link) { return Verified(link, head); });
  if (fits) return absl::OkStatus();
  return Broken("le registre des dépenses de cette organisation est mal formé",
                "the organisation's charge log is malformed");
}

}  // namespace

absl::StatusOr<storage::v1::WitnessRow> Witness(const storage::v1::WitnessRow& seen,
                                                const v1::ChargeLogHead& head) {
  RETURN_IF_ERROR(CheckShape(head));
  storage::v1::WitnessRow next = seen;
  const storage::v1::WitnessedHead* last =
      seen.heads_size() > 0 ? &seen.heads(seen.heads_size() - 1) : nullptr;
  std::map<uint64_t, storage::v1::WitnessedHead> known;
  if (last != nullptr && head.generation() < last->generation()) {
    return Broken("une organisation est revenue à un registre d'avant sa restauration",
                  "an organisation went back to a charge log from before its restore");
  }
  if (last != nullptr && head.generation() > last->generation()) {
    const v1::AdoptedHead& adopted = head.adopted();
    if (adopted.generation() != last->generation() || adopted.size() < last->size() ||
        (adopted.size() == last->size() && adopted.root() != last->root()) || adopted.pure() < last->pure() ||
        adopted.renyi() < last->renyi() || head.pure() < adopted.pure() || head.renyi() < adopted.renyi()) {
      return Broken("une organisation restaurée ne reprend pas ce que les témoins ont vu de ses dépenses",
                    "a restored organisation does not take over what was witnessed of its spending");
    }
  } else if (last != nullptr) {
    for (const storage::v1::WitnessedHead& one : seen.heads()) known[one.size()] = one;
    const auto contradicts = [&](uint64_t size, const std::string& root) {
      const auto at = known.find(size);
      return at != known.end() && at->second.root() != root;
    };
    bool forked = contradicts(head.size(), head.root());
    for (const v1::ChargeLogLink& link : head.links()) forked |= contradicts(link.size(), link.root());
    if (forked) {
      return Broken(
          "le registre des dépenses d'une organisation a deux suites différentes (copie ou restauration ?)",
          "an organisation's charge log has two different continuations (a copy, or a restore?)");
    }
    // A head behind the last one must have been seen, or be part of what was; one beyond must extend the
    // last.
    const bool behind = head.size() < last->size();
    const bool linked =
        std::any_of(head.links().begin(), head.links().end(),
                    [&](const v1::ChargeLogLink& link) { return link.size() == last->size(); });
    if (behind ? known.count(head.size()) == 0 : head.size() > last->size() && !linked) {
      return Broken("le registre des dépenses d'une organisation ne prolonge pas ce que les témoins ont vu",
                    "an organisation's charge log does not extend what was witnessed");
    }
    if (!behind && (head.pure() < last->pure() || head.renyi() < last->renyi())) {
      return Broken("une organisation dit avoir dépensé moins qu'avant",
                    "an organisation says that it has spent less than before");
    }
  }
  for (const v1::ChargeLogLink& link : head.links()) {
    storage::v1::WitnessedHead& one = known[link.size()];
    one.set_generation(head.generation());
    one.set_size(link.size());
    one.set_root(link.root());
  }
  storage::v1::WitnessedHead& one = known[head.size()];
  one.set_generation(head.generation());
  one.set_size(head.size());
  one.set_root(head.root());
  one.set_pure(head.pure());
  one.set_renyi(head.renyi());
  while (known.size() > kKept) known.erase(known.begin());
  next.set_format(1);
  next.clear_heads();
  for (auto& [size, kept] : known) *next.add_heads() = std::move(kept);
  return next;
}

v1::SignedWitness SignWitness(const v1::WitnessStatement& statement, uint32_t steward,
                              const SigningKey& key) {
  v1::SignedWitness signed_witness;
  signed_witness.set_statement(statement.SerializeAsString());
  signed_witness.set_steward(steward);
  signed_witness.set_signature(key.Sign(absl::StrCat("penc witness v1\n", signed_witness.statement())));
  return signed_witness;
}

absl::optional<v1::WitnessStatement> ReadWitness(const v1::Roster& roster,
                                                 const v1::SignedWitness& signed_witness) {
  if (signed_witness.steward() >= static_cast<uint32_t>(roster.members_size())) return absl::nullopt;
  const absl::StatusOr<VerifyKey> key =
      VerifyKey::FromBytes(roster.members(static_cast<int>(signed_witness.steward())).key());
  v1::WitnessStatement statement;
  if (!key.ok() ||
      !key->Verify(absl::StrCat("penc witness v1\n", signed_witness.statement()),
                   signed_witness.signature()) ||
      !statement.ParseFromString(signed_witness.statement()))
    return absl::nullopt;
  return statement;
}

}  // namespace penc
