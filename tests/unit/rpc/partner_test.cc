#include "rpc/partner.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "federation/network_card.h"
#include "federation/record_file.h"
#include "office/card.h"
#include "tests/support/small_network.h"
#include "tests/support/small_store.h"

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
  EXPECT_EQ(partner->Trust(card_)->name, "alcrer");
  EXPECT_EQ(partner->Trust(card_)->name, "alcrer");
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
  EXPECT_EQ(partner->Trust(card_)->name, "etc-passwd");
  EXPECT_TRUE(FileExists(dir_ + "/offices/etc-passwd.card"));
}

TEST_F(PartnerFolder, HasAMailKeyAndGetsOneWhereAnOlderPencMadeNone) {
  ASSERT_TRUE(Partner::Create(dir_, "a", kNow, random_).ok());
  struct stat found;
  ASSERT_EQ(stat((dir_ + "/mail.key").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  auto partner = Partner::Open(dir_, kNow);
  ASSERT_TRUE(partner.ok());
  const std::string key = partner->MailKey(random_)->public_key();
  EXPECT_EQ(partner->MailKey(random_)->public_key(), key);
  fs::remove(dir_ + "/mail.key");
  const std::string made = partner->MailKey(random_)->public_key();
  EXPECT_NE(made, key);
  EXPECT_EQ(partner->MailKey(random_)->public_key(), made);
}

// Networks: card, rosters, codebook, rounds.
class PartnerNetworks : public PartnerFolder {
 protected:
  PartnerNetworks() {
    EXPECT_TRUE(Partner::Create(dir_, "a", kNow, random_).ok());
    first_.set_roster(network_.roster_bytes);
    SignRoster(network_.hub, first_);
  }
  storage::v1::NetworkCard Card() const {
    storage::v1::NetworkCard card;
    card.set_network("Essai Sahel");
    card.set_address("hub.example.org:7410");
    card.set_key(kKey);
    card.set_roots(RootsFingerprint(network_.roster()));
    return card;
  }
  absl::StatusOr<Partner::Trusted> Trust(const storage::v1::NetworkCard& card) {
    EXPECT_TRUE(WriteFileAtomically(card_, WriteNetworkCard(card)).ok());
    return Partner::Open(dir_, kNow)->Trust(card_);
  }
  v1::SignedRoster Second() const {
    v1::Roster next = network_.roster();
    next.set_version(2);
    next.set_previous_sha256(Sha256(first_.roster()));
    next.set_hub_address("elsewhere.example.org:7410");
    v1::SignedRoster made;
    made.set_roster(next.SerializeAsString());
    SignRoster(network_.hub, made);
    return made;
  }

  SmallNetwork network_{{}};
  v1::SignedRoster first_;
};

TEST_F(PartnerNetworks, ACardIsToldFromAnOfficesAndAChangedOneIsRefused) {
  storage::v1::NetworkCard card = Card();
  card.set_code("k7dm-93xp-qhzt-2w5a");  // an invitation will do
  const auto trusted = Trust(card);
  ASSERT_TRUE(trusted.ok()) << trusted.status();
  EXPECT_TRUE(trusted->network);
  EXPECT_EQ(trusted->name, "essai-sahel");
  EXPECT_EQ(ReadFile(dir_ + "/networks/essai-sahel.network")->find("k7dm"), std::string::npos);
  EXPECT_TRUE(Trust(card).ok()) << "again";
  card.set_address("hub2.example.org:7410");
  EXPECT_TRUE(Trust(card).ok()) << "a hub may move";
  card.set_key(kOtherKey);
  EXPECT_EQ(Trust(card).status().code(), absl::StatusCode::kFailedPrecondition);
  card = Card();
  card.set_roots(kOtherKey);
  EXPECT_EQ(Trust(card).status().code(), absl::StatusCode::kFailedPrecondition);
  WriteOffice("ALCRER", kKey);
  EXPECT_FALSE(Partner::Open(dir_, kNow)->Trust(card_)->network);
  const auto partner = Partner::Open(dir_, kNow);
  EXPECT_TRUE(partner->Network("Essai Sahel").ok()) << "by its own name, too";
  const absl::Status unknown = partner->Network("autre").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(Explain(unknown).en.find("essai-sahel"), std::string::npos);
}

TEST_F(PartnerNetworks, RostersStayPinnedAndDecideWhereTheHubIs) {
  ASSERT_TRUE(Trust(Card()).ok());
  auto network = PartnerNetwork::Open(dir_, "essai-sahel");
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_EQ(network->hub_address(), "hub.example.org:7410");
  EXPECT_EQ(network->hub_key(), kKey);
  ASSERT_TRUE(network->PinRosters({first_}).ok());
  v1::SignedRoster unsigned_one = Second();
  unsigned_one.clear_signatures();
  EXPECT_FALSE(network->PinRosters({unsigned_one}).ok());
  auto again = PartnerNetwork::Open(dir_, "essai-sahel");
  EXPECT_EQ(again->rosters().version(), 1u);
  ASSERT_TRUE(again->PinRosters({first_, Second()}).ok());
  again = PartnerNetwork::Open(dir_, "essai-sahel");
  EXPECT_EQ(again->rosters().version(), 2u);
  EXPECT_EQ(again->hub_address(), "elsewhere.example.org:7410");
  EXPECT_EQ(again->hub_key(), network_.hub.verify_key().Fingerprint());
  EXPECT_EQ(again->trust().rosters.size(), 2u);
  EXPECT_EQ(again->trust().roots, Card().roots());
  // Nobody who can write files puts another roster under the pin.
  const std::string path = dir_ + "/networks/essai-sahel.rosters";
  std::string bytes = *ReadFile(path);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  EXPECT_EQ(PartnerNetwork::Open(dir_, "essai-sahel").status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(PartnerNetworks, ACodebookIsReadBeforeItIsKept) {
  ASSERT_TRUE(Trust(Card()).ok());
  const auto network = PartnerNetwork::Open(dir_, "essai-sahel");
  EXPECT_FALSE(network->CodebookText()->has_value()) << "the one that penc carries";
  EXPECT_EQ(network->KeepCodebook("codebook: x\n").code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(network->KeepCodebook(kStoreCodebook).ok());
  EXPECT_EQ(network->CodebookText()->value(), kStoreCodebook);
}

TEST_F(PartnerNetworks, RoundsAreKeptAndFoundAgain) {
  ASSERT_TRUE(Trust(Card()).ok());
  const auto network = PartnerNetwork::Open(dir_, "essai-sahel");
  EXPECT_TRUE(network->RoundIds().empty());
  storage::v1::PartnerRound round;
  *round.mutable_terms() = network_.Sign(network_.Terms());
  round.set_codebook("text");
  ASSERT_TRUE(network->KeepRound(round).ok());
  const std::string id = RoundId(Sha256(round.terms().body()));
  EXPECT_EQ(network->RoundIds(), std::vector<std::string>{id});
  EXPECT_EQ(network->Round(id)->codebook(), "text");
  EXPECT_EQ(network->Round(std::string(64, 'a')).status().code(), absl::StatusCode::kNotFound);
  v1::RoundRecord record;
  record.set_format(1);
  *record.mutable_terms() = round.terms();
  ASSERT_TRUE(SaveRecord(network->rounds(), record).ok());
  EXPECT_EQ(network->RoundIds().size(), 1u) << "the same round";
}

}  // namespace
}  // namespace penc::rpc
