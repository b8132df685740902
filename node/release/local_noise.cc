#include "release/local_noise.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "privacy/sampler.h"
#include "question/answer.h"

namespace penc {
namespace {

v1::Label Citation(const std::string& organisation, const std::string& edition, const std::string& id) {
  v1::Label label;
  label.set_fr(absl::StrCat("Source: ", organisation, ", édition ", edition, ", penc, question ",
                            id.substr(0, 16),
                            "; nombres protégés par bruit (confidentialité différentielle), marge à 95 %."));
  label.set_en(absl::StrCat("Source: ", organisation, ", edition ", edition, ", penc, question ",
                            id.substr(0, 16),
                            "; numbers protected by noise (differential privacy), 95% margin."));
  return label;
}

}  // namespace

absl::StatusOr<absl::optional<v1::RefusalDetail>> LocalNoise::CheckEdition(
    const Plan& plan, absl::optional<Edition> edition, const std::vector<Edition>& cohorts) const {
  if (!edition.has_value()) {
    return Fail(absl::StatusCode::kFailedPrecondition,
                {"cette organisation n'a encore rien arrêté: aucune édition n'est ouverte",
                 "this organisation has closed nothing yet: no edition is open"});
  }
  for (const PlannedQuestion& planned : plan.questions) {
    for (const Measure& measure : planned.question.measures) {
      if (measure.kind != MeasureKind::kShared) continue;
      return Fail(
          absl::StatusCode::kInvalidArgument,
          {"approx_count_shared compare des organisations: posez la question au réseau (penc ask --hub)",
           "approx_count_shared compares organisations: ask the network (penc ask --hub)"});
    }
  }
  // Nobody would be charged: such answers would cost nothing, and be kept.
  if (cohorts.empty()) {
    const std::string open = EditionLabel(setting_.codebook.closing, *edition);
    return Fail(absl::StatusCode::kFailedPrecondition,
                {absl::StrCat("entered: aucune des éditions arrêtées (jusqu'à ", open,
                              ") n'est dans cette période; rien n'a été compté"),
                 absl::StrCat("entered: none of the closed editions (up to ", open,
                              ") lies in this range; nothing was charged")});
  }
  return absl::optional<v1::RefusalDetail>();
}

SlotKey LocalNoise::KeyOf(const Plan& plan, Edition edition) const {
  return Sha256({"penc slot v1\n", plan.id, EditionLabel(setting_.codebook.closing, edition)});
}

absl::StatusOr<std::string> LocalNoise::Finish(const Plan& plan, Edition edition,
                                               const std::vector<Edition>& cohorts, ExactVector&& exact) {
  PENC_CHECK(exact.size() == plan.length);
  absl::Span<int64_t> cells = exact.cells(ExactVector::Key());
  Release release;
  release.plan_id = plan.id;
  for (const Block& block : plan.blocks) {
    AddNoise(block.noise, setting_.random, cells.subspan(block.first, block.cells));
  }
  // From here on everything is a function of noisy integers and public values.
  release.noisy.assign(cells.begin(), cells.end());

  v1::Answer answer;
  answer.set_question_id(absl::BytesToHexString(plan.id));
  for (v1::Table& table : ToTables(plan, setting_.codebook, release, setting_.policy.display)) {
    table.clear_title();  // an asker's own; the answer is stored for all
    *answer.add_tables() = std::move(table);
  }
  answer.set_answered(1);
  answer.set_asked(1);
  answer.add_organisations(setting_.organisation);
  answer.set_edition(EditionLabel(setting_.codebook.closing, edition));
  answer.set_codebook(absl::StrCat(setting_.codebook.name, "@", setting_.codebook.version));
  *answer.mutable_charge() = ToCharge(plan, setting_.codebook, setting_.policy, cohorts);
  answer.set_practice(setting_.practice);
  *answer.mutable_citation() = Citation(setting_.organisation, answer.edition(), answer.question_id());
  return answer.SerializeAsString();
}

v1::Charge ToCharge(const Plan& plan, const Promise& promise, const PromiseText& promise_text) {
  const Allowance allowance = AllowanceOf(promise);
  const Cost cost = CostAt(plan, allowance.order);
  v1::Charge charge;
  charge.set_pure(cost.pure);
  charge.set_renyi(cost.renyi);
  charge.set_keys_delta(cost.delta);
  charge.set_twice_alpha(allowance.order.twice_alpha);
  charge.set_epsilon(promise_text.epsilon);
  charge.set_delta(promise_text.delta);
  // The price as people see it: of whichever of the two budgets the release weighs less on.
  const auto ppm = [](uint64_t part, uint64_t whole) -> uint64_t {
    if (whole == 0 || part == kInfinitePure) return 1000000;
    return std::min<uint64_t>(
        1000000, static_cast<uint64_t>((static_cast<unsigned __int128>(part) * 1000000 + whole - 1) / whole));
  };
  charge.set_share_ppm(
      static_cast<uint32_t>(std::min(ppm(cost.pure, allowance.pure), ppm(cost.renyi, allowance.renyi))));
  return charge;
}

v1::Charge ToCharge(const Plan& plan, const Codebook& codebook, const Policy& policy,
                    const std::vector<Edition>& cohorts) {
  v1::Charge charge = ToCharge(plan, policy.promise, policy.promise_text);
  for (Edition cohort : cohorts) charge.add_cohorts(EditionLabel(codebook.closing, cohort));
  return charge;
}

}  // namespace penc
