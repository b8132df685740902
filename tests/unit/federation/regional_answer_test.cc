// From records to answers: whole rounds of real questions, and everything that must not pass for one.
#include "federation/regional_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/util/json_util.h>

#include <cstdlib>
#include <functional>

#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "embedded/embedded.h"
#include "federation/recipient.h"
#include "federation/record_file.h"
#include "policy/words.h"
#include "privacy/law.h"
#include "question/bulletin.h"
#include "tests/support/seed.h"
#include "tests/support/small_store.h"
#include "tests/support/whole_round.h"

namespace penc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::vector<uint32_t> kAll = {0, 1, 2, 3, 4, 5, 6, 7};

std::string Shipped(absl::string_view name) { return std::string(*embedded::File(name)); }

// The thirteen questions of the network, as they ship.
WholeRound::Wish BulletinWish() {
  WholeRound::Wish wish;
  wish.codebook = Shipped("codebook/migration.yaml");
  wish.bulletin = ReadBulletin("bulletin.yaml", Shipped("questions/bulletin.yaml")).value();
  wish.share_ppm = 600000;
  return wish;
}

WholeRound::Wish QuestionWish(const std::vector<std::string>& questions) {
  WholeRound::Wish wish;
  wish.codebook = Shipped("codebook/migration.yaml");
  for (const std::string& sql : questions) wish.bulletin.add_questions()->set_sql(sql);
  return wish;
}

v1::RoundRecord RecordOf(WholeRound& whole, const std::vector<OpeningWithSum>& openings) {
  Recipient recipient(whole.round, whole.network.partner_mail);
  for (v1::FetchRoundResponse& piece : whole.PiecesOf(openings))
    PENC_CHECK(recipient.Take(std::move(piece)).ok());
  auto received = std::move(recipient).Finish(whole.roster.signed_roster, whole.codebook_text);
  PENC_CHECK(received.ok());
  return std::move(received->record);
}

// Noisy integers of an answer one after the other, as the vector has them.
std::vector<int64_t> NoisyOf(const v1::Answer& answer) {
  std::vector<int64_t> noisy;
  for (const v1::Table& table : answer.tables()) {
    for (const v1::Block& block : table.blocks())
      noisy.insert(noisy.end(), block.noisy().begin(), block.noisy().end());
  }
  return noisy;
}

std::string Json(const v1::Answer& answer) {
  std::string text;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  PENC_CHECK(google::protobuf::util::MessageToJsonString(answer, &text, options).ok());
  return text;
}

Mechanism LawOf(const v1::Noise& noise) {
  return {noise.family() == v1::Noise::FAMILY_SKELLAM ? Family::kSkellam : Family::kDiscreteLaplace,
          {noise.parameter_num(), noise.parameter_den()},
          {noise.rate_num(), noise.rate_den()}};
}

// False alarm below 1e-9 a cell.
void ExpectTruthWithinTheLaw(const v1::Answer& answer, const std::vector<int64_t>& truth) {
  size_t at = 0;
  for (const v1::Table& table : answer.tables()) {
    for (const v1::Block& block : table.blocks()) {
      const auto far = static_cast<int64_t>(HalfWidth(LawOf(block.noise()), 1 - 1e-9));
      for (int64_t noisy : block.noisy()) EXPECT_LE(std::abs(noisy - truth.at(at++)), far);
    }
  }
  EXPECT_EQ(at, truth.size());
}

