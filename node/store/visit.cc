#include "store/visit.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "base/status.h"
#include "crypto/aead.h"
#include "store/pack.h"
#include "store/staged.h"
#include "store/withdrawals.h"

namespace penc {
namespace {

// Persons in key order with their rows. Not thread-safe.
class Source {
 public:
  virtual ~Source() = default;
  virtual const PersonKey* person() const = 0;  // nullptr at the end
  // Appends the person's rows to `tables`; sets `cohort` where the person has one.
  virtual void AppendTo(std::vector<TableRows>& tables, absl::optional<Edition>& cohort) const = 0;
  virtual absl::Status Next() = 0;
};

class GenerationSource final : public Source {
 public:
  GenerationSource(const Generation& generation, std::vector<size_t> columns)
      : generation_(generation), columns_(std::move(columns)) {}

  absl::Status Start() { return LoadSegment(); }
  const PersonKey* person() const override { return at_ < persons_.size() ? &persons_[at_] : nullptr; }
  void AppendTo(std::vector<TableRows>& tables, absl::optional<Edition>& cohort) const override {
    cohort = generation_.manifest().editions(0) + cohorts_[at_];
    for (size_t t = 0; t < tables_.size(); ++t) {
      for (uint32_t row = starts_[t][at_]; row < starts_[t][at_ + 1]; ++row)
        tables[t].Append(tables_[t], row);
    }
  }
  absl::Status Next() override {
    if (++at_ < persons_.size()) return absl::OkStatus();
    ++segment_;
    return LoadSegment();
  }

 private:
  absl::Status LoadSegment() {
    at_ = 0;
    persons_.clear();
    const storage::v1::Manifest& manifest = generation_.manifest();
    for (; segment_ < manifest.segments_size() && manifest.segments(segment_).persons() == 0; ++segment_) {
    }
    if (segment_ >= manifest.segments_size()) return absl::OkStatus();
    const storage::v1::StoredSegment& info = manifest.segments(segment_);
    ASSIGN_OR_RETURN(persons_, generation_.ReadPersons(info.id(), info.persons()));
    ASSIGN_OR_RETURN(cohorts_, Read(info.id(), kPersonsTable, kCohortColumn, info.persons()));
    tables_.clear();
    starts_.clear();
    for (int t = 0; t < manifest.tables_size(); ++t) {
      const uint32_t rows = t < info.rows_size() ? info.rows(t) : 0;
      TableRows table(columns_[t]);
      std::vector<uint32_t> starts(info.persons() + 1, 0);
      if (rows > 0) {
        ASSIGN_OR_RETURN(const std::vector<uint32_t> counts,
                         Read(info.id(), t, kCountColumn, info.persons()));
        for (uint32_t p = 0; p < info.persons(); ++p) starts[p + 1] = starts[p] + counts[p];
        if (starts.back() != rows)
          return Fail(absl::StatusCode::kDataLoss,
                      {"nombre de lignes contradictoire", "contradictory number of rows"});
        ASSIGN_OR_RETURN(const std::vector<uint32_t> batches, Read(info.id(), t, kBatchColumn, rows));
        table.batch.assign(batches.begin(), batches.end());
        ASSIGN_OR_RETURN(const std::string identity, generation_.ReadChunk(info.id(), t, kIdentityColumn));
        ASSIGN_OR_RETURN(table.identity, DecodeIds(identity, rows));
        ASSIGN_OR_RETURN(const std::string content, generation_.ReadChunk(info.id(), t, kContentColumn));
        ASSIGN_OR_RETURN(table.content, DecodeIds(content, rows));
        for (size_t c = 0; c < columns_[t]; ++c) {
          if (generation_.Has(info.id(), t, c)) {
            ASSIGN_OR_RETURN(table.columns[c], Read(info.id(), t, c, rows));
          } else {
            table.columns[c].assign(rows, kNull);
          }
        }
      }
      tables_.push_back(std::move(table));
      starts_.push_back(std::move(starts));
    }
    // Tables younger than this generation have no rows here.
    while (tables_.size() < columns_.size()) {
      tables_.emplace_back(columns_[tables_.size()]);
      starts_.emplace_back(info.persons() + 1, 0);
    }
    return absl::OkStatus();
  }

