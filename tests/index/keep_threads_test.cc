// SPDX-License-Identifier: Apache-2.0
//
// Many threads search an index in a folder while others add, withdraw, spoil its files and put back
// what is missing, and the index merges and keeps. Run under ThreadSanitizer by the preset `tsan`.
#include <array>
#include <atomic>
#include <mutex>
#include <thread>

#include "tests/index/keep_owner.h"

namespace kith::index {
namespace {

constexpr std::size_t kRows = 5000;  // an entry each, which has one code; row r is entry r + 1
constexpr std::size_t kLag = 400;    // odd rows are withdrawn when they are so old
constexpr std::size_t kHeadCodes = 256;
constexpr int kSpoilt = 4;  // files that are found damaged, at least
// Nothing that a search reads lies there: who asks before the damage is found is answered rightly.
constexpr std::size_t kInTheHeader = 2000;

class KeepThreadsTest : public KeepTest {
 protected:
  KeepThreadsTest() : random_(3000), codes_(random_.Some(kRows)) {}
  void SetUp() override { Open(); }

  void Open() {
    auto made = HammingIndex::Create(
        {.engine = GetParam(), .head_codes = kHeadCodes, .folder = index_dir_, .owner = "owner"});
    ASSERT_TRUE(made.ok()) << made.status();
    index_ = *std::move(made);
  }
  [[nodiscard]] bool IsMapped() const { return std::string(GetParam()) == "mih"; }
  // Rows below `in` are in; odd ones below `out` are not.
  [[nodiscard]] static bool IsIn(std::size_t row, std::size_t in, std::size_t out) {
    return row < in && (row % 2 == 0 || row >= out);
  }
  void AddRows(std::size_t first, std::size_t end) {
    std::vector<Label> labels(end - first);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i].entry = first + i + 1;
    index_->Touches(std::to_string(end));
    EXPECT_TRUE(index_->Add(std::span(codes_).subspan(first, end - first), labels).ok());
    EXPECT_TRUE(index_->Reached(std::to_string(end)).ok());
  }
  void WithdrawRows(std::size_t first, std::size_t end) {
    std::vector<std::uint64_t> entries;
    for (std::size_t row = first | 1; row < end; row += 2) entries.push_back(row + 1);
    const auto silenced = index_->Withdraw(entries);
    ASSERT_TRUE(silenced.ok()) << silenced.status();
    // Those of a damaged file are gone already.
    EXPECT_LE(*silenced, entries.size());
  }

  void AddAll();
  void WithdrawOld();
  void SearchOn(std::uint64_t salt);
  bool RestoreMissing();
  void SpoilAndMend();
  void ScrubToTheEnd();
  void ExpectWhole();

