// What all histories of one network have in common, made once: keys, roster, a few overlapping rounds, and
// contributions as soon as somebody needs one. Stewards' steps are pure functions, and most histories ask for
// the same ones: their results are kept, which makes a history a hundred times cheaper and changes nothing.
// Everything follows from the network's numbers. What is returned by reference stays until the next call. Not
// thread-safe.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "federation/contribution.h"
#include "federation/office_round.h"
#include "federation/opening.h"
#include "federation/steward.h"
#include "tests/simulation/knowledge.h"
#include "tests/support/small_network.h"

namespace penc::simulation {

// How a lying office's contribution differs from an honest one.
enum class Lie {
  kNone,
  kOther,       // another one, as good: two headers
  kCommitment,  // its commitment for one steward fits nothing
  kBox,         // one steward's box does not open
  kSeed,        // a level seed that is not the one it committed to
  kDemanding,   // it asks for more offices than there are
};
inline constexpr uint32_t kLies = 6;

// Where an office's charge log stands, with the names of its entries, which nobody but the test sees.
struct Log {
  v1::ChargeLogHead head;
  std::vector<std::string> entries;
};

// A contribution that somebody may send.
struct Item {
  ItemId id = 0;
  uint32_t office = 0, round = 0;
  // Which of the contributions that the office built: each has its own secrets.
  uint32_t version = 0;
  Lie lie = Lie::kNone;
  Log log;
  std::string sha256;  // of the header
  OfficeContribution made;
};

class Stage {
 public:
  // Two rounds that overlap, and (`rounds` = 3) a second attempt of the first.
  Stage(const SmallNetwork::Numbers& numbers, uint32_t rounds);

  uint32_t rounds() const { return static_cast<uint32_t>(rounds_.size()); }
  const Round& round(uint32_t r) const { return rounds_[r]; }
  const Item& Get(uint32_t office, uint32_t round, uint32_t version, const Log& log, Lie lie);
  const Item& At(ItemId id) const { return *items_[id]; }
  // The office's own numbers and noise, once the components of the first `removed` steps are taken away.
  const std::vector<int64_t>& Own(const Item& item, uint32_t removed);

  struct Voted {
    absl::StatusOr<StewardStep<v1::Vote>> step;
    WitnessRows witnesses;
  };
  // `delivered`: contributions in the proposal's order; a tampered one is another item, or `swapped` boxes.
  const Voted& Vote(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                    const v1::SignedProposal& proposal, const std::vector<ItemId>& delivered, bool swapped,
                    const WitnessRows& witnesses);
  using Step = absl::StatusOr<StewardStep<OpeningWithSum>>;
  const Step& Release(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                      const v1::Certificate& certificate, const std::vector<ItemId>& delivered);
  const Step& Reveal(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                     const v1::Certificate& certificate, const std::vector<ItemId>& delivered,
                     uint32_t absent);
  StewardStep<v1::Promise> Promise(uint32_t r, uint32_t k, const storage::v1::StewardRow& row,
                                   bool* refused) const;
  const v1::Vote& SignedVote(uint32_t r, uint32_t k, const std::string& set);
  const v1::Promise& SignedPromise(uint32_t r, uint32_t k);
  const v1::SignedProposal& SignProposal(const v1::Proposal& proposal);
  const absl::StatusOr<OpenedRound>& Open(uint32_t r, const RoundParts& parts);
  absl::optional<Settlement> Settled(uint32_t r, uint32_t office, const v1::Work& work, absl::Time now);
  bool Certifies(uint32_t r, const v1::Certificate& certificate);

  const SmallNetwork::Numbers numbers;
  SmallNetwork network;

 private:
  struct Built {  // by office, round and version
    OfficeContribution made;
    std::vector<std::vector<int64_t>> own;  // by steps removed; empty: not asked for yet
  };
  Built& BuiltBy(uint32_t office, uint32_t round, uint32_t version);
  std::vector<Delivered> DeliveredTo(uint32_t k, const std::vector<ItemId>& items, bool swapped) const;
  std::string Named(uint32_t r, const v1::Certificate& certificate);
  template <typename Result, typename Compute>
  const Result& Kept(std::map<std::string, Result>& kept, const std::string& key, size_t bytes,
                     Compute compute);

  std::vector<Round> rounds_;
  std::vector<EpochSecrets> secrets_;
  std::map<std::tuple<uint32_t, uint32_t, uint32_t>, Built> built_;
  std::map<std::string, ItemId> ids_;
  std::vector<std::unique_ptr<Item>> items_;
  std::map<std::string, Voted> votes_;
  std::map<std::string, Step> openings_;
  std::map<std::string, v1::Vote> signed_votes_;
  std::map<std::string, v1::Promise> signed_promises_;
  std::map<std::string, v1::SignedProposal> proposals_;
  std::map<std::string, absl::StatusOr<OpenedRound>> opened_;
  std::map<std::string, bool> verified_;
  std::map<std::string, absl::optional<Settlement>> settled_;
  size_t kept_bytes_ = 0;
};

}  // namespace penc::simulation
