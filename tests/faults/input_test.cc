// SPDX-License-Identifier: Apache-2.0
// What people and programs get wrong: each has a clear answer that names what was wrong, and leaves
// the store as it was.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <csignal>
#include <string>

#include "proto/kith/v1/match.grpc.pb.h"
#include "tests/end_to_end/service.h"
#include "tests/end_to_end/world.h"
#include "tests/faults/lists.h"

namespace kith::faults {
namespace {

namespace fs = std::filesystem;
using end_to_end::Outcome;
using end_to_end::Service;
using end_to_end::World;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Input : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(world_.Kith({"set", "add", "list"}).exit_code, 0); }

  // Expects that the command line is refused, that the refusal holds `word`, and that nothing was
  // added.
  void ExpectRefused(const std::vector<std::string>& line, const std::string& word,
                     const std::string& input = "") const {
    const std::string before = world_.Kith({"set", "list", "--json"}).out;
    const Outcome refused = world_.Kith(line, input);
    EXPECT_EQ(refused.exit_code, 2) << refused.out;
    EXPECT_THAT(refused.err, HasSubstr(word));
    EXPECT_EQ(world_.Kith({"set", "list", "--json"}).out, before);
  }

  World world_;
};

// A device may have no end.
TEST_F(Input, ADeviceIsNamedAndNotRead) {
  const auto hashes = end_to_end::JsonLines(world_.Kith({"hash", "--json", "/dev/null"}).out);
  ASSERT_EQ(hashes.size(), 1U);
  EXPECT_EQ(hashes[0]["path"], "/dev/null");
  EXPECT_EQ(hashes[0]["disposition"], "not_regular");
  EXPECT_TRUE(hashes[0]["digests"].is_null());
  fs::create_directory(world_.Path("seizure"));
  world_.Write("seizure/text", "text");
  ASSERT_EQ(::mkfifo(world_.Path("seizure/pipe").c_str(), 0600), 0);
  fs::create_symlink("/dev/zero", world_.Path("seizure/link"));
  // A device of our own where we may make one.
  int devices = 0;
  if (::mknod(world_.Path("seizure/zero").c_str(), S_IFCHR | 0600, makedev(1, 5)) == 0) ++devices;
  ASSERT_EQ(world_.Kith({"import", "--set", "list", "-"}, Md5(1) + "\n").exit_code, 0);
  const Outcome checked =
      world_.Kith({"check", world_.Path("seizure").string(), "--out", world_.Path("out").string()});
  EXPECT_EQ(checked.exit_code, 0) << checked.out << checked.err;
  const auto dispositions =
      end_to_end::ReportWithoutRun(world_.Path("out"))["summary"]["dispositions"];
  EXPECT_EQ(dispositions["not_media"], 1) << dispositions;
  EXPECT_EQ(dispositions["not_regular"], 2 + devices) << dispositions;
}

TEST_F(Input, WrongHexIsRefused) {
  ExpectRefused({"match", std::string(64, 'g')}, "hex");
  ExpectRefused({"match", "-"}, "hex", std::string(64, 'g') + "\n");
  ExpectRefused({"import", "--set", "list", "-"}, "line 2",
                Md5(1) + "\n" + std::string(32, 'x') + "\n");
}

TEST_F(Input, AShortHashIsRefusedAndItsDigitsAreNotRepeated) {
  const std::string almost(63, 'a');
  ExpectRefused({"match", almost}, "63");
  EXPECT_THAT(world_.Kith({"match", almost}).err, Not(HasSubstr(almost)));
}

TEST_F(Input, AnEmptyListIsRefused) {
  ExpectRefused({"import", "--set", "list", "-"}, "no hash", "");
  ExpectRefused({"import", "--set", "list", "-"}, "no hash", "# only a remark\n\n");
}

TEST_F(Input, BadLinesAreLeftOutWhereThatIsWanted) {
  const Outcome imported =
      world_.Kith({"import", "--set", "list", "--skip-bad", "-"}, ListOf(0, 3) + "rubbish\n");
  EXPECT_EQ(imported.exit_code, 0);
  EXPECT_THAT(imported.err, HasSubstr("line 4"));
  EXPECT_EQ(world_.Kith({"match", Md5(2)}).exit_code, 1);
}

TEST_F(Input, DuplicatesAreCountedAndKeptOnce) {
  const Outcome first = world_.Kith({"import", "--set", "list", "--json", "-"}, ListOf(0, 5));
  const Outcome second = world_.Kith({"import", "--set", "list", "--json", "-"}, ListOf(3, 5));
  EXPECT_THAT(first.out, HasSubstr("\"added\":5"));
  EXPECT_THAT(second.out, AllOf(HasSubstr("\"added\":3"), HasSubstr("\"already_there\":2")));
}

