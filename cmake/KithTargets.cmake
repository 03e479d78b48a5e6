# SPDX-License-Identifier: Apache-2.0
include(GoogleTest)

# kith_library(NAME SOURCES ... PUBLIC libs... PRIVATE libs...): library kith_NAME, alias kith::NAME.
function(kith_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(kith_${name} STATIC ${arg_SOURCES})
  add_library(kith::${name} ALIAS kith_${name})
  target_include_directories(kith_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(
    kith_${name}
    PUBLIC ${arg_PUBLIC}
    PRIVATE $<BUILD_INTERFACE:kith_options> ${arg_PRIVATE})
endfunction()

# kith_program(NAME SOURCES ... LIBS ...): a program in build/PRESET/bin.
function(kith_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kith_options ${arg_LIBS})
endfunction()

# All test programs but those of KITH_SKIP_TESTS.
add_custom_target(kith_tests)

# kith_test(NAME SOURCES ... LIBS ... [LABELS ...] [TIMEOUT seconds]): a GoogleTest program; each of
# its tests is a test of ctest. With a label of KITH_SKIP_TESTS it is neither built nor run.
function(kith_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kith_options ${arg_LIBS} GTest::gmock GTest::gtest_main)
  foreach(label ${arg_LABELS})
    if(label IN_LIST KITH_SKIP_TESTS)
      set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
      return()
    endif()
  endforeach()
  add_dependencies(kith_tests ${name})
  gtest_discover_tests(
    ${name}
    TEST_PREFIX "${name}."
    DISCOVERY_TIMEOUT 60
    DISCOVERY_MODE PRE_TEST
    PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# kith_bench(NAME SOURCES ... LIBS ...): a Google Benchmark program, never run as a test.
function(kith_bench name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kith_options ${arg_LIBS} benchmark::benchmark_main)
endfunction()
