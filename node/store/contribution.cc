#include "store/contribution.h"

#include <algorithm>

namespace penc {
namespace {

// What is drawn for: a person's pair, in a cell. Cells are below 2^24.
BlockPrf::Block Draw(uint64_t id, uint32_t cell, uint64_t ordinal) { return {id, cell | ordinal << 24}; }
constexpr uint64_t kRounding = uint64_t{1} << 39;  // an ordinal that no pair has

// amount / grid, rounded up with probability (rest / grid) by 64 secret bits: without bias.
int64_t RoundToGrid(int64_t amount, int64_t grid, uint64_t bits) {
  int64_t units = amount / grid, rest = amount % grid;
  units -= rest < 0;
  rest += rest < 0 ? grid : 0;
  const auto drawn = static_cast<int64_t>(
      static_cast<unsigned __int128>(bits) * static_cast<uint64_t>(grid) >> 64);  // below grid
  return units + (drawn < rest);
}

// For each of n <= 8 draws, how many of the others come before it: the smaller ones, and of equal ones those
// that stand after it. Without branches: who is kept cannot be predicted.
void PlacesOf(const BlockPrf::Block* draws, uint32_t n, uint8_t* places) {
  uint64_t value[8];
  for (uint32_t i = 0; i < 8; ++i) value[i] = i < n ? draws[i].a : UINT64_MAX;
  for (uint32_t i = 0; i < 8; ++i) places[i] = 0;
  for (uint32_t i = 0; i < 8; ++i) {
    for (uint32_t j = i + 1; j < 8; ++j) {
      const uint8_t first = value[i] < value[j];
      places[j] += first;
      places[i] += first ^ 1;
    }
  }
}

int64_t AmountOf(const Counting& counting, StoredValue value) {
  const int64_t amount = counting.multiplier * (static_cast<int64_t>(value) - 1) + counting.offset;
  const int64_t bound = counting.square_bound;
  return bound == 0 ? amount : 2 * amount * amount - bound * bound;
}

template <typename T>
void Grow(std::vector<T>& room, size_t size) {
  if (room.size() < size) room.resize(size);
}

}  // namespace

Entries::Entries(const UnpackedColumn& counts, absl::Span<const uint32_t> cell, uint32_t cells)
    : cell(cell), cells(cells), first(cell.size() + 1, 0), owner(cell.size() + 1) {
  counts.With([&](const auto* n) {
    size_t at = 0;
    for (uint32_t p = 0; p < counts.size(); ++p) {
      // A person without pairs writes where the next one will.
      first[at] = 1;
      owner[at] = p;
      at += n[p];
      most = std::max<uint32_t>(most, n[p]);
    }
    first[at] = 1;
  });
}

bool NeedsIds(const Block& block, uint32_t most) {
  switch (block.counting.kind) {
    case Counting::Kind::kPersons:
      return most > block.per_person.l0;
    case Counting::Kind::kRows:
      return most > block.counting.rows;
    case Counting::Kind::kAmounts:
      break;
  }
  return block.counting.grid > 1 || most > block.counting.rows;
}

void Contributions::Add(const Block& block, const Entries& entries, int64_t* out) {
  const size_t size = entries.cell.size() + 1;
  Grow(counted_, size);
  Grow(pairs_, size);
  Grow(over_, size);
  switch (block.counting.kind) {
    case Counting::Kind::kPersons:
      return AddPersons(block, entries, out);
    case Counting::Kind::kRows:
      return AddRows(block, entries, out);
    case Counting::Kind::kAmounts:
      return AddAmounts(block, entries, out);
  }
}

// Everybody counts at first, without branches on cells, which cannot be predicted; then those over the cap
// take back what is too much.
void Contributions::AddPersons(const Block& block, const Entries& entries, int64_t* out) {
  const uint32_t cells = entries.cells;
  const auto cap = static_cast<uint32_t>(block.per_person.l0);
  const size_t size = entries.cell.size();
  if (mark_ > UINT32_MAX - size) {
    std::fill(marks_.begin(), marks_.end(), 0);
    mark_ = 0;
  }
  uint32_t* const over = over_.data();
  size_t overs = 0;
  {
    const uint32_t* const cell = entries.cell.data();
    const uint8_t* const first = entries.first.data();
    uint8_t* const counted = counted_.data();
    uint32_t* const marks = marks_.data();
    uint32_t mark = mark_, distinct = 0;
    for (size_t i = 0; i < size; ++i) {
      mark += first[i];
      distinct = first[i] != 0 ? 0 : distinct;
      const uint32_t c = std::min(cell[i], cells);
      const bool fresh = (c != cells) & (marks[c] != mark);
      marks[c] = mark;
      out[c == cells ? 0 : c] += fresh;
      counted[i] = fresh;
      distinct += fresh;
      over[overs] = static_cast<uint32_t>(i);
      overs += fresh & (distinct == cap + 1);
    }
    mark_ = mark;
  }
  GatherOver(entries, overs, /*numbered=*/false);
  DropBeyond(cap, [&](uint32_t i, bool drop) { out[pairs_[i].cell] -= drop; });
}

void Contributions::AddRows(const Block& block, const Entries& entries, int64_t* out) {
  const uint32_t cells = entries.cells, cap = block.counting.rows;
  const size_t size = entries.cell.size();
  const uint32_t* const cell = entries.cell.data();
  const uint32_t* const value = entries.value;
  uint32_t* const over = over_.data();
  uint32_t count = 0;
  size_t overs = 0;
  for (size_t i = 0; i < size; ++i) {
    const bool counts = (cell[i] < cells) & (value == nullptr || value[i] != kNull);
    count = entries.first[i] != 0 ? 0 : count;
    out[counts ? cell[i] : 0] += counts;
    counted_[i] = counts;
    count += counts;
    over[overs] = static_cast<uint32_t>(i);
    overs += counts & (count == cap + 1);
  }
  GatherOver(entries, overs, /*numbered=*/true);
  DropBeyond(cap, [&](uint32_t i, bool drop) { out[pairs_[i].cell] -= drop; });
}

void Contributions::GatherOver(const Entries& entries, size_t overs, bool numbered) {
  groups_.clear();
  Grow(draws_, entries.cell.size() + 1);
  BlockPrf::Block* const draws = draws_.data();
  Pair* const pairs = pairs_.data();
  const uint8_t* const first = entries.first.data();
  uint32_t kept = 0;
  for (size_t o = 0; o < overs; ++o) {
    const uint32_t begin = kept;
    size_t i = over_[o];
    while (first[i] == 0) --i;
    const uint64_t id = entries.ids[entries.owner[i]];
    // The ordinal counts the pairs that match, with or without a value: all blocks keep the same ones.
    uint32_t ordinal = 0;
    const uint32_t* const drawn = entries.whole == nullptr ? entries.cell.data() : entries.whole;
    const uint32_t drawn_cells = entries.whole == nullptr ? entries.cells : entries.whole_cells;
    do {
      ordinal += numbered & (drawn[i] < drawn_cells);
      pairs[kept].cell = entries.cell[i];
      draws[kept] = entries.drawn_as == nullptr
                        ? Draw(id, drawn[i], ordinal)
                        : BlockPrf::Block{id, entries.drawn_as[std::min(drawn[i], drawn_cells - 1)]};
      kept += counted_[i];
    } while (first[++i] == 0);
    groups_.push_back({begin, kept});
  }
  draws_.resize(kept);
}

template <typename Drop>
void Contributions::DropBeyond(size_t cap, Drop drop) {
  prf_.Apply(absl::MakeSpan(draws_));
  const BlockPrf::Block* draws = draws_.data();
  for (const Group& group : groups_) {
    const uint32_t n = group.end - group.begin;
    if (n <= 8) {
      uint8_t places[8];
      PlacesOf(draws, n, places);
      for (uint32_t i = 0; i < n; ++i) drop(group.begin + i, places[i] >= cap);
    } else {
      order_.resize(n);
      for (uint32_t i = 0; i < n; ++i) order_[i] = i;
      const auto before = [draws](uint32_t i, uint32_t j) {
        return draws[i].a != draws[j].a ? draws[i].a < draws[j].a : i > j;
      };
      std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(cap), order_.end(),
                       before);
      for (size_t i = 0; i < n; ++i) drop(group.begin + order_[i], i >= cap);
    }
    draws += n;
  }
}

