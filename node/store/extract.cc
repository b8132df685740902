#include "store/extract.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "question/rollup.h"
#include "store/contribution.h"
#include "store/counted.h"
#include "store/gathered.h"
#include "store/parts.h"
#include "store/row_filter.h"
#include "store/segment_view.h"
#include "store/visit.h"

namespace penc {
namespace {

// A row whose cell is at least this falls in no cell: one axis without a category is enough, and sums of a
// few axes do not overflow. Plans have at most 2^20 cells.
constexpr uint32_t kNowhere = 1 << 24;
constexpr size_t kMostAxes = 64;

// One question of the plan on one segment after another, into an accumulator. One thread.
class QuestionScan {
 public:
  QuestionScan(const Plan& plan, const PlannedQuestion& planned, const Codebook& codebook,
               const Withdrawals& withdrawals, const Secret& cap_key)
      : plan_(plan),
        planned_(planned),
        withdrawals_(withdrawals),
        contributions_(CapKey(planned, codebook, cap_key).view(), LargestBlock(plan, planned)) {
    PENC_CHECK(planned.domain.cells < kNowhere && planned.domain.axes.size() < kMostAxes);
    uint64_t stride = planned.domain.cells;
    for (const Axis& axis : planned.domain.axes) {
      stride /= axis.categories.size();
      strides_.push_back(static_cast<uint32_t>(stride));
      const bool by_value = !axis.by_mask && axis.mask_order.empty() && !axis.grain.of_cohorts();
      tables_.push_back(by_value ? CellsByValue(axis, strides_.back()) : std::vector<uint32_t>());
      if (!axis.grain.of_cohorts()) continue;
      cohort_cells_.resize(axis.category_of.size(), 0);
      for (size_t e = 0; e < cohort_cells_.size(); ++e)
        cohort_cells_[e] += axis.category_of[e] * strides_.back();
    }
  }
  QuestionScan(const QuestionScan&) = delete;
  QuestionScan& operator=(const QuestionScan&) = delete;

