// Tables when something changes: who keeps which id, which slots are made anew, and what becomes of a destination when the network does.
#include <set>

#include "test/made_tables.h"

using namespace lvsd;
using test::address;
using test::destination_of;
using test::Made;
using test::network;
using test::service_of;

namespace {

constexpr std::uint8_t kTcp = 6;

std::set<std::uint32_t> in_slots(const Service& service) { return {service.slots.begin(), service.slots.end()}; }

}  // namespace

TEST("ids stay: of a service whose place changes, of destinations whose weight changes, of what comes back before it is forgotten") {
  Made made;
  test::ServicesImage first, second, third, fourth;
  const auto a = destination_of("10.0.0.1", 80, image::kDirect), b = destination_of("10.0.0.2", 80, image::kDirect);
  auto heavy = a;
  heavy.weight = 9;
  first.add(service_of("90.0.0.1", kTcp, 80), {a, b});
  second.add(service_of("90.0.0.2", kTcp, 80), {a});
  second.add(service_of("90.0.0.1", kTcp, 80), {heavy});
  third.add(service_of("90.0.0.1", kTcp, 80), {b, a});
  made.take(network());
  made.take(first);
  const std::uint32_t id_a = made.now().destination_id(0), id_b = made.now().destination_id(1), service = made.now().service(0).id;
  made.take(second);
  CHECK_EQUAL(made.now().service(1).id, service);
  CHECK_EQUAL(made.now().destination_id(1), id_a);
  CHECK(made.now().destination_id(0) != id_a && made.now().destination_id(0) != id_b);
  CHECK_EQUAL(made.now().weighing(id_a).weight, 9U);
  CHECK_EQUAL(made.now().destination(id_b).state, kGone);
  CHECK_EQUAL(made.now().destination(id_b).service, kNone);
  made.take(third);
  CHECK_EQUAL(made.now().destination_id(0), id_b);
  CHECK_EQUAL(made.now().destination_id(1), id_a);
  CHECK_EQUAL(made.now().destination(id_b).state, kServing);
  CHECK_EQUAL(made.now().destination_id(2), kNone);
  // newest first: a stayed, b came back to the head
  const auto members = made.now().service(0).members;
  CHECK(members.size() == 2 && members[0] == id_b && members[1] == id_a);
}

TEST("an id is given away again only after recycle, and then under another generation") {
  Made made(2, 4);
  const auto image_of = [](std::initializer_list<int> servers) {
    test::ServicesImage image;
    std::vector<image::Destination> destinations;
    for (const int n : servers) destinations.push_back(destination_of("10.0.0." + std::to_string(n), 80, image::kDirect));
    image.add(service_of("90.0.0.1", kTcp, 80), destinations);
    return image;
  };
  made.take(image_of({1, 2, 3, 4}));
  const std::uint32_t id = made.now().destination_id(3), generation = made.now().destination(id).generation;
  made.take(image_of({1, 2, 3}));
  const auto before = made.maker.tables();
  const auto refusal = made.maker.take_services(image_of({1, 2, 3, 5}).bytes());
  CHECK(refusal && std::string(refusal->why).find("more destinations than the engine has room for") == 0);
  CHECK(made.maker.tables() == before);  // nothing was changed
  made.maker.recycle(*before);
  made.take(image_of({1, 2, 3, 5}));
  CHECK_EQUAL(made.now().destination_id(3), id);
  CHECK(made.now().destination(id).generation != generation);
  CHECK(made.now().destination(id).address == address("10.0.0.5"));

  // tables from before the removal prove nothing
  const auto with_five = made.maker.tables();
  made.take(image_of({1, 2, 3}));
  made.maker.recycle(*with_five);
  CHECK_EQUAL(made.now().destination(id).state, kGone);
  CHECK(made.maker.take_services(image_of({1, 2, 3, 6}).bytes()));

  // services, too
  test::ServicesImage other;
  other.add(service_of("90.0.0.2", kTcp, 80), {});
  other.add(service_of("90.0.0.3", kTcp, 80), {});
  CHECK(made.maker.take_services(other.bytes()));
  made.take(test::ServicesImage{});
  CHECK_EQUAL(made.now().services().size(), 0U);
  made.maker.recycle(made.now());
  made.take(other);
  CHECK_EQUAL(made.now().services().size(), 2U);
}

TEST("a refused image changes nothing") {
  Made made;
  made.take(network());
  test::ServicesImage services, wrong;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("10.0.0.1", 80, image::kDirect)});
  image::Service bad = service_of("90.0.0.1", kTcp, 80);
  bad.table_size = 12;
  wrong.add(bad, {});
  made.take(services);
  const auto before = made.maker.tables();
  CHECK(made.maker.take_services(wrong.bytes()));
  CHECK(made.maker.take_network(wrong.bytes()));
  CHECK(made.maker.tables() == before);
  const auto kept = made.maker.services_image();
  const test::ImageBytes should = services.bytes();
  const std::span<const std::uint8_t> should_be = should;
  CHECK(std::equal(kept.begin(), kept.end(), should_be.begin(), should_be.end()));
}

