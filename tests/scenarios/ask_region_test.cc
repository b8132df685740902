// A partner's regional rounds as the command line runs them, from the question to the table, with real
// offices and a real hub in one process: what is printed, what is kept, which exit code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "cli/hub_line.h"
#include "cli/regional_ask.h"
#include "cli/round_words.h"
#include "federation/record_file.h"
#include "office/card.h"
#include "tests/support/small_region.h"

namespace penc::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// What a partner calls. `down`: nobody there. `says_void`: the hub says so of every round.
class PartnersLink final : public HubLink {
 public:
  PartnersLink(Hub& hub, const HubCaller& caller, const bool& down, const bool& says_void)
      : link_(hub, caller), down_(down), says_void_(says_void) {}

  absl::StatusOr<std::vector<v1::SignedRoster>> RostersAfter(uint64_t version) override {
    RETURN_IF_ERROR(Up());
    return link_.RostersAfter(version);
  }
  absl::StatusOr<std::string> SubmitRound(const v1::SignedDescriptor& terms) override {
    RETURN_IF_ERROR(Up());
    return link_.SubmitRound(terms);
  }
  absl::StatusOr<std::vector<v1::RoundSummary>> Rounds(absl::string_view qid) override {
    RETURN_IF_ERROR(Up());
    ASSIGN_OR_RETURN(std::vector<v1::RoundSummary> rounds, link_.Rounds(qid));
    for (v1::RoundSummary& round : rounds) {
      if (says_void_) round.set_state(v1::ROUND_STATE_VOID);
    }
    return rounds;
  }
  absl::Status FetchRound(absl::string_view qid,
                          const std::function<bool(v1::FetchRoundResponse&&)>& take) override {
    RETURN_IF_ERROR(Up());
    return link_.FetchRound(qid, take);
  }
  absl::Status PutRoster(const v1::SignedRoster&) override { return No(); }
  absl::Status PutMember(const v1::PutMemberRequest&) override { return No(); }
  absl::StatusOr<v1::WaitForWorkResponse> WaitForWork(const v1::WaitForWorkRequest&) override { return No(); }
  absl::StatusOr<std::vector<uint32_t>> PutContribution(const v1::PutContributionRequest&) override {
    return No();
  }
  absl::StatusOr<std::string> PutChunk(const v1::PutChunkRequest&) override { return No(); }
  absl::Status PutAbstention(const v1::SignedAbstention&) override { return No(); }
  absl::Status FetchBoxes(absl::string_view, const std::function<bool(v1::FetchBoxesResponse&&)>&) override {
    return No();
  }
  absl::Status PutVote(const v1::PutVoteRequest&) override { return No(); }
  absl::Status PutPromise(const v1::Promise&) override { return No(); }
  absl::Status PutOpening(absl::string_view, uint32_t, uint32_t, absl::string_view) override { return No(); }
  absl::Status PutUnlockAnswer(const v1::SignedUnlockAnswer&) override { return No(); }

 private:
  static absl::Status No() { return absl::UnimplementedError("not what a partner calls"); }
  absl::Status Up() const {
    return down_
               ? Fail(absl::StatusCode::kUnavailable, {"le relais ne répond pas", "the hub does not answer"})
               : absl::OkStatus();
  }

  DirectLink link_;
  const bool& down_;
  const bool& says_void_;
};

