// SPDX-License-Identifier: Apache-2.0
//
// The digest index in files, with many threads: what is withdrawn and added again beside merges,
// and who waits for a disk that is slow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "index/digest_index.h"
#include "tests/index/truth.h"
#include "tests/index/wait_for.h"

namespace kith::index {
namespace {

using ::testing::ElementsAre;

using Entries = std::vector<std::uint64_t>;

std::string RandomDigest(DigestKind kind, std::mt19937_64& random) {
  std::string digest(DigestBytes(kind), '\0');
  for (char& byte : digest) byte = static_cast<char>(random());
  return digest;
}

class DigestThreadsTest : public ::testing::Test {
 protected:
  DigestThreadsTest() {
    std::string name = ::testing::TempDir() + "digest_threads_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~DigestThreadsTest() override {
    index_.reset();
    std::filesystem::remove_all(folder_);
  }
  void Open(std::size_t delta_digests) {
    DigestIndexOptions options;
    options.folder = folder_;
    options.delta_digests = delta_digests;
    auto index = DigestIndex::Open(options);
    ASSERT_TRUE(index.ok()) << index.status();
    index_ = *std::move(index);
  }
  void Add(DigestKind kind, const std::vector<std::string_view>& digests, const Entries& entries) {
    const absl::Status status = index_->Add(kind, digests, entries);
    ASSERT_TRUE(status.ok()) << status;
  }
  // The mapped bytes of the only run.
  [[nodiscard]] std::span<char> MappedRun() const {
    const std::string folder = std::filesystem::canonical(folder_).string();
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      if (!line.ends_with(".run") || line.find(folder + "/") == std::string::npos) continue;
      std::istringstream numbers(line);
      void* begin = nullptr;
      void* end = nullptr;
      char dash = 0;
      numbers >> begin >> dash >> end;
      return {static_cast<char*>(begin), static_cast<char*>(end)};
    }
    return {};
  }

  std::string folder_;
  std::unique_ptr<DigestIndex> index_;
};

// One thread withdraws entries and adds them again, round after round, so that runs are merged and
// the notes of withdrawals are forgotten; whatever an entry was all the while, a search must say.
TEST_F(DigestThreadsTest, WithdrawnAndAddedAgainBesideMerges) {
  constexpr std::uint64_t kEntries = 6000;
  constexpr std::uint64_t kBatch = 60;
  constexpr int kRounds = 3;
  SCOPED_TRACE(::testing::Message() << "seed " << TestSeed());
  std::mt19937_64 random(TestSeed() * 1000003 + 6);
  std::vector<std::string> digests;
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    digests.push_back(RandomDigest(DigestKind::kSha1, random));
  }
  Open(500);
  // Of an entry: 0 is out, 1 is being added, 2 is in, 3 is being withdrawn, 4 is out, and so on.
  std::vector<std::atomic<int>> phases(kEntries);
  std::atomic<bool> is_over{false};
  std::atomic<int> wrong{0};
  std::atomic<std::uint64_t> searches{0};
  const auto search = [&](std::uint64_t seed) {
    std::mt19937_64 own(seed);
    std::array<std::uint64_t, 100> entries{};
    std::array<int, 100> before{};
    std::array<std::string_view, 100> wanted;
    while (!is_over) {
      for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i] = own() % kEntries;
        wanted[i] = digests[entries[i]];
        before[i] = phases[entries[i]];
      }
      const auto found = index_->Find(DigestKind::kSha1, wanted);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        if (found.ok() && phases[entries[i]] != before[i]) continue;
        const bool must = before[i] % 4 == 2;
        const bool must_not = before[i] % 4 == 0;
        if (!found.ok() || (must && (*found)[i] != Entries{entries[i]}) ||
            (must_not && !(*found)[i].empty())) {
          ++wrong;
        }
      }
      ++searches;
    }
  };
  std::thread one(search, TestSeed() * 1000003 + 7);
  std::thread two(search, TestSeed() * 1000003 + 8);
  std::uint64_t steps = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (std::uint64_t first = 0; first < kEntries; first += kBatch) {
      Entries entries;
      for (std::uint64_t entry = first; entry < first + kBatch; ++entry) entries.push_back(entry);
      const auto step = [&] {
        for (const std::uint64_t entry : entries) ++phases[entry];
      };
      if (round > 0) {
        step();
        index_->Withdraw(entries);
        step();
      }
      step();
      Add(DigestKind::kSha1,
          {digests.begin() + static_cast<std::ptrdiff_t>(first),
           digests.begin() + static_cast<std::ptrdiff_t>(first + kBatch)},
          entries);
      step();
      // However busy the machine is, searches run all the while.
      for (++steps; searches < steps && wrong == 0;) std::this_thread::yield();
    }
    EXPECT_TRUE(index_->Flush().ok());
    // An unknown one, that it may be seen whether a sweep is due.
    index_->Withdraw(Entries{kEntries});
    EXPECT_TRUE(index_->Flush().ok());
    EXPECT_LT(index_->Stats().withdrawn, kEntries) << "no note was forgotten";
  }
  is_over = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
  const auto all = index_->Find(DigestKind::kSha1,
                                std::vector<std::string_view>(digests.begin(), digests.end()));
  ASSERT_TRUE(all.ok()) << all.status();
  for (std::uint64_t i = 0; i < kEntries; ++i) ASSERT_THAT((*all)[i], ElementsAre(i));
}

