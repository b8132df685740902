#include "demo/records.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "demo/names.h"
#include "demo/ratios.h"

namespace penc {
namespace {

using demo::Weighted;

// Reproducible, not secret: SplitMix64 (Steele, Lea, Flood 2014).
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }
  bool Chance(uint64_t percent) { return Below(100) < percent; }
  const char* Pick(absl::Span<const Weighted> table) {
    uint64_t total = 0;
    for (const Weighted& w : table) total += w.weight;
    uint64_t u = Below(total);
    for (const Weighted& w : table) {
      if (u < w.weight) return w.code;
      u -= w.weight;
    }
    return table.back().code;
  }
  // 0, 1, 2, ... with mean about `percent` / 100, never above `most`.
  uint64_t Several(uint64_t percent, uint64_t most) {
    uint64_t n = 0;
    while (n < most && Below(100 + percent) < percent) ++n;
    return n;
  }

 private:
  uint64_t state_;
};

class CsvFile {
 public:
  static absl::StatusOr<std::unique_ptr<CsvFile>> Create(const std::string& path, absl::string_view header) {
    FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
      return Fail(absl::StatusCode::kPermissionDenied,
                  {absl::StrCat(path, ": impossible d'écrire (", std::strerror(errno),
                                "); choisissez un autre dossier"),
                   absl::StrCat(path, ": cannot write (", std::strerror(errno), "); choose another folder")});
    }
    auto csv = std::unique_ptr<CsvFile>(new CsvFile(path, file));
    csv->Line(header);
    csv->rows_ = 0;
    return csv;
  }
  ~CsvFile() {
    if (file_ != nullptr) std::fclose(file_);
  }

  template <typename... Cells>
  void Row(const std::string& person, const Cells&... cells) {
    line_ = person;
    ((absl::StrAppend(&line_, ",", cells)), ...);
    Line(line_);
  }

  absl::StatusOr<DemoFile> Finish(const std::string& table) {
    bool failed = std::ferror(file_) != 0;
    if (std::fclose(std::exchange(file_, nullptr)) != 0) failed = true;
    if (failed) {
      return Fail(absl::StatusCode::kResourceExhausted,
                  {absl::StrCat(path_, ": disque plein; libérez de la place et recommencez"),
                   absl::StrCat(path_, ": disk full; free some space and try again")});
    }
    return DemoFile{table, path_, rows_};
  }

 private:
  CsvFile(std::string path, FILE* file) : path_(std::move(path)), file_(file) {}
  void Line(absl::string_view line) {
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fputc('\n', file_);
    ++rows_;
  }

  std::string path_;
  FILE* file_;
  uint64_t rows_ = 0;
  std::string line_;
};

constexpr const char* kHeaders[][2] = {
    {"person",
     "person_ref,reg_month,country,adm1,sex,age_band,nationality,origin_country,origin_adm1,dest_country,"
     "reason,route,"
     "stay_status_first,stay_status_current,n_transitions,protection_profile,education,employment_before,"
     "return_intent,"
     "consent_stats"},
    {"status_event", "person_ref,seq,quarter,country,from_status,to_status,trigger"},
    {"incident", "person_ref,quarter,country,incident_type,perpetrator,reported"},
    {"trafficking_case",
     "person_ref,id_year,minor_at_exploitation,exploitation_country,exploitation_form,work_sector,control_"
     "means,recruiter"},
    {"recruitment_complaint",
     "person_ref,quarter,dest_country,work_sector,complaint_type,recruitment_cost,monthly_income,written_"
     "contract,outcome"},
    {"assistance", "person_ref,month,assistance_type,provider,need_unmet"},
    {"return_case", "person_ref,month,from_country,return_type,belongings_lost,reintegration_support"},
};
// Beside the columns of persons, where the network recognises them: what linkage reads, never a column.
constexpr char kNameHeader[] = ",surname,given_name,birth_year";
enum File { kPerson, kStatus, kIncidents, kTrafficking, kComplaints, kAssisted, kReturns, kFiles };

class Generator {
 public:
  Generator(const Codebook& codebook, const DemoOptions& options)
      : options_(options),
        dice_(options.seed),
        names_(options.seed ^ 0x6e616d6573),
        named_(codebook.linkage.has_value()) {
    for (const demo::Corridor& corridor : demo::kCorridors) {
      if (corridor.asylum == options.country) foreign_.push_back({corridor.origin, corridor.weight});
    }
    if (foreign_.empty()) foreign_.assign(std::begin(demo::kOrigins), std::end(demo::kOrigins));
    for (const CodeList& list : codebook.code_lists) {
      if (list.parent_list.empty()) continue;
      for (const Code& code : list.codes) places_.push_back({code.parent, code.code});
    }
    std::sort(places_.begin(), places_.end());
  }

