// SPDX-License-Identifier: Apache-2.0
// Workers that crash, hang, lie and try to get out: each costs its one file, and gets nowhere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <thread>

#include "tests/hashing/caged.h"
#include "tests/hashing/hooks.h"

namespace kith::hashing {
namespace {

using test::Caged;
using test::Everything;
using test::FileWithOrder;
using test::Uncaged;
using ::testing::HasSubstr;
using ::testing::StartsWith;

#ifdef KITH_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Processor time of a process, in ticks of the kernel; as much as can be when it has ended.
long TicksUsed(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  while (file >> word && !word.ends_with(")")) continue;  // the number and the name
  for (int i = 0; i < 11; ++i) file >> word;              // the state and what follows it
  long user = 0;
  long system = 0;
  return file >> user >> system ? user + system : std::numeric_limits<long>::max() / 2;
}

class CageTrouble : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(cage_, nullptr); }

  Fingerprint Order(const std::string& order) { return Caged(*cage_, FileWithOrder(order)); }

  // Whatever came before, the next picture is hashed as ever, and all digests are there.
  void ExpectAllWell(const Fingerprint& last) {
    EXPECT_TRUE(last.digests.has_value());
    EXPECT_EQ(last.format, Format::kJpeg);
    EXPECT_EQ(Everything(Caged(*cage_, picture_)), Everything(Uncaged(picture_)));
  }

  std::unique_ptr<cage::CagedFingerprinter> cage_ =
      test::StartObedientCage({.deadline = std::chrono::milliseconds(1500)});
  const test::Data picture_ = EncodeJpeg(test::Synthetic(8, 120, 80));
};

TEST_F(CageTrouble, ACrashCostsOneFile) {
  for (const auto& [order, words] :
       {std::pair{"segv", "signal 11"}, std::pair{"abort", "signal 6"},
        std::pair{"exit", "exit code 0"}, std::pair{"close", "stopped answering"},
        std::pair{"empty-answer", "the decoder"}}) {
    const Fingerprint print = Order(order);
    EXPECT_EQ(print.disposition, Disposition::kDecoderCrash) << order;
    EXPECT_THAT(print.detail, StartsWith("jpeg: the decoder ")) << order;
    EXPECT_THAT(print.detail, HasSubstr(kSanitized ? "" : words)) << order;
    ExpectAllWell(print);
  }
}

TEST_F(CageTrouble, AHangIsEndedAtItsDeadline) {
  const Fingerprint print = Order("hang");
  EXPECT_EQ(print.disposition, Disposition::kDecoderTimeout);
  EXPECT_EQ(print.detail, "jpeg: no answer within 1.5 seconds");
  ExpectAllWell(print);
}

TEST_F(CageTrouble, AnAnswerThatMakesNoSenseIsACrash) {
  for (const char* order : {"lie-format", "lie-crash", "lie-hashed", "garbage", "long-answer"}) {
    const Fingerprint print = Order(order);
    EXPECT_EQ(print.disposition, Disposition::kDecoderCrash) << order;
    EXPECT_TRUE(print.views.empty()) << order;
    ExpectAllWell(print);
  }
}

// A decoder may stumble over what a file before has left behind.
TEST_F(CageTrouble, DamageThatShowsWithALaterFileDoesNotCostThat) {
  for (const char* order : {"then-segv", "then-garbage", "then-lie-format", "then-long-answer"}) {
    const Fingerprint print = Order(order);
    EXPECT_EQ(print.disposition, Disposition::kUnreadable) << order;
    ExpectAllWell(print);
  }
}

TEST_F(CageTrouble, UsedMemoryIsGivenOutAsZeros) {
  const Fingerprint print = Order("used-memory");
  ExpectAllWell(print);
  if (kSanitized) return;  // its allocator is another one
  EXPECT_EQ(print.detail, "done");
}

TEST_F(CageTrouble, WordsOfAWorkerAreShortAndPrintable) {
  const Fingerprint print = Order("odd-words");
  EXPECT_EQ(print.disposition, Disposition::kUnreadable);
  EXPECT_THAT(print.detail, StartsWith("?[31m??aaa"));
  EXPECT_LE(print.detail.size(), 240u);
  ExpectAllWell(print);
}

