# SPDX-License-Identifier: Apache-2.0
list(
  APPEND
  kith_engine_sources
  catalog/batch.cc
  catalog/care.cc
  catalog/catalog.cc
  catalog/changes.cc
  catalog/database.cc
  catalog/directory.cc
  catalog/entries.cc
  catalog/entry_table.cc
  catalog/import.cc
  catalog/inspect.cc
  catalog/internal/batch_scan.cc
  catalog/internal/connection.cc
  catalog/internal/entry_mark.cc
  catalog/internal/entry_record.cc
  catalog/internal/fact_files.cc
  catalog/keep.cc
  catalog/load.cc
  catalog/load_entries.cc
  catalog/names.cc
  catalog/schema.cc
  catalog/series.cc
  engine.cc
  engine_admin.cc
  engine_catalog.cc
  engine_changes.cc
  engine_import.cc
  internal/match_answer.cc
  internal/match_group.cc
  matcher.cc)
set_source_files_properties(engine.cc engine_admin.cc
                            PROPERTIES COMPILE_DEFINITIONS "KITH_VERSION=\"${PROJECT_VERSION}\"")
