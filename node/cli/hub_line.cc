#include "cli/hub_line.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "embedded/embedded.h"
#include "federation/recipient.h"
#include "federation/record_file.h"
#include "rpc/hub_client.h"

namespace penc::cli {
namespace {

constexpr absl::string_view kCarriedCodebook = "codebook/migration.yaml";

// A round does not open because of what somebody gave: damage, for whoever waits for a number.
absl::Status AsDamage(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsInvalidArgument(status)
             ? Fail(absl::StatusCode::kDataLoss, Explain(status))
             : status;
}

}  // namespace

absl::StatusOr<HubLine> HubLine::Open(const std::string& partner_folder, const std::string& network,
                                      const Outside& outside) {
  ASSIGN_OR_RETURN(rpc::Partner partner, rpc::Partner::Open(partner_folder, outside.clock.Now()));
  ASSIGN_OR_RETURN(rpc::PartnerNetwork kept, partner.Network(network));
  HubLine line(std::move(partner), std::move(kept), nullptr, outside);
  rpc::HubAddress address;
  address.network = line.network_.name();
  address.address = line.network_.hub_address();
  address.key = line.network_.hub_key();
  line.hub_ = std::make_unique<rpc::HubClient>(line.partner_->identity(), std::move(address), outside.clock);
  return line;
}

absl::StatusOr<const CheckedRoster*> HubLine::BringRosters() {
  // A hub gives as many as fit; the last time there is nothing new.
  for (;;) {
    const uint64_t before = network_.rosters().version();
    ASSIGN_OR_RETURN(const std::vector<v1::SignedRoster> newer, hub_->RostersAfter(before));
    RETURN_IF_ERROR(network_.PinRosters(newer));
    if (network_.rosters().version() == before) break;
  }
  if (network_.rosters().latest() != nullptr) return network_.rosters().latest();
  return Fail(
      absl::StatusCode::kFailedPrecondition,
      {"le réseau n'a pas encore de liste des membres: son secrétariat doit la signer (penc network roster)",
       "the network has no roster yet: its secretariat must sign one (penc network roster)"});
}

absl::StatusOr<std::string> HubLine::CodebookText() const {
  ASSIGN_OR_RETURN(absl::optional<std::string> kept, network_.CodebookText());
  return kept.has_value() ? *std::move(kept) : std::string(*embedded::File(kCarriedCodebook));
}

absl::StatusOr<ListedRound> HubLine::Kept(const std::string& id) const {
  ListedRound listed;
  listed.id = id;
  const std::string qid = absl::HexStringToBytes(id);
  const std::string record = RecordPath(network_.rounds(), qid);
  listed.answered = FileExists(record);
  v1::SignedDescriptor terms;
  const absl::StatusOr<storage::v1::PartnerRound> own = network_.Round(id);
  if (own.ok()) {
    terms = own->terms();
    listed.summary.set_submitted_unix_micros(own->signed_unix_micros());
  } else {
    ASSIGN_OR_RETURN(v1::RoundRecord read, LoadRecord(record));
    terms = std::move(*read.mutable_terms());
  }
  *listed.summary.mutable_terms() = terms;
  listed.summary.set_qid(qid);
  if (!listed.terms.ParseFromString(terms.body()) || listed.terms.levels().empty())
    return Fail(absl::StatusCode::kDataLoss, {absl::StrCat("ronde ", id, ": fichier abîmé"),
                                              absl::StrCat("round ", id, ": damaged file")});
  return listed;
}

absl::StatusOr<std::vector<ListedRound>> HubLine::Rounds() {
  ASSIGN_OR_RETURN(const std::vector<v1::RoundSummary> summaries, hub_->Rounds(""));
  std::vector<ListedRound> rounds;
  for (const v1::RoundSummary& summary : summaries) {
    ListedRound listed;
    listed.id = RoundId(summary.qid());
    listed.summary = summary;
    // A round is its descriptor; what a hub says besides is talk.
    if (Sha256(summary.terms().body()) != summary.qid() ||
        !listed.terms.ParseFromString(summary.terms().body()) || listed.terms.levels().empty())
      continue;
    listed.answered = FileExists(RecordPath(network_.rounds(), summary.qid()));
    rounds.push_back(std::move(listed));
  }
  for (const std::string& id : network_.RoundIds()) {
    const bool there =
        std::any_of(rounds.begin(), rounds.end(), [&](const ListedRound& r) { return r.id == id; });
    if (there) continue;
    absl::StatusOr<ListedRound> kept = Kept(id);
    if (kept.ok()) rounds.push_back(*std::move(kept));
  }
  return rounds;
}

absl::StatusOr<ListedRound> HubLine::Find(const std::string& prefix) {
  // What is answered here needs no hub.
  if (const absl::StatusOr<std::string> id = FindId(IdsIn(network_.rounds()), prefix); id.ok())
    return Kept(*id);
  ASSIGN_OR_RETURN(std::vector<ListedRound> rounds, Rounds());
  if (prefix == kLast && !rounds.empty()) return rounds[0];
  std::vector<std::string> ids;
  ids.reserve(rounds.size());
  for (const ListedRound& round : rounds) ids.push_back(round.id);
  ASSIGN_OR_RETURN(const std::string id, FindId(ids, prefix));
  return *std::find_if(rounds.begin(), rounds.end(), [&](const ListedRound& r) { return r.id == id; });
}

absl::StatusOr<Round> HubLine::RoundOf(const v1::SignedDescriptor& terms) {
  v1::RoundRecord record;
  *record.mutable_terms() = terms;
  v1::Descriptor read;
  const CheckedRoster* roster =
      read.ParseFromString(terms.body()) ? network_.rosters().Find(read.roster_sha256()) : nullptr;
  if (roster == nullptr) {
    return Fail(absl::StatusCode::kDataLoss,
                {"cette ronde suit une liste des membres que le réseau n'a jamais montrée ici",
                 "this round follows a roster that the network has never shown here"});
  }
  *record.mutable_roster() = roster->signed_roster;
  return penc::RoundOf(record);
}

absl::StatusOr<RegionalAnswer> HubLine::TakeKept(const std::string& id) const {
  ASSIGN_OR_RETURN(const v1::RoundRecord record,
                   LoadRecord(RecordPath(network_.rounds(), absl::HexStringToBytes(id))));
  return AnswerOf(record, network_.trust());
}

absl::StatusOr<TakenAnswer> HubLine::Take(const ListedRound& listed) {
  TakenAnswer taken;
  if (listed.answered) {
    ASSIGN_OR_RETURN(taken.regional, TakeKept(listed.id));
    return taken;
  }
  ASSIGN_OR_RETURN(const Round round, RoundOf(listed.summary.terms()));
  ASSIGN_OR_RETURN(const AgreementKey mail_key, partner_->MailKey(outside_.random));
  // With the codebook as it was when the round was opened.
  const absl::StatusOr<storage::v1::PartnerRound> own = network_.Round(listed.id);
  ASSIGN_OR_RETURN(const std::string codebook, own.ok() ? own->codebook() : CodebookText());
  absl::StatusOr<Received> received = FetchRecord(*hub_, round, *RosterOf(round), mail_key, codebook);
  if (!received.ok()) {
    // After its expiry the hub has nothing left to give, which is nobody's lie.
    const bool over = absl::ToUnixMicros(outside_.clock.Now()) >= listed.terms.expires_unix_micros();
    return over ? received.status() : AsDamage(received.status());
  }
  taken.remarks = std::move(received->remarks);
  ASSIGN_OR_RETURN(taken.regional, AnswerOf(received->record, network_.trust()));
  RETURN_IF_ERROR(SaveRecord(network_.rounds(), received->record));
  return taken;
}

}  // namespace penc::cli
