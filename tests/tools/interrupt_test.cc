// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/interrupt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <initializer_list>
#include <string>
#include <thread>

namespace kith::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// What is said when the signals come during a run. A second one that counts ends the process.
std::string StopBy(std::initializer_list<int> numbers, bool recorded) {
  testing::internal::CaptureStderr();
  {
    Interrupt interrupt;
    interrupt.RunBegins(recorded);
    for (const int number : numbers) EXPECT_EQ(::kill(::getpid(), number), 0);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!interrupt.requested() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    EXPECT_TRUE(interrupt.requested());
  }
  return testing::internal::GetCapturedStderr();
}

TEST(Interrupt, SaysOfEachKindOfRunWhatBecomesOfIt) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_THAT(StopBy({number}, true), HasSubstr("is finished and recorded")) << number;
    const std::string look_up = StopBy({number}, false);
    EXPECT_THAT(look_up, HasSubstr("nothing is recorded")) << number;
    EXPECT_THAT(look_up, Not(HasSubstr("finished and recorded"))) << number;
  }
}

// A run that is over may still wait, for others who use its store.
TEST(Interrupt, EndsTheProcessAtOnceWhenTheRunIsOver) {
  const auto stop = [] {
    Interrupt interrupt;
    interrupt.RunBegins(true);
    Interrupt::RunIsOver();
    ::kill(::getpid(), SIGINT);
    std::this_thread::sleep_for(std::chrono::seconds(30));
  };
  EXPECT_EXIT(stop(), testing::ExitedWithCode(130), "^$");
}

TEST(Interrupt, LetsARunOutliveItsTerminalWhereThatWasAsked) {
  const auto before = ::signal(SIGHUP, SIG_IGN);
  EXPECT_THAT(StopBy({SIGHUP, SIGTERM}, true), HasSubstr("Stopping"));
  (void)::signal(SIGHUP, before);
}

}  // namespace
}  // namespace kith::cli
