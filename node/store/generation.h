// The closed content of an office, readable: its manifest, keys, and decoded columns behind a bounded cache.
// Shared by snapshots. Several manifests may be about the same chunks (an import changes no chunk); when the
// last reader of chunks that were replaced goes, they are deleted. Thread-safe.
#pragma once
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/database.h"
#include "codebook/codebook.h"
#include "crypto/secret.h"
#include "penc/storage/v1/records.pb.h"
#include "store/layout.h"
#include "store/pack.h"
#include "store/record_store.h"

namespace penc {

// Decoded columns of any generation by the keys of their chunks, least recently used first out.
class ColumnCache {
 public:
  explicit ColumnCache(size_t limit_bytes) : limit_(limit_bytes) {}
  // A key is always asked for by the type that it was inserted with.
  template <typename T>
  std::shared_ptr<const T> Find(const std::string& key) {
    return std::static_pointer_cast<const T>(FindAny(key));
  }
  void Insert(const std::string& key, std::shared_ptr<const void> decoded, size_t bytes);
  void Clear();

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const void> decoded;
    size_t bytes;
  };
  std::shared_ptr<const void> FindAny(const std::string& key);

  const size_t limit_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // most recent first
  std::map<std::string, std::list<Entry>::iterator> index_;
  size_t bytes_ = 0;
};

// The chunks of one generation number, for as long as somebody may read them.
class Chunks {
 public:
  Chunks(Database& db, uint64_t generation) : db_(db), generation_(generation) {}
  ~Chunks();
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;
  uint64_t generation() const { return generation_; }
  // They were replaced: they go with their last reader.
  void Doom() { doomed_ = true; }

 private:
  Database& db_;
  const uint64_t generation_;
  std::atomic<bool> doomed_{false};
};

class Generation {
 public:
  // Keys are unwrapped under the node key. `db` and `cache` outlive it. `before`: what it takes the place of;
  // may be null.
  static absl::StatusOr<std::shared_ptr<Generation>> Open(Database& db, ColumnCache& cache,
                                                          const Secret& node_key,
                                                          storage::v1::Manifest manifest,
                                                          const Generation* before);

  const storage::v1::Manifest& manifest() const { return manifest_; }
  // The number of a table or column in stored keys; -1 where nothing of it is stored.
  int TableNumber(const std::string& name) const;
  int ColumnNumber(int table, const std::string& name) const;
  const Secret& key_of(uint32_t table) const;  // kPersonsTable: the first key of all

  // The opened bytes of a chunk. DATA_LOSS names it.
  absl::StatusOr<std::string> ReadChunk(uint32_t segment, uint32_t table, uint32_t column) const;
  // Whether a segment was written with a column of a table: one that is younger reads NULL.
  bool Has(uint32_t segment, uint32_t table, uint32_t column) const;

  // `size` values, through the cache.
  absl::StatusOr<std::shared_ptr<const UnpackedColumn>> ReadColumn(uint32_t segment, uint32_t table,
                                                                   uint32_t column, size_t size) const;
  // The keys of a segment's persons, ascending. Past the cache.
  absl::StatusOr<std::vector<PersonKey>> ReadPersons(uint32_t segment, size_t persons) const;
  // The first 64 bits of the keys of a segment's persons, through the cache.
  absl::StatusOr<std::shared_ptr<const std::vector<uint64_t>>> ReadPersonIds(uint32_t segment,
                                                                             size_t persons) const;

  const std::shared_ptr<Chunks>& chunks() const { return chunks_; }

 private:
  Generation(Database& db, ColumnCache& cache, storage::v1::Manifest manifest)
      : db_(db), cache_(cache), manifest_(std::move(manifest)) {}

  Database& db_;
  ColumnCache& cache_;
  storage::v1::Manifest manifest_;
  std::vector<Secret> keys_;  // by table number
  Secret persons_key_;
  std::shared_ptr<Chunks> chunks_;
};

// How a chunk is bound to its place: whoever opens it states the same.
std::string ChunkName(const std::string& key);

class Snapshot {
 public:
  Snapshot(std::shared_ptr<const Generation> of, std::shared_ptr<const Codebook> with)
      : generation(std::move(of)), codebook(std::move(with)) {}
  const std::shared_ptr<const Generation> generation;
  const std::shared_ptr<const Codebook> codebook;
};

}  // namespace penc