// What a command says, caught.
struct Caught {
  explicit Caught(Lang lang = Lang::kFrench)
      : data(std::tmpfile()), talk(std::tmpfile()), output(lang, data, talk) {}
  ~Caught() {
    std::fclose(data);
    std::fclose(talk);
  }
  static std::string TextOf(FILE* file) {
    std::fflush(file);
    std::string text(static_cast<size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    PENC_CHECK(std::fread(text.data(), 1, text.size(), file) == text.size());
    return text;
  }
  std::string Data() const { return TextOf(data); }
  std::string Talk() const { return TextOf(talk); }

  FILE *data, *talk;
  Output output;
};

class AskRegion : public SmallRegion {
 protected:
  // The folder of the partner whom all offices know.
  void MakePartner() {
    ASSERT_TRUE(rpc::Partner::Create(partner_dir_, "analyste", clock_.now, random_).ok());
    fs::remove(partner_dir_ + "/partner.crt");
    ASSERT_TRUE(WriteFileAtomically(partner_dir_ + "/partner.key", partner_.ToPem(), 0600).ok());
    ASSERT_TRUE(WriteFileAtomically(partner_dir_ + "/analyste.pub",
                                    WritePartnerKey(MakePartnerKey("analyste", partner_.verify_key())))
                    .ok());
    storage::v1::NetworkCard card;
    card.set_network("essai");
    card.set_address("127.0.0.1:7410");
    card.set_key(hub_key_.verify_key().Fingerprint());
    card.set_roots(RootsFingerprint(roster_->roster));
    ASSERT_TRUE(rpc::PartnerNetwork::Trust(partner_dir_, card).ok());
    const auto network = rpc::PartnerNetwork::Open(partner_dir_, "essai");
    ASSERT_TRUE(network->KeepCodebook(kSmallCodebook).ok());
  }
  HubLine Line() {
    return HubLine(rpc::Partner::Open(partner_dir_, clock_.now).value(),
                   rpc::PartnerNetwork::Open(partner_dir_, "essai").value(),
                   std::make_unique<PartnersLink>(*hub_, hub_->Identify(partner_.verify_key()).value(), down_,
                                                  says_void_),
                   outside_);
  }
  RegionalWish Question() const {
    RegionalWish wish;
    wish.bulletin.add_questions()->set_sql(kQuestion);
    wish.price.set_share_ppm(20000);
    wish.purpose = "plaidoyer";
    wish.edition = "2026-Q3";
    wish.within = "5m";
    return wish;
  }
  // While the partner waits everybody works, and time goes by.
  Pause Working() {
    return [this](absl::Duration time) {
      Settle();
      clock_.now += std::max(time, absl::Seconds(20));
      return true;
    };
  }
  static Pause Leaving() {
    return [](absl::Duration) { return false; };
  }
  ExitCode Ask(const RegionalWish& wish, const Pause& pause, Caught& caught, const Shown& shown = {}) {
    HubLine line = Line();
    return AskRegional(line, wish, shown, true, pause, outside_, caught.output);
  }
  std::vector<std::string> Answers() const { return IdsIn(partner_dir_ + "/rounds/essai"); }
  std::vector<std::string> Asked() const { return IdsIn(partner_dir_ + "/rounds/essai", ".round"); }

