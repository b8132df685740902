// Proportions of the generated records, in parts of a thousand or small weights. Corridors and origins: UNHCR
// Refugee Population Statistics Database (refugees, asylum seekers and returned refugees, origin and asylum
// in ECOWAS and Mauritania, 2022-2024), rounded; CC BY 4.0. The other weights are plausible for an
// association that receives returnees.
#pragma once
#include <cstdint>

namespace penc::demo {

struct Weighted {
  const char* code;
  uint32_t weight;
};

struct Corridor {
  const char* origin;
  const char* asylum;
  uint32_t weight;
};

inline constexpr Corridor kCorridors[] = {
    {"NGA", "NER", 325}, {"MLI", "MRT", 173}, {"MLI", "NER", 117}, {"BFA", "MLI", 68}, {"MLI", "BFA", 52},
    {"BFA", "CIV", 48},  {"BFA", "NER", 43},  {"NER", "MLI", 29},  {"BFA", "TGO", 29}, {"MRT", "MLI", 21},
    {"MRT", "SEN", 16},  {"NER", "NGA", 13},  {"GHA", "TGO", 12},  {"BFA", "BEN", 9},  {"CIV", "LBR", 8},
    {"BFA", "GHA", 6},   {"SEN", "GMB", 5},   {"TGO", "GHA", 5},   {"TGO", "BEN", 4},  {"CIV", "GHA", 4}};

inline constexpr Weighted kOrigins[] = {{"MLI", 342}, {"NGA", 325}, {"BFA", 203}, {"NER", 44},
                                        {"MRT", 36},  {"CIV", 14},  {"GHA", 12},  {"TGO", 10},
                                        {"SEN", 6},   {"LBR", 3},   {"SLE", 3},   {"GIN", 2}};

inline constexpr Weighted kDestinations[] = {{"DZA", 18}, {"LBY", 17}, {"ESP", 16}, {"ITA", 14},
                                             {"FRA", 9},  {"MAR", 8},  {"TUN", 6},  {"CIV", 5},
                                             {"SEN", 3},  {"MRT", 2},  {"XXU", 2}};

inline constexpr Weighted kSex[] = {{"f", 31}, {"m", 67}, {"x", 1}, {"u", 1}};
inline constexpr Weighted kAge[] = {{"0-4", 3},    {"5-11", 4},   {"12-17", 13}, {"18-24", 36},
                                    {"25-34", 29}, {"35-59", 12}, {"60+", 1},    {"u", 2}};
inline constexpr Weighted kReason[] = {
    {"econ_long", 38}, {"job_offer", 9}, {"seasonal", 7}, {"conflict", 14}, {"persecution", 5},
    {"disaster", 3},   {"family", 6},    {"studies", 4},  {"return", 3},    {"u", 5}};
inline constexpr Weighted kRoute[] = {
    {"wafr_atl", 16}, {"cmed", 24}, {"wmed", 12}, {"sahara", 34}, {"intra_wca", 12}};
inline constexpr Weighted kFirstStatus[] = {
    {"free_movement", 22}, {"irregular_entry", 41}, {"irregular_stay", 15}, {"asylum_seeker", 7},
    {"permit", 5},         {"refugee", 5},          {"national", 3}};
inline constexpr Weighted kLaterStatus[] = {
    {"irregular_stay", 14},  {"detained", 17},       {"removal", 11},
    {"returned_forced", 31}, {"returned_avr", 11},   {"returned_spont", 7},
    {"asylum_seeker", 4},    {"rejected_asylum", 3}, {"permit", 2}};
inline constexpr Weighted kTrigger[] = {
    {"border_cross", 21}, {"arrest", 27},  {"removal", 18}, {"return", 14},
    {"decision", 7},      {"job_loss", 5}, {"u", 3}};
inline constexpr Weighted kProfile[] = {
    {"uasc", 9},      {"vot_presumed", 5},  {"vot_identified", 2}, {"gbv", 8},           {"medical", 7},
    {"stranded", 18}, {"labour_abuse", 13}, {"smuggled", 16},      {"mental_health", 6}, {"pregnant", 3}};
inline constexpr Weighted kEducation[] = {{"none", 30},       {"koranic", 14},   {"primary", 24},
                                          {"secondary1", 14}, {"secondary2", 8}, {"vocational", 4},
                                          {"tertiary", 4}};
inline constexpr Weighted kEmployment[] = {
    {"employed", 18},      {"self_employed", 31}, {"unemployed_seeking", 26},
    {"unemployed_not", 8}, {"student", 14},       {"u", 3}};
inline constexpr Weighted kIntent[] = {
    {"yes", 34}, {"yes_conditions", 29}, {"no_dontwant", 21}, {"no_cannot", 11}, {"u", 5}};
inline constexpr Weighted kIncident[] = {{"robbery", 22},    {"bribery", 17},   {"physical", 15},
                                         {"detention", 13},  {"pushback", 12},  {"abandoned", 6},
                                         {"unpaid_work", 6}, {"kidnapping", 4}, {"sexual", 3}};
inline constexpr Weighted kPerpetrator[] = {
    {"police_military", 38}, {"smuggler", 19}, {"criminal_gang", 14}, {"employer", 10},
    {"armed_group", 7},      {"recruiter", 5}, {"community", 3},      {"u", 4}};
inline constexpr Weighted kCountryOfIncident[] = {{"DZA", 31}, {"LBY", 27}, {"NER", 14},
                                                  {"MRT", 12}, {"MAR", 9},  {"TUN", 7}};
inline constexpr Weighted kReturnType[] = {
    {"deport_land", 46}, {"deport_air", 14}, {"avr", 24}, {"spont", 11}, {"sea_return", 5}};
inline constexpr Weighted kAssistance[] = {{"reception", 24}, {"food_nfi", 20},        {"shelter", 14},
                                           {"medical", 11},   {"psychosocial", 8},     {"legal", 6},
                                           {"documents", 5},  {"return_transport", 8}, {"training", 3}};
inline constexpr Weighted kProvider[] = {
    {"member_ngo", 61}, {"iom", 21}, {"unhcr", 6}, {"government", 7}, {"other_ngo", 5}};
inline constexpr Weighted kExploitation[] = {{"forced_labour", 44}, {"sexual", 22},         {"begging", 14},
                                             {"slavery_like", 9},   {"forced_marriage", 8}, {"other", 3}};
inline constexpr Weighted kSector[] = {{"domestic", 28}, {"agriculture", 17}, {"construction", 16},
                                       {"mining", 18},   {"trade", 8},        {"hospitality", 6},
                                       {"other", 5}};
inline constexpr Weighted kControl[] = {
    {"takes_earnings", 26}, {"threats", 22}, {"withhold_docs", 19}, {"false_promises", 21}, {"physical", 12}};
inline constexpr Weighted kComplaint[] = {
    {"illegal_fees", 29}, {"wage_theft", 27}, {"contract_substitution", 16},
    {"false_job", 13},    {"passport", 9},    {"hours_conditions", 6}};
inline constexpr Weighted kOutcome[] = {{"open", 58},     {"settled", 14},  {"rejected", 11},
                                        {"court_won", 3}, {"withdrawn", 8}, {"u", 6}};
inline constexpr Weighted kYesNo[] = {{"1", 35}, {"0", 55}, {"u", 10}};
inline constexpr Weighted kConsent[] = {{"1", 93}, {"0", 3}, {"u", 4}};

}  // namespace penc::demo
