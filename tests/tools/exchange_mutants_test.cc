// SPDX-License-Identifier: Apache-2.0
// Every format is told by its content, and every reader takes the bytes of every other one and
// ends. Mutants are thrown by tests/fuzz.
#include <gmock/gmock.h>

#include <string>

#include "tests/tools/exchange_samples.h"
#include "tests/tools/exchange_sink.h"

namespace kith::exchange {
namespace {

TEST(Samples, AreToldByTheirContentAndRead) {
  for (const test::Sample& sample : test::Samples()) {
    EXPECT_EQ(test::ReadBytes(sample.bytes).format, sample.format);
    const test::MemorySink whole = test::ReadBytes(sample.bytes, sample.format);
    EXPECT_TRUE(whole.status.ok()) << sample.format << whole.status;
    EXPECT_THAT(whole.entries, testing::Not(testing::IsEmpty())) << sample.format;
  }
}

TEST(Samples, AnyBytesAsAnyFormat) {
  for (const test::Sample& sample : test::Samples()) {
    for (const Format& format : Formats()) {
      const test::MemorySink sink = test::ReadBytes(sample.bytes, std::string(format.name));
      for (const Entry& entry : sink.entries) {
        EXPECT_FALSE(entry.digests().ByteSizeLong() == 0 && entry.codes().empty());
      }
    }
  }
}

}  // namespace
}  // namespace kith::exchange
