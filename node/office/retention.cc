#include "office/retention.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "journal/committer.h"
#include "office/quarantine.h"
#include "store/record_store.h"

namespace penc {
namespace {

constexpr char kSeenKey[] = "clock";  // space `office`: microseconds since 1970
constexpr absl::CivilDay kEpoch(1970, 1, 1);
constexpr int kLongestYears = 100;

absl::CivilDay DayAt(absl::Time time) { return absl::ToCivilDay(time, absl::UTCTimeZone()); }

// What the clock said when it was believed last; nothing before the first time. No other time that was
// written down is worth more than the clock was then.
absl::StatusOr<absl::optional<absl::Time>> Believed(const Database& db) {
  ASSIGN_OR_RETURN(const absl::optional<std::string> kept, db.Get(Space::kOffice, kSeenKey));
  int64_t micros = 0;
  if (kept.has_value() && absl::SimpleAtoi(*kept, &micros))
    return absl::make_optional(absl::FromUnixMicros(micros));
  return absl::optional<absl::Time>();
}

absl::Time Created(const Office& office) {
  absl::Time created;
  std::string ignored;
  return absl::ParseTime(absl::RFC3339_full, office.config().created(), &created, &ignored)
             ? created
             : absl::UnixEpoch();
}

absl::Status Believe(Office& office, absl::Time now) {
  return office.committer().Commit([&](Staging& staging) {
    office.database().Put(staging.batch(), Space::kOffice, kSeenKey, absl::StrCat(absl::ToUnixMicros(now)));
    return absl::OkStatus();
  });
}

bool AnyDue(const std::vector<BatchInfo>& batches, int64_t today) {
  return std::any_of(batches.begin(), batches.end(), [&](const BatchInfo& batch) {
    return !batch.undone && batch.keep_until_day.has_value() && *batch.keep_until_day < today;
  });
}

Text NotBelieved(absl::CivilDay today, absl::CivilDay seen) {
  const std::string day = absl::FormatCivilTime(today), last = absl::FormatCivilTime(seen);
  return {
      absl::StrCat("délai de garde: rien n'est retiré, car l'horloge de cet ordinateur dit ", day,
                   " et paraît fausse (elle disait ", last,
                   "). Vérifiez la date de l'ordinateur; si elle est juste: penc expire DIR --today ", day),
      absl::StrCat("retention: nothing was taken out, because this computer's clock says ", day,
                   " and looks wrong (it said ", last,
                   "). Check the computer's date; if it is right: penc expire DIR --today ", day)};
}

Text Left(const BatchInfo& batch) {
  const std::string until = absl::FormatCivilTime(kEpoch + *batch.keep_until_day);
  return {
      absl::StrCat("lot ", batch.id, " (", batch.file_name, "): retiré, délai de garde passé (", until, ")"),
      absl::StrCat("batch ", batch.id, " (", batch.file_name, "): taken out, it might be kept until ",
                   until)};
}

}  // namespace

absl::StatusOr<absl::CivilDay> LastDayOf(absl::string_view kept, absl::CivilDay day) {
  int number = 0;
  const char unit = kept.empty() ? '\0' : kept.back();
  const int64_t most = unit == 'y' ? kLongestYears : unit == 'm' ? kLongestYears * 12 : kLongestYears * 366;
  if ((unit != 'y' && unit != 'm' && unit != 'd') ||
      !absl::SimpleAtoi(kept.substr(0, kept.size() - 1), &number) || number < 1 || number > most) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"attendu un nombre d'années, de mois ou de jours; exemple: 5y, 18m, 90d",
                 "expected a number of years, months or days; example: 5y, 18m, 90d"});
  }
  if (unit == 'd') return day + number;
  // The same day of the month; where that month is shorter, its end.
  const absl::CivilMonth month = absl::CivilMonth(day) + (unit == 'y' ? 12 * number : number);
  return std::min(absl::CivilDay(month) + (day.day() - 1), absl::CivilDay(month + 1) - 1);
}

bool ClockIsBelieved(absl::Time now, absl::Time seen, Closing closing, absl::optional<Edition> last_edition) {
  if (now <= seen + absl::Hours(24 * 35)) return true;
  return last_edition.has_value() && EditionAt(closing, now) <= *last_edition + 1 &&
         now <= seen + absl::Hours(24 * 200);
}

absl::StatusOr<Expired> ExpireDue(Office& office, absl::optional<absl::CivilDay> confirmed) {
  const absl::Time now = office.environment().clock.Now();
  const absl::CivilDay today = DayAt(now);
  if (confirmed.has_value() && *confirmed != today) {
    const std::string day = absl::FormatCivilTime(today);
    return Fail(
        absl::StatusCode::kInvalidArgument,
        {absl::StrCat("--today: l'horloge de cet ordinateur dit ", day,
                      "; mettez-la à l'heure, puis recommencez"),
         absl::StrCat("--today: this computer's clock says ", day, "; set it right, then try again")});
  }
  ASSIGN_OR_RETURN(const absl::optional<absl::Time> believed, Believed(office.database()));
  const absl::Time seen = believed.value_or(Created(office));
  const std::vector<BatchInfo> batches = office.store().Batches();
  Expired expired;
  // A clock that fell behind keeps rows for longer; one that ran ahead would lose them for ever.
  const bool behind = now < seen - absl::Hours(24);
  if (!confirmed.has_value() && (behind || !ClockIsBelieved(now, seen, office.rules().codebook->closing,
                                                            office.store().Status().edition))) {
    // Nothing is tidied by such a clock, either.
    if (AnyDue(batches, std::max(today, DayAt(seen)) - kEpoch))
      expired.notices.push_back(NotBelieved(today, DayAt(seen)));
    return expired;
  }
  // One write a day is enough to remember it by.
  if (confirmed.has_value() || !believed.has_value() || now > seen + absl::Hours(24))
    RETURN_IF_ERROR(Believe(office, now));
  ASSIGN_OR_RETURN(expired.batches, office.store().Expire(today - kEpoch));
  for (const BatchInfo& batch : batches) {
    if (std::find(expired.batches.begin(), expired.batches.end(), batch.id) != expired.batches.end())
      expired.notices.push_back(Left(batch));
  }
  for (Text& what : TidyQuarantine(office, {today - kEpoch, 0, false}))
    expired.notices.push_back(std::move(what));
  return expired;
}

absl::StatusOr<v1::ExpireResult> Expire(Office& office, const v1::ExpireCommand& command,
                                        std::vector<Text>& notices) {
  absl::optional<absl::CivilDay> today;
  if (!command.today().empty()) {
    today.emplace();
    if (!absl::ParseCivilTime(command.today(), &*today)) {
      return Fail(
          absl::StatusCode::kInvalidArgument,
          {absl::StrCat("--today ", command.today(), ": une date est attendue, par exemple 2027-01-05"),
           absl::StrCat("--today ", command.today(), ": a date is expected, for example 2027-01-05")});
    }
  }
  ASSIGN_OR_RETURN(Expired expired, ExpireDue(office, today));
  v1::ExpireResult result;
  for (uint64_t batch : expired.batches) result.add_batches(batch);
  notices.insert(notices.end(), expired.notices.begin(), expired.notices.end());
  return result;
}

}  // namespace penc
