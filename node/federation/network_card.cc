#include "federation/network_card.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/names.h"
#include "base/status.h"
#include "base/yaml.h"

namespace penc {
namespace {

absl::Status AtLine(const YamlLines& lines, absl::string_view path, const absl::Status& check) {
  return check.ok() ? check : lines.Error(path, Explain(check));
}

void AddLine(absl::string_view name, absl::string_view value, std::string& text) {
  if (!value.empty()) absl::StrAppend(&text, name, ": ", YamlQuoted(value), "\n");
}

}  // namespace

absl::StatusOr<storage::v1::NetworkCard> ReadNetworkCard(absl::string_view file, absl::string_view text) {
  storage::v1::NetworkCard card;
  YamlLines lines;
  RETURN_IF_ERROR(ReadYaml(file, text, &card, &lines));
  RETURN_IF_ERROR(AtLine(lines, "network", CheckDisplayName(card.network())));
  RETURN_IF_ERROR(AtLine(lines, "address", CheckAddress(card.address())));
  RETURN_IF_ERROR(AtLine(lines, "key", CheckFingerprint(card.key())));
  RETURN_IF_ERROR(AtLine(lines, "roots", CheckFingerprint(card.roots())));
  absl::Time until;
  if (!card.until().empty() && !absl::ParseTime(absl::RFC3339_full, card.until(), &until, nullptr)) {
    return lines.Error("until", {"une date comme 2026-12-01T12:00:00Z", "a date like 2026-12-01T12:00:00Z"});
  }
  return card;
}

std::string WriteNetworkCard(const storage::v1::NetworkCard& card) {
  std::string text;
  AddLine("network", card.network(), text);
  AddLine("address", card.address(), text);
  AddLine("key", card.key(), text);
  AddLine("roots", card.roots(), text);
  AddLine("invited", card.invited(), text);
  AddLine("code", card.code(), text);
  AddLine("until", card.until(), text);
  if (card.practice()) absl::StrAppend(&text, "practice: true\n");
  return text;
}

}  // namespace penc
