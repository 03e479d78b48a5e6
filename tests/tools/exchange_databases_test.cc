// SPDX-License-Identifier: Apache-2.0
// Lists that are SQLite databases: NSRL and Autopsy.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/tools/exchange_sink.h"
#include "tests/tools/scratch.h"
#include "tools/exchange/writers.h"

namespace kith::exchange {
namespace {

using nlohmann::json;
using test::kMd5;
using test::kSha1;
using test::kSha256;
using test::MemorySink;
using test::ReadBytes;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class Database {
 public:
  explicit Database(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &raw_), SQLITE_OK);
  }
  ~Database() { sqlite3_close(raw_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  void Run(const std::string& sql) {
    ASSERT_EQ(sqlite3_exec(raw_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(raw_);
  }

 private:
  sqlite3* raw_ = nullptr;
};

MemorySink ReadPath(const std::string& path, v1::Purpose purpose = v1::PURPOSE_BENIGN) {
  MemorySink sink;
  auto source = Source::Open(path);
  EXPECT_TRUE(source.ok()) << source.status();
  const auto format = Recognise(*source->Head());
  EXPECT_TRUE(format.ok());
  ReadOptions options;
  options.purpose = purpose;
  sink.format = std::string((*format)->name);
  sink.status = (*format)->read(*source, options, sink);
  return sink;
}

TEST(Nsrl, FindsItsTable) {
  const test::Scratch scratch;
  for (const char* table : {"METADATA", "FILE", "FILES", "odd \"name\""}) {
    const std::string path = scratch.At(table);
    std::string quoted = table;
    if (quoted[0] == 'o') quoted = "odd \"\"name\"\"";
    {
      Database database(path);
      database.Run("CREATE TABLE other (x TEXT); CREATE TABLE \"" + quoted +
                   "\" (sha256 TEXT, sha1 TEXT, md5 TEXT, file_name TEXT, file_size INTEGER);"
                   "INSERT INTO \"" +
                   quoted + "\" VALUES ('" + kSha256 + "', '" + kSha1 + "', '" + kMd5 +
                   "', 'a.dll', 7), ('" + kSha256 +
                   "', NULL, NULL, 'b', 0),"
                   " ('xx', NULL, NULL, 'c', 7)");
    }
    const MemorySink sink = ReadPath(path);
    ASSERT_TRUE(sink.status.ok()) << sink.status << table;
    EXPECT_EQ(sink.format, "nsrl");
    ASSERT_THAT(sink.entries, SizeIs(1)) << table;
    EXPECT_EQ(sink.entries[0].source_ref(), "a.dll");
    EXPECT_EQ(sink.entries[0].digests().md5().size(), 16U);
    EXPECT_EQ(sink.notes.at("record of the empty file"), 1);
    EXPECT_THAT(sink.problems, ElementsAre("row 3: a digest that is none"));
    // Not every database is a list of benign files.
    const absl::Status known = ReadPath(path, v1::PURPOSE_KNOWN).status;
    EXPECT_EQ(absl::IsFailedPrecondition(known), table[0] != 'o') << known;
    EXPECT_EQ(std::string(known.message()).find("benign") != std::string::npos, table[0] != 'o');
  }
}

// The size, by which the record of the empty file is known, has another name in each version.
TEST(Nsrl, KnowsTheSizeByEachOfItsNames) {
  const test::Scratch scratch;
  for (const std::string size : {"bytes", "file_size", "size", "BYTES"}) {
    const std::string path = scratch.At(size);
    {
      Database database(path);
      database.Run("CREATE TABLE FILE (sha256 TEXT, " + size +
                   " INTEGER);INSERT INTO FILE VALUES ('" + std::string(kSha256) + "', 7), ('" +
                   std::string(64, 'a') + "', 0)");
    }
    const MemorySink sink = ReadPath(path);
    ASSERT_TRUE(sink.status.ok()) << sink.status << size;
    EXPECT_THAT(sink.entries, SizeIs(1)) << size;
    EXPECT_EQ(sink.notes.at("record of the empty file"), 1) << size;
  }
}

// A view would run what the file says; a damaged file is an error and no answer.
TEST(Nsrl, TrustsNothingOfTheFile) {
  const test::Scratch scratch;
  const std::string view = scratch.At("view");
  {
    Database database(view);
    database.Run("CREATE TABLE t (x); CREATE VIEW METADATA AS SELECT hex(randomblob(16)) AS md5");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(ReadPath(view).status));
  const std::string whole = scratch.At("whole");
  {
    Database database(whole);
    database.Run("CREATE TABLE FILE (md5 TEXT, name TEXT)");
    for (int i = 0; i < 400; ++i) {
      database.Run("INSERT INTO FILE VALUES ('" + kMd5 + "', '" + std::string(100, 'x') + "')");
    }
  }
  const std::string bytes = test::ReadAll(whole);
  const MemorySink cut = ReadPath(scratch.Write("cut", bytes.substr(0, bytes.size() / 2)));
  EXPECT_TRUE(absl::IsInvalidArgument(cut.status)) << cut.status;
  EXPECT_TRUE(absl::IsInvalidArgument(
      ReadPath(scratch.Write("noise", bytes.substr(0, 100) + std::string(5000, '\x7f'))).status));
  EXPECT_TRUE(absl::IsInvalidArgument(ReadBytes(bytes).status) ||
              absl::IsFailedPrecondition(ReadBytes(bytes).status));  // not from a pipe
}

// What lies in a -wal beside the file was left out without a word.
TEST(Nsrl, RowsThatLieBesideTheFileAreNotLost) {
  const test::Scratch scratch;
  const std::string path = scratch.At("live");
  Database database(path);
  database.Run(
      "PRAGMA journal_mode = WAL; CREATE TABLE FILE (md5 TEXT);"
      "PRAGMA wal_checkpoint(TRUNCATE)");
  database.Run("INSERT INTO FILE VALUES ('" + kMd5 + "')");
  const MemorySink sink = ReadPath(path);
  EXPECT_TRUE(absl::IsFailedPrecondition(sink.status)) << sink.status;
  EXPECT_THAT(std::string(sink.status.message()), HasSubstr("live-wal"));
  database.Run("PRAGMA journal_mode = DELETE");
  EXPECT_THAT(ReadPath(path).entries, SizeIs(1));
  const std::string journal = scratch.Write("live-journal", "");
  EXPECT_THAT(ReadPath(path).entries, SizeIs(1));
  scratch.Write("live-journal", "x");
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadPath(path).status));
}

// The pages of a table, each pointed to by one above them. Of a file of 4 KiB pages the 4 bytes at
// 12 of a page of type 5 are the first of its cells' offsets; a cell begins with a page's number.
std::string WithOneLeafForAll(std::string bytes) {
  constexpr std::size_t kPage = 4096;
  for (std::size_t at = kPage; at < bytes.size(); at += kPage) {
    if (bytes[at] != 5) continue;
    const auto number = [&](std::size_t where) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[where])) << 8U |
             static_cast<unsigned char>(bytes[where + 1]);
    };
    const std::size_t first = at + number(at + 12);
    for (std::size_t cell = 1; cell < number(at + 3); ++cell) {
      bytes.replace(at + number(at + 12 + 2 * cell), 4, bytes, first, 4);
    }
  }
  return bytes;
}

