// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/contract.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <set>
#include <sstream>

namespace kith::architecture {
namespace {

namespace pb = google::protobuf;

bool IsPascalCase(const std::string& name) {
  static const std::regex kPattern("[A-Z][A-Za-z0-9]*");
  return std::regex_match(name, kPattern);
}

bool IsLowerSnakeCase(const std::string& name) {
  static const std::regex kPattern("[a-z][a-z0-9]*(_[a-z0-9]+)*");
  return std::regex_match(name, kPattern);
}

bool IsUpperSnakeCase(const std::string& name) {
  static const std::regex kPattern("[A-Z][A-Z0-9]*(_[A-Z0-9]+)*");
  return std::regex_match(name, kPattern);
}

// "SERIES_STATUS" of "SeriesStatus".
std::string UpperSnake(const std::string& pascal) {
  std::string snake;
  for (const char c : pascal) {
    const bool is_upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    if (is_upper && !snake.empty()) snake += '_';
    snake += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return snake;
}

// Those within others too.
std::vector<const pb::Descriptor*> MessagesOf(const pb::FileDescriptor& file) {
  std::vector<const pb::Descriptor*> all;
  for (int i = 0; i < file.message_type_count(); ++i) all.push_back(file.message_type(i));
  for (std::size_t at = 0; at < all.size(); ++at) {
    const pb::Descriptor& message = *all[at];
    for (int i = 0; i < message.nested_type_count(); ++i) all.push_back(message.nested_type(i));
  }
  return all;
}

std::vector<const pb::EnumDescriptor*> EnumsOf(const pb::FileDescriptor& file) {
  std::vector<const pb::EnumDescriptor*> all;
  for (int i = 0; i < file.enum_type_count(); ++i) all.push_back(file.enum_type(i));
  for (const pb::Descriptor* message : MessagesOf(file)) {
    for (int i = 0; i < message->enum_type_count(); ++i) all.push_back(message->enum_type(i));
  }
  return all;
}

std::vector<const pb::MethodDescriptor*> CallsOf(const pb::FileDescriptor& file) {
  std::vector<const pb::MethodDescriptor*> all;
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int call = 0; call < service.method_count(); ++call) all.push_back(service.method(call));
  }
  return all;
}

std::set<const pb::FileDescriptor*> FilesUsedBy(const pb::FileDescriptor& file) {
  std::set<const pb::FileDescriptor*> used;
  for (const pb::Descriptor* message : MessagesOf(file)) {
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::FieldDescriptor& field = *message->field(i);
      if (field.message_type() != nullptr) used.insert(field.message_type()->file());
      if (field.enum_type() != nullptr) used.insert(field.enum_type()->file());
    }
  }
  for (const pb::MethodDescriptor* call : CallsOf(file)) {
    used.insert(call->input_type()->file());
    used.insert(call->output_type()->file());
  }
  return used;
}

class Rules {
 public:
  void OfFile(const pb::FileDescriptor& file) {
    const std::string& package = file.package();
    Want(file.syntax() == pb::FileDescriptor::SYNTAX_PROTO3, "SYNTAX_SPECIFIED", file.name());
    static const std::regex kPackage(R"(([a-z][a-z0-9_]*\.)+v[1-9][0-9]*)");
    Want(std::regex_match(package, kPackage), "PACKAGE_VERSION_SUFFIX", package);
    std::string folder = "proto/" + package;
    std::replace(folder.begin(), folder.end(), '.', '/');
    const std::size_t slash = file.name().rfind('/');
    Want(file.name().substr(0, slash) == folder, "PACKAGE_DIRECTORY_MATCH", file.name());
    const std::string name = file.name().substr(slash + 1);
    Want(name.ends_with(".proto") && IsLowerSnakeCase(name.substr(0, name.size() - 6)),
         "FILE_LOWER_SNAKE_CASE", file.name());
    Want(file.public_dependency_count() == 0, "IMPORT_NO_PUBLIC", file.name());
    Want(file.weak_dependency_count() == 0, "IMPORT_NO_WEAK", file.name());
    const auto used = FilesUsedBy(file);
    for (int i = 0; i < file.dependency_count(); ++i) {
      Want(used.contains(file.dependency(i)), "IMPORT_USED", file.dependency(i)->name());
    }
  }

