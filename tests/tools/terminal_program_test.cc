// SPDX-License-Identifier: Apache-2.0
// What a person at a terminal sees: progress, and colour where it is wanted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using test::Outcome;
using test::ProgramTest;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class TerminalTest : public ProgramTest {
 protected:
  TerminalTest() {
    WritePicture("f/known.bmp", 1);
    WritePicture("f/other.bmp", 2);
    EXPECT_EQ(Kith("set add s").code, 0);
    EXPECT_EQ(Kith("enroll --set s f/known.bmp").code, 0);
    scratch_.Write("tty.sh", "exec script -qec \"$*\" /dev/null\n");
  }

  // All that a terminal of that environment is sent.
  std::string Shown(const std::string& environment, const std::string& line) {
    through_ = "env " + environment + " sh tty.sh";
    const Outcome run = Kith(line);
    EXPECT_EQ(run.code, 1) << run.out << run.err;
    through_.clear();
    return run.out;
  }
};

constexpr char kProgress[] = R"(\[[.#]*\] +[0-9]+%  [0-9]+ of 2 entries  [0-9]+/s  [0-9.]+ MB/s)";
constexpr char kYellow[] = "\x1b[33m";

TEST_F(TerminalTest, ACheckShowsProgressAndColour) {
  EXPECT_THAT(Shown("-u NO_COLOR TERM=xterm", "check f"),
              AllOf(ContainsRegex(kProgress), HasSubstr(kYellow), HasSubstr("RECOGNIZED")));
}

TEST_F(TerminalTest, WhoWantsNoColourGetsNone) {
  for (const char* environment : {"NO_COLOR=1 TERM=xterm", "-u NO_COLOR TERM=dumb"}) {
    EXPECT_THAT(Shown(environment, "check f"),
                AllOf(HasSubstr("RECOGNIZED"), Not(ContainsRegex("\x1b\\[[0-9;]*m"))))
        << environment;
  }
}

TEST_F(TerminalTest, WhoWantsNoProgressGetsNone) {
  EXPECT_THAT(Shown("-u NO_COLOR TERM=xterm", "check f --progress never"),
              AllOf(HasSubstr("RECOGNIZED"), Not(HasSubstr("MB/s"))));
}

TEST_F(TerminalTest, AFileOfTheOutputHoldsNeither) {
  const Outcome run = Kith("check f");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out + run.err,
              AllOf(HasSubstr("RECOGNIZED"), Not(HasSubstr("MB/s")), Not(HasSubstr("\x1b["))));
}

}  // namespace
}  // namespace kith
