// SPDX-License-Identifier: Apache-2.0
// One path: the same command line gives the same answer from its own process, from a kithd behind
// an address, and from whoever holds the store.
#include "tests/end_to_end/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <regex>
#include <string>

namespace kith::end_to_end {
namespace {

using ::testing::HasSubstr;

class ServiceTest : public ::testing::Test {
 protected:
  void MakeSample() const {
    world_.MakeSample(1, 5);
    world_.Enrol();
  }

  // `kith check` of the sample into the report `name`.
  void Check(const std::string& name, const std::vector<std::string>& more) const {
    std::vector<std::string> line = {"check", world_.Seizure().string(), "--case", "NORTH/7",
                                     "--out", world_.Path(name).string()};
    line.insert(line.end(), more.begin(), more.end());
    const Outcome checked = world_.Kith(line);
    EXPECT_EQ(checked.exit_code, 1) << checked.err;
  }

  // Both reports, byte for byte save the run header.
  void ExpectSameReport(const std::string& one, const std::string& other) const {
    for (const char* name : {"report.json", "report.csv", "report.html"}) {
      EXPECT_EQ(TextWithoutRun(world_.Path(one) / name), TextWithoutRun(world_.Path(other) / name))
          << name;
    }
  }

  World world_;
};

TEST_F(ServiceTest, AnAddressGivesTheReportOfTheStoreItself) {
  MakeSample();
  world_.CopyStore("served");
  Check("embedded", {});
  {
    const Service service(world_, world_.Path("served"));
    Check("tcp", {"--server", service.Tcp()});
    Check("unix", {"--server", service.Unix()});
  }
  ExpectSameReport("embedded", "tcp");
  ExpectSameReport("embedded", "unix");
}

TEST_F(ServiceTest, AHeldStoreIsReachedThroughItsHolder) {
  MakeSample();
  world_.CopyStore("free");
  Check("embedded", {"--store", world_.Path("free").string()});
  const Service service(world_, world_.Store());
  Check("held", {});
  ExpectSameReport("embedded", "held");
  EXPECT_EQ(world_.Kith({"set", "add", "third"}).exit_code, 0);
  EXPECT_THAT(world_.Kith({"set", "list", "--server", service.Tcp()}).out, HasSubstr("third"));
}

// What people say of a case, and which reports were given out.
TEST_F(ServiceTest, AnAddressKeepsTheRecordsOfACase) {
  MakeSample();
  const Service service(world_, world_.Store());
  Check("checked", {"--server", service.Tcp()});
  const auto kith = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"--server", service.Tcp(), "--json"});
    const Outcome done = world_.Kith(line);
    EXPECT_EQ(done.exit_code, 0) << done.err;
    return JsonLines(done.out);
  };
  EXPECT_EQ(kith({"case", "edit", "NORTH/7", "--officer", "A. Adams", "--state", "review"})
                .at(0)["state"],
            "review");
  kith({"report", "identification", "--case", "NORTH/7", "--who", "B. Brown", "--out",
        world_.Path("told").string()});
  const auto told = nlohmann::json::parse(ReadFile(world_.Path("told") / "identification.json"));
  EXPECT_EQ(told["scope"]["details"]["officer"], "A. Adams");
  const auto reports = kith({"report", "list", "--case", "NORTH/7"});
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0]["kind"], "identification");
  EXPECT_EQ(reports[0]["who"], "B. Brown");
  EXPECT_EQ(reports[1]["kind"], "initial");
  kith({"series", "edit", "lakeside", "--locator", "NCMEC-1", "--victims", "2"});
  EXPECT_EQ(kith({"series", "show", "lakeside"}).at(0)["locator"], "NCMEC-1");
  kith({"set", "add", "by hand"});
  EXPECT_EQ(kith({"entry", "add", "--set", "by hand", "0123456789abcdef0123456789abcdef"})
                .at(0)["status"],
            "added");
}

// All of a small report had been sent before its file was refused, and it was on record: an alert
// then names a report that nobody has.
TEST_F(ServiceTest, ARefusedReportIsNotOnRecordAsGivenOut) {
  const Service service(world_, world_.Store());
  const auto kith = [&](std::vector<std::string> line) {
    line.insert(line.end(), {"--server", service.Tcp()});
    return world_.Kith(line);
  };
  const std::filesystem::path folder = world_.Path("small");
  std::filesystem::create_directory(folder);
  world_.Write("small/file", "x");
  // There is nothing to compare with.
  EXPECT_EQ(kith({"check", folder.string(), "--case", "NORTH/7", "--out",
                  world_.Path("checked").string()})
                .exit_code,
            3);
  for (int i = 0; i < 8; ++i) {
    const Outcome file = kith({"export", "--case", "NORTH/7", "--format", "csv", "--out",
                               (folder / "back.csv").string()});
    EXPECT_EQ(file.exit_code, 2);
    EXPECT_THAT(file.err, HasSubstr("lies in the checked folder"));
  }
  EXPECT_EQ(
      kith({"report", "initial", "--case", "NORTH/7", "--out", (folder / "r").string()}).exit_code,
      2);
  EXPECT_EQ(JsonLines(kith({"report", "list", "--json"}).out).size(), 1U);
}

