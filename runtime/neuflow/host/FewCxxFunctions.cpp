// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of the C++ library that the runtime in a model's library calls, so that a program in C links to it with
// libc and libm alone. (Trees of std::map come from libstdc++.a: they need nothing else.)
//
// Nothing is thrown in this code, which is compiled without exceptions: what would throw ends the program. That is a
// bug of ours, or a program that is out of memory for small things; the machine's memory is asked for otherwise.
// std::runtime_error is a base of the exceptions of the JSON library, which makes them and passes them on as values.
//
// The symbols are local to the object that this becomes a part of.
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <typeinfo>

static void *allocate(size_t bytes) {
  if (void *block = std::malloc(bytes ? bytes : 1))
    return block;
  std::abort();
}

void *operator new(size_t bytes) { return allocate(bytes); }
void *operator new[](size_t bytes) { return allocate(bytes); }
void *operator new(size_t bytes, const std::nothrow_t &) noexcept { return std::malloc(bytes ? bytes : 1); }
void operator delete(void *block) noexcept { std::free(block); }
void operator delete[](void *block) noexcept { std::free(block); }
void operator delete(void *block, size_t) noexcept { std::free(block); }
void operator delete[](void *block, size_t) noexcept { std::free(block); }

namespace std {

const nothrow_t nothrow{};

void __throw_bad_alloc() { abort(); }
void __throw_bad_array_new_length() { abort(); }
void __throw_bad_function_call() { abort(); }
void __throw_length_error(const char *) { abort(); }
void __throw_logic_error(const char *) { abort(); }
void __throw_out_of_range_fmt(const char *, ...) { abort(); }

exception::~exception() noexcept {}
const char *exception::what() const noexcept { return ""; }
__cow_string::__cow_string() : _M_p("") {}
__cow_string::~__cow_string() {}
runtime_error::runtime_error(const char *) {}
runtime_error::~runtime_error() noexcept {}
const char *runtime_error::what() const noexcept { return ""; }

// Asked whether a type is that tag; without type information the addresses were compared before.
bool _Sp_make_shared_tag::_S_eq(const type_info &) noexcept { return false; }

} // namespace std

// Of constants in functions: byte 0 of a guard is 1 when its constant has been made, byte 1 while a thread makes it.
// Nobody else waits long.
extern "C" {
int __cxa_guard_acquire(unsigned char *guard) {
  while (!__atomic_load_n(&guard[0], __ATOMIC_ACQUIRE))
    if (!__atomic_exchange_n(&guard[1], 1, __ATOMIC_ACQUIRE))
      return 1;
  return 0;
}
void __cxa_guard_release(unsigned char *guard) { __atomic_store_n(&guard[0], 1, __ATOMIC_RELEASE); }
void __cxa_pure_virtual() { std::abort(); }
}
