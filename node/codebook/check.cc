#include "codebook/check.h"

#include "absl/strings/str_cat.h"

namespace penc {
namespace {

absl::Status Refuse(const std::string& what_fr, const std::string& what_en) {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {absl::StrCat(what_fr, "; avec des données, un lexique ne peut que s'agrandir"),
               absl::StrCat(what_en, "; once there are records a codebook can only grow")});
}

// `old` must be the beginning of `next`: what is stored refers to positions.
template <typename T, typename NameOf>
absl::Status KeepsOrder(const std::string& where, const std::vector<T>& old, const std::vector<T>& next,
                        NameOf name) {
  for (size_t i = 0; i < old.size(); ++i) {
    if (i < next.size() && name(next[i]) == name(old[i])) continue;
    return Refuse(absl::StrCat(where, ": «", name(old[i]), "» a été retiré ou déplacé; ajoutez à la fin"),
                  absl::StrCat(where, ": \"", name(old[i]), "\" was removed or moved; append at the end"));
  }
  return absl::OkStatus();
}

absl::Status ListAdds(const CodeList& old, const CodeList& next) {
  const std::string where = absl::StrCat("codes.", old.name);
  RETURN_IF_ERROR(KeepsOrder(where, old.codes, next.codes, [](const Code& c) { return c.code; }));
  if (old.parent_list != next.parent_list) {
    return Refuse(absl::StrCat(where, ": «parent» a changé"), absl::StrCat(where, ": \"parent\" changed"));
  }
  for (size_t i = 0; i < old.codes.size(); ++i) {
    if (old.codes[i].parent == next.codes[i].parent) continue;
    return Refuse(absl::StrCat(where, ": «", old.codes[i].code, "» a changé de parent"),
                  absl::StrCat(where, ": \"", old.codes[i].code, "\" changed its parent"));
  }
  return absl::OkStatus();
}

std::string ListName(const Codebook& codebook, const Column& column) {
  const CodeList* list = codebook.list_of(column);
  return list == nullptr ? "" : list->name;
}

absl::Status ColumnAdds(const std::string& where, const Codebook& old_book, const Column& old,
                        const Codebook& next_book, const Column& next) {
  if (old.type != next.type || ListName(old_book, old) != ListName(next_book, next)) {
    return Refuse(absl::StrCat(where, ": le type ou la liste a changé"),
                  absl::StrCat(where, ": type or list changed"));
  }
  if (old.lo != next.lo || old.step_num != next.step_num || old.step_den != next.step_den) {
    return Refuse(absl::StrCat(where, ": le début ou le pas a changé"),
                  absl::StrCat(where, ": the beginning or the step changed"));
  }
  if (next.hi < old.hi || next.max_codes < old.max_codes) {
    return Refuse(absl::StrCat(where, ": la fin ou «max» a baissé"),
                  absl::StrCat(where, ": the end or \"max\" was lowered"));
  }
  if (next.constant && !old.constant) {
    return Refuse(absl::StrCat(where, ": «constant» a été ajouté, mais rien ne l'a vérifié jusqu'ici"),
                  absl::StrCat(where, ": \"constant\" was added, but nothing has checked it so far"));
  }
  if (old.sensitivity == Sensitivity::kNever && next.sensitivity != Sensitivity::kNever) {
    return Refuse(absl::StrCat(where, ": une colonne «never» le reste"),
                  absl::StrCat(where, ": a \"never\" column stays so"));
  }
  return absl::OkStatus();
}

absl::Status TableAdds(const Codebook& old_book, const Table& old, const Codebook& next_book,
                       const Table& next) {
  const std::string where = absl::StrCat("tables.", old.name);
  if (old.unit != next.unit) {
    return Refuse(absl::StrCat(where, ": «unit» a changé"), absl::StrCat(where, ": \"unit\" changed"));
  }
  RETURN_IF_ERROR(KeepsOrder(where, old.columns, next.columns, [](const Column& c) { return c.name; }));
  for (size_t i = 0; i < old.columns.size(); ++i) {
    RETURN_IF_ERROR(ColumnAdds(absl::StrCat(where, ".", old.columns[i].name), old_book, old.columns[i],
                               next_book, next.columns[i]));
  }
  return absl::OkStatus();
}

// Who was not counted for want of consent must not be counted by another codebook.
absl::Status ConsentStays(const Codebook& old, const Codebook& next) {
  if (!old.consent.has_value()) return absl::OkStatus();
  if (!next.consent.has_value() || !(next.consent->column == old.consent->column)) {
    return Refuse("consent: la colonne de l'accord a été retirée ou changée",
                  "consent: its column was removed or changed");
  }
  for (StoredValue value : next.consent->keep) {
    if (old.consent->keeps(value)) continue;
    return Refuse("consent.keep: une réponse de plus y vaut accord",
                  "consent.keep: one more answer counts as consent");
  }
  return absl::OkStatus();
}

// Buckets that are stored were made with one key: another one begins with a column that is new.
absl::Status LinkageStays(const Codebook& old, const Codebook& next) {
  if (old.linkage.has_value() && !next.linkage.has_value())
    return Refuse("linkage a été retiré", "linkage was removed");
  if (!next.linkage.has_value()) return absl::OkStatus();
  const ColumnRef& column = next.linkage->column;
  if (old.linkage.has_value() && old.linkage->column == column) {
    if (old.linkage->key_check == next.linkage->key_check && old.linkage->fields == next.linkage->fields)
      return absl::OkStatus();
    return Refuse(
        "linkage: la clé ou les champs ont changé; ajoutez une colonne pour eux à la fin de la table",
        "linkage: key or fields changed; append a column for them to the table");
  }
  if (column.table >= old.tables.size() || column.column >= old.tables[column.table].columns.size())
    return absl::OkStatus();
  return Refuse("linkage.column: cette colonne existait déjà et ses valeurs viennent d'ailleurs",
                "linkage.column: this column was there before, and its values come from elsewhere");
}

}  // namespace

absl::Status AdditionsOnly(const Codebook& old, const Codebook& next) {
  if (old.hash == next.hash) return absl::OkStatus();
  if (old.name != next.name) {
    return Refuse(absl::StrCat("un autre lexique: ", next.name, " au lieu de ", old.name),
                  absl::StrCat("another codebook: ", next.name, " instead of ", old.name));
  }
  if (next.version <= old.version) {
    return Refuse(absl::StrCat("version ", next.version, " après ", old.version, ": elle doit augmenter"),
                  absl::StrCat("version ", next.version, " after ", old.version, ": it must rise"));
  }
  if (old.closing != next.closing) {
    return Refuse("«closing» a changé: les éditions passées perdraient leur nom",
                  "\"closing\" changed: past editions would lose their names");
  }
  for (const CodeList& list : old.code_lists) {
    const CodeList* same = nullptr;
    for (const CodeList& candidate : next.code_lists) {
      if (candidate.name == list.name) same = &candidate;
    }
    if (same == nullptr) {
      return Refuse(absl::StrCat("codes: la liste «", list.name, "» a été retirée"),
                    absl::StrCat("codes: the list \"", list.name, "\" was removed"));
    }
    RETURN_IF_ERROR(ListAdds(list, *same));
  }
  RETURN_IF_ERROR(KeepsOrder("tables", old.tables, next.tables, [](const Table& t) { return t.name; }));
  for (size_t i = 0; i < old.tables.size(); ++i) {
    RETURN_IF_ERROR(TableAdds(old, old.tables[i], next, next.tables[i]));
  }
  RETURN_IF_ERROR(ConsentStays(old, next));
  return LinkageStays(old, next);
}

}  // namespace penc
