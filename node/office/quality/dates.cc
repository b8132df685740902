#include "absl/strings/str_cat.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "office/quality/inspection.h"

namespace penc::quality {
namespace {

class FutureInspection final : public Inspection {
 public:
  FutureInspection(const Codebook& codebook, const ColumnRef& column, int64_t today)
      : column_(ColumnAt(codebook, column)), today_(today) {
    finding_.kind = v1::QualityFinding::KIND_FUTURE;
    finding_.table = column.table;
    finding_.columns = {column};
    const Text name = Named(codebook, column, column.table);
    const std::string now = FormatPeriod(column_.type, PeriodOfDay(column_.type, today));
    finding_.says = {absl::StrCat(name.fr, " est encore à venir"),
                     absl::StrCat(name.en, " is still to come")};
    finding_.next = {
        absl::StrCat("triez ", name.fr, " du plus récent au plus ancien; corrigez ce qui dépasse ", now),
        absl::StrCat("sort ", name.en, " latest first; correct what is after ", now)};
  }

  void See(const RecordStore::PersonRows& person) override {
    const TableRows& rows = person.tables[finding_.table];
    const std::vector<StoredValue>& values = rows.columns[finding_.columns[0].column];
    for (size_t row = 0; row < rows.rows(); ++row) {
      if (values[row] == kNull) continue;
      ++finding_.of_rows;
      if (FirstDay(column_.type, NumberOf(column_, values[row])) > today_) finding_.rows.Add(rows.batch[row]);
    }
  }
  void Report(std::vector<Finding>& findings) override { findings.push_back(std::move(finding_)); }

 private:
  const Column& column_;
  const int64_t today_;
  Finding finding_;
};

}  // namespace

void AddFutureDates(const Codebook& codebook, int64_t today, Inspections& inspections) {
  for (uint32_t t = 0; t < codebook.tables.size(); ++t) {
    for (uint32_t c = 0; c < codebook.tables[t].columns.size(); ++c) {
      const Column& column = codebook.tables[t].columns[c];
      if (column.is_date() && !column.future)
        inspections.push_back(std::make_unique<FutureInspection>(codebook, ColumnRef{t, c}, today));
    }
  }
}

}  // namespace penc::quality
