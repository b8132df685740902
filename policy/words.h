// A refusal in words: the sentences stand as options on the proto enum. Pure.
#pragma once
#include <string>

#include "penc/v1/answer.pb.h"
#include "penc/v1/refusal.pb.h"

namespace penc {

v1::RefusalDetail InWords(v1::Refusal refusal, const std::string& about);

}  // namespace penc
