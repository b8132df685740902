#include "store/extract.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "question/predicate.h"
#include "store/keyed_hash.h"

namespace penc {
namespace {

// A row whose cell is at least this matches no category; sums of valid parts stay below it (plans have at
// most 2^20 cells).
constexpr uint32_t kNowhere = 1 << 24;

using ColumnPtr = std::shared_ptr<const UnpackedColumn>;

// What one segment holds of the tables that a question reads, decoded.
class SegmentView {
 public:
  SegmentView(const Snapshot& snapshot, int segment)
      : generation_(*snapshot.generation),
        codebook_(*snapshot.codebook),
        info_(generation_.manifest().segments(segment)) {}

  uint32_t persons() const { return info_.persons(); }

  // First row of each person in a table (persons + 1 values).
  absl::StatusOr<std::vector<uint32_t>> RowStarts(uint32_t codebook_table) const {
    std::vector<uint32_t> starts(persons() + 1, 0);
    const int table = generation_.TableNumber(codebook_.tables[codebook_table].name);
    if (table < 0 || RowsOf(table) == 0) return starts;
    ASSIGN_OR_RETURN(const ColumnPtr counts,
                     generation_.ReadColumn(info_.id(), table, kCountColumn, persons()));
    uint64_t sum = 0;
    for (uint32_t p = 0; p < persons(); ++p) {
      starts[p] = static_cast<uint32_t>(sum);
      sum += counts->at(p);
    }
    starts[persons()] = static_cast<uint32_t>(sum);
    if (sum != RowsOf(table))
      return Fail(absl::StatusCode::kDataLoss,
                  {"nombre de lignes contradictoire", "contradictory number of rows"});
    return starts;
  }

  absl::StatusOr<ColumnPtr> Values(const ColumnRef& ref) const {
    const Table& table = codebook_.tables[ref.table];
    const int number = generation_.TableNumber(table.name);
    const uint32_t rows = number < 0 ? 0 : RowsOf(number);
    const int column = generation_.ColumnNumber(number, table.columns[ref.column].name);
    // A column younger than the segment reads NULL.
    if (column < 0 || rows == 0)
      return std::make_shared<const UnpackedColumn>(UnpackedColumn::Constant(kNull, rows));
    absl::StatusOr<ColumnPtr> values = generation_.ReadColumn(info_.id(), number, column, rows);
    return values;
  }

  absl::StatusOr<ColumnPtr> CohortOffsets() const {
    return generation_.ReadColumn(info_.id(), kPersonsTable, kCohortColumn, persons());
  }
  absl::StatusOr<std::string> PersonKeys() const {
    ASSIGN_OR_RETURN(std::string keys, generation_.ReadChunk(info_.id(), kPersonsTable, kKeyColumn));
    if (keys.size() != size_t{16} * persons())
      return Fail(absl::StatusCode::kDataLoss, {"clés contradictoires", "contradictory keys"});
    return keys;
  }

 private:
  uint32_t RowsOf(int table) const { return table < info_.rows_size() ? info_.rows(table) : 0; }

  const Generation& generation_;
  const Codebook& codebook_;
  const storage::v1::StoredSegment& info_;
};

// A column of the question's rows: its own, or a person's spread over the person's rows.
class RowColumn {
 public:
  absl::Status Load(const SegmentView& segment, const ColumnRef& ref, uint32_t table,
                    const std::vector<uint32_t>& starts) {
    ASSIGN_OR_RETURN(values_, segment.Values(ref));
    if (ref.table == table) return absl::OkStatus();
    // Joined by the person: the row of a person table, or NULL where the person has none.
    ASSIGN_OR_RETURN(const std::vector<uint32_t> of_person, segment.RowStarts(ref.table));
    spread_.resize(starts.back());
    for (uint32_t p = 0; p + 1 < starts.size(); ++p) {
      const uint32_t value = of_person[p] < of_person[p + 1] ? values_->at(of_person[p]) : kNull;
      std::fill(spread_.begin() + starts[p], spread_.begin() + starts[p + 1], value);
    }
    joined_ = true;
    return absl::OkStatus();
  }
  template <typename Visit>
  auto With(Visit visit) const {
    return joined_ ? visit(spread_.data()) : values_->With(visit);
  }

