// An office's keys, open: the ring (key_ring.h) in memory, and moving the node key that opens it. KEYS.md
// says what protects what.
//
//   ASSIGN_OR_RETURN(keys, OfficeKeys::Open(layout, environment));   // reads; may ask a stick or stewards
//   RETURN_IF_ERROR(keys->Settle());                                 // once nobody else has the folder open
//
// Thread-safe. References outlive it.
#pragma once
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/sealed_file.h"
#include "federation/roster.h"
#include "office/environment.h"
#include "office/key_ring.h"
#include "office/layout.h"
#include "penc/v1/admin_keys.pb.h"

namespace penc {

class OfficeKeys {
 public:
  // A new office's, in a folder without keys: the node key lies in the folder.
  static absl::StatusOr<std::unique_ptr<OfficeKeys>> Create(const Layout& layout,
                                                            const Environment& environment);
  // Errors of FindNodeKey (key_places.h). Also for a folder of format 1, whose keys lay in files of their
  // own.
  static absl::StatusOr<std::unique_ptr<OfficeKeys>> Open(const Layout& layout,
                                                          const Environment& environment);
  // Ends what a crash left of a change of keys, and brings a folder of format 1 up: its key files are
  // destroyed when the ring has them, its short-lived files sealed. Once, while the caller is the only one
  // that has the folder open. UNAVAILABLE where the ring changed since it was opened.
  absl::Status Settle();

  const Secret& records() const { return secrets_.records; }
  const SigningKey& identity() const { return secrets_.identity; }
  const AgreementKey& mail() const { return secrets_.mail; }
  const SealedFiles& files() const { return files_; }

  // As it lies in the folder; without what it seals nothing in it is secret.
  storage::v1::KeyRingFile ring() const;
  // Does the node key lie in the folder?
  bool lies_here() const;

  // The node key is in these places from now on and in no other; another key each, and another key of the
  // ring. For stewards `roster` is the one in force (null: FAILED_PRECONDITION). What is in the folder
  // changes by one rename; before it the new key is wherever it belongs.
  absl::Status Move(const v1::KeyWrapCommand& command, const CheckedRoster* roster);
  // Shares anew where the roster has other stewards, or other mail keys of theirs; nothing otherwise, and
  // nothing where no steward holds a share. True where it did.
  absl::StatusOr<bool> ShareAnew(const CheckedRoster& roster);

 private:
  OfficeKeys(const Layout& layout, const Environment& environment, OfficeSecrets secrets, Secret ring_key,
             storage::v1::KeyRingFile ring);
  static absl::StatusOr<std::unique_ptr<OfficeKeys>> FromFormat1(const Layout& layout,
                                                                 const Environment& environment);
  absl::Status Replace(storage::v1::KeyRingFile next, Secret ring_key);

  const Layout& layout_;
  const Environment& environment_;
  const OfficeSecrets secrets_;
  const SealedFiles files_;
  mutable std::mutex mutex_;
  Secret ring_key_;
  storage::v1::KeyRingFile ring_;
};

// What is in a ring about its places, for people and for the journal.
std::vector<v1::KeyPlace> PlacesOf(const storage::v1::KeyRingFile& ring);

}  // namespace penc