  void OfMessage(const pb::Descriptor& message) {
    Want(IsPascalCase(message.name()), "MESSAGE_PASCAL_CASE", message.full_name());
    for (int i = 0; i < message.field_count(); ++i) {
      const pb::FieldDescriptor& field = *message.field(i);
      Want(IsLowerSnakeCase(field.name()), "FIELD_LOWER_SNAKE_CASE", field.full_name());
    }
    for (int i = 0; i < message.real_oneof_decl_count(); ++i) {
      const pb::OneofDescriptor& oneof = *message.oneof_decl(i);
      Want(IsLowerSnakeCase(oneof.name()), "ONEOF_LOWER_SNAKE_CASE", oneof.full_name());
    }
  }

  void OfEnum(const pb::EnumDescriptor& type) {
    Want(IsPascalCase(type.name()), "ENUM_PASCAL_CASE", type.full_name());
    Want(!type.options().allow_alias(), "ENUM_NO_ALLOW_ALIAS", type.full_name());
    const std::string prefix = UpperSnake(type.name()) + "_";
    for (int i = 0; i < type.value_count(); ++i) {
      const std::string& name = type.value(i)->name();
      Want(IsUpperSnakeCase(name), "ENUM_VALUE_UPPER_SNAKE_CASE", name);
      Want(name.starts_with(prefix), "ENUM_VALUE_PREFIX", name);
      Want(type.value(i)->number() != 0 || name.ends_with("_UNSPECIFIED"), "ENUM_ZERO_VALUE_SUFFIX",
           name);
    }
  }

  void OfService(const pb::ServiceDescriptor& service) {
    Want(IsPascalCase(service.name()), "SERVICE_PASCAL_CASE", service.full_name());
    Want(service.name().ends_with("Service"), "SERVICE_SUFFIX", service.full_name());
  }

  // Streams too: what they send are messages of their own, so no call is excepted.
  void OfCall(const pb::MethodDescriptor& call) {
    Want(IsPascalCase(call.name()), "RPC_PASCAL_CASE", call.full_name());
    Want(call.input_type()->name() == call.name() + "Request", "RPC_REQUEST_STANDARD_NAME",
         call.full_name());
    Want(call.output_type()->name() == call.name() + "Response", "RPC_RESPONSE_STANDARD_NAME",
         call.full_name());
    for (const pb::Descriptor* message : {call.input_type(), call.output_type()}) {
      Want(sent_.insert(message).second, "RPC_REQUEST_RESPONSE_UNIQUE", call.full_name());
    }
  }

  std::vector<std::string> Take() { return std::move(broken_); }

 private:
  void Want(bool holds, const std::string& rule, const std::string& where) {
    if (!holds) broken_.push_back(rule + " " + where);
  }

  std::vector<std::string> broken_;
  std::set<const pb::Descriptor*> sent_;
};

// Without the package: there is one.
std::string ShortName(const std::string& full_name, const pb::FileDescriptor& file) {
  const std::string package = file.package() + ".";
  return full_name.starts_with(package) ? full_name.substr(package.size()) : full_name;
}

std::string WireLine(const pb::FieldDescriptor& field) {
  std::string type = field.type_name();
  if (field.message_type() != nullptr) {
    type = ShortName(field.message_type()->full_name(), *field.message_type()->file());
  } else if (field.enum_type() != nullptr) {
    type = ShortName(field.enum_type()->full_name(), *field.enum_type()->file());
  }
  const char* const label = field.is_repeated()            ? "repeated "
                            : field.has_optional_keyword() ? "optional "
                                                           : "";
  const pb::OneofDescriptor* const oneof = field.real_containing_oneof();
  return ShortName(field.full_name(), *field.file()) + " = " + std::to_string(field.number()) +
         " " + label + type + (oneof == nullptr ? "" : " of oneof " + oneof->name());
}

