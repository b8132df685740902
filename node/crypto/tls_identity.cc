#include "crypto/tls_identity.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/openssl_handles.h"

namespace penc {
namespace {

constexpr size_t kLongestName = 64;  // ub-common-name

std::string Cut(absl::string_view name) {
  size_t size = std::min(name.size(), kLongestName);
  while (size > 0 && size < name.size() && (static_cast<uint8_t>(name[size]) & 0xc0) == 0x80) --size;
  return std::string(name.substr(0, size));
}

void SetTime(ASN1_TIME* field, absl::Time time) {
  PENC_CHECK(ASN1_TIME_set(field, absl::ToTimeT(time)) != nullptr);
}

absl::Time GetTime(const ASN1_TIME* field) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(field, &tm) != 1) return absl::InfinitePast();
  return absl::FromTM(tm, absl::UTCTimeZone());
}

}  // namespace

class CertificateMaker {
 public:
  static openssl::Key Key(const SigningKey& key) {
    openssl::Key evp(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.seed_.bytes().data(), key.seed_.size()));
    PENC_CHECK(evp != nullptr);
    return evp;
  }
};

std::string MakeCertificate(const SigningKey& key, absl::string_view name, absl::Time not_before,
                            absl::Time not_after) {
  openssl::Key evp = CertificateMaker::Key(key);
  openssl::Certificate certificate(X509_new());
  PENC_CHECK(certificate != nullptr && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                          static_cast<uint64_t>(absl::ToUnixMicros(not_before)) & INT64_MAX);
  SetTime(X509_getm_notBefore(certificate.get()), not_before);
  SetTime(X509_getm_notAfter(certificate.get()), not_after);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const std::string common_name = Cut(name);
  PENC_CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                        reinterpret_cast<const uint8_t*>(common_name.data()),
                                        static_cast<int>(common_name.size()), -1, 0) == 1);
  PENC_CHECK(X509_set_issuer_name(certificate.get(), subject) == 1);
  PENC_CHECK(X509_set_pubkey(certificate.get(), evp.get()) == 1);
  const std::string names = absl::StrCat("DNS:", kTlsName, ",URI:penc:", key.verify_key().Fingerprint());
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate.get(), certificate.get(), nullptr, nullptr, 0);
  for (auto [nid, value] :
       {std::pair(NID_subject_alt_name, names.c_str()), std::pair(NID_basic_constraints, "critical,CA:FALSE"),
        std::pair(NID_key_usage, "critical,digitalSignature")}) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    PENC_CHECK(extension != nullptr && X509_add_ext(certificate.get(), extension, -1) == 1);
    X509_EXTENSION_free(extension);
  }
  PENC_CHECK(X509_sign(certificate.get(), evp.get(), nullptr) > 0);
  openssl::Bio bio(BIO_new(BIO_s_mem()));
  PENC_CHECK(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, size);
}

absl::StatusOr<Certificate> ParseCertificate(absl::string_view pem) {
  const auto bad = [] {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"ce n'est pas un certificat Ed25519 de penc", "this is not an Ed25519 certificate of penc"});
  };
  openssl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  openssl::Certificate x509(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (x509 == nullptr) return bad();
  EVP_PKEY* evp = X509_get0_pubkey(x509.get());
  uint8_t raw[32];
  size_t size = sizeof(raw);
  if (evp == nullptr || EVP_PKEY_id(evp) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(evp, raw, &size) != 1 || size != sizeof(raw) ||
      X509_verify(x509.get(), evp) != 1) {
    return bad();
  }
  Certificate certificate;
  ASSIGN_OR_RETURN(certificate.key, VerifyKey::FromBytes({reinterpret_cast<const char*>(raw), size}));
  char name[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(x509.get()), NID_commonName, name, sizeof(name));
  certificate.common_name = name;
  certificate.not_before = GetTime(X509_get0_notBefore(x509.get()));
  certificate.not_after = GetTime(X509_get0_notAfter(x509.get()));
  return certificate;
}

}  // namespace penc
