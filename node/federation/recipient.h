// What a recipient (the partner, or an office that was asked) makes of the pieces that the hub gives it: mail
// opened, vectors held against the roots that their offices signed, everything that can be checked alone
// checked as it comes. What remains is a record from which anybody can compute the answer
// (regional_answer.h). Pure apart from its key.
//
//   Recipient recipient(round, mail_key);
//   RETURN_IF_ERROR(hub.FetchRound(round.qid, [&](auto&& piece) { return recipient.Take(...).ok(); }));
//   ASSIGN_OR_RETURN(Received received, std::move(recipient).Finish(roster.signed_roster, codebook_text));
//
// Not thread-safe.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "base/status.h"
#include "crypto/agreement.h"
#include "federation/chunks.h"
#include "federation/hub_link.h"
#include "federation/opening.h"
#include "federation/roster.h"
#include "federation/round.h"
#include "penc/v1/hub_service.pb.h"

namespace penc {

struct Received {
  v1::RoundRecord record;
  // What did not fit and could be done without. Not part of the record: most of it could be the hub's doing
  // as well as the named one's, and nobody else could check it.
  std::vector<Text> remarks;
};

class Recipient {
 public:
  // References outlive it.
  Recipient(const Round& round, const AgreementKey& mail_key) : round_(round), mail_key_(mail_key) {}

  // A piece of FetchRound, in any order; the same again changes nothing. INVALID_ARGUMENT where it does not
  // belong to the round or is not signed by whom it says; DATA_LOSS, naming the office, where a vector is not
  // the one that its office signed: its chunks are forgotten, the hub is to be asked again. A mail that does
  // not open is no error here.
  absl::Status Take(v1::FetchRoundResponse&& piece);

  // Checked; where the round went void there is nothing else.
  const absl::optional<v1::VoidCertificate>& void_proof() const { return void_proof_; }

  // `roster`: the round's own. `codebook`: the round's, as text. FAILED_PRECONDITION naming what is missing;
  // INVALID_ARGUMENT where roster or codebook are others, for such a record would be of no use.
  absl::StatusOr<Received> Finish(const v1::SignedRoster& roster, const std::string& codebook) &&;

 private:
  struct Vector {
    std::string bytes;
    absl::optional<ChunkTree> tree;  // while chunks are missing
    bool verified = false;
  };
  struct Mail {
    std::map<uint32_t, std::string> pieces;  // until it is complete
    uint64_t bytes = 0;
    absl::optional<uint32_t> last;
    absl::optional<OpeningWithSum> opened;
    absl::optional<Text> remark;
  };

  absl::Status TakeCertificate(v1::Certificate&& certificate);
  absl::Status TakeHeader(v1::SignedHeader&& header);
  absl::Status TakeChunk(const v1::VectorChunk& chunk);
  absl::Status TakeOpening(v1::SealedPiece&& piece);
  absl::Status VerifyVector(uint32_t office);
  void OpenSealed(uint32_t steward, uint32_t kind, Mail& mail);
  absl::Status AddContributions(const v1::Proposal& set, v1::RoundRecord& record);
  void AddOpenings(Received& received);
  void AddAbstentions(const v1::Proposal& set, Received& received);
  absl::Status CheckMasks(const Received& received) const;
  std::string NameOf(uint32_t member) const { return round_.roster.members(static_cast<int>(member)).name(); }

  const Round& round_;
  const AgreementKey& mail_key_;
  absl::optional<v1::Certificate> certificate_;
  absl::optional<v1::VoidCertificate> void_proof_;
  std::map<uint32_t, std::pair<v1::SignedHeader, v1::ContributionHeader>> headers_;  // by office
  std::map<uint32_t, Vector> vectors_;                                               // by office
  std::map<std::pair<uint32_t, uint32_t>, Mail> mail_;                               // by steward and kind
  std::map<uint32_t, v1::SignedAbstention> abstentions_;                             // by office
};

// A record's contributions and openings, to be opened.
RoundParts PartsOf(const v1::RoundRecord& record);

// Fetches a round that has opened, once again where a vector came damaged. FAILED_PRECONDITION where it has
// not opened, or naming what is missing or who lied; errors of the hub's line.
absl::StatusOr<Received> FetchRecord(HubLink& hub, const Round& round, const CheckedRoster& roster,
                                     const AgreementKey& mail_key, const std::string& codebook);
// The proof that a round never opens. FAILED_PRECONDITION where it has not gone void.
absl::StatusOr<v1::VoidCertificate> FetchVoid(HubLink& hub, const Round& round, const AgreementKey& mail_key);

}  // namespace penc
