#include "codebook/canonical.h"

#include "absl/strings/str_cat.h"
#include "crypto/hash.h"

namespace penc {
namespace {

class Writer {
 public:
  std::string Take() { return std::move(text_); }

  void Put(absl::string_view field) { absl::StrAppend(&text_, field.size(), ":", field, "\n"); }
  void Put(int64_t number) { Put(absl::string_view(absl::StrCat(number))); }
  void Put(const Text& label) {
    Put(label.fr);
    Put(label.en);
  }
  void Put(const Code& code) {
    Put(code.code);
    Put(code.label);
    Put(code.parent);
  }
  void Put(const std::string& field) { Put(absl::string_view(field)); }
  void Put(const char* field) { Put(absl::string_view(field)); }
  void Put(uint32_t number) { Put(static_cast<int64_t>(number)); }
  template <typename T>
  void Put(const std::vector<T>& all) {
    Put(static_cast<int64_t>(all.size()));
    for (const T& one : all) Put(one);
  }
  void Put(const CodeList& list) {
    Put(list.name);
    Put(list.codes);
    Put(static_cast<int64_t>(list.fold.has_value()));
    if (list.fold.has_value()) {
      Put(list.fold->groups);
      Put(list.fold->group_of);
    }
    Put(list.main_order);
    Put(list.parent_list);
  }
  void Put(const Column& column) {
    Put(column.name);
    Put(column.label);
    Put(static_cast<int64_t>(column.type));
    Put(static_cast<int64_t>(column.sensitivity));
    Put(static_cast<int64_t>(column.constant));
    Put(static_cast<int64_t>(column.code_list));
    Put(column.max_codes);
    Put(column.lo);
    Put(column.hi);
    Put(column.step_num);
    Put(column.step_den);
    Put(column.hxl);
    if (!column.bands.empty()) {  // none: nothing, as in codebooks from before there were any
      Put("bands");
      Put(column.bands);
    }
  }
  void Put(const Table& table) {
    Put(table.name);
    Put(table.label);
    Put(static_cast<int64_t>(table.unit));
    Put(table.caps.cells);
    Put(table.caps.rows);
    Put(table.columns);
  }

 private:
  std::string text_ = "penc codebook v1\n";
};

}  // namespace

std::string CanonicalCodebook(const Codebook& codebook) {
  Writer writer;
  writer.Put(codebook.name);
  writer.Put(codebook.version);
  writer.Put(codebook.reference_promise.epsilon);
  writer.Put(codebook.reference_promise.delta);
  writer.Put(static_cast<int64_t>(codebook.closing));
  writer.Put(codebook.code_lists);
  writer.Put(codebook.tables);
  if (codebook.consent.has_value()) {  // absent: nothing, as in codebooks from before there was one
    writer.Put(codebook.consent->column.table);
    writer.Put(codebook.consent->column.column);
    writer.Put(codebook.consent->keep);
  }
  if (codebook.linkage.has_value()) {  // likewise
    writer.Put(absl::string_view("linkage"));
    writer.Put(codebook.linkage->column.table);
    writer.Put(codebook.linkage->column.column);
    writer.Put(codebook.linkage->fields);
    writer.Put(codebook.linkage->key_check);
  }
  return writer.Take();
}

std::string HashOf(const Codebook& codebook) { return Sha256(CanonicalCodebook(codebook)); }

}  // namespace penc
