#include "office/internal.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "journal/committer.h"
#include "question/answer.h"
#include "question/axis.h"
#include "question/bind.h"
#include "question/exact_vector.h"
#include "question/keys.h"
#include "question/measures/measure.h"
#include "question/plan.h"
#include "question/rollup.h"
#include "store/record_store.h"

namespace penc {
namespace {

constexpr uint64_t kMostCells = 1 << 20;   // of a question
constexpr uint64_t kMostLength = 1 << 22;  // of the vector
constexpr int kMostRows = 1 << 16;         // shown, in all tables: one message carries them
constexpr uint64_t kNoNoise = 64;          // of a discrete Laplace: an estimate's margins are zero

absl::Status TooLarge(absl::string_view fr, absl::string_view en) {
  return Fail(absl::StatusCode::kFailedPrecondition, {std::string(fr), std::string(en)});
}

// Where the numbers of a measure stand: blocks of the plan.
struct Place {
  uint32_t value = 0;   // persons, rows, or amounts
  uint32_t stated = 0;  // sum and mean: rows that have a value
};

// A plan that no finisher but the one below may see: without caps, prices, noise, or an id that a ledger
// would take.
struct UncappedPlan {
  Plan plan;
  std::vector<uint32_t> rows;              // by question: the block that counts its rows
  std::vector<std::vector<Place>> places;  // by question and measure
};

class Planner {
 public:
  // `words`: of an open list.
  Planner(const Codebook& codebook, std::function<absl::StatusOr<WordList>(const ColumnRef&)> words)
      : codebook_(codebook), words_(std::move(words)) {
    out_.plan.codebook_hash = codebook.hash;
  }

  absl::StatusOr<UncappedPlan> Lay(std::vector<Question> questions) {
    for (Question& question : questions) RETURN_IF_ERROR(LayOne(std::move(question)));
    return std::move(out_);
  }

 private:
  absl::Status LayOne(Question question) {
    planned_ = PlannedQuestion();
    ASSIGN_OR_RETURN(planned_.domain, MakeDomain(question, codebook_, kMostCells));
    for (uint32_t a = 0; a < planned_.domain.axes.size(); ++a) {
      if (planned_.domain.axes[a].open == 0) continue;
      ASSIGN_OR_RETURN(const WordList words, words_(planned_.domain.axes[a].grain.column));
      LayWords(words, /*released=*/false, planned_.domain, a);
      if (planned_.domain.cells > kMostCells) return TooManyCells(kMostCells);
    }
    out_.rows.push_back(Add(Counting::Kind::kRows, absl::nullopt));
    std::vector<Place>& places = out_.places.emplace_back();
    for (const Measure& measure : question.measures) {
      Place place;
      switch (measure.kind) {
        case MeasureKind::kPersons:
          place.value = Add(Counting::Kind::kPersons, absl::nullopt);
          break;
        case MeasureKind::kRows:
          place.value = out_.rows.back();
          break;
        case MeasureKind::kSum:
        case MeasureKind::kMean:
          place.value = Add(Counting::Kind::kAmounts, measure.column);
          place.stated = Add(Counting::Kind::kRows, measure.column);
          break;
        default:
          AddShapes(question, measure, static_cast<uint32_t>(places.size()));
      }
      places.push_back(place);
    }
    if (out_.plan.length > kMostLength) return TooManyCells(kMostLength);
    planned_.question = std::move(question);
    out_.plan.questions.push_back(std::move(planned_));
    return absl::OkStatus();
  }

  // The blocks that the measure's own estimate reads, without bounds.
  void AddShapes(const Question& question, const Measure& measure, uint32_t m) {
    if (OwnerOf(question, m) != m) return;
    const Caps uncapped{1, 1};
    for (const BlockShape& shape :
         DefinitionOf(measure.kind).Blocks({codebook_, question, planned_.domain, uncapped}, measure)) {
      Block block;
      block.measure = m;
      block.counting = shape.counting;
      block.counting.grid = 1;
      Add(std::move(block));
    }
  }

  // A block over all cells of the question, without bounds.
  uint32_t Add(Counting::Kind kind, const absl::optional<ColumnRef>& value) {
    Block block;
    block.measure = UINT32_MAX;  // read here, not by an estimate
    block.counting.kind = kind;
    block.counting.value = value;
    if (kind == Counting::Kind::kAmounts)
      block.counting.offset = codebook_.tables[value->table].columns[value->column].lo;
    return Add(std::move(block));
  }

