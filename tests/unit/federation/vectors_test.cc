// Suite 1 against a second reading of the specification: tests/vectors/round_v1.jsonl, computed by the script
// beside it. These values never change; whoever must change one makes a new suite.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "crypto/hash.h"
#include "crypto/shamir.h"
#include "federation/box.h"
#include "federation/chunks.h"
#include "federation/mail.h"
#include "federation/masks.h"

namespace penc {
namespace {

using google::protobuf::Struct;

// One line: {"id", "inputs", "expected"}; bytes in hexadecimal, numbers in decimal, lists of bytes.
class Vector {
 public:
  explicit Vector(Struct line) : line_(std::move(line)) {}

  std::string Bytes(const std::string& name) const {
    return absl::HexStringToBytes(Field(name).string_value());
  }
  Secret SecretBytes(const std::string& name) const { return Secret(absl::string_view(Bytes(name))); }
  uint32_t Number(const std::string& name) const { return ToNumber(Field(name).string_value()); }
  std::vector<std::string> List(const std::string& name) const {
    std::vector<std::string> all;
    for (const auto& value : Field(name).list_value().values()) {
      all.push_back(absl::HexStringToBytes(value.string_value()));
    }
    return all;
  }
  std::vector<uint32_t> Numbers(const std::string& name) const {
    std::vector<uint32_t> all;
    for (const auto& value : Field(name).list_value().values()) {
      all.push_back(ToNumber(value.string_value()));
    }
    return all;
  }

 private:
  static uint32_t ToNumber(const std::string& text) {
    uint32_t number = 0;
    EXPECT_TRUE(absl::SimpleAtoi(text, &number)) << text;
    return number;
  }
  const google::protobuf::Value& Field(const std::string& name) const {
    for (const char* part : {"inputs", "expected"}) {
      const auto& fields = line_.fields().at(part).struct_value().fields();
      if (const auto found = fields.find(name); found != fields.end()) return found->second;
    }
    ADD_FAILURE() << "no field " << name;
    return google::protobuf::Value::default_instance();
  }