 private:
  ColumnPtr values_;
  std::vector<uint32_t> spread_;
  bool joined_ = false;
};

// WHERE on one segment: a byte per row.
class Filter {
 public:
  Filter(const SegmentView& segment, uint32_t table, const std::vector<uint32_t>& starts)
      : segment_(segment), table_(table), starts_(starts) {}

  absl::StatusOr<std::vector<uint8_t>> Pass(const Predicate& p) const {
    const size_t rows = starts_.back();
    if (p.kind == Predicate::Kind::kTrue) return std::vector<uint8_t>(rows, 1);
    if (p.kind == Predicate::Kind::kAnd || p.kind == Predicate::Kind::kOr) {
      const bool conjunction = p.kind == Predicate::Kind::kAnd;
      std::vector<uint8_t> all(rows, conjunction ? 1 : 0);
      for (const Predicate& child : p.children) {
        ASSIGN_OR_RETURN(const std::vector<uint8_t> part, Pass(child));
        if (conjunction) {
          for (size_t i = 0; i < rows; ++i) all[i] &= part[i];
        } else {
          for (size_t i = 0; i < rows; ++i) all[i] |= part[i];
        }
      }
      return all;
    }
    RowColumn column;
    RETURN_IF_ERROR(column.Load(segment_, p.column, table_, starts_));
    std::vector<uint8_t> pass(rows, 0);
    if (p.kind == Predicate::Kind::kIn) {
      column.With([&](const auto* values) {
        if (p.values.size() == 1) {
          const uint32_t first = p.values[0].first, span = p.values[0].last - first;
          for (size_t i = 0; i < rows; ++i) pass[i] = static_cast<uint32_t>(values[i]) - first <= span;
        } else {
          for (const Interval& interval : p.values) {
            const uint32_t first = interval.first, span = interval.last - first;
            for (size_t i = 0; i < rows; ++i) pass[i] |= static_cast<uint32_t>(values[i]) - first <= span;
          }
        }
      });
    } else {
      const bool any = p.kind == Predicate::Kind::kHasAny;
      const uint32_t mask = p.mask;
      column.With([&](const auto* values) {
        for (size_t i = 0; i < rows; ++i) {
          const uint32_t v = values[i];
          pass[i] = any ? (v & mask) != 0 : v != 0 && (v & mask) == 0;
        }
      });
    }
    return pass;
  }

 private:
  const SegmentView& segment_;
  uint32_t table_;
  const std::vector<uint32_t>& starts_;
};

// A cell that a row of the person falls in.
struct Entry {
  uint32_t cell;
  uint32_t row;
};

// One question of the plan on one segment, into an accumulator.
class QuestionScan {
 public:
  QuestionScan(const Plan& plan, const PlannedQuestion& planned, const Codebook& codebook,
               const Secret& cap_key)
      : plan_(plan),
        planned_(planned),
        hash_(HmacSha256(cap_key.view(),
                         absl::StrCat("penc cap v1\n", CanonicalText(planned.question, codebook)))) {
    uint64_t stride = planned.domain.cells;
    for (const Axis& axis : planned.domain.axes) {
      stride /= axis.categories.size();
      strides_.push_back(static_cast<uint32_t>(stride));
    }
  }

