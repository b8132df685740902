// Questions in words: the thirteen of the network, and what single conditions become.
#include "question/sentence.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "codebook/read.h"
#include "question/bind.h"
#include "question/bulletin.h"

namespace penc {
namespace {

class Sentences : public ::testing::Test {
 protected:
  Sentences() {
    const std::string path = PENC_SOURCE_DIR "/policy/codebook/migration.yaml";
    codebook_ = *ReadCodebook(path, *ReadFile(path));
  }
  Text Said(const std::string& sql) {
    v1::Question question;
    question.set_sql(sql);
    const auto bound = Bind(question, codebook_);
    EXPECT_TRUE(bound.ok()) << sql << ": " << bound.status();
    if (!bound.ok()) return {};
    const Text said = Sentence(*bound, codebook_);
    // The journal keeps the canonical text: it must say the same.
    v1::Question again;
    again.set_sql(CanonicalText(*bound, codebook_));
    EXPECT_EQ(Sentence(*Bind(again, codebook_), codebook_).fr, said.fr);
    return said;
  }
  Codebook codebook_;
};

TEST_F(Sentences, TheThirteenQuestionsOfTheNetwork) {
  const std::string path = PENC_SOURCE_DIR "/policy/questions/bulletin.yaml";
  const auto bulletin = ReadBulletin(path, *ReadFile(path), "2026-Q3");
  ASSERT_TRUE(bulletin.ok()) << bulletin.status();
  std::string said = "\n";
  for (const v1::Question& question : bulletin->questions()) said += Said(question.sql()).fr + "\n";
  EXPECT_EQ(said, R"(
Combien de personnes (Personnes suivies), par nationalité (liste courte) et sexe, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Personnes suivies), par tranche d'âge (liste courte), du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Personnes suivies), par profils de protection (la principale), du 4e trimestre 2025 au 3e trimestre 2026, tranche d'âge: «0-4 ans», «5-11 ans» ou «12-17 ans» ?
Combien de personnes (Personnes suivies), par motif principal et sexe, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Personnes suivies), par pays de départ (liste courte) et destination finale envisagée (liste courte), du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Personnes suivies), par route, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Changements de situation juridique), par de (liste courte) et vers (liste courte), du 4e trimestre 2024 au 3e trimestre 2026 ?
Combien de personnes (Incidents et violations), par type d'incident, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Incidents et violations), par pays de l'incident (liste courte), du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Incidents et violations), par auteur présumé, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Retours et expulsions), par pays de provenance (liste courte) et mois (par trimestre), du 4e trimestre 2024 au 3e trimestre 2026, type de retour: tout sauf «Volontaire assisté» et «Spontané» ?
Combien de personnes (Cas de traite / exploitation), par forme d'exploitation (la principale), de 2024 à 2026 ?
Combien de personnes (Cas de traite / exploitation), par secteur, de 2024 à 2026 ?
Combien d'enregistrements (Plaintes recrutement / travail), par pays d'emploi (liste courte) et objet de la plainte (la principale), du 4e trimestre 2025 au 3e trimestre 2026 ?
Quelle médiane de «Coût de recrutement payé» (Plaintes recrutement / travail), du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Assistance fournie), par type d'assistance, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Assistance fournie), par profils de protection (la principale) et besoin non couvert, du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Personnes suivies), par mois d'enregistrement (par trimestre) et profils de protection (la principale), du 4e trimestre 2025 au 3e trimestre 2026 ?
Combien de personnes (Personnes suivies), du 4e trimestre 2025 au 3e trimestre 2026 ?
)");
}

TEST_F(Sentences, SayTheSameInEnglish) {
  EXPECT_EQ(
      Said("SELECT sex, count(DISTINCT person) FROM person WHERE nationality IN ('MLI', 'SEN') AND reg_month "
           "BETWEEN '2026-01' AND '2026-06' GROUP BY sex")
          .en,
      "How many people (People assisted), by sex, from quarter 1 of 2026 to quarter 2 of 2026, nationality: "
      "\"Mali\" or \"Senegal\"?");
}

}  // namespace
}  // namespace penc
