// A whole network in one process: a hub's database, eight offices with real folders, a partner, and lines
// between them that can be cut. The small office's codebook and policy; time stands still until a test moves
// it. Header only.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "crypto/hash.h"
#include "federation/descriptor.h"
#include "federation/member.h"
#include "federation/recipient.h"
#include "federation/regional_answer.h"
#include "federation/sealed_opening.h"
#include "hub/hub.h"
#include "ledger/ledger.h"
#include "office/membership.h"
#include "office/region/region.h"
#include "tests/support/small_office.h"

namespace penc {

// The hub's methods as a line, without a wire between.
class DirectLink : public HubLink {
 public:
  DirectLink(Hub& hub, HubCaller caller) : hub_(hub), caller_(std::move(caller)) {}
  bool cut = false;
  int puts_until_cut = -1;  // the line breaks after so many Puts arrived (the answer is lost); -1: never

  absl::StatusOr<std::vector<v1::SignedRoster>> RostersAfter(uint64_t version) override {
    RETURN_IF_ERROR(Up());
    return hub_.RostersAfter(version);
  }
  absl::Status PutRoster(const v1::SignedRoster& roster) override { return hub_.AddRoster(roster); }
  absl::Status PutMember(const v1::PutMemberRequest& member) override {
    RETURN_IF_ERROR(Up());
    return Put(hub_.people().Renew(caller_, member));
  }
  absl::StatusOr<std::string> SubmitRound(const v1::SignedDescriptor& terms) override {
    return hub_.Submit(caller_, terms);
  }
  absl::StatusOr<std::vector<v1::RoundSummary>> Rounds(absl::string_view qid) override {
    return hub_.Rounds(caller_, qid);
  }
  absl::Status FetchRound(absl::string_view qid,
                          const std::function<bool(v1::FetchRoundResponse&&)>& take) override {
    RETURN_IF_ERROR(Up());
    return hub_.Fetch(caller_, qid, take);
  }
  absl::StatusOr<v1::WaitForWorkResponse> WaitForWork(const v1::WaitForWorkRequest& request) override {
    RETURN_IF_ERROR(Up());
    return hub_.News(caller_, request.after());
  }
  absl::StatusOr<std::vector<uint32_t>> PutContribution(const v1::PutContributionRequest& request) override {
    RETURN_IF_ERROR(Up());
    auto missing =
        hub_.PutContribution(caller_, request.header(), {request.boxes().begin(), request.boxes().end()});
    RETURN_IF_ERROR(Put(missing.status()));
    return missing;
  }
  absl::StatusOr<std::string> PutChunk(const v1::PutChunkRequest& request) override {
    RETURN_IF_ERROR(Up());
    auto receipt = hub_.PutChunk(caller_, request.qid(), request.chunk());
    RETURN_IF_ERROR(Put(receipt.status()));
    return receipt;
  }
  absl::Status PutAbstention(const v1::SignedAbstention& abstention) override {
    RETURN_IF_ERROR(Up());
    return Put(hub_.PutAbstention(caller_, abstention));
  }
  absl::Status FetchBoxes(absl::string_view qid,
                          const std::function<bool(v1::FetchBoxesResponse&&)>& take) override {
    RETURN_IF_ERROR(Up());
    return hub_.FetchBoxes(caller_, qid, take);
  }
  absl::Status PutVote(const v1::PutVoteRequest& vote) override {
    RETURN_IF_ERROR(Up());
    return Put(hub_.PutVote(caller_, vote));
  }
  absl::Status PutPromise(const v1::Promise& promise) override {
    RETURN_IF_ERROR(Up());
    return Put(hub_.PutPromise(caller_, promise));
  }
  absl::Status PutOpening(absl::string_view qid, uint32_t steward, uint32_t kind,
                          absl::string_view sealed) override {
    for (uint32_t index = 0; size_t{index} * kPieceBytes < sealed.size(); ++index) {
      RETURN_IF_ERROR(Up());
      v1::SealedPiece piece;
      piece.set_steward(steward);
      piece.set_kind(kind);
      piece.set_index(index);
      piece.set_bytes(std::string(sealed.substr(size_t{index} * kPieceBytes, kPieceBytes)));
      piece.set_last(size_t{index + 1} * kPieceBytes >= sealed.size());
      RETURN_IF_ERROR(Put(hub_.PutOpening(caller_, qid, piece)));
    }
    return absl::OkStatus();
  }
  absl::Status PutUnlockAnswer(const v1::SignedUnlockAnswer& answer) override {
    RETURN_IF_ERROR(Up());
    return Put(hub_.PutUnlockAnswer(caller_, answer));
  }

 private:
  static absl::Status Lost() { return absl::UnavailableError("the line is cut"); }
  absl::Status Up() const { return cut ? Lost() : absl::OkStatus(); }
  absl::Status Put(absl::Status status) {
    if (puts_until_cut > 0 && --puts_until_cut == 0) {
      cut = true;
      puts_until_cut = -1;
      return Lost();
    }
    return status;
  }