TEST(RegionalAnswers, TheBulletinOfEightOfEightIsTheTruthPlusTheStatedLaw) {
  WholeRound whole(BulletinWish());
  whole.Contribute(kAll);
  whole.Certify();
  const v1::RoundRecord record = RecordOf(whole, whole.Openings());
  const auto made = AnswerOf(record, {whole.Roots(), {}});
  ASSERT_TRUE(made.ok()) << made.status();
  const v1::Answer& answer = made->answer;
  EXPECT_TRUE(made->anchored);
  EXPECT_EQ(made->roots, whole.Roots());
  EXPECT_EQ(answer.answered(), 8u);
  EXPECT_EQ(answer.asked(), 8u);
  EXPECT_EQ(answer.organisations(3), "office 3");
  EXPECT_EQ(answer.edition(), "2026-Q3");
  EXPECT_EQ(answer.codebook(), "migration@2");
  EXPECT_EQ(answer.tables_size(), whole.round.descriptor.bulletin().questions_size());
  EXPECT_EQ(answer.tables(0).title(), whole.round.descriptor.bulletin().questions(0).title());
  EXPECT_NEAR(answer.charge().share_ppm(), 600000, 600);
  EXPECT_EQ(answer.charge().epsilon(), "8");
  EXPECT_THAT(answer.charge().cohorts(), IsEmpty()) << "the question names none";
  EXPECT_EQ(answer.regional().round_id(), RoundId(whole.round.qid));
  EXPECT_EQ(answer.regional().network(), "essai");
  EXPECT_EQ(answer.regional().partner(), "analyste");
  EXPECT_EQ(answer.regional().presumed_dishonest(), 2u);
  EXPECT_EQ(answer.regional().stewards_colluding(), 2u);
  EXPECT_THAT(answer.regional().absent(), IsEmpty());
  EXPECT_THAT(answer.regional().remarks(), IsEmpty());
  EXPECT_THAT(answer.citation().fr(), HasSubstr("réseau essai, 8 organisations sur 8, édition 2026-Q3"));
  EXPECT_THAT(answer.citation().en(), HasSubstr("8 of 8 organisations"));
  for (const v1::Table& table : answer.tables()) {
    for (const v1::Block& block : table.blocks()) {
      EXPECT_EQ(block.noise().rate_num(), 8u);
      EXPECT_EQ(block.noise().rate_den(), 6u) << "two of eight are presumed dishonest";
    }
  }
  EXPECT_THAT(NoisyOf(answer), SizeIs(whole.round.descriptor.length()));
  ExpectTruthWithinTheLaw(answer, whole.Truth());
  EXPECT_EQ(AnswerOf(record, {whole.Roots(), {}})->answer.SerializeAsString(), answer.SerializeAsString())
      << "the same record, the same bytes";
  EXPECT_THAT(made->checked, SizeIs(8));
  EXPECT_THAT(made->checked[0].fr, HasSubstr("signée par 1 des 1 clés racines"));
}

TEST(RegionalAnswers, SixOfEightSayWhoIsMissingAndWhy) {
  WholeRound whole(QuestionWish({"SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"}));
  whole.abstentions = {whole.network.SignAbstention(whole.round, 6)};
  whole.Contribute({0, 1, 2, 3, 5, 7});
  whole.Certify();
  const uint32_t gone = whole.round.descriptor.stewards(2);
  const auto made = AnswerOf(RecordOf(whole, whole.Openings({gone})), {whole.Roots(), {}});
  ASSERT_TRUE(made.ok()) << made.status();
  const v1::Answer& answer = made->answer;
  EXPECT_EQ(answer.answered(), 6u);
  ASSERT_THAT(answer.regional().absent(), SizeIs(2));
  EXPECT_EQ(answer.regional().absent(0).organisation(), "office 4");
  EXPECT_EQ(answer.regional().absent(0).reason(), v1::REFUSAL_UNSPECIFIED);
  EXPECT_EQ(answer.regional().absent(1).organisation(), "office 6");
  EXPECT_EQ(answer.regional().absent(1).reason(), v1::REFUSAL_STOPPED);
  EXPECT_EQ(answer.tables(0).blocks(0).noise().rate_num(), 6u);
  EXPECT_EQ(answer.tables(0).blocks(0).noise().rate_den(), 4u);
  ExpectTruthWithinTheLaw(answer, whole.Truth());
}

