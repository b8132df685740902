// Where node keys lie and how they are found there: in the folder, in a file elsewhere, lent by systemd. Of
// stewards only how they are named; whoever asks them is the caller's (environment.h, KeySource).
#pragma once
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "crypto/secret.h"
#include "office/environment.h"
#include "office/layout.h"
#include "penc/storage/v1/keys.pb.h"
#include "penc/v1/admin_keys.pb.h"

namespace penc {

// "here", "file:PATH" (or a path alone), "credential:NAME", "stewards". INVALID_ARGUMENT with what is
// expected. The path is made absolute.
absl::StatusOr<v1::KeyPlace> ParseKeyPlace(absl::string_view text);

// A file within the folder would be stolen with it: INVALID_ARGUMENT, also where the path is not absolute.
absl::Status CheckOutside(const Layout& layout, const std::string& path);

// The key in a file or a credential, as --key-from and `penc key wrap` name it. NOT_FOUND where it is not
// there.
absl::StatusOr<Secret> ReadKeyAt(const v1::KeyPlace& place, const std::string& credentials_folder);

// What is said where systemd did not lend it.
absl::Status CredentialNotLent(absl::string_view name);

// Whose a key file is, so that nobody's key is rotated away under them: beside it lies FILE.office, a hash of
// its identity. FAILED_PRECONDITION with what to do where it is another office's; a file without a line is
// nobody's.
absl::Status CheckOwnKeyFile(const Layout& layout, const std::string& path);
// From now on it is this office's. Before anything depends on the key.
absl::Status ClaimKeyFile(const Layout& layout, const std::string& path);

// A node key and the slot that it opens.
struct FoundKey {
  Secret key;
  int slot = 0;
};
// Looks where `source` says, else in every place of the ring, at last with stewards. UNAVAILABLE where the
// key is somewhere else today (a stick that is not plugged in, stewards that do not answer); DATA_LOSS where
// it should be in the folder and is not; PERMISSION_DENIED where the key is another one, or where stewards
// keep their shares.
absl::StatusOr<FoundKey> FindNodeKey(const Layout& layout, const storage::v1::KeyRingFile& ring,
                                     const KeySource& source);

// Key files are replaced in three steps, so that at no moment there is no key for the ring that there is: the
// new key in FILE.new, the ring, FILE.new over FILE. This does what is left of it for the ring as it stands,
// after a crash too: key files in the folder that open nothing are destroyed. Sticks that are not there are
// left for later. To be called only once the ring was opened.
absl::Status FinishKeyFiles(const Layout& layout, const storage::v1::KeyRingFile& ring);
std::string NextKeyFile(const std::string& path);  // FILE.new
// The same for one file: FILE.new becomes FILE where it is the slot's key.
absl::Status FinishKeyFile(const std::string& path, absl::string_view key_id);
// Before a new key is written to FILE.new: destroys what a change that did not come to pass left there. Only
// where FILE is the slot's key; UNAVAILABLE or PERMISSION_DENIED otherwise.
absl::Status DropNextKeyFile(const std::string& path, absl::string_view key_id);

}  // namespace penc
