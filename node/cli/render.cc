#include "cli/render.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "policy/words.h"

namespace penc::cli {
namespace {

const std::string& In(const v1::Label& label, Lang lang) {
  return lang == Lang::kFrench ? label.fr() : label.en();
}

size_t Width(absl::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

bool LooksNumeric(absl::string_view text) {
  return !text.empty() && (absl::ascii_isdigit(text[0]) || text[0] == '-' || text[0] == '(');
}

std::string Hidden(v1::Value::Shown shown, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (shown == v1::Value::SHOWN_TOO_FEW) return fr ? "trop peu pour être montré" : "too few to be shown";
  return fr ? "marge trop large" : "margin too wide";
}

// Where nothing at all is shown for a key, the row would only say so: they are counted in one line instead.
bool ShowsAnything(const v1::Row& row) {
  return std::any_of(row.values().begin(), row.values().end(),
                     [](const v1::Value& v) { return v.shown() == v1::Value::SHOWN_YES; });
}

}  // namespace

std::string RenderTable(const v1::Table& table, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::vector<std::string> heading;
  for (const v1::Axis& axis : table.axes()) heading.push_back(axis.name());
  for (const v1::Column& column : table.columns()) {
    heading.push_back(column.name());
    heading.push_back(fr ? "marge (95 %)" : "margin (95%)");
  }
  TextTable text(std::move(heading));
  size_t hidden = 0;
  for (const v1::Row& row : table.rows()) {
    if (!ShowsAnything(row) && table.axes_size() > 0) {
      ++hidden;
      continue;
    }
    std::vector<std::string> cells;
    cells.reserve(row.key_size() + 2 * row.values_size());
    for (int i = 0; i < row.key_size(); ++i)
      cells.push_back(CategoryText(table.axes(i).categories(row.key(i)), lang));
    for (int i = 0; i < row.values_size(); ++i) {
      const v1::Value& value = row.values(i);
      if (value.shown() == v1::Value::SHOWN_YES) {
        const int decimals = DecimalsOf(table.columns(i).measure());
        cells.push_back(Number(value.value(), lang, decimals));
        cells.push_back(absl::StrCat(fr ? "(entre " : "(between ", Number(value.low(), lang, decimals),
                                     fr ? " et " : " and ", Number(value.high(), lang, decimals), ")"));
      } else {
        cells.push_back(Hidden(value.shown(), lang));
        cells.push_back("");
      }
    }
    text.Add(std::move(cells));
  }
  std::string out;
  if (!table.title().empty()) absl::StrAppend(&out, table.title(), "\n");
  absl::StrAppend(&out, text.Text());
  if (hidden > 0) {
    absl::StrAppend(&out, fr ? absl::StrCat(hidden,
                                            hidden == 1 ? " ligne: trop peu pour être montrée"
                                                        : " lignes: trop peu pour être montrées",
                                            " ou marge trop large\n")
                             : absl::StrCat(hidden, hidden == 1 ? " row" : " rows",
                                            ": too few to be shown or margin too wide\n"));
  }
  if (const std::string& reading = In(table.reading(), lang); !reading.empty())
    absl::StrAppend(&out, reading, "\n");
  for (const v1::Column& column : table.columns()) {
    if (const std::string& unit = In(column.unit(), lang); !unit.empty()) {
      absl::StrAppend(&out, column.name(), ": ", unit, "\n");
    }
  }
  if (table.has_selection())
    absl::StrAppend(&out,
                    SelectionWords(table.axes(table.selection().axis()).name(), table.selection(), lang));
  return out;
}

std::string Decimal18(uint64_t units) { return absl::StrFormat("%.3g", static_cast<double>(units) / 1e18); }

namespace {

std::string Scientific40(uint64_t units) {
  return absl::StrFormat("%.4g", std::ldexp(static_cast<double>(units), -40));
}

// Which round it was, and lies that did not keep it from opening.
std::string RenderRound(const v1::Regional& regional, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  std::string out =
      absl::StrCat(fr ? "réseau: " : "network: ", regional.network(), regional.region().empty() ? "" : ", ",
                   regional.region(), fr ? " · ronde: " : " · round: ", regional.round_id().substr(0, 12),
                   fr ? " · demandée par: " : " · asked by: ", regional.partner(), "\n");
  for (const v1::Label& remark : regional.remarks())
    absl::StrAppend(&out, fr ? "à savoir: " : "to be known: ", In(remark, lang), "\n");
  return out;
}

std::string RenderPresumptions(const v1::Regional& regional, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  return absl::StrCat(
      fr ? "  la ronde suppose au plus " : "  the round presumes at most ", regional.presumed_dishonest(),
      fr ? " organisations malhonnêtes, dont au plus " : " dishonest organisations, at most ",
      regional.stewards_colluding(),
      fr ? " témoins qui s'entendent; liste des membres version "
         : " of them stewards that collude; roster version ",
      regional.roster_version(), fr ? ", tentative " : ", attempt ", regional.attempt(), "\n");
}

std::string RenderDetails(const v1::Answer& answer, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const v1::Charge& charge = answer.charge();
  std::string out = fr ? "détails\n" : "details\n";
  absl::StrAppend(&out, fr ? "  promesse: ε = " : "  promise: ε = ", charge.epsilon(),
                  ", δ = ", charge.delta(), "\n");
  absl::StrAppend(&out, fr ? "  compté: ε pur = " : "  charged: pure ε = ",
                  charge.pure() == UINT64_MAX ? "∞" : Scientific40(charge.pure()), ", Rényi D_",
                  absl::StrFormat("%g", charge.twice_alpha() / 2.0), " = ", Scientific40(charge.renyi()),
                  "\n");
  if (answer.has_regional()) absl::StrAppend(&out, RenderPresumptions(answer.regional(), lang));
  for (const v1::Table& table : answer.tables()) {
    absl::StrAppend(&out, "  ", table.question(), "\n");
    if (table.has_selection()) {
      const v1::KeySelection& selection = table.selection();
      absl::StrAppend(
          &out, fr ? "    mots: géométrique tronquée, ε = " : "    words: truncated geometric, ε = ",
          absl::StrFormat("%.4g", static_cast<double>(selection.epsilon_1024()) / 1024),
          ", δ = ", Decimal18(selection.delta()), fr ? "; par personne au plus " : "; per person at most ",
          selection.keys(), fr ? " mots\n" : " words\n");
    }
    for (const v1::Block& block : table.blocks()) {
      const double parameter =
          static_cast<double>(block.noise().parameter_num()) / block.noise().parameter_den();
      const bool laplace = block.noise().family() == v1::Noise::FAMILY_DISCRETE_LAPLACE;
      const std::string size = absl::StrFormat("%.4g", laplace ? 1 / parameter : std::sqrt(parameter));
      const char* law = laplace ? (fr ? "Laplace discret, échelle " : "discrete Laplace, scale ")
                                : (fr ? "Skellam, écart type " : "Skellam, standard deviation ");
      absl::StrAppend(&out, "    ", block.counts(), block.rolled() > 0 ? " (total): " : ": ", law, size);
      if (block.noise().rate_num() != 0) {
        absl::StrAppend(&out, fr ? ", taux " : ", rate ", block.noise().rate_num(), "/",
                        block.noise().rate_den());
      }
      absl::StrAppend(&out, fr ? "; par personne au plus " : "; per person at most ", block.l0(),
                      fr ? " cases, " : " cells, ", block.linf(), fr ? " par case, " : " per cell, ",
                      block.l1(), fr ? " en tout\n" : " in all\n");
    }
  }
  return out;
}

}  // namespace

std::string SelectionWords(const std::string& column, const v1::KeySelection& selection, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  return absl::StrCat(column,
                      fr ? ": les mots de l'organisation; un mot est nommé une fois sur deux à partir de "
                         : ": the organisation's own words; a word is named one time in two from ",
                      Number(static_cast<double>(selection.persons_half()), lang),
                      fr ? " personnes, 95 fois sur 100 à partir de " : " people on, 95 times in 100 from ",
                      Number(static_cast<double>(selection.persons_most()), lang),
                      fr ? "; ceux que peu de personnes portent ne sont pas nommés"
                         : " on; those that few people have are not named",
                      selection.cut() ? absl::StrCat(fr ? "; liste coupée à " : "; list cut at ",
                                                     selection.most(), fr ? " mots" : " words")
                                      : "",
                      "\n");
}

std::string CsvCell(absl::string_view text, char delimiter) {
  if (text.find_first_of("\"\r\n") == absl::string_view::npos &&
      text.find(delimiter) == absl::string_view::npos) {
    // A cell that a spreadsheet would run as a formula is quoted with an apostrophe.
    if (!text.empty() && (text[0] == '=' || text[0] == '@')) return absl::StrCat("'", text);
    return std::string(text);
  }
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string CsvNumber(double value, Lang lang) {
  std::string text = absl::StrFormat("%.6g", value);
  if (std::fabs(value) >= 1e6 && std::floor(value) == value) text = absl::StrFormat("%.0f", value);
  return lang == Lang::kFrench ? absl::StrReplaceAll(text, {{".", ","}}) : text;
}

std::string CategoryText(const v1::Category& category, Lang lang) {
  const std::string& label = In(category.label(), lang);
  if (!label.empty()) return label;
  if (category.not_stated()) return lang == Lang::kFrench ? "(non renseigné)" : "(not stated)";
  return category.code();
}

TextTable::TextTable(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }

void TextTable::Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

std::string TextTable::Text() const {
  std::vector<size_t> widths(rows_[0].size(), 0);
  std::vector<bool> numeric(rows_[0].size(), rows_.size() > 1);
  for (size_t r = 0; r < rows_.size(); ++r) {
    for (size_t i = 0; i < rows_[r].size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], Width(rows_[r][i]));
      if (r > 0 && !rows_[r][i].empty() && !LooksNumeric(rows_[r][i])) numeric[i] = false;
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string pad(widths[i] - Width(row[i]), ' ');
      if (i > 0) absl::StrAppend(&line, "  ");
      absl::StrAppend(&line, numeric[i] ? absl::StrCat(pad, row[i]) : absl::StrCat(row[i], pad));
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&out, line, "\n");
  }
  return out;
}

int DecimalsOf(absl::string_view measure) {
  const bool counted =
      measure == "persons" || measure == "rows" || measure == "sum" || measure == "difference";
  return counted ? 0 : 1;
}

std::string Number(double value, Lang lang, int decimals) {
  std::string digits = absl::StrFormat("%.*f", std::fabs(value) >= 1000 ? 0 : decimals, std::fabs(value));
  const size_t point = digits.find('.');
  std::string whole = digits.substr(0, point);
  for (int at = static_cast<int>(whole.size()) - 3; at > 0; at -= 3) {
    whole.insert(at, lang == Lang::kFrench ? "\u202f" : ",");
  }
  std::string out = whole;
  if (point != std::string::npos)
    absl::StrAppend(&out, lang == Lang::kFrench ? "," : ".", digits.substr(point + 1));
  const bool zero = digits.find_first_of("123456789") == std::string::npos;
  return value < 0 && !zero ? absl::StrCat("-", out) : out;
}

std::string Percent(double ppm, Lang lang) {
  std::string number = absl::StrFormat("%.3g", ppm / 10000);
  if (lang == Lang::kFrench) return absl::StrCat(absl::StrReplaceAll(number, {{".", ","}}), "\u202f%");
  return absl::StrCat(number, "%");
}

std::string RenderCoverage(const v1::Answer& answer, Lang lang) {
  const bool fr = lang == Lang::kFrench, one = answer.answered() == 1;
  std::string out = absl::StrCat(answer.answered(),
                                 fr ? (one ? " organisation sur " : " organisations sur ")
                                    : (one ? " organisation of " : " organisations of "),
                                 answer.asked(), fr ? (one ? " a répondu" : " ont répondu") : " answered",
                                 " (", absl::StrJoin(answer.organisations(), ", "), ")\n");
  for (const v1::Regional::Absent& absent : answer.regional().absent()) {
    absl::StrAppend(&out, "  ", absent.organisation());
    if (absent.reason() == v1::REFUSAL_UNSPECIFIED) {
      absl::StrAppend(&out, fr ? " n'a pas répondu\n" : " did not answer\n");
    } else {
      absl::StrAppend(&out, fr ? " s'est abstenue: " : " abstained: ", WhyAbsent(absent.reason(), lang),
                      "\n");
    }
  }
  return out;
}

std::string RenderAnswer(const v1::Answer& answer, Lang lang, bool details) {
  const bool fr = lang == Lang::kFrench;
  std::string out;
  if (answer.practice()) {
    absl::StrAppend(&out, fr ? "*** DONNÉES D'EXERCICE, inventées: ne rien publier ***\n"
                             : "*** PRACTICE DATA, invented: publish nothing ***\n");
  }
  absl::StrAppend(&out, RenderCoverage(answer, lang));
  for (const v1::Table& table : answer.tables()) absl::StrAppend(&out, "\n", RenderTable(table, lang));
  absl::StrAppend(&out, "\n", fr ? "état: " : "as of: ", answer.edition(),
                  fr ? " · lexique: " : " · codebook: ", answer.codebook(),
                  fr ? " · prix: " : " · price: ", Percent(answer.charge().share_ppm(), lang),
                  fr ? " du crédit de confidentialité" : " of the privacy budget", "\n");
  absl::StrAppend(&out, "question: ", answer.question_id().substr(0, 16), "\n");
  if (answer.has_regional()) absl::StrAppend(&out, RenderRound(answer.regional(), lang));
  if (const std::string& citation = In(answer.citation(), lang); !citation.empty())
    absl::StrAppend(&out, citation, "\n");
  if (details) absl::StrAppend(&out, RenderDetails(answer, lang));
  return out;
}

std::string RenderCsv(const v1::Answer& answer, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  const char delimiter = fr ? ';' : ',';
  const std::string glue(1, delimiter);
  std::string out = fr ? "\xEF\xBB\xBF" : "";
  for (int t = 0; t < answer.tables_size(); ++t) {
    const v1::Table& table = answer.tables(t);
    if (t > 0) out += "\n";
    std::vector<std::string> line = {"table"};
    for (const v1::Axis& axis : table.axes()) {
      line.push_back(CsvCell(axis.name(), delimiter));
      line.push_back(CsvCell(axis.name() + "_label", delimiter));
    }
    for (const v1::Column& column : table.columns()) {
      for (const char* suffix : {"", "_low", "_high", "_shown"})
        line.push_back(CsvCell(column.name() + suffix, delimiter));
    }
    absl::StrAppend(&out, absl::StrJoin(line, glue), "\n");
    for (const v1::Row& row : table.rows()) {
      line = {CsvCell(table.title().empty() ? absl::StrCat(t + 1) : table.title(), delimiter)};
      for (int i = 0; i < row.key_size(); ++i) {
        const v1::Category& category = table.axes(i).categories(row.key(i));
        line.push_back(CsvCell(category.code(), delimiter));
        line.push_back(CsvCell(CategoryText(category, lang), delimiter));
      }
      for (const v1::Value& value : row.values()) {
        const bool shown = value.shown() == v1::Value::SHOWN_YES;
        line.push_back(shown ? CsvNumber(value.value(), lang) : "");
        line.push_back(shown ? CsvNumber(value.low(), lang) : "");
        line.push_back(shown ? CsvNumber(value.high(), lang) : "");
        line.push_back(shown                                       ? "yes"
                       : value.shown() == v1::Value::SHOWN_TOO_FEW ? "too_few"
                                                                   : "margin_too_wide");
      }
      absl::StrAppend(&out, absl::StrJoin(line, glue), "\n");
    }
  }
  return out;
}

std::string RenderRefusal(const v1::RefusalDetail& refusal, Lang lang) {
  const bool fr = lang == Lang::kFrench, waits = refusal.reason() == v1::REFUSAL_NEEDS_APPROVAL;
  std::string out =
      absl::StrCat(waits ? (fr ? "en attente: " : "waiting: ") : (fr ? "refusé: " : "refused: "),
                   v1::Refusal_Name(refusal.reason()).substr(8), "\n", In(refusal.says(), lang));
  if (refusal.reason() == v1::REFUSAL_DECLINED_BY_PERSON) {
    absl::StrAppend(&out, fr ? " Son motif: «" : " Its reason: \"", OneLine(refusal.about()),
                    fr ? "»" : "\"");
  } else if (!refusal.about().empty()) {
    absl::StrAppend(&out, " (", OneLine(refusal.about()), ")");
  }
  if (refusal.until_unix_micros() > 0)
    absl::StrAppend(&out, fr ? "\nElle attend au plus tard jusqu'au " : "\nIt waits until at the latest ",
                    Minute(absl::FromUnixMicros(refusal.until_unix_micros())), ".");
  return absl::StrCat(out, "\n", In(refusal.next(), lang), "\n");
}

std::string WhyAbsent(v1::Refusal reason, Lang lang) {
  const bool fr = lang == Lang::kFrench;
  if (reason == v1::REFUSAL_NEEDS_APPROVAL)
    return fr ? "Une personne devait en décider, et ne l'a pas fait à temps."
              : "A person there was to decide, and did not in time.";
  const v1::RefusalDetail why = InWords(reason, "");
  const std::string& says = In(why.says(), lang);
  return says.empty() ? absl::StrCat(fr ? "raison " : "reason ", static_cast<int>(reason)) : says;
}

std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return absl::ascii_iscntrl(c); }, ' ');
  return text;
}

std::string Margins(const v1::ExplainedQuestion& question, Lang lang) {
  const auto of = [lang](const auto& margins) {
    return absl::StrJoin(margins, ", ", [&](std::string* out, double margin) {
      if (margin > 0) {
        absl::StrAppend(out, "±", Number(std::ceil(margin), lang));
      } else {
        absl::StrAppend(out, lang == Lang::kFrench ? "selon la réponse" : "depends on the answer");
      }
    });
  };
  if (question.levels().empty()) return of(question.margins());
  return absl::StrJoin(question.levels(), "; ", [&](std::string* out, const v1::ExplainedLevel& level) {
    absl::StrAppend(out, level.keys().empty() ? "total" : absl::StrJoin(level.keys(), ", "), " ",
                    of(level.margins()));
  });
}

std::string Minute(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M UTC", time, absl::UTCTimeZone());
}

}  // namespace penc::cli