TEST(Nsrl, AFileGivesNoMoreThanItHolds) {
  const test::Scratch scratch;
  const std::string whole = scratch.At("whole");
  {
    Database database(whole);
    database.Run("PRAGMA page_size = 4096; CREATE TABLE FILE (md5 TEXT, name TEXT)");
    for (int i = 0; i < 400; ++i) {
      database.Run("INSERT INTO FILE VALUES ('" + kMd5 + "', '" + std::string(100, 'x') + "')");
    }
  }
  EXPECT_THAT(ReadPath(whole).entries, SizeIs(400));
  const MemorySink sink =
      ReadPath(scratch.Write("forged", WithOneLeafForAll(test::ReadAll(whole))));
  EXPECT_TRUE(absl::IsInvalidArgument(sink.status)) << sink.status;
  EXPECT_THAT(std::string(sink.status.message()), HasSubstr("not in their order"));
  EXPECT_THAT(sink.entries, SizeIs(testing::Lt(100)));
}

// A number of a row that is hidden by a column, and a table that has none.
TEST(Nsrl, EveryKindOfTableIsRead) {
  const test::Scratch scratch;
  const std::vector<std::string> tables = {
      "md5 TEXT, rowid TEXT", "md5 TEXT, rowid TEXT, _rowid_ TEXT, oid TEXT",
      "md5 TEXT, rowid TEXT, n INTEGER PRIMARY KEY", "md5 TEXT, rowid TEXT PRIMARY KEY"};
  for (std::size_t i = 0; i < tables.size(); ++i) {
    for (const char* kind : {"", " WITHOUT ROWID"}) {
      if (*kind != 0 && i != 3) continue;
      const std::string path = scratch.At(std::to_string(i) + kind);
      {
        Database database(path);
        database.Run("CREATE TABLE FILE (" + tables[i] + ")" + kind +
                     "; CREATE INDEX x ON FILE (md5);"
                     "INSERT INTO FILE (md5, rowid) VALUES ('" +
                     kMd5 + "', 'z'), ('" + std::string(32, '0') + "', 'a')");
      }
      const MemorySink sink = ReadPath(path);
      EXPECT_TRUE(sink.status.ok()) << sink.status << path;
      EXPECT_THAT(sink.entries, SizeIs(2)) << path;
    }
  }
}

