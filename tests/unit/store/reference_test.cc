// The scan against a slow one that follows question/plan.h word for word, on random records and random
// questions. The seed is printed; PENC_SEED repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "absl/strings/numbers.h"
#include "question/rollup.h"
#include "tests/support/small_store.h"

namespace penc {
namespace {

using Row = std::vector<StoredValue>;

uint64_t Seed() {
  uint64_t seed = std::random_device()();
  if (const char* given = std::getenv("PENC_SEED"); given != nullptr) {
    PENC_CHECK(absl::SimpleAtoi(given, &seed));
  }
  std::printf("PENC_SEED=%lu\n", static_cast<unsigned long>(seed));
  return seed;
}

// What the office holds of one person.
struct Person {
  std::string name;
  Edition entered = 0;
  std::map<uint32_t, std::vector<Row>> rows;  // by table
};

class Reference {
 public:
  Reference(const Codebook& codebook, const Plan& plan) : plan_(plan) {
    for (uint32_t q = 0; q < plan.questions.size(); ++q) {
      const Domain& domain = plan.questions[q].domain;
      if (domain.rollup.levels.empty()) continue;
      for (const RollupRow& row : RowsOf(domain)) {
        std::vector<uint32_t> key = KeyOf(domain, row);
        if (row.level == 0) keys_of_[{q, row.cell}] = key;
        key.resize(domain.rollup.levels[row.level].keys);
        cell_of_[{q, key}] = row.cell;
      }
    }
  }

  // The cell of a row in each way that it has one; a person's attributes are read from the person's row.
  std::vector<uint64_t> CellsOf(const PlannedQuestion& planned, const Person& person, const Row& row) const {
    std::vector<uint64_t> cells = {0};
    for (const Axis& axis : planned.domain.axes) {
      std::vector<uint64_t> wider;
      const std::vector<uint32_t> categories =
          axis.grain.of_cohorts() ? CohortOf(axis, planned, person)
                                  : CategoriesOf(axis, ValueOf(axis.grain.column, planned, person, row));
      for (uint32_t category : categories) {
        for (uint64_t cell : cells) wider.push_back(cell * axis.categories.size() + category);
      }
      cells = wider;
    }
    return cells;
  }

  bool Passes(const Predicate& p, const PlannedQuestion& planned, const Person& person,
              const Row& row) const {
    const auto passes = [&](const Predicate& child) { return Passes(child, planned, person, row); };
    const auto value = [&] { return ValueOf(p.column, planned, person, row); };
    switch (p.kind) {
      case Predicate::Kind::kTrue:
        return true;
      case Predicate::Kind::kAnd:
        return std::all_of(p.children.begin(), p.children.end(), passes);
      case Predicate::Kind::kOr:
        return std::any_of(p.children.begin(), p.children.end(), passes);
      case Predicate::Kind::kIn:
        return std::any_of(p.values.begin(), p.values.end(),
                           [v = value()](const Interval& i) { return i.first <= v && v <= i.last; });
      case Predicate::Kind::kHasAny:
        return (value() & p.mask) != 0;
      case Predicate::Kind::kHasNone:
        return value() != kNull && (value() & p.mask) == 0;
    }
    return false;
  }

  // The (row, cell) pairs of a person that a question counts, before caps.
  std::vector<std::pair<const Row*, uint64_t>> Pairs(const PlannedQuestion& planned,
                                                     const Person& person) const {
    std::vector<std::pair<const Row*, uint64_t>> pairs;
    const Cohorts& asked = planned.question.cohorts;
    if (asked.from.has_value() && person.entered < *asked.from) return pairs;
    if (asked.to.has_value() && person.entered > *asked.to) return pairs;
    const auto rows = person.rows.find(planned.question.table);
    if (rows == person.rows.end()) return pairs;
    for (const Row& row : rows->second) {
      if (!Passes(planned.question.where, planned, person, row)) continue;
      for (uint64_t cell : CellsOf(planned, person, row)) pairs.emplace_back(&row, cell);
    }
    return pairs;
  }

