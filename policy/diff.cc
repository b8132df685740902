#include "policy/diff.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace penc {
namespace {

constexpr v1::Direction kSame = v1::DIRECTION_SAME, kTightens = v1::DIRECTION_TIGHTENS,
                        kLoosens = v1::DIRECTION_LOOSENS;

// How two values of something of which more is looser stand to each other.
template <typename T>
v1::Direction MoreIsLooser(const T& before, const T& after) {
  return before < after ? kLoosens : after < before ? kTightens : kSame;
}

class Changes {
 public:
  explicit Changes(const Codebook& codebook) : codebook_(codebook) {}

  void Add(const std::string& path, v1::Direction direction, const Text& what, const Text& before,
           const Text& after) {
    v1::PolicyChange change;
    change.set_path(path);
    change.set_direction(direction);
    change.mutable_says()->set_fr(absl::StrCat(what.fr, ": ", before.fr, " → ", after.fr));
    change.mutable_says()->set_en(absl::StrCat(what.en, ": ", before.en, " → ", after.en));
    changes_.push_back(std::move(change));
  }
  template <typename T>
  void Number(const std::string& path, const Text& what, T before, T after) {
    if (before != after) Add(path, MoreIsLooser(before, after), what, Plain(before), Plain(after));
  }
  // The same where less is looser.
  void Floor(const std::string& path, const Text& what, uint32_t before, uint32_t after) {
    if (before != after) Add(path, MoreIsLooser(after, before), what, Plain(before), Plain(after));
  }
  void Open(const std::string& path, const Text& what, Openness before, Openness after) {
    const auto words = [](Openness openness) -> Text {
      return openness == Openness::kGranted ? Text{"partenaires autorisés", "granted partners"}
                                            : Text{"personne", "nobody"};
    };
    if (before != after) Add(path, MoreIsLooser(before, after), what, words(before), words(after));
  }
  void Promised(const Policy& before, const Policy& after);
  void Columns(const Policy& before, const Policy& after);

  v1::PolicyComparison Take() {
    std::stable_partition(changes_.begin(), changes_.end(),
                          [](const v1::PolicyChange& change) { return change.direction() == kLoosens; });
    v1::PolicyComparison comparison;
    comparison.set_verdict(kSame);
    for (v1::PolicyChange& change : changes_) {
      comparison.set_verdict(std::max(comparison.verdict(), change.direction()));
      *comparison.add_changes() = std::move(change);
    }
    return comparison;
  }

  static Text Plain(uint64_t number) { return {absl::StrCat(number), absl::StrCat(number)}; }

 private:
  const Codebook& codebook_;
  std::vector<v1::PolicyChange> changes_;
};

// delta as a value: mantissa * 10^-exponent, compared exactly.
bool SmallerDelta(const Promise& a, const Promise& b) {
  __int128 left = a.delta_mantissa, right = b.delta_mantissa;
  for (int i = a.delta_exponent; i < b.delta_exponent; ++i) left *= 10;
  for (int i = b.delta_exponent; i < a.delta_exponent; ++i) right *= 10;
  return left < right;
}

void Changes::Promised(const Policy& before, const Policy& after) {
  const Promise &a = before.promise, &b = after.promise;
  // What is set aside for words opens questions that were refused.
  const bool raised = a.epsilon_1024 < b.epsilon_1024 || SmallerDelta(a, b) || a.keys_delta < b.keys_delta;
  const bool lowered = b.epsilon_1024 < a.epsilon_1024 || SmallerDelta(b, a) || b.keys_delta < a.keys_delta;
  if (!raised && !lowered) return;
  const auto words = [](const PromiseText& promise) -> Text {
    std::string text = absl::StrCat("epsilon ", promise.epsilon, ", delta ", promise.delta);
    if (!promise.keys_delta.empty()) absl::StrAppend(&text, ", keys_delta ", promise.keys_delta);
    return {text, text};
  };
  Add("promise", raised ? kLoosens : kTightens,
      {"crédit de confidentialité des personnes à venir (celles déjà arrêtées gardent le leur)",
       "privacy budget of persons to come (those already closed keep theirs)"},
      words(before.promise_text), words(after.promise_text));
}

// A rule as Decide applies it to a column.
struct Effective {
  Rule rule = Rule::kDeny;
  absl::optional<GrainLevel> finest;  // only where it limits something
};

Effective EffectiveRule(const Policy& policy, const std::string& name, const Column& column) {
  const auto found = policy.columns.find(name);
  if (found == policy.columns.end() || found->second.rule == Rule::kDeny) return {};
  Effective effective{found->second.rule, absl::nullopt};
  if (column.is_date() && found->second.finest.has_value()) {
    const int own = static_cast<int>(column.type) - static_cast<int>(ColumnType::kDay);
    if (static_cast<int>(*found->second.finest) - static_cast<int>(GrainLevel::kDay) > own)
      effective.finest = found->second.finest;
  }
  return effective;
}

// Whether everything that `after` lets pass is let pass by `before`, for the same column. Weeks lie across
// months: month boundaries are not week boundaries, so of the two neither is within the other.
bool WithinGrain(const absl::optional<GrainLevel>& after, const absl::optional<GrainLevel>& before,
                 const Column& column) {
  if (!before.has_value()) return true;
  if (!after.has_value()) return false;
  if (*before == GrainLevel::kWeek && *after != GrainLevel::kWeek && column.type == ColumnType::kDay)
    return false;
  return *after >= *before;
}

Text RuleWords(const Effective& effective) {
  Text text = effective.rule == Rule::kAllow ? Text{"permis", "allowed"}
              : effective.rule == Rule::kAsk ? Text{"une personne décide", "a person decides"}
                                             : Text{"fermé", "closed"};
  if (!effective.finest.has_value()) return text;
  static constexpr const char* kFrench[] = {"jour", "semaine", "mois", "trimestre", "année"};
  static constexpr const char* kEnglish[] = {"day", "week", "month", "quarter", "year"};
  const int level = static_cast<int>(*effective.finest) - static_cast<int>(GrainLevel::kDay);
  absl::StrAppend(&text.fr, ", au plus fin: ", kFrench[level]);
  absl::StrAppend(&text.en, ", at the finest: ", kEnglish[level]);
  return text;
}

void Changes::Columns(const Policy& before, const Policy& after) {
  for (const Table& table : codebook_.tables) {
    for (const Column& column : table.columns) {
      const std::string name = absl::StrCat(table.name, ".", column.name);
      const Effective a = EffectiveRule(before, name, column), b = EffectiveRule(after, name, column);
      const bool within =
          b.rule <= a.rule && (b.rule == Rule::kDeny || WithinGrain(b.finest, a.finest, column));
      if (within && a.rule == b.rule && a.finest == b.finest) continue;
      Add(absl::StrCat("columns.", name), within ? kTightens : kLoosens,
          {absl::StrCat(column.label.fr, " (", name, ")"), absl::StrCat(column.label.en, " (", name, ")")},
          RuleWords(a), RuleWords(b));
    }
  }
}

Text DayOf(absl::Time end) {
  const std::string day = absl::FormatTime("%Y-%m-%d", end - absl::Seconds(1), absl::UTCTimeZone());
  return {day, day};
}

Text PercentOf(double part) {
  const std::string number = absl::StrFormat("%g", part * 100);
  return {absl::StrCat(number, " %"), absl::StrCat(number, "%")};
}

}  // namespace

