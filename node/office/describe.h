// What a partner may ask here: codebook and policy side by side. Nothing that depends on records. Pure.
#pragma once
#include <string>
#include <vector>

#include "codebook/codebook.h"
#include "codebook/period.h"
#include "penc/v1/node_service.pb.h"
#include "policy/policy.h"

namespace penc {

// As policies write them: "allow", "month".
std::string RuleName(Rule rule);
std::string LevelName(GrainLevel level);

// Tables of the grant only, and in them every column that is askable at all.
v1::DescribeResponse DescribeFor(const Codebook& codebook, const Policy& policy, const Grant& grant,
                                 const std::vector<Edition>& editions);

}  // namespace penc
