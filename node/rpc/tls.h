// Mutual TLS 1.3 between keys that know each other. No certificate authority: each side compares the other's
// key with the one that a person gave it (a card, a grant), and the certificate's dates with its own clock.
// Certificates are self-signed wrappings of the key and may be renewed at any time, on a running server too.
#pragma once
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "office/identity.h"

namespace penc::rpc {

// Where one side's key and certificate come from.
using CertificateSource = std::shared_ptr<grpc::experimental::CertificateProviderInterface>;
CertificateSource FixedCertificate(const Identity& identity);
// From two files, read again every `look`, in whole seconds: a renewed certificate is shown to whoever
// connects from then on.
CertificateSource WatchedCertificate(const std::string& key_file, const std::string& certificate_file,
                                     absl::Duration look);

// Asks callers for a certificate; `gatekeeper` decides per call.
std::shared_ptr<grpc::ServerCredentials> ServerTls(
    CertificateSource certificate, const std::shared_ptr<grpc::AuthMetadataProcessor>& gatekeeper);

// What a client expects of the server, and what it found. Thread-safe; shared with the channel.
class Pin {
 public:
  // Who is expected there: errors name it.
  enum class Whose { kOffice, kHub };
  Pin(std::string fingerprint, const Clock& clock, Whose whose = Whose::kOffice)
      : fingerprint_(std::move(fingerprint)), clock_(clock), whose_(whose) {}

  // OK where the certificate holds the pinned key and its dates fit our clock.
  absl::Status Check(absl::string_view certificate_pem);
  // The last thing that Check said; OK when it never failed or was never reached.
  absl::Status last() const;
  bool reached() const;

 private:
  const std::string fingerprint_;
  const Clock& clock_;
  const Whose whose_;
  mutable std::mutex mutex_;
  absl::Status last_;
  bool reached_ = false;
};

// `pin`'s clock outlives the channel.
std::shared_ptr<grpc::ChannelCredentials> ClientTls(const Identity& identity, std::shared_ptr<Pin> pin);

}  // namespace penc::rpc
