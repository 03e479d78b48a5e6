// SPDX-License-Identifier: Apache-2.0
// Answers of NCMEC's hash sharing take back and replace what earlier ones brought.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/end_to_end/exchange_fixture.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

// An answer of NCMEC's hash sharing.
std::string Ncmec(const std::string& images) {
  return "<?xml version=\"1.0\"?><queryResult "
         "xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\"><images count=\"2\">" +
         images + "</images></queryResult>";
}

std::string Image(const std::string& member, const std::string& id, const std::string& prints,
                  const std::string& day = "2026-01-01") {
  return "<image><member id=\"" + member + "\">Example</member>" + "<timestamp>" + day +
         "T10:00:00Z</timestamp><id>" + id +
         "</id><classification>A1</classification><fingerprints>" + prints +
         "</fingerprints><feedback/></image>";
}

std::string Deleted(const std::string& member, const std::string& id) {
  return "<deletedImage><member id=\"" + member + "\">Example</member><id>" + id +
         "</id><timestamp>2026-02-01T11:00:00Z</timestamp></deletedImage>";
}

std::string Md5(char digit) { return "<md5>" + std::string(32, digit) + "</md5>"; }

class NcmecExchange : public Exchange {
 protected:
  NcmecExchange() { EXPECT_EQ(world_.Kith({"set", "add", "ncmec"}).exit_code, 0); }
  // What the import of these images tells.
  json Brings(const std::string& images) {
    world_.Write("answer.xml", Ncmec(images));
    const Outcome run = Import("ncmec", "answer.xml");
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return run.exit_code == 0 ? json::parse(run.out) : json();
  }
  // How many entries are of the file with this MD5.
  [[nodiscard]] int Matches(char digit) const {
    return json::parse(world_.Kith({"match", "--json", std::string(32, digit)}).out)["total"];
  }
};

TEST_F(NcmecExchange, TombstonesWithdrawWhatEarlierFilesBrought) {
  EXPECT_EQ(Brings(Image("42", "a", Md5('1')) + Image("42", "b", Md5('2')))["added"], 2);
  EXPECT_EQ(Matches('1'), 1);
  const json second = Brings(Deleted("42", "a"));
  EXPECT_EQ(second["withdrawn"], 1);
  EXPECT_EQ(second["replaced"], 0);
  EXPECT_EQ(Matches('1'), 0);
  EXPECT_EQ(Matches('2'), 1);
}

// One entry stood for both members: when the first took its record back, the file was known no
// more.
TEST_F(NcmecExchange, WhatAnotherMemberVouchesForStaysKnown) {
  EXPECT_EQ(Brings(Image("42", "img1", Md5('1')) + Image("43", "img9", Md5('1')))["added"], 2);
  EXPECT_EQ(Brings(Image("44", "img5", Md5('1')))["added"], 1);
  EXPECT_EQ(Brings(Image("43", "img9", Md5('1')))["already_there"], 1);
  EXPECT_EQ(Matches('1'), 3);
  EXPECT_EQ(Brings(Deleted("42", "img1"))["withdrawn"], 1);
  EXPECT_EQ(Matches('1'), 2);
  EXPECT_EQ(Brings(Deleted("43", "img9") + Deleted("44", "img5"))["withdrawn"], 2);
  EXPECT_EQ(Matches('1'), 0);
}

