// SPDX-License-Identifier: Apache-2.0
//
// A store that was damaged, filled up, made by others: a clear answer each, and no crash.
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/store.h"

namespace {
std::atomic<bool> flushes_fail = false;  // of a store's file, not of its log
}  // namespace

// In the place of the system's, for SQLite.
extern "C" int fdatasync(int file) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(file);
  const bool is_known = readlink(link.c_str(), path.data(), path.size() - 1) > 0;
  if (flushes_fail && is_known && std::string(path.data()).ends_with("/kith.db")) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

namespace kith::server {
namespace {

using ::testing::HasSubstr;

class EngineCareTest : public StoreTest {
 protected:
  // Changes the closed store behind the engine's back.
  void Edit(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(DatabasePath().c_str(), &database), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_free(error);
    sqlite3_close(database);
  }
  absl::Status OpenStatus(bool create = true) {
    return Engine::Open({.store_dir = StoreDir(), .create = create, .progress = {}}).status();
  }
  void Fill(int entries) {
    AddSet("list");
    std::vector<v1::Entry> batch;
    for (int i = 0; i < entries; ++i) {
      batch.push_back(PdqEntry(Pdq(static_cast<std::uint64_t>(i)), "some reference"));
    }
    ASSERT_TRUE(Add("list", "", batch).ok());
  }
};

constexpr char kLetIn[] =
    "DROP TRIGGER entry_stays; DROP TRIGGER entry_is_kept; DROP TRIGGER entry_code_stays;"
    "DROP TRIGGER entry_code_is_kept; DROP TRIGGER change_stays; DROP TRIGGER change_is_kept;";

TEST_F(EngineCareTest, OnlyTheOwnerCanReadAStore) {
  Fill(10);
  for (const auto& [path, mode] : {std::pair<std::string, unsigned>{StoreDir(), 0700},
                                   {DatabasePath(), 0600},
                                   {DatabasePath() + "-wal", 0600},
                                   {DatabasePath() + "-shm", 0600}}) {
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0) << path;
    EXPECT_EQ(info.st_mode & 0777, mode) << path;
  }
}

TEST_F(EngineCareTest, EntriesCannotBeChanged) {
  Fill(1);
  Close();
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(DatabasePath().c_str(), &database), SQLITE_OK);
  for (const char* sql : {"UPDATE entry SET source_ref = 'x'", "DELETE FROM entry",
                          "UPDATE entry_code SET quality = 99", "DELETE FROM change"}) {
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_CONSTRAINT) << sql;
  }
  sqlite3_close(database);
}

TEST_F(EngineCareTest, AStoreOfANewerVersionIsRefused) {
  Close();
  Edit("PRAGMA user_version = 1000");
  const absl::Status status = OpenStatus();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("schema 1000"));
}

TEST_F(EngineCareTest, ADatabaseOfAnotherProgramIsRefused) {
  Close();
  Edit("PRAGMA application_id = 1");
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenStatus()));
}

TEST_F(EngineCareTest, AMissingStoreIsNotMadeUnlessAsked) {
  Close();
  std::filesystem::remove_all(StoreDir());
  EXPECT_TRUE(absl::IsNotFound(OpenStatus(/*create=*/false)));
  EXPECT_FALSE(std::filesystem::exists(StoreDir()));
  std::ofstream(StoreDir()) << "a file";
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenStatus()));
}

TEST_F(EngineCareTest, DamagedFilesAreToldAndNeverServed) {
  Fill(2000);
  Close();
  std::ifstream in(DatabasePath(), std::ios::binary);
  const std::string sound((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto write = [&](const std::string& bytes) {
    std::ofstream(DatabasePath(), std::ios::binary | std::ios::trunc) << bytes;
  };
  write("");
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus()));
  write(std::string(4096, 'x'));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus()));
  write(sound.substr(0, sound.size() / 2));
  EXPECT_TRUE(absl::IsDataLoss(OpenStatus()));
  // A page of zeroes anywhere is either noticed or touches nothing that is used.
  int noticed = 0;
  for (std::size_t page = 1; page < sound.size() / 4096; page += 7) {
    std::string damaged = sound;
    damaged.replace(page * 4096, 4096, 4096, '\0');
    write(damaged);
    const absl::Status status = OpenStatus();
    if (status.ok()) continue;
    ++noticed;
    EXPECT_TRUE(absl::IsDataLoss(status)) << "page " << page << ": " << status;
  }
  EXPECT_GT(noticed, 0);
  write(sound);
  EXPECT_TRUE(OpenStatus().ok());
}

