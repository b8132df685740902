#include "question/allocate.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/decimal.h"
#include "base/status.h"
#include "privacy/choose.h"
#include "privacy/cost.h"
#include "privacy/law.h"
#include "question/measures/measure.h"
#include "question/rollup_estimate.h"

namespace penc {
namespace {

using uint128 = unsigned __int128;

constexpr double kConfidence = 0.95;
constexpr uint64_t kWhole = 1000000;           // parts per million
constexpr uint64_t kMost = uint64_t{1} << 56;  // a price that no budget pays; products with weights still fit
// Common factors of margins, in 1/1024.
constexpr uint64_t kAsStated = 1024;
constexpr uint64_t kWidest = kAsStated << 16;

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

uint64_t BudgetOf(const Promise& reference) {
  return reference.pure() ? PureBudget(reference) : RenyiBudget(reference);
}

uint64_t RoundedUp(uint128 numerator, uint64_t denominator) {
  return static_cast<uint64_t>(std::min<uint128>((numerator + denominator - 1) / denominator, kMost));
}

// The first in (low, high] for which `good` holds, good being false ... true; `high` + 1 if none.
template <typename Good>
uint64_t FirstAfter(uint64_t low, uint64_t high, Good good) {
  uint64_t end = high + 1;
  while (low + 1 < end) {
    const uint64_t middle = low + (end - low) / 2;
    (good(middle) ? end : low) = middle;
  }
  return end;
}

// How many whole released integers the margin times factor / 1024 is.
uint64_t HalfWidthIn(const Ratio& unit, uint64_t margin, uint64_t factor = kAsStated) {
  const uint128 scaled = static_cast<uint128>(margin) * factor / kAsStated;
  return static_cast<uint64_t>(std::min<uint128>(scaled * unit.den / unit.num, uint64_t{1} << 50));
}

// The cheapest noise with a half width, and what it costs.
class Cheapest {
 public:
  struct Found {
    Mechanism noise;
    uint64_t cost = 0;  // kMost where none of the permitted noise is as narrow
  };
  explicit Cheapest(const Promise& reference) : reference_(reference), order_(OrderOf(reference)) {}

  const Found& For(const Contribution& person, uint64_t half_width) {
    const auto [entry, is_new] = found_.try_emplace(KeyOf(person, half_width));
    if (is_new) {
      const absl::StatusOr<Mechanism> noise = ChooseForMargin(person, half_width, reference_);
      entry->second = noise.ok() ? Found{*noise, CostOfOne(*noise, person)} : Found{{}, kMost};
    }
    return entry->second;
  }

  // What the planner must be given for noise that is no wider.
  uint64_t PriceFor(const Contribution& person, uint64_t half_width) {
    const auto [entry, is_new] = prices_.try_emplace(KeyOf(person, half_width));
    if (is_new) entry->second = SearchPrice(person, half_width);
    return entry->second;
  }

 private:
  using Key = std::tuple<uint64_t, uint64_t, uint64_t, uint64_t>;
  static Key KeyOf(const Contribution& person, uint64_t half_width) {
    return {person.l0, person.linf, person.l1, half_width};
  }

  uint64_t CostOfOne(const Mechanism& noise, const Contribution& person) const {
    const Cost cost = CostOf(noise, person, order_);
    return std::min(reference_.pure() ? cost.pure : cost.renyi, kMost);
  }

  uint64_t SearchPrice(const Contribution& person, uint64_t half_width) {
    // The planner takes no price that would not pay the least Laplace.
    uint64_t price = std::max(For(person, half_width).cost, CostOfOne(LaplaceAt(person, 1), person));
    // Its own choice at that price is looked at: costs are rounded, and their order is not assumed.
    const uint64_t budget = BudgetOf(reference_);
    for (uint64_t step = price / 1024 + 1; price <= budget; price += step, step *= 2) {
      const absl::StatusOr<Mechanism> chosen = ChooseAtPrice(person, price, reference_);
      if (chosen.ok() && HalfWidth(*chosen, kConfidence) <= half_width) break;
    }
    return price;
  }

