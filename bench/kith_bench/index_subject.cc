// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/index_subject.h"

#include <unistd.h>

#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "bench/kith_bench/hnsw_peer.h"
#include "index/simd.h"

namespace kith::bench {
namespace {

// The least that the index takes: few codes too stand in a segment of the engine that is named,
// not in the head, which is scanned whatever the engine.
constexpr std::size_t kHeadCodes = 8;

std::string FileIn(const std::string& dir) {
  return dir + "/kith-bench-" + std::to_string(::getpid()) + ".segment";
}

std::vector<index::Label> LabelsOf(std::size_t count, std::size_t first) {
  std::vector<index::Label> labels(count);
  for (std::size_t row = 0; row < count; ++row) labels[row].entry = first + row;
  return labels;
}

}  // namespace

IndexSubject::IndexSubject(const Options& options) : options_(options) {}

IndexSubject::~IndexSubject() {
  writer_.reset();
  file_.reset();
  if (is_in_file()) RemoveFiles(options_.dir);
}

void IndexSubject::RemoveFiles(const std::string& dir) {
  std::error_code error;
  // The last step of writing gives the first of them the name of the second.
  for (const std::string_view ending : {".tmp", "", ".verified"}) {
    std::filesystem::remove(FileIn(dir) + std::string(ending), error);
  }
}

absl::StatusOr<std::unique_ptr<IndexSubject>> IndexSubject::Make(const Options& options) {
  auto subject = std::make_unique<IndexSubject>(options);
  if (subject->is_in_file()) {
    auto writer =
        index::SegmentWriter::Create(FileIn(options.dir), {.memory_bytes = options.memory_bytes,
                                                           .bands = options.bands,
                                                           .progress = options.progress});
    if (!writer.ok()) return writer.status();
    subject->writer_ = *std::move(writer);
    return subject;
  }
  if (options.engine == kHnswEngine) {
    subject->peer_ = std::make_unique<HnswPeer>();
    return subject;
  }
  auto index = index::HammingIndex::Create(
      {.engine = options.engine, .head_codes = kHeadCodes, .bands = options.bands});
  if (!index.ok()) return index.status();
  subject->index_ = *std::move(index);
  return subject;
}

absl::Status IndexSubject::Add(std::span<const index::Code> codes, std::size_t first) {
  if (writer_ != nullptr) return writer_->Add(codes, LabelsOf(codes.size(), first));
  if (peer_ != nullptr) return peer_->Add(codes);
  return index_->Add(codes, LabelsOf(codes.size(), first));
}

absl::Status IndexSubject::Finish() {
  if (writer_ == nullptr) return absl::OkStatus();
  const absl::Status status = writer_->Finish().status();
  writer_.reset();
  return status;
}

absl::Status IndexSubject::Open() {
  file_.reset();
  auto file = index::SegmentFile::Open(
      FileIn(options_.dir),
      {.resident = options_.engine == kResidentEngine, .progress = options_.progress});
  if (!file.ok()) return file.status();
  file_ = *std::move(file);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<index::SearchResult>> IndexSubject::Search(
    std::span<const index::Code> queries, int radius_bits) const {
  if (peer_ != nullptr) return peer_->Search(queries, radius_bits);
  const index::SearchOptions options{.radius_bits = radius_bits,
                                     .limit = std::numeric_limits<std::size_t>::max()};
  return file_ != nullptr ? file_->Search(queries, options) : index_->Search(queries, options);
}

std::string IndexSubject::simd() const {
  if (index_ != nullptr) return index_->Stats().simd;
  if (peer_ != nullptr) return "";
  const auto target = index::ActiveSimdTarget();
  return target.ok() ? std::string(index::SimdTargetName(*target)) : "";
}

std::size_t IndexSubject::Bytes() const {
  if (file_ != nullptr) return static_cast<std::size_t>(file_->info().file_bytes);
  return peer_ != nullptr ? peer_->Bytes() : index_->Stats().bytes;
}

std::size_t IndexSubject::HotBytes() const {
  return file_ == nullptr ? 0 : static_cast<std::size_t>(file_->info().hot_bytes);
}

}  // namespace kith::bench
