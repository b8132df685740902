// Making an office: everything is built in a folder beside and renamed, so that there is a whole office or
// none.

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/database.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/status.h"
#include "codebook/read.h"
#include "journal/committer.h"
#include "journal/journal.h"
#include "office/applied.h"
#include "office/card.h"
#include "office/key_journal.h"
#include "office/keys.h"
#include "office/office.h"
#include "policy/read.h"

namespace penc {
namespace {

absl::Status Build(const Layout& layout, const InitOptions& options, const Codebook& codebook,
                   const Policy& policy, const Environment& environment) {
  const absl::Time now = environment.clock.Now();
  for (const std::string& folder : {layout.keys(), layout.grants(), layout.mappings(), layout.quarantine()}) {
    RETURN_IF_ERROR(MakePrivateFolder(folder));
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<OfficeKeys> keys, OfficeKeys::Create(layout, environment));
  ASSIGN_OR_RETURN(const Identity identity,
                   LoadIdentity(keys->identity().Copy(), layout.tls_certificate(), options.name, now));
  storage::v1::OfficeConfig config;
  config.set_office(options.name);
  config.set_format(kFolderFormat);
  config.set_created(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()));
  config.set_practice(options.practice);
  config.set_listen(options.listen);
  RETURN_IF_ERROR(WriteFileAtomically(layout.config(), WriteOfficeConfig(config)));
  RETURN_IF_ERROR(WriteFileAtomically(layout.codebook(), options.codebook_text));
  RETURN_IF_ERROR(WriteFileAtomically(layout.policy(), options.policy_text));

  ASSIGN_OR_RETURN(std::unique_ptr<Database> database, Database::Open(layout.database()));
  ASSIGN_OR_RETURN(std::unique_ptr<Journal> journal, Journal::Open(*database, environment.random));
  Committer committer(*database, *journal, environment.clock);
  return committer.Commit([&](Staging& staging) {
    storage::v1::JournalLeaf leaf;
    leaf.mutable_office_created()->set_name(options.name);
    leaf.mutable_office_created()->set_practice(options.practice);
    leaf.mutable_office_created()->set_key(identity.fingerprint);
    staging.Leaf(std::move(leaf));
    StageRingSaid(*database, staging, keys->ring().version());
    StageApplied(*database, staging, AppliedKind::kCodebook,
                 absl::StrCat(codebook.name, "@", codebook.version),
                 NextApplied(0, options.codebook_text, now));
    StageApplied(*database, staging, AppliedKind::kPolicy, policy.name,
                 NextApplied(0, options.policy_text, now));
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status Office::Create(const std::string& dir, const InitOptions& options,
                            const Environment& environment) {
  RETURN_IF_ERROR(CheckDisplayName(options.name));
  RETURN_IF_ERROR(CheckAddress(options.listen));
  ASSIGN_OR_RETURN(Codebook codebook, ReadCodebook(options.codebook_file, options.codebook_text));
  ASSIGN_OR_RETURN(Policy policy, ReadPolicy(options.policy_file, options.policy_text, codebook));
  ASSIGN_OR_RETURN(NewFolder folder, NewFolder::Beside(dir, environment.random));
  RETURN_IF_ERROR(Build(Layout(folder.path()), options, codebook, policy, environment));
  return folder.MoveIntoPlace();
}

}  // namespace penc
