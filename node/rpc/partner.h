// A partner's folder: its key, and the cards of the offices that it trusts.
//
//   P/partner.key   Ed25519, PEM, 0600        P/NAME.pub            to send to offices
//   P/partner.crt   renewed under the same key P/offices/NAME.card   offices that it trusts
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "office/identity.h"
#include "penc/storage/v1/office.pb.h"

namespace penc::rpc {

class Partner {
 public:
  // Makes folder, key and NAME.pub. ALREADY_EXISTS where the folder is not empty. Returns the path of
  // NAME.pub.
  static absl::StatusOr<std::string> Create(const std::string& dir, const std::string& name, absl::Time now,
                                            RandomSource& random);
  static absl::StatusOr<Partner> Open(const std::string& dir, absl::Time now);

  const std::string& name() const { return name_; }
  const Identity& identity() const { return identity_; }

  // Copies the card into P/offices. FAILED_PRECONDITION where another key is trusted under that name: a
  // changed key is either a reinstalled office or an impostor, a person has to ask. Returns the name to use
  // with --node.
  absl::StatusOr<std::string> Trust(const std::string& card_file) const;
  // By the name that Trust gave, or the display name. NOT_FOUND lists the known ones.
  absl::StatusOr<storage::v1::Card> Office(const std::string& name) const;
  std::vector<std::string> Offices() const;

 private:
  Partner(std::string dir, std::string name, Identity identity)
      : dir_(std::move(dir)), name_(std::move(name)), identity_(std::move(identity)) {}

  std::string dir_;
  std::string name_;
  Identity identity_;
};

}  // namespace penc::rpc
