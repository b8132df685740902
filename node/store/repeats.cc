#include "store/repeats.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace penc {
namespace {

constexpr uint64_t kFewestOfSample = 64;  // fewer in a sample are chance
constexpr size_t kMostBatches = 6;        // named

uint64_t Mixed(uint64_t h) {
  h *= 0x9e3779b97f4a7c15;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93;
  return h ^ h >> 32;
}

}  // namespace

std::vector<uint64_t> Fingerprints(const std::vector<PersonKey>& persons,
                                   const std::vector<const std::vector<StoredValue>*>& columns) {
  std::vector<uint64_t> prints(persons.size());
  for (size_t r = 0; r < prints.size(); ++r)
    std::memcpy(&prints[r], persons[r].data(), sizeof(uint64_t));  // a keyed hash: any of its bits will do
  for (size_t c = 0; c < columns.size(); ++c) {
    if (columns[c] == nullptr) continue;
    const std::vector<StoredValue>& values = *columns[c];
    const uint64_t column = Mixed(c + 1);
    // NULL adds nothing: a column that is younger than a row makes it no other row.
    for (size_t r = 0; r < prints.size(); ++r)
      prints[r] += values[r] == kNull ? 0 : Mixed(column ^ values[r]);
  }
  for (uint64_t& print : prints) print = Mixed(print);
  return prints;
}

void Repeats::Add(uint64_t fingerprint) {
  if (!Passes(fingerprint)) return;
  Rows& rows = rows_[fingerprint];
  ++rows.all;
  ++rows.fresh;
  while (rows_.size() > most_) {
    left_out_ = left_out_ * 2 + 1;
    absl::erase_if(rows_, [this](const auto& entry) { return !Passes(entry.first); });
  }
}

void Repeats::Take(uint64_t fingerprint) {
  const auto found = rows_.find(fingerprint);
  if (found != rows_.end() && found->second.fresh > 0) --found->second.fresh;
}

void Repeats::Learn(uint64_t fingerprint, uint64_t batch) {
  if (!Passes(fingerprint)) return;
  ++stored_[batch];
  const auto found = rows_.find(fingerprint);
  if (found == rows_.end()) return;
  ++found->second.stored;
  found->second.batch = std::max(found->second.batch, batch);
}

RepeatedRows Repeats::Found() const {
  uint64_t all = 0, again = 0;
  std::map<uint64_t, uint64_t> of_batch;
  for (const auto& [print, rows] : rows_) {
    const uint64_t both = std::min(rows.fresh, rows.stored);
    all += rows.all;
    again += both;
    if (both > 0) of_batch[rows.batch] += both;
  }
  RepeatedRows found;
  if (again == 0) return found;
  found.rows = again * (left_out_ + 1);
  found.percent = static_cast<uint32_t>(again * 100 / all);
  bool most_of_one = false;
  for (const auto& [batch, rows] : of_batch) {
    const bool most = rows * 2 > stored_.at(batch);
    most_of_one = most_of_one || most;
    if (most || rows * 10 > all) found.batches.push_back(batch);
  }
  found.many = (left_out_ == 0 || again >= kFewestOfSample) && (again * 10 > all || most_of_one);
  if (found.batches.empty()) {
    const auto largest = std::max_element(of_batch.begin(), of_batch.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    found.batches.push_back(largest->first);
  }
  return found;
}

Text Describe(const RepeatedRows& found) {
  const uint32_t tens = (found.percent + 5) / 10 * 10;  // no exact count
  std::vector<uint64_t> named = found.batches;
  if (named.size() > kMostBatches) named.resize(kMostBatches);
  const std::string numbers =
      absl::StrCat(absl::StrJoin(named, ", "), named.size() < found.batches.size() ? ", …" : "");
  const bool one = found.batches.size() == 1;
  return {
      absl::StrCat(
          "des lignes de ce fichier sont déjà là, même personne et mêmes valeurs (",
          tens == 0 ? "une petite part du fichier" : absl::StrCat("environ ", tens, " % du fichier"),
          one ? "; lot " : "; lots ", numbers,
          "): gardées encore une fois, elles compteraient deux fois. Le même export, qui a grandi ? "
          "--replace s'il est toute la table, sinon penc undo de chaque lot qu'il contient en entier, "
          "puis réimportez-le; row: dans le mapping évite cela. De nouveaux événements ? --again"),
      absl::StrCat("rows of this file are there already, the same person and the same values (",
                   tens == 0 ? "a small part of the file" : absl::StrCat("about ", tens, " % of the file"),
                   one ? "; batch " : "; batches ", numbers,
                   "): stored once more, they would count twice. The same export, grown? --replace where it "
                   "is the whole table, else penc undo each batch that it holds in full, then import it "
                   "again; row: in the mapping prevents this. New events? --again")};
}

}  // namespace penc
