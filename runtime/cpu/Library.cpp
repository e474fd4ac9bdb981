// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loading a compiled model from libNAME.so.
//
// The library's code is trusted, as any code that a program loads; what is checked is that the file is whole and that
// it was built for this version of the interface, so that a wrong file is a message and not a crash. The dynamic linker
// maps a truncated file and faults on it, so the file's own table of sections, which stands at its end, is checked
// first.
#include "runtime/cpu/Error.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <new>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace cnn::runtime;

struct cnn_library {
  void *handle;
  const cnn_model_desc *desc;
};

static cnn_status checkWhole(const char *path, cnn_error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(error, CNN_CANNOT_READ, "%s: %m", path);
  struct stat info;
  Elf64_Ehdr header;
  bool readable = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  bool complete = readable && pread(file, &header, sizeof header, 0) == static_cast<ssize_t>(sizeof header);
  close(file);
  if (!readable)
    return fail(error, CNN_CANNOT_READ, "%s: not a regular file", path);
  if (!complete || std::string_view(reinterpret_cast<char *>(header.e_ident), SELFMAG) != ELFMAG ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_type != ET_DYN)
    return fail(error, CNN_BAD_FILE, "%s: not a shared library", path);
  uint64_t size = static_cast<uint64_t>(info.st_size);
  uint64_t tableBytes = uint64_t(header.e_shnum) * header.e_shentsize;
  if (header.e_shoff > size || tableBytes > size - header.e_shoff)
    return fail(error, CNN_BAD_FILE, "%s: truncated: %llu bytes, expected at least %llu", path,
                static_cast<unsigned long long>(size), static_cast<unsigned long long>(header.e_shoff + tableBytes));
  return CNN_OK;
}

cnn_status cnn_library_open(const char *path, cnn_library **library, cnn_error *error) {
  if (!path || !library)
    return fail(error, CNN_BAD_ARGUMENT, "no path");
  if (cnn_status status = checkWhole(path, error); status != CNN_OK)
    return status;
  // Without a slash the name would be looked up in the system's folders.
  std::string name = std::string_view(path).find('/') == std::string_view::npos ? std::string("./") + path : path;
  void *handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return fail(error, CNN_BAD_FILE, "%s: cannot load: %s", path, dlerror());
  auto *desc = static_cast<const cnn_model_desc *>(dlsym(handle, CNN_MODEL_SYMBOL));
  if (!desc) {
    dlclose(handle);
    return fail(error, CNN_BAD_FILE, "%s: not a compiled model: it has no symbol '%s'", path, CNN_MODEL_SYMBOL);
  }
  cnn_error inner;
  if (cnn_status status = cnn_check_model(desc, &inner); status != CNN_OK) {
    dlclose(handle);
    return fail(error, status, "%s: %s", path, inner.text);
  }
  *library = new (std::nothrow) cnn_library{handle, desc};
  if (*library)
    return CNN_OK;
  dlclose(handle);
  return fail(error, CNN_NO_MEMORY, "%s: out of memory", path);
}

void cnn_library_close(cnn_library *library) {
  if (!library)
    return;
  dlclose(library->handle);
  delete library;
}

const cnn_model_desc *cnn_library_model(const cnn_library *library) { return library->desc; }
