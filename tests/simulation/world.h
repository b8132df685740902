// A network in one thread: every member's disk, the hub, a recipient, a clock, and whoever lies. An operation
// changes it, and after every one it is checked, against everything that colluders know, that
//   - at most one sum of an attempt can be worked out, over a certified set and nothing else;
//   - with no more of its noise taken away than the certified number allows;
//   - nothing can be worked out of an attempt that is void;
//   - no contribution opens whose charge was given back;
//   - an honest steward says one thing: one vote, one release, never a promise and a release;
//   - certified contributions of one office stand on one charge log, and a restored office takes over at
//   least
//     what was certified;
//   - what recipients open is the sum of the offices' own numbers, exactly, unless somebody who lies signed
//   it.
// The rules are the program's: stewards and what they are to do, the hub, how a round ends for an office, the
// recipient. Disks, and an office's steps up to its contribution, are modelled here.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "federation/hub_round.h"
#include "federation/office_round.h"
#include "federation/steward_duties.h"
#include "tests/simulation/knowledge.h"
#include "tests/simulation/operation.h"
#include "tests/simulation/stage.h"

namespace penc::simulation {

// A rule that honest parties forget, to see that the checks notice.
enum class Broken {
  kNothing,
  kTwoVotes,
  kReleaseUncertified,
  kPromiseAfterRelease,
  kReleaseAfterPromise,
  kRevealAny,
  kRefundOnProposal,
  kNoWitness,
  kRemoveMore,  // shares of level seeds for more offices than are certified
};

// Who lies in a history. In text: "cast hub 1 stewards 0,3 offices 5 skew 17".
struct Cast {
  bool hub_lies = false;
  std::set<uint32_t> lying_stewards;  // at most as many as may collude
  std::set<uint32_t> lying_offices;   // with the stewards, at most as many as are presumed dishonest
  uint32_t skew = 0;                  // 0: clocks agree; else they differ by up to two hours
  Broken broken = Broken::kNothing;   // not in the text
};
std::string ToText(const Cast& cast);
absl::StatusOr<Cast> ReadCast(absl::string_view line);

// What happened in a history: a simulation in which nothing happens shows nothing.
struct Tally {
  uint64_t worked_out = 0, opened = 0, ended_void = 0, dead = 0, refunds = 0, two_sets_voted = 0,
           forks_refused = 0, adoptions = 0, rebuilt = 0, evidence = 0, tampered = 0, settled = 0,
           crossed = 0;
  void Add(const Tally& other);
};

class World {
 public:
  World(Stage& stage, const Cast& cast);

  void Do(const Operation& operation);
  // The promise that was broken; empty: none.
  const std::string& wrong() const { return wrong_; }
  const Tally& tally() const { return tally_; }

  // For whoever draws histories.
  // `what` of a vote, from here on: a set that a lying hub has shown before.
  static constexpr uint32_t kShownBefore = 8192;
  size_t Contributions(uint32_t r) const { return attempts_[r].left.size(); }
  size_t ShownSets(uint32_t r) const { return attempts_[r].shown.size(); }
  bool Certifiable(uint32_t r) const { return attempts_[r].certifiable; }
  enum class OfficeState { kNone, kAbstained, kCharged, kBuilt, kAcked, kSpent, kRefunded, kRefused };
  OfficeState StateOf(uint32_t office, uint32_t r) const { return members_[office].disk.rounds[r].state; }
  v1::RoundState HubState(uint32_t r) const { return hub_[r]->state(); }
  bool Ending(uint32_t r) const { return hub_[r]->row().ending(); }
  std::vector<uint32_t> Absent(uint32_t r) const;

 private:
  // ---- disks
  struct OfficeRound {
    OfficeState state = OfficeState::kNone;
    size_t entries = 0;  // of the charge log, with this charge
    ItemId item = 0;     // kBuilt and later
  };
  struct Disk {
    std::vector<OfficeRound> rounds;
    std::vector<std::string> entries;  // of the charge log, this generation
    uint32_t generation = 0;
    v1::AdoptedHead adopted;
    uint64_t charged = 0, refunded = 0;  // refunds are a line of their own
  };
  struct Member {
    Disk disk;
    std::optional<Disk> backup;
    bool cut = false, restored = false, keys = true;
    uint32_t life = 0;             // entries of a log after a restore are other entries
    std::vector<uint32_t> builds;  // by round: no secret is ever drawn twice
    std::vector<storage::v1::StewardRow> rows;
    WitnessRows witnesses;
  };

