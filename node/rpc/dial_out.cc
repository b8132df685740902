#include "rpc/dial_out.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ledger/ledger.h"
#include "office/membership.h"
#include "rpc/hub_client.h"
#include "rpc/timers.h"

namespace penc::rpc {

// Holds a contribution back until its plan's slot, on the monotonic clock.
class DialOut::Slots final : public ReplySlots {
 public:
  explicit Slots(DialOut& dial) : dial_(dial) {}
  void Begin() override { began_ = Monotonic(); }
  void Wait(const PlannedWork& work) override {
    const absl::Duration elapsed = Monotonic() - began_;
    const absl::Duration slot = SlotFor(WorstCase(work, dial_.options_.capacity));
    dial_.Pause(LeavesAt(slot, elapsed) - elapsed);
  }

 private:
  DialOut& dial_;
  absl::Duration began_;
};

DialOut::DialOut(Office& office, const Clock& clock, RandomSource& random, Options options)
    : office_(office), clock_(clock), random_(random), options_(std::move(options)), thread_([this] {
        Loop();
      }) {}

DialOut::~DialOut() {
  std::shared_ptr<HubClient> line;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    line = line_;
  }
  changed_.notify_all();
  if (line != nullptr) line->Stop();
  thread_.join();
}

void DialOut::Tell(const Text& text) const {
  if (options_.tell) options_.tell(text);
}

bool DialOut::Pause(absl::Duration time) {
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(std::max(time, absl::ZeroDuration())),
                            [this] { return stopping_; });
}

absl::Duration DialOut::Jittered(absl::Duration time) {
  uint8_t byte = 0;
  random_.Fill(absl::MakeSpan(&byte, 1));
  return time * (128 + byte / 2) / 256;  // a half to all of it
}

std::shared_ptr<HubClient> DialOut::Line() {
  const auto found = office_.network().FindHub();
  if (!found.ok() || !found->has_value()) return nullptr;
  const HubAddress hub{(*found)->network, (*found)->address, (*found)->key};
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) return nullptr;
  if (line_ == nullptr) {
    office_.ledger().HoldToWitnesses(true);  // joined while it ran
    line_ = std::make_shared<HubClient>(office_.identity(), hub, clock_);
  } else {
    line_->MoveTo(hub);
  }
  return line_;
}

absl::Status DialOut::Visit(HubClient& hub, Region& region, Slots& slots, uint64_t& mark) {
  const auto found = hub.WaitForWork(region.Request(mark, options_.wait));
  if (!found.ok()) return found.status();
  RETURN_IF_ERROR(region.Act(hub, *found, slots));
  mark = found->mark();
  return absl::OkStatus();
}

void DialOut::Loop() {
  Region region(office_, [this](const Text& text) { Tell(text); });
  Slots slots(*this);
  uint64_t mark = 0;
  absl::Duration pause = options_.first_pause;
  bool told = false;
  for (;;) {
    const std::shared_ptr<HubClient> hub = Line();
    if (hub == nullptr) {
      if (!Pause(options_.look_for_membership)) return;
      continue;
    }
    const absl::Status visited = Visit(*hub, region, slots, mark);
    if (visited.ok()) {
      if (std::exchange(told, false))
        Tell({"le relais du réseau répond de nouveau", "the network's hub answers again"});
      pause = options_.first_pause;
      if (!Pause(absl::ZeroDuration())) return;
      continue;
    }
    mark = 0;  // whatever was missed is told again
    if (!Pause(absl::ZeroDuration())) return;
    if (!std::exchange(told, true)) Tell(Explain(visited));
    if (!Pause(Jittered(pause))) return;
    pause = std::min(pause * 2, options_.longest_pause);
  }
}

}  // namespace penc::rpc
