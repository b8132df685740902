// What the codebook says of good rows (codebook.h, Check).
#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codebook/codes.h"
#include "codebook/period.h"
#include "office/quality/inspection.h"

namespace penc::quality {
namespace {

Text Together(const Text& a, absl::string_view fr, absl::string_view en, const Text& b) {
  return {absl::StrCat(a.fr, fr, b.fr), absl::StrCat(a.en, en, b.en)};
}

class OrderInspection final : public Inspection {
 public:
  OrderInspection(const Codebook& codebook, uint32_t table, const InOrder& order,
                  const absl::optional<Text>& says)
      : codebook_(codebook), order_(order) {
    const Text first = Named(codebook, order.first, table), second = Named(codebook, order.second, table);
    finding_.kind = v1::QualityFinding::KIND_ORDER;
    finding_.table = table;
    finding_.columns = {order.first, order.second};
    finding_.says = says.value_or(Together(second, " est avant ", " is before ", first));
    const bool across = order.first.table != order.second.table;
    finding_.next = Together(
        Text{absl::StrCat(across ? "rapprochez les deux fichiers par la référence de la personne, comparez "
                                 : "dans le fichier, comparez ",
                          first.fr),
             absl::StrCat(across ? "bring both files together by the person's reference, compare "
                                 : "in the file, compare ",
                          first.en)},
        " et ", " and ", second);
    finding_.next.fr += "; corrigez la date fausse";
    finding_.next.en += "; correct the wrong date";
  }

  void See(const RecordStore::PersonRows& person) override {
    const TableRows& rows = person.tables[finding_.table];
    for (size_t row = 0; row < rows.rows(); ++row) {
      const StoredValue first = ValueAt(person, finding_.table, row, order_.first);
      const StoredValue second = ValueAt(person, finding_.table, row, order_.second);
      if (first == kNull || second == kNull) continue;
      ++finding_.of_rows;
      const Column &a = ColumnAt(codebook_, order_.first), &b = ColumnAt(codebook_, order_.second);
      // No day of the second can be right.
      if (FirstDay(b.type, NumberOf(b, second) + 1) <= FirstDay(a.type, NumberOf(a, first)))
        finding_.rows.Add(rows.batch[row]);
    }
  }
  void Report(std::vector<Finding>& findings) override { findings.push_back(std::move(finding_)); }

 private:
  const Codebook& codebook_;
  const InOrder order_;
  Finding finding_;
};

class ImpossibleInspection final : public Inspection {
 public:
  ImpossibleInspection(const Codebook& codebook, uint32_t table, const Impossible& impossible,
                       const absl::optional<Text>& says) {
    finding_.kind = v1::QualityFinding::KIND_IMPOSSIBLE;
    finding_.table = table;
    std::vector<std::string> fr, en;
    for (const Excluded& excluded : impossible.together) {
      finding_.columns.push_back(excluded.column);
      const Column& column = ColumnAt(codebook, excluded.column);
      const CodeList& list = *codebook.list_of(column);
      Codes& codes = codes_.emplace_back();
      codes.column = excluded.column;
      codes.mask = column.type == ColumnType::kCodes;
      if (!codes.mask) codes.any.assign(list.codes.size() + 1, false);
      std::vector<std::string> fr_codes, en_codes;
      for (uint32_t code : excluded.codes) {
        if (codes.mask) {
          codes.bits |= uint32_t{1} << code;
        } else {
          codes.any[code + 1] = true;
        }
        fr_codes.push_back(list.codes[code].label.fr);
        en_codes.push_back(list.codes[code].label.en);
      }
      const Text name = Named(codebook, excluded.column, table);
      fr.push_back(absl::StrCat(name.fr, " = ", absl::StrJoin(fr_codes, " / ")));
      en.push_back(absl::StrCat(name.en, " = ", absl::StrJoin(en_codes, " / ")));
    }
    const Text together = {absl::StrJoin(fr, ", "), absl::StrJoin(en, ", ")};
    finding_.says = says.value_or(Text{absl::StrCat("ne va pas ensemble: ", together.fr),
                                       absl::StrCat("does not go together: ", together.en)});
    finding_.next = {absl::StrCat("filtrez ", together.fr, "; corrigez ce qui est faux"),
                     absl::StrCat("filter ", together.en, "; correct what is wrong")};
  }

