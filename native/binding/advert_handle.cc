#include "binding/advert_handle.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <string>

#include "base/moments.h"
#include "binding/errno.h"

namespace lvsd {
namespace {

constexpr double kNsPerMs = 1e6;

std::int64_t ns_of(const Napi::Value& ms) { return std::llround(ms.As<Napi::Number>().DoubleValue() * kNsPerMs); }
Napi::Number ms_of(Napi::Env env, std::int64_t ns) { return Napi::Number::New(env, static_cast<double>(ns) / kNsPerMs); }

double ms_or_none(const std::atomic<std::int64_t>& ns) {
  const std::int64_t at = ns.load(std::memory_order_relaxed);
  return at < 0 ? -1 : static_cast<double>(at) / kNsPerMs;
}

/// Frames lie one behind the other in `bytes`; `ends` says where each ends.
std::unique_ptr<AdvertPlan> frames_of(const Napi::Value& bytes, const Napi::Value& ends) {
  const auto all = bytes.As<Napi::Uint8Array>();
  const auto each = ends.As<Napi::Uint32Array>();
  auto plan = std::make_unique<AdvertPlan>();
  plan->bytes.assign(all.Data(), all.Data() + all.ByteLength());
  plan->ends.assign(each.Data(), each.Data() + each.ElementLength());
  return plan;
}

Napi::Value numbers(const Napi::CallbackInfo& info, std::initializer_list<double> values) {
  auto array = Napi::Float64Array::New(info.Env(), values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value lateness_of(const Napi::CallbackInfo& info, const Lateness& lateness) {
  return numbers(info, {static_cast<double>(lateness.count()), static_cast<double>(lateness.percentile_us(0.5)),
                        static_cast<double>(lateness.percentile_us(0.99)), static_cast<double>(lateness.percentile_us(0.999)),
                        static_cast<double>(lateness.most_us())});
}

}  // namespace

Napi::Function AdvertHandle::Define(Napi::Env env) {
  return DefineClass(env, "AdvertHandle",
                     {
                         InstanceMethod<&AdvertHandle::OpenChannel>("openChannel"),
                         InstanceMethod<&AdvertHandle::CloseChannel>("closeChannel"),
                         InstanceMethod<&AdvertHandle::Plan>("plan"),
                         InstanceMethod<&AdvertHandle::Silence>("silence"),
                         InstanceMethod<&AdvertHandle::SendNow>("sendNow"),
                         InstanceMethod<&AdvertHandle::Expect>("expect"),
                         InstanceMethod<&AdvertHandle::ExpectNothing>("expectNothing"),
                         InstanceMethod<&AdvertHandle::Noted>("noted"),
                         InstanceMethod<&AdvertHandle::Take>("take"),
                         InstanceMethod<&AdvertHandle::SendFrame>("sendFrame"),
                         InstanceMethod<&AdvertHandle::Sent>("sent"),
                         InstanceMethod<&AdvertHandle::Lateness>("lateness"),
                         InstanceMethod<&AdvertHandle::Strangers>("strangers"),
                         InstanceMethod<&AdvertHandle::Thread>("thread"),
                         InstanceMethod<&AdvertHandle::Now>("nowMs"),
                         InstanceMethod<&AdvertHandle::Wall>("wallMs"),
                         InstanceMethod<&AdvertHandle::Arm>("arm"),
                         InstanceMethod<&AdvertHandle::Watch>("watch"),
                         InstanceMethod<&AdvertHandle::Close>("close"),
                     });
}

/// new AdvertHandle(realtimePriority, lockMemory)
AdvertHandle::AdvertHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<AdvertHandle>(info) {
  const RealtimeWish wish{.priority = info[0].As<Napi::Number>().Int32Value(), .lock_memory = info[1].As<Napi::Boolean>()};
  timer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (Throw(info.Env(), timer_ ? SyscallError{} : SyscallError{"timerfd_create", errno})) return;
  if (Throw(info.Env(), port_.open(wish))) return;
  if (wish.priority > 0) prefer_thread();  // what is heard is judged here, and a takeover is made
  // A worker that is terminated runs no finalizer in time: the hook takes the handle out of its loop before the loop goes.
  napi_add_env_cleanup_hook(info.Env(), &AdvertHandle::OnEnvironmentEnd, this);
  hooked_ = true;
}

AdvertHandle::~AdvertHandle() {
  Shut();
  if (hooked_) napi_remove_env_cleanup_hook(Env(), &AdvertHandle::OnEnvironmentEnd, this);
}

void AdvertHandle::OnEnvironmentEnd(void* self) {
  auto* handle = static_cast<AdvertHandle*>(self);
  handle->hooked_ = false;
  handle->Shut();
}

bool AdvertHandle::Throw(Napi::Env env, SyscallError error) {
  if (!error) return false;
  errno_error(env, error.error, error.syscall).ThrowAsJavaScriptException();
  return true;
}

/// openChannel(isIp6, protocol, receiveDevice, sendDevice, source, isMulticast, to, ttl, receiveBufferBytes, vrid) -> its number
Napi::Value AdvertHandle::OpenChannel(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  AdvertRoute route;
  route.is_ip6 = info[0].As<Napi::Boolean>();
  route.protocol = info[1].As<Napi::Number>().Int32Value();
  route.receive_device = info[2].As<Napi::String>().Utf8Value();
  route.send_device = info[3].As<Napi::String>().Utf8Value();
  route.is_multicast = info[5].As<Napi::Boolean>();
  route.ttl = info[7].As<Napi::Number>().Int32Value();
  route.receive_buffer_bytes = info[8].As<Napi::Number>().Int32Value();
  bool valid = parse_address(route.is_ip6, info[4].As<Napi::String>().Utf8Value().c_str(), route.source);
  const auto to = info[6].As<Napi::Array>();
  for (std::uint32_t i = 0; i < to.Length(); ++i) {
    Address& address = route.to.emplace_back();
    valid = valid && parse_address(route.is_ip6, to.Get(i).As<Napi::String>().Utf8Value().c_str(), address);
  }
  if (Throw(env, valid ? SyscallError{} : SyscallError{"inet_pton", EINVAL})) return env.Undefined();
  std::uint32_t channel = 0;
  const auto vrid = static_cast<std::uint8_t>(info[9].As<Napi::Number>().Uint32Value());
  if (Throw(env, port_.open_channel(route, vrid, channel))) return env.Undefined();
  heard_watch_.keep_alive(true);
  return Napi::Number::New(env, channel);
}

Napi::Value AdvertHandle::CloseChannel(const Napi::CallbackInfo& info) {
  port_.close_channel(info[0].As<Napi::Number>().Uint32Value());
  if (!port_.has_channels()) heard_watch_.keep_alive(false);
  return info.Env().Undefined();
}

/// Its first argument. null, and an exception is on its way: it was closed.
AdvertChannel* AdvertHandle::ChannelOf(const Napi::CallbackInfo& info) const {
  AdvertChannel* channel = port_.channel(info[0].As<Napi::Number>().Uint32Value());
  if (channel == nullptr) errno_error(info.Env(), EBADF, "advert channel").ThrowAsJavaScriptException();
  return channel;
}

/// plan(channel, bytes, ends, framesPerMessage, firstAtMs, everyMs, repeats, mostLateMs); -1: whatever is late is sent
Napi::Value AdvertHandle::Plan(const Napi::CallbackInfo& info) {
  AdvertChannel* channel = ChannelOf(info);
  if (channel == nullptr) return info.Env().Undefined();
  auto plan = frames_of(info[1], info[2]);
  plan->frames_per_message = info[3].As<Napi::Number>().Uint32Value();
  plan->first_ns = ns_of(info[4]);
  plan->every_ns = ns_of(info[5]);
  plan->repeats = info[6].As<Napi::Boolean>();
  if (const std::int64_t most_late = ns_of(info[7]); most_late >= 0) plan->most_late_ns = most_late;
  if (!plan->is_valid(channel->to.size())) Throw(info.Env(), {"advert plan", EINVAL});
  else port_.plan(*channel, std::move(plan));
  return info.Env().Undefined();
}

Napi::Value AdvertHandle::Silence(const Napi::CallbackInfo& info) {
  if (AdvertChannel* channel = ChannelOf(info)) port_.plan(*channel, nullptr);
  return info.Env().Undefined();
}

/// sendNow(channel, bytes, ends): errno, 0: every destination's is sent.
Napi::Value AdvertHandle::SendNow(const Napi::CallbackInfo& info) {
  const AdvertChannel* channel = ChannelOf(info);
  if (channel == nullptr) return info.Env().Undefined();
  auto message = frames_of(info[1], info[2]);
  message->frames_per_message = static_cast<std::uint32_t>(message->ends.size());
  if (!message->is_valid(channel->to.size())) return Napi::Number::New(info.Env(), EINVAL);
  return Napi::Number::New(info.Env(), port_.send_now(*channel, *message));
}

/// expect(channel, payload, source, leastTtl, sinceMs, patienceMs, leewayMs)
Napi::Value AdvertHandle::Expect(const Napi::CallbackInfo& info) {
  AdvertChannel* channel = ChannelOf(info);
  if (channel == nullptr) return info.Env().Undefined();
  const auto payload = info[1].As<Napi::Uint8Array>();
  const std::string source = info[2].As<Napi::String>();
  auto expected = std::make_unique<ExpectedAdvert>();
  expected->payload.assign(payload.Data(), payload.Data() + payload.ByteLength());
  expected->least_ttl = info[3].As<Napi::Number>().Int32Value();
  expected->since_ns = ns_of(info[4]);
  expected->patience_ns = ns_of(info[5]);
  expected->leeway_ns = ns_of(info[6]);
  const bool is_ip6 = source.find(':') != std::string::npos;
  if (!parse_address(is_ip6, source.c_str(), expected->source)) Throw(info.Env(), {"inet_pton", EINVAL});
  else port_.expect(*channel, std::move(expected));
  return info.Env().Undefined();
}

Napi::Value AdvertHandle::ExpectNothing(const Napi::CallbackInfo& info) {
  if (AdvertChannel* channel = ChannelOf(info)) port_.expect(*channel, nullptr);
  return info.Env().Undefined();
}

/// Expected packets: how many since the channel was opened, and when the last of what is expected now came (-1: none).
Napi::Value AdvertHandle::Noted(const Napi::CallbackInfo& info) {
  const AdvertChannel* channel = ChannelOf(info);
  if (channel == nullptr) return info.Env().Undefined();
  return numbers(info, {static_cast<double>(channel->expected_heard.load(std::memory_order_relaxed)), ms_or_none(channel->last_expected_ns)});
}

/// take(into, untilMs): how many bytes of records. 0: only what waits already; else the sockets are read up to that moment.
Napi::Value AdvertHandle::Take(const Napi::CallbackInfo& info) {
  auto into = info[0].As<Napi::Uint8Array>();
  const std::size_t bytes = port_.take({into.Data(), into.ByteLength()}, ns_of(info[1]));
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

Napi::Value AdvertHandle::SendFrame(const Napi::CallbackInfo& info) {
  const auto frame = info[1].As<Napi::Uint8Array>();
  return Napi::Number::New(info.Env(), port_.send_frame(info[0].As<Napi::Number>().Int32Value(), {frame.Data(), frame.ByteLength()}));
}

/// By plan: sent, refused, errno of the last refusal, moments that passed before the thread came to them, since when it is silent for its
/// lateness (-1: it is not).
Napi::Value AdvertHandle::Sent(const Napi::CallbackInfo& info) {
  const AdvertChannel* channel = ChannelOf(info);
  if (channel == nullptr) return info.Env().Undefined();
  return numbers(info, {static_cast<double>(channel->sent.load()), static_cast<double>(channel->failed.load()),
                        static_cast<double>(channel->last_error.load()), static_cast<double>(channel->skipped.load()),
                        ms_or_none(channel->muted_ns)});
}

/// lateness(channel?): count, median, p99, p99.9 and most, in microseconds.
Napi::Value AdvertHandle::Lateness(const Napi::CallbackInfo& info) {
  if (info[0].IsUndefined()) return lateness_of(info, port_.lateness());
  const AdvertChannel* channel = ChannelOf(info);
  return channel == nullptr ? info.Env().Undefined() : lateness_of(info, channel->lateness);
}

Napi::Value AdvertHandle::Strangers(const Napi::CallbackInfo& info) {
  const AdvertReception::Strangers count = port_.strangers();
  return numbers(info, {static_cast<double>(count.unknown_vrid), static_cast<double>(count.unreadable), static_cast<double>(count.lost)});
}

/// Whether it is a realtime thread and why not (errno), whether memory is locked and why not.
Napi::Value AdvertHandle::Thread(const Napi::CallbackInfo& info) {
  const RealtimeState& state = port_.realtime();
  return numbers(info, {state.is_realtime ? 1.0 : 0.0, static_cast<double>(state.priority_error), state.is_locked ? 1.0 : 0.0,
                        static_cast<double>(state.lock_error)});
}

Napi::Value AdvertHandle::Now(const Napi::CallbackInfo& info) { return ms_of(info.Env(), monotonic_ns()); }

Napi::Value AdvertHandle::Wall(const Napi::CallbackInfo& info) { return ms_of(info.Env(), ns_of(info[0]) + realtime_ahead_ns()); }

/// arm(atMs): the watcher of the timer is called then; -1: not any more. The process lives on while it is armed.
Napi::Value AdvertHandle::Arm(const Napi::CallbackInfo& info) {
  const std::int64_t at = ns_of(info[0]);
  const bool wanted = at >= 0;
  const itimerspec moment{.it_interval = {}, .it_value = timespec_of(wanted ? std::max<std::int64_t>(at, 1) : 0)};
  if (timer_ && ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &moment, nullptr) == 0) timer_watch_.keep_alive(wanted);
  return info.Env().Undefined();
}

/// watch(onHeard, onTime). What is not waited for does not keep the process alive.
Napi::Value AdvertHandle::Watch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (heard_watch_.started() || !timer_) return env.Undefined();
  int refused = heard_watch_.start(env, "lvsd.adverts", port_.wake(), info[0].As<Napi::Function>());
  if (refused == 0) refused = timer_watch_.start(env, "lvsd.adverts.timer", timer_.get(), info[1].As<Napi::Function>());
  if (refused < 0) {
    errno_error(env, -refused, "uv_poll_start").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  heard_watch_.keep_alive(port_.has_channels());
  timer_watch_.keep_alive(false);
  return env.Undefined();
}

Napi::Value AdvertHandle::Close(const Napi::CallbackInfo& info) {
  Shut();
  return info.Env().Undefined();
}

void AdvertHandle::Shut() {
  heard_watch_.stop();
  timer_watch_.stop();
  timer_.reset();
  port_.close();
}

}  // namespace lvsd
