// SPDX-License-Identifier: Apache-2.0
#include "server/casework/schema.h"

#include <array>
#include <string_view>

namespace kith::casework {
namespace {

// The ledger: what was found in which case. A row that no longer holds is marked with what
// superseded it and stays.
constexpr std::string_view kCasework1 = R"sql(
CREATE TABLE case_record (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,             -- AGENCY/NUMBER; empty: a look-up
  agency    INTEGER,                          -- of the catalog
  opened_at TEXT NOT NULL,                    -- RFC 3339, UTC, as all times
  files     INTEGER NOT NULL DEFAULT 0,       -- evidence files that have a path now
  paths     INTEGER NOT NULL DEFAULT 0        -- current evidence paths
) STRICT;

CREATE TABLE root (
  id          INTEGER PRIMARY KEY,
  case_record INTEGER NOT NULL REFERENCES case_record (id),
  path        BLOB NOT NULL,
  UNIQUE (case_record, path)
) STRICT;

-- A run is complete when its walk went to its end and its sums agree. began and ended are numbers
-- of one sequence in each case: they tell what was under way when another ended.
CREATE TABLE run (
  id              INTEGER PRIMARY KEY,
  case_record     INTEGER NOT NULL REFERENCES case_record (id),
  root            INTEGER NOT NULL REFERENCES root (id),
  radius_bits     INTEGER CHECK (radius_bits BETWEEN 0 AND 31),    -- NULL: the sets' own
  began           INTEGER NOT NULL,
  started_at      TEXT NOT NULL,
  ended           INTEGER,                    -- NULL: killed, or still going on
  finished_at     TEXT,
  complete        INTEGER NOT NULL DEFAULT 0 CHECK (complete BETWEEN 0 AND 1),
  entries_walked  INTEGER NOT NULL DEFAULT 0, -- as the client counted them
  entries_sent    INTEGER NOT NULL DEFAULT 0, -- distinct paths
  entries_resumed INTEGER NOT NULL DEFAULT 0, -- on record, unchanged, not sent again
  entries_unseen  INTEGER NOT NULL DEFAULT 0, -- on record, not met this time; below 0: more resumed
                                              -- than are on record
  entries_kept    INTEGER NOT NULL DEFAULT 0, -- read by an earlier run, not readable this time
  interrupted     INTEGER NOT NULL DEFAULT 0 CHECK (interrupted BETWEEN 0 AND 1)
) STRICT;
CREATE INDEX run_of_case ON run (case_record);
CREATE INDEX run_of_root ON run (root, began);

CREATE TABLE walk_error (
  run  INTEGER NOT NULL REFERENCES run (id),
  item INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, item)
) STRICT, WITHOUT ROWID;

-- One for each case and distinct content. identity: 1 and the SHA-256, or, for what could not be
-- read, 2, the root (8 bytes, big-endian) and the path.
CREATE TABLE evidence_file (
  id            INTEGER PRIMARY KEY,
  case_record   INTEGER NOT NULL REFERENCES case_record (id),
  identity      BLOB NOT NULL,
  md5           BLOB,
  sha1          BLOB,
  sha256        BLOB,
  size_bytes    INTEGER NOT NULL,
  format        TEXT NOT NULL,
  width         INTEGER NOT NULL,
  height        INTEGER NOT NULL,
  disposition   INTEGER NOT NULL CHECK (disposition BETWEEN 0 AND 12),
  detail        TEXT NOT NULL,
  codes         INTEGER NOT NULL,             -- how many evidence_code holds
  paths         INTEGER NOT NULL DEFAULT 0,   -- current ones; a file without any is history
  verdict       INTEGER NOT NULL CHECK (verdict BETWEEN 1 AND 6),
  rule          TEXT NOT NULL,
  held_back     INTEGER NOT NULL CHECK (held_back BETWEEN 0 AND 1),
  total_matches INTEGER NOT NULL,
  matched_at    INTEGER NOT NULL,             -- index version
  radius_bits   INTEGER NOT NULL,             -- -1: the sets' own
  UNIQUE (case_record, identity)
) STRICT;
CREATE INDEX evidence_file_of_case ON evidence_file (case_record);

-- What is needed to match a file again: a kith.v1.Fingerprint with its codes only.
CREATE TABLE evidence_code (
  file  INTEGER PRIMARY KEY REFERENCES evidence_file (id),
  codes BLOB NOT NULL
) STRICT;

CREATE TABLE evidence_path (
  id            INTEGER PRIMARY KEY,
  root          INTEGER NOT NULL REFERENCES root (id),
  path          BLOB NOT NULL,
  file          INTEGER NOT NULL REFERENCES evidence_file (id),
  device        INTEGER NOT NULL,
  inode         INTEGER NOT NULL,
  size_bytes    INTEGER NOT NULL,
  mtime_ns      INTEGER NOT NULL,
  disposition   INTEGER NOT NULL CHECK (disposition BETWEEN 0 AND 12),
  detail        TEXT NOT NULL,
  run           INTEGER NOT NULL REFERENCES run (id),    -- that found it
  superseded_by INTEGER REFERENCES run (id)              -- that could read what was not read before
) STRICT;
-- A path may have held several contents; each that was found stands.
CREATE UNIQUE INDEX evidence_path_current ON evidence_path (root, path, file)
  WHERE superseded_by IS NULL;
CREATE INDEX evidence_path_of_file ON evidence_path (file);

CREATE TABLE match (
  id                INTEGER PRIMARY KEY,
  file              INTEGER NOT NULL REFERENCES evidence_file (id),
  entry             INTEGER NOT NULL,         -- of the catalog, as hash_set and series
  hash_set          INTEGER NOT NULL,
  series            INTEGER,
  series_status     INTEGER NOT NULL,         -- as it was judged
  victim_identified INTEGER NOT NULL,
  purpose           INTEGER NOT NULL,
  found_by          INTEGER NOT NULL CHECK (found_by BETWEEN 1 AND 4),  -- SHA-256, SHA-1, MD5, PDQ
  distance_bits     INTEGER NOT NULL,
  view_frame        INTEGER NOT NULL,
  view_crop         INTEGER NOT NULL,
  query_frame       INTEGER NOT NULL,
  query_crop        INTEGER NOT NULL,
  orientation       INTEGER NOT NULL,
  dialect           INTEGER NOT NULL,
  held_back         INTEGER NOT NULL CHECK (held_back BETWEEN 0 AND 1),
  found_at          INTEGER NOT NULL,         -- index version
  superseded_at     INTEGER                   -- index version that no longer has it so
) STRICT;
CREATE UNIQUE INDEX match_current ON match (file, entry) WHERE superseded_at IS NULL;

-- That a series was met in a case, from the first time on; how many files is counted from match.
CREATE TABLE sighting (
  series        INTEGER NOT NULL,
  case_record   INTEGER NOT NULL REFERENCES case_record (id),
  first_seen_at TEXT NOT NULL,
  first_run     INTEGER NOT NULL REFERENCES run (id),
  PRIMARY KEY (series, case_record)
) STRICT, WITHOUT ROWID;
CREATE INDEX sighting_of_case ON sighting (case_record, series);
)sql";

