// Names of invented people. Surnames are as unequal as in life: a few are most people's, so that two persons
// sometimes have one name and one year. Nobody in particular.
#pragma once
#include "demo/ratios.h"

namespace penc::demo {

inline constexpr Weighted kSurnames[] = {
    {"Diallo", 9},     {"Traoré", 8},  {"Coulibaly", 6},  {"Diarra", 5},    {"Keïta", 5},  {"Ouédraogo", 5},
    {"Koné", 5},       {"Bah", 5},     {"Barry", 4},      {"Sow", 4},       {"Ndiaye", 4}, {"Camara", 4},
    {"Diop", 4},       {"Fall", 3},    {"Cissé", 3},      {"Sanogo", 3},    {"Touré", 3},  {"Sissoko", 2},
    {"Dembélé", 2},    {"Kaboré", 2},  {"Sawadogo", 2},   {"Mensah", 2},    {"Agbo", 2},   {"Kouassi", 2},
    {"Kouamé", 2},     {"Sylla", 2},   {"Sarr", 2},       {"Gueye", 2},     {"Zongo", 2},  {"Ba", 2},
    {"Kanté", 1},      {"Doumbia", 1}, {"Fofana", 1},     {"Bamba", 1},     {"Yao", 1},    {"Adjovi", 1},
    {"Houngbédji", 1}, {"Lawson", 1},  {"Amegan", 1},     {"Sidibé", 1},    {"Maïga", 1},  {"Sangaré", 1},
    {"Tall", 1},       {"Wade", 1},    {"Ould Ahmed", 1}, {"Mint Sidi", 1}, {"Tandia", 1}, {"Kaba", 1}};

inline constexpr const char* kGivenNames[] = {
    "Mamadou",   "Aïssata",   "Moussa",     "Fatoumata", "Ibrahim",  "Mariam",     "Ousmane",  "Aminata",
    "Abdoulaye", "Kadiatou",  "Seydou",     "Awa",       "Issa",     "Rokia",      "Amadou",   "Salimata",
    "Boubacar",  "Oumou",     "Souleymane", "Hawa",      "Drissa",   "Adama",      "Modibo",   "Djénéba",
    "Cheick",    "Assitan",   "Lamine",     "Bintou",    "Yacouba",  "Nafissatou", "Alassane", "Ramata",
    "Hamidou",   "Safiatou",  "Idrissa",    "Mariama",   "Samba",    "Coumba",     "Demba",    "Astou",
    "Pape",      "Ndèye",     "Modou",      "Khady",     "Kofi",     "Afi",        "Koffi",    "Akossiwa",
    "Kwame",     "Ama",       "Komlan",     "Essi",      "Yao",      "Adjoua",     "Kouadio",  "Affoué",
    "Sékou",     "Fanta",     "Alpha",      "Binta",     "Thierno",  "Hadja",      "Sidi",     "Zeinabou",
    "Ahmed",     "Vatimetou", "Rasmané",    "Téné",      "Wendkuni", "Pélagie",    "Codjo",    "Sènami"};

}  // namespace penc::demo