TEST_F(CageTrouble, KilledFromOutsideItCostsOneFile) {
  const std::vector<int> workers = test::Children();
  ASSERT_EQ(workers.size(), 1u);
  // One that waits for a file uses no processor; one that hangs in this order uses all it gets.
  const long before = TicksUsed(workers.front());
  std::jthread killer([&] {
    while (TicksUsed(workers.front()) < before + 3) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    kill(workers.front(), SIGKILL);
  });
  const Fingerprint print = Order("hang");
  EXPECT_EQ(print.disposition, Disposition::kDecoderCrash);
  EXPECT_THAT(print.detail, HasSubstr("signal 9"));
  ExpectAllWell(print);
}

TEST_F(CageTrouble, KilledBetweenTwoFilesItCostsNone) {
  ASSERT_EQ(test::Children().size(), 1u);
  kill(test::Children().front(), SIGKILL);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(Everything(Caged(*cage_, picture_)), Everything(Uncaged(picture_)));
}

TEST_F(CageTrouble, TheMemoryOfTheFileCannotBeChanged) {
  const Fingerprint print = Order("change-file");
  EXPECT_THAT(print.detail, StartsWith("refused"));
  ExpectAllWell(print);
}

// What follows is the work of seccomp, Landlock and the address limit; the filter of sanitizer
// builds lets files pass to their run-time.
TEST_F(CageTrouble, NothingGetsOut) {
  const auto measures = cage_->posture().measures;
  const auto enforced = [&](const std::string& name) {
    return std::ranges::any_of(measures,
                               [&](const auto& m) { return m.name == name && m.enforced; });
  };
  ASSERT_TRUE(enforced("seccomp")) << "this kernel has no seccomp: the cage has no bars";
  for (const char* order : {"open", "create", "unlink", "stdout", "stderr"}) {
    if (kSanitized) break;
    const Fingerprint print = Order(order);
    EXPECT_EQ(print.disposition, Disposition::kUnreadable) << order;
    EXPECT_THAT(print.detail, StartsWith("refused")) << order;
    ExpectAllWell(print);
  }
  for (const char* order : {"fork", "much-memory", "clone3"}) {
    if (kSanitized && std::string_view(order) != "clone3") continue;
    EXPECT_THAT(Order(order).detail, StartsWith("refused")) << order;
  }
  for (const char* order :
       {"socket", "unix", "exec", "ptrace", "kill", "kill-parent", "execute-memory", "wait"}) {
    if (kSanitized &&
        (std::string_view(order) == "execute-memory" || std::string_view(order) == "wait")) {
      continue;
    }
    const Fingerprint print = Order(order);
    EXPECT_EQ(print.disposition, Disposition::kDecoderCrash) << order;
    EXPECT_EQ(print.detail, "jpeg: the decoder tried what the cage forbids and was ended") << order;
    ExpectAllWell(print);
  }
  EXPECT_FALSE(std::filesystem::exists("/tmp/kith-escaped"));
}

TEST(CageRestarts, LeaveNothingBehind) {
  const int descriptors = test::OpenDescriptors();
  const test::Data picture = EncodeJpeg(test::Synthetic(8, 32, 32));
  constexpr int kRestarts = kSanitized ? 20 : 200;
  {
    const auto cage = test::StartObedientCage({.files_per_worker = 1});
    ASSERT_NE(cage, nullptr);
    const std::string expected = Everything(Uncaged(picture));
    int running = 0;
    for (int i = 0; i < kRestarts; ++i) {
      // By turns at the end of its time and by a crash.
      if (i % 2 == 0) {
        EXPECT_EQ(Everything(Caged(*cage, picture)), expected);
      } else {
        EXPECT_EQ(Caged(*cage, FileWithOrder("segv")).disposition, Disposition::kDecoderCrash);
      }
      EXPECT_TRUE(test::Children().empty());
      if (i == 0) running = test::OpenDescriptors();
    }
    EXPECT_EQ(test::OpenDescriptors(), running);
  }
  EXPECT_EQ(test::OpenDescriptors(), descriptors);
  EXPECT_TRUE(test::Children().empty());
}

}  // namespace
}  // namespace kith::hashing
