// The words of a question before PostgreSQL's parser sees them. Two things need this first pass: a refused
// word is named where it stands; and the parser recurses over what it reads, so that "1+1+1+..." or "x::a::a"
// of 16 KiB overflows its stack. Only words of the subset pass, nested at most so deep. Thread-safe.
#pragma once
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace penc {

class SqlWords {
 public:
  // INVALID_ARGUMENT where something stands that no question has. `sql` is valid UTF-8 without NUL and
  // outlives the result.
  static absl::StatusOr<SqlWords> Read(absl::string_view sql);

  // INVALID_ARGUMENT "line 1, column 18 «LIMIT»: ...". `offset` in bytes; columns count characters.
  absl::Status ErrorAt(size_t offset, const Text& text) const;
  // At the first word that reads `word` (capitals), or at the beginning.
  absl::Status ErrorAtWord(absl::string_view word, const Text& text) const;

 private:
  struct Word {
    size_t begin = 0, end = 0;
    int kind = 0;          // libpg_query's token number
    bool keyword = false;  // one that cannot be a column's name
  };

  explicit SqlWords(absl::string_view sql) : sql_(sql) {}
  absl::Status Scan();
  absl::Status Check() const;
  absl::Status CheckKeyword(size_t i) const;
  absl::Status CheckSign(size_t i) const;
  absl::string_view TextOf(const Word& word) const { return sql_.substr(word.begin, word.end - word.begin); }
  bool Reads(size_t i, absl::string_view word) const;

  absl::string_view sql_;
  std::vector<Word> words_;
};

// PostgreSQL counts characters, from 1; 0 where it does not know.
size_t ByteOfCharacter(absl::string_view text, int character);

// A table's or column's name as it is written in SQL: in quotes where it is also a keyword.
std::string SqlName(absl::string_view name);

}  // namespace penc