TEST(RegionalAnswers, MarginsAreThoseOfTheLawThatRemains) {
  WholeRound whole(QuestionWish({"SELECT sex, count(DISTINCT person) FROM person GROUP BY sex",
                                 "SELECT count(*), avg(recruitment_cost) FROM recruitment_complaint",
                                 "SELECT count(DISTINCT person) FROM person GROUP BY ROLLUP(sex)"}));
  whole.Contribute(kAll);
  whole.Certify();
  const auto made = AnswerOf(RecordOf(whole, whole.Openings()), {whole.Roots(), {}});
  ASSERT_TRUE(made.ok()) << made.status();
  const v1::Table& counts = made->answer.tables(0);
  EXPECT_EQ(counts.columns(0).margin(),
            static_cast<double>(HalfWidth(LawOf(counts.blocks(0).noise()), 0.95)));
  const v1::Table& means = made->answer.tables(1);
  ASSERT_THAT(means.blocks(), SizeIs(3)) << "a mean has two blocks";
  for (const v1::Block& block : means.blocks()) {
    EXPECT_EQ(block.noise().rate_num(), 8u);
    EXPECT_EQ(block.noise().rate_den(), 6u);
  }
  // Before anybody spends, the same margin is foreseen, and a wider one for fewer.
  const Plan plan = CheckDescriptor(whole.round, whole.roster, whole.codebook).value();
  const v1::ExplainResponse all = ExplainRound(whole.round.descriptor, plan, whole.codebook, 8);
  EXPECT_EQ(all.questions(0).margins(0), counts.columns(0).margin());
  EXPECT_EQ(all.charge().share_ppm(), made->answer.charge().share_ppm());
  EXPECT_EQ(all.question_id(), made->answer.question_id());
  const v1::ExplainResponse fewest = ExplainRound(whole.round.descriptor, plan, whole.codebook, 5);
  EXPECT_GT(fewest.questions(0).margins(0), all.questions(0).margins(0));
  // Totals: every level has its share of noise from everybody.
  const v1::Table& totals = made->answer.tables(2);
  ASSERT_THAT(totals.blocks(), SizeIs(2));
  EXPECT_EQ(totals.blocks(1).rolled(), 1u);
  EXPECT_EQ(totals.blocks(1).noisy_size(), 1);
  EXPECT_EQ(totals.blocks(1).noise().rate_num(), 8u);
  EXPECT_EQ(totals.rows_size(), totals.blocks(0).noisy_size() + 1);
  for (int l = 0; l < 2; ++l)
    EXPECT_GT(fewest.questions(2).levels(l).margins(0), all.questions(2).levels(l).margins(0));
}

TEST(RegionalAnswers, CohortsThatTheQuestionNamesStandInTheCharge) {
  WholeRound whole(QuestionWish({"SELECT count(DISTINCT person) FROM person WHERE entered >= '2026-Q1'"}));
  whole.Contribute(kAll);
  whole.Certify();
  const auto made = AnswerOf(RecordOf(whole, whole.Openings()), {whole.Roots(), {}});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->answer.charge().cohorts(), ElementsAre("2026-Q1", "2026-Q2", "2026-Q3"));
}

// Before a member's first edition and after the round's nobody is: there the sum is noise alone, of the same
// law.
TEST(RegionalAnswers, ATrendOverCohortsNamesThoseUpToTheEditionOfTheRound) {
  WholeRound whole(
      QuestionWish({"SELECT entered, count(DISTINCT person) FROM person WHERE entered BETWEEN "
                    "'2026-Q1' AND '2026-Q4' GROUP BY entered"}));
  whole.Contribute(kAll);
  whole.Certify();
  const auto made = AnswerOf(RecordOf(whole, whole.Openings()), {whole.Roots(), {}});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_THAT(made->answer.charge().cohorts(), ElementsAre("2026-Q1", "2026-Q2", "2026-Q3"));
  ASSERT_EQ(made->answer.tables(0).axes(0).categories_size(), 4);
  EXPECT_EQ(made->answer.tables(0).axes(0).categories(3).code(), "2026-Q4");
  ExpectTruthWithinTheLaw(made->answer, whole.Truth());
}