  Promise reference_;
  Order order_;
  std::map<Key, Found> found_;
  std::map<Key, uint64_t> prices_;
};

// What a table must be given so that each of its columns has its margin times the factor.
uint64_t PriceOf(const TableNeed& table, uint64_t factor, Cheapest& cheapest) {
  uint64_t dearest = 0;
  for (const ColumnNeed& column : table.columns) {
    const uint64_t half_width = HalfWidthIn(column.unit, *table.margin, factor);
    dearest = std::max(dearest, cheapest.PriceFor(column.person, half_width));
  }
  return std::min<uint64_t>(dearest * table.columns.size(), kMost);
}

// Tables without a margin: one unit each, until their part of what is left is known.
std::vector<uint64_t> PricesOf(absl::Span<const TableNeed> tables, uint64_t factor, Cheapest& cheapest) {
  std::vector<uint64_t> prices;
  for (const TableNeed& table : tables)
    prices.push_back(table.margin.has_value() ? PriceOf(table, factor, cheapest) : 1);
  return prices;
}

struct Weighed {
  std::vector<uint32_t> weights;
  uint64_t total = UINT64_MAX;  // the least price of the whole at which the plan gives every table its need
};

// The weights with the least total; among those the smallest.
Weighed Weigh(const std::vector<uint64_t>& needs) {
  const uint64_t most = *std::max_element(needs.begin(), needs.end());
  Weighed best;
  for (uint32_t top = 1; top <= kLargestWeight; ++top) {
    Weighed tried;
    uint64_t sum = 0;
    for (uint64_t need : needs) {
      tried.weights.push_back(static_cast<uint32_t>(RoundedUp(static_cast<uint128>(need) * top, most)));
      sum += tried.weights.back();
    }
    tried.total = 0;
    for (size_t q = 0; q < needs.size(); ++q) {
      tried.total = std::max(tried.total, RoundedUp(static_cast<uint128>(needs[q]) * sum, tried.weights[q]));
    }
    if (tried.total < best.total) best = std::move(tried);
  }
  return best;
}

// The least share that is at least `total`.
uint64_t ShareFor(uint64_t total, const Promise& reference) {
  return RoundedUp(static_cast<uint128>(total) * kWhole, BudgetOf(reference));
}

// "37.25%"
std::string Share(uint64_t ppm) {
  return FormatDecimal(OfSteps(static_cast<int64_t>(ppm), {1, 10000}).value_or(Decimal{})) + "%";
}

// All tables state a margin, and their cost is more than what is offered.
absl::StatusOr<Allocation> Scaled(absl::Span<const TableNeed> tables, uint32_t offered_ppm,
                                  const Promise& reference, Cheapest& cheapest) {
  const auto at = [&](uint64_t factor) { return Weigh(PricesOf(tables, factor, cheapest)); };
  const uint64_t factor = FirstAfter(
      kAsStated, kWidest, [&](uint64_t f) { return ShareFor(at(f).total, reference) <= offered_ppm; });
  if (factor > kWidest) {
    return Bad({absl::StrCat("le prix (", Share(offered_ppm),
                             ") est trop petit: il n'achète aucun nombre utile; payez plus (--budget) ou "
                             "posez moins de questions à la fois"),
                absl::StrCat("the price (", Share(offered_ppm),
                             ") is too small: it buys no useful number; pay more (--budget) or ask fewer "
                             "questions at once")});
  }
  Weighed weighed = at(factor);
  Allocation out;
  out.kind = Allocation::Kind::kScaled;
  out.share_ppm = static_cast<uint32_t>(ShareFor(weighed.total, reference));
  out.weights = std::move(weighed.weights);
  out.factor = static_cast<double>(factor) / kAsStated;
  return out;
}

// Tables without a margin share, by weight, the most that can be left for them.
absl::StatusOr<Allocation> WithRest(absl::Span<const TableNeed> tables, const std::vector<uint64_t>& prices,
                                    uint32_t offered_ppm, uint64_t stated_ppm, const Promise& reference) {
  uint64_t weights = 0;
  for (const TableNeed& table : tables) weights += table.margin.has_value() ? 0 : table.weight;
  const auto with = [&](uint64_t rest) {
    std::vector<uint64_t> needs = prices;
    for (size_t q = 0; q < tables.size(); ++q) {
      if (tables[q].margin.has_value()) continue;
      const uint128 part = static_cast<uint128>(rest) * tables[q].weight / weights;
      needs[q] = std::max<uint64_t>(1, static_cast<uint64_t>(part));
    }
    return Weigh(needs);
  };
  const uint64_t total = TotalPrice(offered_ppm, reference);
  const uint64_t rest =
      FirstAfter(0, total, [&](uint64_t r) { return ShareFor(with(r).total, reference) > offered_ppm; }) - 1;
  if (rest == 0) {
    return Bad(
        {absl::StrCat("les marges demandées coûtent déjà ", Share(stated_ppm),
                      ": il ne reste rien pour les questions sans marge; donnez un plus grand --budget, "
                      "des marges plus larges, ou une marge à chaque question"),
         absl::StrCat("the stated margins alone cost ", Share(stated_ppm),
                      ": nothing is left for the questions without one; give a larger --budget, wider "
                      "margins, or every question a margin")});
  }
  Allocation out;
  out.share_ppm = offered_ppm;
  out.weights = with(rest).weights;
  return out;
}

// What one released integer of a block stands for, in units of the answer.
Ratio UnitOf(const Block& block, const Codebook& codebook) {
  if (block.counting.kind != Counting::Kind::kAmounts) return {1, 1};
  const ColumnRef& ref = *block.counting.value;
  const Column& column = codebook.tables[ref.table].columns[ref.column];
  return Reduced({static_cast<uint64_t>(block.counting.grid) * static_cast<uint64_t>(column.step_num),
                  static_cast<uint64_t>(block.counting.multiplier) * static_cast<uint64_t>(column.step_den)});
}

// Whether the measure says that its margin is its one block's half width, whatever the answer.
bool HasOneMargin(const Measure& measure, const Block& block, const Ratio& unit, const Codebook& codebook) {
  Block tried = block;
  tried.noise = LaplaceAt(block.per_person, 64);
  const NoisyBlock noisy(tried, {});
  const double is = DefinitionOf(measure.kind).Margin({codebook, measure}, {noisy});
  const double half = noisy.half95 * static_cast<double>(unit.num) / static_cast<double>(unit.den);
  return is > 0 && std::fabs(is - half) <= 1e-9 * half;
}

absl::StatusOr<ColumnNeed> NeedOf(const Plan& plan, uint32_t question, uint32_t m, uint64_t margin,
                                  const Codebook& codebook) {
  const PlannedQuestion& planned = plan.questions[question];
  const Measure& measure = planned.question.measures[m];
  const Block* only = nullptr;
  size_t blocks = 0;
  for (uint32_t b : planned.blocks) {
    if (plan.blocks[b].measure != m) continue;
    only = &plan.blocks[b];
    ++blocks;
  }
  const std::string where = absl::StrCat("question ", question + 1, ", ", measure.name, ": ");
  if (!planned.domain.rollup.levels.empty()) {
    return Bad(
        {absl::StrCat(where,
                      "ROLLUP a une marge par niveau; dans le bulletin donnez weight au lieu de margin"),
         absl::StrCat(where,
                      "ROLLUP has a margin for each level; in the bulletin give weight instead of margin")});
  }
  ColumnNeed need;
  if (blocks == 1) {
    need.person = only->per_person;
    need.unit = UnitOf(*only, codebook);
  }
  if (blocks != 1 || !HasOneMargin(measure, *only, need.unit, codebook)) {
    return Bad(
        {absl::StrCat(where,
                      "sa marge dépend de la réponse, on ne peut la fixer d'avance: donnez --budget, ou "
                      "dans le bulletin weight au lieu de margin"),
         absl::StrCat(where,
                      "its margin depends on the answer and cannot be set beforehand: give --budget, or "
                      "in a bulletin weight instead of margin")});
  }
  if (HalfWidthIn(need.unit, margin) == 0) {
    const uint64_t least = (need.unit.num + need.unit.den - 1) / need.unit.den;
    return Bad({absl::StrCat(where, "compté par pas de ", least, ": donnez une marge d'au moins ", least),
                absl::StrCat(where, "counted in steps of ", least, ": give a margin of at least ", least)});
  }
  return need;
}

// ROLLUP at one margin for all its numbers: noise of one half width at every level, the widest at which no
// estimate's margin is wider than wanted. Least squares makes estimates narrower than their own noise, so
// that the noise may be a little wider than the margin.
class LevelMargins {
 public:
  LevelMargins(const Plan& plan, uint32_t question, uint32_t m, const Codebook& codebook)
      : domain_(plan.questions[question].domain) {
    for (uint32_t b : plan.questions[question].blocks) {
      if (plan.blocks[b].measure == m) levels_.push_back(plan.blocks[b]);
    }
    unit_ = UnitOf(levels_[0], codebook);
  }

