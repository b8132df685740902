// Policies and the people who sign for them, as sentences and tables. Pure.
#pragma once
#include <string>

#include "cli/output.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

// Every change in words, then the verdict on the whole.
std::string ReportComparison(const v1::PolicyComparison& comparison, Lang lang);
std::string ReportApplied(const v1::PolicyApplyResult& applied, Lang lang);
std::string ReportVersions(const v1::PolicyVersionsResult& versions, Lang lang);
std::string ReportOfficers(const v1::OfficersResult& officers, Lang lang);

}  // namespace penc::cli
