#include "office/admin_keys.h"

#include "base/status.h"
#include "office/keys.h"

namespace penc {

absl::StatusOr<v1::KeyWrapResult> WrapKeys(Office& office, const v1::KeyWrapCommand& command) {
  RETURN_IF_ERROR(office.MoveKeys(command));
  v1::KeyWrapResult result;
  for (v1::KeyPlace& place : PlacesOf(office.keys().ring())) *result.add_places() = std::move(place);
  result.set_rotated(command.rotated());
  return result;
}

}  // namespace penc