  absl::Status Add(const SegmentView& segment, const std::vector<uint8_t>& person_asked,
                   const std::string& keys, int64_t* out) const {
    const uint32_t table = planned_.question.table;
    ASSIGN_OR_RETURN(const std::vector<uint32_t> starts, segment.RowStarts(table));
    const size_t rows = starts.back();
    if (rows == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<uint32_t> cells, CellsOf(segment, starts));
    if (planned_.question.where.kind != Predicate::Kind::kTrue) {
      ASSIGN_OR_RETURN(const std::vector<uint8_t> pass,
                       Filter(segment, table, starts).Pass(planned_.question.where));
      for (size_t i = 0; i < rows; ++i) cells[i] |= pass[i] != 0 ? 0 : kNowhere;
    }
    std::vector<MaskColumn> masks;
    for (size_t a = 0; a < planned_.domain.axes.size(); ++a) {
      if (!planned_.domain.axes[a].by_mask) continue;
      MaskColumn mask;
      RETURN_IF_ERROR(Masks(segment, a, starts, mask));
      masks.push_back(std::move(mask));
    }
    std::vector<std::vector<uint32_t>> values(planned_.blocks.size());
    for (size_t b = 0; b < planned_.blocks.size(); ++b) {
      const auto& ref = plan_.blocks[planned_.blocks[b]].counting.value;
      if (!ref.has_value()) continue;
      RowColumn column;
      RETURN_IF_ERROR(column.Load(segment, *ref, table, starts));
      column.With([&](const auto* v) { values[b].assign(v, v + rows); });
    }
    std::vector<Entry> entries, kept;
    for (uint32_t p = 0; p + 1 < starts.size(); ++p) {
      if (!person_asked[p]) continue;
      entries.clear();
      for (uint32_t row = starts[p]; row < starts[p + 1]; ++row) {
        if (cells[row] >= kNowhere) continue;
        if (masks.empty()) {
          entries.push_back({cells[row], row});
        } else {
          Expand(masks, 0, cells[row], row, entries);
        }
      }
      if (entries.empty()) continue;
      for (size_t b = 0; b < planned_.blocks.size(); ++b) {
        const Block& block = plan_.blocks[planned_.blocks[b]];
        AddPerson(block, entries, values[b], keys.data() + size_t{16} * p, kept, out + block.first);
      }
    }
    return absl::OkStatus();
  }

 private:
  struct MaskColumn {
    size_t axis;
    std::vector<uint32_t> values;
  };

  // The cell of every row over the axes with one category a row; kNowhere or more where it has none.
  absl::StatusOr<std::vector<uint32_t>> CellsOf(const SegmentView& segment,
                                                const std::vector<uint32_t>& starts) const {
    const size_t rows = starts.back();
    std::vector<uint32_t> cells(rows, 0);
    for (size_t a = 0; a < planned_.domain.axes.size(); ++a) {
      const Axis& axis = planned_.domain.axes[a];
      if (axis.by_mask) continue;
      RowColumn column;
      RETURN_IF_ERROR(column.Load(segment, axis.grain.column, planned_.question.table, starts));
      const uint32_t stride = strides_[a];
      const auto part = [stride](uint32_t category) {
        return category == kNoCategory ? kNowhere : category * stride;
      };
      if (!axis.mask_order.empty()) {
        column.With([&](const auto* values) {
          for (size_t i = 0; i < rows; ++i) cells[i] += part(MainOf(axis, values[i]));
        });
        continue;
      }
      std::vector<uint32_t> table;
      for (uint32_t category : axis.category_of) table.push_back(part(category));
      // A value that this codebook does not know would be damage; it falls nowhere.
      const uint32_t known = static_cast<uint32_t>(table.size());
      table.resize(std::max<size_t>(table.size(), 256), kNowhere);
      column.With([&](const auto* values) {
        if (sizeof(values[0]) == 1) {
          for (size_t i = 0; i < rows; ++i) cells[i] += table[values[i]];
        } else {
          for (size_t i = 0; i < rows; ++i) cells[i] += values[i] < known ? table[values[i]] : kNowhere;
        }
      });
    }
    return cells;
  }

