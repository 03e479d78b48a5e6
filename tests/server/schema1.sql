-- A store as the first schema made it: an agency, a contact, two identified series, a set that is
-- switched off, a withdrawn entry, and a case of three files, two of them known.
BEGIN TRANSACTION;
CREATE TABLE agency (
  id         INTEGER PRIMARY KEY,
  name       TEXT NOT NULL UNIQUE,
  country    TEXT NOT NULL,
  desk       TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO "agency" VALUES(1,'DPD','','desk@dpd.example','2026-11-25T03:09:47Z');
CREATE TABLE case_record (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,             -- AGENCY/NUMBER; empty: a look-up
  agency    INTEGER,                          -- of the catalog
  opened_at TEXT NOT NULL,                    -- RFC 3339, UTC, as all times
  files     INTEGER NOT NULL DEFAULT 0,       -- evidence files that have a path now
  paths     INTEGER NOT NULL DEFAULT 0        -- current evidence paths
) STRICT;
INSERT INTO "case_record" VALUES(1,'DPD/1',1,'2026-11-25T03:09:53Z',3,3);
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
INSERT INTO "change" VALUES(1,'2026-11-25T03:09:48Z',3,NULL,NULL,NULL,'');
INSERT INTO "change" VALUES(2,'2026-11-25T03:09:49Z',3,NULL,NULL,NULL,'');
INSERT INTO "change" VALUES(3,'2026-11-25T03:09:50Z',4,NULL,NULL,NULL,'');
INSERT INTO "change" VALUES(4,'2026-11-25T03:09:51Z',1,1,1,X'DA73E79305A3426E911ECC8B12AB9A16','');
INSERT INTO "change" VALUES(5,'2026-11-25T03:09:52Z',1,2,2,X'BA018334F54F116F0D4882F90B3B3286','list.txt');
INSERT INTO "change" VALUES(6,'2026-11-25T03:09:52Z',1,3,3,X'AF15EC213114E6ABEA46E01812B166DE','list.txt');
INSERT INTO "change" VALUES(7,'2026-11-25T03:09:52Z',2,NULL,NULL,NULL,'');
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
INSERT INTO "contact" VALUES(1,1,'J. Jansen','','1','','','2026-11-25T03:09:47Z');
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
INSERT INTO "entry" VALUES(1,1,1,0,'a.png',X'6AC0F057FE9B364FC1A19E4D3D3D9775',X'1E5DA0BFE676CAD37150DD93B946BD183CDC88BB',X'466AD0D750A77216E651E49A0981EC9CD8E53E506454B8289774FCDC241101AC');
INSERT INTO "entry" VALUES(2,1,2,0,'',NULL,NULL,X'3B81C7D88F0393B86CC1D6065CB94D567707D7FC89B8C492CA436D649A26A80E');
INSERT INTO "entry" VALUES(3,2,NULL,0,'',NULL,NULL,X'3B81C7D88F0393B86CC1D6065CB94D567707D7FC89B8C492CA436D649A26A80E');
CREATE TABLE entry_code (
  id      INTEGER PRIMARY KEY,
  entry   INTEGER GENERATED ALWAYS AS (id >> 6) VIRTUAL,
  frame   INTEGER NOT NULL,
  crop    INTEGER NOT NULL CHECK (crop BETWEEN 1 AND 2),
  dialect INTEGER NOT NULL CHECK (dialect BETWEEN 0 AND 2),
  quality INTEGER CHECK (quality BETWEEN 50 AND 100),              -- NULL: nobody knows
  pdq     BLOB NOT NULL CHECK (length(pdq) = 32)
) STRICT;
INSERT INTO "entry_code" VALUES(64,0,1,1,100,X'131B031F3AD119332529B4E948E6DCE6231D3319F7194B96DAD2E6CCC52EFCE0');
CREATE TABLE evidence_code (
  file  INTEGER PRIMARY KEY REFERENCES evidence_file (id),
  codes BLOB NOT NULL
) STRICT;
INSERT INTO "evidence_code" VALUES(1,X'122A0A20131B031F3AD119332529B4E948E6DCE6231D3319F7194B96DAD2E6CCC52EFCE010641A0210012001122A0A208D2FFCC02CE54A963319F2D8E0FC270D271DD8F21F030F07CCE6BC69D31A031F10641A0210012002122A0A20C64EA9B56F84B399F07C1E431DB3764C764899B3A24CE13C8F874C66907B564A10641A0210012003122A0A20D87A566A79B0E03C664C5872B5A98DA7F25872584A56A5AD99B316C3864FA9B510641A0210012004122A0A20939BFCE03AD1E6CCA5294B1648E62319231DCCE6F719B4E9DAD21933C52E031F10641A0210012005122A0A20C64E564A6F844C66F07CE1BC1DB389B37648664CA24C1EC38F87B399907BA9B510641A0210012006122A0A20052F033F2CE5B56933190D27E0FCD8F2271D270D1F03F0F8CCE64396D31AFCE010641A0210012007122A0A20D87AA99579B01FC3664CA78DB5A9725872488DA74A565A5299B3E93C864F564A10641A0210012008');
INSERT INTO "evidence_code" VALUES(2,X'122A0A2012DB139BEE4534E93D217AD420FDC70E38E138F1D70E852BC2DECB1651B8EC6410641A0210012001122A0A20213DDAD03EC3271D2CC5C6CEE52CB6C9D6CA49361AD339B1D33AD8D2C13C052F10641A0210012002122A0A20478EB9B1BB109E436874D07E75A86DA46DB4925B825B2F81978BE1BC04ED46CE10641A0210012003122A0A207468707A6B9489B779906C64B0791C63839FE39C4F86931B866F72789469AF8510641A0210012004122A0A2012DBEC64EE45CB163D21852B20FD38F138E1C70ED70E7AD4C2DE34E951B8139B10641A0210012005122A0A20478E46CEBB1061BC68743F8175A8925B6DB46DA4825BD07E978B9E4324EDB93110641A0210012006122A0A20213D252F3EC1DCE22CC53931E52C4936D6CAB6C91AD3C64ED33A272DC13CFAD010641A0210012007122A0A20746C8F856B9476487990939BB079E39CC39F1C634F866CE4866F8D879469507A10641A0210012008');
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
INSERT INTO "evidence_file" VALUES(1,1,X'01466AD0D750A77216E651E49A0981EC9CD8E53E506454B8289774FCDC241101AC',X'6AC0F057FE9B364FC1A19E4D3D3D9775',X'1E5DA0BFE676CAD37150DD93B946BD183CDC88BB',X'466AD0D750A77216E651E49A0981EC9CD8E53E506454B8289774FCDC241101AC',531,'png',256,256,1,'',8,1,1,'the same file as an entry that is identified',0,1,7,-1);
INSERT INTO "evidence_file" VALUES(2,1,X'0129E4588B7DC344D4F67223A27F280B940CB5E6631A0E3DE236EC3300C43987D2',X'7E09F0CC6B4B0F7351680350AAD33DA6',X'12D27145B28D02A174C37A3F79F39B485A80A7D0',X'29E4588B7DC344D4F67223A27F280B940CB5E6631A0E3DE236EC3300C43987D2',528,'png',256,256,1,'',8,1,4,'compared by PDQ and digest; nothing matches',0,0,7,-1);
INSERT INTO "evidence_file" VALUES(3,1,X'013B81C7D88F0393B86CC1D6065CB94D567707D7FC89B8C492CA436D649A26A80E',X'1CC7E87450C50AED0452A2DDC5A13B90',X'C9E0CB83C35BFF379E4F0DA2C34ED81C3C0CE5CE',X'3B81C7D88F0393B86CC1D6065CB94D567707D7FC89B8C492CA436D649A26A80E',11,'',0,0,4,'',0,1,1,'the same file as an entry that is identified',0,1,7,-1);
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
INSERT INTO "evidence_path" VALUES(1,1,X'612E706E67',1,65024,10977439,531,1795576187055946507,1,'',1,NULL);
INSERT INTO "evidence_path" VALUES(2,1,X'622E706E67',2,65024,10977440,528,1795576187100025761,1,'',1,NULL);
INSERT INTO "evidence_path" VALUES(3,1,X'6E6F74652E747874',3,65024,10977442,11,1795576187100158198,4,'',1,NULL);
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
INSERT INTO "hash_set" VALUES(1,'known','','',1,1,31,1,'2026-11-25T03:09:49Z');
INSERT INTO "hash_set" VALUES(2,'old','','',1,1,31,0,'2026-11-25T03:09:49Z');
CREATE TABLE hash_set_switched (
  change   INTEGER PRIMARY KEY REFERENCES change (number),
  hash_set INTEGER NOT NULL REFERENCES hash_set (id),
  enabled  INTEGER NOT NULL CHECK (enabled BETWEEN 0 AND 1)
) STRICT;
INSERT INTO "hash_set_switched" VALUES(3,2,0);
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
INSERT INTO "match" VALUES(1,1,1,1,1,2,0,1,1,0,0,1,0,1,1,0,0,7,NULL);
INSERT INTO "match" VALUES(2,3,2,1,2,2,0,1,1,0,0,1,0,1,1,0,0,7,NULL);
CREATE TABLE root (
  id          INTEGER PRIMARY KEY,
  case_record INTEGER NOT NULL REFERENCES case_record (id),
  path        BLOB NOT NULL,
  UNIQUE (case_record, path)
) STRICT;
INSERT INTO "root" VALUES(1,1,X'2F7365697A6564');
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
INSERT INTO "run" VALUES(1,1,1,NULL,1,'2026-11-25T03:09:53Z',2,'2026-11-25T03:09:53Z',1,3,3,0,0,0,0);
CREATE TABLE series (
  id         INTEGER PRIMARY KEY,
  code       TEXT NOT NULL UNIQUE,
  note       TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
INSERT INTO "series" VALUES(1,'Bluebell','first','2026-11-25T03:09:48Z');
INSERT INTO "series" VALUES(2,'Harebell','','2026-11-25T03:09:48Z');
CREATE TABLE series_identified (
  series        INTEGER PRIMARY KEY REFERENCES series (id),
  change        INTEGER NOT NULL REFERENCES change (number),
  agency        INTEGER NOT NULL REFERENCES agency (id),
  contact       INTEGER REFERENCES contact (id),   -- NULL: the agency's desk
  identified_on TEXT NOT NULL
) STRICT;
INSERT INTO "series_identified" VALUES(1,2,1,NULL,'2026-06-01');
INSERT INTO "series_identified" VALUES(2,1,1,1,'2026-05-04');
CREATE TABLE sighting (
  series        INTEGER NOT NULL,
  case_record   INTEGER NOT NULL REFERENCES case_record (id),
  first_seen_at TEXT NOT NULL,
  first_run     INTEGER NOT NULL REFERENCES run (id),
  PRIMARY KEY (series, case_record)
) STRICT, WITHOUT ROWID;
INSERT INTO "sighting" VALUES(1,1,'2026-11-25T03:09:53Z',1);
INSERT INTO "sighting" VALUES(2,1,'2026-11-25T03:09:53Z',1);
CREATE TABLE store (
  id         TEXT NOT NULL,               -- UUID
  created_at TEXT NOT NULL                -- RFC 3339, UTC
) STRICT;
INSERT INTO "store" VALUES('b371a613-ff69-4cf6-9e21-09030df1fa0c','2026-11-25T03:09:47Z');
CREATE TABLE walk_error (
  run  INTEGER NOT NULL REFERENCES run (id),
  item INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, item)
) STRICT, WITHOUT ROWID;
CREATE TABLE withdrawal (
  entry  INTEGER PRIMARY KEY REFERENCES entry (id),
  change INTEGER NOT NULL REFERENCES change (number)
) STRICT;
INSERT INTO "withdrawal" VALUES(3,7);
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
CREATE INDEX run_of_case ON run (case_record);
CREATE INDEX run_of_root ON run (root, began);
CREATE INDEX evidence_file_of_case ON evidence_file (case_record);
CREATE UNIQUE INDEX evidence_path_current ON evidence_path (root, path, file)
  WHERE superseded_by IS NULL;
CREATE INDEX evidence_path_of_file ON evidence_path (file);
CREATE UNIQUE INDEX match_current ON match (file, entry) WHERE superseded_at IS NULL;
CREATE INDEX sighting_of_case ON sighting (case_record, series);
COMMIT;
PRAGMA application_id = 1802073192;
PRAGMA user_version = 1;
