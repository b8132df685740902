// What persons add to a block of the vector: the caps and roundings of question/plan.h, person by person.
// What a cap keeps and how an amount is rounded is drawn by a secret function of the person, the cell and the
// question, so that nobody outside can tell or steer it and the same question draws the same.
// Internal to the store.
#pragma once
#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "crypto/block_prf.h"
#include "question/plan.h"
#include "store/pack.h"

namespace penc {

// The (row, cell) pairs of one segment, in person order and a person's in the order of import. A pair whose
// cell is not below `cells` counts for nothing.
struct Entries {
  // `counts`: pairs of each person. What `cell` refers to outlives this.
  Entries(const UnpackedColumn& counts, absl::Span<const uint32_t> cell, uint32_t cells);

  absl::Span<const uint32_t> cell;
  uint32_t cells;
  std::vector<uint8_t> first;       // 1 at the first pair of each person, and after the last pair
  std::vector<uint32_t> owner;      // at the first pair of each person: which person
  uint32_t most = 0;                // pairs that one person has
  const uint32_t* value = nullptr;  // of Counting::value; where the block has one
  const uint64_t* ids = nullptr;    // of each person; where NeedsIds says so
  // Parts by value: the cell that each pair's cell is a part of. What a cap keeps is drawn by it, and by how
  // many pairs with a whole cell came before, so that a divided block keeps the rows that an undivided one
  // keeps.
  const uint32_t* whole = nullptr;
  uint32_t whole_cells = 0;
  const uint64_t* drawn_as = nullptr;  // by cell, instead of its number: Domain::drawn_as
};

// Whether something may have to be drawn for persons with up to `most` pairs: they may exceed a cap, or be
// rounded.
bool NeedsIds(const Block& block, uint32_t most);

// Adds segments to blocks of one question. Not thread-safe: it keeps room that it works in. A result depends
// on the records, the question and the key alone.
//
// Pairs are gone through one by one, not person by person: a loop as long as a person's rows, which is
// another length than the last person's more often than not, would cost more than all the rest.
class Contributions {
 public:
  // `key`: 16 secret bytes that belong to the question: a cap keeps the same pairs in all its blocks.
  // `cells`: of the largest block.
  Contributions(absl::string_view key, uint32_t cells) : prf_(key), marks_(cells + 1, 0) {}

  // Adds to out[0, entries.cells).
  void Add(const Block& block, const Entries& entries, int64_t* out);

 private:
  struct Pair {
    uint32_t person, cell, value;
    uint32_t ordinal;  // among the person's pairs that match, from 1
  };
  struct Group {  // of one person who is over a cap: a range of pairs_
    uint32_t begin, end;
  };
  struct Sum {
    uint32_t person, cell;
    int64_t amount;
  };

  void AddPersons(const Block& block, const Entries& entries, int64_t* out);
  void AddRows(const Block& block, const Entries& entries, int64_t* out);
  void AddAmounts(const Block& block, const Entries& entries, int64_t* out);
  // The counted pairs of the persons in the first `overs` of over_: to pairs_, groups_ and draws_.
  void GatherOver(const Entries& entries, size_t overs, bool numbered);
  // Of each group all pairs but `cap` go: drop(index in pairs_, whether it goes) for all of them.
  template <typename Drop>
  void DropBeyond(size_t cap, Drop drop);
  // Of each person at most `cap` of the first `size` pairs stay; how many there are then. The first `overs`
  // of over_ are pairs of persons who have more.
  size_t CapPairs(size_t cap, size_t size, size_t overs, const uint64_t* ids);
  // The first `size` of pairs_ to sums_; how many there are.
  size_t SumByCell(const Counting& counting, size_t size);

  BlockPrf prf_;
  std::vector<uint32_t> marks_;  // the last person seen in each cell
  uint32_t mark_ = 0;
  std::vector<uint8_t> counted_;  // by pair: it was counted
  std::vector<uint32_t> over_;    // the pair with which a person exceeded the cap
  std::vector<Pair> pairs_;
  std::vector<Group> groups_;
  std::vector<BlockPrf::Block> draws_;
  std::vector<uint32_t> order_;
  std::vector<Sum> sums_;
};

}  // namespace penc
