; What files define and import: Python.

; At the top of a module, also behind a condition or a try; and in classes.
(module [
  (function_definition name: (_) @name body: (_) @body)
  (decorated_definition (function_definition name: (_) @name body: (_) @body))
] @definition.function)
(module (_ (block [
  (function_definition name: (_) @name body: (_) @body)
  (decorated_definition (function_definition name: (_) @name body: (_) @body))
] @definition.function)) @_in
  (#match? @_in "^(if|try|with)\\b"))
(class_definition (block [
  (function_definition name: (_) @name body: (_) @body)
  (decorated_definition (function_definition name: (_) @name body: (_) @body))
] @definition.method))
(class_definition name: (_) @name body: (_) @body) @definition.class

(module (expression_statement (assignment left: (identifier) @name)) @definition.constant
  (#match? @name "^_?[A-Z][A-Z0-9_]*$"))
(module (expression_statement (assignment left: (identifier) @name)) @definition.variable
  (#not-match? @name "^_?[A-Z][A-Z0-9_]*$"))
(class_definition (block (expression_statement (assignment left: (identifier) @name)) @definition.field))
(module (type_alias_statement left: (type (identifier) @name)) @definition.type)

(import_statement name: (dotted_name) @path) @import
(import_statement name: (aliased_import name: (_) @path alias: (_) @alias)) @import
(import_from_statement module_name: (_) @path name: (dotted_name) @imported) @import
(import_from_statement
  module_name: (_) @path
  name: (aliased_import name: (_) @imported alias: (_) @alias)) @import
(import_from_statement module_name: (_) @path (wildcard_import)) @import
