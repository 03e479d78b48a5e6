// SPDX-License-Identifier: Apache-2.0
#include "hashing/fingerprint.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <vector>

#include "tests/hashing/pictures.h"

namespace kith::hashing {
namespace {

using test::Data;

// A file in memory, closed at the end.
class File {
 public:
  explicit File(const Data& bytes) : fd_(memfd_create("fingerprint_test", MFD_CLOEXEC)) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t n = write(fd_, bytes.data() + done, bytes.size() - done);
      if (n <= 0) break;
      done += static_cast<std::size_t>(n);
    }
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Data Text(std::string_view text) { return {text.begin(), text.end()}; }

void ExpectSame(const Fingerprint& a, const Fingerprint& b) {
  EXPECT_EQ(a.disposition, b.disposition);
  EXPECT_EQ(a.detail, b.detail);
  EXPECT_EQ(a.format, b.format);
  EXPECT_EQ(a.size_bytes, b.size_bytes);
  EXPECT_EQ(a.digests, b.digests);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  ASSERT_EQ(a.views.size(), b.views.size());
  for (std::size_t i = 0; i < a.views.size(); ++i) {
    EXPECT_EQ(a.views[i].view, b.views[i].view);
    EXPECT_EQ(a.views[i].width, b.views[i].width);
    ASSERT_EQ(a.views[i].hashes.size(), b.views[i].hashes.size());
    for (std::size_t j = 0; j < a.views[i].hashes.size(); ++j) {
      EXPECT_EQ(a.views[i].hashes[j].codes, b.views[i].hashes[j].codes);
      EXPECT_EQ(a.views[i].hashes[j].quality, b.views[i].hashes[j].quality);
    }
  }
}

TEST(Fingerprint, FileAndBytesAgree) {
  const test::Picture picture = test::Synthetic(4, 700, 500);
  Data large = EncodeJpeg(picture);
  large.resize(3 << 20);  // more than one read; what follows the end marker is no matter
  for (const Data& bytes : {EncodeJpeg(picture), EncodePng(picture), large, Text("no picture"),
                            Data(), Data(2 << 20, 'z'), Data(256 << 10, 'y')}) {
    const File file(bytes);
    lseek(file.fd(), 5, SEEK_SET);
    const Fingerprint from_file = FingerprintFile(file.fd(), {});
    ExpectSame(from_file, FingerprintBytes(bytes, {}));
    EXPECT_EQ(from_file.digests, DigestsOf(bytes));
    EXPECT_EQ(from_file.size_bytes, bytes.size());
    EXPECT_EQ(lseek(file.fd(), 0, SEEK_CUR), 5);
  }
}

TEST(Fingerprint, Dispositions) {
  const auto of = [](const Data& bytes) { return FingerprintBytes(bytes, {}); };
  EXPECT_EQ(of({}).disposition, Disposition::kEmpty);
  EXPECT_EQ(of(Text("a text")).disposition, Disposition::kNotMedia);
  const Fingerprint zip = of(Text("PK\x03\x04 and so on"));
  EXPECT_EQ(zip.disposition, Disposition::kUnsupported);
  EXPECT_EQ(zip.format_name, "zip");
  EXPECT_THAT(zip.detail, testing::HasSubstr("zip"));
  EXPECT_TRUE(zip.digests.has_value());
  EXPECT_EQ(of(Text("\xFF\xD8\xFF\xE0 rubbish")).disposition, Disposition::kUnreadable);
  const test::Picture picture = test::Synthetic(4, 300, 200);
  const Fingerprint good = of(EncodeJpeg(picture));
  EXPECT_EQ(good.disposition, Disposition::kHashed) << good.detail;
  EXPECT_EQ(good.views.at(0).name, "original");
  const test::Picture flat{300, 200, Data(std::size_t{3} * 300 * 200, 77)};
  const Fingerprint low = of(EncodePng(flat));
  EXPECT_EQ(low.disposition, Disposition::kLowQuality);
  EXPECT_EQ(low.views.at(0).hashes.at(0).quality, 0);
  EXPECT_EQ(of(EncodePng(test::Synthetic(1, 4, 200))).disposition, Disposition::kLowQuality);
  Data cut = EncodeJpeg(picture);
  cut.resize(cut.size() * 3 / 4);
  const Fingerprint partial = of(cut);
  EXPECT_EQ(partial.disposition, Disposition::kPartial);
  EXPECT_EQ(partial.views.size(), 1u);
  Data stub = EncodeJpeg(flat);
  stub.resize(stub.size() / 2 + 150);
  const Fingerprint both = of(stub);
  EXPECT_EQ(both.disposition, Disposition::kLowQuality);
  EXPECT_THAT(both.detail, testing::HasSubstr("truncated"));
}

TEST(Fingerprint, ErrorsOfTheSystem) {
  EXPECT_EQ(FingerprintOfErrno(ENOENT).disposition, Disposition::kVanished);
  EXPECT_EQ(FingerprintOfErrno(ESTALE).disposition, Disposition::kVanished);
  const Fingerprint io = FingerprintOfErrno(EIO);
  EXPECT_EQ(io.disposition, Disposition::kUnreadable);
  EXPECT_THAT(io.detail, testing::HasSubstr("Input/output error"));
  EXPECT_EQ(FingerprintFile(-1, {}).disposition, Disposition::kUnreadable);
  const int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(FingerprintFile(directory, {}).disposition, Disposition::kNotRegular);
  close(directory);
  const File file(Text("bytes that may not be read"));
  const std::string path = "/proc/self/fd/" + std::to_string(file.fd());
  const int write_only = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  const Fingerprint print = FingerprintFile(write_only, {});
  EXPECT_EQ(print.disposition, Disposition::kUnreadable);
  EXPECT_FALSE(print.digests.has_value());
  close(write_only);
}

// A file whose size is said to be 0 and which has bytes all the same is not `empty`.
TEST(Fingerprint, FileThatOnlyClaimsToBeEmpty) {
  const int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  const Fingerprint print = FingerprintFile(fd, {});
  EXPECT_EQ(print.disposition, Disposition::kUnreadable);
  EXPECT_FALSE(print.digests.has_value());
  close(fd);
}

TEST(Fingerprint, OverTheByteLimitIsStillDigested) {
  const Data bytes = EncodeJpeg(test::Synthetic(4, 300, 200));
  FingerprintOptions options;
  options.limits.max_bytes = 1000;
  const File file(bytes);
  const Fingerprint print = FingerprintFile(file.fd(), options);
  EXPECT_EQ(print.disposition, Disposition::kOverLimit);
  EXPECT_EQ(print.digests, DigestsOf(bytes));
  EXPECT_TRUE(print.views.empty());
  ExpectSame(print, FingerprintBytes(bytes, options));
}

TEST(Fingerprint, OptionsChooseDialectsAndOrientations) {
  const Data small = EncodeJpeg(test::Synthetic(4, 300, 200));
  const Data large = EncodeJpeg(test::Synthetic(4, 900, 700));
  for (const Data& bytes : {small, large}) {
    const ViewFingerprint all = FingerprintBytes(bytes, {}).views.at(0);
    ASSERT_EQ(all.hashes.size(), 2u);
    EXPECT_EQ(all.dialects_coincide, &bytes == &small || bytes == small);
    EXPECT_EQ(all.dialects_coincide, all.hashes[0].codes == all.hashes[1].codes);
    for (const bool full : {false, true}) {
      FingerprintOptions options;
      options.full = full;
      options.cli512 = !full;
      options.orientations = false;
      const ViewFingerprint one = FingerprintBytes(bytes, options).views.at(0);
      ASSERT_EQ(one.hashes.size(), 1u);
      const DialectHashes& same = all.hashes[full ? 0 : 1];
      EXPECT_EQ(one.hashes[0].dialect, same.dialect);
      EXPECT_EQ(one.hashes[0].codes[0], same.codes[0]);
      EXPECT_EQ(one.hashes[0].codes[1], Code{});
    }
  }
}

// The demo's pad: the trimmed view of the copy is the original picture, bit for bit.
TEST(Fingerprint, FramedPictureHasATrimmedView) {
  for (const auto& [width, height] : {std::pair{300, 200}, std::pair{900, 700}}) {
    const test::Picture picture = test::Synthetic(4, width, height);
    const test::Frame frame{.left = 30, .top = 17, .right = 25, .bottom = 11, .red = 200};
    const Fingerprint bare = FingerprintBytes(EncodePng(picture), {});
    const Fingerprint framed = FingerprintBytes(EncodePng(Framed(picture, frame)), {});
    ASSERT_EQ(bare.views.size(), 1u);
    ASSERT_EQ(framed.views.size(), 2u);
    EXPECT_EQ(framed.width, width + 55);
    const ViewFingerprint& trimmed = framed.views[1];
    EXPECT_EQ(trimmed.name, "trimmed");
    EXPECT_EQ(trimmed.view, (View{.frame = 0, .crop = Crop::kTrimmed}));
    EXPECT_EQ(trimmed.width, width);
    EXPECT_EQ(trimmed.height, height);
    ASSERT_EQ(trimmed.hashes.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(trimmed.hashes[i].codes, bare.views[0].hashes[i].codes);
    }
    EXPECT_EQ(trimmed.dialects_coincide, width < 512);
    FingerprintOptions options;
    options.trimmed = false;
    EXPECT_EQ(FingerprintBytes(EncodePng(Framed(picture, frame)), options).views.size(), 1u);
  }
}

// Flat as a whole, a picture within it all the same: the file is not of low quality.
TEST(Fingerprint, AFrameDoesNotHideASmallPicture) {
  const test::Picture picture = test::Synthetic(4, 100, 100);
  const Fingerprint print = FingerprintBytes(
      EncodePng(Framed(picture, {.left = 330, .top = 330, .right = 330, .bottom = 330})), {});
  ASSERT_EQ(print.views.size(), 2u);
  EXPECT_TRUE(print.views[1].hashes[0].usable);
  EXPECT_EQ(print.disposition, Disposition::kHashed) << print.detail;
}

// A view that is not usable is none.
TEST(Fingerprint, WhatIsFlatWithinItsFrameHasNoTrimmedView) {
  const test::Picture flat{120, 120, Data(std::size_t{3} * 120 * 120, 90)};
  const Fingerprint print = FingerprintBytes(
      EncodePng(Framed(flat, {.left = 40, .top = 40, .right = 40, .bottom = 40})), {});
  EXPECT_EQ(print.views.size(), 1u);
}

TEST(Fingerprint, ThreadsAgree) {
  const Data bytes = EncodePng(test::Synthetic(8, 600, 400));
  const Data webp = test::EncodeByOpenCv(test::Synthetic(8, 600, 400), ".webp");
  const Fingerprint want = FingerprintBytes(bytes, {});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 5; ++k) {
        ExpectSame(FingerprintBytes(bytes, {}), want);
        EXPECT_EQ(FingerprintBytes(webp, {}).views.at(0).hashes.at(0).codes,
                  want.views.at(0).hashes.at(0).codes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace kith::hashing
