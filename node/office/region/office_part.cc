#include "office/region/office_part.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "federation/share_finisher.h"
#include "ledger/ledger.h"
#include "office/keys.h"
#include "office/office.h"
#include "office/region/contributing.h"
#include "office/region/region.h"
#include "release/approvals.h"

namespace penc {
namespace {

using storage::v1::OfficeRoundRow;

constexpr size_t kLongestFile = 32 << 20;  // 2^20 cells of 8 bytes, and boxes

// The committed bytes, or nothing where the file is gone or another.
absl::optional<storage::v1::ContributionFile> ReadContribution(const SealedFiles& files,
                                                               const std::string& path,
                                                               const std::string& sha256) {
  const absl::StatusOr<Secret> bytes = files.Read(path, kLongestFile);
  storage::v1::ContributionFile file;
  if (!bytes.ok() || Sha256(bytes->view()) != sha256 ||
      !file.ParseFromArray(bytes->view().data(), static_cast<int>(bytes->size())) || file.format() != 1)
    return absl::nullopt;
  return file;
}

}  // namespace

absl::StatusOr<OfficeStep> OfficePart::Next(const v1::Work& work) {
  ASSIGN_OR_RETURN(const absl::optional<OfficeRoundRow> row, rows_.Office(round_.round));
  const bool undecided = office_.approvals().Waits(round_.round.qid, office_.in_force());
  return NextStep(round_.round, round_.member, row.has_value() ? &*row : nullptr, undecided, work,
                  office_.environment().clock.Now());
}

// What an office decides before it looks at the question.
absl::optional<v1::Refusal> OfficePart::StaysAway() const {
  if (!round_.newest || round_.roster->roster.practice() != office_.config().practice())
    return v1::REFUSAL_STALE_ROSTER;
  return absl::nullopt;
}

absl::Status OfficePart::Contribute(PlannedWork& work) {
  Steps& steps = office_.environment().steps;
  ASSIGN_OR_RETURN(const absl::optional<OfficeRoundRow> known, rows_.Office(round_.round));
  OfficeRoundRow row = known.value_or(OfficeRoundRow());
  if (!known.has_value()) {
    row.set_state(OfficeRoundRow::STATE_SEEN);
    *row.mutable_terms() = round_.round.signed_descriptor;
    row.set_roster_version(round_.roster->roster.version());
    row.set_office(round_.member);
    if (const auto reason = StaysAway(); reason.has_value()) return Abstain(std::move(row), *reason);
    RETURN_IF_ERROR(rows_.Save(round_.round, row));
    steps.Reached("round.after_seen");
  }
  if (row.waiting()) {
    // From here on it may be charged.
    row.set_waiting(false);
    RETURN_IF_ERROR(rows_.Save(round_.round, row));
    steps.Reached("round.after_decided");
  }
  absl::StatusOr<Contributed> made = penc::Contribute(office_, round_.round, *round_.roster, round_.member);
  if (!made.ok()) return made.status();
  work = made->work;
  if (made->refusal.has_value() && made->refusal->reason() == v1::REFUSAL_NEEDS_APPROVAL) {
    steps.Reached("round.after_asked");
    row.set_waiting(true);
    RETURN_IF_ERROR(rows_.Save(round_.round, row));
    steps.Reached("round.after_waiting");
    return absl::OkStatus();
  }
  if (made->refusal.has_value()) return Abstain(std::move(row), made->refusal->reason());
  row.set_state(OfficeRoundRow::STATE_BUILT);
  row.set_file_sha256(made->file_sha256);
  RETURN_IF_ERROR(rows_.Save(round_.round, row));
  steps.Reached("round.after_built");
  return absl::OkStatus();
}

absl::Status OfficePart::TooLate() {
  ASSIGN_OR_RETURN(absl::optional<OfficeRoundRow> row, rows_.Office(round_.round));
  if (!row.has_value() || !row->waiting()) return absl::OkStatus();
  return Abstain(*std::move(row), v1::REFUSAL_NEEDS_APPROVAL);
}

absl::Status OfficePart::Abstain(OfficeRoundRow row, v1::Refusal reason) {
  row.set_state(OfficeRoundRow::STATE_ABSTAINED);
  row.set_waiting(false);
  row.set_reason(reason);
  RETURN_IF_ERROR(rows_.Save(round_.round, row));
  office_.environment().steps.Reached("round.after_abstained");
  return absl::OkStatus();
}

absl::Status OfficePart::Send(HubLink& hub) {
  ASSIGN_OR_RETURN(const absl::optional<OfficeRoundRow> row, rows_.Office(round_.round));
  if (!row.has_value()) return absl::OkStatus();
  if (row->state() == OfficeRoundRow::STATE_ABSTAINED)
    return SendAbstention(hub, static_cast<v1::Refusal>(row->reason()));
  if (row->waiting()) return SendAbstention(hub, v1::REFUSAL_NEEDS_APPROVAL, /*waiting=*/true);
  if (row->state() == OfficeRoundRow::STATE_BUILT || row->state() == OfficeRoundRow::STATE_ACKED)
    return SendContribution(hub, *row);
  return absl::OkStatus();
}

absl::Status OfficePart::SendContribution(HubLink& hub, OfficeRoundRow row) {
  Steps& steps = office_.environment().steps;
  const std::string path = ContributionPath(office_.layout(), round_.round.qid, round_.round.attempt());
  absl::optional<storage::v1::ContributionFile> file =
      ReadContribution(office_.keys().files(), path, row.file_sha256());
  // Only the committed bytes may ever leave: a second build would be a second noise under one charge.
  if (!file.has_value()) return SendAbstention(hub, v1::REFUSAL_CONTRIBUTION_LOST);
  v1::PutContributionRequest header;
  *header.mutable_header() = file->header();
  *header.mutable_boxes() = file->boxes();
  ASSIGN_OR_RETURN(const std::vector<uint32_t> missing, hub.PutContribution(header));
  steps.Reached("round.after_header_sent");
  std::string receipt;
  for (uint32_t index : missing) {
    const size_t first = size_t{index} * kChunkBytes;
    if (first >= file->vector().size()) continue;
    v1::PutChunkRequest chunk;
    chunk.set_qid(round_.round.qid);
    chunk.mutable_chunk()->set_office(round_.member);
    chunk.mutable_chunk()->set_index(index);
    chunk.mutable_chunk()->set_bytes(file->vector().substr(first, kChunkBytes));
    ASSIGN_OR_RETURN(receipt, hub.PutChunk(chunk));
    steps.Reached("round.after_chunk_sent");
  }
  const auto key = VerifyKey::FromBytes(round_.roster->roster.hub_key());
  const std::string text = SignedReceiptText(round_.round, round_.member, Sha256(file->header().header()));
  if (receipt.empty() || !key.ok() || !key->Verify(text, receipt)) return absl::OkStatus();
  row.set_state(OfficeRoundRow::STATE_ACKED);
  row.set_receipt(receipt);
  return rows_.Save(round_.round, row);
}

absl::Status OfficePart::SendAbstention(HubLink& hub, v1::Refusal reason, bool waiting) {
  v1::Abstention abstention;
  abstention.set_qid(round_.round.qid);
  abstention.set_attempt(round_.round.attempt());
  abstention.set_office(round_.member);
  abstention.set_reason(reason);
  abstention.set_waiting(waiting);
  v1::SignedAbstention signed_abstention;
  signed_abstention.set_abstention(abstention.SerializeAsString());
  signed_abstention.set_signature(
      office_.identity().key.Sign(absl::StrCat("penc abstention v1\n", signed_abstention.abstention())));
  return hub.PutAbstention(signed_abstention);
}

absl::Status OfficePart::Settle(const v1::Work& work) {
  ASSIGN_OR_RETURN(absl::optional<OfficeRoundRow> row, rows_.Office(round_.round));
  const absl::optional<Settlement> settlement =
      penc::Settle(round_.round, round_.member, work, office_.environment().clock.Now());
  if (!row.has_value() || !settlement.has_value()) return absl::OkStatus();
  // The refund first: a crash in between repeats it, and it is given once only.
  if (settlement->state == OfficeRoundRow::STATE_REFUNDED) {
    const absl::Status refunded = office_.ledger().Refund(RoundSlot(round_.round));
    if (!refunded.ok() && !absl::IsNotFound(refunded)) return refunded;  // not found: it was never charged
  }
  office_.environment().steps.Reached("round.after_refund");
  // Why it stayed away is still what there is to say of it.
  if (row->state() != OfficeRoundRow::STATE_ABSTAINED) row->set_state(settlement->state);
  row->set_ended_by(settlement->ended_by);
  RETURN_IF_ERROR(rows_.Save(round_.round, *row));
  std::remove(ContributionPath(office_.layout(), round_.round.qid, round_.round.attempt()).c_str());
  return absl::OkStatus();
}

}  // namespace penc
