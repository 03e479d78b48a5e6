// SPDX-License-Identifier: Apache-2.0
// The page of a check as a browser shows it: no complaint, no request, every count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/browser.h"
#include "tests/end_to_end/sample.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using ::testing::HasSubstr;

std::string Counted(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

TEST(Reports, AreWholeInABrowserAndAskNothingOfTheWorld) {
  const World world;
  world.MakeSample(1, 6);
  world.Enrol();
  const auto check = [&](const std::vector<std::string>& more, const std::string& out) {
    std::vector<std::string> line = {"check", world.Seizure().string(), "--out",
                                     world.Path(out).string()};
    line.insert(line.end(), more.begin(), more.end());
    EXPECT_EQ(world.Kith(line).exit_code, 1);
  };
  check({"--case", "NORTH/1"}, "case");
  check({}, "look-up");
  // The last page is guilty, so that guilt is known to be seen.
  world.Write("guilty.html",
              "<!doctype html><html><head><title>guilty</title><meta "
              "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"></head><body>"
              "<img src=\"http://127.0.0.1:9/picture.png\"></body></html>");
  const Shown shown =
      OpenInBrowser(world, {world.Path("case/report.html"), world.Path("look-up/report.html"),
                            world.Path("guilty.html")});
  ASSERT_EQ(shown.pages.size(), 3U);
  EXPECT_EQ(shown.pages[2].requests, 1);
  ASSERT_EQ(shown.console.size(), 1U) << shown.log;
  EXPECT_THAT(shown.console[0], HasSubstr("picture.png"));

  const std::vector<std::string> folders = {"case", "look-up"};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    SCOPED_TRACE(folders[i]);
    const ShownPage& page = shown.pages[i];
    EXPECT_EQ(page.requests, 0);
    EXPECT_EQ(page.scripts, 0);
    EXPECT_GT(page.elements, 100);
    EXPECT_FALSE(page.wider_than_window);
    EXPECT_THAT(page.title, HasSubstr(i == 0 ? "Case NORTH/1" : "Look-up"));
    const auto has = [&](const std::string& text) { EXPECT_THAT(page.text, HasSubstr(text)); };
    const auto report = ReportWithoutRun(world.Path(folders[i]));
    for (const auto& [word, count] : report["summary"]["verdicts"].items()) {
      has(word + ": " + Counted(count["files"], "file"));
    }
    for (const auto& [word, paths] : report["summary"]["dispositions"].items()) {
      if (paths != 0) has(word);
    }
    int distances = 0;
    for (const auto& [bits, files] : report["summary"]["distances"].items()) {
      if (files == 0) continue;
      ++distances;
      has(Counted(std::stoul(bits), "bit") + ": " + Counted(files, "file"));
    }
    EXPECT_GE(distances, 3);
    has("all" + std::to_string(3 * 22 + 6 + 4));
    const auto counts = report["summary"]["verdicts"];
    has(counts["IDENTIFIED"]["files"].dump() + " identified: call");
    has(counts["UNRECOGNIZED"]["files"].dump() + " never seen: look first");
    has("Never seen before (" + counts["UNRECOGNIZED"]["files"].dump() + ")");
    for (const auto& file : report["files"]) {
      if (file["verdict"] != "NOT_APPLICABLE") has(file["rule"]);
    }
    has("lead, same picture, ");
    has("lind@north.example");
    has("if not reached: desk, desk@north.example");
    has("desk of the agency");
  }
}

using Json = nlohmann::json;

class Kinds : public ::testing::Test {
 protected:
  // NORTH/1 holds the whole sample; SOUTH/7 three copies (one of each known group) and all that is
  // unrelated, in two folders. One of the unrelated pictures is of the series meadow, which nobody
  // has identified.
  void SetUp() override {
    world_.MakeSample(1, 6);
    world_.Enrol();
    Done({"series", "add", "meadow", "--note", "a garden, a wall"});
    Done({"enroll", "--set", kIdentifiedSet, "--series", "meadow",
          (world_.Seizure() / "unrelated/picture-0001.jpg").string()});
    Checked(world_.Seizure(), "NORTH/1");
    Checked(world_.Seizure() / "jpeg-50", "SOUTH/7");
    Checked(world_.Seizure() / "unrelated", "SOUTH/7");
  }

