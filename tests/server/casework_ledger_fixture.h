// SPDX-License-Identifier: Apache-2.0
//
// A ledger over tables in memory, with one set and two series.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/casework/ledger.h"
#include "server/casework/report_builder.h"
#include "server/casework/schema.h"
#include "tests/server/casework_fixture.h"

namespace kith::casework {

using server::testing::Must;

class LedgerTest : public testing::Test {
 protected:
  LedgerTest()
      : database_(Must(catalog::Database::Open({.path = "test",
                                                .durability = catalog::Durability::kMemory,
                                                .migrations = CaseworkMigrations()}))),
        ledger_(database_.get(), &directory_) {
    v1::HashSet set;
    set.set_set_id(1);
    set.set_name("known");
    set.set_purpose(v1::PURPOSE_KNOWN);
    directory_.hash_sets.Put(1, "known", set);
    std::uint64_t next_id = 1;
    for (const char* code : {"BLUE", "RED"}) {
      v1::Series series;
      series.set_series_id(next_id++);
      series.set_code(code);
      series.set_status(v1::SERIES_STATUS_IDENTIFIED);
      directory_.series.Put(series.series_id(), code, series);
    }
  }

  casework::Run Start(const std::string& name = "LKA/1") {
    return Must(ledger_.StartRun(name, 1, "/seized", std::nullopt));
  }

  static v1::MatchResult Nothing() {
    v1::MatchResult result;
    result.set_verdict(v1::VERDICT_UNRECOGNIZED);
    result.set_rule("nothing matches");
    return result;
  }
  static v1::MatchResult Found(const std::string& series, std::vector<std::uint64_t> entries) {
    v1::MatchResult result;
    result.set_verdict(v1::VERDICT_IDENTIFIED);
    result.set_rule("a lead");
    result.set_total(entries.size());
    for (const std::uint64_t entry : entries) {
      v1::Match* match = result.add_matches();
      match->set_entry_id(entry);
      match->set_set("known");
      match->set_purpose(v1::PURPOSE_KNOWN);
      match->set_series(series);
      match->set_series_status(v1::SERIES_STATUS_IDENTIFIED);
      match->set_by("pdq");
      match->set_distance_bits(4);
    }
    return result;
  }

  std::vector<PathOutcome> Record(const casework::Run& run,
                                  const std::vector<v1::EvidenceFile>& files,
                                  const std::vector<v1::MatchResult>& results,
                                  std::uint64_t change) {
    std::vector<const v1::EvidenceFile*> pointers;
    for (const v1::EvidenceFile& file : files) pointers.push_back(&file);
    return Must(ledger_.Record(run, pointers, results, change));
  }

  std::int64_t Query(const std::string& sql) {
    auto read = Must(database_->BeginRead());
    auto rows = read.Prepare(sql);
    EXPECT_TRUE(Must(rows.Step()));
    return rows.Int(0);
  }

  static v1::GetReportRequest ReportOn(const std::string& name) {
    v1::GetReportRequest request;
    request.set_case_name(name);
    return request;
  }
  std::vector<v1::Report> Fragments(const std::string& name, std::size_t bytes = 512 << 10) {
    ReportOptions options;
    options.store_id = "store";
    options.current_change = 9;
    options.fragment_bytes = bytes;
    std::vector<v1::Report> fragments;
    Must(BuildReport(ledger_, ReportOn(name), options, [&](v1::Report fragment) {
      fragments.push_back(std::move(fragment));
      return true;
    }));
    return fragments;
  }
  static v1::Report Merged(const std::vector<v1::Report>& fragments) {
    v1::Report report;
    for (const v1::Report& fragment : fragments) report.MergeFrom(fragment);
    return report;
  }

  catalog::Directory directory_;
  std::unique_ptr<catalog::Database> database_;
  Ledger ledger_;
};

}  // namespace kith::casework
