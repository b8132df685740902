// The promise of the record store: tables of typed columns, every row owned by one person key, sealed at
// rest.
//
//   staged   ImportBatch adds all rows of a file or none; batches can be listed, undone, replaced
//   closed   Close merges what is staged into person-clustered sealed segments and opens an edition; only
//   closed
//            records are asked
//   asked    Extract(Snapshot, Plan) -> ExactVector, one pass over persons
//
// Thread-safe: any number of readers with snapshots beside one writer at a time (writers are serialised
// inside). Every writing method commits through the office's Committer: the change and its journal leaf are
// one synced write.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/random.h"
#include "base/status.h"
#include "base/steps.h"
#include "codebook/codebook.h"
#include "codebook/period.h"
#include "question/exact_vector.h"
#include "question/plan.h"
#include "question/words.h"

namespace penc {

class Database;    // base/database.h
class Committer;   // journal/committer.h
class Secret;      // crypto/secret.h
struct TableRows;  // store/rows.h

// HMAC of the normalised local reference under the node secret (ingest/person_key.h): 128 bits.
using PersonKey = std::array<uint8_t, 16>;

// Rows on their way in, column by column; rows in file order.
struct RowBlock {
  std::vector<PersonKey> persons;
  std::vector<std::array<uint8_t, 16>>
      identity;  // row identity (keyed hash), empty where the mapping declares none
  std::vector<std::array<uint8_t, 16>> content;   // keyed hash of all cells: tells duplicate from replacement
  std::vector<std::vector<StoredValue>> columns;  // [column][row]
  // Rows without consent: 1 each; empty where all have it. They are not stored, and take earlier versions of
  // themselves out: at once from what is counted, for good at the next closing.
  std::vector<uint8_t> refused;
  size_t rows() const { return persons.size(); }
};

// What an import did; rows added that were not refused = stored + duplicate + replaced + conflicting +
// dropped.
struct StagedCounts {
  uint64_t stored = 0, duplicate = 0, replaced = 0, conflicting = 0;
  uint64_t repeated = 0;   // of those stored: RepeatedRows, few enough
  uint64_t dropped = 0;    // withdrawn by a later row of the same file
  uint64_t withdrawn = 0;  // rows of earlier files that a row without consent took out
};

// New rows of a file for a table of events that other batches have already, the same person with the same
// values, and that no identity tells from those.
struct RepeatedRows {
  uint64_t rows = 0;              // of a large file: about
  uint32_t percent = 0;           // of the file
  bool many = false;              // too many for chance
  std::vector<uint64_t> batches;  // that have most of them
};

// What is there twice, and what to do about it; states shares, never a count.
Text Describe(const RepeatedRows& found);

struct BatchInfo {
  uint64_t id = 0;
  std::string table;
  std::string file_name;  // base name only
  std::string file_hash;  // SHA-256: the same file twice changes nothing
  absl::Time imported;
  uint64_t rows = 0;                    // shown on the admin socket only
  std::vector<uint64_t> duplicates_of;  // batches that had some of its file's rows already
  Edition closed_in = -1;               // -1: staged
  bool undone = false;
  bool expired = false;  // undone because its last day was over
  // The last day on which the rows may be kept, in days since 1970: Expire.
  absl::optional<int64_t> keep_until_day;
};

// One row of one person, for that person.
struct PersonRow {
  uint32_t table = 0;  // of the codebook
  uint64_t batch = 0;
  bool staged = false;
  bool withdrawn = false;           // counted no more for want of consent, and gone at the next closing
  std::vector<StoredValue> values;  // by the codebook's columns
};
struct PersonRecord {
  absl::optional<Edition> entered;  // that first closed the person
  absl::optional<bool> consents;    // by closed rows, where the codebook asks for consent
  std::vector<PersonRow> rows;      // closed ones first, a table's together
  // What words of those rows say, as they were first written: by table and column of the codebook, and value.
  std::map<std::pair<uint32_t, uint32_t>, std::map<StoredValue, std::string>> words;
};

// Who has no row left (undone, expired, withdrawn) is in neither number; zeros where nobody is asked.
struct ConsentCounts {
  uint64_t persons = 0;  // who have rows
  uint64_t without = 0;  // of these: who do not consent, or of whom nothing says so
};

// What a look at everything that is sealed showed after an erasure.
struct ErasureProof {
  uint32_t segments = 0, staged_blocks = 0;
  uint64_t chunks = 0;                  // opened in all, blocks and manifest counted
  uint32_t files_removed = 0;           // of the database, that may have held what was erased
  std::vector<std::string> files_left;  // that are still there: something has them open
};

struct StoreStatus {
  absl::optional<Edition> edition;                  // last closed
  std::vector<Edition> editions;                    // all closed, ascending; the cohorts
  uint64_t persons = 0, rows = 0, staged_rows = 0;  // admin socket only
  uint64_t bytes = 0;
};

class Snapshot;  // one consistent closed edition; cheap, shared, keeps its segments alive

struct StoreOptions {
  size_t cache_bytes = 256 << 20;  // decoded columns
  int threads = 2;
  RandomSource* random = nullptr;  // seals; required
  Steps* steps = nullptr;
  uint32_t segment_rows = 65536;  // of the largest table
  uint32_t run_rows = 1 << 20;    // staged rows that are sorted together
  uint32_t block_rows = 8192;     // staged rows sealed together
};

class RecordStore {
 public:
  // `keys`: the node key that wraps table keys. DATA_LOSS when the manifest or a chunk it needs does not
  // verify.
  static absl::StatusOr<std::unique_ptr<RecordStore>> Open(Database& db, Committer& committer,
                                                           const Codebook& codebook, const Secret& node_key,
                                                           const StoreOptions& options);
  virtual ~RecordStore() = default;

