// SPDX-License-Identifier: Apache-2.0
//
// Purpose: statements that are asked for each batch, change, opinion or report, over all cases:
// none reads a whole table. SQLite takes an index only where the words fit it, so their plans are
// tested (casework_plans_test.cc).
#pragma once

#include <string_view>

namespace kith::casework {

// Files above number ?1 and those that were replaced after ?2, ascending. Two ranges that are asked
// one by one; with OR it would be the whole table.
inline constexpr std::string_view kNewEvidence =
    "SELECT f.id, f.md5, f.sha1, f.sha256, c.codes, coalesce((SELECT max(id) FROM"
    " evidence_replaced), 0) FROM evidence_file f LEFT JOIN evidence_code c ON c.file = f.id"
    " WHERE f.id IN (SELECT id FROM evidence_file WHERE id > ?1"
    " UNION SELECT file FROM evidence_replaced WHERE id > ?2) ORDER BY f.id";

// How content ?1 (its identity) and entry ?2 ever met: the surest way. What holds no longer counts
// too, as an opinion on it may be taken back. For the min() SQLite would go through all matches.
inline constexpr std::string_view kEverMet =
    "SELECT min(m.found_by) FROM evidence_file f CROSS JOIN match m ON m.file = f.id"
    " WHERE f.identity = ?1 AND m.entry = ?2";

// Files with more matches than are kept: the number of kMatchesKept, by which they are indexed.
inline constexpr std::string_view kFilesOfManyMatches =
    "SELECT id FROM evidence_file WHERE total_matches > 1000";

// The files that match entries of hash set ?1.
inline constexpr std::string_view kFilesOfSet =
    "SELECT DISTINCT file FROM match WHERE hash_set = ?1 AND superseded_at IS NULL";

// Up to ?2 opinions after change ?1, of all contents or of ?4; entry ?3, or 0 for all. In one
// statement, what is on a content would be looked for among all.
inline constexpr std::string_view kOpinions =
    "SELECT change, sha256, entry, kind, at, who, why FROM opinion"
    " WHERE change > ?1 AND (?3 = 0 OR entry = ?3) ORDER BY change LIMIT ?2";
inline constexpr std::string_view kOpinionsOnContent =
    "SELECT change, sha256, entry, kind, at, who, why FROM opinion"
    " WHERE change > ?1 AND (?3 = 0 OR entry = ?3) AND sha256 = ?4 ORDER BY change LIMIT ?2";

// Which of the matches of file ?1 with entry ?2 was the last; also what holds no longer.
inline constexpr std::string_view kMetLast =
    "WHERE file = ?1 AND entry = ?2 ORDER BY id DESC LIMIT 1";

// The matches by which files of case ?1 show a series. Of the files only those that match anything
// are read, by an index of just these: it is taken as long as "total_matches > 0" stands here.
inline constexpr std::string_view kShownBy =
    " FROM evidence_file f CROSS JOIN match m ON m.file = f.id AND m.superseded_at IS NULL"
    " WHERE f.case_record = ?1 AND f.paths > 0 AND f.total_matches > 0 AND m.held_back = 0"
    " AND m.purpose <> 2 AND m.series IS NOT NULL";
// Before it: the series that the matches tell; and each with the one that its entry is put into.
inline constexpr std::string_view kSeriesShown = "SELECT DISTINCT m.series";
inline constexpr std::string_view kSeriesCounted =
    "SELECT DISTINCT m.series, coalesce((SELECT w.series FROM entry_moved w WHERE w.entry = m.entry"
    " ORDER BY w.change DESC LIMIT 1), (SELECT e.series FROM entry e WHERE e.id = m.entry), 0)";

}  // namespace kith::casework
