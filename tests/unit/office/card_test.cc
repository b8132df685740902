#include "office/card.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr char kKey[] = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

TEST(Card, ReadsBackWhatItWrote) {
  storage::v1::Card card;
  card.set_card("Voix \"des\" migrants: Kayes \\ Nord");
  card.set_address("[::1]:7411");
  card.set_key(kKey);
  absl::StatusOr<storage::v1::Card> read = ReadCard("x.card", WriteCard(card));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), card.SerializeAsString());
}

TEST(Card, NamesTheLineOfWhatIsWrong) {
  struct {
    std::string text;
    const char* where;
  } rows[] = {
      {"card: A\naddress: nowhere\nkey: \"SHA256:AAAA\"\n", "x.card line 2"},
      {absl::StrCat("card: A\naddress: 1.2.3.4:70000\nkey: ", kKey, "\n"), "x.card line 2"},
      {"card: A\naddress: 1.2.3.4:7411\nkey: \"SHA256:AAAA\"\n", "x.card line 3"},
      {absl::StrCat("card: A\naddress: 1.2.3.4:7411\nkey: ", kKey, "\ncard: B\n"), "x.card line 4"},
      {"card: A\naddress: 1.2.3.4:7411\n", "key"},
  };
  for (const auto& row : rows) {
    absl::Status status = ReadCard("x.card", row.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.text;
    EXPECT_NE(std::string(status.message()).find(row.where), std::string::npos) << status;
  }
}

TEST(Card, DisplayNamesBecomeFileNames) {
  EXPECT_EQ(FileNameOf("IOM Dakar"), "iom-dakar");
  EXPECT_EQ(FileNameOf("  A..B/../c "), "a-b-c");
  EXPECT_EQ(FileNameOf("Été à Kayes"), "ete-a-kayes");
  EXPECT_EQ(FileNameOf("日本"), "");
  EXPECT_TRUE(CheckFileName("iom-dakar2").ok());
  for (const char* bad : {"", "-a", "../x", "A", "a b", "a.yaml"})
    EXPECT_FALSE(CheckFileName(bad).ok()) << bad;
}

TEST(Card, AddressesAreHostAndPort) {
  for (const char* good : {"127.0.0.1:7411", "localhost:0", "[::1]:65535", "node.example.org:443"}) {
    EXPECT_TRUE(CheckAddress(good).ok()) << good;
  }
  for (const char* bad :
       {"", ":7411", "host", "host:", "host:65536", "::1:80", "unix:/tmp/x:1", "a b:1", "h:-1"}) {
    EXPECT_FALSE(CheckAddress(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace penc