  static uint32_t MainOf(const Axis& axis, uint32_t mask) {
    if (mask == 0) return axis.category_of[kMaxMaskCodes];
    for (uint32_t bit : axis.mask_order) {
      if (mask >> bit & 1) return axis.category_of[bit];
    }
    return kNoCategory;
  }

  absl::Status Masks(const SegmentView& segment, size_t axis, const std::vector<uint32_t>& starts,
                     MaskColumn& out) const {
    RowColumn column;
    RETURN_IF_ERROR(
        column.Load(segment, planned_.domain.axes[axis].grain.column, planned_.question.table, starts));
    out.axis = axis;
    column.With([&](const auto* v) { out.values.assign(v, v + starts.back()); });
    return absl::OkStatus();
  }

  // A row falls into one cell for every combination of its codes.
  void Expand(const std::vector<MaskColumn>& masks, size_t at, uint32_t cell, uint32_t row,
              std::vector<Entry>& entries) const {
    if (at == masks.size()) {
      entries.push_back({cell, row});
      return;
    }
    const Axis& axis = planned_.domain.axes[masks[at].axis];
    const uint32_t stride = strides_[masks[at].axis], mask = masks[at].values[row];
    if (mask == 0) {
      const uint32_t category = axis.category_of[kMaxMaskCodes];
      if (category != kNoCategory) Expand(masks, at + 1, cell + category * stride, row, entries);
      return;
    }
    for (uint32_t bit = 0; bit < kMaxMaskCodes; ++bit) {
      if ((mask >> bit & 1) == 0 || axis.category_of[bit] == kNoCategory) continue;
      Expand(masks, at + 1, cell + axis.category_of[bit] * stride, row, entries);
    }
  }

  uint64_t Rank(const char* key, uint64_t cell, uint64_t ordinal) const {
    uint64_t words[2];
    std::memcpy(words, key, sizeof(words));
    return hash_(words[0], words[1], cell, ordinal);
  }

  // Keeps the `most` of `kept` with the smallest ranks.
  void Cap(std::vector<std::pair<uint64_t, Entry>>& ranked, uint64_t most, std::vector<Entry>& kept) const {
    std::sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
      return a.first != b.first               ? a.first < b.first
             : a.second.cell != b.second.cell ? a.second.cell < b.second.cell
                                              : a.second.row < b.second.row;
    });
    kept.clear();
    for (size_t i = 0; i < ranked.size() && i < most; ++i) kept.push_back(ranked[i].second);
  }

  void AddPerson(const Block& block, const std::vector<Entry>& entries, const std::vector<uint32_t>& values,
                 const char* key, std::vector<Entry>& kept, int64_t* out) const {
    const Counting& counting = block.counting;
    if (counting.kind == Counting::Kind::kPersons) {
      if (entries.size() == 1) {
        ++out[entries[0].cell];
        return;
      }
      kept.clear();
      for (const Entry& entry : entries) {
        const bool seen =
            std::any_of(kept.begin(), kept.end(), [&](const Entry& k) { return k.cell == entry.cell; });
        if (!seen) kept.push_back({entry.cell, 0});
      }
      if (kept.size() > block.per_person.l0) {
        std::vector<std::pair<uint64_t, Entry>> ranked;
        for (const Entry& entry : kept) ranked.push_back({Rank(key, entry.cell, 0), entry});
        Cap(ranked, block.per_person.l0, kept);
      }
      for (const Entry& entry : kept) ++out[entry.cell];
      return;
    }
    // Rows: those with a value, at most `rows` of them. The ordinal counts the person's own entries, in the
    // order in which they were imported: it depends on nobody else.
    kept.clear();
    std::vector<std::pair<uint64_t, Entry>> ranked;
    const bool over = entries.size() > counting.rows;
    for (uint32_t i = 0; i < entries.size(); ++i) {
      if (counting.value.has_value() && values[entries[i].row] == kNull) continue;
      if (over) {
        ranked.push_back({Rank(key, entries[i].cell, i + 1), entries[i]});
      } else {
        kept.push_back(entries[i]);
      }
    }
    if (over) Cap(ranked, counting.rows, kept);
    if (counting.kind == Counting::Kind::kRows) {
      for (const Entry& entry : kept) ++out[entry.cell];
      return;
    }
    // Amounts: summed per cell, then rounded to the grid without bias: up with probability (rest / grid), by
    // a secret hash.
    std::sort(kept.begin(), kept.end(), [](const Entry& a, const Entry& b) { return a.cell < b.cell; });
    for (size_t i = 0; i < kept.size();) {
      const uint32_t cell = kept[i].cell;
      int64_t amount = 0;
      for (; i < kept.size() && kept[i].cell == cell; ++i) {
        amount += counting.multiplier * (static_cast<int64_t>(values[kept[i].row]) - 1) + counting.offset;
      }
      int64_t units = amount / counting.grid, rest = amount % counting.grid;
      if (rest < 0) {
        rest += counting.grid;
        --units;
      }
      const auto drawn =
          static_cast<int64_t>(static_cast<unsigned __int128>(Rank(key, cell, uint64_t{1} << 40)) *
                                   static_cast<uint64_t>(counting.grid) >>
                               64);
      if (drawn < rest) ++units;
      const auto bound = static_cast<int64_t>(block.per_person.linf);
      out[cell] += std::max(-bound, std::min(bound, units));
    }
  }

