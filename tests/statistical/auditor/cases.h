// Cases: questions that are asked of both twins many times, what an asker sees of each person, and what was
// charged for it. A new measure is one row in Cases().
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "penc/v1/question.pb.h"
#include "tests/statistical/auditor/auditor.h"
#include "tests/statistical/auditor/twins.h"

namespace penc::audit {

struct Case {
  std::string name;
  // Asked one after another, again in every release; what they give is seen together. "$0" is the number of
  // the release: another title is another plan, with noise of its own. Each block of an answer has
  // `cells_each` cells of one person, from its first one on, in the order of persons.
  std::vector<std::string> questions;
  v1::Price price;
  size_t cells_each = 1;
  bool in_buckets = false;  // what is seen of a person is one cell, their bucket's
};
v1::Price Epsilon(uint32_t in_1024);  // discrete Laplace
v1::Price Share(uint32_t ppm);        // Skellam, at the shares used here
const std::vector<Case>& Cases();
const Case& CaseOf(const std::string& name);

// How a question becomes what an asker holds.
class System {
 public:
  virtual ~System() = default;
  // Bytes of a v1::Answer.
  virtual absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) = 0;
};
// The product.
class AsItIs final : public System {
 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override;
};

// What was charged for everything that one experiment saw, by the ledger; and what the plans claim by the
// exact law where no pure epsilon is claimed.
struct Claim {
  std::optional<double> pure;
  std::optional<double> epsilon_at_delta;
  double renyi = 0;
};
struct Audited {
  Claim claim;
  Proven pure;   // against claim.pure or claim.epsilon_at_delta
  Proven renyi;  // against claim.renyi
  bool within() const {
    return pure.bound <= (claim.pure ? *claim.pure : *claim.epsilon_at_delta) && renyi.bound <= claim.renyi;
  }
};
inline constexpr double kDelta = 1e-3;  // of claims by the exact law
inline constexpr double kAlpha = 4.5;   // the order of the twins' promise

// `releases` of the case, and what they prove. Prints one line, beginning with `label`.
Audited AuditCase(Twins& twins, System& system, const Case& one, int releases, const std::string& label);

// PENC_AUDIT_RELEASES, or `otherwise`.
int ReleasesWanted(int otherwise);

}  // namespace penc::audit
