#include "office/closing.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace penc {
namespace {

constexpr Edition kFarAhead = 8;  // a mistyped year would otherwise close every edition until then

absl::StatusOr<Edition> NamedEdition(Closing closing, absl::optional<Edition> last, absl::string_view label,
                                     absl::Time now) {
  ASSIGN_OR_RETURN(Edition wanted, ParseEdition(closing, label));
  if (last && wanted <= *last) {
    std::string closed = EditionLabel(closing, *last), next = EditionLabel(closing, *last + 1);
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("l'édition ", label, " ne peut plus être arrêtée: la dernière est ", closed,
                              "; nommez une édition suivante (--label ", next, ")"),
                 absl::StrCat("edition ", label, " can no longer be closed: the last one is ", closed,
                              "; name a later edition (--label ", next, ")")});
  }
  Edition known = EditionAt(closing, now);
  if (last) known = std::max(known, *last);
  if (wanted > known + kFarAhead) {
    std::string limit = EditionLabel(closing, known + kFarAhead);
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("l'édition ", label, " est trop loin dans l'avenir: au plus ", limit,
                              "; vérifiez l'année"),
                 absl::StrCat("edition ", label, " is too far ahead: at most ", limit, "; check the year")});
  }
  return wanted;
}

}  // namespace

absl::StatusOr<Edition> ChooseEdition(Closing closing, absl::optional<Edition> last, absl::string_view label,
                                      absl::Time now) {
  if (!label.empty()) return NamedEdition(closing, last, label, now);
  Edition current = EditionAt(closing, now);
  if (!last || current == *last + 1) return current;
  // Where periods went by without a closing, the one that is over now is meant, if the clock is right.
  std::string today = EditionLabel(closing, current), closed = EditionLabel(closing, *last),
              next = EditionLabel(closing, std::max(current, *last + 1));
  if (current == *last) {
    return Fail(
        absl::StatusCode::kFailedPrecondition,
        {absl::StrCat("l'édition ", closed,
                      " est déjà arrêtée: attendez la période suivante, ou nommez-la (--label ", next, ")"),
         absl::StrCat("edition ", closed,
                      " is already closed: wait for the next period, or name it (--label ", next, ")")});
  }
  const char* fr =
      current < *last ? " avant la dernière édition " : " plus d'une période après la dernière édition ";
  const char* en =
      current < *last ? " before the last edition " : " more than one period after the last edition ";
  return Fail(
      absl::StatusCode::kFailedPrecondition,
      {absl::StrCat("l'horloge dit ", today, ",", fr, closed,
                    ": vérifiez l'heure de l'ordinateur (date), ou nommez l'édition (--label ", next, ")"),
       absl::StrCat("the clock says ", today, ",", en, closed,
                    ": check the computer's time (date), or name the edition (--label ", next, ")")});
}

}  // namespace penc
