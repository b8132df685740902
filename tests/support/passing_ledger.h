// A ledger that passes everything on to a real one: tests override what they want to do wrong. Header only.
#pragma once
#include <string>
#include <vector>

#include "ledger/ledger.h"

namespace penc {

class PassingLedger : public Ledger {
 public:
  explicit PassingLedger(Ledger& behind) : behind_(behind) {}

  absl::StatusOr<Slot> Reserve(const Charge& charge) override { return behind_.Reserve(charge); }
  bool AwaitRelease(const SlotKey& slot, absl::Duration most) override {
    return behind_.AwaitRelease(slot, most);
  }
  absl::Status Commit(const Slot& slot, const std::string& answer) override {
    return behind_.Commit(slot, answer);
  }
  void Abandon(const Slot& slot) override { behind_.Abandon(slot); }
  std::vector<CohortBalance> Balances() const override { return behind_.Balances(); }
  absl::Status OpenCohort(Edition cohort, const Promise& promise) override {
    return behind_.OpenCohort(cohort, promise);
  }
  absl::Status ForfeitAll() override { return behind_.ForfeitAll(); }
  absl::Status Refund(const SlotKey& slot) override { return behind_.Refund(slot); }
  absl::StatusOr<v1::ChargeLogHead> LogHead() override { return behind_.LogHead(); }
  LogPosition Position() const override { return behind_.Position(); }
  void HoldToWitnesses(bool member) override { behind_.HoldToWitnesses(member); }
  absl::StatusOr<bool> SetWitnessed(uint64_t generation, uint64_t size, absl::string_view root) override {
    return behind_.SetWitnessed(generation, size, root);
  }
  absl::Status Adopt(const v1::AdoptedHead& head) override { return behind_.Adopt(head); }

 protected:
  Ledger& behind_;
};

}  // namespace penc
