#include "federation/opening.h"

#include <map>
#include <set>
#include <utility>

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

// Shares of one secret of one office, by place of the steward that gave them; as given, not checked.
using Shares = std::vector<std::pair<uint32_t, const v1::OpenedShare*>>;
// By office and place.
using ShareIndex = std::map<std::pair<uint32_t, uint32_t>, Shares>;

void AddTo(ShareIndex& index, uint32_t steward_place,
           const google::protobuf::RepeatedPtrField<v1::OpenedShare>& shares) {
  for (const v1::OpenedShare& share : shares)
    index[{share.office(), share.place()}].emplace_back(steward_place, &share);
}

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
      absl::optional<v1::Opening> parsed = ParseOpening(round_, set_sha256_, given);
      if (!parsed.has_value()) {
        remarks_.push_back({"une ouverture qui n'est pas telle que son témoin l'a signée est laissée de côté",
                            "an opening that is not as its steward signed it is left aside"});
        continue;
      }
      const uint32_t place = *round_.PlaceOf(parsed->steward());
      const auto kind = std::make_pair(place, parsed->reveal() ? 1 + int64_t{parsed->absent_steward()} : 0);
      const auto [at, fresh] = openings_.try_emplace(kind, *std::move(parsed));
      if (!fresh) continue;
      if (at->second.reveal()) {
        AddTo(mask_shares_[at->second.absent_steward()], place, at->second.mask_shares());
      } else {
        mask_sums_[at->second.steward()] = &given.mask_sum;
        AddTo(level_shares_, place, at->second.level_shares());
      }
    }
  }

  absl::Status TakeMasks(uint32_t place, RingVector& sum) {
    const uint32_t steward = round_.descriptor.stewards(static_cast<int>(place));
    if (const auto sum_of = mask_sums_.find(steward); sum_of != mask_sums_.end()) {
      PENC_CHECK(sum.AddBytes(-1, *sum_of->second));
      return absl::OkStatus();
    }
    for (size_t i = 0; i < headers_.size(); ++i) {
      ASSIGN_OR_RETURN(const Secret seed, Join(i, place, mask_shares_[steward]));
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
    std::vector<Secret> seeds;
    for (size_t i = 0; i < headers_.size(); ++i) {
      absl::StatusOr<Secret> seed = Join(i, round_.stewards() + step, level_shares_);
      if (!seed.ok()) {
        const std::string name = NameOf(round_, headers_[i].office());
        remarks_.push_back({absl::StrCat("des parts du bruit de ", name, " manquent: ce bruit reste"),
                            absl::StrCat("shares of the noise of ", name, " are missing: that noise stays")});
        return false;
      }
      // Proved against its own roots, so it is the office that shared something else.
      if (LevelCommitment(*seed) != headers_[i].level_commitments(static_cast<int>(step))) {
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
  absl::StatusOr<Secret> Join(size_t i, uint32_t place, const ShareIndex& index) {
    const v1::ContributionHeader& header = headers_[i];
    const auto places = static_cast<uint32_t>(round_.stewards() + header.level_commitments_size());
    std::map<uint32_t, absl::string_view> shares;
    if (const auto given = index.find({header.office(), place}); given != index.end()) {
      for (const auto& [steward_place, share] : given->second) {
        if (VerifyShare(*share, places, header.box_roots(static_cast<int>(steward_place)))) {
          shares[steward_place] = share->share();
        } else if (liars_.insert(steward_place).second) {
          Remark(round_.descriptor.stewards(static_cast<int>(steward_place)), "a donné une part fausse",
                 "gave a false share");
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
  // By the steward's place and purpose: release 0, reveal 1 + the absent steward. What the others point to.
  std::map<std::pair<uint32_t, int64_t>, v1::Opening> openings_;
  std::map<uint32_t, const std::string*> mask_sums_;  // by steward that released
  std::map<uint32_t, ShareIndex> mask_shares_;        // by absent steward
  ShareIndex level_shares_;
  std::set<uint32_t> liars_;  // stewards' places
  std::vector<Text> remarks_;
};

}  // namespace

absl::optional<v1::Opening> ParseOpening(const Round& round, const std::string& set_sha256,
                                         const OpeningWithSum& given) {
  v1::Opening parsed;
  if (!parsed.ParseFromString(given.opening.opening()) || parsed.qid() != round.qid ||
      parsed.attempt() != round.attempt() || parsed.proposal_sha256() != set_sha256 ||
      !round.PlaceOf(parsed.steward()).has_value())
    return absl::nullopt;
  const absl::StatusOr<VerifyKey> key =
      VerifyKey::FromBytes(round.roster.members(static_cast<int>(parsed.steward())).epoch().vote_key());
  if (!key.ok() || !key->Verify(SignedOpeningText(given.opening.opening()), given.opening.signature()))
    return absl::nullopt;
  const bool fits = parsed.reveal() ? given.mask_sum.empty()
                                    : given.mask_sum.size() == VectorBytes(round) &&
                                          Sha256(given.mask_sum) == parsed.mask_sum_sha256();
  if (!fits) return absl::nullopt;
  return parsed;
}

absl::StatusOr<OpenedRound> OpenRound(const Round& round, const RoundParts& parts) {
  return Opener(round, parts).Run();
}

}  // namespace penc