void Contributions::AddAmounts(const Block& block, const Entries& entries, int64_t* out) {
  const Counting& counting = block.counting;
  const uint32_t cells = entries.cells;
  // The pairs that count, side by side.
  uint32_t* const over = over_.data();
  size_t kept = 0, overs = 0;
  {
    Pair* const pairs = pairs_.data();
    const uint8_t* const first = entries.first.data();
    uint32_t person = 0, ordinal = 0, count = 0;
    for (size_t i = 0; i < entries.cell.size(); ++i) {
      const uint32_t c = entries.cell[i], v = entries.value[i];
      const uint32_t same = static_cast<uint32_t>(first[i]) - 1;  // all ones, or zero where a person starts
      person = (person & same) | (entries.owner[i] & ~same);
      ordinal = (ordinal & same) + (c < cells);
      pairs[kept] = {person, c, v, ordinal};
      const bool counts = (c < cells) & (v != kNull);
      count = (count & same) + counts;
      over[overs] = static_cast<uint32_t>(kept);
      kept += counts;
      overs += counts & (count == counting.rows + 1);
    }
  }
  if (overs > 0) kept = CapPairs(counting.rows, kept, overs, entries.ids);

  Grow(sums_, kept + 1);
  const size_t sums = SumByCell(counting, kept);
  draws_.resize(sums);
  if (counting.grid > 1) {
    for (size_t i = 0; i < sums; ++i) {
      draws_[i] = Draw(entries.ids[sums_[i].person], sums_[i].cell, kRounding);
    }
    prf_.Apply(absl::MakeSpan(draws_));
  }
  const auto bound = static_cast<int64_t>(block.per_person.linf);
  for (size_t i = 0; i < sums; ++i) {
    const int64_t units = RoundToGrid(sums_[i].amount, counting.grid, draws_[i].a);
    out[sums_[i].cell] += std::max(-bound, std::min(bound, units));
  }
}

