// SPDX-License-Identifier: Apache-2.0
//
// Look-ups run while entries come and go. Worth most under ThreadSanitizer.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/store.h"

namespace kith::server {
namespace {

using EngineThreadsTest = StoreTest;

constexpr std::uint64_t kSteps = 60;

TEST_F(EngineThreadsTest, AnAnswerHasAllThatItsVersionPromises) {
  AddSeries("S-1");
  AddSet("list");
  AddSet("switched");
  AddOne("switched", "", PdqEntry(Pdq(500'000)));
  // acknowledged[change]: number of entries, 1 to N, that are there at that change at least.
  std::atomic<std::uint64_t> acknowledged{0};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> answers{0};
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kSteps; ++i) {
      v1::Entry entry = PdqEntry(Pdq(i), "ref");
      entry.mutable_digests()->set_sha256(Bytes(32, i));
      const std::uint64_t id = AddOne("list", "S-1", entry);
      acknowledged = i;
      // Every third is withdrawn again: a twin that no query asks for.
      if (i % 3 == 0) Withdraw(AddOne("list", "", PdqEntry(Pdq(100'000 + i))));
      if (i % 5 == 0) Switch("switched", i % 2 == 0);
      EXPECT_GT(id, 0);
    }
    done = true;
  });
  const auto look_up = [&] {
    while (!done) {
      const std::uint64_t promised = acknowledged;
      v1::MatchRequest request;
      for (std::uint64_t i = 1; i <= promised; ++i) {
        *request.add_queries() = i % 2 == 0 ? PdqQuery(Pdq(i)) : DigestQuery(Sha256(Bytes(32, i)));
      }
      *request.add_queries() = PdqQuery(Pdq(100'000));
      const auto response = engine().Match(request);
      ASSERT_TRUE(response.ok()) << response.status();
      EXPECT_GE(response->index_version().change(), promised);
      for (std::uint64_t i = 0; i < promised; ++i) {
        EXPECT_EQ(response->results(static_cast<int>(i)).total(), 1) << "entry " << i + 1;
      }
      ++answers;
    }
  };
  const auto read = [&] {
    while (!done) {
      EXPECT_TRUE(engine().ListEntries({}).ok());
      EXPECT_TRUE(engine().ListHashSets({}).ok());
      EXPECT_TRUE(engine().GetCapabilities({}).ok());
      EXPECT_TRUE(engine().VerifyStore({})->ok());
    }
  };
  std::vector<std::thread> readers;
  readers.emplace_back(look_up);
  readers.emplace_back(look_up);
  readers.emplace_back(read);
  writer.join();
  for (auto& reader : readers) reader.join();
  EXPECT_GT(answers, 0);
  EXPECT_TRUE(Verify().ok());
}

TEST_F(EngineThreadsTest, TwoWritersOfTheSameFileAddItOnce) {
  AddSet("list");
  std::vector<std::thread> writers;
  std::atomic<int> taken{0};
  for (int t = 0; t < 3; ++t) {
    writers.emplace_back([&] {
      for (std::uint64_t i = 0; i < 20; ++i) {
        const auto added =
            Add("list", "", {PdqEntry(Pdq(i), "ref"), DigestEntry(Sha256(Bytes(32, i)))});
        ASSERT_TRUE(added.ok()) << added.status();
        for (const auto& one : added->entries()) taken += one.already_there() ? 0 : 1;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(taken, 40);
  EXPECT_EQ(Verify().entries(), 40);
}

}  // namespace
}  // namespace kith::server
