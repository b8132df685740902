#include "codebook/read_checks.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "codebook/names.h"
#include "codebook/read_lists.h"

namespace penc {
namespace {

class CheckReader {
 public:
  CheckReader(const YamlLines& lines, const Codebook& book, uint32_t table)
      : lines_(lines), book_(book), table_(table) {}

  absl::StatusOr<Check> Read(const std::string& path, const storage::v1::Check& written) const {
    const int rules = (written.order_size() > 0 ? 1 : 0) + (written.has_chain() ? 1 : 0) +
                      (written.impossible_size() > 0 ? 1 : 0);
    if (rules != 1) {
      return lines_.Error(path, {"une règle dit une seule chose: order, chain ou impossible; exemple: "
                                 "{order: [person.reg_month, month]}",
                                 "a rule says one thing: order, chain or impossible; example: "
                                 "{order: [person.reg_month, month]}"});
    }
    Check check;
    if (!written.fr().empty() || !written.en().empty()) check.says = LabelOr(written.fr(), written.en(), "");
    if (written.order_size() > 0) {
      ASSIGN_OR_RETURN(check.rule, ReadOrder(absl::StrCat(path, ".order"), written));
    } else if (written.has_chain()) {
      ASSIGN_OR_RETURN(check.rule, ReadChain(absl::StrCat(path, ".chain"), written.chain()));
    } else {
      ASSIGN_OR_RETURN(check.rule, ReadImpossible(absl::StrCat(path, ".impossible"), written));
    }
    return check;
  }

 private:
  absl::StatusOr<InOrder> ReadOrder(const std::string& path, const storage::v1::Check& written) const {
    if (written.order_size() != 2) {
      return lines_.Error(path,
                          {"attendu deux dates, la première d'abord; exemple: order: [departed, arrived]",
                           "expected two dates, the earlier first; example: order: [departed, arrived]"});
    }
    InOrder order;
    ASSIGN_OR_RETURN(order.first, Date(path, written.order(0)));
    ASSIGN_OR_RETURN(order.second, Date(path, written.order(1)));
    return order;
  }

  absl::StatusOr<Chain> ReadChain(const std::string& path, const storage::v1::Chain& written) const {
    Chain chain;
    ASSIGN_OR_RETURN(chain.by, Own(absl::StrCat(path, ".by"), written.by()));
    if (ColumnAt(chain.by).type == ColumnType::kCode || ColumnAt(chain.by).type == ColumnType::kCodes) {
      return lines_.Error(absl::StrCat(path, ".by"), {"l'ordre des étapes est un nombre ou une date",
                                                      "the order of steps is a number or a date"});
    }
    ASSIGN_OR_RETURN(chain.from, Own(absl::StrCat(path, ".from"), written.from()));
    ASSIGN_OR_RETURN(chain.to, SameList(absl::StrCat(path, ".to"), written.to(), chain.from));
    if (chain.to.table != table_)
      return lines_.Error(absl::StrCat(path, ".to"),
                          {"attendu une colonne de cette table", "expected a column of this table"});
    if (!written.date().empty()) {
      ASSIGN_OR_RETURN(chain.date, Own(absl::StrCat(path, ".date"), written.date()));
      ASSIGN_OR_RETURN(chain.date, Date(absl::StrCat(path, ".date"), written.date()));
    }
    if (!written.first().empty()) {
      ASSIGN_OR_RETURN(chain.first, OfPerson(absl::StrCat(path, ".first"), written.first(), chain.from));
    }
    if (!written.last().empty()) {
      ASSIGN_OR_RETURN(chain.last, OfPerson(absl::StrCat(path, ".last"), written.last(), chain.from));
    }
    return chain;
  }

  absl::StatusOr<ColumnRef> OfPerson(const std::string& path, const std::string& name,
                                     const ColumnRef& as) const {
    ASSIGN_OR_RETURN(const ColumnRef column, SameList(path, name, as));
    if (column.table != table_) return column;
    return lines_.Error(path, {"attendu une colonne d'une table de personnes; exemple: person.status",
                               "expected a column of a table of persons; example: person.status"});
  }

