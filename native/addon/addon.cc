// connect(name, requirement, token): Promise<number>, the descriptor of a connected socket; JavaScript makes a net.Socket
// of it, so no payload passes through here. C Node-API only, with every status looked at: an environment (a Worker, the
// extension host at exit) may end at any moment while a call is on its way, and that must not abort the process.
#include <node_api.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "native/fd.h"
#include "native/rendezvous.h"

namespace {

using flowtap::Client;
using flowtap::ConnectError;

/// One call of connect(). The thread-safe function owns it and deletes it in its finalizer, once, on the JS thread.
struct Call {
  napi_deferred deferred = nullptr;
  napi_threadsafe_function function = nullptr;
  // Written on the client's thread, then read on the JS thread: ordered by the queue of the thread-safe function, or by
  // the end of `client`.
  ConnectError error = ConnectError::kProtocol;
  std::string text;
  flowtap::Fd fd;
  bool released = false;  ///< this call's hold on the thread-safe function is given up
  std::unique_ptr<Client> client;
};

const char* codeOf(ConnectError error) {
  switch (error) {
    case ConnectError::kNoService:
      return "ENOSERVICE";
    case ConnectError::kRefused:
      return "EREFUSED";
    case ConnectError::kInterrupted:
      return "EINTERRUPTED";
    case ConnectError::kNone:
    case ConnectError::kProtocol:
      break;
  }
  return "EPROTOCOL";
}

bool makeError(napi_env env, const char* code, const std::string& text, napi_value* error) {
  napi_value codeValue, textValue;
  return napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &codeValue) == napi_ok &&
         napi_create_string_utf8(env, text.data(), text.size(), &textValue) == napi_ok &&
         napi_create_error(env, codeValue, textValue, error) == napi_ok;
}

/// JS thread. An environment that is ending refuses to run JavaScript; the promise then stays open, which nobody sees,
/// and the descriptor stays with the call, which closes it.
void settle(napi_env env, Call& call) {
  napi_value value;
  if (call.error != ConnectError::kNone) {
    if (makeError(env, codeOf(call.error), call.text, &value)) (void)napi_reject_deferred(env, call.deferred, value);
  } else if (napi_create_int32(env, call.fd.get(), &value) == napi_ok &&
             napi_resolve_deferred(env, call.deferred, value) == napi_ok) {
    (void)call.fd.release();
  }
}

/// JS thread. Without env the queue is being emptied after the finalizer: data is gone already.
void deliver(napi_env env, napi_value, void*, void* data) {
  if (!env) return;
  auto& call = *static_cast<Call*>(data);
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) == napi_ok) {
    settle(env, call);
    (void)napi_close_handle_scope(env, scope);
  }
  call.released = true;
  (void)napi_release_threadsafe_function(call.function, napi_tsfn_release);
}

/// JS thread, after delivery or while the environment ends. The client's end waits for a callback that is running, so
/// nothing touches the call or the thread-safe function afterwards.
void finalize(napi_env, void* data, void*) {
  const std::unique_ptr<Call> call(static_cast<Call*>(data));
  call->client.reset();
  if (!call->released) (void)napi_release_threadsafe_function(call->function, napi_tsfn_release);
}

/// The argument as UTF-8. False, with an exception pending, where it is no string or too long.
bool readString(napi_env env, napi_value value, const char* name, std::string& text) {
  constexpr size_t kLongest = 65536;
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) {
    (void)napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", (std::string("connect: ") + name + " must be a string").c_str());
    return false;
  }
  if (length > kLongest) {
    (void)napi_throw_range_error(env, "ERR_OUT_OF_RANGE", (std::string("connect: ") + name + " is too long").c_str());
    return false;
  }
  text.resize(length + 1);  // the call below writes a terminating NUL
  const bool ok = napi_get_value_string_utf8(env, value, text.data(), text.size(), &length) == napi_ok;
  text.resize(ok ? length : 0);
  return ok;
}

napi_value connect(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok) return nullptr;
  std::string name, requirement, token;  // absent arguments are undefined, which is no string
  if (!readString(env, arguments[0], "name", name) || !readString(env, arguments[1], "requirement", requirement) ||
      !readString(env, arguments[2], "token", token))
    return nullptr;

  auto call = std::make_unique<Call>();
  napi_value promise, resource;
  if (napi_create_string_utf8(env, "flowtap.connect", NAPI_AUTO_LENGTH, &resource) != napi_ok ||
      napi_create_promise(env, &call->deferred, &promise) != napi_ok ||
      napi_create_threadsafe_function(env, nullptr, nullptr, resource, 0, 1, call.get(), finalize, nullptr, deliver,
                                      &call->function) != napi_ok) {
    (void)napi_throw_error(env, "EPROTOCOL", "connect: Node cannot make a promise or a thread-safe function");
    return nullptr;
  }
  Call* const owned = call.release();
  owned->client = Client::connect(name, requirement, token, [owned](ConnectError error, const std::string& text, int fd) {
    owned->error = error;
    owned->text = text;
    owned->fd.reset(fd);
    // napi_closing: the environment ends and has taken this call's hold back.
    if (napi_call_threadsafe_function(owned->function, owned, napi_tsfn_nonblocking) == napi_closing)
      owned->released = true;
  });
  return promise;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "connect", NAPI_AUTO_LENGTH, connect, nullptr, &function) != napi_ok ||
      napi_set_named_property(env, exports, "connect", function) != napi_ok)
    return nullptr;
  return exports;
}
