#include "codebook/codebook.h"

namespace penc {
namespace {

template <typename Named>
absl::optional<uint32_t> FindNamed(const std::vector<Named>& all, absl::string_view name) {
  for (uint32_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return i;
  }
  return absl::nullopt;
}

}  // namespace

absl::optional<uint32_t> CodeList::Find(absl::string_view code) const {
  for (uint32_t i = 0; i < codes.size(); ++i) {
    if (codes[i].code == code) return i;
  }
  return absl::nullopt;
}

absl::optional<uint32_t> Table::Find(absl::string_view column) const { return FindNamed(columns, column); }

absl::optional<uint32_t> Codebook::FindTable(absl::string_view table) const {
  return FindNamed(tables, table);
}

}  // namespace penc
