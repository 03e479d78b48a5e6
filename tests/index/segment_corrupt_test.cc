// SPDX-License-Identifier: Apache-2.0
//
// A segment that is not what was written is refused by name, and one that lies in spite of right
// checksums reads nothing that is not there.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "index/internal/segment_format.h"
#include "index/segment.h"
#include "tests/index/segment_files.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using internal::DecodeHeader;
using internal::HashOf;
using internal::Section;
using internal::SegmentHeader;

class SegmentCorruptTest : public SegmentFiles {
 protected:
  // All kinds of sections, a quarter of a megabyte.
  std::vector<std::uint8_t> Sample(std::size_t count = 3400, bool compact = false) {
    RandomCodes random(1);
    std::vector<Code> codes = CodesWithNeighbours(count, random);
    for (int copy = 0; copy < 100; ++copy) codes.push_back(codes[random.Below(9)]);
    MustBuild(Path(), codes, LabelsFrom(5, codes.size()), {.bands = 18, .compact = compact});
    return ReadBytes(Path());
  }
  static std::string SectionAt(const SegmentHeader& header, std::uint64_t at) {
    for (const Section& section : header.sections) {
      if (at >= section.offset && at < section.offset + section.bytes) {
        return "section " + internal::SectionName(section.kind, section.band) + ":";
      }
    }
    return "section header:";
  }
};

bool Names(const absl::Status& status, const std::string& section) {
  return status.code() == absl::StatusCode::kDataLoss &&
         status.message().find(section) != std::string_view::npos;
}

// The header by decoding it, a section by its checksum: the two things that opening does, without
// reading the other 200 kilobytes for each byte. Opening itself is asked by SegmentSweepTest.
TEST_F(SegmentCorruptTest, EveryFlippedByteIsRefusedByTheNameOfItsSection) {
  std::vector<std::uint8_t> bytes = Sample();
  ASSERT_GE(bytes.size(), 256u << 10);
  const auto header = DecodeHeader(bytes, bytes.size());
  ASSERT_TRUE(header.ok()) << header.status();
  RandomCodes random(2);
  for (std::size_t at = 0; at < internal::kSegmentHeaderBytes; ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<std::uint8_t>(1U << bit);
      EXPECT_TRUE(Names(DecodeHeader(bytes, bytes.size()).status(), "section header:")) << at;
      bytes[at] ^= static_cast<std::uint8_t>(1U << bit);
    }
  }
  std::size_t refused = internal::kSegmentHeaderBytes;
  for (const Section& section : header->sections) {
    const std::string name = SectionAt(*header, section.offset);
    for (std::uint64_t at = section.offset; at < section.offset + section.bytes; ++at) {
      const auto flip = static_cast<std::uint8_t>(1 + random.Below(255));
      bytes[at] ^= flip;
      const std::uint64_t hash = HashOf(std::span(bytes).subspan(section.offset, section.bytes));
      refused += Names(internal::VerifySection(section, hash), name) ? 1 : 0;
      bytes[at] ^= flip;
    }
  }
  EXPECT_EQ(refused, bytes.size());
}

TEST_F(SegmentCorruptTest, EveryTruncationIsRefused) {
  const std::vector<std::uint8_t> bytes = Sample();
  const auto header = DecodeHeader(bytes, bytes.size());
  ASSERT_TRUE(header.ok()) << header.status();
  std::size_t refused = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const absl::Status status = DecodeHeader(std::span(bytes).first(length), length).status();
    refused += Names(status, SectionAt(*header, length)) ? 1 : 0;
  }
  EXPECT_EQ(refused, bytes.size());
  std::vector<std::uint8_t> longer = bytes;
  longer.push_back(0);
  WriteBytes(Path(), longer);
  EXPECT_TRUE(Names(SegmentFile::Open(Path()).status(), "section header:"));
}

