#include "policy/read.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/decimal.h"
#include "base/nearest.h"
#include "base/status.h"
#include "base/yaml.h"
#include "codebook/period.h"
#include "crypto/hash.h"
#include "penc/storage/v1/policy.pb.h"

namespace penc {
namespace {

// The end of a day, UTC.
absl::StatusOr<absl::Time> EndOfDay(const YamlLines& lines, absl::string_view path, const std::string& day) {
  const absl::StatusOr<int64_t> days = ParsePeriod(ColumnType::kDay, day);
  if (!days.ok()) {
    return lines.Error(path, {absl::StrCat("«", day, "» n'est pas un jour; écrivez par exemple 2027-06-30"),
                              absl::StrCat("\"", day, "\" is not a day; write for example 2027-06-30")});
  }
  return absl::UnixEpoch() + absl::Hours(24) * (*days + 1);
}

// "40%" as parts per million; from 1 to `most`.
absl::StatusOr<uint32_t> Ppm(const YamlLines& lines, absl::string_view path, const std::string& text,
                             uint32_t most) {
  const absl::string_view number =
      absl::StripSuffix(absl::StripTrailingAsciiWhitespace(absl::StripSuffix(text, "%")), " ");
  const absl::StatusOr<Decimal> percent = ParseDecimal(number);
  if (!percent.ok() || text.empty() || text.back() != '%' || percent->num <= 0 ||
      static_cast<__int128>(percent->num) * 10000 > static_cast<__int128>(most) * percent->den ||
      static_cast<__int128>(percent->num) * 10000 < percent->den) {
    return lines.Error(path, {absl::StrCat("«", text, "» n'est pas une part; écrivez par exemple 40%"),
                              absl::StrCat("\"", text, "\" is not a share; write for example 40%")});
  }
  return static_cast<uint32_t>(static_cast<__int128>(percent->num) * 10000 / percent->den);
}

std::vector<std::string> ColumnNames(const Codebook& codebook) {
  std::vector<std::string> names;
  for (const Table& table : codebook.tables) {
    for (const Column& column : table.columns) names.push_back(absl::StrCat(table.name, ".", column.name));
  }
  return names;
}

const Column* Find(const Codebook& codebook, absl::string_view dotted) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(dotted, absl::MaxSplits('.', 1));
  const auto table = codebook.FindTable(parts.first);
  if (!table.has_value()) return nullptr;
  const auto column = codebook.tables[*table].Find(parts.second);
  return column.has_value() ? &codebook.tables[*table].columns[*column] : nullptr;
}

absl::StatusOr<ColumnRule> ReadRule(const YamlLines& lines, const std::string& path,
                                    const storage::v1::ColumnRule& rule, const Codebook& codebook) {
  const Column* column = Find(codebook, rule.column());
  if (column == nullptr) {
    const std::string nearest = Nearest(rule.column(), ColumnNames(codebook));
    return lines.Error(
        path, {absl::StrCat("le lexique ", codebook.name, " n'a pas cette colonne",
                            nearest.empty() ? "" : absl::StrCat("; vouliez-vous dire ", nearest, "?")),
               absl::StrCat("codebook ", codebook.name, " has no such column",
                            nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"))});
  }
  if (column->sensitivity == Sensitivity::kNever && rule.rule() != storage::v1::RULE_DENY) {
    return lines.Error(path, {"le lexique dit «never»: cette colonne ne peut pas être ouverte",
                              "the codebook says \"never\": this column cannot be opened"});
  }
  ColumnRule out;
  switch (rule.rule()) {
    case storage::v1::RULE_ALLOW:
      out.rule = Rule::kAllow;
      break;
    case storage::v1::RULE_ASK:
      out.rule = Rule::kAsk;
      break;
    case storage::v1::RULE_DENY:
      out.rule = Rule::kDeny;
      break;
    default:
      if (rule.finest() == storage::v1::DATE_GRAIN_UNSPECIFIED) {
        return lines.Error(path, {"écrivez allow, ask, deny ou {finest: quarter}",
                                  "write allow, ask, deny or {finest: quarter}"});
      }
      out.rule = Rule::kAllow;
  }
  if (rule.finest() != storage::v1::DATE_GRAIN_UNSPECIFIED) {
    if (!column->is_date()) return lines.Error(path, {"finest vaut pour une date", "finest is for a date"});
    out.finest = static_cast<GrainLevel>(static_cast<int>(GrainLevel::kDay) + rule.finest() -
                                         storage::v1::DATE_GRAIN_DAY);
  }
  return out;
}

Openness ToOpenness(storage::v1::Openness openness) {
  return openness == storage::v1::OPENNESS_GRANTED ? Openness::kGranted : Openness::kNobody;
}

}  // namespace

absl::StatusOr<Policy> ReadPolicy(absl::string_view file, absl::string_view text, const Codebook& codebook) {
  storage::v1::Policy read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  Policy policy;
  policy.name = read.policy();
  policy.text = std::string(text);
  policy.hash = Sha256(text);
  if (policy.name.empty() || policy.name.size() > 100)
    return lines.Error("policy", {"un nom de 1 à 100 octets", "a name of 1 to 100 bytes"});
  ASSIGN_OR_RETURN(policy.valid_until, EndOfDay(lines, "valid_until", read.valid_until()));
  policy.promise_text = {read.promise().epsilon(), read.promise().delta()};
  const absl::StatusOr<Promise> promise = ParsePromise(read.promise().epsilon(), read.promise().delta());
  if (!promise.ok()) return lines.Error("promise", Explain(promise.status()));
  policy.promise = *promise;
  if (lines.Has("promise.keys_delta")) {
    const absl::StatusOr<uint64_t> keys = ParseKeysDelta(read.promise().keys_delta(), policy.promise);
    if (!keys.ok()) return lines.Error("promise.keys_delta", Explain(keys.status()));
    policy.promise.keys_delta = *keys;
    policy.promise_text.keys_delta = read.promise().keys_delta();
  }
  if (!policy.promise.pure() && RenyiBudget(policy.promise) == 0) {
    return lines.Error("promise", {"cette promesse ne laisse aucun crédit; augmentez epsilon ou delta",
                                   "this promise leaves no budget; raise epsilon or delta"});
  }
  policy.local = ToOpenness(read.answers().local());
  policy.regional = ToOpenness(read.answers().regional());
  for (const storage::v1::ColumnRule& rule : read.columns()) {
    ASSIGN_OR_RETURN(policy.columns[rule.column()],
                     ReadRule(lines, absl::StrCat("columns.", rule.column()), rule, codebook));
  }
  if (read.has_limits()) {
    if (read.limits().group_by() > 0) policy.max_group_by = read.limits().group_by();
    if (read.limits().cells() > 0) policy.max_cells = read.limits().cells();
  }
  if (policy.max_group_by > 8) return lines.Error("limits.group_by", {"au plus 8", "at most 8"});
  if (policy.max_cells > 1 << 20) return lines.Error("limits.cells", {"au plus 1048576", "at most 1048576"});
  if (read.has_regional()) {
    // Below these floors a total would speak of too few organisations.
    const storage::v1::Regional& regional = read.regional();
    if (regional.stewards_colluding() > regional.presumed_dishonest()) {
      return lines.Error("regional.presumed_dishonest",
                         {"au moins stewards_colluding: les dépositaires sont comptés parmi les membres",
                          "at least stewards_colluding: stewards are counted among the members"});
    }
    if (regional.members() < std::max<uint64_t>(5, uint64_t{regional.presumed_dishonest()} + 3)) {
      return lines.Error("regional.members", {"au moins 5, et au moins presumed_dishonest + 3",
                                              "at least 5, and at least presumed_dishonest + 3"});
    }
    // What is not written stays at its default.
    policy.floors.members = regional.members();
    if (regional.presumed_dishonest() > 0) policy.floors.presumed_dishonest = regional.presumed_dishonest();
    if (regional.stewards_colluding() > 0) policy.floors.stewards_colluding = regional.stewards_colluding();
  }
  if (read.has_display()) {
    if (!read.display().hide_margin_above().empty()) {
      ASSIGN_OR_RETURN(const uint32_t ppm, Ppm(lines, "display.hide_margin_above",
                                               read.display().hide_margin_above(), 4'000'000'000));
      policy.display.hide_margin_above = ppm / 1e6;
    }
    if (read.display().phantoms() > 0) policy.display.phantoms = read.display().phantoms();
  }
  if (read.has_approvals()) {
    if (read.approvals().days() > 0) policy.approvals.days = read.approvals().days();
    if (read.approvals().waiting() > 0) policy.approvals.waiting = read.approvals().waiting();
  }
  if (read.publication().delay_days() > 0) policy.publication_delay_days = read.publication().delay_days();
  if (policy.publication_delay_days > 366)
    return lines.Error("publication.delay_days", {"au plus 366", "at most 366"});
  if (policy.approvals.days > 90) return lines.Error("approvals.days", {"au plus 90", "at most 90"});
  if (policy.approvals.waiting > 1000)
    return lines.Error("approvals.waiting", {"au plus 1000", "at most 1000"});
  return policy;
}

absl::StatusOr<Grant> ReadGrant(absl::string_view file, absl::string_view text, const Codebook& codebook) {
  storage::v1::Grant read;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &read, &lines));
  Grant grant;
  grant.name = read.grant();
  grant.key = read.key();
  if (grant.name.empty() || grant.name.size() > 64 ||
      grant.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) {
    return lines.Error("grant",
                       {"petites lettres, chiffres et - seulement", "small letters, digits and - only"});
  }
  if (grant.key.substr(0, 7) != "SHA256:" || grant.key.size() != 7 + 43) {
    return lines.Error("key",
                       {"une empreinte «SHA256:…» est attendue, comme dans le fichier .pub du partenaire",
                        "a fingerprint \"SHA256:…\" is expected, as in the partner's .pub file"});
  }
  grant.purposes.assign(read.purposes().begin(), read.purposes().end());
  grant.tables.assign(read.tables().begin(), read.tables().end());
  if (grant.purposes.empty()) return lines.Error("purposes", {"au moins un but", "at least one purpose"});
  std::vector<std::string> known;
  for (const Table& table : codebook.tables) known.push_back(table.name);
  for (size_t i = 0; i < grant.tables.size(); ++i) {
    if (std::find(known.begin(), known.end(), grant.tables[i]) != known.end()) continue;
    const std::string nearest = Nearest(grant.tables[i], known);
    return lines.Error(absl::StrCat("tables[", i, "]"),
                       {absl::StrCat("table inconnue «", grant.tables[i], "»; ",
                                     nearest.empty() ? absl::StrCat("connues: ", absl::StrJoin(known, ", "))
                                                     : absl::StrCat("vouliez-vous dire ", nearest, "?")),
                        absl::StrCat("unknown table \"", grant.tables[i], "\"; ",
                                     nearest.empty() ? absl::StrCat("known: ", absl::StrJoin(known, ", "))
                                                     : absl::StrCat("did you mean ", nearest, "?"))});
  }
  if (grant.tables.empty()) return lines.Error("tables", {"au moins une table", "at least one table"});
  ASSIGN_OR_RETURN(grant.share_ppm, Ppm(lines, "share", read.share(), 1'000'000));
  ASSIGN_OR_RETURN(grant.until, EndOfDay(lines, "until", read.until()));
  return grant;
}

std::string WriteGrant(const Grant& grant) {
  const auto quoted = [](std::string* out, const std::string& text) {
    out->push_back('"');
    for (char c : text) {
      if (c == '"' || c == '\\') out->push_back('\\');
      if (static_cast<unsigned char>(c) >= 32) out->push_back(c);
    }
    out->push_back('"');
  };
  const std::string percent =
      absl::StrCat(grant.share_ppm / 10000,
                   grant.share_ppm % 10000 == 0
                       ? ""
                       : absl::StrCat(".", std::to_string(10000 + grant.share_ppm % 10000).substr(1)),
                   "%");
  return absl::StrCat(
      "grant: ", grant.name, "\nkey: \"", grant.key, "\"\npurposes: [",
      absl::StrJoin(grant.purposes, ", ", quoted), "]\ntables: [", absl::StrJoin(grant.tables, ", ", quoted),
      "]\nshare: ", percent, "   # of each cohort's budget\nuntil: ",
      absl::FormatTime("%Y-%m-%d", grant.until - absl::Seconds(1), absl::UTCTimeZone()), "\n");
}

}  // namespace penc
