// SPDX-License-Identifier: Apache-2.0
// Whatever a database says that it is NSRL's, its reader ends, and what it hands over is sound.
#include <sqlite3.h>

#include "tests/fuzz/exchange_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return kith::fuzz::ReadFileAs("nsrl", data, size);
}

std::vector<std::string> kith::fuzz::Seeds() {
  return {BytesOfFile([](const std::string& path) {
    sqlite3* database = nullptr;
    FUZZ_CHECK(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    FUZZ_CHECK(sqlite3_exec(database,
                            "CREATE TABLE METADATA (md5 TEXT, sha1 TEXT, file_name TEXT,"
                            " file_size INTEGER);"
                            "CREATE VIEW FILE AS SELECT * FROM METADATA;"
                            "INSERT INTO METADATA VALUES"
                            " ('0123456789abcdef0123456789abcdef', NULL, 'a', 7),"
                            " (NULL, '0123456789abcdef0123456789abcdef01234567', 'b', 0)",
                            nullptr, nullptr, nullptr) == SQLITE_OK);
    FUZZ_CHECK(sqlite3_close(database) == SQLITE_OK);
  })};
}
