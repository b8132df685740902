#include "policy/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "codebook/read.h"
#include "embedded/embedded.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

Codebook Migration() {
  auto book = ReadCodebook("migration.yaml", *embedded::File("codebook/migration.yaml"));
  EXPECT_TRUE(book.ok()) << book.status();
  return *std::move(book);
}

constexpr char kPolicy[] = R"(policy: essai
valid_until: 2027-06-30
promise: {epsilon: 2, delta: 1e-6}
answers: {local: nobody, regional: granted}
columns:
  person.nationality: allow
  person.stay_status_current: ask
  person.origin_adm1: deny
  person.reg_month: {finest: quarter}
  assistance.month: {rule: ask, finest: year}
limits: {group_by: 2, cells: 1000}
regional: {members: 5, presumed_dishonest: 2, stewards_colluding: 2}
display: {hide_margin_above: 25%, phantoms: 2}
)";

TEST(ReadPolicy, ReadsEveryFieldOfTheDocumentedExample) {
  const auto policy = ReadPolicy("policy.yaml", kPolicy, Migration());
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->name, "essai");
  EXPECT_EQ(policy->valid_until, absl::FromCivil(absl::CivilDay(2027, 7, 1), absl::UTCTimeZone()));
  EXPECT_EQ(policy->promise.epsilon_1024, 2048u);
  EXPECT_EQ(policy->promise_text.delta, "1e-6");
  EXPECT_EQ(policy->local, Openness::kNobody);
  EXPECT_EQ(policy->regional, Openness::kGranted);
  EXPECT_EQ(policy->columns.at("person.nationality").rule, Rule::kAllow);
  EXPECT_EQ(policy->columns.at("person.stay_status_current").rule, Rule::kAsk);
  EXPECT_EQ(policy->columns.at("person.origin_adm1").rule, Rule::kDeny);
  EXPECT_EQ(policy->columns.at("person.reg_month").rule, Rule::kAllow);
  EXPECT_EQ(policy->columns.at("person.reg_month").finest, GrainLevel::kQuarter);
  EXPECT_EQ(policy->columns.at("assistance.month").rule, Rule::kAsk);
  EXPECT_EQ(policy->columns.at("assistance.month").finest, GrainLevel::kYear);
  EXPECT_EQ(policy->columns.count("person.sex"), 0u);
  EXPECT_EQ(policy->max_group_by, 2u);
  EXPECT_EQ(policy->max_cells, 1000u);
  EXPECT_DOUBLE_EQ(policy->display.hide_margin_above, 0.25);
  EXPECT_DOUBLE_EQ(policy->display.phantoms, 2);
  EXPECT_EQ(policy->text, kPolicy);
  EXPECT_EQ(policy->hash.size(), 32u);
  EXPECT_EQ(policy->promise.keys_delta, 0u);
}

TEST(ReadPolicy, SetsAPartOfDeltaAsideForOpenLists) {
  const auto with = [](const std::string& promise) {
    return ReadPolicy("policy.yaml", absl::StrReplaceAll(kPolicy, {{"delta: 1e-6", promise}}), Migration());
  };
  const auto policy = with("delta: 1e-6, keys_delta: 1e-7");
  ASSERT_TRUE(policy.ok()) << policy.status();
  EXPECT_EQ(policy->promise.keys_delta, 100'000'000'000u);
  EXPECT_EQ(policy->promise_text.keys_delta, "1e-7");
  for (const char* bad : {"delta: 1e-6, keys_delta: 1e-6", "delta: 1e-6, keys_delta: a tenth",
                          "delta: 0, keys_delta: 1e-7", "delta: 1e-6, keys_delta: 0"}) {
    EXPECT_THAT(Explain(with(bad).status()).en, HasSubstr("keys_delta")) << bad;
  }
}

struct Mistake {
  const char* from;
  const char* to;
  int line;
  const char* says;
};

TEST(ReadPolicy, NamesTheLineAndTheRemedyOfEachMistake) {
  const Mistake mistakes[] = {
      {"valid_until: 2027-06-30", "valid_until: 2027-06-31", 2, "for example 2027-06-30"},
      {"valid_until: 2027-06-30\n", "", 1, "valid_until"},
      {"epsilon: 2", "epsilon: two", 3, "epsilon"},
      {"{epsilon: 2, delta: 1e-6}", "{epsilon: 0.0009765625, delta: 1e-15}", 3, "leaves no budget"},
      {"local: nobody", "local: everybody", 4, "nobody"},
      {"person.nationality: allow", "person.nationalty: allow", 6, "did you mean person.nationality?"},
      {"person.nationality: allow", "nationality: allow", 6, "no such column"},
      {"person.nationality: allow", "person.consent_stats: allow", 6, "says \"never\""},
      {"person.nationality: allow", "person.nationality: {finest: quarter}", 6, "finest is for a date"},
      {"person.nationality: allow", "person.nationality: {}", 6, "allow, ask, deny or {finest: quarter}"},
      {"person.nationality: allow", "person.nationality: alow", 6, "allow"},
      {"person.stay_status_current: ask", "person.nationality: ask", 7, "twice"},
      {"finest: quarter", "finest: decade", 9, "quarter"},
      {"group_by: 2", "group_by: 9", 11, "at most 8"},
      {"cells: 1000", "cells: 1048577", 11, "at most 1048576"},
      {"members: 5", "members: 4", 12, "at least 5"},
      {"presumed_dishonest: 2", "presumed_dishonest: 3", 12, "presumed_dishonest + 3"},
      {"presumed_dishonest: 2", "presumed_dishonest: 1", 12, "counted among the members"},
      {"25%", "25", 13, "for example"},
      {"25%", "-25%", 13, "for example"},
      {"display:", "dispaly:", 13, "display"},
  };
  const Codebook book = Migration();
  for (const Mistake& mistake : mistakes) {
    const std::string text = absl::StrReplaceAll(kPolicy, {{mistake.from, mistake.to}});
    ASSERT_NE(text, kPolicy) << mistake.from;
    const absl::Status status = ReadPolicy("policy.yaml", text, book).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << mistake.to;
    EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.says)) << mistake.to;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(absl::StrCat("policy.yaml line ", mistake.line, ":")))
        << mistake.to;
    EXPECT_NE(Explain(status).fr, Explain(status).en) << mistake.to;
  }
}

