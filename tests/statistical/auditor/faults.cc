#include "tests/statistical/auditor/faults.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "office/grants.h"
#include "penc/v1/answer.pb.h"
#include "privacy/cost.h"
#include "release/local_noise.h"
#include "release/release.h"
#include "tests/support/exact_vector_peek.h"
#include "tests/support/passing_ledger.h"
#include "tests/support/passing_store.h"
#include "tests/support/replayed.h"

namespace penc::audit {
namespace {

// What an office has at hand once it knows who asks (office/asking.cc).
struct Question {
  Question(Twins& twins, Office& office, const v1::AskBody& body)
      : rules(office.rules()),
        ask{body.bulletin(), body.price(), body.purpose(), twins.asker().verify_key().Fingerprint(), "", {}},
        grant(office.grants().Find(ask.asker, *rules.codebook)),
        here(office.ResponderFor(rules, grant.get())) {}

  // The office, with other parts in some places.
  Responder With(RecordStore& store, Ledger& ledger, RandomSource& random, Steps& steps) const {
    return {here.codebook, here.policy, here.grant, here.standing,  here.organisation,
            here.practice, store,       ledger,     here.approvals, here.committer,
            here.clock,    random,      steps};
  }
  Responder With(RecordStore& store) const { return With(store, here.ledger, here.random, here.steps); }

  LocalNoise Noise() const {
    return LocalNoise({here.codebook, here.policy, here.random, here.organisation, here.practice});
  }

  const Rules rules;
  const AskFor ask;
  const std::shared_ptr<const Grant> grant;
  const Responder here;
};

absl::StatusOr<std::string> Finished(const Question& question, Finisher& finish, Responder office) {
  ASSIGN_OR_RETURN(Reply reply, Answer(question.ask, finish, office, nullptr));
  PENC_CHECK(!reply.refusal.has_value());
  return std::move(reply.bytes);
}
absl::StatusOr<std::string> Alone(const Question& question, Responder office) {
  return AnswerAlone(question.ask, office, nullptr);
}

class PassingFinisher : public Finisher {
 public:
  explicit PassingFinisher(LocalNoise noise) : noise_(noise) {}
  Reach reach() const override { return noise_.reach(); }
  absl::optional<v1::RefusalDetail> Check(const Plan& plan) const override { return noise_.Check(plan); }
  absl::StatusOr<absl::optional<v1::RefusalDetail>> CheckEdition(
      const Plan& plan, absl::optional<Edition> edition, const std::vector<Edition>& cohorts) const override {
    return noise_.CheckEdition(plan, edition, cohorts);
  }
  SlotKey KeyOf(const Plan& plan, Edition edition) const override { return noise_.KeyOf(plan, edition); }
  absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, const std::vector<Edition>& cohorts,
                                     ExactVector&& exact) override {
    return noise_.Finish(plan, edition, cohorts, std::move(exact));
  }

 private:
  LocalNoise noise_;
};

// ---- noise halved

class Halved final : public PassingFinisher {
 public:
  using PassingFinisher::PassingFinisher;
  absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, const std::vector<Edition>& cohorts,
                                     ExactVector&& exact) override {
    Plan other = plan;
    for (Block& block : other.blocks) {
      Ratio& parameter = block.noise.parameter;
      (block.noise.family == Family::kDiscreteLaplace ? parameter.num : parameter.den) *= 2;
      if (block.noise.family == Family::kSkellam) parameter.den *= 2;
    }
    return PassingFinisher::Finish(other, edition, cohorts, std::move(exact));
  }
};
class NoiseHalvedSystem final : public System {
 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    Halved finish(question.Noise());
    return Finished(question, finish, question.here);
  }
};

// ---- caps that the store does not keep

// Everything of everybody.
Plan WithoutCaps(const Plan& plan) {
  Plan other = plan;
  for (Block& block : other.blocks) {
    block.counting.rows = 1 << 16;
    block.per_person.l0 = block.per_person.linf = block.per_person.l1 = 1 << 24;
  }
  return other;
}
class CapOffSystem final : public System {
  class Store final : public PassingStore {
   public:
    using PassingStore::PassingStore;
    absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override {
      return PassingStore::Extract(snapshot, WithoutCaps(plan));
    }
  };

 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    Store store(question.here.store);
    return Alone(question, question.With(store));
  }
};

class ClampAfterSumSystem final : public System {
  class Store final : public PassingStore {
   public:
    using PassingStore::PassingStore;
    absl::StatusOr<ExactVector> Extract(const Snapshot& snapshot, const Plan& plan) const override {
      ASSIGN_OR_RETURN(ExactVector exact, PassingStore::Extract(snapshot, WithoutCaps(plan)));
      std::vector<int64_t> cells = ExactVectorPeek::At(std::move(exact));
      const auto persons = static_cast<int64_t>(Status().persons);
      for (const Block& block : plan.blocks) {
        const int64_t most = persons * static_cast<int64_t>(block.per_person.linf);
        for (uint64_t i = block.first; i < block.first + block.cells; ++i)
          cells[i] = std::clamp(cells[i], -most, most);
      }
      return ExactVectorPeek::Of(cells);
    }
  };

 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    Store store(question.here.store);
    return Alone(question, question.With(store));
  }
};

