// SPDX-License-Identifier: Apache-2.0
// The story of a year, told by the programs themselves: two agencies, three series, four cases; one
// series is identified later, one is merged, one entry is withdrawn, one lead rejected, one entry
// is benign, one case is checked twice, one is killed half-way, one purged. Every number of every
// report is asserted: casework_story.json has them all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "hashing/digest.h"
#include "tests/end_to_end/expected_reports.h"
#include "tests/end_to_end/pictures.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CaseworkStory : public ::testing::Test {
 protected:
  // Not by +: GCC 12 warns falsely (GCC bug 105651).
  [[nodiscard]] std::string Numbered(std::string name) const {
    name += std::to_string(++reports_);
    return name;
  }
  void SetUp() override {
    for (const int day : {0, 1}) {  // the story may be told over midnight
      expected_.Name(DayFromNow(day), "TODAY");
      expected_.Name(WorkingDaysAfter(day, 10), "TODAY + 10 working days");
    }
    expected_.NameStart(world_.Path("").string(), "");
  }

  // Picture number `picture` as a JPEG: quality 92 is the file that the agency knows. What reports
  // tell of its content is computed here by itself.
  void Put(const std::string& path, std::uint64_t picture, int quality = 92) {
    const std::filesystem::path file = world_.Path(path);
    std::filesystem::create_directories(file.parent_path());
    const Bytes bytes = EncodeJpeg(Draw(picture), quality);
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    const std::string content =
        " of picture " + std::to_string(picture) + " at " + std::to_string(quality);
    const hashing::Digests digests = hashing::DigestsOf(bytes);
    expected_.Name(hashing::DigestHex(digests.sha256), "SHA-256" + content);
    expected_.Name(hashing::DigestHex(digests.md5), "MD5" + content);
    expected_.Name(std::to_string(bytes.size()), "size" + content);
  }
  void Do(const std::vector<std::string>& arguments) const {
    const Outcome done = world_.Kith(arguments);
    ASSERT_EQ(done.exit_code, 0) << arguments[0] << " " << arguments[1] << ": " << done.err;
  }
  [[nodiscard]] std::vector<nlohmann::json> Ask(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const Outcome asked = world_.Kith(arguments);
    EXPECT_EQ(asked.exit_code, 0) << asked.err;
    return JsonLines(asked.out);
  }
  // The JSON of a report of this kind.
  [[nodiscard]] nlohmann::json Report(const std::string& kind,
                                      const std::vector<std::string>& more = {}) const {
    return nlohmann::json::parse(ReadFile(Make(kind, more) / (Stem(kind) + ".json")));
  }
  static std::string Stem(const std::string& kind) { return kind == "initial" ? "report" : kind; }
  // Returns the folder of the report.
  [[nodiscard]] std::filesystem::path Make(const std::string& kind,
                                           const std::vector<std::string>& more) const {
    const std::filesystem::path folder = world_.Path(Numbered("kind-"));
    std::vector<std::string> line = {"report", kind, "--out", folder.string()};
    line.insert(line.end(), more.begin(), more.end());
    Do(line);
    return folder;
  }
  // Every number of this report, at this point of the story.
  void Expect(const std::string& when, const std::string& kind,
              const std::vector<std::string>& more = {}) {
    std::string name = when;
    name.append(": ").append(kind);
    if (!more.empty()) name.append(" ").append(more.back());
    expected_.Compare(name, Make(kind, more), Stem(kind));
  }
  void ExpectOfCases(const std::string& when, const std::string& kind) {
    for (const char* name : {"NORTH/1", "NORTH/2", "SOUTH/1", "SOUTH/2"}) {
      Expect(when, kind, {"--case", name});
    }
  }
  // Series of a report with their files and cases, "Bluebell 1 in 2".
  static std::vector<std::string> SeriesOf(const nlohmann::json& report) {
    std::vector<std::string> all;
    for (const auto& series : report["series"]) {
      all.push_back(series["series"].get<std::string>() + " " + series["files"].dump() +
                    (series.contains("cases") ? " in " + series["cases"].dump() : ""));
    }
    return all;
  }
  // One file after the other: clusters are numbered by when their files came on record.
  int Check(const std::string& folder, const std::string& name) const {
    return world_
        .Kith({"check", world_.Path(folder).string(), "--case", name, "--jobs", "1", "--out",
               world_.Path(Numbered("out-")).string()})
        .exit_code;
  }
  // Verdicts of a case that are not zero, as the ledger has them: files.
  [[nodiscard]] std::map<std::string, int> Verdicts(const std::string& name) const {
    const std::string folder = Numbered("report-");
    Do({"case", "report", name, "--out", world_.Path(folder).string()});
    last_report_ = ReportWithoutRun(world_.Path(folder));
    std::map<std::string, int> verdicts;
    for (const auto& [verdict, count] : last_report_["summary"]["verdicts"].items()) {
      if (count["files"] != 0) verdicts[verdict] = count["files"];
    }
    return verdicts;
  }
  // SHA-256 of the file of the last report whose path ends so.
  [[nodiscard]] std::string Sha256(const std::string& path) const {
    for (const auto& file : last_report_["files"]) {
      if (file["paths"][0]["path"] == path) return file["sha256"];
    }
    ADD_FAILURE() << "no " << path;
    return "";
  }
  // "CASE what subject files" of each open alert.
  [[nodiscard]] std::vector<std::string> Alerts() const {
    std::vector<std::string> alerts;
    for (const auto& alert : Ask({"alert", "list"})) {
      alerts.push_back(alert["case"].get<std::string>() + " " + alert["what"].get<std::string>() +
                       ", " + alert["subject"].get<std::string>() + ": " +
                       std::to_string(alert["files"].get<int>()));
    }
    return alerts;
  }

  void Enrol() {
    Do({"agency", "add", "NORTH", "--desk", "north@example"});
    Do({"agency", "add", "SOUTH", "--desk", "south@example"});
    Do({"contact", "add", "A. Adams", "--agency", "NORTH", "--phone", "1"});
    Do({"series", "add", "Bluebell", "--identified-by", "NORTH", "--contact", "1", "--on",
        "2026-01-05"});
    Do({"series", "add", "Harebell"});
    Do({"series", "add", "Primrose"});
    Do({"set", "add", "national"});
    Do({"set", "add", "harmless", "--purpose", "benign"});
    const std::vector<std::pair<std::string, std::string>> known = {
        {"1", "Bluebell"}, {"2", "Harebell"}, {"3", "Primrose"}, {"4", ""}, {"5", "Harebell"}};
    for (const auto& [picture, series] : known) {
      const std::string path = std::string("known/").append(picture).append(".jpg");
      Put(path, std::stoul(picture));
      std::vector<std::string> line = {"enroll", world_.Path(path).string(), "--set", "national"};
      if (!series.empty()) line.insert(line.end(), {"--series", series});
      Do(line);
    }
    Put("known/6.jpg", 6);
    Do({"enroll", world_.Path("known/6.jpg").string(), "--set", "harmless"});
  }
  void Seize() {
    Put("north1/lead1.jpg", 1, 70);  // a lead to Bluebell
    Put("north1/same4.jpg", 4);      // known, in no series
    Put("north1/new.jpg", 10);
    Put("north2/same2.jpg", 2);      // Harebell
    Put("north2/lead5.jpg", 5, 60);  // a lead to Harebell, which a person rejects
    Put("north2/new.jpg", 10);       // as in NORTH/1
    Put("north2/shop.jpg", 6, 70);   // benign
    Put("south1/same3.jpg", 3);      // Primrose
    Put("south1/new.jpg", 10, 60);   // near that of NORTH/1
    Put("south2/lead2.jpg", 2, 70);  // a lead to Harebell
    Put("south2/other.jpg", 11);
    // So many that a check of them can be killed before it ends: a batch has 256.
    for (int i = 0; i < kMany; ++i) {
      const std::string number = std::to_string(1000 + i).append(".jpg");
      std::filesystem::create_directories(world_.Path("south2/many"));
      std::filesystem::copy_file(world_.Path("south2/other.jpg"),
                                 world_.Path("south2/many/" + number));
    }
  }
  // A check of SOUTH/2 that is killed once its first batch is on record, and run again.
  void CheckInTwoGoes() {
    const std::vector<std::string> line = {
        "check", world_.Path("south2").string(), "--case", "SOUTH/2", "--json", "--out"};
    const auto into = [&](const std::string& folder) {
      std::vector<std::string> whole = line;
      whole.push_back(world_.Path(folder).string());
      return world_.Line("kith", whole);
    };
    Child killed(into("out-killed"));
    // What was answered is on record.
    while (killed.IsRunning() && killed.Out().find("\"type\":\"file\"") == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    killed.Signal(SIGKILL);
    ASSERT_EQ(killed.Wait().exit_code, 128 + SIGKILL) << "it ended before it could be killed";
    const auto half = Ask({"case", "show", "SOUTH/2"});
    EXPECT_EQ(half[0]["complete"], false);
    const int recorded = half[0]["paths"];
    EXPECT_GT(recorded, 0);
    EXPECT_LT(recorded, kMany + 2);
    const Outcome again = RunToEnd(into("out-again"));
    EXPECT_EQ(again.exit_code, 1) << again.err;
    const nlohmann::json summary = JsonLines(again.out).back();
    EXPECT_EQ(summary["type"], "summary");
    EXPECT_EQ(summary["resumed"], recorded);
    EXPECT_EQ(summary["run_complete"], true);
    EXPECT_EQ(summary["entries_walked"], kMany + 2);
  }

  static constexpr int kMany = 400;
  World world_;
  ExpectedReports expected_{KITH_CASEWORK_STORY};
  mutable int reports_ = 0;
  mutable nlohmann::json last_report_;
};