  absl::StatusOr<Impossible> ReadImpossible(const std::string& path,
                                            const storage::v1::Check& written) const {
    Impossible impossible;
    for (const storage::v1::Excluded& excluded : written.impossible()) {
      const std::string here = absl::StrCat(path, ".", excluded.column());
      Excluded& out = impossible.together.emplace_back();
      ASSIGN_OR_RETURN(out.column, Known(here, excluded.column()));
      const CodeList* list = book_.list_of(ColumnAt(out.column));
      if (list == nullptr)
        return lines_.Error(here, {"attendu une colonne de codes", "expected a column of codes"});
      for (const std::string& code : excluded.codes()) {
        const auto found = list->Find(code);
        if (!found.has_value()) {
          return lines_.Error(here, {absl::StrCat("la liste ", list->name, " n'a pas de code «", code, "»"),
                                     absl::StrCat("the list ", list->name, " has no code \"", code, "\"")});
        }
        out.codes.push_back(*found);
      }
    }
    if (impossible.together.size() < 2) {
      return lines_.Error(path, {"attendu au moins deux colonnes dont les codes s'excluent",
                                 "expected at least two columns whose codes exclude each other"});
    }
    return impossible;
  }

  // Of this table, or of a table of persons.
  absl::StatusOr<ColumnRef> Known(const std::string& path, const std::string& name) const {
    const size_t dot = name.find('.');
    const auto table =
        dot == std::string::npos ? absl::make_optional(table_) : book_.FindTable(name.substr(0, dot));
    std::vector<std::string> known;
    for (uint32_t t = 0; t < book_.tables.size(); ++t) {
      if (t != table_ && book_.tables[t].unit != Unit::kPerson) continue;
      for (const Column& column : book_.tables[t].columns)
        known.push_back(t == table_ ? column.name : absl::StrCat(book_.tables[t].name, ".", column.name));
      if (table != t) continue;
      const auto column = book_.tables[t].Find(dot == std::string::npos ? name : name.substr(dot + 1));
      if (column.has_value()) return ColumnRef{t, *column};
    }
    const Text hint = NearestHint(name, known);
    return lines_.Error(
        path, {absl::StrCat("aucune colonne «", name, "» ici ni dans une table de personnes", hint.fr),
               absl::StrCat("no column \"", name, "\" here or in a table of persons", hint.en)});
  }

  absl::StatusOr<ColumnRef> Own(const std::string& path, const std::string& name) const {
    ASSIGN_OR_RETURN(const ColumnRef column, Known(path, name));
    if (column.table == table_) return column;
    return lines_.Error(path, {"attendu une colonne de cette table", "expected a column of this table"});
  }

  absl::StatusOr<ColumnRef> Date(const std::string& path, const std::string& name) const {
    ASSIGN_OR_RETURN(const ColumnRef column, Known(path, name));
    if (ColumnAt(column).is_date()) return column;
    return lines_.Error(path, {absl::StrCat("«", name, "» n'est pas une date"),
                               absl::StrCat("\"", name, "\" is not a date")});
  }

  absl::StatusOr<ColumnRef> SameList(const std::string& path, const std::string& name,
                                     const ColumnRef& as) const {
    ASSIGN_OR_RETURN(const ColumnRef column, Known(path, name));
    const Column &one = ColumnAt(column), &other = ColumnAt(as);
    if (one.type == ColumnType::kCode && other.type == ColumnType::kCode && one.code_list == other.code_list)
      return column;
    return lines_.Error(path, {absl::StrCat("attendu un code de la même liste que «", other.name, "»"),
                               absl::StrCat("expected a code of the same list as \"", other.name, "\"")});
  }

  const Column& ColumnAt(const ColumnRef& ref) const { return book_.tables[ref.table].columns[ref.column]; }

  const YamlLines& lines_;
  const Codebook& book_;
  const uint32_t table_;
};

}  // namespace

absl::Status ReadChecks(const storage::v1::Codebook& file, const YamlLines& lines, Codebook& book) {
  for (uint32_t t = 0; t < book.tables.size(); ++t) {
    const CheckReader reader(lines, book, t);
    for (int c = 0; c < file.tables(static_cast<int>(t)).checks_size(); ++c) {
      const std::string path = absl::StrCat("tables.", book.tables[t].name, ".checks[", c, "]");
      ASSIGN_OR_RETURN(Check check, reader.Read(path, file.tables(static_cast<int>(t)).checks(c)));
      book.tables[t].checks.push_back(std::move(check));
    }
  }
  return absl::OkStatus();
}

}  // namespace penc
