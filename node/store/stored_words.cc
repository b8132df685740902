#include "store/stored_words.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "store/layout.h"
#include "store/pack.h"
#include "store/staged.h"

namespace penc {

using storage::v1::Manifest;
using storage::v1::StoredBatch;
using storage::v1::StoredTable;
using storage::v1::StoredWord;

namespace {

// More different words than any list of names: the column is free text, and would be as large as the records.
constexpr size_t kMostWordsOfColumn = 100'000;

using Held = std::set<std::pair<uint32_t, StoredValue>>;

void Hold(uint32_t column, absl::Span<const StoredValue> values, Held& held) {
  for (const StoredValue value : values) {
    if (value != kNull) held.emplace(column, value);
  }
}

absl::Status HoldClosed(const Generation& rows, uint32_t table, uint32_t column, Held& held) {
  for (const storage::v1::StoredSegment& segment : rows.manifest().segments()) {
    if (table >= static_cast<uint32_t>(segment.rows_size()) || segment.rows(table) == 0 ||
        !rows.Has(segment.id(), table, column))
      continue;
    // Past the cache: a question may have no use for it.
    ASSIGN_OR_RETURN(const std::string packed, rows.ReadChunk(segment.id(), table, column));
    ASSIGN_OR_RETURN(const UnpackedColumn values, Unpack(packed, segment.rows(table)));
    values.With([&](const auto* v) {
      for (size_t i = 0; i < values.size(); ++i) {
        if (v[i] != kNull) held.emplace(column, v[i]);
      }
    });
  }
  return absl::OkStatus();
}

}  // namespace

WordList WordsIn(const StoredTable& table, uint32_t column) {
  WordList words;
  for (const StoredWord& word : table.words()) {
    if (word.column() == column)
      words.push_back({word.id(), word.same(), word.text().empty() ? word.same() : word.text()});
  }
  std::sort(words.begin(), words.end(), [](const Word& a, const Word& b) { return a.same < b.same; });
  return words;
}

WordNumbers::WordNumbers(const StoredTable& table) : next_(std::max(1u, table.next_word())) {
  for (const StoredWord& word : table.words()) {
    numbers_[{word.column(), word.same()}] = word.id();
    ++sizes_[word.column()];
  }
}

absl::StatusOr<StoredValue> WordNumbers::Of(uint32_t column, const Word& word) {
  if (word.same.empty()) return kNull;
  const auto [found, fresh] = numbers_.try_emplace({column, word.same}, next_);
  if (!fresh) return found->second;
  if (++sizes_[column] > kMostWordsOfColumn) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("plus de ", kMostWordsOfColumn,
                              " mots différents dans une colonne de texte: ce n'est pas une liste de noms; "
                              "ignorez-la dans le mapping (ignore:)"),
                 absl::StrCat("more than ", kMostWordsOfColumn,
                              " different words in a column of text: this is no list of names; ignore it in "
                              "the mapping (ignore:)")});
  }
  StoredWord& stored = fresh_.emplace_back();
  stored.set_column(column);
  stored.set_id(next_++);
  stored.set_same(word.same);
  if (word.text != word.same) stored.set_text(word.text);
  return found->second;
}

std::set<uint32_t> WordNumbers::columns() const {
  std::set<uint32_t> columns;
  for (const StoredWord& word : fresh_) columns.insert(word.column());
  return columns;
}

void WordNumbers::AddTo(StoredTable& table, const Held& held) const {
  for (const StoredWord& word : fresh_) {
    if (held.count({word.column(), word.id()}) > 0) *table.add_words() = word;
  }
  table.set_next_word(next_);
}

absl::Status PruneWords(const Database& db, const Generation& next_rows,
                        const std::map<std::string, std::string>& blocks, Manifest& next) {
  for (int t = 0; t < next.tables_size(); ++t) {
    const auto table = static_cast<uint32_t>(t);
    std::set<uint32_t> columns;
    for (const StoredWord& word : next.tables(t).words()) columns.insert(word.column());
    if (columns.empty()) continue;
    Held held;
    for (const uint32_t column : columns) RETURN_IF_ERROR(HoldClosed(next_rows, table, column, held));
    Aead aead(next_rows.key_of(table));
    for (const StoredBatch& batch : next.batches()) {
      if (batch.closed() || batch.undone() || batch.table() != table) continue;
      for (uint32_t b = 0; b < batch.blocks(); ++b) {
        const auto replaced = blocks.find(BlockKey(batch.id(), b));
        absl::StatusOr<StagedBlock> block;
        if (replaced == blocks.end()) {
          block = ReadBlock(db, aead, batch.id(), b, next.tables(t).columns_size());
        } else {
          ASSIGN_OR_RETURN(const std::string bytes, aead.Open(ChunkName(replaced->first), replaced->second));
          block = DecodeBlock(bytes, next.tables(t).columns_size(), batch.id());
        }
        if (!block.ok()) return block.status();
        for (const uint32_t column : columns) Hold(column, block->rows.columns[column], held);
      }
    }
    auto& words = *next.mutable_tables(t)->mutable_words();
    words.erase(std::remove_if(words.begin(), words.end(),
                               [&](const StoredWord& word) {
                                 return held.count({word.column(), word.id()}) == 0;
                               }),
                words.end());
  }
  return absl::OkStatus();
}

}  // namespace penc
