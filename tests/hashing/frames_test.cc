// SPDX-License-Identifier: Apache-2.0
// Files of many frames and pages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <tuple>
#include <vector>

#include "hashing/fingerprint.h"
#include "tests/hashing/encoders.h"
#include "tests/hashing/modern_encoders.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::LargestDifference;
using test::Picture;

constexpr int kWidth = 101, kHeight = 75;  // no multiples of anything

Picture Sample() { return test::Synthetic(7, kWidth, kHeight); }

// Takes each frame that is offered.
class FrameCollector : public RowSink {
 public:
  void Begin(int width, int height) override { frames.push_back({width, height, {}}); }
  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    Picture& frame = frames.back();
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* row = rgb + static_cast<std::size_t>(i) * stride;
      frame.rgb.insert(frame.rgb.end(), row, row + 3 * static_cast<std::size_t>(frame.width));
    }
  }
  bool WantsFrame(std::uint32_t frame) override {
    EXPECT_EQ(frame, asked_ + 1);
    asked_ = frame;
    return frame < wanted;
  }

  std::vector<Picture> frames;
  std::uint32_t wanted = 1000;

 private:
  std::uint32_t asked_ = 0;
};

void ExpectFrames(const Data& file, const std::vector<Picture>& want) {
  FrameCollector all;
  const DecodeResult result = Decode(file, {}, all);
  EXPECT_EQ(result.disposition, Disposition::kHashed) << result.detail;
  ASSERT_EQ(all.frames.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(LargestDifference(all.frames[i], want[i]), 0) << i;
  }
  FrameCollector two;
  two.wanted = 2;
  (void)Decode(file, {}, two);
  EXPECT_EQ(two.frames.size(), std::min<std::size_t>(2, want.size()));
}

// Of few colours, and usable.
std::vector<Picture> UsableFrames(std::size_t count) {
  std::vector<Picture> frames;
  for (std::uint32_t seed = 20; frames.size() < count; ++seed) {
    Picture frame = FewColours(test::Synthetic(seed, kWidth, kHeight), 16);
    if (HashRgb(frame.rgb, kWidth, kHeight).quality > 60) frames.push_back(std::move(frame));
  }
  return frames;
}
std::vector<Picture> ThreeFrames() { return UsableFrames(3); }

TEST(DecodeFrames, OfGifWebpAndTiff) {
  const std::vector<Picture> frames = ThreeFrames();
  ExpectFrames(test::EncodeGifAnimation(frames), frames);
  ExpectFrames(test::EncodeWebpAnimation(frames), frames);
  ExpectFrames(test::EncodeTiffPages(frames), frames);
  ExpectFrames(test::EncodeTiffPages(frames, {.tile = 32}), frames);
  ExpectFrames(test::EncodeTiffPages(frames, {.tile = 32, .deflated = false}), frames);
  ExpectFrames(test::EncodeTiffPages(frames, {.tile = 1024}), frames);
}

TEST(DecodeFrames, ThumbnailsAreNoPages) {
  const std::vector<Picture> frames = ThreeFrames();
  ExpectFrames(test::EncodeTiffPages(frames, {.thumbnail_second = true}), {frames[0], frames[2]});
}

TEST(DecodeFrames, PagesOfOtherSizes) {
  const std::vector<Picture> pages = {Sample(), test::Synthetic(3, 40, 200),
                                      test::Synthetic(4, 300, 20)};
  ExpectFrames(test::EncodeTiffPages(pages), pages);
}

// A file that ends, or is damaged, anywhere behind its first frame says so: within a frame, between
// two, and where nothing but the mark of its end is missing.
TEST(DecodeFrames, WhatIsLostBehindTheFirstIsTold) {
  const std::vector<Picture> frames = ThreeFrames();
  const Data gif = test::EncodeGifAnimation(frames);
  const Data webp = test::EncodeWebpAnimation(frames);
  const Data jxl = test::EncodeJxl(frames);
  for (const auto& [whole, first, step] :
       {std::tuple(gif, test::EncodeGifAnimation({frames[0]}).size(), std::size_t{1}),
        std::tuple(webp, test::EncodeWebpAnimation({frames[0], frames[1]}).size(), std::size_t{37}),
        std::tuple(jxl, jxl.size() / 2, std::size_t{37})}) {
    for (std::size_t size = first; size < whole.size(); size += step) {
      FrameCollector all;
      const DecodeResult result = Decode(std::span(whole).first(size), {}, all);
      ASSERT_EQ(result.disposition, Disposition::kPartial) << FormatName(result.format) << size;
      EXPECT_THAT(result.detail, testing::HasSubstr("before the damage are hashed"));
      ASSERT_GE(all.frames.size(), 1U);
      for (std::size_t i = 0; i < all.frames.size(); ++i) {
        ASSERT_EQ(LargestDifference(all.frames[i], frames[i]), 0) << size;
      }
      // Who does not want more is not told of it.
      FrameCollector one;
      one.wanted = 1;
      EXPECT_EQ(Decode(std::span(whole).first(size), {}, one).disposition, Disposition::kHashed);
    }
  }
}

