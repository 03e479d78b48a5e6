// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/schema.h"

#include <array>

namespace kith::catalog {
namespace {

// What is known. Rows are added and never changed: what happens to them later is a row elsewhere,
// under a number of the change sequence. No index on a hash: the index in memory is that index, and
// duplicates are settled there.
constexpr std::string_view kCatalog1 = R"sql(
CREATE TABLE store (
  id         TEXT NOT NULL,               -- UUID
  created_at TEXT NOT NULL                -- RFC 3339, UTC
) STRICT;

-- The change sequence: number N is the index version N. kind: 1 entries added, 2 entries withdrawn,
-- 3 series identified, 4 hash set switched on or off.
CREATE TABLE change (
  number      INTEGER PRIMARY KEY,
  at          TEXT NOT NULL,
  kind        INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 4),
  first_entry INTEGER,                    -- of kind 1: the entries first..last and the XXH3-128 of
  last_entry  INTEGER,                    -- their records (entry_record.h)
  digest      BLOB CHECK (length(digest) = 16),
  note        TEXT NOT NULL DEFAULT '',
  CHECK ((kind = 1) = (first_entry IS NOT NULL AND last_entry IS NOT NULL AND digest IS NOT NULL))
) STRICT;

CREATE TABLE agency (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  country    TEXT NOT NULL,
  desk       TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE contact (
  id          INTEGER PRIMARY KEY,
  agency      INTEGER NOT NULL REFERENCES agency (id),
  name        TEXT NOT NULL,
  role        TEXT NOT NULL,
  phone       TEXT NOT NULL,
  email       TEXT NOT NULL,
  verified_on TEXT NOT NULL,
  created_at  TEXT NOT NULL
) STRICT;

CREATE TABLE series (
  id         INTEGER PRIMARY KEY,
  code       TEXT NOT NULL UNIQUE,
  note       TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;

CREATE TABLE series_identified (
  series        INTEGER PRIMARY KEY REFERENCES series (id),
  change        INTEGER NOT NULL REFERENCES change (number),
  agency        INTEGER NOT NULL REFERENCES agency (id),
  contact       INTEGER REFERENCES contact (id),   -- NULL: the agency's desk
  identified_on TEXT NOT NULL
) STRICT;

CREATE TABLE hash_set (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  source      TEXT NOT NULL,
  version     TEXT NOT NULL,
  purpose     INTEGER NOT NULL CHECK (purpose BETWEEN 1 AND 2),
  enabled     INTEGER NOT NULL CHECK (enabled BETWEEN 0 AND 1),    -- when it was made
  radius_bits INTEGER NOT NULL CHECK (radius_bits BETWEEN 0 AND 31),
  dialect     INTEGER NOT NULL CHECK (dialect BETWEEN 0 AND 2),
  created_at  TEXT NOT NULL
) STRICT;

-- The row with the highest change holds.
CREATE TABLE hash_set_switched (
  change   INTEGER PRIMARY KEY REFERENCES change (number),
  hash_set INTEGER NOT NULL REFERENCES hash_set (id),
  enabled  INTEGER NOT NULL CHECK (enabled BETWEEN 0 AND 1)
) STRICT;

CREATE TABLE entry (
  id                INTEGER PRIMARY KEY,
  hash_set          INTEGER NOT NULL REFERENCES hash_set (id),
  series            INTEGER REFERENCES series (id),
  victim_identified INTEGER NOT NULL CHECK (victim_identified BETWEEN 0 AND 2),
  source_ref        TEXT NOT NULL,
  md5               BLOB CHECK (length(md5) = 16),
  sha1              BLOB CHECK (length(sha1) = 20),
  sha256            BLOB CHECK (length(sha256) = 32)
) STRICT;

-- The codes of an entry, one a view. id = entry * 64 + position, so that they lie together.
CREATE TABLE entry_code (
  id      INTEGER PRIMARY KEY,
  entry   INTEGER GENERATED ALWAYS AS (id >> 6) VIRTUAL,
  frame   INTEGER NOT NULL,
  crop    INTEGER NOT NULL CHECK (crop BETWEEN 1 AND 2),
  dialect INTEGER NOT NULL CHECK (dialect BETWEEN 0 AND 2),
  quality INTEGER CHECK (quality BETWEEN 50 AND 100),              -- NULL: nobody knows
  pdq     BLOB NOT NULL CHECK (length(pdq) = 32)
) STRICT;

CREATE TABLE withdrawal (
  entry  INTEGER PRIMARY KEY REFERENCES entry (id),
  change INTEGER NOT NULL REFERENCES change (number)
) STRICT;

CREATE TRIGGER change_stays BEFORE UPDATE ON change
  BEGIN SELECT RAISE(ABORT, 'changes are immutable'); END;
CREATE TRIGGER change_is_kept BEFORE DELETE ON change
  BEGIN SELECT RAISE(ABORT, 'changes are immutable'); END;
CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
  BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
  BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
CREATE TRIGGER entry_code_stays BEFORE UPDATE ON entry_code
  BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
CREATE TRIGGER entry_code_is_kept BEFORE DELETE ON entry_code
  BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
CREATE TRIGGER withdrawal_stays BEFORE UPDATE ON withdrawal
  BEGIN SELECT RAISE(ABORT, 'withdrawals are immutable'); END;
CREATE TRIGGER withdrawal_is_kept BEFORE DELETE ON withdrawal
  BEGIN SELECT RAISE(ABORT, 'withdrawals are immutable'); END;
)sql";

constexpr std::array<Migration, 1> kMigrations = {{{1, kCatalog1}}};

}  // namespace

std::span<const Migration> CatalogMigrations() { return kMigrations; }

}  // namespace kith::catalog