  Struct line_;
};

// Vectors whose id starts with `kind`.
std::map<std::string, Vector> Vectors(const std::string& kind) {
  std::ifstream in(PENC_SOURCE_DIR "/tests/vectors/round_v1.jsonl");
  std::map<std::string, Vector> out;
  for (std::string line; std::getline(in, line);) {
    Struct parsed;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(line, &parsed).ok()) << line;
    const std::string id = parsed.fields().at("id").string_value();
    if (id.rfind(kind + "-", 0) == 0) out.emplace(id, Vector(std::move(parsed)));
  }
  EXPECT_FALSE(out.empty()) << kind;
  return out;
}

TEST(RoundVectors, PairKeys) {
  for (const auto& [id, v] : Vectors("pair")) {
    const AgreementKey office = *AgreementKey::FromBytes(v.Bytes("office_secret"));
    const AgreementKey steward = *AgreementKey::FromBytes(v.Bytes("steward_secret"));
    EXPECT_EQ(office.public_key(), v.Bytes("office_key")) << id;
    EXPECT_EQ(steward.public_key(), v.Bytes("steward_key")) << id;
    const PairContext context = {v.Number("suite"),     v.Bytes("qid"),      v.Number("attempt"),
                                 v.Number("office"),    v.Number("steward"), v.Bytes("office_key"),
                                 v.Bytes("steward_key")};
    const Secret preshared = v.SecretBytes("preshared");
    const PairKeys keys = *PairKeysOfOffice(context, office, preshared);
    EXPECT_EQ(keys.mask_seed.view(), v.Bytes("mask_seed")) << id;
    EXPECT_EQ(keys.box_key.view(), v.Bytes("box_key")) << id;
    EXPECT_EQ(PairKeysOfSteward(context, steward, preshared)->mask_seed.view(), v.Bytes("mask_seed")) << id;
    EXPECT_EQ(MaskCommitment(keys.mask_seed), v.Bytes("mask_commitment")) << id;
    EXPECT_EQ(LevelCommitment(keys.mask_seed), v.Bytes("level_commitment")) << id;
  }
}

template <typename Word>
std::string Masked(const Vector& v, int sign) {
  const std::string start = v.Bytes("words");
  std::vector<Word> words(start.size() / sizeof(Word));
  std::memcpy(words.data(), start.data(), start.size());
  MaskStream(v.SecretBytes("seed")).Apply(sign, absl::MakeSpan(words));
  return std::string(reinterpret_cast<const char*>(words.data()), start.size());
}

TEST(RoundVectors, Masks) {
  for (const auto& [id, v] : Vectors("mask")) {
    const bool narrow = v.Number("word_bits") == 32;
    EXPECT_EQ(narrow ? Masked<uint32_t>(v, 1) : Masked<uint64_t>(v, 1), v.Bytes("added")) << id;
    EXPECT_EQ(narrow ? Masked<uint32_t>(v, -1) : Masked<uint64_t>(v, -1), v.Bytes("subtracted")) << id;
  }
}

TEST(RoundVectors, JoinedShares) {
  for (const auto& [id, v] : Vectors("join")) {
    const std::vector<uint32_t> indexes = v.Numbers("indexes");
    const std::vector<std::string> shares = v.List("shares");
    std::vector<std::pair<uint32_t, absl::string_view>> given;
    for (size_t i = 0; i < indexes.size(); ++i) given.emplace_back(indexes[i], shares[i]);
    EXPECT_EQ(JoinShares(v.Number("threshold"), given)->view(), v.Bytes("secret")) << id;
  }
}

TEST(RoundVectors, Boxes) {
  for (const auto& [id, v] : Vectors("box")) {
    std::vector<Secret> shares;
    for (const std::string& share : v.List("shares")) shares.emplace_back(absl::string_view(share));
    const Box box(std::move(shares));
    EXPECT_EQ(box.Root(), v.Bytes("root")) << id;
    EXPECT_EQ(SealBox(v.SecretBytes("box_key"), box), v.Bytes("sealed")) << id;
    const auto opened = OpenBox(v.SecretBytes("box_key"), v.Bytes("sealed"),
                                {box.places(), v.Bytes("sha256"), v.Bytes("root")});
    ASSERT_TRUE(opened.ok()) << id << ": " << opened.status();
    const uint32_t place = v.Number("place");
    EXPECT_EQ(opened->share(place).view(), box.share(place).view()) << id;
    const v1::OpenedShare proven = opened->Prove(0, place);
    EXPECT_EQ(std::vector<std::string>(proven.proof().begin(), proven.proof().end()), v.List("proof")) << id;
    EXPECT_TRUE(VerifyShare(proven, box.places(), v.Bytes("root"))) << id;
  }
}

TEST(RoundVectors, Chunks) {
  for (const auto& [id, v] : Vectors("chunks")) {
    std::string vector(v.Number("bytes"), 0);
    for (size_t i = 0; i < vector.size(); ++i) {
      vector[i] = static_cast<char>(i + (i >> 8) + 7 * (i >> 16));
    }
    ASSERT_EQ(Sha256(vector), v.Bytes("sha256")) << id;
    const ChunkTree tree = ChunkTree::Of(vector);
    EXPECT_EQ(tree.Root(), v.Bytes("root")) << id;
    EXPECT_EQ(tree.Proof(tree.chunks() - 1), v.List("last_proof")) << id;
  }
}

TEST(RoundVectors, Mail) {
  for (const auto& [id, v] : Vectors("mail")) {
    v1::SealedMail mail;
    mail.set_sender_key(v.Bytes("sender_key"));
    mail.set_key_sha256(v.Bytes("key_sha256"));
    mail.set_sealed(v.Bytes("sealed"));
    const std::vector<std::string> names = v.List("readers"), keys = v.List("keys");
    for (size_t i = 0; i < names.size(); ++i) {
      auto& reader = *mail.add_readers();
      reader.set_reader(names[i]);
      reader.set_key(keys[i]);
    }
    const MailContext context = {v.Bytes("qid"), v.Number("attempt"), v.Number("steward")};
    for (const std::string& secret : v.List("reader_secrets")) {
      const auto content = OpenMail(context, mail, *AgreementKey::FromBytes(secret));
      ASSERT_TRUE(content.ok()) << id << ": " << content.status();
      EXPECT_EQ(content->view(), v.Bytes("content")) << id;
    }
  }
}

}  // namespace
}  // namespace penc
