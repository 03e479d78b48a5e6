# SPDX-License-Identifier: Apache-2.0
# The engine behind the wire. kith::net knows sockets and no gRPC; kith::rpc serves any Engine;
# kith::server puts the real one behind it.
kith_library(
  net
  SOURCES net/acceptor.cc net/address.cc net/internal/listener.cc
  PUBLIC absl::status absl::statusor
  PRIVATE absl::strings Boost::headers Threads::Threads)

kith_library(
  rpc
  SOURCES
  connect.cc
  holder.cc
  kithd_log.cc
  kithd_text.cc
  rpc/admin_service.cc
  rpc/case_service.cc
  rpc/casework_service.cc
  rpc/catalog_service.cc
  rpc/channel.cc
  rpc/import_service.cc
  rpc/match_service.cc
  rpc/match_stream.cc
  rpc/rpc_server.cc
  rpc/services.cc
  rpc/work_pool.cc
  run_kithd.cc
  settings.cc
  store_lock.cc
  store_lock_folder.cc
  PUBLIC kith::proto kith::net
  PRIVATE absl::strings Boost::headers gRPC::grpc++_reflection spdlog::spdlog tomlplusplus::tomlplusplus
          Threads::Threads)
target_compile_definitions(kith_rpc PRIVATE KITH_VERSION="${PROJECT_VERSION}")
target_precompile_headers(kith_rpc PRIVATE <grpcpp/grpcpp.h>)
# These know no gRPC, and reading it would cost more than they do.
set_source_files_properties(kithd_log.cc kithd_text.cc rpc/work_pool.cc run_kithd.cc settings.cc
                            store_lock.cc store_lock_folder.cc
                            PROPERTIES SKIP_PRECOMPILE_HEADERS ON)

kith_library(server SOURCES embedded.cc PUBLIC kith::rpc PRIVATE kith::engine)
kith_program(kithd SOURCES kithd.cc LIBS kith::server)

# Asio fences beside its locks, and g++ warns that TSan does not see fences. The locks are enough for
# it.
if(KITH_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  foreach(target kith_net kith_rpc)
    target_compile_options(${target} PRIVATE -Wno-tsan)
  endforeach()
endif()