TEST_F(EngineCareTest, ABatchChecksumCatchesWhatSqliteDoesNot) {
  Fill(5);
  Close();
  const std::vector<std::string> edits = {
      "UPDATE entry SET source_ref = 'some referencf' WHERE id = 3",
      "UPDATE entry SET victim_identified = 2 WHERE id = 5",
      "UPDATE entry_code SET pdq = zeroblob(32) WHERE entry = 2",
      "UPDATE entry_code SET quality = 99 WHERE entry = 1",
      "DELETE FROM entry_code WHERE entry = 4",
      "DELETE FROM entry WHERE id = 5",
      R"(INSERT INTO entry (id, hash_set, series, victim_identified, source_ref, md5, sha1, sha256)
         SELECT 6, hash_set, series, 0, '', md5, sha1, sha256 FROM entry WHERE id = 1)",
      "UPDATE change SET last_entry = 4 WHERE number = 1"};
  for (const std::string& edit : edits) {
    std::filesystem::copy(DatabasePath(), Dir() + "/sound");
    Edit(kLetIn + edit);
    const absl::Status status = OpenStatus();
    EXPECT_TRUE(absl::IsDataLoss(status)) << edit << ": " << status;
    std::filesystem::rename(Dir() + "/sound", DatabasePath());
  }
  EXPECT_TRUE(OpenStatus().ok());
}

// A segment that is made again at a start: its range was put back with what was still to be read.
TEST_F(EngineCareTest, AnEntryThatIsGoneIsNotMadeAgainWithout) {
  KeepFrom(64);
  Reopen();
  Fill(400);
  Reopen();
  Close();
  Edit(std::string(kLetIn) + "DELETE FROM entry_code WHERE entry = 5");
  Edit("DELETE FROM entry WHERE id = 5");
  int damaged = 0;
  for (const auto& file : std::filesystem::directory_iterator(IndexDir())) {
    if (file.path().extension() != ".codes") continue;
    std::filesystem::resize_file(file.path(), 5000);
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  const absl::Status status = OpenStatus();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("some cannot be read back; restore a backup"));
}

TEST_F(EngineCareTest, VerifyFindsDamageUnderARunningEngine) {
  Fill(5);
  auto verified = Verify();
  EXPECT_TRUE(verified.ok()) << verified.DebugString();
  EXPECT_EQ(verified.entries(), 5);
  EXPECT_EQ(verified.codes(), 5);
  EXPECT_EQ(verified.batches(), 1);
  EXPECT_EQ(verified.index_version().change(), 1);
  Withdraw(2);
  EXPECT_TRUE(Verify().ok());
  Edit(std::string(kLetIn) + "UPDATE entry SET source_ref = 'x' WHERE id = 3");
  verified = Verify();
  EXPECT_FALSE(verified.ok());
  ASSERT_EQ(verified.problems_size(), 1) << verified.DebugString();
  EXPECT_THAT(verified.problems(0), HasSubstr("entries 1 to 5"));
  Edit("DELETE FROM entry WHERE id = 5");
  EXPECT_FALSE(Verify().ok());
}

// What was moved behind the moment that is verified was told as damage.
TEST_F(EngineCareTest, VerifyTakesNoMoveForDamage) {
  constexpr std::uint64_t kEntries = 1500;
  Fill(static_cast<int>(kEntries));
  for (const char* code : {"s", "t"}) AddSeries(code);
  std::atomic<bool> stop = false;
  std::thread mover([&] {
    for (std::uint64_t i = 0; !stop; ++i) {
      v1::MoveEntriesRequest move;
      move.set_series(i % 2 == 0 ? "s" : "t");
      for (std::uint64_t id = 1; id <= kEntries; id += 7) move.add_entry_ids(id);
      ASSERT_TRUE(engine().MoveEntries(move).ok());
    }
  });
  for (int round = 0; round < 15; ++round) {
    const auto verified = Verify();
    EXPECT_TRUE(verified.ok()) << verified.DebugString().substr(0, 2000);
  }
  stop = true;
  mover.join();
}

