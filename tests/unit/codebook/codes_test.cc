#include "codebook/codes.h"

#include <gtest/gtest.h>

#include "codebook/read.h"

namespace penc {
namespace {

Codebook Book() {
  auto book = ReadCodebook("b.yaml", R"(
codebook: test
version: 1
codes:
  sex: [{code: f, fr: Femme, en: Female}, {code: m, fr: Homme, en: Male}]
  need: [{code: food, fr: Vivres}, {code: roof, fr: Toit}, {code: care, fr: Soins}]
tables:
  t:
    unit: person
    columns:
      sex: {type: code, codes: sex}
      need: {type: codes, codes: need, max: 2}
      age: {type: integer, range: [-2, 9]}
      paid: {type: number, range: [0, 10], step: 0.25}
      month: {type: month, from: 2020-01, to: 2020-12}
)");
  PENC_CHECK(book.ok());
  return *std::move(book);
}

TEST(Codes, EveryValueOfEveryColumnWritesAndReadsBack) {
  const Codebook book = Book();
  for (const Column& column : book.tables[0].columns) {
    const uint32_t end = column.type == ColumnType::kCodes ? 8 : column.size(book.list_of(column)) + 1;
    int fitting = 0;
    for (StoredValue value = 0; value < end; ++value) {
      if (!Fits(book, column, value)) continue;
      ++fitting;
      const auto back = StoredOf(book, column, WrittenOf(book, column, value));
      ASSERT_TRUE(back.ok()) << column.name << " " << value << back.status();
      EXPECT_EQ(*back, value);
      EXPECT_FALSE(LabelOf(book, column, value).fr.empty());
    }
    EXPECT_EQ(fitting, column.type == ColumnType::kCodes ? 7 : static_cast<int>(end)) << column.name;
    EXPECT_FALSE(Fits(book, column, end)) << column.name;
    EXPECT_FALSE(Fits(book, column, UINT32_MAX)) << column.name;
  }
}

TEST(Codes, StoredValuesAreAsTheHeaderSays) {
  const Codebook book = Book();
  const auto& columns = book.tables[0].columns;
  EXPECT_EQ(*StoredOf(book, columns[0], "m"), 2u);
  EXPECT_EQ(*StoredOf(book, columns[0], ""), kNull);
  EXPECT_EQ(*StoredOf(book, columns[1], "care food"), 0b101u);
  EXPECT_EQ(*StoredOf(book, columns[2], "-2"), 1u);
  EXPECT_EQ(*StoredOf(book, columns[3], "0.5"), 3u);
  EXPECT_EQ(*StoredOf(book, columns[3], "10"), 41u);
  EXPECT_EQ(*StoredOf(book, columns[4], "2020-03"), 3u);
  EXPECT_EQ(LabelOf(book, columns[0], 1).fr, "Femme");
  EXPECT_EQ(LabelOf(book, columns[0], kNull).en, "not stated");
  EXPECT_EQ(LabelOf(book, columns[1], 0b101).fr, "Vivres; Soins");
  EXPECT_EQ(WrittenOf(book, columns[1], 0b101), "food care");
  EXPECT_EQ(NumberOf(columns[2], 1), -2);
  EXPECT_EQ(StoredOfNumber(columns[2], 10), absl::nullopt);
}

TEST(Codes, SaysWhyATextIsNotAValue) {
  const Codebook book = Book();
  const auto& columns = book.tables[0].columns;
  const struct {
    int column;
    const char* text;
    absl::StatusCode code;
  } rows[] = {{0, "F", absl::StatusCode::kNotFound},
              {0, "f ", absl::StatusCode::kNotFound},
              {1, "food food", absl::StatusCode::kOk},  // said twice is said once
              {1, "food  roof", absl::StatusCode::kNotFound},
              {1, "food roof care", absl::StatusCode::kOutOfRange},
              {2, "10", absl::StatusCode::kOutOfRange},
              {2, "-3", absl::StatusCode::kOutOfRange},
              {2, "1.5", absl::StatusCode::kInvalidArgument},
              {2, "07", absl::StatusCode::kInvalidArgument},
              {3, "0.3", absl::StatusCode::kInvalidArgument},
              {3, "10.25", absl::StatusCode::kOutOfRange},
              {3, "0,25", absl::StatusCode::kInvalidArgument},
              {4, "2021-01", absl::StatusCode::kOutOfRange},
              {4, "2020-03-01", absl::StatusCode::kInvalidArgument}};
  for (const auto& row : rows) {
    EXPECT_EQ(StoredOf(book, columns[row.column], row.text).status().code(), row.code) << row.text;
  }
}

}  // namespace
}  // namespace penc
