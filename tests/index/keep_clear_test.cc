// SPDX-License-Identifier: Apache-2.0
//
// An index that is cleared while a merge comes upon damage.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "tests/index/keep_owner.h"

namespace {
std::atomic<bool> hold{false};     // whoever reads a segment from now on waits,
std::atomic<bool> is_held{false};  // as somebody does,
std::atomic<bool> let_go{false};   // until then: and learns that the disk does not give it
}  // namespace

// In the place of the system's.
extern "C" ssize_t pread(int file, void* bytes, size_t count, off_t offset) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const bool is_known = hold && readlink(link.c_str(), path.data(), path.size() - 1) > 0;
  if (is_known && std::string(path.data()).ends_with(".codes")) {
    is_held = true;
    while (!let_go) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    errno = EIO;
    return -1;
  }
  return syscall(SYS_pread64, file, bytes, count, offset);
}

namespace kith::index {
namespace {

// What the merge took out was missing for good from an index that knew nothing any more; what its
// owner then put there was there twice when the owner made the missing part again.
TEST_P(KeepTest, AnIndexThatIsClearedDuringAMergeThatEndsInDamageIsWhole) {
  RandomCodes random(920);
  auto made = HammingIndex::Create(
      {.engine = GetParam(), .head_codes = 64, .folder = index_dir_, .owner = "owner"});
  ASSERT_TRUE(made.ok()) << made.status();
  HammingIndex& index = **made;
  const std::vector<Code> codes = random.Some(100);
  std::vector<Label> labels(codes.size());
  std::vector<std::uint64_t> half;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    labels[i].entry = i + 1;
    if (i % 2 == 0) half.push_back(i + 1);
  }
  ASSERT_TRUE(index.Add(codes, labels).ok());
  ASSERT_TRUE(index.Reached("first").ok());
  index.Settle();
  ASSERT_EQ(index.Stats().kept, 1u);
  hold = true;
  ASSERT_TRUE(index.Withdraw(half).ok());  // so many that the segment is written again
  while (!is_held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  absl::Status cleared;
  std::thread clears([&] { cleared = index.Clear(); });
  // It waits for the merge; should it come too late, nothing is shown, and nothing fails.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  hold = false;
  let_go = true;
  clears.join();
  ASSERT_TRUE(cleared.ok()) << cleared;
  EXPECT_NE(index.Stats().damage, "");
  EXPECT_TRUE(index.Missing().empty());
  EXPECT_EQ(index.Stats().codes, 0u);
  // Its owner adds all again.
  ASSERT_TRUE(index.Add(codes, labels).ok());
  ASSERT_TRUE(index.Reached("second").ok());
  index.Settle();
  EXPECT_EQ(index.Stats().kept, 1u);
  const auto found = index.Search(codes);
  ASSERT_TRUE(found.ok()) << found.status();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    ASSERT_EQ((*found)[i].total, 1u);
    EXPECT_EQ((*found)[i].hits.front().label, labels[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(All, KeepTest, ::testing::Values("mih"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace kith::index