  RandomCodes random_;
  const std::vector<Code> codes_;
  std::unique_ptr<HammingIndex> index_;
  std::atomic<std::size_t> added_{0};    // rows below are in
  std::atomic<std::size_t> leaving_{0};  // odd rows below are out or going
  std::atomic<std::size_t> out_{0};      // odd rows below are out
  std::atomic<std::uint64_t> asked_{0};
  std::atomic<bool> is_added_{false};
  std::atomic<bool> done_{false};
  // What is put back must not have been withdrawn meanwhile.
  std::mutex withdrawing_;
  int restored_ = 0;  // times that something was
};

void KeepThreadsTest::AddAll() {
  RandomCodes own(3001);
  std::uint64_t steps = 0;
  for (std::size_t row = 0; row < kRows;) {
    // Now and then as many as become a file at once.
    const std::size_t count = own.Below(8) == 0 ? kHeadCodes / 2 + own.Below(100) : own.Below(50);
    const std::size_t end = std::min(row + 1 + count, kRows);
    AddRows(row, end);
    row = end;
    added_ = row;
    // However busy the machine is, searches run all the while.
    for (++steps; asked_ < steps && !HasFailure();) std::this_thread::yield();
  }
  is_added_ = true;
}

void KeepThreadsTest::WithdrawOld() {
  while (out_ < kRows && !HasFatalFailure()) {
    const std::size_t in = is_added_ ? kRows + kLag : added_.load();
    if (in < out_ + kLag + 50 && in < kRows) {
      std::this_thread::yield();
      continue;
    }
    const std::lock_guard lock(withdrawing_);
    const std::size_t end = std::min({in - kLag, out_ + 50, kRows});
    leaving_ = end;
    WithdrawRows(out_, end);
    out_ = end;
  }
}

void KeepThreadsTest::SearchOn(std::uint64_t salt) {
  RandomCodes own(salt);
  while (!done_) {
    const std::size_t out = out_;
    const std::size_t in = added_;
    std::vector<std::size_t> rows;
    std::vector<Code> queries;
    for (int i = 0; i < 5; ++i) {
      rows.push_back(own.Below(kRows));
      queries.push_back(own.Flip(codes_[rows.back()], static_cast<int>(own.Below(32))));
    }
    const auto results = index_->Search(queries, {});
    const std::size_t leaving = leaving_;
    ++asked_;
    if (!results.ok()) {
      // No answer rather than one that lacks a hit; nothing else is the matter.
      EXPECT_TRUE(IsMapped() && absl::IsUnavailable(results.status())) << results.status();
      continue;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const SearchResult& result = (*results)[i];
      EXPECT_LE(result.total, 1U);
      if (rows[i] % 2 == 1 && rows[i] < out) {
        EXPECT_EQ(result.total, 0U) << "withdrawn row " << rows[i] << " spoke";
      } else if (IsIn(rows[i], in, leaving)) {
        EXPECT_EQ(result.total, 1U) << "row " << rows[i] << " was missed";
      }
      for (const Hit& hit : result.hits) EXPECT_EQ(hit.label.entry, rows[i] + 1);
    }
  }
}

// True if something was missing.
bool KeepThreadsTest::RestoreMissing() {
  bool any = false;
  while (!HasFailure()) {
    const std::lock_guard lock(withdrawing_);
    const std::vector<EntryRange> missing = index_->Missing();
    if (missing.empty()) break;
    any = true;
    // In parts where it is long, so that others come between.
    EntryRange range = missing.front();
    range.last_entry = std::min(range.last_entry, range.first_entry + 300);
    std::vector<Code> codes;
    std::vector<Label> labels;
    for (std::uint64_t entry = range.first_entry; entry <= range.last_entry; ++entry) {
      if (!IsIn(entry - 1, kRows, out_)) continue;
      codes.push_back(codes_[entry - 1]);
      labels.push_back({.entry = entry, .view = 0});
    }
    const absl::Status status = index_->Restore(range, codes, labels);
    EXPECT_TRUE(status.ok()) << status;
  }
  return any;
}

// Until all is added, and so many files were found damaged, by whomever. The next one is spoilt
// when the last was found or is no more, so that the index is whole most of the time.
void KeepThreadsTest::SpoilAndMend() {
  constexpr std::size_t kEvery = 400;  // rows
  constexpr int kRounds = 3;           // as in ScrubToTheEnd
  RandomCodes own(3002);
  std::size_t next = kEvery;
  int rounds = kRounds;  // since one was spoilt
  while ((!is_added_ || (IsMapped() && restored_ < kSpoilt)) && !HasFailure()) {
    const std::vector<fs::path> files = SegmentFiles(index_dir_);
    if (IsMapped() && !files.empty() && rounds >= kRounds && (is_added_ || added_ >= next)) {
      // One that was merged away just now is gone: then there is nothing to flip.
      FlipByte(files[own.Below(files.size())], kInTheHeader);
      next = added_ + kEvery;
      rounds = 0;
    }
    const auto scrubbed = index_->Scrub(1 + own.Below(20000));
    EXPECT_TRUE(scrubbed.ok() || absl::IsDataLoss(scrubbed.status())) << scrubbed.status();
    if (scrubbed.ok() && *scrubbed) ++rounds;
    if (RestoreMissing()) {
      ++restored_;
      rounds = kRounds;
    }
    std::this_thread::yield();
  }
}

// Three rounds: a file in whose middle an earlier one ended is read from its beginning by the
// second at the latest, and a merge that made way may have left one there once more.
void KeepThreadsTest::ScrubToTheEnd() {
  for (int round = 0; round < 3; ++round) {
    index_->Settle();
    for (absl::StatusOr<bool> done = false; !HasFailure() && (!done.ok() || !*done);) {
      done = index_->Scrub(std::uint64_t{1} << 30);
      RestoreMissing();
    }
  }
}

void KeepThreadsTest::ExpectWhole() {
  EXPECT_THAT(index_->Missing(), ::testing::IsEmpty());
  EXPECT_EQ(index_->Stats().codes, kRows / 2);
  const std::vector<SearchResult> results = MustSearch(*index_, codes_, {});
  for (std::size_t row = 0; row < kRows; ++row) {
    EXPECT_EQ(results[row].total, row % 2 == 0 ? 1U : 0U) << "row " << row;
  }
}

TEST_P(KeepThreadsTest, SearchesSeeWhatWasDoneBeforeThem) {
  SCOPED_TRACE("seed " + std::to_string(TestSeed()));
  std::vector<std::thread> searchers;
  for (std::uint64_t salt = 3010; salt < 3012; ++salt) {
    searchers.emplace_back([this, salt] { SearchOn(salt); });
  }
  std::array<std::thread, 3> writers = {std::thread([this] { AddAll(); }),
                                        std::thread([this] { WithdrawOld(); }),
                                        std::thread([this] { SpoilAndMend(); })};
  for (std::thread& writer : writers) writer.join();
  done_ = true;
  for (std::thread& searcher : searchers) searcher.join();
  if (HasFailure()) return;
  ScrubToTheEnd();
  ExpectWhole();

  // And what the folder holds is a whole state, too.
  index_.reset();
  Open();
  ASSERT_NE(index_, nullptr);
  RestoreMissing();
  const std::string mark = index_->recovered().mark;
  AddRows(mark.empty() ? 0 : std::stoull(mark), kRows);
  WithdrawRows(0, kRows);
  ExpectWhole();
}

INSTANTIATE_TEST_SUITE_P(All, KeepThreadsTest, ::testing::Values("scan", "mih"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace kith::index
