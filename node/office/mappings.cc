#include "office/mappings.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/status.h"
#include "ingest/option_heading.h"
#include "office/card.h"

namespace penc {
namespace {

std::vector<KeptMapping> AllKept(const Layout& layout, const Codebook& codebook) {
  std::vector<KeptMapping> all;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(layout.mappings(), none)) {
    const std::string path = entry.path().string();
    if (!absl::EndsWith(path, ".yaml")) continue;
    absl::StatusOr<std::string> text = ReadFile(path);
    if (!text.ok()) continue;
    absl::StatusOr<Mapping> mapping = ReadMapping(path, *text, codebook);
    if (mapping.ok()) all.push_back({path, *std::move(text), *std::move(mapping)});
  }
  // The one that was kept last goes first.
  std::error_code gone;
  const auto age = [&](const KeptMapping& kept) { return std::filesystem::last_write_time(kept.path, gone); };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return std::make_pair(age(b), a.path) < std::make_pair(age(a), b.path);
  });
  return all;
}

// What the mapping names of the file itself; parents' columns are elsewhere.
std::set<std::string> Needed(const Mapping& mapping) {
  std::set<std::string> names(mapping.person.begin(), mapping.person.end());
  names.insert(mapping.row.begin(), mapping.row.end());
  if (!mapping.consent_from.empty()) names.insert(mapping.consent_from);
  for (const MappedColumn& column : mapping.columns) {
    if (!column.from.empty()) names.insert(column.from);
  }
  for (auto name = names.begin(); name != names.end();)
    name = absl::StartsWith(*name, "../") ? names.erase(name) : std::next(name);
  return names;
}

ChangedForm Difference(const KeptMapping& kept, const FileHeading& heading) {
  ChangedForm difference{kept.path, {}, {}};
  std::set<size_t> used;
  for (const std::string& name : Needed(kept.mapping)) {
    if (const auto at = heading.Find(name); at.has_value())
      used.insert(*at);
    else
      difference.missing.push_back(name);
  }
  for (const std::string& name : kept.mapping.ignore) {
    if (const auto at = heading.Find(name); at.has_value()) used.insert(*at);
  }
  const auto covered = [&](const std::string& name) {
    for (const std::string& ignored : kept.mapping.ignore) {
      absl::string_view below = ignored;
      if (ignored == name || (absl::ConsumeSuffix(&below, "*") && absl::StartsWith(name, below))) return true;
    }
    for (const MappedColumn& column : kept.mapping.columns) {
      if (!OptionOf(column.options, name).empty()) return true;
    }
    const Mapping& m = kept.mapping;
    return name == m.status_from || (m.parent != nullptr && name == m.parent->here) ||
           name == "_parent_table_name";
  };
  for (size_t at = 0; at < heading.names.size(); ++at) {
    if (used.count(at) == 0 && !IsQuarantineColumn(heading.names[at]) && !covered(heading.names[at]))
      difference.unknown.push_back(heading.names[at]);
  }
  return difference;
}

}  // namespace

absl::optional<KeptMapping> FindKeptMapping(const Layout& layout, const Codebook& codebook,
                                            const FileHeading& heading) {
  for (KeptMapping& kept : AllKept(layout, codebook)) {
    const ChangedForm difference = Difference(kept, heading);
    if (difference.unknown.empty() && difference.missing.empty()) return std::move(kept);
  }
  return absl::nullopt;
}

absl::optional<ChangedForm> FindChangedForm(const Layout& layout, const Codebook& codebook,
                                            const FileHeading& heading) {
  absl::optional<ChangedForm> nearest;
  size_t least = heading.names.size() / 4 + 1;  // more than a quarter of other columns is another form
  for (const KeptMapping& kept : AllKept(layout, codebook)) {
    ChangedForm difference = Difference(kept, heading);
    const size_t changed = difference.unknown.size() + difference.missing.size();
    if (changed >= least) continue;
    least = changed;
    nearest = std::move(difference);
  }
  return nearest;
}

absl::StatusOr<std::string> KeepMapping(const Layout& layout, const Codebook& codebook,
                                        const std::string& text) {
  ASSIGN_OR_RETURN(const Mapping mapping, ReadMapping("mapping", text, codebook));
  if (!std::filesystem::is_directory(layout.mappings()))
    RETURN_IF_ERROR(MakePrivateFolder(layout.mappings()));
  const std::string name = FileNameOf(mapping.name);
  for (int n = 1;; ++n) {
    const std::string path =
        absl::StrCat(layout.mappings(), "/", name, n == 1 ? "" : absl::StrCat("-", n), ".yaml");
    if (const absl::StatusOr<std::string> there = ReadFile(path); there.ok()) {
      if (*there == text) return path;
      continue;
    }
    RETURN_IF_ERROR(WriteFileAtomically(path, text, 0600));
    return path;
  }
}

}  // namespace penc