  void See(const RecordStore::PersonRows& person) override {
    const TableRows& rows = person.tables[finding_.table];
    for (size_t row = 0; row < rows.rows(); ++row) {
      bool stated = true, all = true;
      for (const Codes& codes : codes_) {
        const StoredValue value = ValueAt(person, finding_.table, row, codes.column);
        stated = stated && value != kNull;
        all = all && (codes.mask ? (value & codes.bits) != 0 : codes.any[value]);
      }
      finding_.of_rows += stated ? 1 : 0;
      if (all) finding_.rows.Add(rows.batch[row]);
    }
  }
  void Report(std::vector<Finding>& findings) override { findings.push_back(std::move(finding_)); }

 private:
  struct Codes {
    ColumnRef column;
    bool mask = false;
    uint32_t bits = 0;      // of a mask
    std::vector<bool> any;  // by stored value
  };
  std::vector<Codes> codes_;
  Finding finding_;
};

class ChainInspection final : public Inspection {
 public:
  ChainInspection(const Codebook& codebook, uint32_t table, const Chain& chain,
                  const absl::optional<Text>& says)
      : table_(table), chain_(chain) {
    const auto name = [&](const ColumnRef& column) { return Named(codebook, column, table); };
    const Text by = name(chain.by), from = name(chain.from), to = name(chain.to);
    const auto start = [&](Finding& finding, std::vector<ColumnRef> columns, Text said, Text sorted) {
      finding.kind = v1::QualityFinding::KIND_CHAIN;
      finding.table = table;
      finding.columns = std::move(columns);
      finding.says = std::move(said);
      finding.next = {absl::StrCat("triez par personne, puis par ", by.fr, ": ", sorted.fr),
                      absl::StrCat("sort by person, then by ", by.en, ": ", sorted.en)};
    };
    const Text link = {absl::StrCat(from.fr, " n'est pas ", to.fr, " de l'étape d'avant"),
                       absl::StrCat(from.en, " is not ", to.en, " of the step before")};
    start(broken_, {chain.from, chain.to}, says.value_or(link),
          {absl::StrCat("chaque ", from.fr, " doit être ", to.fr,
                        " de la ligne d'avant; une étape manque ou est fausse"),
           absl::StrCat("each ", from.en, " must be ", to.en,
                        " of the row before; a step is missing or wrong")});
    start(twice_, {chain.by},
          {absl::StrCat("deux étapes d'une personne ont le même ", by.fr),
           absl::StrCat("two steps of a person have the same ", by.en)},
          {"numérotez-les dans l'ordre des faits", "number them in the order of what happened"});
    if (chain.date.has_value()) {
      const Text date = name(*chain.date);
      start(
          backwards_, {*chain.date, chain.by},
          {absl::StrCat(date.fr, " revient en arrière d'une étape à la suivante"),
           absl::StrCat(date.en, " goes backwards from one step to the next")},
          {absl::StrCat(date.fr, " ne doit jamais diminuer"), absl::StrCat(date.en, " must never decrease")});
    }
    if (chain.first.has_value()) {
      const Text first = name(*chain.first);
      start(first_, {*chain.first, chain.from},
            {absl::StrCat(first.fr, " n'est pas ", from.fr, " de la première étape"),
             absl::StrCat(first.en, " is not ", from.en, " of the first step")},
            {"la première ligne doit partir de ce que dit la fiche de la personne",
             "the first row must start from what the person's own record says"});
    }
    if (chain.last.has_value()) {
      const Text last = name(*chain.last);
      start(last_, {*chain.last, chain.to},
            {absl::StrCat(last.fr, " n'est pas ", to.fr, " de la dernière étape"),
             absl::StrCat(last.en, " is not ", to.en, " of the last step")},
            {"la dernière ligne doit mener à ce que dit la fiche de la personne; mettez à jour celui des "
             "deux qui retarde",
             "the last row must lead to what the person's own record says; update whichever of them is "
             "behind"});
    }
  }

