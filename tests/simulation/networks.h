// The networks that are simulated.
#pragma once
#include <cstdint>

#include "tests/support/small_network.h"

namespace penc::simulation {

struct Network {
  SmallNetwork::Numbers numbers;
  uint32_t rounds;  // at the same time; the third is a second attempt of the first
  uint32_t share;   // of a thousand histories
};

// Committees as parameters.h has them.
inline constexpr Network kNetworks[] = {
    {{.offices = 5, .stewards = 5, .colluding = 2, .absent = 1, .dishonest = 2, .fewest = 5, .length = 2},
     3,
     250},
    {{.offices = 6, .stewards = 6, .colluding = 1, .absent = 2, .dishonest = 2, .fewest = 5, .length = 2},
     3,
     250},
    {{.offices = 8, .stewards = 7, .colluding = 2, .absent = 2, .dishonest = 2, .fewest = 5, .length = 2},
     3,
     400},
    {{.offices = 18, .stewards = 10, .colluding = 3, .absent = 3, .dishonest = 3, .fewest = 9, .length = 2},
     2,
     90},
    {{.offices = 100,
      .stewards = 31,
      .colluding = 10,
      .absent = 10,
      .dishonest = 15,
      .fewest = 50,
      .length = 2},
     2,
     10},
};

inline const Network* NetworkOf(uint32_t offices) {
  for (const Network& network : kNetworks) {
    if (network.numbers.offices == offices) return &network;
  }
  return nullptr;
}

}  // namespace penc::simulation