  // Past the cache: a merge reads everything once.
  absl::StatusOr<std::vector<uint32_t>> Read(uint32_t segment, uint32_t table, uint32_t column,
                                             size_t size) const {
    ASSIGN_OR_RETURN(const std::string packed, generation_.ReadChunk(segment, table, column));
    ASSIGN_OR_RETURN(const UnpackedColumn unpacked, Unpack(packed, size));
    std::vector<uint32_t> values(size);
    unpacked.With([&](const auto* v) { std::copy(v, v + size, values.begin()); });
    return values;
  }

  const Generation& generation_;
  std::vector<size_t> columns_;  // wanted, by table
  int segment_ = 0;
  size_t at_ = 0;
  std::vector<PersonKey> persons_;
  std::vector<uint32_t> cohorts_;
  std::vector<TableRows> tables_;
  std::vector<std::vector<uint32_t>> starts_;
};

// One sorted run of a staged batch, a block at a time.
class RunSource final : public Source {
 public:
  RunSource(const Database& db, const Secret& key, uint64_t batch, uint32_t table, size_t columns,
            uint32_t first, uint32_t last)
      : db_(db), aead_(key), batch_(batch), table_(table), columns_(columns), block_(first), last_(last) {}

  absl::Status Start() { return Load(); }
  const PersonKey* person() const override {
    return at_ < loaded_.persons.size() ? &loaded_.persons[at_] : nullptr;
  }
  // One row; Next goes to the next row, which may be the same person's.
  void AppendTo(std::vector<TableRows>& tables, absl::optional<Edition>&) const override {
    tables[table_].Append(loaded_.rows, at_);
  }
  absl::Status Next() override {
    if (++at_ < loaded_.persons.size()) return absl::OkStatus();
    ++block_;
    return Load();
  }

 private:
  absl::Status Load() {
    at_ = 0;
    loaded_ = StagedBlock();
    for (; block_ < last_; ++block_) {
      ASSIGN_OR_RETURN(loaded_, ReadBlock(db_, aead_, batch_, block_, columns_));
      if (!loaded_.persons.empty()) break;
    }
    return absl::OkStatus();
  }

  const Database& db_;
  mutable Aead aead_;
  uint64_t batch_;
  uint32_t table_;
  size_t columns_;
  uint32_t block_, last_;
  size_t at_ = 0;
  StagedBlock loaded_;
};

// Which rows are gone for reasons that lie in batches.
class Survival {
 public:
  Survival(const RowChoice& choice, const storage::v1::Manifest& manifest)
      : choice_(choice),
        withdrawals_(choice.withdraw ? manifest : storage::v1::Manifest()),
        whole_from_(manifest.tables_size(), 0) {
    for (const storage::v1::StoredBatch& batch : manifest.batches()) {
      if (batch.undone() || choice.dropped_batches.count(batch.id()) > 0) continue;
      const bool staged =
          std::find(choice.staged.begin(), choice.staged.end(), batch.id()) != choice.staged.end();
      if (!staged) continue;  // what closed batches replaced is gone already
      if (batch.replaces()) whole_from_[batch.table()] = std::max(whole_from_[batch.table()], batch.id());
      for (const storage::v1::Superseded& entry : batch.superseded()) {
        RowId id = kNoId;
        if (entry.identity().size() == id.size()) std::memcpy(id.data(), entry.identity().data(), id.size());
        superseded_[{batch.table(), id}] = {batch.id(), entry.person()};
      }
    }
  }

  // The rows of one person and table that stay: of one identity the last.
  void Filter(const PersonKey& person, uint32_t table, const TableRows& rows, TableRows& out) const {
    out.Clear();
    std::unordered_map<RowId, size_t, IdHash> last;
    bool identified = false;
    for (size_t r = 0; r < rows.rows(); ++r) {
      if (rows.identity[r] == kNoId) continue;
      identified = true;
      size_t& newest = last.emplace(rows.identity[r], r).first->second;
      if (rows.batch[r] >= rows.batch[newest]) newest = r;
    }
    for (size_t r = 0; r < rows.rows(); ++r) {
      if (rows.batch[r] < whole_from_[table] || choice_.dropped_batches.count(rows.batch[r]) > 0) continue;
      if (withdrawals_.Takes(table, person, rows.identity[r], rows.batch[r])) continue;
      if (identified && rows.identity[r] != kNoId) {
        if (last.at(rows.identity[r]) != r) continue;
        const auto by = superseded_.find({table, rows.identity[r]});
        if (by != superseded_.end() && by->second.Drops(rows.batch[r], person)) continue;
      }
      out.Append(rows, r);
    }
  }

