# SPDX-License-Identifier: Apache-2.0
kith_test(engine_match_test SOURCES engine_capabilities_test.cc engine_margin_test.cc engine_match_test.cc
          LIBS kith::engine)
kith_test(
  engine_catalog_test
  SOURCES catalog_entries_test.cc engine_carried_test.cc engine_catalog_test.cc
          engine_import_test.cc engine_named_import_test.cc recurring_digests_test.cc
  LIBS kith::engine absl::strings)
kith_test(engine_care_test SOURCES engine_care_test.cc engine_memory_test.cc LIBS kith::engine
          SQLite::SQLite3)
kith_test(engine_live_test SOURCES engine_keep_test.cc engine_property_test.cc
          engine_threads_test.cc LIBS kith::engine)
kith_test(engine_mend_test SOURCES engine_facts_test.cc engine_mend_test.cc LIBS kith::engine)
kith_test(engine_change_test SOURCES engine_change_record_test.cc engine_change_test.cc
          engine_upgrade_test.cc LIBS kith::engine SQLite::SQLite3)
target_compile_definitions(
  engine_change_test PRIVATE KITH_SCHEMA1_DUMP="${CMAKE_CURRENT_LIST_DIR}/schema1.sql")