v1::PolicyComparison Compare(const Policy& before, const Policy& after, const Codebook& codebook) {
  Changes changes(codebook);
  if (before.name != after.name)
    changes.Add("policy", kSame, {"nom", "name"}, {before.name, before.name}, {after.name, after.name});
  if (before.valid_until != after.valid_until)
    changes.Add("valid_until", MoreIsLooser(before.valid_until, after.valid_until),
                {"valable jusqu'au", "valid until"}, DayOf(before.valid_until), DayOf(after.valid_until));
  changes.Promised(before, after);
  changes.Open("answers.local", {"réponses de cette organisation seule", "answers by this office alone"},
               before.local, after.local);
  changes.Open("answers.regional", {"part aux totaux du réseau", "part in totals of the network"},
               before.regional, after.regional);
  changes.Columns(before, after);
  changes.Number("limits.group_by", {"croisements d'une question, au plus", "grouping columns, at most"},
                 before.max_group_by, after.max_group_by);
  changes.Number("limits.cells", {"cases d'un bulletin, au plus", "cells of a bulletin, at most"},
                 before.max_cells, after.max_cells);
  changes.Floor("regional.members",
                {"organisations d'un total, au moins", "organisations of a total, at least"},
                before.floors.members, after.floors.members);
  changes.Floor("regional.presumed_dishonest",
                {"organisations complices prévues, au moins", "colluding offices presumed, at least"},
                before.floors.presumed_dishonest, after.floors.presumed_dishonest);
  changes.Floor("regional.stewards_colluding",
                {"témoins complices prévus, au moins", "colluding stewards presumed, at least"},
                before.floors.stewards_colluding, after.floors.stewards_colluding);
  if (before.display.hide_margin_above != after.display.hide_margin_above)
    changes.Add("display.hide_margin_above",
                MoreIsLooser(before.display.hide_margin_above, after.display.hide_margin_above),
                {"nombres cachés si la marge dépasse", "numbers hidden where the margin is above"},
                PercentOf(before.display.hide_margin_above), PercentOf(after.display.hide_margin_above));
  changes.Number(
      "display.phantoms",
      {"cases vides qui peuvent sembler pleines, au plus", "empty cells that may look shown, at most"},
      static_cast<uint64_t>(before.display.phantoms), static_cast<uint64_t>(after.display.phantoms));
  changes.Number(
      "approvals.days",
      {"jours d'attente d'une décision, et de validité", "days that a decision is awaited, and holds"},
      before.approvals.days, after.approvals.days);
  changes.Number("approvals.waiting",
                 {"questions en attente par partenaire, au plus", "waiting questions of a partner, at most"},
                 before.approvals.waiting, after.approvals.waiting);
  changes.Floor("publication.delay_days",
                {"jours avant de publier une question posée", "days before a past question is published"},
                before.publication_delay_days, after.publication_delay_days);
  return changes.Take();
}

Text DirectionWords(v1::Direction direction) {
  switch (direction) {
    case v1::DIRECTION_SAME:
      return {"identique", "same"};
    case v1::DIRECTION_TIGHTENS:
      return {"resserre", "tightens"};
    case v1::DIRECTION_LOOSENS:
      return {"assouplit", "loosens"};
    default:
      return {"", ""};
  }
}

}  // namespace penc
