#include "cli/registry_entry.h"

#include <yaml-cpp/yaml.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace penc::cli {
namespace {

// Charges are in 2^-40.
std::string InUnits(uint64_t charged) {
  if (charged == std::numeric_limits<uint64_t>::max()) return "infinite";
  return absl::StrFormat("%.6g", static_cast<double>(charged) / static_cast<double>(uint64_t{1} << 40));
}

std::string Fraction(uint64_t num, uint64_t den) {
  return den == 1 ? absl::StrCat(num) : absl::StrCat(num, "/", den);
}

void EmitMechanism(const v1::Block& block, YAML::Emitter& out) {
  const v1::Noise& noise = block.noise();
  const bool laplace = noise.family() == v1::Noise::FAMILY_DISCRETE_LAPLACE;
  out << YAML::BeginMap;
  out << YAML::Key << "noise" << YAML::Value << (laplace ? "discrete Laplace" : "Skellam");
  out << YAML::Key << (laplace ? "epsilon_per_unit" : "variance") << YAML::Value
      << Fraction(noise.parameter_num(), noise.parameter_den());
  if (noise.rate_den() > 0)
    out << YAML::Key << "rate" << YAML::Value << Fraction(noise.rate_num(), noise.rate_den());
  out << YAML::Key << "counts" << YAML::Value << block.counts();
  out << YAML::Key << "numbers" << YAML::Value << block.noisy_size();
  out << YAML::Key << "sensitivity" << YAML::Value << YAML::Flow << YAML::BeginMap << YAML::Key << "l0"
      << YAML::Value << block.l0() << YAML::Key << "linf" << YAML::Value << block.linf() << YAML::Key << "l1"
      << YAML::Value << block.l1() << YAML::EndMap;
  out << YAML::EndMap;
}

void EmitTables(const v1::Answer& answer, YAML::Emitter& out) {
  out << YAML::Key << "releases" << YAML::Value << YAML::BeginSeq;
  for (const v1::Table& table : answer.tables()) {
    out << YAML::BeginMap;
    if (!table.title().empty()) out << YAML::Key << "title" << YAML::Value << table.title();
    out << YAML::Key << "query" << YAML::Value << table.question();
    out << YAML::Key << "mechanisms" << YAML::Value << YAML::BeginSeq;
    for (const v1::Block& block : table.blocks()) EmitMechanism(block, out);
    out << YAML::EndSeq << YAML::EndMap;
  }
  out << YAML::EndSeq;
}

void EmitPrivacy(const v1::Answer& answer, YAML::Emitter& out) {
  const v1::Charge& charge = answer.charge();
  const bool pure = charge.delta() == "0" || charge.delta().empty();
  out << YAML::Key << "privacy" << YAML::Value << YAML::BeginMap;
  out << YAML::Key << "flavor" << YAML::Value
      << (pure ? "pure differential privacy"
               : "approximate differential privacy, accounted in Renyi divergence");
  out << YAML::Key << "model" << YAML::Value
      << (answer.has_regional() ? "distributed: each organisation adds a share of the noise, sums are masked"
                                : "central: the organisation adds the noise to its own records");
  out << YAML::Key << "unit" << YAML::Value
      << "person: all events of one person at one organisation, in all tables";
  out << YAML::Key << "neighbors" << YAML::Value << "add or remove";
  out << YAML::Key << "lifetime_epsilon" << YAML::Value << charge.epsilon();
  out << YAML::Key << "lifetime_delta" << YAML::Value << charge.delta();
  out << YAML::Key << "charged" << YAML::Value << YAML::BeginMap;
  out << YAML::Key << "share_of_lifetime_budget" << YAML::Value
      << absl::StrFormat("%.4g%%", static_cast<double>(charge.share_ppm()) / 10000);
  out << YAML::Key << "pure_epsilon" << YAML::Value << InUnits(charge.pure());
  out << YAML::Key << "renyi_divergence" << YAML::Value << InUnits(charge.renyi());
  out << YAML::Key << "renyi_order" << YAML::Value << absl::StrFormat("%.4g", charge.twice_alpha() / 2.0);
  out << YAML::Key << "cohorts" << YAML::Value;
  if (charge.cohorts().empty()) {
    out << "all";
  } else {
    out << YAML::Flow << YAML::BeginSeq;
    for (const std::string& cohort : charge.cohorts()) out << cohort;
    out << YAML::EndSeq;
  }
  out << YAML::EndMap;
  if (answer.has_regional())
    out << YAML::Key << "presumed_dishonest_organisations" << YAML::Value
        << answer.regional().presumed_dishonest();
  out << YAML::EndMap;
}

}  // namespace

std::string RegistryEntry(const v1::Answer& answer) {
  YAML::Emitter out;
  out << YAML::BeginMap;
  out << YAML::Key << "format" << YAML::Value << "penc registry entry 1";
  out << YAML::Key << "identifier" << YAML::Value << answer.question_id();
  if (answer.practice())
    out << YAML::Key << "practice" << YAML::Value << "invented records: not to be registered";
  out << YAML::Key << "data_curators" << YAML::Value << YAML::BeginSeq;
  for (const std::string& name : answer.organisations()) out << name;
  out << YAML::EndSeq;
  out << YAML::Key << "curators_that_answered" << YAML::Value
      << absl::StrCat(answer.answered(), " of ", answer.asked());
  if (answer.has_regional()) {
    out << YAML::Key << "network" << YAML::Value << answer.regional().network();
    out << YAML::Key << "recipient" << YAML::Value << answer.regional().partner();
  }
  out << YAML::Key << "data" << YAML::Value
      << absl::StrCat("records of migration work as of ", answer.edition(), ", codebook ", answer.codebook());
  EmitPrivacy(answer, out);
  EmitTables(answer, out);
  out << YAML::Key << "software" << YAML::Value << "penc";
  out << YAML::Key << "citation" << YAML::Value << answer.citation().en();
  out << YAML::EndMap;
  return absl::StrCat(out.c_str(), "\n");
}

}  // namespace penc::cli