std::string WireLine(const pb::MethodDescriptor& call) {
  const auto sent = [](bool is_stream, const pb::Descriptor& message) {
    return (is_stream ? "stream " : "") + ShortName(message.full_name(), *message.file());
  };
  return "rpc " + ShortName(call.full_name(), *call.file()) + " takes " +
         sent(call.client_streaming(), *call.input_type()) + " gives " +
         sent(call.server_streaming(), *call.output_type());
}

}  // namespace

std::vector<std::string> BrokenRules(const ProtoFiles& files) {
  Rules rules;
  for (const pb::FileDescriptor* file : files) {
    rules.OfFile(*file);
    for (const pb::Descriptor* message : MessagesOf(*file)) rules.OfMessage(*message);
    for (const pb::EnumDescriptor* type : EnumsOf(*file)) rules.OfEnum(*type);
    for (int i = 0; i < file->service_count(); ++i) rules.OfService(*file->service(i));
    for (const pb::MethodDescriptor* call : CallsOf(*file)) rules.OfCall(*call);
  }
  return rules.Take();
}

std::string CommentOfCall(std::string_view text, std::string_view call) {
  const std::string beginning = "rpc " + std::string(call) + "(";
  std::istringstream lines{std::string(text)};
  std::string comment;
  for (std::string line; std::getline(lines, line);) {
    line.erase(0, line.find_first_not_of(' '));
    if (line.starts_with(beginning)) return comment;
    if (line.starts_with("//")) {
      comment += line.substr(2) + "\n";
    } else {
      comment.clear();
    }
  }
  return "";
}

bool ListsErrors(std::string_view comment) {
  constexpr std::array<std::string_view, 9> kAnswers = {
      "NOT_FOUND",           "INVALID_ARGUMENT",   "ALREADY_EXISTS",
      "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED",
      "UNAVAILABLE",         "DATA_LOSS",          "those of every call (common.proto)"};
  const std::size_t word = comment.find("Errors");
  const std::size_t colon = comment.find(':', std::min(word, comment.size()));
  if (colon == std::string_view::npos) return false;
  return std::any_of(kAnswers.begin(), kAnswers.end(), [&](std::string_view answer) {
    return comment.find(answer, colon) != std::string_view::npos;
  });
}

std::vector<std::string> WireLines(const ProtoFiles& files) {
  std::vector<std::string> lines;
  for (const pb::FileDescriptor* file : files) {
    for (const pb::MethodDescriptor* call : CallsOf(*file)) lines.push_back(WireLine(*call));
    for (const pb::EnumDescriptor* type : EnumsOf(*file)) {
      for (int i = 0; i < type->value_count(); ++i) {
        const pb::EnumValueDescriptor& value = *type->value(i);
        lines.push_back("enum " + ShortName(type->full_name(), *file) + "." + value.name() + " = " +
                        std::to_string(value.number()));
      }
    }
    for (const pb::Descriptor* message : MessagesOf(*file)) {
      for (int i = 0; i < message->field_count(); ++i)
        lines.push_back(WireLine(*message->field(i)));
    }
  }
  return lines;
}

std::vector<std::string> WireDifferences(std::string_view before,
                                         const std::vector<std::string>& now) {
  const std::set<std::string> there(now.begin(), now.end());
  std::set<std::string> known;
  std::vector<std::string> differences;
  std::istringstream lines{std::string(before)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (!there.contains(line)) {
      differences.push_back("gone or changed, and clients rely on it: " + line);
    }
    known.insert(line);
  }
  for (const std::string& line : now) {
    if (!known.contains(line)) differences.push_back("new, to be added to the text: " + line);
  }
  return differences;
}

}  // namespace kith::architecture
