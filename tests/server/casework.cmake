# SPDX-License-Identifier: Apache-2.0
kith_test(casework_verdict_test SOURCES casework_verdict_test.cc LIBS kith::engine)
kith_test(casework_ledger_test SOURCES casework_ledger_report_test.cc casework_ledger_test.cc
          casework_plans_test.cc LIBS kith::engine absl::strings)
kith_test(check_run_test SOURCES check_run_limits_test.cc check_run_test.cc seizure_run_test.cc LIBS
          kith::engine)
kith_test(casework_opinion_test SOURCES casework_opinion_test.cc casework_stale_test.cc LIBS
          kith::engine)
kith_test(
  casework_alert_test
  SOURCES casework_alert_story_test.cc casework_alert_test.cc casework_cluster_test.cc
          casework_notification_test.cc casework_purge_test.cc
  LIBS kith::engine)
kith_test(case_desk_test SOURCES case_desk_test.cc LIBS kith::engine)
kith_test(evidence_index_test SOURCES evidence_index_test.cc LIBS kith::engine absl::strings)
kith_test(casework_reports_test SOURCES casework_report_doubts_test.cc casework_reports_test.cc LIBS
          kith::engine)
kith_test(casework_records_test SOURCES casework_records_test.cc LIBS kith::engine)
# It draws pictures and alters them.
kith_test(measured_rates_test SOURCES measured_rates_test.cc LIBS kith::engine end_to_end_sample)
target_compile_definitions(
  measured_rates_test PRIVATE KITH_GOLDEN_DIR="${PROJECT_SOURCE_DIR}/tests/golden"
                              KITH_PHOTOS_DIR="${KITH_PHOTOS_DIR}")
kith_test(casework_merge_test SOURCES casework_merge_tasks_test.cc casework_merge_test.cc LIBS
          kith::engine absl::strings absl::time SQLite::SQLite3)