  // ---- what is known of an attempt outside of disks
  struct Set {
    v1::SignedProposal proposal;
    std::vector<ItemId> items;
    std::map<uint32_t, v1::Vote> votes;  // honest ones that were sent
    bool certifiable = false;
  };
  struct Attempt {
    std::map<uint32_t, ItemId> stored;  // by the hub
    std::set<ItemId> left;              // the office that made it, honest or not
    std::map<std::string, Set> sets;
    std::vector<std::string> shown;                      // their order
    std::vector<std::set<std::string>> voted, released;  // by honest steward
    std::set<uint32_t> promised;
    std::map<std::pair<uint32_t, uint32_t>, std::map<std::string, std::shared_ptr<const OpeningWithSum>>>
        openings;                                  // by steward and kind, set
    std::set<std::pair<uint32_t, uint32_t>> held;  // of them, those that an honest hub has
    Evidence evidence;
    std::map<ItemId, std::vector<uint32_t>> seed_shares;  // honest ones, by step
    std::map<ItemId, uint64_t> opened;
    std::set<uint32_t> refunded;
    bool certifiable = false;                 // some set
    bool shifted = false, seen_open = false;  // a liar signed another sum; a recipient has opened it
    bool news = false;                        // the evidence grew
  };

  const Round& RoundOf(uint32_t r) const { return stage_.round(r); }
  bool Lies(uint32_t steward) const { return cast_.lying_stewards.contains(steward); }
  bool LiesAsOffice(uint32_t office) const {
    return cast_.lying_offices.contains(office) || cast_.lying_stewards.contains(office);
  }
  absl::Time ClockOf(uint32_t member) const;
  absl::Time HubClock() const { return ClockOf(static_cast<uint32_t>(members_.size())); }
  void Wrong(const std::string& what);

  void Charge(const Operation& op);
  void Build(const Operation& op);
  void Send(const Operation& op);
  void Abstain(const Operation& op);
  void Learn(const Operation& op);
  void Adopt(uint32_t office);
  void Restore(uint32_t office);
  void Lie(const Operation& op);
  void Vote(const Operation& op);
  void Promise(const Operation& op);
  void Release(const Operation& op);
  void Reveal(const Operation& op);
  void Open(const Operation& op);
  void Forget();
  void Settle();

  // The log up to so many entries.
  Log LogOf(uint32_t office, size_t entries = SIZE_MAX) const;
  // Is an honest steward to do this? An honest hub asks in due time, a lying one whenever it likes.
  bool Asked(uint32_t k, uint32_t r, const StewardDuty& duty) const;
  void Give(uint32_t r, ItemId item, const Operation& op, bool* acked);
  // Hands a message to an honest hub, as the fault says. True: the sender heard that it arrived.
  bool Deliver(const Operation& op, std::function<bool()> arrive);
  void RestartHub(uint32_t r);

  // The set that is shown for a vote; its key among the attempt's sets, or nothing.
  std::optional<std::string> Shown(uint32_t r, uint32_t what);
  std::string SetOf(uint32_t r, const v1::SignedProposal& proposal, const std::vector<ItemId>& items);
  std::optional<v1::SignedProposal> Invented(uint32_t r, uint32_t what, std::vector<ItemId>& items);
  std::optional<v1::Certificate> CertificateFor(uint32_t r, uint32_t what, std::string* set);
  v1::Certificate MakeCertificate(uint32_t r, const Set& set);
  std::optional<v1::VoidCertificate> VoidFor(uint32_t r);
  bool CanVoid(uint32_t r) const;
  void Certified(uint32_t r, const std::string& set);
  void Check(uint32_t r);
  void Learned(uint32_t r);
  void CheckSettled();

  Stage& stage_;
  const Cast cast_;
  absl::Time now_ = SmallNetwork::now();
  std::vector<Member> members_;
  std::vector<std::unique_ptr<HubRound>> hub_;
  std::vector<Attempt> attempts_;
  std::vector<std::function<bool()>> wire_;
  std::map<uint32_t, std::vector<ItemId>> certified_;  // by office
  bool hub_forgot_ = false;
  Tally tally_;
  std::string wrong_;
};

}  // namespace penc::simulation
