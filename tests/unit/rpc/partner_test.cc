#include "rpc/partner.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/secure_random.h"
#include "office/card.h"

namespace penc::rpc {
namespace {

namespace fs = std::filesystem;
const absl::Time kNow = absl::FromUnixSeconds(1800000000);
constexpr char kKey[] = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
constexpr char kOtherKey[] = "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";

class PartnerFolder : public ::testing::Test {
 protected:
  PartnerFolder() { fs::remove_all(dir_); }
  ~PartnerFolder() override {
    fs::remove_all(dir_);
    fs::remove(card_);
  }
  void WriteOffice(const std::string& name, const std::string& key) {
    storage::v1::Card card;
    card.set_card(name);
    card.set_address("127.0.0.1:7411");
    card.set_key(key);
    ASSERT_TRUE(WriteFileAtomically(card_, WriteCard(card)).ok());
  }

  const std::string dir_ = absl::StrCat(::testing::TempDir(), "/partner_test");
  const std::string card_ = dir_ + ".card";
  SecureRandom random_;
};

TEST_F(PartnerFolder, KeepsItsKeyPrivateAndItsPubAgrees) {
  auto pub = Partner::Create(dir_, "IOM Dakar", kNow, random_);
  ASSERT_TRUE(pub.ok()) << pub.status();
  EXPECT_EQ(*pub, dir_ + "/iom-dakar.pub");
  struct stat found;
  ASSERT_EQ(stat((dir_ + "/partner.key").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  auto partner = Partner::Open(dir_, kNow);
  ASSERT_TRUE(partner.ok()) << partner.status();
  EXPECT_EQ(partner->name(), "IOM Dakar");
  EXPECT_EQ(ReadPartnerKey("x", *ReadFile(*pub))->key(), partner->identity().fingerprint);
}

TEST_F(PartnerFolder, IsNeverMadeOverAnother) {
  ASSERT_TRUE(Partner::Create(dir_, "a", kNow, random_).ok());
  std::string key = *ReadFile(dir_ + "/partner.key");
  EXPECT_EQ(Partner::Create(dir_, "a", kNow, random_).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(dir_ + "/partner.key"), key);
}

TEST_F(PartnerFolder, CertificateIsRenewedUnderTheSameKey) {
  ASSERT_TRUE(Partner::Create(dir_, "a", kNow, random_).ok());
  auto before = Partner::Open(dir_, kNow);
  auto same = Partner::Open(dir_, kNow + absl::Hours(24 * 365));
  auto after = Partner::Open(dir_, kNow + absl::Hours(24 * 365 * 10));
  ASSERT_TRUE(before.ok() && same.ok() && after.ok());
  EXPECT_EQ(before->identity().certificate_pem, same->identity().certificate_pem);
  EXPECT_NE(before->identity().certificate_pem, after->identity().certificate_pem);
  EXPECT_EQ(before->identity().fingerprint, after->identity().fingerprint);
}

TEST_F(PartnerFolder, TrustsACardUntilItsKeyChanges) {
  ASSERT_TRUE(Partner::Create(dir_, "a", kNow, random_).ok());
  auto partner = Partner::Open(dir_, kNow);
  ASSERT_TRUE(partner.ok());
  EXPECT_EQ(partner->Office("ALCRER").status().code(), absl::StatusCode::kNotFound);
  WriteOffice("ALCRER", kKey);
  EXPECT_EQ(*partner->Trust(card_), "alcrer");
  EXPECT_EQ(*partner->Trust(card_), "alcrer");
  EXPECT_EQ(partner->Office("ALCRER")->key(), kKey);
  EXPECT_EQ(partner->Office("alcrer")->key(), kKey);
  WriteOffice("ALCRER", kOtherKey);
  absl::Status changed = partner->Trust(card_).status();
  EXPECT_EQ(changed.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Explain(changed).en.find("has changed"), std::string::npos);
  EXPECT_EQ(partner->Office("alcrer")->key(), kKey);
}

TEST_F(PartnerFolder, NamesNeverLeaveTheFolder) {
  ASSERT_TRUE(Partner::Create(dir_, "a", kNow, random_).ok());
  auto partner = Partner::Open(dir_, kNow);
  ASSERT_TRUE(partner.ok());
  WriteOffice("../../etc/passwd", kKey);
  EXPECT_EQ(*partner->Trust(card_), "etc-passwd");
  EXPECT_TRUE(FileExists(dir_ + "/offices/etc-passwd.card"));
}

}  // namespace
}  // namespace penc::rpc
