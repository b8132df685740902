#include "federation/opening.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/hash.h"
#include "crypto/shamir.h"
#include "federation/box.h"
#include "federation/chunks.h"
#include "federation/contribution.h"
#include "federation/masks.h"
#include "federation/ring.h"

namespace penc {
namespace {

absl::Status Cannot(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {absl::StrCat("la ronde ne s'ouvre pas: ", fr), absl::StrCat("the round does not open: ", en)});
}

std::string NameOf(const Round& round, uint32_t member) {
  return round.roster.members(static_cast<int>(member)).name();
}

// Openings that hold: of this round and set, signed by their steward, one release a steward.
struct Openings {
  std::map<uint32_t, const OpeningWithSum*> releases;  // by steward
  std::map<uint32_t, std::vector<std::pair<uint32_t, v1::Opening>>>
      reveals;                               // by absent steward: revealer, opening
  std::map<uint32_t, v1::Opening> released;  // by steward
};

class Opener {
 public:
  Opener(const Round& round, const RoundParts& parts) : round_(round), parts_(parts) {}

  absl::StatusOr<OpenedRound> Run() {
    RETURN_IF_ERROR(ReadSet());
    ReadOpenings();
    RingVector sum(round_.descriptor.length(), round_.descriptor.word_bits());
    for (const std::string& vector : parts_.vectors) {
      PENC_CHECK(sum.AddBytes(1, vector));
    }
    for (uint32_t place = 0; place < round_.stewards(); ++place) RETURN_IF_ERROR(TakeMasks(place, sum));
    OpenedRound opened;
    opened.noisy = sum.ToSigned();
    for (const v1::ContributionHeader& header : headers_) opened.answered.push_back(header.office());
    const uint32_t steps = RemovableSteps(round_, static_cast<uint32_t>(headers_.size()));
    while (opened.removed < steps && TakeStep(opened.removed, opened.noisy)) ++opened.removed;
    opened.remarks = std::move(remarks_);
    return opened;
  }

 private:
  absl::Status ReadSet() {
    if (!VerifyCertificate(round_, parts_.certificate))
      return Cannot("le certificat n'a pas assez de votes égaux",
                    "the certificate has not enough equal votes");
    const v1::Proposal set = *ParseProposal(round_, parts_.certificate.proposal());
    set_sha256_ = Sha256(parts_.certificate.proposal().proposal());
    const auto offices = static_cast<size_t>(set.offices_size());
    if (parts_.headers.size() != offices || parts_.vectors.size() != offices)
      return Cannot("il manque des contributions", "contributions are missing");
    for (size_t i = 0; i < offices; ++i) {
      const v1::Proposal::Included& included = set.offices(static_cast<int>(i));
      const absl::optional<v1::ContributionHeader> header = ParseHeader(round_, parts_.headers[i]);
      const std::string name = NameOf(round_, included.office());
      if (!header.has_value() || header->office() != included.office() ||
          Sha256(parts_.headers[i].header()) != included.header_sha256())
        return Cannot(absl::StrCat("l'en-tête de ", name, " n'est pas celui du certificat"),
                      absl::StrCat("the header of ", name, " is not the certificate's"));
      if (parts_.vectors[i].size() != header->vector_bytes() ||
          ChunkTree::Of(parts_.vectors[i]).Root() != header->vector_root())
        return Cannot(
            absl::StrCat("le vecteur de ", name, " n'est pas celui qu'elle a signé; redemandez-le au relais"),
            absl::StrCat("the vector of ", name, " is not the one that it signed; ask the hub again"));
      headers_.push_back(*header);
    }
    return absl::OkStatus();
  }

  void ReadOpenings() {
    for (const OpeningWithSum& given : parts_.openings) {
      v1::Opening opening;
      if (!opening.ParseFromString(given.opening.opening())) continue;
      const absl::optional<uint32_t> place = round_.PlaceOf(opening.steward());
      if (!place.has_value() || opening.qid() != round_.qid || opening.attempt() != round_.attempt())
        continue;
      const absl::StatusOr<VerifyKey> key =
          VerifyKey::FromBytes(round_.roster.members(static_cast<int>(opening.steward())).epoch().vote_key());
      const bool holds = key.ok() &&
                         key->Verify(SignedOpeningText(given.opening.opening()), given.opening.signature()) &&
                         opening.proposal_sha256() == set_sha256_;
      if (!holds) {
        Remark(opening.steward(), "a envoyé une ouverture qui ne tient pas",
               "sent an opening that does not hold");
        continue;
      }
      if (opening.reveal()) {
        openings_.reveals[opening.absent_steward()].emplace_back(*place, opening);
      } else if (Sha256(given.mask_sum) == opening.mask_sum_sha256() &&
                 given.mask_sum.size() == VectorBytes(round_)) {
        openings_.releases[opening.steward()] = &given;
        openings_.released[opening.steward()] = opening;
      } else {
        Remark(opening.steward(), "a envoyé une somme de masques qui n'est pas celle qu'il a signée",
               "sent a sum of masks that is not the one that it signed");
      }
    }
  }