// Opening itself, at every byte and every length, fast and compact. The segment has all kinds of
// sections but is small, as each opening reads up to what is damaged; KITH_SWEEP_CODES=3400 in the
// environment makes it a quarter of a megabyte.
class SegmentSweepTest : public SegmentCorruptTest, public ::testing::WithParamInterface<bool> {
 protected:
  static std::size_t Codes() {
    const char* wanted = std::getenv("KITH_SWEEP_CODES");
    return wanted == nullptr ? 600 : std::strtoull(wanted, nullptr, 10);
  }
  void SetUp() override {
    SegmentCorruptTest::SetUp();
    bytes_ = Sample(Codes(), GetParam());
    ASSERT_GE(bytes_.size(), 24U << 10);
    auto header = DecodeHeader(bytes_, bytes_.size());
    ASSERT_TRUE(header.ok()) << header.status();
    header_ = *std::move(header);
    fd_ = ::open(Path().c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd_, 0);
  }
  void TearDown() override {
    if (fd_ >= 0) ::close(fd_);
    SegmentCorruptTest::TearDown();
  }
  void Put(std::size_t at, std::uint8_t byte) const {
    ASSERT_EQ(::pwrite(fd_, &byte, 1, static_cast<off_t>(at)), 1);
  }
  // Whether it is refused by the name of the section at that place.
  [[nodiscard]] bool IsRefused(std::size_t at) const {
    const absl::Status status = SegmentFile::Open(Path()).status();
    const bool is_refused = Names(status, SectionAt(header_, at));
    EXPECT_TRUE(is_refused) << at << ": " << status;
    return is_refused;
  }

  std::vector<std::uint8_t> bytes_;
  SegmentHeader header_;
  int fd_ = -1;
};

TEST_P(SegmentSweepTest, OpeningRefusesEveryFlippedByte) {
  RandomCodes random(3);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes_.size(); ++at) {
    Put(at, static_cast<std::uint8_t>(bytes_[at] ^ (1 + random.Below(255))));
    refused += IsRefused(at) ? 1 : 0;
    Put(at, bytes_[at]);
  }
  EXPECT_EQ(refused, bytes_.size());
  EXPECT_NE(MustOpen(Path()), nullptr) << "it was not the flipped byte that was refused";
}

TEST_P(SegmentSweepTest, OpeningRefusesEveryTruncation) {
  ASSERT_NE(MustOpen(Path()), nullptr);
  std::size_t refused = 0;
  for (std::size_t length = bytes_.size(); length-- > 0;) {
    ASSERT_EQ(::ftruncate(fd_, static_cast<off_t>(length)), 0);
    refused += IsRefused(length) ? 1 : 0;
  }
  EXPECT_EQ(refused, bytes_.size());
}

INSTANTIATE_TEST_SUITE_P(All, SegmentSweepTest, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "compact" : "fast");
});

// Whoever can write checksums can write anything. It must not make a search read elsewhere.
TEST_F(SegmentCorruptTest, WrongContentUnderRightChecksumsReadsNothingElse) {
  const std::vector<std::uint8_t> fast = Sample(1200);
  const std::vector<std::uint8_t> compact = Sample(1200, true);
  for (int round = 0; round < 120; ++round) {
    const std::vector<std::uint8_t>& good = round % 2 == 0 ? fast : compact;
    RandomCodes random(static_cast<std::uint64_t>(round));
    std::vector<std::uint8_t> bytes = good;
    auto header = DecodeHeader(bytes, bytes.size());
    ASSERT_TRUE(header.ok()) << header.status();
    for (Section& section : header->sections) {
      if (random.Below(3) == 0) {
        const auto fill = static_cast<std::uint8_t>(random.Below(3) == 0 ? 255 : 0);
        const bool noise = random.Below(2) == 0;
        for (std::uint64_t at = 0; at < section.bytes; ++at) {
          bytes[section.offset + at] = noise ? static_cast<std::uint8_t>(random.Below(256)) : fill;
        }
      }
      section.hash = HashOf(std::span(bytes).subspan(section.offset, section.bytes));
    }
    const std::vector<std::uint8_t> encoded = internal::EncodeHeader(*header);
    std::copy(encoded.begin(), encoded.end(), bytes.begin());
    WriteBytes(Path(), bytes);
    const auto file = MustOpen(Path());
    ASSERT_NE(file, nullptr);
    std::vector<Code> queries = random.Some(3);
    queries.push_back(Code{});
    for (const int radius : {0, 20, 31, 63}) {
      const auto results = file->Search(queries, {.radius_bits = radius});
      EXPECT_TRUE(results.ok()) << results.status();
    }
    for (const std::uint64_t entry : {0, 5, 200, 1000000}) (void)file->RowsOf(entry);
    for (std::uint64_t row = 0; row < file->info().rows; row += 101) (void)file->LabelAt(row);
    file->ForEachRow([](std::uint64_t, const Code&, const Label&) { return true; });
  }
}

