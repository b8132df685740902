#include "store/erasure.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "store/layout.h"
#include "store/staged.h"

namespace penc {
namespace {

using storage::v1::StoredBatch;

std::string Bytes(const PersonKey& person) {
  return {reinterpret_cast<const char*>(person.data()), person.size()};
}

// What batches say of the person beside their rows.
void EraseEntries(const std::string& person, StoredBatch& batch, bool& known) {
  for (storage::v1::Superseded& superseded : *batch.mutable_superseded()) {
    if (superseded.person() != person) continue;
    superseded.clear_person();
    known = true;
  }
  auto& withdrawn = *batch.mutable_withdrawn();
  const auto gone =
      std::remove_if(withdrawn.begin(), withdrawn.end(),
                     [&](const storage::v1::Withdrawn& entry) { return entry.person() == person; });
  known = known || gone != withdrawn.end();
  withdrawn.erase(gone, withdrawn.end());
}

uint64_t BigEndian(absl::string_view bytes) {
  uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

// Finds under which key something in the space is sealed.
class Seeker {
 public:
  Seeker(const Generation& generation, const Secret& manifest_key)
      : generation_(generation), manifest_key_(manifest_key) {
    for (const StoredBatch& batch : generation.manifest().batches()) table_of_[batch.id()] = batch.table();
  }

  absl::Status See(absl::string_view key, absl::string_view sealed, const std::string& needle) {
    if (key == PurgeKey()) return absl::OkStatus();
    const Secret* secret = &manifest_key_;
    if (key != ManifestKey()) {
      const absl::optional<uint32_t> table = TableOf(key);
      if (!table.has_value()) return importing_ ? Importing() : Stray();
      secret = &generation_.key_of(*table);
    }
    absl::StatusOr<std::string> opened = Aead(*secret).Open(ChunkName(std::string(key)), sealed);
    if (!opened.ok()) return opened.status();
    ++proof_.chunks;
    if (!absl::StrContains(*opened, needle)) return absl::OkStatus();
    return Fail(
        absl::StatusCode::kInternal,
        {"l'effacement n'est pas complet: la clé de cette personne est encore dans les dossiers; recommencez "
         "penc erase, et si cela persiste écrivez à qui maintient penc",
         "the erasure is not complete: this person's key is still in the records; run penc erase again, and "
         "if it persists write to whoever maintains penc"});
  }

  ErasureProof Take() {
    proof_.segments = static_cast<uint32_t>(segments_.size());
    return proof_;
  }

 private:
  // Of a chunk of the generation in force, or of a staged block; nothing else should be there.
  absl::optional<uint32_t> TableOf(absl::string_view key) {
    const uint32_t tables = static_cast<uint32_t>(generation_.manifest().tables_size());
    if (key.size() == 17 && key[0] == 'g' &&
        absl::StartsWith(key, GenerationKey(generation_.manifest().generation()))) {
      segments_.insert(BigEndian(key.substr(9, 4)));
      const auto table = static_cast<uint32_t>(BigEndian(key.substr(13, 2)));
      if (table == kPersonsTable || table < tables) return table;
    } else if (key.size() == 13 && key[0] == 'r') {
      const uint64_t number = BigEndian(key.substr(1, 8));
      if (number >= generation_.manifest().next_batch()) importing_ = true;
      const auto batch = table_of_.find(number);
      if (batch != table_of_.end()) {
        ++proof_.staged_blocks;
        return batch->second;
      }
    }
    return absl::nullopt;
  }
  static absl::Status Importing() {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {"l'effacement n'est pas vérifié: un import a commencé entre-temps; attendez sa fin, puis "
         "recommencez penc erase",
         "the erasure is not verified: an import began meanwhile; wait for it to end, then run penc erase "
         "again"});
  }
  static absl::Status Stray() {
    return Fail(
        absl::StatusCode::kInternal,
        {"l'effacement n'est pas vérifié: une question lit encore d'anciens dossiers; recommencez penc erase",
         "the erasure is not verified: a question still reads old records; run penc erase again"});
  }

  const Generation& generation_;
  const Secret& manifest_key_;
  std::map<uint64_t, uint32_t> table_of_;  // by batch
  std::set<uint64_t> segments_;
  ErasureProof proof_;
  bool importing_ = false;  // a block was seen of a batch that is not in yet
};

}  // namespace

absl::StatusOr<StagedErasure> EraseStaged(const Database& db, const Generation& generation,
                                          RandomSource& random, const PersonKey& person,
                                          storage::v1::Manifest& manifest) {
  StagedErasure erasure;
  for (StoredBatch& batch : *manifest.mutable_batches()) {
    if (batch.closed()) continue;
    EraseEntries(Bytes(person), batch, erasure.known);
    Aead aead(generation.key_of(batch.table()));
    const size_t columns = manifest.tables(static_cast<int>(batch.table())).columns_size();
    uint64_t gone = 0;
    for (uint32_t b = 0; b < batch.blocks(); ++b) {
      ASSIGN_OR_RETURN(const StagedBlock block, ReadBlock(db, aead, batch.id(), b, columns));
      if (std::find(block.persons.begin(), block.persons.end(), person) == block.persons.end()) continue;
      StagedBlock kept;
      kept.rows = TableRows(block.rows.columns.size());
      for (size_t r = 0; r < block.persons.size(); ++r) {
        if (block.persons[r] == person) {
          ++gone;
          continue;
        }
        kept.persons.push_back(block.persons[r]);
        kept.rows.Append(block.rows, r);
      }
      erasure.blocks[BlockKey(batch.id(), b)] = SealBlock(aead, random, batch.id(), b, kept);
    }
    batch.set_rows(batch.rows() - gone);
    erasure.rows += gone;
    erasure.known = erasure.known || gone > 0;
  }
  return erasure;
}

absl::StatusOr<ErasureProof> SeekPerson(const Database& db, const Generation& generation,
                                        const Secret& manifest_key, const PersonKey& person) {
  Seeker seeker(generation, manifest_key);
  const std::string needle = Bytes(person);
  absl::Status seen;
  RETURN_IF_ERROR(db.Scan(Space::kRecords, "", [&](absl::string_view key, absl::string_view value) {
    seen = seeker.See(key, value, needle);
    return seen.ok();
  }));
  RETURN_IF_ERROR(seen);
  return seeker.Take();
}

}  // namespace penc