  void Done(const std::vector<std::string>& line) const {
    const Outcome outcome = world_.Kith(line);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  void Checked(const std::filesystem::path& folder, const std::string& name) const {
    const std::string out = "check-" + name.substr(0, name.find('/'));
    const Outcome outcome =
        world_.Kith({"check", folder.string(), "--case", name, "--out", world_.Path(out).string()});
    ASSERT_EQ(outcome.exit_code, 1) << outcome.err;
  }
  // `kith report KIND MORE...` into `folder`; returns the JSON.
  Json Report(const std::string& kind, const std::vector<std::string>& more = {},
              const std::string& folder = "out") const {
    std::vector<std::string> line = {"report", kind, "--out", world_.Path(folder).string()};
    line.insert(line.end(), more.begin(), more.end());
    const Outcome outcome = world_.Kith(line);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::string name = kind == "initial" ? "report" : kind;
    EXPECT_THAT(outcome.out, HasSubstr(folder + "/" + name + ".html"));
    Json json = Json::parse(ReadFile(world_.Path(folder) / (name + ".json")), nullptr, false);
    EXPECT_EQ(json.value("kind", ""), kind);
    return json;
  }
  std::size_t Rows(const std::string& name, const std::string& folder = "out") const {
    const std::string csv = ReadFile(world_.Path(folder) / (name + ".csv"));
    return static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')) - 1;
  }

  World world_;
};

std::vector<std::string> CodesOf(const Json& report) {
  std::vector<std::string> codes;
  for (const Json& series : report["series"]) codes.push_back(series["series"]);
  return codes;
}

TEST_F(Kinds, HaveTheRightNumbersOnEveryPage) {
  const Json initial = Report("initial", {"--case", "NORTH/1"});
  const std::uint64_t paths = 3 * 22 + 6 + 4;
  EXPECT_EQ(initial["summary"]["entries_walked"], paths);
  const auto verdict = [&](const char* word) {
    return initial["summary"]["verdicts"][word]["files"].get<std::uint64_t>();
  };
  EXPECT_EQ(CodesOf(initial)[2], "meadow");
  EXPECT_EQ(verdict("CONFLICT"), 0U);

  const Json identification = Report("identification", {"--case", "NORTH/1"});
  ASSERT_EQ(identification["series"].size(), 2U);
  std::uint64_t identified = 0;
  for (const Json& series : identification["series"]) {
    // The exact copy is certain, the nineteen others that PDQ sees through are leads.
    EXPECT_GE(series["files"], 20);
    EXPECT_EQ(series["files_by_digest"], 1);
    EXPECT_EQ(series["nearest_lead_distance"], 0);
    identified += series["files"].get<std::uint64_t>();
    EXPECT_EQ(series["agency_desk"],
              series["series"] == kLakeside ? "desk@north.example" : "+00 555 0100");
  }
  EXPECT_EQ(identified, verdict("IDENTIFIED"));
  EXPECT_EQ(identification["files"].size(), identified);

  const Json leads = Report("leads", {"--case", "NORTH/1"});
  ASSERT_EQ(CodesOf(leads), std::vector<std::string>{"meadow"});
  EXPECT_EQ(leads["series"][0]["files"], 1);
  EXPECT_EQ(leads["series"][0]["cases"], 2);
  EXPECT_EQ(leads["series"][0]["agencies"], 2);
  EXPECT_EQ(leads["sightings"].size(), 2U);
  EXPECT_EQ(leads["files"].size(), 1U);
  EXPECT_EQ(Rows("leads"), 2U);

  const Json circulation = Report("circulation", {"--series", kLakeside});
  ASSERT_EQ(circulation["sightings"].size(), 2U);
  EXPECT_EQ(circulation["sightings"][0]["case"], "NORTH/1");
  EXPECT_EQ(circulation["sightings"][1]["case"], "SOUTH/7");
  EXPECT_EQ(circulation["sightings"][1]["files"], 1);
  EXPECT_EQ(circulation["sightings"][1]["files_by_digest"], 0);
  EXPECT_EQ(circulation["series"][0]["cases"], 2);
  EXPECT_EQ(Rows("circulation"), 2U);
  const Json of_case = Report("circulation", {"--case", "SOUTH/7"}, "south");
  EXPECT_EQ(of_case["series"].size(), 3U);
  EXPECT_EQ(of_case["sightings"].size(), 6U);

  // What is new in a case, and of it what another case holds too.
  const Json worklist = Report("worklist", {"--case", "NORTH/1"});
  std::uint64_t listed = 0;
  std::uint64_t in_both = 0;
  for (const Json& cluster : worklist["clusters"]) {
    listed += cluster["files"].get<std::uint64_t>();
    EXPECT_EQ(cluster["listed"].size(), cluster["files"]);
    in_both += cluster["cases"].size() == 2 ? 1 : 0;
    for (const Json& file : cluster["listed"]) EXPECT_EQ(file["path_case"], "NORTH/1");
  }
  EXPECT_EQ(listed, verdict("UNRECOGNIZED"));
  EXPECT_EQ(in_both, 5U);
  EXPECT_EQ(Rows("worklist"), listed);
  const Json south = Report("worklist", {"--case", "SOUTH/7"}, "south");
  EXPECT_EQ(south["clusters"].size(), 5U);
  EXPECT_EQ(south["clusters"][0]["cases"], (std::vector<std::string>{"NORTH/1", "SOUTH/7"}));
  EXPECT_EQ(Report("worklist", {}, "all")["clusters"].size(), worklist["clusters"].size());

  Done({"series", "edit", kLakeside, "--notification", "opt-in"});
  Done({"notification", "done", kLakeside, "SOUTH/7", "--who", "B. Brown"});
  const Json due = Report("notifications");
  ASSERT_EQ(due["notifications"].size(), 2U);
  EXPECT_EQ(due["notifications"][0]["case"], "NORTH/1");
  EXPECT_EQ(due["notifications"][0]["notified_at"], "");
  EXPECT_EQ(due["notifications"][1]["notified_by"], "B. Brown");
  EXPECT_EQ(Report("notifications", {"--case", "SOUTH/7"}, "south")["notifications"].size(), 1U);
  EXPECT_EQ(Rows("notifications"), 2U);

  const Json method = Report("method", {"--case", "SOUTH/7"});
  EXPECT_EQ(method["method"]["rates"]["radius"], 31);
  EXPECT_EQ(method["method"]["rates"]["alterations"].size(), 44U);
  EXPECT_EQ(method["method"]["runs"].size(), 2U);
  EXPECT_EQ(method["method"]["entries"], 4);
  EXPECT_EQ(method["sets"].size(), 2U);

  // What a browser makes of them. The last page is guilty, so that guilt is known to be seen.
  world_.Write("guilty.html",
               "<!doctype html><html><head><title>guilty</title><meta "
               "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"></head><body>"
               "<img src=\"http://127.0.0.1:9/picture.png\"></body></html>");
  const std::vector<std::string> names = {"report", "identification", "leads",        "circulation",
                                          "method", "worklist",       "notifications"};
  std::vector<std::filesystem::path> files;
  for (const std::string& name : names) files.push_back(world_.Path("out") / (name + ".html"));
  files.push_back(world_.Path("guilty.html"));
  const Shown shown = OpenInBrowser(world_, files);
  ASSERT_EQ(shown.pages.size(), 8U);
  EXPECT_EQ(shown.pages[7].requests, 1);
  ASSERT_EQ(shown.console.size(), 1U) << shown.log;
  EXPECT_THAT(shown.console[0], HasSubstr("picture.png"));

  for (std::size_t i = 0; i < names.size(); ++i) {
    const ShownPage& page = shown.pages[i];
    EXPECT_EQ(page.requests, 0) << names[i];
    EXPECT_EQ(page.scripts, 0) << names[i];
    EXPECT_GT(page.elements, 40) << names[i];
    EXPECT_FALSE(page.wider_than_window) << names[i];
    EXPECT_THAT(page.title, HasSubstr("Kith report")) << names[i];
  }
  const auto has = [&](std::size_t page, const std::string& text) {
    EXPECT_THAT(shown.pages[page].text, HasSubstr(text)) << names[page];
  };
  const auto counted = [](std::uint64_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  for (const auto& [word, count] : initial["summary"]["verdicts"].items()) {
    has(0, word + ": " + counted(count["files"], "file"));
  }
  for (const auto& [word, count] : initial["summary"]["dispositions"].items()) {
    if (count != 0) has(0, word);
  }
  for (const auto& [bits, count] : initial["summary"]["distances"].items()) {
    if (count != 0) has(0, counted(std::stoul(bits), "bit") + ": " + counted(count, "file"));
  }
  has(0, "all" + std::to_string(paths));
  for (const Json& series : identification["series"]) {
    has(1, counted(series["files"], "file") + ", 1 certain by digest, " +
               counted(series["files"].get<std::uint64_t>() - 1, "lead") + " to confirm. Met in ");
  }
  has(1, "lind@north.example");
  has(1, "desk of the agency");
  has(2, "1 file, 1 certain by digest. Met in 2 cases of 2 agencies.");
  has(2, "SOUTH/7");
  has(3, "2 sightings");
  has(4, "4 entries with 4 PDQ hashes");
  has(4, "Measured error rates");
  has(4, method["method"]["rates"]["command"]);
  for (const Json& rate : method["method"]["rates"]["alterations"]) has(4, rate["alteration"]);
  has(5, std::to_string(listed) + " files to look at");
  has(5, "5 clusters of them");
  for (const Json& cluster : worklist["clusters"]) {
    if (cluster["cluster"] != 0) has(5, "Cluster " + cluster["cluster"].dump());
  }
  has(6, "1 to be told");
  has(6, "1 told already");
  has(6, due["notifications"][0]["due_on"]);
}

TEST_F(Kinds, AreTheSameBytesTwice) {
  for (const std::string kind : {"initial", "identification", "leads", "circulation", "method",
                                 "worklist", "notifications"}) {
    const std::vector<std::string> of = {"--case", "NORTH/1"};
    Report(kind, of, "once");
    Report(kind, of, "twice");
    const std::string name = kind == "initial" ? "report" : kind;
    for (const char* end : {".json", ".csv", ".html"}) {
      EXPECT_EQ(TextWithoutRun(world_.Path("once") / (name + end)),
                TextWithoutRun(world_.Path("twice") / (name + end)))
          << kind << end;
    }
  }
}

TEST_F(Kinds, TouchNoEvidenceAndSayWhatTheyAreOf) {
  const auto refused = [&](const std::vector<std::string>& line, const std::string& why) {
    const Outcome outcome = world_.Kith(line);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    EXPECT_THAT(outcome.err, HasSubstr(why));
  };
  const std::string inside = (world_.Seizure() / "report").string();
  // Of two folders, of another case's folder, and of no case at all.
  refused({"report", "initial", "--case", "SOUTH/7", "--out",
           (world_.Seizure() / "jpeg-50/report").string()},
          "checked folder");
  refused({"report", "leads", "--out", inside}, "checked folder");
  refused({"report", "circulation", "--series", kLakeside, "--out", inside}, "checked folder");
  EXPECT_FALSE(std::filesystem::exists(inside));
  refused({"report", "circulation"}, "--case AGENCY/NUMBER or --series CODE");
  refused({"report", "identification"}, "of a case");
  refused({"report", "leads", "--series", kLakeside}, "only circulation");
  refused({"report", "identification", "--case", "NORTH/99"}, "not on record");
  refused({"report", "circulation", "--series", "brook"}, "no series");
  refused({"report", "something"}, "not in {initial,");
}

}  // namespace
}  // namespace kith::end_to_end
