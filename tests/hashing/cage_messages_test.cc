// SPDX-License-Identifier: Apache-2.0
// What a worker writes is taken whole and true, or not at all.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "hashing/internal/cage_messages.h"
#include "tests/hashing/caged.h"

namespace kith::hashing {
namespace {

using internal::CageHello;
using internal::CageRequest;
using internal::Message;
using test::Everything;

constexpr std::uint32_t kSeed = 20260216;

// As it stands before the worker is asked.
Fingerprint Asked(const Fingerprint& whole) {
  Fingerprint print;
  print.format = whole.format;
  print.format_name = whole.format_name;
  print.size_bytes = whole.size_bytes;
  print.digests = whole.digests;
  return print;
}

// What must be true of every answer that is taken.
void ExpectSound(const Fingerprint& print, const CageRequest& request) {
  const bool picture = !print.views.empty();
  EXPECT_EQ(picture, print.disposition == Disposition::kHashed ||
                         print.disposition == Disposition::kPartial ||
                         print.disposition == Disposition::kLowQuality);
  EXPECT_NE(print.disposition, Disposition::kDecoderCrash);
  EXPECT_LE(print.views.size(), kMaxViews);
  for (const char c : print.detail) EXPECT_TRUE(c >= ' ' && c <= '~');
  for (const ViewFingerprint& view : print.views) {
    EXPECT_GE(print.width, 1);
    EXPECT_LE(static_cast<std::uint64_t>(print.width) * static_cast<std::uint64_t>(print.height),
              request.options.limits.max_pixels);
    ASSERT_EQ(view.hashes.size(), 2u);
    for (const DialectHashes& hashes : view.hashes) {
      EXPECT_TRUE(hashes.quality >= 0 && hashes.quality <= 100);
      EXPECT_TRUE(std::isfinite(hashes.spread) && hashes.spread >= 0);
      EXPECT_EQ(hashes.usable, hashes.quality >= 50 && hashes.spread >= 1.0);
    }
  }
}

TEST(CageMessages, ComeBackAsTheyWere) {
  const CageHello hello{.measures = 0x155,
                        .landlock_abi = 7,
                        .address_space_bytes = 1ull << 40,
                        .libraries = {"libpng 1.6.39", ""}};
  EXPECT_EQ(internal::ReadHello(internal::WriteHello(hello)), hello);
  CageRequest request{.sequence = 1ull << 50, .size_bytes = 12345, .capacity_bytes = 1 << 20};
  request.options.cli512 = false;
  request.options.trimmed = false;
  request.options.limits = {
      .max_bytes = 1, .max_side = 2, .max_pixels = 3, .max_memory_bytes = 4, .max_scans = 5};
  const auto read = internal::ReadRequest(internal::WriteRequest(request));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(internal::WriteRequest(*read), internal::WriteRequest(request));
  EXPECT_TRUE(read->options.full && !read->options.cli512 && read->options.orientations);
  EXPECT_FALSE(read->options.trimmed);
  for (const test::NamedFile& file : test::FilesOfAllKinds()) {
    const Fingerprint print = test::Uncaged(file.bytes);
    if (!IsDecodable(print.format)) continue;
    Fingerprint answer = Asked(print);
    EXPECT_TRUE(internal::ReadAnswer(internal::WriteAnswer(7, print), {.sequence = 7}, answer))
        << file.name;
    EXPECT_EQ(Everything(answer), Everything(print)) << file.name;
  }
}

// What a worker does not know it must not take for something else.
TEST(CageMessages, RequestsWithUnknownOptionsAreRefused) {
  Message request = internal::WriteRequest({.sequence = 1});
  constexpr std::size_t kOptionsAt = 4 + 3 * 8;
  ASSERT_TRUE(internal::ReadRequest(request).has_value());
  for (const int bit : {0x20, 0x40, 0x80}) {
    Message other = request;
    other[kOptionsAt] = static_cast<std::uint8_t>(other[kOptionsAt] | bit);
    EXPECT_FALSE(internal::ReadRequest(other).has_value()) << bit;
  }
}

// A worker that was taken over must not pass a guess off where an exact hash was asked for.
TEST(CageMessages, ApproximateAnswersAreTakenOnlyWhereAskedFor) {
  Fingerprint print = test::Uncaged(EncodeJpeg(test::Synthetic(2, 700, 680)));
  ASSERT_EQ(print.disposition, Disposition::kHashed);
  ASSERT_EQ(print.views.size(), 1u);
  print.approximate = true;
  print.views[0].hashes.resize(1);
  const auto taken = [](const Fingerprint& said, bool fast) {
    Fingerprint answer = Asked(said);
    CageRequest request{.sequence = 7};
    request.options.fast = fast;
    return internal::ReadAnswer(internal::WriteAnswer(7, said), request, answer) &&
           answer.approximate;
  };
  EXPECT_TRUE(taken(print, true));
  EXPECT_FALSE(taken(print, false));
  Fingerprint partial = print;
  partial.disposition = Disposition::kPartial;
  EXPECT_FALSE(taken(partial, true));
  Fingerprint framed = print;
  framed.views.push_back(framed.views[0]);
  framed.views[1].view.crop = Crop::kTrimmed;
  EXPECT_FALSE(taken(framed, true));
}

TEST(CageMessages, OfAnotherKindLengthOrNumberAreRefused) {
  const Fingerprint print = test::Uncaged(EncodeJpeg(test::Synthetic(1, 40, 40)));
  const Message answer = internal::WriteAnswer(7, print);
  const auto taken = [&](const Message& message, std::uint64_t sequence) {
    Fingerprint into = Asked(print);
    const std::string before = Everything(into);
    const bool good = internal::ReadAnswer(message, {.sequence = sequence}, into);
    EXPECT_TRUE(good || Everything(into) == before);
    return good;
  };
  EXPECT_TRUE(taken(answer, 7));
  EXPECT_FALSE(taken(answer, 8));
  EXPECT_FALSE(taken({}, 7));
  EXPECT_FALSE(taken(internal::WriteHello({}), 7));
  for (std::size_t length = 0; length < answer.size(); ++length) {
    EXPECT_FALSE(
        taken(Message(answer.begin(), answer.begin() + static_cast<std::ptrdiff_t>(length)), 7))
        << length;
  }
  Message longer = answer;
  longer.push_back(0);
  EXPECT_FALSE(taken(longer, 7));
  Fingerprint other = Asked(print);
  other.format = Format::kPng;
  EXPECT_FALSE(internal::ReadAnswer(answer, {.sequence = 7}, other));
  EXPECT_FALSE(internal::ReadHello(answer).has_value());
  EXPECT_FALSE(internal::ReadRequest(answer).has_value());
}

TEST(CageMessages, TimesAddUpWhateverAWorkerSays) {
  Fingerprint print = test::Uncaged(EncodeJpeg(test::Synthetic(1, 40, 40)));
  for (const std::int64_t said : {INT64_MIN, std::int64_t{-1}, INT64_MAX}) {
    Fingerprint into = Asked(print);
    into.times.hash_ns = 5;
    print.times.hash_ns = said;
    EXPECT_TRUE(internal::ReadAnswer(internal::WriteAnswer(7, print), {.sequence = 7}, into));
    EXPECT_GE(into.times.hash_ns, 5);
  }
}

TEST(CageMessages, ViewsComeInOrderAndAsAsked) {
  const test::Picture picture = test::Synthetic(4, 80, 70);
  const Fingerprint print =
      test::Uncaged(EncodePng(Framed(picture, {.left = 20, .top = 20, .right = 20})));
  ASSERT_EQ(print.views.size(), 2u);
  const auto taken = [&](const Fingerprint& said, const CageRequest& request) {
    Fingerprint into = Asked(print);
    return internal::ReadAnswer(internal::WriteAnswer(request.sequence, said), request, into);
  };
  EXPECT_TRUE(taken(print, {}));
  CageRequest plain;
  plain.options.trimmed = false;
  EXPECT_FALSE(taken(print, plain));
  Fingerprint swapped = print;
  std::swap(swapped.views[0], swapped.views[1]);
  EXPECT_FALSE(taken(swapped, {}));
  Fingerprint twice = print;
  twice.views.push_back(twice.views.back());
  EXPECT_FALSE(taken(twice, {}));
  Fingerprint larger = print;
  larger.views[1].width = 70'000;
  EXPECT_FALSE(taken(larger, {}));
  Fingerprint other = print;
  ++other.views[0].height;
  EXPECT_FALSE(taken(other, {}));
  Fingerprint many = print;
  many.views.resize(1);
  for (std::uint32_t frame = 1; frame < kMaxViews; ++frame) {
    many.views.push_back(many.views.front());
    many.views.back().view.frame = 7 * frame;
  }
  EXPECT_TRUE(taken(many, {}));
  EXPECT_LT(internal::WriteAnswer(1, many).size(), internal::kMaxMessageBytes);
}

TEST(CageMessages, DamagedAreRefusedOrSound) {
  const Fingerprint print =
      test::Uncaged(EncodeJpeg(Framed(test::Synthetic(1, 70, 70), {.left = 20, .right = 20})));
  const CageRequest request{.sequence = 7};
  const Message answer = internal::WriteAnswer(7, print);
  int refused = 0;
  // Each byte in turn, in several ways.
  for (std::size_t at = 0; at < answer.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xFF, 0x7F}) {
      Message message = answer;
      message[at] ^= static_cast<std::uint8_t>(change);
      Fingerprint into = Asked(print);
      if (internal::ReadAnswer(message, request, into)) {
        ExpectSound(into, request);
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 50);
  std::mt19937 random(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    Message message = answer;
    for (int n = static_cast<int>(random() % 8); n >= 0; --n) {
      message[random() % (i % 2 == 0 ? message.size() : 60)] = static_cast<std::uint8_t>(random());
    }
    Fingerprint into = Asked(print);
    if (internal::ReadAnswer(message, request, into)) ExpectSound(into, request);
  }
}

}  // namespace
}  // namespace kith::hashing