TEST_F(Input, UnknownSeriesAndSetsAreNamed) {
  ExpectRefused({"import", "--set", "list", "--series", "nowhere", "-"}, "nowhere", ListOf(0, 1));
  ExpectRefused({"import", "--set", "nosuch", "-"}, "nosuch", ListOf(0, 1));
  world_.MakeSample(1, 0);
  ExpectRefused({"enroll", "--set", "list", "--series", "nowhere",
                 world_.Path("sample/known/harbour/harbour-01.jpg").string()},
                "nowhere");
  ExpectRefused({"entry", "withdraw", "99"}, "99");
}

TEST_F(Input, BadUsageIsExitCodeTwoWithAHint) {
  ExpectRefused({"chekc", "."}, "check");
  ExpectRefused({"check", ".", "--csae", "A/1"}, "--case");
  ExpectRefused({"check", world_.Path("home").string(), "--case", "noslash"}, "noslash");
  ExpectRefused({"match", Md5(1), "--radius", "32"}, "32");
  ExpectRefused({}, "kith");
}

TEST_F(Input, AFolderThatIsNotThereIsAnErrorAndNotAnEmptyAnswer) {
  ExpectRefused({"check", world_.Path("nowhere").string()}, "nowhere");
}

TEST_F(Input, AStoreThatIsNotThereIsAnErrorAndNotAnEmptyAnswer) {
  // A mistyped --store must not be answered with "nothing known found".
  const std::string missing = world_.Path("missing").string();
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"match", Md5(1), "--store", missing},
           {"check", world_.Path("home").string(), "--store", missing},
           {"store", "verify", "--store", missing},
       }) {
    const Outcome refused = world_.Kith(line);
    EXPECT_EQ(refused.exit_code, 2) << line[0] << "\n" << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("missing")) << line[0];
  }
  EXPECT_FALSE(fs::exists(missing));
}

TEST_F(Input, AStoreThatIsAFileIsAnError) {
  world_.Write("file", "no folder");
  const Outcome refused = world_.Kith({"set", "list", "--store", world_.Path("file").string()});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("file"));
}

// The database file of a store.
fs::path DatabaseOf(const fs::path& store) {
  for (const auto& entry : fs::directory_iterator(store)) {
    if (end_to_end::ReadFile(entry.path()).starts_with("SQLite format 3")) return entry.path();
  }
  ADD_FAILURE() << "no database in " << store;
  return {};
}

TEST_F(Input, AStoreOfANewerVersionIsRefusedAndLeftAlone) {
  const fs::path database = DatabaseOf(world_.Store());
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &connection), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(connection, "PRAGMA user_version = 1000", nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(connection);
  const std::string before = end_to_end::ReadFile(database);
  const Outcome refused = world_.Kith({"set", "list"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("newer"));
  EXPECT_EQ(end_to_end::ReadFile(database), before);
}

TEST_F(Input, ADamagedStoreIsNotAnsweredFrom) {
  ASSERT_EQ(world_.Kith({"import", "--set", "list", "-"}, ListOf(0, 5000)).exit_code, 0);
  const fs::path database = DatabaseOf(world_.Store());
  std::string bytes = end_to_end::ReadFile(database);
  // A text that is in the middle of an entry.
  const std::size_t at = bytes.find("2500");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = '3';
  world_.Write("store/" + database.filename().string(), bytes);
  const Outcome verified = world_.Kith({"store", "verify"});
  EXPECT_EQ(verified.exit_code, 2) << verified.out << verified.err;
}

TEST_F(Input, AHolderThatDoesNotAnswerIsNamedInTime) {
  Service service(world_, world_.Store());
  service.Process().Signal(SIGSTOP);
  const Outcome refused = world_.Kith({"set", "list"});
  service.Process().Signal(SIGCONT);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr(std::to_string(service.Process().pid())));
  EXPECT_EQ(world_.Kith({"set", "list"}).exit_code, 0);
}

TEST_F(Input, AMessageOverTheLimitIsRefusedAndTheServiceLivesOn) {
  const Service service(world_, world_.Store());
  grpc::ChannelArguments arguments;
  arguments.SetMaxSendMessageSize(-1);
  const auto stub = v1::MatchService::NewStub(
      grpc::CreateCustomChannel(service.Tcp(), grpc::InsecureChannelCredentials(), arguments));
  v1::MatchRequest request;
  request.add_queries()->set_detail(std::string(40U << 20, 'x'));
  v1::MatchResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(stub->Match(&context, request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  request.clear_queries();
  grpc::ClientContext next;
  EXPECT_TRUE(stub->Match(&next, request, &response).ok());
}

}  // namespace
}  // namespace kith::faults