  const std::string partner_dir_ = folder_ + "/analyste";
  const Outside outside_{clock_, random_, steps_};
  bool down_ = false, says_void_ = false;
  int pause_count_ = 0;
};

TEST_F(AskRegion, AQuestionBecomesATableAndARecord) {
  Found();
  MakePartner();
  Caught caught;
  ASSERT_EQ(Ask(Question(), Working(), caught), kAnswered) << caught.Talk();
  const std::string talk = caught.Talk(), data = caught.Data();
  ASSERT_THAT(Answers(), SizeIs(1));
  const std::string id = Answers()[0];
  EXPECT_THAT(talk, HasSubstr("ronde " + id.substr(0, 12) + " soumise"));
  EXPECT_THAT(talk, HasSubstr("8 organisations, il en faut 5; 7 témoins, dont 2 peuvent manquer"));
  EXPECT_THAT(talk, HasSubstr("prix: 2"));
  EXPECT_THAT(talk, HasSubstr("cases, marge ±"));
  EXPECT_THAT(talk, HasSubstr("si 5 seulement répondent"));
  EXPECT_THAT(talk, HasSubstr("8 sur 8 ont répondu"));
  EXPECT_THAT(talk, Not(HasSubstr("penc:")));
  EXPECT_THAT(data, HasSubstr("8 organisations sur 8 ont répondu (Association 0, "));
  EXPECT_EQ(data.find("8 organisations sur 8"), 0u) << "coverage comes first";
  EXPECT_THAT(data, HasSubstr("ronde: " + id.substr(0, 12) + " · demandée par: analyste"));
  EXPECT_THAT(data, HasSubstr("Source: réseau essai, 8 organisations sur 8, édition 2026-Q3"));
  EXPECT_THAT(Asked(), ElementsAre(id));

  // Read again without a hub.
  down_ = true;
  HubLine line = Line();
  const auto round = line.Find(id.substr(0, 6));
  ASSERT_TRUE(round.ok()) << round.status();
  Caught again;
  EXPECT_EQ(AwaitAnswer(line, *round, {}, false, nullptr, outside_, again.output), kAnswered);
  EXPECT_EQ(again.Data(), data);
  Caught csv(Lang::kEnglish);
  EXPECT_EQ(AwaitAnswer(line, *round, {.csv = true}, false, nullptr, outside_, csv.output), kAnswered);
  EXPECT_THAT(csv.Talk(), HasSubstr("8 organisations of 8 answered"));
  EXPECT_THAT(csv.Data(), HasSubstr("table,race,race_label,persons,persons_low"));
  Caught details;
  EXPECT_EQ(AwaitAnswer(line, *round, {.details = true}, false, nullptr, outside_, details.output),
            kAnswered);
  EXPECT_THAT(details.Data(), HasSubstr("taux 8/6"));
  EXPECT_THAT(details.Data(), HasSubstr("au plus 2 organisations malhonnêtes"));
}

TEST_F(AskRegion, WhoLeavesComesBackToTheSameRound) {
  Found();
  MakePartner();
  Caught left;
  EXPECT_EQ(Ask(Question(), Leaving(), left), kWaiting);
  ASSERT_THAT(Asked(), SizeIs(1));
  const std::string id = Asked()[0];
  EXPECT_THAT(left.Talk(),
              HasSubstr("penc answer " + id.substr(0, 12) + " --hub essai --as " + partner_dir_));
  EXPECT_THAT(left.Talk(), HasSubstr("0 sur 8 a répondu, encore 5 min"));
  EXPECT_THAT(left.Data(), IsEmpty());
  HubLine line = Line();
  ASSERT_TRUE(line.BringRosters().ok());
  const auto listed = line.Rounds();
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_THAT(ReportListed(*listed, clock_.now, Lang::kFrench),
              AllOf(HasSubstr(id.substr(0, 12)), HasSubstr("collecte, encore 5 min"), HasSubstr("0 sur 8")));
  Settle();
  Caught back;
  EXPECT_EQ(AwaitAnswer(line, line.Find(id).value(), {}, false, nullptr, outside_, back.output), kAnswered);
  EXPECT_THAT(back.Talk(), HasSubstr("8 sur 8 ont répondu"));
  EXPECT_THAT(ReportListed(line.Rounds().value(), clock_.now, Lang::kEnglish), HasSubstr("answer here"));
  EXPECT_EQ(line.Find("zz").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(AskRegion, TooFewMakeTheRoundVoidAndItIsAskedAgainAtItsOwnPrice) {
  Found();
  MakePartner();
  for (int i = 0; i < 4; ++i) members_[static_cast<size_t>(i)].line->cut = true;
  // The stewards among them are needed to make it void: their lines come back after collecting.
  const Pause pause = [this, &pause_count = pause_count_](absl::Duration) {
    if (++pause_count == 3) {
      clock_.now += absl::Minutes(6);
      hub_->Tick();
      for (Member& member : members_) member.line->cut = false;
    }
    Settle();
    return pause_count < 50;
  };
  Caught caught;
  ASSERT_EQ(Ask(Question(), pause, caught), kRefused) << caught.Talk();
  const std::string id = Asked().at(0);
  EXPECT_THAT(caught.Talk(), HasSubstr("la ronde " + id.substr(0, 12) +
                                       " est nulle: 4 organisations sur 8 ont répondu, il en fallait 5"));
  EXPECT_THAT(caught.Talk(), HasSubstr("penc ask --again " + id.substr(0, 12)));
  EXPECT_THAT(caught.Data(), IsEmpty());
  RegionalWish again;
  again.again = id.substr(0, 8);
  again.within = "5m";
  Caught second;
  ASSERT_EQ(Ask(again, Working(), second), kAnswered) << second.Talk();
  ASSERT_THAT(Answers(), SizeIs(1));
  HubLine line = Line();
  const v1::Answer answer = line.TakeKept(Answers()[0])->answer;
  EXPECT_EQ(answer.regional().attempt(), 2u);
  EXPECT_EQ(answer.answered(), 8u);
  // An opened round is not void.
  again.again = Answers()[0];
  Caught third;
  EXPECT_NE(Ask(again, Working(), third), kAnswered);
  EXPECT_THAT(third.Talk(), HasSubstr("n'est pas nulle"));
}

TEST_F(AskRegion, AHubsWordThatARoundIsVoidIsNotBelieved) {
  Found();
  MakePartner();
  says_void_ = true;
  Caught caught;
  EXPECT_EQ(Ask(Question(), Working(), caught), kDamaged);
  EXPECT_THAT(caught.Talk(), HasSubstr("sans preuve"));
  EXPECT_THAT(caught.Talk(), Not(HasSubstr("rien n'est compté")));
}

TEST_F(AskRegion, AnOfficeThatStaysAwaySaysWhyBeforeTheNumbers) {
  std::string policy = kSmallPolicy;
  const std::string granted = "regional: granted";
  policy.replace(policy.find(granted), granted.size(), "regional: nobody");
  Found(policy);
  MakePartner();
  Caught caught;
  ASSERT_EQ(Ask(Question(), Working(), caught), kAnswered) << caught.Talk();
  EXPECT_THAT(caught.Talk(), HasSubstr("Association 3 s'abstient: "));
  EXPECT_THAT(caught.Data(), HasSubstr("7 organisations sur 8 ont répondu"));
  EXPECT_THAT(caught.Data(), HasSubstr("  Association 3 s'est abstenue: "));
}

TEST_F(AskRegion, AHubThatIsGoneIsWaitedForAWhile) {
  Found();
  MakePartner();
  down_ = true;
  Caught nobody;
  EXPECT_EQ(Ask(Question(), Working(), nobody), kUnreachable);
  EXPECT_THAT(Asked(), IsEmpty());
  down_ = false;
  const Pause going = [this](absl::Duration) {
    down_ = true;
    clock_.now += absl::Seconds(30);
    return true;
  };
  Caught lost;
  EXPECT_EQ(Ask(Question(), going, lost), kUnreachable);
  ASSERT_THAT(Asked(), SizeIs(1));
  EXPECT_THAT(lost.Talk(), HasSubstr("penc answer " + Asked()[0].substr(0, 12)));
  const Pause back = [this](absl::Duration) {
    Settle();
    down_ = ++pause_count_ < 4;
    clock_.now += absl::Seconds(10);
    return true;
  };
  down_ = false;
  Caught returned;
  EXPECT_EQ(Ask(Question(), back, returned), kAnswered) << returned.Talk();
}

TEST_F(AskRegion, AnOfficeWhoseCodebookHasGrownMeanwhileStillReadsTheAnswer) {
  Found();
  const penc::Round round = Submit(Wish());
  for (Member& member : members_) ASSERT_TRUE(Visit(member).ok());
  v1::AdminCommand apply;
  std::string grown = kSmallCodebook;
  grown.replace(grown.find("version: 1"), 10, "version: 2");
  const std::string other = "    - {code: other, fr: Autre, en: Other}\n";
  grown.insert(grown.find(other) + other.size(), "    - {code: more, fr: Encore, en: More}\n");
  apply.mutable_codebook_apply()->set_file_name("codebook.yaml");
  apply.mutable_codebook_apply()->set_text(grown);
  const auto applied = Administer(*members_[2].office, apply, nullptr, nullptr);
  ASSERT_TRUE(applied.ok()) << applied.status();
  Settle();
  ASSERT_EQ(StateOf(round), v1::ROUND_STATE_OPENED);
  for (const size_t office : {1, 2}) {
    const auto record = LoadRecord(RecordPath(members_[office].office->layout().answers(), round.qid));
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_TRUE(AnswerOf(*record, {RootsFingerprint(roster_->roster), {}}).ok());
  }
}

TEST_F(AskRegion, ExplainingSubmitsNothing) {
  Found();
  MakePartner();
  HubLine line = Line();
  Caught caught;
  EXPECT_EQ(ExplainRegional(line, Question(), false, outside_, caught.output), kAnswered);
  EXPECT_THAT(caught.Data(), AllOf(HasSubstr("8 organisations"), HasSubstr("±"), HasSubstr("prix: 2")));
  EXPECT_THAT(caught.Talk(), HasSubstr("rien n'est soumis"));
  EXPECT_THAT(Asked(), IsEmpty());
  EXPECT_THAT(line.hub().Rounds("").value(), IsEmpty());
  RegionalWish bad = Question();
  bad.bulletin.mutable_questions(0)->set_sql("SELECT nonsense FROM work");
  Caught refused;
  EXPECT_EQ(ExplainRegional(line, bad, false, outside_, refused.output), kUsage);
  bad = Question();
  bad.region = "Sahel";
  EXPECT_EQ(ExplainRegional(line, bad, false, outside_, refused.output), kUsage);
  EXPECT_THAT(refused.Talk(), HasSubstr("Sahel"));
}

TEST_F(AskRegion, TheEditionIsTheOneThatAnOfficeClosesToday) {
  Found();
  MakePartner();
  HubLine line = Line();
  EXPECT_EQ(EditionFor(line, "", clock_.now).value(), "2026-Q3") << "in August";
  EXPECT_EQ(EditionFor(line, "2026-Q3", clock_.now).value(), "2026-Q3");
  EXPECT_EQ(EditionFor(line, "2026-07", clock_.now).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(AskRegion, ADamagedRecordGivesNoNumbers) {
  Found();
  MakePartner();
  Caught caught;
  ASSERT_EQ(Ask(Question(), Working(), caught), kAnswered);
  const std::string path = partner_dir_ + "/rounds/essai/" + Answers().at(0) + ".penc";
  std::string bytes = ReadFile(path).value();
  bytes[bytes.size() / 2] ^= 4;
  ASSERT_TRUE(WriteFileAtomically(path, bytes).ok());
  HubLine line = Line();
  Caught damaged;
  EXPECT_EQ(
      AwaitAnswer(line, line.Find(Answers().at(0)).value(), {}, false, nullptr, outside_, damaged.output),
      kDamaged);
  EXPECT_THAT(damaged.Data(), IsEmpty());
}

TEST(Within, IsATimeThatARoundCanTake) {
  EXPECT_EQ(ParseWithin("5m").value(), absl::Minutes(5));
  EXPECT_EQ(ParseWithin("72h").value(), absl::Hours(72));
  EXPECT_EQ(ParseWithin("3d").value(), absl::Hours(72));
  EXPECT_EQ(ParseWithin("3j").value(), absl::Hours(72));
  EXPECT_EQ(ParseWithin("1h30m").value(), absl::Minutes(90));
  for (const char* bad : {"", "5", "9s", "12d", "-5m", "x", "inf", "nan d"})
    EXPECT_FALSE(ParseWithin(bad).ok()) << bad;
}

TEST(RoundWords, TimesAreRoundedToWhatAPersonCaresAbout) {
  EXPECT_EQ(InTime(absl::Seconds(20), Lang::kFrench), "moins d'une minute");
  EXPECT_EQ(InTime(absl::Minutes(4), Lang::kEnglish), "4 min");
  EXPECT_EQ(InTime(absl::Minutes(90), Lang::kEnglish), "1 h 30 min");
  EXPECT_EQ(InTime(absl::Hours(72), Lang::kFrench), "3 j");
  EXPECT_EQ(InTime(absl::Hours(75), Lang::kEnglish), "3 d 3 h");
}

}  // namespace
}  // namespace penc::cli
