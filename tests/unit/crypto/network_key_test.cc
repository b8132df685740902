// The key that a network's members share.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/keyfile.h"
#include "crypto/secure_random.h"

namespace penc {
namespace {

using ::testing::HasSubstr;

class NetworkKey : public ::testing::Test {
 protected:
  ~NetworkKey() override { std::filesystem::remove(path_); }
  const std::string path_ =
      absl::StrCat(std::filesystem::temp_directory_path().string(), "/penc_network_key_", getpid());
  SecureRandom random_;
};

// printf 'penc network key check v1\n' | openssl dgst -sha256 -mac HMAC -macopt hexkey:6b6b…6b
TEST_F(NetworkKey, IsRecognisedByItsCheckValue) {
  EXPECT_EQ(NetworkKeyCheck(Secret(std::string(32, 'k'))), "7c66eeec26fac3ad78f2aec7f14da9bc");
}

TEST_F(NetworkKey, ComesFromAStickWithAnyPermissions) {
  ASSERT_TRUE(CreateNetworkKey(path_, random_).ok());
  const std::string check = NetworkKeyCheck(LoadNetworkKey(path_).value());
  std::filesystem::permissions(path_, std::filesystem::perms::all);
  EXPECT_EQ(NetworkKeyCheck(LoadNetworkKey(path_).value()), check);
  EXPECT_TRUE(absl::IsAlreadyExists(CreateNetworkKey(path_, random_)));
}

TEST_F(NetworkKey, IsNoOtherKindOfKey) {
  ASSERT_TRUE(CreateNodeKey(path_, random_).ok());
  const absl::Status loaded = LoadNetworkKey(path_).status();
  EXPECT_TRUE(absl::IsDataLoss(loaded)) << loaded;
  EXPECT_THAT(Explain(loaded).en, HasSubstr("no network's key"));
  EXPECT_TRUE(absl::IsNotFound(LoadNetworkKey(path_ + ".none").status()));
}

}  // namespace
}  // namespace penc