  Hub& hub_;
  const HubCaller caller_;
};

class NoSlots final : public ReplySlots {
 public:
  void Begin() override {}
  void Wait(const PlannedWork&) override {}
};

class SmallRegion : public ::testing::Test {
 protected:
  static constexpr int kOffices = 8;
  static constexpr char kQuestion[] = "SELECT race, count(DISTINCT person) FROM work GROUP BY race";

  // One office with its line.
  struct Member {
    std::string dir;
    std::unique_ptr<Office> office;
    std::unique_ptr<Region> region;
    std::unique_ptr<DirectLink> line;
    std::vector<std::string> told;
    int persons = 0;
  };

  SmallRegion() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    database_ = Database::Open(absl::StrCat(folder_, "/hub")).value();
    hub_ = Hub::Open(*database_, hub_key_, clock_, {}).value();
  }
  ~SmallRegion() override {
    members_.clear();
    hub_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  Environment environment() {
    Environment made{clock_, random_, steps_};
    made.keys = keys_;
    return made;
  }

  // Eight offices of 30, 33, ... persons, closed, members of a network in which all are stewards.
  // `policy`: of the office 3; empty: as all.
  void Found(const std::string& policy = "") {
    for (int i = 0; i < kOffices; ++i) AddOffice(i, i == 3 && !policy.empty() ? policy : policy_text_);
    v1::Roster roster;
    roster.set_format(1);
    roster.set_network("essai");
    roster.set_version(1);
    roster.set_expires_unix_micros(absl::ToUnixMicros(clock_.now + absl::Hours(24 * 365)));
    roster.add_root_keys(root_.verify_key().bytes());
    roster.set_root_threshold(1);
    roster.set_hub_key(hub_key_.verify_key().bytes());
    roster.set_hub_address("127.0.0.1:7410");
    roster.set_closing("quarter");
    for (Member& member : members_) {
      storage::v1::Membership membership;
      membership.set_format(1);
      membership.set_network("essai");
      membership.set_hub_address("127.0.0.1:7410");
      membership.set_hub_key(hub_key_.verify_key().Fingerprint());
      membership.set_roots(RootsFingerprint(roster));
      membership.set_steward(true);
      OfficeNetwork& network = member.office->network();
      PENC_CHECK(network
                     .CreateEpoch(member.office->identity().key.verify_key(),
                                  clock_.now + absl::Hours(24 * 20), random_)
                     .ok());
      PENC_CHECK(network.Save(membership).ok());
      const auto own = network.OwnMember(member.office->identity().key, member.office->config().office(),
                                         member.office->rules().policy->floors);
      *roster.add_members() = ReadMember(own.value()).value();
    }
    v1::SignedRoster composed = ComposeRoster(roster, random_)->signed_roster;
    SignRoster(root_, composed);
    ASSERT_TRUE(hub_->AddRoster(composed).ok());
    roster_ = std::make_unique<CheckedRoster>(ReadFirstRoster(composed).value());
    ASSERT_TRUE(hub_->AddPartner(partner_.verify_key().bytes(), "analyste").ok());
    for (Member& member : members_) Connect(member);
  }

  void AddOffice(int i, const std::string& policy) {
    Member& member = members_.emplace_back();
    member.dir = absl::StrCat(folder_, "/office", i);
    member.persons = 30 + 3 * i;
    InitOptions init;
    init.name = absl::StrCat("Association ", i);
    init.codebook_text = codebook_text_;
    init.policy_text = policy;
    PENC_CHECK(Office::Create(member.dir, init, environment()).ok());
    member.office = Office::Open(member.dir, environment()).value();
    Fill(member, i);
    v1::AdminCommand close, grant;
    close.mutable_close()->set_label("2026-Q3");
    PENC_CHECK(Administer(*member.office, close, nullptr, nullptr).ok());
    grant.mutable_grant()->set_public_key(
        absl::StrCat("partner: analyste\nkey: \"", partner_.verify_key().Fingerprint(), "\"\n"));
    grant.mutable_grant()->set_share_ppm(1000000);
    grant.mutable_grant()->add_purposes("plaidoyer");
    for (const Table& table : member.office->rules().codebook->tables)
      grant.mutable_grant()->add_tables(table.name);
    grant.mutable_grant()->set_until("2027-12-31");
    const auto granted = Administer(*member.office, grant, nullptr, nullptr);
    PENC_CHECK(granted.ok());
  }
  // What the office imports.
  virtual void Fill(Member& member, int /*i*/) {
    std::string csv = "person_ref,race,year\n";
    const char* races[] = {"black", "white", "other"};
    for (int p = 0; p < member.persons; ++p) absl::StrAppend(&csv, "P", p, ",", races[p % 3], ",70\n");
    v1::ImportCommand import;
    import.set_file_name("work.csv");
    import.set_table("work");
    Import(member, std::move(import), csv);
  }
  void Import(Member& member, v1::ImportCommand import, const std::string& bytes) {
    TextSource source(bytes);
    v1::AdminCommand command;
    *command.mutable_import_file() = std::move(import);
    const auto imported = Administer(*member.office, command, &source, nullptr);
    PENC_CHECK(imported.ok());
  }
  void Connect(Member& member) {
    const HubCaller caller = hub_->Identify(member.office->identity().key.verify_key()).value();
    member.line = std::make_unique<DirectLink>(*hub_, caller);
    member.office->ledger().HoldToWitnesses(true);
    Member* at = &member;
    member.region =
        std::make_unique<Region>(*member.office, [at](const Text& text) { at->told.push_back(text.en); });
  }
  // As after kill -9: what is in memory is gone.
  void Restart(Member& member) {
    member.region.reset();
    member.office.reset();
    member.office = Office::Open(member.dir, environment()).value();
    Connect(member);
  }
  // The office's folder as it is now; to be put back later.
  std::string CopyOf(Member& member) {
    const std::string copy = absl::StrCat(folder_, "/copy", ++copies_);
    member.region.reset();
    member.office.reset();
    std::filesystem::copy(member.dir, copy, std::filesystem::copy_options::recursive);
    Restart(member);
    return copy;
  }
  void PutBack(Member& member, const std::string& copy) {
    member.region.reset();
    member.office.reset();
    std::filesystem::remove_all(member.dir);
    std::filesystem::copy(copy, member.dir, std::filesystem::copy_options::recursive);
    for (const char* folder : {"", "/keys", "/epoch", "/db", "/grants", "/contributions", "/answers"})
      std::filesystem::permissions(member.dir + folder, std::filesystem::perms::owner_all);
    Restart(member);
  }

  RoundWish Wish(const std::string& sql = kQuestion, uint32_t share_ppm = 20000) const {
    RoundWish wish;
    wish.bulletin.add_questions()->set_sql(sql);
    wish.price.set_share_ppm(share_ppm);
    wish.purpose = "plaidoyer";
    wish.edition = "2026-Q3";
    wish.partner_key = partner_.verify_key().bytes();
    wish.partner_mail_key = partner_mail_.public_key();
    wish.partner_name = "analyste";
    return wish;
  }
  Round Submit(const RoundWish& wish) {
    const auto terms =
        MakeDescriptor(wish, *roster_, *members_[0].office->rules().codebook, clock_.now, random_);
    PENC_CHECK(terms.ok());
    const v1::SignedDescriptor made = SignDescriptor(*terms, partner_);
    const HubCaller caller = hub_->Identify(partner_.verify_key()).value();
    PENC_CHECK(hub_->Submit(caller, made).ok());
    return ReadRound(made, roster_->bytes(), clock_.now).value();
  }

  absl::Status Visit(Member& member) {
    const auto found = member.line->WaitForWork(member.region->Request(0, absl::ZeroDuration()));
    if (!found.ok()) return found.status();
    return member.region->Act(*member.line, *found, slots_);
  }
  // Everybody who can visits, until nothing moves.
  void Settle() {
    for (int i = 0; i < 12; ++i) {
      for (Member& member : members_) {
        if (member.region != nullptr) Visit(member).IgnoreError();
      }
      hub_->Tick();
    }
  }
  v1::RoundState StateOf(const Round& round) const {
    const HubCaller caller = hub_->Identify(partner_.verify_key()).value();
    return hub_->Rounds(caller, round.qid).at(0).state();
  }
  absl::StatusOr<v1::Answer> Open(const Round& round) {
    const HubCaller caller = hub_->Identify(partner_.verify_key()).value();
    DirectLink line(*hub_, caller);
    ASSIGN_OR_RETURN(const Received received,
                     FetchRecord(line, round, *roster_, partner_mail_, codebook_text_));
    ASSIGN_OR_RETURN(const RegionalAnswer answer,
                     AnswerOf(received.record, {RootsFingerprint(roster_->roster)}));
    return answer.answer;
  }
  // Spent of the whole budget, of the one cohort that there is.
  static Spent SpentBy(const Member& member) { return member.office->ledger().Balances().at(0).spent; }

  std::string codebook_text_ = kSmallCodebook, policy_text_ = kSmallPolicy;
  const std::string folder_ = absl::StrCat(::testing::TempDir(), "/small_region_", getpid());
  SetClock clock_;
  SecureRandom random_;
  NoSteps steps_;
  KeySource keys_;  // of every office that is opened
  NoSlots slots_;
  SigningKey hub_key_ = SigningKey::Generate(random_), root_ = SigningKey::Generate(random_),
             partner_ = SigningKey::Generate(random_);
  AgreementKey partner_mail_ = AgreementKey::Generate(random_);
  std::unique_ptr<Database> database_;
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<CheckedRoster> roster_;
  std::vector<Member> members_;
  int copies_ = 0;
};

}  // namespace penc
