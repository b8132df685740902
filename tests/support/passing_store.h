// A record store that passes everything on to a real one: tests override what they want to watch, to spoil or
// to do wrong. Header only.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/record_store.h"

namespace penc {

class PassingStore : public RecordStore {
 public:
  explicit PassingStore(RecordStore& behind) : behind_(behind) {}

  absl::StatusOr<std::unique_ptr<Import>> Begin(uint32_t table, const std::string& name,
                                                const std::string& hash, bool replace,
                                                absl::Time now) override {
    return behind_.Begin(table, name, hash, replace, now);
  }
  absl::StatusOr<std::unique_ptr<Import>> BeginLook(uint32_t table) override {
    return behind_.BeginLook(table);
  }
  std::vector<BatchInfo> Batches() const override { return behind_.Batches(); }
  absl::Status Undo(uint64_t batch) override { return behind_.Undo(batch); }
  absl::Status Close(Edition edition, absl::Time now,
                     const std::function<void(uint64_t, uint64_t)>& progress) override {
    return behind_.Close(edition, now, progress);
  }
  absl::StatusOr<std::vector<uint64_t>> Expire(int64_t today) override { return behind_.Expire(today); }
  absl::StatusOr<uint64_t> Erase(const PersonKey& person, bool elsewhere) override {
    return behind_.Erase(person, elsewhere);
  }
  absl::optional<PersonKey> Unfinished() const override { return behind_.Unfinished(); }
  absl::StatusOr<ErasureProof> FinishErase(const PersonKey& person, absl::Duration wait) override {
    return behind_.FinishErase(person, wait);
  }
  absl::StatusOr<PersonRecord> ReadPerson(const PersonKey& person) const override {
    return behind_.ReadPerson(person);
  }
  absl::StatusOr<ConsentCounts> CountConsent(bool as_if_closed) const override {
    return behind_.CountConsent(as_if_closed);
  }
  absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot() const override {
    return behind_.OpenSnapshot();
  }
  WordList Words(const Snapshot& snapshot, const ColumnRef& column) const override {
    return behind_.Words(snapshot, column);
  }
  absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override {
    return behind_.Extract(snapshot, plan);
  }
  absl::StatusOr<ExactVector> ExtractAsIfClosed(const Plan& plan, Edition cohort) const override {
    return behind_.ExtractAsIfClosed(plan, cohort);
  }
  absl::Status Visit(bool as_if_closed,
                     const std::function<absl::Status(const PersonRows&)>& visit) const override {
    return behind_.Visit(as_if_closed, visit);
  }
  StoreStatus Status() const override { return behind_.Status(); }
  absl::Status SetCodebook(const Codebook& codebook) override { return behind_.SetCodebook(codebook); }

 protected:
  RecordStore& behind_;
};

}  // namespace penc
