#include "federation/descriptor.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/parameters.h"
#include "policy/words.h"
#include "release/release.h"

namespace penc {
namespace {

constexpr absl::Duration kShortestStep = absl::Seconds(30), kLongestStep = absl::Hours(24);

absl::Status Differs(const char* fr, const char* en) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("ronde refusée: ", fr, "; personne ne choisit ces nombres, ils se calculent"),
               absl::StrCat("round refused: ", en, "; nobody chooses these numbers, they are computed")});
}

void SetNoise(const Mechanism& mechanism, v1::Noise& noise) {
  noise.set_family(mechanism.family == Family::kSkellam ? v1::Noise::FAMILY_SKELLAM
                                                        : v1::Noise::FAMILY_DISCRETE_LAPLACE);
  noise.set_parameter_num(mechanism.parameter.num);
  noise.set_parameter_den(mechanism.parameter.den);
}

absl::StatusOr<Plan> PlanOf(const v1::Bulletin& bulletin, const v1::Price& price, const Codebook& codebook) {
  ASSIGN_OR_RETURN(Planned planned, PlanQuestions(bulletin, price, codebook));
  if (planned.refused) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {planned.refusal.says().fr(), planned.refusal.says().en()});
  }
  if (!planned.plan.selections.empty()) {
    const v1::RefusalDetail detail = InWords(v1::REFUSAL_KEYS_ONLY_LOCALLY, "");
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat(detail.says().fr(), " ", detail.next().fr()),
                 absl::StrCat(detail.says().en(), " ", detail.next().en())});
  }
  return std::move(planned.plan);
}

// The members that are asked, as ReadRound has them.
absl::StatusOr<std::vector<uint32_t>> Asked(const CheckedRoster& roster, const std::string& region) {
  std::vector<uint32_t> asked;
  const auto stays = [&](uint32_t member) {
    const auto& left = roster.roster.left();
    return std::find(left.begin(), left.end(), member) == left.end();
  };
  for (uint32_t i = 0; region.empty() && i < static_cast<uint32_t>(roster.roster.members_size()); ++i) {
    if (stays(i)) asked.push_back(i);
  }
  for (const v1::Region& one : roster.roster.regions()) {
    if (!region.empty() && one.name() == region)
      std::copy_if(one.members().begin(), one.members().end(), std::back_inserter(asked), stays);
  }
  if (asked.empty()) {
    return Fail(absl::StatusCode::kNotFound, {absl::StrCat("le réseau n'a pas de région «", region, "»"),
                                              absl::StrCat("the network has no region \"", region, "\"")});
  }
  return asked;
}

uint32_t DeclaredDishonest(const v1::Roster& roster, const std::string& region) {
  if (region.empty()) return roster.presumed_dishonest();
  for (const v1::Region& one : roster.regions()) {
    if (one.name() == region) return one.presumed_dishonest();
  }
  return 0;
}

// Everything that is computed, from what is wished: the one place for maker and checker.
absl::Status Compute(const Plan& plan, const CheckedRoster& roster, const std::vector<uint32_t>& asked,
                     const Codebook& codebook, v1::Descriptor& terms) {
  terms.set_suite(1);
  terms.set_roster_sha256(Sha256(roster.bytes()));
  terms.set_roster_version(roster.roster.version());
  terms.set_codebook(absl::StrCat(codebook.name, "@", codebook.version));
  terms.set_codebook_sha256(codebook.hash);
  terms.set_plan_id(plan.id);
  terms.set_length(plan.length);
  terms.clear_blocks();
  for (const Block& block : plan.blocks) {
    v1::RoundBlock& out = *terms.add_blocks();
    out.set_cells(block.cells);
    SetNoise(block.noise, *out.mutable_noise());
    out.set_l0(block.per_person.l0);
    out.set_linf(block.per_person.linf);
    out.set_l1(block.per_person.l1);
  }
  const auto n = static_cast<uint32_t>(asked.size());
  const uint32_t declared = DeclaredDishonest(roster.roster, terms.region());
  ASSIGN_OR_RETURN(const Committee committee, CommitteeFor(n, declared));
  const uint32_t dishonest = PresumedDishonest(n, committee.colluding, declared);
  const uint32_t fewest = FewestFor(n, dishonest);
  if (fewest > n) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {absl::StrCat("trop peu d'organisations (", n, ") pour en supposer ", dishonest, " malhonnêtes"),
         absl::StrCat("too few organisations (", n, ") to presume ", dishonest, " dishonest")});
  }
  terms.set_asked(n);
  terms.set_presumed_dishonest(dishonest);
  terms.clear_levels();
  for (uint32_t level : LevelsFor(n, dishonest, fewest)) terms.add_levels(level);
  terms.set_word_bits(WordBitsFor(plan, n, dishonest, fewest));
  terms.set_colluding(committee.colluding);
  terms.set_absent(committee.absent);
  ASSIGN_OR_RETURN(const StewardsInForce in_force, StewardsFor(roster, asked, committee));
  if (terms.expires_unix_micros() > absl::ToUnixMicros(in_force.until)) {
    const std::string until = absl::FormatTime("%Y-%m-%d %H:%M UTC", in_force.until, absl::UTCTimeZone());
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("les clés des témoins finissent le ", until,
                              ", avant la ronde: demandez-la plus courte, ou attendez une liste des membres "
                              "renouvelée (penc network epoch)"),
                 absl::StrCat("the stewards' keys end ", until,
                              ", before the round: ask for a shorter one, or wait for a renewed roster (penc "
                              "network epoch)")});
  }
  terms.clear_stewards();
  for (uint32_t steward : in_force.stewards) terms.add_stewards(steward);
  return absl::OkStatus();
}

}  // namespace