  uint32_t Add(Block block) {
    block.question = static_cast<uint32_t>(out_.plan.questions.size());
    block.first = out_.plan.length;
    block.cells = planned_.domain.cells * block.counting.fan;
    block.counting.rows = UINT32_MAX - 1;
    block.noise = {Family::kDiscreteLaplace, {kNoNoise, 1}, {1, 1}};
    block.per_person = {block.cells, static_cast<uint64_t>(kCellBound), static_cast<uint64_t>(kCellBound)};
    const auto number = static_cast<uint32_t>(out_.plan.blocks.size());
    planned_.blocks.push_back(number);
    out_.plan.blocks.push_back(block);
    out_.plan.length += block.cells;
    return number;
  }

  const Codebook& codebook_;
  const std::function<absl::StatusOr<WordList>(const ColumnRef&)> words_;
  UncappedPlan out_;
  PlannedQuestion planned_;
};

std::string TextOf(const std::vector<Question>& questions, const Codebook& codebook) {
  return absl::StrJoin(questions, ";\n", [&](std::string* out, const Question& question) {
    *out += CanonicalText(question, codebook);
  });
}

void Mark(v1::InternalResult& result) {
  result.mutable_marking()->set_fr(
      "INTERNE, NE PAS DIFFUSER: nombres exacts de vos propres dossiers. En publier un, seul ou à côté d'un "
      "nombre "
      "publié avec sa marge, défait la protection des personnes comptées.");
  result.mutable_marking()->set_en(
      "INTERNAL, DO NOT PASS ON: exact numbers of your own records. Publishing one, alone or beside a number "
      "that was "
      "published with its margin, undoes the protection of the people counted.");
}

}  // namespace

// Ends an exact vector without noise, into a message for the office's own people. Knows an exact vector's
// inside.
class InternalTables {
  using Cells = absl::Span<const int64_t>;

 public:
  // `exact` is wiped when this returns.
  static absl::Status Fill(const UncappedPlan& uncapped, const Codebook& codebook, ExactVector exact,
                           v1::InternalResult& result) {
    const Cells cells = exact.cells(ExactVector::Key());
    if (std::any_of(cells.begin(), cells.end(),
                    [](int64_t cell) { return cell <= -kCellBound || cell >= kCellBound; })) {
      return TooLarge(
          "une somme dépasse ce qui se compte exactement (environ 10^12 pas); ajoutez GROUP BY ou WHERE",
          "a sum exceeds what is counted exactly (about 10^12 steps); add GROUP BY or WHERE");
    }
    int shown = 0;
    for (size_t q = 0; q < uncapped.plan.questions.size(); ++q) {
      const PlannedQuestion& planned = uncapped.plan.questions[q];
      v1::InternalTable& table = *result.add_tables();
      table.set_title(planned.question.title);
      table.set_question(CanonicalText(planned.question, codebook));
      for (v1::Axis& axis : ToAxes(planned)) *table.add_axes() = std::move(axis);
      for (const Measure& measure : planned.question.measures) {
        v1::InternalColumn* column = table.add_columns();
        column->set_name(measure.name);
        column->set_measure(DefinitionOf(measure.kind).name());
      }
      const std::vector<std::vector<Value>> estimated = Estimated(uncapped, codebook, q, cells);
      const Cells rows = Of(uncapped, cells, uncapped.rows[q]);
      for (const RollupRow& row : RowsOf(planned.domain)) {
        const bool everything = row.level == planned.question.by.size();
        if (SumOf(planned.domain, rows, row) == 0 && !everything) continue;
        if (++shown > kMostRows) {
          return TooLarge(
              absl::StrCat("plus de ", kMostRows, " lignes à montrer; regroupez (fold, quarter, country)"),
              absl::StrCat("more than ", kMostRows, " rows to show; fold (fold, quarter, country)"));
        }
        FillRow(uncapped, codebook, q, row, cells, estimated, *table.add_rows());
      }
    }
    return absl::OkStatus();
  }

 private:
  static Cells Of(const UncappedPlan& uncapped, Cells cells, uint32_t block) {
    return cells.subspan(uncapped.plan.blocks[block].first, uncapped.plan.blocks[block].cells);
  }

  // Of a row of the table: of ROLLUP it may be several cells together.
  static int64_t SumOf(const Domain& domain, Cells cells, const RollupRow& row) {
    if (domain.rollup.levels.empty()) return cells[row.cell];
    int64_t sum = 0;
    for (uint32_t i = row.first; i < row.first + row.count; ++i) sum += cells[domain.rollup.order[i]];
    return sum;
  }

