// SPDX-License-Identifier: Apache-2.0
// Holds the contract of proto/ to the rules of buf's category STANDARD, to what it says of errors,
// and to what it promised before. The checker itself is held to made-up breaches first.
#include "tests/architecture/contract.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "proto/kith/v1/admin.pb.h"
#include "proto/kith/v1/case.pb.h"
#include "proto/kith/v1/import.pb.h"
#include "proto/kith/v1/match.pb.h"

namespace kith::architecture {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kFolder[] = "proto/kith/v1";
constexpr char kWireText[] = "tests/architecture/contract.txt";

std::string ReadText(const std::string& path) {
  std::ifstream file(fs::path(KITH_SOURCE_DIR) / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The compiled form of each .proto file that is there, by name.
ProtoFiles TheContract() {
  // A library links only what is asked for: a message of each file that no other one imports.
  const std::vector<const pb::Descriptor*> asked = {
      v1::GetCapabilitiesRequest::descriptor(), v1::GetCaseRequest::descriptor(),
      v1::BeginImportRequest::descriptor(), v1::MatchRequest::descriptor()};
  EXPECT_EQ(asked.size(), 4U);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(fs::path(KITH_SOURCE_DIR) / kFolder)) {
    if (entry.path().extension() != ".proto") continue;
    names.push_back(std::string(kFolder) + "/" + entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  ProtoFiles files;
  for (const std::string& name : names) {
    const pb::FileDescriptor* file = pb::DescriptorPool::generated_pool()->FindFileByName(name);
    EXPECT_NE(file, nullptr) << name << " is not compiled (proto/CMakeLists.txt), or not asked for";
    if (file != nullptr) files.push_back(file);
  }
  EXPECT_GE(files.size(), 8U);
  return files;
}

// A file that breaks no rule, and one that it may import.
constexpr char kOther[] = R"(
  name: "proto/kith/v1/other.proto" package: "kith.v1" syntax: "proto3"
  message_type { name: "Other" })";
constexpr char kGood[] = R"(
  name: "proto/kith/v1/made_up.proto" package: "kith.v1" syntax: "proto3"
  enum_type {
    name: "FarColour" options { }
    value { name: "FAR_COLOUR_UNSPECIFIED" number: 0 }
    value { name: "FAR_COLOUR_RED2" number: 1 }
  }
  message_type {
    name: "PaintRequest"
    field { name: "far_colour" number: 1 type: TYPE_ENUM type_name: "FarColour" label: LABEL_OPTIONAL }
    field { name: "sha1" number: 3 type: TYPE_BYTES label: LABEL_REPEATED }
    field { name: "a_b" number: 4 type: TYPE_UINT64 label: LABEL_OPTIONAL oneof_index: 0 }
    oneof_decl { name: "kind" }
    nested_type { name: "Inner" }
  }
  message_type { name: "PaintResponse" }
  message_type { name: "WashRequest" }
  message_type { name: "WashResponse" }
  service {
    name: "PaintService"
    method { name: "Paint" input_type: "PaintRequest" output_type: "PaintResponse" }
    method {
      name: "Wash" input_type: "WashRequest" output_type: "WashResponse" server_streaming: true
    }
  })";

// The compiled form of kGood with one text of it replaced. It lives as long as the pool.
const pb::FileDescriptor* Build(pb::DescriptorPool& pool, const std::string& from,
                                const std::string& to) {
  std::string text = kGood;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at == std::string::npos) return nullptr;
  text.replace(at, from.size(), to);
  pb::FileDescriptorProto other;
  pb::FileDescriptorProto file;
  EXPECT_TRUE(pb::TextFormat::ParseFromString(kOther, &other));
  EXPECT_TRUE(pb::TextFormat::ParseFromString(text, &file)) << text;
  pool.BuildFile(other);
  const pb::FileDescriptor* built = pool.BuildFile(file);
  EXPECT_NE(built, nullptr) << text;
  return built;
}

struct Breach {
  const char* broken;  // rule and where
  const char* from;
  const char* to;
};

void PrintTo(const Breach& breach, std::ostream* out) { *out << breach.broken; }

class BreachOfRule : public ::testing::TestWithParam<Breach> {};

TEST_P(BreachOfRule, IsFound) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, GetParam().from, GetParam().to);
  ASSERT_NE(file, nullptr);
  EXPECT_THAT(BrokenRules({file}), Contains(GetParam().broken));
}

