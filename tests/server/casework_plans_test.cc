// SPDX-License-Identifier: Apache-2.0
//
// How SQLite answers what is asked for each batch, change, opinion or report: by an index, never by
// going through a whole table. It says so beforehand, whatever the tables hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/quick_sql.h"
#include "server/casework/ledger.h"
#include "server/casework/schema.h"
#include "server/catalog/change.h"
#include "server/catalog/schema.h"
#include "tests/server/casework_fixture.h"

namespace kith::casework {
namespace {

using server::testing::Must;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Steps of a plan that lead along a table: those with no constraint, be it "SCAN match" or, for a
// min() or max(), "SEARCH match" alone.
class PlansTest : public testing::Test {
 protected:
  PlansTest() {
    std::vector<catalog::Migration> steps;
    for (const auto& all : {catalog::CatalogMigrations(), CaseworkMigrations()}) {
      steps.insert(steps.end(), all.begin(), all.end());
    }
    database_ = Must(catalog::Database::Open(
        {.path = "test", .durability = catalog::Durability::kMemory, .migrations = steps}));
  }

  std::vector<std::string> PlanOf(std::string_view sql) {
    auto read = Must(database_->BeginRead());
    auto rows = read.Prepare(absl::StrCat("EXPLAIN QUERY PLAN ", std::string(sql)));
    std::vector<std::string> plan;
    while (Must(rows.Step())) plan.emplace_back(rows.Text(3));
    EXPECT_FALSE(plan.empty()) << sql;
    return plan;
  }
  std::vector<std::string> WalksOf(std::string_view sql) {
    std::vector<std::string> walks = PlanOf(sql);
    std::erase_if(walks, [](const std::string& step) { return !Walks(step); });
    return walks;
  }

  std::unique_ptr<catalog::Database> database_;

 private:
  static bool Walks(const std::string& step) {
    // The last row of evidence_replaced by its number, whatever is asked.
    if (step == "SEARCH evidence_replaced") return false;
    const bool at_table = step.starts_with("SCAN ") || step.starts_with("SEARCH ");
    return at_table && step.find("=?") == std::string::npos &&
           step.find(">?") == std::string::npos && step.find("<?") == std::string::npos;
  }
};

TEST_F(PlansTest, WalksAreSeen) {
  EXPECT_THAT(WalksOf("SELECT file FROM match WHERE hash_set = ?1"), Not(IsEmpty()));
  EXPECT_THAT(WalksOf("SELECT min(found_by) FROM match"), Not(IsEmpty()));
  EXPECT_THAT(WalksOf("SELECT id FROM match WHERE file = ?1"), IsEmpty());
}

TEST_F(PlansTest, WhatIsAskedOftenIsLookedUp) {
  EXPECT_THAT(WalksOf(kNewEvidence), IsEmpty());
  EXPECT_THAT(WalksOf(kEverMet), IsEmpty());
  EXPECT_THAT(WalksOf(kFilesOfManyMatches), IsEmpty());
  EXPECT_THAT(WalksOf(kOpinions), IsEmpty());
  EXPECT_THAT(WalksOf(absl::StrCat(std::string(kMatchColumns), std::string(kMetLast))), IsEmpty());
}

// Each change that was looked at for alerts went through the versions of all hash sets, and one of
// a set through the matches of all.
TEST_F(PlansTest, WhatAChangeOfASetWasAboutIsLookedUp) {
  EXPECT_THAT(PlanOf(kFilesOfSet),
              ElementsAre(HasSubstr("COVERING INDEX match_of_set (hash_set=?)")));
  EXPECT_THAT(WalksOf("SELECT max(hash_set) FROM hash_set_version WHERE change = ?1"), IsEmpty());
  EXPECT_THAT(WalksOf(absl::StrCat("SELECT ", std::string(catalog::kNewRadius),
                                   " FROM change c WHERE c.number = ?1")),
              IsEmpty());
}

// Opinions are numbered by their changes: a range of these is most of them.
TEST_F(PlansTest, TheOpinionsOnAContentAreNotLookedForAmongAll) {
  auto read = Must(database_->BeginRead());
  auto row = read.Prepare(absl::StrCat("EXPLAIN QUERY PLAN ", std::string(kOpinionsOnContent)));
  ASSERT_TRUE(Must(row.Step()));
  EXPECT_THAT(std::string(row.Text(3)), HasSubstr("opinion_on (sha256=?"));
}

// Each report on a case read all files of all cases that ever met one of its series.
TEST_F(PlansTest, OfACaseOnlyTheFilesThatMatchAnythingAreRead) {
  for (const char* sorted : {"", " ORDER BY f.id, m.found_by", " ORDER BY f.id, m.series"}) {
    const auto plan =
        PlanOf(absl::StrCat("SELECT f.id, m.series, m.found_by", std::string(kShownBy), sorted));
    EXPECT_THAT(plan[0], HasSubstr("evidence_file_matched (case_record=?)")) << sorted;
    EXPECT_THAT(plan[1], HasSubstr("(file=?)")) << sorted;
  }
}

// Whom to notify was asked by series and case, each time through the matches of the series in all
// cases.
TEST_F(PlansTest, WhatACaseShowsIsReadFromTheCase) {
  for (const std::string_view what : {kSeriesShown, kSeriesCounted}) {
    const std::string sql = absl::StrCat(std::string(what), std::string(kShownBy));
    EXPECT_THAT(WalksOf(sql), IsEmpty());
    EXPECT_THAT(PlanOf(sql)[0], HasSubstr("evidence_file_matched (case_record=?)"));
    EXPECT_THAT(PlanOf(sql), Not(Contains(HasSubstr("match_of_series"))));
  }
}

// Clusters and the worklist sorted the codes of all files that nothing matches, in memory.
TEST_F(PlansTest, NewFilesComeByContentWithoutASort) {
  const auto plan = PlanOf(UnrecognizedFiles());
  EXPECT_EQ(plan[0], "SCAN f USING INDEX evidence_file_by_identity");
  EXPECT_THAT(plan, Not(Contains(HasSubstr("TEMP B-TREE"))));
}

// For each file that a purge removes, SQLite looks for rows that still refer to it.
TEST_F(PlansTest, WhatRefersToAFileIsFoundByIt) {
  for (const char* table :
       {"match", "evidence_code", "evidence_path", "alert_file", "past_verdict"}) {
    EXPECT_THAT(WalksOf(absl::StrCat("SELECT 1 FROM ", table, " WHERE file = ?1")), IsEmpty())
        << table;
    EXPECT_THAT(WalksOf(absl::StrCat("DELETE FROM ", table,
                                     " WHERE file IN (SELECT id FROM evidence_file"
                                     " WHERE case_record = ?1)")),
                IsEmpty())
        << table;
  }
}

}  // namespace
}  // namespace kith::casework