// ---- keys of the records

class RecordedKeys final : public PassingFinisher {
 public:
  using PassingFinisher::PassingFinisher;
  absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, const std::vector<Edition>& cohorts,
                                     ExactVector&& exact) override {
    const std::vector<int64_t> cells = ExactVectorPeek::At(std::move(exact));
    ASSIGN_OR_RETURN(const std::string bytes,
                     PassingFinisher::Finish(plan, edition, cohorts, ExactVectorPeek::Of(cells)));
    v1::Answer answer;
    PENC_CHECK(answer.ParseFromString(bytes) && answer.tables_size() == 1 && plan.blocks.size() == 1);
    for (size_t i = 0; i < cells.size(); ++i) {
      if (cells[i] == 0)
        answer.mutable_tables(0)->mutable_blocks(0)->set_noisy(static_cast<int>(i), kNotThere);
    }
    return answer.SerializeAsString();
  }
};
class KeysOfRecordsSystem final : public System {
 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    RecordedKeys finish(question.Noise());
    return Finished(question, finish, question.here);
  }
};

// ---- seed reused

class SeedReusedSystem final : public System {
 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    Replayed random;
    random.Restart(office.identity().fingerprint);
    return Alone(question,
                 question.With(question.here.store, question.here.ledger, random, question.here.steps));
  }
};

// ---- charge after noise

struct Crash {};

class ChargeAfterNoiseSystem final : public System {
  // Charges when the answer is committed, not before.
  class LateLedger final : public PassingLedger {
   public:
    using PassingLedger::PassingLedger;
    absl::StatusOr<Slot> Reserve(const Charge& charge) override {
      charge_ = charge;
      Slot slot;
      slot.state = Slot::State::kReserved;
      slot.key = charge.slot;
      return slot;
    }
    absl::Status Commit(const Slot& slot, const std::string& answer) override {
      ASSIGN_OR_RETURN(const Slot charged, PassingLedger::Reserve(charge_));
      return PassingLedger::Commit(charged, answer);
    }
    void Abandon(const Slot& slot) override {}

   private:
    Charge charge_;
  };
  // What it makes has left already.
  class SentAtOnce final : public PassingFinisher {
   public:
    SentAtOnce(LocalNoise noise, std::string& sent) : PassingFinisher(noise), sent_(sent) {}
    absl::StatusOr<std::string> Finish(const Plan& plan, Edition edition, const std::vector<Edition>& cohorts,
                                       ExactVector&& exact) override {
      ASSIGN_OR_RETURN(sent_, PassingFinisher::Finish(plan, edition, cohorts, std::move(exact)));
      return sent_;
    }

   private:
    std::string& sent_;
  };
  class Dies final : public Steps {
   public:
    void Reached(absl::string_view step) override {
      if (step == "ask.before_commit") throw Crash();
    }
  };

 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    LateLedger ledger(question.here.ledger);
    Dies dies;
    Steps& steps = ++asked_ % 2 == 1 ? dies : question.here.steps;
    std::string sent;
    SentAtOnce finish(question.Noise(), sent);
    try {
      RETURN_IF_ERROR(
          Finished(question, finish, question.With(question.here.store, ledger, question.here.random, steps))
              .status());
    } catch (const Crash&) {
    }
    return sent;
  }

 private:
  int asked_ = 0;
};

// ---- a concentrated change at the price of a spread one

class SpreadChargeSystem final : public System {
  class Cheap final : public PassingLedger {
   public:
    Cheap(Ledger& behind, const Plan& plan) : PassingLedger(behind), plan_(plan) {}
    absl::StatusOr<Slot> Reserve(const Charge& charge) override {
      Charge other = charge;
      other.cost = [this](Order order) {
        Cost sum;
        for (const Block& block : plan_.blocks)
          sum = sum + CostOf(block.noise, {block.per_person.l1, 1, block.per_person.l1}, order);
        return sum;
      };
      return PassingLedger::Reserve(other);
    }

   private:
    const Plan& plan_;
  };

 public:
  absl::StatusOr<std::string> Ask(Twins& twins, Office& office, const v1::AskBody& body) override {
    const Question question(twins, office, body);
    ASSIGN_OR_RETURN(const Planned planned,
                     PlanQuestions(body.bulletin(), body.price(), *question.rules.codebook));
    Cheap ledger(question.here.ledger, planned.plan);
    return Alone(question,
                 question.With(question.here.store, ledger, question.here.random, question.here.steps));
  }
};

}  // namespace

std::unique_ptr<System> NoiseHalved() { return std::make_unique<NoiseHalvedSystem>(); }
std::unique_ptr<System> CapOff() { return std::make_unique<CapOffSystem>(); }
std::unique_ptr<System> ClampAfterSum() { return std::make_unique<ClampAfterSumSystem>(); }
std::unique_ptr<System> KeysOfRecords() { return std::make_unique<KeysOfRecordsSystem>(); }
std::unique_ptr<System> SeedReused() { return std::make_unique<SeedReusedSystem>(); }
std::unique_ptr<System> ChargeAfterNoise() { return std::make_unique<ChargeAfterNoiseSystem>(); }
std::unique_ptr<System> SpreadCharge() { return std::make_unique<SpreadChargeSystem>(); }

}  // namespace penc::audit