INSTANTIATE_TEST_SUITE_P(
    Files, BreachOfRule,
    ::testing::Values(
        Breach{"SYNTAX_SPECIFIED proto/kith/v1/made_up.proto", "proto3", "proto2"},
        Breach{"PACKAGE_VERSION_SUFFIX kith", "kith.v1", "kith"},
        Breach{"PACKAGE_DIRECTORY_MATCH proto/kith/v1/made_up.proto", "kith.v1", "kith.v2"},
        Breach{"FILE_LOWER_SNAKE_CASE proto/kith/v1/madeUp.proto", "made_up", "madeUp"},
        Breach{"IMPORT_NO_PUBLIC proto/kith/v1/made_up.proto", "syntax",
               "dependency: \"proto/kith/v1/other.proto\" public_dependency: 0 syntax"},
        Breach{"IMPORT_NO_WEAK proto/kith/v1/made_up.proto", "syntax",
               "dependency: \"proto/kith/v1/other.proto\" weak_dependency: 0 syntax"},
        Breach{"IMPORT_USED proto/kith/v1/other.proto", "syntax",
               "dependency: \"proto/kith/v1/other.proto\" syntax"}));

INSTANTIATE_TEST_SUITE_P(
    Messages, BreachOfRule,
    ::testing::Values(Breach{"MESSAGE_PASCAL_CASE kith.v1.PaintRequest.inner", "Inner", "inner"},
                      Breach{"FIELD_LOWER_SNAKE_CASE kith.v1.PaintRequest.farColour",
                             "\"far_colour\"", "\"farColour\""},
                      Breach{"ONEOF_LOWER_SNAKE_CASE kith.v1.PaintRequest.Kind", "kind", "Kind"}));

INSTANTIATE_TEST_SUITE_P(
    Enums, BreachOfRule,
    ::testing::Values(
        Breach{
            "ENUM_PASCAL_CASE kith.v1.PaintRequest.far", "\"Inner\"",
            "\"Inner\" } enum_type { name: \"far\" value { name: \"FAR_UNSPECIFIED\" number: 0 }"},
        Breach{
            "ENUM_NO_ALLOW_ALIAS kith.v1.FarColour", "options { }",
            "options { allow_alias: true } value { name: \"FAR_COLOUR_NO_UNSPECIFIED\" number: 0 "
            "}"},
        Breach{"ENUM_VALUE_UPPER_SNAKE_CASE FAR_COLOUR_red", "FAR_COLOUR_RED2", "FAR_COLOUR_red"},
        Breach{"ENUM_VALUE_PREFIX FARCOLOUR_RED", "FAR_COLOUR_RED2", "FARCOLOUR_RED"},
        Breach{"ENUM_ZERO_VALUE_SUFFIX FAR_COLOUR_NONE", "FAR_COLOUR_UNSPECIFIED",
               "FAR_COLOUR_NONE"}));

INSTANTIATE_TEST_SUITE_P(
    Services, BreachOfRule,
    ::testing::Values(Breach{"SERVICE_PASCAL_CASE kith.v1.paintService", "PaintService",
                             "paintService"},
                      Breach{"SERVICE_SUFFIX kith.v1.Painter", "PaintService", "Painter"},
                      Breach{"RPC_PASCAL_CASE kith.v1.PaintService.wash", "\"Wash\"", "\"wash\""},
                      Breach{"RPC_REQUEST_STANDARD_NAME kith.v1.PaintService.Wash",
                             "input_type: \"WashRequest\"", "input_type: \"PaintRequest.Inner\""},
                      Breach{"RPC_RESPONSE_STANDARD_NAME kith.v1.PaintService.Wash",
                             "output_type: \"WashResponse\"", "output_type: \"WashRequest\""},
                      Breach{"RPC_REQUEST_RESPONSE_UNIQUE kith.v1.PaintService.Wash",
                             "output_type: \"WashResponse\"", "output_type: \"PaintResponse\""}));

TEST(BrokenRules, LeavesAGoodFileAlone) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, "kith", "kith");
  ASSERT_NE(file, nullptr);
  EXPECT_THAT(BrokenRules({file}), IsEmpty());
}

