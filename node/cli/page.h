// A document to be printed and handed over: written once, set as a web page that prints on A4 without
// anything from elsewhere, as Markdown, or as plain text. Pure.
//
//   Page page("Fiche de la personne", lang);
//   page.Mark("confidentiel");
//   page.Heading("Ce qui est gardé");
//   page.Table({"colonne", "valeur"}, {{"Sexe", "Femme"}});
//   output.Data(page.Html());
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/output.h"

namespace penc::cli {

class Page {
 public:
  Page(std::string title, Lang lang) : title_(std::move(title)), lang_(lang) {}

  // Stands at the top of what is printed, and of every page of it where the printer lets it.
  void Mark(std::string text) { mark_ = std::move(text); }
  void Heading(std::string text) { Add(Kind::kHeading, {{std::move(text)}}); }
  // Below a heading.
  void Subheading(std::string text) { Add(Kind::kSubheading, {{std::move(text)}}); }
  void Paragraph(std::string text) { Add(Kind::kParagraph, {{std::move(text)}}); }
  void List(const std::vector<std::string>& items);
  // `heading` may be empty; then there is none. Nothing is set where there are no rows.
  void Table(std::vector<std::string> heading, std::vector<std::vector<std::string>> rows);

  std::string Html() const;
  std::string Markdown() const;
  std::string Text() const;

 private:
  enum class Kind { kHeading, kSubheading, kParagraph, kList, kTable };
  struct Part {
    Kind kind;
    std::vector<std::vector<std::string>> rows;  // of a table the first is the heading
  };
  void Add(Kind kind, std::vector<std::vector<std::string>> rows) {
    parts_.push_back({kind, std::move(rows)});
  }

  std::string title_, mark_;
  Lang lang_;
  std::vector<Part> parts_;
};

}  // namespace penc::cli
