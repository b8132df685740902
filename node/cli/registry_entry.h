// What a register of deployments wants to know of a released bulletin: who, what, of whom, with which promise
// and which noise. As YAML, with the field names of public registers, in English. Made from an answer alone.
// Pure.
#pragma once
#include <string>

#include "penc/v1/answer.pb.h"

namespace penc::cli {

std::string RegistryEntry(const v1::Answer& answer);

}  // namespace penc::cli
