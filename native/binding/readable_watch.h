#pragma once
#include <napi.h>
#include <uv.h>

namespace lvsd {

/// Calls a JavaScript function whenever a descriptor is readable or has an error to tell. It belongs to one handle, which closes it with its environment.
class ReadableWatch {
 public:
  ReadableWatch() = default;
  ReadableWatch(const ReadableWatch&) = delete;
  ReadableWatch& operator=(const ReadableWatch&) = delete;
  ~ReadableWatch() { stop(); }

  /// `name` is what async hooks call it. Keeps the process alive from now on. Returns 0 or a negative errno of libuv's.
  int start(Napi::Env env, const char* name, int fd, Napi::Function on_readable);
  [[nodiscard]] bool started() const noexcept { return poll_ != nullptr; }
  /// Whether the process lives on for this.
  void keep_alive(bool yes) noexcept;
  void stop() noexcept;

 private:
  /// libuv frees a handle only in its own time, so it lives apart from this object.
  struct Poll {
    uv_poll_t handle;
    ReadableWatch* owner;  // null after stop
  };

  int listen() noexcept;
  void call();

  Poll* poll_ = nullptr;
  Napi::FunctionReference on_readable_;
  napi_async_context async_context_ = nullptr;
};

}  // namespace lvsd