TEST(DecodeFrames, DamageBetweenFramesIsTold) {
  const std::vector<Picture> frames = ThreeFrames();
  Data gif = test::EncodeGifAnimation(frames);
  gif[test::EncodeGifAnimation({frames[0]}).size() - 1] = 0;  // where a block begins
  Data tiff = test::EncodeTiffPages(frames);
  // The first directory stands behind its page, and ends with the place of the next.
  std::uint32_t directory = 0;
  std::memcpy(&directory, tiff.data() + 4, 4);
  const std::size_t entries = tiff[directory] | std::size_t{tiff[directory + 1]} << 8;
  std::fill_n(tiff.begin() + directory + 2 + 12 * static_cast<std::ptrdiff_t>(entries), 4,
              std::uint8_t{0x7F});
  for (const Data& file : {gif, tiff}) {
    FrameCollector all;
    const DecodeResult result = Decode(file, {}, all);
    EXPECT_EQ(result.disposition, Disposition::kPartial) << FormatName(result.format);
    EXPECT_THAT(result.detail, testing::HasSubstr("before the damage are hashed"));
    ASSERT_EQ(all.frames.size(), 1U);
    EXPECT_EQ(LargestDifference(all.frames[0], frames[0]), 0);
  }
}

TEST(FingerprintFrames, DistinctOnesAreViews) {
  std::vector<Picture> frames = ThreeFrames();
  frames.insert(frames.begin() + 1, frames[0]);  // shown twice
  frames.push_back(frames[2]);
  for (const Data& file : {test::EncodeGifAnimation(frames), test::EncodeTiffPages(frames)}) {
    const Fingerprint print = FingerprintBytes(file, {});
    EXPECT_EQ(print.disposition, Disposition::kHashed) << print.detail;
    ASSERT_EQ(print.views.size(), 3u);
    EXPECT_EQ(print.views[0].name, "original");
    EXPECT_EQ(print.views[1].name, "frame:2");
    EXPECT_EQ(print.views[2].name, "frame:3");
    const Fingerprint alone = FingerprintBytes(EncodePng(frames[2]), {});
    EXPECT_EQ(print.views[1].hashes[0].codes, alone.views[0].hashes[0].codes);
  }
}

TEST(FingerprintFrames, FramedOnesHaveTrimmedViews) {
  std::vector<Picture> frames = ThreeFrames();
  const test::Frame frame{.left = 20, .top = 30, .right = 20, .bottom = 30};
  const Fingerprint alone = FingerprintBytes(EncodePng(frames[1]), {});
  for (Picture& picture : frames) picture = Framed(picture, frame);
  const Fingerprint print = FingerprintBytes(test::EncodeGifAnimation(frames), {});
  ASSERT_EQ(print.views.size(), 6u);
  EXPECT_EQ(print.views[1].name, "trimmed");
  EXPECT_EQ(print.views[2].name, "frame:1");
  EXPECT_EQ(print.views[3].name, "trimmed:1");
  EXPECT_EQ(print.views[3].width, kWidth);
  EXPECT_EQ(print.views[3].hashes[0].codes, alone.views[0].hashes[0].codes);
}

// What is not looked at is told, like all that is.
TEST(FingerprintFrames, AreCapped) {
  std::vector<Picture> frames = UsableFrames(40);
  for (const Data& file : {test::EncodeTiffPages(frames), test::EncodeGifAnimation(frames),
                           test::EncodeWebpAnimation(frames), test::EncodeJxl(frames)}) {
    const Fingerprint print = FingerprintBytes(file, {});
    EXPECT_EQ(print.disposition, Disposition::kHashed);
    EXPECT_THAT(print.detail, testing::HasSubstr("were not looked at")) << print.format_name;
    EXPECT_GE(print.views.size(), 32u);
    EXPECT_LE(print.views.size(), kMaxViews);
    EXPECT_LT(print.views.back().view.frame, 40u);
  }
  frames.resize(20);
  EXPECT_EQ(FingerprintBytes(test::EncodeTiffPages(frames), {}).detail, "");
}

