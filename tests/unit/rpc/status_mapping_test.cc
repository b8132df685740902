#include "rpc/status_mapping.h"

#include <gtest/gtest.h>

namespace penc::rpc {
namespace {

TEST(StatusMapping, KeepsCodeAndBothLanguages) {
  for (int code = 1; code <= 16; ++code) {
    absl::Status before =
        Fail(static_cast<absl::StatusCode>(code), {"fermé: réessayez", "closed: try again"});
    for (const grpc::Status& sent : {ToGrpc(before), ToGrpcWithoutDetails(before)}) {
      absl::Status after = FromGrpc(sent);
      EXPECT_EQ(static_cast<int>(after.code()), code);
      EXPECT_EQ(Explain(after).fr, "fermé: réessayez");
      EXPECT_EQ(Explain(after).en, "closed: try again");
    }
  }
}

TEST(StatusMapping, TakesAForeignMessageAsItIs) {
  absl::Status status =
      FromGrpc(grpc::Status(grpc::StatusCode::INTERNAL, "stream reset", "not a message \xff"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Explain(status).en, "stream reset");
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

}  // namespace
}  // namespace penc::rpc
