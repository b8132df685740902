// A codebook with one column of every kind, small enough to try every row; and questions to it by SQL.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "codebook/read.h"
#include "question/bind.h"
#include "question/plan.h"

namespace penc {

inline constexpr char kSmallCodebook[] = R"(codebook: small
version: 1
reference_promise: {epsilon: 8, delta: 1e-6}
closing: quarter
codes:
  sex:
    - {code: f, fr: Femme, en: Woman}
    - {code: m, fr: Homme, en: Man}
  country:
    - {code: SEN, fr: Sénégal, en: Senegal}
    - {code: MLI, fr: Mali, en: Mali}
    - {code: GIN, fr: Guinée, en: Guinea}
    - {code: it's, fr: Apostrophe, en: Apostrophe}
  need:
    - {code: food, fr: Vivres, en: Food}
    - {code: care, fr: Soins, en: Care}
    - {code: roof, fr: Toit, en: Roof}
folds:
  country:
    groups:
      - {code: sahel, fr: Sahel, en: Sahel, of: [SEN, MLI]}
    rest: {code: other, fr: Autre, en: Other}
mains:
  need: [roof, care, food]
tables:
  person:
    unit: person
    caps: {cells: 3, rows: 1}
    labels: {fr: Personnes, en: People}
    columns:
      sex: {type: code, codes: sex, sensitivity: public, fr: Sexe, en: Sex}
      profile: {type: codes, codes: need, max: 2, sensitivity: public, fr: Profil, en: Profile}
      age: {type: integer, range: [0, 5], sensitivity: public, fr: Âge, en: Age}
      consent: {type: code, codes: sex, sensitivity: never, fr: Accord, en: Consent}
  event:
    unit: event
    caps: {cells: 3, rows: 4}
    labels: {fr: Faits, en: Events}
    columns:
      origin: {type: code, codes: country, constant: true, sensitivity: public, fr: Origine, en: Origin}
      country: {type: code, codes: country, sensitivity: public, fr: Pays, en: Country}
      needs: {type: codes, codes: need, max: 3, sensitivity: public, fr: Besoins, en: Needs}
      cost: {type: number, range: [-2, 2], step: 0.5, sensitivity: public, fr: Coût, en: Cost}
      income: {type: number, range: [0, 100000], step: 100, sensitivity: public, fr: Revenu, en: Income}
      day: {type: day, from: 2026-01-01, to: 2026-12-31, sensitivity: public, fr: Jour, en: Day}
      week: {type: week, from: 2026-W01, to: 2026-W20, sensitivity: public, fr: Semaine, en: Week}
      month: {type: month, from: 2025-11, to: 2026-06, sensitivity: public, fr: Mois, en: Month}
      limit: {type: integer, range: [1, 3], sensitivity: public, fr: Borne, en: Limit}
  other:
    unit: person
    caps: {cells: 1, rows: 1}
    labels: {fr: Autre fiche, en: Other form}
    columns:
      age: {type: integer, range: [0, 5], sensitivity: public, fr: Âge, en: Age}
      height: {type: integer, range: [0, 2], sensitivity: public, fr: Taille, en: Height}
)";

class SmallCodebook : public ::testing::Test {
 protected:
  SmallCodebook() {
    absl::StatusOr<Codebook> read = ReadCodebook("small.yaml", kSmallCodebook);
    PENC_CHECK(read.ok());
    codebook_ = *std::move(read);
  }

  absl::StatusOr<Question> Bound(const std::string& sql) const {
    v1::Question question;
    question.set_sql(sql);
    return Bind(question, codebook_);
  }
  // Canonical text, or the error.
  std::string Canon(const std::string& sql) const {
    const auto bound = Bound(sql);
    return bound.ok() ? CanonicalText(*bound, codebook_) : std::string(bound.status().message());
  }
  // What WHERE becomes, of "SELECT count(*) FROM event WHERE ...".
  std::string Where(const std::string& condition) const {
    const std::string head = "SELECT count(*) AS \"rows\" FROM event WHERE ";
    const std::string text = Canon("SELECT count(*) FROM event WHERE " + condition);
    return text.compare(0, head.size(), head) == 0 ? text.substr(head.size()) : text;
  }
  absl::StatusOr<Plan> Planned(const std::string& sql, const Price& price = {}) const {
    ASSIGN_OR_RETURN(Question question, Bound(sql));
    return MakePlan({std::move(question)}, price, codebook_);
  }
  const Column& ColumnNamed(const std::string& table, const std::string& column) const {
    const Table& t = codebook_.tables[*codebook_.FindTable(table)];
    return t.columns[*t.Find(column)];
  }

  Codebook codebook_;
};

}  // namespace penc