TEST_F(EngineCareTest, DamageOfWhatIsCarriedIsToldAndNeverGivenOut) {
  AddSet("list");
  v1::BeginImportRequest begin;
  begin.set_set("list");
  const std::string id = engine().BeginImport(begin)->import_id();
  v1::AddImportRecordsRequest records;
  records.set_import_id(id);
  for (std::uint64_t i = 0; i < 20; ++i) {
    v1::Entry& record = *records.add_records() = PdqEntry(Pdq(i), "ref");
    record.mutable_carried()->set_format("vics");
    record.mutable_carried()->set_data("{\"n\":" + std::to_string(i) + "}");
  }
  ASSERT_TRUE(engine().AddImportRecords(records).ok());
  v1::CommitImportRequest commit;
  commit.set_import_id(id);
  commit.set_batches(1);
  commit.mutable_carried()->set_format("vics");
  commit.mutable_carried()->set_data("{\"list\":1}");
  ASSERT_TRUE(engine().CommitImport(commit).ok());
  EXPECT_TRUE(Verify().ok());
  Close();
  const std::string let_in =
      "DROP TRIGGER carried_block_stays; DROP TRIGGER carried_block_is_kept;"
      "DROP TRIGGER import_file_stays;";
  const std::string swapped =
      "data = CAST(substr(data, 1, 20) || x'a5' || substr(data, 22) AS BLOB)";
  for (const std::string& edit :
       {"UPDATE carried_block SET " + swapped, std::string("UPDATE carried_block SET data = x''"),
        std::string("UPDATE carried_block SET last_entry = 2"),
        std::string("DELETE FROM carried_block"), "UPDATE import_file SET " + swapped,
        std::string("UPDATE import_file SET data = x''")}) {
    std::filesystem::copy(DatabasePath(), Dir() + "/sound");
    Edit(let_in + edit);
    Reopen();
    const auto verified = Verify();
    EXPECT_FALSE(verified.ok()) << edit;
    EXPECT_GT(verified.problems_size(), 0) << edit;
    v1::ListEntriesRequest list;
    list.set_set("list");
    list.set_as_imported(true);
    const auto page = engine().ListEntries(list);
    if (edit.find("SET " + swapped) != std::string::npos &&
        edit.find("carried_block") != std::string::npos) {
      EXPECT_TRUE(absl::IsDataLoss(page.status())) << edit << ": " << page.status();
    }
    // What matches is whole all the same.
    EXPECT_EQ(verified.entries(), 20) << edit;
    Close();
    std::filesystem::rename(Dir() + "/sound", DatabasePath());
  }
  Reopen();
  EXPECT_TRUE(Verify().ok());
}

// A set of a version that kept no names of its entries.
TEST_F(EngineCareTest, NamesOfAnOlderSetAreFound) {
  AddSet("list");
  ASSERT_TRUE(Add("list", "", {PdqEntry(Pdq(1), "a"), PdqEntry(Pdq(2), "b")}).ok());
  Close();
  Edit("UPDATE hash_set SET entry_identity = 0");
  Reopen();
  v1::ListEntriesRequest list;
  list.set_set("list");
  list.add_source_refs("b");
  ASSERT_EQ(engine().ListEntries(list)->entries_size(), 1);
  EXPECT_EQ(engine().ListEntries(list)->entries(0).entry_id(), 2);
  v1::BeginImportRequest begin;
  begin.set_set("list");
  begin.set_by_source_ref(true);
  v1::AddImportRecordsRequest records;
  records.set_import_id(engine().BeginImport(begin)->import_id());
  *records.add_records() = PdqEntry(Pdq(2), "b");
  *records.add_records() = PdqEntry(Pdq(3), "c");
  ASSERT_TRUE(engine().AddImportRecords(records).ok());
  v1::CommitImportRequest commit;
  commit.set_import_id(records.import_id());
  commit.set_batches(1);
  const auto done = engine().CommitImport(commit);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->added(), 1);
  EXPECT_EQ(done->already_there(), 1);
  list.add_source_refs("c");
  EXPECT_EQ(engine().ListEntries(list)->entries_size(), 2);
  EXPECT_TRUE(Verify().ok());
}