  // What one person adds to a block where no cap binds, as an interval per cell: a rounded amount is one of
  // two.
  struct Between {
    int64_t least = 0, most = 0;
  };
  std::map<uint64_t, Between> Uncapped(const Block& block, const Person& person) const {
    if (block.counting.level > 0) return Totals(block, person);
    std::map<uint64_t, Between> sums;
    std::map<uint64_t, int64_t> amounts;
    for (const auto& [row, cell] : Divided(block, person)) {
      if (block.counting.value.has_value()) {
        const StoredValue v = (*row)[block.counting.value->column];
        if (v == kNull) continue;
        const int64_t amount = block.counting.multiplier * (int64_t{v} - 1) + block.counting.offset;
        const int64_t bound = block.counting.square_bound;
        amounts[cell] += bound == 0 ? amount : 2 * amount * amount - bound * bound;
      }
      Between& sum = sums[cell];
      sum.most = block.counting.kind == Counting::Kind::kPersons ? 1 : sum.most + 1;
      sum.least = sum.most;
    }
    if (block.counting.kind != Counting::Kind::kAmounts) return sums;
    for (auto& [cell, sum] : sums) {
      const int64_t grid = block.counting.grid;
      sum.least = amounts[cell] / grid - (amounts[cell] % grid < 0 ? 1 : 0);
      sum.most = sum.least + (amounts[cell] % grid != 0 ? 1 : 0);
    }
    return sums;
  }

  // ROLLUP: of the same rows by fewer keys. What was rounded apart is added up.
  std::map<uint64_t, Between> Totals(const Block& block, const Person& person) const {
    const uint32_t keys = plan_.questions[block.question].domain.rollup.levels[block.counting.level].keys;
    std::map<uint64_t, Between> sums;
    for (const auto& [cell, sum] : Uncapped((&block)[-static_cast<int>(block.counting.level)], person)) {
      std::vector<uint32_t> key = keys_of_.at({block.question, cell});
      key.resize(keys);
      Between& whole = sums[cell_of_.at({block.question, key})];
      whole.least += sum.least;
      whole.most += sum.most;
    }
    return sums;
  }

  // The pairs of a block: in cells, or in the parts that its cells are divided into.
  std::vector<std::pair<const Row*, uint64_t>> Divided(const Block& block, const Person& person) const {
    const PlannedQuestion& planned = plan_.questions[block.question];
    const Counting& counting = block.counting;
    const auto whole = Pairs(planned, person);
    if (counting.fan == 1) return whole;
    std::vector<std::pair<const Row*, uint64_t>> parts;
    for (const auto& [row, cell] : whole) {
      if (counting.part_width > 0) {
        const StoredValue v = (*row)[counting.value->column];
        if (v != kNull) parts.emplace_back(row, cell * counting.fan + (v - 1) / counting.part_width);
        continue;
      }
      uint32_t first = counting.fan - 1;
      for (uint32_t g = 0; g < counting.groups.size(); ++g) {
        if (!counting.rest) {
          if (Passes(counting.groups[g], planned, person, *row))
            parts.emplace_back(row, cell * counting.fan + g);
          continue;
        }
        for (const auto& [other, there] : whole) {
          if (there == cell && Passes(counting.groups[g], planned, person, *other))
            first = std::min(first, g);
        }
      }
      if (counting.rest) parts.emplace_back(row, cell * counting.fan + first);
    }
    return parts;
  }

 private:
  StoredValue ValueOf(const ColumnRef& column, const PlannedQuestion& planned, const Person& person,
                      const Row& row) const {
    if (column.table == planned.question.table) return row[column.column];
    const auto rows = person.rows.find(column.table);
    return rows == person.rows.end() || rows->second.empty() ? kNull : rows->second[0][column.column];
  }