// Pages of a file that the disk gives late: whoever touches them waits in a signal handler.
std::atomic<std::uintptr_t> late_begin{0};
std::atomic<std::uintptr_t> late_end{0};
std::atomic<bool> is_waited_for{false};
std::atomic<bool> is_given{false};

void WaitForTheDisk(int /*signal*/, siginfo_t* info, void* /*context*/) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  if (address < late_begin || address >= late_end) {
    // Tried again, it ends the process.
    struct sigaction none {};
    none.sa_handler = SIG_DFL;
    ::sigaction(SIGSEGV, &none, nullptr);
    return;
  }
  const int error = errno;
  is_waited_for = true;
  while (!is_given) ::poll(nullptr, 0, 1);
  errno = error;
}

// A search held the lock of the withdrawals while it read a run: a withdrawal waited for the disk,
// and every search behind it, of whatever kind.
TEST_F(DigestThreadsTest, NobodyWaitsForASearchThatWaitsForTheDisk) {
  std::mt19937_64 random(TestSeed() * 1000003 + 9);
  const std::string in_file = RandomDigest(DigestKind::kMd5, random);
  const std::string in_memory = RandomDigest(DigestKind::kSha1, random);
  Open(1000);
  Add(DigestKind::kMd5, {in_file, in_file}, {1, 2});
  ASSERT_TRUE(index_->Flush().ok());
  index_->Withdraw(Entries{2});
  Add(DigestKind::kSha1, {in_memory}, {3});
  const std::span<char> run = MappedRun();
  ASSERT_FALSE(run.empty());
  late_begin = reinterpret_cast<std::uintptr_t>(run.data());
  late_end = late_begin + run.size();
  struct sigaction action {};
  struct sigaction earlier {};
  action.sa_sigaction = WaitForTheDisk;
  action.sa_flags = SA_SIGINFO;
  ::sigemptyset(&action.sa_mask);
  ASSERT_EQ(::sigaction(SIGSEGV, &action, &earlier), 0);
  ASSERT_EQ(::mprotect(run.data(), run.size(), PROT_NONE), 0);

  const auto find = [this](DigestKind kind, std::string_view digest) {
    const std::array<std::string_view, 1> digests = {digest};
    const auto found = index_->Find(kind, digests);
    return found.ok() ? found->front() : Entries{};
  };
  Entries from_file;
  Entries from_memory;
  std::atomic<bool> is_done{false};
  std::thread waiting([&] { from_file = find(DigestKind::kMd5, in_file); });
  EXPECT_TRUE(WaitFor(is_waited_for));
  std::thread other([&] {
    index_->Withdraw(Entries{4});
    from_memory = find(DigestKind::kSha1, in_memory);
    is_done = true;
  });
  EXPECT_TRUE(WaitFor(is_done));
  EXPECT_EQ(::mprotect(run.data(), run.size(), PROT_READ), 0);
  is_given = true;
  waiting.join();
  other.join();
  ::sigaction(SIGSEGV, &earlier, nullptr);
  EXPECT_THAT(from_file, ElementsAre(1));
  EXPECT_THAT(from_memory, ElementsAre(3));
}

}  // namespace
}  // namespace kith::index
