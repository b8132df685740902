#include "federation/regional_answer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codebook/period.h"
#include "codebook/read.h"
#include "crypto/hash.h"
#include "federation/contribution.h"
#include "federation/descriptor.h"
#include "federation/opening.h"
#include "federation/recipient.h"
#include "federation/record_file.h"
#include "federation/sealed_opening.h"
#include "privacy/noise_share.h"
#include "question/answer.h"
#include "release/local_noise.h"

namespace penc {
namespace {

constexpr absl::Duration kLongestAhead = absl::Hours(24 * 15);  // as ReadRound allows
constexpr int64_t kMostCohorts = 400;

absl::Status Fails(const Text& what) {
  return Fail(absl::StatusCode::kDataLoss, {absl::StrCat("réponse non vérifiée: ", what.fr),
                                            absl::StrCat("answer not verified: ", what.en)});
}
absl::Status Fails(const absl::Status& why) { return Fails(Explain(why)); }

// A partner's name stands on other people's screens: nothing in it may move a cursor or break a line. (Titles
// were checked with their questions.)
std::string Shown(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return text;
}

std::string NameOf(const Round& round, uint32_t member) {
  return round.roster.members(static_cast<int>(member)).name();
}

std::string Names(const Round& round, const std::vector<uint32_t>& members) {
  return absl::StrJoin(members, ", ",
                       [&](std::string* out, uint32_t member) { *out += NameOf(round, member); });
}

// The moment from which a round's deadlines all lie ahead and within bounds, if there is one: what was
// accepted once is not refused for being old.
absl::Time EarliestStart(const v1::SignedDescriptor& terms) {
  v1::Descriptor read;
  read.ParseFromString(terms.body());
  return absl::FromUnixMicros(read.expires_unix_micros()) - kLongestAhead;
}

// One record, step by step; each step says what it has seen.
class Verifier {
 public:
  Verifier(const v1::RoundRecord& record, const RosterTrust& trust) : record_(record), trust_(trust) {}

  absl::StatusOr<RegionalAnswer> Run() {
    RETURN_IF_ERROR(ReadRoster());
    RETURN_IF_ERROR(ReadTerms());
    RETURN_IF_ERROR(ReadQuestion());
    RETURN_IF_ERROR(ReadCertificate());
    RETURN_IF_ERROR(ReadAbstentions());
    RETURN_IF_ERROR(Open());
    Compose();
    return std::move(result_);
  }

 private:
  absl::Status ReadRoster() {
    if (record_.format() != 1)
      return Fails(
          {"dossier d'un autre format; mettez penc à jour", "a record of another format; update penc"});
    absl::StatusOr<CheckedRoster> read = ReadRosterAlone(record_.roster());
    if (!read.ok()) return Fails(read.status());
    roster_ = *std::move(read);
    // Those of earlier root keys too: nothing stands in a record that was not checked.
    for (const v1::Signature& signature : record_.roster().signatures()) {
      const absl::StatusOr<VerifyKey> key = VerifyKey::FromBytes(signature.key());
      if (!key.ok() || !key->Verify(absl::StrCat("penc roster v1\n", roster_.bytes()), signature.signature()))
        return Fails({"une signature de la liste des membres ne tient pas",
                      "a signature of the roster does not hold"});
    }
    result_.roots = RootsFingerprint(roster_.roster);
    const auto& pinned = trust_.rosters;
    result_.anchored = result_.roots == trust_.roots ||
                       std::find(pinned.begin(), pinned.end(), Sha256(roster_.bytes())) != pinned.end();
    if (!result_.anchored && (!trust_.roots.empty() || !pinned.empty()))
      return Fails(
          {absl::StrCat("sa liste des membres n'est pas celle du réseau connu ici (clés racines ",
                        result_.roots, ")"),
           absl::StrCat("its roster is not of the network known here (root keys ", result_.roots, ")")});
    const v1::Roster& roster = roster_.roster;
    const size_t signers = SignersOf(roster, record_.roster()).size();
    Checked(
        {absl::StrCat("liste des membres: ", roster.network(), ", version ", roster.version(),
                      ", signée par ", signers, " des ", roster.root_keys_size(),
                      " clés racines (il en faut ", roster.root_threshold(), ")"),
         absl::StrCat("roster: ", roster.network(), ", version ", roster.version(), ", signed by ", signers,
                      " of ", roster.root_keys_size(), " root keys (", roster.root_threshold(), " needed)")});
    if (result_.anchored) {
      Checked({absl::StrCat("ces clés racines sont celles du réseau connu ici: ", result_.roots),
               absl::StrCat("these root keys are the known network's: ", result_.roots)});
    }
    return absl::OkStatus();
  }