class Lies : public ::testing::Test {
 protected:
  Lies() : whole_(QuestionWish({"SELECT sex, count(DISTINCT person) FROM person GROUP BY sex"})) {}
  absl::StatusOr<RegionalAnswer> Answer(const v1::RoundRecord& record) const {
    return AnswerOf(record, {whole_.Roots(), {}});
  }
  void ExpectFails(const v1::RoundRecord& record, absl::string_view why) const {
    const auto answer = Answer(record);
    ASSERT_EQ(answer.status().code(), absl::StatusCode::kDataLoss) << why;
    EXPECT_THAT(Explain(answer.status()).en, HasSubstr(std::string(why)));
  }
  uint32_t StewardAt(int place) const { return whole_.round.descriptor.stewards(place); }

  WholeRound whole_;
};

TEST_F(Lies, NoiseOfAnOfficeThatDoesNotShowItsSeedStaysAndTheLawIsTheLargerOne) {
  for (uint32_t office : kAll) {
    whole_.Contribute(office, [&](v1::ContributionHeader& header) {
      if (office == 3) header.set_level_commitments(1, Sha256("another"));
    });
  }
  whole_.Certify();
  const auto made = Answer(RecordOf(whole_, whole_.Openings()));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->answer.tables(0).blocks(0).noise().rate_num(), 8u);
  EXPECT_EQ(made->answer.tables(0).blocks(0).noise().rate_den(), 4u);
  ASSERT_THAT(made->answer.regional().remarks(), SizeIs(1));
  EXPECT_EQ(made->answer.regional().remarks(0).en(),
            "office 3 did not share the noise that it stated: that noise stays");
  ExpectTruthWithinTheLaw(made->answer, whole_.Truth());
}

TEST_F(Lies, AStewardThatGivesAFalseShareIsNamedOnce) {
  whole_.Contribute(kAll);
  whole_.Certify();
  std::vector<OpeningWithSum> openings = whole_.Openings();
  openings[1] = whole_.Signed(std::move(openings[1]), [](v1::Opening& opening) {
    for (v1::OpenedShare& share : *opening.mutable_level_shares()) (*share.mutable_share())[0] ^= 1;
  });
  const auto made = Answer(RecordOf(whole_, openings));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->answer.tables(0).blocks(0).noise().rate_den(), 6u) << "six true shares are enough";
  ASSERT_THAT(made->answer.regional().remarks(), SizeIs(1));
  EXPECT_EQ(made->answer.regional().remarks(0).en(),
            absl::StrCat("office ", StewardAt(1), " gave a false share"));
  ExpectTruthWithinTheLaw(made->answer, whole_.Truth());
}

TEST_F(Lies, SharesThatStewardsKeepBackAreNotTheOfficesFault) {
  whole_.Contribute(kAll);
  whole_.Certify();
  std::vector<OpeningWithSum> openings = whole_.Openings();
  for (int i = 0; i < 3; ++i) {
    openings[static_cast<size_t>(i)] =
        whole_.Signed(std::move(openings[static_cast<size_t>(i)]),
                      [](v1::Opening& opening) { opening.clear_level_shares(); });
  }
  const auto made = Answer(RecordOf(whole_, openings));
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->answer.tables(0).blocks(0).noise().rate_den(), 3u) << "nothing could be taken away";
  ASSERT_THAT(made->answer.regional().remarks(), SizeIs(1));
  EXPECT_THAT(made->answer.regional().remarks(0).en(),
              HasSubstr("shares of the noise of office 0 are missing"));
  ExpectTruthWithinTheLaw(made->answer, whole_.Truth());
}