// People's words on matches, and what verdicts were before.
constexpr std::string_view kCasework3 = R"sql(
CREATE TABLE opinion (
  change INTEGER PRIMARY KEY,                 -- of the catalog's change sequence
  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
  entry  INTEGER NOT NULL,
  kind   INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 3),   -- confirmed, rejected, withdrawn
  at     TEXT NOT NULL,
  who    TEXT NOT NULL,
  why    TEXT NOT NULL
) STRICT;
CREATE INDEX opinion_on ON opinion (sha256, entry);
CREATE TRIGGER opinion_stays BEFORE UPDATE ON opinion
  BEGIN SELECT RAISE(ABORT, 'opinions are immutable'); END;
CREATE TRIGGER opinion_is_kept BEFORE DELETE ON opinion
  BEGIN SELECT RAISE(ABORT, 'opinions are immutable'); END;

ALTER TABLE match ADD COLUMN opinion INTEGER NOT NULL DEFAULT 0 CHECK (opinion BETWEEN 0 AND 1);
ALTER TABLE evidence_file ADD COLUMN held_back_matches INTEGER NOT NULL DEFAULT 0;
ALTER TABLE evidence_file ADD COLUMN rejected_matches INTEGER NOT NULL DEFAULT 0;
UPDATE evidence_file SET held_back_matches = (SELECT count(*) FROM match m
  WHERE m.file = evidence_file.id AND m.superseded_at IS NULL AND m.held_back = 1)
  WHERE held_back = 1;
CREATE INDEX evidence_file_by_identity ON evidence_file (identity);

-- Verdicts that hold no longer; evidence_file has the one that does.
CREATE TABLE past_verdict (
  file       INTEGER NOT NULL REFERENCES evidence_file (id),
  matched_at INTEGER NOT NULL,                -- index version that gave it
  until      INTEGER NOT NULL,                -- index version that gave the next
  verdict    INTEGER NOT NULL,
  rule       TEXT NOT NULL,
  PRIMARY KEY (file, until, matched_at)
) STRICT, WITHOUT ROWID;
)sql";

// What follows from changes and from time: alerts, notifications, purged cases.
constexpr std::string_view kCasework4 = R"sql(
-- The last change whose alerts are on record.
CREATE TABLE watch (seen INTEGER NOT NULL) STRICT;
INSERT INTO watch (seen) VALUES (0);

