#include "office/signing.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

std::string SignedBytes(absl::string_view body) { return absl::StrCat("penc ask v1\n", body); }

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

}  // namespace

std::string SignAsk(const SigningKey& key, absl::string_view body) { return key.Sign(SignedBytes(body)); }

absl::Status CheckAsk(const VerifyKey& asker, absl::string_view body, absl::string_view signature,
                      absl::string_view node, absl::Time now, v1::AskBody* parsed) {
  if (body.size() > kMaxAskBytes) {
    return Bad({"question de plus de 64 Kio: partagez le bulletin en plusieurs",
                "question of more than 64 KiB: split the bulletin into several"});
  }
  if (!asker.Verify(SignedBytes(body), signature)) {
    return Fail(absl::StatusCode::kUnauthenticated,
                {"la signature de la question ne va pas avec la clé de la connexion: relancez penc ask",
                 "the question's signature does not fit the connection's key: run penc ask again"});
  }
  if (!parsed->ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return Bad({"question illisible: les deux programmes penc sont-ils à jour ?",
                "unreadable question: are both penc programs up to date?"});
  }
  if (parsed->node() != node) {
    return Bad({"cette question est adressée à une autre organisation: vérifiez la carte utilisée",
                "this question is meant for another organisation: check the card that was used"});
  }
  absl::Time expires = absl::FromUnixMicros(parsed->expires_unix_micros());
  if (expires < now) {
    return Bad({"cette question a expiré: reposez-la, et vérifiez l'heure de votre ordinateur",
                "this question has expired: ask again, and check your computer's time"});
  }
  if (expires > now + absl::Hours(24)) {
    return Bad({"cette question expire dans plus de 24 heures: vérifiez l'heure de votre ordinateur",
                "this question expires more than 24 hours ahead: check your computer's time"});
  }
  return absl::OkStatus();
}

}  // namespace penc
