// SPDX-License-Identifier: Apache-2.0
//
// Catalog: looks after the files of the index. Each is read again now and then, as a disk may lose
// what it once held; what is damaged is told, answers no more, and is made anew from the tables.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/internal/fact_files.h"

namespace kith::catalog {
namespace {

using std::chrono::milliseconds;

// How often is looked whether a merge found damage.
constexpr milliseconds kLook{200};
constexpr std::uint64_t kScrubbedAtOnce = std::uint64_t{256} << 10;

// Tells what is lacking of the entries of a scan that are not withdrawn.
absl::Status FeedLive(EntryScan& scan, const EntryTable& table, std::uint64_t identity_seed,
                      const Lacking& lacking, IndexFeed& feed) {
  EntryRecord record;
  while (true) {
    const auto row = scan.Next(record);
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    if (!table.Get(record.id).withdrawn) feed.Add(record, identity_seed, lacking);
  }
}

}  // namespace

// The thread.
class Catalog::Impl::Caretaker {
 public:
  explicit Caretaker(Catalog::Impl& catalog) : catalog_(catalog), thread_([this] { Run(); }) {}
  ~Caretaker() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  Caretaker(const Caretaker&) = delete;
  Caretaker& operator=(const Caretaker&) = delete;

 private:
  // False: the end has come.
  bool Sleep(milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return stopping_; });
  }

  void Run() {
    milliseconds left(catalog_.options.scrubbing.pause_ms);
    while (Sleep(std::min(left, kLook))) {
      left -= std::min(left, kLook);
      try {
        if (left.count() == 0) {
          (void)catalog_.Scrub([this](std::uint64_t bytes) {
            const std::uint64_t rate = catalog_.options.scrubbing.bytes_a_second;
            return Sleep(milliseconds(1000 * bytes / std::max<std::uint64_t>(rate, 1)));
          });
          left = milliseconds(std::max(catalog_.options.scrubbing.pause_ms, 1));
        }
        Mend();
      } catch (const std::exception& error) {
        Tell(absl::StrCat("the care of the index failed: ", error.what()));
      }
    }
  }

  // What keeps the index from writing its files: all is found, but the next start has more to read.
  void LookForTrouble() {
    std::string trouble = catalog_.codes->Stats().trouble;
    for (const index::DigestIndex* index : {catalog_.digests.get(), catalog_.identities.get()}) {
      if (trouble.empty()) trouble = std::string(index->Stats().files.message());
    }
    if (trouble != trouble_ && !trouble.empty()) catalog_.Alarm(trouble);
    trouble_ = trouble;
  }

  void Mend() {
    LookForTrouble();
    const std::lock_guard lock(catalog_.care_mutex);
    const absl::Status status = catalog_.Mend();
    if (status.ok()) {
      told_.clear();
    } else {
      Tell(absl::StrCat("a damaged part of the index cannot be made again: ",
                        std::string(status.message())));
    }
  }
  // It is tried again and again, and told once.
  void Tell(const std::string& what) {
    if (what == told_) return;
    told_ = what;
    catalog_.Alarm(what);
  }

  Catalog::Impl& catalog_;
  std::string told_;
  std::string trouble_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;  // last
};

// Here, where the caretaker is known.
Catalog::~Catalog() {
  impl_->caretaker.reset();
  impl_->SaveDigests(std::max<std::uint64_t>(impl_->options.keep_from / 4, 1));
}

Catalog::Impl::Impl() = default;
Catalog::Impl::~Impl() = default;

void Catalog::Impl::StartCare() {
  if (options.scrubbing.bytes_a_second > 0) caretaker = std::make_unique<Caretaker>(*this);
}

std::vector<std::string> Catalog::Impl::Scrub(const Pace& pace) {
  const std::lock_guard lock(care_mutex);
  std::vector<std::string> found;
  const auto note = [&](const absl::Status& status) {
    if (status.ok() || absl::IsCancelled(status)) return;
    found.emplace_back(status.message());
    Alarm(found.back());
  };
  while (pace(kScrubbedAtOnce)) {
    const auto done = codes->Scrub(kScrubbedAtOnce);
    note(done.status());
    if (done.ok() && *done) break;
  }
  note(digests->Scrub(pace));
  note(identities->Scrub(pace));
  for (std::string& problem : ScrubFacts(pace)) {
    Alarm(problem);
    found.push_back(std::move(problem));
  }
  return found;
}

std::vector<std::string> Catalog::Impl::ScrubFacts(const Pace& pace) {
  std::vector<FactFile> files;
  {
    // The files belong to the writer.
    auto write = database->BeginWrite();
    if (!write.ok()) return {};
    files = fact_files->files();
  }
  std::vector<std::string> found;
  for (const FactFile& file : files) {
    if (!pace(EntryTable::kBlockBytes)) break;
    const absl::Status status = fact_files->Check(file);
    // One that was written anew meanwhile is gone.
    if (status.ok() || absl::IsNotFound(status)) continue;
    facts_damaged = true;
    damaged_blocks.push_back(file.block);
    found.emplace_back(status.message());
  }
  return found;
}

