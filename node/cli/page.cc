#include "cli/page.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/render.h"

namespace penc::cli {
namespace {

// Black on white, lines instead of colours: what a copier makes of it stays legible.
constexpr char kStyle[] =
    "@page{size:A4;margin:18mm 16mm}"
    "body{font:11pt/1.4 Georgia,'Liberation Serif',serif;color:#000;background:#fff;max-width:178mm;margin:0 "
    "auto}"
    "h1{font-size:18pt;margin:0 0 2mm}h2{font-size:13pt;margin:7mm 0 2mm;border-bottom:1px solid #000}"
    "h3{font-size:11pt;margin:4mm 0 1mm}h2,h3{break-after:avoid}p{margin:0 0 2mm}"
    ".mark{border:1.5px solid #000;padding:1mm 2mm;font-weight:bold;margin:0 0 5mm;display:inline-block}"
    "table{border-collapse:collapse;width:100%;margin:0 0 3mm;font-size:9.5pt}"
    "th,td{border:1px solid #666;padding:1mm 1.5mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eee}tr{break-inside:avoid}thead{display:table-header-group}";

std::string Escaped(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// What a cell holds must not end it, nor begin something else.
std::string InMarkdown(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                    {"|", "\\|"},
                                    {"*", "\\*"},
                                    {"_", "\\_"},
                                    {"<", "\\<"},
                                    {"[", "\\["},
                                    {"#", "\\#"},
                                    {"`", "\\`"},
                                    {"\n", " "}});
}

void AppendHtmlRow(const std::vector<std::string>& row, const char* cell, std::string& out) {
  absl::StrAppend(&out, "<tr>");
  for (const std::string& text : row) absl::StrAppend(&out, "<", cell, ">", Escaped(text), "</", cell, ">");
  absl::StrAppend(&out, "</tr>\n");
}

void AppendMarkdownRow(const std::vector<std::string>& row, size_t columns, std::string& out) {
  for (size_t c = 0; c < columns; ++c)
    absl::StrAppend(&out, "| ", c < row.size() ? InMarkdown(row[c]) : "", " ");
  absl::StrAppend(&out, "|\n");
}

}  // namespace

void Page::List(const std::vector<std::string>& items) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& item : items) rows.push_back({item});
  if (!rows.empty()) Add(Kind::kList, std::move(rows));
}

void Page::Table(std::vector<std::string> heading, std::vector<std::vector<std::string>> rows) {
  if (rows.empty()) return;
  rows.insert(rows.begin(), std::move(heading));
  Add(Kind::kTable, std::move(rows));
}

std::string Page::Html() const {
  std::string out = absl::StrCat("<!DOCTYPE html>\n<html lang=\"", lang_ == Lang::kFrench ? "fr" : "en",
                                 "\">\n<head><meta charset=\"utf-8\"><title>", Escaped(title_),
                                 "</title>\n<style>", kStyle, "</style></head>\n<body>\n");
  if (!mark_.empty()) absl::StrAppend(&out, "<div class=\"mark\">", Escaped(mark_), "</div>\n");
  absl::StrAppend(&out, "<h1>", Escaped(title_), "</h1>\n");
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kHeading:
        absl::StrAppend(&out, "<h2>", Escaped(part.rows[0][0]), "</h2>\n");
        break;
      case Kind::kSubheading:
        absl::StrAppend(&out, "<h3>", Escaped(part.rows[0][0]), "</h3>\n");
        break;
      case Kind::kParagraph:
        absl::StrAppend(&out, "<p>", Escaped(part.rows[0][0]), "</p>\n");
        break;
      case Kind::kList:
        absl::StrAppend(&out, "<ul>\n");
        for (const auto& row : part.rows) absl::StrAppend(&out, "<li>", Escaped(row[0]), "</li>\n");
        absl::StrAppend(&out, "</ul>\n");
        break;
      case Kind::kTable:
        absl::StrAppend(&out, "<table>\n");
        if (!part.rows[0].empty()) {
          absl::StrAppend(&out, "<thead>");
          AppendHtmlRow(part.rows[0], "th", out);
          absl::StrAppend(&out, "</thead>");
        }
        absl::StrAppend(&out, "<tbody>\n");
        for (size_t r = 1; r < part.rows.size(); ++r) AppendHtmlRow(part.rows[r], "td", out);
        absl::StrAppend(&out, "</tbody></table>\n");
        break;
    }
  }
  return out + "</body>\n</html>\n";
}

std::string Page::Markdown() const {
  std::string out;
  if (!mark_.empty()) absl::StrAppend(&out, "**", InMarkdown(mark_), "**\n\n");
  absl::StrAppend(&out, "# ", InMarkdown(title_), "\n");
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kHeading:
        absl::StrAppend(&out, "\n## ", InMarkdown(part.rows[0][0]), "\n");
        break;
      case Kind::kSubheading:
        absl::StrAppend(&out, "\n### ", InMarkdown(part.rows[0][0]), "\n");
        break;
      case Kind::kParagraph:
        absl::StrAppend(&out, "\n", InMarkdown(part.rows[0][0]), "\n");
        break;
      case Kind::kList:
        absl::StrAppend(&out, "\n");
        for (const auto& row : part.rows) absl::StrAppend(&out, "- ", InMarkdown(row[0]), "\n");
        break;
      case Kind::kTable: {
        size_t columns = 0;
        for (const auto& row : part.rows) columns = std::max(columns, row.size());
        absl::StrAppend(&out, "\n");
        AppendMarkdownRow(part.rows[0], columns, out);
        for (size_t c = 0; c < columns; ++c) absl::StrAppend(&out, "|---");
        absl::StrAppend(&out, "|\n");
        for (size_t r = 1; r < part.rows.size(); ++r) AppendMarkdownRow(part.rows[r], columns, out);
        break;
      }
    }
  }
  return out;
}

std::string Page::Text() const {
  std::string out;
  if (!mark_.empty()) absl::StrAppend(&out, "*** ", mark_, " ***\n\n");
  absl::StrAppend(&out, title_, "\n");
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::kHeading:
        absl::StrAppend(&out, "\n== ", part.rows[0][0], " ==\n");
        break;
      case Kind::kSubheading:
        absl::StrAppend(&out, "\n", part.rows[0][0], "\n");
        break;
      case Kind::kParagraph:
        absl::StrAppend(&out, part.rows[0][0], "\n");
        break;
      case Kind::kList:
        for (const auto& row : part.rows) absl::StrAppend(&out, "  - ", row[0], "\n");
        break;
      case Kind::kTable:
        if (part.rows[0].empty()) {
          for (size_t r = 1; r < part.rows.size(); ++r)
            absl::StrAppend(&out, "  ", absl::StrJoin(part.rows[r], ": "), "\n");
        } else {
          TextTable table(part.rows[0]);
          for (size_t r = 1; r < part.rows.size(); ++r) table.Add(part.rows[r]);
          absl::StrAppend(&out, table.Text());
        }
        break;
    }
  }
  return out;
}

}  // namespace penc::cli
