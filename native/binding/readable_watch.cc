#include "binding/readable_watch.h"

namespace lvsd {

int ReadableWatch::start(Napi::Env env, const char* name, int fd, Napi::Function on_readable) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  auto* poll = new Poll{{}, this};
  poll->handle.data = poll;
  if (const int refused = uv_poll_init(loop, &poll->handle, fd)) {
    delete poll;  // the loop never had it
    return refused;
  }
  poll_ = poll;
  on_readable_ = Napi::Persistent(on_readable);
  napi_async_init(env, nullptr, Napi::String::New(env, name), &async_context_);
  return listen();
}

int ReadableWatch::listen() noexcept {
  return uv_poll_start(&poll_->handle, UV_READABLE, [](uv_poll_t* handle, int status, int) {
    auto* mine = static_cast<Poll*>(handle->data);
    if (mine->owner == nullptr) return;
    // libuv stops watching a socket that has an error to tell; it is the reader who takes the error away.
    if (status < 0) mine->owner->listen();
    mine->owner->call();
  });
}

/// An exception of the callback is an uncaught exception of JavaScript, not an abort of the process.
void ReadableWatch::call() {
  const Napi::Env env = on_readable_.Env();
  const Napi::HandleScope scope(env);
  napi_value ignored;
  const napi_status status =
      napi_make_callback(env, async_context_, env.Global(), on_readable_.Value(), 0, nullptr, &ignored);
  if (status != napi_pending_exception) return;
  napi_value exception;
  napi_get_and_clear_last_exception(env, &exception);
  napi_fatal_exception(env, exception);
}

void ReadableWatch::keep_alive(bool yes) noexcept {
  if (poll_ == nullptr) return;
  auto* handle = reinterpret_cast<uv_handle_t*>(&poll_->handle);
  if (yes) uv_ref(handle);
  else uv_unref(handle);
}

void ReadableWatch::stop() noexcept {
  if (poll_ == nullptr) return;
  poll_->owner = nullptr;
  uv_poll_stop(&poll_->handle);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_->handle),
           [](uv_handle_t* handle) { delete static_cast<Poll*>(handle->data); });
  poll_ = nullptr;
  napi_async_destroy(on_readable_.Env(), async_context_);
  on_readable_.Reset();
}

}  // namespace lvsd
