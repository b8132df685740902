// What a proposal asks about cells that a code list does not know, in words. Pure.
#pragma once
#include <string>

#include "base/status.h"
#include "codebook/codebook.h"
#include "ingest/place.h"
#include "ingest/propose.h"

namespace penc {

// What `spelling` means: quotes it.
OpenQuestion AskMeaning(const std::string& id, const std::string& source, const std::string& spelling,
                        const CodeList& list);

// That there are `count` of them, the first at `first`, and where to write what they mean; quotes none.
OpenQuestion AskForMeanings(const std::string& id, const Place& first, size_t count, const Column& column,
                            const CodeList& list);

// A question with its answers, for a comment in a mapping.
Text Written(const OpenQuestion& question);

}  // namespace penc
