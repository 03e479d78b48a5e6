// SPDX-License-Identifier: Apache-2.0
//
// A small file of each format that is read from its bytes: what the tests and the fuzzers start
// from.
#pragma once

#include <string>
#include <vector>

namespace kith::test {

struct Sample {
  std::string format;
  std::string bytes;
};

inline std::vector<Sample> Samples() {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  const std::string pdq = md5 + "fedcba9876543210fedcba9876543210";
  std::string encase("HASH\r\n\xFF\0", 8);
  encase.resize(1152 + 54, 'e');
  return {
      {"list", md5 + ",a\n" + pdq + "\n# x\n"},
      {"vics",
       "\xEF\xBB\xBF{\"@odata.context\":\"x/2.0.xml/US/"
       "$metadata#Cases\",\"value\":[{\"CaseID\":\"1\","
       "\"Media\":[{\"MediaID\":1,\"Category\":1,\"MD5\":\"" +
           md5 +
           "\",\"Series\":\"S\",\"VictimIdentified\":\"true\",\"Miniature\":\"/9j/"
           "4AAQSkZJRgABAQAA\","
           "\"AlternativeHashes\":[{\"HashName\":\"PDQ\",\"HashValue\":\"" +
           pdq + "\"}],\"x\":{\"y\":[1,2.5e3,null,\"\\u00e9\\n\"]}}]}]}"},
      {"ncmec",
       "<queryResult xmlns=\"https://hashsharing.ncmec.org/hashsharing/v2\"><images><image><member "
       "id=\"4\">M</member><id>i</id><fingerprints><md5>" +
           md5 + "</md5><pdq>" + pdq +
           "</pdq></fingerprints><feedback><negativeFeedback type=\"MD5\"><reasons><reason "
           "guid=\"g\"/></reasons></negativeFeedback></feedback></image><deletedImage><member "
           "id=\"4\"/><id>j</id></deletedImage></images></queryResult>"},
      {"threatexchange", "signal_type,signal_str,collab,category,tags\npdq," + pdq +
                             ",\"a \"\"b\"\"\",POSITIVE_CLASS,t\nmd5," + md5 + ",,,\n"},
      {"signals", "pdq " + pdq + "\nmd5 " + md5 + "\n"},
      {"pdq-list", "hash=" + pdq + ",idx=0\n"},
      {"digests", "%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n1," + md5 + ",a\n"},
      {"digests", md5 + "  a\nMD5 (b) = " + md5 + "\n"},
      {"stopncii", "{\"count\":1,\"hashRecords\":[{\"signalType\":\"ImagePDQ\",\"hashValue\":\"" +
                       pdq + "\",\"hashStatus\":\"Active\",\"caseNumbers\":{\"c\":\"Active\"}}]}"},
      {"icse", "MD5;SHA1;Image ID;Victim identified;Series name\n" + md5 + ";;7;true;S\n"},
      {"hashkeeper",
       "\"file_id\",\"hashset_id\",\"file_name\",\"directory\",\"hash\"\n1,2,\"a\","
       "\"C:\",\"" +
           md5 + "\"\n"},
      {"encase", encase},
      {"vpdq", "0,100," + pdq + ",0.000\n1,100," + pdq + ",1.000\n"},
      {"vpdq", "[\"" + pdq + ",100,0.000\"]"},
  };
}

}  // namespace kith::test
