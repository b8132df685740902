// A steward's opening on its way to the recipients: what is sealed, to whom, in which pieces. The one place
// for both sides. Pure.
//
//   content  a serialised penc.v1.ReadOpening: the signed opening, and for a release the mask sum's bytes
//   sealed   a serialised penc.v1.SealedMail of the content to everybody in RecipientsOf (mail.h)
//   pieces   the sealed bytes one after the other, kPieceBytes each, the last one what remains
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "base/random.h"
#include "federation/round.h"
#include "federation/steward.h"

namespace penc {

inline constexpr size_t kPieceBytes = 256 << 10;

std::string SealedContent(const OpeningWithSum& opening);
// Nothing where it is no such content. Signatures are not looked at (opening.h, ParseOpening).
absl::optional<OpeningWithSum> ParseSealedContent(absl::string_view content);

// Mail keys of those who may read the round: the partner, then everybody who was asked (they see what is said
// of them), each once.
std::vector<std::string> RecipientsOf(const Round& round);

// The sealed bytes, for HubLink::PutOpening. INVALID_ARGUMENT where a recipient's key is none, which a
// checked roster and ReadRound rule out.
absl::StatusOr<std::string> SealOpening(const Round& round, uint32_t steward, const OpeningWithSum& opening,
                                        RandomSource& random);

// What an opening is for, as SealedPiece.kind has it: 0 a release, 1 + s a reveal of steward s.
uint32_t OpeningKind(const v1::Opening& opening);

// No honest opening of this round is longer, sealed.
uint64_t LongestSealedOpening(const Round& round, uint32_t kind);

}  // namespace penc
