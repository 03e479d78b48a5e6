// SPDX-License-Identifier: Apache-2.0
// What the program tells of what is there, where all is well.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using test::Outcome;
using test::ProgramTest;
using testing::HasSubstr;

TEST_F(ProgramTest, TellsAgenciesAndContacts) {
  const std::string agency = "agency   NORTH\ncountry  XN\ndesk     desk@north.example\n";
  EXPECT_EQ(Kith("agency add NORTH --country XN --desk desk@north.example").out, agency);
  EXPECT_EQ(Kith("agency show NORTH").out, agency);
  EXPECT_EQ(Kith("agency list").out,
            "AGENCY  COUNTRY  DESK\n"
            "NORTH   XN       desk@north.example\n");
  const std::string contact =
      "contact  1\nagency   NORTH\nname     A. Lind\nemail    lind@north.example\n";
  EXPECT_EQ(Kith("contact add 'A. Lind' --agency NORTH --email lind@north.example").out, contact);
  EXPECT_EQ(Kith("contact show 1").out, contact);
  const Outcome contacts = Kith("contact list");
  EXPECT_EQ(contacts.code, 0);
  EXPECT_THAT(contacts.out, HasSubstr("\n      1  NORTH   A. Lind"));
  EXPECT_THAT(contacts.out, HasSubstr("lind@north.example"));
}

TEST_F(ProgramTest, ABackupIsAStoreThatAnswers) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  ASSERT_EQ(Kith("set add s").code, 0);
  ASSERT_EQ(Kith("import --set s -", md5).code, 0);
  const Outcome backup = Kith("store backup copy");
  EXPECT_EQ(backup.code, 0) << backup.err;
  EXPECT_THAT(backup.out, HasSubstr("sha256  "));
  EXPECT_EQ(Kith("match --store copy " + md5).code, 1);
  EXPECT_EQ(Kith("store verify --store copy").code, 0);
}

// An answer must not come by other instructions than those that were asked for.
TEST_F(ProgramTest, RefusesInstructionsThatItDoesNotKnow) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  ASSERT_EQ(Kith("set add s").code, 0);
  ASSERT_EQ(Kith("import --set s -", md5).code, 0);
  through_ = "env KITH_SIMD=scalar";
  EXPECT_EQ(Kith("match " + md5).code, 1);
  through_ = "env KITH_SIMD=avx9";
  const Outcome refused = Kith("match " + md5);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("KITH_SIMD is 'avx9'; use one of scalar, avx2, avx512"));
}

}  // namespace
}  // namespace kith