using Counts = std::map<std::string, int>;

TEST_F(CaseworkStory, EveryNumberIsRight) {
  Enrol();
  Seize();
  EXPECT_EQ(Check("north1", "NORTH/1"), 1);
  EXPECT_EQ(Check("north2", "NORTH/2"), 1);
  EXPECT_EQ(Check("south1", "SOUTH/1"), 1);
  CheckInTwoGoes();
  EXPECT_EQ(Check("south1", "SOUTH/1"), 1);  // twice
  EXPECT_EQ(Verdicts("NORTH/1"),
            (Counts{{"IDENTIFIED", 1}, {"RECOGNIZED", 1}, {"UNRECOGNIZED", 1}}));
  EXPECT_EQ(Verdicts("SOUTH/1"), (Counts{{"RECOGNIZED", 1}, {"UNRECOGNIZED", 1}}));
  EXPECT_EQ(Verdicts("SOUTH/2"), (Counts{{"RECOGNIZED", 1}, {"UNRECOGNIZED", 1}}));
  EXPECT_EQ(Verdicts("NORTH/2"), (Counts{{"RECOGNIZED", 2}, {"UNRECOGNIZED", 2}}));
  EXPECT_THAT(Alerts(), IsEmpty());
  ExpectOfCases("checked", "initial");
  ExpectOfCases("checked", "leads");
  ExpectOfCases("checked", "circulation");
  Expect("checked", "leads");
  Expect("checked", "identification", {"--case", "NORTH/1"});
  Expect("checked", "worklist");
  Expect("checked", "method", {"--case", "SOUTH/1"});

  // Nobody has identified Harebell and Primrose; the lead to Harebell that is wrong still counts.
  EXPECT_THAT(SeriesOf(Report("leads")), ElementsAre("Harebell 3 in 2", "Primrose 1 in 1"));
  EXPECT_THAT(SeriesOf(Report("identification", {"--case", "NORTH/1"})),
              ElementsAre("Bluebell 1 in 1"));

  // One lead is rejected: it does not come back.
  const auto given = Ask({"opinion", "reject", Sha256("lead5.jpg"), "5", "--who", "B. Brown",
                          "--why", "another child"});
  ASSERT_EQ(given.size(), 2U);
  EXPECT_EQ(given[1]["now"], "UNRECOGNIZED");
  EXPECT_EQ(Check("north2", "NORTH/2"), 1);
  EXPECT_EQ(Verdicts("NORTH/2"), (Counts{{"RECOGNIZED", 1}, {"UNRECOGNIZED", 3}}));
  EXPECT_EQ(Ask({"opinion", "list"}).size(), 1U);
  Expect("rejected", "initial", {"--case", "NORTH/2"});
  Expect("rejected", "leads");

  // New files: that of NORTH/1, NORTH/2 and, nearly, SOUTH/1.
  const auto clusters = Ask({"cluster", "list"});
  ASSERT_EQ(clusters.size(), 1U);
  EXPECT_EQ(clusters[0]["cases"], (std::vector<std::string>{"NORTH/1", "NORTH/2", "SOUTH/1"}));
  EXPECT_EQ(clusters[0]["files"], 2);

  // Harebell is identified later, Primrose turns out to be Bluebell, entry 4 is withdrawn.
  Do({"series", "identify", "Harebell", "--identified-by", "SOUTH", "--on", "2026-11-01"});
  EXPECT_THAT(Alerts(), ElementsAre("NORTH/2 series identified, series Harebell: 1",
                                    "SOUTH/2 series identified, series Harebell: 1"));
  Do({"series", "merge", "Primrose", "--into", "Bluebell", "--why", "same room"});
  Do({"entry", "withdraw", "4", "--why", "not a child"});
  EXPECT_THAT(Alerts(), ElementsAre("NORTH/2 series identified, series Harebell: 1",
                                    "SOUTH/2 series identified, series Harebell: 1",
                                    "SOUTH/1 series merged, series Primrose: 1",
                                    "NORTH/1 entries withdrawn, entries: 1"));
  // Verdicts are as they were, until the cases are brought up to date; whom to call is told at
  // once.
  EXPECT_EQ(Verdicts("SOUTH/2"), (Counts{{"RECOGNIZED", 1}, {"UNRECOGNIZED", 1}}));
  ExpectOfCases("changed", "initial");
  ExpectOfCases("changed", "identification");
  Expect("changed", "leads");
  Expect("changed", "circulation", {"--series", "Primrose"});
  for (const char* name : {"NORTH/1", "NORTH/2", "SOUTH/1", "SOUTH/2"}) {
    Do({"case", "refresh", name});
  }
  EXPECT_EQ(Verdicts("NORTH/1"), (Counts{{"IDENTIFIED", 1}, {"UNRECOGNIZED", 2}}));
  EXPECT_EQ(Verdicts("NORTH/2"), (Counts{{"IDENTIFIED", 1}, {"UNRECOGNIZED", 3}}));
  EXPECT_EQ(Verdicts("SOUTH/1"), (Counts{{"IDENTIFIED", 1}, {"UNRECOGNIZED", 1}}));
  EXPECT_EQ(last_report_["series"][0]["series"], "Bluebell");
  EXPECT_EQ(Verdicts("SOUTH/2"), (Counts{{"IDENTIFIED", 1}, {"UNRECOGNIZED", 1}}));
  EXPECT_THAT(SeriesOf(Report("leads")), IsEmpty());
  for (const auto& [name, series] :
       std::vector<std::pair<std::string, std::string>>{{"NORTH/1", "Bluebell 1"},
                                                        {"NORTH/2", "Harebell 1"},
                                                        {"SOUTH/1", "Bluebell 1"},
                                                        {"SOUTH/2", "Harebell 1"}}) {
    // Each report says in how many cases.
    for (const char* kind : {"initial", "identification", "circulation"}) {
      EXPECT_THAT(SeriesOf(Report(kind, {"--case", name})), ElementsAre(series + " in 2")) << name;
    }
  }
  EXPECT_THAT(SeriesOf(Report("circulation", {"--series", "Primrose"})),
              ElementsAre("Bluebell 2 in 2"));
  EXPECT_THAT(SeriesOf(Report("circulation", {"--series", "Harebell"})),
              ElementsAre("Harebell 2 in 2"));
  ExpectOfCases("refreshed", "initial");
  ExpectOfCases("refreshed", "identification");
  ExpectOfCases("refreshed", "circulation");
  Expect("refreshed", "leads");
  Expect("refreshed", "circulation", {"--series", "Harebell"});
  Expect("refreshed", "worklist");
  Expect("refreshed", "worklist", {"--case", "NORTH/2"});
  // New: the pair in three cases; same4 and other, lead5 and shop, each alone.
  const auto worklist = Report("worklist");
  ASSERT_EQ(worklist["clusters"].size(), 2U);
  EXPECT_EQ(worklist["clusters"][0]["files"], 2);
  EXPECT_EQ(worklist["clusters"][0]["cases"].size(), 3U);
  EXPECT_EQ(worklist["clusters"][1]["cluster"], 0);
  EXPECT_EQ(worklist["clusters"][1]["files"], 4);
  EXPECT_EQ(Report("worklist", {"--case", "SOUTH/2"})["clusters"][0]["files"], 1);
  const auto method = Report("method", {"--case", "SOUTH/1"});
  EXPECT_EQ(method["method"]["runs"].size(), 2U);
  EXPECT_EQ(method["method"]["entries"], 5);
  Do({"alert", "close", "1", "--who", "B. Brown", "--why", "told"});
  EXPECT_EQ(Alerts().size(), 3U);

  // Who is to be told.
  Do({"series", "edit", "Bluebell", "--notification", "opt-in", "--notification-contact", "1"});
  const auto due = Ask({"notification", "list"});
  ASSERT_EQ(due.size(), 2U);  // NORTH/1 and, by the merge, SOUTH/1
  EXPECT_EQ(due[0]["contact"]["name"], "A. Adams");
  Do({"notification", "done", "Bluebell", "SOUTH/1", "--who", "B. Brown"});
  Expect("told", "notifications");
  const auto told = Report("notifications")["notifications"];
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0]["case"], "NORTH/1");
  EXPECT_EQ(told[0]["notified_at"], "");
  EXPECT_EQ(told[1]["notified_by"], "B. Brown");

  Do({"case", "purge", "NORTH/1", "--who", "B. Brown", "--why", "court order", "--yes"});
  const auto left = Ask({"case", "show", "NORTH/1"});
  EXPECT_EQ(left[0]["files"], 3);
  EXPECT_NE(left[0]["purged_at"], "");
  EXPECT_EQ(Ask({"cluster", "list"})[0]["cases"], (std::vector<std::string>{"NORTH/2", "SOUTH/1"}));
  EXPECT_EQ(
      world_.Kith({"case", "report", "NORTH/1", "--out", world_.Path("gone").string()}).exit_code,
      2);
  EXPECT_EQ(Ask({"store", "changes"}).back()["what"], "case purged");
  Expect("purged", "notifications");
  Expect("purged", "circulation", {"--series", "Bluebell"});
  Expect("purged", "circulation", {"--case", "SOUTH/1"});
  Expect("purged", "worklist");
  // What a purge leaves: who is to be told, and that the series was met there.
  EXPECT_EQ(Report("notifications", {"--case", "NORTH/1"})["notifications"].size(), 1U);
  EXPECT_THAT(SeriesOf(Report("circulation", {"--series", "Bluebell"})),
              ElementsAre("Bluebell 2 in 2"));
  EXPECT_THAT(SeriesOf(Report("circulation", {"--case", "NORTH/1"})),
              ElementsAre("Bluebell 1 in 2"));
  Do({"store", "verify"});
}

}  // namespace
}  // namespace kith::end_to_end
