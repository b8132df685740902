#include "federation/roster_text.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "crypto/hash.h"

namespace penc {
namespace {

std::string Day(int64_t unix_micros) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", absl::FromUnixMicros(unix_micros), absl::UTCTimeZone());
}

// In groups of eight digits, to be read aloud.
std::string Spoken(const std::string& hash) {
  const std::string hex = absl::BytesToHexString(hash);
  std::vector<std::string> groups;
  for (size_t i = 0; i < hex.size(); i += 8) groups.push_back(hex.substr(i, 8));
  return absl::StrJoin(groups, " ");
}

std::string FingerprintOf(const std::string& key) {
  const absl::StatusOr<VerifyKey> known = VerifyKey::FromBytes(key);
  return known.ok() ? known->Fingerprint() : absl::BytesToHexString(key);
}

void Line(Text& text, absl::string_view fr, absl::string_view en) {
  absl::StrAppend(&text.fr, fr, "\n");
  absl::StrAppend(&text.en, en, "\n");
}

void AddMember(const v1::Roster& roster, int i, absl::Time now, Text& text) {
  const v1::Member& member = roster.members(i);
  Text more;
  const auto& left = roster.left();
  if (std::find(left.begin(), left.end(), static_cast<uint32_t>(i)) != left.end()) {
    more = {", partie", ", has left"};
  } else if (member.has_epoch()) {
    const v1::EpochKeys& epoch = member.epoch();
    const std::string until = Day(epoch.until_unix_micros());
    const bool over = epoch.until_unix_micros() <= absl::ToUnixMicros(now);
    more = {
        absl::StrCat(", témoin (époque ", epoch.epoch(), over ? ", finie le " : ", jusqu'au ", until, ")"),
        absl::StrCat(", steward (epoch ", epoch.epoch(), over ? ", ended " : ", until ", until, ")")};
  }
  if (member.minimum() > 0 || member.presumed_dishonest() > 0) {
    absl::StrAppend(&more.fr, ", répond à partir de ", member.minimum(), " organisations dont ",
                    member.presumed_dishonest(), " présumées malhonnêtes");
    absl::StrAppend(&more.en, ", answers from ", member.minimum(), " organisations on with ",
                    member.presumed_dishonest(), " presumed dishonest");
  }
  const std::string who = absl::StrCat("  ", i, "  ", member.name(), "  ", FingerprintOf(member.key()));
  Line(text, absl::StrCat(who, more.fr), absl::StrCat(who, more.en));
}

}  // namespace

Text RosterText(const CheckedRoster& checked, absl::Time now) {
  const v1::Roster& roster = checked.roster;
  Text text;
  const std::string end = Day(roster.expires_unix_micros());
  const bool over = roster.expires_unix_micros() <= absl::ToUnixMicros(now);
  Line(text,
       absl::StrCat("Réseau «", roster.network(), "», version ", roster.version(),
                    over ? ", expirée le " : ", valable jusqu'au ", end),
       absl::StrCat("Network \"", roster.network(), "\", version ", roster.version(),
                    over ? ", expired " : ", valid until ", end));
  Line(text, absl::StrCat("Empreinte: ", Spoken(Sha256(checked.bytes()))),
       absl::StrCat("Hash: ", Spoken(Sha256(checked.bytes()))));
  const std::string hub = absl::StrCat(roster.hub_address(), "  ", FingerprintOf(roster.hub_key()));
  Line(text, absl::StrCat("Relais: ", hub), absl::StrCat("Hub: ", hub));
  Line(text,
       absl::StrCat("Signatures demandées: ", roster.root_threshold(), " de ", roster.root_keys_size(), ":"),
       absl::StrCat("Signatures needed: ", roster.root_threshold(), " of ", roster.root_keys_size(), ":"));
  const std::vector<std::string> signers = SignersOf(roster, checked.signed_roster);
  for (const std::string& key : roster.root_keys()) {
    const bool has = std::find(signers.begin(), signers.end(), key) != signers.end();
    Line(text, absl::StrCat("  ", FingerprintOf(key), has ? ", a signé" : ", n'a pas signé"),
         absl::StrCat("  ", FingerprintOf(key), has ? ", has signed" : ", has not signed"));
  }
  Line(text, absl::StrCat("Membres (", roster.members_size() - roster.left_size(), " actifs):"),
       absl::StrCat("Members (", roster.members_size() - roster.left_size(), " active):"));
  for (int i = 0; i < roster.members_size(); ++i) AddMember(roster, i, now, text);
  for (const v1::Region& region : roster.regions()) {
    const std::string members = absl::StrJoin(region.members(), ", ");
    Line(text, absl::StrCat("Région «", region.name(), "»: membres ", members),
         absl::StrCat("Region \"", region.name(), "\": members ", members));
  }
  return text;
}

}  // namespace penc
