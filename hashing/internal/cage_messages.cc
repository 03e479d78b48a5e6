// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/cage_messages.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>

namespace kith::hashing::internal {
namespace {

// The kind of a message and, in the last digit, the version of all of them.
constexpr std::uint32_t kHelloMagic = 0x4B444834;    // "KDH4"
constexpr std::uint32_t kRequestMagic = 0x4B445234;  // "KDR4"
constexpr std::uint32_t kAnswerMagic = 0x4B444134;   // "KDA4"

// An hour, which no picture has: what a worker says must not overflow a sum.
constexpr std::int64_t kMostHashNs = 3'600'000'000'000;

constexpr std::size_t kMaxLibraries = 24;
constexpr std::size_t kMaxLibraryBytes = 100;

enum OptionBits : std::uint8_t {
  kFullBit = 1,
  kCli512Bit = 2,
  kOrientationsBit = 4,
  kTrimmedBit = 8,
  kFastBit = 16,
  kUnknownBits = 0xE0,
};

class Writer {
 public:
  template <typename Number>
  void Put(Number number) {
    const auto value = static_cast<std::uint64_t>(number);
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  void PutBytes(std::span<const std::uint8_t> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  [[nodiscard]] Message Take() { return std::move(bytes_); }

 private:
  Message bytes_;
};

// Reads what is there; what is not there is zero, and remembered.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  template <typename Number>
  [[nodiscard]] Number Get() {
    std::uint64_t value = 0;
    const auto bytes = Bytes(sizeof(Number));
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return static_cast<Number>(value);
  }
  [[nodiscard]] std::span<const std::uint8_t> Bytes(std::size_t count) {
    if (count > rest_.size()) {
      short_ = true;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.first(count);
    rest_ = rest_.subspan(count);
    return bytes;
  }
  // True if the message was as long as what was read of it.
  [[nodiscard]] bool AtEnd() const { return !short_ && rest_.empty(); }
  [[nodiscard]] bool is_short() const { return short_; }

 private:
  std::span<const std::uint8_t> rest_;
  bool short_ = false;
};

bool HasPicture(Disposition disposition) {
  return disposition == Disposition::kHashed || disposition == Disposition::kLowQuality ||
         disposition == Disposition::kPartial;
}

// What a decoder may say; the others are told by who reads the file or minds the worker.
bool IsDecoders(Disposition disposition) {
  return HasPicture(disposition) || disposition == Disposition::kUnsupported ||
         disposition == Disposition::kUnreadable || disposition == Disposition::kOverLimit;
}

std::string Printable(std::span<const std::uint8_t> bytes) {
  std::string text(bytes.begin(), bytes.end());
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

bool ReadHashes(Reader& in, const FingerprintOptions& options, Dialect dialect,
                ViewFingerprint& view) {
  DialectHashes hashes{.dialect = dialect, .codes = {}, .orientations = options.orientations};
  const auto said = in.Get<std::uint8_t>();
  hashes.quality = in.Get<std::uint8_t>();
  hashes.spread = std::bit_cast<double>(in.Get<std::uint64_t>());
  for (Code& code : hashes.codes) {
    const auto bytes = in.Bytes(code.size());
    std::ranges::copy(bytes, code.begin());
  }
  if (!options.orientations) std::fill(hashes.codes.begin() + 1, hashes.codes.end(), Code{});
  hashes.usable = hashes.quality >= kUsableQuality && hashes.spread >= kMinimumSpread;
  view.hashes.push_back(hashes);
  return said == static_cast<std::uint8_t>(dialect) && hashes.quality <= 100 &&
         std::isfinite(hashes.spread) && hashes.spread >= 0;
}

bool SidesAreWithin(std::int64_t width, std::int64_t height, const DecodeLimits& limits) {
  return width >= 1 && height >= 1 && std::max(width, height) <= std::int64_t{limits.max_side} &&
         static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) <=
             limits.max_pixels;
}

// The first view is the original; then come the others by frame and crop, each once.
bool IsNext(const View& view, const std::vector<ViewFingerprint>& before,
            const FingerprintOptions& options) {
  if (before.empty()) return view == View{};
  const View& last = before.back().view;
  return (view.crop == Crop::kWhole || options.trimmed) &&
         std::tie(view.frame, view.crop) > std::tie(last.frame, last.crop);
}

bool ReadViews(Reader& in, const FingerprintOptions& options, Fingerprint& print) {
  const std::size_t count = in.Get<std::uint8_t>();
  if (count > kMaxViews || HasPicture(print.disposition) != (count > 0)) return false;
  for (std::size_t i = 0; i < count && !in.is_short(); ++i) {
    ViewFingerprint view;
    view.view.frame = in.Get<std::uint32_t>();
    const auto crop = in.Get<std::uint8_t>();
    if (crop > static_cast<std::uint8_t>(Crop::kTrimmed)) return false;
    view.view.crop = static_cast<Crop>(crop);
    if (!IsNext(view.view, print.views, options)) return false;
    view.name = ViewName(view.view);
    view.width = in.Get<std::int32_t>();
    view.height = in.Get<std::int32_t>();
    if (!SidesAreWithin(view.width, view.height, options.limits)) return false;
    if (i == 0 && (view.width != print.width || view.height != print.height)) return false;
    view.dialects_coincide = std::max(view.width, view.height) <= 512;
    if (options.full && !ReadHashes(in, options, Dialect::kFull, view)) return false;
    if (options.cli512 && !ReadHashes(in, options, Dialect::kCli512, view)) return false;
    print.views.push_back(std::move(view));
  }
  if (!HasPicture(print.disposition)) return true;
  const bool hashes_wanted = options.full || options.cli512;
  const bool usable = std::ranges::any_of(print.views, [](const auto& view) {
    return std::ranges::any_of(view.hashes, &DialectHashes::usable);
  });
  return !hashes_wanted || usable == (print.disposition != Disposition::kLowQuality);
}

bool SidesMakeSense(const Fingerprint& print, const DecodeLimits& limits) {
  return !HasPicture(print.disposition) || SidesAreWithin(print.width, print.height, limits);
}

}  // namespace

Message WriteHello(const CageHello& hello) {
  Writer out;
  out.Put(kHelloMagic);
  out.Put(hello.measures);
  out.Put(hello.landlock_abi);
  out.Put(hello.address_space_bytes);
  const std::size_t count = std::min(hello.libraries.size(), kMaxLibraries);
  out.Put(static_cast<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& library = hello.libraries[i];
    const std::size_t size = std::min(library.size(), kMaxLibraryBytes);
    out.Put(static_cast<std::uint8_t>(size));
    out.PutBytes({reinterpret_cast<const std::uint8_t*>(library.data()), size});
  }
  return out.Take();
}

std::optional<CageHello> ReadHello(std::span<const std::uint8_t> message) {
  Reader in(message);
  if (in.Get<std::uint32_t>() != kHelloMagic) return std::nullopt;
  CageHello hello;
  hello.measures = in.Get<std::uint32_t>();
  hello.landlock_abi = in.Get<std::uint32_t>();
  hello.address_space_bytes = in.Get<std::uint64_t>();
  const std::size_t count = in.Get<std::uint8_t>();
  if (count > kMaxLibraries) return std::nullopt;
  for (std::size_t i = 0; i < count && !in.is_short(); ++i) {
    const std::size_t size = in.Get<std::uint8_t>();
    if (size > kMaxLibraryBytes) return std::nullopt;
    hello.libraries.push_back(Printable(in.Bytes(size)));
  }
  return in.AtEnd() ? std::optional(hello) : std::nullopt;
}

Message WriteRequest(const CageRequest& request) {
  const FingerprintOptions& options = request.options;
  Writer out;
  out.Put(kRequestMagic);
  out.Put(request.sequence);
  out.Put(request.size_bytes);
  out.Put(request.capacity_bytes);
  out.Put(static_cast<std::uint8_t>(
      (options.full ? kFullBit : 0) | (options.cli512 ? kCli512Bit : 0) |
      (options.orientations ? kOrientationsBit : 0) | (options.trimmed ? kTrimmedBit : 0) |
      (options.fast ? kFastBit : 0)));
  out.Put(options.limits.max_bytes);
  out.Put(options.limits.max_side);
  out.Put(options.limits.max_pixels);
  out.Put(options.limits.max_memory_bytes);
  out.Put(options.limits.max_scans);
  return out.Take();
}

std::optional<CageRequest> ReadRequest(std::span<const std::uint8_t> message) {
  Reader in(message);
  if (in.Get<std::uint32_t>() != kRequestMagic) return std::nullopt;
  CageRequest request;
  request.sequence = in.Get<std::uint64_t>();
  request.size_bytes = in.Get<std::uint64_t>();
  request.capacity_bytes = in.Get<std::uint64_t>();
  const auto bits = in.Get<std::uint8_t>();
  if ((bits & kUnknownBits) != 0) return std::nullopt;
  FingerprintOptions& options = request.options;
  options.full = (bits & kFullBit) != 0;
  options.cli512 = (bits & kCli512Bit) != 0;
  options.orientations = (bits & kOrientationsBit) != 0;
  options.trimmed = (bits & kTrimmedBit) != 0;
  options.fast = (bits & kFastBit) != 0;
  options.limits.max_bytes = in.Get<std::uint64_t>();
  options.limits.max_side = in.Get<std::uint32_t>();
  options.limits.max_pixels = in.Get<std::uint64_t>();
  options.limits.max_memory_bytes = in.Get<std::uint64_t>();
  options.limits.max_scans = in.Get<int>();
  return in.AtEnd() ? std::optional(request) : std::nullopt;
}

Message WriteAnswer(std::uint64_t sequence, const Fingerprint& print) {
  Writer out;
  out.Put(kAnswerMagic);
  out.Put(sequence);
  out.Put(static_cast<std::uint8_t>(print.format));
  out.Put(static_cast<std::uint8_t>(print.disposition));
  out.Put(print.width);
  out.Put(print.height);
  out.Put(static_cast<std::uint8_t>(print.approximate ? 1 : 0));
  out.Put(print.times.hash_ns);
  const std::size_t detail = std::min(print.detail.size(), kMaxDetailBytes);
  out.Put(static_cast<std::uint8_t>(detail));
  for (std::size_t i = 0; i < detail; ++i) out.Put(static_cast<std::uint8_t>(print.detail[i]));
  const std::size_t views = std::min(print.views.size(), kMaxViews);
  out.Put(static_cast<std::uint8_t>(views));
  for (std::size_t i = 0; i < views; ++i) {
    out.Put(print.views[i].view.frame);
    out.Put(static_cast<std::uint8_t>(print.views[i].view.crop));
    out.Put(print.views[i].width);
    out.Put(print.views[i].height);
    for (const DialectHashes& hashes : print.views[i].hashes) {
      out.Put(static_cast<std::uint8_t>(hashes.dialect));
      out.Put(static_cast<std::uint8_t>(hashes.quality));
      out.Put(std::bit_cast<std::uint64_t>(hashes.spread));
      for (const Code& code : hashes.codes) out.PutBytes(code);
    }
  }
  return out.Take();
}

bool ReadAnswer(std::span<const std::uint8_t> message, const CageRequest& request,
                Fingerprint& print) {
  Reader in(message);
  if (in.Get<std::uint32_t>() != kAnswerMagic) return false;
  if (in.Get<std::uint64_t>() != request.sequence) return false;
  if (in.Get<std::uint8_t>() != static_cast<std::uint8_t>(print.format)) return false;
  const auto disposition = in.Get<std::uint8_t>();
  if (disposition >= kDispositionCount) return false;
  Fingerprint read = print;
  read.disposition = static_cast<Disposition>(disposition);
  if (!IsDecoders(read.disposition)) return false;
  read.width = in.Get<std::int32_t>();
  read.height = in.Get<std::int32_t>();
  if (read.width < 0 || read.height < 0) return false;
  if (!SidesMakeSense(read, request.options.limits)) return false;
  const auto approximate = in.Get<std::uint8_t>();
  if (approximate > (request.options.fast ? 1 : 0)) return false;
  read.approximate = approximate == 1;
  read.times.hash_ns += std::clamp<std::int64_t>(in.Get<std::int64_t>(), 0, kMostHashNs);
  const std::size_t detail = in.Get<std::uint8_t>();
  if (detail > kMaxDetailBytes) return false;
  read.detail = Printable(in.Bytes(detail));
  FingerprintOptions options = request.options;
  options.cli512 = options.cli512 && !read.approximate;
  if (!ReadViews(in, options, read) || !in.AtEnd()) return false;
  if (read.approximate && (read.disposition != Disposition::kHashed || read.views.size() != 1)) {
    return false;
  }
  print = std::move(read);
  return true;
}

}  // namespace kith::hashing::internal
