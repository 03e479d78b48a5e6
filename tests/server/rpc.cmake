# SPDX-License-Identifier: Apache-2.0
# The wire, the sockets, the settings and the lock, against an engine that is not there. What speaks
# gRPC bears that label: TSan cannot judge it (tests/tsan.supp).
set(here ${CMAKE_CURRENT_LIST_DIR})
kith_test(
  server_net_test
  SOURCES ${here}/kithd_text_test.cc ${here}/net_acceptor_test.cc ${here}/net_address_test.cc
          ${here}/rpc_work_pool_test.cc ${here}/settings_test.cc ${here}/store_lock_test.cc
  LIBS kith::rpc absl::strings)
kith_test(
  server_rpc_test
  SOURCES ${here}/rpc_match_stream_test.cc ${here}/rpc_server_test.cc
  LIBS kith::rpc absl::strings
  LABELS grpc)
target_precompile_headers(server_rpc_test PRIVATE <grpcpp/grpcpp.h>)

# kithd over the engine that is not there, for what only a process of its own can show.
kith_program(fake_kithd SOURCES ${here}/fake_kithd.cc LIBS kith::rpc absl::strings)
kith_test(
  server_embedded_test
  SOURCES ${here}/embedded_connect_test.cc ${here}/embedded_kithd_test.cc
  LIBS kith::rpc absl::strings
  LABELS grpc)
target_precompile_headers(server_embedded_test REUSE_FROM server_rpc_test)
target_compile_definitions(server_embedded_test
                           PRIVATE KITH_FAKE_KITHD="$<TARGET_FILE:fake_kithd>")
add_dependencies(server_embedded_test fake_kithd)

# A foreign client against the real kithd. Debian's own Python, for which grpcio is packaged.
add_test(NAME clients.python COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/clients/python_client.py
                                     $<TARGET_FILE:kithd> ${CMAKE_SOURCE_DIR})
set_tests_properties(clients.python PROPERTIES TIMEOUT 60 LABELS grpc)
