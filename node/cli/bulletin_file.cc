#include "cli/bulletin_file.h"

#include "base/file.h"
#include "base/status.h"
#include "question/bulletin.h"

namespace penc::cli {

absl::StatusOr<v1::Bulletin> QuestionsOf(const std::string& sql, const std::string& file,
                                         const std::string& edition) {
  if (file.empty() == sql.empty())
    return Fail(absl::StatusCode::kInvalidArgument,
                {"donnez une question SQL ou --bulletin FICHIER", "give an SQL question or --bulletin FILE"});
  if (!file.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    return ReadBulletin(file, text, edition);
  }
  if (!edition.empty())
    return Fail(absl::StatusCode::kInvalidArgument,
                {"--edition va avec --bulletin: dans une question SQL, écrivez les périodes elles-mêmes",
                 "--edition goes with --bulletin: in an SQL question, write the periods themselves"});
  v1::Bulletin bulletin;
  bulletin.add_questions()->set_sql(sql);
  return bulletin;
}

}  // namespace penc::cli
