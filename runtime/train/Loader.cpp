// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/train/Loader.h"

namespace cnn::runtime {

Loader::~Loader() {
  if (!hasThread)
    return;
  {
    std::lock_guard lock(mutex);
    isEnding = true;
    if (batch)
      batch->abandon();
  }
  changed.notify_all();
  pthread_join(thread, nullptr);
}

void Loader::start(Batch &next) {
  if (!isTried) {
    isTried = true;
    hasThread = pthread_create(&thread, nullptr, main, this) == 0;
  }
  if (!hasThread)
    return;
  {
    std::lock_guard lock(mutex);
    batch = &next;
  }
  changed.notify_all();
}

void Loader::wait() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return !batch; });
}

void *Loader::main(void *self) {
  static_cast<Loader *>(self)->serve();
  return nullptr;
}

void Loader::serve() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return batch || isEnding; });
    if (isEnding)
      return;
    lock.unlock();
    batch->readSome();
    lock.lock();
    batch = nullptr;
    changed.notify_all();
  }
}

} // namespace cnn::runtime