  absl::Status ReadTerms() {
    absl::StatusOr<Round> read = ReadRound(record_.terms(), roster_.bytes(), EarliestStart(record_.terms()));
    if (!read.ok()) return Fails(read.status());
    round_ = *std::move(read);
    const v1::Descriptor& terms = round_.descriptor;
    const std::string who = Shown(terms.partner_name());
    const std::string key = VerifyKey::FromBytes(terms.partner_key())->Fingerprint();
    Checked({absl::StrCat("question: signée par ", who, " (", key, ")"),
             absl::StrCat("question: signed by ", who, " (", key, ")")});
    return absl::OkStatus();
  }

  absl::Status ReadQuestion() {
    if (record_.codebook().size() > kLongestCodebook)
      return Fails({"lexique trop long", "a codebook that is too long"});
    absl::StatusOr<Codebook> read = ReadCodebook("codebook", record_.codebook());
    if (!read.ok()) return Fails(read.status());
    codebook_ = *std::move(read);
    absl::StatusOr<Plan> plan = CheckDescriptor(round_, roster_, codebook_);
    if (!plan.ok()) return Fails(plan.status());
    plan_ = *std::move(plan);
    const v1::Descriptor& terms = round_.descriptor;
    if (!ParseEdition(codebook_.closing, terms.edition()).ok())
      return Fails({"son édition n'en est pas une", "its edition is none"});
    Checked(
        {absl::StrCat(
             "plan: ", terms.codebook(), ", questions: ", plan_.questions.size(), ", cases: ", plan_.length,
             "; bruit, témoins et seuils recalculés d'après la question, le lexique et la liste des membres"),
         absl::StrCat("plan: ", terms.codebook(), ", questions: ", plan_.questions.size(),
                      ", cells: ", plan_.length,
                      "; noise, stewards and thresholds computed again from the question, the codebook and "
                      "the roster")});
    return absl::OkStatus();
  }

  absl::Status ReadCertificate() {
    if (!VerifyCertificate(round_, record_.certificate()))
      return Fails(
          {"le certificat n'a pas assez de votes égaux", "the certificate has not enough equal votes"});
    const v1::Proposal set = *ParseProposal(round_, record_.certificate().proposal());
    for (const v1::Proposal::Included& included : set.offices()) answered_.push_back(included.office());
    std::vector<uint32_t> voters;
    for (const v1::Vote& vote : record_.certificate().votes()) voters.push_back(vote.steward());
    Checked({absl::StrCat("certificat: ", answered_.size(), " organisations sur ", round_.asked.size(),
                          ", fixées par ", voters.size(), " votes sur ", round_.stewards(), " (il en faut ",
                          round_.quorum(), "): ", Names(round_, voters)),
             absl::StrCat("certificate: ", answered_.size(), " organisations of ", round_.asked.size(),
                          ", fixed by ", voters.size(), " votes of ", round_.stewards(), " (",
                          round_.quorum(), " needed): ", Names(round_, voters))});
    return absl::OkStatus();
  }

  absl::Status ReadAbstentions() {
    int64_t last = -1;
    for (const v1::SignedAbstention& one : record_.abstentions()) {
      const absl::optional<v1::Abstention> parsed = ParseAbstention(round_, one);
      const bool holds = parsed.has_value() && parsed->office() > last &&
                         !std::binary_search(answered_.begin(), answered_.end(), parsed->office());
      if (!holds) return Fails({"une abstention ne tient pas", "an abstention does not hold"});
      last = parsed->office();
      abstained_.push_back(*parsed);
    }
    if (!abstained_.empty())
      Checked({absl::StrCat("abstentions: ", abstained_.size(), ", signées"),
               absl::StrCat("abstentions: ", abstained_.size(), ", signed")});
    return absl::OkStatus();
  }

