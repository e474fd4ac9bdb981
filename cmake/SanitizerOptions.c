/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* How every program of a build with AddressSanitizer runs, unless ASAN_OPTIONS says otherwise.
 *
 * LLVM's bump allocator poisons what it has not handed out, where it is compiled with AddressSanitizer. Our code is;
 * libMLIR is not, so it takes memory from the same allocators (those of attributes and types) without unpoisoning it.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void) { return "allow_user_poisoning=0"; }
