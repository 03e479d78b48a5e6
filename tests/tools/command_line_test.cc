// SPDX-License-Identifier: Apache-2.0
#include "tools/kith/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "proto/kith/v1/catalog.pb.h"
#include "tools/kith/nearest.h"
#include "tools/kith/table.h"

namespace kith::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Every verb of the tree, with its words: "kith agency add".
void Visit(const CLI::App& app, const std::string& words,
           const std::function<void(const CLI::App&, const std::string&)>& take) {
  take(app, words);
  for (const CLI::App* verb : app.get_subcommands({})) {
    Visit(*verb, words + " " + verb->get_name(), take);
  }
}

TEST(Help, StartsWithThreeExamplesOfTheVerbItself) {
  Program program;
  const auto app = MakeCommandLine(program);
  int verbs = 0;
  Visit(*app, "kith", [&verbs](const CLI::App& verb, const std::string& words) {
    ++verbs;
    const std::string help = verb.help();
    EXPECT_THAT(help, StartsWith("Examples:\n")) << words;
    std::istringstream lines(help);
    std::string line;
    std::getline(lines, line);
    int examples = 0;
    while (std::getline(lines, line) && !line.empty()) {
      EXPECT_THAT(line, HasSubstr(words)) << line;
      // It is pasted, and must then be a call that can be.
      EXPECT_THAT(line, Not(HasSubstr("..."))) << line;
      EXPECT_THAT(line, Not(HasSubstr("HASH"))) << line;
      ++examples;
    }
    EXPECT_GE(examples, 3) << words;
    EXPECT_FALSE(verb.get_description().empty()) << words;
  });
  EXPECT_GE(verbs, 35);
}

// A description of one sentence was left out once.
TEST(Help, ListsEachVerbWithWhatItDoes) {
  Program program;
  const auto app = MakeCommandLine(program);
  Visit(*app, "kith", [](const CLI::App& verb, const std::string& words) {
    const std::string help = verb.help();
    for (const CLI::App* below : verb.get_subcommands({})) {
      const std::string said = below->get_description();
      EXPECT_THAT(help, HasSubstr(said.substr(0, said.find_first_of(".\n")))) << words;
    }
  });
}

TEST(Help, TellsWhatEveryOptionIs) {
  Program program;
  const auto app = MakeCommandLine(program);
  Visit(*app, "kith", [](const CLI::App& verb, const std::string& words) {
    for (const CLI::Option* option : verb.get_options()) {
      EXPECT_FALSE(option->get_description().empty()) << words << " " << option->get_name();
    }
  });
}

int RunWords(const std::vector<const char*>& words, std::string* said = nullptr) {
  Program program;
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  const int code = RunCommandLine(static_cast<int>(words.size()), words.data(), program);
  testing::internal::GetCapturedStdout();
  const std::string text = testing::internal::GetCapturedStderr();
  if (said != nullptr) *said = text;
  return code;
}

