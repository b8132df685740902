#include "ingest/network_person.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/utf8.h"
#include "crypto/keyfile.h"
#include "ingest/place.h"

namespace penc {
namespace {

constexpr char kFolding = 1;
constexpr uint32_t kBase = U_GC_LL_MASK | U_GC_LO_MASK | U_GC_LU_MASK | U_GC_LT_MASK | U_GC_MC_MASK |
                           U_GC_ND_MASK | U_GC_NL_MASK | U_GC_NO_MASK;

// Small letters that Unicode does not take apart, of West African alphabets first.
constexpr std::pair<char16_t, const char*> kPlain[] = {
    {u'ɓ', "b"},  {u'ɖ', "d"}, {u'ɗ', "d"}, {u'ɛ', "e"}, {u'ǝ', "e"},  {u'ƒ', "f"}, {u'ɣ', "g"},
    {u'ƙ', "k"},  {u'ɲ', "n"}, {u'ŋ', "n"}, {u'ɔ', "o"}, {u'ʋ', "v"},  {u'ƴ', "y"}, {u'æ', "ae"},
    {u'œ', "oe"}, {u'ø', "o"}, {u'đ', "d"}, {u'ð', "d"}, {u'þ', "th"}, {u'ł', "l"}, {u'ı', "i"}};

icu::UnicodeString Normalised(const icu::Normalizer2* (*form)(UErrorCode&), const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form(error);
  PENC_CHECK(U_SUCCESS(error));
  icu::UnicodeString out = normalizer->normalize(text, error);
  PENC_CHECK(U_SUCCESS(error));
  return out;
}

uint32_t FirstBits(const std::array<uint8_t, 32>& mac) {
  return (uint32_t{mac[0]} << 16 | uint32_t{mac[1]} << 8 | mac[2]) >> (24 - kLinkageBits);
}

}  // namespace

std::string FoldedField(absl::string_view text) {
  std::string out;
  if (std::all_of(text.begin(), text.end(), absl::ascii_isascii)) {
    for (const char c : text) {
      if (absl::ascii_isalnum(c)) out.push_back(absl::ascii_tolower(c));
    }
    return out;
  }
  if (FirstInvalidUtf8(text) != absl::string_view::npos) return out;
  const icu::UnicodeString folded = Normalised(
      icu::Normalizer2::getNFKDInstance,
      Normalised(icu::Normalizer2::getNFKCCasefoldInstance,
                 icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int>(text.size())))));
  icu::UnicodeString kept;
  for (int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
    const UChar32 c = folded.char32At(i);
    const auto* plain = std::find_if(std::begin(kPlain), std::end(kPlain), [&](const auto& known) {
      return static_cast<UChar32>(known.first) == c;
    });
    if (plain != std::end(kPlain)) {
      kept.append(icu::UnicodeString::fromUTF8(plain->second));
    } else if (u_charType(c) == U_DECIMAL_DIGIT_NUMBER) {
      kept.append(static_cast<UChar32>('0' + u_charDigitValue(c)));
    } else if ((U_MASK(u_charType(c)) & kBase) != 0) {
      kept.append(c);
    }
  }
  kept.toUTF8String(out);
  return out;
}

BucketMaker::BucketMaker(const Secret* network_key, const Secret& node_key)
    : own_(DeriveKey(node_key, "persons whom no other office recognises").view()) {
  if (network_key != nullptr)
    network_ = std::make_unique<HmacKey>(DeriveKey(*network_key, "persons of the network").view());
}

BucketMaker::~BucketMaker() {
  if (!buffer_.empty()) explicit_bzero(buffer_.data(), buffer_.size());
}

absl::optional<uint32_t> BucketMaker::Of(absl::Span<const absl::string_view> fields) {
  if (network_ == nullptr) return absl::nullopt;
  buffer_.assign(1, kFolding);
  for (const absl::string_view field : fields) {
    const std::string folded = FoldedField(field);
    if (folded.empty()) return absl::nullopt;
    const auto size = static_cast<uint32_t>(folded.size());
    for (int i = 0; i < 4; ++i) buffer_.push_back(static_cast<char>(size >> (8 * i) & 0xff));
    buffer_ += folded;
  }
  std::array<uint8_t, 32> mac;
  network_->Mac(buffer_, mac);
  return FirstBits(mac);
}

uint32_t BucketMaker::Alone(const PersonKey& person) {
  std::array<uint8_t, 32> mac;
  own_.Mac({reinterpret_cast<const char*>(person.data()), person.size()}, mac);
  return FirstBits(mac);
}

absl::StatusOr<std::unique_ptr<BucketMaker>> BucketsFor(const Codebook& codebook, const Mapping& mapping,
                                                        uint32_t table, bool dry_run,
                                                        const Secret* network_key, const Secret& node_key) {
  if (!codebook.linkage.has_value() || codebook.linkage->column.table != table)
    return std::unique_ptr<BucketMaker>();
  if (mapping.network_person.empty()) return std::make_unique<BucketMaker>(nullptr, node_key);
  if (network_key == nullptr) {
    if (dry_run) return std::unique_ptr<BucketMaker>();
    return Fault({},
                 {"ce mapping reconnaît les personnes du réseau (network_person): donnez la clé du réseau, "
                  "--network-key FICHIER (au secrétariat du réseau); rien n'est importé",
                  "this mapping recognises persons of the network (network_person): give the network's key, "
                  "--network-key FILE (from the network's secretariat); nothing was imported"});
  }
  const std::string check = NetworkKeyCheck(*network_key);
  if (check != codebook.linkage->key_check) {
    return Fault({},
                 {absl::StrCat("ce n'est pas la clé du réseau: sa valeur de contrôle est ", check,
                               ", le lexique attend ", codebook.linkage->key_check,
                               "; demandez la bonne clé au secrétariat du réseau. Rien n'est importé"),
                  absl::StrCat("this is not the network's key: its check value is ", check,
                               ", the codebook expects ", codebook.linkage->key_check,
                               "; ask the network's secretariat for the right key. Nothing was imported")});
  }
  return std::make_unique<BucketMaker>(network_key, node_key);
}

}  // namespace penc