// A picture that fades into another one, by steps of a few bits.
std::vector<Picture> Fade(const Picture& from, const Picture& to, int steps) {
  std::vector<Picture> frames;
  for (int step = 0; step < steps; ++step) {
    Picture& frame = frames.emplace_back(from);
    for (std::size_t i = 0; i < frame.rgb.size(); ++i) {
      frame.rgb[i] = static_cast<std::uint8_t>(
          (from.rgb[i] * (steps - 1 - step) + to.rgb[i] * step) / (steps - 1));
    }
  }
  return frames;
}

int LeastDistance(const Fingerprint& print, const Picture& frame) {
  const Code code = HashRgb(frame.rgb, frame.width, frame.height).code;
  int least = 256;
  for (const ViewFingerprint& view : print.views) {
    least = std::min(least, HammingDistance(view.hashes[0].codes[0], code));
  }
  return least;
}

// At the edge of the radius each bit counts: of a few frames each is found by itself.
TEST(FingerprintFrames, FewFramesAreKeptAsTheyAre) {
  const std::vector<Picture> ends = ThreeFrames();
  const auto frames = Fade(ends[0], ends[1], 60);
  const Fingerprint print =
      FingerprintBytes(test::EncodeTiffPages({frames.begin(), frames.begin() + 20}), {});
  EXPECT_GE(print.views.size(), 10U);
  for (int i = 0; i < 20; ++i) EXPECT_LE(LeastDistance(print, frames[i]), 2) << i;
}

// A scene that comes late is not lost to the many steps of those before.
TEST(FingerprintFrames, OfManyTheUnlikeAreKept) {
  const std::vector<Picture> ends = UsableFrames(7);
  std::vector<Picture> frames;
  for (std::size_t scene = 0; scene < 6; scene += 2) {
    const auto fade = Fade(ends[scene], ends[scene + 1], 80);
    frames.insert(frames.end(), fade.begin(), fade.begin() + 40);
  }
  frames.push_back(ends[6]);
  const Fingerprint print = FingerprintBytes(test::EncodeTiffPages(frames), {});
  EXPECT_EQ(print.detail, "");
  EXPECT_EQ(print.views.back().view.frame, 120U) << print.views.size();
  for (const Picture& frame : frames) EXPECT_LE(LeastDistance(print, frame), 12);
}

// As of a scanned album: the page is too even for a hash, the picture on it is not.
TEST(FingerprintFrames, SmallPicturesOnFlatPagesAreFound) {
  const Picture small = test::Synthetic(7, 100, 100);
  const Picture page =
      Framed(small, {.left = 300, .top = 330, .right = 320, .bottom = 290, .red = 250});
  ASSERT_FALSE(HashRgb(page.rgb, page.width, page.height).usable());
  const Fingerprint alone = FingerprintBytes(EncodePng(small), {});
  const Fingerprint print =
      FingerprintBytes(test::EncodeTiffPages({Sample(), page, page, page}), {});
  EXPECT_EQ(print.disposition, Disposition::kHashed) << print.detail;
  ASSERT_EQ(print.views.size(), 2U);
  EXPECT_EQ(print.views[1].name, "trimmed:1");
  EXPECT_EQ(print.views[1].hashes[0].codes, alone.views[0].hashes[0].codes);
}

// Only what is missing of a frame itself looks like a border.
TEST(FingerprintFrames, OneDamagedFrameLeavesTheTrimmedViewsOfOthers) {
  std::vector<Picture> frames = ThreeFrames();
  for (Picture& picture : frames) {
    picture = Framed(picture, {.left = 20, .top = 30, .right = 20, .bottom = 30});
  }
  Data file = test::EncodeGifAnimation(frames);
  file.resize(file.size() - 100);
  const Fingerprint print = FingerprintBytes(file, {});
  EXPECT_EQ(print.disposition, Disposition::kPartial);
  ASSERT_EQ(print.views.size(), 4U);
  EXPECT_EQ(print.views[1].name, "trimmed");
  EXPECT_EQ(print.views[3].name, "trimmed:1");
  file.resize(test::EncodeGifAnimation({frames[0]}).size() - 100);
  EXPECT_EQ(FingerprintBytes(file, {}).views.size(), 1U);
}

TEST(FingerprintFrames, FlatFramesAreNoViews) {
  const Picture flat{kWidth, kHeight, Data(std::size_t{3} * kWidth * kHeight, 30)};
  const Fingerprint print =
      FingerprintBytes(test::EncodeTiffPages({Sample(), flat, test::Synthetic(5, 80, 80)}), {});
  ASSERT_EQ(print.views.size(), 2u);
  EXPECT_EQ(print.views[1].name, "frame:2");
}

}  // namespace
}  // namespace kith::hashing
