// Where things are in an office's folder. The folder is 0700; keys are 0600.
//
//   DIR/office.yaml         name, address (storage/v1/office.proto: OfficeConfig)
//   DIR/keys/ring           every secret of the office but one, sealed under the node key (key_ring.h)
//   DIR/keys/node.key       the node key, unless it is kept elsewhere (KEYS.md)
//   DIR/keys/tls.crt        certificate of the key that this office is known by
//   DIR/epoch/              a steward's short-lived keys, sealed; never backed up
//   DIR/contributions/      what was built for regional rounds, sealed, until they are over
//   DIR/answers/            regional answers that this member opened
//   DIR/db/                 records, ledger, journal, applied policies and codebooks: one RocksDB
//   DIR/codebook.yaml       copy of the codebook in force, for people; the database decides
//   DIR/policy.yaml         copy of the policy in force, for people; the database decides
//   DIR/grants/NAME.yaml    one per partner, read as they are
//   DIR/mappings/NAME.yaml how files of a form were read, for its next export
//   DIR/quarantine/         rows that an import set aside
//   DIR/penc.sock           the running node's administration socket
#pragma once
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace penc {

class Layout {
 public:
  explicit Layout(absl::string_view dir) : dir_(dir) {}

  const std::string& dir() const { return dir_; }
  std::string config() const { return absl::StrCat(dir_, "/office.yaml"); }
  std::string keys() const { return absl::StrCat(dir_, "/keys"); }
  std::string ring() const { return absl::StrCat(dir_, "/keys/ring"); }
  std::string node_key() const { return absl::StrCat(dir_, "/keys/node.key"); }
  std::string tls_certificate() const { return absl::StrCat(dir_, "/keys/tls.crt"); }
  // Of folders of format 1; the ring has them now.
  std::string tls_key() const { return absl::StrCat(dir_, "/keys/tls.key"); }
  std::string mail_key() const { return absl::StrCat(dir_, "/keys/mail.key"); }
  std::string epochs() const { return absl::StrCat(dir_, "/epoch"); }
  std::string contributions() const { return absl::StrCat(dir_, "/contributions"); }
  std::string answers() const { return absl::StrCat(dir_, "/answers"); }
  std::string database() const { return absl::StrCat(dir_, "/db"); }
  std::string codebook() const { return absl::StrCat(dir_, "/codebook.yaml"); }
  std::string policy() const { return absl::StrCat(dir_, "/policy.yaml"); }
  std::string grants() const { return absl::StrCat(dir_, "/grants"); }
  std::string mappings() const { return absl::StrCat(dir_, "/mappings"); }
  std::string quarantine() const { return absl::StrCat(dir_, "/quarantine"); }
  std::string backup_scratch() const { return absl::StrCat(dir_, "/backup.new"); }  // while one is made
  std::string socket() const { return absl::StrCat(dir_, "/penc.sock"); }

 private:
  std::string dir_;
};

}  // namespace penc
