#include "cli/french.h"

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "absl/strings/str_replace.h"

namespace penc::cli {
namespace {

const std::map<std::string, std::string>& Words() {
  static const auto* const words = new std::map<std::string, std::string>{
      // the program
      {"penc: count together without showing anything.\n"
       "Answers only differentially private aggregate questions; the records stay where they are.",
       "penc: compter ensemble sans rien montrer.\n"
       "Ne répond qu'à des questions agrégées et protégées par bruit; les dossiers restent où ils sont."},
      {"Print this help message and exit", "affiche cette aide"},
      {"Display program version information and exit", "affiche la version"},
      {"fr or en (default: from the locale, French where it says nothing)",
       "fr ou en (par défaut: selon la langue du système, sinon le français)"},
      {"print protobuf JSON", "affiche du JSON (protobuf)"},
      {"a YAML file", "un fichier YAML"},
      // making and running an office
      {"make an office: keys, codebook, policy, an empty store",
       "crée une organisation: clés, lexique, politique, dossiers vides"},
      {"a folder that does not exist yet, or is empty", "un dossier qui n'existe pas encore, ou vide"},
      {"the organisation's name, as answers show it",
       "le nom de l'organisation, tel que les réponses le montrent"},
      {"YAML (default: the migration codebook)", "YAML (par défaut: le lexique migration)"},
      {"YAML (default: the standard policy, local answers closed)",
       "YAML (par défaut: la politique standard, réponses locales fermées)"},
      {"host:port for partners", "hôte:port pour les partenaires"},
      {"an exercise: invented records, marked in every answer",
       "un exercice: dossiers inventés, signalés dans chaque réponse"},
      {"answer granted partners until Ctrl-C", "répond aux partenaires autorisés jusqu'à Ctrl-C"},
      {"the office's folder", "le dossier de l'organisation"},
      {"host:port (default: the office's own)", "hôte:port (par défaut: celui de l'organisation)"},
      {"make an office from a backup; what was answered since is not forgotten",
       "rétablit une organisation depuis une sauvegarde; ce qui fut répondu depuis n'est pas oublié"},
      {"a member of a network: give up all remaining budget instead of waiting for stewards",
       "membre d'un réseau: renoncer à tout le crédit restant au lieu d'attendre les témoins"},
      {"what `penc backup` wrote", "ce que «penc backup» a écrit"},
      {"invented records to try things with", "des dossiers inventés, pour essayer"},
      {"write a CSV file for every table", "écrit un fichier CSV par table"},
      {"where to", "où écrire"},
      {"how many people (about 6.5 rows each)", "combien de personnes (environ 6,5 lignes chacune)"},
      {"the same seed gives the same files", "la même graine donne les mêmes fichiers"},
      {"where the imaginary office is, ISO code", "le pays de l'organisation imaginaire, code ISO"},
      {"of the invented references", "des références inventées"},
      // records
      {"stage a CSV file; nothing is asked of it before `penc close`",
       "met un fichier CSV en attente; rien n'en est demandé avant «penc close»"},
      {"a CSV file (.csv, .csv.gz), or - for standard input",
       "un fichier CSV (.csv, .csv.gz), ou - pour l'entrée standard"},
      {"the codebook's table", "la table du lexique"},
      {"how the file's columns become the codebook's (YAML)",
       "comment les colonnes du fichier deviennent celles du lexique (YAML)"},
      {"propose, preview, list problems; keep nothing",
       "propose, montre, liste les problèmes; ne garde rien"},
      {"the last day on which these rows may be kept (YYYY-MM-DD), shown by `penc batches`",
       "le dernier jour où ces lignes peuvent être gardées (AAAA-MM-JJ); «penc batches» le montre"},
      {"the file becomes the whole table", "le fichier devient toute la table"},
      {"close what is staged: the edition opens, its persons get their budget",
       "arrête ce qui est en attente: l'édition s'ouvre, ses personnes reçoivent leur crédit"},
      {"list the imported files", "liste les fichiers importés"},
      {"take an imported file back", "retire un fichier importé"},
      {"what this office holds and allows", "ce que cette organisation garde et permet"},
      {"the edition (default: the calendar's)", "l'édition (par défaut: celle du calendrier)"},
      {"its number in `penc batches`", "son numéro dans «penc batches»"},
      {"the local reference; its parts one after another where the mapping's is composite",
       "la référence locale; ses parties l'une après l'autre si la correspondance la compose"},
      {"remove every row of one person, everywhere", "efface toutes les lignes d'une personne, partout"},
      // deciding
      {"what a partner needs to reach this office: name, address, key",
       "ce qu'il faut à un partenaire pour joindre cette organisation: nom, adresse, clé"},
      {"allow a partner to ask: writes DIR/grants/NAME.yaml, nothing else",
       "autorise un partenaire à demander: écrit DIR/grants/NOM.yaml, rien d'autre"},
      {"the partner's public key file", "le fichier de clé publique du partenaire"},
      {"of each cohort's budget, for example 40%", "du crédit de chaque cohorte, par exemple 40%"},
      {"emergency stop: refuse every question from now on",
       "arrêt d'urgence: refuse toute question dès maintenant"},
      {"what for; may be repeated", "pour quel but; peut être répété"},
      {"which table; may be repeated", "quelle table; peut être répété"},
      {"last day, 2030-12-31", "dernier jour, 2030-12-31"},
      {"name of the grant (default: the partner's)",
       "nom de l'autorisation (par défaut: celui du partenaire)"},
      {"host:port that partners dial (default: where it listens)",
       "hôte:port que les partenaires appellent (par défaut: là où elle écoute)"},
      {"answer again", "répond de nouveau"},
      {"put a codebook into force; additions only once records exist",
       "met un lexique en vigueur; seulement des ajouts dès qu'il y a des dossiers"},
      {"put a policy into force", "met une politique en vigueur"},
      {"what each cohort's budget has paid, and what is left for life",
       "ce que le crédit de chaque cohorte a payé, et ce qui reste pour toujours"},
      {"the office's own log of every question, decision and charge",
       "le journal de l'organisation: questions, décisions, dépenses"},
      {"recompute every entry and the signed checkpoint",
       "recalcule chaque entrée et le point de contrôle signé"},
      {"print entries", "affiche les entrées"},
      {"first entry", "première entrée"},
      {"at most this many", "au plus ce nombre"},
      {"a file that does not exist yet", "un fichier qui n'existe pas encore"},
      {"write everything, keys included, into one file", "écrit tout, clés comprises, dans un fichier"},
      {"the network's vocabulary", "le vocabulaire du réseau"},
      {"propose a codebook from a CSV file; its codes come from records: prune before sharing",
       "propose un lexique d'après un CSV; ses codes viennent des dossiers: élaguez avant de partager"},
      {"a CSV file", "un fichier CSV"},
      {"name of the table", "nom de la table"},
      {"read a codebook and say what is wrong, with the line",
       "lit un lexique et dit ce qui ne va pas, avec la ligne"},
      {"what may be asked", "ce qui peut être demandé"},
      {"read a policy and say what is wrong, with the line",
       "lit une politique et dit ce qui ne va pas, avec la ligne"},
      {"would this question pass, why, at what price and margin; touches no record",
       "cette question passerait-elle, pourquoi, à quel prix, avec quelle marge; ne touche à aucun dossier"},
      {"for which grant (default: as if granted)",
       "pour quelle autorisation (par défaut: comme si elle existait)"},
      {"what for", "pour quel but"},
      // asking
      {"an office that you trust, by name", "une organisation de confiance, par son nom"},
      {"your partner folder", "votre dossier de partenaire"},
      {"a partner's keys, and the offices and networks that it trusts",
       "les clés d'un partenaire, les organisations et les réseaux de confiance"},
      {"make a key; prints the .pub file to send to offices",
       "crée une clé; affiche le fichier .pub à envoyer aux organisations"},
      {"a folder that does not exist yet", "un dossier qui n'existe pas encore"},
      {"your name, as offices see it", "votre nom, tel que les organisations le voient"},
      {"trust an office's card, or a network's",
       "fait confiance à la carte d'une organisation ou d'un réseau"},
      {"an office's NAME.card, or a network's NAME.network",
       "le NOM.card d'une organisation, ou le NOM.network d'un réseau"},
      {"network: its vocabulary, YAML (default: the migration codebook)",
       "réseau: son vocabulaire, YAML (par défaut: le lexique migration)"},
      {"what may be asked of an office: tables, columns, purposes, editions",
       "ce qu'on peut demander à une organisation: tables, colonnes, buts, éditions"},
      {"what is left of your share", "ce qui reste de votre part"},
      {"ask an office, or a whole network; charged at most once per question and edition, or per round",
       "interroge une organisation ou tout un réseau; compté une fois par question et édition, ou par ronde"},
      {"a network that you trust, by name: all its offices answer in one round",
       "un réseau de confiance, par son nom: toutes ses organisations répondent en une ronde"},
      {"a network that you trust, by name", "un réseau de confiance, par son nom"},
      {"network: how long offices may take, 10s to 11d (default 72h)",
       "réseau: le temps laissé aux organisations, de 10s à 11d (par défaut 72h)"},
      {"network: only this region of it", "réseau: seulement cette région"},
      {"network: ask once more what a void round asked",
       "réseau: repose la question d'une ronde devenue nulle"},
      {"network: submit and leave; read it later with `penc answer`",
       "réseau: soumet et s'en va; à lire plus tard avec «penc answer»"},
      {"one of the purposes of your grant", "un des buts de votre autorisation"},
      {"price as a share of the budget (default 2%)", "prix en part du crédit (par défaut 2%)"},
      {"price as discrete Laplace's epsilon, for experts",
       "prix en epsilon de Laplace discrète, pour experts"},
      {"wanted 95% margin, in units of the answer", "marge à 95 % voulue, en unités de la réponse"},
      {"several questions in a YAML file, one price",
       "plusieurs questions dans un fichier YAML, un seul prix"},
      {"the edition that the bulletin counts its periods from ($Q, $Y, $M), in place of its own; of a "
       "network: "
       "the one asked (default: the last complete one)",
       "l'édition d'où le bulletin compte ses périodes ($Q, $Y, $M), au lieu de la sienne; pour un réseau: "
       "celle "
       "demandée (par défaut: la dernière complète)"},
      {"only say whether it would be answered, at what price and margin",
       "dit seulement si elle serait répondue, à quel prix et avec quelle marge"},
      {"mechanism, scale, epsilon", "mécanisme, échelle, epsilon"},
      {"print penc.v1.Answer as JSON", "affiche penc.v1.Answer en JSON"},
      {"print CSV (with --lang fr: for a French Excel)",
       "affiche un CSV (avec --lang fr: pour un Excel français)"},
      {"the question", "la question"},
      {"list regional rounds: where they stand, who has answered",
       "liste les rondes régionales: où elles en sont, qui a répondu"},
      {"an office's folder: the rounds that it took part in",
       "le dossier d'une organisation: les rondes où elle fut interrogée"},
      {"read the answer of a regional round; check one offline",
       "lit la réponse d'une ronde régionale; en vérifie une, hors ligne"},
      {"the round, as `penc rounds` shows it; its first characters will do",
       "la ronde, comme «penc rounds» la montre; ses premiers caractères suffisent"},
      {"an office's folder: a round that it took part in",
       "le dossier d'une organisation: une ronde où elle fut interrogée"},
      {"also write the record to a file that anybody can check",
       "écrit aussi le dossier de la ronde dans un fichier que chacun peut vérifier"},
      {"check an answer's file: who signed what, the sum, the noise",
       "vérifie le fichier d'une réponse: qui a signé quoi, la somme, le bruit"},
      {"what `penc answer --save` wrote (NAME.penc)", "ce que «penc answer --save» a écrit (NOM.penc)"},
      {"the network's card: whose answer it must be", "la carte du réseau: de qui la réponse doit être"},
      {"margins and price of a bulletin, from sizes that you state; touches no record",
       "marges et prix d'un bulletin, d'après les tailles que vous donnez; ne touche à aucun dossier"},
      {"the questions", "les questions"},
      {"numbers of people, for example 1500,4400", "nombres de personnes, par exemple 1500,4400"},
      {"share of the budget for the whole bulletin", "part du crédit pour tout le bulletin"},
      {"the edition that it counts its periods from ($Q, $Y, $M), in place of its own",
       "l'édition d'où il compte ses périodes ($Q, $Y, $M), au lieu de la sienne"},
  };
  return *words;
}

std::string French(const std::string& english) {
  const auto found = Words().find(english);
  return found == Words().end() ? english : found->second;
}

}  // namespace

void InFrench(CLI::App& app) {
  app.description(French(app.get_description()));
  app.footer(absl::StrReplaceAll(app.get_footer(), {{"Examples", "Exemples"},
                                                    {"Example", "Exemple"},
                                                    {", an office with invented records:",
                                                     ", une organisation avec des dossiers inventés:"}}));
  for (CLI::Option* option : app.get_options()) option->description(French(option->get_description()));
  // CLI11 aligns by bytes: no accents here.
  const auto& formatter = app.get_formatter();
  for (const auto& [label, word] :
       {std::pair("SUBCOMMAND", "COMMANDE"), std::pair("REQUIRED", "OBLIGATOIRE"),
        std::pair("Positionals", "Arguments"), std::pair("ADDRESS", "ADRESSE"), std::pair("EDITION", "NOM"),
        std::pair("FILE", "FICHIER"), std::pair("FOLDER", "DOSSIER"), std::pair("NAME", "NOM"),
        std::pair("NUMBER", "NOMBRE"), std::pair("OFFICE", "ORGANISATION"), std::pair("PURPOSE", "BUT"),
        std::pair("REFERENCE", "PERSONNE"), std::pair("SHARE", "PART"), std::pair("COUNTRY", "PAYS"),
        std::pair("TEXT", "TEXTE"), std::pair("NETWORK", "RESEAU"), std::pair("ROUND", "RONDE"),
        std::pair("REGION", "REGION"), std::pair("TIME", "DUREE")})
    formatter->label(label, word);
  if (app.get_group() == "Subcommands") app.group("Commandes");
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) InFrench(*command);
}

}  // namespace penc::cli
