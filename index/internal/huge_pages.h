// SPDX-License-Identifier: Apache-2.0
//
// When and where files are mapped in huge pages of the page cache: which saves a search most of its
// walks through the page tables, and costs 2 MiB of memory and reading for each page that is not
// there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kith::index::internal {

// From so many bytes on a file is worth huge pages, and worth being read anew for them: those of a
// file that was just written are small ones.
inline constexpr std::uint64_t kHugePagesFrom = std::uint64_t{64} << 20;

// Whether a file of which searches touch so many bytes may have huge pages: if those of all files
// that were granted them, and of this one, lie in the memory that the machine has to spare. Where
// they do not, pages of which little is needed would push out what is. What is granted is to be
// given back. Thread-safe.
[[nodiscard]] bool TakeHugePages(std::uint64_t bytes);
void GiveBackHugePages(std::uint64_t bytes);

// Reserves addresses for a mapping that is to be put there (MAP_FIXED), the first of them one where
// a huge page can begin. Null if there is no such room.
[[nodiscard]] void* RoomForHugePages(std::size_t bytes);

}  // namespace kith::index::internal
