# SPDX-License-Identifier: Apache-2.0
list(
  APPEND
  kith_engine_sources
  casework/internal/batch_writer.cc
  casework/internal/case_sql.cc
  casework/internal/ledger_summary.cc
  casework/internal/ledger_view.cc
  casework/internal/match_writer.cc
  casework/internal/report_words.cc
  casework/internal/sql.cc
  casework/ledger.cc
  casework/ledger_inspect.cc
  casework/ledger_record.cc
  casework/report_builder.cc
  casework/schema.cc
  casework/verdict.cc
  check_run.cc)
