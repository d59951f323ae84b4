#include "native/shim/object.h"

#include <cstdio>
#include <cstdlib>

extern "C" const _xpc_type_s _xpc_type_connection{1}, _xpc_type_dictionary{2}, _xpc_type_error{3}, _xpc_type_fd{4};

namespace shim {
namespace {
std::atomic<long> live{0};
std::atomic<bool> refuseCreating{false}, refuseTaking{false};
thread_local Identity current{::getuid(), ::getgid(), ::getpid(), ""};
Object interrupted(XPC_TYPE_ERROR, true), invalid(XPC_TYPE_ERROR, true), requirement(XPC_TYPE_ERROR, true),
    termination(XPC_TYPE_ERROR, true);
}  // namespace

void trap(const char* what) {
  std::fprintf(stderr, "native/shim: %s\n", what);
  std::abort();
}
void countObject(long change) { live += change; }
long liveObjects() { return live; }
void become(const Identity& identity) { current = identity; }
Identity self() { return current; }
void refuseFds(bool creating, bool taking) {
  refuseCreating = creating;
  refuseTaking = taking;
}

void Dictionary::set(const char* key, Value value) {
  Value& slot = values[key];
  if (slot.object) xpc_release(slot.object);
  slot = std::move(value);
}
const Value* Dictionary::get(const char* key, Value::Kind kind) const {
  const auto found = values.find(key);
  return found != values.end() && found->second.kind == kind ? &found->second : nullptr;
}
Dictionary::~Dictionary() {
  for (auto& entry : values)
    if (entry.second.object) xpc_release(entry.second.object);
  if (!connection) return;
  if (replyId) abandonReply(connection, replyId);
  xpc_release(connection);
}
}  // namespace shim

using namespace shim;

extern "C" {
const xpc_object_t _shim_error_interrupted = &interrupted, _shim_error_invalid = &invalid,
                   _shim_error_requirement = &requirement, _shim_error_termination = &termination;

xpc_object_t xpc_retain(xpc_object_t object) {
  if (!asObject(object)->global) asObject(object)->references++;
  return object;
}
void xpc_release(xpc_object_t object) {
  if (asObject(object)->global) return;
  const int left = --asObject(object)->references;
  if (left < 0) trap("an object was released too often");
  if (left == 0) delete asObject(object);
}
xpc_type_t xpc_get_type(xpc_object_t object) { return asObject(object)->type; }

xpc_object_t xpc_fd_create(int fd) {
  if (refuseCreating) return nullptr;
  const int copy = ::dup(fd);
  return copy < 0 ? nullptr : new FdBox(copy);
}
xpc_object_t xpc_dictionary_create(const char* const*, const xpc_object_t*, size_t count) {
  if (count) trap("the stand-in makes empty dictionaries only");
  return new Dictionary;
}
xpc_object_t xpc_dictionary_create_reply(xpc_object_t message) {
  auto* received = asDictionary(message);
  if (!received->connection || !received->replyId || received->isReply) return nullptr;
  auto* reply = new Dictionary;
  reply->connection = static_cast<Connection*>(xpc_retain(received->connection));
  reply->replyId = received->replyId;
  reply->isReply = true;
  received->replyId = 0;
  return reply;
}
void xpc_dictionary_set_value(xpc_object_t dictionary, const char* key, xpc_object_t value) {
  Value slot;
  slot.kind = Value::kObject;
  slot.object = xpc_retain(value);
  asDictionary(dictionary)->set(key, std::move(slot));
}
void xpc_dictionary_set_uint64(xpc_object_t dictionary, const char* key, uint64_t value) {
  Value slot;
  slot.number = value;
  asDictionary(dictionary)->set(key, std::move(slot));
}
void xpc_dictionary_set_string(xpc_object_t dictionary, const char* key, const char* value) {
  Value slot;
  slot.kind = Value::kString;
  slot.bytes = value;
  asDictionary(dictionary)->set(key, std::move(slot));
}
void xpc_dictionary_set_data(xpc_object_t dictionary, const char* key, const void* bytes, size_t size) {
  Value slot;
  slot.kind = Value::kData;
  slot.bytes.assign(static_cast<const char*>(bytes), size);
  asDictionary(dictionary)->set(key, std::move(slot));
}
uint64_t xpc_dictionary_get_uint64(xpc_object_t dictionary, const char* key) {
  const Value* value = asDictionary(dictionary)->get(key, Value::kNumber);
  return value ? value->number : 0;
}
const char* xpc_dictionary_get_string(xpc_object_t dictionary, const char* key) {
  const Value* value = asDictionary(dictionary)->get(key, Value::kString);
  return value ? value->bytes.c_str() : nullptr;
}
const void* xpc_dictionary_get_data(xpc_object_t dictionary, const char* key, size_t* size) {
  const Value* value = asDictionary(dictionary)->get(key, Value::kData);
  if (!value) return nullptr;
  *size = value->bytes.size();
  return value->bytes.data();
}
int xpc_dictionary_dup_fd(xpc_object_t dictionary, const char* key) {
  const Value* value = asDictionary(dictionary)->get(key, Value::kObject);
  if (!value || xpc_get_type(value->object) != XPC_TYPE_FD || refuseTaking) return -1;
  return ::dup(static_cast<FdBox*>(asObject(value->object))->fd);
}
}