TEST(Usage, IsExitTwoAndNamesTheNearest) {
  std::string said;
  EXPECT_EQ(RunWords({"kith", "chekc", "x"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("did you mean check?"));
  EXPECT_EQ(RunWords({"kith", "set", "ad", "x"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("kith set knows no verb ad; did you mean add?"));
  EXPECT_EQ(RunWords({"kith", "check", "x", "--jsno"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("did you mean --json?"));
  EXPECT_EQ(RunWords({"kith", "check", "--cas=A/1"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("did you mean --case?"));
}

TEST(Usage, OfAnythingElseIsExitTwoToo) {
  EXPECT_EQ(RunWords({"kith"}), 2);
  EXPECT_EQ(RunWords({"kith", "check"}), 2);
  EXPECT_EQ(RunWords({"kith", "check", "a", "b"}), 2);
  EXPECT_EQ(RunWords({"kith", "match", "--radius", "32", "x"}), 2);
  EXPECT_EQ(RunWords({"kith", "match", "--radius", "-1", "x"}), 2);
  EXPECT_EQ(RunWords({"kith", "hash", "--dialect", "other", "x"}), 2);
  EXPECT_EQ(RunWords({"kith", "agency"}), 2);
}

TEST(Usage, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(RunWords({"kith", "--help"}), 0);
  EXPECT_EQ(RunWords({"kith", "--version"}), 0);
  EXPECT_EQ(RunWords({"kith", "set", "add", "--help"}), 0);
}

TEST(Usage, DoesNotRepeatAHostileWord) {
  std::string said;
  EXPECT_EQ(RunWords({"kith", "\x1b[2Jhash"}, &said), 2);
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST(Usage, SaysWhatIsNoNumberOfAThing) {
  std::string said;
  EXPECT_EQ(RunWords({"kith", "entry", "withdraw", "17", "abc"}, &said), 2);
  EXPECT_THAT(said, StartsWith("kith: abc is no number"));
  EXPECT_EQ(RunWords({"kith", "entry", "show", "99999999999999999999"}, &said), 2);
  EXPECT_THAT(said, StartsWith("kith: 99999999999999999999 is no number"));
  EXPECT_EQ(RunWords({"kith", "entry", "show", "017"}, &said), 2);
  EXPECT_THAT(said, StartsWith("kith: 017 is no number"));
  EXPECT_EQ(RunWords({"kith", "contact", "show", "3x"}, &said), 2);
  EXPECT_THAT(said, StartsWith("kith: 3x is no number"));
}

TEST(Usage, TellsWhereTheNumbersOfAThingAreShown) {
  const auto said_of = [](const std::vector<const char*>& words) {
    std::string said;
    EXPECT_EQ(RunWords(words, &said), 2);
    return said;
  };
  EXPECT_THAT(said_of({"kith", "alert", "show", "x"}), HasSubstr("kith alert list"));
  EXPECT_THAT(said_of({"kith", "cluster", "show", "x"}), HasSubstr("kith cluster list"));
  EXPECT_THAT(said_of({"kith", "contact", "show", "x"}), HasSubstr("kith contact list"));
  EXPECT_THAT(said_of({"kith", "series", "edit", "B", "--contact", "x"}),
              HasSubstr("kith contact list"));
  EXPECT_THAT(said_of({"kith", "entry", "show", "x"}), HasSubstr("kith entry list"));
}

// 010 was taken for 8, 0x5 for 5.
TEST(Usage, TakesPlainNumbersOnly) {
  for (const char* radius : {"010", "0x5", "0b1", "00", "+5", "5 ", "1_0"}) {
    for (const auto& words :
         std::vector<std::vector<const char*>>{{"kith", "check", ".", "--radius", radius},
                                               {"kith", "match", "x", "--radius", radius},
                                               {"kith", "set", "add", "x", "--radius", radius},
                                               {"kith", "set", "edit", "x", "--radius", radius},
                                               {"kith", "match", "x", "--limit", radius},
                                               {"kith", "check", ".", "--jobs", radius}}) {
      std::string said;
      EXPECT_EQ(RunWords(words, &said), 2) << radius;
      EXPECT_THAT(said, HasSubstr("is no number")) << words[1];
    }
  }
}

// The variable of a script that was never set counted as "not given", or as "all".
TEST(Usage, RefusesAnEmptyName) {
  for (const auto& words : std::vector<std::vector<const char*>>{
           {"kith", "check", ".", "--case", ""},
           {"kith", "check", ".", "--out", ""},
           {"kith", "check", ""},
           {"kith", "--store", "", "check", "."},
           {"kith", "set", "list", "--store", ""},
           {"kith", "set", "list", "--server", ""},
           {"kith", "set", "list", "--config", ""},
           {"kith", "entry", "list", "--set", ""},
           {"kith", "entry", "list", "--series", ""},
           {"kith", "contact", "list", "--agency", ""},
           {"kith", "alert", "list", "--case", ""},
           {"kith", "report", "worklist", "--case", ""},
           {"kith", "series", "add", "x", "--identified-by", ""},
           {"kith", "series", "identify", "x", "--identified-by", "A", "--on", ""},
           {"kith", "series", "edit", "x", "--note", "", "--who", ""},
           {"kith", "enroll", "--set", "x", "--series", "", "file"},
           {"kith", "export", "--set", "x", "--format", "csv", "--out", ""},
           {"kith", "opinion", "list", "--file", ""}}) {
    std::string said;
    EXPECT_EQ(RunWords(words, &said), 2) << words[1];
    EXPECT_THAT(said, HasSubstr(" is empty: give ")) << words[1] << " " << words[2];
  }
}

TEST(Usage, TellsOfAFlagBeforeItsVerb) {
  std::string said;
  EXPECT_EQ(RunWords({"kith", "agency", "--json", "list"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("the flag --json stands after its verb: kith agency list --json"));
  EXPECT_EQ(RunWords({"kith", "agency", "--json"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("the flag --json stands after its verb: kith agency add --json"));
  EXPECT_EQ(RunWords({"kith", "--case=A/1", "check", "x"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("the flag --case stands after its verb: kith check --case"));
}

// The one behind the verb won without a word, and a record went into another store.
TEST(Usage, RefusesAFlagThatIsGivenBeforeTheVerbAndBehindIt) {
  for (const std::string flag : {"--store", "--server", "--config"}) {
    std::string said;
    EXPECT_EQ(RunWords({"kith", flag.c_str(), "A", "series", "list", flag.c_str(), "B"}, &said), 2);
    EXPECT_THAT(said, HasSubstr(flag + " is given twice, before series list and behind it"));
  }
}

TEST(Usage, SaysHowLargeANumberMayBe) {
  std::string said;
  EXPECT_EQ(RunWords({"kith", "series", "add", "B", "--victims", "99999999999"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("--victims 99999999999 is too large: at most 4294967295"));
  EXPECT_EQ(RunWords({"kith", "series", "edit", "B", "--victims", "4294967296"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("is too large"));
}

TEST(Usage, KnowsWhatIsMeantByHelpAndVersion) {
  std::string said;
  EXPECT_EQ(RunWords({"kith", "help"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("did you mean kith --help?"));
  EXPECT_EQ(RunWords({"kith", "version"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("did you mean kith --version?"));
  EXPECT_EQ(RunWords({"kith", "set", "help"}, &said), 2);
  EXPECT_THAT(said, HasSubstr("did you mean kith set --help?"));
}

TEST(Usage, LeavesProtobufNoWord) {
  EXPECT_EQ(RunWords({"kith", "--version"}), 0);
  v1::HashSet set;
  set.set_name("\xff");
  testing::internal::CaptureStderr();
  EXPECT_FALSE(v1::HashSet().ParseFromString(set.SerializeAsString()));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Nearest, FindsSlipsOfTheFinger) {
  const std::vector<std::string> verbs = {"check", "match", "hash", "enroll"};
  EXPECT_EQ(Nearest("hsah", verbs), "hash");
  EXPECT_EQ(Nearest("enrol", verbs), "enroll");
  EXPECT_EQ(Nearest("chck", verbs), "check");
  EXPECT_EQ(Nearest("zzzz", verbs), "");
  EXPECT_EQ(Nearest(std::string(100'000, 'x'), verbs), "");
}

TEST(Table, LinesUpWhateverStandsInIt) {
  Table table({"NAME", ">COUNT"});
  table.Add({"a", "1"});
  table.Add({"写真", "1,000"});
  table.Add({"x\n\x1b", "22"});
  EXPECT_THAT(table.Lines(), ElementsAre("NAME     COUNT", "a            1", "写真     1,000",
                                         "x\\n\\x1B     22"));
}

TEST(Table, KnowsHowWideTextIs) {
  EXPECT_EQ(DisplayWidth("abc"), 3U);
  EXPECT_EQ(DisplayWidth("äöü"), 3U);
  EXPECT_EQ(DisplayWidth("a\u0308"), 1U);
  EXPECT_EQ(DisplayWidth("写真"), 4U);
}

}  // namespace
}  // namespace kith::cli
