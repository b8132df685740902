// Columns that Kobo, ODK and their kin put into an export by themselves: who sent it, from which device, from
// where, when the form was opened. They say nothing of the persons and are left out unless a mapping names
// them. Pure.
#pragma once
#include <string>
#include <vector>

namespace penc {

// By column; all false where the file is no form's export (a column "start" of an ordinary list is not one).
std::vector<bool> FormColumns(const std::vector<std::string>& names);

}  // namespace penc
