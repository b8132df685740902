#include "question/plan.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "privacy/choose.h"
#include "question/allocate.h"
#include "question/axis.h"
#include "question/keys.h"
#include "question/measures/measure.h"
#include "question/rollup.h"

namespace penc {
namespace {

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

// What one person may contribute, given how constant the grouping keys are (privacy.md, "Numbers").
Caps CapsInForce(const Question& q, const Domain& domain, const Codebook& codebook) {
  const Table& table = codebook.tables[q.table];
  Caps caps = table.caps;
  uint64_t constant_cells = 1;
  bool constant = true;
  for (const Axis& axis : domain.axes) {
    const uint32_t categories = CategoriesPerPerson(axis, codebook);
    constant = constant && categories > 0;
    constant_cells = std::min<uint64_t>(constant_cells * std::max(1u, categories), 1 << 20);
  }
  if (constant) {
    caps.cells = constant_cells == 1
                     ? 1
                     : static_cast<uint32_t>(std::min<uint64_t>(constant_cells, std::max(1u, caps.cells)));
  }
  if (table.unit == Unit::kPerson) caps.rows = std::max(caps.rows, static_cast<uint32_t>(constant_cells));
  if (q.caps.has_value()) {
    caps.cells = std::max(1u, std::min(caps.cells, q.caps->cells));
    caps.rows = std::max(1u, std::min(caps.rows, q.caps->rows));
  }
  return caps;
}

// Length-prefixed, so that no two plans serialise alike. Version 1.
class Canon {
 public:
  void Number(uint64_t n) {
    for (int i = 0; i < 8; ++i) bytes_.push_back(static_cast<char>(n >> (8 * i) & 0xff));
  }
  void Bytes(absl::string_view text) {
    Number(text.size());
    bytes_.append(text.data(), text.size());
  }
  std::string Hash() const { return Sha256({"penc plan v1\n", bytes_}); }

 private:
  std::string bytes_;
};

std::string IdOf(const Plan& plan, const Codebook& codebook) {
  Canon canon;
  canon.Bytes(plan.codebook_hash);
  canon.Number(plan.questions.size());
  for (const PlannedQuestion& planned : plan.questions) {
    canon.Bytes(CanonicalText(planned.question, codebook));
    canon.Number(planned.caps.cells);
    canon.Number(planned.caps.rows);
  }
  canon.Number(plan.blocks.size());
  for (const Block& block : plan.blocks) {
    for (uint64_t n :
         {uint64_t{block.question}, uint64_t{block.measure}, block.first, block.cells,
          static_cast<uint64_t>(block.counting.kind), uint64_t{block.counting.rows},
          static_cast<uint64_t>(block.counting.multiplier), static_cast<uint64_t>(block.counting.offset),
          static_cast<uint64_t>(block.counting.grid), block.per_person.l0, block.per_person.linf,
          block.per_person.l1, static_cast<uint64_t>(block.noise.family), block.noise.parameter.num,
          block.noise.parameter.den}) {
      canon.Number(n);
    }
  }
  if (!plan.selections.empty()) {  // none: nothing, as in plans from before there were any
    canon.Bytes("keys");
    canon.Number(plan.selections.size());
    for (const KeyStep& step : plan.selections) {
      for (uint64_t n : {uint64_t{step.question}, uint64_t{step.axis}, step.law.epsilon_1024, step.law.delta,
                         uint64_t{step.law.keys}})
        canon.Number(n);
    }
  }
  return canon.Hash();
}

// A bulletin often has the same block shape at the same price many times.
class Chooser {
 public:
  explicit Chooser(const Promise& reference) : reference_(reference) {}
  absl::StatusOr<Mechanism> AtPrice(const Block& block, uint64_t price) {
    const Contribution& person = block.per_person;
    // Sums of marks are not read as they are but through the inverse of their noise: Laplace's is stable.
    const bool mark = block.counting.mark;
    const auto key = std::make_tuple(person.l0, person.linf, person.l1, price, mark);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    ASSIGN_OR_RETURN(const Mechanism chosen, mark ? LaplaceAtPrice(person, price, reference_)
                                                  : ChooseAtPrice(person, price, reference_));
    known_.emplace(key, chosen);
    return chosen;
  }

