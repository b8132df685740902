// What becomes of the rows of a file, beside what is there already: new, a duplicate, a replacement, a
// conflict. Pure; internal to the store. Memory: some 70 bytes for each identified row of the file and each
// earlier version of one, and for each person where columns are constant.
//
// All rows of the file are seen first, in file order; then what is there is learnt, in the order of import;
// then the file's rows are judged, a person's in file order. So a file that corrects all rows of a person
// does not conflict with what it corrects.
//
// A row without consent takes the earlier versions of itself out: those of its identity, and what is there of
// its person without any (nothing says which of these it is). One that has no identity takes out all earlier
// rows of its person. Of one identity the file's last word counts.
#pragma once
#include <set>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "penc/storage/v1/records.pb.h"
#include "store/record_store.h"
#include "store/repeats.h"
#include "store/rows.h"

namespace penc {

class ImportCheck {
 public:
  // `constant`: columns in which a person has one value. Rows without identity are told apart by nothing.
  explicit ImportCheck(std::vector<size_t> constant) : constant_(std::move(constant)) {}

  struct Seen {
    bool consents = true;      // it may be counted
    bool stored = true;        // it is kept all the same
    uint64_t fingerprint = 0;  // where Repeats are looked for
  };
  void See(const PersonKey& person, const RowId& id, const RowId& content, const Seen& seen);
  // After the last row of the file, before what is there. `repeats`, may be null: gets the rows that have an
  // identity.
  void AllSeen(Repeats* repeats);
  // Whether some row of the file says no.
  bool withdraws() const { return withdraws_; }
  // Something is there already, beside a file that becomes the whole table: only what it says of consent
  // counts.
  void LearnConsent(const PersonKey& person, const RowId& id, const RowId& content);
  // `row` of `rows` is there already.
  void Learn(const PersonKey& person, const TableRows& rows, size_t row);
  // After the last row that is there: takes out of `repeats` what is known by its identity.
  void AllLearnt(Repeats& repeats) const;
  // Whether the row is to be stored.
  bool Judge(const PersonKey& person, const RowId& id, const RowId& content,
             const std::vector<std::vector<StoredValue>>& columns, size_t row);

  // Whether anything has to be learnt and judged.
  bool needed() const { return !file_.empty() || !constant_.empty() || withdraws_; }
  const StagedCounts& counts() const { return counts_; }
  const std::vector<storage::v1::Superseded>& superseded() const { return superseded_; }
  std::vector<storage::v1::Withdrawn> withdrawn() const;
  // Batches that have what is a duplicate in the file.
  const std::set<uint64_t>& duplicates_of() const { return duplicates_of_; }

 private:
  struct Version {
    RowId content;
    PersonKey person;
    bool elsewhere = false;  // earlier versions were another person's
    Seen seen;
    uint64_t batch = 0;  // of what is there
  };
  struct Refusing {
    bool all = false;       // rows with an identity, too
    bool had_rows = false;  // before
  };
  bool TakesOut(const PersonKey& person, const RowId& id, const RowId& content);
  StoredValue* ValuesOf(const PersonKey& person);

  const std::vector<size_t> constant_;
  absl::flat_hash_map<RowId, Version> file_;   // the last version in the file
  absl::flat_hash_map<RowId, Version> known_;  // what is there, of identities that the file has
  absl::flat_hash_map<PersonKey, uint32_t> at_;
  std::vector<StoredValue> values_;  // of each person, from at_ on: the constant columns
  StagedCounts counts_;
  std::vector<storage::v1::Superseded> superseded_;
  std::set<uint64_t> duplicates_of_;
  bool withdraws_ = false;
  absl::flat_hash_map<PersonKey, Refusing> refusing_;
  absl::flat_hash_map<RowId, PersonKey> out_;  // identities of rows that are there and go
};

}  // namespace penc
