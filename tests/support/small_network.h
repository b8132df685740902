// A network for tests: members with keys, a roster, a round, and messages signed by whoever a test wants.
// Header only. Everything is drawn from a seeded stream, so that a run can be repeated.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "crypto/agreement.h"
#include "crypto/hash.h"
#include "crypto/secure_random.h"
#include "crypto/signature.h"
#include "federation/parameters.h"
#include "federation/round.h"

namespace penc {

class SmallNetwork {
 public:
  struct Numbers {
    uint32_t offices = 8, stewards = 7, colluding = 2, absent = 2, dishonest = 2, fewest = 5;
    uint64_t length = 10;
    uint32_t word_bits = 32;
  };

  explicit SmallNetwork(Numbers numbers) : numbers_(numbers) {
    const absl::Time end = now() + absl::Hours(24 * 20);
    roster_.set_format(1);
    roster_.set_network("essai");
    roster_.set_version(1);
    roster_.set_expires_unix_micros(absl::ToUnixMicros(now() + absl::Hours(24 * 365)));
    roster_.add_root_keys(hub.verify_key().bytes());
    roster_.set_root_threshold(1);
    roster_.set_hub_key(hub.verify_key().bytes());
    roster_.set_hub_address("127.0.0.1:7410");
    roster_.set_closing("quarter");
    roster_.set_salt(std::string(16, 's'));
    for (uint32_t i = 0; i < numbers.offices; ++i) {
      members.push_back(std::make_unique<Keys>(random));
      v1::Member& member = *roster_.add_members();
      member.set_key(members[i]->key.verify_key().bytes());
      member.set_mail_key(members[i]->mail.public_key());
      member.set_name(absl::StrCat("office ", i));
      if (i >= numbers.stewards) continue;
      v1::EpochKeys& epoch = *member.mutable_epoch();
      epoch.set_epoch(1);
      epoch.set_mask_key(members[i]->mask.public_key());
      epoch.set_vote_key(members[i]->vote.verify_key().bytes());
      epoch.set_until_unix_micros(absl::ToUnixMicros(end));
    }
    roster_bytes = roster_.SerializeAsString();
  }

  static absl::Time now() { return absl::FromUnixSeconds(1790000000); }
  const v1::Roster& roster() const { return roster_; }

  v1::Descriptor Terms() {
    v1::Descriptor terms;
    terms.set_suite(1);
    terms.set_attempt(1);
    std::string nonce(16, '\0');
    random.Fill(absl::MakeSpan(reinterpret_cast<uint8_t*>(nonce.data()), nonce.size()));
    terms.set_nonce(nonce);
    terms.set_roster_sha256(Sha256(roster_bytes));
    terms.set_roster_version(1);
    terms.set_length(numbers_.length);
    terms.set_word_bits(numbers_.word_bits);
    v1::RoundBlock& block = *terms.add_blocks();
    block.set_cells(numbers_.length);
    block.mutable_noise()->set_family(v1::Noise::FAMILY_DISCRETE_LAPLACE);
    block.mutable_noise()->set_parameter_num(1);
    block.mutable_noise()->set_parameter_den(1);
    block.set_l0(1);
    block.set_linf(1);
    block.set_l1(1);
    terms.set_asked(numbers_.offices);
    terms.set_presumed_dishonest(numbers_.dishonest);
    for (uint32_t m : LevelsFor(numbers_.offices, numbers_.dishonest, numbers_.fewest)) terms.add_levels(m);
    for (uint32_t k = 0; k < numbers_.stewards; ++k) terms.add_stewards(k);
    terms.set_colluding(numbers_.colluding);
    terms.set_absent(numbers_.absent);
    const auto in = [](int hours) { return absl::ToUnixMicros(now() + absl::Hours(hours)); };
    terms.set_collect_until_unix_micros(in(72));
    terms.set_vote_until_unix_micros(in(96));
    terms.set_release_until_unix_micros(in(120));
    terms.set_reveal_until_unix_micros(in(144));
    terms.set_expires_unix_micros(in(14 * 24));
    terms.set_partner_key(partner.verify_key().bytes());
    terms.set_partner_mail_key(partner_mail.public_key());
    terms.set_partner_name("analyste");
    return terms;
  }
  v1::SignedDescriptor Sign(const v1::Descriptor& terms) const {
    v1::SignedDescriptor out;
    out.set_body(terms.SerializeAsString());
    out.set_signature(partner.Sign(absl::StrCat("penc round v1\n", out.body())));
    return out;
  }
  Round MakeRound() {
    absl::StatusOr<Round> round = ReadRound(Sign(Terms()), roster_bytes, now());
    PENC_CHECK(round.ok());
    return *std::move(round);
  }

  v1::SignedHeader SignHeader(uint32_t office, const v1::ContributionHeader& header) const {
    v1::SignedHeader out;
    out.set_header(header.SerializeAsString());
    out.set_signature(members[office]->key.Sign(absl::StrCat("penc contribution v1\n", out.header())));
    return out;
  }
  v1::Vote SignVote(const Round& round, uint32_t steward, const std::string& proposal_sha256) const {
    v1::Vote vote;
    vote.set_qid(round.qid);
    vote.set_attempt(round.attempt());
    vote.set_steward(steward);
    vote.set_proposal_sha256(proposal_sha256);
    vote.set_signature(members[steward]->vote.Sign(SignedVoteText(round, proposal_sha256)));
    return vote;
  }
  v1::Promise SignPromise(const Round& round, uint32_t steward) const {
    v1::Promise promise;
    promise.set_qid(round.qid);
    promise.set_attempt(round.attempt());
    promise.set_steward(steward);
    promise.set_signature(members[steward]->vote.Sign(SignedPromiseText(round)));
    return promise;
  }
  v1::SignedAbstention SignAbstention(const Round& round, uint32_t office, bool waiting = false) const {
    v1::Abstention abstention;
    abstention.set_qid(round.qid);
    abstention.set_attempt(round.attempt());
    abstention.set_office(office);
    abstention.set_reason(1);
    abstention.set_waiting(waiting);
    v1::SignedAbstention out;
    out.set_abstention(abstention.SerializeAsString());
    out.set_signature(members[office]->key.Sign(absl::StrCat("penc abstention v1\n", out.abstention())));
    return out;
  }

  struct Keys {
    explicit Keys(RandomSource& random)
        : key(SigningKey::Generate(random)),
          vote(SigningKey::Generate(random)),
          mail(AgreementKey::Generate(random)),
          mask(AgreementKey::Generate(random)) {}
    SigningKey key, vote;
    AgreementKey mail, mask;
  };

 private:
  const Numbers numbers_;

 public:
  SeededExpander random{absl::MakeConstSpan(std::vector<uint8_t>(32, 7))};
  SigningKey hub = SigningKey::Generate(random), partner = SigningKey::Generate(random);
  AgreementKey partner_mail = AgreementKey::Generate(random);
  std::vector<std::unique_ptr<Keys>> members;
  std::string roster_bytes;

 private:
  v1::Roster roster_;
};

}  // namespace penc