TEST_F(Lies, AnOfficeWhoseMaskSharesAreOthersIsNamedWhenTheyAreNeeded) {
  for (uint32_t office : kAll) {
    whole_.Contribute(office, [&](v1::ContributionHeader& header) {
      // Only the steward itself could have seen it; it is the one that is gone.
      if (office == 6) header.set_mask_commitments(0, Sha256("another"));
    });
  }
  v1::SignedHeader honest = whole_.sent.at(6).header;
  const uint32_t gone = StewardAt(0);
  // Stewards 1 to 5 vote: steward 0 would have refused.
  v1::Proposal proposal;
  proposal.set_qid(whole_.round.qid);
  proposal.set_attempt(1);
  for (const auto& [office, contribution] : whole_.sent) {
    auto& included = *proposal.add_offices();
    included.set_office(office);
    included.set_header_sha256(Sha256(contribution.header.header()));
  }
  v1::SignedProposal& made = *whole_.certificate.mutable_proposal();
  made.set_proposal(proposal.SerializeAsString());
  made.set_signature(whole_.network.hub.Sign(absl::StrCat("penc proposal v1\n", made.proposal())));
  for (int place = 1; place <= 5; ++place)
    *whole_.certificate.add_votes() =
        whole_.network.SignVote(whole_.round, StewardAt(place), Sha256(made.proposal()));
  const v1::RoundRecord record = RecordOf(whole_, whole_.Openings({gone}));
  ExpectFails(record, "office 6 shared another mask than it stated");
}

TEST_F(Lies, ARecordOfAnotherNetworkIsRefusedAndOneWithoutAnAnchorIsSaidToBe) {
  whole_.Contribute(kAll);
  whole_.Certify();
  const v1::RoundRecord record = RecordOf(whole_, whole_.Openings());
  v1::Roster others = whole_.roster.roster;
  others.set_root_keys(0, SigningKey::Generate(whole_.network.random).verify_key().bytes());
  const auto foreign = AnswerOf(record, {RootsFingerprint(others), {}});
  ASSERT_EQ(foreign.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Explain(foreign.status()).en, HasSubstr(whole_.Roots()));
  EXPECT_FALSE(AnswerOf(record, {"", {Sha256("another roster")}}).ok());
  const auto pinned = AnswerOf(record, {"", {Sha256("another roster"), Sha256(whole_.roster.bytes())}});
  ASSERT_TRUE(pinned.ok()) << pinned.status();
  EXPECT_TRUE(pinned->anchored);
  const auto alone = AnswerOf(record, {});
  ASSERT_TRUE(alone.ok()) << alone.status();
  EXPECT_FALSE(alone->anchored);
  EXPECT_EQ(alone->roots, whole_.Roots());
  EXPECT_EQ(alone->answer.SerializeAsString(), pinned->answer.SerializeAsString());
}

TEST_F(Lies, EveryPartOfARecordIsHeldAgainstTheOthers) {
  whole_.abstentions = {whole_.network.SignAbstention(whole_.round, 7)};
  whole_.Contribute({0, 1, 2, 3, 4, 5, 6});
  whole_.Certify();
  const v1::RoundRecord honest = RecordOf(whole_, whole_.Openings({StewardAt(6)}));
  ASSERT_TRUE(Answer(honest).ok()) << Answer(honest).status();
  const auto with = [&](const std::function<void(v1::RoundRecord&)>& change) {
    v1::RoundRecord record = honest;
    change(record);
    return record;
  };
  ExpectFails(with([](auto& r) { r.set_format(2); }), "format");
  ExpectFails(with([](auto& r) { r.mutable_roster()->clear_signatures(); }), "signatures are missing");
  ExpectFails(with([](auto& r) {
                *r.mutable_roster()->add_signatures() = r.roster().signatures(0);
                r.mutable_roster()->mutable_signatures(1)->mutable_signature()->back() ^= 1;
              }),
              "signature of the roster");
  ExpectFails(with([](auto& r) { r.mutable_terms()->mutable_signature()->back() ^= 1; }), "partner's");
  ExpectFails(with([](auto& r) {
                r.set_codebook(absl::StrReplaceAll(r.codebook(), {{"fr: Femme,", "fr: Dame,"}}));
              }),
              "another codebook");
  ExpectFails(with([](auto& r) { r.mutable_certificate()->mutable_votes()->RemoveLast(); }), "equal votes");
  ExpectFails(with([](auto& r) { r.mutable_headers()->SwapElements(0, 1); }), "header of office 0");
  ExpectFails(with([](auto& r) { r.mutable_vectors()->SwapElements(0, 1); }), "vector of office 0");
  ExpectFails(with([](auto& r) { r.mutable_vectors()->RemoveLast(); }), "contributions are missing");
  ExpectFails(with([](auto& r) { r.mutable_openings()->SwapElements(0, 1); }), "order");
  ExpectFails(with([](auto& r) { *r.add_openings() = r.openings(0); }), "order");
  ExpectFails(with([](auto& r) { r.mutable_openings(2)->mutable_mask_sum()->back() ^= 1; }),
              "as its steward signed");
  ExpectFails(with([](auto& r) { r.mutable_openings()->RemoveLast(), r.mutable_openings()->RemoveLast(); }),
              "shares are missing");
  ExpectFails(with([](auto& r) { r.mutable_abstentions(0)->mutable_signature()->back() ^= 1; }),
              "abstention");
  ExpectFails(with([&](auto& r) { *r.add_abstentions() = whole_.network.SignAbstention(whole_.round, 2); }),
              "abstention");
  // A remark in the codebook's text is nobody's word: its canonical form is what counts.
  EXPECT_EQ(Answer(with([](auto& r) {
              r.set_codebook(r.codebook() + "\n# a remark\n");
            }))->answer.SerializeAsString(),
            Answer(honest)->answer.SerializeAsString());
}

