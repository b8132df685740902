#include "office/journal_questions.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "penc/storage/v1/journal.pb.h"

namespace penc {
namespace {

using End = JournaledQuestion::End;

class Reader {
 public:
  void See(const storage::v1::JournalLeaf& leaf) {
    switch (leaf.what_case()) {
      case storage::v1::JournalLeaf::kRefused:
        questions_.push_back({End::kRefused, leaf.time_unix_micros(), leaf.refused().purpose(), leaf.refused().asker(),
                              leaf.refused().question(), {}});
        break;
      case storage::v1::JournalLeaf::kCharged:
        Charged(leaf);
        break;
      case storage::v1::JournalLeaf::kReleased:
        answered_.insert(leaf.released().slot());
        for (size_t at : of_[leaf.released().slot()]) Answered(questions_[at], leaf.time_unix_micros());
        break;
      case storage::v1::JournalLeaf::kRefunded:
        for (size_t at : of_[leaf.refunded().slot()]) questions_[at].end = End::kNothing;
        break;
      default:
        break;
    }
  }
  std::vector<JournaledQuestion> Take() { return std::move(questions_); }

 private:
  static void Answered(JournaledQuestion& question, int64_t time) {
    if (question.end != End::kNothing) return;
    question.end = End::kAnswered;
    question.time_unix_micros = time;
  }
  void Charged(const storage::v1::JournalLeaf& leaf) {
    const storage::v1::Charged& charged = leaf.charged();
    JournaledQuestion question{charged.regional() ? End::kRegional : End::kNothing,
                               leaf.time_unix_micros(),
                               charged.purpose(),
                               charged.asker(),
                               charged.question(),
                               {}};
    for (const storage::v1::CohortCharge& cohort : charged.cohorts()) question.cohorts.push_back(cohort.cohort());
    of_[charged.slot()].push_back(questions_.size());
    questions_.push_back(std::move(question));
    if (answered_.count(charged.slot()) > 0) Answered(questions_.back(), leaf.time_unix_micros());
  }

  std::vector<JournaledQuestion> questions_;
  std::map<std::string, std::vector<size_t>> of_;  // by slot
  std::set<std::string> answered_;
};

}  // namespace

absl::StatusOr<std::vector<JournaledQuestion>> QuestionsInJournal(const Journal& journal) {
  Reader reader;
  absl::Status unreadable;
  RETURN_IF_ERROR(journal.ForEach(0, [&](uint64_t index, absl::string_view bytes) {
    storage::v1::JournalLeaf leaf;
    if (!leaf.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      unreadable = Fail(absl::StatusCode::kDataLoss,
                        {absl::StrCat("entrée ", index, " du journal illisible: penc journal verify dit ce qui manque"),
                         absl::StrCat("entry ", index,
                                      " of the journal is unreadable: penc journal verify says what is missing")});
      return false;
    }
    reader.See(leaf);
    return true;
  }));
  RETURN_IF_ERROR(unreadable);
  return reader.Take();
}

}  // namespace penc