 private:
  // Who has an identity from a batch on.
  struct Owner {
    uint64_t batch = 0;
    std::string person;
    bool Drops(uint64_t of_batch, const PersonKey& of) const {
      if (of_batch != batch) return of_batch < batch;
      return person != absl::string_view(reinterpret_cast<const char*>(of.data()), of.size());
    }
  };

  const RowChoice& choice_;
  const Withdrawals withdrawals_;
  std::vector<uint64_t> whole_from_;  // rows of earlier batches are gone
  std::map<std::pair<uint32_t, RowId>, Owner> superseded_;
};

}  // namespace

RowChoice AsIfClosed(const storage::v1::Manifest& manifest) {
  RowChoice choice;
  choice.withdraw = true;
  for (const storage::v1::StoredBatch& batch : manifest.batches()) {
    if (!batch.closed() && !batch.undone()) choice.staged.push_back(batch.id());
  }
  return choice;
}

std::vector<size_t> ColumnCounts(const storage::v1::Manifest& manifest) {
  std::vector<size_t> columns;
  for (const storage::v1::StoredTable& table : manifest.tables()) columns.push_back(table.columns_size());
  return columns;
}

absl::Status VisitPersons(const Database& db, const Generation& closed, const storage::v1::Manifest& manifest,
                          const RowChoice& choice, const PersonVisitor& visit) {
  const std::vector<size_t> columns = ColumnCounts(manifest);
  const Survival survival(choice, manifest);

  std::vector<std::unique_ptr<Source>> sources;
  auto segments = std::make_unique<GenerationSource>(closed, columns);
  RETURN_IF_ERROR(segments->Start());
  sources.push_back(std::move(segments));
  for (const storage::v1::StoredBatch& batch : manifest.batches()) {
    if (std::find(choice.staged.begin(), choice.staged.end(), batch.id()) == choice.staged.end()) continue;
    for (int run = 0; run < batch.runs_size(); ++run) {
      const uint32_t last = run + 1 < batch.runs_size() ? batch.runs(run + 1) : batch.blocks();
      auto source = std::make_unique<RunSource>(db, closed.key_of(batch.table()), batch.id(), batch.table(),
                                                columns[batch.table()], batch.runs(run), last);
      RETURN_IF_ERROR(source->Start());
      sources.push_back(std::move(source));
    }
  }

  std::vector<TableRows> gathered, kept;
  for (size_t c : columns) {
    gathered.emplace_back(c);
    kept.emplace_back(c);
  }
  for (;;) {
    const PersonKey* least = nullptr;
    for (const auto& source : sources) {
      if (source->person() != nullptr && (least == nullptr || *source->person() < *least))
        least = source->person();
    }
    if (least == nullptr) return absl::OkStatus();
    const PersonKey person = *least;
    absl::optional<Edition> cohort;
    for (TableRows& table : gathered) table.Clear();
    // Sources stand in the order of their batches: a person's rows keep the order in which they came.
    for (const auto& source : sources) {
      while (source->person() != nullptr && *source->person() == person) {
        source->AppendTo(gathered, cohort);
        RETURN_IF_ERROR(source->Next());
      }
    }
    bool any = cohort.has_value();  // who was closed in once keeps their cohort for ever, rows or not
    for (uint32_t t = 0; t < gathered.size(); ++t) {
      survival.Filter(person, t, gathered[t], kept[t]);
      any = any || kept[t].rows() > 0;
    }
    if (any) RETURN_IF_ERROR(visit(person, cohort, kept));
  }
}

CodebookRows::CodebookRows(const Generation& generation, const Codebook& codebook) {
  for (const Table& table : codebook.tables) {
    From& from = from_.emplace_back();
    from.table = generation.TableNumber(table.name);
    for (const Column& column : table.columns)
      from.columns.push_back(generation.ColumnNumber(from.table, column.name));
  }
}

void CodebookRows::Fill(const std::vector<TableRows>& rows, std::vector<TableRows>& out) const {
  out.resize(from_.size());
  for (size_t t = 0; t < from_.size(); ++t) {
    const TableRows& stored = rows[from_[t].table];
    out[t].batch = stored.batch;
    out[t].identity = stored.identity;
    out[t].content = stored.content;
    out[t].columns.resize(from_[t].columns.size());
    for (size_t c = 0; c < from_[t].columns.size(); ++c)
      out[t].columns[c] = stored.columns[from_[t].columns[c]];
  }
}

}  // namespace penc
