// Generated records of an imaginary association: codebook "migration", one CSV file a table. Nobody in them
// exists.
//
//   DemoOptions options{.persons = 4400, .country = "MLI"};
//   RETURN_IF_ERROR(WriteDemoRecords(codebook, options, "demo-records"));
//
// The same options give the same bytes. Proportions of origins and corridors are rounded from UNHCR Refugee
// Population Statistics (West Africa, 2022-2024, CC BY 4.0, see node/demo/ratios.h); everything else is
// plausible, not measured.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "codebook/codebook.h"
#include "codebook/period.h"

namespace penc {

struct DemoOptions {
  uint64_t seed = 1;
  uint64_t persons = 4400;      // about 6.5 rows each over all tables; 1 to 2,000,000
  std::string country = "MLI";  // where the office is
  int64_t last_quarter =
      226;  // native unit (codebook.h): 2026-Q3; the records cover the eight quarters up to it
  std::string prefix = "D";  // of the invented references, so that two demo offices do not share persons
};

struct DemoFile {
  std::string table;
  std::string path;
  uint64_t rows = 0;
};

// Where the codebook has linkage, person.csv gets surname, given_name and birth_year, invented too.
// Writes FOLDER/TABLE.csv for every table of the codebook that it knows, creating FOLDER. INVALID_ARGUMENT
// where the codebook lacks a code that the generator uses; RESOURCE_EXHAUSTED on a full disk.
absl::StatusOr<std::vector<DemoFile>> WriteDemoRecords(const Codebook& codebook, const DemoOptions& options,
                                                       const std::string& folder);

}  // namespace penc
