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

// What happens to agencies' contacts, series, sets and entries later. Each is a row under a number
// of the change sequence that holds the whole state from then on: the row with the highest change
// holds, the others are the history.
constexpr std::string_view kCatalog2 = R"sql(
DROP TRIGGER change_stays;
DROP TRIGGER change_is_kept;
CREATE TABLE change_2 (
  number      INTEGER PRIMARY KEY,
  at          TEXT NOT NULL,
  kind        INTEGER NOT NULL CHECK (kind >= 1),   -- catalog/change.h
  first_entry INTEGER,
  last_entry  INTEGER,
  digest      BLOB CHECK (length(digest) = 16),
  note        TEXT NOT NULL DEFAULT '',             -- why
  who         TEXT NOT NULL DEFAULT '',
  subject     TEXT NOT NULL DEFAULT '',             -- of what, in words
  CHECK ((kind = 1) = (first_entry IS NOT NULL AND last_entry IS NOT NULL AND digest IS NOT NULL))
) STRICT;
INSERT INTO change_2 (number, at, kind, first_entry, last_entry, digest, note)
  SELECT number, at, kind, first_entry, last_entry, digest, note FROM change;
DROP TABLE change;
ALTER TABLE change_2 RENAME TO change;
CREATE TRIGGER change_stays BEFORE UPDATE ON change
  BEGIN SELECT RAISE(ABORT, 'changes are immutable'); END;
CREATE TRIGGER change_is_kept BEFORE DELETE ON change
  BEGIN SELECT RAISE(ABORT, 'changes are immutable'); END;

ALTER TABLE entry ADD COLUMN category_scheme TEXT NOT NULL DEFAULT '';
ALTER TABLE entry ADD COLUMN category_code TEXT NOT NULL DEFAULT '';
ALTER TABLE hash_set ADD COLUMN handling TEXT NOT NULL DEFAULT '';

CREATE TABLE series_version (
  change               INTEGER NOT NULL REFERENCES change (number),
  series               INTEGER NOT NULL REFERENCES series (id),
  status               INTEGER NOT NULL CHECK (status BETWEEN 1 AND 2),
  agency               INTEGER REFERENCES agency (id),      -- that identified it
  contact              INTEGER REFERENCES contact (id),     -- NULL: the agency's desk
  identified_on        TEXT NOT NULL DEFAULT '',
  jurisdiction         TEXT NOT NULL DEFAULT '',
  sensitivity          TEXT NOT NULL DEFAULT '',
  notification         INTEGER NOT NULL DEFAULT 0 CHECK (notification BETWEEN 0 AND 2),
  notification_contact INTEGER REFERENCES contact (id),
  restitution_contact  INTEGER REFERENCES contact (id),
  note                 TEXT NOT NULL DEFAULT '',
  merged_into          INTEGER REFERENCES series (id),      -- NULL: stands for itself
  PRIMARY KEY (series, change)
) STRICT, WITHOUT ROWID;
INSERT INTO series_version (change, series, status, agency, contact, identified_on, note)
  SELECT i.change, i.series, 2, i.agency, i.contact, i.identified_on, s.note
  FROM series_identified i JOIN series s ON s.id = i.series;
DROP TABLE series_identified;

