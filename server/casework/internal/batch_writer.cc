// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/batch_writer.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/match_writer.h"
#include "server/casework/internal/same_content.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {
namespace {

using catalog::BlobView;
using catalog::Statement;

}  // namespace

struct BatchWriter::FileState {
  std::uint64_t id = 0;  // 0: not on record
  v1::Disposition disposition = v1::DISPOSITION_UNSPECIFIED;
  v1::Fingerprint codes;  // its codes only, and their margin
  v1::Digests digests;
  std::uint64_t total_matches = 0;
  std::uint64_t matched_at = 0;
  std::int64_t radius_bits = -1;
};

// One content of a path.
struct BatchWriter::PathState {
  std::uint64_t id = 0;
  std::uint64_t file_id = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t mtime_ns = 0;
  v1::Disposition disposition = v1::DISPOSITION_UNSPECIFIED;
  std::string detail;
  bool has_content = false;  // its SHA-256 is known
};

BatchWriter::BatchWriter(catalog::Transaction* write, const Run* run,
                         const catalog::Directory* directory, std::uint64_t change,
                         std::uint64_t watched)
    : write_(*write), run_(*run), directory_(*directory), change_(change), watched_(watched) {}

absl::StatusOr<PathOutcome> BatchWriter::Add(const v1::EvidenceFile& file,
                                             const v1::MatchResult& result) {
  KITH_ASSIGN(const std::vector<PathState> before, FindPath(file.path()));
  const bool was_read = std::any_of(before.begin(), before.end(), [](const PathState& state) {
    return ReadToItsEnd(state.disposition);
  });
  if (was_read && WasNotRead(file.fingerprint())) {
    return PathOutcome{.path_id = before.front().id, .kept = true};
  }
  KITH_ASSIGN(const std::uint64_t file_id, FindOrAddFile(file, result));
  for (const PathState& state : before) {
    if (state.file_id != file_id) continue;
    // A worse reading of the same content takes nothing from an earlier one.
    const bool kept = RankOf(state.disposition) > RankOf(file.fingerprint().disposition());
    KITH_RETURN_IF_ERROR(UpdatePath(state, file, kept));
    return PathOutcome{.path_id = state.id, .kept = kept};
  }
  // A reading that failed gives way to one that did not. Content that was found stands beside the
  // new one: that the path holds something else today does not undo the finding.
  for (const PathState& state : before) {
    if (state.has_content) continue;
    KITH_RETURN_IF_ERROR(write_.Execute("UPDATE evidence_path SET superseded_by = ?2 WHERE id = ?1",
                                        state.id, run_.run_id));
    KITH_RETURN_IF_ERROR(CountPath(state.file_id, -1));
  }
  PathOutcome outcome;
  KITH_ASSIGN(outcome.path_id, AddPath(file, file_id));
  KITH_RETURN_IF_ERROR(CountPath(file_id, +1));
  return outcome;
}

absl::StatusOr<BatchWriter::FileState> BatchWriter::FindFile(const std::string& identity) {
  Statement find = write_.Prepare(
      "SELECT f.id, f.disposition, c.codes, f.matched_at, f.radius_bits, f.md5, f.sha1, f.sha256,"
      " f.total_matches FROM evidence_file f"
      " LEFT JOIN evidence_code c ON c.file = f.id WHERE f.case_record = ?1 AND f.identity = ?2");
  KITH_ASSIGN(const bool found, find.Bind(run_.case_id, BlobView{identity}).Step());
  FileState state;
  if (!found) return state;
  state.id = find.Id(0);
  state.disposition = static_cast<v1::Disposition>(find.Int(1));
  KITH_RETURN_IF_ERROR(ParseCodes(find, 2, state.codes));
  state.matched_at = find.Id(3);
  state.radius_bits = find.Int(4);
  state.digests.set_md5(std::string(find.Blob(5)));
  state.digests.set_sha1(std::string(find.Blob(6)));
  state.digests.set_sha256(std::string(find.Blob(7)));
  state.total_matches = find.Id(8);
  return state;
}

