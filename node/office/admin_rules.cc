#include "office/admin_rules.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "base/file.h"
#include "base/status.h"
#include "ledger/ledger.h"
#include "office/balance.h"
#include "office/card.h"
#include "office/grants.h"
#include "policy/read.h"

namespace penc {
namespace {

absl::Status Bad(Text text) { return Fail(absl::StatusCode::kInvalidArgument, std::move(text)); }

// For explaining what a partner with every table and this purpose would be told.
Grant EveryTable(const Codebook& codebook, const std::string& purpose) {
  Grant grant;
  grant.name = "explain";
  grant.purposes = {purpose};
  for (const Table& table : codebook.tables) grant.tables.push_back(table.name);
  grant.share_ppm = kWholePpm;
  grant.until = absl::InfiniteFuture();
  return grant;
}

}  // namespace

absl::StatusOr<v1::CodebookApplyResult> ApplyCodebook(Office& office,
                                                      const v1::CodebookApplyCommand& command) {
  RETURN_IF_ERROR(office.ApplyCodebook(command.file_name(), command.text()));
  v1::CodebookApplyResult result;
  Rules rules = office.rules();
  result.set_codebook(absl::StrCat(rules.codebook->name, "@", rules.codebook->version));
  return result;
}

absl::StatusOr<v1::GrantResult> WriteGrantFile(Office& office, const v1::GrantCommand& command) {
  ASSIGN_OR_RETURN(storage::v1::PartnerKey partner, ReadPartnerKey("PARTNER.pub", command.public_key()));
  Grant grant;
  grant.name = command.name().empty() ? FileNameOf(partner.partner()) : command.name();
  RETURN_IF_ERROR(CheckFileName(grant.name));
  grant.key = partner.key();
  grant.purposes.assign(command.purposes().begin(), command.purposes().end());
  grant.tables.assign(command.tables().begin(), command.tables().end());
  const Rules rules = office.rules();
  std::vector<std::string> known;
  for (const Table& table : rules.codebook->tables) known.push_back(table.name);
  for (const std::string& table : grant.tables) {
    if (std::find(known.begin(), known.end(), table) != known.end()) continue;
    const std::string list = absl::StrJoin(known, ", ");
    return Bad({absl::StrCat("--table ", table, ": inconnue du lexique; ses tables: ", list),
                absl::StrCat("--table ", table, ": unknown to the codebook; its tables: ", list)});
  }
  grant.share_ppm = command.share_ppm();
  absl::CivilDay until;
  if (!absl::ParseCivilTime(command.until(), &until)) {
    return Bad({absl::StrCat("--until ", command.until(), ": une date est attendue, par exemple 2027-01-31"),
                absl::StrCat("--until ", command.until(), ": a date is expected, for example 2027-01-31")});
  }
  grant.until = absl::FromCivil(until + 1, absl::UTCTimeZone());
  if (grant.until <= office.environment().clock.Now()) {
    return Bad({absl::StrCat("--until ", command.until(), ": ce jour est passé; donnez un jour à venir"),
                absl::StrCat("--until ", command.until(), ": this day is past; give a day to come")});
  }
  if (grant.share_ppm == 0 || grant.share_ppm > kWholePpm) {
    return Bad({"--share: une part entre 0,0001% et 100% est attendue, par exemple 40%",
                "--share: a share between 0.0001% and 100% is expected, for example 40%"});
  }
  const std::string file = absl::StrCat(grant.name, ".yaml");
  const std::string path = absl::StrCat(office.layout().grants(), "/", file);
  std::string text = WriteGrant(grant);
  // What is written must read back.
  RETURN_IF_ERROR(ReadGrant(file, text, *rules.codebook));
  if (auto other = office.grants().Find(grant.key, *rules.codebook);
      other != nullptr && other->name != grant.name) {
    return Fail(
        absl::StatusCode::kAlreadyExists,
        {absl::StrCat("cette clé a déjà l'autorisation ", other->name, ": modifiez ou effacez grants/",
                      other->name, ".yaml, ou donnez --name ", other->name),
         absl::StrCat("this key already has the grant ", other->name, ": edit or delete grants/", other->name,
                      ".yaml, or give --name ", other->name)});
  }
  RETURN_IF_ERROR(WriteFileAtomically(path, text));
  office.grants().Reload(*rules.codebook);
  for (const Grants::Bad& bad : office.grants().Errors(*rules.codebook)) {
    if (bad.file == file) return bad.why;  // the journal could not be written: not in force
  }
  v1::GrantResult result;
  result.set_name(grant.name);
  result.set_path(path);
  return result;
}

absl::StatusOr<v1::CardResult> MakeCard(Office& office, const v1::CardCommand& command) {
  storage::v1::Card card;
  card.set_card(office.config().office());
  card.set_address(command.address().empty() ? office.config().listen() : command.address());
  card.set_key(office.identity().fingerprint);
  RETURN_IF_ERROR(CheckAddress(card.address()));
  v1::CardResult result;
  result.set_text(WriteCard(card));
  return result;
}

absl::StatusOr<v1::BudgetResult> ShowBudget(Office& office) {
  Rules rules = office.rules();
  std::map<std::string, std::string> name_of;
  for (const auto& grant : office.grants().All(*rules.codebook)) name_of[grant->key] = grant->name;
  v1::BudgetResult result;
  for (const CohortBalance& balance : office.ledger().Balances()) {
    v1::BudgetRow* row = result.add_cohorts();
    row->set_cohort(EditionLabel(rules.codebook->closing, balance.cohort));
    PromiseText promise = WrittenPromise(balance.promise);
    row->set_epsilon(promise.epsilon);
    row->set_delta(promise.delta);
    row->set_spent_ppm(SpentPpm(balance.promise, balance.spent));
    row->set_refunded_ppm(SpentPpm(balance.promise, balance.refunded));
    row->set_words_open(balance.promise.keys_delta > 0);
    row->set_words_spent_ppm(WordsSpentPpm(balance.promise, balance.spent));
    for (const auto& [asker, spent] : balance.by_asker) {
      v1::AskerSpent* by = row->add_askers();
      auto name = name_of.find(asker);
      by->set_asker(name == name_of.end() ? asker : name->second);
      by->set_spent_ppm(SpentPpm(balance.promise, spent));
    }
  }
  return result;
}

absl::StatusOr<v1::ExplainResponse> ExplainHere(Office& office, const v1::ExplainCommand& command) {
  Rules rules = office.rules();
  Grant grant = EveryTable(*rules.codebook, command.purpose());
  if (!command.grant().empty()) {
    auto found = office.grants().FindByName(command.grant(), *rules.codebook);
    if (found == nullptr) {
      return Fail(absl::StatusCode::kNotFound,
                  {absl::StrCat("aucune autorisation ", command.grant(), " dans grants/"),
                   absl::StrCat("no grant ", command.grant(), " in grants/")});
    }
    grant = *found;
  }
  v1::ExplainRequest request;
  *request.mutable_bulletin() = command.bulletin();
  request.set_purpose(command.purpose().empty() && !grant.purposes.empty() ? grant.purposes[0]
                                                                           : command.purpose());
  if (command.has_price()) {
    *request.mutable_price() = command.price();
  } else {
    request.mutable_price()->set_share_ppm(20000);
  }
  return office.ExplainFor(&grant, request);
}

}  // namespace penc