  absl::Status TakeMasks(uint32_t place, RingVector& sum) {
    const uint32_t steward = round_.descriptor.stewards(static_cast<int>(place));
    if (const auto release = openings_.releases.find(steward); release != openings_.releases.end()) {
      PENC_CHECK(sum.AddBytes(-1, release->second->mask_sum));
      return absl::OkStatus();
    }
    for (size_t i = 0; i < headers_.size(); ++i) {
      ASSIGN_OR_RETURN(const Secret seed, Join(i, place, openings_.reveals[steward],
                                               [](const v1::Opening& o) { return &o.mask_shares(); }));
      if (MaskCommitment(seed) != headers_[i].mask_commitments(static_cast<int>(place)))
        return Cannot(
            absl::StrCat(NameOf(round_, headers_[i].office()), " a partagé un autre masque qu'annoncé"),
            absl::StrCat(NameOf(round_, headers_[i].office()), " shared another mask than it stated"));
      sum.AddMask(-1, seed);
    }
    return absl::OkStatus();
  }

  // Takes away the noise of one step of every office; false, with nothing taken, where a seed does not fit.
  bool TakeStep(uint32_t step, std::vector<int64_t>& cells) {
    std::vector<std::pair<uint32_t, v1::Opening>> released;
    for (const auto& [steward, opening] : openings_.released)
      released.emplace_back(*round_.PlaceOf(steward), opening);
    std::vector<Secret> seeds;
    for (size_t i = 0; i < headers_.size(); ++i) {
      absl::StatusOr<Secret> seed =
          Join(i, round_.stewards() + step, released, [](const v1::Opening& o) { return &o.level_shares(); });
      if (!seed.ok() || LevelCommitment(*seed) != headers_[i].level_commitments(static_cast<int>(step))) {
        Remark(headers_[i].office(), "n'a pas partagé le bruit annoncé: ce bruit reste",
               "did not share the noise that it stated: that noise stays");
        return false;
      }
      seeds.push_back(*std::move(seed));
    }
    const ShareSchedule schedule = ScheduleOf(round_);
    uint64_t first = 0;
    for (int b = 0; b < round_.descriptor.blocks_size(); ++b) {
      const v1::RoundBlock& block = round_.descriptor.blocks(b);
      for (const Secret& seed : seeds) {
        AddComponent(MechanismOf(block), schedule, step, seed.bytes(), static_cast<uint32_t>(b), -1,
                     absl::MakeSpan(cells).subspan(first, block.cells()));
      }
      first += block.cells();
    }
    return true;
  }

  // A secret of office number `i` from shares that prove themselves against its header.
  template <typename SharesOf>
  absl::StatusOr<Secret> Join(size_t i, uint32_t place,
                              const std::vector<std::pair<uint32_t, v1::Opening>>& openings,
                              SharesOf shares_of) {
    const v1::ContributionHeader& header = headers_[i];
    const auto places = static_cast<uint32_t>(round_.stewards() + header.level_commitments_size());
    std::map<uint32_t, absl::string_view> shares;
    for (const auto& [revealer, opening] : openings) {
      for (const v1::OpenedShare& share : *shares_of(opening)) {
        if (share.office() != header.office() || share.place() != place) continue;
        if (VerifyShare(share, places, header.box_roots(static_cast<int>(revealer)))) {
          shares[revealer] = share.share();
        } else {
          Remark(opening.steward(), "a donné une part fausse", "gave a false share");
        }
      }
    }
    if (shares.size() < round_.quorum())
      return Cannot(absl::StrCat("il manque des parts pour ", NameOf(round_, header.office())),
                    absl::StrCat("shares are missing for ", NameOf(round_, header.office())));
    return JoinShares(round_.quorum(), {shares.begin(), shares.end()});
  }

  void Remark(uint32_t member, const char* fr, const char* en) {
    const std::string name = NameOf(round_, member);
    remarks_.push_back({absl::StrCat(name, " ", fr), absl::StrCat(name, " ", en)});
  }

  const Round& round_;
  const RoundParts& parts_;
  std::string set_sha256_;
  std::vector<v1::ContributionHeader> headers_;
  Openings openings_;
  std::vector<Text> remarks_;
};

}  // namespace

absl::StatusOr<OpenedRound> OpenRound(const Round& round, const RoundParts& parts) {
  return Opener(round, parts).Run();
}

}  // namespace penc