  // Starts a staged batch. Rows arrive in blocks and are sealed to sorted runs on disk as they come (memory
  // stays bounded); nothing shows before Commit; an abandoned batch is swept at the next Open.
  class Import {
   public:
    virtual ~Import() = default;
    virtual absl::Status Add(RowBlock block) = 0;
    // What a row's cell of a column of text is to hold: the number of the word, the same for all its
    // spellings. New words are kept by Commit, with the rows that hold them. INVALID_ARGUMENT where the
    // column has too many. `column`: of the codebook's table.
    virtual absl::StatusOr<StoredValue> WordOf(size_t column, const Word& word) = 0;
    // Where Begin did not know it yet (a pipe): before Commit.
    virtual void SetFileHash(const std::string& file_hash) = 0;
    // Before Commit.
    virtual void SetKeepUntil(int64_t day) = 0;
    // Before the first row: rows that are there already are events of their own.
    virtual void SetAgain() = 0;
    // ALREADY_EXISTS when this file is already in, or many of its rows are (RepeatedRows).
    virtual absl::StatusOr<StagedCounts> Commit() = 0;  // all rows or none
    // Instead of Commit: which rows are there already.
    virtual absl::StatusOr<RepeatedRows> Look() = 0;
    virtual uint64_t batch() const = 0;
  };
  // `replace`: the file becomes the whole table, atomically at Commit. ALREADY_EXISTS when this file is
  // already in.
  virtual absl::StatusOr<std::unique_ptr<Import>> Begin(uint32_t table, const std::string& file_name,
                                                        const std::string& file_hash, bool replace,
                                                        absl::Time now) = 0;
  // For a dry run: rows are only looked at and none is kept. Never Commit. Null where nothing is there that
  // rows of the table could repeat.
  virtual absl::StatusOr<std::unique_ptr<Import>> BeginLook(uint32_t table) = 0;
  virtual std::vector<BatchInfo> Batches() const = 0;
  virtual absl::Status Undo(
      uint64_t batch) = 0;  // staged or closed; a closed batch leaves at once, editions stay

  // Merges the staged batches; `edition` must be after the last one. Progress in rows, for people.
  virtual absl::Status Close(Edition edition, absl::Time now,
                             const std::function<void(uint64_t, uint64_t)>& progress) = 0;
  // Takes out all batches whose last day is before `today`, staged and closed, as Undo would; their word on
  // consent stays. Never moves the edition. Their numbers.
  virtual absl::StatusOr<std::vector<uint64_t>> Expire(int64_t today) = 0;

  // Removes every row of the person: staged, segments, decoded caches. Never moves the edition. Number of
  // rows removed; where nobody is known under this key, nothing changes and the journal says nothing, unless
  // `elsewhere`: the caller has rows of the person outside of the store.
  virtual absl::StatusOr<uint64_t> Erase(const PersonKey& person, bool elsewhere = false) = 0;
  // Somebody whose erasure was cut off after Erase: the caller does its own part, then FinishErase.
  virtual absl::optional<PersonKey> Unfinished() const = 0;
  // Once the caller has erased what it has: makes sure that old files of the database hold nothing, and opens
  // everything to show that the person is in none of it. Waits for questions that read what was there before,
  // at most this long. FAILED_PRECONDITION while an import runs; INTERNAL where the key was found all the
  // same or could not be sought. May be called again.
  virtual absl::StatusOr<ErasureProof> FinishErase(const PersonKey& person, absl::Duration wait) = 0;
  // All that is stored under this key; nothing where nobody is known under it. Waits for a change that is
  // being written.
  virtual absl::StatusOr<PersonRecord> ReadPerson(const PersonKey& person) const = 0;
  // Where the codebook asks for consent: of closed persons or, `as_if_closed`, of those that a closing now
  // would leave. Admin socket only.
  virtual absl::StatusOr<ConsentCounts> CountConsent(bool as_if_closed) const = 0;

  virtual absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot() const = 0;
  // All words that rows of a column of text hold, staged ones too. They are in no plan, message or log but
  // by key selection, and an office's own tables.
  virtual WordList Words(const Snapshot& snapshot, const ColumnRef& column) const = 0;
  // Total on an opened snapshot apart from damage: DATA_LOSS names the chunk in the local log only.
  virtual absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const = 0;
  // The same of what a closing now would leave, staged rows and all; who is new enters in `cohort`. For an
  // office's own eyes: no answer is made of it. Waits for a change that is being written.
  virtual absl::StatusOr<ExactVector> ExtractAsIfClosed(const Plan& plan, Edition cohort) const = 0;

  // One person with all rows, for whoever looks at records one by one (store/rows.h); changes with the next
  // person.
  struct PersonRows {
    const PersonKey& person;
    absl::optional<Edition> entered;       // nothing: in no edition yet
    const std::vector<TableRows>& tables;  // by the codebook's tables and columns
  };
  // Visits every person in the order of keys, whether or not they consent: closed rows as they are or,
  // `as_if_closed`, all rows as a closing now would leave them. Stops at the first error of `visit`, which
  // calls nothing of the store.
  virtual absl::Status Visit(bool as_if_closed,
                             const std::function<absl::Status(const PersonRows&)>& visit) const = 0;
  virtual StoreStatus Status() const = 0;
  // A codebook with additions only; old segments read NULL in new columns.
  virtual absl::Status SetCodebook(const Codebook& codebook) = 0;
};

}  // namespace penc
