// Regional rounds in words: where one stands, until when, who has answered, what it would give. Pure.
#pragma once
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/status.h"
#include "cli/output.h"
#include "penc/v1/admin.pb.h"
#include "penc/v1/hub_service.pb.h"
#include "penc/v1/node_service.pb.h"
#include "penc/v1/roster.pb.h"
#include "penc/v1/round.pb.h"

namespace penc::cli {

// "2 j 3 h", "12 min": rounded to what a person cares about.
std::string InTime(absl::Duration time, Lang lang);

// Where a round stands and what it waits for.
std::string StateText(const v1::RoundSummary& summary, const v1::Descriptor& terms, absl::Time now,
                      Lang lang);

// What has changed since `before`, a sentence each: who answered or stayed away, how far the stewards are.
std::vector<Text> RoundNews(const v1::RoundSummary& before, const v1::RoundSummary& now,
                            const v1::Descriptor& terms, const v1::Roster& roster);
// How many have answered, and how long the step may still take.
Text RoundProgress(const v1::RoundSummary& summary, const v1::Descriptor& terms, absl::Time now);

// Why a round that ended did not open, and what can be done.
Text NotOpened(const v1::RoundSummary& summary, const v1::Descriptor& terms, const v1::Roster& roster);

// What a descriptor promises before anybody spends: who is asked, margins where all or only the fewest
// answer, price.
std::string ReportRoundPlan(const v1::Descriptor& terms, const v1::Roster& roster,
                            const v1::ExplainResponse& all, const v1::ExplainResponse& fewest, Lang lang);

// One row a round, as a partner sees it.
struct ListedRound {
  std::string id;
  v1::Descriptor terms;
  v1::RoundSummary summary;  // state unspecified: the hub no longer has it
  bool answered = false;     // its answer is kept here
};
std::string ReportListed(const std::vector<ListedRound>& rounds, absl::Time now, Lang lang);
// As an office sees them.
std::string ReportOfficeRounds(const v1::RoundsResult& result, Lang lang);

// The first question's title or SQL, and how many more there are.
std::string QuestionsText(const v1::Descriptor& terms, Lang lang);

}  // namespace penc::cli