// What is told now adds to what is on record of the content: its codes, its digests; a better
// reading replaces the codes. Matches are replaced where they are those of all that is then on
// record. Where the record tells what this reading does not, its own matches stand: if they are
// older than what tells on verdicts, or the reading told something new, the end of the run matches
// the file again, with all that is known of it.
absl::StatusOr<std::uint64_t> BatchWriter::FindOrAddFile(const v1::EvidenceFile& file,
                                                         const v1::MatchResult& result) {
  const v1::Fingerprint& fingerprint = file.fingerprint();
  const std::string identity = IdentityOf(file, run_.root_id);
  KITH_ASSIGN(const FileState state, FindFile(identity));
  if (state.id == 0) return AddFile(identity, fingerprint, result);
  int better =
      RankOf(fingerprint.disposition(), fingerprint) - RankOf(state.disposition, state.codes);
  const bool other = IsOther(fingerprint.digests(), state.digests);
  if (other && better == 0) better = 1;
  const Hashed before = HashedOf(state.codes);
  const Hashed now = HashedOf(fingerprint);
  const v1::Digests digests = !other       ? BothOf(fingerprint.digests(), state.digests)
                              : better > 0 ? fingerprint.digests()
                                           : state.digests;
  const bool replace =
      better > 0 ||
      (better == 0 && (!Includes(before, now) || fingerprint.disposition() != state.disposition));
  const bool new_digest = !AreSame(digests, state.digests);
  // Is what this reading matches what all that is then on record matches?
  const bool whole = (better > 0 || (better == 0 && Includes(now, before))) &&
                     AreSame(digests, fingerprint.digests());
  if (replace) {
    v1::Fingerprint both = better > 0 ? fingerprint : BothOf(fingerprint, state.codes);
    *both.mutable_digests() = digests;
    KITH_RETURN_IF_ERROR(ReplaceFingerprint(state.id, both));
  } else if (new_digest) {
    KITH_RETURN_IF_ERROR(ReplaceDigests(state.id, digests));
  }
  if (replace || new_digest) {
    // What was found stands until all is matched; where nothing was, what is found now does.
    const bool more = state.total_matches == 0 && (better > 0 || result.total() > 0);
    if (whole || more) KITH_RETURN_IF_ERROR(WriteVerdict(state.id, result));
    if (whole) return state.id;
    KITH_RETURN_IF_ERROR(
        write_.Execute("UPDATE evidence_file SET matched_at = 0 WHERE id = ?1", state.id));
    return state.id;
  }
  const bool newer =
      change_ > state.matched_at ||
      (change_ == state.matched_at && state.radius_bits != RadiusColumn(run_.radius_bits));
  if (whole && newer) KITH_RETURN_IF_ERROR(WriteVerdict(state.id, result));
  return state.id;
}

absl::StatusOr<std::uint64_t> BatchWriter::AddFile(const std::string& identity,
                                                   const v1::Fingerprint& fingerprint,
                                                   const v1::MatchResult& result) {
  Statement add = write_.Prepare(
      "INSERT INTO evidence_file (case_record, identity, md5, sha1, sha256, size_bytes, format,"
      " width, height, disposition, detail, codes, verdict, rule, held_back, total_matches,"
      " matched_at, radius_bits, held_back_matches, rejected_matches) VALUES (?1, ?2, ?3, ?4, ?5,"
      " ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)");
  const v1::Digests& digests = fingerprint.digests();
  KITH_RETURN_IF_ERROR(
      add.Bind(run_.case_id, BlobView{identity}, BlobView{digests.md5()}, BlobView{digests.sha1()},
               BlobView{digests.sha256()}, fingerprint.size_bytes(), fingerprint.format(),
               fingerprint.width(), fingerprint.height(), fingerprint.disposition(),
               fingerprint.detail(), fingerprint.codes_size(), result.verdict(), result.rule(),
               result.held_back() > 0, result.total(), change_, RadiusColumn(run_.radius_bits),
               result.held_back(), result.rejected())
          .Run());
  const std::uint64_t file_id = write_.LastInsertId();
  KITH_RETURN_IF_ERROR(WriteCodes(file_id, fingerprint));
  if (!result.matches().empty())
    KITH_RETURN_IF_ERROR(WriteMatches(write_, run_, directory_, change_, file_id, result));
  return file_id;
}

