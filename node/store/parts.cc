#include "store/parts.h"

#include <algorithm>
#include <utility>

#include "codebook/codebook.h"

namespace penc {
namespace {

// Pairs of one person in [begin, end): the part of each cell in which they have pairs.
void OnePartEach(const Counting& counting, absl::Span<const uint32_t> cells,
                 const std::vector<std::vector<uint8_t>>& fits, size_t begin, size_t end, uint32_t nowhere,
                 std::vector<uint32_t>& parts) {
  const uint32_t rest = counting.fan - 1;
  const auto part_of = [&](size_t i) {
    uint32_t g = 0;
    while (g < fits.size() && fits[g][i] == 0) ++g;
    return std::min(g, rest);
  };
  std::vector<std::pair<uint32_t, uint32_t>> first;  // by cell: a person has few
  for (size_t i = begin; i < end; ++i) {
    if (cells[i] < nowhere) first.emplace_back(cells[i], part_of(i));
  }
  std::sort(first.begin(), first.end());
  for (size_t i = begin; i < end; ++i) {
    parts[i] = cells[i] >= nowhere
                   ? nowhere
                   : cells[i] * counting.fan +
                         std::lower_bound(first.begin(), first.end(), std::make_pair(cells[i], 0u))->second;
  }
}

}  // namespace

std::vector<uint32_t> PartsByValue(const Counting& counting, absl::Span<const uint32_t> cells,
                                   absl::Span<const uint32_t> values, uint32_t nowhere) {
  std::vector<uint32_t> parts(cells.size(), nowhere);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i] >= nowhere || values[i] == kNull) continue;
    const uint32_t part = std::min(counting.fan - 1, (values[i] - 1) / counting.part_width);
    parts[i] = cells[i] * counting.fan + part;
  }
  return parts;
}

DividedPairs PartsByPerson(const Counting& counting, const UnpackedColumn& counts,
                           absl::Span<const uint32_t> cells, const std::vector<std::vector<uint8_t>>& fits,
                           uint32_t nowhere) {
  DividedPairs out;
  std::vector<uint32_t> pairs;
  if (counting.rest) out.cell.resize(cells.size());
  size_t begin = 0;
  for (uint32_t p = 0; p < counts.size(); ++p) {
    const size_t end = begin + counts.at(p), before = out.cell.size();
    if (counting.rest) {
      OnePartEach(counting, cells, fits, begin, end, nowhere, out.cell);
      pairs.push_back(static_cast<uint32_t>(end - begin));
    } else {
      for (size_t i = begin; i < end; ++i) {
        for (uint32_t g = 0; g < fits.size(); ++g) {
          if (cells[i] >= nowhere || fits[g][i] == 0) continue;
          out.cell.push_back(cells[i] * counting.fan + g);
        }
      }
      pairs.push_back(static_cast<uint32_t>(out.cell.size() - before));
    }
    begin = end;
  }
  out.counts = std::make_shared<const UnpackedColumn>(UnpackedColumn::Of(pairs));
  return out;
}

}  // namespace penc
