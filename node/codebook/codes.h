// Between what people write and what a cell stores (stored values: codebook.h). The written form is
// canonical: a code exactly as in its list, whole numbers in digits, decimals with a point, periods as in
// period.h, several codes separated by one space, nothing for NULL. Other spellings are the importer's.
#pragma once
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "codebook/codebook.h"

namespace penc {

// The value that `text` stands for. INVALID_ARGUMENT where it is not canonical, NOT_FOUND for a code that the
// list does not have (the nearest one is named), OUT_OF_RANGE outside the column's range. Messages repeat the
// text: for what an asker wrote, never for a record's cell.
absl::StatusOr<StoredValue> StoredOf(const Codebook& codebook, const Column& column, absl::string_view text);

// The canonical text of a stored value; of a word, "#" and its number: which it is, the store knows.
// Precondition: Fits(codebook, column, value).
std::string WrittenOf(const Codebook& codebook, const Column& column, StoredValue value);

// What people read: code labels, "Inconnu" is a label like any; amounts and periods as written; NULL «non
// renseigné».
Text LabelOf(const Codebook& codebook, const Column& column, StoredValue value);

// Whether the column can hold the value: checked on everything that is read back from a disk.
bool Fits(const Codebook& codebook, const Column& column, StoredValue value);

// kInteger, kNumber (in steps), dates (native units): the number behind a value that is not NULL, and back
// (nothing outside the range).
int64_t NumberOf(const Column& column, StoredValue value);
absl::optional<StoredValue> StoredOfNumber(const Column& column, int64_t number);

}  // namespace penc
