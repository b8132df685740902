#include "codebook/draft.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/utf8.h"

namespace penc {
namespace {

constexpr char kWarning[] =
    "# PROPOSITION à relire. Les codes ci-dessous viennent des données: ôtez tout ce qui désigne une "
    "personne ou est\n"
    "# rare, complétez les listes avec les valeurs possibles, donnez des libellés, puis seulement partagez "
    "ce fichier.\n"
    "# DRAFT to review. The codes below come from records: remove whatever points at a person or is rare, "
    "complete the\n"
    "# lists with the values that are possible, give labels, and only then share this file.\n";

// Small letters with accents that French and its neighbours write, without them.
constexpr struct {
  const char* accented;
  const char* plain;
} kPlain[] = {{"à", "a"}, {"á", "a"}, {"â", "a"},  {"ã", "a"}, {"ä", "a"}, {"ç", "c"}, {"è", "e"},
              {"é", "e"}, {"ê", "e"}, {"ë", "e"},  {"í", "i"}, {"î", "i"}, {"ï", "i"}, {"ñ", "n"},
              {"ò", "o"}, {"ó", "o"}, {"ô", "o"},  {"õ", "o"}, {"ö", "o"}, {"ù", "u"}, {"ú", "u"},
              {"û", "u"}, {"ü", "u"}, {"œ", "oe"}, {"Œ", "oe"}};

// In UTF-8 the capitals À to Þ are C3 80 to C3 9E, their small letters 20 (hex) above.
std::string WithSmallAccents(absl::string_view text) {
  std::string small(text);
  for (size_t i = 1; i < small.size(); ++i) {
    const auto byte = static_cast<uint8_t>(small[i]);
    if (small[i - 1] == '\xc3' && byte >= 0x80 && byte <= 0x9e) small[i] = static_cast<char>(byte + 0x20);
  }
  return small;
}

// Double quotes always: a code such as 010, yes or ~ then stays the text that it is.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

// Rounded away from zero's side to one significant digit at most, so that nobody's exact extreme is in the
// file.
int64_t RoundOutwards(__int128 value, bool up) {
  __int128 unit = 1;
  while ((value < 0 ? -value : value) / unit >= 10) unit *= 10;
  __int128 floor = value / unit * unit;
  if (floor > value) floor -= unit;
  return static_cast<int64_t>(floor == value || !up ? floor : floor + unit);
}

std::string Range(const ColumnSurvey& column) {
  const Decimal &lo = column.least(), &hi = column.greatest();
  const auto floor = [](const Decimal& d) { return d.num / d.den - (d.num % d.den < 0 ? 1 : 0); };
  const int64_t least = lo.num >= 0 ? 0 : RoundOutwards(floor(lo), false);
  const int64_t greatest = RoundOutwards(floor(hi) + (hi.den == 1 ? 0 : 1), true);
  return absl::StrCat("range: [", least, ", ", std::max(least, greatest), "]");
}

std::string Step(int decimals) {
  return decimals == 0 ? "1" : absl::StrCat("0.", std::string(decimals - 1, '0'), "1");
}

std::string Dates(ColumnType type) {
  switch (type) {
    case ColumnType::kDay:
      return "type: day, from: 2015-01-01, to: 2040-12-31";
    case ColumnType::kWeek:
      return "type: week, from: 2015-W01, to: 2040-W52";
    case ColumnType::kMonth:
      return "type: month, from: 2015-01, to: 2040-12";
    default:
      return "type: quarter, from: 2015-Q1, to: 2040-Q4";
  }
}

// Two values or few numbers in a long column are codes in disguise (0/1, 1..5); more are numbers.
bool LooksLikeCodes(const ColumnSurvey& column) {
  const std::set<std::string>* values = column.values();
  if (values == nullptr || column.dates().has_value()) return false;
  if (column.numbers()) return values->size() <= 8 && column.integers();
  // As many values as cells: a text or an identifier, not a category.
  return values->size() * 2 <= column.filled() || values->size() <= 2;
}

std::string Unique(const std::string& name, std::set<std::string>* taken) {
  std::string unique = name;
  for (int i = 2; !taken->insert(unique).second; ++i) unique = absl::StrCat(name.substr(0, 44), "_", i);
  return unique;
}

// At most 60 bytes of a header, on one line.
std::string OneLine(absl::string_view text) {
  text = text.substr(0, 60);
  std::string line(text.substr(0, FirstInvalidUtf8(text)));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return line;
}

}  // namespace

std::string IdentifierOf(absl::string_view header) {
  const std::string small = WithSmallAccents(header);
  absl::string_view text = small;
  std::string name;
  const auto separate = [&] {
    if (!name.empty() && name.back() != '_') name += '_';
  };
  while (!text.empty()) {
    const auto* plain = std::find_if(std::begin(kPlain), std::end(kPlain), [&](const auto& letter) {
      return text.substr(0, absl::string_view(letter.accented).size()) == letter.accented;
    });
    if (plain != std::end(kPlain)) {
      name += plain->plain;
      text.remove_prefix(absl::string_view(plain->accented).size());
      continue;
    }
    const char c = absl::ascii_tolower(text[0]);
    if (absl::ascii_islower(c) || absl::ascii_isdigit(c)) {
      name += c;
    } else {
      separate();
    }
    text.remove_prefix(1);
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty()) name = "column";
  if (!absl::ascii_islower(name[0])) name = absl::StrCat("c_", name);
  name = name.substr(0, 48);
  return name == "entered" || name == "person" || name == "person_ref" ? absl::StrCat(name, "_1") : name;
}

std::string DraftCodebook(absl::string_view table_name, const std::vector<ColumnSurvey>& columns) {
  std::string lists, rows;
  std::vector<std::string> left_out;
  std::set<std::string> taken;
  for (const ColumnSurvey& column : columns) {
    const std::string name = Unique(IdentifierOf(column.name()), &taken);
    std::string type;
    if (column.dates().has_value()) {
      type = Dates(*column.dates());
    } else if (LooksLikeCodes(column)) {
      std::vector<std::string> codes;
      for (const std::string& value : *column.values()) codes.push_back(Quoted(value));
      absl::StrAppend(&lists, "  ", name, ": [", absl::StrJoin(codes, ", "), "]\n");
      type = absl::StrCat("type: code, codes: ", name);
    } else if (column.integers()) {
      type = absl::StrCat("type: integer, ", Range(column));
    } else if (column.numbers()) {
      type = absl::StrCat("type: number, ", Range(column), ", step: ", Step(column.decimals()));
    } else {
      left_out.push_back(OneLine(column.name()));
      continue;
    }
    absl::StrAppend(&rows, "      ", name, ": {", type,
                    ", sensitivity: sensitive, fr: ", Quoted(OneLine(column.name())), "}\n");
  }
  std::string text = kWarning;
  if (!left_out.empty()) {
    absl::StrAppend(
        &text, "# Non proposées (textes, identifiants, vides) / not proposed (texts, identifiers, empty):\n");
    for (const std::string& name : left_out) absl::StrAppend(&text, "#   ", name, "\n");
  }
  if (rows.empty()) {
    return absl::StrCat(text, "# Aucune colonne ne convient / no column fits.\n");
  }
  std::string table = IdentifierOf(table_name);
  absl::StrAppend(&text, "codebook: ", table, "\nversion: 1\nreference_promise: {epsilon: 8, delta: 1e-6}\n",
                  "closing: quarter\n");
  if (!lists.empty()) absl::StrAppend(&text, "codes:\n", lists);
  absl::StrAppend(
      &text, "tables:\n  ", table,
      ":\n    unit: event  # person: une ligne par personne / one row each\n"
      "    caps: {cells: 4, rows: 12}  # au plus par personne / at most per person\n    columns:\n",
      rows);
  return text;
}

}  // namespace penc
