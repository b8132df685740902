#include "ingest/row_identity.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace penc {
namespace {

enum Kind { kNone, kLooksSo, kOfThisVersion, kOfTheServer };

// "id", "distribution_id", "Numéro de fiche"; not "N°" or "Code activité".
bool NamedLikeAnIdentifier(const std::string& words) {
  static const auto* const alone = new std::set<std::string>{"id", "identifiant", "identifier"};
  static const auto* const with_others =
      new std::set<std::string>{"id", "identifiant", "identifier", "ref", "reference", "numero", "number"};
  const std::vector<std::string> parts = absl::StrSplit(words, ' ');
  if (parts.size() == 1) return alone->count(parts[0]) > 0;
  return with_others->count(parts.front()) > 0 || with_others->count(parts.back()) > 0;
}

Kind KindOf(const SourceColumn& source, const RowIdentityAsked& asked) {
  const std::string words = PlainWords(source.leaf());
  if (asked.repeats && (absl::StartsWith(words, "submission ") || absl::StartsWith(words, "parent ")))
    return kNone;
  // Kobo gives a submission that is edited another _uuid, and leaves it its _id and rootUuid.
  if (source.leaf() == "_id" || words == "rootuuid" || words == "meta rootuuid") return kOfTheServer;
  if (asked.synonyms.row.count(words) > 0) return kOfThisVersion;
  if (!asked.by_name || absl::StartsWith(source.name, "_")) return kNone;
  return NamedLikeAnIdentifier(words) || NamedLikeAnIdentifier(PlainWords(source.label)) ? kLooksSo : kNone;
}

}  // namespace

const SourceColumn* FindRowIdentity(const RowIdentityAsked& asked) {
  const SourceColumn* best = nullptr;
  Kind is = kNone;
  for (const SourceColumn& source : asked.sources) {
    const Kind kind = KindOf(source, asked);
    if (kind <= is || !source.options.empty() || source.profile->filled() != asked.rows ||
        !source.profile->unique() || (kind == kLooksSo && asked.taken(source)))
      continue;
    best = &source;
    is = kind;
  }
  return best;
}

}  // namespace penc
