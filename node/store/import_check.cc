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

void ImportCheck::See(const PersonKey& person, const RowId& id, const RowId& content, const Seen& seen) {
  withdraws_ = withdraws_ || !seen.consents;
  if (id != kNoId) {
    file_[id] = {content, person, false, seen};
  } else if (!seen.consents) {
    refusing_[person].all = true;
  }
}

void ImportCheck::AllSeen(Repeats* repeats) {
  for (const auto& [id, last] : file_) {
    if (!last.seen.consents) refusing_.try_emplace(last.person);
    if (repeats != nullptr && last.seen.stored) repeats->Add(last.seen.fingerprint);
  }
}

void ImportCheck::AllLearnt(Repeats& repeats) const {
  for (const auto& [id, last] : file_) {
    if (last.seen.stored && known_.contains(id)) repeats.Take(last.seen.fingerprint);
  }
}

// Whether a row that is there goes for want of consent.
bool ImportCheck::TakesOut(const PersonKey& person, const RowId& id, const RowId& content) {
  const auto in_file = id == kNoId ? file_.end() : file_.find(id);
  if (in_file != file_.end() && !in_file->second.seen.consents) {
    // A row that said no before and says it again takes nothing out.
    if (in_file->second.seen.stored && in_file->second.content == content) return false;
    out_[id] = person;
    ++counts_.withdrawn;
    return true;
  }
  const auto refusing = refusing_.find(person);
  if (refusing == refusing_.end() || !(refusing->second.all || id == kNoId)) return false;
  refusing->second.had_rows = true;
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
  for (const auto& [person, refusing] : refusing_) {
    if (!refusing.had_rows) continue;  // who never had rows leaves no trace
    storage::v1::Withdrawn& entry = all.emplace_back();
    entry.set_person(Bytes(person));
    entry.set_unidentified(!refusing.all);
  }
  return all;
}

void ImportCheck::Learn(const PersonKey& person, const TableRows& rows, size_t row) {
  const RowId &id = rows.identity[row], &content = rows.content[row];
  if (withdraws_ && TakesOut(person, id, content)) {
    const auto in_file = id == kNoId ? file_.end() : file_.find(id);
    if (in_file == file_.end() || !in_file->second.seen.stored) return;
  }
  const auto in_file = id == kNoId ? file_.end() : file_.find(id);
  if (in_file != file_.end()) {
    const auto [known, fresh] = known_.try_emplace(id, Version{content, person});
    if (!fresh) {
      known->second = {content, person, known->second.elsewhere || known->second.person != person};
    }
    known->second.batch = rows.batch[row];
    // What the file replaces tells nothing about the person.
    if (in_file->second.content != content || in_file->second.person != person) return;
  }
  if (constant_.empty()) return;
  StoredValue* const values = ValuesOf(person);
  for (size_t i = 0; i < constant_.size(); ++i) {
    const StoredValue value = rows.columns[constant_[i]][row];
    if (value != kNull) values[i] = value;
  }
}

bool ImportCheck::Judge(const PersonKey& person, const RowId& id, const RowId& content,
                        const std::vector<std::vector<StoredValue>>& columns, size_t row) {
  bool replaces = false;
  if (id != kNoId) {
    if (!file_.at(id).seen.stored) {
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
      if (known->second.batch != 0) duplicates_of_.insert(known->second.batch);  // not of the file itself
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
