// SPDX-License-Identifier: Apache-2.0
//
// Autopsy's hash database (schema 1): SQLite, told apart by MD5. A series and a category become the
// comment that Autopsy shows beside a hit; names of files are not written.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "tools/exchange/internal/make_writers.h"
#include "tools/exchange/internal/one_code.h"
#include "tools/exchange/internal/vics_mapped.h"

namespace kith::exchange {
namespace {

constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
BEGIN;
CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
INSERT INTO db_properties (name, value) VALUES ('Schema Version', '1');
CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE,
                     sha1 BINARY(20), sha2_256 BINARY(32));
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY (name, hash_id));
CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL,
                       PRIMARY KEY (comment, hash_id));
CREATE INDEX md5_index ON hashes (md5);
)sql";

constexpr const char* kInsert = R"sql(
INSERT INTO hashes (md5, sha1, sha2_256) VALUES (?1, ?2, ?3)
  ON CONFLICT (md5) DO UPDATE SET sha1 = coalesce(sha1, excluded.sha1),
                                  sha2_256 = coalesce(sha2_256, excluded.sha2_256)
    WHERE (sha1 IS NULL AND excluded.sha1 IS NOT NULL)
       OR (sha2_256 IS NULL AND excluded.sha2_256 IS NOT NULL)
)sql";

using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

class KdbWriter final : public Writer {
 public:
  static absl::StatusOr<std::unique_ptr<Writer>> Make(const std::string& path) {
    // Made here, so that only its owner may read it.
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return absl::FailedPreconditionError("cannot write " + path);
    ::close(file);
    std::unique_ptr<KdbWriter> writer(new KdbWriter);
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
    writer->database_.reset(raw);
    if (opened != SQLITE_OK) return writer->Failed();
    if (auto status = writer->Run(kSchema); !status.ok()) return status;
    writer->hash_ = writer->Prepare(kInsert);
    writer->comment_ = writer->Prepare(
        "INSERT OR IGNORE INTO comments (comment, hash_id)"
        " SELECT ?1, id FROM hashes WHERE md5 = ?2");
    if (!writer->hash_ || !writer->comment_) return writer->Failed();
    return std::unique_ptr<Writer>(std::move(writer));
  }

  absl::Status Begin(const SetFacts& facts) override {
    set_ = facts.hash_set.name();
    identified_ = facts.identified;
    return absl::OkStatus();
  }

  absl::Status Add(const Entry& entry) override {
    const v1::Digests& digests = entry.digests();
    if (digests.md5().empty()) {
      ++left_out_;
      return absl::OkStatus();
    }
    Bind(hash_.get(), 1, digests.md5());
    Bind(hash_.get(), 2, digests.sha1());
    Bind(hash_.get(), 3, digests.sha256());
    if (auto status = Step(hash_.get()); !status.ok()) return status;
    // An MD5 stands once; of what comes later are added the digests that it lacks, and the comment.
    if (sqlite3_changes(database_.get()) == 0) ++left_out_;
    values_left_out_ += static_cast<std::uint64_t>(entry.codes_size()) + CarriedValues(entry);
    if (VictimOf(entry, identified_) != v1::TRI_STATE_UNSPECIFIED) ++values_left_out_;
    if (!entry.source_ref().empty()) ++values_left_out_;
    std::string comment = "kith: " + set_;
    if (!entry.series().empty()) comment += ", series " + entry.series();
    if (!entry.category().code().empty()) {
      comment += ", " + entry.category().scheme() + " " + entry.category().code();
    }
    sqlite3_bind_text(comment_.get(), 1, comment.data(), static_cast<int>(comment.size()),
                      SQLITE_TRANSIENT);
    Bind(comment_.get(), 2, digests.md5());
    return Step(comment_.get());
  }

  absl::Status End() override {
    hash_.reset();
    comment_.reset();
    if (auto status = Run("COMMIT"); !status.ok()) return status;
    return sqlite3_close(database_.release()) == SQLITE_OK
               ? absl::OkStatus()
               : absl::InternalError("the database could not be closed");
  }

  [[nodiscard]] std::uint64_t left_out() const override { return left_out_; }
  [[nodiscard]] std::uint64_t values_left_out() const override { return values_left_out_; }

 private:
  KdbWriter() = default;

  [[nodiscard]] absl::Status Failed() const {
    return absl::ResourceExhaustedError(std::string("cannot write the database: ") +
                                        sqlite3_errmsg(database_.get()));
  }
  absl::Status Run(const char* sql) {
    return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK
               ? absl::OkStatus()
               : Failed();
  }
  Statement Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    (void)sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr);
    return {statement, &sqlite3_finalize};
  }
  static void Bind(sqlite3_stmt* statement, int index, const std::string& bytes) {
    if (bytes.empty()) {
      sqlite3_bind_null(statement, index);
    } else {
      sqlite3_bind_blob(statement, index, bytes.data(), static_cast<int>(bytes.size()),
                        SQLITE_TRANSIENT);
    }
  }
  absl::Status Step(sqlite3_stmt* statement) {
    const int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    return result == SQLITE_DONE ? absl::OkStatus() : Failed();
  }

  std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_{nullptr, &sqlite3_close};
  Statement hash_{nullptr, &sqlite3_finalize};
  Statement comment_{nullptr, &sqlite3_finalize};
  std::string set_;
  SeriesCodes identified_;
  std::uint64_t left_out_ = 0;
  std::uint64_t values_left_out_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Writer>> MakeKdbWriter(const std::string& path) {
  return KdbWriter::Make(path);
}

}  // namespace kith::exchange