  absl::StatusOr<std::vector<DemoFile>> Write(const std::string& folder) {
    for (const auto& [table, header] : kHeaders) {
      const bool named = named_ && files_.size() == kPerson;
      ASSIGN_OR_RETURN(auto file, CsvFile::Create(absl::StrCat(folder, "/", table, ".csv"),
                                                  absl::StrCat(header, named ? kNameHeader : "")));
      files_.push_back(std::move(file));
    }
    for (uint64_t i = 1; i <= options_.persons; ++i) WritePerson(i);
    std::vector<DemoFile> written;
    for (int i = 0; i < kFiles; ++i) {
      ASSIGN_OR_RETURN(DemoFile file, files_[i]->Finish(kHeaders[i][0]));
      written.push_back(std::move(file));
    }
    return written;
  }

 private:
  std::string Quarter(int64_t quarter) const { return FormatPeriod(ColumnType::kQuarter, quarter); }
  std::string Month(int64_t quarter) {
    return FormatPeriod(ColumnType::kMonth, quarter * 3 + static_cast<int64_t>(dice_.Below(3)));
  }
  // Some quarter from `first` to the last one, later ones likelier.
  int64_t QuarterFrom(int64_t first) {
    uint64_t span = options_.last_quarter - first + 1;
    return options_.last_quarter - static_cast<int64_t>(std::min(dice_.Below(span), dice_.Below(span)));
  }
  absl::string_view Place(absl::string_view country) {
    auto range =
        std::equal_range(places_.begin(), places_.end(), std::make_pair(std::string(country), std::string()),
                         [](const auto& a, const auto& b) { return a.first < b.first; });
    if (range.first == range.second) return "";
    return (range.first + dice_.Below(range.second - range.first))->second;
  }
  std::string Codes(absl::Span<const Weighted> table, uint64_t more_percent, uint64_t most) {
    std::string codes = dice_.Pick(table);
    for (uint64_t n = dice_.Several(more_percent, most - 1); n > 0; --n) {
      const char* next = dice_.Pick(table);
      if (!absl::StrContains(codes, next)) absl::StrAppend(&codes, " ", next);
    }
    return codes;
  }

  // ",Diallo,Aïssata,1994", of somebody of this age.
  std::string Name(absl::string_view age) {
    uint64_t youngest = 0, oldest = 0;
    const std::vector<std::string> ends = absl::StrSplit(absl::StripSuffix(age, "+"), '-');
    if (!absl::SimpleAtoi(ends[0], &youngest)) youngest = 18;
    if (!absl::SimpleAtoi(ends.back(), &oldest) || oldest == youngest) oldest = youngest + 24;
    const uint64_t years = youngest + names_.Below(oldest - youngest + 1);
    return absl::StrCat(",", names_.Pick(demo::kSurnames), ",",
                        demo::kGivenNames[names_.Below(std::size(demo::kGivenNames))], ",",
                        1970 + static_cast<uint64_t>(options_.last_quarter / 4) - years);
  }