  // Found by its name: an edition's own, or that of the year whose quarter it is.
  static std::vector<uint32_t> CohortOf(const Axis& axis, const PlannedQuestion& planned,
                                        const Person& person) {
    const std::string edition = EditionLabel(Closing::kQuarter, person.entered);
    const std::string name = axis.grain.level == GrainLevel::kEnteredYear ? edition.substr(0, 4) : edition;
    std::vector<uint32_t> categories;
    for (uint32_t c = 0; c < axis.categories.size(); ++c) {
      if (axis.categories[c].code == name) categories.push_back(c);
    }
    return categories;
  }

  static std::vector<uint32_t> CategoriesOf(const Axis& axis, StoredValue v) {
    std::vector<uint32_t> categories;
    const auto add = [&](uint32_t at) {
      if (axis.category_of[at] != kNoCategory) categories.push_back(axis.category_of[at]);
    };
    if (axis.by_mask) {
      if (v == kNull) add(kMaxMaskCodes);
      for (uint32_t bit = 0; bit < kMaxMaskCodes; ++bit) {
        if ((v >> bit & 1) != 0) add(bit);
      }
    } else if (!axis.mask_order.empty()) {
      if (v == kNull) add(kMaxMaskCodes);
      for (uint32_t bit : axis.mask_order) {
        if ((v >> bit & 1) == 0) continue;
        add(bit);
        break;
      }
    } else {
      add(v);
    }
    return categories;
  }

  const Plan& plan_;
  // Of rolled up questions: every key of a cell of the finest level; the cell of its first so many keys.
  std::map<std::pair<uint32_t, uint64_t>, std::vector<uint32_t>> keys_of_;
  std::map<std::pair<uint32_t, std::vector<uint32_t>>, uint64_t> cell_of_;
};

class RandomStore : public SmallStore {
 protected:
  uint64_t Below(uint64_t n) { return random_numbers_() % n; }

  Row RandomRow(uint32_t table) {
    Row row;
    for (const Column& column : codebook_.tables[table].columns) {
      const CodeList* list = codebook_.list_of(column);
      const uint64_t values =
          column.type == ColumnType::kCodes ? uint64_t{1} << list->codes.size() : 1 + column.size(list);
      row.push_back(static_cast<StoredValue>(Below(6) == 0 ? 0 : Below(values)));
    }
    return row;
  }

  // Persons with rows in some tables; some with many rows; two editions.
  void Fill(size_t persons) {
    Open();
    for (Edition edition = kFirst; edition < kFirst + 3; ++edition) {
      std::map<uint32_t, std::vector<TestRow>> files;
      std::map<std::string, std::map<uint32_t, size_t>> before;
      for (const Person& person : people_) {
        for (const auto& [t, rows] : person.rows) before[person.name][t] = rows.size();
      }
      for (size_t i = 0; i < persons; ++i) {
        const bool known = !people_.empty() && Below(3) == 0;
        if (!known) people_.push_back({absl::StrCat("p", people_.size()), edition, {}});
        Person& person = known ? people_[Below(people_.size())] : people_.back();
        for (uint32_t t = 0; t < codebook_.tables.size(); ++t) {
          std::vector<Row>& rows = person.rows[t];
          const bool one = codebook_.tables[t].unit == Unit::kPerson;
          const uint64_t more =
              one ? (rows.empty() ? Below(4) != 0 : 0) : (Below(20) == 0 ? Below(60) : Below(5));
          for (uint64_t r = 0; r < more; ++r) {
            Row row = RandomRow(t);
            // A constant column stays as the person's first row has it.
            for (size_t c = 0; c < row.size(); ++c) {
              if (codebook_.tables[t].columns[c].constant && !rows.empty()) row[c] = rows[0][c];
            }
            rows.push_back(row);
            files[t].push_back({person.name, row, ""});
          }
        }
        // Somebody without any row is nobody.
        if (!known && std::all_of(person.rows.begin(), person.rows.end(),
                                  [](const auto& table) { return table.second.empty(); })) {
          people_.pop_back();
        }
      }
      for (auto& [t, rows] : files) {
        std::shuffle(rows.begin(), rows.end(), random_numbers_);
        // The office knows them in the order of the file.
        for (Person& person : people_) person.rows[t].resize(before[person.name][t]);
        for (const TestRow& row : rows)
          people_[std::stoul(row.person.substr(1))].rows[t].push_back(row.values);
        const auto counts =
            Stage(codebook_.tables[t].name, rows, absl::StrCat(codebook_.tables[t].name, edition));
        ASSERT_TRUE(counts.ok()) << counts.status();
        ASSERT_EQ(counts->stored, rows.size());
      }
      // What is staged stands in the cohort that the closing then gives it.
      const Plan trend = PlanOf(
          "SELECT entered, count(DISTINCT person) FROM move WHERE entered BETWEEN '2025-Q4' AND '2026-Q4' "
          "GROUP "
          "BY entered");
      absl::StatusOr<ExactVector> staged = store_->ExtractAsIfClosed(trend, edition);
      ASSERT_TRUE(staged.ok()) << staged.status();
      ASSERT_TRUE(Close(edition).ok());
      EXPECT_EQ(ExactVectorPeek::At(*std::move(staged)), Ask(trend));
    }
  }

