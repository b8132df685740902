#include "rpc/ask_stewards.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/plural.h"
#include "federation/unlock.h"
#include "office/identity.h"
#include "rpc/hub_client.h"
#include "rpc/timers.h"

namespace penc::rpc {
namespace {

using storage::v1::StewardSlot;

absl::Status Revoked(const StewardSlot& slot) {
  return Fail(
      absl::StatusCode::kPermissionDenied,
      {absl::StrCat("le réseau «", slot.network(),
                    "» a retiré cette organisation de sa liste des membres (partie, ou son ordinateur "
                    "a été signalé volé): les témoins ne rendent plus sa clé, et ce nœud ne démarre "
                    "pas. Si c'est une erreur, appelez le secrétariat du réseau; une clé de secours "
                    "ouvre encore (--key-from FICHIER)"),
       absl::StrCat("the network \"", slot.network(),
                    "\" has taken this office off its roster (it left, or its computer was reported "
                    "stolen): the stewards no longer give its key back, and this node does not "
                    "start. If that is a mistake, call the network's secretariat; a spare key still "
                    "opens (--key-from FILE)")});
}

Text HowMany(const StewardSlot& slot, const Unlocking& unlocking) {
  return {absl::StrCat(
              unlocking.returned(),
              FrenchForm(unlocking.returned(), {" témoin sur les ", " témoins sur les "}), unlocking.wanted(),
              FrenchForm(unlocking.returned(), {" nécessaires a rendu sa", " nécessaires ont rendu leur"}),
              " part de la clé (réseau «", slot.network(), "»)"),
          absl::StrCat(unlocking.returned(), " of the ", unlocking.wanted(),
                       " stewards that it takes have given back their share of the key (network \"",
                       slot.network(), "\")")};
}

// What refusals other than by the roster say, so that somebody can do something about them.
Text Refusals(const Unlocking& unlocking) {
  Text said;
  const auto add = [&](v1::UnlockRefusal reason, const char* fr, const char* en) {
    const uint32_t count = unlocking.refused(reason);
    if (count == 0) return;
    absl::StrAppend(&said.fr, "; ", count, fr);
    absl::StrAppend(&said.en, "; ", count, en);
  };
  add(v1::UNLOCK_REFUSAL_NOT_MINE, " ont changé de clé depuis le partage",
      " have other keys than when the key was shared");
  add(v1::UNLOCK_REFUSAL_ROSTER_EXPIRED,
      " n'ont pas de liste des membres en vigueur: le secrétariat doit en signer une",
      " have no roster in force: the secretariat has to sign one");
  add(v1::UNLOCK_REFUSAL_TOO_OFTEN, " ont déjà répondu trop souvent cette heure-ci: attendez une heure",
      " have answered too often within the hour: wait for an hour");
  add(v1::UNLOCK_REFUSAL_NOT_A_MEMBER, " disent que l'organisation n'est plus membre",
      " say that the office is no longer a member");
  return said;
}

// Line, wait and words of one node that waits.
class Door {
 public:
  Door(const StewardSlot& slot, const Clock& clock, RandomSource& random, const AskStewardsOptions& options,
       const Identity& identity)
      : slot_(slot),
        clock_(clock),
        random_(random),
        options_(options),
        hub_(identity, {slot.network(), slot.hub_address(), slot.hub_key()}, clock,
             {.call = absl::Seconds(20)}),
        until_(Monotonic() + options.patience) {}

  absl::StatusOr<Secret> Wait() {
    Tell({absl::StrCat("la clé de ce nœud est demandée aux témoins du réseau «", slot_.network(),
                       "»; rien à faire, laissez l'ordinateur allumé et connecté"),
          absl::StrCat("asking the stewards of the network \"", slot_.network(),
                       "\" for this node's key; nothing to do, leave the computer on and connected")});
    for (;;) {
      ASSIGN_OR_RETURN(absl::optional<Secret> key, OneKnock());
      if (key.has_value()) return *std::move(key);
      RETURN_IF_ERROR(Pause(options_.again));
    }
  }

 private:
  // Until enough have answered, or so many have refused that a later request is the only way.
  absl::StatusOr<absl::optional<Secret>> OneKnock() {
    ASSIGN_OR_RETURN(const Knock knock, MakeKnock(slot_, clock_.Now(), random_));
    Unlocking unlocking(slot_, knock);
    for (;;) {
      const auto response = hub_.RequestUnlock(knock.request);
      if (!response.ok()) {
        late_ = Explain(response.status());
        Tell(late_);
      } else {
        if (response->refusal() == v1::UNLOCK_REFUSAL_NOT_A_MEMBER) return Revoked(slot_);
        for (const v1::SignedUnlockAnswer& answer : response->answers()) unlocking.Take(answer);
        if (absl::optional<Secret> key = unlocking.key(); key.has_value()) return key;
        if (unlocking.refused(v1::UNLOCK_REFUSAL_NOT_A_MEMBER) + slot_.threshold() >
            static_cast<uint32_t>(slot_.holders_size()))
          return Revoked(slot_);
        late_ = HowMany(slot_, unlocking);
        const Text refusals = Refusals(unlocking);
        late_.fr += refusals.fr;
        late_.en += refusals.en;
        Tell(late_);
        if (unlocking.hopeless()) return absl::optional<Secret>();
      }
      RETURN_IF_ERROR(Pause(options_.every));
    }
  }

  absl::Status Pause(absl::Duration time) const {
    const absl::Duration end = std::min(Monotonic() + time, until_);
    while (Monotonic() < end) {
      if (options_.stopped && options_.stopped()) {
        return Fail(absl::StatusCode::kCancelled, {"arrêté avant que la clé soit revenue; rien n'est perdu",
                                                   "stopped before the key came back; nothing is lost"});
      }
      absl::SleepFor(std::min(absl::Milliseconds(100), end - Monotonic()));
    }
    if (Monotonic() < until_) return absl::OkStatus();
    return Fail(absl::StatusCode::kUnavailable,
                {absl::StrCat(late_.fr, ". Rien n'est perdu: réessayez plus tard"),
                 absl::StrCat(late_.en, ". Nothing is lost: try again later")});
  }

  // The same thing is said once.
  void Tell(const Text& text) {
    if (options_.tell && std::exchange(told_, text.en) != text.en) options_.tell(text);
  }

  const StewardSlot& slot_;
  const Clock& clock_;
  RandomSource& random_;
  const AskStewardsOptions& options_;
  HubClient hub_;
  const absl::Duration until_;
  Text late_;
  std::string told_;
};

}  // namespace

absl::StatusOr<Secret> AskStewards(const StewardSlot& slot, const Clock& clock, RandomSource& random,
                                   const AskStewardsOptions& options) {
  ASSIGN_OR_RETURN(SigningKey door, SigningKey::FromSeed(slot.door()));
  const Identity identity = MakeIdentity(std::move(door), "penc", clock.Now());
  return Door(slot, clock, random, options, identity).Wait();
}

}  // namespace penc::rpc