TEST(CommentOfCall, IsWhatStandsRightAboveIt) {
  const std::string text =
      "service S {\n"
      "  // Errors: NOT_FOUND.\n"
      "  rpc A(ARequest) returns (AResponse);\n"
      "  rpc B(BRequest) returns (BResponse);\n"
      "  // Of nothing.\n"
      "\n"
      "  // One,\n"
      "  // two.\n"
      "  rpc AB(ABRequest) returns (stream ABResponse);\n"
      "}\n";
  EXPECT_EQ(CommentOfCall(text, "A"), " Errors: NOT_FOUND.\n");
  EXPECT_EQ(CommentOfCall(text, "B"), "");
  EXPECT_EQ(CommentOfCall(text, "AB"), " One,\n two.\n");
  EXPECT_EQ(CommentOfCall(text, "C"), "");
}

TEST(ListsErrors, WantsOneThatClientsKnow) {
  EXPECT_TRUE(ListsErrors(" Errors: NOT_FOUND.\n"));
  EXPECT_TRUE(ListsErrors(" Does it. Errors, after\n which all is well: INVALID_ARGUMENT.\n"));
  EXPECT_TRUE(ListsErrors(" Errors: those of every call (common.proto).\n"));
  EXPECT_FALSE(ListsErrors(""));
  EXPECT_FALSE(ListsErrors(" Ends in NOT_FOUND.\n"));
  EXPECT_FALSE(ListsErrors(" NOT_FOUND: no. Errors: none.\n"));
}

TEST(WireLines, TellWhatIsSent) {
  pb::DescriptorPool pool;
  const pb::FileDescriptor* file = Build(pool, "kith", "kith");
  ASSERT_NE(file, nullptr);
  EXPECT_THAT(
      WireLines({file}),
      ElementsAre("rpc PaintService.Paint takes PaintRequest gives PaintResponse",
                  "rpc PaintService.Wash takes WashRequest gives stream WashResponse",
                  "enum FarColour.FAR_COLOUR_UNSPECIFIED = 0", "enum FarColour.FAR_COLOUR_RED2 = 1",
                  "PaintRequest.far_colour = 1 FarColour", "PaintRequest.sha1 = 3 repeated bytes",
                  "PaintRequest.a_b = 4 uint64 of oneof kind"));
}

TEST(WireDifferences, AreWhatIsGoneChangedAndNew) {
  const std::string before = "# words\n\nA.a = 1 bytes\nA.b = 2 bytes\n";
  EXPECT_THAT(WireDifferences(before, {"A.b = 2 bytes", "A.a = 1 bytes"}), IsEmpty());
  EXPECT_THAT(WireDifferences(before, {"A.a = 1 bytes"}),
              ElementsAre("gone or changed, and clients rely on it: A.b = 2 bytes"));
  EXPECT_THAT(WireDifferences(before, {"A.a = 1 bytes", "A.b = 3 bytes"}),
              ElementsAre("gone or changed, and clients rely on it: A.b = 2 bytes",
                          "new, to be added to the text: A.b = 3 bytes"));
}

TEST(TheContract, KeepsTheRules) { EXPECT_THAT(BrokenRules(TheContract()), IsEmpty()); }

TEST(TheContract, ListsTheErrorsOfEachCall) {
  int calls = 0;
  for (const pb::FileDescriptor* file : TheContract()) {
    const std::string text = ReadText(file->name());
    for (int i = 0; i < file->service_count(); ++i) {
      for (int call = 0; call < file->service(i)->method_count(); ++call) {
        const std::string& name = file->service(i)->method(call)->name();
        EXPECT_TRUE(ListsErrors(CommentOfCall(text, name)))
            << file->name() << ": the comment above " << name
            << " is to say \"Errors:\" and which, or \"those of every call (common.proto)\"";
        ++calls;
      }
    }
  }
  EXPECT_GT(calls, 50);
}

// A client of before must be understood, and understand.
TEST(TheContract, OnlyGrows) {
  const std::string text = ReadText(kWireText);
  EXPECT_FALSE(text.empty()) << "no " << kWireText;
  EXPECT_THAT(WireDifferences(text, WireLines(TheContract())), IsEmpty())
      << "What is new is added to " << kWireText
      << " as it stands here. What is gone or changed is "
      << "put back: a field is given up by a word in its comment, and keeps its name and number.";
}

}  // namespace
}  // namespace kith::architecture
