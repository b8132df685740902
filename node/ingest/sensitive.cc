#include "ingest/sensitive.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "ingest/person_key.h"

namespace penc {
namespace {

constexpr size_t kLongestPhrase = 3;  // words, small ones apart

struct Kind {
  const char *fr, *en;
  std::vector<absl::string_view> phrases;  // small letters, no accents, words run together
};

const std::vector<Kind>& Kinds() {
  static const auto* const kinds = new std::vector<Kind>{
      {"un nom de personne",
       "a person's name",
       {"nom", "noms", "prenom", "prenoms", "name", "names", "firstname", "lastname", "surname", "fullname",
        "fullnames", "nomcomplet", "nomprenom", "familyname", "givenname", "patronyme", "اسم", "الاسم",
        "اللقب"}},
      {"un téléphone",
       "a phone number",
       {"tel", "telephone", "telephones", "phone", "phones", "phonenumber", "mobile", "portable", "cellphone",
        "whatsapp", "gsm", "هاتف", "الهاتف"}},
      {"une adresse électronique",
       "an e-mail address",
       {"mail", "mails", "email", "emails", "courriel", "mel"}},
      {"une adresse", "an address", {"adresse", "adresses", "address", "street", "rue", "العنوان"}},
      {"un numéro de document",
       "a document number",
       {"passeport",
        "passport",
        "cni",
        "nin",
        "ssn",
        "nationalid",
        "idcard",
        "idnumber",
        "identitycard",
        "carteidentite",
        "numeroidentite",
        "carteconsulaire",
        "cartesejour",
        "cartenationale",
        "residencepermit",
        "titresejour",
        "securitesociale",
        "socialsecurity",
        "birthcertificate",
        "جوازالسفر",
        "actenaissance",
        "document"}},
      {"des coordonnées",
       "coordinates",
       {"gps", "latitude", "longitude", "lat", "lon", "lng", "geopoint", "geolocation", "geolocalisation",
        "coordonnees", "coordinates"}},
      {"un identifiant d'appareil",
       "a device id",
       {"deviceid", "imei", "subscriberid", "simserial", "simid"}},
      {"du texte libre",
       "free text",
       {"commentaire", "commentaires", "comment", "comments", "notes", "remarques", "observations",
        "ملاحظات"}},
      {"une personne qui a saisi",
       "a person who entered data",
       {"submittedby", "username", "enumerator", "enqueteur"}},
  };
  return *kinds;
}

bool Small(absl::string_view word) {
  return word == "de" || word == "d" || word == "du" || word == "la" || word == "le" || word == "l" ||
         word == "of";
}

}  // namespace

absl::optional<Text> LooksSensitive(absl::string_view heading) {
  std::string folded;
  if (!AppendNormalised(heading, &folded)) return absl::nullopt;
  folded = absl::StrReplaceAll(WithoutAccents(folded), {{"\u2019", " "}, {"\u00B0", " "}});
  std::string plain;
  for (char c : folded)
    plain.push_back(absl::ascii_isalnum(c) || static_cast<unsigned char>(c) >= 128 ? c : ' ');
  std::vector<std::string> words;
  for (absl::string_view word : absl::StrSplit(plain, ' ', absl::SkipEmpty())) {
    if (!Small(word)) words.emplace_back(word);
  }
  // Every run of words: "first_name", "first name" and "firstname" are one phrase.
  for (size_t first = 0; first < words.size(); ++first) {
    std::string phrase;
    for (size_t last = first; last < words.size() && last < first + kLongestPhrase; ++last) {
      absl::StrAppend(&phrase, words[last]);
      for (const Kind& kind : Kinds()) {
        for (absl::string_view known : kind.phrases) {
          if (phrase == known) return Text{kind.fr, kind.en};
        }
      }
    }
  }
  return absl::nullopt;
}

}  // namespace penc
