// Where things are in a hub's folder. The folder is 0700; keys are 0600.
//
//   DIR/hub.yaml            network, address (storage/v1/hub.proto: HubConfig)
//   DIR/keys/hub.key, .crt  who this hub is; signs proposals and receipts
//   DIR/roots/root-N.key    made by `penc network create`, to be carried away at once: they sign rosters
//   DIR/draft.roster        the next roster while signatures are collected: "penc roster 1\n",
//   v1.SignedRoster DIR/db/                 rosters, partners, rounds, sealed mail: one RocksDB DIR/penc.sock
//   the running hub's administration socket
#pragma once
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace penc {

class HubLayout {
 public:
  explicit HubLayout(absl::string_view dir) : dir_(dir) {}

  const std::string& dir() const { return dir_; }
  std::string config() const { return absl::StrCat(dir_, "/hub.yaml"); }
  std::string keys() const { return absl::StrCat(dir_, "/keys"); }
  std::string key() const { return absl::StrCat(dir_, "/keys/hub.key"); }
  std::string certificate() const { return absl::StrCat(dir_, "/keys/hub.crt"); }
  std::string roots() const { return absl::StrCat(dir_, "/roots"); }
  std::string root(uint32_t number) const { return absl::StrCat(dir_, "/roots/root-", number, ".key"); }
  std::string draft() const { return absl::StrCat(dir_, "/draft.roster"); }
  std::string database() const { return absl::StrCat(dir_, "/db"); }
  std::string socket() const { return absl::StrCat(dir_, "/penc.sock"); }

 private:
  std::string dir_;
};

}  // namespace penc