// A hash database whose id is no number of a row was sorted in memory.
TEST(Kdb, IsReadAsItLies) {
  const test::Scratch scratch;
  const std::string path = scratch.At("odd.kdb");
  Database(path).Run(
      "CREATE TABLE db_properties (name TEXT, value TEXT);"
      "CREATE TABLE hashes (id INTEGER, md5 BINARY(16));"
      "INSERT INTO hashes VALUES (9, x'" +
      kMd5 + "'), (1, x'" + std::string(32, '2') + "')");
  const MemorySink sink = ReadPath(path, v1::PURPOSE_KNOWN);
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  ASSERT_THAT(sink.entries, SizeIs(2));
  EXPECT_EQ(sink.entries[0].digests().md5()[0], '\x01');
}

TEST(Kdb, IsWrittenAndReadAgain) {
  const test::Scratch scratch;
  const std::string path = scratch.At("set.kdb");
  Entry entry;
  entry.mutable_digests()->set_md5(std::string(16, 'm'));
  entry.mutable_digests()->set_sha256(std::string(32, 's'));
  entry.set_series("SYNTH");
  Entry other;
  other.mutable_digests()->set_sha1(std::string(20, 'h'));
  {
    auto writer = FindOutFormat("kdb")->make(nullptr, path);
    ASSERT_TRUE(writer.ok()) << writer.status();
    SetFacts facts;
    facts.hash_set.set_name("s");
    EXPECT_TRUE((*writer)->Begin(facts).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(other).ok());
    EXPECT_TRUE((*writer)->End().ok());
    EXPECT_EQ((*writer)->left_out(), 2U);  // that MD5 stands already, and one without an MD5
  }
  {
    // What a later entry knows of the same file is not lost.
    const std::string merged = scratch.At("merged.kdb");
    auto writer = FindOutFormat("kdb")->make(nullptr, merged);
    ASSERT_TRUE(writer.ok()) << writer.status();
    Entry more = entry;
    more.mutable_digests()->set_sha1(std::string(20, 'a'));
    more.mutable_digests()->set_sha256(std::string(32, 'x'));
    EXPECT_TRUE((*writer)->Begin({}).ok());
    EXPECT_TRUE((*writer)->Add(entry).ok());
    EXPECT_TRUE((*writer)->Add(more).ok());
    EXPECT_TRUE((*writer)->End().ok());
    EXPECT_EQ((*writer)->left_out(), 0U);
    const MemorySink read = ReadPath(merged, v1::PURPOSE_KNOWN);
    EXPECT_EQ(read.entries.at(0).digests().sha1(), std::string(20, 'a'));
    EXPECT_EQ(read.entries.at(0).digests().sha256(), std::string(32, 's'));
  }
  EXPECT_FALSE(FindOutFormat("kdb")->make(nullptr, path).ok());
  Database(path).Run(
      "INSERT INTO file_names VALUES ('a.jpg', 1); INSERT INTO comments VALUES ('x', 1)");
  const MemorySink sink = ReadPath(path, v1::PURPOSE_KNOWN);
  ASSERT_TRUE(sink.status.ok()) << sink.status;
  EXPECT_EQ(sink.format, "kdb");
  ASSERT_THAT(sink.entries, SizeIs(1));
  EXPECT_EQ(sink.entries[0].digests().md5(), std::string(16, 'm'));
  EXPECT_EQ(sink.entries[0].digests().sha256(), std::string(32, 's'));
  EXPECT_EQ(sink.entries[0].source_ref(), "a.jpg");
}

}  // namespace
}  // namespace kith::exchange
