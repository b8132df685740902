#include "rpc/tls.h"

#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "crypto/tls_identity.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {
namespace {

absl::string_view View(grpc::string_ref text) { return absl::string_view(text.data(), text.size()); }

// gRPC's hook into the handshake, with our check in it.
class PinVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit PinVerifier(std::shared_ptr<Pin> pin) : pin_(std::move(pin)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)>, grpc::Status* sync_status) override {
    *sync_status = ToGrpcWithoutDetails(pin_->Check(View(request->peer_cert())));
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  std::shared_ptr<Pin> pin_;
};

}  // namespace

CertificateSource FixedCertificate(const Identity& identity) {
  return std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      std::vector<grpc::experimental::IdentityKeyCertPair>{{identity.key.ToPem(), identity.certificate_pem}});
}

CertificateSource WatchedCertificate(const std::string& key_file, const std::string& certificate_file,
                                     absl::Duration look) {
  return std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      key_file, certificate_file,
      static_cast<unsigned>(std::clamp<int64_t>(absl::ToInt64Seconds(look), 1, 86400)));
}

std::shared_ptr<grpc::ServerCredentials> ServerTls(
    CertificateSource certificate, const std::shared_ptr<grpc::AuthMetadataProcessor>& gatekeeper) {
  grpc::experimental::TlsServerCredentialsOptions options(std::move(certificate));
  options.watch_identity_key_cert_pairs();
  // "Don't verify": there is no authority to verify against; the gatekeeper compares keys and dates itself.
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  auto credentials = grpc::experimental::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(gatekeeper);
  return credentials;
}

absl::Status Pin::Check(absl::string_view certificate_pem) {
  auto check = [&]() -> absl::Status {
    absl::StatusOr<Certificate> certificate = ParseCertificate(certificate_pem);
    if (!certificate.ok() || certificate->key.Fingerprint() != fingerprint_) {
      if (whose_ == Whose::kHub) {
        return Fail(
            absl::StatusCode::kUnauthenticated,
            {"ce n'est pas la clé du relais de votre réseau: rien n'a été envoyé. Vérifiez l'adresse; "
             "si le relais a été réinstallé, demandez la nouvelle carte du réseau de vive voix",
             "this is not the key of your network's hub: nothing was sent. Check the address; if the "
             "hub was reinstalled, ask by voice for the network's new card"});
      }
      return Fail(
          absl::StatusCode::kUnauthenticated,
          {"ce n'est pas la clé de cette organisation: rien n'a été envoyé. Vérifiez l'adresse de sa carte; "
           "si "
           "elle a été réinstallée, demandez-lui sa nouvelle carte de vive voix",
           "this is not that organisation's key: nothing was sent. Check the address in its card; if it was "
           "reinstalled, ask them by voice for the new card"});
    }
    absl::Time now = clock_.Now();
    if (now > certificate->not_after || now < certificate->not_before) {
      return Fail(
          absl::StatusCode::kUnauthenticated,
          {"le certificat d'en face n'est pas valable aujourd'hui: vérifiez l'heure de votre ordinateur, "
           "sinon "
           "faites vérifier celle de l'autre (penc y renouvelle le certificat)",
           "the other side's certificate is not valid today: check your computer's time, else have the other "
           "one's checked (penc renews the certificate there)"});
    }
    return absl::OkStatus();
  };
  absl::Status found = check();
  std::lock_guard<std::mutex> lock(mutex_);
  reached_ = true;
  last_ = found;
  return found;
}

absl::Status Pin::last() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return last_;
}

bool Pin::reached() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return reached_;
}

std::shared_ptr<grpc::ChannelCredentials> ClientTls(const Identity& identity, std::shared_ptr<Pin> pin) {
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(FixedCertificate(identity));
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);  // no authority: the pin decides
  options.set_check_call_host(false);
  options.set_certificate_verifier(
      grpc::experimental::ExternalCertificateVerifier::Create<PinVerifier>(std::move(pin)));
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace penc::rpc