  ColumnRef RandomColumn(uint32_t table) {
    const uint32_t from = Below(3) == 0 ? 0 : table;  // table 0 is the table of persons
    return {from, static_cast<uint32_t>(Below(codebook_.tables[from].columns.size()))};
  }

  Predicate RandomPredicate(uint32_t table, int depth) {
    Predicate p;
    const uint64_t choice = Below(depth > 0 ? 8 : 5);
    if (choice >= 5) {
      p.kind = choice == 5 ? Predicate::Kind::kOr : Predicate::Kind::kAnd;
      const uint64_t children = 2 + Below(2);
      for (uint64_t i = 0; i < children; ++i) p.children.push_back(RandomPredicate(table, depth - 1));
      return p;
    }
    p.column = RandomColumn(table);
    const Column& column = codebook_.tables[p.column.table].columns[p.column.column];
    const CodeList* list = codebook_.list_of(column);
    if (column.type == ColumnType::kCodes) {
      p.kind = Below(2) == 0 ? Predicate::Kind::kHasAny : Predicate::Kind::kHasNone;
      p.mask = static_cast<uint32_t>(1 + Below((1 << list->codes.size()) - 1));
      return p;
    }
    p.kind = Predicate::Kind::kIn;
    const uint64_t size = column.size(list) + 1;
    std::vector<StoredValue> ends;
    for (int i = 0; i < 4; ++i) ends.push_back(static_cast<StoredValue>(Below(size)));
    std::sort(ends.begin(), ends.end());
    p.values = {{ends[0], ends[1]}};
    if (ends[2] > ends[1] + 1) p.values.push_back({ends[2], ends[3]});
    return p;
  }

  Grain RandomGrain(uint32_t table) {
    Grain grain;
    grain.column = RandomColumn(table);
    const Column& column = codebook_.tables[grain.column.table].columns[grain.column.column];
    const CodeList* list = codebook_.list_of(column);
    if (column.type == ColumnType::kCodes) {
      grain.level = Below(2) == 0 ? GrainLevel::kMain : GrainLevel::kValue;
    } else if (list != nullptr) {
      grain.level = list->fold.has_value() && Below(2) == 0 ? GrainLevel::kFold : GrainLevel::kValue;
    } else if (column.type == ColumnType::kMonth) {
      grain.level =
          std::vector<GrainLevel>{GrainLevel::kMonth, GrainLevel::kQuarter, GrainLevel::kYear}[Below(3)];
    } else if (column.type == ColumnType::kDay) {
      grain.level =
          std::vector<GrainLevel>{GrainLevel::kDay, GrainLevel::kWeek, GrainLevel::kMonth}[Below(3)];
    }
    return grain;
  }

