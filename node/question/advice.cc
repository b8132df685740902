#include "question/advice.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "codebook/period.h"
#include "question/answer.h"
#include "question/predicate.h"

namespace penc {
namespace {

const Column& ColumnOf(const Codebook& codebook, const ColumnRef& ref) {
  return codebook.tables[ref.table].columns[ref.column];
}

std::vector<std::pair<GrainLevel, std::string>> CoarserThan(const Grain& grain, const Column& column,
                                                            const Codebook& codebook) {
  if (column.type == ColumnType::kCodes) {
    return grain.level == GrainLevel::kValue && !codebook.list_of(column)->main_order.empty()
               ? std::vector<std::pair<GrainLevel, std::string>>{{GrainLevel::kMain, "main_of"}}
               : std::vector<std::pair<GrainLevel, std::string>>{};
  }
  std::vector<std::pair<GrainLevel, std::string>> coarser;
  if (column.type == ColumnType::kCode && grain.level == GrainLevel::kValue) {
    const CodeList& list = *codebook.list_of(column);
    if (list.fold.has_value()) coarser.emplace_back(GrainLevel::kFold, "fold");
    if (!list.parent_list.empty()) coarser.emplace_back(GrainLevel::kParent, "country");
  }
  if (column.is_date()) {
    const ColumnType now =
        grain.level == GrainLevel::kValue
            ? column.type
            : static_cast<ColumnType>(static_cast<int>(ColumnType::kDay) + static_cast<int>(grain.level) -
                                      static_cast<int>(GrainLevel::kDay));
    if (now < ColumnType::kQuarter) coarser.emplace_back(GrainLevel::kQuarter, "quarter");
    if (now < ColumnType::kYear) coarser.emplace_back(GrainLevel::kYear, "year");
  }
  return coarser;
}

std::vector<std::pair<GrainLevel, std::string>> CoarserThan(GrainLevel cohorts, Closing closing) {
  std::vector<std::pair<GrainLevel, std::string>> coarser;
  if (cohorts == GrainLevel::kEntered && closing == Closing::kMonth)
    coarser.emplace_back(GrainLevel::kEnteredQuarter, "quarter");
  if (cohorts != GrainLevel::kEnteredYear && closing != Closing::kYear)
    coarser.emplace_back(GrainLevel::kEnteredYear, "year");
  return coarser;
}

// The leaves of a WHERE that hold for every row: AllowedValues reads the same.
std::vector<Predicate*> TopLevel(Predicate& where) {
  std::vector<Predicate*> leaves;
  if (where.kind == Predicate::Kind::kIn) leaves.push_back(&where);
  if (where.kind == Predicate::Kind::kAnd) {
    for (Predicate& child : where.children) {
      if (child.kind == Predicate::Kind::kIn) leaves.push_back(&child);
    }
  }
  return leaves;
}

class Advisor {
 public:
  Advisor(const Plan& plan, uint32_t question, const Codebook& codebook)
      : question_(plan.questions[question].question), codebook_(codebook) {
    uint64_t weights = 0;
    for (const PlannedQuestion& planned : plan.questions) weights += planned.question.weight;
    PENC_CHECK(weights > 0);
    part_.amount = plan.price.amount * question_.weight / weights;
    now_ = Planned(question_);
  }

  std::vector<Alternative> All() {
    if (now_.has_value()) {
      for (size_t g = 0; g < question_.by.size(); ++g) Coarser(g);
      Longer();
    }
    return std::move(found_);
  }

 private:
  absl::optional<v1::ExplainedQuestion> Planned(const Question& question) const {
    const absl::StatusOr<Plan> plan = MakePlan({question}, part_, codebook_);
    if (!plan.ok()) return absl::nullopt;
    return ExplainPlan(*plan, codebook_)[0];
  }

  void Coarser(size_t g) {
    const Grain& key = question_.by[g];
    const auto coarser = key.of_cohorts() ? CoarserThan(key.level, codebook_.closing)
                                          : CoarserThan(key, ColumnOf(codebook_, key.column), codebook_);
    const std::string name =
        key.of_cohorts() ? "entered" : ColumnName(codebook_, key.column, question_.table);
    for (const auto& [level, function] : coarser) {
      Question other = question_;
      other.by[g].level = level;
      Alternative alternative;
      alternative.change = absl::StrCat(function, "(", name, ")");
      Try(other, std::move(alternative));
    }
  }

  void Longer() {
    Question other = question_;
    for (Predicate* leaf : TopLevel(other.where)) {
      const Column& column = ColumnOf(codebook_, leaf->column);
      const bool divided = std::any_of(question_.by.begin(), question_.by.end(),
                                       [&](const Grain& grain) { return grain.column == leaf->column; });
      if (!column.is_date() || divided || leaf->values.size() != 1 || leaf->values[0].first <= 1) continue;
      Interval& range = leaf->values[0];
      const Interval was = range;
      const StoredValue length = range.last - range.first + 1;
      range.first -= std::min(length, range.first - 1);
      Alternative alternative;
      alternative.kind = Alternative::Kind::kWindow;
      alternative.change = FormatPeriod(column.type, column.lo + static_cast<int64_t>(range.first) - 1);
      alternative.longer = static_cast<double>(range.last - range.first + 1) / length;
      Try(other, std::move(alternative));
      range = was;
    }
  }

  void Try(const Question& other, Alternative alternative) {
    const absl::optional<v1::ExplainedQuestion> planned = Planned(other);
    if (!planned.has_value()) return;
    bool gains = planned->cells() < now_->cells() || alternative.kind == Alternative::Kind::kWindow;
    alternative.cells = planned->cells();
    for (int m = 0; m < planned->margins_size(); ++m) {
      alternative.margins.push_back(planned->margins(m));
      alternative.same.push_back(planned->margins(m) == now_->margins(m));
      gains = gains || planned->margins(m) < now_->margins(m);
    }
    if (gains) found_.push_back(std::move(alternative));
  }

  const Question& question_;
  const Codebook& codebook_;
  Price part_;  // to a millionth of the budget
  absl::optional<v1::ExplainedQuestion> now_;
  std::vector<Alternative> found_;
};

}  // namespace

std::vector<Alternative> AlternativesTo(const Plan& plan, uint32_t question, const Codebook& codebook) {
  PENC_CHECK(plan.price.kind == Price::Kind::kShare);
  return Advisor(plan, question, codebook).All();
}

}  // namespace penc
