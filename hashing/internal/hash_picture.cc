// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/hash_picture.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/fast_pdq.h"
#include "hashing/internal/borders.h"
#include "hashing/internal/stop_watch.h"
#include "hashing/internal/tent_reducer.h"

namespace kith::hashing::internal {
namespace {

// Frames of an animation, pages of a document: so many are kept, each with room for its trimmed
// view.
constexpr std::size_t kMaxFrames = kMaxViews / 2;
// A frame that is so near to one that is kept adds hardly anything: what is found through the one
// is found through the other with two bits less of the radius.
constexpr int kSameFrameBits = 2;
// Where that would keep too many, as of a film, it is more: scenes that come later are worth more
// than each step of the first one.
constexpr int kSameFrameBitsOfMany = 10;

DialectHashes HashesOf(const Pdq& pdq, Dialect dialect, bool orientations) {
  DialectHashes hashes{.dialect = dialect,
                       .quality = pdq.quality,
                       .spread = pdq.spread,
                       .usable = pdq.usable(),
                       .codes = {},
                       .orientations = orientations};
  if (orientations) hashes.codes = AllOrientations(pdq.coefficients);
  hashes.codes[0] = pdq.code;
  return hashes;
}

// Hashes the rows of one view, once for each dialect that makes a difference.
class ViewHasher {
 public:
  ViewHasher(const FingerprintOptions& options, int width, int height)
      : options_(options),
        width_(width),
        height_(height),
        coincide_(std::max(width, height) <= 512) {
    if (options.full || (options.cli512 && coincide_)) {
      streams_.emplace_back(width, height, Dialect::kFull);
    }
    if (options.cli512 && !coincide_) streams_.emplace_back(width, height, Dialect::kCli512);
  }

  void AddRow(const std::uint8_t* rgb) {
    const std::size_t row_bytes = 3 * static_cast<std::size_t>(width_);
    for (PdqStream& stream : streams_) stream.AddRow({rgb, row_bytes});
  }

  [[nodiscard]] ViewFingerprint Finish(View which) {
    ViewFingerprint view;
    view.view = which;
    view.name = ViewName(which);
    view.width = width_;
    view.height = height_;
    view.dialects_coincide = coincide_;
    std::size_t next = 0;
    if (options_.full) {
      view.hashes.push_back(
          HashesOf(streams_[next++].Finish(), Dialect::kFull, options_.orientations));
    }
    if (options_.cli512 && options_.full && coincide_) {
      view.hashes.push_back(view.hashes.front());
      view.hashes.back().dialect = Dialect::kCli512;
    } else if (options_.cli512) {
      view.hashes.push_back(
          HashesOf(streams_[next].Finish(), Dialect::kCli512, options_.orientations));
    }
    return view;
  }

 private:
  const FingerprintOptions& options_;
  int width_;
  int height_;
  bool coincide_;
  std::vector<PdqStream> streams_;
};

bool IsUsable(const ViewFingerprint& view) {
  return std::ranges::any_of(view.hashes, &DialectHashes::usable);
}

struct Frame {
  ViewFingerprint whole;
  std::optional<Rectangle> inner;  // without its borders, where it has some
};

// Whether both have borders, and the same but for what PDQ does not see, or neither has.
bool FramedAlike(const Frame& a, const Frame& b) {
  if (!a.inner.has_value() || !b.inner.has_value()) return a.inner == b.inner;
  const auto near = [](int one, int other, int side) {
    return std::abs(one - other) <= side / kGridSide;
  };
  return near(a.inner->left, b.inner->left, a.inner->width) &&
         near(a.inner->width, b.inner->width, a.inner->width) &&
         near(a.inner->top, b.inner->top, a.inner->height) &&
         near(a.inner->height, b.inner->height, a.inner->height);
}

// Frames of no usable hash are the same only if all is: what they hold is told by `trimmed` alone.
bool AreSame(const Frame& a, const Frame& b, int bits) {
  const bool usable = IsUsable(a.whole);
  return usable == IsUsable(b.whole) && FramedAlike(a, b) &&
         HammingDistance(a.whole.hashes.front().codes.front(),
                         b.whole.hashes.front().codes.front()) <= (usable ? bits : 0);
}

// The first decoding: hashes the first frame and those unlike it and each other, and looks where
// each has borders.
class WholeSink : public RowSink {
 public:
  WholeSink(const FingerprintOptions& options, std::int64_t& hash_ns)
      : options_(options), hash_ns_(hash_ns) {}