-- Other names of a series. The row with the highest change of an alias holds; NULL: of none.
CREATE TABLE series_alias (
  change INTEGER NOT NULL REFERENCES change (number),
  alias  TEXT NOT NULL,
  scheme TEXT NOT NULL,                                     -- whose name it is: VICS, ICSE, ...
  series INTEGER REFERENCES series (id),
  PRIMARY KEY (alias, change)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_version (
  change        INTEGER NOT NULL REFERENCES change (number),
  contact       INTEGER NOT NULL REFERENCES contact (id),
  verified_on   TEXT NOT NULL,
  superseded_by INTEGER REFERENCES contact (id),
  retired       INTEGER NOT NULL CHECK (retired BETWEEN 0 AND 1),  -- the desk answers instead
  PRIMARY KEY (contact, change)
) STRICT, WITHOUT ROWID;

CREATE TABLE hash_set_version (
  change      INTEGER NOT NULL REFERENCES change (number),
  hash_set    INTEGER NOT NULL REFERENCES hash_set (id),
  source      TEXT NOT NULL,
  handling    TEXT NOT NULL,
  version     TEXT NOT NULL,
  radius_bits INTEGER NOT NULL CHECK (radius_bits BETWEEN 0 AND 31),
  enabled     INTEGER NOT NULL CHECK (enabled BETWEEN 0 AND 1),
  PRIMARY KEY (hash_set, change)
) STRICT, WITHOUT ROWID;
INSERT INTO hash_set_version (change, hash_set, source, handling, version, radius_bits, enabled)
  SELECT w.change, w.hash_set, h.source, '', h.version, h.radius_bits, w.enabled
  FROM hash_set_switched w JOIN hash_set h ON h.id = w.hash_set;
DROP TABLE hash_set_switched;

-- An entry that was put into another series: the row with the highest change holds.
CREATE TABLE entry_moved (
  change INTEGER NOT NULL REFERENCES change (number),
  entry  INTEGER NOT NULL REFERENCES entry (id),
  series INTEGER NOT NULL REFERENCES series (id),
  PRIMARY KEY (entry, change)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_moved_by ON entry_moved (change);
CREATE INDEX withdrawal_by ON withdrawal (change);

CREATE TRIGGER series_version_stays BEFORE UPDATE ON series_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER series_version_is_kept BEFORE DELETE ON series_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER series_alias_stays BEFORE UPDATE ON series_alias
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER series_alias_is_kept BEFORE DELETE ON series_alias
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER contact_version_stays BEFORE UPDATE ON contact_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER contact_version_is_kept BEFORE DELETE ON contact_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER hash_set_version_stays BEFORE UPDATE ON hash_set_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER hash_set_version_is_kept BEFORE DELETE ON hash_set_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER entry_moved_stays BEFORE UPDATE ON entry_moved
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER entry_moved_is_kept BEFORE DELETE ON entry_moved
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
)sql";

// What sources said of their files beside what Kith works with, in tables of their own: look-ups
// and starts never read them.
constexpr std::string_view kCatalog5 = R"sql(
-- Records in the order of their import, many a row: internal/carried.h. A block of one import
-- touches the entries first..last of that import; ids go up with the entries.
CREATE TABLE carried_block (
  id          INTEGER PRIMARY KEY,
  first_entry INTEGER NOT NULL,
  last_entry  INTEGER NOT NULL,
  data        BLOB NOT NULL
) STRICT;
CREATE INDEX carried_block_by_entry ON carried_block (last_entry);

-- What an import's file said beside its records, and the sum over its blocks.
CREATE TABLE import_file (
  change INTEGER PRIMARY KEY REFERENCES change (number),
  format TEXT NOT NULL,
  data   BLOB NOT NULL,
  blocks INTEGER NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 16)
) STRICT;

CREATE TRIGGER carried_block_stays BEFORE UPDATE ON carried_block
  BEGIN SELECT RAISE(ABORT, 'what was imported is immutable'); END;
CREATE TRIGGER carried_block_is_kept BEFORE DELETE ON carried_block
  BEGIN SELECT RAISE(ABORT, 'what was imported is immutable'); END;
CREATE TRIGGER import_file_stays BEFORE UPDATE ON import_file
  BEGIN SELECT RAISE(ABORT, 'what was imported is immutable'); END;
CREATE TRIGGER import_file_is_kept BEFORE DELETE ON import_file
  BEGIN SELECT RAISE(ABORT, 'what was imported is immutable'); END;

-- 1: an import brought the name; nobody has said whether the series is identified.
ALTER TABLE series ADD COLUMN unsaid INTEGER NOT NULL DEFAULT 0 CHECK (unsaid BETWEEN 0 AND 1);

-- As it was, but that a series may be of no status.
CREATE TABLE series_version_5 (
  change               INTEGER NOT NULL REFERENCES change (number),
  series               INTEGER NOT NULL REFERENCES series (id),
  status               INTEGER NOT NULL CHECK (status BETWEEN 0 AND 2),
  agency               INTEGER REFERENCES agency (id),
  contact              INTEGER REFERENCES contact (id),
  identified_on        TEXT NOT NULL DEFAULT '',
  jurisdiction         TEXT NOT NULL DEFAULT '',
  sensitivity          TEXT NOT NULL DEFAULT '',
  notification         INTEGER NOT NULL DEFAULT 0 CHECK (notification BETWEEN 0 AND 2),
  notification_contact INTEGER REFERENCES contact (id),
  restitution_contact  INTEGER REFERENCES contact (id),
  note                 TEXT NOT NULL DEFAULT '',
  merged_into          INTEGER REFERENCES series (id),
  PRIMARY KEY (series, change)
) STRICT, WITHOUT ROWID;
INSERT INTO series_version_5 SELECT change, series, status, agency, contact, identified_on,
  jurisdiction, sensitivity, notification, notification_contact, restitution_contact, note,
  merged_into FROM series_version;
DROP TRIGGER series_version_stays;
DROP TRIGGER series_version_is_kept;
DROP TABLE series_version;
ALTER TABLE series_version_5 RENAME TO series_version;
CREATE TRIGGER series_version_stays BEFORE UPDATE ON series_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER series_version_is_kept BEFORE DELETE ON series_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;

CREATE TABLE agency_version (
  change  INTEGER NOT NULL REFERENCES change (number),
  agency  INTEGER NOT NULL REFERENCES agency (id),
  country TEXT NOT NULL,
  desk    TEXT NOT NULL,
  ori     TEXT NOT NULL,
  type    TEXT NOT NULL,
  PRIMARY KEY (agency, change)
) STRICT, WITHOUT ROWID;
ALTER TABLE agency ADD COLUMN ori TEXT NOT NULL DEFAULT '';
ALTER TABLE agency ADD COLUMN type TEXT NOT NULL DEFAULT '';
CREATE TRIGGER agency_version_stays BEFORE UPDATE ON agency_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
CREATE TRIGGER agency_version_is_kept BEFORE DELETE ON agency_version
  BEGIN SELECT RAISE(ABORT, 'history is immutable'); END;
)sql";