TEST_F(EngineCareTest, ABackupIsAWholeStore) {
  Fill(50);
  Withdraw(7);
  v1::BackupStoreRequest request;
  for (const char* inside : {"/store/backup", "/none/../store/index/backup", "/store/"}) {
    request.set_path(Dir() + inside);
    EXPECT_TRUE(absl::IsInvalidArgument(engine().BackupStore(request).status())) << inside;
  }
  EXPECT_FALSE(std::filesystem::exists(StoreDir() + "/backup"));
  request.set_path("relative");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().BackupStore(request).status()));
  request.set_path(Dir() + "/none/backup");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().BackupStore(request).status()));
  request.set_path(Dir() + "/backup");
  const auto backup = engine().BackupStore(request);
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->index_version().change(), 2);
  EXPECT_EQ(backup->size_bytes(), std::filesystem::file_size(Dir() + "/backup/kith.db"));
  EXPECT_EQ(backup->sha256().size(), 64);
  EXPECT_TRUE(absl::IsAlreadyExists(engine().BackupStore(request).status()));
  struct stat info {};
  ASSERT_EQ(stat((Dir() + "/backup").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  AddOne("list", "", PdqEntry(Pdq(9999)));
  auto restored = Engine::Open({.store_dir = Dir() + "/backup", .create = false, .progress = {}});
  ASSERT_TRUE(restored.ok()) << restored.status();
  const auto capabilities = (*restored)->GetCapabilities({});
  EXPECT_EQ(capabilities->store_id(), engine().GetCapabilities({})->store_id());
  EXPECT_EQ(capabilities->entries(), 49);
  EXPECT_EQ(capabilities->index_version().change(), 2);
}

// SQLite opens nothing through a link: a backup to a disk that is reached by one failed.
TEST_F(EngineCareTest, ABackupGoesThroughALinkedFolder) {
  Fill(5);
  std::filesystem::create_directory(Dir() + "/disk");
  std::filesystem::create_directory_symlink(Dir() + "/disk", Dir() + "/link");
  v1::BackupStoreRequest request;
  request.set_path(Dir() + "/link/backup");
  const auto backup = engine().BackupStore(request);
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->size_bytes(), std::filesystem::file_size(Dir() + "/disk/backup/kith.db"));
  // Into the store there is no way round.
  std::filesystem::create_directory_symlink(StoreDir(), Dir() + "/into");
  request.set_path(Dir() + "/into/backup");
  EXPECT_TRUE(absl::IsInvalidArgument(engine().BackupStore(request).status()));
}

// In a child whose files may not grow: the disk is full. It tells how far it came by its exit code.
int WorkOnAFullDisk(const std::string& store_dir) {
  auto engine = Engine::Open({.store_dir = store_dir, .progress = {}});
  if (!engine.ok()) return 10;
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{.rlim_cur = 200'000, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &full) != 0) return 11;
  v1::AddEntriesRequest request;
  request.set_set("list");
  for (std::uint64_t i = 0; i < 5000; ++i)
    *request.add_entries() = PdqEntry(Pdq(10'000 + i), "new");
  const auto refused = (*engine)->AddEntries(request).status();
  std::fprintf(stderr, "%s\n", refused.ToString().c_str());
  if (!absl::IsResourceExhausted(refused)) return 12;
  // Look-ups go on, and see nothing of what failed.
  v1::MatchRequest match;
  *match.add_queries() = PdqQuery(Pdq(1));
  *match.add_queries() = PdqQuery(Pdq(10'001));
  const auto answer = (*engine)->Match(match);
  if (!answer.ok() || answer->results(0).total() != 1 || answer->results(1).total() != 0) return 13;
  // With space again, writes go on without a restart.
  const rlimit free{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &free) != 0) return 14;
  const auto added = (*engine)->AddEntries(request);
  if (!added.ok() || added->entries(0).already_there()) return 15;
  const auto verified = (*engine)->VerifyStore({});
  return verified.ok() && verified->ok() && verified->entries() == 5100 ? 0 : 16;
}

TEST_F(EngineCareTest, AFullDiskRefusesWritesAndKeepsTheRest) {
  Fill(100);
  Close();
  const pid_t child = fork();
  if (child == 0) _exit(WorkOnAFullDisk(StoreDir()));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(10'001))).total(), 1);
}

// SQLite forgets it: the next commit went on as if nothing had been.
TEST_F(EngineCareTest, AFailedFlushOfACheckpointEndsAllWriting) {
  AddSet("list");
  flushes_fail = true;
  std::vector<v1::Entry> many;  // so many that the log is brought back into the file
  for (std::uint64_t i = 0; i < 20'000; ++i)
    many.push_back(PdqEntry(Pdq(i), std::string(200, 'r')));
  const auto added = Add("list", "", many);
  EXPECT_TRUE(added.ok()) << "it is durable in the log: " << added.status();
  const absl::Status refused = Add("list", "", {PdqEntry(Pdq(99'999))}).status();
  flushes_fail = false;
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("restart"));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(7))).total(), 1u) << "reads go on";
  Reopen();
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(7))).total(), 1u);
  AddOne("list", "", PdqEntry(Pdq(99'999)));
}

}  // namespace
}  // namespace kith::server
