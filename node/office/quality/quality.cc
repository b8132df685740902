#include "office/quality/quality.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "codebook/period.h"
#include "journal/committer.h"
#include "office/quality/inspection.h"
#include "office/quality/tally.h"

namespace penc {
namespace {

using quality::Finding;
using quality::Tally;

constexpr int kMostPlaces = 20;

// What is compared with what.
struct Comparison {
  bool staged = false;           // something waits for a closing
  std::vector<bool> fresh, old;  // by batch: rows that are new, rows from before
  std::string with;              // label of the edition before; empty: there is nothing before
};

Comparison Compare(const std::vector<BatchInfo>& batches, const StoreStatus& status, Closing closing) {
  Comparison comparison;
  for (const BatchInfo& batch : batches) comparison.staged |= !batch.undone && batch.closed_in < 0;
  uint64_t most = 0;
  for (const BatchInfo& batch : batches) most = std::max(most, batch.id);
  comparison.fresh.resize(most + 1);
  comparison.old.resize(most + 1);
  for (const BatchInfo& batch : batches) {
    const bool is_new = comparison.staged ? batch.closed_in < 0 : status.edition == batch.closed_in;
    (is_new ? comparison.fresh : comparison.old)[batch.id] = true;
  }
  const std::vector<Edition>& editions = status.editions;
  if (comparison.staged && !editions.empty()) comparison.with = EditionLabel(closing, editions.back());
  if (!comparison.staged && editions.size() > 1)
    comparison.with = EditionLabel(closing, editions[editions.size() - 2]);
  return comparison;
}

v1::Label ToLabel(const Text& text) {
  v1::Label label;
  label.set_fr(text.fr);
  label.set_en(text.en);
  return label;
}

// What makes numbers wrong, then what counts twice, then what leaves gaps; of a kind, most rows first. What
// is never stated comes last: most often it is not collected.
std::tuple<int, bool, uint64_t> Urgency(const Finding& finding) {
  int order = 0;
  switch (finding.kind) {
    case v1::QualityFinding::KIND_DUPLICATE_PERSON:
      order = 1;
      break;
    case v1::QualityFinding::KIND_WORSE:
      order = 2;
      break;
    case v1::QualityFinding::KIND_DUPLICATE_ROW:
      order = 3;
      break;
    case v1::QualityFinding::KIND_GAP:
      order = 4;
      break;
    default:
      break;
  }
  const bool never = order == 4 && finding.rows.total() == finding.of_rows;
  return {order, never, ~finding.rows.total()};
}

void Fill(const Codebook& codebook, const std::map<uint64_t, std::string>& file_of, const Finding& finding,
          v1::QualityFinding& out) {
  out.set_kind(finding.kind);
  out.set_table(codebook.tables[finding.table].name);
  for (const ColumnRef& column : finding.columns)
    out.add_columns(
        absl::StrCat(codebook.tables[column.table].name, ".", quality::ColumnAt(codebook, column).name));
  *out.mutable_says() = ToLabel(finding.says);
  *out.mutable_next() = ToLabel(finding.next);
  out.set_rows(finding.rows.total());
  out.set_of_rows(finding.of_rows);
  std::vector<std::pair<uint64_t, uint64_t>> places;  // most rows, latest batch first
  for (uint64_t batch = 0; batch < finding.rows.rows().size(); ++batch) {
    if (finding.rows.rows()[batch] > 0) places.emplace_back(finding.rows.rows()[batch], batch);
  }
  std::sort(places.rbegin(), places.rend());
  for (const auto& [rows, batch] : places) {
    if (out.places_size() == kMostPlaces) break;
    v1::QualityPlace* place = out.add_places();
    place->set_batch(batch);
    if (const auto file = file_of.find(batch); file != file_of.end()) place->set_file_name(file->second);
    place->set_rows(rows);
  }
  out.set_more_places(static_cast<uint32_t>(places.size()) - out.places_size());
}

void Fill(const Codebook& codebook, const Tally& now, const Tally& before, v1::QualityResult& result) {
  result.set_persons(now.persons());
  result.set_persons_before(before.persons());
  for (size_t t = 0; t < codebook.tables.size(); ++t) {
    const Tally::Table &all = now.tables()[t], &old = before.tables()[t];
    v1::QualityTable* table = result.add_tables();
    table->set_name(codebook.tables[t].name);
    *table->mutable_label() = ToLabel(codebook.tables[t].label);
    table->set_rows(all.rows);
    table->set_persons(all.persons);
    table->set_rows_before(old.rows);
    table->set_persons_before(old.persons);
    for (size_t c = 0; c < codebook.tables[t].columns.size(); ++c) {
      v1::QualityColumn* column = table->add_columns();
      column->set_name(codebook.tables[t].columns[c].name);
      *column->mutable_label() = ToLabel(codebook.tables[t].columns[c].label);
      column->set_filled(all.columns[c].filled);
      column->set_filled_before(old.columns[c].filled);
    }
  }
}

}  // namespace

absl::StatusOr<v1::QualityResult> LookAtQuality(Office& office) {
  const Rules rules = office.rules();
  const Codebook& codebook = *rules.codebook;
  RETURN_IF_ERROR(office.committer().Commit([](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_quality_looked();
    staging.Leaf(std::move(leaf));
    return absl::OkStatus();
  }));
  const absl::Time time = office.environment().clock.Now();
  const std::vector<BatchInfo> batches = office.store().Batches();
  const StoreStatus status = office.store().Status();
  const Comparison comparison = Compare(batches, status, codebook.closing);

  quality::Inspections inspections;
  quality::AddRules(codebook, inspections);
  quality::AddFutureDates(codebook, absl::ToCivilDay(time, absl::UTCTimeZone()) - absl::CivilDay(1970, 1, 1),
                          inspections);
  quality::AddDuplicates(codebook, inspections);
  Tally now(codebook), before(codebook), fresh(codebook);
  // What staged rows replace is still there to compare with; what closed ones replaced is gone.
  if (comparison.staged && status.edition.has_value()) {
    RETURN_IF_ERROR(office.store().Visit(/*as_if_closed=*/false, [&](const RecordStore::PersonRows& person) {
      before.Add(person);
      return absl::OkStatus();
    }));
  }
  RETURN_IF_ERROR(office.store().Visit(/*as_if_closed=*/true, [&](const RecordStore::PersonRows& person) {
    now.Add(person);
    fresh.Add(person, &comparison.fresh);
    if (!comparison.staged) before.Add(person, &comparison.old);
    for (const auto& inspection : inspections) inspection->See(person);
    return absl::OkStatus();
  }));

  std::vector<Finding> findings;
  for (const auto& inspection : inspections) inspection->Report(findings);
  quality::ReportGaps(codebook, now, before, fresh, findings);
  findings.erase(std::remove_if(findings.begin(), findings.end(),
                                [](const Finding& finding) { return finding.rows.total() == 0; }),
                 findings.end());
  std::multimap<std::tuple<int, bool, uint64_t>, const Finding*> by_urgency;
  for (const Finding& finding : findings) by_urgency.emplace(Urgency(finding), &finding);

  v1::QualityResult result;
  result.set_office(office.config().office());
  result.set_practice(office.config().practice());
  if (status.edition.has_value()) result.set_edition(EditionLabel(codebook.closing, *status.edition));
  result.set_staged(comparison.staged);
  result.set_compared_with(comparison.with);
  result.set_codebook(absl::StrCat(codebook.name, "@", codebook.version));
  result.set_made_unix_micros(absl::ToUnixMicros(time));
  Fill(codebook, now, before, result);
  std::map<uint64_t, std::string> file_of;
  for (const BatchInfo& batch : batches) file_of[batch.id] = batch.file_name;
  for (const auto& [urgency, finding] : by_urgency) Fill(codebook, file_of, *finding, *result.add_findings());
  return result;
}

}  // namespace penc
