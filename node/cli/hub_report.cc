#include "cli/hub_report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/plural.h"
#include "federation/parameters.h"
#include "federation/roster_text.h"

namespace penc::cli {
namespace {

std::string Moment(int64_t unix_micros) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromUnixMicros(unix_micros), absl::UTCTimeZone());
}

void Line(Text& text, absl::string_view fr, absl::string_view en) {
  absl::StrAppend(&text.fr, fr, "\n");
  absl::StrAppend(&text.en, en, "\n");
}

std::string FingerprintOf(const std::string& key) {
  const absl::StatusOr<VerifyKey> known = VerifyKey::FromBytes(key);
  return known.ok() ? known->Fingerprint() : "?";
}

void AddWaiting(const v1::HubShowResult::Waiting& waiting, Text& text) {
  const v1::Member& member = waiting.member();
  const std::string who = absl::StrCat("  ", member.name(), "  ", FingerprintOf(member.key()));
  Text more;
  if (waiting.invited().empty()) {
    more = {", renouvelle", ", renews"};
  } else if (waiting.invited() != member.name()) {
    more = {absl::StrCat(", invitée sous le nom «", waiting.invited(), "»"),
            absl::StrCat(", invited as \"", waiting.invited(), "\"")};
  }
  if (member.has_epoch()) {
    const std::string until = Moment(member.epoch().until_unix_micros());
    absl::StrAppend(&more.fr, ", témoin (époque ", member.epoch().epoch(), ", jusqu'au ", until, ")");
    absl::StrAppend(&more.en, ", steward (epoch ", member.epoch().epoch(), ", until ", until, ")");
  }
  Line(text, absl::StrCat(who, more.fr), absl::StrCat(who, more.en));
}

}  // namespace

Text ReportHub(const v1::HubShowResult& show, absl::Time now) {
  Text text;
  if (show.has_roster()) {
    if (const absl::StatusOr<CheckedRoster> roster = ReadRosterShape(show.roster()); roster.ok())
      text = RosterText(*roster, now);
  } else {
    Line(text, absl::StrCat("Réseau «", show.network(), "»: pas encore de liste des membres"),
         absl::StrCat("Network \"", show.network(), "\": no roster yet"));
  }
  if (show.waiting_size() > 0) {
    Line(text, absl::StrCat("Attendent la prochaine liste (", show.waiting_size(), "):"),
         absl::StrCat("Waiting for the next roster (", show.waiting_size(), "):"));
    for (const v1::HubShowResult::Waiting& waiting : show.waiting()) AddWaiting(waiting, text);
  }
  for (const v1::HubShowResult::Invitation& invitation : show.invitations()) {
    const std::string until = Moment(invitation.until_unix_micros());
    Line(text, absl::StrCat("Invitée, pas encore venue: ", invitation.name(), ", jusqu'au ", until),
         absl::StrCat("Invited, not here yet: ", invitation.name(), ", until ", until));
  }
  if (show.partners_size() > 0) {
    const std::string partners = absl::StrJoin(show.partners(), ", ");
    Line(text, absl::StrCat("Partenaires: ", partners), absl::StrCat("Partners: ", partners));
  }
  return text;
}

Text MissingForRounds(const CheckedRoster& roster, absl::Time now) {
  std::vector<uint32_t> asked;
  uint32_t stewards = 0;
  for (int i = 0; i < roster.roster.members_size(); ++i) {
    const v1::Member& member = roster.roster.members(i);
    if (!roster.MemberOf(member.key()).has_value()) continue;
    asked.push_back(static_cast<uint32_t>(i));
    stewards += member.has_epoch() && member.epoch().until_unix_micros() > absl::ToUnixMicros(now);
  }
  const absl::StatusOr<Committee> committee =
      CommitteeFor(static_cast<uint32_t>(asked.size()), roster.roster.presumed_dishonest());
  if (!committee.ok()) return Explain(committee.status());
  if (const auto found = StewardsFor(roster, asked, *committee);
      found.ok() && stewards >= committee->stewards)
    return {};
  return {
      absl::StrCat("les rondes de tout le réseau demandent ", committee->stewards, " témoins, et ", stewards,
                   " ont des clés d'époque: penc network join --steward, ou penc network epoch"),
      absl::StrCat("rounds of the whole network need ", committee->stewards, " stewards, and ", stewards,
                   " have epoch keys: penc network join --steward, or penc network epoch")};
}

Text MissingSignatures(const CheckedRoster& roster) {
  const size_t signers = SignersOf(roster.roster, roster.signed_roster).size();
  const uint32_t needed = roster.roster.root_threshold();
  if (signers >= needed) return {};
  return {absl::StrCat(signers, FrenchForm(signers, {" signature sur ", " signatures sur "}), needed),
          absl::StrCat(signers, " of ", needed, EnglishForm(needed, {" signature", " signatures"}))};
}

}  // namespace penc::cli
