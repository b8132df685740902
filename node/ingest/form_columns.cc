#include "ingest/form_columns.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace penc {
namespace {

// In small letters.
constexpr absl::string_view kMarks[] = {
    "_uuid",           "_submission_time", "_submission__uuid", "_parent_index", "meta/instanceid",
    "meta.instanceid", "instanceid",       "formhub/uuid",      "parent_key",    "submissiondate"};

constexpr absl::string_view kOwn[] = {
    // Kobo
    "_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by",
    "__version__", "_version_", "_tags", "_index", "_parent_table_name", "_parent_index", "_attachments",
    "_geolocation", "_xform_id_string", "_bamboo_dataset_id", "_media_count", "_total_media",
    "_media_all_received", "_deleted_at", "_edited", "_date_modified", "_supplementaldetails", "formhub/uuid",
    "formhub.uuid",
    // What a form records by itself
    "start", "end", "today", "deviceid", "subscriberid", "simserial", "simid", "phonenumber", "username",
    "email", "imei", "audit", "background-audio", "instanceid", "instancename", "rootuuid", "deprecatedid",
    // ODK Central
    "submissiondate", "key", "parent_key", "__id", "submitterid", "submittername", "attachmentspresent",
    "attachmentsexpected", "status", "reviewstate", "edits", "formversion", "formdef_version", "starttime",
    "endtime", "duration", "caseid", "devicephonenum"};

absl::string_view Leaf(absl::string_view name) {
  const size_t cut = name.find_last_of("/.");
  return cut == absl::string_view::npos ? name : name.substr(cut + 1);
}

// "gps" of "_gps_latitude", with the path before it; empty: no part of a place.
std::string PlaceOf(const std::string& name) {
  const absl::string_view leaf = Leaf(name);
  if (!absl::StartsWith(leaf, "_")) return "";
  for (const absl::string_view part :
       {"_latitude", "_longitude", "_altitude", "_precision", "-latitude", "-longitude"}) {
    if (!absl::EndsWith(leaf, part) || leaf.size() <= part.size() + 1) continue;
    return absl::StrCat(name.substr(0, name.size() - leaf.size()),
                        leaf.substr(1, leaf.size() - 1 - part.size()));
  }
  return "";
}

template <typename Words>
bool Among(const Words& words, absl::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

}  // namespace

std::vector<bool> FormColumns(const std::vector<std::string>& names) {
  std::vector<bool> own(names.size(), false);
  bool form = false;
  std::set<std::string> places;
  std::vector<std::string> small;
  for (const std::string& name : names) {
    small.push_back(absl::AsciiStrToLower(name));
    form = form || Among(kMarks, small.back());
    places.insert(PlaceOf(small.back()));
  }
  if (!form) return own;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string& name = small[i];
    const bool alone = name.find_first_of("/.") == std::string::npos;
    const bool meta = absl::StartsWith(name, "meta/") || absl::StartsWith(name, "meta.");
    own[i] = (Among(kOwn, name) && alone) || meta || absl::StartsWith(name, "_submission_") ||
             absl::StartsWith(name, "__system") || absl::StartsWith(name, "set-of-") ||
             absl::StartsWith(name, "formhub") || !PlaceOf(name).empty() || places.contains(name);
    if (name.empty()) own[i] = false;
  }
  return own;
}

}  // namespace penc