constexpr char kGrant[] = R"(grant: iom-dakar
key: "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
purposes: [plaidoyer, "études, suite"]
tables: [person, incident]
share: 12.5%
until: 2027-01-31
)";

TEST(ReadGrant, ReadsTheDocumentedExample) {
  const auto grant = ReadGrant("iom.yaml", kGrant, Migration());
  ASSERT_TRUE(grant.ok()) << grant.status();
  EXPECT_EQ(grant->name, "iom-dakar");
  EXPECT_THAT(grant->purposes, ::testing::ElementsAre("plaidoyer", "études, suite"));
  EXPECT_THAT(grant->tables, ::testing::ElementsAre("person", "incident"));
  EXPECT_EQ(grant->share_ppm, 125000u);
  EXPECT_EQ(grant->until, absl::FromCivil(absl::CivilDay(2027, 2, 1), absl::UTCTimeZone()));
}

TEST(WriteGrant, WritesWhatReadsBackTheSame) {
  const Codebook book = Migration();
  Grant grant = *ReadGrant("iom.yaml", kGrant, book);
  grant.purposes = {"a \"quoted\" purpose", "back\\slash", "yes", "12"};
  for (const uint32_t share : {1u, 10u, 12345u, 400000u, 999999u, 1000000u}) {
    grant.share_ppm = share;
    const auto again = ReadGrant("written.yaml", WriteGrant(grant), book);
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << WriteGrant(grant);
    EXPECT_EQ(again->share_ppm, share);
    EXPECT_EQ(again->purposes, grant.purposes);
    EXPECT_EQ(again->tables, grant.tables);
    EXPECT_EQ(again->key, grant.key);
    EXPECT_EQ(again->until, grant.until);
  }
}

TEST(ReadGrant, NamesTheLineAndTheRemedyOfEachMistake) {
  const Mistake mistakes[] = {
      {"iom-dakar", "../../etc", 1, "small letters"},
      {"SHA256:A", "MD5:A", 2, "fingerprint"},
      {"AAA\"", "\"", 2, "fingerprint"},
      {"[plaidoyer, \"études, suite\"]", "[]", 3, "at least one purpose"},
      {"incident]", "incidents]", 4, "did you mean incident?"},
      {"[person, incident]", "[]", 4, "at least one table"},
      {"12.5%", "100.5%", 5, "for example 40%"},
      {"12.5%", "0%", 5, "for example 40%"},
      {"12.5%", "0.00001%", 5, "for example 40%"},
      {"12.5%", "12.5", 5, "for example 40%"},
      {"2027-01-31", "31/01/2027", 6, "for example"},
  };
  const Codebook book = Migration();
  for (const Mistake& mistake : mistakes) {
    const std::string text = absl::StrReplaceAll(kGrant, {{mistake.from, mistake.to}});
    ASSERT_NE(text, kGrant) << mistake.from;
    const absl::Status status = ReadGrant("iom.yaml", text, book).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << mistake.to;
    EXPECT_THAT(std::string(status.message()), HasSubstr(mistake.says)) << mistake.to;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("iom.yaml line ", mistake.line, ":")))
        << mistake.to;
  }
}

}  // namespace
}  // namespace penc
