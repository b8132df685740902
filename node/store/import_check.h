// What becomes of the rows of a file, beside what is there already: new, a duplicate, a replacement, a
// conflict. Pure; internal to the store. Memory: some 50 bytes for each identified row of the file and each
// earlier version of one, and for each person where columns are constant.
//
// All rows of the file are seen first, in file order; then what is there is learnt, in the order of import;
// then the file's rows are judged, a person's in file order. So a file that corrects all rows of a person
// does not conflict with what it corrects.
#pragma once
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "penc/storage/v1/records.pb.h"
#include "store/record_store.h"
#include "store/rows.h"

namespace penc {

class ImportCheck {
 public:
  // `constant`: columns in which a person has one value. Rows without identity are told apart by nothing.
  explicit ImportCheck(std::vector<size_t> constant) : constant_(std::move(constant)) {}

  void See(const PersonKey& person, const RowId& id, const RowId& content);
  // `row` of `columns` is there already.
  void Learn(const PersonKey& person, const RowId& id, const RowId& content,
             const std::vector<std::vector<StoredValue>>& columns, size_t row);
  // Whether the row is to be stored.
  bool Judge(const PersonKey& person, const RowId& id, const RowId& content,
             const std::vector<std::vector<StoredValue>>& columns, size_t row);

  // Whether anything has to be learnt and judged.
  bool needed() const { return !file_.empty() || !constant_.empty(); }
  const StagedCounts& counts() const { return counts_; }
  const std::vector<storage::v1::Superseded>& superseded() const { return superseded_; }

 private:
  struct Version {
    RowId content;
    PersonKey person;
    bool elsewhere = false;  // earlier versions were another person's
  };
  StoredValue* ValuesOf(const PersonKey& person);

  const std::vector<size_t> constant_;
  absl::flat_hash_map<RowId, Version> file_;   // the last version in the file
  absl::flat_hash_map<RowId, Version> known_;  // what is there, of identities that the file has
  absl::flat_hash_map<PersonKey, uint32_t> at_;
  std::vector<StoredValue> values_;  // of each person, from at_ on: the constant columns
  StagedCounts counts_;
  std::vector<storage::v1::Superseded> superseded_;
};

}  // namespace penc
