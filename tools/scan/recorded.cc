// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/recorded.h"

#include <grpcpp/grpcpp.h>
#include <xxhash.h>

#include <random>

#include "proto/kith/v1/case.grpc.pb.h"
#include "tools/scan/grpc_status.h"

namespace kith::scan {

RecordedFiles::RecordedFiles() {
  std::random_device random;
  for (std::uint64_t& word : secret_) {
    word = (static_cast<std::uint64_t>(random()) << 32U) | random();
  }
}

RecordedFiles::Key RecordedFiles::KeyOf(const std::string& path, std::uint64_t device,
                                        std::uint64_t inode, std::uint64_t size_bytes,
                                        std::int64_t mtime_ns) const {
  std::string text;
  for (const std::uint64_t number :
       {device, inode, size_bytes, static_cast<std::uint64_t>(mtime_ns)}) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      text += static_cast<char>((number >> shift) & 0xFFU);
    }
  }
  text += path;
  static_assert(sizeof secret_ >= XXH3_SECRET_SIZE_MIN);
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(text.data(), text.size(), secret_.data(), sizeof secret_);
  return {hash.low64, hash.high64};
}

absl::StatusOr<RecordedFiles> RecordedFiles::Load(const std::shared_ptr<grpc::Channel>& channel,
                                                  const std::string& case_name,
                                                  const std::string& root) {
  RecordedFiles recorded;
  const auto stub = v1::CaseService::NewStub(channel);
  v1::ListRecordedPathsRequest request;
  request.set_case_name(case_name);
  request.set_root(root);
  grpc::ClientContext context;
  const auto stream = stub->ListRecordedPaths(&context, request);
  v1::ListRecordedPathsResponse page;
  while (stream->Read(&page)) {
    for (const v1::RecordedPath& path : page.paths()) {
      recorded.keys_.insert(recorded.KeyOf(path.path(), path.device(), path.inode(),
                                           path.size_bytes(), path.mtime_ns()));
    }
  }
  const grpc::Status status = stream->Finish();
  if (!status.ok() && status.error_code() != grpc::StatusCode::NOT_FOUND) {
    return ShownStatus(status);
  }
  return recorded;
}

bool RecordedFiles::Holds(const WalkedFile& file) const {
  return file.kind == FileKind::kRegular &&
         keys_.contains(KeyOf(file.path, file.device, file.inode, file.size_bytes, file.mtime_ns));
}

}  // namespace kith::scan
