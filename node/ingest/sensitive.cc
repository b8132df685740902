#include "ingest/sensitive.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "ingest/person_key.h"

namespace penc {
namespace {

struct Kind {
  const char *fr, *en;
  std::vector<absl::string_view> words;
};

const std::vector<Kind>& Kinds() {
  static const auto* const kinds = new std::vector<Kind>{
      {"un nom de personne",
       "a person's name",
       {"nom", "noms", "prenom", "prenoms", "prénom", "prénoms", "name", "names", "firstname", "lastname",
        "surname", "fullname", "fullnames"}},
      {"un téléphone",
       "a phone number",
       {"tel", "tél", "telephone", "téléphone", "phone", "phonenumber", "mobile", "portable", "whatsapp",
        "gsm"}},
      {"une adresse électronique", "an e-mail address", {"mail", "email", "courriel"}},
      {"une adresse", "an address", {"adresse", "address", "street", "rue"}},
      {"un numéro de document",
       "a document number",
       {"passeport", "passport", "cni", "nin", "ssn", "nationalid", "document"}},
      {"des coordonnées",
       "coordinates",
       {"gps", "latitude", "longitude", "lat", "lon", "geopoint", "geolocation", "coordonnees",
        "coordonnées"}},
      {"un identifiant d'appareil",
       "a device id",
       {"deviceid", "imei", "subscriberid", "simserial", "simid"}},
      {"du texte libre",
       "free text",
       {"commentaire", "commentaires", "comment", "comments", "notes", "remarques", "observations"}},
      {"une personne qui a saisi",
       "a person who entered data",
       {"submitted_by", "_submitted_by", "username", "enumerator", "enqueteur", "enquêteur"}},
  };
  return *kinds;
}

}  // namespace

absl::optional<Text> LooksSensitive(absl::string_view heading) {
  std::string folded;
  if (!AppendNormalised(heading, &folded)) return absl::nullopt;
  std::vector<std::string> words = absl::StrSplit(folded, absl::ByAnyChar(" _-/.:()"), absl::SkipEmpty());
  words.push_back(folded);
  for (const Kind& kind : Kinds()) {
    for (absl::string_view known : kind.words) {
      for (const std::string& word : words) {
        if (word == known) return Text{kind.fr, kind.en};
      }
    }
  }
  return absl::nullopt;
}

}  // namespace penc