  const Plan& plan_;
  const PlannedQuestion& planned_;
  KeyedHash hash_;
  std::vector<uint32_t> strides_;
};

}  // namespace

absl::StatusOr<ExactVector> Extraction::Run(const Snapshot& snapshot, const Plan& plan, const Secret& cap_key,
                                            int threads) {
  const storage::v1::Manifest& manifest = snapshot.generation->manifest();
  std::vector<QuestionScan> scans;
  scans.reserve(plan.questions.size());
  for (const PlannedQuestion& planned : plan.questions)
    scans.emplace_back(plan, planned, *snapshot.codebook, cap_key);
  const int workers = std::max(1, std::min(threads, manifest.segments_size()));
  std::vector<ExactVector> sums;
  sums.reserve(workers);
  for (int w = 0; w < workers; ++w) sums.emplace_back(ExactVector::Key(), plan.length);

  std::atomic<int> next{0};
  std::mutex mutex;
  absl::Status failed;
  const auto work = [&](ExactVector& sum) {
    for (int s = next++; s < manifest.segments_size(); s = next++) {
      const absl::Status status = [&]() -> absl::Status {
        const SegmentView segment(snapshot, s);
        ASSIGN_OR_RETURN(const std::string keys, segment.PersonKeys());
        ASSIGN_OR_RETURN(const ColumnPtr cohorts, segment.CohortOffsets());
        const Edition first = manifest.editions_size() > 0 ? manifest.editions(0) : 0;
        for (size_t q = 0; q < scans.size(); ++q) {
          const Cohorts& asked = plan.questions[q].question.cohorts;
          std::vector<uint8_t> person_asked(segment.persons(), 1);
          for (uint32_t p = 0; p < segment.persons(); ++p) {
            const Edition entered = first + cohorts->at(p);
            person_asked[p] = (!asked.from.has_value() || entered >= *asked.from) &&
                              (!asked.to.has_value() || entered <= *asked.to);
          }
          RETURN_IF_ERROR(scans[q].Add(segment, person_asked, keys, sum.cells(ExactVector::Key()).data()));
        }
        return absl::OkStatus();
      }();
      if (!status.ok()) {
        std::lock_guard<std::mutex> lock(mutex);
        failed = status;
        return;
      }
    }
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
  for (int64_t& cell : total) cell = std::max(-kCellBound, std::min(kCellBound, cell));
  return std::move(sums[0]);
}

}  // namespace penc