-- A case on record whose files are to be seen otherwise since a change, or several of a kind.
CREATE TABLE alert (
  id           INTEGER PRIMARY KEY,
  case_record  INTEGER NOT NULL REFERENCES case_record (id),
  first_change INTEGER NOT NULL,
  last_change  INTEGER NOT NULL,
  kind         INTEGER NOT NULL,              -- catalog/change.h
  subject      TEXT NOT NULL,
  opened_at    TEXT NOT NULL,
  files        INTEGER NOT NULL,
  closed_at    TEXT,                          -- NULL: open
  closed_by    TEXT NOT NULL DEFAULT '',
  why          TEXT NOT NULL DEFAULT '',
  UNIQUE (case_record, last_change, kind, subject)
) STRICT;
CREATE TABLE alert_file (
  alert  INTEGER NOT NULL REFERENCES alert (id),
  file   INTEGER NOT NULL REFERENCES evidence_file (id),
  before INTEGER NOT NULL,                    -- verdict on record when the alert was raised
  now    INTEGER NOT NULL,
  rule   TEXT NOT NULL,                       -- that gives it now
  PRIMARY KEY (alert, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_file_of ON alert_file (file);
CREATE INDEX match_of_entry ON match (entry) WHERE superseded_at IS NULL;
CREATE INDEX match_of_series ON match (series)
  WHERE superseded_at IS NULL AND series IS NOT NULL;

-- Files whose codes were replaced: for what holds them in memory.
CREATE TABLE evidence_replaced (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  file INTEGER NOT NULL
) STRICT;

CREATE TABLE holiday (day TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE notified (
  series      INTEGER NOT NULL,
  case_record INTEGER NOT NULL REFERENCES case_record (id),
  at          TEXT NOT NULL,
  who         TEXT NOT NULL,
  why         TEXT NOT NULL,
  PRIMARY KEY (series, case_record)
) STRICT, WITHOUT ROWID;

-- A case whose files were expunged; what is left of it are counts.
CREATE TABLE case_purged (
  case_record INTEGER PRIMARY KEY REFERENCES case_record (id),
  change      INTEGER NOT NULL,
  at          TEXT NOT NULL
) STRICT;
CREATE TABLE case_count (
  case_record INTEGER NOT NULL REFERENCES case_record (id),
  verdict     INTEGER NOT NULL,
  files       INTEGER NOT NULL,
  paths       INTEGER NOT NULL,
  PRIMARY KEY (case_record, verdict)
) STRICT, WITHOUT ROWID;
ALTER TABLE sighting ADD COLUMN files_when_purged INTEGER NOT NULL DEFAULT 0;
)sql";

// The number of a file is never given again: what knows a file by it (the index of evidence, a run
// under way) must not take the next file for one that was expunged. All else is as it was.
constexpr std::string_view kCasework6 = R"sql(
PRAGMA secure_delete = ON;   -- a later purge does not reach what the old table leaves behind
CREATE TABLE evidence_file_6 (
  id                INTEGER PRIMARY KEY AUTOINCREMENT,
  case_record       INTEGER NOT NULL REFERENCES case_record (id),
  identity          BLOB NOT NULL,
  md5               BLOB,
  sha1              BLOB,
  sha256            BLOB,
  size_bytes        INTEGER NOT NULL,
  format            TEXT NOT NULL,
  width             INTEGER NOT NULL,
  height            INTEGER NOT NULL,
  disposition       INTEGER NOT NULL CHECK (disposition BETWEEN 0 AND 12),
  detail            TEXT NOT NULL,
  codes             INTEGER NOT NULL,
  paths             INTEGER NOT NULL DEFAULT 0,
  verdict           INTEGER NOT NULL CHECK (verdict BETWEEN 1 AND 6),
  rule              TEXT NOT NULL,
  held_back         INTEGER NOT NULL CHECK (held_back BETWEEN 0 AND 1),
  total_matches     INTEGER NOT NULL,
  matched_at        INTEGER NOT NULL,
  radius_bits       INTEGER NOT NULL,
  held_back_matches INTEGER NOT NULL DEFAULT 0,
  rejected_matches  INTEGER NOT NULL DEFAULT 0,
  UNIQUE (case_record, identity)
) STRICT;
INSERT INTO evidence_file_6 (id, case_record, identity, md5, sha1, sha256, size_bytes, format,
    width, height, disposition, detail, codes, paths, verdict, rule, held_back, total_matches,
    matched_at, radius_bits, held_back_matches, rejected_matches)
  SELECT id, case_record, identity, md5, sha1, sha256, size_bytes, format, width, height,
    disposition, detail, codes, paths, verdict, rule, held_back, total_matches, matched_at,
    radius_bits, held_back_matches, rejected_matches FROM evidence_file ORDER BY id;
DROP TABLE evidence_file;
ALTER TABLE evidence_file_6 RENAME TO evidence_file;
CREATE INDEX evidence_file_of_case ON evidence_file (case_record);
CREATE INDEX evidence_file_by_identity ON evidence_file (identity);
)sql";

// What people say of cases, and which reports were given out.
constexpr std::string_view kCasework7 = R"sql(
-- announced: the change up to which alerts are raised or being raised. settled: the last opinion
-- after which the verdicts on its file were given anew.
ALTER TABLE watch ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE watch ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
UPDATE watch SET announced = seen, settled = (SELECT coalesce(max(change), 0) FROM opinion);

-- The row with the highest id of a case holds, the others are the history. A purge empties what may
-- tell of people.
CREATE TABLE case_version (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  case_record INTEGER NOT NULL REFERENCES case_record (id),
  at          TEXT NOT NULL,
  who         TEXT NOT NULL,
  why         TEXT NOT NULL,
  officer     TEXT NOT NULL,
  reference   TEXT NOT NULL,
  legal_basis TEXT NOT NULL,
  seized_on   TEXT NOT NULL,
  due_on      TEXT NOT NULL,
  priority    TEXT NOT NULL,
  state       INTEGER NOT NULL CHECK (state BETWEEN 0 AND 8)       -- CaseState of casework.proto
) STRICT;
CREATE INDEX case_version_of ON case_version (case_record);
CREATE TRIGGER case_version_stays BEFORE UPDATE ON case_version
  WHEN NOT (NEW.id = OLD.id AND NEW.case_record = OLD.case_record AND NEW.at = OLD.at
    AND NEW.who = OLD.who AND NEW.state = OLD.state AND NEW.why = '' AND NEW.officer = ''
    AND NEW.reference = '' AND NEW.legal_basis = '' AND NEW.seized_on = '' AND NEW.due_on = ''
    AND NEW.priority = ''
    AND EXISTS (SELECT 1 FROM case_purged p WHERE p.case_record = OLD.case_record))
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER case_version_is_kept BEFORE DELETE ON case_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;

CREATE TABLE report_made (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  kind        INTEGER NOT NULL,               -- ReportKind of report.proto
  case_record INTEGER REFERENCES case_record (id),                 -- NULL: of no one case
  series      TEXT NOT NULL,                  -- its code then, or empty
  change      INTEGER NOT NULL,               -- index version of the store then
  sha256      BLOB NOT NULL CHECK (length(sha256) = 32),           -- report_digest.h
  at          TEXT NOT NULL,
  who         TEXT NOT NULL
) STRICT;
CREATE INDEX report_made_of ON report_made (case_record);
CREATE TRIGGER report_made_stays BEFORE UPDATE ON report_made
  BEGIN SELECT RAISE(ABORT, 'reports on record are immutable'); END;
CREATE TRIGGER report_made_is_kept BEFORE DELETE ON report_made
  BEGIN SELECT RAISE(ABORT, 'reports on record are immutable'); END;
)sql";