absl::Status BatchWriter::ReplaceFingerprint(std::uint64_t file_id,
                                             const v1::Fingerprint& fingerprint) {
  Statement update = write_.Prepare(
      "UPDATE evidence_file SET md5 = ?2, sha1 = ?3, size_bytes = ?4, format = ?5, width = ?6,"
      " height = ?7, disposition = ?8, detail = ?9, codes = ?10 WHERE id = ?1");
  const v1::Digests& digests = fingerprint.digests();
  KITH_RETURN_IF_ERROR(update
                           .Bind(file_id, BlobView{digests.md5()}, BlobView{digests.sha1()},
                                 fingerprint.size_bytes(), fingerprint.format(),
                                 fingerprint.width(), fingerprint.height(),
                                 fingerprint.disposition(), fingerprint.detail(),
                                 fingerprint.codes_size())
                           .Run());
  KITH_RETURN_IF_ERROR(write_.Execute("INSERT INTO evidence_replaced (file) VALUES (?1)", file_id));
  return WriteCodes(file_id, fingerprint);
}

absl::Status BatchWriter::ReplaceDigests(std::uint64_t file_id, const v1::Digests& digests) {
  KITH_RETURN_IF_ERROR(write_.Execute("UPDATE evidence_file SET md5 = ?2, sha1 = ?3 WHERE id = ?1",
                                      file_id, BlobView{digests.md5()}, BlobView{digests.sha1()}));
  return write_.Execute("INSERT INTO evidence_replaced (file) VALUES (?1)", file_id);
}

absl::Status BatchWriter::WriteCodes(std::uint64_t file_id, const v1::Fingerprint& fingerprint) {
  if (fingerprint.codes().empty()) {
    return write_.Execute("DELETE FROM evidence_code WHERE file = ?1", file_id);
  }
  v1::Fingerprint codes;
  *codes.mutable_codes() = fingerprint.codes();
  codes.set_margin_bits(fingerprint.margin_bits());
  return write_.Execute("INSERT OR REPLACE INTO evidence_code (file, codes) VALUES (?1, ?2)",
                        file_id, BlobView{codes.SerializeAsString()});
}

absl::StatusOr<std::vector<BatchWriter::PathState>> BatchWriter::FindPath(const std::string& path) {
  Statement find = write_.Prepare(
      "SELECT p.id, p.file, p.device, p.inode, p.size_bytes, p.mtime_ns, p.disposition, p.detail,"
      " length(f.sha256) > 0 FROM evidence_path p JOIN evidence_file f ON f.id = p.file"
      " WHERE p.root = ?1 AND p.path = ?2 AND p.superseded_by IS NULL ORDER BY p.id");
  find.Bind(run_.root_id, BlobView{path});
  std::vector<PathState> states;
  while (true) {
    KITH_ASSIGN(const bool found, find.Step());
    if (!found) return states;
    states.push_back({.id = find.Id(0),
                      .file_id = find.Id(1),
                      .device = find.Id(2),
                      .inode = find.Id(3),
                      .size_bytes = find.Id(4),
                      .mtime_ns = find.Int(5),
                      .disposition = static_cast<v1::Disposition>(find.Int(6)),
                      .detail = std::string(find.Text(7)),
                      .has_content = find.Int(8) == 1});
  }
}

absl::StatusOr<std::uint64_t> BatchWriter::AddPath(const v1::EvidenceFile& file,
                                                   std::uint64_t file_id) {
  const v1::Fingerprint& fingerprint = file.fingerprint();
  Statement add = write_.Prepare(
      "INSERT INTO evidence_path (root, path, file, device, inode, size_bytes, mtime_ns,"
      " disposition, detail, run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  KITH_RETURN_IF_ERROR(add.Bind(run_.root_id, BlobView{file.path()}, file_id, file.device(),
                                file.inode(), fingerprint.size_bytes(), file.mtime_ns(),
                                fingerprint.disposition(), fingerprint.detail(), run_.run_id)
                           .Run());
  return write_.LastInsertId();
}

