#include "question/sql.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/decimal.h"
#include "base/status.h"
#include "base/utf8.h"
#include "question/sql_words.h"

namespace penc {
namespace {

constexpr int kDeepest = 64;
// A person as the network's members recognise one, whatever their own references.
constexpr char kNetworkPerson[] = "network_person";

struct FreeTree {
  void operator()(PgQuery__ParseResult* tree) const { pg_query__parse_result__free_unpacked(tree, nullptr); }
};

class Parser {
 public:
  Parser(absl::string_view sql, const SqlWords& words) : sql_(sql), words_(words) {}

  absl::StatusOr<v1::Select> Parse() {
    PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(std::string(sql_).c_str());
    absl::Status status;
    std::unique_ptr<PgQuery__ParseResult, FreeTree> tree;
    if (parsed.error != nullptr) {
      const std::string said = parsed.error->message == nullptr ? "?" : parsed.error->message;
      status =
          words_.ErrorAt(ByteOfCharacter(sql_, parsed.error->cursorpos),
                         {absl::StrCat("PostgreSQL ne comprend pas ceci: ", BeginningOf(said, 200)),
                          absl::StrCat("PostgreSQL does not understand this: ", BeginningOf(said, 200))});
    } else {
      tree.reset(pg_query__parse_result__unpack(nullptr, parsed.parse_tree.len,
                                                reinterpret_cast<const uint8_t*>(parsed.parse_tree.data)));
    }
    pg_query_free_protobuf_parse_result(parsed);
    RETURN_IF_ERROR(status);
    if (tree == nullptr || tree->n_stmts != 1 || tree->stmts[0]->stmt == nullptr ||
        tree->stmts[0]->stmt->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
      return At(0, {"une seule question à la fois, qui commence par SELECT",
                    "one question at a time, beginning with SELECT"});
    }
    RETURN_IF_ERROR(Select(*tree->stmts[0]->stmt->select_stmt));
    return std::move(select_);
  }

 private:
  // An error at a byte offset of the parse tree (-1: unknown).
  absl::Status At(int offset, const Text& text) const {
    return words_.ErrorAt(static_cast<size_t>(std::max(offset, 0)), text);
  }
  absl::Status AtWord(absl::string_view word, const Text& text) const {
    return words_.ErrorAtWord(word, text);
  }

  absl::Status Select(const PgQuery__SelectStmt& s) {
    // SqlWords lets none of these through; a parser of another version might read more into the same words.
    if (s.with_clause != nullptr || s.n_distinct_clause > 0 || s.into_clause != nullptr ||
        s.having_clause != nullptr || s.n_sort_clause > 0 || s.limit_count != nullptr ||
        s.limit_offset != nullptr || s.n_window_clause > 0 || s.n_locking_clause > 0 ||
        s.n_values_lists > 0 || s.larg != nullptr || s.rarg != nullptr || s.group_distinct) {
      return At(0, {"attendu: SELECT mesures FROM table [WHERE …] [GROUP BY …]",
                    "expected: SELECT measures FROM table [WHERE …] [GROUP BY …]"});
    }
    RETURN_IF_ERROR(From(s));
    if (s.where_clause != nullptr) RETURN_IF_ERROR(Condition(*s.where_clause, select_.mutable_where(), 0));
    return Targets(s);
  }

  absl::Status From(const PgQuery__SelectStmt& s) {
    if (s.n_from_clause != 1) {
      return AtWord("FROM", {"une table exactement; les colonnes de la personne y sont déjà",
                             "exactly one table; the person's columns are already in it"});
    }
    const PgQuery__Node& from = *s.from_clause[0];
    if (from.node_case != PG_QUERY__NODE__NODE_RANGE_VAR) {
      return AtWord("FROM", {"le nom d'une table est attendu ici", "the name of a table is expected here"});
    }
    const PgQuery__RangeVar& table = *from.range_var;
    if (table.alias != nullptr) return At(table.location, {"pas d'alias de table", "no table alias"});
    if (table.schemaname != nullptr && *table.schemaname != 0)
      return At(table.location,
                {"pas de schéma: seulement le nom de la table", "no schema: the table's name only"});
    select_.set_table(table.relname);
    return absl::OkStatus();
  }