TEST("slots of a service are made anew only when what they are made of has changed") {
  Made made;
  const auto image_of = [](std::uint32_t weight, std::uint8_t dscp) {
    test::ServicesImage image;
    image::Service first = service_of("90.0.0.1", kTcp, 80);
    first.dscp = dscp;
    image.add(first, {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.0.0.2", 80, image::kDirect)});
    image.add(service_of("90.0.0.2", kTcp, 80), {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.0.0.2", 80, image::kDirect, image::kIpip, weight)});
    return image;
  };
  made.take(network());
  made.take(image_of(1, 0));
  const auto before = made.maker.tables();
  made.take(image_of(3, 7));
  const auto after = made.maker.tables();
  CHECK(before->service(0).slots.data() == after->service(0).slots.data());
  CHECK_EQUAL(after->service(0).dscp, 7);
  CHECK_EQUAL(before->service(0).shape, after->service(0).shape);
  CHECK(before->service(1).slots.data() != after->service(1).slots.data());
  CHECK(before->service(1).shape != after->service(1).shape);
  made.take(network());
  CHECK(made.now().service(1).slots.data() == after->service(1).slots.data());
}

TEST("weight 0 is quiescent and out of the slots; of mh it keeps them") {
  for (const auto scheduler : {image::kMaglev, image::kMh}) {
    Made made;
    const auto image_of = [&](std::uint32_t weight) {
      test::ServicesImage image;
      image::Service service = service_of("90.0.0.1", kTcp, 80);
      service.scheduler = scheduler;
      image.add(service, {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.0.0.2", 80, image::kDirect, image::kIpip, weight)});
      return image;
    };
    made.take(network());
    made.take(image_of(2));
    const auto before = made.maker.tables();
    made.take(image_of(0));
    const Service& service = made.now().service(0);
    CHECK_EQUAL(made.now().destination(made.now().destination_id(1)).state, kQuiescent);
    CHECK_EQUAL(in_slots(service).size(), scheduler == image::kMh ? 2U : 1U);
    if (scheduler == image::kMh) CHECK(std::equal(service.slots.begin(), service.slots.end(), before->service(0).slots.begin()));
  }
}

TEST("a destination without a way is not among the slots as long as another has one; if none has, all are") {
  Made made;
  test::ServicesImage services;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("10.0.0.1", 80, image::kDirect), destination_of("10.77.0.1", 80, image::kDirect)});
  made.take(services);
  CHECK_EQUAL(in_slots(made.now().service(0)).size(), 2U);  // no network yet
  CHECK(!made.now().service(0).any_way);
  made.take(network());
  const std::uint32_t near = made.now().destination_id(0), far = made.now().destination_id(1);
  CHECK_EQUAL(made.now().destination(near).state, kServing);
  CHECK_EQUAL(made.now().destination(far).state, kUnreachable);
  CHECK_EQUAL(made.now().destination(far).adjacency, kNone);
  CHECK_EQUAL(made.now().destination(far).mtu, 0);
  CHECK(in_slots(made.now().service(0)) == std::set{near});
  const std::uint64_t shape = made.now().service(0).shape;
  made.take(network(""));  // the gateway does not answer
  CHECK_EQUAL(made.now().destination(near).state, kUnreachable);
  CHECK(made.now().destination(near).adjacency != kNone);
  CHECK_EQUAL(in_slots(made.now().service(0)).size(), 2U);
  CHECK(made.now().service(0).shape != shape);
}

TEST("tunnels: source from the service, the settings or the port; MTU less what is added") {
  const auto made_with = [](const std::string& of_settings, const std::string& of_service, const std::string& server, image::Tunnel tunnel) {
    auto made = std::make_unique<Made>();
    test::ServicesImage services;
    services.settings.tunnel_source4 = address(of_settings);
    image::Service service = service_of("90.0.0.1", kTcp, 80);
    service.tunnel_source = address(of_service);
    image::Destination to = destination_of(server, 80, image::kTunnel, tunnel);
    if (tunnel == image::kGue) to.tunnel_port = 6080;
    services.add(service, {to});
    made->take(network());
    made->take(services);
    return made;
  };
  const auto one = [](const std::unique_ptr<Made>& made) { return made->now().destination(made->now().destination_id(0)); };
  CHECK(one(made_with("39.40.41.42", "1.2.3.4", "10.0.0.1", image::kGre)).outer_source == address("1.2.3.4"));
  CHECK(one(made_with("39.40.41.42", "fd00::9", "10.0.0.1", image::kGre)).outer_source == address("39.40.41.42"));
  CHECK(one(made_with("", "", "10.0.0.1", image::kGre)).outer_source == address("172.16.2.1"));
  CHECK(one(made_with("39.40.41.42", "1.2.3.4", "fd00:2::9", image::kGre)).outer_source == address("fd00:2::1"));
  CHECK_EQUAL(one(made_with("", "", "10.0.0.1", image::kIpip)).mtu, 1380);
  CHECK_EQUAL(one(made_with("", "", "10.0.0.1", image::kGre)).mtu, 1376);
  CHECK_EQUAL(one(made_with("", "", "10.0.0.1", image::kGue)).mtu, 1368);
  CHECK_EQUAL(one(made_with("", "", "fd00:2::9", image::kGre)).mtu, 1356);
}

TEST("a destination that is this machine is the kernel's") {
  Made made;
  test::ServicesImage services;
  services.add(service_of("90.0.0.1", kTcp, 80), {destination_of("172.16.2.1", 80, image::kMasquerade), destination_of("1.1.1.1", 80, image::kLocal)});
  made.take(network());
  made.take(services);
  for (std::uint32_t place = 0; place < 2; ++place) {
    const Destination& to = made.now().destination(made.now().destination_id(place));
    CHECK_EQUAL(to.state, kServing);
    CHECK_EQUAL(to.adjacency, kNone);
    CHECK_EQUAL(to.mtu, 0xffff);
  }
}

int main() { return test::run_all(); }
