// What is said about the node key, and about what a thief of the computer could read.
#pragma once
#include <string>

#include "base/status.h"
#include "cli/output.h"
#include "penc/v1/admin_keys.pb.h"

namespace penc::cli {

// "in the file /media/usb/alcrer.key"
Text PlaceWords(const v1::KeyPlace& place);
std::string KeyReport(const v1::KeyShowResult& shown, const std::string& dir, Lang lang);
Text KeyMovedSentence(const v1::KeyWrapResult& moved);

}  // namespace penc::cli