  Question RandomQuestion(absl::optional<Caps> caps) {
    Question q;
    q.table = static_cast<uint32_t>(Below(codebook_.tables.size()));
    if (Below(3) != 0) q.where = RandomPredicate(q.table, 2);
    for (uint64_t i = Below(4); i > 0; --i) {
      Grain grain = RandomGrain(q.table);
      const bool twice =
          std::any_of(q.by.begin(), q.by.end(), [&](const Grain& g) { return g.column == grain.column; });
      const Column& column = codebook_.tables[grain.column.table].columns[grain.column.column];
      if (!twice && !(column.type == ColumnType::kNumber)) q.by.push_back(grain);
    }
    const auto& columns = codebook_.tables[q.table].columns;
    for (uint32_t c = 0; c < columns.size(); ++c) {
      if (!columns[c].is_amount()) continue;
      q.measures.push_back({MeasureKind::kSum, ColumnRef{q.table, c}, "sum"});
      q.measures.push_back({MeasureKind::kMean, ColumnRef{q.table, c}, "mean"});
      q.measures.push_back({MeasureKind::kQuantile, ColumnRef{q.table, c}, "median", 500000});
      q.measures.push_back({MeasureKind::kVariance, ColumnRef{q.table, c}, "variance"});
    }
    const auto group = [&] { return RandomPredicate(q.table, 1); };
    q.measures.push_back({MeasureKind::kShare, absl::nullopt, "share", 0, {group()}});
    q.measures.push_back({MeasureKind::kDifference, absl::nullopt, "difference", 0, {group(), group()}});
    q.measures.push_back({MeasureKind::kPersons, absl::nullopt, "persons"});
    q.measures.push_back({MeasureKind::kRows, absl::nullopt, "rows"});
    if (Below(3) == 0) q.cohorts.from = kFirst + static_cast<Edition>(Below(3));
    if (Below(3) == 0) q.cohorts.to = kFirst + static_cast<Edition>(Below(3));
    if (Below(3) == 0) {
      // Also cohorts that nobody is in, before the first and after the last.
      q.cohorts.from = kFirst - 2 + static_cast<Edition>(Below(4));
      q.cohorts.to = *q.cohorts.from + static_cast<Edition>(Below(5));
      const Grain grain{kNoColumn, Below(3) == 0 ? GrainLevel::kEnteredYear : GrainLevel::kEntered};
      q.by.insert(q.by.begin() + static_cast<std::ptrdiff_t>(Below(q.by.size() + 1)), grain);
      if (Below(5) == 0) q.by.push_back({kNoColumn, GrainLevel::kEnteredQuarter});
    }
    q.caps = caps;
    return q;
  }

  // With totals: keys of which several may be of one column, the coarser first.
  Question RandomRollup(absl::optional<Caps> caps) {
    Question q;
    do {
      q = RandomQuestion(caps);
      q.measures.clear();
      q.by.clear();
      for (uint64_t i = 1 + Below(4); i > 0; --i) q.by.push_back(RandomGrain(q.table));
      q.rolled = static_cast<uint32_t>(1 + Below(q.by.size()));
      const auto& columns = codebook_.tables[q.table].columns;
      for (uint32_t c = 0; c < columns.size(); ++c) {
        if (columns[c].is_amount()) q.measures.push_back({MeasureKind::kSum, ColumnRef{q.table, c}, "sum"});
      }
      q.measures.push_back({MeasureKind::kRows, absl::nullopt, "rows"});
      q.measures.push_back({MeasureKind::kPersons, absl::nullopt, "persons"});
      if (!CheckRollup(q, codebook_).ok()) q.measures.pop_back();
    } while (!CheckRollup(q, codebook_).ok());
    return q;
  }

  Question RandomAsked(absl::optional<Caps> caps) {
    return Below(4) == 0 ? RandomRollup(caps) : RandomQuestion(caps);
  }

