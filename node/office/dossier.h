// The facts of the data-protection dossier, from the codebook, the policy, the grants, the journal and what this computer
// says: nothing that is written down once and may become false. The words are the command line's (cli/dossier_page.h).
#pragma once
#include "absl/status/statusor.h"
#include "office/office.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc {

// The journal says that it was made.
absl::StatusOr<v1::DossierResult> MakeDossier(Office& office);

}  // namespace penc
