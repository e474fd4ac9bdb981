// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the NeuFlow tools share: files, and how they fail.
#ifndef CNN_TOOLS_NEUFLOW_FILES_H
#define CNN_TOOLS_NEUFLOW_FILES_H

#include <string>

namespace cnn::neuflow {

// The bytes of a file; "-" is the standard input. False if it cannot be read.
bool readFile(const std::string &path, std::string &bytes);
// "-" is the standard output. False if it cannot be written; no file is left then.
bool writeFile(const std::string &path, const std::string &bytes);

// Says "TOOL: error: text"; answers 1, the exit code.
int failTool(const char *tool, const std::string &text);

} // namespace cnn::neuflow
#endif
