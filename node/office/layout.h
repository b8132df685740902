// Where things are in an office's folder. The folder is 0700; keys are 0600.
//
//   DIR/office.yaml         name, address (storage/v1/office.proto: OfficeConfig)
//   DIR/keys/node.key       wraps the keys of the records; makes person keys
//   DIR/keys/tls.key, .crt  who this office is to partners; signs the journal's checkpoints
//   DIR/keys/mail.key       what openings of regional rounds are sealed to (members of a network)
//   DIR/epoch/              a steward's short-lived keys; never backed up
//   DIR/contributions/      what was built for regional rounds, until they are over
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
  std::string node_key() const { return absl::StrCat(dir_, "/keys/node.key"); }
  std::string tls_key() const { return absl::StrCat(dir_, "/keys/tls.key"); }
  std::string tls_certificate() const { return absl::StrCat(dir_, "/keys/tls.crt"); }
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