  // The least whole number that is a released integer or more.
  uint64_t LeastMargin() const { return (unit_.num + unit_.den - 1) / unit_.den; }

  // By level. Nothing where no noise is narrow enough.
  absl::optional<std::vector<Cheapest::Found>> For(uint64_t margin, Cheapest& cheapest) {
    const uint64_t wanted = HalfWidthIn(unit_, margin);
    for (uint64_t half_width = 2 * wanted; half_width > 0; --half_width) {
      std::vector<Cheapest::Found> found;
      for (Block& level : levels_) {
        found.push_back(cheapest.For(level.per_person, half_width));
        level.noise = found.back().noise;
      }
      if (std::any_of(found.begin(), found.end(), [](const auto& one) { return one.cost == kMost; }))
        return absl::nullopt;
      const double widest = Widest();
      if (widest <= static_cast<double>(wanted)) return found;
      // Margins are nearly in proportion to the noise.
      const double next = static_cast<double>(half_width) * static_cast<double>(wanted) / widest;
      half_width = std::min(half_width, static_cast<uint64_t>(next) + 2);
    }
    return absl::nullopt;
  }

 private:
  double Widest() const {
    std::vector<NoisyBlock> blocks;
    for (const Block& level : levels_) blocks.emplace_back(level, absl::Span<const int64_t>());
    const std::vector<double> widths = HalfWidthsOfLevels(domain_, blocks);
    return *std::max_element(widths.begin(), widths.end());
  }

