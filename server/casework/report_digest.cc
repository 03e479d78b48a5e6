// SPDX-License-Identifier: Apache-2.0
#include "server/casework/report_digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <openssl/evp.h>

#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"

namespace kith::casework {
namespace {

// Behind the numbers of the report's own fields.
constexpr std::uint32_t kPath = 64;
constexpr std::uint32_t kClusterFile = 65;
constexpr std::uint32_t kRun = 66;

template <typename Message>
std::string Serialized(const Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  {
    // It gives back what it did not use at its end.
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    (void)message.SerializeToCodedStream(&coded);  // into memory: cannot fail
  }
  return bytes;
}

}  // namespace

struct ReportDigest::Context {
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> md{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

ReportDigest::ReportDigest() : context_(std::make_unique<Context>()) {
  sound_ = context_->md && EVP_DigestInit_ex(context_->md.get(), EVP_sha256(), nullptr) == 1;
}
ReportDigest::~ReportDigest() = default;

void ReportDigest::AddBytes(std::uint32_t field, std::string_view bytes) {
  std::array<unsigned char, 12> head{};
  for (std::size_t i = 0; i < 4; ++i) {
    head[3 - i] = static_cast<unsigned char>(field >> (8 * i));
  }
  const std::uint64_t size = bytes.size();
  for (std::size_t i = 0; i < 8; ++i) {
    head[11 - i] = static_cast<unsigned char>(size >> (8 * i));
  }
  sound_ = sound_ && EVP_DigestUpdate(context_->md.get(), head.data(), head.size()) == 1 &&
           EVP_DigestUpdate(context_->md.get(), bytes.data(), bytes.size()) == 1;
}

template <typename Message>
void ReportDigest::AddMessage(std::uint32_t field, const Message& message) {
  AddBytes(field, Serialized(message));
}

template <typename Messages>
void ReportDigest::AddAll(std::uint32_t field, const Messages& messages) {
  for (const auto& message : messages) AddMessage(field, message);
}

void ReportDigest::Add(const v1::Report& fragment) {
  using Report = v1::Report;
  if (fragment.has_scope()) AddMessage(Report::kScopeFieldNumber, fragment.scope());
  if (fragment.has_summary()) AddMessage(Report::kSummaryFieldNumber, fragment.summary());
  AddAll(Report::kSetsFieldNumber, fragment.sets());
  AddAll(Report::kSeriesFieldNumber, fragment.series());
  for (const v1::ReportFile& file : fragment.files()) {
    if (!file.continued()) {
      v1::ReportFile head = file;
      head.clear_paths();
      AddMessage(Report::kFilesFieldNumber, head);
    }
    for (const std::string& path : file.paths()) AddBytes(kPath, path);
  }
  if (fragment.kind() != v1::REPORT_KIND_UNSPECIFIED) {
    AddBytes(Report::kKindFieldNumber, std::to_string(static_cast<int>(fragment.kind())));
  }
  AddAll(Report::kSightingsFieldNumber, fragment.sightings());
  if (fragment.has_method()) {
    v1::ReportMethod head = fragment.method();
    head.clear_runs();
    // Of a fragment that brings more runs, nothing is left of it.
    if (head.ByteSizeLong() > 0) AddMessage(Report::kMethodFieldNumber, head);
    AddAll(kRun, fragment.method().runs());
  }
  for (const v1::ReportCluster& cluster : fragment.clusters()) {
    if (!cluster.continued()) {
      v1::ReportCluster head = cluster;
      head.clear_listed();
      AddMessage(Report::kClustersFieldNumber, head);
    }
    AddAll(kClusterFile, cluster.listed());
  }
  AddAll(Report::kTasksFieldNumber, fragment.tasks());
}

absl::StatusOr<std::string> ReportDigest::Finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (!sound_ || EVP_DigestFinal_ex(context_->md.get(), digest.data(), &length) != 1) {
    return absl::InternalError("the report could not be hashed");
  }
  return absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), length});
}

}  // namespace kith::casework