  void See(const RecordStore::PersonRows& person) override {
    const TableRows& rows = person.tables[table_];
    steps_.clear();
    for (uint32_t row = 0; row < rows.rows(); ++row) {
      if (rows.columns[chain_.by.column][row] != kNull) steps_.push_back(row);
    }
    if (steps_.empty()) return;
    const auto of = [&](uint32_t row, const ColumnRef& column) { return rows.columns[column.column][row]; };
    std::stable_sort(steps_.begin(), steps_.end(),
                     [&](uint32_t a, uint32_t b) { return of(a, chain_.by) < of(b, chain_.by); });
    const auto judge = [&](Finding& finding, uint32_t row, StoredValue a, StoredValue b, bool good) {
      if (a == kNull || b == kNull) return;
      ++finding.of_rows;
      if (!good) finding.rows.Add(rows.batch[row]);
    };
    const auto same = [&](Finding& finding, uint32_t row, StoredValue a, StoredValue b) {
      judge(finding, row, a, b, a == b);
    };
    for (size_t i = 1; i < steps_.size(); ++i) {
      const uint32_t before = steps_[i - 1], row = steps_[i];
      const bool twice = of(row, chain_.by) == of(before, chain_.by);
      judge(twice_, row, 1, 1, !twice);
      if (twice) continue;  // which came first is not known
      same(broken_, row, of(before, chain_.to), of(row, chain_.from));
      if (chain_.date.has_value()) {
        const StoredValue earlier = of(before, *chain_.date), later = of(row, *chain_.date);
        judge(backwards_, row, earlier, later, earlier <= later);
      }
    }
    if (chain_.first.has_value()) {
      same(first_, steps_.front(), ValueAt(person, table_, 0, *chain_.first),
           of(steps_.front(), chain_.from));
    }
    if (chain_.last.has_value()) {
      same(last_, steps_.back(), ValueAt(person, table_, 0, *chain_.last), of(steps_.back(), chain_.to));
    }
  }
  void Report(std::vector<Finding>& findings) override {
    for (Finding* finding : {&broken_, &twice_, &backwards_, &first_, &last_})
      findings.push_back(std::move(*finding));
  }

 private:
  const uint32_t table_;
  const Chain chain_;
  Finding broken_, twice_, backwards_, first_, last_;
  std::vector<uint32_t> steps_;
};

}  // namespace

Text Named(const Codebook& codebook, const ColumnRef& ref, uint32_t table) {
  const Text& label = ColumnAt(codebook, ref).label;
  Text named = {absl::StrCat("«", label.fr, "»"), absl::StrCat("\"", label.en, "\"")};
  if (ref.table == table) return named;
  const Text& of = codebook.tables[ref.table].label;
  return {absl::StrCat(named.fr, " (", of.fr, ")"), absl::StrCat(named.en, " (", of.en, ")")};
}

void AddRules(const Codebook& codebook, Inspections& inspections) {
  for (uint32_t t = 0; t < codebook.tables.size(); ++t) {
    for (const Check& check : codebook.tables[t].checks) {
      if (const auto* order = std::get_if<InOrder>(&check.rule)) {
        inspections.push_back(std::make_unique<OrderInspection>(codebook, t, *order, check.says));
      } else if (const auto* chain = std::get_if<Chain>(&check.rule)) {
        inspections.push_back(std::make_unique<ChainInspection>(codebook, t, *chain, check.says));
      } else {
        inspections.push_back(std::make_unique<ImpossibleInspection>(
            codebook, t, std::get<Impossible>(check.rule), check.says));
      }
    }
  }
}

}  // namespace penc::quality
