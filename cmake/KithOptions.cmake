# SPDX-License-Identifier: Apache-2.0
# How all of Kith is compiled.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

# ccache, set so that a fresh clone in another folder hits what this one compiled: paths are taken
# relative to the build folder, and precompiled headers are compared by content.
find_program(KITH_CCACHE ccache)
if(KITH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${KITH_CCACHE})
endif()

# Flags of our own code; generated code and libraries do not see the warnings.
add_library(kith_options INTERFACE)
target_compile_options(
  kith_options INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                         -Wold-style-cast -Wimplicit-fallthrough -Wunused -Werror)
target_include_directories(kith_options INTERFACE ${CMAKE_SOURCE_DIR})

# A precompiled header is cached only when the preprocessor output keeps its trace.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
endif()
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

set(KITH_SKIP_TESTS "" CACHE STRING "Labels of tests that are neither built nor run")
if(KITH_SANITIZE)
  add_compile_options(-fsanitize=${KITH_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KITH_SANITIZE})
endif()
# The sanitizers' presets compile at -O0, which takes a third less time; rooms whose loops would be too
# slow then, and which see none of the large headers, call this.
macro(kith_optimise_loops)
  if(KITH_SANITIZE)
    add_compile_options(-O1)
  endif()
endmacro()
if(KITH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