 private:
  Promise reference_;
  std::map<std::tuple<uint64_t, uint64_t, uint64_t, uint64_t, bool>, Mechanism> known_;
};

absl::Status Lay(Question question, const Codebook& codebook, const PlanLimits& limits, Plan& plan) {
  PlannedQuestion planned;
  ASSIGN_OR_RETURN(planned.domain, MakeDomain(question, codebook, limits.cells));
  planned.caps = CapsInForce(question, planned.domain, codebook);
  const MeasureContext context{codebook, question, planned.domain, planned.caps};
  const std::vector<RollupLevel>& levels = planned.domain.rollup.levels;
  for (uint32_t m = 0; m < question.measures.size(); ++m) {
    if (OwnerOf(question, m) != m) continue;
    std::vector<BlockShape> shapes =
        DefinitionOf(question.measures[m].kind).Blocks(context, question.measures[m]);
    for (uint32_t l = 1; l < levels.size(); ++l) shapes.push_back(CoarserShape(shapes[0], levels[l], l));
    for (BlockShape& shape : shapes) {
      Block block;
      block.question = plan.questions.size();
      block.measure = m;
      block.first = plan.length;
      block.cells = shape.counting.level > 0 ? levels[shape.counting.level].cells
                                             : planned.domain.cells * shape.counting.fan;
      block.counting = shape.counting;
      block.per_person = shape.per_person;
      planned.blocks.push_back(plan.blocks.size());
      plan.blocks.push_back(block);
      plan.length += block.cells;
      if (plan.length > limits.cells) return TooManyCells(limits.cells);
    }
  }
  planned.question = std::move(question);
  plan.questions.push_back(std::move(planned));
  return absl::OkStatus();
}

// The cohorts that the plan charges: the hull of what its questions name.
Cohorts Hull(const std::vector<PlannedQuestion>& questions) {
  Cohorts hull = questions[0].question.cohorts;
  for (const PlannedQuestion& planned : questions) {
    const Cohorts& c = planned.question.cohorts;
    hull.from = hull.from.has_value() && c.from.has_value()
                    ? absl::make_optional(std::min(*hull.from, *c.from))
                    : absl::nullopt;
    hull.to = hull.to.has_value() && c.to.has_value() ? absl::make_optional(std::max(*hull.to, *c.to))
                                                      : absl::nullopt;
  }
  return hull;
}

absl::Status PriceBlocks(const Price& price, const Promise& reference, Plan& plan) {
  if (price.kind == Price::Kind::kEpsilon && plan.questions.size() != 1) {
    return Bad({"--epsilon vaut pour une seule question; pour un bulletin donnez --budget ou --margin",
                "--epsilon is for one question; for a bulletin give --budget or --margin"});
  }
  if (price.kind == Price::Kind::kEpsilon) {
    const PlannedQuestion& only = plan.questions[0];
    const Rollup& rollup = only.domain.rollup;
    ASSIGN_OR_RETURN(const uint64_t of_keys, ChooseKeysAtEpsilon(price.amount, reference, plan));
    const uint64_t amount = price.amount - of_keys;
    for (Block& block : plan.blocks) {
      const uint64_t epsilon =
          rollup.levels.empty()
              ? amount / plan.blocks.size()
              : PriceOfLevel(rollup, block.counting.level, amount / only.question.measures.size(), true);
      if (epsilon == 0 || price.amount > 64 * 1024) {
        return Bad({"--epsilon: donnez de 1/1024 à 64 par nombre demandé",
                    "--epsilon: give 1/1024 to 64 for each number asked"});
      }
      block.noise = LaplaceAt(block.per_person, epsilon);
    }
    return absl::OkStatus();
  }
  if (price.amount == 0 || price.amount > 1000000) {
    return Bad(
        {"--budget: donnez plus de 0 % et au plus 100 %", "--budget: give more than 0% and at most 100%"});
  }
  const uint64_t total = TotalPrice(price.amount, reference);
  uint64_t weights = 0;
  for (const PlannedQuestion& planned : plan.questions) weights += planned.question.weight;
  Chooser chooser(reference);
  for (const PlannedQuestion& planned : plan.questions) {
    uint64_t of_question =
        static_cast<uint64_t>(static_cast<unsigned __int128>(total) * planned.question.weight / weights);
    const auto q = static_cast<uint32_t>(&planned - plan.questions.data());
    ASSIGN_OR_RETURN(const uint64_t of_keys, ChooseKeysAtPrice(of_question, q, reference, plan));
    of_question -= of_keys;
    uint64_t owners = 0;
    for (uint32_t m = 0; m < planned.question.measures.size(); ++m)
      owners += OwnerOf(planned.question, m) == m;
    const uint64_t of_measure = of_question / owners;
    for (uint32_t b : planned.blocks) {
      const auto siblings = std::count_if(planned.blocks.begin(), planned.blocks.end(), [&](uint32_t other) {
        return plan.blocks[other].measure == plan.blocks[b].measure;
      });
      const Rollup& rollup = planned.domain.rollup;
      const uint64_t of_block = rollup.levels.empty() ? of_measure / siblings
                                                      : PriceOfLevel(rollup, plan.blocks[b].counting.level,
                                                                     of_measure, reference.pure());
      ASSIGN_OR_RETURN(plan.blocks[b].noise, chooser.AtPrice(plan.blocks[b], of_block));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Cost CostAt(const Plan& plan, Order order) {
  Cost sum;
  for (const Block& block : plan.blocks) sum = sum + CostOf(block.noise, block.per_person, order);
  for (const KeyStep& step : plan.selections) sum = sum + CostOf(step.law, order);
  return sum;
}

absl::StatusOr<Plan> MakePlan(std::vector<Question> questions, const Price& price, const Codebook& codebook,
                              const PlanLimits& limits) {
  PENC_CHECK(!questions.empty());
  ASSIGN_OR_RETURN(const Promise reference,
                   ParsePromise(codebook.reference_promise.epsilon, codebook.reference_promise.delta));
  Plan plan;
  plan.codebook_hash = codebook.hash;
  plan.price = price;
  for (Question& question : questions) RETURN_IF_ERROR(Lay(std::move(question), codebook, limits, plan));
  LayKeySteps(codebook, plan);
  plan.cohorts = Hull(plan.questions);
  RETURN_IF_ERROR(price.kind == Price::Kind::kMargin ? PriceForMargin(price.amount, reference, codebook, plan)
                                                     : PriceBlocks(price, reference, plan));
  plan.reference_cost = CostAt(plan, OrderOf(reference));
  plan.id = IdOf(plan, codebook);
  return plan;
}

}  // namespace penc
