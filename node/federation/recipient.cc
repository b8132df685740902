#include "federation/recipient.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codebook/read.h"
#include "crypto/hash.h"
#include "federation/mail.h"
#include "federation/record_file.h"
#include "federation/sealed_opening.h"

namespace penc {
namespace {

absl::Status Wrong(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kInvalidArgument,
              {absl::StrCat("le relais a donné ", fr), absl::StrCat("the hub gave ", en)});
}

absl::Status Missing(std::string fr, std::string en) {
  return Fail(absl::StatusCode::kFailedPrecondition,
              {absl::StrCat("la ronde ne s'ouvre pas: ", fr), absl::StrCat("the round does not open: ", en)});
}

bool SameBytes(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

}  // namespace

absl::Status Recipient::Take(v1::FetchRoundResponse&& piece) {
  switch (piece.piece_case()) {
    case v1::FetchRoundResponse::kTerms:
      if (SameBytes(piece.terms(), round_.signed_descriptor)) return absl::OkStatus();
      return Wrong("une autre ronde que celle demandée", "another round than the one asked for");
    case v1::FetchRoundResponse::kCertificate:
      return TakeCertificate(std::move(*piece.mutable_certificate()));
    case v1::FetchRoundResponse::kHeader:
      return TakeHeader(std::move(*piece.mutable_header()));
    case v1::FetchRoundResponse::kChunk:
      return TakeChunk(piece.chunk());
    case v1::FetchRoundResponse::kOpening:
      return TakeOpening(std::move(*piece.mutable_opening()));
    case v1::FetchRoundResponse::kVoid:
      if (!VerifyVoid(round_, piece.void_()))
        return Wrong("une preuve de nullité sans assez de promesses",
                     "a proof of voidness without enough promises");
      void_proof_ = std::move(*piece.mutable_void_());
      return absl::OkStatus();
    case v1::FetchRoundResponse::kAbstention: {
      const absl::optional<v1::Abstention> parsed = ParseAbstention(round_, piece.abstention());
      if (!parsed.has_value())
        return Wrong("une abstention que personne n'a signée", "an abstention that nobody signed");
      abstentions_.try_emplace(parsed->office(), std::move(*piece.mutable_abstention()));
      return absl::OkStatus();
    }
    case v1::FetchRoundResponse::PIECE_NOT_SET:
      break;
  }
  return Wrong("un morceau inconnu; mettez penc à jour", "an unknown piece; update penc");
}

absl::Status Recipient::TakeCertificate(v1::Certificate&& certificate) {
  if (!VerifyCertificate(round_, certificate))
    return Wrong("un certificat sans assez de votes égaux", "a certificate without enough equal votes");
  if (certificate_.has_value() && certificate_->proposal().proposal() != certificate.proposal().proposal())
    return Wrong("deux certificats différents; gardez-les: trop de témoins ont menti",
                 "two different certificates; keep them: too many stewards have lied");
  const uint64_t offices =
      static_cast<uint64_t>(ParseProposal(round_, certificate.proposal())->offices_size());
  if ((offices + round_.stewards()) * VectorBytes(round_) > kLongestRecord)
    return Fail(
        absl::StatusCode::kResourceExhausted,
        {"cette ronde est trop grande pour être gardée dans un fichier: posez moins de questions à la fois",
         "this round is too large to be kept in a file: ask fewer questions at once"});
  if (!certificate_.has_value()) certificate_ = std::move(certificate);
  return absl::OkStatus();
}

absl::Status Recipient::TakeHeader(v1::SignedHeader&& header) {
  absl::optional<v1::ContributionHeader> parsed = ParseHeader(round_, header);
  if (!parsed.has_value()) return Wrong("un en-tête que personne n'a signé", "a header that nobody signed");
  const uint32_t office = parsed->office();
  if (const auto known = headers_.find(office); known != headers_.end()) {
    if (known->second.first.header() == header.header()) return absl::OkStatus();
    return Wrong(absl::StrCat("deux en-têtes différents de ", NameOf(office), ", qui a signé les deux"),
                 absl::StrCat("two different headers of ", NameOf(office), ", which signed both"));
  }
  headers_[office] = {std::move(header), *std::move(parsed)};
  return VerifyVector(office);
}

absl::Status Recipient::TakeChunk(const v1::VectorChunk& chunk) {
  const uint64_t size = VectorBytes(round_);
  if (!round_.Asks(chunk.office()) || chunk.bytes().empty() ||
      chunk.bytes().size() != ChunkSize(size, chunk.index()))
    return Wrong("un morceau hors du vecteur", "a chunk outside the vector");
  Vector& vector = vectors_[chunk.office()];
  if (vector.verified) return absl::OkStatus();
  if (!vector.tree.has_value()) {
    vector.tree.emplace(size);
    vector.bytes.resize(size);
  }
  PENC_CHECK(vector.tree->Set(chunk.index(), chunk.bytes()));
  std::memcpy(vector.bytes.data() + uint64_t{chunk.index()} * kChunkBytes, chunk.bytes().data(),
              chunk.bytes().size());
  return VerifyVector(chunk.office());
}

// As soon as header and all chunks are there.
absl::Status Recipient::VerifyVector(uint32_t office) {
  const auto header = headers_.find(office);
  const auto at = vectors_.find(office);
  if (header == headers_.end() || at == vectors_.end() || !at->second.tree.has_value() ||
      !at->second.tree->complete())
    return absl::OkStatus();
  if (at->second.tree->Root() != header->second.second.vector_root()) {
    vectors_.erase(at);
    return Fail(absl::StatusCode::kDataLoss,
                {absl::StrCat("le vecteur de ", NameOf(office),
                              " n'est pas celui qu'elle a signé; redemandez-le au relais"),
                 absl::StrCat("the vector of ", NameOf(office),
                              " is not the one that it signed; ask the hub again")});
  }
  at->second.tree.reset();
  at->second.verified = true;
  return absl::OkStatus();
}

absl::Status Recipient::TakeOpening(v1::SealedPiece&& piece) {
  const uint32_t steward = piece.steward(), kind = piece.kind();
  const bool fits = round_.PlaceOf(steward).has_value() &&
                    (kind == 0 || (kind - 1 != steward && round_.PlaceOf(kind - 1).has_value())) &&
                    !piece.bytes().empty() && piece.bytes().size() <= kPieceBytes;
  if (!fits) return Wrong("une ouverture de personne", "an opening of nobody");
  Mail& mail = mail_[{steward, kind}];
  if (mail.opened.has_value()) return absl::OkStatus();
  if (piece.last()) mail.last = piece.index();
  const size_t size = piece.bytes().size();
  const bool fresh = mail.pieces.try_emplace(piece.index(), std::move(*piece.mutable_bytes())).second;
  if (fresh) mail.bytes += size;
  if (mail.bytes > LongestSealedOpening(round_, kind)) {
    mail = {};
    mail.remark = {
        absl::StrCat("l'ouverture au nom de ", NameOf(steward), " est plus longue que toute ouverture"),
        absl::StrCat("the opening in the name of ", NameOf(steward), " is longer than any opening")};
  } else if (mail.last.has_value() && mail.pieces.size() == size_t{*mail.last} + 1 &&
             mail.pieces.rbegin()->first == *mail.last) {
    OpenSealed(steward, kind, mail);
  }
  return absl::OkStatus();
}

void Recipient::OpenSealed(uint32_t steward, uint32_t kind, Mail& mail) {
  std::string bytes;
  bytes.reserve(mail.bytes);
  for (const auto& [index, piece] : mail.pieces) bytes += piece;
  mail = {};  // an opening that came damaged may come again
  const auto remark = [&](absl::string_view fr, absl::string_view en) {
    mail.remark = {absl::StrCat("l'ouverture au nom de ", NameOf(steward), " ", fr),
                   absl::StrCat("the opening in the name of ", NameOf(steward), " ", en)};
  };
  v1::SealedMail sealed;
  if (!sealed.ParseFromString(bytes)) return remark("est illisible", "cannot be read");
  const absl::StatusOr<Secret> content = OpenMail({round_.qid, round_.attempt(), steward}, sealed, mail_key_);
  if (absl::IsNotFound(content.status()))
    return remark("n'est pas adressée à cette clé", "is not addressed to this key");
  if (!content.ok())
    return remark("ne s'ouvre pas: altérée en chemin, ou mal scellée",
                  "does not open: altered on its way, or sealed badly");
  absl::optional<OpeningWithSum> read = ParseSealedContent(content->view());
  v1::Opening opening;
  if (!read.has_value() || !opening.ParseFromString(read->opening.opening()) ||
      opening.steward() != steward || OpeningKind(opening) != kind)
    return remark("n'est pas la sienne", "is not its own");
  mail.opened = *std::move(read);
  // Whoever opens it knows that all the listed readers can read the same; nobody may be left out.
  for (const std::string& key : RecipientsOf(round_)) {
    const std::string reader = Sha256(key);
    if (std::none_of(sealed.readers().begin(), sealed.readers().end(),
                     [&](const v1::SealedMail::Reader& one) { return one.reader() == reader; }))
      return remark("n'est pas adressée à tous ceux qui doivent la lire",
                    "is not addressed to all who are to read it");
  }
}

absl::StatusOr<Received> Recipient::Finish(const v1::SignedRoster& roster, const std::string& codebook) && {
  if (Sha256(roster.roster()) != round_.descriptor.roster_sha256())
    return Fail(absl::StatusCode::kInvalidArgument,
                {"cette liste des membres n'est pas celle de la ronde", "this roster is not the round's"});
  ASSIGN_OR_RETURN(const Codebook read, ReadCodebook("codebook", codebook));
  if (read.hash != round_.descriptor.codebook_sha256())
    return Fail(absl::StatusCode::kInvalidArgument,
                {absl::StrCat("la ronde parle du lexique ", round_.descriptor.codebook(),
                              ", et celui d'ici est un autre: gardez la version dont elle parle"),
                 absl::StrCat("the round speaks of the codebook ", round_.descriptor.codebook(),
                              ", and the one here is another: keep the version that it speaks of")});
  if (!certificate_.has_value()) return Missing("il manque le certificat", "the certificate is missing");
  const v1::Proposal set = *ParseProposal(round_, certificate_->proposal());
  Received received;
  v1::RoundRecord& record = received.record;
  record.set_format(1);
  *record.mutable_roster() = roster;
  *record.mutable_terms() = round_.signed_descriptor;
  record.set_codebook(codebook);
  RETURN_IF_ERROR(AddContributions(set, record));
  AddOpenings(received);
  AddAbstentions(set, received);
  *record.mutable_certificate() = *std::move(certificate_);
  RETURN_IF_ERROR(CheckMasks(received));
  return received;
}

absl::Status Recipient::AddContributions(const v1::Proposal& set, v1::RoundRecord& record) {
  for (const v1::Proposal::Included& included : set.offices()) {
    const std::string name = NameOf(included.office());
    const auto header = headers_.find(included.office());
    if (header == headers_.end())
      return Missing(absl::StrCat("il manque l'en-tête de ", name),
                     absl::StrCat("the header of ", name, " is missing"));
    if (Sha256(header->second.first.header()) != included.header_sha256())
      return Missing(absl::StrCat("l'en-tête de ", name, " n'est pas celui du certificat"),
                     absl::StrCat("the header of ", name, " is not the certificate's"));
    Vector& vector = vectors_[included.office()];
    if (!vector.verified)
      return Missing(absl::StrCat("il manque des morceaux du vecteur de ", name),
                     absl::StrCat("chunks of the vector of ", name, " are missing"));
    *record.add_headers() = header->second.first;
    *record.add_vectors() = std::move(vector.bytes);
  }
  return absl::OkStatus();
}

// Ascending by steward and kind. What its steward did not sign as it stands is left out: in a record it would
// only be an accusation that anybody can invent.
void Recipient::AddOpenings(Received& received) {
  const std::string set_sha256 = Sha256(certificate_->proposal().proposal());
  for (auto& [key, mail] : mail_) {
    const std::string name = NameOf(key.first);
    if (mail.remark.has_value()) received.remarks.push_back(*mail.remark);
    if (!mail.opened.has_value()) {
      if (!mail.remark.has_value())
        received.remarks.push_back({absl::StrCat("l'ouverture de ", name, " n'est pas complète au relais"),
                                    absl::StrCat("the opening of ", name, " is not complete at the hub")});
      continue;
    }
    if (!ParseOpening(round_, set_sha256, *mail.opened).has_value()) {
      received.remarks.push_back(
          {absl::StrCat("l'ouverture au nom de ", name,
                        " n'est pas signée pour cet ensemble, ou sa somme n'est pas celle qu'elle annonce"),
           absl::StrCat("the opening in the name of ", name,
                        " is not signed for this set, or its sum is not the one that it states")});
      continue;
    }
    v1::ReadOpening& added = *received.record.add_openings();
    *added.mutable_opening() = std::move(mail.opened->opening);
    added.set_mask_sum(std::move(mail.opened->mask_sum));
  }
}

void Recipient::AddAbstentions(const v1::Proposal& set, Received& received) {
  for (auto& [office, abstention] : abstentions_) {
    const bool counted = std::any_of(set.offices().begin(), set.offices().end(),
                                     [o = office](const auto& included) { return included.office() == o; });
    v1::Abstention content;
    // Who waited for a person may have contributed after all.
    if (counted && content.ParseFromString(abstention.abstention()) && content.waiting()) continue;
    if (counted) {
      received.remarks.push_back({absl::StrCat(NameOf(office), " s'est abstenue et a contribué"),
                                  absl::StrCat(NameOf(office), " abstained and contributed")});
    } else {
      *received.record.add_abstentions() = std::move(abstention);
    }
  }
}

// Every steward's masks, by its release or by enough reveals: what else is wrong with them, opening tells.
absl::Status Recipient::CheckMasks(const Received& received) const {
  std::map<uint32_t, uint32_t> reveals;  // by absent steward
  std::vector<uint32_t> released;
  for (const v1::ReadOpening& read : received.record.openings()) {
    v1::Opening opening;
    PENC_CHECK(opening.ParseFromString(read.opening().opening()));
    if (opening.reveal()) {
      ++reveals[opening.absent_steward()];
    } else {
      released.push_back(opening.steward());
    }
  }
  std::vector<std::string> fr, en;
  for (uint32_t steward : round_.descriptor.stewards()) {
    if (std::binary_search(released.begin(), released.end(), steward) || reveals[steward] >= round_.quorum())
      continue;
    const std::string name = NameOf(steward);
    fr.push_back(absl::StrCat("les masques de ", name, " manquent (", reveals[steward], " parts sur ",
                              round_.quorum(), ")"));
    en.push_back(absl::StrCat("the masks of ", name, " are missing (", reveals[steward], " shares of ",
                              round_.quorum(), ")"));
  }
  if (fr.empty()) return absl::OkStatus();
  for (const Text& remark : received.remarks) {
    fr.push_back(remark.fr);
    en.push_back(remark.en);
  }
  return Missing(absl::StrJoin(fr, "; "), absl::StrJoin(en, "; "));
}

RoundParts PartsOf(const v1::RoundRecord& record) {
  RoundParts parts;
  parts.certificate = record.certificate();
  parts.headers.assign(record.headers().begin(), record.headers().end());
  parts.vectors.assign(record.vectors().begin(), record.vectors().end());
  for (const v1::ReadOpening& read : record.openings())
    parts.openings.push_back({read.opening(), read.mask_sum()});
  return parts;
}

namespace {

absl::Status FetchInto(HubLink& hub, const Round& round, Recipient& recipient) {
  absl::Status taken;
  RETURN_IF_ERROR(hub.FetchRound(round.qid, [&](v1::FetchRoundResponse&& piece) {
    taken = recipient.Take(std::move(piece));
    return taken.ok();
  }));
  return taken;
}

}  // namespace

absl::StatusOr<Received> FetchRecord(HubLink& hub, const Round& round, const CheckedRoster& roster,
                                     const AgreementKey& mail_key, const std::string& codebook) {
  Recipient recipient(round, mail_key);
  absl::Status fetched = FetchInto(hub, round, recipient);
  if (absl::IsDataLoss(fetched)) fetched = FetchInto(hub, round, recipient);
  RETURN_IF_ERROR(fetched);
  if (recipient.void_proof().has_value())
    return Missing("elle est nulle: assez de témoins ont promis qu'elle ne s'ouvrira jamais",
                   "it is void: enough stewards have promised that it never opens");
  return std::move(recipient).Finish(roster.signed_roster, codebook);
}

absl::StatusOr<v1::VoidCertificate> FetchVoid(HubLink& hub, const Round& round,
                                              const AgreementKey& mail_key) {
  Recipient recipient(round, mail_key);
  RETURN_IF_ERROR(FetchInto(hub, round, recipient));
  if (recipient.void_proof().has_value()) return *recipient.void_proof();
  return Fail(absl::StatusCode::kFailedPrecondition,
              {"cette ronde n'est pas nulle: elle ne peut pas être reposée comme telle",
               "this round is not void: it cannot be asked again as one"});
}

}  // namespace penc
