// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/hash_picture.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/stop_watch.h"

namespace kith::hashing::internal {
namespace {

// Hashes rows as they are decoded, once for each dialect that makes a difference.
class HashingSink : public RowSink {
 public:
  HashingSink(const FingerprintOptions& options, std::int64_t& hash_ns)
      : options_(options), hash_ns_(hash_ns) {}

  void Begin(int width, int height) override {
    const StopWatch watch(hash_ns_);
    width_ = width;
    coincide_ = std::max(width, height) <= 512;
    streams_.clear();
    if (options_.full || (options_.cli512 && coincide_)) {
      streams_.emplace_back(width, height, Dialect::kFull);
    }
    if (options_.cli512 && !coincide_) streams_.emplace_back(width, height, Dialect::kCli512);
  }

  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    const StopWatch watch(hash_ns_);
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(width_);
    for (PdqStream& stream : streams_) {
      for (int i = 0; i < count; ++i) {
        stream.AddRow({rgb + static_cast<std::size_t>(i) * stride, row_bytes});
      }
    }
  }

  [[nodiscard]] ViewFingerprint Finish() {
    const StopWatch watch(hash_ns_);
    ViewFingerprint view;
    view.name = ViewName(view.view);
    view.dialects_coincide = coincide_;
    std::size_t next = 0;
    if (options_.full) view.hashes.push_back(Hashes(streams_[next++].Finish(), Dialect::kFull));
    if (options_.cli512 && options_.full && coincide_) {
      view.hashes.push_back(view.hashes.front());
      view.hashes.back().dialect = Dialect::kCli512;
    } else if (options_.cli512) {
      view.hashes.push_back(Hashes(streams_[next].Finish(), Dialect::kCli512));
    }
    return view;
  }

 private:
  [[nodiscard]] DialectHashes Hashes(const Pdq& pdq, Dialect dialect) const {
    DialectHashes hashes{.dialect = dialect,
                         .quality = pdq.quality,
                         .spread = pdq.spread,
                         .usable = pdq.usable(),
                         .codes = {},
                         .orientations = options_.orientations};
    if (options_.orientations) {
      hashes.codes = AllOrientations(pdq.coefficients);
    }
    hashes.codes[0] = pdq.code;
    return hashes;
  }

  const FingerprintOptions& options_;
  std::int64_t& hash_ns_;
  int width_ = 0;
  bool coincide_ = false;
  std::vector<PdqStream> streams_;
};

}  // namespace

void HashPicture(std::span<const std::uint8_t> bytes, const FingerprintOptions& options,
                 Fingerprint& print) {
  std::int64_t both_ns = 0;
  HashingSink sink(options, print.times.hash_ns);
  DecodeResult decoded;
  {
    const StopWatch watch(both_ns);
    decoded = Decode(bytes, options.limits, sink);
  }
  print.times.decode_ns += both_ns - print.times.hash_ns;
  print.format = decoded.format;
  print.format_name = FormatName(decoded.format);
  print.disposition = decoded.disposition;
  print.detail = std::move(decoded.detail);
  print.width = decoded.width;
  print.height = decoded.height;
  if (decoded.disposition != Disposition::kHashed && decoded.disposition != Disposition::kPartial) {
    return;
  }
  ViewFingerprint view = sink.Finish();
  const bool usable = std::ranges::any_of(view.hashes, &DialectHashes::usable);
  if (!usable && !view.hashes.empty()) {
    print.disposition = Disposition::kLowQuality;
    const DialectHashes& hashes = view.hashes.front();
    const std::string why =
        hashes.quality < kUsableQuality
            ? absl::StrCat("quality ", hashes.quality, " is below ", kUsableQuality)
            : "the picture changes along one axis only";
    print.detail = print.detail.empty() ? why : absl::StrCat(why, "; ", print.detail);
  }
  print.views.push_back(std::move(view));
}

}  // namespace kith::hashing::internal