  // `first`: the first edition of all.
  absl::Status Add(const SegmentView& segment, Edition first, int64_t* out) {
    const uint32_t table = planned_.question.table;
    if (segment.rows(table) == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(auto counts, segment.RowCounts(table));
    ASSIGN_OR_RETURN(std::vector<uint32_t> cells, CellsOf(segment));
    if (planned_.question.where.kind != Predicate::Kind::kTrue) {
      ASSIGN_OR_RETURN(const std::vector<uint8_t> pass, RowsPassing(planned_.question.where, segment, table));
      for (size_t i = 0; i < cells.size(); ++i) cells[i] |= (pass[i] ^ 1u) * kNowhere;
    }
    ASSIGN_OR_RETURN(const std::vector<uint8_t> counted, RowsCounted(segment, table, withdrawals_));
    for (size_t i = 0; i < counted.size(); ++i) cells[i] |= (counted[i] ^ 1u) * kNowhere;
    RETURN_IF_ERROR(KeepCohorts(segment, *counts, first, cells));
    std::vector<uint32_t> row_of;  // of each pair, where a row may fall in several cells
    if (HasMasks()) {
      RETURN_IF_ERROR(Expand(segment, counts, cells, row_of));
    }
    return AddBlocks(segment, *counts, cells, row_of, out);
  }

 private:
  static uint32_t LargestBlock(const Plan& plan, const PlannedQuestion& planned) {
    uint64_t cells = planned.domain.cells;
    for (uint32_t b : planned.blocks) cells = std::max(cells, plan.blocks[b].cells);
    PENC_CHECK(cells < kNowhere);
    return static_cast<uint32_t>(cells);
  }

  static Secret CapKey(const PlannedQuestion& planned, const Codebook& codebook, const Secret& cap_key) {
    std::string key =
        HmacSha256(cap_key.view(), absl::StrCat("penc cap v1\n", CanonicalText(planned.question, codebook)));
    Secret kept(absl::string_view(key).substr(0, 16));
    explicit_bzero(key.data(), key.size());
    return kept;
  }

  // What an axis adds to the cell, by stored value.
  static std::vector<uint32_t> CellsByValue(const Axis& axis, uint32_t stride) {
    std::vector<uint32_t> cells;
    for (uint32_t category : axis.category_of) {
      cells.push_back(category == kNoCategory ? kNowhere : category * stride);
    }
    // Whatever a byte may hold can be looked up; a value that the codebook does not know falls nowhere.
    if (cells.size() < 256) cells.resize(256, kNowhere);
    return cells;
  }

  bool HasMasks() const {
    return std::any_of(planned_.domain.axes.begin(), planned_.domain.axes.end(),
                       [](const Axis& axis) { return axis.by_mask; });
  }

  // The cell of every row over the axes with one category a row; kNowhere or more where it has none.
  absl::StatusOr<std::vector<uint32_t>> CellsOf(const SegmentView& segment) const {
    std::vector<uint32_t> cells(segment.rows(planned_.question.table), 0);
    uint32_t* const out = cells.data();
    const size_t rows = cells.size();
    std::vector<RowColumn> bytes;  // axes whose values are bytes: several in one go
    std::vector<const uint32_t*> parts;
    for (size_t a = 0; a < planned_.domain.axes.size(); ++a) {
      const Axis& axis = planned_.domain.axes[a];
      if (axis.by_mask || axis.grain.of_cohorts()) continue;
      ASSIGN_OR_RETURN(RowColumn column,
                       RowColumn::Load(segment, axis.grain.column, planned_.question.table));
      const uint32_t* const part = tables_[a].data();
      const auto known = static_cast<uint32_t>(tables_[a].size());
      const bool in_bytes = column.With([&](const auto* values) {
        if (!axis.mask_order.empty()) {
          for (size_t i = 0; i < rows; ++i) out[i] += MainOf(axis, values[i], strides_[a]);
        } else if (sizeof(values[0]) == 1) {
          return true;
        } else {
          for (size_t i = 0; i < rows; ++i) out[i] += values[i] < known ? part[values[i]] : kNowhere;
        }
        return false;
      });
      if (!in_bytes) continue;
      bytes.push_back(std::move(column));
      parts.push_back(part);
    }
    for (size_t a = 0; a < bytes.size(); a += 3) {
      const uint8_t* const x = bytes[a].bytes();
      const uint32_t* const of_x = parts[a];
      if (a + 1 == bytes.size()) {
        for (size_t i = 0; i < rows; ++i) out[i] += of_x[x[i]];
        break;
      }
      const uint8_t* const y = bytes[a + 1].bytes();
      const uint32_t* const of_y = parts[a + 1];
      if (a + 2 == bytes.size()) {
        for (size_t i = 0; i < rows; ++i) out[i] += of_x[x[i]] + of_y[y[i]];
        break;
      }
      const uint8_t* const z = bytes[a + 2].bytes();
      const uint32_t* const of_z = parts[a + 2];
      for (size_t i = 0; i < rows; ++i) out[i] += of_x[x[i]] + of_y[y[i]] + of_z[z[i]];
    }
    return cells;
  }

  static uint32_t MainOf(const Axis& axis, uint32_t mask, uint32_t stride) {
    uint32_t category = mask == 0 ? axis.category_of[kMaxMaskCodes] : kNoCategory;
    for (uint32_t bit : axis.mask_order) {
      if ((mask >> bit & 1) == 0) continue;
      category = axis.category_of[bit];
      break;
    }
    return category == kNoCategory ? kNowhere : category * stride;
  }

  // Rows of persons outside the cohorts asked fall nowhere; where cohorts are a key, the others in their own.
  absl::Status KeepCohorts(const SegmentView& segment, const UnpackedColumn& counts, Edition first,
                           std::vector<uint32_t>& cells) const {
    const Cohorts& asked = planned_.question.cohorts;
    if (!asked.from.has_value() && !asked.to.has_value()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const auto cohorts, segment.CohortOffsets());
    size_t row = 0;
    for (uint32_t p = 0; p < segment.persons(); ++p) {
      const Edition entered = first + cohorts->at(p);
      const bool in = (!asked.from.has_value() || entered >= *asked.from) &&
                      (!asked.to.has_value() || entered <= *asked.to);
      const uint32_t own = in && !cohort_cells_.empty() ? cohort_cells_[entered - *asked.from] : 0;
      for (const size_t end = row + counts.at(p); row < end; ++row)
        cells[row] = in ? cells[row] + own : cells[row] | kNowhere;
    }
    return absl::OkStatus();
  }

  // From rows to pairs: a row falls in one cell for every combination of its codes.
  absl::Status Expand(const SegmentView& segment, std::shared_ptr<const UnpackedColumn>& counts,
                      std::vector<uint32_t>& cells, std::vector<uint32_t>& row_of) const {
    std::vector<uint32_t> starts = {0};
    for (uint32_t p = 0; p < segment.persons(); ++p) starts.push_back(starts.back() + counts->at(p));
    row_of.resize(cells.size());
    for (uint32_t row = 0; row < row_of.size(); ++row) row_of[row] = row;
    for (size_t a = 0; a < planned_.domain.axes.size(); ++a) {
      const Axis& axis = planned_.domain.axes[a];
      if (!axis.by_mask) continue;
      ASSIGN_OR_RETURN(const RowColumn column,
                       RowColumn::Load(segment, axis.grain.column, planned_.question.table));
      std::vector<uint32_t> wider, wider_row, wider_starts = {0};
      column.With([&](const auto* masks) {
        for (uint32_t p = 0; p < segment.persons(); ++p) {
          for (uint32_t i = starts[p]; i < starts[p + 1]; ++i) {
            if (cells[i] >= kNowhere) continue;
            const auto add = [&](uint32_t category) {
              if (category == kNoCategory) return;
              wider.push_back(cells[i] + category * strides_[a]);
              wider_row.push_back(row_of[i]);
            };
            const uint32_t mask = masks[row_of[i]];
            if (mask == 0) add(axis.category_of[kMaxMaskCodes]);
            for (uint32_t rest = mask; rest != 0; rest &= rest - 1) {
              const auto bit = static_cast<uint32_t>(__builtin_ctz(rest));
              if (bit < kMaxMaskCodes) add(axis.category_of[bit]);
            }
          }
          wider_starts.push_back(static_cast<uint32_t>(wider.size()));
        }
      });
      cells = std::move(wider);
      row_of = std::move(wider_row);
      starts = std::move(wider_starts);
    }
    std::vector<uint32_t> pairs;
    for (uint32_t p = 0; p < segment.persons(); ++p) pairs.push_back(starts[p + 1] - starts[p]);
    counts = std::make_shared<const UnpackedColumn>(UnpackedColumn::Of(pairs));
    return absl::OkStatus();
  }

  absl::Status AddBlocks(const SegmentView& segment, const UnpackedColumn& counts,
                         const std::vector<uint32_t>& cells, const std::vector<uint32_t>& row_of,
                         int64_t* out) {
    std::shared_ptr<const std::vector<uint64_t>> ids;
    Entries entries(counts, cells, static_cast<uint32_t>(planned_.domain.cells));
    if (!planned_.domain.drawn_as.empty()) {
      PENC_CHECK(planned_.domain.drawn_as.size() == planned_.domain.cells);
      entries.drawn_as = planned_.domain.drawn_as.data();
    }
    std::vector<uint32_t> values;
    absl::optional<ColumnRef> loaded;
    for (uint32_t b : planned_.blocks) {
      const Block& block = plan_.blocks[b];
      if (block.counting.level > 0) continue;  // AddUpLevels
      const absl::optional<ColumnRef>& of = block.counting.value;
      if (of.has_value() && !(loaded.has_value() && *loaded == *of)) {
        ASSIGN_OR_RETURN(const RowColumn column, RowColumn::Load(segment, *of, planned_.question.table));
        values.resize(cells.size());
        column.With([&](const auto* v) {
          for (size_t i = 0; i < values.size(); ++i) values[i] = v[row_of.empty() ? i : row_of[i]];
        });
        loaded = of;
      }
      entries.value = of.has_value() ? values.data() : nullptr;
      if (ids == nullptr && NeedsIds(block, entries.most)) {
        ASSIGN_OR_RETURN(ids, segment.PersonIds());
        entries.ids = ids->data();
      }
      if (block.counting.fan == 1) {
        contributions_.Add(block, entries, out + block.first);
      } else {
        RETURN_IF_ERROR(AddDivided(segment, block, counts, entries, row_of, out + block.first));
      }
    }
    return absl::OkStatus();
  }

  absl::Status AddDivided(const SegmentView& segment, const Block& block, const UnpackedColumn& counts,
                          const Entries& whole, const std::vector<uint32_t>& row_of, int64_t* out) {
    const Counting& counting = block.counting;
    const auto cells = static_cast<uint32_t>(block.cells);
    if (counting.groups.empty()) {
      const std::vector<uint32_t> parts =
          PartsByValue(counting, whole.cell, absl::MakeConstSpan(whole.value, whole.cell.size()), kNowhere);
      Entries divided = whole;
      divided.cell = parts;
      divided.cells = cells;
      divided.whole = whole.cell.data();
      divided.whole_cells = whole.cells;
      contributions_.Add(block, divided, out);
      return absl::OkStatus();
    }
    std::vector<std::vector<uint8_t>> fits;
    for (const Predicate& group : counting.groups) {
      ASSIGN_OR_RETURN(std::vector<uint8_t> rows, RowsPassing(group, segment, planned_.question.table));
      if (!row_of.empty()) {
        std::vector<uint8_t> pairs(row_of.size());
        for (size_t i = 0; i < pairs.size(); ++i) pairs[i] = rows[row_of[i]];
        rows = std::move(pairs);
      }
      fits.push_back(std::move(rows));
    }
    const DividedPairs pairs = PartsByPerson(counting, counts, whole.cell, fits, kNowhere);
    Entries divided(*pairs.counts, pairs.cell, cells);
    std::shared_ptr<const std::vector<uint64_t>> ids;
    if (NeedsIds(block, divided.most)) {
      ASSIGN_OR_RETURN(ids, segment.PersonIds());
      divided.ids = ids->data();
    }
    contributions_.Add(block, divided, out);
    return absl::OkStatus();
  }

  const Plan& plan_;
  const PlannedQuestion& planned_;
  const Withdrawals& withdrawals_;
  Contributions contributions_;
  std::vector<uint32_t> strides_;
  std::vector<std::vector<uint32_t>> tables_;  // by axis and stored value; empty for masks and cohorts
  std::vector<uint32_t> cohort_cells_;  // by edition from the first asked; empty where no key is of them
};

using Scans = std::vector<std::unique_ptr<QuestionScan>>;
Scans ScansOf(const Plan& plan, const Codebook& codebook, const Withdrawals& withdrawals,
              const Secret& cap_key) {
  Scans scans;
  for (const PlannedQuestion& planned : plan.questions)
    scans.push_back(std::make_unique<QuestionScan>(plan, planned, codebook, withdrawals, cap_key));
  return scans;
}

// Bounds were worked out for the columns of one codebook.
absl::Status CheckCodebook(const Snapshot& snapshot, const Plan& plan) {
  if (plan.codebook_hash == snapshot.codebook->hash) return absl::OkStatus();
  return Fail(absl::StatusCode::kFailedPrecondition, {"le lexique vient de changer: reposez la question",
                                                      "the codebook has just changed: ask again"});
}

// What is done once all records have been added.
void Bound(const Plan& plan, absl::Span<int64_t> cells) {
  for (int64_t& cell : cells) cell = std::max(-kCellBound, std::min(kCellBound, cell));
  for (const Block& block : plan.blocks) {
    if (!block.counting.mark) continue;
    for (int64_t& cell : cells.subspan(block.first, block.cells)) cell = std::min<int64_t>(cell, 1);
  }
}

}  // namespace

absl::StatusOr<ExactVector> Extraction::Run(const Snapshot& snapshot, const Plan& plan, const Secret& cap_key,
                                            int threads) {
  RETURN_IF_ERROR(CheckCodebook(snapshot, plan));
  const storage::v1::Manifest& manifest = snapshot.generation->manifest();
  const Edition first_edition = manifest.editions_size() > 0 ? manifest.editions(0) : 0;
  const Withdrawals withdrawals(manifest);
  const int workers = std::max(1, std::min(threads, manifest.segments_size()));
  std::vector<ExactVector> sums;
  sums.reserve(workers);
  for (int w = 0; w < workers; ++w) sums.emplace_back(ExactVector::Key(), plan.length);

  std::atomic<int> next{0};
  std::mutex mutex;
  absl::Status failed;
  const auto scan = [&](int64_t* out) -> absl::Status {
    const Scans scans = ScansOf(plan, *snapshot.codebook, withdrawals, cap_key);
    for (int s = next++; s < manifest.segments_size(); s = next++) {
      const ClosedSegment segment(snapshot, s);
      for (const auto& question : scans) RETURN_IF_ERROR(question->Add(segment, first_edition, out));
    }
    return absl::OkStatus();
  };
  const auto work = [&](ExactVector& sum) {
    const absl::Status status = scan(sum.cells(ExactVector::Key()).data());
    if (status.ok()) return;
    next = manifest.segments_size();  // no part of an answer is of use
    std::lock_guard<std::mutex> lock(mutex);
    failed = status;
  };
  std::vector<std::thread> others;
  for (int w = 1; w < workers; ++w) others.emplace_back([&, w] { work(sums[w]); });
  work(sums[0]);
  for (std::thread& thread : others) thread.join();
  RETURN_IF_ERROR(failed);
  absl::Span<int64_t> total = sums[0].cells(ExactVector::Key());
  for (int w = 1; w < workers; ++w) {
    absl::Span<int64_t> part = sums[w].cells(ExactVector::Key());
    for (size_t i = 0; i < total.size(); ++i) total[i] += part[i];
  }
  AddUpLevels(plan, total);
  Bound(plan, total);
  return std::move(sums[0]);
}

absl::StatusOr<ExactVector> Extraction::RunAsIfClosed(const Database& db, const Snapshot& snapshot,
                                                      const Plan& plan, const Secret& cap_key,
                                                      Edition cohort) {
  RETURN_IF_ERROR(CheckCodebook(snapshot, plan));
  const storage::v1::Manifest& manifest = snapshot.generation->manifest();
  const Edition first = manifest.editions_size() > 0 ? manifest.editions(0) : cohort;
  const Withdrawals none{storage::v1::Manifest()};  // the visit has left them out
  const Scans scans = ScansOf(plan, *snapshot.codebook, none, cap_key);
  ExactVector sum(ExactVector::Key(), plan.length);
  absl::Span<int64_t> cells = sum.cells(ExactVector::Key());

  RETURN_IF_ERROR(VisitAsIfClosed(db, snapshot, cohort, [&](const SegmentView& segment) -> absl::Status {
    for (const auto& question : scans) RETURN_IF_ERROR(question->Add(segment, first, cells.data()));
    return absl::OkStatus();
  }));
  AddUpLevels(plan, cells);
  Bound(plan, cells);
  return sum;
}

}  // namespace penc