  // "sex" or "person.sex".
  absl::StatusOr<std::string> ColumnName(const PgQuery__ColumnRef& column) const {
    std::string name;
    for (size_t i = 0; i < column.n_fields; ++i) {
      const PgQuery__Node& field = *column.fields[i];
      if (field.node_case == PG_QUERY__NODE__NODE_A_STAR) {
        return At(column.location, {"aucune ligne ne sort d'ici: écrivez count(*) ou count(DISTINCT person)",
                                    "no row leaves this place: write count(*) or count(DISTINCT person)"});
      }
      if (i >= 2 || field.node_case != PG_QUERY__NODE__NODE_STRING) {
        return At(column.location, {"écrivez colonne ou table.colonne", "write column or table.column"});
      }
      absl::StrAppend(&name, i > 0 ? "." : "", field.string->sval);
    }
    return name;
  }

  // The same, where a person's reference is not allowed: everywhere but in count(DISTINCT person).
  absl::StatusOr<std::string> AskedColumn(const PgQuery__ColumnRef& column) const {
    ASSIGN_OR_RETURN(std::string name, ColumnName(column));
    const std::string last = name.substr(name.rfind('.') + 1);
    if (last == "person" || last == "person_ref" || last == kNetworkPerson)
      return At(column.location,
                {"aucune question ne peut nommer une personne", "no question can name a person"});
    return name;
  }

  static std::string FunctionName(const PgQuery__FuncCall& call) {
    return call.n_funcname == 1 && call.funcname[0]->node_case == PG_QUERY__NODE__NODE_STRING
               ? call.funcname[0]->string->sval
               : "";
  }
  // OVER, FILTER, WITHIN GROUP, VARIADIC, ORDER BY inside the parentheses.
  static bool IsAdorned(const PgQuery__FuncCall& call) {
    return call.over != nullptr || call.agg_filter != nullptr || call.n_agg_order > 0 ||
           call.agg_within_group || call.func_variadic;
  }

