// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dsl/Program.h"
#include "dsl/Parser.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

namespace cnn::dsl {

const Definition *FileScope::find(llvm::StringRef name) const {
  auto found = visible.find(name);
  if (found != visible.end())
    return &found->second;
  return standard && standard != this ? standard->find(name) : nullptr;
}

std::vector<llvm::StringRef> FileScope::names() const {
  std::vector<llvm::StringRef> result;
  for (const auto &entry : visible)
    result.push_back(entry.getKey());
  // The order of a hash map must not choose between suggestions.
  std::sort(result.begin(), result.end());
  if (standard && standard != this)
    for (llvm::StringRef name : standard->names())
      result.push_back(name);
  return result;
}

static Name definedName(const Decl &decl) {
  switch (decl.kind()) {
  case Decl::Kind::Const:
    return llvm::cast<ConstDecl>(decl).name;
  case Decl::Kind::Model:
    return llvm::cast<ModelDecl>(decl).name;
  case Decl::Kind::Data:
    return llvm::cast<DataDecl>(decl).name;
  case Decl::Kind::Import:
  case Decl::Kind::Train:
  case Decl::Kind::Later:
    break;
  }
  return {};
}

static void define(FileScope &scope, DiagnosticEngine &diagnostics) {
  for (const Decl *decl : scope.ast->declarations) {
    Name name = definedName(*decl);
    if (!name)
      continue;
    if (name.text == "cnn") {
      diagnostics.error(name.range, "'cnn' is the name of the raw operations and cannot be defined");
      continue;
    }
    auto [found, isNew] = scope.own.try_emplace(name.text, Definition{decl, &scope, name});
    if (!isNew)
      diagnostics.error(name.range, "'" + name.text + "' is defined twice")
          .note(found->second.name.range, "first defined here");
  }
  for (const auto &entry : scope.own)
    scope.visible.insert({entry.getKey(), entry.getValue()});
}

void Program::import(SourceTable &sources, FileScope &into, const ImportDecl &decl, DiagnosticEngine &diagnostics) {
  SourceRange place = decl.path->range();
  llvm::StringRef written = decl.path->value;
  llvm::SmallString<128> path;
  if (!llvm::sys::path::is_absolute(written))
    path = llvm::sys::path::parent_path(into.ast->source.path());
  llvm::sys::path::append(path, written);
  std::string problem;
  const SourceFile *source = written.contains('\0') ? nullptr : sources.read(path, problem);
  if (!source) {
    diagnostics.error(place, "cannot read '" + path + "': " + (problem.empty() ? "not a file name" : problem));
    return;
  }
  for (const auto &loaded : files) {
    if (loaded->source == source && loaded->isOpen) {
      if (source == &into.ast->source)
        diagnostics.error(place, "a file cannot import itself");
      else
        diagnostics.error(place, "'" + written + "' imports this file in turn");
      return;
    }
  }
  FileScope *imported = loadFile(sources, *source, diagnostics);
  std::vector<const Definition *> definitions;
  for (const auto &entry : imported->own)
    definitions.push_back(&entry.getValue());
  std::sort(definitions.begin(), definitions.end(),
            [](const Definition *a, const Definition *b) { return a->name.range.begin < b->name.range.begin; });
  for (const Definition *definition : definitions) {
    auto [found, isNew] = into.visible.try_emplace(definition->name.text, *definition);
    if (!isNew && found->second.decl != definition->decl)
      diagnostics.error(place, "the imported file defines '" + definition->name.text + "', which is defined already")
          .note(definition->name.range, "defined here")
          .note(found->second.name.range, "and here");
  }
}

FileScope *Program::loadFile(SourceTable &sources, const SourceFile &source, DiagnosticEngine &diagnostics) {
  for (const auto &loaded : files)
    if (loaded->source == &source)
      return loaded->scope.get();
  // Imports nest, and each level reads a file; a chain this long is no model.
  files.push_back(std::make_unique<Loaded>());
  Loaded *loaded = files.back().get();
  loaded->source = &source;
  loaded->scope = std::make_unique<FileScope>();
  FileScope *scope = loaded->scope.get();
  scope->standard = standardScope.get();
  scope->ast = parse(source, diagnostics);
  define(*scope, diagnostics);
  for (const Decl *decl : scope->ast->declarations)
    if (const auto *importDecl = llvm::dyn_cast<ImportDecl>(decl))
      import(sources, *scope, *importDecl, diagnostics);
  loaded->isOpen = false;
  return scope;
}

bool Program::loadStandard(SourceTable &sources, DiagnosticEngine &diagnostics) {
  standardScope = std::make_unique<FileScope>();
  standardScope->isStandard = true;
  for (const StandardFile &file : cnn::dsl::standardFiles()) {
    const SourceFile *source = sources.add(file.path.str(), file.text.str());
    auto scope = std::make_unique<FileScope>();
    scope->isStandard = true;
    scope->standard = standardScope.get();
    scope->ast = parse(*source, diagnostics);
    define(*scope, diagnostics);
    for (const auto &entry : scope->own)
      standardScope->visible.insert({entry.getKey(), entry.getValue()});
    standardScopes.push_back(std::move(scope));
  }
  return !diagnostics.hasErrors();
}

std::unique_ptr<Program> Program::load(SourceTable &sources, const SourceFile &main, DiagnosticEngine &diagnostics) {
  auto program = std::make_unique<Program>();
  if (!program->loadStandard(sources, diagnostics))
    return nullptr;
  program->mainScope = program->loadFile(sources, main, diagnostics);
  return diagnostics.hasErrors() ? nullptr : std::move(program);
}

} // namespace cnn::dsl
