// SPDX-License-Identifier: Apache-2.0
//
// kill -9 while large segments become one: nothing that the mark covers is lost, and what was begun
// is taken away.
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>

#include "index/internal/engine.h"
#include "index/internal/segmented_index.h"
#include "tests/index/keep_owner.h"
#include "tests/index/truth.h"

namespace kith::index {
namespace {

using internal::IndexLimits;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t kHeadCodes = 1024;
constexpr std::size_t kLargeHeads = 4;

// Where nothing large is ever due, and where it is merged at once.
Owner::Maker Merging(bool large) {
  return [large](const HammingIndexOptions& options) {
    IndexLimits limits;
    limits.large_heads = kLargeHeads;
    limits.compact_from = large ? 0 : std::numeric_limits<std::uint64_t>::max();
    limits.least_compact_rows = 8 * kHeadCodes;
    limits.quiet = milliseconds(0);
    return internal::SegmentedIndex::Make(**internal::FindEngine("mih"), *ActiveSimdTarget(),
                                          options, limits);
  };
}

bool HasUnfinished(const std::string& folder) {
  for (const auto& file : fs::directory_iterator(folder)) {
    if (file.path().extension() == ".tmp") return true;
  }
  return false;
}

// A process that opens the index, merges what is due and ends. No other thread may run here.
class MergingProcess {
 public:
  explicit MergingProcess(Owner& owner) : pid_(Fork()) {
    if (pid_ != 0) return;
    owner.MakeBy(Merging(true));
    owner.Open();
    if (!testing::Test::HasFailure()) owner.index().Settle();
    (void)std::fflush(stdout);
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  ~MergingProcess() { Kill(); }
  MergingProcess(const MergingProcess&) = delete;
  MergingProcess& operator=(const MergingProcess&) = delete;

  [[nodiscard]] bool HasEnded() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = 0;
    return pid_ <= 0;
  }
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    pid_ = 0;
  }
  [[nodiscard]] bool WasKilled() const {
    return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL;
  }
  [[nodiscard]] bool IsDone() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  static pid_t Fork() {
    (void)std::fflush(stdout);  // or both would print it
    return ::fork();
  }

  pid_t pid_;
  int status_ = 0;
};

TEST(LargeMergeKillTest, NothingIsLostAtAnyMoment) {
  const Folder folder;
  const std::string directory = folder.path() + "/index";
  RandomCodes random(1);
  Owner owner("mih", directory, kHeadCodes);
  owner.MakeBy(Merging(false));
  owner.Open();
  const auto add_some = [&] {
    for (int i = 0; i < 6; ++i) owner.Add(random, kHeadCodes);
    for (int i = 0; i < 5; ++i) owner.Withdraw(1 + random.Below(owner.last_entry()));
    owner.index().Settle();
  };
  int killed = 0;
  int unfinished = 0;
  for (int round = 0; round < 16; ++round) {
    SCOPED_TRACE("seed " + std::to_string(TestSeed()) + ", round " + std::to_string(round));
    add_some();
    owner.Close();

    // From when it has begun to write a file on, as that is later on a slower machine.
    MergingProcess process(owner);
    while (!process.HasEnded() && !HasUnfinished(directory)) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    // At once in every other round: how long it takes nobody knows.
    if (round % 2 == 0) std::this_thread::sleep_for(microseconds(random.Below(30'000)));
    process.Kill();
    ASSERT_TRUE(process.WasKilled() || process.IsDone());
    killed += process.WasKilled() ? 1 : 0;
    unfinished += HasUnfinished(directory) ? 1 : 0;

    owner.Open();
    if (HasFatalFailure()) return;
    EXPECT_EQ(owner.replayed(), 0u);
    EXPECT_TRUE(owner.index().Missing().empty());
    owner.ExpectWhole(random);
  }
  EXPECT_GE(killed, 3);
  EXPECT_GE(unfinished, 1);
  // Left alone it does what is due, and nothing lies about.
  add_some();
  const std::size_t segments = owner.index().Stats().segments;
  owner.Close();
  owner.MakeBy(Merging(true));
  owner.Open();
  owner.index().Settle();
  EXPECT_LT(owner.index().Stats().segments, segments);
  owner.ExpectWhole(random);
  owner.Close();
  EXPECT_FALSE(HasUnfinished(directory));
}

TEST(LargeMergeKillTest, AStartRemovesAManifestThatWasBeingWritten) {
  const Folder folder;
  const std::string directory = folder.path() + "/index";
  RandomCodes random(2);
  Owner owner("mih", directory, kHeadCodes);
  owner.Open();
  owner.Add(random, 3);
  owner.Close();
  Overwrite(fs::path(directory) / "manifest.tmp", "kith-index 3\n");
  owner.Open();
  EXPECT_FALSE(HasUnfinished(directory));
  owner.ExpectWhole(random);
}

}  // namespace
}  // namespace kith::index
