// Mail for several readers: each reads it, nobody else does, and no byte of it can be changed.
#include "federation/mail.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "tests/support/seed.h"

namespace penc {
namespace {

struct Mailed {
  explicit Mailed(PrintedRandom& random, size_t count = 3, const std::string& text = "what a steward says")
      : content(text) {
    std::vector<std::string> public_keys;
    for (size_t i = 0; i < count; ++i) {
      readers.push_back(AgreementKey::Generate(random));
      public_keys.push_back(readers.back().public_key());
    }
    context = {std::string(Secret::Random(random, 32).view()), 1 + random.Below(3), random.Below(18)};
    mail = *SealMail(context, content, public_keys, random);
  }
  std::string content;
  std::vector<AgreementKey> readers;
  MailContext context;
  v1::SealedMail mail;
};

absl::StatusCode Code(const MailContext& context, const v1::SealedMail& mail, const AgreementKey& reader) {
  return OpenMail(context, mail, reader).status().code();
}

TEST(Mail, EveryReaderReadsItAndNobodyElse) {
  PrintedRandom random;
  for (const std::string& text : {std::string(), std::string("x"), std::string(300000, 'm')}) {
    const Mailed m(random, 19, text);
    for (const AgreementKey& reader : m.readers) EXPECT_EQ(OpenMail(m.context, m.mail, reader)->view(), text);
    EXPECT_EQ(Code(m.context, m.mail, AgreementKey::Generate(random)), absl::StatusCode::kNotFound);
  }
  const Mailed nobody(random, 0);
  EXPECT_EQ(Code(nobody.context, nobody.mail, AgreementKey::Generate(random)), absl::StatusCode::kNotFound);
}

TEST(Mail, TheSameContentNeverLooksTheSame) {
  PrintedRandom random;
  const Mailed m(random);
  std::set<std::string> seen = {m.mail.SerializeAsString()};
  for (int i = 0; i < 10; ++i) {
    const v1::SealedMail again = *SealMail(m.context, m.content, {m.readers[0].public_key()}, random);
    EXPECT_TRUE(seen.insert(again.sealed()).second);
    EXPECT_TRUE(seen.insert(again.sender_key()).second);
    EXPECT_EQ(again.SerializeAsString().find(m.content), std::string::npos);
  }
}

TEST(Mail, ItOpensInItsOwnRoundAttemptAndSenderOnly) {
  PrintedRandom random;
  const Mailed m(random);
  MailContext context = m.context;
  context.qid[5] = static_cast<char>(context.qid[5] ^ 1);
  EXPECT_EQ(Code(context, m.mail, m.readers[0]), absl::StatusCode::kDataLoss);
  context = m.context;
  ++context.attempt;
  EXPECT_EQ(Code(context, m.mail, m.readers[0]), absl::StatusCode::kDataLoss);
  context = m.context;
  ++context.steward;
  EXPECT_EQ(Code(context, m.mail, m.readers[0]), absl::StatusCode::kDataLoss);
}

// Any byte of the serialised mail: no reader gets another content, and none gets any content at all unless
// the bytes still parse to the same mail.
TEST(Mail, EveryAlteredByteIsRefusedByEveryReader) {
  PrintedRandom random;
  const Mailed m(random);
  const std::string bytes = m.mail.SerializeAsString();
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string altered = bytes;
    altered[at] = static_cast<char>(altered[at] ^ (1 << random.Below(8)));
    v1::SealedMail mail;
    if (!mail.ParseFromString(altered)) continue;
    for (const AgreementKey& reader : m.readers) EXPECT_FALSE(OpenMail(m.context, mail, reader).ok()) << at;
  }
}

TEST(Mail, ReadersCannotBeAddedRemovedOrMoved) {
  PrintedRandom random;
  const Mailed m(random);
  v1::SealedMail mail = m.mail;
  mail.mutable_readers()->RemoveLast();
  EXPECT_EQ(Code(m.context, mail, m.readers[0]), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Code(m.context, mail, m.readers[2]), absl::StatusCode::kNotFound);
  mail = m.mail;
  mail.mutable_readers()->SwapElements(0, 1);
  EXPECT_EQ(Code(m.context, mail, m.readers[0]), absl::StatusCode::kDataLoss);
  mail = m.mail;
  *mail.add_readers() = mail.readers(0);
  EXPECT_EQ(Code(m.context, mail, m.readers[0]), absl::StatusCode::kDataLoss);
  // Bytes moved from one field to the next: the joined bytes would be the same.
  mail = m.mail;
  auto& reader = *mail.mutable_readers(1);
  reader.set_key(reader.reader().substr(31) + reader.key());
  reader.set_reader(reader.reader().substr(0, 31));
  EXPECT_EQ(Code(m.context, mail, m.readers[0]), absl::StatusCode::kDataLoss);
}

TEST(Mail, AnAllZeroKeyIsRefusedOnBothSides) {
  PrintedRandom random;
  const Mailed m(random);
  const std::string zero(32, '\0');
  EXPECT_EQ(SealMail(m.context, "text", {m.readers[0].public_key(), zero}, random).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SealMail(m.context, "text", {"short"}, random).status().code(),
            absl::StatusCode::kInvalidArgument);
  v1::SealedMail mail = m.mail;
  mail.set_sender_key(zero);
  EXPECT_EQ(Code(m.context, mail, m.readers[0]), absl::StatusCode::kInvalidArgument);
  mail.set_sender_key("");
  EXPECT_EQ(Code(m.context, mail, m.readers[0]), absl::StatusCode::kDataLoss);
}

// A sender who wraps one content key for one reader and another for the next is refused by one of them: both
// never read different things under one name.
TEST(Mail, ReadersWithDifferentContentKeysAreNotFooled) {
  PrintedRandom random;
  const Mailed a(random), b(random);
  v1::SealedMail mail = a.mail;
  mail.set_key_sha256(b.mail.key_sha256());
  EXPECT_EQ(Code(a.context, mail, a.readers[0]), absl::StatusCode::kDataLoss);
  mail = a.mail;
  mail.mutable_readers(0)->set_key(a.mail.readers(1).key());
  for (const AgreementKey& reader : a.readers) {
    EXPECT_EQ(Code(a.context, mail, reader), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace penc
