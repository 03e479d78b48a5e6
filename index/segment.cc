// SPDX-License-Identifier: Apache-2.0
#include "index/segment.h"

#include <unistd.h>

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "index/internal/file_io.h"
#include "index/internal/guarded.h"
#include "index/internal/mapped_index.h"
#include "index/internal/nearest.h"
#include "index/internal/row_spool.h"
#include "index/internal/segment_builder.h"
#include "index/internal/segment_format.h"
#include "index/simd.h"

namespace kith::index {
namespace {

using internal::File;
using internal::Guarded;
using internal::MappedIndex;

class Writer final : public SegmentWriter {
 public:
  Writer(std::string path, SegmentBuildOptions options)
      : path_(std::move(path)),
        options_(std::move(options)),
        rows_(internal::FolderOf(path_), options_.memory_bytes) {}
  ~Writer() override {
    if (file_.ok() && !finished_) (void)unlink(file_.path().c_str());
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  absl::Status Start() {
    absl::StatusOr<File> file = File::Create(internal::TemporaryName(path_));
    if (!file.ok()) return file.status();
    file_ = *std::move(file);
    return absl::OkStatus();
  }

  absl::Status Add(std::span<const Code> codes, std::span<const Label> labels) override {
    if (codes.size() != labels.size()) {
      return absl::InvalidArgumentError(absl::StrCat("index: ", codes.size(), " codes came with ",
                                                     labels.size(),
                                                     " labels; give one label a code"));
    }
    if (codes.size() > std::numeric_limits<std::uint32_t>::max() - rows_.size()) {
      return absl::ResourceExhaustedError(
          absl::StrCat("index: ", path_, " would have 2^32 rows or more; make several segments"));
    }
    return Guarded("writing", path_, [&] { return rows_.Add(codes, labels); });
  }

  absl::StatusOr<SegmentInfo> Finish() override {
    SegmentInfo info;
    absl::Status status = Guarded("writing", path_, [&]() -> absl::Status {
      if (absl::Status ended = rows_.EndOfRows(); !ended.ok()) return ended;
      absl::StatusOr<SegmentInfo> built = internal::SegmentBuilder(file_, rows_, options_).Build();
      if (!built.ok()) return built.status();
      info = *std::move(built);
      if (absl::Status put = internal::PutInPlace(file_.path(), path_); !put.ok()) return put;
      finished_ = true;
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    info.path = path_;
    return info;
  }

 private:
  std::string path_;
  SegmentBuildOptions options_;
  internal::RowSpool rows_;
  File file_;
  bool finished_ = false;
};

class MappedFile final : public SegmentFile {
 public:
  explicit MappedFile(std::unique_ptr<MappedIndex> index) : index_(std::move(index)) {}

  const SegmentInfo& info() const override { return index_->info(); }

  absl::StatusOr<std::vector<SearchResult>> Search(std::span<const Code> queries,
                                                   const SearchOptions& options) const override {
    std::vector<SearchResult> results;
    absl::Status status = Guarded("searching", info().path, [&]() -> absl::Status {
      results.resize(queries.size());
      absl::Status searched = Stream(
          queries, options.radius_bits, [&](std::size_t query, std::size_t row, int distance) {
            const Label label = index_->LabelAt(row);
            if (options.keep && !options.keep(query, label, distance)) return;
            internal::OfferHit(
                {.distance_bits = static_cast<std::uint16_t>(distance), .label = label},
                options.limit, results[query]);
          });
      if (!searched.ok()) return searched;
      for (SearchResult& result : results) internal::FinishHits(result);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return results;
  }

  absl::Status SearchRows(std::span<const Code> queries, int radius_bits,
                          const RowSink& sink) const override {
    return Guarded("searching", info().path, [&] {
      return Stream(queries, radius_bits, [&](std::size_t query, std::size_t row, int distance) {
        sink(query, row, distance);
      });
    });
  }

  Label LabelAt(std::uint64_t row) const override { return index_->LabelAt(row); }
  std::vector<std::uint64_t> RowsOf(std::uint64_t entry) const override {
    return index_->RowsOf(entry);
  }
  void ForEachRowOf(std::span<const std::uint64_t> entries,
                    const std::function<void(std::uint64_t row)>& visit) const override {
    index_->ForEachRowOf(entries, visit);
  }
  void ForEachRow(const RowVisitor& visit) const override { index_->ForEachRow(visit); }
  void BeginScrub() override { index_->BeginScrub(); }
  absl::StatusOr<bool> Scrub(std::uint64_t budget_bytes) override {
    return index_->Scrub(budget_bytes);
  }

 private:
  absl::Status Stream(std::span<const Code> queries, int radius_bits,
                      internal::PairSink sink) const {
    if (radius_bits < 0 || radius_bits > kCodeBits) {
      return absl::InvalidArgumentError(
          absl::StrCat("index: radius ", radius_bits, " is not within 0..", kCodeBits));
    }
    index_->StreamPairs(queries, radius_bits, sink);
    return absl::OkStatus();
  }

  std::unique_ptr<MappedIndex> index_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(std::string path,
                                                                     SegmentBuildOptions options) {
  constexpr int kFewestBands = 8;
  if (options.bands != 0 && (options.bands < kFewestBands ||
                             options.bands > static_cast<int>(internal::kSegmentMostBands))) {
    return absl::InvalidArgumentError(absl::StrCat("index: ", options.bands,
                                                   " bands are not within ", kFewestBands, "..",
                                                   internal::kSegmentMostBands));
  }
  std::unique_ptr<Writer> writer;
  absl::Status status = Guarded("writing", path, [&] {
    writer = std::make_unique<Writer>(path, std::move(options));
    return writer->Start();
  });
  if (!status.ok()) return status;
  return writer;
}

absl::StatusOr<std::unique_ptr<SegmentFile>> SegmentFile::Open(std::string path,
                                                               SegmentOpenOptions options) {
  const absl::StatusOr<SimdTarget> simd = ActiveSimdTarget();
  if (!simd.ok()) return simd.status();
  std::unique_ptr<SegmentFile> file;
  absl::Status status = Guarded("opening", path, [&]() -> absl::Status {
    absl::StatusOr<std::unique_ptr<MappedIndex>> index = MappedIndex::Open(path, options, *simd);
    if (!index.ok()) return index.status();
    file = std::make_unique<MappedFile>(*std::move(index));
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return file;
}

}  // namespace kith::index