RoundTimes TimesWithin(absl::Duration within) {
  RoundTimes times;
  times.collect = within;
  times.each_later_step = std::clamp<absl::Duration>(within / 3, kShortestStep, kLongestStep);
  return times;
}

absl::StatusOr<absl::Time> RoundsMayLastUntil(const CheckedRoster& roster, const std::string& region) {
  ASSIGN_OR_RETURN(const std::vector<uint32_t> asked, Asked(roster, region));
  ASSIGN_OR_RETURN(const Committee committee, CommitteeFor(static_cast<uint32_t>(asked.size()),
                                                           DeclaredDishonest(roster.roster, region)));
  ASSIGN_OR_RETURN(const StewardsInForce in_force, StewardsFor(roster, asked, committee));
  return in_force.until;
}

absl::StatusOr<v1::Descriptor> MakeDescriptor(const RoundWish& wish, const CheckedRoster& roster,
                                              const Codebook& codebook, absl::Time now,
                                              RandomSource& random) {
  ASSIGN_OR_RETURN(const Plan plan, PlanOf(wish.bulletin, wish.price, codebook));
  ASSIGN_OR_RETURN(const std::vector<uint32_t> asked, Asked(roster, wish.region));
  v1::Descriptor terms;
  std::string nonce(16, '\0');
  random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(nonce.data()), nonce.size()));
  terms.set_nonce(nonce);
  terms.set_attempt(wish.attempt);
  terms.set_void_sha256(wish.void_sha256);
  terms.set_region(wish.region);
  *terms.mutable_bulletin() = wish.bulletin;
  *terms.mutable_price() = wish.price;
  terms.set_purpose(wish.purpose);
  terms.set_edition(wish.edition);
  absl::Time at = now + wish.times.collect;
  terms.set_collect_until_unix_micros(absl::ToUnixMicros(at));
  terms.set_vote_until_unix_micros(absl::ToUnixMicros(at += wish.times.each_later_step));
  terms.set_release_until_unix_micros(absl::ToUnixMicros(at += wish.times.each_later_step));
  terms.set_reveal_until_unix_micros(absl::ToUnixMicros(at += wish.times.each_later_step));
  terms.set_expires_unix_micros(absl::ToUnixMicros(std::max(at, now + wish.times.expiry)));
  terms.set_partner_key(wish.partner_key);
  terms.set_partner_mail_key(wish.partner_mail_key);
  terms.set_partner_name(wish.partner_name);
  RETURN_IF_ERROR(Compute(plan, roster, asked, codebook, terms));
  return terms;
}

v1::SignedDescriptor SignDescriptor(const v1::Descriptor& descriptor, const SigningKey& partner) {
  v1::SignedDescriptor out;
  out.set_body(descriptor.SerializeAsString());
  out.set_signature(partner.Sign(absl::StrCat("penc round v1\n", out.body())));
  return out;
}

absl::StatusOr<Plan> CheckDescriptor(const Round& round, const CheckedRoster& roster,
                                     const Codebook& codebook) {
  const v1::Descriptor& terms = round.descriptor;
  if (terms.codebook_sha256() != codebook.hash) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("ronde refusée: elle parle d'un autre lexique (", terms.codebook(),
                              ") que celui d'ici (", codebook.name, "@", codebook.version,
                              "); mettez à jour le plus ancien des deux"),
                 absl::StrCat("round refused: it speaks of another codebook (", terms.codebook(),
                              ") than the one here (", codebook.name, "@", codebook.version,
                              "); update the older of the two")});
  }
  // Steps too short for stewards would make offices pay for rounds that cannot open.
  const int64_t step = terms.vote_until_unix_micros() - terms.collect_until_unix_micros();
  if (step < absl::ToInt64Microseconds(kShortestStep) || step > absl::ToInt64Microseconds(kLongestStep) ||
      terms.release_until_unix_micros() - terms.vote_until_unix_micros() != step ||
      terms.reveal_until_unix_micros() - terms.release_until_unix_micros() != step)
    return Differs("ses échéances sont inégales ou hors des limites",
                   "its deadlines are uneven or out of bounds");
  ASSIGN_OR_RETURN(Plan plan, PlanOf(terms.bulletin(), terms.price(), codebook));
  ASSIGN_OR_RETURN(const std::vector<uint32_t> asked, Asked(roster, terms.region()));
  v1::Descriptor computed = terms;
  RETURN_IF_ERROR(Compute(plan, roster, asked, codebook, computed));
  if (asked != round.asked) return Differs("elle n'interroge pas les bons membres", "it asks other members");
  if (computed.plan_id() != terms.plan_id())
    return Differs("un autre plan que celui de ses questions", "another plan than its questions'");
  // Messages without maps, unset and default alike: equal fields give equal bytes.
  if (computed.SerializeAsString() != terms.SerializeAsString())
    return Differs("ses paramètres ne sont pas ceux de ses questions et de la liste des membres",
                   "its parameters are not those of its questions and the roster");
  return plan;
}

v1::Refusal BelowFloors(const Round& round, const RegionalFloors& floors) {
  if (round.fewest() < floors.members) return v1::REFUSAL_TOO_FEW_ORGANISATIONS;
  if (round.descriptor.presumed_dishonest() < floors.presumed_dishonest ||
      round.descriptor.colluding() < floors.stewards_colluding)
    return v1::REFUSAL_TOO_DISHONEST;
  return v1::REFUSAL_UNSPECIFIED;
}

}  // namespace penc