  void Begin(int width, int height) override {
    const StopWatch watch(hash_ns_);
    hasher_.emplace(options_, width, height);
    finder_.reset();
    if (options_.trimmed) finder_.emplace(width, height);
  }

  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    const StopWatch watch(hash_ns_);
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* row = rgb + static_cast<std::size_t>(i) * stride;
      hasher_->AddRow(row);
      if (finder_) finder_->AddRow(row);
    }
  }

  bool WantsFrame(std::uint32_t frame) override {
    FinishFrame();
    number_ = frame;
    first_is_whole_ = true;
    if (!options_.full && !options_.cli512) return false;
    if (frames_.size() >= kMaxFrames) KeepFewer();
    is_full_ = frames_.size() >= kMaxFrames;
    return !is_full_;
  }

  // As decoders.h says: only then is a further frame asked for.
  [[nodiscard]] bool first_is_whole() const { return first_is_whole_; }
  // True if a frame was refused because no more can be kept.
  [[nodiscard]] bool is_full() const { return is_full_; }

  [[nodiscard]] std::vector<Frame> Take() {
    FinishFrame();
    return std::move(frames_);
  }

 private:
  void FinishFrame() {
    if (!hasher_) return;
    const StopWatch watch(hash_ns_);
    Frame frame{.whole = hasher_->Finish({.frame = number_}), .inner = {}};
    hasher_.reset();
    if (finder_) frame.inner = finder_->Find();
    Keep(std::move(frame));
  }

  // The first frame is the file's `original`, whatever it is.
  void Keep(Frame frame) {
    const auto is_same = [&](const Frame& kept) { return AreSame(kept, frame, same_bits_); };
    if (!frames_.empty() && ((!IsUsable(frame.whole) && !frame.inner.has_value()) ||
                             std::ranges::any_of(frames_, is_same))) {
      return;
    }
    frames_.push_back(std::move(frame));
  }

  void KeepFewer() {
    same_bits_ = kSameFrameBitsOfMany;
    for (Frame& frame : std::exchange(frames_, {})) Keep(std::move(frame));
  }

  const FingerprintOptions& options_;
  std::int64_t& hash_ns_;
  std::uint32_t number_ = 0;
  std::optional<ViewHasher> hasher_;
  std::optional<BorderFinder> finder_;
  std::vector<Frame> frames_;
  int same_bits_ = kSameFrameBits;
  bool first_is_whole_ = false;
  bool is_full_ = false;
};

// The second decoding: hashes what lies within the borders.
class InnerSink : public RowSink {
 public:
  InnerSink(const FingerprintOptions& options, std::span<const Frame> frames, std::int64_t& hash_ns)
      : options_(options), frames_(frames), hash_ns_(hash_ns) {}

  void Begin(int, int) override {
    const auto frame =
        std::ranges::find(frames_, number_, [](const Frame& one) { return one.whole.view.frame; });
    hasher_.reset();
    y_ = 0;
    if (frame == frames_.end() || !frame->inner) return;
    inner_ = *frame->inner;
    hasher_.emplace(options_, inner_.width, inner_.height);
  }

  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    if (!hasher_) return;
    const StopWatch watch(hash_ns_);
    for (int i = 0; i < count; ++i, ++y_) {
      if (y_ < inner_.top || y_ >= inner_.top + inner_.height) continue;
      hasher_->AddRow(rgb + static_cast<std::size_t>(i) * stride +
                      3 * static_cast<std::size_t>(inner_.left));
    }
    if (y_ < inner_.top + inner_.height) return;
    views_.push_back(hasher_->Finish({.frame = number_, .crop = Crop::kTrimmed}));
    hasher_.reset();
  }

  bool WantsFrame(std::uint32_t frame) override {
    number_ = frame;
    return std::ranges::any_of(frames_, [frame](const Frame& one) {
      return one.inner.has_value() && one.whole.view.frame >= frame;
    });
  }

  [[nodiscard]] std::vector<ViewFingerprint> Take() { return std::move(views_); }

 private:
  const FingerprintOptions& options_;
  const std::span<const Frame> frames_;
  std::int64_t& hash_ns_;
  std::uint32_t number_ = 0;
  int y_ = 0;  // of the frame
  Rectangle inner_;
  std::optional<ViewHasher> hasher_;
  std::vector<ViewFingerprint> views_;
};

