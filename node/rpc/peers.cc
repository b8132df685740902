#include "rpc/peers.h"

#include <grpc/grpc_security_constants.h>

#include <vector>

#include "base/status.h"
#include "crypto/tls_identity.h"

namespace penc::rpc {
namespace {

constexpr size_t kRemembered = 1024;

}  // namespace

absl::StatusOr<Peer> Peers::Of(const grpc::AuthContext& context) {
  std::vector<grpc::string_ref> certificates = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (certificates.size() != 1) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {"connexion sans clé: utilisez penc avec votre dossier de partenaire (--as P)",
                 "connection without a key: use penc with your partner folder (--as P)"});
  }
  std::string text(certificates[0].data(), certificates[0].size());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (auto found = known_.find(text); found != known_.end()) return found->second;
  }
  absl::StatusOr<Certificate> certificate = ParseCertificate(text);
  if (!certificate.ok()) {
    return Fail(
        absl::StatusCode::kPermissionDenied,
        {"certificat illisible ou clé d'une autre sorte: seules les clés Ed25519 de penc partner init "
         "servent",
         "unreadable certificate or another kind of key: only Ed25519 keys from penc partner init will do"});
  }
  Peer peer{certificate->key, certificate->key.Fingerprint(), certificate->not_before,
            certificate->not_after};
  std::lock_guard<std::mutex> lock(mutex_);
  if (known_.size() >= kRemembered) known_.clear();
  known_.emplace(std::move(text), peer);
  return peer;
}

}  // namespace penc::rpc