  absl::Status Open() {
    const std::string set_sha256 = Sha256(record_.certificate().proposal().proposal());
    const RoundParts parts = PartsOf(record_);
    std::pair<int64_t, int64_t> last = {-1, -1};
    std::vector<uint32_t> released;
    size_t reveals = 0;
    for (const OpeningWithSum& one : parts.openings) {
      const absl::optional<v1::Opening> opening = ParseOpening(round_, set_sha256, one);
      if (!opening.has_value())
        return Fails({"une ouverture n'est pas telle que son témoin l'a signée",
                      "an opening is not as its steward signed it"});
      const std::pair<int64_t, int64_t> place = {opening->steward(), OpeningKind(*opening)};
      if (place <= last) return Fails({"ouvertures dans le désordre", "openings out of order"});
      last = place;
      if (opening->reveal()) {
        ++reveals;
      } else {
        released.push_back(opening->steward());
      }
    }
    absl::StatusOr<OpenedRound> opened = OpenRound(round_, parts);
    if (!opened.ok()) return Fails(opened.status());
    opened_ = *std::move(opened);
    Checked({absl::StrCat("contributions: ", answered_.size(),
                          " en-têtes signés, chaque vecteur a la racine annoncée"),
             absl::StrCat("contributions: ", answered_.size(),
                          " signed headers, every vector has the root that it states")});
    const std::string shares_fr =
        reveals == 0
            ? ""
            : absl::StrCat("; ", reveals, " fois des parts pour un témoin absent, prouvées une à une");
    const std::string shares_en =
        reveals == 0 ? "" : absl::StrCat("; ", reveals, " times shares for an absent steward, each proved");
    Checked({absl::StrCat("ouvertures: ", released.size(), " témoins sur ", round_.stewards(), shares_fr),
             absl::StrCat("openings: ", released.size(), " stewards of ", round_.stewards(), shares_en)});
    Checked({absl::StrCat("bruit: paliers retirés d'après leurs graines: ", opened_.removed, " sur ",
                          round_.descriptor.levels_size() - 1, "; il reste ", Rate().num, "/", Rate().den,
                          " fois le bruit demandé"),
             absl::StrCat("noise: steps taken away by their seeds: ", opened_.removed, " of ",
                          round_.descriptor.levels_size() - 1, "; what remains is ", Rate().num, "/",
                          Rate().den, " times the noise wanted")});
    return absl::OkStatus();
  }

  // Where an office's seed did not fit its commitment, its noise stays, and the law is a larger one than so
  // many organisations would allow.
  Ratio Rate() const {
    const ShareSchedule schedule = ScheduleOf(round_);
    return {answered_.size(), uint64_t{schedule.levels[opened_.removed]} - schedule.dishonest};
  }

  void Compose() {
    v1::Answer& answer = result_.answer;
    const v1::Descriptor& terms = round_.descriptor;
    *answer.mutable_charge() =
        ChargeOf(plan_, codebook_, terms);  // of the law wanted: what remains is never less
    for (Block& block : plan_.blocks) block.noise.rate = Rate();
    Release release;
    release.plan_id = plan_.id;
    release.noisy = std::move(opened_.noisy);
    release.organisations = static_cast<uint32_t>(answered_.size());
    answer.set_question_id(absl::BytesToHexString(plan_.id));
    for (v1::Table& table : ToTables(plan_, codebook_, release, Display()))
      *answer.add_tables() = std::move(table);
    answer.set_answered(static_cast<uint32_t>(answered_.size()));
    answer.set_asked(static_cast<uint32_t>(round_.asked.size()));
    for (uint32_t office : answered_) answer.add_organisations(NameOf(round_, office));
    answer.set_edition(terms.edition());
    answer.set_codebook(terms.codebook());
    answer.set_practice(round_.roster.practice());
    ComposeRegional(*answer.mutable_regional());
    Cite();
  }

 public:
  static v1::Charge ChargeOf(const Plan& plan, const Codebook& codebook, const v1::Descriptor& terms) {
    const PromiseText& text = codebook.reference_promise;
    v1::Charge charge = ToCharge(plan, *ParsePromise(text.epsilon, text.delta), text);
    // From which cohort on an office has records is its own affair: named are those that the question names.
    const absl::StatusOr<Edition> edition = ParseEdition(codebook.closing, terms.edition());
    if (plan.cohorts.from.has_value() && edition.ok()) {
      const Edition first = *plan.cohorts.from;
      const Edition last = std::min(plan.cohorts.to.value_or(*edition), *edition);
      for (Edition e = first; e <= last && last - first < kMostCohorts; ++e)
        charge.add_cohorts(EditionLabel(codebook.closing, e));
    }
    return charge;
  }

