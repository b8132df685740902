// Runs one command on an office directory: through the socket of the running node, else on the directory
// itself. Same code behind both (office/admin.h).
#pragma once
#include <string>

#include "absl/status/statusor.h"
#include "cli/app.h"
#include "cli/output.h"
#include "ingest/byte_source.h"
#include "office/environment.h"
#include "penc/v1/admin.pb.h"

namespace penc::cli {

// Where this command's office has its key from, without anybody to ask.
KeySource KeySourceOf(const Outside& outside);
// The same with the network's stewards, who are waited for: a minute, or until Ctrl-C by what serves.
enum class Patience { kAMinute, kUntilStopped };
Environment EnvironmentOf(const Outside& outside, Output& output, Patience patience = Patience::kAMinute);

// `upload` may be null. Progress goes to the terminal.
absl::StatusOr<v1::AdminResult> RunOnDirectory(const std::string& dir, const v1::AdminCommand& command,
                                               ByteSource* upload, const Outside& outside, Output& output);

// Runs it and prints the result: as sentences, or as protobuf JSON.
ExitCode RunAndReport(const std::string& dir, const v1::AdminCommand& command, ByteSource* upload, bool json,
                      const Outside& outside, Output& output);

// Protobuf JSON with every field named as in the proto's JSON mapping.
std::string Json(const google::protobuf::Message& message);

// "2%", "2,5 %" or "20000ppm" as parts per million.
absl::StatusOr<uint32_t> ParseShare(const std::string& text);

}  // namespace penc::cli
