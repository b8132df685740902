// A member's side of its network: takes up what the hub has for it, as an office, as a steward and as a
// recipient, and makes every step durable before it leaves. Whoever holds the line to the hub calls it:
//
//   Region region(*office, tell);
//   for (;;) {
//     ASSIGN_OR_RETURN(auto found, hub.WaitForWork(region.Request(mark, absl::Minutes(1))));
//     RETURN_IF_ERROR(region.Act(hub, found, slots));         // an error of the line: again, later
//   }
//
// What it did stays done, and a message whose arrival is not certain is sent again, the same bytes. One
// thread at a time.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "federation/hub_link.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "office/region/round_rows.h"
#include "office/region/unlock_part.h"
#include "office/work.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

class Office;

// A round, with the pinned roster that it names and this member's index in it.
struct MemberRound {
  Round round;
  std::shared_ptr<const CheckedRoster> roster;
  uint32_t member = 0;
  bool newest = true;  // its roster is the highest that is pinned: only then the office contributes
};

// When a contribution or an abstention leaves says nothing about records: it waits for the slot of its plan
// (rpc/slots.h).
class ReplySlots {
 public:
  virtual ~ReplySlots() = default;
  virtual void Begin() = 0;                        // the question was taken up
  virtual void Wait(const PlannedWork& work) = 0;  // until it may leave
};

class Region {
 public:
  // What the office's people should know; never anything from a record.
  using Tell = std::function<void(const Text&)>;

  // `office` outlives it, and is a member of a network.
  Region(Office& office, Tell tell);

  // For the next call; `mark` of the last answer that was acted upon without error, else 0.
  v1::WaitForWorkRequest Request(uint64_t mark, absl::Duration wait) const;
  // The first error; everything that can be done without it was done all the same.
  absl::Status Act(HubLink& hub, const v1::WaitForWorkResponse& found, ReplySlots& slots);

 private:
  absl::StatusOr<const MemberRound*> Find(const v1::SignedDescriptor& terms);
  absl::Status TakeRosters(HubLink& hub, uint64_t version);
  absl::Status SendRenewal(HubLink& hub);
  absl::Status TakeWitnesses(const v1::WaitForWorkResponse& found);
  absl::Status ShareKeys();
  absl::Status AnswerLockedNodes(HubLink& hub, const v1::WaitForWorkResponse& found);
  absl::Status AsSteward(HubLink& hub, const MemberRound& round, const v1::Work& work);
  absl::Status AsOffice(HubLink& hub, const MemberRound& round, const v1::Work& work, ReplySlots& slots);
  absl::Status AsRecipient(HubLink& hub, const MemberRound& round, const v1::Work& work);
  // Rounds that ended while nobody looked, and epoch keys that nobody needs any more.
  absl::Status Sweep();
  // Whether it is worth trying: what failed for a reason of its own, not of the line, is tried three times.
  bool WorthTrying(const std::string& what) const;
  // The line's errors are given on; others are told and counted.
  absl::Status After(const std::string& what, const absl::Status& status);

  Office& office_;
  const Tell tell_;
  RoundRows rows_;
  UnlockPart unlocks_;
  std::map<std::string, MemberRound> rounds_;  // by qid
  std::map<std::string, uint32_t> failed_;     // by qid and what was tried: how often
  std::set<std::string> done_;                 // what the hub does not say that it has
};

}  // namespace penc
