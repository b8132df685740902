// approx_count_distinct(network_person, expected), approx_count_shared(network_person, expected): different
// persons of all organisations together, and those that two or more know. Each organisation marks the buckets
// that its persons of a cell fall in, 2^k of them; k follows from the number of persons that the asker
// expects. Both read the same marks. Estimate and proof: question/distinct_estimate.h, .md; who is who:
// federation/linkage.md. A person without a bucket (imported without the network's key) is in none.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "question/distinct_estimate.h"
#include "question/measures/measure.h"

namespace penc {
namespace {

class Distinct : public MeasureDefinition {
 public:
  const char* name() const override { return "distinct"; }
  Text unit(const Codebook& codebook) const override {
    const std::string fields = FieldsOf(codebook);
    return {absl::StrCat("personnes différentes, reconnues à ", fields),
            absl::StrCat("different people, recognised by ", fields)};
  }
  bool shares_blocks() const override { return true; }

  std::vector<BlockShape> Blocks(const MeasureContext& context, const Measure& measure) const override {
    BlockShape shape = PersonsMeasure().Blocks(context, measure)[0];
    const uint32_t bits = BucketBitsFor(measure.expected_persons);
    shape.counting.value = context.codebook.linkage->column;
    shape.counting.fan = 1u << bits;
    shape.counting.part_width = 1u << (kLinkageBits - bits);
    shape.counting.mark = true;
    return {shape};
  }
  double Margin(const AskedMeasure&, const std::vector<NoisyBlock>&) const override { return 0; }
  Value Estimate(const AskedMeasure&, const std::vector<NoisyBlock>& blocks, uint64_t i) const override {
    const NoisyBlock& block = blocks[0];
    const size_t buckets = block.block.counting.fan;
    return Of(
        EstimateDistinct(block.noisy.subspan(i * buckets, buckets), block.organisations, block.block.noise));
  }

 protected:
  static std::string FieldsOf(const Codebook& codebook) {
    return absl::StrJoin(codebook.linkage->fields, ", ");
  }
  virtual Value Of(const DistinctPersons& persons) const { return persons.all; }
};

class Shared final : public Distinct {
 public:
  const char* name() const override { return "shared"; }
  Text unit(const Codebook& codebook) const override {
    const std::string fields = FieldsOf(codebook);
    return {absl::StrCat("personnes connues d'au moins deux organisations, reconnues à ", fields),
            absl::StrCat("people known to at least two organisations, recognised by ", fields)};
  }

 protected:
  // Organisations of different sizes make the estimate too low, by no more than is added to its upper end.
  Value Of(const DistinctPersons& persons) const override {
    Value value = persons.shared;
    if (value.shown == Value::Shown::kYes) value.high += std::max(0.0, persons.shared_beyond);
    return value;
  }
};

}  // namespace

const MeasureDefinition& DistinctMeasure() {
  static const Distinct measure;
  return measure;
}

const MeasureDefinition& SharedMeasure() {
  static const Shared measure;
  return measure;
}

}  // namespace penc
