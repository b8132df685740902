#include "store/import_check.h"

#include <string>

namespace penc {
namespace {

template <typename Id>
std::string Bytes(const Id& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

}  // namespace

StoredValue* ImportCheck::ValuesOf(const PersonKey& person) {
  const auto [found, fresh] = at_.try_emplace(person, static_cast<uint32_t>(values_.size()));
  if (fresh) values_.resize(values_.size() + constant_.size(), kNull);
  return values_.data() + found->second;
}

void ImportCheck::See(const PersonKey& person, const RowId& id, const RowId& content, bool consents,
                      bool stored) {
  withdraws_ = withdraws_ || !consents;
  if (id != kNoId) {
    file_[id] = {content, person, false, consents, stored};
  } else if (!consents) {
    refusing_.emplace(person, false);
  }
}

// Whether a row that is there goes for want of consent.
bool ImportCheck::TakesOut(const PersonKey& person, const RowId& id, const RowId& content) {
  const auto in_file = id == kNoId ? file_.end() : file_.find(id);
  if (in_file != file_.end() && !in_file->second.consents) {
    // A row that said no before and says it again takes nothing out.
    if (in_file->second.stored && in_file->second.content == content) return false;
    out_[id] = person;
    ++counts_.withdrawn;
    return true;
  }
  const auto refusing = refusing_.find(person);
  if (refusing == refusing_.end()) return false;
  refusing->second = true;
  ++counts_.withdrawn;
  return true;
}

void ImportCheck::LearnConsent(const PersonKey& person, const RowId& id, const RowId& content) {
  TakesOut(person, id, content);
}

std::vector<storage::v1::Withdrawn> ImportCheck::withdrawn() const {
  std::vector<storage::v1::Withdrawn> all;
  for (const auto& [id, person] : out_) {
    storage::v1::Withdrawn& entry = all.emplace_back();
    entry.set_identity(Bytes(id));
    entry.set_person(Bytes(person));
  }
  for (const auto& [person, had_rows] : refusing_) {
    if (had_rows) all.emplace_back().set_person(Bytes(person));  // who never had rows leaves no trace
  }
  return all;
}

void ImportCheck::Learn(const PersonKey& person, const RowId& id, const RowId& content,
                        const std::vector<std::vector<StoredValue>>& columns, size_t row) {
  if (withdraws_ && TakesOut(person, id, content)) {
    const auto in_file = id == kNoId ? file_.end() : file_.find(id);
    if (in_file == file_.end() || !in_file->second.stored) return;
  }
  const auto in_file = id == kNoId ? file_.end() : file_.find(id);
  if (in_file != file_.end()) {
    const auto [known, fresh] = known_.try_emplace(id, Version{content, person});
    if (!fresh) {
      known->second = {content, person, known->second.elsewhere || known->second.person != person};
    }
    // What the file replaces tells nothing about the person.
    if (in_file->second.content != content || in_file->second.person != person) return;
  }
  if (constant_.empty()) return;
  StoredValue* const values = ValuesOf(person);
  for (size_t i = 0; i < constant_.size(); ++i) {
    const StoredValue value = columns[constant_[i]][row];
    if (value != kNull) values[i] = value;
  }
}

bool ImportCheck::Judge(const PersonKey& person, const RowId& id, const RowId& content,
                        const std::vector<std::vector<StoredValue>>& columns, size_t row) {
  bool replaces = false;
  if (id != kNoId) {
    if (!file_.at(id).stored) {
      // A later row of the file withdraws it.
      ++counts_.dropped;
      return false;
    }
    if (file_.at(id).person != person) {
      // A later row of the file says that it is somebody else's.
      ++counts_.replaced;
      return false;
    }
    const auto known = known_.find(id);
    replaces = known != known_.end();
    if (replaces && known->second.content == content && known->second.person == person) {
      ++counts_.duplicate;
      return false;
    }
  }
  if (!constant_.empty()) {
    StoredValue* const values = ValuesOf(person);
    for (size_t i = 0; i < constant_.size(); ++i) {
      const StoredValue value = columns[constant_[i]][row];
      if (value != kNull && values[i] != kNull && value != values[i]) {
        ++counts_.conflicting;
        return false;
      }
    }
    for (size_t i = 0; i < constant_.size(); ++i) {
      if (columns[constant_[i]][row] != kNull) values[i] = columns[constant_[i]][row];
    }
  }
  ++(replaces ? counts_.replaced : counts_.stored);
  if (id == kNoId) return true;
  Version& version = known_[id];
  if (replaces && (version.person != person || version.elsewhere)) {
    storage::v1::Superseded superseded;
    superseded.set_identity(Bytes(id));
    superseded.set_person(Bytes(person));
    superseded_.push_back(std::move(superseded));
  }
  version = {content, person};
  return true;
}

}  // namespace penc