  const Domain& domain_;
  std::vector<Block> levels_;
  Ratio unit_;
};

}  // namespace

uint64_t TotalPrice(uint64_t ppm, const Promise& reference) {
  return static_cast<uint64_t>(static_cast<uint128>(BudgetOf(reference)) * ppm / kWhole);
}

absl::StatusOr<std::vector<TableNeed>> NeedsOf(const Plan& plan,
                                               absl::Span<const absl::optional<uint64_t>> margins,
                                               const Codebook& codebook) {
  PENC_CHECK(margins.size() == plan.questions.size());
  for (const KeyStep& step : plan.selections) {
    if (!margins[step.question].has_value()) continue;
    return Bad(
        {absl::StrCat(
             "question ", step.question + 1,
             ": une part de son prix choisit les mots d'une liste ouverte, on ne peut fixer sa marge "
             "d'avance: donnez --budget, ou dans le bulletin weight au lieu de margin"),
         absl::StrCat("question ", step.question + 1,
                      ": part of its price chooses the words of an open list, its margin cannot be set "
                      "beforehand: give --budget, or in a bulletin weight instead of margin")});
  }
  std::vector<TableNeed> needs;
  for (uint32_t q = 0; q < plan.questions.size(); ++q) {
    TableNeed need;
    need.margin = margins[q];
    need.weight = plan.questions[q].question.weight;
    for (uint32_t m = 0; need.margin.has_value() && m < plan.questions[q].question.measures.size(); ++m) {
      ASSIGN_OR_RETURN(ColumnNeed column, NeedOf(plan, q, m, *need.margin, codebook));
      need.columns.push_back(column);
    }
    needs.push_back(std::move(need));
  }
  return needs;
}

absl::StatusOr<Allocation> Allocate(absl::Span<const TableNeed> tables, uint32_t offered_ppm,
                                    const Promise& reference) {
  const auto stated = [](const TableNeed& table) { return table.margin.has_value(); };
  PENC_CHECK(std::any_of(tables.begin(), tables.end(), stated));
  Cheapest cheapest(reference);
  const std::vector<uint64_t> prices = PricesOf(tables, kAsStated, cheapest);
  Weighed weighed = Weigh(prices);
  const uint64_t stated_ppm = ShareFor(weighed.total, reference);
  Allocation out;
  if (!std::all_of(tables.begin(), tables.end(), stated)) {
    ASSIGN_OR_RETURN(out, WithRest(tables, prices, offered_ppm, stated_ppm, reference));
  } else if (stated_ppm > offered_ppm) {
    ASSIGN_OR_RETURN(out, Scaled(tables, offered_ppm, reference, cheapest));
  } else {
    out.share_ppm = static_cast<uint32_t>(stated_ppm);
    out.weights = std::move(weighed.weights);
  }
  out.stated_ppm = stated_ppm;
  return out;
}

absl::Status PriceForMargin(uint64_t margin, const Promise& reference, const Codebook& codebook, Plan& plan) {
  if (margin == 0) return Bad({"--margin: donnez au moins 1", "--margin: give at least 1"});
  std::vector<absl::optional<uint64_t>> margins(plan.questions.size(), margin);
  std::map<std::pair<uint32_t, uint32_t>, LevelMargins> rollups;  // by question and measure
  for (uint32_t q = 0; q < plan.questions.size(); ++q) {
    if (plan.questions[q].domain.rollup.levels.empty()) continue;
    margins[q] = absl::nullopt;
    for (uint32_t m = 0; m < plan.questions[q].question.measures.size(); ++m) {
      const auto [rollup, added] = rollups.emplace(std::make_pair(q, m), LevelMargins(plan, q, m, codebook));
      const uint64_t step = rollup->second.LeastMargin();
      if (margin < step) {
        return Bad(
            {absl::StrCat("ROLLUP: compté par pas de ", step, ": donnez une marge d'au moins ", step),
             absl::StrCat("ROLLUP: counted in steps of ", step, ": give a margin of at least ", step)});
      }
    }
  }
  ASSIGN_OR_RETURN(const std::vector<TableNeed> needs, NeedsOf(plan, margins, codebook));
  Cheapest cheapest(reference);
  const auto cost_of = [&](uint64_t wanted) {
    uint64_t sum = 0;
    for (const TableNeed& table : needs) {
      for (const ColumnNeed& column : table.columns)
        sum = std::min(sum + cheapest.For(column.person, HalfWidthIn(column.unit, wanted)).cost, kMost);
    }
    for (auto& [of, rollup] : rollups) {
      const auto found = rollup.For(wanted, cheapest);
      if (!found.has_value()) return kMost;
      for (const Cheapest::Found& level : *found) sum = std::min(sum + level.cost, kMost);
    }
    return sum;
  };
  const uint64_t budget = BudgetOf(reference);
  if (cost_of(margin) > budget) {
    const uint64_t paid = FirstAfter(margin, margin << 16, [&](uint64_t m) { return cost_of(m) <= budget; });
    return Bad(
        {absl::StrCat("une marge de ±", margin,
                      " coûterait plus que tout le crédit de confidentialité, qui paie ±", paid,
                      ": demandez une marge plus large, ou regroupez (fold, main_of)"),
         absl::StrCat("a margin of ±", margin, " would cost more than the whole privacy budget, which pays ±",
                      paid, ": ask for a wider margin, or fold (fold, main_of)")});
  }
  for (auto& [of, rollup] : rollups) {
    const std::vector<Cheapest::Found> found = *rollup.For(margin, cheapest);
    for (uint32_t b : plan.questions[of.first].blocks) {
      Block& block = plan.blocks[b];
      if (block.measure == of.second) block.noise = found[block.counting.level].noise;
    }
  }
  for (Block& block : plan.blocks) {
    if (!plan.questions[block.question].domain.rollup.levels.empty()) continue;
    const ColumnNeed& column = needs[block.question].columns[block.measure];
    block.noise = cheapest.For(column.person, HalfWidthIn(column.unit, margin)).noise;
  }
  return absl::OkStatus();
}

}  // namespace penc