  // All levels of a tree of counts keep the same rows, whatever the caps.
  void ExpectParentsToBeTheirChildren(const Plan& plan, const std::vector<int64_t>& vector) {
    for (size_t b = 0; b < plan.blocks.size(); ++b) {
      const Block& coarse = plan.blocks[b];
      if (coarse.counting.level == 0) continue;
      const Block& finest = plan.blocks[b - coarse.counting.level];
      const Domain& domain = plan.questions[coarse.question].domain;
      ++totals_;
      for (const RollupRow& row : RowsOf(domain)) {
        if (row.level != coarse.counting.level) continue;
        int64_t sum = 0;
        for (uint32_t i = row.first; i < row.first + row.count; ++i)
          sum += vector[finest.first + domain.rollup.order[i]];
        ASSERT_EQ(vector[coarse.first + row.cell], sum);
      }
    }
    for (size_t b = 1; b < plan.blocks.size(); ++b) {
      const Block &fine = plan.blocks[b - 1], &coarse = plan.blocks[b];
      if (fine.counting.part_width == 0 || coarse.counting.part_width <= fine.counting.part_width) continue;
      const uint32_t children = coarse.counting.part_width / fine.counting.part_width;
      for (uint64_t c = 0; c < coarse.cells; ++c) {
        const uint64_t cell = c / coarse.counting.fan, part = c % coarse.counting.fan;
        int64_t sum = 0;
        for (uint64_t child = part * children;
             child < std::min<uint64_t>((part + 1) * children, fine.counting.fan); ++child)
          sum += vector[fine.first + cell * fine.counting.fan + child];
        ASSERT_EQ(vector[coarse.first + c], sum);
      }
    }
  }