  // By measure: what its estimate says of every cell; empty where a block holds the number itself.
  static std::vector<std::vector<Value>> Estimated(const UncappedPlan& uncapped, const Codebook& codebook,
                                                   size_t q, Cells cells) {
    const PlannedQuestion& planned = uncapped.plan.questions[q];
    std::vector<std::vector<Value>> estimated;
    for (uint32_t m = 0; m < planned.question.measures.size(); ++m) {
      const Measure& measure = planned.question.measures[m];
      std::vector<Value>& values = estimated.emplace_back();
      const std::vector<NoisyBlock> blocks = BlocksOf(uncapped.plan, planned, m, cells);
      if (blocks.empty()) continue;
      values = DefinitionOf(measure.kind).EstimateAll({codebook, measure}, blocks, planned.domain.cells);
    }
    return estimated;
  }

  static void FillRow(const UncappedPlan& uncapped, const Codebook& codebook, size_t q, const RollupRow& cell,
                      Cells cells, const std::vector<std::vector<Value>>& estimated, v1::InternalRow& row) {
    const PlannedQuestion& planned = uncapped.plan.questions[q];
    for (uint32_t category : KeyOf(planned.domain, cell)) row.add_key(category);
    for (size_t m = 0; m < planned.question.measures.size(); ++m) {
      const Measure& measure = planned.question.measures[m];
      const Place& place = uncapped.places[q][m];
      v1::InternalValue& value = *row.add_values();
      if (!estimated[m].empty()) {
        value.set_none(estimated[m][cell.cell].shown != Value::Shown::kYes);
        if (!value.none()) value.set_value(estimated[m][cell.cell].value);
        continue;
      }
      const int64_t exact = SumOf(planned.domain, Of(uncapped, cells, place.value), cell);
      if (!measure.column.has_value()) {
        value.set_value(static_cast<double>(exact));
        continue;
      }
      const int64_t stated = SumOf(planned.domain, Of(uncapped, cells, place.stated), cell);
      const Column& column = codebook.tables[measure.column->table].columns[measure.column->column];
      value.set_none(stated == 0);
      if (stated == 0) continue;
      const double sum = static_cast<double>(exact) * static_cast<double>(column.step_num) /
                         static_cast<double>(column.step_den);
      value.set_value(measure.kind == MeasureKind::kMean ? sum / static_cast<double>(stated) : sum);
    }
  }
};

absl::StatusOr<v1::InternalResult> CountExactly(Office& office, const v1::InternalCommand& command) {
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  ASSIGN_OR_RETURN(std::vector<Question> questions, BindAll(command.bulletin(), codebook));
  const std::string text = TextOf(questions, codebook);
  const auto words = [&](const ColumnRef& column) -> absl::StatusOr<WordList> {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, office.store().OpenSnapshot());
    return office.store().Words(*snapshot, column);
  };
  ASSIGN_OR_RETURN(const UncappedPlan uncapped, Planner(codebook, words).Lay(std::move(questions)));
  const absl::optional<Edition> edition = office.store().Status().edition;
  if (!edition.has_value() && !command.staged()) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {"rien n'est encore arrêté (penc close); avec --staged, ce qui est en attente est compté aussi",
         "nothing is closed yet (penc close); with --staged what is staged is counted too"});
  }
  RETURN_IF_ERROR(office.committer().Commit([&](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_internal_asked()->set_question(text);
    leaf.mutable_internal_asked()->set_staged(command.staged());
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));

  const absl::Time now = office.environment().clock.Now();
  v1::InternalResult result;
  Mark(result);
  result.set_office(office.config().office());
  result.set_practice(office.config().practice());
  if (edition.has_value()) result.set_edition(EditionLabel(codebook.closing, *edition));
  result.set_staged(command.staged());
  result.set_codebook(absl::StrCat(codebook.name, "@", codebook.version));
  result.set_made_unix_micros(absl::ToUnixMicros(now));
  ASSIGN_OR_RETURN(const ConsentCounts asked, office.store().CountConsent(command.staged()));
  result.set_persons_without_consent(asked.without);
  const auto extract = [&]() -> absl::StatusOr<ExactVector> {
    if (command.staged()) {
      const Edition today = EditionAt(codebook.closing, now);
      return office.store().ExtractAsIfClosed(uncapped.plan, edition ? std::max(*edition + 1, today) : today);
    }
    ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, office.store().OpenSnapshot());
    return office.store().Extract(*snapshot, uncapped.plan);
  };
  ASSIGN_OR_RETURN(ExactVector exact, extract());
  RETURN_IF_ERROR(InternalTables::Fill(uncapped, codebook, std::move(exact), result));
  return result;
}

}  // namespace penc