size_t Contributions::CapPairs(size_t cap, size_t size, size_t overs, const uint64_t* ids) {
  groups_.clear();
  draws_.clear();
  for (size_t o = 0; o < overs; ++o) {
    const uint32_t person = pairs_[over_[o]].person;
    uint32_t begin = over_[o], end = begin;
    while (begin > 0 && pairs_[begin - 1].person == person) --begin;
    while (end < size && pairs_[end].person == person) ++end;
    groups_.push_back({begin, end});
    for (uint32_t i = begin; i < end; ++i) {
      draws_.push_back(Draw(ids[person], pairs_[i].cell, pairs_[i].ordinal));
    }
  }
  DropBeyond(cap, [this](uint32_t i, bool drop) { pairs_[i].ordinal = drop ? 0 : pairs_[i].ordinal; });
  size_t kept = 0;
  for (size_t i = 0; i < size; ++i) {
    const Pair pair = pairs_[i];
    pairs_[kept] = pair;
    kept += pair.ordinal != 0;
  }
  return kept;
}

size_t Contributions::SumByCell(const Counting& counting, size_t size) {
  const Pair* const pairs = pairs_.data();
  Sum* const sums = sums_.data();
  size_t last = 0;   // one after the last sum
  size_t begin = 0;  // the first sum of the same person
  for (size_t i = 0; i < size; ++i) {
    const Pair& pair = pairs[i];
    const int64_t amount = AmountOf(counting, pair.value);
    if (last > 0 && sums[last - 1].person != pair.person) begin = last;
    size_t at = begin;
    while (at < last && sums[at].cell != pair.cell) ++at;
    sums[last] = at == last ? Sum{pair.person, pair.cell, 0} : sums[last];
    sums[at].amount += amount;
    last += at == last;
  }
  return last;
}

}  // namespace penc