TEST_F(Lies, ADescriptorWithANumberThatNobodyComputesIsRefusedAfterTheFact) {
  // All stewards and all offices went along: the verifier does not.
  v1::Descriptor terms = whole_.round.descriptor;
  terms.mutable_blocks(0)->mutable_noise()->set_parameter_num(terms.blocks(0).noise().parameter_num() * 3);
  whole_.round =
      ReadRound(SignDescriptor(terms, whole_.network.partner), whole_.roster.bytes(), SmallNetwork::now())
          .value();
  whole_.Contribute(kAll);
  whole_.Certify();
  ExpectFails(RecordOf(whole_, whole_.Openings()), "parameters");
}

TEST_F(Lies, ARecordIsReadLongAfterItsRound) {
  whole_.Contribute(kAll);
  whole_.Certify();
  const v1::RoundRecord record = RecordOf(whole_, whole_.Openings());
  EXPECT_TRUE(RoundOf(record).ok());
  EXPECT_LT(whole_.round.descriptor.expires_unix_micros(),
            absl::ToUnixMicros(SmallNetwork::now() + absl::Hours(24 * 30)));
  EXPECT_TRUE(Answer(record).ok()) << "no clock is looked at";
}

TEST(RegionalAnswers, WordsOfAPartnerMoveNoCursor) {
  WholeRound whole(QuestionWish({"SELECT count(DISTINCT person) FROM person"}));
  v1::Descriptor terms = whole.round.descriptor;
  terms.set_partner_name("Bonjour\x1b[2Jle monde\n");
  whole.round =
      ReadRound(SignDescriptor(terms, whole.network.partner), whole.roster.bytes(), SmallNetwork::now())
          .value();
  whole.Contribute(kAll);
  whole.Certify();
  const auto made = AnswerOf(RecordOf(whole, whole.Openings()), {});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->answer.regional().partner(), "Bonjour [2Jle monde ");
}

