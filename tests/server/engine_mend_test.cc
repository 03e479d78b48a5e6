// SPDX-License-Identifier: Apache-2.0
//
// How a store makes anew what a disk lost of its index, and that nothing of it is believed before.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "server/catalog/catalog.h"
#include "tests/server/store.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A byte of a file that is mapped changes, as on a disk that lost it.
void FlipByte(const fs::path& path, std::streamoff at) {
  std::fstream bytes(path, std::ios::binary | std::ios::in | std::ios::out);
  bytes.seekg(at);
  const int byte = bytes.get();
  bytes.seekp(at);
  bytes.put(static_cast<char>(byte ^ 4));
}

class EngineMendTest : public StoreTest {
 protected:
  static constexpr std::streamoff kHeaderBytes = 4096;

  EngineMendTest() {
    KeepFrom(64);
    Reopen();
    AddSet("set");
    AddSeries("series");
    AddRun(1, 400);
    Reopen();  // what is kept is in files
  }
  static v1::Digests Digest(std::uint64_t i) { return Md5(Bytes(16, i)); }
  // Entries first, first + 1, ...: each with a code and an MD5.
  void AddRun(std::uint64_t first, std::size_t count) {
    std::vector<v1::Entry> entries;
    for (std::uint64_t i = first; i < first + count; ++i) {
      entries.push_back(PdqEntry(Pdq(i), "ref " + std::to_string(i)));
      *entries.back().mutable_digests() = Digest(i);
    }
    const auto added = Add("set", "series", entries);
    ASSERT_TRUE(added.ok()) << added.status();
  }
  absl::StatusOr<v1::MatchResponse> Look(const v1::Fingerprint& query) {
    v1::MatchRequest request;
    *request.add_queries() = query;
    return engine().Match(request);
  }
  // Waits for the caretaker.
  std::uint64_t Found(const v1::Fingerprint& query) {
    auto answer = Look(query);
    while (absl::IsUnavailable(answer.status())) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      answer = Look(query);
    }
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->results(0).total() : 0;
  }
  [[nodiscard]] fs::path FileOf(const std::string& folder, const std::string& with) const {
    for (const auto& file : fs::directory_iterator(folder)) {
      if (file.path().filename().string().find(with) != std::string::npos) return file.path();
    }
    ADD_FAILURE() << "no file " << with;
    return {};
  }
  [[nodiscard]] std::string DigestDir() const { return IndexDir() + "/digests"; }
};

// A mend that failed, and a commit behind it: what was UNAVAILABLE became UNRECOGNIZED, for good.
TEST_F(EngineMendTest, AFailedMendMakesNothingWhole) {
  FlipByte(FileOf(DigestDir(), ".run"), kHeaderBytes + 10);
  fs::rename(DigestDir(), Dir() + "/away");
  { std::ofstream(DigestDir()) << "in the way"; }
  EXPECT_FALSE(engine().VerifyStore({}).ok());
  Switch("set", false);
  Switch("set", true);
  EXPECT_TRUE(absl::IsUnavailable(Look(DigestQuery(Digest(9))).status()));
  fs::remove(DigestDir());
  fs::rename(Dir() + "/away", DigestDir());
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  Reopen();
  EXPECT_EQ(Found(DigestQuery(Digest(9))), 1u);
  EXPECT_TRUE(Verify().ok());
}

}  // namespace
}  // namespace kith::server
