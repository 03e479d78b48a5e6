// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments: what was acknowledged is there, once; what was not sent is not; an
// import that was cut off is there whole or not at all.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "proto/kith/v1/catalog.grpc.pb.h"
#include "proto/kith/v1/import.grpc.pb.h"
#include "tests/end_to_end/service.h"
#include "tests/end_to_end/world.h"
#include "tests/faults/lists.h"

namespace kith::faults {
namespace {

using end_to_end::Child;
using end_to_end::Outcome;
using end_to_end::Service;
using end_to_end::World;
using std::chrono::milliseconds;

constexpr int kKills = 20;

// Text of each active entry of the store -> how often it is there.
std::map<std::string, int> EntriesOf(const World& world) {
  std::map<std::string, int> entries;
  for (const auto& line : end_to_end::JsonLines(world.Kith({"entry", "list", "--json"}).out)) {
    if (line["type"] == "entry") ++entries[line["source_ref"].get<std::string>()];
  }
  return entries;
}

class Kill : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(world_.Kith({"set", "add", "list"}).exit_code, 0); }

  milliseconds Random(int least, int most) {
    return milliseconds(std::uniform_int_distribution<>(least, most)(random_));
  }

  const World world_;
  const unsigned seed_ = std::random_device{}();
  std::mt19937 random_{seed_};
  const ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
};

// Adds batches of 20 entries until the service is gone. What it said yes to goes to `acknowledged`,
// what it was asked for to `sent`; both hold the number of each batch.
class Sender {
 public:
  static constexpr int kBatch = 20;