absl::Status BatchWriter::UpdatePath(const PathState& path, const v1::EvidenceFile& file,
                                     bool kept) {
  const v1::Fingerprint& fingerprint = file.fingerprint();
  const v1::Disposition disposition = kept ? path.disposition : fingerprint.disposition();
  const std::string& detail = kept ? path.detail : fingerprint.detail();
  if (path.device == file.device() && path.inode == file.inode() &&
      path.size_bytes == fingerprint.size_bytes() && path.mtime_ns == file.mtime_ns() &&
      path.disposition == disposition && path.detail == detail) {
    return absl::OkStatus();
  }
  return write_.Execute(
      "UPDATE evidence_path SET device = ?2, inode = ?3, size_bytes = ?4, mtime_ns = ?5,"
      " disposition = ?6, detail = ?7 WHERE id = ?1",
      path.id, file.device(), file.inode(), fingerprint.size_bytes(), file.mtime_ns(), disposition,
      detail);
}

absl::Status BatchWriter::CountPath(std::uint64_t file_id, int difference) {
  Statement count =
      write_.Prepare("UPDATE evidence_file SET paths = paths + ?2 WHERE id = ?1 RETURNING paths");
  KITH_ASSIGN(const bool found, count.Bind(file_id, difference).Step());
  if (!found) return absl::DataLossError("a file of the ledger is gone; run `kith store verify`");
  const std::int64_t paths = count.Int(0);
  KITH_RETURN_IF_ERROR(count.Step().status());
  paths_ += difference;
  if (difference > 0 && paths == 1) ++files_;
  if (difference < 0 && paths == 0) --files_;
  return absl::OkStatus();
}

absl::StatusOr<bool> BatchWriter::MatchAgain(std::uint64_t file_id, const v1::MatchResult& result) {
  Statement find =
      write_.Prepare("SELECT matched_at, radius_bits FROM evidence_file WHERE id = ?1");
  KITH_ASSIGN(const bool found, find.Bind(file_id).Step());
  if (!found) return absl::DataLossError("a file of the ledger is gone; run `kith store verify`");
  // Another program was faster, with newer knowledge.
  if (find.Id(0) > change_) return false;
  if (find.Id(0) == change_ && find.Int(1) == RadiusColumn(run_.radius_bits)) return false;
  KITH_RETURN_IF_ERROR(WriteVerdict(file_id, result));
  return true;
}

absl::Status BatchWriter::WriteVerdict(std::uint64_t file_id, const v1::MatchResult& result) {
  if (watched_ < change_) {
    return absl::AbortedError(absl::StrCat("verdicts on record are older than change ", change_,
                                           ", and the alerts of that are still to be raised"));
  }
  KITH_RETURN_IF_ERROR(
      write_.Execute("INSERT OR IGNORE INTO past_verdict (file, matched_at, until, verdict, rule)"
                     " SELECT id, matched_at, ?2, verdict, rule FROM evidence_file"
                     " WHERE id = ?1 AND (verdict <> ?3 OR rule <> ?4)",
                     file_id, change_, result.verdict(), result.rule()));
  KITH_RETURN_IF_ERROR(write_.Execute(
      "UPDATE evidence_file SET verdict = ?2, rule = ?3, held_back = ?4, total_matches = ?5,"
      " matched_at = ?6, radius_bits = ?7, held_back_matches = ?8, rejected_matches = ?9"
      " WHERE id = ?1",
      file_id, result.verdict(), result.rule(), result.held_back() > 0, result.total(), change_,
      RadiusColumn(run_.radius_bits), result.held_back(), result.rejected()));
  return WriteMatches(write_, run_, directory_, change_, file_id, result);
}

absl::Status BatchWriter::Finish() {
  if (files_ == 0 && paths_ == 0) return absl::OkStatus();
  return write_.Execute(
      "UPDATE case_record SET files = files + ?2, paths = paths + ?3 WHERE id = ?1", run_.case_id,
      files_, paths_);
}

}  // namespace kith::casework
