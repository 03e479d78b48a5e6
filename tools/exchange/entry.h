// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one record of a file of the field: the entry that the contract takes, and beside it what
// the source says of its category and what is only carried for the way back.
//
// Thread-safety: as any value.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "proto/kith/v1/catalog.pb.h"

namespace kith::exchange {

// How the source judged a file, in the words of a scheme: national schemes use the same codes for
// different things, so a code never stands alone.
class Category {
 public:
  [[nodiscard]] const std::string& scheme() const { return scheme_; }
  [[nodiscard]] const std::string& code() const { return code_; }
  void set_scheme(std::string scheme) { scheme_ = std::move(scheme); }
  void set_code(std::string code) { code_ = std::move(code); }

 private:
  std::string scheme_, code_;
};

// What a source said that Kith does not use itself, as JSON text.
class Carried {
 public:
  // Who wrote it and can read it: "vics".
  [[nodiscard]] const std::string& format() const { return format_; }
  [[nodiscard]] const std::string& data() const { return data_; }
  // Which part of its file an entry came from: a case of several, from 1; 0: of none.
  [[nodiscard]] std::uint32_t part() const { return part_; }
  void set_format(std::string format) { format_ = std::move(format); }
  void set_data(std::string data) { data_ = std::move(data); }
  void set_part(std::uint32_t part) { part_ = part; }

 private:
  std::string format_, data_;
  std::uint32_t part_ = 0;
};

class Entry {
 public:
  Entry() = default;
  explicit Entry(v1::Entry entry) : entry_(std::move(entry)) {}

  // What the contract takes of it.
  [[nodiscard]] const v1::Entry& contract() const { return entry_; }
  [[nodiscard]] v1::Entry& contract() { return entry_; }

  [[nodiscard]] std::uint64_t entry_id() const { return entry_.entry_id(); }
  [[nodiscard]] const v1::Digests& digests() const { return entry_.digests(); }
  [[nodiscard]] const auto& codes() const { return entry_.codes(); }
  [[nodiscard]] const v1::Code& codes(int i) const { return entry_.codes(i); }
  [[nodiscard]] int codes_size() const { return entry_.codes_size(); }
  [[nodiscard]] const std::string& source_ref() const { return entry_.source_ref(); }
  [[nodiscard]] const std::string& series() const { return entry_.series(); }
  [[nodiscard]] v1::TriState victim_identified() const { return entry_.victim_identified(); }
  [[nodiscard]] const Category& category() const { return category_; }
  [[nodiscard]] const Carried& carried() const { return carried_; }
  [[nodiscard]] bool has_carried() const { return !carried_.format().empty(); }

  void set_entry_id(std::uint64_t id) { entry_.set_entry_id(id); }
  [[nodiscard]] v1::Digests* mutable_digests() { return entry_.mutable_digests(); }
  v1::Code* add_codes() { return entry_.add_codes(); }
  [[nodiscard]] v1::Code* mutable_codes(int i) { return entry_.mutable_codes(i); }
  void set_source_ref(std::string text) { entry_.set_source_ref(std::move(text)); }
  void set_series(std::string code) { entry_.set_series(std::move(code)); }
  void set_victim_identified(v1::TriState state) { entry_.set_victim_identified(state); }
  [[nodiscard]] Category* mutable_category() { return &category_; }
  [[nodiscard]] Carried* mutable_carried() { return &carried_; }
  void Clear() { *this = Entry(); }

 private:
  v1::Entry entry_;
  Category category_;
  Carried carried_;
};

}  // namespace kith::exchange
