// A partner's folder: its keys, and the cards of the offices and networks that it trusts.
//
//   P/partner.key   Ed25519, PEM, 0600         P/NAME.pub            to send to offices and hubs
//   P/partner.crt   renewed under the same key P/offices/NAME.card   offices that it trusts
//   P/mail.key      X25519, 0600: answers of regional rounds are sealed to it
//   P/networks, P/rounds                       partner_network.h
#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "crypto/agreement.h"
#include "office/identity.h"
#include "penc/storage/v1/office.pb.h"
#include "rpc/partner_network.h"

namespace penc::rpc {

class Partner {
 public:
  // Makes folder, keys and NAME.pub. ALREADY_EXISTS where the folder is not empty. Returns the path of
  // NAME.pub.
  static absl::StatusOr<std::string> Create(const std::string& dir, const std::string& name, absl::Time now,
                                            RandomSource& random);
  static absl::StatusOr<Partner> Open(const std::string& dir, absl::Time now);

  const std::string& folder() const { return dir_; }
  const std::string& name() const { return name_; }
  const Identity& identity() const { return identity_; }

  // Made where it is missing: folders of older pencs had none.
  absl::StatusOr<AgreementKey> MailKey(RandomSource& random) const;

  // Keeps an office's card or a network's, told apart by what they hold. FAILED_PRECONDITION where another
  // key is trusted under that name: a changed key is either a reinstalled office or an impostor, a person has
  // to ask.
  struct Trusted {
    std::string name;  // to be used with --node, or with --hub
    bool network = false;
  };
  absl::StatusOr<Trusted> Trust(const std::string& card_file) const;
  // By the name that Trust gave, or the display name. NOT_FOUND lists the known ones.
  absl::StatusOr<storage::v1::Card> Office(const std::string& name) const;
  std::vector<std::string> Offices() const;
  absl::StatusOr<PartnerNetwork> Network(const std::string& name) const {
    return PartnerNetwork::Open(dir_, name);
  }

 private:
  absl::StatusOr<std::string> TrustOffice(const std::string& file, const std::string& text) const;

  Partner(std::string dir, std::string name, Identity identity)
      : dir_(std::move(dir)), name_(std::move(name)), identity_(std::move(identity)) {}

  std::string dir_;
  std::string name_;
  Identity identity_;
};

}  // namespace penc::rpc