// One that a program before this one wrote: its content is derived, so it is made anew.
TEST_F(SegmentCorruptTest, AnotherVersionIsRefusedWithWhatToDo) {
  std::vector<std::uint8_t> bytes = Sample();
  for (const std::uint8_t version : {1, 3}) {
    constexpr std::size_t kHashAt = internal::kSegmentHeaderBytes - 8;
    bytes[8] = version;
    const std::uint64_t hash = HashOf(std::span(bytes).first(kHashAt));
    std::memcpy(&bytes[kHashAt], &hash, sizeof(hash));
    WriteBytes(Path(), bytes);
    const absl::Status status = SegmentFile::Open(Path()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    EXPECT_NE(status.message().find("build it anew from the catalog"), std::string_view::npos);
  }
}

TEST_F(SegmentCorruptTest, TheFirstOpeningVerifiesAndTheNextRemembers) {
  Sample();
  std::size_t told = 0;
  std::uint64_t last = 0;
  const SegmentProgress progress = [&](std::string_view, std::uint64_t done, std::uint64_t total) {
    ++told;
    last = total - done;
  };
  ASSERT_NE(MustOpen(Path(), {.progress = progress}), nullptr);
  EXPECT_GT(told, 0u);
  EXPECT_EQ(last, 0u);
  told = 0;
  ASSERT_NE(MustOpen(Path(), {.progress = progress}), nullptr);
  EXPECT_EQ(told, 0u);
  // A mark that is damaged, and one of another file, count for nothing.
  for (const bool damaged : {true, false}) {
    if (damaged) {
      RotByte(Path() + ".verified", 20);
    } else {
      const std::vector<std::uint8_t> bytes = ReadBytes(Path());
      std::filesystem::remove(Path());
      WriteBytes(Path(), bytes);
    }
    told = 0;
    ASSERT_NE(MustOpen(Path(), {.progress = progress}), nullptr);
    EXPECT_GT(told, 0u) << damaged;
  }
}

TEST_F(SegmentCorruptTest, ScrubbingFindsWhatRottedSinceAndForgetsTheMark) {
  const std::vector<std::uint8_t> bytes = Sample();
  const auto file = MustOpen(Path());
  ASSERT_NE(file, nullptr);
  int rounds = 0;
  for (int call = 0; call < 1000 && rounds < 2; ++call) {
    const absl::StatusOr<bool> whole_round = file->Scrub(10000);
    ASSERT_TRUE(whole_round.ok()) << whole_round.status();
    rounds += *whole_round ? 1 : 0;
  }
  EXPECT_EQ(rounds, 2);
  RotByte(Path(), bytes.size() / 2);
  // The mark still says that it was verified.
  const auto again = MustOpen(Path());
  ASSERT_NE(again, nullptr);
  absl::StatusOr<bool> scrubbed = false;
  for (int call = 0; call < 1000 && scrubbed.ok() && !*scrubbed; ++call) {
    scrubbed = again->Scrub(10000);
  }
  const auto header = DecodeHeader(bytes, bytes.size());
  ASSERT_TRUE(header.ok());
  EXPECT_TRUE(Names(scrubbed.status(), SectionAt(*header, bytes.size() / 2))) << scrubbed.status();
  EXPECT_EQ(SegmentFile::Open(Path()).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(SegmentCorruptTest, ScrubbingFindsAHeaderThatRottedSince) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{9}, std::size_t{3136}}) {
    Sample();
    const auto file = MustOpen(Path());
    ASSERT_NE(file, nullptr);
    RotByte(Path(), at);
    absl::StatusOr<bool> scrubbed = false;
    for (int call = 0; call < 1000 && scrubbed.ok() && !*scrubbed; ++call) {
      scrubbed = file->Scrub(10000);
    }
    EXPECT_EQ(scrubbed.status().code(), absl::StatusCode::kDataLoss) << "byte " << at;
    EXPECT_NE(scrubbed.status().message().find(Path()), std::string::npos) << scrubbed.status();
  }
}

}  // namespace
}  // namespace kith::index
