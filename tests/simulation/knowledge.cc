#include "tests/simulation/knowledge.h"

#include <algorithm>
#include <tuple>

namespace penc::simulation {
namespace {

constexpr uint64_t kPrime = 2147483647;  // 2^31 - 1

uint64_t Power(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1, base = base * base % kPrime) {
    if (exponent & 1) result = result * base % kPrime;
  }
  return result;
}

using Row = std::vector<uint64_t>;

// Vectors that every row takes to zero, as rows of a basis. Gauss and Jordan.
std::vector<Row> NullSpace(std::vector<Row> rows, size_t columns) {
  std::vector<size_t> pivots;
  size_t next = 0;
  for (size_t column = 0; column < columns && next < rows.size(); ++column) {
    const auto pivot = std::find_if(rows.begin() + static_cast<std::ptrdiff_t>(next), rows.end(),
                                    [column](const Row& row) { return row[column] != 0; });
    if (pivot == rows.end()) continue;
    std::swap(*pivot, rows[next]);
    const uint64_t inverse = Power(rows[next][column], kPrime - 2);
    for (uint64_t& x : rows[next]) x = x * inverse % kPrime;
    for (size_t other = 0; other < rows.size(); ++other) {
      if (other == next || rows[other][column] == 0) continue;
      const uint64_t factor = kPrime - rows[other][column];
      for (size_t j = 0; j < columns; ++j)
        rows[other][j] = (rows[other][j] + factor * rows[next][j]) % kPrime;
    }
    pivots.push_back(column);
    ++next;
  }
  std::vector<Row> basis;
  for (size_t column = 0; column < columns; ++column) {
    if (std::find(pivots.begin(), pivots.end(), column) != pivots.end()) continue;
    Row solution(columns, 0);
    solution[column] = 1;
    for (size_t i = 0; i < pivots.size(); ++i) solution[pivots[i]] = (kPrime - rows[i][column]) % kPrime;
    basis.push_back(std::move(solution));
  }
  return basis;
}

}  // namespace

Insight WorkOut(const Evidence& evidence) {
  // Contributions of which the same is known are one unknown. What is known of one: which releases it is in,
  // and which stewards' masks of it are secret.
  struct Known {
    std::vector<bool> in_release, secret;
    bool operator<(const Known& other) const {
      return std::tie(in_release, secret) < std::tie(other.in_release, other.secret);
    }
  };
  std::map<Known, std::vector<ItemId>> classes;
  for (ItemId item : evidence.honest) {
    Known known;
    for (const auto& [steward, set] : evidence.released) known.in_release.push_back(set.contains(item));
    for (uint32_t k = 0; k < evidence.stewards; ++k) {
      size_t shares = evidence.lying_stewards.size();
      for (const auto& [who, items] : evidence.revealed) shares += who.second == k && items.contains(item);
      known.secret.push_back(!evidence.lying_stewards.contains(k) && shares < evidence.threshold);
    }
    classes[known].push_back(item);
  }

  // Unknowns: a factor for every class, then one for every release. For every secret mask: the class's factor
  // is the sum of the factors of its steward's releases that hold the class.
  const size_t columns = classes.size() + evidence.released.size();
  std::vector<Row> rows;
  size_t index = 0;
  Insight insight;
  for (const auto& [known, items] : classes) {
    bool any = false;
    for (uint32_t k = 0; k < evidence.stewards; ++k) {
      if (!known.secret[k]) continue;
      any = true;
      Row& row = rows.emplace_back(columns, 0);
      row[index] = 1;
      size_t release = 0;
      for (const auto& [steward, set] : evidence.released) {
        if (steward == k && known.in_release[release]) row[classes.size() + release] = kPrime - 1;
        ++release;
      }
    }
    if (!any) {  // nothing hides them: each one's own numbers lie open
      for (ItemId item : items) insight.sums.push_back({{item, 1}});
      Row& row = rows.emplace_back(columns, 0);
      row[index] = 1;
    }
    ++index;
  }
  // Of the solutions only the classes' factors matter: an echelon form of them drops what is the same.
  std::vector<Row> sums;
  for (const Row& solution : NullSpace(std::move(rows), columns)) {
    Row factors(solution.begin(), solution.begin() + static_cast<std::ptrdiff_t>(classes.size()));
    for (const Row& before : sums) {
      const auto lead = std::find_if(before.begin(), before.end(), [](uint64_t x) { return x != 0; });
      const uint64_t factor = kPrime - factors[lead - before.begin()];
      for (size_t j = 0; j < factors.size(); ++j) factors[j] = (factors[j] + factor * before[j]) % kPrime;
    }
    const auto lead = std::find_if(factors.begin(), factors.end(), [](uint64_t x) { return x != 0; });
    if (lead == factors.end()) continue;
    const uint64_t inverse = Power(*lead, kPrime - 2);
    for (uint64_t& x : factors) x = x * inverse % kPrime;
    sums.push_back(factors);
    std::map<ItemId, uint64_t>& sum = insight.sums.emplace_back();
    size_t at = 0;
    for (const auto& [known, items] : classes) {
      if (factors[at] != 0) {
        for (ItemId item : items) sum[item] = factors[at];
      }
      ++at;
    }
  }
  return insight;
}

}  // namespace penc::simulation
