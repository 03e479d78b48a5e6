// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>
#include <vector>

namespace kith::architecture {

using ProtoFiles = std::vector<const google::protobuf::FileDescriptor*>;

// Where files break the rules of buf's category STANDARD, each as "RULE name", by buf's names of
// the rules. One differs: imports begin at the root of the project, so PACKAGE_DIRECTORY_MATCH
// wants "proto/" before the folders of the package. Not asked for: options of other languages.
[[nodiscard]] std::vector<std::string> BrokenRules(const ProtoFiles& files);

// The comment right above a call in the text of a .proto file; empty: there is none, or no such
// call. Descriptors of compiled files hold no comments.
[[nodiscard]] std::string CommentOfCall(std::string_view text, std::string_view call);
// Whether a comment says with which errors a call ends: "Errors: NOT_FOUND ...", or those of every
// call, which common.proto lists.
[[nodiscard]] bool ListsErrors(std::string_view comment);

// What of the files is seen on the wire, a line each: fields, values of enums, calls.
[[nodiscard]] std::vector<std::string> WireLines(const ProtoFiles& files);
// How the lines differ from those of a text that was written before ('#' begins a comment there):
// what is gone or changed, and what is new, in words that say what to do.
[[nodiscard]] std::vector<std::string> WireDifferences(std::string_view before,
                                                       const std::vector<std::string>& now);

}  // namespace kith::architecture