// What read the files of a run and made their hashes, one a line; empty: nobody said.
constexpr std::string_view kCasework8 = R"sql(
ALTER TABLE run ADD COLUMN libraries TEXT NOT NULL DEFAULT '';
)sql";

// What is asked of all matches and files, and not only of those that hold: an opinion may be on a
// match that holds no longer, and a purge looks for the matches of each file it removes.
constexpr std::string_view kCasework9 = R"sql(
CREATE INDEX match_of_file ON match (file, entry);
-- 1000: kMatchesKept of ledger.h.
CREATE INDEX evidence_file_of_many ON evidence_file (total_matches) WHERE total_matches > 1000;
)sql";

// What a report asks of each case that met a series: few of its files match anything. And what is
// asked for each change of a hash set; superseded_at, so that no row of match is read for it.
constexpr std::string_view kCasework10 = R"sql(
CREATE INDEX evidence_file_matched ON evidence_file (case_record) WHERE total_matches > 0;
CREATE INDEX match_of_set ON match (hash_set, file, superseded_at) WHERE superseded_at IS NULL;
)sql";

constexpr std::array<catalog::Migration, 8> kMigrations = {{{1, kCasework1},
                                                            {3, kCasework3},
                                                            {4, kCasework4},
                                                            {6, kCasework6},
                                                            {7, kCasework7},
                                                            {8, kCasework8},
                                                            {9, kCasework9},
                                                            {10, kCasework10}}};

}  // namespace

std::span<const catalog::Migration> CaseworkMigrations() { return kMigrations; }

}  // namespace kith::casework
