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

constexpr std::array<catalog::Migration, 1> kMigrations = {{{1, kCasework1}}};

}  // namespace

std::span<const catalog::Migration> CaseworkMigrations() { return kMigrations; }

}  // namespace kith::casework