absl::Status Catalog::Impl::Mend() {
  if (auto status = MendCodes(); !status.ok()) return status;
  if (auto status = MendDigests(); !status.ok()) return status;
  return MendFacts();
}

absl::Status Catalog::Impl::MendCodes() {
  while (true) {
    const std::vector<index::EntryRange> missing = codes->Missing();
    if (missing.empty()) return absl::OkStatus();
    index::EntryRange range = missing.front();
    if (const std::string damage = codes->Stats().damage; damage != told_damage) {
      told_damage = damage;
      Alarm(absl::StrCat(damage, "; the codes of entries ", range.first_entry, " to ",
                         range.last_entry, " are made again from the catalog"));
    }
    range.last_entry = std::min(range.last_entry, range.first_entry + kFeedEntries - 1);
    auto read = database->BeginRead();
    if (!read.ok()) return read.status();
    IndexFeed feed;
    EntryScan scan(*read, range.first_entry, range.last_entry);
    const Lacking lacking{.facts = false, .codes = true, .digests = false, .identities = false};
    if (auto status = FeedLive(scan, table, identity_seed, lacking, feed); !status.ok()) {
      return status;
    }
    if (auto status = codes->Restore(range, feed.codes, feed.labels); !status.ok()) return status;
    // What was withdrawn meanwhile is so in the table first.
    std::vector<std::uint64_t> withdrawn;
    for (const index::Label& label : feed.labels) {
      if (table.Get(label.entry).withdrawn) withdrawn.push_back(label.entry);
    }
    if (withdrawn.empty()) continue;
    if (auto status = codes->Withdraw(withdrawn).status(); !status.ok()) return status;
  }
}

absl::Status Catalog::Impl::MendDigests() {
  for (index::DigestIndex* index : {digests.get(), identities.get()}) {
    if (!index->Stats().is_damaged) continue;
    Alarm(index == digests.get() ? "the files of digests are made again from the catalog"
                                 : "the files of identities are made again from the catalog");
    // Nobody adds or withdraws meanwhile: what the index says of the moment it has reached is true.
    auto write = database->BeginWrite();
    if (!write.ok()) return write.status();
    // What is in memory would get the mark of a change that it lacks.
    if (auto status = CheckWhole(); !status.ok()) return status;
    if (auto status = index->Clear(); !status.ok()) return status;
    const std::string mark = MarkNow();
    Touch(mark);
    const bool are_digests = index == digests.get();
    std::uint64_t next = 1;
    while (next < table.Size()) {
      const std::uint64_t last = std::min(table.Size(), next + kFeedEntries) - 1;
      IndexFeed feed;
      EntryScan scan(*write, next, last);
      const Lacking lacking{
          .facts = false, .codes = false, .digests = are_digests, .identities = !are_digests};
      if (auto status = FeedLive(scan, table, identity_seed, lacking, feed); !status.ok()) {
        return status;
      }
      if (auto status = TellDigests(feed); !status.ok()) return status;
      next = last + 1;
    }
    std::uint64_t change = 0;
    {
      const std::lock_guard lock(moment_mutex);
      change = moment.change;
    }
    index->Refilled();
    Reach(change, mark);
    index->Save();
  }
  return absl::OkStatus();
}

absl::Status Catalog::Impl::MendFacts() {
  if (damaged_blocks.empty()) return absl::OkStatus();
  auto write = database->BeginWrite();
  if (!write.ok()) return write.status();
  const auto moved = ReadMoved(*write);
  if (!moved.ok()) return moved.status();
  const auto withdrawn = ReadWithdrawn(*write, INT64_MAX);
  if (!withdrawn.ok()) return withdrawn.status();
  for (const std::uint64_t block : damaged_blocks) {
    const std::uint64_t first = std::max<std::uint64_t>(block << EntryTable::kBlockBits, 1);
    const std::uint64_t end = std::min(table.Size(), (block + 1) << EntryTable::kBlockBits);
    Alarm(absl::StrCat("what is told of entries ", first, " to ", end - 1,
                       " is made again from the catalog"));
    EntryScan scan(*write, first, end - 1);
    EntryRecord record;
    while (true) {
      const auto row = scan.Next(record);
      if (!row.ok()) return row.status();
      if (!*row) break;
      EntryFacts facts = record.Facts();
      if (const auto at = moved->find(record.id); at != moved->end()) {
        facts.series = static_cast<std::uint32_t>(at->second);
      }
      facts.withdrawn = std::binary_search(withdrawn->begin(), withdrawn->end(), record.id);
      table.Put(record.id, facts);
    }
    if (auto status = fact_files->Write(block, table, SummaryOf(block)); !status.ok())
      return status;
  }
  damaged_blocks.clear();
  facts_damaged = false;
  const std::string mark = MarkNow();
  return mark.empty() ? absl::OkStatus() : fact_files->WriteList(mark);
}

}  // namespace kith::catalog
