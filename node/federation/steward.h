// What one steward does in one attempt of a round. Each step takes what is remembered (storage.v1.StewardRow)
// and what arrived, and gives what is to be remembered and the message. The caller makes the row durable
// BEFORE the message leaves; a step that was done gives the same message again. At most one set ever opens
// per attempt, whoever asks: one vote, one release, never both a promise and a release. Pure apart from the
// keys that it is given.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "crypto/agreement.h"
#include "crypto/signature.h"
#include "federation/round.h"
#include "penc/storage/v1/region.pb.h"

namespace penc {

// A steward's secrets for one epoch.
struct EpochSecrets {
  AgreementKey mask;
  SigningKey vote;
};

// One office's header with the box that is sealed to this steward.
struct Delivered {
  v1::SignedHeader header;
  std::string box;
};

// Seen heads of charge logs, by the office's key.
using WitnessRows = std::map<std::string, storage::v1::WitnessRow>;

template <typename Message>
struct StewardStep {
  storage::v1::StewardRow remember;
  Message message;
};

// A signed opening, and for a release the sum of the masks as bytes. Sealed before it leaves (mail.h).
struct OpeningWithSum {
  v1::SignedOpening opening;
  std::string mask_sum;
};

class Steward {
 public:
  // `steward`: index into the roster's members. References outlive it.
  Steward(const Round& round, uint32_t steward, const EpochSecrets& secrets)
      : round_(round), steward_(steward), place_(*round.PlaceOf(steward)), secrets_(secrets) {}

  // FAILED_PRECONDITION with what is wrong: too few, a header or box that is not what it should be (the
  // office is named), a charge log that was cut back, another vote before. `witnesses` gets the heads that
  // were seen: made durable with the row.
  absl::StatusOr<StewardStep<v1::Vote>> Vote(const storage::v1::StewardRow& row,
                                             const v1::SignedProposal& proposal,
                                             const std::vector<Delivered>& delivered,
                                             WitnessRows& witnesses) const;
  // Never to release or reveal; possible until it has released, whatever it voted.
  absl::StatusOr<StewardStep<v1::Promise>> Promise(const storage::v1::StewardRow& row) const;
  // After a certificate, for its set and no other.
  absl::StatusOr<StewardStep<OpeningWithSum>> Release(const storage::v1::StewardRow& row,
                                                      const v1::Certificate& certificate,
                                                      const std::vector<Delivered>& delivered) const;
  // Shares of an absent steward's mask seeds, after its own release; for at most descriptor.absent stewards.
  absl::StatusOr<StewardStep<OpeningWithSum>> Reveal(const storage::v1::StewardRow& row,
                                                     const v1::Certificate& certificate,
                                                     const std::vector<Delivered>& delivered,
                                                     uint32_t absent) const;

 private:
  struct Opened;  // one office of the set, its seed and box opened
  absl::StatusOr<std::vector<Opened>> OpenSet(const storage::v1::StewardRow& row,
                                              const v1::SignedProposal& proposal,
                                              const std::vector<Delivered>& delivered) const;
  absl::Status CheckRow(const storage::v1::StewardRow& row) const;
  storage::v1::StewardRow Begun(const storage::v1::StewardRow& row) const;
  v1::SignedOpening Sign(const v1::Opening& opening) const;

  const Round& round_;
  const uint32_t steward_, place_;
  const EpochSecrets& secrets_;
};

// How many steps between levels `answered` organisations allow to take away.
uint32_t RemovableSteps(const Round& round, uint32_t answered);
// What an opening is signed over.
std::string SignedOpeningText(absl::string_view opening);

}  // namespace penc
