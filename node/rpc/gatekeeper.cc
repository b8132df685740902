#include "rpc/gatekeeper.h"

#include "base/status.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {

grpc::Status Gatekeeper::Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                                 OutputMetadata*) {
  const auto path = metadata.find(":path");
  const absl::string_view method =
      path == metadata.end() ? "" : absl::string_view(path->second.data(), path->second.size());
  return ToGrpcWithoutDetails(Admit(*context, method));
}

absl::Status Gatekeeper::Admit(const grpc::AuthContext& context, absl::string_view method) {
  ASSIGN_OR_RETURN(Peer peer, peers_.Of(context));
  const absl::Status known = known_(peer.fingerprint);
  const auto door = strangers_.find(method);
  if (!known.ok() && door == strangers_.end()) return known;
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
  if (known.ok() ? !quota_.Take(peer.fingerprint, now) : !door->second.Take("", now)) {
    return Fail(absl::StatusCode::kResourceExhausted,
                {"trop d'appels en peu de temps: attendez quelques secondes; rien n'a été compté",
                 "too many calls in a short time: wait a few seconds; nothing was charged"});
  }
  return absl::OkStatus();
}

}  // namespace penc::rpc