// By these the ledger finds what counted as a series: see Ledger::FilesMet.
constexpr std::string_view kCatalog6 = R"sql(
CREATE INDEX series_version_merged ON series_version (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX entry_moved_to ON entry_moved (series);
)sql";

// EntryIdentity of catalog.proto: of sets of before it is settled by the next addition. By the
// indexes an entry finds the change that added it, and a change its series.
constexpr std::string_view kCatalog7 = R"sql(
ALTER TABLE hash_set ADD COLUMN entry_identity INTEGER NOT NULL DEFAULT 0
  CHECK (entry_identity BETWEEN 0 AND 2);
CREATE INDEX change_by_entry ON change (first_entry) WHERE first_entry IS NOT NULL;
CREATE INDEX series_version_by ON series_version (change);

-- Where the record of the victims is kept, never a name; and how many they are, 0: nobody said.
ALTER TABLE series_version ADD COLUMN locator TEXT NOT NULL DEFAULT '';
ALTER TABLE series_version ADD COLUMN victims INTEGER NOT NULL DEFAULT 0 CHECK (victims >= 0);

-- Entries of sets that tell theirs apart by source_ref, by that name.
CREATE TABLE named_entry (
  hash_set   INTEGER NOT NULL REFERENCES hash_set (id),
  source_ref TEXT NOT NULL,
  entry      INTEGER NOT NULL REFERENCES entry (id),
  PRIMARY KEY (hash_set, source_ref, entry)
) STRICT, WITHOUT ROWID;

-- An import may keep records and add no entry. first_block: the first row of carried_block of an
-- import, whose others follow it; or the next one that there will be.
DROP TRIGGER import_file_stays;
DROP TRIGGER import_file_is_kept;
CREATE TABLE import_file_7 (
  change      INTEGER PRIMARY KEY REFERENCES change (number),
  hash_set    INTEGER NOT NULL REFERENCES hash_set (id),
  first_block INTEGER NOT NULL,
  format      TEXT NOT NULL,
  data        BLOB NOT NULL,
  blocks      INTEGER NOT NULL,
  digest      BLOB NOT NULL CHECK (length(digest) = 16)
) STRICT;
INSERT INTO import_file_7
  SELECT f.change, (SELECT hash_set FROM entry WHERE id = c.first_entry),
    coalesce((SELECT min(id) FROM carried_block
              WHERE last_entry BETWEEN c.first_entry AND c.last_entry),
             (SELECT coalesce(max(id), 0) + 1 FROM carried_block
              WHERE last_entry < c.first_entry)),
    f.format, f.data, f.blocks, f.digest
  FROM import_file f JOIN change c ON c.number = f.change;
DROP TABLE import_file;
ALTER TABLE import_file_7 RENAME TO import_file;
CREATE INDEX import_file_by_block ON import_file (first_block, change, hash_set) WHERE blocks > 0;
CREATE INDEX import_file_of ON import_file (hash_set);
CREATE TRIGGER import_file_stays BEFORE UPDATE ON import_file
  BEGIN SELECT RAISE(ABORT, 'what was imported is immutable'); END;
CREATE TRIGGER import_file_is_kept BEFORE DELETE ON import_file
  BEGIN SELECT RAISE(ABORT, 'what was imported is immutable'); END;

-- Records that are kept and made no entry, by the XXH3-128 of what they say: an edition that brings
-- them again does not double them.
CREATE TABLE kept_record (
  hash_set INTEGER NOT NULL REFERENCES hash_set (id),
  said     BLOB NOT NULL CHECK (length(said) = 16),
  PRIMARY KEY (hash_set, said)
) STRICT, WITHOUT ROWID;
)sql";

// Who added a series, and why; its additions are no changes. Of before: nobody wrote it down.
constexpr std::string_view kCatalog8 = R"sql(
ALTER TABLE series ADD COLUMN who TEXT NOT NULL DEFAULT '';
ALTER TABLE series ADD COLUMN why TEXT NOT NULL DEFAULT '';
)sql";

// What is asked for each change that is looked at for alerts.
constexpr std::string_view kCatalog10 = R"sql(
CREATE INDEX hash_set_version_by ON hash_set_version (change);
)sql";

constexpr std::array<Migration, 7> kMigrations = {{{1, kCatalog1},
                                                   {2, kCatalog2},
                                                   {5, kCatalog5},
                                                   {6, kCatalog6},
                                                   {7, kCatalog7},
                                                   {8, kCatalog8},
                                                   {10, kCatalog10}}};

}  // namespace

std::span<const Migration> CatalogMigrations() { return kMigrations; }

}  // namespace kith::catalog