  void WritePerson(uint64_t number) {
    char reference[48];
    std::snprintf(reference, sizeof(reference), "%s-%07llu", options_.prefix.c_str(),
                  static_cast<unsigned long long>(number));
    const std::string person = reference;
    const int64_t registered = QuarterFrom(options_.last_quarter - 7);
    const char* nationality = dice_.Chance(62) ? options_.country.c_str() : dice_.Pick(foreign_);
    const char* age = dice_.Pick(demo::kAge);
    const bool minor =
        std::strcmp(age, "0-4") == 0 || std::strcmp(age, "5-11") == 0 || std::strcmp(age, "12-17") == 0;

    const uint64_t changes = dice_.Several(150, 6);
    const char* first_status = dice_.Pick(demo::kFirstStatus);
    const char* status = first_status;
    int64_t quarter = registered;
    for (uint64_t seq = 1; seq <= changes; ++seq) {
      const char* next = dice_.Pick(demo::kLaterStatus);
      files_[kStatus]->Row(person, seq, Quarter(quarter), dice_.Pick(demo::kCountryOfIncident), status, next,
                           dice_.Pick(demo::kTrigger));
      status = next;
      quarter = std::min(options_.last_quarter, quarter + static_cast<int64_t>(dice_.Below(2)));
    }

    std::string profiles = dice_.Chance(45) ? "none" : Codes(demo::kProfile, 60, 4);
    if (!minor && absl::StrContains(profiles, "uasc")) profiles = "stranded";
    files_[kPerson]->Row(person, Month(registered), options_.country, Place(options_.country),
                         dice_.Pick(demo::kSex), age, nationality, nationality, Place(nationality),
                         dice_.Pick(demo::kDestinations), dice_.Pick(demo::kReason), dice_.Pick(demo::kRoute),
                         first_status, status, changes >= 3 ? "3+" : absl::StrCat(changes), profiles,
                         dice_.Pick(demo::kEducation), dice_.Pick(demo::kEmployment),
                         dice_.Pick(demo::kIntent),
                         absl::StrCat(dice_.Pick(demo::kConsent), named_ ? Name(age) : ""));

    for (uint64_t n = dice_.Several(120, 10); n > 0; --n) {
      files_[kIncidents]->Row(person, Quarter(QuarterFrom(registered)), dice_.Pick(demo::kCountryOfIncident),
                              dice_.Pick(demo::kIncident), dice_.Pick(demo::kPerpetrator),
                              dice_.Pick(demo::kYesNo));
    }
    if (dice_.Chance(6)) {
      files_[kTrafficking]->Row(person, FormatPeriod(ColumnType::kYear, 1970 + QuarterFrom(registered) / 4),
                                minor ? "1" : dice_.Pick(demo::kYesNo), dice_.Pick(demo::kCountryOfIncident),
                                Codes(demo::kExploitation, 25, 3), dice_.Pick(demo::kSector),
                                Codes(demo::kControl, 80, 5), dice_.Pick(demo::kPerpetrator));
    }
    for (uint64_t n = dice_.Several(12, 3); n > 0; --n) {
      const uint64_t income = 25000 + 1000 * (dice_.Below(60) + dice_.Below(60));
      files_[kComplaints]->Row(person, Quarter(QuarterFrom(registered)), dice_.Pick(demo::kDestinations),
                               dice_.Pick(demo::kSector), Codes(demo::kComplaint, 40, 3),
                               1000 * (50 + dice_.Below(400) + dice_.Below(600)), income,
                               dice_.Pick(demo::kYesNo), dice_.Pick(demo::kOutcome));
    }
    for (uint64_t n = 1 + dice_.Several(130, 11); n > 0; --n) {
      files_[kAssisted]->Row(person, Month(QuarterFrom(registered)), dice_.Pick(demo::kAssistance),
                             dice_.Pick(demo::kProvider), dice_.Pick(demo::kYesNo));
    }
    if (dice_.Chance(55)) {
      for (uint64_t n = 1 + dice_.Several(15, 2); n > 0; --n) {
        files_[kReturns]->Row(person, Month(QuarterFrom(registered)), dice_.Pick(demo::kCountryOfIncident),
                              dice_.Pick(demo::kReturnType), dice_.Pick(demo::kYesNo),
                              dice_.Pick(demo::kYesNo));
      }
    }
  }

  const DemoOptions& options_;
  Dice dice_, names_;  // names have their own: with or without them everything else is the same
  bool named_;
  std::vector<Weighted> foreign_;
  std::vector<std::pair<std::string, std::string>> places_;  // (country, adm1), sorted
  std::vector<std::unique_ptr<CsvFile>> files_;
};

// Every table that is generated must read the same in the codebook, column for column.
absl::Status CheckCodebook(const Codebook& codebook) {
  for (const auto& [name, header] : kHeaders) {
    auto table = codebook.FindTable(name);
    std::string columns = "person_ref";
    if (table.has_value()) {
      const std::vector<Column>& all = codebook.tables[*table].columns;
      for (uint32_t c = 0; c < all.size(); ++c) {
        const bool bucket = codebook.linkage.has_value() && codebook.linkage->column == ColumnRef{*table, c};
        if (!bucket) absl::StrAppend(&columns, ",", all[c].name);
      }
    }
    if (columns != header) {
      return Fail(absl::StatusCode::kInvalidArgument,
                  {absl::StrCat("les données de démonstration suivent le lexique «migration»; ici la table ",
                                name, " diffère: utilisez penc init sans --codebook"),
                   absl::StrCat("demo records follow the codebook \"migration\"; here the table ", name,
                                " differs: use penc init without --codebook")});
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<DemoFile>> WriteDemoRecords(const Codebook& codebook, const DemoOptions& options,
                                                       const std::string& folder) {
  RETURN_IF_ERROR(CheckCodebook(codebook));
  if (options.persons < 1 || options.persons > 2000000) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"nombre de personnes hors limites: donnez de 1 à 2 000 000 (--persons 4400)",
                 "number of persons out of range: give 1 to 2,000,000 (--persons 4400)"});
  }
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {absl::StrCat(folder, ": impossible de créer ce dossier (", std::strerror(errno), ")"),
                 absl::StrCat(folder, ": cannot create this folder (", std::strerror(errno), ")")});
  }
  return Generator(codebook, options).Write(folder);
}

}  // namespace penc
