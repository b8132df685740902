#include "rpc/admin_service.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "absl/types/span.h"
#include "base/status.h"
#include "ingest/byte_source.h"
#include "office/admin.h"
#include "rpc/status_mapping.h"

namespace penc::rpc {
namespace {

using Stream = grpc::ServerReaderWriter<v1::RunResponse, v1::RunRequest>;

// The chunks of an upload as one stream of bytes.
class UploadedFile final : public ByteSource {
 public:
  UploadedFile(grpc::ServerContext& context, Stream& stream) : context_(context), stream_(stream) {}

  absl::StatusOr<size_t> Read(absl::Span<char> out) override {
    while (offset_ == request_.chunk().size()) {
      offset_ = 0;
      if (!stream_.Read(&request_)) {
        request_.Clear();
        if (!context_.IsCancelled()) return size_t{0};
        return Fail(absl::StatusCode::kCancelled, {"envoi interrompu: rien n'a été importé, recommencez",
                                                   "upload interrupted: nothing was imported, start again"});
      }
    }
    size_t n = std::min(out.size(), request_.chunk().size() - offset_);
    std::memcpy(out.data(), request_.chunk().data() + offset_, n);
    offset_ += n;
    return n;
  }

 private:
  grpc::ServerContext& context_;
  Stream& stream_;
  v1::RunRequest request_;
  size_t offset_ = 0;
};

v1::RunResponse ErrorOf(const absl::Status& status) {
  v1::RunResponse response;
  Text text = Explain(status);
  response.mutable_error()->mutable_says()->set_fr(text.fr);
  response.mutable_error()->mutable_says()->set_en(text.en);
  response.mutable_error()->set_code(static_cast<uint32_t>(status.code()));
  return response;
}

}  // namespace

grpc::Status AdminService::Run(grpc::ServerContext* context, Stream* stream) {
  v1::RunRequest first;
  if (!stream->Read(&first) || !first.has_command()) {
    return ToGrpc(
        Fail(absl::StatusCode::kInvalidArgument,
             {"le premier message doit être une commande: les deux programmes penc sont-ils de la même "
              "version ?",
              "the first message must be a command: are both penc programs of the same version?"}));
  }
  UploadedFile upload(*context, *stream);
  auto progress = [stream](const v1::AdminProgress& at) {
    v1::RunResponse response;
    *response.mutable_progress() = at;
    stream->Write(response);
  };
  absl::StatusOr<v1::AdminResult> result =
      Administer(office_, first.command(), &upload, progress, [context] { return context->IsCancelled(); });
  v1::RunResponse last;
  if (result.ok()) {
    *last.mutable_result() = *std::move(result);
  } else {
    last = ErrorOf(result.status());
  }
  stream->Write(last);
  return grpc::Status::OK;
}

}  // namespace penc::rpc
