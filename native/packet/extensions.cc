#include "packet/extensions.h"

namespace lvsd {
namespace {

enum class Step : std::uint8_t { go_on, ended, broken };

Step take_fragment(const PacketView& view, ExtensionWalk& walk) noexcept {
  const auto header = view.read<wire::Ipv6Fragment>(walk.at);
  if (!header || walk.fragment_at != 0) return Step::broken;  // two of them: nobody sends that honestly
  const std::uint16_t offset = host(header->offset_more);
  walk.fragment_at = walk.at;
  walk.fragment_offset = offset & 0xfff8;
  walk.more_fragments = (offset & 1) != 0;
  walk.fragment_id = host(header->id);
  walk.protocol = header->next_header;
  walk.at += sizeof *header;
  return walk.fragment_offset == 0 ? Step::go_on : Step::ended;
}

Step take_one(const PacketView& view, ExtensionWalk& walk) noexcept {
  if (!may_be_extension(walk.protocol)) return Step::ended;
  if (walk.protocol == wire::kFragment) return take_fragment(view, walk);
  const auto header = view.read<wire::Ipv6Extension>(walk.at);
  if (!header) return Step::broken;
  if (walk.protocol == wire::kRouting && header->segments_left != 0) return Step::ended;
  const std::size_t bytes = walk.protocol == wire::kAh ? (header->length + std::size_t{2}) * 4 : (header->length + std::size_t{1}) * 8;
  if (!view.has(walk.at, bytes)) return Step::broken;
  walk.protocol = header->next_header;
  walk.at += bytes;
  return Step::go_on;
}

}  // namespace

ExtensionWalk walk_extensions(const PacketView& view, std::size_t at, std::uint8_t protocol) noexcept {
  ExtensionWalk walk;
  walk.at = at;
  walk.protocol = protocol;
  for (int count = 0; count <= kMostExtensions; ++count) {
    const Step step = take_one(view, walk);
    if (step == Step::go_on) continue;
    walk.is_whole = step == Step::ended;
    return walk;
  }
  walk.is_whole = false;
  return walk;
}

}  // namespace lvsd
