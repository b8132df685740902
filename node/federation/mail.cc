#include "federation/mail.h"

#include <openssl/crypto.h>

#include "base/big_endian.h"
#include "base/status.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace penc {
namespace {

constexpr size_t kKeyAndNonce = 44;
constexpr size_t kWrapped = kKeyAndNonce + 16;
constexpr size_t kHash = 32;

std::string Prefix(const MailContext& context) {
  PENC_CHECK(context.qid.size() == kHash);
  return "penc mail v1\n" + context.qid + BigEndian32(context.attempt) + BigEndian32(context.steward);
}

Secret WrappingKey(const MailContext& context, absl::string_view sender, absl::string_view reader,
                   const Secret& agreed) {
  std::string bytes =
      HkdfSha256(agreed.view(), Sha256({Prefix(context), sender, reader}), "mail", kKeyAndNonce);
  Secret key{absl::string_view(bytes)};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

std::string ContentKeyHash(const Secret& key) { return Sha256({"penc mail key v1\n", key.view()}); }

std::string Associated(const MailContext& context, const v1::SealedMail& mail) {
  std::string bytes = Prefix(context) + mail.sender_key() + mail.key_sha256();
  for (const auto& reader : mail.readers()) bytes += reader.reader() + reader.key();
  return bytes;
}

// Fixed lengths everywhere: the associated data can be read in one way only.
bool WellFormed(const v1::SealedMail& mail) {
  if (mail.sender_key().size() != 32 || mail.key_sha256().size() != kHash) return false;
  for (const auto& reader : mail.readers()) {
    if (reader.reader().size() != kHash || reader.key().size() != kWrapped) return false;
  }
  return true;
}

absl::Status Altered() {
  return Fail(absl::StatusCode::kDataLoss,
              {"ce message scellé a été altéré ou appartient à un autre tour: demandez-le de nouveau",
               "this sealed message was altered or belongs to another round: ask for it again"});
}

}  // namespace

absl::StatusOr<v1::SealedMail> SealMail(const MailContext& context, absl::string_view content,
                                        const std::vector<std::string>& readers, RandomSource& random) {
  const AgreementKey sender = AgreementKey::Generate(random);
  const Secret content_key = Secret::Random(random, kKeyAndNonce);
  v1::SealedMail mail;
  mail.set_sender_key(sender.public_key());
  mail.set_key_sha256(ContentKeyHash(content_key));
  for (const std::string& key : readers) {
    ASSIGN_OR_RETURN(const Secret agreed, sender.Agree(key));
    auto& reader = *mail.add_readers();
    reader.set_reader(Sha256(key));
    reader.set_key(SealOnce(WrappingKey(context, mail.sender_key(), key, agreed), "", content_key.view()));
  }
  mail.set_sealed(SealOnce(content_key, Associated(context, mail), content));
  return mail;
}

absl::StatusOr<Secret> OpenMail(const MailContext& context, const v1::SealedMail& mail,
                                const AgreementKey& reader) {
  if (!WellFormed(mail)) return Altered();
  const std::string key = reader.public_key();
  const std::string name = Sha256(key);
  for (const auto& entry : mail.readers()) {
    if (entry.reader() != name) continue;
    ASSIGN_OR_RETURN(const Secret agreed, reader.Agree(mail.sender_key()));
    const auto content_key = OpenOnce(WrappingKey(context, mail.sender_key(), key, agreed), "", entry.key());
    if (!content_key.ok() || ContentKeyHash(*content_key) != mail.key_sha256()) return Altered();
    auto content = OpenOnce(*content_key, Associated(context, mail), mail.sealed());
    if (!content.ok()) return Altered();
    return content;
  }
  return Fail(absl::StatusCode::kNotFound,
              {"ce message n'est pas destiné à cette clé: seuls le partenaire et les membres le lisent",
               "this message is not meant for this key: only the partner and the members read it"});
}

}  // namespace penc
