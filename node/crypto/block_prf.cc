#include "crypto/block_prf.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/status.h"

namespace penc {

static_assert(sizeof(BlockPrf::Block) == 16);

BlockPrf::BlockPrf(absl::string_view key) : context_(EVP_CIPHER_CTX_new()) {
  PENC_CHECK(key.size() == 16 && context_ != nullptr);
  const auto* bytes = reinterpret_cast<const uint8_t*>(key.data());
  PENC_CHECK(EVP_EncryptInit_ex(context_, EVP_aes_128_ecb(), nullptr, bytes, nullptr) == 1 &&
             EVP_CIPHER_CTX_set_padding(context_, 0) == 1);
}

BlockPrf::~BlockPrf() { EVP_CIPHER_CTX_free(context_); }

void BlockPrf::Apply(absl::Span<Block> blocks) {
  for (size_t done = 0; done < blocks.size();) {
    const size_t some = std::min<size_t>(blocks.size() - done, 1 << 16);
    auto* bytes = reinterpret_cast<uint8_t*>(blocks.data() + done);
    int size = 0;
    PENC_CHECK(EVP_EncryptUpdate(context_, bytes, &size, bytes, static_cast<int>(16 * some)) == 1 &&
               size == static_cast<int>(16 * some));
    done += some;
  }
}

}  // namespace penc
