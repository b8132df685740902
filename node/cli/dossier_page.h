// The data-protection dossier, from its facts. Whatever is not among them is not said. Pure.
#pragma once
#include "cli/page.h"
#include "penc/v1/admin_persons.pb.h"

namespace penc::cli {

Page DossierPage(const v1::DossierResult& dossier, Lang lang);

}  // namespace penc::cli
