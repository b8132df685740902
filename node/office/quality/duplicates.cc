#include <algorithm>
#include <set>
#include <utility>

#include "absl/hash/hash.h"
#include "office/quality/inspection.h"

namespace penc::quality {
namespace {

// Two people agree in a handful of columns more often than not; in so many, with events, they are one.
constexpr size_t kTellingColumns = 10;

// Rows of one person that say the same in every column: exported twice under two identities, or typed twice.
class RowsTwice final : public Inspection {
 public:
  explicit RowsTwice(uint32_t table) {
    finding_.kind = v1::QualityFinding::KIND_DUPLICATE_ROW;
    finding_.table = table;
    finding_.says = {"la même ligne deux fois pour une même personne", "the same row twice for one person"};
    finding_.next = {
        "triez par personne et par toutes les colonnes; retirez la ligne de trop, ou laissez si ce sont deux "
        "faits",
        "sort by person and by all columns; remove the spare row, or leave it where these are two events"};
  }
  void See(const RecordStore::PersonRows& person) override {
    const TableRows& rows = person.tables[finding_.table];
    finding_.of_rows += rows.rows();
    seen_.clear();
    for (size_t row = 0; rows.rows() > 1 && row < rows.rows(); ++row) {
      std::vector<StoredValue> values;
      for (const auto& column : rows.columns) values.push_back(column[row]);
      const auto stated =
          std::count_if(values.begin(), values.end(), [](StoredValue v) { return v != kNull; });
      if (stated > 1 && !seen_.insert(std::move(values)).second) finding_.rows.Add(rows.batch[row]);
    }
  }
  void Report(std::vector<Finding>& findings) override { findings.push_back(std::move(finding_)); }

 private:
  std::set<std::vector<StoredValue>> seen_;
  Finding finding_;
};

// Persons who agree in everything that is stored of them, in all tables.
class PersonsTwice final : public Inspection {
 public:
  PersonsTwice(const Codebook& codebook, uint32_t table) : codebook_(codebook) {
    finding_.kind = v1::QualityFinding::KIND_DUPLICATE_PERSON;
    finding_.table = table;
    finding_.says = {
        "deux références, et tout le reste est pareil dans toutes les tables: sans doute une personne "
        "enregistrée deux fois",
        "two references, and all the rest is the same in all tables: most likely one person registered "
        "twice"};
    finding_.next = {
        "cherchez dans le fichier les fiches identiques; gardez une des références et effacez l'autre "
        "(penc erase)",
        "look in the file for identical records; keep one of the references and erase the other (penc "
        "erase)"};
  }
  void See(const RecordStore::PersonRows& person) override {
    const TableRows& own = person.tables[finding_.table];
    if (own.rows() == 0) return;
    ++finding_.of_rows;
    size_t stated = 0;
    bool events = false;
    for (uint32_t t = 0; t < person.tables.size(); ++t) {
      const TableRows& rows = person.tables[t];
      events = events || (rows.rows() > 0 && codebook_.tables[t].unit == Unit::kEvent);
      for (const auto& column : rows.columns)
        stated += std::any_of(column.begin(), column.end(), [](StoredValue v) { return v != kNull; }) ? 1 : 0;
    }
    if (events && stated >= kTellingColumns) seen_.emplace_back(HashOf(person), own.batch[0]);
  }
  void Report(std::vector<Finding>& findings) override {
    std::sort(seen_.begin(), seen_.end());
    for (size_t i = 1; i < seen_.size(); ++i) {
      if (seen_[i].first == seen_[i - 1].first) finding_.rows.Add(seen_[i].second);
    }
    findings.push_back(std::move(finding_));
  }

 private:
  // Whatever the order in which rows came.
  static uint64_t HashOf(const RecordStore::PersonRows& person) {
    std::vector<std::vector<std::vector<StoredValue>>> tables;
    for (const TableRows& rows : person.tables) {
      auto& table = tables.emplace_back();
      for (size_t row = 0; row < rows.rows(); ++row) {
        auto& values = table.emplace_back();
        for (const auto& column : rows.columns) values.push_back(column[row]);
      }
      std::sort(table.begin(), table.end());
    }
    return absl::Hash<decltype(tables)>()(tables);
  }

  const Codebook& codebook_;
  std::vector<std::pair<uint64_t, uint64_t>> seen_;  // of a person: all that is stored, and the batch
  Finding finding_;
};

}  // namespace

void AddDuplicates(const Codebook& codebook, Inspections& inspections) {
  bool persons = false;
  for (uint32_t t = 0; t < codebook.tables.size(); ++t) {
    const bool of_persons = codebook.tables[t].unit == Unit::kPerson;
    if (!of_persons) {
      inspections.push_back(std::make_unique<RowsTwice>(t));
    } else if (!persons) {  // the first table of persons: who is in it
      inspections.push_back(std::make_unique<PersonsTwice>(codebook, t));
    }
    persons = persons || of_persons;
  }
}

}  // namespace penc::quality
