; What files define and import: JavaScript and TypeScript.

; At the top of a module, exported or not; and in classes.
(program [
  (function_declaration name: (_) @name body: (_) @body)
  (generator_function_declaration name: (_) @name body: (_) @body)
] @definition.function)
(export_statement [
  (function_declaration name: (_) @name body: (_) @body)
  (generator_function_declaration name: (_) @name body: (_) @body)
] @definition.function)
(class_declaration name: (_) @name body: (_) @body) @definition.class
(class_body (method_definition name: (_) @name body: (_) @body) @definition.method)

; Functions that are values.
(program (_ (variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function))
(export_statement (_ (variable_declarator
  name: (identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function))
; Any other value: their kinds, since a query can't say "no function".
(program (lexical_declaration kind: "const" (variable_declarator
  name: (identifier) @name
  value: [
      (array)
      (await_expression)
      (binary_expression)
      (call_expression)
      (false)
      (identifier)
      (member_expression)
      (new_expression)
      (null)
      (number)
      (object)
      (parenthesized_expression)
      (regex)
      (string)
      (subscript_expression)
      (template_string)
      (ternary_expression)
      (true)
      (unary_expression)
      (undefined)
    ]) @definition.constant))
(export_statement (lexical_declaration kind: "const" (variable_declarator
  name: (identifier) @name
  value: [
      (array)
      (await_expression)
      (binary_expression)
      (call_expression)
      (false)
      (identifier)
      (member_expression)
      (new_expression)
      (null)
      (number)
      (object)
      (parenthesized_expression)
      (regex)
      (string)
      (subscript_expression)
      (template_string)
      (ternary_expression)
      (true)
      (unary_expression)
      (undefined)
    ]) @definition.constant))
(program [
  (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name) @definition.variable)
  (variable_declaration (variable_declarator name: (identifier) @name !value) @definition.variable)
  (variable_declaration (variable_declarator name: (identifier) @name value: [
      (array)
      (await_expression)
      (binary_expression)
      (call_expression)
      (false)
      (identifier)
      (member_expression)
      (new_expression)
      (null)
      (number)
      (object)
      (parenthesized_expression)
      (regex)
      (string)
      (subscript_expression)
      (template_string)
      (ternary_expression)
      (true)
      (unary_expression)
      (undefined)
    ]) @definition.variable)
])
(export_statement [
  (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name) @definition.variable)
  (variable_declaration (variable_declarator name: (identifier) @name !value) @definition.variable)
  (variable_declaration (variable_declarator name: (identifier) @name value: [
      (array)
      (await_expression)
      (binary_expression)
      (call_expression)
      (false)
      (identifier)
      (member_expression)
      (new_expression)
      (null)
      (number)
      (object)
      (parenthesized_expression)
      (regex)
      (string)
      (subscript_expression)
      (template_string)
      (ternary_expression)
      (true)
      (unary_expression)
      (undefined)
    ]) @definition.variable)
])
(program (expression_statement (assignment_expression
  left: (member_expression object: (identifier) @_exports property: (_) @name)) @definition.variable)
  (#eq? @_exports "exports"))

(import_statement . "import" . source: (string (string_fragment) @path)) @import
(import_statement (import_clause (identifier) @imported) source: (string (string_fragment) @path)) @import
(import_statement
  (import_clause (namespace_import (identifier) @alias))
  source: (string (string_fragment) @path)) @import
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @imported alias: (_)? @alias)))
  source: (string (string_fragment) @path)) @import
(export_statement source: (string (string_fragment) @path)) @import
(call_expression function: (import) arguments: (arguments (string (string_fragment) @path))) @import
(variable_declarator
  name: (identifier) @alias
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @path)))
  (#eq? @_require "require")) @import
(variable_declarator
  name: (object_pattern [
    (shorthand_property_identifier_pattern) @imported
    (pair_pattern key: (_) @imported value: (identifier) @alias)
  ])
  value: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string (string_fragment) @path)))
  (#eq? @_require "require")) @import