 private:
  void ComposeRegional(v1::Regional& regional) const {
    const v1::Descriptor& terms = round_.descriptor;
    regional.set_round_id(RoundId(round_.qid));
    regional.set_attempt(round_.attempt());
    regional.set_network(round_.roster.network());
    regional.set_region(terms.region());
    regional.set_roster_version(round_.roster.version());
    regional.set_proposal_sha256(Sha256(record_.certificate().proposal().proposal()));
    for (uint32_t office : round_.asked) {
      if (std::binary_search(answered_.begin(), answered_.end(), office)) continue;
      v1::Regional::Absent& absent = *regional.add_absent();
      absent.set_organisation(NameOf(round_, office));
      for (const v1::Abstention& one : abstained_) {
        if (one.office() == office) absent.set_reason(static_cast<v1::Refusal>(one.reason()));
      }
    }
    regional.set_presumed_dishonest(terms.presumed_dishonest());
    regional.set_stewards_colluding(terms.colluding());
    for (const Text& remark : opened_.remarks) {
      v1::Label& label = *regional.add_remarks();
      label.set_fr(remark.fr);
      label.set_en(remark.en);
    }
    regional.set_partner(Shown(terms.partner_name()));
  }

  void Cite() {
    v1::Answer& answer = result_.answer;
    const v1::Regional& regional = answer.regional();
    const std::string where = regional.region().empty()
                                  ? regional.network()
                                  : absl::StrCat(regional.network(), " (", regional.region(), ")");
    const std::string id = regional.round_id().substr(0, 16);
    answer.mutable_citation()->set_fr(
        absl::StrCat("Source: réseau ", where, ", ", answer.answered(), " organisations sur ", answer.asked(),
                     ", édition ", answer.edition(), ", penc, ronde ", id,
                     "; nombres protégés par bruit (confidentialité différentielle), marge à 95 %."));
    answer.mutable_citation()->set_en(
        absl::StrCat("Source: network ", where, ", ", answer.answered(), " of ", answer.asked(),
                     " organisations, edition ", answer.edition(), ", penc, round ", id,
                     "; numbers protected by noise (differential privacy), 95% margin."));
  }

  void Checked(Text text) { result_.checked.push_back(std::move(text)); }

  const v1::RoundRecord& record_;
  const RosterTrust& trust_;
  CheckedRoster roster_;
  Round round_;
  Codebook codebook_;
  Plan plan_;
  std::vector<uint32_t> answered_;
  std::vector<v1::Abstention> abstained_;
  OpenedRound opened_;
  RegionalAnswer result_;
};

}  // namespace

absl::StatusOr<RegionalAnswer> AnswerOf(const v1::RoundRecord& record, const RosterTrust& trust) {
  return Verifier(record, trust).Run();
}

absl::StatusOr<Round> RoundOf(const v1::RoundRecord& record) {
  absl::StatusOr<Round> round =
      ReadRound(record.terms(), record.roster().roster(), EarliestStart(record.terms()));
  if (!round.ok()) return Fails(round.status());
  return round;
}

v1::ExplainResponse ExplainRound(const v1::Descriptor& terms, Plan plan, const Codebook& codebook,
                                 uint32_t answered) {
  ShareSchedule schedule;
  schedule.dishonest = terms.presumed_dishonest();
  schedule.levels.assign(terms.levels().begin(), terms.levels().end());
  const RemainingRate rate = RemainingNoise(schedule, answered);
  v1::ExplainResponse explained;
  *explained.mutable_charge() = Verifier::ChargeOf(plan, codebook, terms);
  for (Block& block : plan.blocks) block.noise.rate = {rate.num, rate.den};
  for (v1::ExplainedQuestion& question : ExplainPlan(plan, codebook))
    *explained.add_questions() = std::move(question);
  explained.set_question_id(absl::BytesToHexString(plan.id));
  return explained;
}

}  // namespace penc