  size_t totals_ = 0;  // blocks of them that were looked at
  std::mt19937_64 random_numbers_{Seed()};
  std::vector<Person> people_;
};

TEST_F(RandomStore, AnswersAsTheSlowScanWhereNoCapBinds) {
  for (Table& table : codebook_.tables) table.caps = {1000, 100000};
  Fill(60);
  size_t cells = 0, filled = 0;
  for (int i = 0; i < 300; ++i) {
    const absl::StatusOr<Plan> plan = MakePlan({RandomAsked(absl::nullopt)}, Price{}, codebook_);
    if (!plan.ok()) continue;  // too many cells, or a range that leaves none
    const Reference reference(codebook_, *plan);
    std::vector<Reference::Between> expected(plan->length);
    for (const Block& block : plan->blocks) {
      for (const Person& person : people_) {
        for (const auto& [cell, sum] : reference.Uncapped(block, person)) {
          expected[block.first + cell].least += sum.least;
          expected[block.first + cell].most += sum.most;
        }
      }
    }
    const std::vector<int64_t> found = Ask(*plan);
    ASSERT_EQ(found.size(), plan->length);
    for (size_t c = 0; c < found.size(); ++c) {
      ++cells;
      filled += expected[c].most != 0;
      ASSERT_LE(expected[c].least, found[c])
          << "cell " << c << " of " << CanonicalText(plan->questions[0].question, codebook_);
      ASSERT_GE(expected[c].most, found[c])
          << "cell " << c << " of " << CanonicalText(plan->questions[0].question, codebook_);
    }
  }
  EXPECT_GT(filled, cells / 1000);
  EXPECT_GT(filled, 500u);
}

// With caps: the whole is the sum of what each person adds alone, and that stays within the plan's bounds and
// within what the person's rows say.
TEST_F(RandomStore, CapsEachPersonAloneWhateverTheOthers) {
  Fill(12);
  std::vector<Plan> plans;
  while (plans.size() < 40) {
    absl::optional<Caps> caps;
    if (Below(2) == 0) {
      caps = Caps{static_cast<uint32_t>(1 + Below(3)), static_cast<uint32_t>(1 + Below(4))};
    }
    absl::StatusOr<Plan> plan = MakePlan({RandomAsked(caps)}, Price{}, codebook_);
    if (plan.ok() && plan->length < 5000) plans.push_back(*std::move(plan));
  }
  std::vector<std::vector<int64_t>> whole, sums;
  for (const Plan& plan : plans) {
    whole.push_back(Ask(plan));
    sums.emplace_back(plan.length, 0);
  }
  size_t bound = 0;
  for (const Person& person : people_) {
    Shut();
    std::filesystem::remove_all(folder_);
    Open();
    for (uint32_t t = 0; t < codebook_.tables.size(); ++t) {
      std::vector<TestRow> rows;
      for (const Row& row : person.rows.at(t)) rows.push_back({person.name, row, ""});
      if (!rows.empty()) {
        ASSERT_TRUE(Stage(codebook_.tables[t].name, rows, "alone").ok());
      }
    }
    ASSERT_TRUE(Close(person.entered).ok());
    for (size_t i = 0; i < plans.size(); ++i) {
      const Reference reference(codebook_, plans[i]);
      const std::vector<int64_t> alone = Ask(plans[i]);
      for (const Block& block : plans[i].blocks) {
        const auto uncapped = reference.Uncapped(block, person);
        uint64_t touched = 0, all = 0;
        for (uint64_t c = 0; c < block.cells; ++c) {
          const int64_t value = alone[block.first + c];
          sums[i][block.first + c] += value;
          touched += value != 0;
          all += static_cast<uint64_t>(std::abs(value));
          ASSERT_LE(static_cast<uint64_t>(std::abs(value)), block.per_person.linf);
          if (value != 0) {
            ASSERT_TRUE(uncapped.count(c) > 0) << "a cell that no row is in";
          }
        }
        ASSERT_LE(touched, block.per_person.l0);
        ASSERT_LE(all, block.per_person.l1);
        const auto pairs = reference.Pairs(plans[i].questions[block.question], person);
        bound += pairs.size() > block.counting.rows;
        if (block.counting.kind == Counting::Kind::kPersons) {
          ASSERT_EQ(touched, std::min<uint64_t>(block.per_person.l0, uncapped.size()));
        }
        if (block.counting.kind == Counting::Kind::kRows) {
          uint64_t rows = 0;
          for (const auto& [cell, sum] : uncapped) rows += static_cast<uint64_t>(sum.most);
          ASSERT_EQ(all, std::min<uint64_t>(block.counting.rows, rows));
        }
      }
    }
  }
  for (size_t i = 0; i < plans.size(); ++i) {
    EXPECT_EQ(whole[i], sums[i]);
    ExpectParentsToBeTheirChildren(plans[i], whole[i]);
  }
  EXPECT_GT(bound, 100u) << "the caps must bind";
  EXPECT_GT(totals_, 3u) << "some must be rolled up";
}

TEST_F(RandomStore, AnswersTheSameOnAnyNumberOfThreadsAndSegments) {
  Fill(80);
  std::vector<Plan> plans;
  while (plans.size() < 30) {
    absl::StatusOr<Plan> plan = MakePlan({RandomAsked(absl::nullopt)}, Price{}, codebook_);
    if (plan.ok()) plans.push_back(*std::move(plan));
  }
  std::vector<std::vector<int64_t>> first;
  for (const Plan& plan : plans) first.push_back(Ask(plan));
  for (int threads : {1, 3, 8}) {
    options_.threads = threads;
    options_.cache_bytes = threads == 3 ? 0 : 1 << 20;
    Open();
    for (size_t i = 0; i < plans.size(); ++i) EXPECT_EQ(Ask(plans[i]), first[i]) << threads << " threads";
  }
  // A bulletin is its questions.
  std::vector<Question> questions = {plans[0].questions[0].question, plans[1].questions[0].question};
  const Plan bulletin = MakePlan(questions, Price{}, codebook_).value();
  std::vector<int64_t> joined = first[0];
  joined.insert(joined.end(), first[1].begin(), first[1].end());
  EXPECT_EQ(Ask(bulletin), joined);
}

}  // namespace
}  // namespace penc
