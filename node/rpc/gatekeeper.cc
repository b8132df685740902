#include "rpc/gatekeeper.h"

#include "base/status.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {

grpc::Status Gatekeeper::Process(const InputMetadata&, grpc::AuthContext* context, OutputMetadata*,
                                 OutputMetadata*) {
  return ToGrpcWithoutDetails(Admit(*context));
}

absl::Status Gatekeeper::Admit(const grpc::AuthContext& context) {
  ASSIGN_OR_RETURN(Peer peer, peers_.Of(context));
  RETURN_IF_ERROR(known_(peer.fingerprint));
  absl::Time now = clock_.Now();
  if (now > peer.not_after) {
    return Fail(
        absl::StatusCode::kPermissionDenied,
        {"votre certificat a expiré: relancez votre commande penc, qui le renouvelle avec la même clé, et "
         "vérifiez l'heure de votre ordinateur",
         "your certificate has expired: run your penc command again, which renews it under the same key, and "
         "check your computer's time"});
  }
  if (now < peer.not_before) {
    return Fail(absl::StatusCode::kPermissionDenied,
                {"votre certificat n'est pas encore valable: vérifiez l'heure des deux ordinateurs",
                 "your certificate is not valid yet: check the time of both computers"});
  }
  if (!quota_.Take(peer.fingerprint, now)) {
    return Fail(absl::StatusCode::kResourceExhausted,
                {"trop d'appels en peu de temps: attendez quelques secondes; rien n'a été compté",
                 "too many calls in a short time: wait a few seconds; nothing was charged"});
  }
  return absl::OkStatus();
}

}  // namespace penc::rpc
