#include "question/sql_words.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"

namespace penc {
namespace {

constexpr int kDeepest = 64;        // open parentheses
constexpr int kMostNegations = 64;  // NOT before a condition
constexpr size_t kLongestExcerpt = 40;

struct FreeScan {
  void operator()(PgQuery__ScanResult* scan) const { pg_query__scan_result__free_unpacked(scan, nullptr); }
};

struct RefusedWord {
  const char* word;
  const char* fr;
  const char* en;
};

constexpr char kAllCellsFr[] = "toutes les cases sont toujours données; retirez ce mot";
constexpr char kAllCellsEn[] = "all cells are always given; drop this word";
constexpr char kJoinFr[] = "inutile de joindre: écrivez person.colonne dans une table d'événements";
constexpr char kJoinEn[] = "no need to join: write person.column in a table of events";
constexpr char kUnionFr[] = "posez deux questions (un bulletin) au lieu de les réunir";
constexpr char kUnionEn[] = "ask two questions (a bulletin) instead of uniting them";
constexpr char kPatternFr[] = "pas de motif de texte: écrivez = ou IN avec des codes du lexique";
constexpr char kPatternEn[] = "no text pattern: write = or IN with codes of the codebook";
constexpr char kComputeFr[] =
    "rien ne se calcule dans une question: nommez une colonne, comparez-la à une valeur";
constexpr char kComputeEn[] = "a question computes nothing: name a column, compare it with a value";

constexpr RefusedWord kRefused[] = {
    {"LIMIT", kAllCellsFr, kAllCellsEn},
    {"OFFSET", kAllCellsFr, kAllCellsEn},
    {"FETCH", kAllCellsFr, kAllCellsEn},
    {"ORDER", "les cases viennent dans l'ordre du lexique; triez la réponse vous-même",
     "cells come in the codebook's order; sort the answer yourself"},
    {"HAVING", "HAVING choisirait selon les nombres exacts; choisissez vous-même dans la réponse",
     "HAVING would choose by exact numbers; choose in the answer yourself"},
    {"JOIN", kJoinFr, kJoinEn},
    {"LEFT", kJoinFr, kJoinEn},
    {"RIGHT", kJoinFr, kJoinEn},
    {"FULL", kJoinFr, kJoinEn},
    {"INNER", kJoinFr, kJoinEn},
    {"CROSS", kJoinFr, kJoinEn},
    {"NATURAL", kJoinFr, kJoinEn},
    {"LATERAL", kJoinFr, kJoinEn},
    {"UNION", kUnionFr, kUnionEn},
    {"INTERSECT", kUnionFr, kUnionEn},
    {"EXCEPT", kUnionFr, kUnionEn},
    {"WITH", "pas de sous-question: une table, WHERE, GROUP BY", "no subquery: one table, WHERE, GROUP BY"},
    {"INTO", "une question n'écrit rien", "a question writes nothing"},
    {"LIKE", kPatternFr, kPatternEn},
    {"ILIKE", kPatternFr, kPatternEn},
    {"SIMILAR", kPatternFr, kPatternEn},
    {"CASE", kComputeFr, kComputeEn},
    {"CAST", kComputeFr, kComputeEn},
};

// Keywords of the subset; the parser refuses them in the wrong place.
constexpr absl::string_view kAccepted[] = {"SELECT", "DISTINCT", "FROM", "WHERE", "GROUP", "AS",   "AND",
                                           "OR",     "NOT",      "IN",   "IS",    "NULL",  "TRUE", "FALSE"};

std::unique_ptr<PgQuery__ScanResult, FreeScan> Unpack(const PgQueryScanResult& scanned) {
  return std::unique_ptr<PgQuery__ScanResult, FreeScan>(pg_query__scan_result__unpack(
      nullptr, scanned.pbuf.len, reinterpret_cast<const uint8_t*>(scanned.pbuf.data)));
}

// Keywords that may stand for a column, or a function, are none for us.
bool IsKeyword(PgQuery__KeywordKind kind) {
  return kind == PG_QUERY__KEYWORD_KIND__RESERVED_KEYWORD ||
         kind == PG_QUERY__KEYWORD_KIND__TYPE_FUNC_NAME_KEYWORD;
}

}  // namespace

size_t ByteOfCharacter(absl::string_view text, int character) {
  size_t at = 0;
  for (int seen = 1; seen < character && at < text.size(); ++seen) {
    for (++at; at < text.size() && (text[at] & 0xC0) == 0x80;) ++at;
  }
  return at;
}

absl::StatusOr<SqlWords> SqlWords::Read(absl::string_view sql) {
  SqlWords words(sql);
  RETURN_IF_ERROR(words.Scan());
  RETURN_IF_ERROR(words.Check());
  return words;
}

absl::Status SqlWords::Scan() {
  PgQueryScanResult scanned = pg_query_scan(std::string(sql_).c_str());
  absl::Status status;
  if (scanned.error != nullptr) {
    const std::string said = scanned.error->message == nullptr ? "?" : scanned.error->message;
    status = ErrorAt(ByteOfCharacter(sql_, scanned.error->cursorpos),
                     {absl::StrCat("PostgreSQL ne comprend pas ceci: ", BeginningOf(said, 200)),
                      absl::StrCat("PostgreSQL does not understand this: ", BeginningOf(said, 200))});
  } else if (const auto scan = Unpack(scanned); scan != nullptr) {
    for (size_t i = 0; i < scan->n_tokens; ++i) {
      const PgQuery__ScanToken& token = *scan->tokens[i];
      if (token.token == PG_QUERY__TOKEN__SQL_COMMENT || token.token == PG_QUERY__TOKEN__C_COMMENT) continue;
      words_.push_back({static_cast<size_t>(token.start), static_cast<size_t>(token.end), token.token,
                        IsKeyword(token.keyword_kind)});
    }
  }
  pg_query_free_scan_result(scanned);
  return status;
}

bool SqlWords::Reads(size_t i, absl::string_view word) const {
  return i < words_.size() && absl::EqualsIgnoreCase(TextOf(words_[i]), word);
}

absl::Status SqlWords::Check() const {
  if (words_.empty() || (!Reads(0, "SELECT") && !Reads(0, "WITH") && !Reads(0, "("))) {
    return ErrorAt(words_.empty() ? 0 : words_[0].begin,
                   {"une question commence par SELECT", "a question begins with SELECT"});
  }
  int depth = 0, negations = 0;
  for (size_t i = 0; i < words_.size(); ++i) {
    const Word& word = words_[i];
    if (word.keyword) {
      RETURN_IF_ERROR(CheckKeyword(i));
      const bool negates =
          Reads(i, "NOT") && !Reads(i + 1, "IN") && !Reads(i + 1, "BETWEEN") && !Reads(i + 1, "NULL");
      negations += negates ? 1 : 0;
      if (negations > kMostNegations)
        return ErrorAt(word.begin,
                       {"trop de NOT; simplifiez la condition", "too many NOT; simplify the condition"});
      continue;
    }
    switch (word.kind) {
      case PG_QUERY__TOKEN__ASCII_40:  // (
        if (++depth > kDeepest)
          return ErrorAt(word.begin,
                         {"trop de parenthèses ouvertes; simplifiez", "too many open parentheses; simplify"});
        break;
      case PG_QUERY__TOKEN__ASCII_41:  // )
        --depth;
        break;
      case PG_QUERY__TOKEN__ASCII_59:  // ;
        if (i + 1 < words_.size())
          return ErrorAt(words_[i + 1].begin, {"une seule question à la fois", "one question at a time"});
        break;
      case PG_QUERY__TOKEN__SCONST:
        if (sql_[word.begin] != '\'')
          return ErrorAt(word.begin, {"un texte s'écrit entre ' '", "a text is written in ' '"});
        break;
      case PG_QUERY__TOKEN__ASCII_45:  // -
        RETURN_IF_ERROR(CheckSign(i));
        break;
      case PG_QUERY__TOKEN__ASCII_42:  // *
        if (!Reads(i - 1, "(") && !Reads(i - 1, "SELECT") && !Reads(i - 1, ",") && !Reads(i - 1, "."))
          return ErrorAt(word.begin, {kComputeFr, kComputeEn});
        break;
      case PG_QUERY__TOKEN__ASCII_44:  // ,
      case PG_QUERY__TOKEN__ASCII_46:  // .
      case PG_QUERY__TOKEN__ASCII_60:  // <
      case PG_QUERY__TOKEN__ASCII_61:  // =
      case PG_QUERY__TOKEN__ASCII_62:  // >
      case PG_QUERY__TOKEN__LESS_EQUALS:
      case PG_QUERY__TOKEN__GREATER_EQUALS:
      case PG_QUERY__TOKEN__NOT_EQUALS:
      case PG_QUERY__TOKEN__IDENT:
      case PG_QUERY__TOKEN__ICONST:
      case PG_QUERY__TOKEN__FCONST:
        break;
      default:
        // Other keywords are names or functions; anything else is an operator or a constant of another kind.
        if (word.kind < PG_QUERY__TOKEN__ABORT_P)
          return ErrorAt(word.begin, {absl::StrCat(kComputeFr, " (= <> < <= > >= IN BETWEEN IS NULL)"),
                                      absl::StrCat(kComputeEn, " (= <> < <= > >= IN BETWEEN IS NULL)")});
    }
  }
  return absl::OkStatus();
}

absl::Status SqlWords::CheckKeyword(size_t i) const {
  const Word& word = words_[i];
  // WITHIN GROUP (ORDER BY x): of a quantile.
  if (i >= 3 && Reads(i, "ORDER") && Reads(i - 1, "(") && Reads(i - 2, "GROUP") && Reads(i - 3, "WITHIN"))
    return absl::OkStatus();
  for (const RefusedWord& refused : kRefused) {
    if (Reads(i, refused.word)) return ErrorAt(word.begin, {refused.fr, refused.en});
  }
  if (i > 0 && Reads(i, "SELECT"))
    return ErrorAt(word.begin, {"pas de sous-question: une table, WHERE, GROUP BY",
                                "no subquery: one table, WHERE, GROUP BY"});
  if (Reads(i, "DISTINCT") && !Reads(i - 1, "("))
    return ErrorAt(word.begin, {"écrivez count(DISTINCT person)", "write count(DISTINCT person)"});
  if (std::none_of(std::begin(kAccepted), std::end(kAccepted),
                   [&](absl::string_view accepted) { return Reads(i, accepted); })) {
    return ErrorAt(word.begin,
                   {"ce mot n'a pas sa place dans une question; attendu: SELECT mesures FROM table "
                    "[WHERE …] [GROUP BY …]",
                    "this word has no place in a question; expected: SELECT measures FROM table "
                    "[WHERE …] [GROUP BY …]"});
  }
  return absl::OkStatus();
}

// A minus is a number's sign, after an operator, a bracket, a comma, BETWEEN or AND.
absl::Status SqlWords::CheckSign(size_t i) const {
  const bool of_number = i + 1 < words_.size() && (words_[i + 1].kind == PG_QUERY__TOKEN__ICONST ||
                                                   words_[i + 1].kind == PG_QUERY__TOKEN__FCONST);
  bool after = false;
  for (absl::string_view before : {"=", "<>", "!=", "<", "<=", ">", ">=", "(", ",", "BETWEEN", "AND"})
    after = after || Reads(i - 1, before);
  if (of_number && after) return absl::OkStatus();
  return ErrorAt(words_[i].begin, {kComputeFr, kComputeEn});
}

absl::Status SqlWords::ErrorAt(size_t offset, const Text& text) const {
  const size_t at = std::min(offset, sql_.size());
  const absl::string_view before = sql_.substr(0, at);
  const size_t line_begins = before.rfind('\n') == absl::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = 1 + std::count_if(before.begin() + static_cast<ptrdiff_t>(line_begins), before.end(),
                                        [](char c) { return (c & 0xC0) != 0x80; });
  absl::string_view excerpt = sql_.substr(at, sql_.substr(at).find_first_of(" \t\r\n,()"));
  for (const Word& word : words_) {
    if (word.begin == at) excerpt = TextOf(word);
  }
  std::string near;
  if (!excerpt.empty()) {
    near = absl::StrCat(" «", BeginningOf(excerpt, kLongestExcerpt),
                        excerpt.size() > kLongestExcerpt ? "…" : "", "»");
  }
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("ligne ", line, ", colonne ", column, near, ": ", text.fr),
               absl::StrCat("line ", line, ", column ", column, near, ": ", text.en)});
}

absl::Status SqlWords::ErrorAtWord(absl::string_view word, const Text& text) const {
  for (size_t i = 0; i < words_.size(); ++i) {
    if (words_[i].kind != PG_QUERY__TOKEN__SCONST && Reads(i, word)) return ErrorAt(words_[i].begin, text);
  }
  return ErrorAt(0, text);
}

std::string SqlName(absl::string_view name) {
  PgQueryScanResult scanned = pg_query_scan(std::string(name).c_str());
  bool plain = false;
  if (scanned.error == nullptr) {
    if (const auto scan = Unpack(scanned); scan != nullptr && scan->n_tokens == 1) {
      plain = scan->tokens[0]->token == PG_QUERY__TOKEN__IDENT ||
              scan->tokens[0]->keyword_kind == PG_QUERY__KEYWORD_KIND__UNRESERVED_KEYWORD;
    }
  }
  pg_query_free_scan_result(scanned);
  return plain ? std::string(name) : absl::StrCat("\"", name, "\"");
}

}  // namespace penc
