#include "cli/directory.h"

#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "cli/report.h"
#include "cli/stop_signal.h"
#include "ingest/byte_source.h"
#include "office/admin.h"
#include "office/office.h"
#include "rpc/admin_client.h"
#include "rpc/ask_stewards.h"

namespace penc::cli {

KeySource KeySourceOf(const Outside& outside) {
  KeySource source;
  source.from = outside.key_from;
  if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY"); folder != nullptr)
    source.credentials_folder = folder;
  return source;
}

Environment EnvironmentOf(const Outside& outside, Output& output, Patience patience) {
  Environment environment{outside.clock, outside.random, outside.steps,
                          [&output](const Text& text) { output.Say(text); }, KeySourceOf(outside)};
  environment.keys.ask_stewards = [&outside, &output, patience](const storage::v1::StewardSlot& slot) {
    rpc::AskStewardsOptions options;
    options.tell = [&output](const Text& text) { output.Say(text); };
    if (patience == Patience::kUntilStopped) {
      options.patience = absl::InfiniteDuration();
      options.stopped = StopSignalCame;
    }
    return rpc::AskStewards(slot, outside.clock, outside.random, options);
  };
  return environment;
}

absl::StatusOr<v1::AdminResult> RunOnDirectory(const std::string& dir, const v1::AdminCommand& command,
                                               ByteSource* upload, const Outside& outside, Output& output) {
  std::string step;
  absl::Time began = absl::Now();
  auto progress = [&](const v1::AdminProgress& at) {
    if (step != at.step()) began = absl::Now();
    step = at.step();
    // Also where nobody watches a terminal: it may take long.
    if (step == "waiting") return output.Say(ReportProgress(at, absl::ZeroDuration(), absl::nullopt));
    const bool reading = step == "reading" && upload != nullptr;
    output.Progress(ReportProgress(at, absl::Now() - began, reading ? upload->ReadPpm() : absl::nullopt));
  };
  ASSIGN_OR_RETURN(absl::optional<rpc::AdminClient> node, rpc::AdminClient::Find(dir));
  if (node.has_value()) return node->Run(command, upload, progress);
  ASSIGN_OR_RETURN(std::unique_ptr<Office> office, Office::Open(dir, EnvironmentOf(outside, output)));
  return Administer(*office, command, upload, progress);
}

ExitCode RunAndReport(const std::string& dir, const v1::AdminCommand& command, ByteSource* upload, bool json,
                      const Outside& outside, Output& output) {
  absl::StatusOr<v1::AdminResult> result = RunOnDirectory(dir, command, upload, outside, output);
  if (!result.ok()) return output.Fail(result.status());
  if (!json) {
    for (const v1::Label& notice : result->notices()) output.Say({notice.fr(), notice.en()});
  }
  output.Data(json ? Json(*result) : Report(*result, output.lang()));
  const bool refused = result->has_explain() && result->explain().has_refusal();
  return refused ? kRefused : kAnswered;
}

std::string Json(const google::protobuf::Message& message) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  PENC_CHECK(google::protobuf::util::MessageToJsonString(message, &text, options).ok());
  return text;
}

absl::StatusOr<uint32_t> ParseShare(const std::string& text) {
  std::string number = absl::StrReplaceAll(text, {{" ", ""}, {"\u202f", ""}, {"\u00a0", ""}, {",", "."}});
  const bool percent = absl::EndsWith(number, "%");
  if (percent) number.pop_back();
  double value = 0;
  if (!percent || !absl::SimpleAtod(number, &value) || !(value >= 0.0001) || value > 100) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("«", text, "» n'est pas une part: écrivez par exemple 2%"),
                 absl::StrCat("\"", text, "\" is not a share: write for example 2%")});
  }
  return static_cast<uint32_t>(std::lround(value * 10000));
}

}  // namespace penc::cli