std::vector<ViewFingerprint> TrimmedViews(std::span<const std::uint8_t> bytes,
                                          const FingerprintOptions& options,
                                          std::span<const Frame> frames, std::int64_t& hash_ns) {
  if (!std::ranges::any_of(frames, [](const Frame& frame) { return frame.inner.has_value(); })) {
    return {};
  }
  InnerSink sink(options, frames, hash_ns);
  (void)Decode(bytes, options.limits, sink);  // ends as the first time, or sooner
  std::vector<ViewFingerprint> views = sink.Take();
  std::erase_if(views, [](const ViewFingerprint& view) { return !IsUsable(view); });
  return views;
}

void AddDetail(Fingerprint& print, const std::string& more) {
  print.detail = print.detail.empty() ? more : absl::StrCat(print.detail, "; ", more);
}

void SetQuality(Fingerprint& print) {
  const DialectHashes& hashes = print.views.front().hashes.front();
  print.disposition = Disposition::kLowQuality;
  const std::string why =
      hashes.quality < kUsableQuality
          ? absl::StrCat("quality ", hashes.quality, " is below ", kUsableQuality)
          : "the picture changes along one axis only";
  print.detail = print.detail.empty() ? why : absl::StrCat(why, "; ", print.detail);
}

// False: to be hashed exactly. A picture that is clearly of no use is, too: the other dialect may
// see it otherwise.
bool HashNearly(std::span<const std::uint8_t> bytes, const FingerprintOptions& options,
                Fingerprint& print) {
  const StopWatch watch(print.times.decode_ns);
  const auto fast =
      options.trimmed ? HashFastIfBare(bytes, options.limits) : HashFast(bytes, options.limits);
  if (!fast.has_value() || !fast->pdq.usable()) return false;
  print.approximate = true;
  print.format = Format::kJpeg;
  print.format_name = FormatName(print.format);
  print.disposition = Disposition::kHashed;
  print.width = fast->width;
  print.height = fast->height;
  ViewFingerprint& view = print.views.emplace_back();
  view.name = ViewName(view.view);
  view.width = fast->width;
  view.height = fast->height;
  view.hashes.push_back(HashesOf(fast->pdq, Dialect::kFull, options.orientations));
  return true;
}

}  // namespace

void HashPicture(std::span<const std::uint8_t> bytes, const FingerprintOptions& options,
                 Fingerprint& print) {
  if (options.fast && options.full && HashNearly(bytes, options, print)) return;
  std::int64_t both_ns = 0;
  const std::int64_t hashed_before_ns = print.times.hash_ns;
  WholeSink sink(options, print.times.hash_ns);
  DecodeResult decoded;
  std::vector<Frame> frames;
  std::vector<ViewFingerprint> trimmed;
  {
    const StopWatch watch(both_ns);
    decoded = Decode(bytes, options.limits, sink);
    const bool whole = decoded.disposition == Disposition::kHashed;
    const bool partial = decoded.disposition == Disposition::kPartial;
    if (whole || partial) frames = sink.Take();
    // What is missing of a damaged picture is no border; of frames behind the first none is given.
    if (whole || (partial && sink.first_is_whole()))
      trimmed = TrimmedViews(bytes, options, frames, print.times.hash_ns);
  }
  print.times.decode_ns += both_ns - (print.times.hash_ns - hashed_before_ns);
  print.format = decoded.format;
  print.format_name = FormatName(decoded.format);
  print.disposition = decoded.disposition;
  print.detail = std::move(decoded.detail);
  print.width = decoded.width;
  print.height = decoded.height;
  if (sink.is_full()) {
    const std::string what = decoded.format == Format::kTiff ? "pages" : "frames";
    AddDetail(print, absl::StrCat(print.format_name, ": of ", what, " that differ ", kMaxFrames,
                                  " are kept: later ", what, " were not looked at"));
  }
  for (Frame& frame : frames) {
    const bool is_first = frame.whole.view.frame == 0;
    if (is_first || IsUsable(frame.whole)) print.views.push_back(std::move(frame.whole));
  }
  for (ViewFingerprint& view : trimmed) print.views.push_back(std::move(view));
  std::ranges::sort(print.views, {}, [](const ViewFingerprint& view) {
    return std::pair(view.view.frame, view.view.crop);
  });
  if (print.views.empty() || print.views.front().hashes.empty()) return;
  if (!std::ranges::any_of(print.views, IsUsable)) SetQuality(print);
}

}  // namespace kith::hashing::internal