// Two machines check one case through one service at the same moment: what both hold is counted
// once, as if one of them had come alone.
TEST_F(ServiceTest, TwoClientsOfOneCaseCountNothingTwice) {
  MakeSample();
  world_.CopyStore("alone");
  Check("one", {"--store", world_.Path("alone").string()});
  const Service service(world_, world_.Store());
  const auto line = [&](const std::string& out) {
    return world_.Line("kith", {"check", world_.Seizure().string(), "--case", "NORTH/7", "--out",
                                world_.Path(out).string(), "--server", service.Tcp()});
  };
  {
    Child first(line("first"));
    Child second(line("second"));
    EXPECT_EQ(first.Wait(std::chrono::seconds(300)).exit_code, 1);
    EXPECT_EQ(second.Wait(std::chrono::seconds(300)).exit_code, 1);
  }
  ASSERT_EQ(
      world_.Kith({"case", "report", "NORTH/7", "--out", world_.Path("both").string()}).exit_code,
      0);
  const auto one = ReportWithoutRun(world_.Path("one"));
  const auto both = ReportWithoutRun(world_.Path("both"));
  EXPECT_EQ(both["summary"], one["summary"]);
  EXPECT_EQ(both["series"], one["series"]);
  EXPECT_EQ(both["files"], one["files"]);
  EXPECT_EQ(ReadFile(world_.Path("both") / "report.csv"),
            ReadFile(world_.Path("one") / "report.csv"));
  // The two ledgers were written at different seconds.
  const auto without_times = [](const std::string& lines) {
    return std::regex_replace(lines, std::regex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"), "TIME");
  };
  const Outcome both_shown = world_.Kith({"case", "show", "NORTH/7", "--json"});
  const Outcome one_shown =
      world_.Kith({"case", "show", "NORTH/7", "--json", "--store", world_.Path("alone").string()});
  EXPECT_THAT(both_shown.out, HasSubstr("\"files\":21"));
  EXPECT_EQ(without_times(both_shown.out), without_times(one_shown.out));
}

TEST_F(ServiceTest, ASecondOwnerIsRefusedAndToldWhoHoldsTheStore) {
  Service service(world_, world_.Store());
  const Outcome second = RunToEnd(world_.Line("kithd", {"--listen", "127.0.0.1:0"}));
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_THAT(second.err, HasSubstr(std::to_string(service.Process().pid())));
}

TEST_F(ServiceTest, EndsOnSigtermAndGivesTheStoreUp) {
  Service service(world_, world_.Store());
  service.Process().Signal(SIGTERM);
  EXPECT_EQ(service.Process().Wait(std::chrono::seconds(20)).exit_code, 0);
  EXPECT_EQ(world_.Kith({"set", "add", "mine"}).exit_code, 0);
}

TEST_F(ServiceTest, NothingButLoopbackIsListenedOn) {
  for (const char* address : {"0.0.0.0:0", "[::]:0", "192.0.2.1:7475"}) {
    const Outcome refused =
        RunToEnd(world_.Line("kithd", {"--listen", address}), std::chrono::seconds(10));
    EXPECT_EQ(refused.exit_code, 2) << address;
    EXPECT_THAT(refused.err, HasSubstr("loopback")) << address;
  }
}

TEST_F(ServiceTest, TheStoreIsClosedToOthers) {
  const Service service(world_, world_.Store());
  struct stat info {};
  ASSERT_EQ(::stat(world_.Store().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

// Their memory holds hashes; a client left a core dump, as only who held a store forbade it.
TEST_F(ServiceTest, ProgramsLeaveNoCoreDump) {
  const auto forbids_it = [](pid_t pid) {
    const std::string limits = ReadFile("/proc/" + std::to_string(pid) + "/limits");
    return std::regex_search(limits, std::regex("Max core file size +0 +0 "));
  };
  Service service(world_, world_.Store());
  EXPECT_TRUE(forbids_it(service.Process().pid()));
  // This client waits for an answer, and none comes.
  service.Process().Signal(SIGSTOP);
  Child client(world_.Line("kith", {"set", "list", "--server", service.Tcp()}));
  bool forbidden = false;
  while (!forbidden && client.IsRunning()) forbidden = forbids_it(client.pid());
  EXPECT_TRUE(forbidden) << client.Err();
  service.Process().Signal(SIGCONT);
}

TEST_F(ServiceTest, AServerThatIsNotThereIsAnErrorAndNotAHang) {
  const Outcome lost = world_.Kith({"set", "list", "--server", "127.0.0.1:1"});
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err, HasSubstr("127.0.0.1:1"));
}

TEST_F(ServiceTest, KithServeIsTheSameService) {
  Child served(world_.Line("kith", {"serve", "--listen", "127.0.0.1:0", "--ready-fd", "1"}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (served.Out().empty() && served.IsRunning() &&
         std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_THAT(served.Out(), HasSubstr("127.0.0.1:")) << served.Err();
  EXPECT_EQ(world_.Kith({"set", "list"}).exit_code, 0);
  served.Signal(SIGTERM);
  EXPECT_EQ(served.Wait(std::chrono::seconds(20)).exit_code, 0);
}

}  // namespace
}  // namespace kith::end_to_end