// What is sent before the rest of the file takes it back.
TEST_F(NcmecExchange, OfALongFileTheLastWordHolds) {
  std::string many;
  for (int i = 10'000; i < 20'000; ++i) {
    const std::string number = std::to_string(i);
    many +=
        Image("42", number, std::string("<md5>0123456789abcdef0123456789a") + number + "</md5>");
  }
  const json told = Brings(Image("42", "a", Md5('1')) + Image("42", "b", Md5('2')) + many +
                           Image("42", "a", Md5('3')) + Deleted("42", "b"));
  EXPECT_EQ(told["added"], 10'003);
  EXPECT_EQ(told["replaced"], 1);
  EXPECT_EQ(told["withdrawn"], 2);
  EXPECT_EQ(Matches('1'), 0);
  EXPECT_EQ(Matches('2'), 0);
  EXPECT_EQ(Matches('3'), 1);
  // The same once more changes nothing that matches.
  Brings(Image("42", "a", Md5('1')) + Image("42", "b", Md5('2')) + many +
         Image("42", "a", Md5('3')) + Deleted("42", "b"));
  EXPECT_EQ(Matches('1'), 0);
  EXPECT_EQ(Matches('2'), 0);
  EXPECT_EQ(Matches('3'), 1);
}

// The old digest went on matching beside the corrected one.
TEST_F(NcmecExchange, ARecordReplacesWhatItSaidBefore) {
  const std::string sha1 = "<sha1>" + std::string(40, '1') + "</sha1>";
  Brings(Image("42", "a", Md5('1') + sha1) + Image("42", "b", Md5('2')) +
         Image("42", "c", Md5('3')) + Image("42", "d", Md5('4')) + Image("43", "a", Md5('1')));
  const json corrected = Brings(Image("42", "a", Md5('5')));
  EXPECT_EQ(corrected["added"], 1);
  EXPECT_EQ(corrected["withdrawn"], 1);
  EXPECT_EQ(corrected["replaced"], 1);
  EXPECT_EQ(Matches('1'), 1);  // of the other member
  EXPECT_EQ(Matches('5'), 1);
  // The same once more changes nothing.
  const json again = Brings(Image("42", "a", Md5('5')));
  EXPECT_EQ(again["added"], 0);
  EXPECT_EQ(again["already_there"], 1);
  EXPECT_EQ(again["withdrawn"], 0);
  // Without a fingerprint that is matched.
  EXPECT_EQ(Brings(Image("42", "b", "<pdna>AAAA</pdna>"))["withdrawn"], 1);
  EXPECT_EQ(Matches('2'), 0);
  // Deleted, and said anew as something else.
  const json anew = Brings(Deleted("42", "c") + Image("42", "c", Md5('6'), "2026-03-01"));
  EXPECT_EQ(anew["added"], 1);
  EXPECT_EQ(anew["withdrawn"], 1);
  EXPECT_EQ(Matches('3'), 0);
  EXPECT_EQ(Matches('6'), 1);
  // Deleted, and said anew as it was: it stands.
  const json same = Brings(Deleted("42", "d") + Image("42", "d", Md5('4'), "2026-03-01"));
  EXPECT_EQ(same["already_there"], 1);
  EXPECT_EQ(same["withdrawn"], 0);
  EXPECT_EQ(Matches('4'), 1);
  // Twice in one file: the last holds.
  EXPECT_EQ(Brings(Image("42", "e", Md5('7')) + Image("42", "e", Md5('8')))["replaced"], 1);
  EXPECT_EQ(Matches('7'), 0);
  EXPECT_EQ(Matches('8'), 1);
  // A digest that is left out is no longer said, though the rest stands.
  Brings(Image("42", "f", Md5('9') + "<sha1>" + std::string(40, '9') + "</sha1>"));
  const json less = Brings(Image("42", "f", Md5('9')));
  EXPECT_EQ(less["added"], 1);
  EXPECT_EQ(less["replaced"], 1);
  EXPECT_EQ(Matches('9'), 1);
  EXPECT_EQ(world_.Kith({"match", std::string(40, '9')}).exit_code, 0);
  // What cannot be read takes nothing away.
  world_.Write("bad.xml", Ncmec(Image("42", "f", "<md5>99</md5>") + Image("42", "g", Md5('a')) +
                                Image("42", "h", Md5('b'))));
  EXPECT_EQ(json::parse(Import("ncmec", "bad.xml").out)["withdrawn"], 0);
  EXPECT_EQ(Matches('9'), 1);
  EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
}

}  // namespace
}  // namespace kith::end_to_end