  absl::StatusOr<std::string> OneColumn(const PgQuery__FuncCall& call, size_t at) const {
    if (call.n_args != at + 1 || call.args[at]->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) {
      return At(call.location, {"le nom d'une colonne est attendu entre parenthèses",
                                "the name of a column is expected in the parentheses"});
    }
    return AskedColumn(*call.args[at]->column_ref);
  }
  // Whether its first argument is this word alone.
  static bool IsOf(const PgQuery__FuncCall& call, absl::string_view word) {
    if (call.n_args < 1 || call.args[0]->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return false;
    const PgQuery__ColumnRef& column = *call.args[0]->column_ref;
    return column.n_fields == 1 && column.fields[0]->node_case == PG_QUERY__NODE__NODE_STRING &&
           absl::string_view(column.fields[0]->string->sval) == word;
  }

  struct Function {
    const char* name;
    v1::Measure::Kind kind;
  };
  static const Function* MeasureOf(absl::string_view name) {
    static constexpr Function kFunctions[] = {{"count", v1::Measure::KIND_PERSONS},
                                              {"sum", v1::Measure::KIND_SUM},
                                              {"avg", v1::Measure::KIND_MEAN},
                                              {"percentile_cont", v1::Measure::KIND_QUANTILE},
                                              {"median", v1::Measure::KIND_QUANTILE},
                                              {"variance", v1::Measure::KIND_VARIANCE},
                                              {"stddev", v1::Measure::KIND_DEVIATION},
                                              {"share", v1::Measure::KIND_SHARE},
                                              {"difference", v1::Measure::KIND_DIFFERENCE},
                                              {"approx_count_distinct", v1::Measure::KIND_DISTINCT},
                                              {"approx_count_shared", v1::Measure::KIND_SHARED}};
    for (const Function& function : kFunctions) {
      if (name == function.name) return &function;
    }
    return nullptr;
  }
  static bool IsMeasure(const PgQuery__Node& node) {
    return node.node_case == PG_QUERY__NODE__NODE_FUNC_CALL &&
           MeasureOf(FunctionName(*node.func_call)) != nullptr;
  }

  // ".5" as "0.5".
  static std::string WithZero(absl::string_view number) {
    return absl::StrCat(absl::StartsWith(number, ".") ? "0" : "", number);
  }

  // percentile_cont(0.5) WITHIN GROUP (ORDER BY x).
  absl::Status AddQuantile(const PgQuery__FuncCall& call, v1::Measure* measure) {
    const Text written = {"écrivez percentile_cont(0.5) WITHIN GROUP (ORDER BY x), ou median(x)",
                          "write percentile_cont(0.5) WITHIN GROUP (ORDER BY x), or median(x)"};
    if (!call.agg_within_group || call.n_agg_order != 1 || call.n_args != 1 || call.over != nullptr ||
        call.agg_filter != nullptr || call.agg_order[0]->node_case != PG_QUERY__NODE__NODE_SORT_BY ||
        call.args[0]->node_case != PG_QUERY__NODE__NODE_A_CONST) {
      return At(call.location, written);
    }
    const PgQuery__SortBy& by = *call.agg_order[0]->sort_by;
    if (by.node == nullptr || by.node->node_case != PG_QUERY__NODE__NODE_COLUMN_REF ||
        by.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC || by.n_use_op > 0) {
      return At(call.location, written);
    }
    ASSIGN_OR_RETURN(*measure->mutable_column(), AskedColumn(*by.node->column_ref));
    const PgQuery__AConst& share = *call.args[0]->a_const;
    const absl::StatusOr<Decimal> part =
        ParseDecimal(share.val_case == PG_QUERY__A__CONST__VAL_FVAL ? WithZero(share.fval->fval) : "0");
    const absl::optional<int64_t> ppm = part.ok() ? InSteps(*part, {1, 1000000}) : absl::nullopt;
    if (!ppm.has_value() || *ppm <= 0 || *ppm >= 1000000) {
      return At(call.location,
                {"donnez une part entre 0 et 1, sans eux, d'au plus 6 décimales; la médiane est 0.5",
                 "give a share between 0 and 1, without them, of at most 6 decimals; the median is 0.5"});
    }
    measure->set_quantile_ppm(static_cast<uint32_t>(*ppm));
    return absl::OkStatus();
  }

  // approx_count_distinct(network_person [, expected]).
  absl::Status AddDistinct(const PgQuery__FuncCall& call, v1::Measure* measure) {
    const bool counted = call.n_args == 2 && call.args[1]->node_case == PG_QUERY__NODE__NODE_A_CONST &&
                         call.args[1]->a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL &&
                         call.args[1]->a_const->ival->ival > 0;
    if (call.agg_distinct || !IsOf(call, kNetworkPerson) || (call.n_args != 1 && !counted)) {
      return At(
          call.location,
          {"écrivez approx_count_distinct(network_person, 10000) ou approx_count_shared(network_person, "
           "10000), avec à peu près le nombre de personnes attendues",
           "write approx_count_distinct(network_person, 10000) or approx_count_shared(network_person, "
           "10000), with about the number of persons expected"});
    }
    if (counted) measure->set_expected_persons(static_cast<uint64_t>(call.args[1]->a_const->ival->ival));
    return absl::OkStatus();
  }

  absl::Status AddMeasure(const PgQuery__FuncCall& call, absl::string_view alias) {
    v1::Measure* measure = select_.add_measures();
    measure->set_name(std::string(alias));
    const std::string name = FunctionName(call);
    measure->set_kind(MeasureOf(name)->kind);
    if (name == "percentile_cont") return AddQuantile(call, measure);
    if (IsAdorned(call)) {
      return At(call.location,
                {"écrivez count(*), count(DISTINCT person), sum(x) ou avg(x), sans OVER ni FILTER",
                 "write count(*), count(DISTINCT person), sum(x) or avg(x), without OVER or FILTER"});
    }
    if (name == "count") {
      if (call.agg_star) {
        measure->set_kind(v1::Measure::KIND_ROWS);
        return absl::OkStatus();
      }
      if (call.agg_distinct && call.n_args == 1 && IsOf(call, kNetworkPerson)) {
        measure->set_kind(v1::Measure::KIND_DISTINCT);
        return absl::OkStatus();
      }
      if (!call.agg_distinct || call.n_args != 1 || !IsOf(call, "person")) {
        return At(call.location, {"on compte des personnes, count(DISTINCT person), ou des lignes, count(*)",
                                  "count persons, count(DISTINCT person), or rows, count(*)"});
      }
      return absl::OkStatus();
    }
    if (measure->kind() == v1::Measure::KIND_DISTINCT || measure->kind() == v1::Measure::KIND_SHARED)
      return AddDistinct(call, measure);
    if (call.agg_distinct)
      return At(call.location,
                {"pas de DISTINCT dans une somme ou une moyenne", "no DISTINCT in a sum or a mean"});
    if (name == "share" || name == "difference") {
      for (size_t i = 0; i < call.n_args; ++i)
        RETURN_IF_ERROR(Condition(*call.args[i], measure->add_groups(), 0));
      return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(*measure->mutable_column(), OneColumn(call, 0));
    if (name == "median") measure->set_quantile_ppm(500000);
    return absl::OkStatus();
  }

  absl::StatusOr<v1::Grain> ParseGrain(const PgQuery__Node& node) {
    v1::Grain grain;
    if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      ASSIGN_OR_RETURN(const std::string column, AskedColumn(*node.column_ref));
      grain.set_column(column);
      return grain;
    }
    if (node.node_case != PG_QUERY__NODE__NODE_FUNC_CALL) {
      return AtWord(
          "GROUP", {"on regroupe par colonne, fold(c), main_of(c), country(c), month(c), quarter(c), year(c)",
                    "group by column, fold(c), main_of(c), country(c), month(c), quarter(c), year(c)"});
    }
    const PgQuery__FuncCall& call = *node.func_call;
    std::string name = FunctionName(call);
    size_t column_at = 0;
    if (name == "date_trunc" && call.n_args == 2 && call.args[0]->node_case == PG_QUERY__NODE__NODE_A_CONST &&
        call.args[0]->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL) {
      name = call.args[0]->a_const->sval->sval;
      column_at = 1;
    }
    struct Level {
      const char* name;
      v1::Grain::Level level;
    };
    static constexpr Level kLevels[] = {
        {"fold", v1::Grain::LEVEL_FOLD},        {"main_of", v1::Grain::LEVEL_MAIN},
        {"band", v1::Grain::LEVEL_BAND},        {"country", v1::Grain::LEVEL_PARENT},
        {"adm1", v1::Grain::LEVEL_UNSPECIFIED}, {"day", v1::Grain::LEVEL_DAY},
        {"week", v1::Grain::LEVEL_WEEK},        {"month", v1::Grain::LEVEL_MONTH},
        {"quarter", v1::Grain::LEVEL_QUARTER},  {"year", v1::Grain::LEVEL_YEAR}};
    for (const Level& level : kLevels) {
      if (name != level.name || IsAdorned(call) || call.agg_distinct) continue;
      ASSIGN_OR_RETURN(const std::string column, OneColumn(call, column_at));
      grain.set_column(column);
      grain.set_level(level.level);
      return grain;
    }
    return At(
        call.location,
        {"fonction inconnue; on compte par count(*), count(DISTINCT person), sum(x), avg(x), median(x), "
         "stddev(x), share(condition), difference(condition, condition), on regroupe par fold, main_of, "
         "country, "
         "adm1, band, day, week, month, quarter, year",
         "unknown function; count by count(*), count(DISTINCT person), sum(x), avg(x), median(x), stddev(x), "
         "share(condition), difference(condition, condition), group by fold, main_of, country, adm1, band, "
         "day, "
         "week, month, quarter, year"});
  }

  // What a GROUP BY item stands for: GROUP BY 1 and GROUP BY alias name a key of the SELECT list.
  absl::StatusOr<const PgQuery__Node*> GroupItem(const PgQuery__SelectStmt& s,
                                                 const PgQuery__Node& item) const {
    const auto target = [&](size_t i) { return s.target_list[i]->res_target; };
    if (item.node_case == PG_QUERY__NODE__NODE_A_CONST &&
        item.a_const->val_case == PG_QUERY__A__CONST__VAL_IVAL) {
      const int position = item.a_const->ival->ival;
      if (position < 1 || static_cast<size_t>(position) > s.n_target_list ||
          IsMeasure(*target(position - 1)->val)) {
        return At(item.a_const->location, {"ce numéro ne désigne pas une colonne du SELECT",
                                           "this number is not a column of the SELECT"});
      }
      return target(position - 1)->val;
    }
    if (item.node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      ASSIGN_OR_RETURN(const std::string name, ColumnName(*item.column_ref));
      for (size_t i = 0; i < s.n_target_list; ++i) {
        const char* alias = target(i)->name;
        if (alias != nullptr && name == alias && !IsMeasure(*target(i)->val)) return target(i)->val;
      }
    }
    return &item;
  }

  // SELECT person.sex ... GROUP BY sex: which table is meant is found by who knows the codebook.
  static bool IsSameKey(const v1::Grain& a, const v1::Grain& b) {
    return a.level() == b.level() &&
           (a.column() == b.column() || absl::EndsWith(a.column(), "." + b.column()) ||
            absl::EndsWith(b.column(), "." + a.column()));
  }

  absl::Status AddKey(const PgQuery__SelectStmt& s, const PgQuery__Node& item) {
    ASSIGN_OR_RETURN(const PgQuery__Node* node, GroupItem(s, item));
    ASSIGN_OR_RETURN(v1::Grain grain, ParseGrain(*node));
    const std::string bytes = grain.SerializeAsString();
    for (const v1::Grain& earlier : select_.by()) {
      if (earlier.SerializeAsString() == bytes) {
        return AtWord("GROUP", {"un critère y est deux fois; gardez-le une fois",
                                "a key stands there twice; keep it once"});
      }
    }
    *select_.add_by() = std::move(grain);
    return absl::OkStatus();
  }

  absl::Status AddRollup(const PgQuery__SelectStmt& s, const PgQuery__GroupingSet& set, bool last) {
    if (set.kind != PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP || set.n_content == 0) {
      return At(set.location,
                {"seul ROLLUP(a, b) donne des totaux: ses niveaux forment un arbre; pour d'autres niveaux "
                 "posez une question pour chacun (un bulletin)",
                 "only ROLLUP(a, b) gives totals: its levels are a tree; for other levels ask a question for "
                 "each (a bulletin)"});
    }
    if (!last) {
      return At(set.location, {"ROLLUP une seule fois, en dernier: GROUP BY a, ROLLUP(b, c)",
                               "ROLLUP once, and last: GROUP BY a, ROLLUP(b, c)"});
    }
    for (size_t i = 0; i < set.n_content; ++i) {
      if (set.content[i]->node_case == PG_QUERY__NODE__NODE_ROW_EXPR ||
          set.content[i]->node_case == PG_QUERY__NODE__NODE_GROUPING_SET) {
        return At(set.location, {"ROLLUP: des critères un à un, sans parenthèses: ROLLUP(a, b)",
                                 "ROLLUP: keys one by one, without parentheses: ROLLUP(a, b)"});
      }
      RETURN_IF_ERROR(AddKey(s, *set.content[i]));
    }
    select_.set_rolled(static_cast<uint32_t>(set.n_content));
    return absl::OkStatus();
  }

  absl::Status Targets(const PgQuery__SelectStmt& s) {
    std::vector<v1::Grain> shown;
    std::vector<int> shown_at;
    for (size_t i = 0; i < s.n_target_list; ++i) {
      const PgQuery__ResTarget& target = *s.target_list[i]->res_target;
      const absl::string_view alias = target.name == nullptr ? "" : target.name;
      if (IsMeasure(*target.val)) {
        RETURN_IF_ERROR(AddMeasure(*target.val->func_call, alias));
        continue;
      }
      if (target.val->node_case != PG_QUERY__NODE__NODE_COLUMN_REF &&
          target.val->node_case != PG_QUERY__NODE__NODE_FUNC_CALL) {
        return At(target.location, {"attendu: une colonne de GROUP BY ou count, sum, avg",
                                    "expected: a column of GROUP BY, or count, sum, avg"});
      }
      ASSIGN_OR_RETURN(v1::Grain grain, ParseGrain(*target.val));
      shown.push_back(std::move(grain));
      shown_at.push_back(target.location);
    }
    if (select_.measures_size() == 0) {
      return At(0, {"il manque ce qu'on compte: count(DISTINCT person), count(*), sum(x) ou avg(x)",
                    "what to count is missing: count(DISTINCT person), count(*), sum(x) or avg(x)"});
    }
    for (size_t i = 0; i < s.n_group_clause; ++i) {
      const PgQuery__Node& item = *s.group_clause[i];
      if (item.node_case == PG_QUERY__NODE__NODE_GROUPING_SET) {
        RETURN_IF_ERROR(AddRollup(s, *item.grouping_set, i + 1 == s.n_group_clause));
      } else {
        RETURN_IF_ERROR(AddKey(s, item));
      }
    }
    for (size_t i = 0; i < shown.size(); ++i) {
      const bool grouped = std::any_of(select_.by().begin(), select_.by().end(),
                                       [&](const v1::Grain& by) { return IsSameKey(by, shown[i]); });
      if (!grouped)
        return At(shown_at[i],
                  {"cette colonne doit aussi être dans GROUP BY", "this column must be in GROUP BY too"});
    }
    return absl::OkStatus();
  }

  absl::Status LiteralOf(const PgQuery__Node& node, v1::Literal* out) const {
    if (node.node_case == PG_QUERY__NODE__NODE_A_CONST) {
      const PgQuery__AConst& constant = *node.a_const;
      if (constant.isnull)
        return At(constant.location, {"écrivez IS NULL ou IS NOT NULL", "write IS NULL or IS NOT NULL"});
      switch (constant.val_case) {
        case PG_QUERY__A__CONST__VAL_IVAL:
          out->set_integer(constant.ival->ival);
          return absl::OkStatus();
        case PG_QUERY__A__CONST__VAL_FVAL:
          out->set_decimal(constant.fval->fval);
          return absl::OkStatus();
        case PG_QUERY__A__CONST__VAL_SVAL:
          out->set_text(constant.sval->sval);
          return absl::OkStatus();
        default:
          return At(constant.location,
                    {"attendu: un texte entre ' ' ou un nombre", "expected: a text in ' ' or a number"});
      }
    }
    return At(LocationOf(node),
              {"on compare une colonne à une valeur écrite ici (un texte entre ' ' ou un nombre)",
               "a column is compared with a value written here (a text in ' ' or a number)"});
  }

  static int LocationOf(const PgQuery__Node& node) {
    switch (node.node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_REF:
        return node.column_ref->location;
      case PG_QUERY__NODE__NODE_FUNC_CALL:
        return node.func_call->location;
      case PG_QUERY__NODE__NODE_A_EXPR:
        return node.a_expr->location;
      case PG_QUERY__NODE__NODE_BOOL_EXPR:
        return node.bool_expr->location;
      case PG_QUERY__NODE__NODE_TYPE_CAST:
        return node.type_cast->location;
      case PG_QUERY__NODE__NODE_SUB_LINK:
        return node.sub_link->location;
      case PG_QUERY__NODE__NODE_BOOLEAN_TEST:
        return LocationOf(*node.boolean_test->arg);
      case PG_QUERY__NODE__NODE_NULL_TEST:
        return LocationOf(*node.null_test->arg);
      case PG_QUERY__NODE__NODE_ROW_EXPR:
        return node.row_expr->location;
      case PG_QUERY__NODE__NODE_COALESCE_EXPR:
        return node.coalesce_expr->location;
      case PG_QUERY__NODE__NODE_A_CONST:
        return node.a_const->location;
      default:
        return 0;
    }
  }

  static std::string OperatorName(const PgQuery__AExpr& e) {
    return e.n_name == 1 && e.name[0]->node_case == PG_QUERY__NODE__NODE_STRING ? e.name[0]->string->sval
                                                                                : "";
  }

  absl::StatusOr<std::string> Compared(const PgQuery__Node& node) const {
    if (node.node_case != PG_QUERY__NODE__NODE_COLUMN_REF) {
      return At(LocationOf(node), {"le nom d'une colonne est attendu à gauche",
                                   "the name of a column is expected on the left"});
    }
    return AskedColumn(*node.column_ref);
  }

  absl::Status Condition(const PgQuery__Node& node, v1::Condition* out, int depth) {
    if (depth > kDeepest)
      return At(LocationOf(node),
                {"condition trop imbriquée; simplifiez", "condition nested too deeply; simplify"});
    switch (node.node_case) {
      case PG_QUERY__NODE__NODE_BOOL_EXPR: {
        const PgQuery__BoolExpr& e = *node.bool_expr;
        out->set_operator_(e.boolop == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR  ? v1::Condition::OPERATOR_AND
                           : e.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR ? v1::Condition::OPERATOR_OR
                                                                           : v1::Condition::OPERATOR_NOT);
        for (size_t i = 0; i < e.n_args; ++i)
          RETURN_IF_ERROR(Condition(*e.args[i], out->add_children(), depth + 1));
        return absl::OkStatus();
      }
      case PG_QUERY__NODE__NODE_NULL_TEST: {
        const PgQuery__NullTest& test = *node.null_test;
        ASSIGN_OR_RETURN(*out->mutable_column(), Compared(*test.arg));
        out->set_operator_(test.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NULL
                               ? v1::Condition::OPERATOR_IS_NULL
                               : v1::Condition::OPERATOR_IS_NOT_NULL);
        return absl::OkStatus();
      }
      case PG_QUERY__NODE__NODE_A_EXPR:
        return Comparison(*node.a_expr, out);
      default:
        return At(LocationOf(node),
                  {"attendu: colonne = valeur, <, <=, >, >=, <>, IN, BETWEEN, IS NULL, AND, OR, NOT",
                   "expected: column = value, <, <=, >, >=, <>, IN, BETWEEN, IS NULL, AND, OR, NOT"});
    }
  }

  absl::Status Comparison(const PgQuery__AExpr& e, v1::Condition* out) {
    if (e.lexpr == nullptr || e.rexpr == nullptr)
      return At(e.location, {"comparaison incomplète", "incomplete comparison"});
    const std::string op = OperatorName(e);
    const auto list = [&](const PgQuery__Node& values) -> absl::Status {
      if (values.node_case != PG_QUERY__NODE__NODE_LIST)
        return At(e.location, {"attendu: une liste de valeurs", "expected: a list of values"});
      for (size_t i = 0; i < values.list->n_items; ++i)
        RETURN_IF_ERROR(LiteralOf(*values.list->items[i], out->add_values()));
      return absl::OkStatus();
    };
    // Written the other way round (2026 < year): turned.
    if (e.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP && e.lexpr->node_case == PG_QUERY__NODE__NODE_A_CONST &&
        e.rexpr->node_case == PG_QUERY__NODE__NODE_COLUMN_REF) {
      return At(e.location, {"écrivez la colonne à gauche, la valeur à droite",
                             "write the column on the left, the value on the right"});
    }
    ASSIGN_OR_RETURN(*out->mutable_column(), Compared(*e.lexpr));
    switch (e.kind) {
      case PG_QUERY__A__EXPR__KIND__AEXPR_OP: {
        struct Operator {
          const char* name;
          v1::Condition::Operator op;
        };
        static constexpr Operator kOperators[] = {
            {"=", v1::Condition::OPERATOR_EQUAL},   {"<>", v1::Condition::OPERATOR_NOT_EQUAL},
            {"<", v1::Condition::OPERATOR_LESS},    {"<=", v1::Condition::OPERATOR_LESS_OR_EQUAL},
            {">", v1::Condition::OPERATOR_GREATER}, {">=", v1::Condition::OPERATOR_GREATER_OR_EQUAL}};
        for (const Operator& known : kOperators) {
          if (op != known.name) continue;
          out->set_operator_(known.op);
          return LiteralOf(*e.rexpr, out->add_values());
        }
        return At(e.location, {"opérateur inconnu; acceptés: = <> < <= > >=",
                               "unknown operator; accepted: = <> < <= > >="});
      }
      case PG_QUERY__A__EXPR__KIND__AEXPR_IN: {
        v1::Condition* in = out;
        if (op == "<>") Negate(&in);
        in->set_operator_(v1::Condition::OPERATOR_IN);
        out = in;
        return list(*e.rexpr);
      }
      case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN:
      case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN: {
        v1::Condition* between = out;
        if (e.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN) Negate(&between);
        between->set_operator_(v1::Condition::OPERATOR_BETWEEN);
        out = between;
        return list(*e.rexpr);
      }
      default:
        return At(e.location, {"acceptés: = <> < <= > >= IN BETWEEN IS NULL",
                               "accepted: = <> < <= > >= IN BETWEEN IS NULL"});
    }
  }

  // Turns *condition into NOT (child) and points at the child, which keeps the column.
  static void Negate(v1::Condition** condition) {
    std::string column = (*condition)->column();
    (*condition)->clear_column();
    (*condition)->set_operator_(v1::Condition::OPERATOR_NOT);
    *condition = (*condition)->add_children();
    (*condition)->set_column(std::move(column));
  }

  absl::string_view sql_;
  const SqlWords& words_;
  v1::Select select_;
};

}  // namespace

absl::StatusOr<v1::Select> ParseSql(absl::string_view sql) {
  if (sql.size() > kLongestSql) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("question trop longue: au plus ", kLongestSql, " octets"),
                 absl::StrCat("question too long: at most ", kLongestSql, " bytes")});
  }
  if (sql.find('\0') != absl::string_view::npos || FirstInvalidUtf8(sql) < sql.size()) {
    return Fail(absl::StatusCode::kInvalidArgument,
                {"la question n'est pas du texte UTF-8", "the question is not UTF-8 text"});
  }
  ASSIGN_OR_RETURN(const SqlWords words, SqlWords::Read(sql));
  return Parser(sql, words).Parse();
}

}  // namespace penc
