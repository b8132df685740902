#include "cli/registry_entry.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

namespace penc::cli {
namespace {

v1::Answer Answered() {
  v1::Answer answer;
  answer.set_question_id("ab12");
  answer.set_answered(7);
  answer.set_asked(8);
  answer.add_organisations("Amis: du \"Sahel\"");
  answer.set_edition("2026-Q3");
  answer.set_codebook("migration@2");
  answer.mutable_regional()->set_network("Afrique");
  answer.mutable_regional()->set_presumed_dishonest(3);
  v1::Charge& charge = *answer.mutable_charge();
  charge.set_epsilon("8");
  charge.set_delta("1e-6");
  charge.set_share_ppm(20000);
  charge.set_pure(UINT64_MAX);
  charge.set_renyi(uint64_t{1} << 39);
  charge.set_twice_alpha(9);
  charge.add_cohorts("2026-Q3");
  v1::Table& table = *answer.add_tables();
  table.set_question("SELECT count(*) FROM person");
  v1::Block& block = *table.add_blocks();
  block.mutable_noise()->set_family(v1::Noise::FAMILY_SKELLAM);
  block.mutable_noise()->set_parameter_num(25);
  block.mutable_noise()->set_parameter_den(1);
  block.set_l0(1);
  block.set_counts("persons");
  block.add_noisy(123456789);
  return answer;
}

TEST(RegistryEntries, SayWhoWhatAndWithWhichPromiseAndReadBackAsYaml) {
  const YAML::Node entry = YAML::Load(RegistryEntry(Answered()));
  EXPECT_EQ(entry["data_curators"][0].as<std::string>(), "Amis: du \"Sahel\"");
  EXPECT_EQ(entry["curators_that_answered"].as<std::string>(), "7 of 8");
  const YAML::Node privacy = entry["privacy"];
  EXPECT_EQ(privacy["lifetime_epsilon"].as<std::string>(), "8");
  EXPECT_EQ(privacy["charged"]["share_of_lifetime_budget"].as<std::string>(), "2%");
  EXPECT_EQ(privacy["charged"]["pure_epsilon"].as<std::string>(), "infinite");
  EXPECT_EQ(privacy["charged"]["renyi_divergence"].as<std::string>(), "0.5");
  EXPECT_EQ(privacy["charged"]["renyi_order"].as<std::string>(), "4.5");
  const YAML::Node mechanism = entry["releases"][0]["mechanisms"][0];
  EXPECT_EQ(mechanism["noise"].as<std::string>(), "Skellam");
  EXPECT_EQ(mechanism["variance"].as<std::string>(), "25");
  EXPECT_EQ(mechanism["sensitivity"]["l0"].as<int>(), 1);
}

TEST(RegistryEntries, HoldNoReleasedNumberAndMarkInventedRecords) {
  v1::Answer answer = Answered();
  answer.set_practice(true);
  const std::string text = RegistryEntry(answer);
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("123456789")));
  EXPECT_THAT(text, ::testing::HasSubstr("not to be registered"));
}

}  // namespace
}  // namespace penc::cli