// Every sixth byte of a record (all of them with PENC_THOROUGH=1: 3 ms each), one bit flipped: nothing passes
// for another answer. The hash of the file is made anew, so that the record's own proofs are what holds.
TEST(RegionalAnswers, NoByteOfARecordCanBeChangedIntoAnotherAnswer) {
  WholeRound::Wish wish;
  wish.offices = 6;
  wish.codebook =
      "codebook: tiny\nversion: 1\nreference_promise: {epsilon: 8, delta: 1e-6}\nclosing: quarter\n"
      "codes:\n  sex:\n    - {code: f, fr: F, en: F}\n    - {code: m, fr: M, en: M}\n"
      "tables:\n  person:\n    unit: person\n    caps: {cells: 1, rows: 1}\n    labels: {fr: P, en: P}\n"
      "    columns:\n      sex: {type: code, codes: sex, sensitivity: public, fr: S, en: S}\n";
  wish.bulletin.add_questions()->set_sql("SELECT count(DISTINCT person) FROM person");
  WholeRound whole(std::move(wish));
  whole.abstentions = {whole.network.SignAbstention(whole.round, 2)};
  whole.Contribute({0, 1, 3, 4, 5});
  whole.Certify();
  const v1::RoundRecord record = RecordOf(whole, whole.Openings({whole.round.descriptor.stewards(1)}));
  const RosterTrust trust = {whole.Roots(), {}};
  const std::string answer = AnswerOf(record, trust)->answer.SerializeAsString();
  const std::string bytes = record.SerializeAsString();
  size_t unread = 0, unverified = 0, same = 0;
  PrintedRandom random;
  const size_t step = std::getenv("PENC_THOROUGH") != nullptr ? 1 : 6;
  google::protobuf::LogSilencer quiet;
  for (size_t at = random.Below(static_cast<uint32_t>(step)); at < bytes.size(); at += step) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random.Below(8)));
    const auto read = ReadRecord("changed", absl::StrCat("penc round record 1\n", Sha256(changed), changed));
    if (!read.ok()) {
      ++unread;
      continue;
    }
    const auto made = AnswerOf(*read, trust);
    if (!made.ok()) {
      ++unverified;
    } else {
      ++same;
      ASSERT_EQ(made->answer.SerializeAsString(), answer) << "byte " << at;
    }
  }
  std::printf("%zu bytes: %zu not read, %zu not verified, %zu without meaning\n", bytes.size(), unread,
              unverified, same);
  EXPECT_GT(unverified, bytes.size() / step / 2);
  EXPECT_LT(same, bytes.size() / step / 50) << "only the spacing of the codebook's text means nothing";
}

// A record that is kept for ever: 6 of 8, one abstention, a steward gone. Its answer does not change,
// whatever else does; tests/vectors/verify_record.py opens it from protocol.md alone, tests/cli with the
// program. PENC_WRITE_VECTORS=1 makes it anew.
TEST(FrozenRecord, GivesTheAnswerThatItAlwaysGave) {
  const std::string stem = std::string(PENC_SOURCE_DIR) + "/tests/vectors/record_v1";
  if (std::getenv("PENC_WRITE_VECTORS") != nullptr) {
    WholeRound::Wish wish;
    wish.codebook = kStoreCodebook;
    wish.share_ppm = 1000000;
    wish.bulletin.add_questions()->set_sql("SELECT sex, count(DISTINCT person) FROM person GROUP BY sex");
    wish.bulletin.add_questions()->set_sql(
        "SELECT dest, month, count(DISTINCT person) FROM move WHERE month BETWEEN '2026-01' AND '2026-09' "
        "GROUP BY "
        "dest, month");
    wish.bulletin.add_questions()->set_sql("SELECT dest, avg(cost) AS cost FROM move GROUP BY dest");
    WholeRound whole(std::move(wish));
    whole.abstentions = {whole.network.SignAbstention(whole.round, 6)};
    whole.Contribute({0, 1, 2, 3, 5, 7});
    whole.Certify();
    const v1::RoundRecord record = RecordOf(whole, whole.Openings({whole.round.descriptor.stewards(4)}));
    ASSERT_TRUE(WriteFileAtomically(stem + ".penc", WriteRecord(record)).ok());
    ASSERT_TRUE(WriteFileAtomically(stem + ".json", Json(AnswerOf(record, {})->answer)).ok());
  }
  const auto record = LoadRecord(stem + ".penc");
  ASSERT_TRUE(record.ok()) << record.status();
  const auto made = AnswerOf(*record, {});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Json(made->answer), ReadFile(stem + ".json").value());
}

}  // namespace
}  // namespace penc
