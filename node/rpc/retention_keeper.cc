#include "rpc/retention_keeper.h"

#include <mutex>
#include <utility>
#include <vector>

#include "office/retention.h"

namespace penc::rpc {

RetentionKeeper::RetentionKeeper(Office& office, absl::Duration every, std::function<void(const Text&)> tell)
    : office_(office), tell_(std::move(tell)), looks_((Look(), every), [this] { Look(); }) {}

void RetentionKeeper::Look() {
  absl::StatusOr<Expired> expired = [&] {
    std::lock_guard<Writing> writing(office_.writing());
    return ExpireDue(office_);
  }();
  std::vector<Text> notices =
      expired.ok() ? std::move(expired->notices) : std::vector<Text>{Explain(expired.status())};
  for (const Text& notice : notices) {
    if (told_.insert(notice.en).second && tell_) tell_(notice);
  }
}

}  // namespace penc::rpc