  explicit Sender(const std::string& address)
      : stub_(v1::CatalogService::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {}

  void Run(int& next, std::set<int>& sent, std::set<int>& acknowledged) {
    while (true) {
      const int batch = next++;
      v1::AddEntriesRequest request;
      request.set_set("list");
      for (int i = 0; i < kBatch; ++i) {
        v1::Entry& entry = *request.add_entries();
        const int number = batch * kBatch + i;
        entry.set_source_ref(std::to_string(number));
        entry.mutable_digests()->set_sha1(Md5(static_cast<unsigned>(number)).substr(0, 20));
        if (number % 2 == 0) entry.add_codes()->set_pdq(Md5(static_cast<unsigned>(number)));
      }
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
      v1::AddEntriesResponse response;
      sent.insert(batch);
      if (!stub_->AddEntries(&context, request, &response).ok()) return;
      acknowledged.insert(batch);
    }
  }

 private:
  std::unique_ptr<v1::CatalogService::Stub> stub_;
};

TEST_F(Kill, OfAServiceLosesNoAcknowledgedEntry) {
  std::set<int> sent;
  std::set<int> acknowledged;
  int next = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    // Every other one keeps small runs too, so that segments are written and merged all the time.
    end_to_end::Command command = world_.Line(
        "kithd",
        {"--store", world_.Store().string(), "--listen", "127.0.0.1:0", "--ready-fd", "1"});
    if (kill % 2 == 0) command.environment["KITH_INDEX_KEEP_FROM"] = "16";
    Service service(command);
    std::jthread killer([&service, delay = Random(5, 120)] {
      std::this_thread::sleep_for(delay);
      service.Process().Signal(SIGKILL);
    });
    Sender(service.Unix()).Run(next, sent, acknowledged);
  }
  EXPECT_GE(acknowledged.size(), 20U);
  const std::map<std::string, int> there = EntriesOf(world_);
  std::map<int, int> of_batch;
  for (const auto& [text, times] : there) {
    EXPECT_EQ(times, 1) << "entry " << text;
    ++of_batch[std::stoi(text) / Sender::kBatch];
  }
  for (const auto& [batch, entries] : of_batch) {
    EXPECT_TRUE(sent.contains(batch)) << "batch " << batch << " was never sent";
    EXPECT_EQ(entries, Sender::kBatch) << "batch " << batch << " is there in part";
  }
  for (const int batch : acknowledged) {
    EXPECT_TRUE(of_batch.contains(batch)) << "batch " << batch << " was acknowledged and is lost";
  }
  const Outcome verified = world_.Kith({"store", "verify"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
}

// One import into a service, call by call.
class Importer {
 public:
  static constexpr int kBatch = 1000;
  static constexpr int kBatches = 3;

  explicit Importer(const std::string& address)
      : stub_(v1::ImportService::NewStub(
            grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {}

  // Stages entries whose texts are `first` and the numbers that follow it.
  grpc::Status Stage(int first) {
    v1::BeginImportRequest begin;
    begin.set_set("list");
    v1::BeginImportResponse begun;
    grpc::Status status = Call(&v1::ImportService::Stub::BeginImport, begin, begun);
    id_ = begun.import_id();
    for (int batch = 0; batch < kBatches && status.ok(); ++batch) {
      v1::AddImportRecordsRequest records;
      records.set_import_id(id_);
      records.set_batch(static_cast<std::uint64_t>(batch));
      for (int i = 0; i < kBatch; ++i) {
        v1::Entry& entry = *records.add_records();
        const int number = first + batch * kBatch + i;
        entry.set_source_ref(std::to_string(number));
        entry.mutable_digests()->set_sha1(Md5(static_cast<unsigned>(number)).substr(0, 20));
        if (number % 2 == 0) entry.add_codes()->set_pdq(Md5(static_cast<unsigned>(number)));
      }
      v1::AddImportRecordsResponse staged;
      status = Call(&v1::ImportService::Stub::AddImportRecords, records, staged);
    }
    return status;
  }
  grpc::Status Commit() {
    v1::CommitImportRequest commit;
    commit.set_import_id(id_);
    commit.set_batches(kBatches);
    v1::CommitImportResponse committed;
    return Call(&v1::ImportService::Stub::CommitImport, commit, committed);
  }

 private:
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::ImportService::Stub::*method)(grpc::ClientContext*,
                                                                    const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    return ((*stub_).*method)(&context, request, &response);
  }

  std::unique_ptr<v1::ImportService::Stub> stub_;
  std::string id_;
};

TEST_F(Kill, OfAServiceDuringAnImportLeavesAllOfItOrNothing) {
  constexpr int kLines = Importer::kBatches * Importer::kBatch;
  const auto start = [&](int kill) {
    end_to_end::Command command = world_.Line(
        "kithd",
        {"--store", world_.Store().string(), "--listen", "127.0.0.1:0", "--ready-fd", "1"});
    if (kill % 2 == 0) command.environment["KITH_INDEX_KEEP_FROM"] = "16";
    return command;
  };
  // How long a commit that nobody disturbs takes.
  int quiet_us = 0;
  {
    const Service service(start(1));
    Importer importer(service.Unix());
    ASSERT_TRUE(importer.Stage(0).ok());
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_TRUE(importer.Commit().ok());
    quiet_us = static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(
                                    std::chrono::steady_clock::now() - begun)
                                    .count());
  }
  std::set<int> acknowledged = {0};
  std::set<int> not_begun;  // the commits of these
  for (int kill = 1; kill <= kKills; ++kill) {
    Service service(start(kill));
    Importer importer(service.Unix());
    const grpc::Status staged = importer.Stage(kill * kLines);
    ASSERT_TRUE(staged.ok()) << staged.error_message();
    const bool before = kill % 4 == 0;
    const std::chrono::microseconds delay(
        before ? 0 : std::uniform_int_distribution<>(0, quiet_us)(random_));
    if (before) service.Process().Signal(SIGKILL);
    std::jthread killer([&service, delay] {
      std::this_thread::sleep_for(delay);
      service.Process().Signal(SIGKILL);
    });
    if (before) not_begun.insert(kill);
    if (importer.Commit().ok()) acknowledged.insert(kill);
  }
  std::map<int, int> of_list;
  for (const auto& [text, times] : EntriesOf(world_)) {
    EXPECT_EQ(times, 1) << "entry " << text;
    ++of_list[std::stoi(text) / kLines];
  }
  for (const auto& [list, entries] : of_list) {
    EXPECT_EQ(entries, kLines) << "list " << list << " is there in part";
    EXPECT_FALSE(not_begun.contains(list)) << "list " << list << " was never committed";
  }
  for (const int list : acknowledged) {
    EXPECT_TRUE(of_list.contains(list)) << "list " << list << " was acknowledged and is lost";
    EXPECT_FALSE(not_begun.contains(list)) << "a dead service acknowledged list " << list;
  }
  const Outcome verified = world_.Kith({"store", "verify"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  for (const auto& file : std::filesystem::directory_iterator(world_.Store())) {
    EXPECT_FALSE(file.path().filename().string().starts_with("import-")) << file.path();
  }
}

TEST_F(Kill, OfAnImportLeavesAllOfItOrNothing) {
  constexpr int kLines = 2000;
  // How long an import that nobody disturbs takes.
  const auto start = std::chrono::steady_clock::now();
  const unsigned first = kKills * kLines;
  ASSERT_EQ(world_.Kith({"import", "--set", "list", "-"}, ListOf(first, kLines)).exit_code, 0);
  const int quiet_ms = static_cast<int>(
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count());

  std::set<unsigned> acknowledged = {kKills};
  for (unsigned list = 0; list < kKills; ++list) {
    end_to_end::Command line = world_.Line("kith", {"import", "--set", "list", "-"});
    line.input = ListOf(static_cast<unsigned long long>(list) * kLines, kLines);
    Child child(line);
    std::this_thread::sleep_for(Random(0, quiet_ms + quiet_ms / 4));
    child.Signal(SIGKILL);
    if (child.Wait().exit_code == 0) acknowledged.insert(list);
  }
  std::map<unsigned, int> of_list;
  for (const auto& [text, times] : EntriesOf(world_)) {
    EXPECT_EQ(times, 1) << "entry " << text;
    ++of_list[static_cast<unsigned>(std::stoul(text)) / kLines];
  }
  for (const auto& [list, entries] : of_list) {
    EXPECT_EQ(entries, kLines) << "list " << list << " is there in part";
  }
  for (const unsigned list : acknowledged) {
    EXPECT_TRUE(of_list.contains(list)) << "list " << list << " was acknowledged and is lost";
  }
  // Everything once more: each entry is still there once.
  EXPECT_EQ(world_.Kith({"import", "--set", "list", "-"}, ListOf(0, kKills * kLines)).exit_code, 0);
  const auto all = EntriesOf(world_);
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kKills + 1) * kLines);
  EXPECT_TRUE(std::all_of(all.begin(), all.end(), [](const auto& one) { return one.second == 1; }));
  EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
}

// Page `version` of a source: a record of each name, and of the version before none is left.
std::string NcmecPage(unsigned version, unsigned names) {
  std::string page =
      "<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\"><images count=\"1\">";
  for (unsigned i = 0; i < names; ++i) {
    page += "<image><member id=\"42\">M</member><id>" + std::to_string(i) +
            "</id><classification>A1</classification><fingerprints><md5>" +
            Md5(version * names + i) + "</md5></fingerprints></image>";
  }
  return page + "</images></queryResult>";
}

// What replaces a record stood beside it where the process died in between, and both matched.
TEST_F(Kill, OfAnImportThatReplacesLeavesNoneOfItHalfDone) {
  constexpr unsigned kNames = 400;
  const auto import = [&](unsigned version) {
    end_to_end::Command command = world_.Line("kith", {"import", "--set", "list", "-"});
    command.input = NcmecPage(version, kNames);
    return command;
  };
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(end_to_end::RunToEnd(import(0)).exit_code, 0);
  const int quiet_ms = static_cast<int>(
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count());
  unsigned last = 0;
  for (unsigned version = 1; version <= kKills; ++version) {
    Child child(import(version));
    std::this_thread::sleep_for(Random(quiet_ms / 4, quiet_ms + quiet_ms / 4));
    child.Signal(SIGKILL);
    const bool done = child.Wait().exit_code == 0;
    // Which version each name is of: all of one.
    std::map<std::string, int> of_version;
    for (const auto& line : end_to_end::JsonLines(world_.Kith({"entry", "list", "--json"}).out)) {
      if (line["type"] != "entry" || line.value("withdrawn", false)) continue;
      const std::string md5 = line["md5"];
      ++of_version[std::to_string(std::stoull(md5.substr(16), nullptr, 16) / kNames)];
    }
    ASSERT_EQ(of_version.size(), 1U) << "kill " << version;
    EXPECT_EQ(of_version.begin()->second, kNames);
    const auto now = static_cast<unsigned>(std::stoul(of_version.begin()->first));
    EXPECT_TRUE(now == last || now == version) << now;
    if (done) {
      EXPECT_EQ(now, version);
    }
    last = now;
  }
  EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
}

// The lines of a list of PDQ hashes.
std::string PdqList(unsigned first, int count) {
  std::string list;
  for (int i = 0; i < count; ++i) {
    const std::string half = Md5(first + static_cast<unsigned>(i));
    list += half + half + "," + std::to_string(first + static_cast<unsigned>(i)) + "\n";
  }
  return list;
}

TEST_F(Kill, OfImportsAndMergesLeavesTheIndexEqualToTheCatalog) {
  constexpr int kLines = 600;
  const auto line = [&](std::vector<std::string> arguments, std::string input) {
    end_to_end::Command command = world_.Line("kith", std::move(arguments));
    command.environment["KITH_INDEX_KEEP_FROM"] = "64";
    command.input = std::move(input);
    return command;
  };
  const auto import = [&](unsigned list) {
    return line({"import", "--set", "list", "--kind", "pdq", "-"}, PdqList(list * kLines, kLines));
  };
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(end_to_end::RunToEnd(import(0)).exit_code, 0);
  const int quiet_ms = static_cast<int>(
      std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start).count());
  for (unsigned list = 1; list <= kKills; ++list) {
    Child child(import(list));
    std::this_thread::sleep_for(Random(quiet_ms / 4, quiet_ms + quiet_ms / 4));
    child.Signal(SIGKILL);
    (void)child.Wait();
    // From what the kill left of the index.
    const Outcome verified = end_to_end::RunToEnd(line({"store", "verify"}, ""));
    ASSERT_EQ(verified.exit_code, 0) << "kill " << list << ": " << verified.out << verified.err;
  }
  const auto match = line({"match", "--json", "--kind", "pdq", "-"}, PdqList(0, 40));
  const std::string kept = end_to_end::RunToEnd(match).out;
  std::filesystem::remove_all(world_.Store() / "index");
  EXPECT_EQ(end_to_end::RunToEnd(match).out, kept);
  EXPECT_EQ(end_to_end::RunToEnd(line({"store", "verify"}, "")).exit_code, 0);
}

}  // namespace
}  // namespace kith::faults
